"""AI Energy Score: the results of ai_energy_benchmarks as JSON or CSV, the table of many models, and ``GPU_ENERGY_SUMMARY.json``.

Energy is Wh, that of the GPUs; the whole machine's stands beside it in later releases. Of the table and the summary only the rounded
energy of the GPUs is known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from cardgen.problems import Placed
from cardgen.records.entries import Entry, records
from cardgen.records.fields import clock, is_missing, number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import AGAIN, Table
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "ai-energy-score", "AI Energy Score", "benchmark_report.json, benchmark_results.csv, master_results.csv, GPU_ENERGY_SUMMARY.json",
    "energy of GPUs during a benchmark, in later releases of the machine; emissions, time, model",
    "digits beyond the fourth (table) or second (summary) decimal of a Wh; devices",
    "https://github.com/huggingface/AIEnergyScore",
)  # fmt: skip

TABLE = ("model_name", "total_prompts", "total_duration_seconds", "gpu_energy_wh", "avg_energy_per_prompt_wh", "timestamp")
RESULTS = ("summary_total_prompts", "summary_total_duration_seconds", "energy_gpu_energy_wh")
PARTS = {"gpu": "accelerators", "cpu": "processors", "ram": "memory"}
PHASES = ("preprocess_wh", "prefill_wh", "decode_wh")
REASON = "GPUs by their own meter, during a benchmark"
HINT = "run the benchmark on a machine whose GPUs have a meter"


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of the tool, or the beginning holds the keys of its results or summary."""
    names = {name.strip().strip('"') for name in re.split("[,;\t]", source.first_line)}
    if names >= set(TABLE) or names >= set(RESULTS):
        return True
    head = source.head
    return head.lstrip().startswith("{") and (
        all(f'"{key}"' in head for key in ("summary", "energy", "gpu_energy_wh"))
        or all(f'"{key}"' in head for key in ("units", "total", *PHASES))
    )


def _read(source: Source, reading: Reading) -> None:
    if source.head.lstrip().startswith("{"):

        def one(entry: Entry) -> Record | None:
            return _summary(entry, source, reading) if "units" in entry.value else _result(entry, source, reading)

        reading.records += [record for _, record in records(source, reading, one)]
    else:
        reading.records += _rows(source, reading)
        if not reading.rows:
            reading.fault("CG501", 1, "the table holds no row", HINT)


read = each(_read, TOOL)


def _result(entry: Entry, source: Source, reading: Reading) -> Record | None:
    """Return a benchmark as its results have it."""
    error = entry.string("energy", "error")
    if error:
        reading.fault("CG501", entry.line_of("energy", "error"), f"the meter failed: {quotable(error)}", HINT)
        return None
    parts, total = {}, _energy(entry, "total")
    for key, name in PARTS.items():
        if (value := _energy(entry, key)) is not None:
            parts[name] = value
    line, gpus = entry.line_of("energy", "gpu_energy_wh"), parts.get("accelerators")
    emissions = entry.number("energy", "emissions_kg_co2eq")
    grams = entry.number("energy", "emissions_g_co2eq")
    if emissions is not None and grams is not None and not math.isclose(emissions * 1000, grams, rel_tol=1e-6, abs_tol=1e-12):
        raise entry.fault("CG504", "the emissions in g and in kg are not the same", "energy", "emissions_g_co2eq")
    if total is not None and len(parts) == 3 and not math.isclose(math.fsum(parts.values()), total, rel_tol=1e-6, abs_tol=1e-12):
        message = f"the total is {total:.6g} kWh, and its parts are {math.fsum(parts.values()):.6g} kWh together"
        raise entry.fault("CG504", message, "energy", "total_energy_wh")
    seconds = entry.number("summary", "total_duration_seconds") or entry.number("energy", "duration_seconds")
    if not gpus:
        reading.fault("CG501", line, "gpu_energy_wh is missing or 0: no GPU was read", HINT)
    return Record(
        tool=TOOL.name, project=entry.string("config", "model") or entry.string("energy", "project_name"), method=TOOL.name,
        energy_kwh=(total or gpus) if gpus else None, boundary="node" if total else "accelerators", basis="measured",
        reason=REASON if not total else f"{REASON}; processors and memory may be estimated",
        emissions_kg=emissions if emissions is not None else grams / 1000 if grams is not None else None,
        hours=seconds / 3600 if seconds else None, components=parts, phase="evaluation",
        country=entry.string("energy", "country") or None, region=entry.string("energy", "region") or None,
        file=source.short, lines=(line,),
    )  # fmt: skip


def _energy(entry: Entry, part: str) -> float | None:
    """Return an energy in kWh, the same in both units where both stand there."""
    small, large = entry.number("energy", f"{part}_energy_wh"), entry.number("energy", f"{part}_energy_kwh")
    if small is not None and large is not None and not math.isclose(small, large * 1000, rel_tol=1e-6, abs_tol=1e-12):
        raise entry.fault("CG504", f"{part}_energy is {small:.6g} Wh and {large:.6g} kWh", "energy", f"{part}_energy_wh")
    return small / 1000 if small is not None else large


def _summary(entry: Entry, source: Source, reading: Reading) -> Record | None:
    """Return the summary of a benchmark: two decimals of a Wh."""
    total, phases = entry.number("total"), [entry.number(name) for name in PHASES]
    if entry.at("units") != "Wh" or total is None or any(phase is None for phase in phases):
        raise entry.fault("CG503", f"units: {quotable(str(entry.at('units')))}, expected Wh with a total and three phases", "units")
    whole = math.fsum(phase for phase in phases if phase is not None)
    if abs(whole - total) > 0.021:
        raise entry.fault("CG504", f"the total is {total:g} Wh, and the phases are {whole:g} Wh together", "total")
    if not total:
        reading.fault("CG501", entry.line_of("total"), "the energy is 0 Wh: no GPU was read, or it was rounded to nothing", HINT)
    elif total < 5:
        message = f"the energy is {total:g} Wh, rounded to 0.01: it may be {0.005 / total:.1%} off"
        reading.warn("CG510", entry.line_of("total"), message, "give benchmark_report.json, which has all digits")
    return Record(
        tool=TOOL.name, method=TOOL.name, energy_kwh=total / 1000 or None, boundary="accelerators", basis="measured", reason=REASON,
        components={"accelerators": total / 1000} if total else {}, phase="evaluation", file=source.short, lines=(entry.line_of("total"),),
    )  # fmt: skip


def _rows(source: Source, reading: Reading) -> Iterator[Record]:
    """Yield a record for each row of a table."""
    table = Table(source, reading)
    is_table = set(TABLE) <= set(table.header)
    if not is_table and not set(RESULTS) <= set(table.header):
        table.close()
        raise Unreadable(Placed("CG502", "the header lacks columns of the tool", (), AGAIN, "error", table.header_line))
    seen: dict[tuple[str, ...], int] = {}
    for row in table.full_rows():
        values = dict(zip(table.header, (cell.strip() for cell in row)))
        key = tuple(row)
        if key in seen:
            reading.note("merged", table.line, f"the same as the row on line {seen[key]}: counted once")
            continue
        seen[key] = table.line
        record = _row(values, table.line, is_table, source, reading)
        if record is not None:
            yield record
    if reading.rows and not reading.is_refused and len(seen) == sum(note.kind == "skipped" for note in reading.notes):
        reading.fault("CG501", table.header_line + 1, "no row has an energy", HINT)


def _row(values: Mapping[str, str], line: int, is_table: bool, source: Source, reading: Reading) -> Record | None:
    wrong = _wrong(values)
    if wrong:
        reading.fault("CG503", line, wrong, AGAIN)
        return None
    prefix = ("", "") if is_table else ("energy_", "summary_")
    error = values.get("error_message", "") or values.get("energy_error", "")
    energy = number(values[f"{prefix[0]}gpu_energy_wh"])
    if not energy or error:
        what = "the benchmark failed" if error else "the energy is missing or 0"
        reading.note("skipped", line, what)
        reading.warn("CG510", line, f"{what}: the row is left out", "run the benchmark again")
        return None
    wrong = _contradiction(values, energy, prefix, is_table)
    if wrong:
        reading.fault("CG504", line, wrong, AGAIN)
        return None
    seconds, grams = number(values[f"{prefix[1]}total_duration_seconds"]), _grams(values)
    if not grams:
        reading.warn("CG510", line, "the emissions are missing or 0: the energy is read, the tool's own carbon is not")
    total = number(values.get("energy_total_energy_wh", ""))
    parts = {name: value / 1000 for key, name in PARTS.items() if (value := number(values.get(f"energy_{key}_energy_wh", ""))) is not None}
    return Record(
        tool=TOOL.name, project=values.get("model_name") or values.get("config_model", ""), method=TOOL.name,
        energy_kwh=(total or energy) / 1000, boundary="node" if total else "accelerators", basis="measured", reason=REASON,
        emissions_kg=grams / 1000 if grams else None, hours=seconds / 3600 if seconds else None, end=clock(values.get("timestamp", "")),
        components=parts or {"accelerators": energy / 1000}, phase="evaluation", file=source.short, lines=(line,),
    )  # fmt: skip


def _wrong(values: Mapping[str, str]) -> str:
    """Return what in a row is not what its column holds, "" where all is."""
    for name, text in values.items():
        counts = name.endswith(("_wh", "_kwh", "_seconds", "_prompts", "_tokens", "_g", "_per_joule", "_co2eq", "_per_second"))
        if counts and not is_missing(text) and ((value := number(text)) is None or value < 0):
            return f"{name}: {quotable(text)} is not a number of that column"
        if name.endswith(("_prompts", "_tokens")) and (number(text) or 0) % 1:
            return f"{name}: the number is not whole, as a count is"
        if name == "timestamp" and clock(text) is None:
            return "timestamp: this is not a date and time"
        if name in ("model_name", "task", "config_model") and (not text or number(text) is not None):
            return f"{name}: this is empty or a number, and not a name"
    return ""


def _grams(values: Mapping[str, str]) -> float | None:
    """Return the emissions of a row in g, whichever column has them."""
    kilograms = number(values.get("energy_emissions_kg_co2eq", ""))
    grams = next((found for name in GRAMS if (found := number(values.get(name, ""))) is not None), None)
    return grams if grams is not None else kilograms * 1000 if kilograms is not None else None


MAX_G_PER_WH = 10
GRAMS = ("co2_emissions_g", "energy_emissions_g_co2eq")


def _contradiction(values: Mapping[str, str], energy: float, prefix: tuple[str, str], is_table: bool) -> str:
    """Return how the values of a row contradict each other, "" where they agree."""
    count, grams = number(values.get(f"{prefix[1]}successful_prompts", "")) or 0, _grams(values)
    if grams == energy:  # a field was doubled
        return f"emissions and energy are the same number, {energy:g}"
    if grams is not None and grams > MAX_G_PER_WH * energy:
        return f"emissions are {grams:.6g} g for {energy:.6g} Wh, more than any grid has"
    kilograms = number(values.get("energy_emissions_kg_co2eq", ""))
    if grams is not None and kilograms is not None and not math.isclose(kilograms * 1000, grams, rel_tol=1e-6, abs_tol=1e-12):
        return "the emissions in g and in kg are not the same"
    if is_table:
        each_one = number(values["avg_energy_per_prompt_wh"])
        if each_one is None or not count or abs(each_one * count - energy) > 0.00006 * (count + 1):
            return f"gpu_energy_wh is {energy:g}, and is not the energy per prompt times the prompts"
        tokens, rate = number(values.get("total_tokens", "")), number(values.get("tokens_per_joule", ""))
        if "tokens_per_joule" in values and (rate is None or rate and rate == grams):
            return f"tokens_per_joule is {'empty' if rate is None else 'the same number as the emissions'}"
        if tokens and rate is not None and abs(rate * energy * 3600 - tokens) > 0.00006 * (energy * 3600 + rate * 3600) + 1:
            return f"gpu_energy_wh is {energy:g}, and is not the tokens by tokens_per_joule"
        return ""
    large = number(values.get("energy_gpu_energy_kwh", ""))
    if large is not None and not math.isclose(large * 1000, energy, rel_tol=1e-6):
        return f"gpu_energy is {energy:.6g} Wh and {large:.6g} kWh"
    parts = [number(values.get(f"energy_{key}_energy_wh", "")) for key in (*PARTS, "total")]
    known = [part for part in parts if part is not None]
    if len(known) == 4 and not math.isclose(math.fsum(known[:3]), known[3], rel_tol=1e-6):
        return f"the total is {known[3]:.6g} Wh, and its parts are {math.fsum(known[:3]):.6g} Wh together"
    return ""
