"""Any bytes as a card: it is edited or refused, nothing but the two regions changes, and a second run changes nothing."""

from __future__ import annotations

import re

from card_sections import BLOCK, REGION, edited
from hypothesis import given
from hypothesis import strategies as st

from cardgen.cards.edit import CardError, marked_run

PIECES = [
    "---", "----", "...", "```", "~~~", "<!--", "-->", "<pre>", "</pre>", "<div>", "", "    code", "\tx", "- a", "  - b", "> q", "1. x",
    " ",    "> ## Environmental Impact", "## Environmental Impact", "Environmental Impact\n===", "# *Environmental* impact #",
    "- ## Environmental Impact", "<!-- cardgen:begin run=a b.yaml -->", "<!-- cardgen:end -->", "  <!-- cardgen:end --> ", "## Citation",
    "Contact\n---", "[a]: http://x", "[^1]: foot", "- **Hours used:** [More Information Needed]", "[More Information Needed]", "text [a]",
    "<details>", "</details>", "| a | b |\n|-|-|", "{{ a | default('') }}", "\u2028", "\x85", "\ufeff", "\x0c",
]  # fmt: skip
KEYS = [
    "co2_eq_emissions: 3", "co2_eq_emissions:", "  emissions: 1 # c", "  source: |\n    x\n", "  other: [1,\n 2]", "a: &x 1", "b: *x",
    "", "co2_eq_emissions: {emissions: 3, z: q}", "co2_eq_emissions: &x", "? co2_eq_emissions\n: 3", "key:\tv", "# c",
    "%YAML 1.1", "c: !!binary x", "d: 'x", "e: [", "f: 2024-13-45", "  training_type: >-\n    x\n\n    y", "<<: {a: 1}", "l:\n- 1",
    "\x85", "z: \u2028 x",
]  # fmt: skip
BODY = st.lists(st.sampled_from(PIECES), max_size=14).map("\n".join)
MATTER = st.lists(st.sampled_from(KEYS), max_size=5).map(lambda lines: "---\n" + "\n".join([*lines, "---", ""]))
OPTIONS = st.fixed_dictionaries({"metadata": st.sampled_from(["auto", "always", "never"]), "replace": st.booleans()})


def check(card: bytes, options: dict) -> None:
    """Assert that an edit leaves all but its regions alone; a line that is gone is the template's, or was to be replaced."""
    try:
        marked_run(card)
        once = edited(card, **options).content
    except CardError as error:
        assert all(problem.hint and problem.line >= 1 and problem.column >= 1 for problem in error.problems)
        return
    assert edited(once, **options).content == once
    before, after = ([line for line in re.split(rb"[\r\n]", without_regions(c)) if line.strip(b" \t")] for c in (card, once))
    rest = iter(before)
    assert all(line in rest for line in after)  # the same lines in the same order
    if not options["replace"]:
        assert [line for line in rest if b"nformation Needed" not in line] == []


def without_regions(card: bytes) -> bytes:
    return BLOCK.sub(b"", REGION.sub(b"", card)) if card.count(b"cardgen:") else card


@given(st.binary(), OPTIONS)
def test_any_bytes_are_edited_or_refused(card, options):
    check(card, {**options, "metadata": "never"})


@given(MATTER, BODY, st.sampled_from(["\n", "\r\n", "\r"]), OPTIONS)
def test_any_card_is_edited_in_its_regions_or_refused(matter, body, ending, options):
    card = (matter + body).replace("\n", ending).encode()
    try:
        once = edited(card, **options).content
    except CardError:
        return
    assert edited(once, **options).content == once


@given(BODY, st.sampled_from(["", "\n"]), st.sampled_from(["\n", "\r\n", "\r"]), OPTIONS)
def test_any_body_keeps_its_lines(body, end, ending, options):
    if "cardgen:" not in body:
        check((body + end).replace("\n", ending).encode(), {**options, "metadata": "never"})
