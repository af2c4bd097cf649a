"""What a card states under a name: bullets, paragraphs and rows of tables, "name: value", each with its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

from cardgen.cards.blocks import Block, Body, words
from cardgen.cards.headings import is_own

_BOLD = re.compile(r"\s*(?:[-+*]\s+)?(?:\*\*|__)(?P<label>[^*_\n]{1,200}?)\s*:?\s*(?:\*\*|__)\s*:?\s*(?P<value>.*)", re.DOTALL)
_PLAIN = re.compile(r"\s*(?:[-+*]\s+)?[*_]?(?P<label>[^:|\n*_]{1,200}?)\s*[*_]?:[*_]?(?:(?:\s+|(?=\d))(?P<value>.*)|\s*)$", re.DOTALL)
_FIGURE = re.compile(r"emission|emitted|footprint|energy|electricity|hours", re.IGNORECASE)  # what a column of figures is called
_LONGEST = 4000  # characters of a value that are read
_MOST_ROWS = 400  # of a table; a longer one is data


@dataclass(frozen=True)
class Statement:
    """A name and what stands after it, as the card shows both; line and column of the value, from 1.

    ``group`` is the same for statements that belong together: those of a section, or of one row of a table with columns.
    """

    label: str
    value: str
    line: int
    column: int
    group: tuple[int, int]
    own: bool  # in the environmental section
    row: str | None = None  # the name of the row in a table with columns


def statements(body: Body, managed: range = range(0)) -> list[Statement]:
    """Return what a card states, in order, but for what cardgen wrote between its markers."""
    return list(_all(body, managed))


def _all(body: Body, managed: range) -> Iterator[Statement]:
    section, level, own = 0, 0, False
    for number, block in enumerate(body.blocks):
        if block.level:
            if not own or block.level <= level:
                own, level = is_own(block), block.level
            section = number
        elif block.start in managed:
            continue
        elif block.kind == "table_open":
            yield from _table(body, block, number, own)
        elif block.kind == "html_block":
            yield from _html(body, block, number, own)
        else:
            yield from _inline(body, block, (section, -1), own)


def _inline(body: Body, block: Block, group: tuple[int, int], own: bool) -> Iterator[Statement]:
    """Yield the statements in paragraphs and list items; a line without a name goes on with the value before it."""
    for token in block.tokens:
        if token.type != "inline" or not token.map:
            continue
        waiting: tuple[str, list[str], int] | None = None
        for number, line in enumerate(token.content.split("\n")):
            match = _BOLD.match(line) or _PLAIN.match(line)
            if match:
                if waiting:
                    yield _stated(body, *waiting, group, own)
                waiting = (match["label"], [match["value"] or ""], token.map[0] + body.first + number)
            elif waiting:
                waiting[1].append(line)
        if waiting:
            yield _stated(body, *waiting, group, own)


def _stated(
    body: Body, label: str, value: Iterable[str], line: int, group: tuple[int, int], own: bool, row: str | None = None
) -> Statement:
    parts = list(value)
    source = "\n".join(parts)[:_LONGEST]
    return Statement(words(label), words(source), line + 1, _column(body, line, parts[0]), group, own, row)


def _column(body: Body, line: int, value: str) -> int:
    """Return the column where a value begins, from 1; of nothing, the end of the line."""
    source, wanted = body.text.line(line), value.strip()[:40]
    found = source.rfind(wanted) if wanted else len(source.rstrip())
    return max(found, 0) + 1


def _table(body: Body, block: Block, number: int, own: bool) -> Iterator[Statement]:
    rows: list[tuple[int, list[str]]] = []
    for token in block.tokens:
        if token.type == "tr_open" and token.map:
            rows.append((token.map[0] + body.first, []))
        elif token.type == "inline" and rows:
            rows[-1][1].append(token.content)
    yield from _rows(body, rows[: _MOST_ROWS + 1], number, own)


def _rows(body: Body, rows: list[tuple[int, list[str]]], number: int, own: bool) -> Iterator[Statement]:
    """Yield the statements of a table: of two columns each row is one, of more each cell under the name of its column."""
    if not rows:
        return
    if all(len(cells) == 2 for _, cells in rows):
        for line, (label, value) in rows:
            yield _stated(body, label, [value], line, (number, -1), own)
    header = rows[0][1]
    has_columns = len(header) > 2 or (len(header) == 2 and _FIGURE.search(header[1]))
    for row, (line, cells) in enumerate(rows[1:]):
        if has_columns:
            for label, value in zip(header, cells):
                yield _stated(body, label, [value], line, (number, row), own, words(cells[0]))


def _html(body: Body, block: Block, number: int, own: bool) -> Iterator[Statement]:
    """Yield the statements of tables in HTML."""
    if "<tr" not in block.content.casefold():
        return
    reader = _Tables()
    try:
        reader.feed(block.content)
    except AssertionError:  # what the parser of the standard library makes of some broken declarations
        return
    for table, rows in enumerate(reader.tables):
        placed = [(line + block.start, cells) for line, cells in rows[: _MOST_ROWS + 1] if cells]
        yield from _rows(body, placed, -number - 1000 * table - 1, own)


class _Tables(HTMLParser):
    """The rows of each table, as lines and texts of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[tuple[int, list[str]]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" or not self.tables:
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append((self.getpos()[0] - 1, []))
        elif tag in ("td", "th") and self.tables[-1]:
            if not self.tables[-1][-1][1]:
                self.tables[-1][-1] = (self.getpos()[0] - 1, [])
            self.tables[-1][-1][1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th", "tr", "table")

    def handle_data(self, data: str) -> None:
        if self.inside and self.tables and self.tables[-1] and self.tables[-1][-1][1]:
            self.tables[-1][-1][1][-1] += data
