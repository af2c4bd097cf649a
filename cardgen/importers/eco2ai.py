"""Eco2AI 0.0 to 0.3: ``emission.csv``, with a row for each run, or for each epoch of a training.

What the columns call power is energy in kWh; emissions are kg, durations s. Rows of one id hold what was used since the row before
and are added. Files of releases before 0.2 have no id: each row is a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cardgen.problems import Placed
from cardgen.records.fields import MAX_KG, MAX_KWH, clock, is_missing, number, quotable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, MOST_S, SHOWN, Lines, Seen, Total, named_or_empty, too_many_runs
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


_moment = lru_cache(maxsize=4)(clock)  # a row's start is looked at more than once


def _is_amount(text: str, most: float = MOST) -> bool:
    value = number(text)
    return value is not None and 0 <= value <= most


# What the text of a column looks like where it is not missing.
SHAPES: Mapping[str, Callable[[str], object]] = {
    "id": ID.fullmatch,
    "epoch": lambda text: text.startswith("epoch: "),
    "start_time": lambda text: _moment(text) is not None,
    "start_time(s)": _is_amount,
    "duration(s)": lambda text: _is_amount(text, MOST_S) or clock(text) is not None,
    "time(s)": lambda text: _is_amount(text, MOST_S),
    EMISSIONS: lambda text: _is_amount(text, MAX_KG),
    "cost": _is_amount,
    "CPU_name": lambda text: number(text) is None and clock(text) is None and not GPU_ALONE.fullmatch(text),
    "GPU_name": lambda text: number(text) is None and "TDP:" not in text,
    "OS": lambda text: re.fullmatch(r"[A-Za-z][A-Za-z0-9_ .-]*", text) and "device(s)" not in text and not PLACE_ALONE.fullmatch(text),
    "region/country": lambda text: PLACE.fullmatch(text) and number(text) is None,
    "country": lambda text: number(text) is None,
    "project_name": lambda text: not ID.fullmatch(text),
    **dict.fromkeys(ENERGY, lambda text: _is_amount(text, MAX_KWH)),
}
GPU_ALONE = re.compile(r" ?\d+ device\(s\)")
PLACE_ALONE = re.compile(r"[A-Z]{2}(?:/.*)?")


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of Eco2AI, or that of its summary."""
    columns = _columns(source)
    return ({"project_name", EMISSIONS} <= columns and bool(columns & set(ENERGY))) or columns >= SUMMARY


def _columns(source: Source) -> set[str]:
    return {name.strip().strip('"') for name in source.first_line.split(separator(source.first_line))}


COLUMNS = {*SHAPES, "experiment_description", "experiment_description(model type etc.)"}
NUMERIC = (*ENERGY, EMISSIONS, "duration(s)", "time(s)", "start_time(s)", "start_time", "cost")  # what a message may quote


@dataclass
class _Run:
    """What the rows of one id say: the first of them, and the sums of all. ``emissions`` and ``seconds`` count those that have some."""

    first: Mapping[str, str]
    lines: Lines = field(default_factory=Lines)
    energy: Total = field(default_factory=Total)
    emissions: Total = field(default_factory=Total)
    seconds: Total = field(default_factory=Total)
    start: float | None = None
    end: float | None = None
    other: bool = False  # a row names another project, processor or place

    def add(self, values: Mapping[str, str], energy: float, line: int) -> None:
        """Add a row."""
        self.lines.add(line)
        self.energy.add(energy)
        emissions, seconds, start = number(values[EMISSIONS]), number(values.get("duration(s)", values.get("time(s)", ""))), _start(values)
        if emissions is not None:
            self.emissions.add(emissions)
        if seconds is not None:
            self.seconds.add(seconds)
        if start is not None:
            self.start = start if self.start is None else min(self.start, start)
        if start is not None and seconds is not None:
            self.end = start + seconds if self.end is None else max(self.end, start + seconds)
        first = self.first
        self.other = self.other or any(values.get(name) != first.get(name) for name in ("project_name", "CPU_name", "region/country"))


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
    if not COLUMNS.issuperset(filter(None, table.header)):
        table.close()
        message = "the header holds what the tool is not known to write: a row may stand in it, whose run is lost"
        raise Unreadable(Placed("CG502", message, (), "write or copy the file again", "error", table.header_line))
    runs: dict[object, _Run] = {}
    checked: dict[str, str] = {}
    seen, epochs, check = Seen(), Seen(), named_or_empty(table.header)
    for row in table.full_rows():
        if seen.is_again(tuple(row), table.line, reading, "the row of line {}, a second time"):
            continue
        check(row, table.line)
        values = {name: "" if is_missing(text) else text for name, cell in zip(table.header, row) for text in (cell.strip(),)}
        if table.decimal_comma:
            values = {name: text.replace(",", ".") if name in NUMERIC else text for name, text in values.items()}
        if not _is_usable(values, energy_column, table.line, reading, checked):
            continue
        key = values.get("id") or (table.line,)
        run = runs.get(key)
        if run is None:
            if len(runs) >= MAX_RUNS:
                raise too_many_runs(table.line)
            run = runs[key] = _Run(values)
        else:
            _merge(run, values, epochs, table.line, reading)
        if run.lines.count == 0:
            epochs.first(_epoch(values), table.line)
        run.add(values, number(values[energy_column]) or 0.0, table.line)
    seen.report(reading)
    if not runs and not reading.is_refused:
        message = "no row has an energy: the program ended before the first reading, or nothing could be read"
        reading.fault("CG501", table.header_line, message, "state hardware and duration in the run file, or measure with a longer run")
    for run in runs.values():
        reading.records.append(_record(run, source, reading))
    if runs:
        line = min(run.lines.first[0] for run in runs.values())
        message = "a PUE that was set is inside the energy, and no column says whether one was"
        reading.warn("CG521", line, message, "state whether the tracker was given a pue")


def _epoch(values: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return what no two rows of a file have in common: id, epoch and start."""
    epoch = re.match(r"epoch: \d+", values.get("epoch", ""))
    return values.get("id"), epoch[0] if epoch else None, values.get("start_time")


def _merge(run: _Run, values: Mapping[str, str], epochs: Seen, line: int, reading: Reading) -> None:
    """Note a further row of a run, and add the error of one that names an epoch and a start once more."""
    first = run.lines.first[0]
    words = f"a later part of the run on line {first}, added to it" if run.lines.count <= SHOWN else "later parts of a run, added to it"
    reading.note("merged", line, words)
    if epochs.first(_epoch(values), line) != line:
        reading.fault("CG504", line, "two rows of one id name the same epoch and start, with different values", AGAIN)


def _is_usable(values: Mapping[str, str], energy_column: str, line: int, reading: Reading, checked: dict[str, str]) -> bool:
    """Return whether a row can be read; its problems are added. ``checked`` holds the cells of the rows above that are sound."""
    for name, text in values.items():
        if not text or name not in SHAPES or checked.get(name) == text:
            continue
        checked[name] = text
        if not SHAPES[name](text):
            del checked[name]
            found = quotable(text) if name in NUMERIC else "the text"  # what has moved here may name a person
            reading.fault("CG503", line, f"{name}: {found} is not what the column holds", AGAIN)
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


def _record(run: _Run, source: Source, reading: Reading) -> Record:
    """Return a run with the sums of its rows, and what its first row says of machine and place."""
    first, count = run.first, run.lines.count
    if run.other:
        reading.fault("CG504", run.lines.first[0], "rows of one id name different projects, processors or places", AGAIN)
    energy = run.energy.value
    if energy > MAX_KWH:
        reading.fault("CG503", run.lines.first[0], f"the energy of the run is {energy:.3g} kWh, which no run uses", AGAIN)
    hours = run.seconds.value / 3600 if run.seconds.count == count else None
    devices, gpus, reason = _machine(first)
    place = PLACE.fullmatch(first.get("region/country", ""))
    return Record(
        tool=TOOL.name, run=first.get("id", ""), project=first.get("project_name", ""), method="Eco2AI", energy_kwh=energy,
        boundary="node", basis="estimated", reason=reason, emissions_kg=run.emissions.value if run.emissions.count == count else None,
        start=run.start, end=run.end, hours=hours or None,
        device_hours=hours * gpus if hours and gpus else None, devices=devices,
        country=place[1] if place else first.get("country") or None, region=place[2] or None if place else None,
        host=tuple(first.get(name, "") for name in ("CPU_name", "GPU_name", "OS")), file=source.short, lines=run.lines.named,
        private={"os": first["OS"]} if first.get("OS") else {},
    )  # fmt: skip


def _start(values: Mapping[str, str]) -> float | None:
    """Return when a row began, in seconds since 1970 by the machine's clock."""
    return _moment(values.get("start_time", "")) or number(values.get("start_time(s)", ""))


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
