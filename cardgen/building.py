"""What ``build`` writes: every file is a view of the assessment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def build(document: Mapping[str, Any], *, heading: str = "Environmental impact", png: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file: section, report, assessment, charts. Same assessment, same bytes."""
    from cardgen.charts import charts, svg
    from cardgen.listing import as_json
    from cardgen.render import report, section

    pictures = charts(document)
    drawings = {name: svg(chart) for name, chart in pictures.items()}
    yield "assessment.json", as_json(document).encode()
    for name, drawing in drawings.items():
        yield f"charts/{name}.svg", drawing.encode()
    if png:
        from cardgen.charts import png as painted

        for name, chart in pictures.items():
            yield f"charts/{name}.png", painted(chart)
    shown = list(pictures.values())
    text = section(document, shown, assets="charts/", heading=heading)
    yield "environmental-impact.md", text.encode()
    yield "environmental-impact.html", report(document, shown, drawings).encode()
