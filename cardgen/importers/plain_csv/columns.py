"""The columns of a table as a user names them: by role, header and unit, and the numbers in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cardgen.core.units import DIMENSIONS, UnitError, parse_quantity
from cardgen.problems import Placed, printable
from cardgen.records.fields import clock, is_missing
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
BRACKETS = re.compile(r"[\[(]\s*([^\[\]()]+?)\s*[\])]\s*$")
SUFFIX = re.compile(r"[_ .\-/]([A-Za-zµ]+(?:CO2(?:eq?)?|co2(?:eq?)?)?)$")
AGAIN = "correct the cell, or leave the row out"


def hint_for(role: str) -> str:
    example = DIMENSIONS[ROLES[role]][1].split()[-1].replace("CO2e", "") if role in ROLES else "s"
    return f'write it as in: --column "{role}=HEADER:{example}"'


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
            raise Unreadable(Placed("CG503", f'time: "{printable(unit, 40)}" is no unit of time', (), hint_for(role), "error", line))
        return SECONDS.get(unit or _unit_in(header)) if unit or _unit_in(header) in SECONDS else None
    if role not in ROLES:
        return 1.0
    try:
        return _factor(unit or _unit_in(header), ROLES[role])
    except UnitError as error:
        if not unit:
            return None  # the cells may have units of their own
        raise Unreadable(Placed("CG503", f"{role}: {printable(str(error), 100)}", (), error.hint, "error", line)) from None


def _factor(unit: str, dimension: str) -> float:
    try:
        return parse_quantity(f"1 {unit}", dimension).value
    except UnitError:
        loose = LOOSE.get(unit.casefold())
        if loose is None:
            raise
        return parse_quantity(f"1 {loose}", dimension).value


def _unit_in(header: str) -> str:
    """Return the unit that a header holds, in brackets or at its end; "" where it holds none.

    >>> _unit_in("Energy (Wh)"), _unit_in("power [W]"), _unit_in("energy_kwh"), _unit_in("total")
    ('Wh', 'W', 'kwh', '')
    """
    match = BRACKETS.search(header) or SUFFIX.search(header)
    return match[1] if match else ""


def value_in(table: Table, row: Sequence[str], role: str, column: Column) -> float | None:
    """Return a number of a row in the unit of its role, None where the cell is empty; raises Unreadable for anything else."""
    text = row[column.position].strip()
    if is_missing(text):
        return None
    found = table.number(row, column.name)
    if found is not None and role in ROLES and column.scale is None:
        message = f'{role}: the header "{printable(column.name, 60)}" does not say the unit of {printable(text, 30)}'
        raise Unreadable(Placed("CG503", message, (), hint_for(role), "error", table.line))
    if found is None and role in ROLES and re.fullmatch(r"[\d.eE+-]+\s*[A-Za-zµ]\w*", text):
        try:
            found = parse_quantity(text, ROLES[role]).value
        except UnitError:
            found = None
        scale = 1.0
    else:
        scale = column.scale if column.scale is not None else 1.0
    if found is None or found < 0:
        message = f'{role}: "{printable(text, 60)}" is not a number that can stand there'
        raise Unreadable(Placed("CG503", message, (), AGAIN, "error", table.line))
    return found * scale


def moment_in(table: Table, row: Sequence[str], column: Column) -> tuple[float, bool] | None:
    """Return a moment in s, and whether it counts from 1970; None where the cell is empty. Raises Unreadable for anything else."""
    text = row[column.position].strip()
    if is_missing(text):
        return None
    moment = clock(text)
    if moment is not None:
        return moment, True
    value = table.number(row, column.name)
    if value is None or column.scale is None:
        message = f'time: "{printable(text, 60)}" is neither a date and time nor a number whose unit is known'
        raise Unreadable(Placed("CG503", message, (), hint_for("time"), "error", table.line))
    return value * column.scale, value * column.scale > 1e8
