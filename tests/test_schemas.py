"""The schemas: valid JSON Schema 2020-12, documented, and with examples that hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cardgen.core.run import BOUNDARIES, PHASES
from cardgen.core.units import parse_quantity
from cardgen.resources import resource
from cardgen.validation.structure import resolved

NAMES = ("run.schema.json", "assessment.schema.json")


def load_schema(name: str) -> dict[str, Any]:
    return json.loads(resource("schemas", name))


def parts(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each property and definition of a schema with its path."""
    for key, inner in part.items() if isinstance(part, dict) else ():
        if key in ("properties", "$defs"):
            for name, described in inner.items():
                yield f"{path}/{key}/{name}", described
                yield from parts(described, f"{path}/{key}/{name}")
        elif key in ("items", "additionalProperties"):
            yield from parts(inner, f"{path}/{key}")
        elif key == "anyOf":
            for branch in inner:
                yield from parts(branch, f"{path}/anyOf")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_names_no_host(name):
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == name


@pytest.mark.parametrize("name", NAMES)
def test_every_property_has_title_description_and_examples_that_hold(name):
    schema = load_schema(name)
    assert len(list(parts(schema))) > 50
    for path, described in [("", schema), *parts(schema)]:
        assert described.get("title") and described.get("description") and described.get("examples"), path
        assert described["description"].endswith("."), path
        validator = Draft202012Validator({**described, "$defs": schema["$defs"]})
        for example in described["examples"]:
            assert list(validator.iter_errors(example)) == [], path


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_is_closed_unless_it_says_so(name):
    schema = load_schema(name)
    opened = [path for path, part in parts(schema) if "properties" in part and part.get("additionalProperties") is not False]
    assert opened == ["/$defs/component"][: name == "assessment.schema.json"]


def test_examples_of_quantities_can_be_read():
    quantities = [part for _, part in parts(resolved()) if "x-quantity" in part]
    assert len(quantities) > 20
    for part in quantities:
        for example in part["examples"]:
            assert parse_quantity(example, part["x-quantity"]).value > 0


def test_lists_of_words_are_those_of_the_core():
    activity = load_schema("run.schema.json")["$defs"]["activity"]["properties"]
    assert activity["phase"]["enum"] == list(PHASES)
    assert load_schema("run.schema.json")["$defs"]["measuredEnergy"]["properties"]["boundary"]["enum"] == list(BOUNDARIES)
    assert set(activity["phase"]["x-synonyms"].values()) <= set(PHASES)


def test_other_names_of_a_key_are_not_names_of_its_neighbours():
    for path, part in [("", resolved()), *parts(resolved())]:
        properties = part.get("properties", {})
        others = [other for name in properties for other in properties[name].get("x-aliases", ())]
        assert len(others) == len(set(others)) and not set(others) & properties.keys(), path
