"""Equivalents that a person can picture, chosen by the author or by magnitude."""

from __future__ import annotations

from collections.abc import Iterable

from cardgen.core.assessment import Equivalent, Impact
from cardgen.core.figure import Figure, Origin
from cardgen.core.inputs import Inputs, describe
from cardgen.core.tables import Row

# From large to small; of each list the first is taken of which there are at least one.
EMISSIONS = ("car-year-us", "flight-lhr-jfk-return", "flight-lhr-jfk-oneway", "litre-petrol", "km-car-eu")
HOMES = {"USA": "us", "GBR": "uk"}
SMALL_ENERGY = ("smartphone-charge",)


def choose(wanted: Iterable[str] | None, totals: Impact, countries: set[str], inputs: Inputs) -> list[Equivalent]:
    """Return the equivalents that the author names, or one for emissions and one for energy."""
    if wanted is not None:
        return [found for i, name in enumerate(wanted) if (found := _named(name, i, totals, inputs))]
    homes = {HOMES[country] for country in countries if country in HOMES}
    home = homes.pop() if len(homes) == 1 and len(countries) == 1 else "us"
    energy = (f"home-electricity-year-{home}", f"home-electricity-month-{home}", *SMALL_ENERGY)
    return [e for e in (_by_magnitude(EMISSIONS, totals, inputs), _by_magnitude(energy, totals, inputs)) if e]


def newest(identifier: str, inputs: Inputs) -> Row | None:
    """Return the newest edition of an equivalent, or the one named after "@", as in ``car-year-us@EPA 2021``."""
    name, _, edition = identifier.partition("@")
    rows = [row for row in inputs.factors.table("equivalents") if row["id"] == name and (not edition or row["edition"] == edition)]
    rows = [row for row in rows if row.own] or [row for row in rows if row.verified] or rows
    return max(rows, key=lambda row: (row["year"], row["edition"]), default=None)


def _by_magnitude(names: Iterable[str], totals: Impact, inputs: Inputs) -> Equivalent | None:
    for name in names:
        row = newest(name, inputs)
        found = _made(row, totals) if row else None
        if found and found.figure.value >= 1:
            return found
    return None


def _named(name: str, index: int, totals: Impact, inputs: Inputs) -> Equivalent | None:
    row = newest(name, inputs)
    if row is None:
        known = {r["id"]: None for r in inputs.factors.table("equivalents")}
        similar = inputs.similar(inputs.factors.similar, name, known, 3, 0.4)
        hint = f"did you mean {' or '.join(similar)}?" if similar else "see: cardgen factors list equivalents"
        inputs.fault("CG210", ("card", "equivalents", index), f'"{name}" is not a known equivalent', hint)
        return None
    return _made(row, totals)


def _made(row: Row, totals: Impact) -> Equivalent | None:
    of: dict[str, Figure | None] = {
        "energy": totals.energy, "emissions": totals.location, "sequestration": totals.location, "water": _water(totals),
    }  # fmt: skip
    whole, factor = of[row["dimension"]], row.number("value")
    if whole is None or not factor:
        return None
    one = Figure(factor, row["unit"], f"one of: {row['label']}", "estimated", row.sources, describe(row), origin=Origin("", row, "value"))
    return Equivalent(row, (whole / one).called(row["label"], "1"))


def _water(totals: Impact) -> Figure | None:
    if totals.onsite_water and totals.offsite_water:
        return totals.onsite_water + totals.offsite_water
    return totals.offsite_water or totals.onsite_water
