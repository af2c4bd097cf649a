"""Where sources give different numbers for one thing: the number in use, and the others beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardgen.core.factors import Factors
from cardgen.core.figure import Figure
from cardgen.core.tables import Row

FAR = 0.1  # as a share of the number in use: from here on another number is a disagreement, whatever the interval holds
UPSTREAM = "direct, without upstream emissions"


@dataclass(frozen=True)
class Number:
    """A number of one source. ``basis`` says what it counts."""

    value: float
    unit: str
    year: str
    basis: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Disagreement:
    """What sources disagree about, the number that is used, and the numbers of others."""

    about: str
    used: Number
    others: tuple[Number, ...]


def disagreement(figure: Figure, factors: Factors) -> Disagreement | None:
    """Return where credible sources disagree with a number that was looked up; None where they do not.

    A user's own row is the user's choice, and a row that nobody checked is no witness. Numbers of other years are compared
    with what the source in use says of that year, since a change between years is no disagreement.
    """
    origin = figure.origin
    row = origin.row if origin else None
    if origin is None or not isinstance(row, Row) or row.own or row.table not in _ABOUT:
        return None
    others = _other_ratings(row, figure) if row.table == "hardware" else tuple(_others(row, origin.column, figure, factors))
    if not others:
        return None
    used = _number(row, origin.column, figure.unit)
    return Disagreement(_ABOUT[row.table].format(**row, what=_FACILITY.get(origin.column, "")), used, others)


_ABOUT = {
    "grid_intensity": "the grid intensity ({name})", "water": "the off-site water intensity ({name})",
    "facility": "the {what} of {provider} {region}", "embodied": "the emissions of making one {item}",
    "hardware": "the rated power of {name}",
}  # fmt: skip
_FACILITY = {"pue": "PUE", "wue_l_per_kwh": "WUE"}


def _other_ratings(row: Row, figure: Figure) -> tuple[Number, ...]:
    """Return the other rated power that stands in the row of a part; its note says whose it is."""
    other = row.number("other_power_w")
    is_used = figure.origin is not None and figure.origin.column == "rated_power_w" and row.verified
    return (Number(other, "W", "", "", ()),) if is_used and other is not None and _differs(other, figure.value, figure) else ()


def _others(row: Row, column: str, figure: Figure, factors: Factors) -> Iterator[Number]:
    """Yield the number of each other publisher that differs, of the year nearest to the one in use."""
    same = factors.same_subject(row)
    publishers: dict[str, list[Row]] = {}
    for other in same:
        if other.verified and not other.own and other[column] and other.get("accounting") != "operating-margin":
            publishers.setdefault(_publisher(other, factors), []).append(other)
    publishers.pop(_publisher(row, factors), None)
    for rows in publishers.values():
        nearest = min(rows, key=lambda other: (abs(int(other["year"]) - int(row["year"])), -int(other["year"])))
        like = row.number(column) if row.table == "embodied" else _of_year(nearest["year"], row, column, same)
        value = nearest.number(column)
        if like and value is not None and _differs(value, like, figure):
            yield _number(nearest, column, figure.unit)


def _of_year(year: str, row: Row, column: str, same: list[Row]) -> float | None:
    """Return what the source of a row says of a year; embodied emissions have none."""
    alike = [other for other in same if other["year"] == year and other["scope"] == row["scope"] and other.sources == row.sources]
    return alike[0].number(column) if alike else None


def _differs(value: float, used: float, figure: Figure) -> bool:
    """Return whether a number lies outside the interval of the one in use, or more than a tenth from it."""
    scaled = value / used * figure.value
    return abs(value / used - 1) > FAR or not figure.low <= scaled <= figure.high


def _publisher(row: Row, factors: Factors) -> str:
    source = factors.source(row.sources[0])
    return source["publisher"] if source else row.sources[0]


def _number(row: Row, column: str, unit: str) -> Number:
    value = row.number(column)
    assert value is not None
    if row.table == "hardware":
        return Number(value, unit, "", "", ())
    counts = (UPSTREAM if row["basis"] == "direct" else row["basis"], row["accounting"]) if row.table == "grid_intensity" else ()
    words = counts or (row.get("basis") or row["scope"],)
    return Number(value, unit, row["year"], ", ".join(word for word in words if word), row.sources)
