"""A budget for a release: the most that it may emit or use, and whether an assessment keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cardgen.core.problem import Problem
from cardgen.core.units import UnitError, parse_quantity
from cardgen.numbers import interval, quantity
from cardgen.problems import CardgenError, plain, printable

WORDS = {"mass": "location-based emissions", "energy": "energy"}
WAYS_OUT = {"mass": "state the energy and the place of each activity", "energy": "state the energy or the device-hours of each activity"}


@dataclass(frozen=True)
class Budget:
    """The most that the totals may be: ``limit`` in kgCO2e or kWh; ``text`` is what was written."""

    kind: str
    limit: float
    unit: str
    text: str


def budget(text: str) -> Budget:
    """Return the budget that a text states; raises CardgenError, wrong use, where it states none.

    >>> budget("0.5 tCO2e").limit, budget("20 MWh").limit
    (500.0, 20000.0)
    """
    for kind in WORDS:
        try:
            found = parse_quantity(text, kind)
        except UnitError:
            continue
        if found.sigma is None and found.value >= 0:
            return Budget(kind, found.value, found.unit, " ".join(text.split()))
    message = f'"{printable(text, 100)}" is not a budget'
    raise CardgenError(message, 2, 'a budget is a mass or an energy, as in --budget "500 kgCO2e" or --budget "20 MWh"')


def exceeded(document: Mapping[str, Any], budgets: Sequence[Budget]) -> list[Problem]:
    """Return what speaks against an assessment keeping its budgets.

    The totals count: location-based emissions or energy of all activities but inference. A value above the budget is an error,
    so is one that is not known; an interval that reaches above it is a warning.
    """
    return [problem for stated in budgets for problem in _against(document, stated)]


def _against(document: Mapping[str, Any], stated: Budget) -> Iterator[Problem]:
    figure, words = _figure(document["totals"], stated.kind), WORDS[stated.kind]
    missing = [part["name"] for part in document["activities"] if part["phase"] != "inference" and _figure(part, stated.kind) is None]
    if figure is not None and figure["value"] > stated.limit:
        yield _above(figure, stated)
    elif figure is None or missing:
        of = f" of {printable(plain(', '.join(missing)), 200)}" if figure is not None else ""
        verb = "is" if stated.kind == "energy" else "are"
        message = f"{words}{of} {verb} not known, so nobody can say that the budget of {stated.text} is kept"
        yield Problem("CG453", message, (), WAYS_OUT[stated.kind])
    elif figure["high"] > stated.limit:
        drivers = figure["drivers"]
        hint = f"the interval comes mostly from: {plain(drivers[0]['input'])}" if drivers else ""
        verb, its = ("keeps", "its") if stated.kind == "energy" else ("keep", "their")
        message = f"{_shown(figure, words)} {verb} the budget of {stated.text}, but {its} interval reaches above it"
        yield Problem("CG452", message, (), hint, "warning")


def _above(figure: Mapping[str, Any], stated: Budget) -> Problem:
    verb = "is" if stated.kind == "energy" else "are"
    by = quantity(figure["value"] - stated.limit, figure["unit"])
    message = f"{_shown(figure, WORDS[stated.kind])} {verb} {by} above the budget of {stated.text}"
    return Problem("CG451", message, (), "cardgen explain RUN shows what the total is made of")


def _shown(figure: Mapping[str, Any], words: str) -> str:
    """Return a total in words, with its interval where it has one."""
    value, low, high, unit = (figure[key] for key in ("value", "low", "high", "unit"))
    text = f"{words} of {quantity(value, unit)}"
    return text if low == high else f"{text} ({interval(low, high, value, unit)})"


def _figure(impact: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    return impact["energy"] if kind == "energy" else impact["emissions"]["location"]
