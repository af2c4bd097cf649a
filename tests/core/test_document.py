"""The assessment as JSON: unknown is null, derivations resolve, and their calculations give their values."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest

from cardgen.core.assess import assess
from cardgen.core.document import document
from cardgen.core.run import Component, Cost, Host, Model, Run
from cardgen.core.units import unit

from .runs import (
    Activity,
    Compute,
    Facility,
    Reported,
    Requests,
    bundled,
    derivation,
    gpus,
    grid,
    kwh,
    metered,
    of,
    q,
    training,
    written,
)


def everything() -> dict[str, Any]:
    """Return the document of a run that uses each part of a run file."""
    place = Facility(provider="gcp", region="europe-west4")
    france = Facility(country="FRA", pue=1.3, wue=q("0.2 L/kWh ± 10%", "water intensity"))
    activities = (
        training(
            gpus("H100-SXM5-80GB", 512, "20 d"),
            gpus("A100-SXM4-80GB", 8, "3 d", "300 W"),
            facility=place,
            end="2024-06-01",
            grid=grid(None, "12 g/kWh", "3 t"),
            cost=Cost(q("0.11 EUR/kWh", "price"), q("1.9 USD", "money")),
        ),
        training(gpus("A100-SXM4-80GB"), compute=Compute(parameters=7e9, tokens=2e11), phase="fine-tuning", facility=france, end="2024"),
        training(
            gpus("A100-SXM4-80GB", 8, "312.5 h", "380 W"),
            host=Host(cpu="AMD EPYC 7763", sockets=2, memory=q("1 TB", "memory")),
            phase="experimentation",
            facility=france,
            end="2024",
        ),
        Activity("evaluation", energy=metered("300 kWh ± 5%", "accelerators", "codecarbon"), facility=france, end="2030"),
        Activity("data-preparation", energy=metered("3 MWh", "facility"), facility=france, end="2024", embodied=q("12 kg", "mass")),
        Activity(
            "inference",
            requests=Requests(repeats=(kwh("0.41 kWh"), kwh("0.43 kWh")), repeat_size=1000, per_day=2e6, boundary="accelerators"),
            facility=france,
        ),
        Activity(
            "inference", energy=metered("9 MWh", "node"), requests=Requests(per_day=1e5, period=q("30 d", "duration")), facility=france
        ),
    )
    infrastructure = (Component("GPUs", q("25.6 kW", "power"), q("640000 USD", "money"), q("4 y", "duration")), Component("network"))
    run = Run(Model("m"), activities, Reported(energy=kwh("1 GWh"), water=q("1 m3", "water")), infrastructure)
    return json.loads(json.dumps(document(assess(run, bundled()), bundled()), allow_nan=False))


DOCUMENT = everything()
DERIVATIONS: dict[str, dict[str, Any]] = DOCUMENT["derivations"]
CALCULATED = {key: value for key, value in DERIVATIONS.items() if value["calculation"]}


def figures(node: Any) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) and {"value", "unit", "low", "high"} <= node.keys() else []
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return found + [figure for child in children for figure in figures(child)]


# A small evaluator of calculations: numbers with units, × ÷ + −, parentheses. All in base units.

TOKEN = re.compile(r"\s*(?:(\()|(\))|([×÷+−])|(-?[\d.,]+(?:e[+-]?\d+)?)(?: ((?!to )[^\s()×÷+−]+))?)")


def tokens(text: str) -> list[tuple[str, float]]:
    found, position = [], 0
    while position < len(text.rstrip()):
        match = TOKEN.match(text, position)
        assert match, f"cannot be read at {position}: {text}"
        position = match.end()
        opened, closed, operation, number, unit_text = match.groups()
        if number:
            found.append(("number", float(number.replace(",", "")) * unit(unit_text or "1").scale))
        else:
            found.append((opened or closed or operation, 0.0))
    return found


def evaluated(text: str) -> float:
    rest = tokens(text)

    def term() -> float:
        kind, value = rest.pop(0)
        if kind == "(":
            value = addition()
            assert rest.pop(0)[0] == ")"
        return value

    def product() -> float:
        value = term()
        while rest and rest[0][0] in "×÷":
            value = value * term() if rest.pop(0)[0] == "×" else value / term()
        return value

    def addition() -> float:
        value = product()
        while rest and rest[0][0] in "+−":
            value = value + product() if rest.pop(0)[0] == "+" else value - product()
        return value

    value = addition()
    assert not rest, text
    return value


def test_the_evaluator_reads_what_people_read() -> None:
    assert evaluated("2 × (3 + 4) ÷ 7 − 1") == 1
    assert evaluated("400 W × 2 d") == pytest.approx(400 * 48)
    assert evaluated("1,000 Wh + 1 kWh") == 2000
    assert evaluated("8 ÷ (2 ÷ 4)") == 16


@pytest.mark.parametrize("key", sorted(CALCULATED, key=int))
def test_a_calculation_gives_its_value(key: str) -> None:
    """Numbers are shown with six digits: a difference loses as many as its parts have in common."""
    this = CALCULATED[key]
    if this["calculation"].startswith("sum of "):
        parts = [DERIVATIONS[i] for i in this["inputs"]]
        assert sum(p["value"] * unit(p["unit"]).scale for p in parts) == pytest.approx(this["value"] * unit(this["unit"]).scale)
        return
    shown = evaluated(this["calculation"]) / unit(this["unit"]).scale
    largest = (
        max((abs(DERIVATIONS[i]["value"]) * unit(DERIVATIONS[i]["unit"]).scale for i in this["inputs"]), default=0)
        / unit(this["unit"]).scale
    )
    assert shown == pytest.approx(this["value"], rel=3e-5, abs=2e-5 * largest if "−" in this["calculation"] else 0)


@pytest.mark.parametrize("key", sorted(CALCULATED, key=int))
def test_a_formula_names_each_of_its_inputs(key: str) -> None:
    this = CALCULATED[key]
    if not this["formula"].startswith("sum of "):
        named = [DERIVATIONS[i]["name"] for i in this["inputs"] if DERIVATIONS[i]["name"]]
        assert all(name in this["formula"] for name in named)
        assert len(re.findall(r" [×÷+−] ", this["formula"])) >= len(this["inputs"]) - 1


def test_every_figure_has_a_derivation_with_its_value() -> None:
    with_derivation = [figure for figure in figures({k: v for k, v in DOCUMENT.items() if k != "derivations"}) if "derivation" in figure]
    assert len(with_derivation) > 100
    for figure in with_derivation:
        found = DERIVATIONS[figure["derivation"]]
        assert [found[key] for key in ("value", "unit", "low", "high")] == [figure[key] for key in ("value", "unit", "low", "high")]


def test_derivations_lead_back_to_inputs_that_are_stated_cited_or_exact() -> None:
    for key, this in DERIVATIONS.items():
        assert all(int(i) < int(key) for i in this["inputs"])  # no circle
        if not this["calculation"]:
            assert this["inputs"] == []
            assert this["note"] or this["basis"] == "exact", this
            assert this["sources"] or this["basis"] in ("exact", "assumed"), this
            assert "factor" in this or set(this["sources"]) <= {"run"}, this  # what was looked up names its row
            assert "uncertainty" in this or this["low"] == this["high"], this


def test_every_source_that_a_figure_names_is_described_and_no_other() -> None:
    named = {source for figure in figures(DOCUMENT) for source in (figure.get("sources") or ())}
    named |= {source for row in DOCUMENT["uncertainties"].values() for source in row["sources"]}
    disagreements = DOCUMENT["disagreements"]
    named |= {source for found in disagreements for number in (found["used"], *found["others"]) for source in number["sources"]}
    assert {kind for step in DERIVATIONS.values() if (kind := step.get("uncertainty"))} - {"stated"} == DOCUMENT["uncertainties"].keys()
    assert set(DOCUMENT["sources"]) == named - {"run"}
    assert all(source["title"] for source in DOCUMENT["sources"].values())


def test_bases_are_those_of_the_contract() -> None:
    bases = {figure["basis"] for figure in figures({k: v for k, v in DOCUMENT.items() if k != "derivations"}) if "basis" in figure}
    assert bases <= {"measured", "declared", "estimated", "assumed"}


def test_every_interval_holds_its_value_and_every_number_has_12_digits_at_most() -> None:
    for figure in figures(DOCUMENT):
        assert figure["low"] <= figure["value"] <= figure["high"]
        for key in ("low", "value", "high"):
            assert math.isfinite(figure[key]) and figure[key] == float(f"{figure[key]:.12g}")


def test_drivers_are_shares_of_one_from_the_largest() -> None:
    for figure in figures(DOCUMENT):
        shares = [driver["share"] for driver in figure.get("drivers") or ()]
        assert shares == sorted(shares, reverse=True) and sum(shares) <= 1.001
        assert not shares or sum(shares) > 0.9


def test_units_are_those_of_the_contract() -> None:
    totals = DOCUMENT["totals"]
    assert totals["energy"]["unit"] == totals["it_energy"]["unit"] == "kWh" if totals["it_energy"] else True
    assert {f["unit"] for f in totals["emissions"].values() if f} == {"kgCO2e"}
    assert {f["unit"] for f in totals["water"].values() if f} == {"L"}
    assert totals["device_hours"]["unit"] == "h"
    assert DOCUMENT["infrastructure"][0]["power"]["unit"] == "W" and DOCUMENT["infrastructure"][0]["price"]["unit"] == "USD"
    assert DOCUMENT["inference"]["days_to_match_training"]["unit"] == "d"


def test_unknown_is_null_and_never_zero() -> None:
    content = written(of(Activity("pretraining", energy=metered("1 MWh"))))
    assert content["totals"]["emissions"]["location"] is None
    assert content["totals"]["device_hours"] is None
    assert content["activities"][0]["place"] is None and content["activities"][0]["note"] is None
    assert 0 not in [figure["value"] for figure in figures(content["totals"])]
    assert DOCUMENT["infrastructure"][1] == {"name": "network", "power": None, "price": None, "lifetime": None}


def test_the_keys_of_the_contract_are_there() -> None:
    assert list(DOCUMENT)[:3] == ["cardgen", "model", "factors_edition"]
    assert {"activities", "totals", "inference", "equivalents", "problems"} <= DOCUMENT.keys()
    assert {"name", "phase", "energy", "energy_by_component", "emissions", "water", "cost"} <= DOCUMENT["activities"][0].keys()
    assert {"location", "market", "embodied", "offsets"} == DOCUMENT["totals"]["emissions"].keys()
    assert {"per_request", "requests_to_match_training"} <= DOCUMENT["inference"].keys()
    assert {"id", "label", "figure"} <= DOCUMENT["equivalents"][0].keys()


def test_the_document_is_the_same_twice() -> None:
    assert json.dumps(everything()) == json.dumps(DOCUMENT)


def test_a_long_sum_is_counted_and_not_written_out() -> None:
    content = written(of(*(Activity("pretraining", energy=metered(f"{i + 1} kWh")) for i in range(12))))
    found = derivation(content, "facility energy of all activities")
    assert (found["formula"], found["calculation"], len(found["inputs"])) == ("sum of 12 figures", "sum of 12 figures", 12)


@pytest.mark.parametrize(
    ("name", "formula", "calculation"),
    [
        ("facility energy", "measured energy × PUE", "1,000 kWh × 1.2"),
        ("facility overhead", "measured energy × (PUE − 1)", "1,000 kWh × (1.2 − 1)"),
        ("location-based emissions", "facility energy × grid intensity", "1,200 kWh × 0.25 kgCO2e/kWh"),
    ],
)
def test_a_derivation_reads_as_a_person_writes_it(name: str, formula: str, calculation: str) -> None:
    content = written(of(Activity("pretraining", energy=metered("1000 kWh", "it"), facility=Facility(pue=1.2), grid=grid("250 g/kWh"))))
    found = derivation(content, name)
    assert (found["formula"], found["calculation"]) == (formula, calculation)
