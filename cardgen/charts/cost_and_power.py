"""What the parts of the cluster draw and what they cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cardgen.charts.chart import Chart
from cardgen.charts.figures import NOT_REPORTED, Figure, Item, add, fewer, figure, in_step, is_wide, panels, said, scale_words, source
from cardgen.charts.words import capital, name
from cardgen.numbers import percent, quantity, span_step, step

PLACE = 5


def chart(document: Mapping[str, Any]) -> Chart | None:
    """Return the chart of the infrastructure, or None with fewer than two components of known power or price."""
    components = [part for part in document.get("infrastructure") or () if isinstance(part, Mapping)]
    currency = _currency(components)
    power = [Item(_label(part), figure(part.get("power"))) for part in components]
    price = [Item(_label(part), _in(figure(part.get("price")), currency), colour=2) for part in components]
    groups = [("Power", "W", power), ("Price", currency, price)]
    groups = [group for group in groups if sum(item.figure is not None for item in group[2]) > 1]
    if not groups:
        return None
    log = any(is_wide(fewer(items)) for _, _, items in groups)
    steps = {unit: step([total["value"]], unit) for _, unit, items in groups if not log and (total := _total(items)) is not None}
    groups = [(heading, unit, in_step(items, steps.get(unit))) for heading, unit, items in groups]
    drawn = tuple(
        panel for heading, unit, items in groups for panel in panels([(_heading(heading, items), _shares(fewer(items)))], unit, log)
    )
    known = [item.figure for _, _, items in groups for item in items]
    title = _finding(groups)
    others = sorted({f["unit"] for part in components if (f := figure(part.get("price"))) is not None and f["unit"] != currency})
    note = f"Prices in {', '.join(name(unit) for unit in others)} are not converted and not shown." if others else ""
    measures = " and ".join({"Power": "power when running", "Price": "purchase price"}[heading] for heading, _, _ in groups)
    reading = "; ".join(filter(None, [capital(measures), "boundary: the components that the run file lists", scale_words(drawn)]))
    return Chart("cost-and-power", title, f"{reading}.", source(document, known), f"{title}.", drawn, *_table(components, steps), note)


def _label(part: Mapping[str, Any]) -> str:
    return str(part.get("name") or "unnamed component")


def _currency(components: Sequence[Mapping[str, Any]]) -> str:
    """Return the currency of most prices: prices in different currencies are not compared."""
    units = Counter(f["unit"] for part in components if (f := figure(part.get("price"))) is not None)
    return min(units, key=lambda unit: (-units[unit], unit)) if units else ""


def _in(known: Figure | None, unit: str) -> Figure | None:
    return known if known is not None and known["unit"] == unit else None


def _total(items: Sequence[Item]) -> Figure | None:
    return add(item.figure for item in items if item.figure is not None)


def _heading(words: str, items: Sequence[Item]) -> str:
    total = _total(items)
    return f"{words}, {quantity(total['value'], total['unit'])} in total" if total else words


def _shares(items: Sequence[Item]) -> list[Item]:
    """Return the items with their share of the total in the label."""
    total = math.fsum(item.figure["value"] for item in items if item.figure is not None)
    return [
        item if item.figure is None or total <= 0 else replace(item, label=f"{name(item.label)}, {percent(item.figure['value'] / total)}")
        for item in items
    ]  # fmt: skip


def _finding(groups: Sequence[tuple[str, str, Sequence[Item]]]) -> str:
    """Return which component takes the most of the power and of the price."""
    tops = []
    for heading, _, items in groups:
        known = [(item.label, item.figure["value"]) for item in items if item.figure is not None]
        subject, most = max(known, key=lambda pair: pair[1])
        total = math.fsum(value for _, value in known)
        tops.append((name(subject), percent(most / total) if total else "0 %", heading.lower()))
    if len(tops) == 2 and tops[0][0] == tops[1][0]:
        return f"{tops[0][0]}: {tops[0][1]} of the power and {tops[1][1]} of the price"
    return "; ".join(f"{subject}: {share} of the {measure}" for subject, share, measure in tops)


def _table(
    components: Sequence[Mapping[str, Any]], steps: Mapping[str, tuple[str, float]]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    def cell(key: str, known: Figure | None) -> str:
        if known is None:
            return NOT_REPORTED
        in_time = key == "lifetime" and known["unit"] in ("h", "d", "y")
        return said(known, span_step(known["value"], known["unit"]) if in_time else steps.get(known["unit"]))[0]

    rows = ((name(_label(part), 60), *(cell(key, figure(part.get(key))) for key in ("power", "price", "lifetime"))) for part in components)
    return ("Component", "Power", "Price", "Lifetime"), tuple(rows)
