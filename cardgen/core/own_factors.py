"""A user's own factors: a CSV file with the columns of a bundled table."""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Iterator
from functools import cache, lru_cache

from cardgen.core.factors import Factors, provider_key
from cardgen.core.tables import KEYS, TABLES, Row, bundled, key
from cardgen.core.units import UnitError, convert

_UNITS = {"grid_intensity": "kgCO2e/kWh", "water": "L/kWh", "embodied": "kgCO2e"}
_LARGEST = {"grid_intensity": 3.0, "water": 200.0}  # far above every row of the bundled tables
_OF_THE_NUMBER = {"value", "gsd", "low", "high", "unit", "source", "verified", "note"}  # never those of another number
_SHARES = ("utilization", "mfu", "host-utilization")
_EQUIVALENT_UNITS = {"energy": "kWh", "emissions": "kgCO2e", "sequestration": "kgCO2e", "water": "L"}


class FactorError(ValueError):
    """A file of factors that cannot be used; the message says why."""


def own_rows(text: str, name: str) -> tuple[str, list[Row]]:
    """Return the table and the rows of a user's own factor file: CSV with the columns of the bundled table.

    The file says by its name which table it adds to (``grid_intensity.csv``), else by its columns. Every row needs a
    source: a citation in words will do. Raises FactorError with the line and the way out.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        columns = set(reader.fieldnames or ())
    except csv.Error as error:
        raise FactorError(f"{name}:1: this is not a CSV file ({error})\n  hint: save it as CSV with commas, in UTF-8") from None
    stem = re.sub(r"\.csv$", "", name.replace("\\", "/").split("/")[-1])
    alike = [t for t in TABLES if columns and set(KEYS[t]) - {"scope"} <= columns]
    fitting = [t for t in alike if columns <= set(bundled(t)[0])]
    table = stem if stem in TABLES else next(iter(fitting or alike), None)
    if table is None or table == "sources":
        raise FactorError(f"{name}:1: no factor table has these columns\n  hint: see the columns with: cardgen factors show TABLE")
    known = list(bundled(table)[0])
    unknown = sorted(columns - set(known))
    if unknown:
        raise FactorError(f'{name}:1: table {table} has no column "{unknown[0]}"\n  hint: its columns are {", ".join(known)}')
    rows = []
    for line, cells in _numbered(reader, name):
        if None in cells:
            raise FactorError(f"{name}:{line}: the row has more cells than the header\n  hint: put text that contains a comma in quotes")
        if not (cells.get("source") or "").strip():
            raise FactorError(f"{name}:{line}: the row names no source\n  hint: write where the number comes from into the column source")
        row = Row({column: (cells.get(column) or "").strip() for column in known})
        row.table, row.own = table, True
        _take_over(row, columns)
        _check(row, f"{name}:{line}")
        rows.append(row)
    return table, rows


def _take_over(row: Row, columns: set[str]) -> None:
    """Fill the columns that a file lacks with what the bundled row says that this one stands in for."""
    replaced = _by_key(row.table).get(key(row))
    if replaced is not None:
        row.update({column: replaced[column] for column in row if column not in columns and column not in _OF_THE_NUMBER})


@cache
def _by_key(table: str) -> dict[tuple[str, ...], Row]:
    return {key(row): row for row in bundled(table)}


def _numbered(reader: csv.DictReader[str], name: str) -> Iterator[tuple[int, dict[str | None, str]]]:
    """Yield the rows of a CSV file, each with the line that it ends on."""
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise FactorError(
            f"{name}:{reader.line_num}: this line is not CSV ({error})\n  hint: save it as CSV with commas, in UTF-8"
        ) from None


def _check(row: Row, where: str) -> None:
    """Raise FactorError where a cell cannot be used, and bring the row to the form of the bundled table."""
    row["verified"] = (row.get("verified") or "true").casefold()
    if "provider" in row:
        row["provider"], row["region"] = provider_key(row["provider"]), row["region"].casefold()
    empty = next((column for column in _needed(row.table) if not row[column]), None)
    if empty:
        raise FactorError(f"{where}: {empty}: the cell is empty\n  hint: every row of {row.table} needs it")
    for column in _numeric(row.table):
        try:
            number = row.number(column)
        except ValueError:
            number = math.nan
        if number is not None and not (math.isfinite(number) and number >= 0):
            raise FactorError(f'{where}: {column}: "{row[column]}" is not a number\n  hint: write it without a unit, as in 0.268')
    if "year" in row and not re.fullmatch(r"\d{4}", row["year"]):
        raise FactorError(f'{where}: year: "{row["year"]}" is not a year\n  hint: write the year that the number is for, as in 2025')
    if row.get("pue") and not 1 <= float(row["pue"]) <= 4:
        raise FactorError(f'{where}: pue: "{row["pue"]}" is not from 1 to 4\n  hint: PUE is facility energy ÷ IT energy')
    if "zone" in row and row.table != "places":
        row["zone"] = _bundled_only().place(row["zone"]) or row["zone"]
    target = _UNITS.get(row.table)
    largest = _LARGEST.get(row.table)
    if row.table == "uncertainty":
        if not 1 <= float(row["gsd"]) <= 10:
            hint = "a geometric standard deviation of 1 means no uncertainty"
            raise FactorError(f'{where}: gsd: "{row["gsd"]}" is not from 1 to 10\n  hint: {hint}')
        replaced = _by_key(row.table).get(key(row))
        if replaced is None:
            close = difflib.get_close_matches(row["id"], [known["id"] for known in bundled(row.table)], 1, 0.5)
            hint = f"did you mean {close[0]}?" if close else "see: cardgen factors list uncertainty"
            raise FactorError(f'{where}: id: "{row["id"]}" is not a kind of input\n  hint: {hint}')
        _check_prior(row, where)
        if replaced["value"] and not row["value"]:
            raise FactorError(f"{where}: value: the cell is empty\n  hint: {row['id']} needs one, as in {replaced['value']}")
        target = replaced["unit"] if row["value"] else None
    if row.table == "equivalents":
        target = _EQUIVALENT_UNITS.get(row["dimension"])
        if target is None:
            known = ", ".join(_EQUIVALENT_UNITS)
            raise FactorError(f'{where}: dimension: "{row["dimension"]}" is not known\n  hint: write one of {known}')
    if row.table == "electricity_price":
        target = row["unit"].split("/")[0].strip().upper() + "/kWh"
    if target and row["unit"] != target:
        try:
            row["value"], row["unit"] = repr(convert(float(row["value"]), row["unit"] or target, target)), target
        except (UnitError, ValueError) as error:
            raise FactorError(f"{where}: {error}\n  hint: write the value in {target}") from None
    if largest is not None and float(row["value"]) > largest:
        raise FactorError(f"{where}: value: {row['value']} {target} is above all known ones\n  hint: check the unit")


def _check_prior(row: Row, where: str) -> None:
    """Raise FactorError where a default cannot be."""
    value = row.number("value")
    if value is None:
        return
    least, most = (0.0, 1.0) if row["id"].startswith(_SHARES) else (1.0, 4.0) if row["id"].startswith("pue-") else (0.0, math.inf)
    if not (least <= value <= most and value > 0):
        raise FactorError(
            f"{where}: value: {row['value']} cannot be\n  hint: {row['id']} lies between {least:g} and {most:g}, and is not 0"
        )


@lru_cache(maxsize=1)
def _bundled_only() -> Factors:
    return Factors()


def _needed(table: str) -> list[str]:
    """Return the columns that a look-up in a table needs: keys and values."""
    rows = bundled(table)
    wanted = {*KEYS[table], "value", "gsd", "dimension", "label", "country"} - {"scope", "edition"}
    return [column for column in rows[0] if column in wanted and all(row[column] for row in rows)]


def _numeric(table: str) -> list[str]:
    """Return the columns of a bundled table that hold nothing but numbers."""
    rows = bundled(table)
    return [column for column in rows[0] if any(row[column] for row in rows) and all(_is_number(row[column]) for row in rows)]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"|-?\d+(\.\d+)?([eE][-+]?\d+)?", text) is not None
