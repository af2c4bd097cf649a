"""GreenTensor 0.7: the history of runs, and the history and report for ESG. Its pickle is never opened.

Energy is kWh, emissions kg. CodeCarbon measures inside, without a place, or the power of one GPU is sampled; the file does not say which.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from cardgen.records.entries import Entry, records
from cardgen.records.fields import MAX_KG, MAX_KWH, clock, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source
from cardgen.records.streamed import MAX_RUNS, MOST_S, too_many_runs
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "greentensor", "GreenTensor", "greentensor_history.json, greentensor_esg_history.json and the ESG report as JSON",
    "energy, emissions and time of runs; PUE and nodes (ESG)",
    "what was measured; devices; the place, which is CodeCarbon's guess",
    "https://pypi.org/project/greentensor/",
)  # fmt: skip

HISTORY = ("model_name", "stage", "duration_s", "energy_kwh", "emissions_kg", "idle_seconds")
ESG = ("run_id", "stage", "duration_s", "energy_kwh", "energy_kwh_dc", "security_incidents")
REPORT = ("organization", "reporting_period", "runs", "total_energy_kwh_dc")
OWN_INTENSITY = 0.000233  # kg/kWh: the tool takes its number for a kilogram where it means a watt-hour
PHASES = {"inference": "inference", "fine_tuning": "fine-tuning"}
NAME = re.compile(r"[\w.+-]{1,100}(/[\w.+-]{1,100})?")
MOST = {
    "energy_kwh": MAX_KWH, "energy_kwh_dc": MAX_KWH, "emissions_kg": MAX_KG, "emissions_kg_dc": MAX_KG,
    "duration_s": MOST_S, "timestamp": 1e11,
}  # fmt: skip
HINT = "state hardware and duration in the run file, or give CodeCarbon's own file"


def recognises(source: Source) -> bool:
    """Return whether the beginning holds the keys of a history or of a report."""
    start = source.head.lstrip()[:1]
    listed = start == "[" and any(all(f'"{key}"' in source.head for key in keys) for keys in (HISTORY, ESG))
    return listed or start == "{" and all(f'"{key}"' in source.head for key in REPORT[:3]) and '"energy_kwh_dc"' in source.head


def _read(source: Source, reading: Reading) -> None:
    reading.records += _records(source, reading)
    if not reading.rows:
        reading.fault("CG501", 1, "the history holds no run", HINT)


read = each(_read, TOOL)


def _records(source: Source, reading: Reading) -> Iterator[Record]:
    reports: list[Entry] = []

    def one(entry: Entry) -> Record | None:
        if "runs" in entry.value:
            reports.append(entry)
            return None
        return _record(entry, source, reading)

    last: tuple[Entry, Record] | None = None
    for count, (entry, record) in enumerate(records(source, reading, one)):
        if count >= MAX_RUNS:
            raise too_many_runs(entry.line)
        if last and _is_again(last[0], entry):
            better = last if last[1].project and not record.project else (entry, record)
            worse = entry if better is last else last[0]
            reading.note("merged", worse.line, f"the same run as on line {better[0].line}, recorded twice within a second: counted once")
            emissions = last[1].emissions_kg or record.emissions_kg
            last = better[0], replace(better[1], emissions_kg=emissions)
            continue
        if last:
            yield last[1]
        last = entry, record
    if last:
        yield last[1]
    for report in reports:
        yield from _reported(report, source, reading)


def _is_again(one: Entry, other: Entry) -> bool:
    """Return whether two entries are one run: tracker and model each record it as it ends, with the same digits."""
    first, second = one.number("timestamp"), other.number("timestamp")
    if first is None or second is None or abs(first - second) > 1 or one.string("run_id") != other.string("run_id"):
        return False
    emissions = one.at("emissions_kg"), other.at("emissions_kg")
    if None not in emissions and emissions[0] != emissions[1]:
        return False
    same = all(one.at(key) == other.at(key) for key in ("duration_s", "energy_kwh", "energy_kwh_dc"))
    # A time of many digits is no coincidence.
    return same and bool(one.number("energy_kwh")) and len(str(one.at("duration_s"))) > 8


def _reported(report: Entry, source: Source, reading: Reading) -> Iterator[Record]:
    """Yield the runs of an ESG report, checked against its totals."""
    runs = report.at("runs")
    if not isinstance(runs, list):
        raise report.fault("CG503", "runs is not a list", "runs")
    found = []
    reading.rows += len(runs) - 1
    for run in runs:
        if not isinstance(run, dict):
            raise report.fault("CG503", "a run is not what the tool writes", "runs")
        name = run.get("run_id")
        entry = Entry(run, report.text, report.line).within() if not name else _placed(report, run, str(name))
        found.append(_record(entry, source, reading))
    total, whole = math.fsum(record.energy_kwh or 0 for record in found), report.number("total_energy_kwh_dc")
    if whole is None or report.number("total_runs") != len(found) or not math.isclose(total, whole, rel_tol=1e-9, abs_tol=1e-15):
        raise report.fault(
            "CG504", f"the report names another total than its {len(found)} runs have: {total:.6g} kWh", "total_energy_kwh_dc"
        )
    yield from found


def _placed(report: Entry, run: dict[str, object], name: str) -> Entry:
    """Return a run as an entry that begins where its id stands."""
    position = max(0, report.text.find(f'"{name}"'))
    return Entry(run, report.text[position:], report.line + report.text.count("\n", 0, position))


def _record(entry: Entry, source: Source, reading: Reading) -> Record:
    """Return one run; raises Unreadable where its values are no numbers or contradict each other."""
    energy, emissions, seconds = entry.number("energy_kwh"), entry.number("emissions_kg"), entry.number("duration_s")
    line, pue = entry.line_of("energy_kwh"), None
    for key, most in MOST.items():
        value = entry.number(key)
        if value is not None and value > most:
            raise entry.fault("CG503", f"{key}: {value:.6g} is more than any run has", key)
    if not energy:
        message = f"energy_kwh is {'missing' if energy is None else '0'}: no meter was found"
        reading.fault("CG501", line, message, HINT)
        energy = None
    if emissions is None:
        reading.warn("CG510", line, "emissions_kg is missing: the energy is read, the tool's own carbon is not")
    reason = "the file does not say which part was measured"
    if energy and emissions and math.isclose(emissions, energy * OWN_INTENSITY, rel_tol=1e-6):
        message = "the emissions are the energy times a constant of the tool, 0.000233 kg/kWh: one of the two was computed from the other"
        reading.warn("CG517", line, message, "give CodeCarbon's own file; the constant is a thousand times too small")
    if energy and "energy_kwh_dc" in entry.value:
        energy, emissions, pue, reason = _facility(entry, energy, emissions, reason)
    end = _end(entry)
    hours = seconds / 3600 if seconds else None
    name, stage = entry.string("model_name"), entry.string("stage")
    return Record(
        tool="greentensor", run=entry.string("run_id"), project=name if NAME.fullmatch(name) and name != "unknown" else "",
        method="greentensor", energy_kwh=energy, boundary="facility" if pue else "node", basis="estimated", reason=reason, pue=pue,
        emissions_kg=emissions or None, hours=hours, end=end, start=end - hours * 3600 if end and hours else None,
        phase=PHASES.get(stage), private={"model_name": name} if name and not NAME.fullmatch(name) else {},
        file=source.short, lines=(line,),
    )  # fmt: skip


def _facility(entry: Entry, energy: float, emissions: float | None, reason: str) -> tuple[float, float | None, float | None, str]:
    """Return energy, emissions and PUE of the facility as an ESG record has them: the node's times PUE times nodes."""
    pue, nodes, whole = entry.number("pue", lowest=1), entry.number("num_nodes", lowest=1), entry.number("energy_kwh_dc")
    if pue is None or nodes is None or whole is None or not math.isclose(whole, energy * pue * nodes, rel_tol=1e-9):
        raise entry.fault("CG504", "energy_kwh_dc is not energy × PUE × nodes", "energy_kwh_dc")
    if nodes > 1:
        reason = f"one node was tracked, and counted {nodes:g} times"
    return whole, entry.number("emissions_kg_dc") or emissions, pue if pue > 1 else None, reason


def _end(entry: Entry) -> float | None:
    """Return when the run ended, in seconds since 1970, checked against the local time beside it."""
    end, local = entry.number("timestamp"), entry.string("datetime")
    if local:
        shown = clock(local)
        if shown is None:
            raise entry.fault("CG503", f"datetime: {quotable(local)} is not a date and time", "datetime")
        if end is not None and abs(shown - end) > 15 * 3600:
            raise entry.fault("CG504", "timestamp and datetime are more than any time zone apart", "timestamp")
    return end
