"""What was read, for people and for programs: every file, every line that was not taken as it stands, every rule that was used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cardgen.core.factors import Factors
from cardgen.importing.amounts import short
from cardgen.importing.combined import Combined
from cardgen.importing.plausible import mean_power_w, table_grams
from cardgen.problems import Placed, printable
from cardgen.records.fields import day
from cardgen.records.record import Reading, Record

FEW = 3  # problems that are the same in everything but the line, and still told one by one


def together(readings: Sequence[Reading]) -> Iterator[tuple[Reading, Placed]]:
    """Yield the problems of all files in their order; what many lines share is said once, with the lines."""
    groups: dict[tuple[str, str], list[tuple[Reading, Placed]]] = {}
    for reading in readings:
        for problem in reading.problems:
            groups.setdefault((problem.code, problem.message), []).append((reading, problem))
    for reading in readings:
        for problem in sorted(reading.problems, key=lambda problem: (problem.line, problem.code)):
            same = groups[problem.code, problem.message]
            if len(same) <= FEW:
                yield reading, problem
            elif same[0][1] is problem:
                yield reading, replace(problem, message=f"{problem.message}; {_elsewhere(same[1:], reading)}")


def _elsewhere(others: Sequence[tuple[Reading, Placed]], first: Reading) -> str:
    own = [problem.line for reading, problem in others if reading is first]
    files = {short_name(reading) for reading, _ in others if reading is not first}
    lines = f"on {len(own):,} more lines: {', '.join(map(str, own[:5]))}{' ...' if len(own) > 5 else ''}" if own else ""
    return f"the same {' and '.join(filter(None, (lines, f'in {_many(len(files), _FILE)}' if files else '')))}"


_FILE = "more file"

BOUNDARY_WORDS = {
    "accelerators": "accelerators alone", "node": "the machine: processors, memory, accelerators", "it": "IT equipment",
    "facility": "the facility",
}  # fmt: skip


def lines(readings: Sequence[Reading], runs: Sequence[Combined], factors: Factors) -> Iterator[str]:
    """Yield the report as lines of text."""
    for reading in readings:
        yield from _of_file(reading)
    for run in runs:
        yield from _of_run(run, factors)


def _of_file(reading: Reading) -> Iterator[str]:
    title = " ".join(filter(None, (reading.tool or "not recognised", reading.version)))
    rows = f"{_many(reading.rows, 'row')}, " if reading.rows else ""
    yield f"{short_name(reading)}: {printable(title, 80)}: {rows}{_many(len(reading.records), 'run')}"
    for note in reading.notes:
        more = f" and {note.count - 1:,} more" if note.count > 1 else ""
        where = f"line {note.line:,}{more}" if note.kind != "not read" else "beside it"
        yield f"  {note.kind:<8}  {where}: {printable(note.reason, 200)}"


def short_name(reading: Reading) -> str:
    """Return the name of a file without its folder, which may name a person."""
    return printable(reading.file.replace("\\", "/").rpartition("/")[2] or reading.file, 100)


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def _of_run(run: Combined, factors: Factors) -> Iterator[str]:
    if run.rule:
        yield f"rule: {run.rule}"
    for record in run.records:
        kind = "counts" if record in run.counted else "within"
        where = f"{printable(record.file, 100)}:{record.lines[0]}" if record.lines else printable(record.file, 100)
        yield f"  {kind:<8}  {where} {printable(named(record), 100)}".rstrip()
        yield from (f"            {words}" for words in said(record, factors))


def said(record: Record, factors: Factors) -> Iterator[str]:
    """Yield what a record says: how much, within what, at which power, and what the tool made of it."""
    if record.per_request:
        yield f"{short(record.per_request.energy_kwh, 'kWh')} for one request, {record.basis}"
    elif record.energy_kwh is None:
        yield "no energy"
    else:
        inside = f"PUE {record.pue:g} included" if record.pue else "PUE not included" if record.boundary != "facility" else "PUE included"
        yield f"{short(record.energy_kwh, 'kWh')} of {BOUNDARY_WORDS[record.boundary]}, {inside}, {record.basis}"
    if record.reason:
        yield printable(record.reason, 200)
    power = mean_power_w(record)
    if power is not None and record.hours:
        yield f"{short(power, 'W')} on average over {_time(record.hours)}"
    if record.emissions_kg is not None:
        yield _carbon(record, factors)


def _carbon(record: Record, factors: Factors) -> str:
    text = f"the tool's carbon {short(record.emissions_kg or 0.0, 'kgCO2e')}"
    if not record.energy_kwh or not record.emissions_kg:
        return text
    grams = record.emissions_kg / record.energy_kwh * 1000
    text += f" ({grams:.3g} g/kWh"
    table = table_grams(record, factors)
    if table and abs(grams / table[0] - 1) > 0.05:
        text += f"; the table has {table[0]:.3g} for {table[1]}, {table[2]}"
    return text + ")"


def _time(hours: float) -> str:
    return f"{hours * 3600:.3g} s" if hours < 0.1 else f"{hours:,.4g} h"


def named(record: Record) -> str:
    """Return what a person knows a record by: project, part, id and day."""
    words = [record.project, record.part, record.run[:40], (day(record.end) or "") if record.end else ""]
    return " ".join(word for word in words if word)


def as_data(readings: Sequence[Reading], runs: Sequence[Combined]) -> dict[str, Any]:
    """Return the report as JSON data; energies in kWh, masses in kg, water in L, times in h. Unknown is null."""
    return {
        "cardgen": 1,
        "files": [
            {
                "file": short_name(reading), "tool": reading.tool or None, "version": reading.version or None, "rows": reading.rows,
                "records": [_record(record) for record in reading.records],
                "notes": [{"kind": note.kind, "line": note.line, "count": note.count, "reason": note.reason} for note in reading.notes],
                "problems": [
                    {"code": found.code, "severity": found.severity, "line": found.line, "message": found.message, "hint": found.hint}
                    for found in reading.problems
                ],
            }
            for reading in readings
        ],
        "activities": [
            {
                "project": run.project or None, "run": run.run or None, "rule": run.rule or None, "energy_kwh": run.energy_kwh,
                "emissions_kg": run.emissions_kg, "boundary": run.boundary, "basis": basis_of(run),
                "counted": [_record(record) for record in run.counted], "within": [_record(record) for record in run.within],
            }
            for run in runs
        ],
    }  # fmt: skip


def basis_of(run: Combined) -> str:
    """Return the weakest basis of the records that count."""
    return "estimated" if any(record.basis == "estimated" for record in run.counted) else "measured"


_SHOWN = (
    "file", "tool", "method", "run", "part", "project", "energy_kwh", "boundary", "basis", "reason", "pue", "emissions_kg", "water_l",
    "hours", "device_hours", "provider", "region", "country", "phase",
)  # fmt: skip


def _record(record: Record) -> dict[str, Any]:
    data: dict[str, Any] = {name: value if (value := getattr(record, name)) != "" else None for name in _SHOWN}
    data["lines"] = list(record.lines)
    data["devices"] = [{"name": device.name, "count": device.count} for device in record.devices]
    data["components_kwh"] = dict(record.components)
    if record.is_default_place:
        data.update(provider=None, region=None, country=None)
    if record.per_request:
        data["per_request"] = dict(vars(record.per_request))
    return data
