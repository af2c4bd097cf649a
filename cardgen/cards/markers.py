"""The two comments that hold the section: ``<!-- cardgen:begin run=PATH -->`` and ``<!-- cardgen:end -->``."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from cardgen.cards.blocks import Block, Body
from cardgen.cards.refusal import refused

END = "<!-- cardgen:end -->"
_MARKER = re.compile(r" {0,3}<!--[ \t]*cardgen:(begin|end)(?:[ \t]+run=(.*?))?[ \t]*-->[ \t]*")
_BEGIN = re.compile(r"<!--[ \t]*cardgen:begin\b")
_HINT = 'the section stands between "<!-- cardgen:begin run=PATH -->" and "<!-- cardgen:end -->", once in a card'
_ESCAPED = re.compile(r"%(?=[0-9A-Fa-f]{2})|[\x00-\x20<>\x7f]")
_HIDING = re.compile(r"<(pre|script|style|textarea)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Marker:
    """A marker in a line of the card; ``run`` is the path of the run file that an opening one names."""

    line: int
    kind: str
    run: str | None


def begin(run: str) -> str:
    """Return the opening marker; what could end the comment or the line is written as %XX.

    >>> begin("environment/my run.yaml")
    '<!-- cardgen:begin run=environment/my run.yaml -->'
    """
    inner = _ESCAPED.sub(lambda match: match[0] if match[0] == " " else f"%{ord(match[0]):02X}", run)
    stripped = inner.strip(" ")
    before, after = len(inner) - len(inner.lstrip(" ")), len(inner) - len(inner.rstrip(" "))
    return f"<!-- cardgen:begin run={'%20' * before}{stripped}{'%20' * after if stripped else ''} -->"


def markers(body: Body) -> list[Marker]:
    """Return the markers of a card in order: comments alone in their line, in no fence, quote, list or other comment."""
    return [marker for block in body.blocks if block.kind == "html_block" for marker in _in_html(body, block)]


def _in_html(body: Body, block: Block) -> Iterator[Marker]:
    hidden = bool(_HIDING.match(block.content.lstrip()))
    for line in range(block.start, block.end):
        source = body.text.line(line)
        match = None if hidden else _MARKER.fullmatch(source)
        if match:
            yield Marker(line, match[1], unquote(match[2]) if match[2] else None)
        hidden = _left_open(source, hidden)


def set_aside(body: Body, used: Container[int]) -> list[int]:
    """Return the lines where an opening marker stands that is none to Markdown, as in code, a list or a quote."""
    if "cardgen:begin" not in body.text.content:
        return []
    known = {marker.line for marker in markers(body)}
    lines = (line for line in range(body.first, body.end) if line not in used and line not in known)
    return [line for line in lines if _BEGIN.search(body.text.line(line))]


def open_comment(body: Body, line: int) -> int | None:
    """Return the line where HTML opens a comment that is still open at a line, as browsers see it, None where none is."""
    opened: int | None = None
    for block in body.blocks:
        if block.start >= line:
            break
        if block.kind == "html_block" and _left_open(block.content, opened is not None):
            opened = block.start if opened is None else opened
        elif block.kind == "html_block":
            opened = None
    return opened


def _left_open(source: str, hidden: bool) -> bool:
    """Return whether a comment is open after some HTML."""
    if hidden and "-->" not in source:
        return True
    rest = source.rsplit("-->", 1)[-1] if hidden else source
    return rest.rfind("<!--") > rest.rfind("-->")


def region(body: Body) -> tuple[int, int] | None:
    """Return the lines of the two markers, None where there are none; raises CardError when they are not one pair."""
    found = markers(body)
    opening: Marker | None = None
    pair: tuple[int, int] | None = None
    for marker in found:
        if marker.kind == "begin" and opening is not None:
            raise _refused(f"a section begins here and another in line {opening.line + 1}, without an end between", marker.line)
        if marker.kind == "begin":
            opening = marker
        elif opening is None:
            earlier = f" after the one in line {pair[1] + 1}" if pair else ""
            raise _refused(f"a section ends here{earlier}, but none begins", marker.line)
        else:
            if pair:
                raise _refused(f"a second section stands here, the first in line {pair[0] + 1}", opening.line)
            pair, opening = (opening.line, marker.line), None
    if opening:
        raise _refused(f"a section begins here and does not end{_swallowed(body, opening.line)}", opening.line)
    return pair


def _swallowed(body: Body, after: int) -> str:
    """Return where an end marker stands that Markdown does not see, in words."""
    for line in range(after + 1, body.end):
        if "cardgen:end" in body.text.line(line):
            block = body.block_at(line)
            return f"; the marker in line {line + 1} is part of what opens in line {block.start + 1}" if block else ""
    return ""


def _refused(message: str, line: int) -> Exception:
    return refused("CG408", message, _HINT, (line + 1, 1))
