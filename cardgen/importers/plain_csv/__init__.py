"""Any table, with what its columns hold as the user names them: never recognised, never guessed at.

``columns`` maps roles to ``HEADER:UNIT``. Rows add up, run by run; where they grow as a counter does, the user says which: ``rows`` is
``sum`` or ``last``. Power over time is integrated.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cardgen.importers.plain_csv.columns import AGAIN, HEADERS, ROLES, TEXTS, columns_of, hint_for, hint_for_time, moment_in, value_in
from cardgen.importers.plain_csv.marks import Marks
from cardgen.importers.plain_csv.power import COVERS, integrate
from cardgen.problems import Placed, printable
from cardgen.records.fields import MAX_KWH
from cardgen.records.record import Device, Note, Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.streamed import MAX_RUNS, MOST_S, SHOWN, Lines, Seen, Total, too_many_runs
from cardgen.records.table import Table
from cardgen.records.tool import Tool

TOOL = Tool(
    "plain-csv", "a table with columns that you name", "any CSV",
    "what --column names: energy, power (with time or duration), emissions, duration, water, each as ROLE=HEADER:UNIT; time, run, "
    "project, device, country, pue as ROLE=HEADER; rows=last where the energy is a counter, rows=sum where rows are parts",
    "everything that no column has",
    "",
)  # fmt: skip

MAX_SORTED = 200_000  # rows of a run that do not stand in the order of their times
MAX_TEXTS = 50  # different devices of a run


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
    """The rows of one run: what they add up to, the latest of them, and the energies with their times."""

    lines: Lines = field(default_factory=Lines)
    sums: dict[str, Total] = field(default_factory=dict)
    lacking: dict[str, int] = field(default_factory=dict)  # role -> first line without it
    latest: dict[str, float] = field(default_factory=dict)
    latest_at: tuple[float, int] = (-math.inf, 0)
    times: array[float] = field(default_factory=lambda: array("d"))
    energies: array[float] = field(default_factory=lambda: array("d"))
    largest: tuple[float, int] = (-math.inf, 0)
    pues: set[float] = field(default_factory=set)
    moments: tuple[float, float] | None = None  # the first and the last, where they have a date
    texts: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, values: Mapping[str, float], moment: tuple[float, bool] | None, line: int) -> None:
        """Add a row."""
        self.lines.add(line)
        time, is_dated = moment or (0.0, False)
        for role in ROLES:
            if role in values:
                self.sums.setdefault(role, Total()).add(values[role])
            else:
                self.lacking.setdefault(role, line)
        if (time, line) >= self.latest_at:
            self.latest, self.latest_at = dict(values), (time, line)
        if "energy" in values:
            self.times.append(time)
            self.energies.append(values["energy"])
            self.largest = max(self.largest, (values["energy"], line))
        if "pue" in values and len(self.pues) < 3:
            self.pues.add(values["pue"])
        if is_dated:
            first, last = self.moments or (time, time)
            self.moments = (min(first, time), max(last, time))

    def in_order(self) -> Sequence[float]:
        """Return the energies in the order of their times; raises Unreadable where they are too many to be sorted."""
        if all(earlier <= later for earlier, later in pairwise(self.times)):
            return self.energies
        if len(self.times) > MAX_SORTED:
            message = f"the times of a run go back, in more than {MAX_SORTED:,} rows"
            raise Unreadable(Placed("CG505", message, (), "put the rows in the order of their times", "error", self.lines.first[0]))
        return [self.energies[index] for index in sorted(range(len(self.times)), key=self.times.__getitem__)]


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
        reading.records.append(_record(name, run, columns.get("rows"), source, reading))
    if not any(record.energy_kwh for record in reading.records) and not reading.is_refused:
        what = "no column of energy was named" if not {"energy", "power"} & columns.keys() else "no row has an energy"
        reading.fault("CG501", lines, what, hint_for("energy") if what.startswith("no column") else "give the rows that have one")


def _rows(source: Source, columns: Mapping[str, str], reading: Reading) -> tuple[dict[str, _Run], int]:
    """Return the rows of a table by run, and the line of its first row."""
    table, runs = Table(source, reading), dict[str, _Run]()
    known, seen = columns_of(table, columns), Seen()
    if "power" in known and "duration" not in known:
        table.close()
        message = "power alone is no energy: the time of each row is needed"
        raise Unreadable(Placed("CG501", message, (), hint_for_time(table, columns), "error", table.header_line))
    marks = Marks(known) if table.decimal_comma else None
    needed = next((role for role in ("energy", "power", "emissions", "duration") if role in known), "")
    for row in table.full_rows():
        if marks:
            marks.see(row, table.line)
        if "time" in known and seen.is_again(tuple(row), table.line, reading, "the same as the row on line {}: counted once"):
            continue
        values = {role: value_in(table, row, role, known[role]) for role in (*ROLES, "pue") if role in known}
        moment = moment_in(table, row, known["time"]) if "time" in known else None
        if needed and values[needed] is None or needed == "power" and values.get("duration") is None:
            reading.note("skipped", table.line, f"the cell of the {needed} is empty")
            reading.warn("CG510", table.line, f"the {needed} is missing: the row is left out")
            continue
        if needed == "power":
            values["energy"] = (values["power"] or 0) * (values["duration"] or 0) / 1000
        _refuse_large(values, table.line)
        name = table.text(row, known["run"].name) if "run" in known else ""
        if name not in runs and len(runs) >= MAX_RUNS:
            raise too_many_runs(table.line)
        run = runs.setdefault(name, _Run())
        run.add({role: value for role, value in values.items() if value is not None}, moment, table.line)
        for role in TEXTS:
            if role in known and (text := table.text(row, known[role].name)) and len(run.texts.get(role, ())) < MAX_TEXTS:
                run.texts.setdefault(role, {})[text] = None
    seen.report(reading)
    if marks:
        marks.report(reading)
    return runs, table.header_line + (reading.rows > 0)


def _refuse_large(values: Mapping[str, float | None], line: int) -> None:
    """Raise Unreadable at an energy or a time that no run has."""
    for role, most, unit in (("energy", MAX_KWH, "kWh"), ("duration", MOST_S / 3600, "h")):
        value = values.get(role)
        if value is not None and value > most:
            raise Unreadable(Placed("CG503", f"{role}: {value:.3g} {unit} is more than any run has", (), AGAIN, "error", line))


def _refuse_total_row(runs: Mapping[str, _Run], reading: Reading) -> None:
    """Add the error of a row that is the sum of all others, as spreadsheets end with."""
    if sum(len(run.energies) for run in runs.values()) < 3:
        return
    largest, line = max(run.largest for run in runs.values())
    whole = math.fsum(run.sums["energy"].value for run in runs.values() if "energy" in run.sums)
    if largest and math.isclose(largest, whole - largest, rel_tol=1e-6):
        reading.fault("CG504", line, "the row is the sum of all others: it would be counted twice", "leave it out")


def _sums(run: _Run, rule: str | None, reading: Reading) -> tuple[dict[str, float], tuple[int, ...]]:
    """Return what a run adds up to by role, or the latest row of a counter, with the lines that it was read from."""
    energies, count = run.in_order(), run.lines.count
    grows = len(energies) > 1 and all(a <= b for a, b in pairwise(energies)) and energies[0] < energies[-1]
    latest = run.latest_at[1]
    if grows and rule is None:
        message = f"the energy grows from row to row, from {energies[0]:.6g} to {energies[-1]:.6g} kWh: is it a counter, or are rows added?"
        reading.fault("CG504", latest, message, 'say so: --column "rows=last" for a counter, --column "rows=sum" for parts')
    if rule == "last":
        if energies and max(energies) > energies[-1]:
            message = "the last energy is not the largest: the counter was set back, or the rows are out of order"
            reading.fault("CG504", latest, message, "name a column of time, or add the rows")
        earlier = [line for line in run.lines.named if line != latest][:SHOWN]
        reading.notes += [Note("merged", line, f"an earlier reading of the counter on line {latest}") for line in earlier[:-1]]
        if earlier:
            more = count - len(earlier)
            reading.notes.append(Note("merged", earlier[-1], f"an earlier reading of the counter on line {latest}", more))
        return {role: run.latest[role] for role in ROLES if role in run.latest}, (latest,)
    for role in ("emissions", "water"):
        lacking = count - (run.sums[role].count if role in run.sums else 0)
        if 0 < lacking < count:
            message = f"{role} missing in {lacking:,} of {count:,} rows: not read for the run"
            reading.warn("CG510", run.lacking[role], message)
    return {role: total.value for role, total in run.sums.items() if total.count == count}, run.lines.named


def _record(name: str, run: _Run, rule: str | None, source: Source, reading: Reading) -> Record:
    """Return a run: its rows added, or the last of a counter."""
    sums, lines = _sums(run, rule, reading)
    if sums.get("energy", 0.0) > MAX_KWH or sums.get("duration", 0.0) > MOST_S / 3600:
        reading.fault("CG503", run.lines.first[0], "the energy or the time of the run is more than any has", AGAIN)
    pues, first = set(run.pues), run.lines.first[0]
    pue = pues.pop() if len(pues) == 1 else None
    is_inside = pue is not None and pue > 1
    if pues:
        reading.fault("CG504", first, "the PUE is not the same in all rows of the run", "give each PUE a run of its own")
    if pue is not None and not 1 <= pue < 5:
        reading.fault("CG503", first, f"pue: {pue:g} is no PUE", AGAIN)
    start, end = run.moments or (None, None)
    hours = sums.get("duration") or ((end - start) / 3600 if start is not None and end is not None else None)
    texts = {role: list(found) for role, found in run.texts.items()}
    return Record(
        tool=TOOL.name, run=name, project=texts.get("project", [""])[0], method="a table", energy_kwh=sums.get("energy") or None,
        boundary="facility" if is_inside else "node", basis="estimated",
        reason="the table does not say how it was measured" + (f"; {COVERS}" if not is_inside else ""),
        pue=pue if is_inside else None, emissions_kg=sums.get("emissions"), water_l=sums.get("water"), hours=hours or None,
        start=start, end=end,
        devices=tuple(Device(text) for text in texts.get("device", [])[:50]),
        country=texts["country"][0] if len(texts.get("country", ())) == 1 else None, file=source.short,
        lines=lines,
    )  # fmt: skip
