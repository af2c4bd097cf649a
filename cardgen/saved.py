"""An assessment that was saved as JSON: it is checked before it is shown, since anybody may have written it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.core.inputs import STATED
from cardgen.loading.document import Document
from cardgen.problems import CardgenError, printable
from cardgen.resources import resource

HINT = "save it again with: cardgen assess RUN --format json"
LARGEST = 1e31
DEEPEST = 60  # steps from a figure to its inputs; assessments have about fifteen


def saved(source: Document) -> dict[str, Any]:
    """Return the assessment in a file; raises CardgenError, exit code 1, where it does not follow its schema or itself."""
    if source.problems:
        raise CardgenError(f"{source.name}: {source.problems[0].message}", 1, HINT)
    import jsonschema

    try:
        document = json.loads(source.text, parse_constant=_refused, parse_int=_integer)
        jsonschema.validate(document, json.loads(resource("schemas", "assessment.schema.json")), jsonschema.Draft202012Validator)
    except ValueError as error:  # JSONDecodeError is one
        raise CardgenError(f"{source.name}: not the JSON of an assessment: {printable(str(error), 200)}", 1, HINT) from None
    except jsonschema.ValidationError as error:
        where, what = printable(error.json_path, 120), printable(error.message, 200)
        raise CardgenError(f"{source.name}: {where}: {what}", 1, HINT) from None
    for fault in _faults(document):
        raise CardgenError(f"{source.name}: {printable(fault, 300)}", 1, HINT)
    return document


def _refused(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _integer(text: str) -> int | float:
    return float(text) if len(text) > 15 else int(text)


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what contradicts itself: numbers out of range, ends of intervals, derivations that are missing or in a circle."""
    steps = document["derivations"]
    for path, part in _mappings(document, "$"):
        numbers = [value for value in part.values() if isinstance(value, (int, float)) and not isinstance(value, bool)]
        if any(not math.isfinite(number) or abs(number) > LARGEST for number in numbers):
            yield f"{path}: a number is out of range"
        if {"low", "value", "high"} <= set(part) and not part["low"] <= part["value"] <= part["high"]:
            yield f"{path}: the value is outside its interval"
        if "derivation" in part and part["derivation"] not in steps:
            yield f"{path}: derivation {part['derivation']} is missing"
        elif "derivation" in part and any(part.get(key) != steps[part["derivation"]][key] for key in ("value", "unit", "low", "high")):
            yield f"{path}: the figure is not what derivation {part['derivation']} gives"
    yield from _loose_ends(document)
    depth: dict[str, int] = {}
    for identifier, step in steps.items():  # a step stands after the steps that it rests on
        if any(i not in depth for i in step["inputs"]):
            yield f"derivation {identifier} rests on steps that do not stand before it"
            return
        depth[identifier] = 1 + max((depth[i] for i in step["inputs"]), default=0)
        if depth[identifier] > DEEPEST or bool(step["inputs"]) != bool(step["formula"]):
            yield f"derivation {identifier} is no calculation of cardgen"


def _loose_ends(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what names a derivation or an uncertainty that is missing, and numbers that differ from those of their derivation.

    Assessments of older versions hold neither disagreements nor uncertainties.
    """
    steps, kinds = document["derivations"], document.get("uncertainties", {})
    for identifier, step in steps.items():
        if step.get("uncertainty", STATED) not in (*kinds, STATED):
            yield f"derivation {identifier}: uncertainty {step['uncertainty']} is missing"
        if step["inputs"] and ("factor" in step or "uncertainty" in step):
            yield f"derivation {identifier} is a calculation and names a factor"
    for index, found in enumerate(document.get("disagreements", ())):
        for identifier in found["inputs"]:
            if identifier not in steps:
                yield f"$.disagreements[{index}]: derivation {identifier} is missing"
            elif (steps[identifier]["value"], steps[identifier]["unit"]) != (found["used"]["value"], found["used"]["unit"]):
                yield f"$.disagreements[{index}]: the number in use is not that of derivation {identifier}"


def _mappings(part: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(part, Mapping):
        yield path, part
        for key, value in part.items():
            yield from _mappings(value, f"{path}.{key}")
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _mappings(value, f"{path}[{index}]")
