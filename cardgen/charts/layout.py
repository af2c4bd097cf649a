"""Where everything in a chart stands: title and subtitle, panels from the top down, note and source."""

from __future__ import annotations

import math

from cardgen.charts import style
from cardgen.charts.axes import place, reach, shown_ticks
from cardgen.charts.chart import Axis, Chart, Crossing, Panel, Row, Strip
from cardgen.charts.scene import Line, Run, Scene, Shape, Text
from cardgen.charts.style import GAP, LABEL, LEADING, LEFT, RIGHT, SMALL, TITLE
from cardgen.charts.words import width, wrap

ROOM = RIGHT - LEFT
PLOT = 330  # height of the crossing's plot

Part = Text | Shape | Line


class Page:
    """Parts from the top of a page downwards; ``y`` is how far it is filled."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.y = float(style.MARGIN)

    def write(self, text: str, size: float, role: str = "ink", bold: bool = False) -> None:
        """Add a paragraph."""
        for line in wrap(text, ROOM, size, bold):
            self.line(size, (Run(line, role, bold),))

    def line(self, size: float, runs: tuple[Run, ...]) -> None:
        """Add a line of text."""
        self.parts.append(Text(LEFT, self.y + size, size, runs))
        self.y += size * LEADING

    def space(self, height: float) -> None:
        """Leave a gap."""
        self.y += height


def scene(chart: Chart) -> Scene:
    """Return the drawing of a chart."""
    page = Page()
    page.write(chart.title, TITLE, bold=True)
    page.space(2)
    page.write(chart.subtitle, SMALL, "muted")
    for panel in chart.panels:
        page.space(16)
        if isinstance(panel, Crossing):
            _crossing(page, panel)
        elif isinstance(panel, Strip):
            _strip(page, panel)
        else:
            _rows(page, panel)
    page.space(16)
    if chart.note:
        page.write(chart.note, SMALL)
    page.write(chart.source, SMALL, "muted")
    return Scene(math.ceil(page.y + style.MARGIN * 0.6), tuple(page.parts))


def _rows(page: Page, panel: Panel) -> None:
    if panel.heading:
        page.write(panel.heading, LABEL, bold=True)
        page.space(4)
    for row in panel.rows:
        if row.group:
            page.space(4)
            page.write(row.group, LABEL, bold=True)
            page.space(2)
        _words(page, row)
        if row.value is not None and panel.axis is not None:
            _mark(page, row, row.value, panel.axis)
        page.space(10)
    if panel.axis is not None:
        _ticks(page, panel.axis)


def _words(page: Page, row: Row) -> None:
    """Add the label with value and detail, on as many lines as they need."""
    label, value = Run(row.label), Run(row.words, bold=row.value is not None)
    detail = [Run(row.detail, "muted")] if row.detail else []
    for runs in ([label, value, *detail], [label, value], [label]):
        if _wide(runs) <= ROOM or len(runs) == 1:
            break
    rest = [run for run in (value, *detail) if run not in runs]
    page.line(LABEL, tuple(runs))
    if rest:
        page.line(LABEL, tuple(rest))


def _wide(runs: list[Run]) -> float:
    return sum(width(run.words, LABEL, run.bold) for run in runs) + GAP * (len(runs) - 1)


def _mark(page: Page, row: Row, value: float, axis: Axis) -> None:
    """Add the mark of a row, its interval, and the lines of the axis behind both."""
    height, radius = style.HEIGHTS.get(row.shape, 2 * style.RADII["diamond"]), style.RADII.get(row.shape, 0)
    page.space(5)
    top, middle, bottom = page.y, page.y + height / 2, page.y + height
    for tick, _ in axis.ticks:
        page.parts.append(Line(((place(axis, tick), top - 3), (place(axis, tick), bottom + 3)), "grid", 1.5))
    role, x, start = f"mark{row.colour}", place(axis, value), place(axis, axis.start)
    fill = role if row.filled else "page"
    if not radius:
        page.parts.append(Shape(((start, top), (x, top), (x, bottom), (start, bottom)), fill, role, 2.5))
    if interval := reach(axis, row):
        _interval(page, *interval, middle, on_bar=not radius)
    if row.shape == "diamond":
        corners = ((x, middle - radius), (x + radius, middle), (x, middle + radius), (x - radius, middle))
        page.parts.append(Shape(corners, fill, role, 2.5))
    elif radius:
        page.parts.append(Shape(((x, middle),), fill, role, 2.5, radius))
    page.y = bottom + 3


def _interval(page: Page, low: float, high: float, y: float, on_bar: bool) -> None:
    """Add an interval with its end caps; on a bar a rim of the page's colour sets it off."""
    for role, line_width in ((("page", 6.0),) if on_bar else ()) + (("ink", 2.0),):
        rim = (line_width - 2) / 2
        page.parts.append(Line(((low - rim, y), (high + rim, y)), role, line_width))
        for x in (low, high):
            page.parts.append(Line(((x, y - 4 - rim), (x, y + 4 + rim)), role, line_width))


def _ticks(page: Page, axis: Axis) -> None:
    for x, label in shown_ticks(axis):
        page.parts.append(Text(x, page.y + SMALL * 0.8, SMALL, (Run(label, "muted"),), "middle"))
    page.y += SMALL * LEADING


def _crossing(page: Page, plot: Crossing) -> None:
    """Add a plot of two lines that cross."""
    top, base = page.y + 8, page.y + 8 + PLOT

    def at(x: float, y: float) -> tuple[float, float]:
        return place(plot.across, x), base - PLOT * plot.up.share(y)

    right, highest = plot.across.end, plot.up.end
    slope = plot.level / plot.at
    for tick, _ in plot.across.ticks:
        page.parts.append(Line((at(tick, 0), at(tick, highest)), "grid", 1.5))
    page.parts.append(Shape((at(0, 0), *_edge(at, plot.fast, right, highest), *_edge(at, plot.slow, right, highest)[::-1]),
                            "mark1", opacity=style.BAND))  # fmt: skip
    page.parts.append(Line((at(0, 0), at(right, 0)), "ink", 2))
    page.parts.append(Line((at(0, plot.level), at(right, plot.level)), "mark0", 4, dashed=not plot.level_filled))
    page.parts.append(Line((at(0, 0), _edge(at, slope, right, highest)[0]), "mark1", 4, dashed=not plot.rise_filled))
    x, y = at(plot.at, plot.level)
    page.parts.append(Line(((x, y), (x, base)), "ink", 1.5, dashed=True))
    page.parts.append(Shape(((x, y),), "ink", "page", 2, radius=style.RADII["dot"]))
    _beside(page, plot.level_label, LEFT + 10, y - 12, x - LEFT - 42, "start", upwards=True)
    lift = top + LABEL + 4
    lean = at((highest * 0.87) / slope, 0)[0]
    _beside(page, plot.rise_label, lean - 14, lift, lean - LEFT - 32, "end")
    _beside(page, plot.crossing_label, x + 16, y + LABEL + 16, RIGHT - x - 16, "start")
    page.y = base + 6
    _ticks(page, plot.across)


def _strip(page: Page, plot: Strip) -> None:
    """Add groups of marks side by side above one axis, and the names of the groups below them."""
    base, left = page.y + 8 + PLOT, LEFT + 56
    count = sum(len(rows) for _, rows in plot.groups)
    apart = (RIGHT - left) / (count + len(plot.groups))

    def at(value: float) -> float:
        return base - PLOT * min(max(plot.up.share(value), 0.0), 1.0)

    for tick, label in plot.up.ticks:
        strong = tick == plot.level
        page.parts.append(Line(((left, at(tick)), (RIGHT, at(tick))), "ink" if strong else "grid", 1.5))
        page.parts.append(Text(left - 8, at(tick) + SMALL * 0.35, SMALL, (Run(label, "muted"),), "end"))
    x, page.y = left + apart / 2, base + 6
    for number, (name, rows) in enumerate(plot.groups):
        start = x
        for row in rows:
            assert row.value is not None and row.low is not None and row.high is not None
            role = f"mark{row.colour}"
            page.parts.append(Line(((x, at(row.low)), (x, at(row.high))), role, 4))
            page.parts.append(Shape(((x, at(row.value)),), "ink" if row.filled else "page", "ink", 2, radius=5))
            if row.words:
                page.parts.append(Text(x + 9, at(row.value) + SMALL * 0.35, SMALL, (Run(row.words, bold=True),), halo=True))
            x += apart
        line = page.y + SMALL * (0.8 + LEADING * (number % 2))  # names stand on two lines by turns, so that they do not touch
        middle = max((start + x - apart) / 2, left + width(name, SMALL) / 2)
        page.parts.append(Text(middle, line, SMALL, (Run(name, "muted"),), "middle"))
        x += apart
    page.y += 2 * SMALL * LEADING


def _edge(at, slope: float, right: float, highest: float) -> list[tuple[float, float]]:
    """Return where a line from zero leaves the plot, and the corner behind it when it leaves through the top."""
    if slope * right <= highest:
        return [at(right, slope * right)]
    return [at(highest / slope, highest), at(right, highest)]


def _beside(page: Page, text: str, x: float, y: float, room: float, anchor: str, upwards: bool = False) -> None:
    """Add a label of several lines beside a mark; ``upwards`` has its last line at y."""
    lines = wrap(text, room, LABEL)
    first = y - (len(lines) - 1) * LABEL * LEADING if upwards else y
    for i, line in enumerate(lines):
        page.parts.append(Text(x, first + i * LABEL * LEADING, LABEL, (Run(line),), anchor, halo=True))
