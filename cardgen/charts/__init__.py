"""The pictures of an assessment: ``charts`` says which there are and what they tell, ``svg`` and ``png`` draw one.

A picture is one module beside this one, found by its name, with two names of its own: ``PLACE``, its place on the page, and
``chart``, a function from the assessment's JSON to a ``Chart``, or to None where the picture would be pointless.
Only ``png`` imports matplotlib.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from cardgen.charts.chart import Chart, digest, read_digest

_DRAWING = ("layout", "raster", "scene", "vector")  # loaded when a picture is drawn, not when it is made out

__all__ = ["Chart", "digest", "draw", "pictures", "png", "read_digest", "svg"]


@cache
def pictures() -> Mapping[str, Callable[[Mapping[str, Any]], Chart | None]]:
    """Return the function of each picture by the picture's name, in the order of the page."""
    modules = [(name, import_module(f"{__name__}.{name}")) for _, name, _ in pkgutil.iter_modules(__path__) if name not in _DRAWING]
    found = sorted((module.PLACE, name, module.chart) for name, module in modules if hasattr(module, "PLACE"))
    return {name.replace("_", "-"): function for _, name, function in found}


def draw(document: Mapping[str, Any]) -> dict[str, Chart]:
    """Return the charts of an assessment by name, in the order of the page, without those that would be pointless."""
    made = (function(document) for function in pictures().values())
    return {chart.name: chart for chart in made if chart is not None}


def svg(chart: Chart) -> str:
    """Return a chart as SVG with its own light and dark colours; every id in it begins with the chart's name."""
    from cardgen.charts.vector import write

    return write(chart)


def png(chart: Chart, scale: float = 2) -> bytes:
    """Return a chart as PNG in light colours, 720 × scale pixels wide."""
    from cardgen.charts.raster import paint

    return paint(chart, scale)
