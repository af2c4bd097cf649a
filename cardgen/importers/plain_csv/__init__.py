"""Any table, with what its columns hold as the user names them: never recognised, never guessed at.

``columns`` maps roles to ``HEADER:UNIT``. Rows add up, run by run; where they grow as a counter does, the user says which: ``rows`` is
``sum`` or ``last``. Power over time is integrated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cardgen.importers.plain_csv.columns import AGAIN, HEADERS, ROLES, TEXTS, columns_of, hint_for, moment_in, value_in
from cardgen.problems import Placed, printable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.samples import OutOfOrder, Samples
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table
from cardgen.records.tool import Tool

TOOL = Tool(
    "plain-csv", "a table with columns that you name", "any CSV",
    "energy, or power over time; emissions, time, water, device, country, as far as its columns have them",
    "everything that no column has",
    "",
)  # fmt: skip


def recognises(source: Source) -> bool:
    """Return False: without the user nobody knows what a column holds."""
    return False


def read(sources: Sequence[Source]) -> list[Reading]:
    """Return readings that ask for the columns."""
    readings = [Reading(source.name, TOOL.name) for source in sources]
    for reading in readings:
        reading.fault("CG503", 1, "nobody said what the columns hold", hint_for("energy"))
    return readings


def read_with(sources: Sequence[Source], columns: Mapping[str, str]) -> list[Reading]:
    """Return a reading of each table; ``columns`` maps roles to ``HEADER`` or ``HEADER:UNIT``, and ``rows`` to ``last`` or ``sum``."""
    readings = []
    for source in sources:
        reading = Reading(source.name, TOOL.name)
        try:
            _read(source, columns, reading)
        except Unreadable as error:
            reading.problems.append(error.problem)
        readings.append(reading)
    return readings


@dataclass
class _Run:
    """The rows of one run: lines, what each says, and what is common to them."""

    lines: list[int] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)
    texts: dict[str, dict[str, None]] = field(default_factory=dict)


def _read(source: Source, columns: Mapping[str, str], reading: Reading) -> None:
    unknown = next((role for role in columns if role not in HEADERS and role != "rows"), None)
    if unknown is not None:
        message = f'"{printable(unknown, 40)}" is nothing that a column can hold'
        raise Unreadable(Placed("CG503", message, hint=f"roles are {', '.join(HEADERS)}"))
    if columns.get("rows", "sum") not in ("last", "sum"):
        raise Unreadable(Placed("CG503", f'rows: "{printable(columns["rows"], 40)}" is neither last nor sum'))
    if "energy" in columns and "power" in columns:
        raise Unreadable(Placed("CG503", "a column of energy and one of power were named", hint="name the one that is right"))
    if "power" in columns and "time" in columns:
        try:
            _integrate(source, columns, reading, keep=False)
        except OutOfOrder:
            reading.rows = 0
            reading.notes.clear()
            reading.problems.clear()
            _integrate(source, columns, reading, keep=True)
        return
    runs, lines = _rows(source, columns, reading)
    _refuse_total_row(runs, reading)
    for name, run in runs.items():
        reading.records.append(_record(name, run, columns.get("rows"), "rows" in columns, source, reading))
    if not any(record.energy_kwh for record in reading.records) and not reading.is_refused:
        what = "no column of energy was named" if not {"energy", "power"} & columns.keys() else "no row has an energy"
        reading.fault("CG501", lines, what, hint_for("energy") if what.startswith("no column") else "give the rows that have one")


def _rows(source: Source, columns: Mapping[str, str], reading: Reading) -> tuple[dict[str, _Run], int]:
    """Return the rows of a table by run, and the line of its first row."""
    table, runs = Table(source, reading), dict[str, _Run]()
    known, seen = columns_of(table, columns), dict[tuple[str, ...], int]()
    needed = next((role for role in ("energy", "power", "emissions", "duration") if role in known), "")
    for row in table.full_rows():
        if "time" in known and tuple(row) in seen:
            reading.note("merged", table.line, f"the same as the row on line {seen[tuple(row)]}: counted once")
            continue
        if "time" in known:
            seen[tuple(row)] = table.line
        values = {role: value_in(table, row, role, known[role]) for role in (*ROLES, "pue") if role in known}
        moment = moment_in(table, row, known["time"]) if "time" in known else None
        if needed and values[needed] is None or needed == "power" and values.get("duration") is None:
            reading.note("skipped", table.line, f"the cell of the {needed} is empty")
            reading.warn("CG510", table.line, f"the {needed} is missing: the row is left out")
            continue
        if needed == "power":
            values["energy"] = (values["power"] or 0) * (values["duration"] or 0) / 1000
        run = runs.setdefault(table.text(row, known["run"].name) if "run" in known else "", _Run())
        run.lines.append(table.line)
        run.rows.append({role: value for role, value in values.items() if value is not None} | _dated(moment))
        for role in TEXTS:
            if role in known and (text := table.text(row, known[role].name)):
                run.texts.setdefault(role, {})[text] = None
    return runs, table.header_line + (reading.rows > 0)


def _dated(moment: tuple[float, bool] | None) -> dict[str, float]:
    return {} if moment is None else {"time": moment[0], "dated": float(moment[1])}


def _refuse_total_row(runs: Mapping[str, _Run], reading: Reading) -> None:
    """Add the error of a row that is the sum of all others, as spreadsheets end with."""
    rows = [(row["energy"], line) for run in runs.values() for row, line in zip(run.rows, run.lines) if "energy" in row]
    if len(rows) < 3:
        return
    largest, line = max(rows)
    if largest and math.isclose(largest, math.fsum(value for value, _ in rows) - largest, rel_tol=1e-6):
        reading.fault("CG504", line, "the row is the sum of all others: it would be counted twice", "leave it out")


def _record(name: str, run: _Run, rule: str | None, ruled: bool, source: Source, reading: Reading) -> Record:
    """Return a run: its rows added, or the last of a counter."""
    order = sorted(range(len(run.rows)), key=lambda index: (run.rows[index].get("time", 0.0), run.lines[index]))
    rows, lines = [run.rows[index] for index in order], [run.lines[index] for index in order]
    energies = [row["energy"] for row in rows if "energy" in row]
    grows = len(energies) > 1 and all(a <= b for a, b in zip(energies, energies[1:])) and energies[0] < energies[-1]
    if grows and not ruled:
        message = f"the energy grows from row to row, from {energies[0]:.6g} to {energies[-1]:.6g} kWh: is it a counter, or are rows added?"
        reading.fault("CG504", lines[-1], message, 'say so: --column "rows=last" for a counter, --column "rows=sum" for parts')
    if rule == "last":
        if energies and max(energies) > energies[-1]:
            message = "the last energy is not the largest: the counter was set back, or the rows are out of order"
            reading.fault("CG504", lines[-1], message, "name a column of time, or add the rows")
        for line in lines[:-1]:
            reading.note("merged", line, f"an earlier reading of the counter on line {lines[-1]}")
        sums = {role: rows[-1][role] for role in ROLES if role in rows[-1]}
    else:
        sums = {role: math.fsum(row[role] for row in rows) for role in ROLES if all(role in row for row in rows)}
        for role in ("emissions", "water"):
            lacking = [line for row, line in zip(rows, lines) if role not in row]
            if lacking and len(lacking) < len(rows):
                reading.warn("CG510", lacking[0], f"{role} missing in {len(lacking):,} of {len(rows):,} rows: not read for the run")
    pues = {row["pue"] for row in rows if "pue" in row}
    pue = pues.pop() if len(pues) == 1 else None
    if pues:
        reading.fault("CG504", lines[0], "the PUE is not the same in all rows of the run", "give each PUE a run of its own")
    if pue is not None and not 1 <= pue < 5:
        reading.fault("CG503", lines[0], f"pue: {pue:g} is no PUE", AGAIN)
    moments = [row["time"] for row in rows if row.get("dated")]
    hours = sums.get("duration") or ((max(moments) - min(moments)) / 3600 if len(moments) > 1 else None)
    texts = {role: list(found) for role, found in run.texts.items()}
    return Record(
        tool=TOOL.name, run=name, project=texts.get("project", [""])[0], method="a table", energy_kwh=sums.get("energy") or None,
        boundary="facility" if pue and pue > 1 else "node", basis="estimated", reason="the table does not say how it was measured",
        pue=pue if pue and pue > 1 else None, emissions_kg=sums.get("emissions"), water_l=sums.get("water"), hours=hours or None,
        start=min(moments, default=None), end=max(moments, default=None),
        devices=tuple(Device(text) for text in texts.get("device", [])[:50]),
        country=texts["country"][0] if len(texts.get("country", ())) == 1 else None, file=source.short, lines=tuple(lines[:1000]),
    )  # fmt: skip


def _integrate(source: Source, columns: Mapping[str, str], reading: Reading, keep: bool) -> None:
    """Add the runs of a table of power over time, device by device."""
    table = Table(source, reading)
    known, runs = columns_of(table, columns), dict[str, tuple[Samples, int, dict[str, dict[str, None]], bool]]()
    for row in table.full_rows():
        power, moment = value_in(table, row, "power", known["power"]), moment_in(table, row, known["time"])
        if power is None or moment is None:
            reading.note("skipped", table.line, "the cell of the power or the time is empty")
            reading.warn("CG510", table.line, "the power or the time is missing: the row is left out")
            continue
        name = table.text(row, known["run"].name) if "run" in known else ""
        if name not in runs:
            samples = Samples(keep=keep)
            samples.origin = math.floor(moment[0])
            runs[name] = samples, table.line, {}, moment[1]
        samples, _, texts, _ = runs[name]
        samples.add(table.text(row, known["device"].name) if "device" in known else "", moment[0] - samples.origin, power, table.line)
        for role in TEXTS:
            if role in known and (text := table.text(row, known[role].name)):
                texts.setdefault(role, {})[text] = None
    for name, (samples, line, texts, dated) in runs.items():
        found = samples.summary(reading)
        if not found.energy_kwh:
            reading.fault(
                "CG501", line, "the samples have no energy: there is one alone, or all are 0 W", "give the samples of the whole run"
            )
        names = [text for text in texts.get("device", ()) if not text.isdigit()]
        reading.records.append(
            Record(
                tool=TOOL.name,
                run=name,
                project=next(iter(texts.get("project", ())), ""),
                method="a table of power",
                energy_kwh=found.energy_kwh or None,
                basis="estimated",
                reason="the table does not say which meter read the power",
                start=found.start if dated else None,
                end=found.end if dated else None,
                hours=found.hours,
                device_hours=found.device_hours if "device" in known else None,
                devices=tuple(Device(text) for text in names[:50]),
                country=next(iter(texts.get("country", ())), None),
                file=source.short,
                lines=(line,),
            )  # fmt: skip
        )
    if not runs and not reading.is_refused:
        reading.fault("CG501", table.header_line, "no row has power and time", "give the samples of the whole run")
