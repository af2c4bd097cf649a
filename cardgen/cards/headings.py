"""What a heading says: the environmental section, what it stands before, and what only comes near."""

from __future__ import annotations

import re
import unicodedata

from cardgen.cards.blocks import Block, Body, words
from cardgen.cards.html import Open, open_before

HEADING = "Environmental Impact"

_LONGEST = 500  # what is longer says something else, and is not worth taking apart
_OPTIONAL = re.compile(r"[\[(]optional[\])]|:[a-z0-9_+-]+:|\{#[^}]*\}", re.IGNORECASE)
_NUMBER = re.compile(r"^(?:section )?(?:(?:[ivxlc]+|[a-z])[.)] |[\W\d_]+)+")
_OWN = re.compile(r"environmental impacts?")
_AFTER = re.compile(
    r"technical specifications?|(?:bibtex )?citations?(?: (?:info|information))?|citing(?: (?:&|and) authors?| this .*|.* model)?|"
    r"how to cite|references?|bibtex(?: entry)?(?: and citation info(?:rmation)?)?|"
    r"(?:model )?card (?:authors?|contact)(?: ?[/&,] ?(?:model card )?contact)?|contacts?(?: (?:info|information|us))?"
)
_NEAR = re.compile(
    r"\b(?:carbon|co ?2|co₂|co2e|co2eq|greenhouse|ghg|climate (?:performance|impact)|emissions?|"
    r"environmental (?:impacts?|footprint|costs?)|energy (?:consumption|consumed|use|usage))\b"
)
_LABEL = re.compile(r"\*\*(.{1,200}?)\*\*|__(.{1,200}?)__")


def said(heading: str) -> str:
    """Return what a heading says, without emphasis, emoji, numbering, "[optional]" and case.

    >>> said("5.2 🌍 **Environmental** Impact [optional]")
    'environmental impact'
    """
    shown = words(_OPTIONAL.sub(" ", heading)) if len(heading) <= _LONGEST else heading
    text = "".join(c for c in unicodedata.normalize("NFKC", shown).casefold() if unicodedata.category(c) != "Cf")
    text = " ".join(_OPTIONAL.sub(" ", text).split())
    return re.sub(r"[\W_]+$", "", _NUMBER.sub("", text)) or text


def is_own(block: Block) -> bool:
    """Return whether a block is the heading of the environmental section."""
    return bool(block.level) and "impact" in block.content.casefold() and _OWN.fullmatch(said(block.content)) is not None


def follower(body: Body) -> tuple[Block | None, Open]:
    """Return the heading that a new section belongs before, the first in no HTML; with None, what HTML is open at the end."""
    opened: Open = []
    for block, opened in open_before(body):
        if block and block.level and not opened and _AFTER.fullmatch(said(block.content)):
            return block, opened
    return None, opened


def sibling_level(body: Body) -> int:
    """Return the level of a section at the end: that of the card's own sections, which a title alone on top is not."""
    levels = [heading.level for heading in body.headings]
    below = levels[1:] if levels and levels.count(1) == 1 and levels[0] == 1 else levels
    return min(below, default=2)


def near(body: Body) -> list[tuple[int, str]]:
    """Return line and text of what speaks of emissions without being the section: headings and labels in bold."""
    found = []
    for block in body.blocks:
        label = _LABEL.match(block.content.strip()) if block.kind == "paragraph_open" else None
        text = block.content if block.level else (label[1] or label[2]) if label else ""
        if text and _NEAR.search(said(text)) and not is_own(block):
            found.append((block.start, words(text)))
    return found
