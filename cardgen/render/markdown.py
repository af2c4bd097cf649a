"""The Markdown section of a card, and the same text as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from cardgen.render import figures, gaps, statements, words
from cardgen.render.method import method
from cardgen.render.text import Markdown, address, alternative, escape, path
from cardgen.resources import resource

if TYPE_CHECKING:
    from jinja2 import Environment
    from markdown_it.token import Token

MOST_DISAGREEMENTS = 3  # on a card; the report shows all
_TAGS = {"p", "strong", "em", "sub", "span", "a", "img", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "code",
         "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "section"}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}, "th": {"scope", "class"}, "td": {"class"},
               "section": {"class", "tabindex", "aria-label"}}  # fmt: skip


class Chart(Protocol):
    """What is shown of a chart beside its picture; all plain text."""

    name: str
    title: str
    subtitle: str
    source: str
    description: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def section(
    document: figures.Document,
    charts: Iterable[Chart] = (),
    assets: str = "environment/",
    heading: str | None = "Environmental impact",
    level: int = 2,
) -> str:
    """Return the environmental section of a card as Markdown; without heading, what stands below an existing one.

    ``charts`` are shown as ``{assets}{name}.svg``, a path relative to the card.
    """
    hashes = Markdown("#" * level)
    return _rendered("section.md.jinja", view(document), heading=heading, hashes=hashes, charts=list(charts), assets=assets)


def summary(document: figures.Document) -> str:
    """Return the part of the section between the first sentence and the charts, as Markdown."""
    return _rendered("summary.md.jinja", view(document))


def linked_summary(shown: Mapping[str, Any]) -> str:
    """Return the same of a whole view, with a link from each figure to the step that it comes from."""
    return _rendered("summary.md.jinja", shown)


def fragment(markdown: str, caption: str = "Energy and carbon by phase") -> str:
    """Return a section as HTML; its table gets a caption, row headers, and a region of its own that scrolls.

    The text was escaped when it became Markdown; nh3 is there should that ever fail.
    """
    import nh3
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    html = parser.renderer.render(_described(parser.parse(markdown), caption), parser.options, {})
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel=None)


def view(document: figures.Document, complete: bool = False) -> Mapping[str, Any]:
    """Return everything that the templates say, as plain text; ``complete`` is the report, which says more than the card."""
    most = None if complete else MOST_DISAGREEMENTS
    numbered = figures.cited(document, most)
    sources = document.get("sources") or {}
    found = method(document, numbered, complete)
    return {
        "answer": words.answer(document),
        "table": words.table(document, numbered),
        "lines": statements.lines(document, numbered),
        "equivalents": statements.equivalents(document, numbered),
        "reported": statements.reported(document),
        "publication": next((r["source"] for r in document.get("reported") or () if r.get("source")), None),
        "not_included": gaps.not_included(document),
        "not_reported": gaps.not_reported(document),
        "groups": found.groups,
        "steps": found.steps if complete else {},
        "rows": found.rows,
        "widths": found.widths,
        "first_step": found.steps.get(str((words.headline(document) or {}).get("derivation"))),
        "disagreements": statements.disagreements(document, numbered)[:most],
        "drivers": gaps.drivers(words.headline(document)),
        "advice": gaps.advice(document, words.headline(document)),
        "sources": [(number, sources[name]) for name, number in numbered.items()],
        "errors": statements.problems(document, "error"),
        "problems": statements.problems(document, "warning"),
        "notes": document.get("notes") or (),
        "edition": document.get("factors_edition"),
    }


def _rendered(template: str, *context: Any, **more: Any) -> str:
    text = _environment().get_template(template).render(*context, **more)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _environment() -> Environment:
    """Return the environment of the Markdown templates: every value is escaped but what is Markdown already."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(lambda name: resource("templates", name)), undefined=StrictUndefined, autoescape=False,
        trim_blocks=True, lstrip_blocks=True, finalize=lambda value: value if isinstance(value, Markdown) else escape(value),
    )  # fmt: skip
    environment.filters.update(
        alternative=alternative, capital=capital, link=_link, image_path=lambda name: Markdown(path(name)), ready=Markdown,
        between=_between, linked=_linked, steps=_steps, ordinal=lambda number: Markdown(f"{number}."),
        below=lambda number: Markdown(" " * len(f"{number}. ")),
    )  # fmt: skip
    return environment


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _link(text: object, url: object) -> Markdown:
    """Return a text as a link where the address is one of the web, else the text alone."""
    target = address(url) if url else None
    return Markdown(f"[{escape(text)}]({target})") if target else escape(text)


def _linked(text: str, figure: figures.Figure, steps: Mapping[str, int]) -> Markdown:
    """Return a cell as a link to the step that its figure comes from; the cell alone where the page shows no such step."""
    number = steps.get(str(figure.get("derivation"))) if figure else None
    return Markdown(f"[{escape(text, within=True)}](#step-{number})") if number else escape(text)


def _steps(found: Iterable[figures.Figure], steps: Mapping[str, int]) -> Markdown:
    """Return links to the steps of some figures, in brackets after a space; nothing where the page shows none."""
    numbers = dict.fromkeys(steps[str(f["derivation"])] for f in found if f and str(f.get("derivation")) in steps)
    links = figures.joined([f"[{number}](#step-{number})" for number in numbers])
    return Markdown(f" (step{'s' if len(numbers) > 1 else ''} {links})" if numbers else "")


def _between(text: str) -> Markdown:
    """Return a piece of a formula, escaped, with the spaces at its ends: " × "."""
    inner = text.strip()
    start = text[: len(text) - len(text.lstrip())] and " "
    end = text[len(text.rstrip()) :] and " "
    return Markdown(f"{start}{escape(inner, within=True)}{end}" if inner else " ")


def _described(tokens: list[Token], caption: str) -> list[Token]:
    """Return the tokens with what HTML tables need: caption, scopes, a class for numbers, and a region that scrolls."""
    from markdown_it.token import Token

    def html(content: str) -> Token:
        return Token("html_block", "", 0, content=content)

    label = escape(caption)
    result: list[Token] = []
    row_header = in_body = False
    for token in tokens:
        if token.type == "table_open":
            result.append(html(f'<section class="scroll" tabindex="0" aria-label="{label}">\n'))
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if "right" in style:
                token.attrs["class"] = "number"
        if token.type == "th_open":
            token.attrs["scope"] = "col"
        in_body = token.type == "tbody_open" or (in_body and token.type != "tbody_close")
        if in_body and token.type == "td_open" and result[-1].type == "tr_open":
            token.tag, token.attrs["scope"], row_header = "th", "row", True
        if token.type == "td_close" and row_header:
            token.tag, row_header = "th", False
        result.append(token)
        if token.type == "table_open":
            result.append(html(f"<caption>{label}</caption>\n"))
        if token.type == "table_close":
            result.append(html("</section>\n"))
    return result
