"""Axes: from zero with round steps, or through powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cardgen.charts import style
from cardgen.charts.chart import Axis, Row
from cardgen.charts.words import width
from cardgen.numbers import digits, quantity, round_to, step


def place(axis: Axis, value: float) -> float:
    """Return where a value stands across the page, in units of the view box."""
    inset = style.INSET if axis.log else 2
    start, end = style.LEFT + inset, style.RIGHT - inset
    return start + (end - start) * min(max(axis.share(value), 0.0), 1.0)


def reach(axis: Axis, row: Row) -> tuple[float, float] | None:
    """Return where the interval of a row stands, or None without one or where its mark hides it."""
    if row.value is None or row.low is None or row.high is None or row.low >= row.high:
        return None
    low, middle, high = (place(axis, max(value, axis.start)) for value in (row.low, row.value, row.high))
    return (low, high) if max(middle - low, high - middle) > style.RADII.get(row.shape, 0) + 2 else None


def linear_axis(values: Iterable[float], unit: str) -> Axis | None:
    """Return an axis from zero in at most five round steps, labelled in the unit's step; None without a value above zero."""
    top = round_to(max(values, default=0.0), 6)
    if top <= 0:
        return None
    power = 10.0 ** math.floor(math.log10(top))
    axes = (_steps(top, distance * power, unit) for distance in (0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10))
    return next(axis for axis in axes if len(axis.ticks) <= 3 or (len(axis.ticks) <= 6 and len(shown_ticks(axis)) == len(axis.ticks)))


def _steps(top: float, distance: float, unit: str) -> Axis:
    count = math.ceil(round(top / distance, 6))
    unit_name, size = step([top], unit)
    labels = [digits(i * distance / size) for i in range(count + 1)]
    labels[-1] = f"{labels[-1]} {unit_name}".rstrip()
    return Axis(0.0, count * distance, tuple((i * distance, label) for i, label in enumerate(labels)))


def shown_ticks(axis: Axis) -> list[tuple[float, str]]:
    """Return the middle of each label below an axis, from the last, which names the unit, without those that would touch it."""
    shown, free = [], float(style.RIGHT)
    for tick, label in reversed(axis.ticks):
        half = width(label, style.SMALL) / 2
        middle = min(max(place(axis, tick), style.LEFT + half), style.RIGHT - half)
        if label and middle + half <= free:
            shown.append((middle, label))
            free = middle - half - style.GAP
    return shown


def log_axis(values: Iterable[float], unit: str) -> Axis | None:
    """Return an axis between powers of ten, with a line at each, or at every second, third ... where there are many."""
    positive = [round_to(value, 6) for value in values if value > 0]
    if not positive:
        return None
    first, last = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    last = max(last, first + 1)
    apart = max(1, math.ceil((last - first) / 12))
    powers = range(first, last + apart, apart)
    labels = [quantity(10.0**power, unit) for power in powers]
    # Labels that would touch are left out, the lines stay.
    widest = max(width(label, style.SMALL) for label in labels) + style.GAP
    every = next(n for n in range(1, len(labels) + 1) if widest * len(labels) / n <= 640)
    ticks = tuple((10.0**power, label if i % every == 0 else "") for i, (power, label) in enumerate(zip(powers, labels, strict=True)))
    return Axis(10.0**first, 10.0 ** powers[-1], ticks, log=True)
