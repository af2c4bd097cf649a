"""A card as text: its byte-order mark, its lines as Markdown counts them, and the line ending that most of them have."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from cardgen.cards.refusal import refused

MAX_BYTES = 8 * 1024 * 1024
BLANK = " \t\r\n"
BREAK = re.compile(r"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"
_OTHERS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Text:
    """The text of a card. Lines and columns are counted from 0 here, and from 1 where a person reads them."""

    content: str
    mark: bytes = b""

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins; a break at the end begins one more."""
        return [0, *(match.end() for match in BREAK.finditer(self.content))]

    @cached_property
    def ending(self) -> str:
        r"""The line ending of most lines, the first of several, "\n" where there is none."""
        counts: dict[str, int] = {}
        for match in BREAK.finditer(self.content):
            counts[match[0]] = counts.get(match[0], 0) + 1
        return max(counts, key=lambda ending: counts[ending]) if counts else "\n"

    def offset(self, line: int) -> int:
        """Return where a line begins; the end of the text for a line that is not there."""
        return self.starts[line] if line < len(self.starts) else len(self.content)

    def line(self, number: int) -> str:
        """Return a line without its break."""
        return self.content[self.offset(number) : self.offset(number + 1)].rstrip("\r\n")

    def blank(self, number: int) -> bool:
        """Return whether a line is blank to Markdown, for which a form feed or another space is text."""
        return not self.line(number).strip(BLANK)

    def at(self, offset: int) -> int:
        """Return the line that an offset lies in."""
        return bisect_right(self.starts, offset) - 1

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, from 1."""
        line = self.at(offset)
        return line + 1, offset - self.starts[line] + 1

    def encoded(self) -> bytes:
        return self.mark + self.content.encode("utf-8")


def decoded(card: bytes) -> Text:
    """Return the text of a card; raises CardError where it is none.

    >>> decoded(b"a\\r\\nb").ending
    '\\r\\n'
    """
    if len(card) > MAX_BYTES:
        raise refused("CG419", "the card is larger than 8 MiB", "a card describes one model; move data into files beside it", (1, 1))
    for mark, encoding in _OTHERS.items():
        if card.startswith(mark):
            raise refused("CG401", f"the card is in {encoding}, expected UTF-8", "save it as UTF-8", (1, 1))
    mark = _MARK if card.startswith(_MARK) else b""
    try:
        text = Text(card[len(mark) :].decode("utf-8"), mark)
    except UnicodeDecodeError as error:
        before = Text(card[len(mark) : len(mark) + error.start].decode("utf-8"))
        message = f"byte 0x{error.object[error.start]:02X} is not UTF-8"
        raise refused("CG401", message, "save the card as UTF-8", before.place(len(before.content))) from None
    if "\0" in text.content:
        place = text.place(text.content.index("\0"))
        raise refused("CG401", "the card holds a NUL byte, which no text does", "remove it, or save the card as UTF-8", place)
    return text


def spliced(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Return a text in which parts are replaced: (begin, end, what stands there instead), none overlapping."""
    pieces, last = [], 0
    for begin, end, instead in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [text[last:begin], instead]
        last = end
    return "".join([*pieces, text[last:]])
