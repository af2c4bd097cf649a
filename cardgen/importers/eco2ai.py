"""Eco2AI 0.0 to 0.3: ``emission.csv``, with a row for each run, or for each epoch of a training.

What the columns call power is energy in kWh; emissions are kg, durations s. Rows of one id hold what was used since the row before
and are added. Files of releases before 0.2 have no id: each row is a run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cardgen.problems import Placed, printable
from cardgen.records.fields import clock, is_missing, number
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table, separator
from cardgen.records.tool import Tool

TOOL = Tool(
    "eco2ai", "Eco2AI", "emission.csv",
    "energy, emissions and time of each run or epoch; processor and GPUs; country and region",
    "which part was measured; whether a PUE is inside",
    "https://github.com/sb-ai-lab/Eco2AI",
)  # fmt: skip

ENERGY = ("power_consumption(kWh)", "power_consumption(kWTh)")
EMISSIONS = "CO2_emissions(kg)"
SUMMARY = {"project_name", "total duration(s)", "total CO2_emissions(kg)"}
AGAIN = "fields may have moved: write or copy the file again, or leave the row out"
CPU = re.compile(r"(.*)/(\d{1,9}|None) device\(s\), TDP:\s*([\d.]+|None|nan)(?: method:\S+)?")
GPU = re.compile(r"(.*?) ?(\d{1,9}) device\(s\)")
PLACE = re.compile(r"\(?([A-Z]{2})(?:/(.*?))?\)?")
ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


MOST = 1e15  # above it a cell is no energy, time or mass


def _is_amount(text: str) -> bool:
    value = number(text)
    return value is not None and 0 <= value < MOST


# What the text of a column looks like where it is not missing.
SHAPES: Mapping[str, Callable[[str], object]] = {
    "id": ID.fullmatch,
    "epoch": lambda text: text.startswith("epoch: "),
    "start_time": lambda text: clock(text) is not None,
    "start_time(s)": _is_amount,
    "duration(s)": lambda text: _is_amount(text) or clock(text) is not None,
    "time(s)": _is_amount,
    EMISSIONS: _is_amount,
    "cost": _is_amount,
    "CPU_name": lambda text: number(text) is None and clock(text) is None and not GPU_ALONE.fullmatch(text),
    "GPU_name": lambda text: number(text) is None and "TDP:" not in text,
    "OS": lambda text: re.fullmatch(r"[A-Za-z][A-Za-z0-9_ .-]*", text) and "device(s)" not in text and not PLACE_ALONE.fullmatch(text),
    "region/country": lambda text: PLACE.fullmatch(text) and number(text) is None,
    "country": lambda text: number(text) is None,
    "project_name": lambda text: not ID.fullmatch(text),
    **dict.fromkeys(ENERGY, _is_amount),
}
GPU_ALONE = re.compile(r" ?\d+ device\(s\)")
PLACE_ALONE = re.compile(r"[A-Z]{2}(?:/.*)?")


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of Eco2AI, or that of its summary."""
    columns = _columns(source)
    return ({"project_name", EMISSIONS} <= columns and bool(columns & set(ENERGY))) or columns >= SUMMARY


def _columns(source: Source) -> set[str]:
    return {name.strip().strip('"') for name in source.first_line.split(separator(source.first_line))}


@dataclass
class _Run:
    """The rows of one id, each with its line."""

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return a reading for each file; a summary is not read, for it adds up what other files say."""
    has_rows = any(not _columns(source) >= SUMMARY for source in sources)
    readings = []
    for source in sources:
        reading = Reading(source.name, TOOL.name)
        try:
            if _columns(source) >= SUMMARY:
                _summary(source, reading, has_rows)
            else:
                _read(source, reading)
        except Unreadable as error:
            reading.problems.append(error.problem)
        readings.append(reading)
    return readings


def _summary(source: Source, reading: Reading, has_rows: bool) -> None:
    reading.rows = sum(1 for _, text in source.lines() if text.strip()) - 1
    reading.note("not read", 1, "the tool's own summary of emission.csv, whose last row adds up the others")
    if not has_rows:
        message = "this is the tool's summary: it has no runs, and its last row adds up the others"
        reading.fault("CG501", 1, message, "give emission.csv, from which it was made")


def _read(source: Source, reading: Reading) -> None:
    table = Table(source, reading)
    energy_column = next((name for name in ENERGY if name in table.index), None)
    if energy_column is None or EMISSIONS not in table.index:
        raise Unreadable(Placed("CG502", "the header lacks the columns of energy or emissions", hint="write or copy the file again"))
    runs: dict[object, _Run] = {}
    seen: dict[tuple[str, ...], int] = {}
    for row in table.full_rows():
        first = seen.setdefault(tuple(row), table.line)
        if first != table.line:
            reading.note("merged", table.line, f"the row of line {first}, a second time")
            continue
        values = {name: "" if is_missing(table.text(row, name)) else table.text(row, name) for name in table.header}
        if table.decimal_comma:
            numeric = (*ENERGY, EMISSIONS, "duration(s)", "time(s)", "cost")
            values = {name: text.replace(",", ".") if name in numeric else text for name, text in values.items()}
        if _is_usable(values, energy_column, table.line, reading):
            key = values.get("id") or (table.line,)
            runs.setdefault(key, _Run()).rows.append((table.line, values))
    if not runs and not reading.is_refused:
        message = "no row has an energy: the program ended before the first reading, or nothing could be read"
        reading.fault("CG501", table.header_line, message, "state hardware and duration in the run file, or measure with a longer run")
    for run in runs.values():
        reading.records.append(_record(run, energy_column, source, reading))
    if runs:
        line = min(run.rows[0][0] for run in runs.values())
        message = "a PUE that was set is inside the energy, and no column says whether one was"
        reading.warn("CG521", line, message, "state whether the tracker was given a pue")


def _is_usable(values: Mapping[str, str], energy_column: str, line: int, reading: Reading) -> bool:
    """Return whether a row can be read; its problems are added."""
    for name, text in values.items():
        if text and name in SHAPES and not SHAPES[name](text):
            reading.fault("CG503", line, f'{name}: "{printable(text, 60)}" is not what the column holds', AGAIN)
            return False
    energy, emissions = number(values[energy_column]), number(values[EMISSIONS])
    if not energy:
        what = "is 0" if energy == 0 else "is missing"
        reading.note("skipped", line, f"the energy {what}")
        reading.warn("CG510", line, f"the energy {what}: the row is left out", "the run was shorter than the first reading, or failed")
        return False
    if energy == emissions or energy == number(values.get("duration(s)", values.get("time(s)", ""))):
        reading.fault("CG504", line, f"the energy is the same number as its neighbour, {energy:.6g}", AGAIN)
        return False
    if emissions is None:
        reading.warn("CG510", line, "the emissions are missing: the energy is read, the tracker's own carbon is not")
    return True


def _record(run: _Run, energy_column: str, source: Source, reading: Reading) -> Record:
    """Return a run with the sums of its rows, and what its first row says of machine and place."""
    first_line, first = run.rows[0]
    lines = [line for line, _ in run.rows]
    for line in lines[1:]:
        reading.note("merged", line, f"a later part of the run on line {first_line}, added to it")
    if any(values.get(name) != first.get(name) for _, values in run.rows[1:] for name in ("project_name", "CPU_name", "region/country")):
        reading.fault("CG504", first_line, "rows of one id name different projects, processors or places", AGAIN)
    again = _twice(run)
    if again:
        reading.fault("CG504", again, "two rows of one id name the same epoch and start, with different values", AGAIN)
    emissions = [number(values[EMISSIONS]) for _, values in run.rows]
    seconds = [number(values.get("duration(s)", values.get("time(s)", ""))) for _, values in run.rows]
    hours = math.fsum(s for s in seconds if s is not None) / 3600 if all(s is not None for s in seconds) else None
    starts = [start for _, values in run.rows if (start := _start(values)) is not None]
    ends = [start + s for (_, values), s in zip(run.rows, seconds) if s is not None and (start := _start(values)) is not None]
    devices, gpus, reason = _machine(first)
    place = PLACE.fullmatch(first.get("region/country", ""))
    return Record(
        tool=TOOL.name, run=first.get("id", ""), project=first.get("project_name", ""), method="Eco2AI",
        energy_kwh=math.fsum(number(values[energy_column]) or 0 for _, values in run.rows), boundary="node", basis="estimated",
        reason=reason, emissions_kg=math.fsum(e for e in emissions if e is not None) if all(e is not None for e in emissions) else None,
        start=min(starts, default=None), end=max(ends, default=None), hours=hours or None,
        device_hours=hours * gpus if hours and gpus else None, devices=devices,
        country=place[1] if place else first.get("country") or None, region=place[2] or None if place else None,
        host=tuple(first.get(name, "") for name in ("CPU_name", "GPU_name", "OS")), file=source.short, lines=tuple(lines),
        private={"os": first["OS"]} if first.get("OS") else {},
    )  # fmt: skip


def _twice(run: _Run) -> int:
    """Return the line of a row that names an epoch and a start once more, 0 where none does."""
    seen: set[tuple[str | None, ...]] = set()
    for line, values in run.rows:
        epoch = re.match(r"epoch: \d+", values.get("epoch", ""))
        key = (epoch[0] if epoch else None, values.get("start_time"))
        if key in seen:
            return line
        seen.add(key)
    return 0


def _start(values: Mapping[str, str]) -> float | None:
    """Return when a row began, in seconds since 1970 by the machine's clock."""
    return clock(values.get("start_time", "")) or number(values.get("start_time(s)", ""))


def _machine(values: Mapping[str, str]) -> tuple[tuple[Device, ...], int, str]:
    """Return the GPUs or else the processor, how many GPUs there are, and how the energy came about."""
    cpu, gpu = CPU.fullmatch(values.get("CPU_name", "")), GPU.fullmatch(values.get("GPU_name", ""))
    tdp = number(cpu[3]) if cpu else None
    reason = f"the processor by a rated power of {tdp:g} W times its load" if tdp else "the processor by a rated power times its load"
    if gpu and int(gpu[2]):
        device = Device(gpu[1].strip() or "GPU", int(gpu[2]))
        return (device,), int(gpu[2]), f"{reason}, GPUs by their meter; the file does not split them"
    name = (cpu[1] if cpu else values.get("CPU_name", "")).strip()
    count = int(cpu[2]) if cpu and cpu[2].isdigit() else None
    return ((Device(name, count),) if name else ()), 0, reason
