"""Every figure of every example: what explain and the report show of its formula, inputs, factor rows, sources and interval."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from render_documents import HOSTILE, hostile, pond

from cardgen.charts import draw, svg
from cardgen.core.assess import assess
from cardgen.core.document import document
from cardgen.core.factors import Factors
from cardgen.explanation import explain, figures
from cardgen.loading import load
from cardgen.provenance import kind_text, row_text, sentence, walk, width_text
from cardgen.render import report, section
from cardgen.validation import validate

ROOT = Path(__file__).parents[1]
RUNS = sorted((ROOT / "examples").glob("*/run.yaml"))
NAMES = [path.parent.name for path in RUNS]
# What a row must say of a number, beside its place or part.
SAID = {
    "grid_intensity": {"zone", "year", "basis", "accounting", "gases"}, "water": {"zone", "year", "basis"},
    "facility": {"provider", "region", "scope", "year"}, "hardware": {"name"}, "embodied": {"item", "scope", "year"},
    "equivalents": {"id", "edition", "year"}, "electricity_price": {"zone", "sector", "year", "tax_basis"}, "uncertainty": {"id"},
}  # fmt: skip


@cache
def assessed(name: str) -> dict[str, Any]:
    run, problems = validate(load((ROOT / "examples" / name / "run.yaml").read_bytes(), "run.yaml"))
    assert run is not None, problems
    return json.loads(json.dumps(document(assess(run, Factors()), Factors())))


def behind(content: dict[str, Any], identifier: str) -> dict[str, dict[str, Any]]:
    """Return the derivations that a derivation rests on, by id, itself included."""
    step = content["derivations"][identifier]
    return {identifier: step} | {k: v for i in step["inputs"] for k, v in behind(content, i).items()}


@pytest.mark.parametrize("name", NAMES)
def test_explain_shows_the_provenance_of_every_figure(name: str) -> None:
    content = assessed(name)
    assert len(figures(content)) >= 10
    for path, figure in walk(content):
        shown = explain(content, path)
        for step in behind(content, figure["derivation"]).values():
            if step["formula"]:
                assert f"= {step['formula']}\n" in shown and f"= {step['calculation']}\n" in shown, path
            if step["note"]:
                assert step["note"] in shown, path
            if factor := step.get("factor"):
                assert row_text(factor) in shown, path
                assert not factor["note"] or factor["note"] in shown, path
            if step.get("uncertainty"):
                width = width_text(step, content, brief=True)
                assert width.partition(",")[0] in shown, path
                assert step["uncertainty"] == "stated" or content["uncertainties"][step["uncertainty"]]["what"] in shown, path
            if not step["inputs"]:
                for source in set(step["sources"]) - {"run"}:
                    assert f"\n  {source}: {content['sources'][source]['title']}" in shown, path
                    assert f"({content['sources'][source]['where']})" in shown, path
        assert ("The interval comes from:" in shown) == (figure["low"] < figure["high"]), path


@pytest.mark.parametrize("name", NAMES)
def test_every_number_that_was_looked_up_names_its_row_with_edition_year_and_basis(name: str) -> None:
    content = assessed(name)
    looked_up = [step for step in content["derivations"].values() if not step["inputs"] and set(step["sources"]) - {"run"}]
    assert looked_up or name == "bloom-176b"
    for step in looked_up:
        factor = step["factor"]
        assert factor["edition"] == content["factors_edition"]
        assert SAID[factor["table"]] <= factor["row"].keys(), step
        assert float(step["value"]) > 0 and factor["column"]
        for source in step["sources"]:
            assert content["sources"][source]["title"] and content["sources"][source]["where"], source


@pytest.mark.parametrize("name", NAMES)
def test_every_input_with_an_interval_says_what_the_interval_rests_on(name: str) -> None:
    content = assessed(name)
    for step in content["derivations"].values():
        if not step["inputs"] and step["low"] < step["high"]:
            kind = step["uncertainty"]
            assert kind == "stated" or content["uncertainties"][kind]["what"], step
            assert set(content["uncertainties"].get(kind, {}).get("sources", ())) <= content["sources"].keys()
        if not step["inputs"] and step["low"] == step["high"]:
            assert "uncertainty" not in step


class Steps(HTMLParser):
    """Gathers the text of each element with an id that holds it, and the links with their places."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.links: list[tuple[tuple[str, ...], str]] = []
        self.open: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "br", "link", "rect", "path", "circle", "line", "input"):
            return
        found = dict(attrs)
        self.open.append((tag, found.get("id") or found.get("aria-labelledby")))
        if (found.get("href") or "").startswith("#"):
            self.links.append((self.inside(), (found["href"] or "")[1:]))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for name in self.inside():
            self.texts[name] = self.texts.get(name, "") + data

    def inside(self) -> tuple[str, ...]:
        return tuple(name for _, name in self.open if name)


@cache
def page(name: str) -> Steps:
    content = assessed(name)
    found = draw(content)
    return Steps(report(content, found.values(), {key: svg(chart) for key, chart in found.items()}))


@pytest.mark.parametrize("name", NAMES)
def test_the_report_has_a_step_for_every_figure_with_formula_inputs_rows_and_drivers(name: str) -> None:
    content, shown = assessed(name), page(name)
    steps = {key: text for key, text in shown.texts.items() if key.startswith("step-")}
    rows = "".join(text for key, text in shown.texts.items() if key.startswith("row-"))
    widths = "".join(text for key, text in shown.texts.items() if key.startswith("width-"))
    for path, figure in walk(content):
        text = next(text for text in steps.values() if re.search(rf"\b{re.escape(path)}(,|\n|$)", text.partition("\nFigure ")[2]))
        step = content["derivations"][figure["derivation"]]
        assert step["name"].casefold().replace("₂", "2") in text.casefold().replace("₂", "2"), path
        assert not step["formula"] or "= " in text, path
        assert ("The interval comes from" in text) == (figure["low"] < figure["high"]), path
        for inner in behind(content, figure["derivation"]).values():
            if factor := inner.get("factor"):
                assert row_text(factor)[1:] in rows.replace("CO2e", "CO2e"), path
                assert not factor["note"] or factor["note"] in rows, path
            if (kind := inner.get("uncertainty")) and kind != "stated":
                assert kind_text(content["uncertainties"][kind])[1:] in widths, path
    for source in content["sources"].values():
        assert source["title"] in shown.texts["sources"] and (source["where"] or "") in shown.texts["sources"]


@pytest.mark.parametrize("name", NAMES)
def test_figures_of_the_table_and_the_first_number_link_to_their_steps(name: str) -> None:
    content, shown = assessed(name), page(name)
    linked = [target for place, target in shown.links if "phases" in place]
    assert all(target in shown.texts for _, target in shown.links if target != "content")
    totals, inference = content["totals"], content["inference"] or {}
    for figure, path in (
        (totals["energy"], "totals.energy"), (totals["emissions"]["location"], "totals.emissions.location"),
        (totals["emissions"]["embodied"], "totals.emissions.embodied"), (totals["water"]["offsite"], "totals.water.offsite"),
        (inference.get("per_request"), "inference.per_request"),
    ):  # fmt: skip
        assert figure is None or any(path in shown.texts[target].replace("\n", " ") for target in linked if "step" in target), path
    assert any(not place and target.startswith("step-") for place, target in shown.links) or "step-1" in shown.texts
    with_rows = {target for place, target in shown.links if any(p.startswith("step-") for p in place)}
    assert {key for key in shown.texts if key.startswith(("row-", "width-"))} <= with_rows


@pytest.mark.parametrize("name", NAMES)
def test_disagreements_stand_on_the_card_in_the_report_and_beneath_the_input(name: str) -> None:
    content, shown = assessed(name), page(name)
    card = re.sub(r"</?sub>|\\", "", section(content))
    assert len(content["disagreements"]) <= 3
    for found in content["disagreements"]:
        text = sentence(found, content["sources"])
        assert text.replace("₂", "2") in card and text.replace("₂", "2") in shown.texts["disagreements"]
        explained = [explain(content, path) for path, f in walk(content) if set(found["inputs"]) & set(behind(content, f["derivation"]))]
        assert explained and all(text in one for one in explained)
    assert ("Where sources disagree" in card) == bool(content["disagreements"])


def test_the_sentence_is_short_and_names_both_numbers_with_who_gives_them() -> None:
    content = assessed("llama-3.1")
    assert [sentence(found, content["sources"]) for found in content["disagreements"]] == [
        "Sources disagree about the grid intensity (United States): 384 g CO₂e/kWh (Our World in Data, 2024, life-cycle, production) is "
        "used; US Environmental Protection Agency gives 350 g CO₂e/kWh (2023, direct, without upstream emissions, production).",
        "Sources disagree about the emissions of making one NVIDIA H100 SXM5 80GB: 575 kg CO₂e (Boavizta, 2026, cradle to gate with "
        "transport) is used; NVIDIA gives 164 kg CO₂e (2025, cradle to gate, footprint by the vendor).",
    ]


def test_a_number_without_a_source_of_its_own_is_told_without_one() -> None:
    number = {"unit": "W", "year": None, "basis": None, "sources": []}
    found = {"about": "the rated power of X", "used": {**number, "value": 300}, "others": [{**number, "value": 250}]}
    assert sentence(found, {}) == "Sources disagree about the rated power of X: 300 W is used; another source gives 250 W."


def test_a_card_carries_at_most_three_disagreements_and_the_report_all() -> None:
    content = pond()
    content["disagreements"] = [{**content["disagreements"][0], "about": f"thing {i}"} for i in range(5)]
    card, shown = section(content), report(content)
    assert [f"Sources disagree about thing {i}" in card for i in range(5)] == [True] * 3 + [False] * 2
    assert all(f"Sources disagree about thing {i}" in shown for i in range(5))


@pytest.mark.parametrize("text", [HOSTILE[0], "<img src=x onerror=alert(1)>", "**bold** [x](javascript:alert(1))"])
def test_what_a_saved_assessment_says_of_rows_and_disagreements_stays_text(text: str) -> None:
    content = hostile(text)
    shown, card = report(content), section(content)
    assert "<script" not in shown + card and "<img" not in shown + card
    assert not re.search(r"(?<!\\)\]\(javascript:", card) and "**bold**" not in card


def test_explain_shows_no_control_character_of_a_row_or_a_disagreement() -> None:
    content = hostile("\x1b[31m")
    content["totals"]["energy"] = {**content["totals"]["energy"], "derivation": "5"}
    shown = explain(content, "totals.energy")
    assert "row: table" in shown and "Sources disagree" in shown and "\x1b" not in shown


def test_explain_says_the_evidence_of_one_kind_of_interval_once() -> None:
    shown = explain(assessed("llama-3.1"), "totals.emissions.location")
    evidence = assessed("llama-3.1")["uncertainties"]["power-at-rating"]["note"]
    assert shown.count(evidence) == 1 and shown.count("for a stated power that equals the device's rated power") == 3


def test_an_assessment_of_an_older_version_still_renders() -> None:
    content = assessed("llama-3.1")
    old = {key: value for key, value in content.items() if key not in ("disagreements", "uncertainties")}
    old["derivations"] = {
        i: {key: value for key, value in step.items() if key not in ("factor", "uncertainty")} for i, step in content["derivations"].items()
    }
    assert "Where sources disagree" not in section(old) + report(old)
    assert "What was looked up" not in report(old)
    assert "owid-ember-2026" in explain(old)
