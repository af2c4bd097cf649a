"""Tables of power over time: the trapezoid of each device, run by run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cardgen.importers.plain_csv.columns import TEXTS, columns_of, moment_in, value_in
from cardgen.importers.plain_csv.marks import Marks
from cardgen.records.fields import MAX_KWH
from cardgen.records.record import Device, Reading, Record
from cardgen.records.samples import OutOfOrder, Samples
from cardgen.records.source import Source
from cardgen.records.streamed import MAX_RUNS, too_many_runs
from cardgen.records.table import Table

MAX_TEXTS = 50  # different devices of a run
COVERS = "what the meter covers is not in the table: the node is assumed"


@dataclass
class _Run:
    """The samples of one run; ``dated``: its times count from 1970."""

    samples: Samples
    line: int
    dated: bool
    texts: dict[str, dict[str, None]] = field(default_factory=dict)


def integrate(source: Source, columns: Mapping[str, str], reading: Reading) -> None:
    """Add the runs of a table of power over time to a reading; reads it again where its rows are out of order."""
    try:
        _integrate(source, columns, reading, keep=False)
    except OutOfOrder:
        reading.rows = 0
        reading.notes.clear()
        reading.problems.clear()
        _integrate(source, columns, reading, keep=True)


def _integrate(source: Source, columns: Mapping[str, str], reading: Reading, keep: bool) -> None:
    table, runs = Table(source, reading), dict[str, _Run]()
    known = columns_of(table, columns)
    marks = Marks(known) if table.decimal_comma else None
    for row in table.full_rows():
        if marks:
            marks.see(row, table.line)
        power, moment = value_in(table, row, "power", known["power"]), moment_in(table, row, known["time"])
        if power is None or moment is None:
            reading.note("skipped", table.line, "the cell of the power or the time is empty")
            reading.warn("CG510", table.line, "the power or the time is missing: the row is left out")
            continue
        name = table.text(row, known["run"].name) if "run" in known else ""
        if name not in runs:
            if len(runs) >= MAX_RUNS:
                raise too_many_runs(table.line)
            runs[name] = _Run(Samples(keep=keep), table.line, moment[1])
            runs[name].samples.origin = math.floor(moment[0])
        run = runs[name]
        device = table.text(row, known["device"].name) if "device" in known else ""
        run.samples.add(device, moment[0] - run.samples.origin, power, table.line)
        for role in TEXTS:
            if role in known and (text := table.text(row, known[role].name)) and len(run.texts.get(role, ())) < MAX_TEXTS:
                run.texts.setdefault(role, {})[text] = None
    if marks:
        marks.report(reading)
    for name, run in runs.items():
        reading.records.append(_record(name, run, "device" in known, source, reading))
    if not runs and not reading.is_refused:
        reading.fault("CG501", table.header_line, "no row has power and time", "give the samples of the whole run")


def _record(name: str, run: _Run, by_device: bool, source: Source, reading: Reading) -> Record:
    """Return a run with the energy of its samples."""
    found = run.samples.summary(reading)
    if found.energy_kwh and found.energy_kwh > MAX_KWH:
        message = f"the energy of the run is {found.energy_kwh:.3g} kWh, which no run uses"
        reading.fault("CG503", run.line, message, "check the unit of the column")
    if not found.energy_kwh:
        message = "the samples have no energy: there is one alone, or all are 0 W"
        reading.fault("CG501", run.line, message, "give the samples of the whole run")
    names = [text for text in run.texts.get("device", ()) if not text.isdigit()]
    return Record(
        tool="plain-csv", run=name, project=next(iter(run.texts.get("project", ())), ""), method="a table of power",
        energy_kwh=found.energy_kwh or None, basis="estimated", reason=f"the table does not say which meter read the power; {COVERS}",
        start=found.start if run.dated else None, end=found.end if run.dated else None, hours=found.hours,
        device_hours=found.device_hours if by_device else None, devices=tuple(Device(text) for text in names),
        country=next(iter(run.texts.get("country", ())), None), file=source.short, lines=found.lines or (run.line,),
    )  # fmt: skip
