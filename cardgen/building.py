"""What ``build`` writes: every file is a view of the assessment."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any


def build(document: Mapping[str, Any], *, heading: str = "Environmental impact", png: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file: section, report, assessment, charts. Same assessment, same bytes."""
    from cardgen.charts import draw, svg
    from cardgen.listing import as_json
    from cardgen.render import report, section

    pictures = draw(document)
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


def stale(folder: Path, names: Container[str]) -> list[Path]:
    """Return the charts of an earlier build in a folder that are not among the names; other files are left alone."""
    from cardgen.charts import read_digest

    found = sorted(path for ending in ("svg", "png") for path in (folder / "charts").glob(f"*.{ending}") if path.is_file())
    return [path for path in found if f"charts/{path.name}" not in names and read_digest(path.read_bytes())]
