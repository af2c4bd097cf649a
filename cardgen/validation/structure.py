"""Check data against a JSON Schema, with problems in words of our own.

This knows the keywords that run.schema.json uses and no more: a general validator takes ten times as long to load and to
run. A test holds that it agrees with the jsonschema library.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from cardgen.core.problem import Path, Problem
from cardgen.core.units import DIMENSIONS, Quantity, UnitError, parse_quantity
from cardgen.loading.document import UNREADABLE, Document
from cardgen.problems import Placed, place
from cardgen.resources import resource
from cardgen.validation.wording import KINDS, advice, date_advice, example, expected, found, nearest, quoted, share_advice

MAX_PROBLEMS = 1_000
MAX_TEXT = 5_000  # characters, where the schema states no limit


def schema() -> dict[str, Any]:
    """Return the schema of the run file as it is published; changing the result changes nothing else."""
    return json.loads(resource("schemas", "run.schema.json"))


@cache
def resolved() -> dict[str, Any]:
    """Return the schema of the run file with all references written out."""
    whole = schema()
    return _resolved(whole, whole["$defs"])


def _resolved(part: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    target = _resolved(definitions[part["$ref"].rpartition("/")[2]], definitions) if isinstance(part.get("$ref"), str) else {}
    rest = {key: _resolved(value, definitions) for key, value in part.items() if key not in ("$ref", "$defs", "examples")}
    examples = {"examples": part["examples"]} if "examples" in part else {}
    return {**target, **rest, **examples}


@lru_cache(maxsize=4096)
def quantity(text: str, dimension: str) -> Quantity:
    """Return the quantity that a text states; raises UnitError with a hint when it states none."""
    if len(text) > 100:
        raise UnitError("the text is too long for a quantity", f"write it as in: {DIMENSIONS[dimension][1]}")
    try:
        return parse_quantity(text, dimension)
    except UnitError:
        raise
    except (ArithmeticError, ValueError, RecursionError):
        raise UnitError(f"{quoted(text)} cannot be computed", f"write it as in: {DIMENSIONS[dimension][1]}") from None


def check(document: Document) -> list[Problem]:
    """Return what is wrong with the data of a document: keys, types, ranges, units and dates."""
    checker = _Checker(document)
    try:
        checker.value(document.data, resolved(), ())
    except _Enough:
        line, column = place(checker.problems[-1], document)
        message = f"there are more than {MAX_PROBLEMS:,} problems; the rest is not shown"
        checker.problems.append(Placed("CG100", message, (), "correct these first", "error", line, column))
    return checker.problems


class _Enough(Exception):
    """There are more problems than anybody reads."""


class _Checker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def report(self, code: str, message: str, path: Path, hint: str = "") -> None:
        self.problems.append(Problem(code, message, path, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Enough

    def value(self, value: Any, schema: Mapping[str, Any], path: Path) -> None:
        if value is UNREADABLE:
            return
        kind = KINDS[type(value)]
        if "anyOf" in schema:
            branch = next((branch for branch in schema["anyOf"] if branch["type"] == kind), None)
            schema = schema if branch is None else {**branch, "x-synonyms": schema.get("x-synonyms", {})}
        if not _is_of(kind, value, schema.get("type", ())):
            self.wrong_type(value, schema, path)
        elif kind == "object":
            self.mapping(value, schema, path)
        elif kind == "array":
            if len(value) < schema.get("minItems", 0):
                self.report("CG104", "the list is empty, expected at least one entry", path, 'begin each entry with "- "')
            for position, item in enumerate(value):
                self.value(item, schema["items"], (*path, position))
        elif kind == "string":
            self.text(value, schema, path)
        else:
            self.number(value, schema, path)

    def written(self, value: Any, path: Path) -> str:
        return self.document.written(path) if isinstance(value, (int, float)) else ""

    def wrong_type(self, value: Any, schema: Mapping[str, Any], path: Path) -> None:
        written = self.written(value, path)
        key = next((step for step in reversed(path) if isinstance(step, str)), "")
        unitless = "x-quantity" in schema and isinstance(value, (int, float)) and not isinstance(value, bool)
        message = f"{quoted(value, written)} has no unit" if unitless else found(value, written)
        hint = advice(value, schema, key, written)
        self.report("CG106" if unitless else "CG103", f"{message}, expected {expected(schema)}", path, hint)

    def mapping(self, value: dict, schema: Mapping[str, Any], path: Path) -> None:
        known = schema["properties"]
        meant = set()
        for key, item in value.items():
            if key in known:
                self.value(item, known[key], (*path, key))
            else:
                name, hint = key_advice(key, known, path)
                meant.add(name)
                line, column = self.document.key_mark((*path, key))
                self.problems.append(Placed("CG101", "this key is not known", (*path, key), hint, "error", line, column))
                if len(self.problems) >= MAX_PROBLEMS:
                    raise _Enough
        for key in schema.get("required", ()):
            if key not in value and key not in meant:
                shown = example(known[key]) if known[key].get("type") not in ("object", "array") else ""
                self.report("CG102", f"`{key}` is missing", path, f"write it as in: {key}: {shown}" if shown else f"add `{key}:`")

    def text(self, value: str, schema: Mapping[str, Any], path: Path) -> None:
        if "enum" in schema:
            if value not in schema["enum"]:
                plain = value.strip().lower().replace("_", "-").replace(" ", "-")
                name = schema.get("x-synonyms", {}).get(plain) or nearest(value, schema["enum"])
                hint = f"write {name}" if name else ""
                self.report("CG105", f"{quoted(value)} is not known here, expected {expected(schema)}", path, hint)
        elif "x-quantity" in schema:
            self.quantity(value, schema, path)
        elif not value and schema.get("minLength"):
            self.report("CG107", f"the text is empty, expected {expected(schema)}", path, "write a value, or remove the key")
        elif len(value) > schema.get("maxLength", MAX_TEXT):
            most = schema.get("maxLength", MAX_TEXT)
            self.report("CG107", f"the text has {len(value):,} characters, expected at most {most:,}", path, "shorten it")
        elif "pattern" in schema and not re.search(schema["pattern"], value):
            hint = date_advice(value) if schema.get("x-date") else f"as in: {example(schema)}"
            self.report(schema.get("x-code", "CG107"), f"{quoted(value)} is not {expected(schema)}", path, hint)
        elif schema.get("x-date") and not is_date(value):
            self.report("CG109", f"{quoted(value)} is not in the calendar", path, "check month and day: YYYY-MM-DD")

    def quantity(self, value: str, schema: Mapping[str, Any], path: Path) -> None:
        try:
            amount = quantity(value, schema["x-quantity"])
        except UnitError as error:
            self.report("CG106", str(error), path, error.hint or f"write it as in: {example(schema)}")
            return
        if amount.value < 0:
            self.report("CG104", f"{quoted(value)} is negative, expected {expected(schema)}", path, schema.get("x-hint", ""))
        elif amount.value == 0 and "x-exclusiveMinimum" in schema:
            self.report("CG104", f"{quoted(value)} is zero, expected {expected(schema)}", path, schema.get("x-hint", ""))

    def number(self, value: float, schema: Mapping[str, Any], path: Path) -> None:
        low, high, above = (schema.get(name) for name in ("minimum", "maximum", "exclusiveMinimum"))
        if "const" in schema:
            if value != schema["const"]:
                self.version(value, path)
        elif low is not None and value < low or high is not None and value > high or above is not None and value <= above:
            shown = quoted(value, self.written(value, path))
            hint = share_advice(value, schema)
            self.report(schema.get("x-code", "CG104"), f"{shown} is out of range, expected {expected(schema)}", path, hint)

    def version(self, value: float, path: Path) -> None:
        newer = "is newer than this cardgen, which reads 1" if value > 1 else "is not a version, expected 1"
        self.report("CG108", f"format {quoted(value)} {newer}", path, "update cardgen" if value > 1 else "write cardgen: 1")


def _is_of(kind: str, value: Any, types: Any) -> bool:
    """Tell whether a value is of one of some JSON types; a number without a fraction is an integer too."""
    allowed = (types,) if isinstance(types, str) else types
    if kind in allowed or kind == "integer" and "number" in allowed:
        return True
    return kind == "number" and "integer" in allowed and float(value).is_integer()


def is_date(text: str) -> bool:
    """Tell whether a text is a day, a month or a year of the calendar: YYYY-MM-DD, YYYY-MM or YYYY."""
    try:
        datetime.date.fromisoformat(text + "0001-01-01"[len(text) :] if len(text) in (4, 7, 10) else text)
    except ValueError:
        return False
    return re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text) is not None


def key_advice(key: str, known: Mapping[str, Any], path: Path) -> tuple[str, str]:
    """Return the key that was probably meant, if it belongs here, and a hint."""
    plain = key.strip().lower().replace("-", "_")[:80]
    for name, part in known.items():
        if plain in part.get("x-aliases", ()):
            return name, f"did you mean `{name}`?"
    near = nearest(key, known)
    if near:
        return near, f"did you mean `{near}`?"
    homes = [home.rpartition(".")[2] for home in _homes().get(plain, ()) if home != _place(path)]
    if homes:
        return "", f"`{plain}` belongs under " + " or ".join(f"`{home}`" if home else "the top level" for home in homes[:3])
    return "", "known here: " + ", ".join(known)


def _place(path: Path) -> str:
    return ".".join(step for step in path if isinstance(step, str))


@cache
def _homes() -> dict[str, list[str]]:
    """Return where each key belongs: the dotted names of the mappings that have it."""
    homes: dict[str, list[str]] = {}

    def visit(part: Mapping[str, Any], place: str) -> None:
        for branch in part.get("anyOf", ()):
            visit(branch, place)
        if "items" in part:
            visit(part["items"], place)
        for key, inner in part.get("properties", {}).items():
            homes.setdefault(key, []).append(place)
            visit(inner, f"{place}.{key}".strip("."))

    visit(resolved(), "")
    return homes
