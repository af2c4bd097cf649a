"""The body of a card as the blocks that Markdown makes of it, each with the lines that it takes up."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from cardgen.cards.refusal import refused
from cardgen.cards.text import Text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPEST = 100  # a list takes up two levels, a quote one; what is deeper, the parser leaves out, and all that follows with it
_LEAVES = {"inline", "fence", "code_block", "html_block", "hr"}


@dataclass(frozen=True)
class Block:
    """A block that stands in no other: ``start`` and ``end`` are lines of the card, the end not included."""

    start: int
    end: int
    tokens: tuple[Token, ...]
    first: int  # the line of the card where the body begins

    @property
    def kind(self) -> str:
        return self.tokens[0].type

    @property
    def level(self) -> int:
        """The level of a heading, 0 for any other block."""
        return int(self.tokens[0].tag[1]) if self.kind == "heading_open" else 0

    @property
    def content(self) -> str:
        """The source of a heading, a paragraph, a code block or HTML; empty for what holds other blocks."""
        return "" if self.kind not in ("heading_open", "paragraph_open", *_LEAVES) else next(
            (token.content for token in self.tokens if token.type in _LEAVES), "")  # fmt: skip

    @cached_property
    def whole(self) -> tuple[Any, ...]:
        """Everything that decides how the block is shown."""
        return tuple((t.type, t.tag, t.markup, t.info, t.content.rstrip("\n"), t.hidden, *t.attrs.items()) for t in self.tokens)

    def leaves(self, gone: set[int]) -> tuple[str, ...]:
        """Return the texts in the block but for those in lines that are gone."""
        return tuple(t.content.rstrip("\n") for t in self.tokens if t.type in _LEAVES and t.content and not self.lines(t) & gone)

    def lines(self, token: Token) -> set[int]:
        """Return the lines of the card that a token takes up."""
        return set(range(token.map[0] + self.first, token.map[1] + self.first)) if token.map else set()


@dataclass(frozen=True)
class Body:
    """The blocks of a card from the line where its body begins."""

    text: Text
    first: int
    blocks: tuple[Block, ...]

    @cached_property
    def headings(self) -> list[Block]:
        return [block for block in self.blocks if block.level]

    @property
    def end(self) -> int:
        """The line after the last one."""
        return len(self.text.starts)

    def section_end(self, heading: Block, managed: Container[int] = ()) -> int:
        """Return the line where the section under a heading ends: at the next heading of its level or above.

        Headings in lines that cardgen manages end nothing.
        """
        after = (b.start for b in self.headings if b.start > heading.start and b.level <= heading.level and b.start not in managed)
        return next(after, self.end)

    def block_at(self, line: int) -> Block | None:
        return next((block for block in self.blocks if block.start <= line < block.end), None)


def parse(text: Text, first: int) -> Body:
    """Return the body of a card that begins at a line; a heading in a fence, a comment or a quote is no heading of it."""
    tokens = _parser(DEEPEST).parse(text.content[text.offset(first) :])
    deep = next((t for t in tokens if t.level >= DEEPEST - 1 and t.type in ("list_item_open", "blockquote_open")), None)
    if deep:
        line = first + (deep.map[0] if deep.map else 0)
        raise refused("CG419", "the card is nested too deep here", "no list needs more than ten levels", (line + 1, 1))
    return Body(text, first, tuple(_blocks(tokens, first)))


def _blocks(tokens: list[Token], first: int) -> Iterable[Block]:
    begin = depth = 0
    for number, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            start, end = tokens[begin].map or (0, 0)
            yield Block(start + first, end + first, tuple(tokens[begin : number + 1]), first)
            begin = number + 1


def words(source: str) -> str:
    """Return the text that a line of Markdown shows, without emphasis, links, pictures and HTML.

    >>> words('**Carbon** <a name="x"></a>[footprint](https://example.org)')
    'Carbon footprint'
    """
    if not re.search(r"[*_`\[\]<>&\\!~]", source):
        return " ".join(source.split())
    tokens: list[Token] = []
    _parser().inline.parse(source, _parser(), {}, tokens)
    shown = []
    for token in tokens:
        shown.append(" " if token.type in ("softbreak", "hardbreak") else "" if token.type in ("image", "html_inline") else token.content)
    return " ".join("".join(shown).split())


def inline_html(source: str) -> str:
    """Return the HTML in a line of Markdown, without the rest and without code.

    >>> inline_html("a <b>c</b> `<div>`")
    '<b></b>'
    """
    if "<" not in source:
        return ""
    tokens: list[Token] = []
    _parser().inline.parse(source, _parser(), {}, tokens)
    return "".join(token.content for token in tokens if token.type == "html_inline")


@cache
def _parser(deepest: int = 20) -> MarkdownIt:
    """Return a parser of blocks as GitHub and the Hub know them; what stands in a line is parsed only on request."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": deepest}).enable(["table", "strikethrough"])
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
