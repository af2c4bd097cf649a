"""CodeCarbon 1.2 to 3.3: ``emissions.csv`` and the files of its tasks.

Energy is kWh, emissions kg, duration s, power W, water L. Columns are found by name, for they moved between versions.
``flush()`` writes a row each time, which holds all since the start: of the rows of a run the largest counts. Rows without an id
are runs of their own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cardgen.problems import Placed
from cardgen.records.fields import MAX_KWH, clock, is_missing, number, quotable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table, separator, wrong_length
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "codecarbon", "CodeCarbon", "emissions.csv, emissions_<task>.csv",
    "energy of processors, memory and GPUs; emissions; time; place; PUE and WUE where they were set",
    "which part was measured and which was computed from rated power; a carbon intensity that was forced",
    "https://mlco2.github.io/codecarbon/output.html",
)  # fmt: skip

NUMBERS = (
    "duration", "emissions", "emissions_rate", "cpu_power", "gpu_power", "ram_power", "cpu_energy", "gpu_energy", "ram_energy",
    "energy_consumed", "water_consumed", "cpu_count", "gpu_count", "longitude", "latitude", "ram_total_size", "cpu_utilization_percent",
    "gpu_utilization_percent", "ram_utilization_percent", "ram_used_gb", "pue", "wue",
)  # fmt: skip
LIMITS = {
    "longitude": (-180, 180), "latitude": (-90, 90), "pue": (1, 4), "wue": (0, 50), "energy_consumed": (0, MAX_KWH),
    "gpu_utilization_percent": (0, 100), "ram_utilization_percent": (0, 100),
}  # fmt: skip
WHOLE = ("cpu_count", "gpu_count")
NAMES = ("country_name", "region", "os", "cpu_model", "gpu_model", "cloud_provider", "cloud_region")
LATER = {"emissions_rate", "cpu_power", "cpu_energy", "os", "codecarbon_version"}  # columns since release 2.0, which has run_id as well
MAX_W = 1e6  # mean power of one machine
# Releases that leave out what has no value, so that the rest of the row moves up (mlco2/codecarbon issue 1304).
LEFT_OUT = (("region", "longitude", "latitude"), ("region", "longitude", "latitude", "gpu_count", "gpu_model"))
# Power that old releases take for a processor that they know nothing of: half of 85 W, and half of 225 W.
CONSTANTS_W = (42.5, 112.5)
QUEBEC = ("quebec", "québec")
COMPONENTS = {"gpu_energy": "accelerators", "cpu_energy": "processors", "ram_energy": "memory"}
EXPERIMENT = "5b0fa12a-3dd7-45bb-9766-cc326314d9f1"  # what experiment_id holds where none was given
MOVED = "fields may have moved: write or copy the file again, or leave the row out"
ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
COUNTED = re.compile(r"\d+ x (.+)")


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of CodeCarbon: it has been writing these three since its first release."""
    columns = {name.strip().strip('"') for name in source.first_line.split(separator(source.first_line))}
    return {"emissions", "energy_consumed", "duration"} <= columns


@dataclass
class _Best:
    """The row of a run that counts so far, how many others there were, and the lines of the first of them."""

    energy: float
    row: list[str]
    line: int
    others: int = 0
    lines: list[int] = field(default_factory=list)
    restarted: int = 0  # the line of a later row that holds less


def _read(source: Source, reading: Reading) -> None:
    table = Table(source, reading)
    missing = {"emissions", "energy_consumed", "duration"} - set(table.header)
    if missing:
        raise Unreadable(
            Placed("CG502", f"the header lacks {', '.join(sorted(missing))}", hint="this is not CodeCarbon's file of emissions")
        )
    if "run_id" not in table.index and LATER & set(table.header):
        message = "the header lacks run_id: the readings of one run cannot be told from other runs"
        raise Unreadable(Placed("CG502", message, (), "give the file as the tracker wrote it", "error", table.header_line))
    shapes, wanted = _shapes(table.header), len(table.header)
    best: dict[object, _Best] = {}
    key_of, time, energy_of = _key(table), table.index.get("timestamp"), table.number_in("energy_consumed")
    for row in table.rows():
        if len(row) != wanted:
            repaired = _repaired(row, table, reading, shapes)
            if repaired is None:
                continue
            row = repaired
        energy = energy_of(row)
        if energy is None or energy <= 0:
            _without_energy(row, table, reading)
            continue
        key = key_of(row)
        known = best.get(key)
        if known is None:
            if len(best) >= MAX_RUNS:
                message = f"the file holds more than {MAX_RUNS:,} runs"
                raise Unreadable(Placed("CG505", message, (), "split it: a card describes one release", "error", table.line))
            best[key] = _Best(energy, row, table.line)
            continue
        if time is not None and (row[time] > known.row[time]) != (energy > known.energy) and row[time] != known.row[time]:
            known.restarted = table.line
        known.others += 1
        if len(known.lines) < SHOWN:
            known.lines.append(known.line if energy > known.energy else table.line)
        if energy > known.energy:
            known.energy, known.row, known.line = energy, row, table.line
    _warn_of_ids(best, table, reading)
    for found in best.values():
        _merged(found, table, reading)
        record = _record(found, table, source, reading)
        if record is not None:
            reading.records.append(record)


read = each(_read, TOOL)
MAX_RUNS = 10_000
SHOWN = 20  # lines of one run that are named one by one


def _key(table: Table) -> Callable[[Sequence[str]], object]:
    """Return what tells the run of a row: its id, of release 1.2 the experiment's, with the task; without an id the whole row."""
    run, task = table.index.get("run_id" if "run_id" in table.index else "experiment_id"), table.index.get("task_name")
    if run is None:
        return tuple
    if task is None:
        return lambda row: row[run] or tuple(row)
    return lambda row: (row[run], row[task]) if row[run] else tuple(row)


def _shapes(header: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """Return the columns of a row by its length: those of the header, and those that damaged releases leave."""
    shapes = {len(header): tuple(header)}
    for names in LEFT_OUT:
        if set(names) <= set(header):
            shapes.setdefault(len(header) - len(names), tuple(name for name in header if name not in names))
    return shapes


def _repaired(row: list[str], table: Table, reading: Reading, shapes: Mapping[int, tuple[str, ...]]) -> list[str] | None:
    """Return a row that a known release has damaged, with the columns that it left out empty; None for any other."""
    columns = shapes.get(len(row))
    if columns is None or _wrong(dict(zip(columns, row))):
        wrong_length(reading, table.line, len(row), len(table.header))
        return None
    values = dict(zip(columns, row))
    gone = [name for name in table.header if name not in values]
    reading.note("repaired", table.line, f"the row lacks {', '.join(gone)}, as releases 3.2.9 and 3.3.0 of the tracker write it")
    return [values.get(name, "") for name in table.header]


def _without_energy(row: Sequence[str], table: Table, reading: Reading) -> None:
    text = table.text(row, "energy_consumed")
    if is_missing(text):
        reading.note("skipped", table.line, "the cell of the energy is empty")
        reading.warn("CG510", table.line, "the energy is missing: the row is left out", "the run failed, or ended before the first reading")
    elif number(text) == 0:
        reading.note("skipped", table.line, "the energy is 0")
        reading.warn("CG510", table.line, "the energy is 0, which no run uses: the row is left out", "the tracker had nothing to read")
    else:
        message = f"energy_consumed: {_wrong_number('energy_consumed', text)}"
        reading.fault("CG503", table.line, message, "write or copy the file again, or leave the row out")


def _wrong(values: Mapping[str, str]) -> str:
    """Return what in a row is not what its column holds, "" where all is. A number is not quoted: it may be a coordinate that moved."""
    for name, text in values.items():
        if name in NUMBERS:
            wrong = "" if is_missing(text) else _wrong_number(name, text)
            if wrong:
                return f"{name}: {wrong}"
        elif name == "timestamp":
            if text and clock(text) is None:
                return "timestamp: this is not a date and time"
        elif name == "country_iso_code":
            if text and not (len(text) in (2, 3) and text.isalpha() and text.isupper()):
                return "country_iso_code: this is not a code such as FRA"
        elif name in CHOICES:
            if text not in ("", *CHOICES[name]):
                return f"{name}: this is neither {' nor '.join(CHOICES[name])}"
        elif name == "project_name":
            if ID.fullmatch(text):
                return "project_name: this is the id of a run or an experiment"
        elif name == "experiment_id":
            if number(text) is not None:
                return "experiment_id: this is a number"
        elif name in NAMES and text and not any(letter.isalpha() for letter in text):
            return f"{name}: this is a number or a mark, and not a name"
    return ""


CHOICES = {"on_cloud": ("Y", "N"), "tracking_mode": ("machine", "process")}


def _wrong_number(name: str, text: str) -> str:
    """Return why a cell cannot stand in a column of numbers, "" where it can."""
    value = number(text)
    if value is None:
        return f"{quotable(text)} is not a number"
    low, high = LIMITS.get(name, (0, math.inf))
    if value < low:
        return "the number is negative" if low == 0 else f"the number is below {low:g}"
    if value > high:
        return f"the number is above {high:,.0f}"
    return "the number is not whole, as a count is" if name in WHOLE and value % 1 else ""


def _warn_of_ids(best: Mapping[object, _Best], table: Table, reading: Reading) -> None:
    """Warn where rows cannot be told apart by the id of their run."""
    without = sorted(found.line for key, found in best.items() if isinstance(key, tuple))
    without = [line for line in without if "task_name" not in table.index]
    if without and len(best) > 1:
        message = f"{len(without)} row{'s have' if len(without) > 1 else ' has'} no id of a run: each is taken as a run of its own"
        reading.warn("CG510", without[0], message, "if they are readings of one run, leave out all but the last")
    for key, found in best.items():
        run = key[0] if isinstance(key, tuple) and "task_name" in table.index else key
        if "experiment_id" in table.index and "run_id" in table.index and run and run == table.text(found.row, "experiment_id"):
            reading.fault("CG504", found.line, "run_id and experiment_id are the same", MOVED)
        if run == EXPERIMENT:
            reading.fault("CG504", found.line, "run_id holds the id that the tracker gives every experiment", MOVED)
        if isinstance(run, str) and run and not ID.fullmatch(run):
            reading.warn("CG503", found.line, "run_id: this is not an id as the tracker makes them", "fields may have moved")


def _merged(found: _Best, table: Table, reading: Reading) -> None:
    """Note the rows of a run that its largest one includes; refuse a run that began again under the same id."""
    if found.restarted:
        message = "a later row of the same run holds less energy: it began again, or the rows were changed"
        reading.fault("CG504", found.restarted, message, "give its parts ids of their own, or leave rows out")
    for line in sorted(found.lines):
        reading.note("merged", line, f"an earlier reading of the run on line {found.line}, which includes it")
    if found.others > len(found.lines):
        more = found.others - len(found.lines)
        reading.note("merged", max(found.lines) + 1, f"{more:,} more earlier readings of the run on line {found.line}")


def _record(found: _Best, table: Table, source: Source, reading: Reading) -> Record | None:
    """Return what a row says of its run; None where its values contradict each other."""
    values = dict(zip(table.header, (cell.strip() for cell in found.row)))
    if table.decimal_comma:
        values = {name: text.replace(",", ".") if name in NUMBERS else text for name, text in values.items()}
    return record_of(values, found.energy, found.line, source, reading)


def record_of(values: Mapping[str, str], energy: float, line: int, source: Source, reading: Reading) -> Record | None:
    """Return what the values of one row, by the names of their columns, say of its run; None where they contradict each other."""
    values = {name: "" if name in NAMES and is_missing(text) else text for name, text in values.items()}
    wrong = _wrong(values)
    if wrong:
        reading.fault("CG503", line, wrong, MOVED)
        return None
    numbers = {name: number(text) for name, text in values.items() if name in NUMBERS}
    wrong = _contradiction(energy, numbers)
    if wrong:
        reading.fault("CG504", line, wrong, MOVED)
        return None
    emissions = numbers.get("emissions")
    if emissions is None:
        reading.warn("CG510", line, "the emissions are missing: the energy is read, the tracker's own carbon is not")
    version = values.get("codecarbon_version", "")
    reading.version = reading.version or version
    pue = numbers.get("pue")
    pue = pue if pue and pue > 1 else None  # 1.0 stands where none was set
    water, hours = numbers.get("water_consumed"), _hours(energy, numbers)
    if numbers.get("duration") is None and "duration" in numbers:
        reading.warn("CG510", line, "the duration is missing: the energy is read, and how long the run took is not")
    if hours is None and numbers.get("duration"):
        reading.note("skipped", line, "the duration is that of the last task and not of the run")
    project, end = values.get("project_name", ""), clock(values.get("timestamp", ""))
    project = "" if project == "codecarbon" else project  # its name where none was given
    components = {COMPONENTS[name]: value for name in COMPONENTS if (value := numbers.get(name)) is not None}
    basis, reason = _basis(energy, components, numbers)
    if "constant" in reason:
        message = f"the processors are taken at a constant {numbers['cpu_power']:g} W"
        reading.warn("CG517", line, message, "the tracker does not know them: measure with a meter, or state their power")
    if values.get("tracking_mode") == "process":
        reason = f"the process alone; {reason}"
    on_cloud = values.get("on_cloud") == "Y" and values.get("cloud_provider", "")
    return Record(
        tool="codecarbon", run=values.get("run_id") or values.get("experiment_id", "") * ("run_id" not in values),
        part=values.get("task_name", ""), project=project, method=f"codecarbon {version}".strip(),
        energy_kwh=energy, boundary="facility" if pue else "node", basis=basis, reason=reason, pue=pue,
        emissions_kg=emissions, water_l=water or None, wue=numbers.get("wue") or None, hours=hours, end=end,
        start=end - hours * 3600 if end and hours else None,
        devices=_devices(values, numbers), components=components, provider=values.get("cloud_provider") if on_cloud else None,
        region=values.get("cloud_region") if on_cloud else values.get("region") or None,
        country=values.get("country_iso_code") or values.get("country_name") or None,
        is_default_place=values.get("country_iso_code") == "CAN" and values.get("region", "").casefold() in QUEBEC and not on_cloud,
        host=tuple(values.get(name, "") for name in HOST), file=source.short, lines=(line,),
        private={name: values[name] for name in PRIVATE if values.get(name)},
    )  # fmt: skip


HOST = ("os", "cpu_count", "cpu_model", "gpu_count", "gpu_model", "ram_total_size", "longitude", "latitude", "tracking_mode")
PRIVATE = ("longitude", "latitude", "os")


def _contradiction(energy: float, numbers: Mapping[str, float | None]) -> str:
    """Return how the values of a row contradict each other, "" where they agree: energy is the sum of its parts, carbon is rate × time."""
    parts = [numbers.get(name) for name in COMPONENTS]
    empty = [name for name, part in zip(COMPONENTS, parts) if part is None and name in numbers]
    if empty and any(parts):
        return f"{' and '.join(empty)} {'are' if len(empty) > 1 else 'is'} empty, and the energy has other parts: the tracker writes all"
    if all(part is not None for part in parts):
        whole = sum(part for part in parts if part is not None)
        factors = (1.0, numbers.get("pue") or 1.0)
        if not any(math.isclose(whole * factor, energy, rel_tol=1e-6, abs_tol=1e-15) for factor in factors):
            return f"energy_consumed is {energy:.6g} kWh, and its parts are {whole:.6g} kWh together"
    if numbers.get("emissions") == energy:  # a field was doubled
        return f"emissions and energy are the same number, {energy:.6g}"
    rate, duration, emissions = numbers.get("emissions_rate"), numbers.get("duration"), numbers.get("emissions")
    if "emissions_rate" in numbers and not rate and emissions:
        return f"emissions are {emissions:.6g} kg, and emissions_rate is {'empty' if rate is None else '0'}"
    if duration and energy * 3.6e6 / duration > MAX_W:
        return f"the energy is {energy:.6g} kWh and the duration {duration:.6g} s: no machine draws so much"
    if rate and duration and emissions:
        computed = rate * duration  # kg, and g in releases 2.0 to 2.2
        if not any(math.isclose(computed, emissions * factor, rel_tol=1e-3) for factor in (1, 1000)):
            return f"emissions are {emissions:.6g} kg, and emissions_rate × duration is {computed:.6g}"
    return ""


def _hours(energy: float, numbers: Mapping[str, float | None]) -> float | None:
    """Return the wall-clock time in h; None where it is that of a part: memory draws the same power all the time."""
    duration, memory, power = numbers.get("duration"), numbers.get("ram_energy"), numbers.get("ram_power")
    if not duration:
        return None
    if memory and power and memory * 3.6e6 > 1.5 * power * duration * (numbers.get("pue") or 1):
        return None
    return duration / 3600


def _basis(energy: float, components: Mapping[str, float], numbers: Mapping[str, float | None]) -> tuple[str, str]:
    """Return whether most of the energy was measured, and what was: GPUs have meters, processors often only a rated power."""
    if not components:
        return "estimated", "the file does not say which part was measured"
    power, duration, processors = numbers.get("cpu_power"), numbers.get("duration"), components.get("processors")
    is_constant = power in CONSTANTS_W and duration and processors and math.isclose(processors * 3.6e6, power * duration, rel_tol=0.05)
    rest = f"processors at a constant {power:g} W, memory by its size" if is_constant else "processors and memory may be from rated power"
    accelerators = components.get("accelerators", 0.0)
    if accelerators > energy / 2:
        return "measured", f"GPUs by their own meter, {accelerators / energy:.0%} of it; {rest}"
    return "estimated", rest


def _devices(values: Mapping[str, str], numbers: Mapping[str, float | None]) -> tuple[Device, ...]:
    """Return the GPUs of a run, else its processor: ``8 x NVIDIA A40`` is eight of them."""
    model = values.get("gpu_model", "")
    if model:
        several = COUNTED.fullmatch(model)
        count = numbers.get("gpu_count") or 0
        return (Device(several[1] if several else model, int(count) or None),)
    return (Device(values["cpu_model"]),) if values.get("cpu_model") else ()
