"""Where the section goes, and what stays around it."""

from __future__ import annotations

import re

import pytest
from card_sections import edited, outline, refusals, section, updated

from cardgen.cards.edit import CardError, marked_run
from cardgen.cards.headings import said

HAND = "We paid for wind power.\n"
TEMPLATE = """<!-- Total emissions (in grams of CO2eq) and additional considerations, such as electricity usage, go here. \
Edit the suggested text below accordingly -->

Carbon emissions can be estimated using the [Machine Learning Impact calculator](https://mlco2.github.io/impact#compute) presented in \
[Lacoste et al. (2019)](https://arxiv.org/abs/1910.09700).

- **Hardware Type:** [More Information Needed]
- **Hours used:** More information needed.
- **Cloud Provider:** Unknown
- **Compute Region:** `cloud_region`
- **Carbon Emitted:**
"""

OWN = [
    "## Environmental Impact", "# ENVIRONMENTAL IMPACTS", "###### environmental impact ######", "  ## Environmental Impact",
    "Environmental Impact\n---", "*Environmental*\nImpact\n===", "## **Environmental Impact**", "## _Environmental_ Impact [optional]",
    "## 🌍 Environmental Impact 🌱", "## 5.2 Environmental Impact", "## 5) Environmental Impact:", "## IV. Environmental Impact",
    "## :earth_africa: Environmental impact", "## [Environmental Impact](#impact)",
    '## <a name="e"></a>Environmental Impact',
    "## Environmental&nbsp;Impact", "## Environmental\u200b Impact (optional)", "## Environmental Impact {#impact}",
    "##\tEnvironmental Impact",
]  # fmt: skip
NOT_OWN = [
    "## Environment", "## Environments", "## Environment Setup", "### Environment setup", "# Environmental specs", "## Carbon Emissions",
    "## Environmental Impact of the data", "#Environmental Impact", "```\n## Environmental Impact\n```", "> ## Environmental Impact",
    "<!--\n\n## Environmental Impact\n\n-->", "- ## Environmental Impact", "    ## Environmental Impact", "**Environmental Impact**",
    "~~~~\n~~~\n## Environmental Impact\n~~~~", "<pre>\n\n## Environmental Impact\n\n</pre>", "\\## Environmental Impact",
]  # fmt: skip


@pytest.mark.parametrize("heading", OWN)
def test_the_section_goes_under_the_heading_that_is_there(heading):
    card = f"# Pond\n\n{heading}\n\n{HAND}\n## Citation\n"
    after = updated(card)
    assert after.startswith(f"# Pond\n\n{heading}\n\n<!-- cardgen:begin run=run.yaml -->\n\n**8.5 t**")
    assert after.endswith(f"\n<!-- cardgen:end -->\n\n{HAND}\n## Citation\n")
    assert outline(after) == outline(card.replace(HAND, "SECTION\n" + HAND))


@pytest.mark.parametrize("heading", NOT_OWN)
def test_what_is_no_heading_of_the_section_gets_nothing(heading):
    after = updated(f"# Pond\n\n{heading}\n\nText.\n")
    assert after.startswith(f"# Pond\n\n{heading}\n\nText.\n\n<!-- cardgen:begin")
    assert re.search(r"-->\n\n#+ Environmental Impact\n\n\*\*8.5 t", after)


ENDS = [
    "Technical Specifications", "Technical Specifications [optional]", "Citation", "📖 Citation", "References", "BibTeX",
    "Model Card Authors", "Contact", "Model Card Contact", "Citing & Authors",
]  # fmt: skip


@pytest.mark.parametrize("heading", ENDS)
def test_a_new_section_goes_before_what_cards_end_with(heading):
    card = f"# Pond\n\n### Use\n\nText.\n\n### {heading}\n\nText.\n\n### Citation\n"
    assert outline(updated(card)) == ["# Pond", "### Use", "Text.", "SECTION", f"### {heading}", "Text.", "### Citation"]
    assert "\n### Environmental Impact\n" in updated(card)


@pytest.mark.parametrize(
    ("card", "level"),
    [("", 2), ("Text.", 2), ("# Pond\n", 2), ("# Pond\n\n## Use\n", 2), ("# Pond\n\n### Use\n", 3), ("# Pond\n# Use\n", 1), ("## Use", 2)],
)
def test_a_section_at_the_end_has_the_level_of_its_siblings(card, level):
    assert f"\n{'#' * level} Environmental Impact\n" in updated(card)


def test_what_is_folded_away_is_no_place():
    card = "# Pond\n\n<details>\n\n## Citation\n\n</details>\n\nText.\n"
    assert outline(updated(card)) == [*outline(card), "SECTION"]


NESTED = "".join("  " * level + "- a\n" for level in range(10))


def test_a_deep_list_hides_nothing_after_it():
    card = f"# T\n\n## Citation\n\n{NESTED}\n## Environmental Impact\n\n{HAND}"
    assert outline(updated(card))[-3:] == ["## Environmental Impact", "SECTION", HAND.strip()]
    deeper = NESTED + "".join("  " * level + "- a\n" for level in range(10, 12))
    once = updated(f"# T\n\n{deeper}\nText.\n")
    assert updated(once) == once
    assert marked_run(once.encode()) == "run.yaml"
    assert refusals("# T\n\n" + "> " * 98 + "a\n") == []
    assert refusals("# T\n\n" + "> " * 100 + "a\n") == [("CG419", 3, 1)]


@pytest.mark.parametrize(
    "around",
    ["<div align=center>\n\n{}\n</div>\n", "<table><tr><td>\n\n{}\n</td></tr></table>\n", "Text <details>\n\n{}\n- a</details>\n"],
)
def test_what_stands_in_html_is_no_place(around):
    card = "# Pond\n\n" + around.format("## Citation\n") + "\n## Contact\n"
    assert outline(updated(card))[-2:] == ["SECTION", "## Contact"]
    assert refusals(card.replace("</", "<!-- ").replace("Contact", "Use")) == [("CG410", 3, 1)]


@pytest.mark.parametrize("name", ["details", "table", "div", "select", "textarea", "title", "script", "style"])
def test_an_element_that_is_never_closed_is_refused(name):
    assert refusals(f"# Pond\n\nText.\n\n<{name} a='b'>\n\nText.\n") == [("CG410", 5, 1)]
    assert refusals(f"# Pond\n\n<{name}>\n\nText.\n\n</{name}>\n") == []
    assert refusals(f"# Pond\n\n`<{name}>` <!-- <{name}> --> <br> <img src=x>\n") == []
    assert refusals(f"# Pond\n\n```\n<{name}>\n```\n\n- <{name}>\n") == []


def test_the_text_of_the_template_goes_and_nothing_else():
    card = f"# Pond\n\n## Environmental Impact\n\n{TEMPLATE}\n## Citation\n"
    assert outline(updated(card)) == ["# Pond", "## Environmental Impact", "SECTION", "## Citation"]
    filled = card.replace("More information needed.", "24").replace("Carbon Emitted:**", "Carbon Emitted:** 7 t")
    kept = ["- **Hours used:** 24", "- **Carbon Emitted:** 7 t"]
    assert outline(updated(filled)) == ["# Pond", "## Environmental Impact", "SECTION", *kept, "## Citation"]


def test_text_by_hand_stays_with_a_note_and_goes_on_request():
    card = f"# Pond\n\n## Environmental Impact\n\n{HAND}\n### Serving\n\n{HAND}\n## Citation\n"
    edit = edited(card, emissions=None)
    assert [(note.code, note.line, note.severity) for note in edit.notes] == [("CG416", 5, "warning")]
    assert outline(edit.content.decode()) == outline(card.replace("Impact\n", "Impact\nSECTION\n"))
    replaced = updated(card, replace=True)
    assert outline(replaced) == ["# Pond", "## Environmental Impact", "SECTION", "## Citation"]
    assert updated(edit.content, replace=True) == replaced
    headed = edit.content.replace(b"\n**8.5 t**", b"\n## Environmental Impact\n\n**8.5 t**")
    assert updated(headed, replace=True) == replaced


def test_what_is_removed_on_request_is_named():
    card = f"# Pond\n\n## Environmental Impact\n\n{HAND}\n{HAND}\n## Citation\n"
    named = edited(card, replace=True, metadata="never").notes
    assert [(note.code, note.line, note.message.rsplit(" in ", 1)[1]) for note in named] == [("CG426", 5, "lines 5 to 7")]
    again = edited(updated(card, replace=True).replace("## Citation", HAND + "\n## Citation"), replace=True, metadata="never")
    assert [note.code for note in again.notes] == ["CG426"]
    assert edited(again.content, replace=True, metadata="never").notes == ()
    template = f"# Pond\n\n## Environmental Impact\n\n{TEMPLATE}"
    assert edited(template, replace=True, metadata="never").notes == ()


def test_replacing_keeps_what_the_rest_needs():
    link = "See [paper] and[^1].\n\n## Environmental Impact\n\nBy hand.\n\n[PAPER]: https://example.org\n"
    assert refusals(link, replace=True) == [("CG413", 7, 1)]
    assert refusals(link.replace("PAPER", "^1"), replace=True) == [("CG413", 7, 1)]
    assert refusals("<details>\n\n## Environmental Impact\n\nBy hand.\n\n</details>\n", replace=True) == [("CG413", 7, 1)]
    assert refusals("## Environmental Impact\n\n<details>\n\nBy hand.\n\n</details>\n", replace=True) == []


def test_near_headings_and_labels_stay_and_are_named():
    card = "# Pond\n\n### Carbon Emissions\n\n2 t\n\n**Carbon Footprint** We.\n\n**Note** text\n\n# Environmental specs\n\n## codecarbon\n"
    edit = edited(card, metadata="never")
    assert [(note.code, note.line) for note in edit.notes] == [("CG414", 3), ("CG414", 7)]
    assert edited(edit.content, metadata="never").notes == ()
    assert outline(updated(card, heading_line=3))[:4] == ["# Pond", "### Carbon Emissions", "SECTION", "2 t"]


def test_several_headings_are_refused_with_both_lines_and_one_can_be_chosen():
    card = "# Environmental Impact\n\na\n\nEnvironmental Impact\n===\n\nb\n"
    assert refusals(card) == [("CG409", 1, 1), ("CG409", 5, 1)]
    assert outline(updated(card, heading_line=6)) == ["# Environmental Impact", "a", "Environmental Impact", "===", "SECTION", "b"]
    chosen = updated(card, heading_line=1)
    assert updated(chosen) == chosen
    assert refusals(card, heading_line=3) == [("CG412", 3, 1)]


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "  ", " \n \n"])
@pytest.mark.parametrize("card", ["", "---\na: 1\n---", "# Pond", "# Pond\n\n## Environmental Impact", "## Environmental Impact\nBy hand"])
def test_the_end_of_a_card_stays_as_it_was(card, end):
    before = card + end
    after = updated(before)
    assert after.endswith(("\n", "\r")) is (before == "" or before.endswith("\n"))
    assert updated(after) == after
    assert re.sub(r"\s+", " ", "".join(outline(after))).replace("SECTION", "") == re.sub(r"\s+", " ", "".join(outline(before)))
    if "Environmental" not in card:
        assert after.startswith(before)


def test_the_marker_names_the_run_file():
    for run in ["run.yaml", "environment/my run.yaml", "a--b.yaml", " x ", "a-->b\n", "100%25.yaml", "ünder.yaml", "a>b"]:
        card = edited("# Pond\n", run=run).content
        assert marked_run(card) == run
        assert edited(card, run=run).content == card
    assert marked_run(b"# Pond\n") is None
    assert marked_run(b"```\n<!-- cardgen:begin run=run.yaml -->\n```\n") is None
    assert marked_run(b"<!-- cardgen:begin -->\n\n<!-- cardgen:end -->\n") is None


def test_what_stands_between_the_markers_is_replaced_and_nothing_else():
    card = "# Pond\r\n\r\n  <!--cardgen:begin run=old.yaml-->\r\n### Environmental Impact\r\nold\r\n<!-- cardgen:end --> \r\nText"
    assert updated(card).encode() == (
        "# Pond\r\n\r\n<!-- cardgen:begin run=run.yaml -->\r\n\r\n" + section("Environmental Impact", 3).strip().replace("\n", "\r\n")
        + "\r\n\r\n<!-- cardgen:end -->\r\nText"
    ).encode()  # fmt: skip


@pytest.mark.parametrize("above", ["# Pond\n", "# Pond\n\n## Footprint\n", "# Pond\n\n## Environmental Impact\n\nText.\n"])
def test_markers_put_in_by_hand_under_a_heading_get_no_other(above):
    after = updated(f"{above}\n<!-- cardgen:begin -->\n<!-- cardgen:end -->\n")
    assert after.startswith(f"{above}\n<!-- cardgen:begin run=run.yaml -->\n\n**8.5 t**")
    assert updated(after) == after


def test_markers_put_in_by_hand_elsewhere_get_a_heading():
    after = updated("# Pond\n\nText.\n\n<!-- cardgen:begin -->\n<!-- cardgen:end -->\n")
    assert "-->\n\n## Environmental Impact\n\n**8.5 t**" in after
    assert updated(after) == after


BEGIN, END = "<!-- cardgen:begin run=run.yaml -->\n\n", "<!-- cardgen:end -->\n\n"


@pytest.mark.parametrize(
    ("card", "line", "named"),
    [
        (BEGIN + "x\n", 1, "does not end"),
        (END, 1, "none begins"),
        (BEGIN + BEGIN + END, 3, "another in line 1"),
        (BEGIN + END + "text\n\n" + BEGIN + END, 7, "the first in line 1"),
        (BEGIN + END + END, 5, "after the one in line 3"),
        (BEGIN + "```\n" + END, 1, "the marker in line 4 is part of what opens in line 3"),
    ],
)
def test_markers_that_are_not_one_pair_are_refused(card, line, named):
    assert refusals(card) == [("CG408", line, 1)]
    with pytest.raises(CardError, match=named):
        edited(card)


@pytest.mark.parametrize("hidden", ["```\n{}```\n", "> {}", "<!--\n{}", "- x\n\n  {}", "    {}", "text {}", "<pre>\n{}</pre>\n"])
def test_markers_in_code_quotes_lists_and_comments_are_text(hidden):
    card = hidden.format(BEGIN) + "\nText.\n\n"
    assert updated(card).startswith(card + "<!-- cardgen:begin")
    notes = edited(card, metadata="never").notes
    assert [(note.code, note.line) for note in notes] == [("CG420", card[: card.index("<!-- cardgen")].count("\n") + 1)]


@pytest.mark.parametrize(
    ("tail", "line"),
    [("```\ncode", 3), ("~~~~\n~~~\n", 3), ("<!-- note\n\ntext", 3), ("<pre>\ntext\n\n", 3), ("<script>", 3), ("<div>\n<!--\n\ntext\n", 3)],
)
def test_a_card_that_would_swallow_the_section_is_refused(tail, line):
    assert refusals("# Pond\n\n" + tail) == [("CG410", line, 1)]
    assert refusals("# Pond\n\n## Citation\n\n" + tail) == []


@pytest.mark.parametrize(
    "closed", ["```\n```", "<!-- a -->", "<details>\n\na\n\n</details>", "<section>", "> ```\n> a", "- ```\n  a", "| a |\n|--|\n| 1 |"]
)
def test_what_is_closed_swallows_nothing(closed):
    assert outline(updated(f"# Pond\n\n{closed}"))[-1] == "SECTION"


def test_headings_say_what_they_say_without_their_dress():
    assert said("**A.** `x` &amp; [b](c) ![d](e)") == "x & b"
    assert said("2024") == "2024"
    assert said("🌍") == "🌍"
