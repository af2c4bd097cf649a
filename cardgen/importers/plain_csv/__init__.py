"""Any table, with what its columns hold as the user names them: never recognised, never guessed at.

``columns`` maps roles to ``HEADER:UNIT``. Rows add up, run by run; where they grow as a counter does, the user says which: ``rows`` is
``sum`` or ``last``. Power over time is integrated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cardgen.importers.plain_csv.columns import AGAIN, HEADERS, ROLES, TEXTS, columns_of, hint_for, hint_for_time, moment_in, value_in
from cardgen.importers.plain_csv.marks import Marks
from cardgen.importers.plain_csv.power import COVERS, integrate
from cardgen.problems import Placed, printable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.table import Table
from cardgen.records.tool import Tool

TOOL = Tool(
    "plain-csv", "a table with columns that you name", "any CSV",
    "what --column names: energy, power (with time or duration), emissions, duration, water, each as ROLE=HEADER:UNIT; time, run, "
    "project, device, country, pue as ROLE=HEADER; rows=last where the energy is a counter, rows=sum where rows are parts",
    "everything that no column has",
    "",
)  # fmt: skip

SHOWN = 1_000  # lines of a run that are named


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
        integrate(source, columns, reading)
    else:
        _add_up(source, columns, reading)
    if source.is_windows_1252:
        reading.note("repaired", 1, "the file is not UTF-8: it is read as Windows-1252, as spreadsheets write it")
    unsaid = next((record for record in reading.records if record.energy_kwh and record.pue is None), None)
    if unsaid and not reading.is_refused:
        reading.warn("CG522", unsaid.lines[0], COVERS, "state it with --boundary accelerators, node, it or facility")


def _add_up(source: Source, columns: Mapping[str, str], reading: Reading) -> None:
    """Add the runs of a table of energies to a reading."""
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
    if "power" in known and "duration" not in known:
        table.close()
        message = "power alone is no energy: the time of each row is needed"
        raise Unreadable(Placed("CG501", message, (), hint_for_time(table, columns), "error", table.header_line))
    marks = Marks(known) if table.decimal_comma else None
    needed = next((role for role in ("energy", "power", "emissions", "duration") if role in known), "")
    for row in table.full_rows():
        if marks:
            marks.see(row, table.line)
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
    if marks:
        marks.report(reading)
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
        used = lines[-1:]
        sums = {role: rows[-1][role] for role in ROLES if role in rows[-1]}
    else:
        used = sorted(lines)
        sums = {role: math.fsum(row[role] for row in rows) for role in ROLES if all(role in row for row in rows)}
        for role in ("emissions", "water"):
            lacking = [line for row, line in zip(rows, lines) if role not in row]
            if lacking and len(lacking) < len(rows):
                reading.warn("CG510", lacking[0], f"{role} missing in {len(lacking):,} of {len(rows):,} rows: not read for the run")
    pues = {row["pue"] for row in rows if "pue" in row}
    pue = pues.pop() if len(pues) == 1 else None
    is_inside = pue is not None and pue > 1
    if pues:
        reading.fault("CG504", lines[0], "the PUE is not the same in all rows of the run", "give each PUE a run of its own")
    if pue is not None and not 1 <= pue < 5:
        reading.fault("CG503", lines[0], f"pue: {pue:g} is no PUE", AGAIN)
    moments = [row["time"] for row in rows if row.get("dated")]
    hours = sums.get("duration") or ((max(moments) - min(moments)) / 3600 if len(moments) > 1 else None)
    texts = {role: list(found) for role, found in run.texts.items()}
    return Record(
        tool=TOOL.name, run=name, project=texts.get("project", [""])[0], method="a table", energy_kwh=sums.get("energy") or None,
        boundary="facility" if is_inside else "node", basis="estimated",
        reason="the table does not say how it was measured" + (f"; {COVERS}" if not is_inside else ""),
        pue=pue if is_inside else None, emissions_kg=sums.get("emissions"), water_l=sums.get("water"), hours=hours or None,
        start=min(moments, default=None), end=max(moments, default=None),
        devices=tuple(Device(text) for text in texts.get("device", [])[:50]),
        country=texts["country"][0] if len(texts.get("country", ())) == 1 else None, file=source.short,
        lines=(*used[: SHOWN - 1], *used[SHOWN - 1 :][-1:]),
    )  # fmt: skip
