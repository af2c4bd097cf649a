"""Real cards, where they are: each is updated or refused with a reason, and everything outside the two regions stays."""

from __future__ import annotations

import re
import time
from collections import Counter
from functools import cache

import pytest
from card_sections import BLOCK, FOLDER, REGION, edited

from cardgen.cards.edit import CardError

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real cards are not beside this checkout, in {FOLDER.name}")
TWINS = {
    "as found": lambda card: card,
    "other line endings": lambda card: card.replace(b"\r\n", b"\n") if b"\r\n" in card else card.replace(b"\n", b"\r\n"),
    "byte-order mark": lambda card: b"\xef\xbb\xbf" + card,
    "no final newline": lambda card: card.rstrip(b"\r\n"),
}
TEMPLATE = re.compile(
    rb"<!-- Total emissions \(in grams .*-->|\*\*Section Overview:\*\* Summarizes the information .*|"
    rb"_?Carbon emissions can be estimated using the \[Machine .* presented in \[Lacoste [^\]]*\]\([^)]*\)\._?|"
    rb"[-*] \*\*(?:Hardware Type|Hours used|Cloud Provider|Compute Region|Carbon Emitted):\*\*\s*"
    rb"(?:\[?More Information Needed\]?\.?|information needed|Unknown|Not available|`\w+`)?\s*",
    re.IGNORECASE,
)


@cache
def cards() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir())}


def lines(card: bytes) -> list[bytes]:
    """Return the lines that are not blank and not in the two regions, nor text of the template."""
    found = re.split(rb"\r\n|\r|\n", BLOCK.sub(b"", REGION.sub(b"", card)))
    return [line for line in found if line.strip(b" \t") and not TEMPLATE.fullmatch(line)]


def shown(card: bytes) -> str:
    """Return a card without its regions as HTML, blank lines aside."""
    from markdown_it import MarkdownIt

    text = b"\n".join(line for line in re.split(rb"\r\n|\r|\n", BLOCK.sub(b"", REGION.sub(b"", card))) if not TEMPLATE.fullmatch(line))
    html = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable(["table", "strikethrough"]).render(text.decode())
    return re.sub(r"\n+", "\n", html).strip()


@pytest.mark.parametrize("twin", TWINS)
def test_every_card_is_updated_or_refused_with_a_reason(twin):
    counts: Counter[str] = Counter()
    for name, found in cards().items():
        card = TWINS[twin](found)
        try:
            once = edited(card).content
        except CardError as error:
            counts[error.problems[0].code] += 1
            continue
        counts["updated"] += 1
        assert edited(once).content == once, name
        assert lines(once) == lines(card), name
        assert once.startswith(card[:3]) or card.count(b"\n") < 1, name
        assert (once[-1:] in b"\r\n") == (card[-1:] in b"\r\n") or not card, name
    assert counts["updated"] >= 0.9 * len(cards())
    assert counts.keys() <= {"updated", "CG401", "CG402", "CG403", "CG404", "CG405", "CG407", "CG410"}


def test_a_new_section_only_adds_to_a_card():
    checked = 0
    for name, card in cards().items():
        try:
            once = edited(card, metadata="never").content
        except CardError:
            continue
        if b"# environmental impact" not in card.lower():
            before, after = REGION.split(once)
            assert before.startswith(card[: len(before.rstrip(b"\r\n"))]), name
            kept = before + b"\n" + after
            assert re.sub(rb"[\r\n]+", b"\n", kept).strip() == re.sub(rb"[\r\n]+", b"\n", card).strip(), name
            checked += 1
    assert checked > 0.7 * len(cards())


def test_cards_are_shown_as_before_outside_the_section():
    for name, card in cards().items():
        try:
            once = edited(card).content
        except CardError:
            continue
        assert shown(once) == shown(card), name


def test_a_card_of_20_kb_takes_milliseconds():
    card = max((card for card in cards().values() if len(card) < 20_500), key=len)
    edited(card)
    begin = time.perf_counter()
    for _ in range(5):
        edited(card)
    assert (time.perf_counter() - begin) / 5 < 0.1  # a tenth of that on a machine at rest
