"""``ecotrace_log.csv``, and the ``emissions.csv`` of the second tracker: grams of CO2 and no energy.

A new release goes on writing under the header of an old one, so that rows grow longer than it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cardgen.importers.ecotrace.runs import AGAIN, COLUMNS, REGION, country_of, hint_for, identity, records, region_of
from cardgen.records.fields import number
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source
from cardgen.records.streamed import MAX_RUNS, MOST_S, too_many_runs
from cardgen.records.table import Table, wrong_length

LENGTHS = (5, 6, 8, 10)  # of releases to 0.4, to 0.7, to 1.2, and later ones
CODECARBON = ("project_name", "duration_seconds", "emissions_kg", "emissions_g", "region")
NAME = re.compile(r"[\w.+-]{1,100}")


def read_table(source: Source, reading: Reading, reported: Mapping[object, str]) -> None:
    """Read a CSV; rows that ``reported`` holds are left out of the log."""
    table = Table(source, reading)
    if tuple(table.header) == CODECARBON:
        reading.records += _tracked(table, source, reading)
    else:
        rows = ((table.line, dict(zip(COLUMNS, row))) for row in _whole(table, reading))
        reading.records += records(_unreported(rows, reading, reported), source, reading, ())
    if not reading.rows:
        reading.fault("CG501", 1, "the file holds no row", hint_for(""))


def _unreported(
    rows: Iterator[tuple[int, dict[str, str]]], reading: Reading, reported: Mapping[object, str]
) -> Iterator[tuple[int, dict[str, str]]]:
    for line, values in rows:
        file = reported.get(identity(values)) if reported else None
        if file is None:
            yield line, values
        else:
            reading.note("merged", line, f"a measurement that {file} holds as well: counted there")


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
                reading.fault("CG501", table.line, "the file holds grams of CO2 and no energy", hint_for(region))
            yield Record(
                tool="ecotrace", project=name if NAME.fullmatch(name) and number(name) is None else "", method="ecotrace",
                basis="estimated", reason="computed from rated power and load", emissions_kg=grams / 1000 or None,
                hours=seconds / 3600 or None, country=country_of(region), region=region_of(region), file=source.short, lines=(table.line,),
            )  # fmt: skip
