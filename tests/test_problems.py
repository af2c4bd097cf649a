"""Problems: how they are shown, and that each code has a page whose examples hold."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from cardgen.cards.edit import CardError, update
from cardgen.core.assess import assess
from cardgen.core.factors import Factors
from cardgen.core.problem import Problem
from cardgen.importing.choosing import Choice, Several, chosen
from cardgen.importing.finding import read as read_evidence
from cardgen.importing.plausible import check
from cardgen.loading import load
from cardgen.loading.document import Document
from cardgen.problems import CardgenError, Placed, codes, in_order, page, render
from cardgen.records.source import Source
from cardgen.reviewing import review
from cardgen.validation import validate

PACKAGE = Path(__file__).parent.parent / "cardgen"


BLOCKS = re.compile(r"^(`{3,})(yaml|python|markdown|csv|json) (failing|corrected)\n(.*?\n)\1$", re.DOTALL | re.MULTILINE)
EMISSIONS = {"emissions": 5800000, "source": "cardgen", "training_type": "pre-training", "hardware_used": "64 × A100"}
ABOUT_RUNS = [code for code in codes() if code < "CG400"]
# A page from CG401 on shows cards, as Markdown or as the options of an update in Python, or tells its case in words.
ABOUT_FILES = [code for code in codes() if code >= "CG500" and " failing\n" in page(code)]
SHOWS_CARD = re.compile(r"^`{3,}(markdown|python) failing$", re.MULTILINE)
ABOUT_CARDS = [code for code in codes() if "CG400" < code < "CG450" and SHOWS_CARD.search(page(code))]


def examples(code: str) -> dict[str, Any]:
    """Return the failing and the corrected example of a page; Python stands where YAML and Markdown cannot show it."""
    found = {}
    for _, language, name, text in BLOCKS.findall(page(code)):
        found[name] = evaluated(text.strip()) if language == "python" else text.encode()
    return found


def evaluated(expression: str) -> Any:
    return eval(compile(ast.parse(expression, mode="eval"), "page", "eval"))  # our own pages


def found_in(content: bytes) -> list[str]:
    """Return the codes that a run file gives, those of its assessment included."""
    run, problems = validate(load(content, "run.yaml"))
    return [problem.code for problem in [*problems, *(assess(run, Factors()).problems if run else [])]]


def updated(card: bytes, **more: Any) -> list[Problem]:
    """Return what an update of a card refuses or notes."""
    try:
        return list(update(card, **{"run": "run.yaml", "section": lambda heading, level: "8.5 t", "emissions": EMISSIONS, **more}).notes)
    except CardError as error:
        return error.problems


def reviewed(card: bytes) -> list[Problem]:
    """Return what is wrong with what a card states."""
    return list(review(card, Factors()))


LOOKS_AT_CARDS = [updated, reviewed]  # each takes the bytes of a card and returns problems


def found_in_card(example: bytes | dict[str, Any]) -> list[str]:
    """Return the codes that a card gives; a dictionary holds the card and the options of its update."""
    if isinstance(example, dict):
        return [problem.code for problem in updated(**example)]
    return [problem.code for look in LOOKS_AT_CARDS for problem in look(example)]


def test_every_code_in_the_source_has_a_page():
    sources = [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py")]
    schema = (PACKAGE.parent / "schemas" / "run.schema.json").read_text(encoding="utf-8")
    used = {code for text in (*sources, schema) for code in re.findall(r'"(CG\d{3})"', text)}
    assert used == set(codes())


@pytest.mark.parametrize("code", codes())
def test_a_page_has_its_code_a_title_and_two_examples(code):
    assert re.match(rf"# {code}: [A-Z.`].*[^.]\n\n\S", page(code))
    assert examples(code).keys() == {"failing", "corrected"} or (code > "CG420" and not examples(code))


@pytest.mark.parametrize("code", ABOUT_CARDS)
def test_the_failing_card_gives_the_code_and_the_corrected_one_nothing(code):
    assert code in found_in_card(examples(code)["failing"])
    found = found_in_card(examples(code)["corrected"])
    assert code not in found
    assert set(found) <= {"CG435"}  # a template that is not filled in may be updated


def found_in_file(content: bytes, folder: Path) -> list[str]:
    """Return the codes that a file of a tool gives when it is imported."""
    file = folder / "file.csv"
    file.write_bytes(content)
    readings = read_evidence([Source("file.csv", file)], [])
    try:
        check(readings, chosen(readings, Choice()), Factors())
    except Several:
        return ["CG506"]
    return [problem.code for reading in readings for problem in reading.problems]


@pytest.mark.parametrize("code", ABOUT_FILES)
def test_the_failing_file_gives_the_code_and_the_corrected_one_nothing(code, tmp_path):
    assert code in found_in_file(examples(code)["failing"], tmp_path)
    assert set(found_in_file(examples(code)["corrected"], tmp_path)) <= {"CG521"}  # a ledger never says what PUE is inside


@pytest.mark.parametrize("code", ABOUT_RUNS)
def test_the_failing_example_gives_the_code_and_the_corrected_one_nothing(code):
    assert code in found_in(examples(code)["failing"])
    assert code not in found_in(examples(code)["corrected"])
    run, problems = validate(load(examples(code)["corrected"], "run.yaml"))
    assert (run is not None, problems) == (True, [])


def test_most_failing_examples_give_no_other_error():
    several = {}
    for code in ABOUT_RUNS:
        run, problems = validate(load(examples(code)["failing"], "run.yaml"))
        found = {problem.code for problem in [*problems, *(assess(run, Factors()).problems if run else [])] if problem.severity == "error"}
        if found - {code}:
            several[code] = found - {code}
    assert several == {"CG100": {"CG101"}}


def test_a_code_without_a_page_is_wrong_use():
    for code in ("CG999", "../CG103", "", "x" * 1000):
        with pytest.raises(CardgenError) as caught:
            page(code)
        assert caught.value.exit_code == 2


def test_a_code_is_found_in_lower_case():
    assert page("cg103") == page("CG103")


def test_a_problem_is_shown_with_its_place_and_hint():
    document = load(b"cardgen: 1\nmodel: {name: 7}\n", "run.yaml")
    problem = Problem("CG103", "7 is a number, expected text", ("model", "name"), 'put it in quotes: "7"')
    assert render(problem, document) == ('run.yaml:2:15: CG103 model.name: 7 is a number, expected text\n  hint: put it in quotes: "7"')


def test_a_warning_says_so():
    problem = Problem("CG117", "the boundary is assumed", severity="warning")
    assert render(problem, Document({}, name="a.yaml")) == "a.yaml:1:1: CG117 warning: the boundary is assumed"


def test_a_path_shows_no_control_characters_and_is_short():
    text = render(Problem("CG101", "this key is not known", ("a\x1b[31m\n" + "x" * 1000,)), Document({}))
    assert text.startswith("run.yaml:1:1: CG101 a\\x1b[31m\\nxxx")
    assert len(text) < 150


def test_problems_are_sorted_by_place_and_shown_once():
    late, early = Placed("CG001", "late", line=3), Placed("CG002", "early", line=2, column=9)
    assert in_order([late, early, late], Document({})) == [early, late]
