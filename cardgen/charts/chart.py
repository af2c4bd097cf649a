"""What a chart says and shows, as data: everything about it but the drawing."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass

DRAWING = 1  # the version of the drawing: raise it when the same chart is to look different


@dataclass(frozen=True)
class Row:
    """A category: its words, and the mark below them. Without ``value`` there are words only."""

    label: str
    words: str
    detail: str = ""
    group: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    shape: str = "bar"  # bar, thin, dot, small or diamond
    filled: bool = True
    colour: int = 0


@dataclass(frozen=True)
class Axis:
    """A scale from ``start`` to ``end`` with a line and a label at each tick."""

    start: float
    end: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies on the axis, 0 at its start and 1 at its end."""
        from math import log10

        if not self.log:
            return (value - self.start) / (self.end - self.start)
        return (log10(value) - log10(self.start)) / (log10(self.end) - log10(self.start))


@dataclass(frozen=True)
class Panel:
    """Rows on one axis; without an axis there are words only."""

    rows: tuple[Row, ...]
    axis: Axis | None
    heading: str = ""


@dataclass(frozen=True)
class Crossing:
    """A line that rises from zero, a level, and the place where they meet; ``fast`` and ``slow`` bound the rise."""

    across: Axis
    up: Axis
    level: float
    at: float
    fast: float
    slow: float
    level_label: str
    rise_label: str
    crossing_label: str
    level_filled: bool = True
    rise_filled: bool = True


@dataclass(frozen=True)
class Strip:
    """Groups of rows side by side, each row a mark above the same axis with its interval upright; its words stand beside it."""

    up: Axis
    level: float
    groups: tuple[tuple[str, tuple[Row, ...]], ...]


@dataclass(frozen=True)
class Chart:
    """A picture: its texts, its table and what is drawn. All texts are plain text, to be escaped where they are shown."""

    name: str
    title: str
    subtitle: str
    source: str
    description: str
    panels: tuple[Panel | Crossing | Strip, ...]
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""


def digest(chart: Chart) -> str:
    """Return the SHA-256, in hexadecimal, of all that a chart says and shows and of the drawing's version."""
    text = json.dumps([DRAWING, asdict(chart)], sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_digest(content: str | bytes) -> str | None:
    """Return the digest that an SVG or PNG of cardgen carries, or None."""
    data = content.encode(errors="replace") if isinstance(content, str) else content
    found = re.search(rb'data-digest(?:="|\0)([0-9a-f]{64})', data[:4096])
    return found[1].decode() if found else None
