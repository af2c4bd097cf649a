"""The front matter: where it is, what it says, and the one block in it that changes."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import yaml
from card_sections import EMISSIONS, edited, refusals
from hypothesis import given
from hypothesis import strategies as st

from cardgen.cards.edit import CardError, front_matter
from cardgen.cards.emissions import block, decimal, quoted

WRITTEN = """co2_eq_emissions:
  emissions: 5800000.5
  source: "cardgen, https://example.org/run: 1"
  training_type: "pre-training"
  geographical_location: "Netherlands (NLD)"
  hardware_used: "64 × \\"A100\\""
"""
REST = "# Pond\n"


def matter(yaml_text: str, **more) -> str:
    """Return the front matter after an update."""
    content = edited(f"---\n{yaml_text}---\n{REST}", **more).content.decode()
    return content[4 : content.index("\n---\n", 3) + 1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("license: mit\n", "license: mit\n" + WRITTEN),
        ("\n", "\n" + WRITTEN),
        ("# only a comment\n", "# only a comment\n" + WRITTEN),
        ("b: 1\na: |+\n  text\n\n\n", "b: 1\n" + WRITTEN + "a: |+\n  text\n\n\n"),
        ("widget:\n- text: |\n    Jeff: ok\n", WRITTEN + "widget:\n- text: |\n    Jeff: ok\n"),
        ("co2_eq_emissions:\n  other: >\n    text\n", WRITTEN + "  other: >\n    text\n"),
        ("a: [1,\n  2] # c\n", "a: [1,\n  2] # c\n" + WRITTEN),
        ("co2_eq_emissions: 3.32 # grams\nb: 'x'\n", WRITTEN.replace(":\n", ": # grams\n", 1).replace(": #", ": #") + "b: 'x'\n"),
        ("co2_eq_emissions:\nb: 1\n", WRITTEN + "b: 1\n"),
        ("co2_eq_emissions: 0.3 Kg\n\n# c\nb: 1\n", WRITTEN + "\n# c\nb: 1\n"),
        ("co2_eq_emissions: >\n  about\n  3 g\nb: 1\n", WRITTEN + "b: 1\n"),
        ("co2_eq_emissions: {emissions: 3, energy_used: 7 kWh, source: x}\n", WRITTEN + "  energy_used: 7 kWh\n"),
        ("co2_eq_emissions: &x\n  other: [1,\n 2]\n\n", WRITTEN.replace(":\n", ": &x\n  other: [1,\n 2]\n", 1) + "\n"),
        ("co2_eq_emissions: !!float 3\nb: 1\n", WRITTEN + "b: 1\n"),
        ("  b: 1\n", "  b: 1\n" + "".join(f"  {line}\n" for line in WRITTEN.splitlines())),
        ("'co2_eq_emissions' : 3\n", WRITTEN.replace("co2_eq_emissions:", "'co2_eq_emissions' :")),
    ],
)  # fmt: skip
def test_the_block_is_written_and_the_rest_stays(before, after):
    assert matter(before) == after
    assert matter(after) == after


def test_a_block_is_changed_value_by_value():
    before = """co2_eq_emissions:   # measured
      # the amount
      emissions: 24_700_000   # grams
      energy_used: 7 kWh
      source:
        - a
        - b
      training_type: 'pre-training'

tags: &tags [a, b]
other: *tags
"""
    assert (
        matter(before)
        == """co2_eq_emissions:   # measured
      # the amount
      emissions: 5800000.5   # grams
      energy_used: 7 kWh
      source: "cardgen, https://example.org/run: 1"
      training_type: 'pre-training'
      geographical_location: "Netherlands (NLD)"
      hardware_used: "64 × \\"A100\\""

tags: &tags [a, b]
other: *tags
"""
    )


def test_what_the_run_does_not_say_stays_unless_it_is_to_be_replaced():
    before = "co2_eq_emissions:\n  emissions: 3\n  hardware_used: 8 GPUs\n  energy_used: 7\n"
    assert matter(before, emissions={"emissions": 4}) == before.replace("3", "4")
    assert matter(before, emissions={"emissions": 4}, replace=True) == "co2_eq_emissions:\n  emissions: 4\n  energy_used: 7\n"
    braces = "co2_eq_emissions: {hardware_used: 8 GPUs}\n"
    assert matter(braces, emissions={"emissions": 4}) == "co2_eq_emissions:\n  emissions: 4\n  hardware_used: 8 GPUs\n"


def test_a_value_that_says_the_same_keeps_its_form():
    before = "co2_eq_emissions:\n  emissions: 5.8000005e+6\n  training_type: pre-training\n"
    given_now = {"emissions": 5800000.5, "training_type": "pre-training"}
    assert matter(before, emissions=given_now) == before


def test_an_amount_in_words_is_replaced_with_a_note():
    for yaml_text, line in [("co2_eq_emissions: 0.3 Kg\n", 2), ("co2_eq_emissions:\n      emissions: '0.21 in grams of CO2'\n", 3)]:
        edit = edited(f"---\n{yaml_text}---\n{REST}")
        assert [(note.code, note.line) for note in edit.notes] == [("CG415", line)]
        assert edited(edit.content).notes == ()


def test_front_matter_is_made_only_on_request():
    assert edited(REST).content.startswith(REST.encode())
    assert [note.code for note in edited(REST).notes] == ["CG417"]
    made = edited("\ufeff" + REST, metadata="always")
    assert made.content.decode().startswith(f"\ufeff---\n{WRITTEN}---\n\n# Pond\n")
    assert edited(made.content).content == made.content
    assert edited(f"---\na: 1\n---\n{REST}", metadata="never").content.startswith(b"---\na: 1\n---\n# Pond")


def test_without_an_amount_the_front_matter_stays():
    for emissions in (None, {}, {"source": "x"}, {"emissions": None, "source": "x"}):
        assert matter("co2_eq_emissions: 3\n", emissions=emissions) == "co2_eq_emissions: 3\n"


def test_an_amount_that_readers_would_misread_is_not_written():
    edit = edited(f"---\na: 1\n---\n{REST}", emissions={"emissions": 0.000012})
    assert ([note.code for note in edit.notes], b"co2" in edit.content) == (["CG418"], False)


@pytest.mark.parametrize(
    ("card", "refused"),
    [
        ("---\na: 1\n# Pond\n", [("CG402", 1, 1)]),
        ("\n\n---\n\n# c\na: 1\n", [("CG402", 3, 1)]),
        ("---\na: [1\n---\n", [("CG403", 2, 4)]),
        ("---\na:\tb\n---\n", [("CG403", 2, 3)]),
        ("---\na:\n\tb: 1\n---\n", [("CG403", 3, 1)]),
        ("---\na: b: c\n---\n", [("CG403", 2, 5)]),
        ("---\na: \x07\n---\n", [("CG403", 2, 4)]),
        ("---\na: " + "[" * 5000 + "\n---\n", [("CG403", 2, 1)]),
        ("---\n- a\n---\n", [("CG404", 2, 1)]),
        ("---\ntext\n\nmore\n\n---\n", [("CG404", 2, 1)]),
        ("----\na: 1\n---\n", [("CG405", 1, 1)]),
        ("---  \na: 1\n---\n", [("CG405", 1, 1)]),
        ("---\na: 1\n...\n", [("CG405", 3, 1)]),
        ("---\na: 1\n ---\n", [("CG405", 3, 1)]),
        ("---\na: 1\n...\n---\n", [("CG405", 3, 1)]),
        ("---\ra: 1\r---\r# Pond\r", [("CG405", 3, 1)]),
        ("---\na: 1\nb: {c: 1, c: 2}\na: 2\n---\n", [("CG406", 3, 11), ("CG406", 4, 1)]),
        ("---\n{a: 1}\n---\n", [("CG411", 2, 1)]),
        ("---\nco2_eq_emissions: [3]\n---\n", [("CG411", 2, 19)]),
        ("---\na: &a {emissions: 3}\nco2_eq_emissions: *a\n---\n", [("CG411", 3, 19)]),
        ("---\nco2_eq_emissions: &a\n  emissions: 3\na: *a\n---\n", [("CG411", 4, 4)]),
        ("---\na: &a 3\nco2_eq_emissions:\n  emissions: *a\n---\n", [("CG411", 4, 14)]),
        ("---\n? co2_eq_emissions\n: 3\n---\n", [("CG411", 3, 3)]),
        ("---\n{{ card_data }}\n---\n", [("CG407", 2, 1)]),
    ],
)
def test_front_matter_that_cannot_be_edited_is_refused_with_its_place(card, refused):
    assert refusals(card) == refused
    assert refusals(card.replace("\n", "\r\n")) == refused


def test_two_lines_with_nothing_between_are_refused():
    assert refusals("---\n---\n# Pond\n") == [("CG405", 1, 1)]


def test_lines_that_end_with_cr_alone_end_no_front_matter():
    assert refusals("---\ra: 1\r---") == [("CG405", 3, 1)]


def test_what_the_hub_reads_otherwise_than_cardgen_can_be_left_out():
    for card in ("---\na: 1\na: 2\n---\n", "---\na:\tb\n---\n"):
        assert refusals(card, metadata="never") == []


@pytest.mark.parametrize("rule", ["---\n\nText.\n", "---\nEpoch\tLoss\n", "---text\n", "***\na: 1\n***\n", "--\na: 1\n--\n"])
def test_a_rule_at_the_top_is_no_front_matter(rule):
    assert front_matter(rule.encode()) is None
    assert edited(rule).content.startswith(rule.encode())


def test_front_matter_is_read_with_places():
    found = front_matter("\ufeff\n---\nlicense: mit\nlist:\n  - {a: 1}\n  - 2024-13-45\n---\n".encode())
    assert found.data == {"license": "mit", "list": [{"a": 1}, "2024-13-45"]}
    assert [found.mark(path) for path in [("license",), ("list", 0, "a"), ("list", 1), ("list", 7), ("none",)]] == [
        (3, 10), (5, 9), (6, 5), (5, 3), (3, 1),
    ]  # fmt: skip
    with pytest.raises(CardError):
        front_matter(b"---\na: 1\na: 2\n---\n")


def test_what_aliases_name_is_there_in_each_place():
    found = front_matter(b"---\na: &a {b: 1}\nc: {d: *a}\ne: *a\nf: &f [*f]\n---\n")
    assert found.data == {"a": {"b": 1}, "c": {"d": {"b": 1}}, "e": {"b": 1}, "f": [None]}


@given(st.text())
def test_quoted_text_is_read_back_by_yaml(text):
    if not re.search("[\ud800-\udfff]", text):
        assert yaml.safe_load(f"a: {quoted(text)}") == {"a": text}


@given(st.decimals(min_value=0, max_value=Decimal(10) ** 15, allow_nan=False, allow_infinity=False))
def test_numbers_have_no_exponent(number):
    assert re.fullmatch(r"\d+(\.\d*[1-9])?", decimal(number))
    assert Decimal(decimal(number)) == number


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -1])
def test_an_amount_that_is_none_is_a_defect_of_the_caller(amount):
    with pytest.raises(ValueError):
        block({"emissions": amount})


def test_the_hubs_own_library_reads_what_was_written():
    huggingface_hub = pytest.importorskip("huggingface_hub")
    card = huggingface_hub.ModelCard(edited(f"---\nlicense: mit\n---\n{REST}").content.decode())
    assert card.data.to_dict() == {"license": "mit", "co2_eq_emissions": EMISSIONS}
    amount = re.search(r"\d+\.\d+|\d+", str(card.data.to_dict()["co2_eq_emissions"]["emissions"]))  # as HfApi.list_models filters
    assert float(amount[0]) == EMISSIONS["emissions"]


@pytest.mark.parametrize("style", ["|", "|+", "|-", ">", ">+", ">2-"])
@pytest.mark.parametrize("ending", ["\n", "\n\n\n", "\n# c\n"])
def test_the_hubs_own_library_reads_a_text_in_the_end_as_before(style, ending):
    huggingface_hub = pytest.importorskip("huggingface_hub")
    card = f"---\nwidget:\n- text: {style}\n    Jeff: ok{ending}---\n{REST}"
    before, after = (huggingface_hub.ModelCard(c).data.to_dict() for c in (card, edited(card).content.decode()))
    assert after == {**before, "co2_eq_emissions": EMISSIONS}


def test_the_carbon_txt_validator_reads_what_was_written():
    processors = pytest.importorskip("carbon_txt.processors.ai_model_card")
    content = edited(f"---\nlicense: mit\nco2_eq_emissions: 3\n---\n{REST}").content.decode()

    class Answer:
        text, headers = content, {"content-type": "text/markdown"}

        def raise_for_status(self):
            pass

    class Client:
        def get(self, *arguments, **options):
            return Answer()

    found = processors.GreenwebAIModelCardProcessor("card.md", http_client=Client()).get_co2_eq_emissions()
    assert {point.short_code: point.value for point in found} == {"name": "Pond", **EMISSIONS}
