"""A budget for a release: stated as a mass or an energy, kept, nearly kept, exceeded, or impossible to judge."""

from __future__ import annotations

import re

import pytest

from cardgen.budget import budget, exceeded
from cardgen.core.assess import assess
from cardgen.core.document import document
from cardgen.core.factors import Factors
from cardgen.loading import load
from cardgen.problems import CardgenError, page
from cardgen.validation import validate

ACTIVITY = "  - phase: {phase}\n    energy: {{value: 1 MWh ± 10%, boundary: facility}}\n    grid: {{location: 500 gCO2e/kWh ± 10%}}\n"
UNKNOWN = "  - {phase: fine-tuning, name: Second, energy: {value: 1 MWh, boundary: facility}}\n"


def assessed(*activities: str) -> dict:
    content = "cardgen: 1\nmodel: {name: Pond}\nactivities:\n" + "".join(activities)
    run, problems = validate(load(content.encode(), "run.yaml"))
    assert run is not None, problems
    return document(assess(run, Factors()), Factors())


TRAINING = ACTIVITY.format(phase="pretraining")


def codes(text: str, *activities: str) -> list[str]:
    return [problem.code for problem in exceeded(assessed(*activities), [budget(text)])]


@pytest.mark.parametrize(
    "text, kind, limit",
    [
        ("500 kgCO2e", "mass", 500), ("0.5 t", "mass", 500), ("5e5 g CO2eq", "mass", 500), ("1,000 kg", "mass", 1000),
        ("20 MWh", "energy", 20_000), ("3.6 GJ", "energy", 1000), ("0 kgCO2e", "mass", 0),
    ],
)  # fmt: skip
def test_a_budget_is_a_mass_or_an_energy(text, kind, limit):
    assert (budget(text).kind, budget(text).limit) == (kind, pytest.approx(limit))


@pytest.mark.parametrize("text", ["500", "", "five tonnes", "-5 kg", "500 W", "10 EUR", "500 kg ± 5%", "1e999 kg", "\x1b[31m"])
def test_anything_else_is_wrong_use(text):
    with pytest.raises(CardgenError) as caught:
        budget(text)
    assert caught.value.exit_code == 2
    assert caught.value.message.isprintable()


def test_a_budget_is_kept():
    assert codes("600 kgCO2e", TRAINING) == codes("1.2 MWh", TRAINING) == []


def test_a_budget_that_equals_the_value_is_kept_but_the_interval_reaches_above_it():
    assert codes("500 kgCO2e", TRAINING) == ["CG452"]


def test_a_value_above_the_budget_is_an_error_that_says_by_how_much():
    [problem] = exceeded(assessed(TRAINING), [budget("499.9 kgCO2e")])
    assert (problem.code, problem.severity) == ("CG451", "error")
    assert problem.message == "location-based emissions of 500 kg CO₂e (437 to 572) are 100 g CO₂e above the budget of 499.9 kgCO2e"


def test_an_interval_that_reaches_above_is_a_warning_that_names_what_to_measure():
    [problem] = exceeded(assessed(TRAINING), [budget("0.51 t")])
    assert (problem.code, problem.severity) == ("CG452", "warning")
    assert (
        problem.message
        == "location-based emissions of 500 kg CO₂e (437 to 572) keep the budget of 0.51 t, but their interval reaches above it"
    )
    assert problem.hint.startswith("the interval comes mostly from: ")


def test_an_unknown_total_cannot_keep_a_budget():
    [problem] = exceeded(assessed(UNKNOWN), [budget("500 kgCO2e")])
    assert (problem.code, problem.severity) == ("CG453", "error")


def test_a_total_that_leaves_out_an_activity_cannot_keep_a_budget_but_can_exceed_it():
    [problem] = exceeded(assessed(TRAINING, UNKNOWN), [budget("1 t")])
    assert problem.message == "location-based emissions of Second are not known, so nobody can say that the budget of 1 t is kept"
    assert codes("1 kg", TRAINING, UNKNOWN) == ["CG451"]


def test_inference_is_outside_of_the_totals_and_of_the_budget():
    serving = "  - {phase: inference, name: Serving, energy: {value: 1 MWh, boundary: facility}}\n"
    assert codes("1 t", TRAINING, serving) == []


def test_several_budgets_hold_at_once():
    found = exceeded(assessed(TRAINING), [budget("1 kg"), budget("1 kWh")])
    assert [problem.code for problem in found] == ["CG451", "CG451"]
    assert found[1].message.startswith("energy of 1 MWh (0.909 to 1.1) is 999 kWh above")


@pytest.mark.parametrize("code", ["CG451", "CG452", "CG453"])
def test_a_page_shows_a_run_that_fails_its_budget_and_one_that_keeps_it(code):
    [stated] = set(re.findall(r'With `--budget "(.*?)"`:', page(code)))
    runs = dict(re.findall(r"```yaml (failing|corrected)\n(.*?)```", page(code), re.DOTALL))
    found = {}
    for name, text in runs.items():
        run, problems = validate(load(text.encode(), "run.yaml"))
        assert problems == []
        found[name] = [problem.code for problem in exceeded(document(assess(run, Factors()), Factors()), [budget(stated)])]
    assert found == {"failing": [code], "corrected": []}
