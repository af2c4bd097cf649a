"""The parts of a drawing, in units of the view box, with y downwards: what ``layout`` makes and ``vector`` and ``raster`` show."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Run:
    """Words of one look within a line of text."""

    words: str
    role: str = "ink"
    bold: bool = False


@dataclass(frozen=True)
class Text:
    """A line of text at the base line; ``anchor`` is start, middle or end."""

    x: float
    y: float
    size: float
    runs: tuple[Run, ...]
    anchor: str = "start"
    halo: bool = False


@dataclass(frozen=True)
class Shape:
    """A closed polygon, or a circle where there is a radius; a stroke of width 0 is none."""

    points: tuple[Point, ...]
    fill: str = ""
    stroke: str = ""
    width: float = 0.0
    radius: float = 0.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    stroke: str
    width: float
    dashed: bool = False


@dataclass(frozen=True)
class Scene:
    """A drawing and its height."""

    height: float
    parts: tuple[Text | Shape | Line, ...]
