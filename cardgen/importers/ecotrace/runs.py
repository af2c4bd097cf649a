"""Rows of EcoTrace, of a log or a report, added up to runs; with the energy where the intensity is known.

The epochs of a training stand in rows of their own before the row of all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cardgen.records.fields import MAX_KG, clock, is_missing, number, quotable
from cardgen.records.record import Device, Note, Reading, Record
from cardgen.records.source import Source
from cardgen.records.streamed import MAX_RUNS, MOST_S, Lines, Seen, Total, too_many_runs
from cardgen.records.table import AGAIN

COLUMNS = ("Date", "Function", "Duration(s)", "Carbon(gCO2)", "Region", "AvgCPU(%)", "FilePath", "Line", "RunID", "RunLabel")
MOST = 1e15
GRAM_DIGIT = 1e-8  # g, the last that is written
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
REGION = re.compile(r"[A-Z]{2,8}(?:-[A-Z0-9-]{1,10})?")
EPOCH = re.compile(r"ml::epoch_\d+::(.*)", re.DOTALL)


@dataclass
class _Part:
    """What rows add up to: seconds, grams, when the first began and the last ended."""

    lines: Lines = field(default_factory=Lines)
    seconds: Total = field(default_factory=Total)
    grams: Total = field(default_factory=Total)
    start: float = math.inf
    end: float = 0.0

    def add(self, line: int, seconds: float, grams: float, end: float) -> None:
        """Add a row."""
        self.lines.add(line)
        self.seconds.add(seconds)
        self.grams.add(grams)
        self.start, self.end = min(self.start, end - seconds), max(self.end, end)


@dataclass
class _Run:
    """The rows of one run: the epochs of each training, the trainings that have a row of their own, and all other rows."""

    region: str
    label: str
    path: str
    rows: _Part = field(default_factory=_Part)
    epochs: dict[str, _Part] = field(default_factory=dict)
    trainings: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Intensity:
    """The intensity of a report in g/kWh, with the region and the run that it is true of."""

    value: float
    region: str
    run: str

    def is_of(self, run: str, region: str) -> bool:
        """Return whether a run was computed by it."""
        return (not self.run or not run or run == self.run) and (not self.region or region == self.region)


def identity(values: Mapping[str, str]) -> object:
    numbers = (number(values.get("Duration(s)", "")), number(values.get("Carbon(gCO2)", "")))
    return values.get("Date", "").strip(), values.get("Function", "").strip(), values.get("Region", "").strip(), numbers


def records(
    rows: Iterator[tuple[int, dict[str, str]]],
    source: Source,
    reading: Reading,
    devices: tuple[Device, ...],
    intensity: Intensity | None = None,
) -> list[Record]:
    """Return the runs of a file, with energy where their intensity is known; and say where it is not."""
    runs: dict[tuple[str, str], _Run] = {}
    seen, first = Seen(), {}
    for line, values in rows:
        wrong = _wrong(values)
        if wrong:
            reading.fault("CG503", line, wrong, AGAIN)
            continue
        if seen.is_again(tuple(values.values()), line, reading, "the same as the row on line {}: counted once"):
            continue
        key = (_given(values, "RunID"), values["Region"])
        first.setdefault(key, line)
        run = runs.get(key)
        if run is None:
            if len(runs) >= MAX_RUNS:
                raise too_many_runs(line)
            run = runs[key] = _Run(values["Region"], _given(values, "RunLabel"), "")
        run.path = run.path or _given(values, "FilePath")
        _add(run, line, values)
    seen.report(reading)
    without = next((key for key in runs if intensity is None or not intensity.is_of(*key)), None)
    if without:
        message = (
            "the file holds grams of CO2 and no energy" if intensity is None else "the intensity of the report is not that of this run"
        )
        reading.fault("CG501", first[without], message, hint_for(without[1]))
    return [
        _record(name, run, source, reading, devices, intensity.value if intensity and intensity.is_of(name, region) else None)
        for (name, region), run in runs.items()
    ]


def _add(run: _Run, line: int, values: Mapping[str, str]) -> None:
    """Add a row to its run."""
    function = values["Function"]
    epoch = EPOCH.match(function)
    part = run.rows
    if epoch:
        name = epoch[1].partition(", loss=")[0]
        if name not in run.epochs and len(run.epochs) >= MAX_RUNS:
            raise too_many_runs(line, "trainings in one run")
        part = run.epochs.setdefault(name, _Part())
    elif function.startswith("ml::") and len(run.trainings) < MAX_RUNS:
        run.trainings.add(function.removeprefix("ml::"))
    part.add(line, number(values["Duration(s)"]) or 0.0, number(values["Carbon(gCO2)"]) or 0.0, clock(values["Date"]) or 0.0)


def _given(values: Mapping[str, str], name: str) -> str:
    text = values.get(name, "").strip()
    return "" if is_missing(text) else text


def _wrong(values: Mapping[str, str]) -> str:
    """Return what in a row is not what its column holds, "" where all is."""
    for name in COLUMNS[:5]:
        if name not in values:
            return f"{name} is missing"
    for name in ("Duration(s)", "Carbon(gCO2)", "AvgCPU(%)", "Line"):
        text = values.get(name, "")
        amount = number(text)
        most = {"Duration(s)": MOST_S, "Carbon(gCO2)": MAX_KG * 1000}.get(name, MOST)
        if amount is None and not (name in ("AvgCPU(%)", "Line") and is_missing(text)) or amount is not None and not 0 <= amount <= most:
            return f"{name}: {quotable(text)} is not a number of that column"
    if not DATE.fullmatch(values["Date"].strip()) or clock(values["Date"]) is None:
        return f"Date: {quotable(values['Date'])} is not a date and time"
    if not REGION.fullmatch(values["Region"].strip()):
        return "Region: the text is not a region such as FR"
    if not values["Function"].strip() or number(values["Function"]) is not None:
        return "Function: the text is not the name of a function"
    if number(values.get("FilePath", "")) is not None:
        return "FilePath: the text is a number"
    return ""


def _record(name: str, run: _Run, source: Source, reading: Reading, devices: tuple[Device, ...], grams_per_kwh: float | None) -> Record:
    """Return a run; the epochs of a training that has a row of its own are left out of the sum."""
    parts = [run.rows]
    for name_of_training, part in run.epochs.items():
        if name_of_training in run.trainings:
            reason = "an epoch of a training that has a row of its own, which includes it"
            named = part.lines.named
            reading.notes += [Note("merged", line, reason) for line in named[:-1]]
            reading.notes.append(Note("merged", named[-1], reason, part.lines.count - len(named) + 1))
        else:
            parts.append(part)
    parts = [part for part in parts if part.lines.count] or [run.rows]
    seconds, grams = math.fsum(part.seconds.value for part in parts), math.fsum(part.grams.value for part in parts)
    lines = sorted(line for part in parts for line in part.lines.first)[:20]
    energy = grams / grams_per_kwh if grams_per_kwh and grams else None
    rounding = GRAM_DIGIT / 2 * sum(part.lines.count for part in parts) / grams if grams else 0.0
    if grams_per_kwh and energy is None:
        reading.fault("CG501", lines[0] if lines else 1, "the grams are 0: no energy follows from them", hint_for(""))
    return Record(
        tool="ecotrace", run=name, project=run.label, method=f"ecotrace {reading.version}".strip(), basis="estimated",
        reason=f"from its carbon and its intensity, {grams_per_kwh:g} g/kWh; computed from rated power and load" if energy
        else "computed from rated power and load",
        energy_kwh=energy, spread=rounding if energy and rounding > 0.01 else None, emissions_kg=grams / 1000 or None,
        hours=seconds / 3600 or None, start=min(part.start for part in parts), end=max(part.end for part in parts), devices=devices,
        country=country_of(run.region), region=region_of(run.region),
        private={"path": run.path} if run.path else {}, file=source.short, lines=tuple(lines),
    )  # fmt: skip


def country_of(region: str) -> str | None:
    return region if re.fullmatch("[A-Z]{2}", region) else None


def region_of(region: str) -> str | None:
    return region if region != "GLOBAL" and len(region) > 2 else None


def hint_for(region: str) -> str:
    factor = f"the intensity that the tool took for {region}" if region else "the intensity that the tool took"
    return f"grams divided by {factor} (it prints it at its start, in gCO2/kWh) are kWh; or state hardware and duration in the run file"
