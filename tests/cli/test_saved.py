"""Assessments that somebody else wrote: they are shown whole or refused, never half."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cardgen.loading import load
from cardgen.problems import CardgenError
from cardgen.saved import saved

TEXT = (Path(__file__).parents[2] / "examples" / "gpt-3" / "assessment.json").read_text(encoding="utf-8")


def changed(*steps: Any, value: Any) -> str:
    document = json.loads(TEXT)
    part = document
    for step in steps[:-1]:
        part = part[step]
    part[steps[-1]] = value
    return json.dumps(document)


def disagreeing(inputs: list[str]) -> dict[str, Any]:
    number = {"value": 1.5, "unit": "W", "year": None, "basis": None, "sources": []}
    return {"inputs": inputs, "about": "the power of X", "used": number, "others": [number]}


def test_an_assessment_of_an_older_version_is_taken():
    """Before disagreements and uncertainties were told, no derivation named a factor row."""
    old = json.loads(TEXT)
    for key in ("disagreements", "uncertainties"):
        old.pop(key, None)
    for step in old["derivations"].values():
        step.pop("factor", None)
        step.pop("uncertainty", None)
    assert saved(load(json.dumps(old).encode(), "a.json")) == old


def test_an_assessment_as_it_was_saved_is_taken():
    assert saved(load(TEXT.encode(), "a.json")) == json.loads(TEXT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed("totals", "energy", "value", value=-1), "outside its interval"),
        (changed("totals", "energy", "value", value=1e40), "out of range"),
        (changed("totals", "energy", "value", value=1.3e6), "is not what derivation"),
        (TEXT.replace("1289376.0", "1" * 400, 1), "a.json"),
        (changed("totals", "energy", "derivation", value=None), "derivation"),
        (changed("totals", "energy", "derivation", value="nowhere"), "derivation nowhere is missing"),
        (changed("derivations", "1", "inputs", value=["1"]), "do not stand before it"),
        (changed("derivations", "1", "formula", value="a × b"), "no calculation of cardgen"),
        (changed("disagreements", value=[disagreeing(["nowhere"])]), "derivation nowhere is missing"),
        (changed("disagreements", value=[disagreeing(["1"])]), "the number in use is not that of derivation 1"),
        (changed("uncertainties", value={}), "is missing"),
        (changed("model", "name", value="\u001b[31m"), "U+001B"),
        (TEXT.replace("1289376.0", "NaN", 1), "not"),
        (TEXT.replace('"cardgen": 1,', '"cardgen": 1, "cardgen": 1,', 1), "there already"),
    ],
)
def test_an_assessment_that_contradicts_itself_is_refused(text, said):
    with pytest.raises(CardgenError) as caught:
        saved(load(text.encode(), "a.json"))
    assert caught.value.exit_code == 1
    assert said in caught.value.message
