"""Words for problems: what was found, what is expected, what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from cardgen.core.units import DIMENSIONS
from cardgen.problems import printable

KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_FOUND = {
    "object": "a mapping of keys", "array": "a list", "string": "text", "boolean": "a truth value", "integer": "a number",
    "number": "a number", "null": "nothing",
}  # fmt: skip
_QUANTITIES = {
    "duration": "a duration", "mass": "a mass", "intensity": "an intensity", "water": "a volume of water",
    "water intensity": "a volume of water for each unit of energy", "price": "a price", "money": "an amount of money",
}  # fmt: skip
_COUNT_SUFFIXES = {"k": 3, "K": 3, "M": 6, "B": 9, "G": 9, "T": 12}
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"


def quoted(value: Any, written: str = "") -> str:
    """Return a value as its author knows it: text in quotes, a number as it is written in the file."""
    if isinstance(value, str):
        return f'"{printable(value, 60)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return written or f"{value:.15g}"
    return _FOUND[KINDS[type(value)]]


def found(value: Any, written: str = "") -> str:
    """Return what a value is, for example ``"71" is text`` or ``a list stands here``."""
    if value is None:
        return "nothing is written here"
    if isinstance(value, (dict, list)):
        return f"{quoted(value)} stands here"
    return f"{quoted(value, written)} is {_FOUND[KINDS[type(value)]]}"


def expected(schema: Mapping[str, Any]) -> str:
    """Return what a schema asks for, in words."""
    if "anyOf" in schema:
        return " or ".join(expected(branch) for branch in schema["anyOf"])
    if "x-quantity" in schema:
        dimension = schema["x-quantity"]
        return f"{_QUANTITIES.get(dimension, dimension)} with its unit, such as {example(schema)}"
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"]) if len(schema["enum"]) > 2 else " or ".join(schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "x-form" in schema:
        return str(schema["x-form"])
    kind = schema["type"]
    return _bounded(schema) if kind in ("number", "integer") else _FOUND[kind]


def _bounded(schema: Mapping[str, Any]) -> str:
    low, high, above = schema.get("minimum"), schema.get("maximum"), schema.get("exclusiveMinimum")
    if high is not None:
        return f"a number above {above:g} and up to {high:g}" if low is None else f"a number from {low:g} to {high:g}"
    return "a number" if above is None else f"a number greater than {above:g}"


def example(schema: Mapping[str, Any]) -> str:
    """Return a value that a schema accepts, as text."""
    return str(schema["examples"][0]) if schema.get("examples") else DIMENSIONS[schema["x-quantity"]][1]


def advice(value: Any, schema: Mapping[str, Any], key: str, written: str = "") -> str:
    """Return what to do about a value of the wrong type; empty where the message says it all."""
    kind = schema.get("type")
    if value is None:
        return "write a value, or remove the key"
    if "x-quantity" in schema and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"write the unit, as in: {quoted(value, written)} {example(schema).partition(' ')[2]}"
    if kind in ("number", "integer") and isinstance(value, str):
        return _number_advice(value, schema)
    if kind == "string" and isinstance(value, (bool, int, float)):
        return f'put it in quotes: "{quoted(value, written)}"'
    if kind == "array":
        return f"write it as a list: {key}: [{printable(value, 40)}]" if isinstance(value, str) else 'begin each entry with "- "'
    if kind == "object" and "value" in schema.get("properties", {}) and isinstance(value, str):
        return f"write it as {key}: {{value: {printable(value, 40)}}}"
    if kind == "object" and isinstance(value, list):
        return 'remove the "- "'
    return ""


def _number_advice(text: str, schema: Mapping[str, Any]) -> str:
    plain = text.strip()
    if len(plain) > 60:
        return "write the number alone"
    if re.fullmatch(_NUMBER, plain):
        return "remove the quotes"
    percent = re.fullmatch(rf"({_NUMBER})\s*%", plain)
    if percent:
        return f"write {float(percent[1]) / 100:g}"
    grouped = re.fullmatch(r"\d{1,3}(?:[ ,_'\u00a0\u202f]\d{3})+", plain)
    if grouped:
        return "write " + re.sub(r"\D", "", plain)
    suffixed = re.fullmatch(rf"({_NUMBER})\s*([kKMBGT])", plain)
    if suffixed:
        return f"write {suffixed[1]}e{_COUNT_SUFFIXES[suffixed[2]]}"
    leading = re.match(rf"({_NUMBER})(?![.,\d])\D", plain)
    return f"write the number alone: {leading[1]}" if leading else "write the number alone"


def share_advice(value: float, schema: Mapping[str, Any]) -> str:
    """Return what to do about a number out of its range."""
    if schema.get("maximum") == 1 and 1 < value <= 100:
        return f"{value:g} means {value / 100:g}"
    return str(schema.get("x-hint", ""))


def date_advice(text: str) -> str:
    """Return how to write a date that is written in another way."""
    match = re.match(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text[:40])
    if match:
        return f"write {match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
    return "write year, month and day, as in: 2025-11-01"


def nearest(word: str, names: Iterable[str]) -> str:
    """Return the name that a word is closest to; empty when it is close to none.

    >>> nearest("cuont", ["count", "duration"])
    'count'
    """
    if len(word) > 60:
        return ""
    plain = {_plain(name): name for name in names}
    match = get_close_matches(_plain(word), plain, n=1, cutoff=0.65)
    return plain[match[0]] if match else ""


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().lower())
