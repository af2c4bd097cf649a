"""From the figures of an assessment to rows and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cardgen.charts.axes import linear_axis, log_axis, reach
from cardgen.charts.chart import Panel, Row
from cardgen.charts.words import clean, name
from cardgen.numbers import digits, round_to, step

MOST = 7  # categories in a panel
FACTOR = 30  # values further apart stand on a log axis
NOT_REPORTED = "not reported"
BASES = ("measured", "declared", "estimated", "assumed")
COLUMNS = ("Value", "90 % interval", "Basis")

Figure = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """A category before it has a place on an axis."""

    label: str
    figure: Figure | None
    group: str = ""
    shape: str = "bar"
    colour: int = 0
    about: str = ""
    step: tuple[str, float] | None = None  # the unit step that its value is said in; None is the value's own


def figure(found: Any) -> Figure | None:
    """Return a figure of the document, or None where there is none or its value is no finite number."""
    value = found.get("value") if isinstance(found, Mapping) else None
    return found if isinstance(value, (int, float)) and math.isfinite(value) else None


def bounds(known: Figure) -> tuple[float, float]:
    """Return the ends of a figure's interval; the value itself where an end is missing."""
    low, high = known.get("low"), known.get("high")
    value = known["value"]
    return (value if low is None else min(low, value)), (value if high is None else max(high, value))


def add(figures: Iterable[Figure]) -> Figure | None:
    """Return the sum of figures with the weakest basis; the ends of the intervals are added, which can only be too wide."""
    known = list(figures)
    if not known:
        return None
    return {
        "value": math.fsum(f["value"] for f in known),
        "low": math.fsum(bounds(f)[0] for f in known),
        "high": math.fsum(bounds(f)[1] for f in known),
        "unit": known[0]["unit"],
        "basis": max((f.get("basis", "assumed") for f in known), key=lambda basis: BASES.index(basis) if basis in BASES else 9),
        "sources": sorted({source for f in known for source in f.get("sources", ())}),
    }


def fewer(items: Sequence[Item], most: int = MOST) -> list[Item]:
    """Return the items from the largest to the smallest, those not reported last; beyond the most, the rest as one."""
    ordered = sorted(items, key=lambda item: math.inf if item.figure is None else -item.figure["value"])
    if len(ordered) <= most:
        return ordered
    kept, rest = ordered[: most - 1], ordered[most - 1 :]
    known = [item.figure for item in rest if item.figure is not None]
    gaps = len(rest) - len(known)
    label = f"{len(rest):,} others" + (f", {gaps:,} of them not reported" if gaps and known else "")
    return [*kept, Item(label, add(known), colour=items[0].colour, step=items[0].step)]


def is_wide(items: Iterable[Item]) -> bool:
    """Tell whether values lie too far apart for bars."""
    values = [item.figure["value"] for item in items if item.figure is not None and item.figure["value"] > 0]
    return bool(values) and max(values) / min(values) > FACTOR


def in_step(items: Iterable[Item], unit_step: tuple[str, float] | None) -> list[Item]:
    """Return the items with their values said in a unit step, in the picture and in its table."""
    return [replace(item, step=unit_step) for item in items]


def said(known: Figure, unit_step: tuple[str, float] | None) -> tuple[str, str]:
    """Return a figure's value with its unit, and its interval without, in a unit step; without one in the value's own.

    >>> said({"value": 492000.0, "low": 133000.0, "unit": "kgCO2e"}, None)
    ('492 t CO₂e', '133 to 492')
    """
    words, size = unit_step or step([known["value"]], known["unit"])
    low, high = bounds(known)
    return f"{digits(known['value'] / size)} {words}".rstrip(), f"{digits(low / size)} to {digits(high / size)}" if low < high else ""


def panels(groups: Sequence[tuple[str, Sequence[Item]]], unit: str, log: bool = False) -> tuple[Panel, ...]:
    """Return panels on one common axis, one for each heading with its items."""
    everything = [item for _, items in groups for item in items]
    known = [item.figure for item in everything if item.figure is not None]
    log = log or is_wide(everything)
    axis = (log_axis if log else linear_axis)([end for f in known for end in (f["value"], *bounds(f))], unit)
    return tuple(Panel(tuple(_row(item, log) for item in items), axis, heading) for heading, items in groups)


def _row(item: Item, log: bool) -> Row:
    known = item.figure
    if known is None:
        return Row(name(item.label, 24), NOT_REPORTED, group=name(item.group, 24))
    low, high = bounds(known)
    words, span = said(known, item.step)
    details = [span, str(known.get("basis") or ""), name(item.about)]
    drawn = known["value"] > 0 or not log  # zero has no place on a log axis: its words stand alone
    # Six digits are finer than a pixel: what differs by less is the same picture, with the same digest and the same bytes.
    return Row(
        name(item.label, 24), words, ", ".join(filter(None, details)), name(item.group, 24),
        round_to(known["value"], 6) if drawn else None, round_to(low, 6), round_to(high, 6),
        {"bar": "dot", "thin": "small"}.get(item.shape, item.shape) if log else item.shape,
        known.get("basis") == "measured", item.colour % 4,
    )  # fmt: skip


def scale_words(some: Iterable[Panel]) -> str:
    """Return what a reader must know about the axes: on a log scale, how far its lines are apart."""
    ticks = next((panel.axis.ticks for panel in some if panel.axis and panel.axis.log), None)
    if ticks is None:
        return ""
    times = round(ticks[1][0] / ticks[0][0])
    return f"log scale, each line is {'ten' if times == 10 else f'{times:,}'} times the one before"


def subtitle(measure: str, boundary: str, some: Sequence[Panel]) -> str:
    """Return the measure, the unit, the boundary, and how to read the marks."""
    rows = [(panel.axis, row) for panel in some for row in panel.rows if row.value is not None and panel.axis is not None]
    fills = {row.filled for _, row in rows}
    reading = [
        scale_words(some),
        "filled is measured, hollow is not" if len(fills) == 2 else "",
        "thin lines are 90 % intervals" if any(reach(axis, row) for axis, row in rows) else "",
    ]
    return "; ".join(filter(None, [f"{measure} in {units(some)}", boundary, *reading])) + "."


def units(some: Iterable[Panel]) -> str:
    """Return the unit of the labels; where they have several, from the smallest to the largest: "kWh to GWh"."""
    rows = sorted((row for panel in some for row in panel.rows if row.value is not None), key=lambda row: row.value or 0.0)
    names = [row.words.partition(" ")[2] for row in rows if row.value] or [row.words.partition(" ")[2] for row in rows] or [""]
    return f"{names[0]} to {names[-1]}" if names[0] != names[-1] else names[0]


def source(document: Mapping[str, Any], known: Iterable[Figure | None], most: int = 4) -> str:
    """Return the line that names where the numbers come from."""
    ids = sorted({str(s) for f in known if f is not None for s in f.get("sources") or () if s != "run"})
    if not ids:
        return "Source: run file."
    named = list(dict.fromkeys(_source(document, key) for key in ids))
    more = [f"{len(named) - most} more"] if len(named) > most else []
    edition = name(document.get("factors_edition") or "")
    return f"Source: run file and factor tables{edition and ' ' + edition}: {', '.join(named[:most] + more)}."


def _source(document: Mapping[str, Any], key: str) -> str:
    """Return a source by publisher and year, as the assessment describes it, else by its id."""
    found = (document.get("sources") or {}).get(key) or {}
    publisher = clean(found.get("publisher") or "").split(",")[0]
    return name(f"{publisher} {found.get('year') or ''}" if publisher else key)


def table(items: Iterable[Item], first: str, group: str = "") -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the column headers and the rows of the table beside a chart."""
    rows, current = [], ""
    for item in items:
        current = item.group or current
        known = item.figure
        cells: tuple[str, ...] = (NOT_REPORTED, "", "")
        if known is not None:
            cells = (*said(known, item.step), str(known.get("basis") or ""))
        rows.append((*((current,) if group else ()), name(item.label, 60), *cells))
    return (*((group,) if group else ()), first, *COLUMNS), tuple(rows)
