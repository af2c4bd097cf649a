"""Spans of time as they are read, in pictures and in text alike: hours, days or years."""

from __future__ import annotations

# The name, its length in days, and up to how many of them.
SPANS = (("hours", 1 / 24, 48.0), ("days", 1.0, 730.0), ("years", 365.0, float("inf")))
_DAYS = {"d": 1.0, "h": 1 / 24, "y": 365.0}


def span_step(value: float, unit: str = "d") -> tuple[str, float]:
    """Return the name of the span that a time is told in, and its size in the unit of the time.

    >>> span_step(1400.0), span_step(35040.0, "h")
    (('years', 365.0), ('years', 8760.0))
    """
    days = value * _DAYS[unit]
    name, size = next((name, size) for name, size, most in SPANS if days / size <= most)
    return name, round(size / _DAYS[unit], 9)
