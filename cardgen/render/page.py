"""The report: one HTML file that loads nothing, runs nothing, and opens from disk."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from cardgen.numbers import quantity
from cardgen.render import figures, words
from cardgen.render.markdown import Chart, capital, fragment, linked_summary, view
from cardgen.render.text import address, clean
from cardgen.resources import resource

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_WIDTH = 100.0  # of the line that shows the interval, in its own units


def report(document: figures.Document, charts: Iterable[Chart] = (), svgs: Mapping[str, str] | None = None) -> str:
    """Return the whole report as HTML.

    ``svgs`` holds the picture of each chart by the chart's name. The pictures are cardgen's own and stand in the page as
    they are; all other text is escaped.
    """
    from markupsafe import Markup

    svgs, shown = svgs or {}, view(document, complete=True)
    first = words.answer(document)[0]
    number, _, unit = first.partition(" ") if first[:1].isdigit() else ("", "", first)
    css = resource("templates", "report.css").replace("\r\n", "\n").strip()
    pictures = [(chart, Markup(_inline(svgs[chart.name]))) for chart in charts if chart.name in svgs]  # nosec: made by cardgen
    styles = [css, *(style for _, svg in pictures for style in re.findall(r"<style>(.*?)</style>", svg, re.DOTALL))]
    return _environment().get_template("report.html.jinja").render(
        shown,
        model=document["model"],
        facts=_facts(document["model"]),
        number=number,
        unit=unit,
        meaning=words.meaning(document),
        label=words.label(document),
        gauge=_gauge(words.headline(document)),
        summary=Markup(fragment(linked_summary(shown))),
        pictures=pictures,
        css=Markup(css),
        policy=" ".join(dict.fromkeys(map(_hash, styles))),
        data=Markup(_data(document)),
        file_name=_file_name(document["model"]),
    )  # fmt: skip


def _facts(model: Mapping[str, Any]) -> list[str]:
    version, parameters = model.get("version"), model.get("parameters")
    return [
        str(fact)
        for fact in (
            model.get("organization"),
            model.get("id"),
            f"version {version}" if version else None,
            f"released {model['released']}" if model.get("released") else None,
            f"{quantity(parameters, '1')} parameters" if parameters is not None else None,
            f"from {model['base_model']}" if model.get("base_model") else None,
        )
        if fact
    ]


def _gauge(figure: figures.Figure) -> dict[str, str] | None:
    """Return where the ends of an interval and its value lie on a line from zero; ``None`` where there is no interval."""
    if figure is None or not figures.spread(figure) or figure["high"] <= 0:
        return None
    return {key: f"{_WIDTH * figure[key] / figure['high']:.1f}" for key in ("low", "value", "high")}


def _hash(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def _inline(svg: str) -> str:
    """Return an SVG document as a part of a page: without what stands before its root."""
    return svg[svg.index("<svg") :].strip()


def _data(document: figures.Document) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _file_name(model: Mapping[str, Any]) -> str:
    name = re.sub(r"[^a-z0-9.]+", "-", clean(model.get("id") or model.get("name") or "").lower()).strip("-.")
    return f"{name or 'model'}.assessment.json"


@cache
def _environment() -> Environment:
    """Return the environment of the HTML templates: every value is cleaned and escaped but what is markup already."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup, escape

    def shown(value: object) -> Markup:
        return value if isinstance(value, Markup) else Markup(str(escape(clean(value))).replace("CO₂", "CO<sub>2</sub>"))

    def between(piece: str) -> Markup:
        return Markup(f"{' ' * piece.startswith(' ')}{shown(piece)}{' ' * piece.endswith(' ') if piece.strip() else ''}")

    environment = Environment(
        loader=FunctionLoader(lambda name: resource("templates", name)), undefined=StrictUndefined, autoescape=True,
        trim_blocks=True, lstrip_blocks=True, finalize=shown,
    )  # fmt: skip
    # In an attribute or a title no element may stand, so that CO₂ stays as it is.
    environment.filters.update(plain=lambda value: Markup(escape(clean(value))), address=address, capital=capital, between=between)
    return environment
