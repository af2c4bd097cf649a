"""EcoTrace 0.3 to 1.7: ``ecotrace_log.csv``, ``ecotrace_report.json``, and the ``emissions.csv`` of its second tracker.

All have grams of CO2. The report also has the intensity by which they were computed, so that their quotient is the energy that the
tool found; the others have no energy.

A new release goes on writing under the header of an old one, so that rows grow longer than it. The epochs of a training stand in
rows of their own before the row of all of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardgen.records.entries import Entry, entries
from cardgen.records.fields import clock, is_missing, number, quotable
from cardgen.records.record import Device, Note, Reading, Record
from cardgen.records.source import Source
from cardgen.records.streamed import MAX_RUNS, MOST_S, Lines, Seen, Total, too_many_runs
from cardgen.records.table import Table, wrong_length
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "ecotrace", "EcoTrace", "ecotrace_log.csv, ecotrace_report.json, emissions.csv of its own tracker",
    "emissions in grams, time, region; devices, and energy as grams by intensity (report)",
    "energy and intensity, where there is no report",
    "https://pypi.org/project/ecotrace/",
)  # fmt: skip

COLUMNS = ("Date", "Function", "Duration(s)", "Carbon(gCO2)", "Region", "AvgCPU(%)", "FilePath", "Line", "RunID", "RunLabel")
MOST = 1e15  # g
LENGTHS = (5, 6, 8, 10)  # of releases to 0.4, to 0.7, to 1.2, and later ones
FIELDS = {
    "date": "Date", "function": "Function", "duration_s": "Duration(s)", "carbon_gco2": "Carbon(gCO2)", "region": "Region",
    "avg_cpu_pct": "AvgCPU(%)", "file_path": "FilePath", "line": "Line", "run_id": "RunID", "run_label": "RunLabel",
}  # fmt: skip
CODECARBON = ("project_name", "duration_seconds", "emissions_kg", "emissions_g", "region")
AGAIN = "write or copy the file again, or leave the row out"
POSSIBLE = (1.0, 2_000.0)  # g/kWh
GRAM_DIGIT = 1e-8  # g, the last that is written
NAME = re.compile(r"[\w.+-]{1,100}")
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
REGION = re.compile(r"[A-Z]{2,8}(?:-[A-Z0-9-]{1,10})?")
EPOCH = re.compile(r"ml::epoch_\d+::(.*)", re.DOTALL)


def recognises(source: Source) -> bool:
    """Return whether the first line is a header of the log, or the beginning that of a report."""
    names = [name.strip().strip('"') for name in re.split("[,;\t]", source.first_line)]
    if tuple(names[:5]) == COLUMNS[:5] or tuple(names) == CODECARBON:
        return True
    return source.head.lstrip().startswith("{") and all(
        f'"{key}"' in source.head for key in ("meta", "carbon_intensity", "intensity_source")
    )


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


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return a reading for each file; what a report holds is left out of the log that it was made from."""
    reported: dict[object, str] = {}
    found: dict[int, Reading] = {}
    for source in sorted(sources, key=lambda source: not _is_report(source)):
        (found[id(source)],) = each(lambda file, reading: _read(file, reading, reported), TOOL)([source])
    return [found[id(source)] for source in sources]


def _is_report(source: Source) -> bool:
    return source.head.lstrip().startswith("{")


def _read(source: Source, reading: Reading, reported: dict[object, str]) -> None:
    """Read a file; ``reported`` holds the measurements of the reports, and the name of each."""
    if _is_report(source):
        _read_report(source, reading, reported)
        return
    table = Table(source, reading)
    if tuple(table.header) == CODECARBON:
        reading.records += _tracked(table, source, reading)
    else:
        rows = ((table.line, dict(zip(COLUMNS, row))) for row in _whole(table, reading))
        reading.records += _records(_unreported(rows, reading, reported), source, reading, ())
    if not reading.rows:
        reading.fault("CG501", 1, "the file holds no row", _hint(""))


def _identity(values: Mapping[str, str]) -> object:
    numbers = (number(values.get("Duration(s)", "")), number(values.get("Carbon(gCO2)", "")))
    return values.get("Date", "").strip(), values.get("Function", "").strip(), values.get("Region", "").strip(), numbers


def _unreported(
    rows: Iterator[tuple[int, dict[str, str]]], reading: Reading, reported: Mapping[object, str]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, values in rows:
        file = reported.get(_identity(values)) if reported else None
        if file is None:
            yield line, values
        else:
            reading.note("merged", line, f"a measurement that {file} holds as well: counted there")


def _tracked(table: Table, source: Source, reading: Reading) -> Iterator[Record]:
    """Yield the runs of the tracker that is called like CodeCarbon's: their energy is not written."""
    count = 0
    for row in table.full_rows():
        name, _, _, _, region = (cell.strip() for cell in row)
        seconds, kilograms, grams = (number(cell) for cell in row[1:4])
        if seconds is None or kilograms is None or grams is None or min(seconds, kilograms, grams) < 0 or max(seconds, grams) > MOST_S:
            reading.fault("CG503", table.line, "duration or emissions: a cell is not a number of its column", AGAIN)
        elif abs(grams / 1000 - kilograms) > 1e-10 + 1e-9 * kilograms:
            reading.fault("CG504", table.line, f"{grams:.6g} g are not {kilograms:.6g} kg", AGAIN)
        elif not REGION.fullmatch(region):
            reading.fault("CG503", table.line, "region: the text is not a region such as FR", AGAIN)
        else:
            count += 1
            if count > MAX_RUNS:
                raise too_many_runs(table.line)
            if count == 1:
                reading.fault("CG501", table.line, "the file holds grams of CO2 and no energy", _hint(region))
            yield Record(
                tool="ecotrace", project=name if NAME.fullmatch(name) and number(name) is None else "", method="ecotrace",
                basis="estimated", reason="computed from rated power and load", emissions_kg=grams / 1000 or None,
                hours=seconds / 3600 or None, country=_country(region), region=_region(region), file=source.short, lines=(table.line,),
            )  # fmt: skip


def _country(region: str) -> str | None:
    return region if re.fullmatch("[A-Z]{2}", region) else None


def _region(region: str) -> str | None:
    return region if region != "GLOBAL" and len(region) > 2 else None


def _whole(table: Table, reading: Reading) -> Iterator[list[str]]:
    """Yield the rows that have the fields of some release."""
    noted = False
    for row in table.rows():
        if tuple(table.header) != COLUMNS[: len(table.header)] or len(table.header) not in LENGTHS:
            wrong_length(reading, table.header_line, len(row), len(table.header))
            return
        if len(row) == len(table.header):
            yield row
        elif len(row) in LENGTHS and len(row) > len(table.header):
            if not noted:
                reading.note("repaired", table.line, "from here on rows are longer: a newer release wrote under an older header")
            noted = True
            yield row
        else:
            wrong_length(reading, table.line, len(row), len(table.header))


def _read_report(source: Source, reading: Reading, reported: dict[object, str]) -> None:
    for report in entries(source):
        measurements = report.at("measurements")
        if reading.rows or not isinstance(measurements, list) or not isinstance(report.at("meta"), dict):
            raise report.fault("CG503", "this is not one report of the tool", "measurements")
        reading.version, reading.rows = report.string("meta", "version")[:20], len(measurements)
        rows = list(_measured(report, measurements))
        intensity = _intensity(report, reading) if rows else None
        reading.records += _records(iter(rows), source, reading, _devices(report), intensity)
        total, grams = report.number("summary", "total_carbon_gco2"), [record.emissions_kg or 0 for record in reading.records]
        left_out = any(note.kind == "merged" for note in reading.notes) or reading.is_refused and len(reading.problems) > 1
        if total is None or not left_out and abs(math.fsum(grams) * 1000 - total) > 1e-8 * (1 + len(measurements)):
            raise report.fault("CG504", "the sum of the measurements is not the total of the report", "summary", "total_carbon_gco2")
        reported.update((_identity(values), source.short) for _, values in rows)
        if any(record.energy_kwh for record in reading.records):
            _check_power(report, reading)
        if not measurements:
            reading.fault("CG501", report.line_of("measurements"), "the report holds no measurement", _hint(""))


@dataclass(frozen=True)
class _Intensity:
    """The intensity of a report in g/kWh, with the region and the run that it is true of."""

    value: float
    region: str
    run: str

    def is_of(self, run: str, region: str) -> bool:
        """Return whether a run was computed by it."""
        return (not self.run or not run or run == self.run) and (not self.region or region == self.region)


def _intensity(report: Entry, reading: Reading) -> _Intensity | None:
    value = report.number("meta", "carbon_intensity")
    if not value:
        return None
    if not POSSIBLE[0] <= value <= POSSIBLE[1]:
        raise report.fault("CG503", f"carbon_intensity: {value:g} gCO2/kWh is the intensity of no grid", "meta", "carbon_intensity")
    if report.string("meta", "intensity_source") != "static":
        message = "the intensity was fetched while the run went on: it is that of the export, and the grams may be those of others"
        hint = "the energy is grams divided by it: state a measured energy if there is one"
        reading.warn("CG517", report.line_of("meta", "carbon_intensity"), message, hint)
    return _Intensity(value, report.string("meta", "region_code"), report.string("meta", "run_id"))


def _check_power(report: Entry, reading: Reading) -> None:
    """Refuse an energy that the rated power of the processor, the memory and a GPU cannot have used in the time."""
    rated = report.number("meta", "cpu", "tdp_w")
    hours = math.fsum(record.hours or 0 for record in reading.records if record.energy_kwh)
    watts = math.fsum(record.energy_kwh or 0 for record in reading.records) / hours * 1000 if hours else 0.0
    if rated is None or report.at("meta", "gpu") is not None:
        return
    most = 2 * (rated + (report.number("meta", "ram", "total_gb") or 0))  # a gigabyte draws less than 1 W
    if watts > most:
        message = f"grams divided by carbon_intensity are {watts:.4g} W on average, and the processor is rated at {rated:g} W"
        raise report.fault("CG504", message, "meta", "carbon_intensity")


def _measured(report: Entry, measurements: Sequence[object]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the measurements of a report as rows of the log, each with its line."""
    rest = report.within("measurements")
    text, line, position = rest.text, rest.line, 0
    for row in measurements:
        found = text.find('"date"', position)
        line, position = line + text.count("\n", position, max(found, position)), max(found, position)
        values = row if isinstance(row, dict) else {}
        yield line, {name: "" if values.get(key) is None else str(values[key]) for key, name in FIELDS.items() if key in values}
        position += 1


def _records(
    rows: Iterator[tuple[int, dict[str, str]]],
    source: Source,
    reading: Reading,
    devices: tuple[Device, ...],
    intensity: _Intensity | None = None,
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
        reading.fault("CG501", first[without], message, _hint(without[1]))
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


def _hint(region: str) -> str:
    factor = f"the intensity that the tool took for {region}" if region else "the intensity that the tool took"
    return f"grams divided by {factor} (it prints it at its start, in gCO2/kWh) are kWh; or state hardware and duration in the run file"


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
        most = MOST_S if name == "Duration(s)" else MOST
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
        reading.fault("CG501", lines[0] if lines else 1, "the grams are 0: no energy follows from them", _hint(""))
    return Record(
        tool="ecotrace", run=name, project=run.label, method=f"ecotrace {reading.version}".strip(), basis="estimated",
        reason=f"from its carbon and its intensity, {grams_per_kwh:g} g/kWh; computed from rated power and load" if energy
        else "computed from rated power and load",
        energy_kwh=energy, spread=rounding if energy and rounding > 0.01 else None, emissions_kg=grams / 1000 or None,
        hours=seconds / 3600 or None, start=min(part.start for part in parts), end=max(part.end for part in parts), devices=devices,
        country=_country(run.region), region=_region(run.region),
        private={"path": run.path} if run.path else {}, file=source.short, lines=tuple(lines),
    )  # fmt: skip


def _devices(report: Entry) -> tuple[Device, ...]:
    """Return the GPUs of a report, else its processor."""
    gpu, cpu, count = (
        report.string("meta", "gpu", "brand"),
        report.string("meta", "cpu", "brand"),
        report.number("meta", "gpu", "gpu_count"),
    )
    if gpu and gpu != "Unknown":
        return (Device(gpu, int(count) if count else None),)
    return (Device(cpu),) if cpu and cpu != "Unknown" else ()
