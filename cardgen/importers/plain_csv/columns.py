"""The columns of a table as a user names them: by role, header and unit, and the numbers in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cardgen.core.units import UnitError, parse_quantity
from cardgen.problems import Placed, printable
from cardgen.records.fields import clock, is_missing, quotable
from cardgen.records.source import Unreadable
from cardgen.records.table import Table

ROLES = {"energy": "energy", "emissions": "mass", "duration": "duration", "power": "power", "water": "water"}  # with their dimension
TEXTS = ("run", "project", "device", "country")
HEADERS = (*ROLES, *TEXTS, "time", "pue")
LOOSE = {
    "wh": "Wh", "w": "W", "j": "J", "kj": "kJ", "watt": "W", "watts": "W", "kilowatts": "kW", "joule": "J", "joules": "J",
    "kilojoules": "kJ", "secs": "s", "co2": "",
}  # fmt: skip
SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
EXAMPLES = {"energy": "kWh", "emissions": "kg", "duration": "s", "power": "W", "water": "L"}
BRACKETS = re.compile(r"[\[(]\s*([^\[\]()]+?)\s*[\])]\s*$")
SUFFIX = re.compile(r"[_ .\-/]([A-Za-zµ]+(?:CO2(?:eq?)?|co2(?:eq?)?)?)$")
AGAIN = "correct the cell, or leave the row out"
NO_THOUSANDS = "thousands separators are not read: export without them"
THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[.,' \u00a0\u2009\u202f’]\d{3})+(?:[.,]\d+)?(?:\s*[A-Za-zµ]\w*)?")
DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d+)?))?)?")
DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)(?:\D.*)?")
TIME = re.compile(r"time|date|stamp|zeit|datum|heure|fecha", re.IGNORECASE)


def hint_for(role: str, header: str = "HEADER") -> str:
    """Return how a column is named with its unit."""
    return f'write it as in: --column "{role}={printable(header, 60)}:{EXAMPLES.get(role, "s")}"'


def hint_for_time(table: Table, columns: Mapping[str, str]) -> str:
    """Return how the time of power is named: by the column that may hold it, where one is called so."""
    named = [name for name in table.header if any(stated == name or stated.startswith(f"{name}:") for stated in columns.values())]
    others = [name for name in table.header if name and name not in named]
    likely = next((name for name in others if TIME.search(name)), "HEADER")
    rest = printable(", ".join(others), 120)
    return f'add --column "time={printable(likely, 60)}", or --column "duration=HEADER:s"; the table has {rest}'


class Column(NamedTuple):
    """A column by its position; ``scale`` makes of its numbers kWh, kg, h, W or L, and is None where each cell has its own unit."""

    name: str
    position: int
    scale: float | None


def columns_of(table: Table, columns: Mapping[str, str]) -> dict[str, Column]:
    """Return the columns of a table by their roles; closes it and raises Unreadable where one is missing, or its unit."""
    try:
        return {role: _column(table, role, stated) for role, stated in columns.items() if role != "rows"}
    except Unreadable:
        table.close()
        raise


def _column(table: Table, role: str, stated: str) -> Column:
    header, unit = (stated, "") if stated in table.index else (stated.rpartition(":")[0], stated.rpartition(":")[2])
    if header not in table.index:
        message = f'the table has no column "{printable(header or stated, 60)}"'
        known = printable(", ".join(name for name in table.header if name), 200)
        raise Unreadable(Placed("CG502", message, (), f"it has {known}", "error", table.header_line))
    return Column(header, table.index[header], _scale(role, header, unit, table.header_line))


def _scale(role: str, header: str, unit: str, line: int) -> float | None:
    """Return what makes the numbers of a column kWh, kg, h, W, L or s; None where the header has no unit.

    Raises Unreadable for a wrong one.
    """
    if role == "time":
        if unit and unit not in SECONDS:
            message = f'time: "{printable(unit, 40)}" is no unit of time'
            raise Unreadable(Placed("CG503", message, (), hint_for(role, header), "error", line))
        return SECONDS.get(unit or _unit_in(header)) if unit or _unit_in(header) in SECONDS else None
    if role not in ROLES:
        return 1.0
    try:
        return _factor(unit or _unit_in(header), ROLES[role])
    except UnitError:
        if not unit:
            return None  # the cells may have units of their own
        message = f'{role}: "{printable(unit, 40)}" is no unit of {ROLES[role]} that is known'
        raise Unreadable(Placed("CG503", message, (), _other_role(role, header, unit), "error", line)) from None


def _other_role(role: str, header: str, unit: str) -> str:
    """Return a hint: what the unit is one of, or a unit that fits."""
    for other, dimension in ROLES.items():
        try:
            _factor(unit, dimension)
        except UnitError:
            continue
        more = ' and the time: --column "time=HEADER"' if other == "power" else ""
        return f'{printable(unit, 40)} is a unit of {dimension}: --column "{other}={printable(header, 60)}:{printable(unit, 40)}"{more}'
    return hint_for(role, header)


def _factor(unit: str, dimension: str) -> float:
    try:
        return parse_quantity(f"1 {unit}", dimension).value
    except UnitError:
        loose = LOOSE.get(unit.casefold())
        if loose is None:
            raise
        return parse_quantity(f"1 {loose}", dimension).value


def _unit_in(header: str) -> str:
    """Return the unit that a header may hold, in brackets, at its end or as a whole.

    >>> _unit_in("Energy (Wh)"), _unit_in("power [W]"), _unit_in("energy_kwh"), _unit_in("kWh")
    ('Wh', 'W', 'kwh', 'kWh')
    """
    match = BRACKETS.search(header) or SUFFIX.search(header)
    return match[1] if match else header


def value_in(table: Table, row: Sequence[str], role: str, column: Column) -> float | None:
    """Return a number of a row in the unit of its role, None where the cell is empty; raises Unreadable for anything else."""
    text = row[column.position].strip()
    if is_missing(text):
        return None
    found = table.number(row, column.name)
    if found is not None and role in ROLES and column.scale is None:
        message = f'{role}: the header "{printable(column.name, 60)}" does not say the unit of {printable(text, 30)}'
        raise Unreadable(Placed("CG503", message, (), hint_for(role, column.name), "error", table.line))
    pointed = text.replace(",", ".") if table.decimal_comma else text
    if found is None and role in ROLES and re.fullmatch(r"[\d.eE+-]+\s*[A-Za-zµ]\w*", pointed):
        try:
            found = parse_quantity(pointed, ROLES[role]).value
        except UnitError:
            found = None
        scale = 1.0
    else:
        scale = column.scale if column.scale is not None else 1.0
    if found is None or found < 0:
        message = f"{role}: {quotable(text)} is not a number that can stand there"
        hint = NO_THOUSANDS if found is None and THOUSANDS.fullmatch(text) else AGAIN
        raise Unreadable(Placed("CG503", message, (), hint, "error", table.line))
    return found * scale


def moment_in(table: Table, row: Sequence[str], column: Column) -> tuple[float, bool] | None:
    """Return a moment in s, and whether it counts from 1970; None where the cell is empty. Raises Unreadable for anything else."""
    text = row[column.position].strip()
    if is_missing(text):
        return None
    day_first = DAY_FIRST.fullmatch(text) if table.decimal_comma else None
    moment = _moment_of(day_first) if day_first else clock(text)
    if moment is not None:
        return moment, True
    if DATE.fullmatch(text):
        why = "is no date of the calendar" if day_first else "does not say which is the day and which the month"
        message = f"time: {quotable(text)} {why}"
        raise Unreadable(Placed("CG503", message, (), "write the year first, as in 2026-03-01 12:30", "error", table.line))
    value = table.number(row, column.name)
    if value is None or column.scale is None:
        message = f"time: {quotable(text)} is neither a date and time nor a number whose unit is known"
        raise Unreadable(Placed("CG503", message, (), hint_for("time", column.name), "error", table.line))
    return value * column.scale, value * column.scale > 1e8


def _moment_of(found: re.Match[str]) -> float | None:
    """Return a date that begins with the day, as spreadsheets write it where commas are decimal, in s since 1970."""
    day, month, year, hour, minute, second = found.groups()
    return clock(f"{year}-{month:0>2}-{day:0>2} {hour or '0':0>2}:{minute or '00'}:{second or '00'}")
