"""A chart as SVG: text stays text, colours follow the reader's, and the same chart gives the same bytes."""

from __future__ import annotations

from html import escape

from cardgen.charts.chart import Chart, digest
from cardgen.charts.layout import scene
from cardgen.charts.scene import Line, Run, Shape, Text
from cardgen.charts.style import FAMILY, GAP, SHOWN, WIDTH, colour, sheet
from cardgen.charts.words import legal


def write(chart: Chart) -> str:
    """Return a chart as an SVG document that also stands inside an HTML page."""
    drawing = scene(chart)
    high = _number(drawing.height)
    parts = "\n".join(_part(part) for part in drawing.parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{chart.name}" data-digest="{digest(chart)}" role="img" '
        f'aria-labelledby="{chart.name}-title {chart.name}-desc" '
        f'width="{SHOWN}" height="{_number(drawing.height * SHOWN / WIDTH)}" viewBox="0 0 {WIDTH} {high}" '
        f'font-family="{FAMILY}">\n'
        f'<title id="{chart.name}-title">{_text(chart.title)}</title>\n'
        f'<desc id="{chart.name}-desc">{_text(chart.description)}</desc>\n'
        f"<style>{sheet(chart.name)}</style>\n"
        f'<rect width="{WIDTH}" height="{high}"{_paint("fill", "page")}/>\n'
        f"{parts}\n</svg>\n"
    )


def _part(part: Text | Shape | Line) -> str:
    if isinstance(part, Text):
        return _line_of_text(part)
    if isinstance(part, Line):
        dashes = ' stroke-dasharray="8 6"' if part.dashed else ""
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in part.points)
        return f'<polyline points="{points}"{_paint("stroke", part.stroke)} stroke-width="{_number(part.width)}" fill="none"{dashes}/>'
    look = _paint("fill", part.fill) if part.fill else ' fill="none"'
    if part.stroke:
        look = _paints(part.fill, part.stroke) + f' stroke-width="{_number(part.width)}"'
    if part.opacity < 1:
        look += f' fill-opacity="{_number(part.opacity)}"'
    if part.radius:
        (x, y), *_ = part.points
        return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(part.radius)}"{look}/>'
    return f'<polygon points="{" ".join(f"{_number(x)},{_number(y)}" for x, y in part.points)}"{look}/>'


def _line_of_text(part: Text) -> str:
    anchor = f' text-anchor="{part.anchor}"' if part.anchor != "start" else ""
    halo = ""
    if part.halo:
        halo = f'{_paints("ink", "page")} stroke-width="5" stroke-linejoin="round" paint-order="stroke"'
    spans = "".join(_span(run, first=i == 0, plain=part.halo) for i, run in enumerate(part.runs))
    return f'<text x="{_number(part.x)}" y="{_number(part.y)}" font-size="{_number(part.size)}"{anchor}{halo}>{spans}</text>'


def _span(run: Run, first: bool, plain: bool) -> str:
    look = "" if plain else _paint("fill", run.role)
    bold = ' font-weight="600"' if run.bold else ""
    gap = "" if first else f' dx="{GAP}"'
    return f"<tspan{look}{bold}{gap}>{_text(run.words)}</tspan>"


def _paint(what: str, role: str) -> str:
    return f' class="{what[0]}-{role}" {what}="{colour(role)}"'


def _paints(fill: str, stroke: str) -> str:
    return f' class="f-{fill} s-{stroke}" fill="{colour(fill)}" stroke="{colour(stroke)}"'


def _number(value: float) -> str:
    """Return a length with two decimals at most: finer differences between machines vanish."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _text(text: str) -> str:
    return escape(legal(text), quote=False)
