"""A chart as PNG: the drawing of the SVG, shown by matplotlib in light colours and in the font that matplotlib brings along."""

from __future__ import annotations

import io
import threading
from typing import Any

from cardgen.charts.chart import Chart, digest
from cardgen.charts.layout import scene
from cardgen.charts.scene import Line, Shape, Text
from cardgen.charts.style import GAP, WIDTH, colour
from cardgen.charts.words import legal

_INCH = 72  # at 72 units to the inch, letters and lines are as large in matplotlib's points as in the view box
_ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings belong to the whole process


def paint(chart: Chart, scale: float) -> bytes:
    """Return a chart as PNG, in the default settings of matplotlib whatever the user's are."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    drawing = scene(chart)
    with _ONE_AT_A_TIME, matplotlib.rc_context():
        matplotlib.rcdefaults()
        figure = Figure(figsize=(WIDTH / _INCH, drawing.height / _INCH), dpi=_INCH * scale, facecolor=colour("page"))
        canvas = FigureCanvasAgg(figure)
        place = Affine2D().scale(scale, -scale).translate(0, drawing.height * scale)
        for order, part in enumerate(drawing.parts):
            for artist in _text(part, scale, canvas, place) if isinstance(part, Text) else [_shape(part, place)]:
                artist.set_zorder(order)
                figure.add_artist(artist)
        stream = io.BytesIO()
        canvas.print_png(stream, metadata={"Software": None, "data-digest": digest(chart)})
    return stream.getvalue()


def _shape(part: Shape | Line, place: Any) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, Polygon

    if isinstance(part, Line):
        dashes: Any = (0, (8 / part.width, 6 / part.width)) if part.dashed else "-"
        return Line2D(*zip(*part.points), color=colour(part.stroke), linewidth=part.width, linestyle=dashes, dash_capstyle="butt",
                      solid_capstyle="butt", transform=place)  # fmt: skip
    look = {
        "facecolor": (colour(part.fill), part.opacity) if part.fill else "none",
        "edgecolor": colour(part.stroke) if part.stroke else "none",
        "linewidth": part.width,
        "transform": place,
    }
    return Circle(part.points[0], part.radius, **look) if part.radius else Polygon(part.points, closed=True, joinstyle="miter", **look)


def _text(part: Text, scale: float, canvas: Any, place: Any) -> list[Any]:
    """Return the runs of a line of text, one beside the other."""
    from matplotlib.patheffects import withStroke
    from matplotlib.text import Text as Words

    halo = [withStroke(linewidth=5, foreground=colour("page"))] if part.halo else None
    renderer, x, artists = canvas.get_renderer(), part.x, []
    for run in part.runs:
        words = Words(x, part.y, _drawable(run.words), color=colour(run.role), fontproperties=_font(run.bold, part.size),
                      ha={"start": "left", "middle": "center", "end": "right"}[part.anchor], va="baseline", parse_math=False,
                      usetex=False, transform=place, path_effects=halo)  # fmt: skip
        words.set_figure(canvas.figure)
        artists.append(words)
        x += words.get_window_extent(renderer).width / scale + GAP
    return artists


def _font(bold: bool, size: float) -> Any:
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf", size=size)


def _drawable(text: str) -> str:
    """Return a text with a box for each character that DejaVu Sans lacks, so that matplotlib has nothing to warn about."""
    from matplotlib import get_data_path
    from matplotlib.font_manager import get_font

    known = get_font(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf").get_charmap()
    shown = (c for c in legal(text) if not 0x200B <= ord(c) <= 0x200F and not 0x2066 <= ord(c) <= 0x2069 and not 0xFE00 <= ord(c) <= 0xFE0F)
    return "".join(c if ord(c) in known else "\u25a1" for c in shown)
