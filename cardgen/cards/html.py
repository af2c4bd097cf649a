"""The HTML of a card that is open at a place, as browsers see it: what is written there becomes a part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardgen.cards.blocks import Block, Body, inline_html

# What changes how a section in it is shown. Elements that end by themselves, or only frame text, are not among them.
_RAW = {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"}
_ELEMENTS = _RAW | {
    "details", "summary", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "div", "center", "select", "pre", "template",
    "button", "object", "svg", "math", "video", "audio", "canvas",
}  # fmt: skip
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-z][\w-]*)(?=[\s/>]|$)[^>]*", re.IGNORECASE | re.DOTALL)
Open = list[tuple[str, int]]  # names and lines of elements, the outermost first


def open_before(body: Body) -> Iterator[tuple[Block | None, Open]]:
    """Yield each block with the elements that are open before it, and None with those that are open at the end; look at once."""
    opened: Open = []
    comment = False
    for block in body.blocks:
        yield block, opened
        least = len(opened)
        for token in block.tokens:
            html = token.content if token.type == "html_block" else inline_html(token.content) if token.type == "inline" else ""
            line = block.first + token.map[0] if token.map else block.start
            comment = _followed(opened, html, line, comment)
            least = min(least, len(opened))
        if block.kind not in ("html_block", "paragraph_open"):
            del opened[least:]  # the end of a list, a quote or a heading ends what opens in it
    yield None, opened


def _followed(opened: Open, html: str, line: int, comment: bool) -> bool:
    """Bring the open elements up to date with some HTML; return whether a comment is open after it."""
    begin = html.find("-->") if comment else 0
    if begin < 0:
        return True
    comment, counted = False, 0
    for match in _TAG.finditer(html, begin):
        raw = opened[-1][0] if opened and opened[-1][0] in _RAW else None
        name = (match[2] or "").casefold()
        if not name:
            comment = raw is None and not match[0].endswith("-->")
        elif match[1]:
            last = next((at for at in range(len(opened) - 1, -1, -1) if opened[at][0] == name), None)
            if last is not None and raw in (None, name):
                del opened[last:]
        elif name in _ELEMENTS and raw is None:
            line, counted = line + html.count("\n", counted, match.start()), match.start()
            opened.append((name, line))
    return comment
