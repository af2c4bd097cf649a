"""Plain scalars of YAML 1.2 (core schema), and those that readers of YAML 1.1 take for something else."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from cardgen.core.problem import Severity
from cardgen.loading.document import UNREADABLE
from cardgen.problems import printable

_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)|"
                     r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+")  # fmt: skip
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
# What YAML 1.1 reads as another number than YAML 1.2, or as a number where YAML 1.2 reads text.
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_OTHER_BASE = re.compile(r"[-+]?0b[01_]+|[-+]0x[0-9a-fA-F_]+")
_SWITCHES = frozenset(form for word in ("yes", "no", "on", "off") for form in (word, word.title(), word.upper()))
_FIRST = frozenset("-+.0123456789")


class Trouble(NamedTuple):
    """A scalar that should be written in another way, with the value that it has all the same."""

    code: str
    message: str
    hint: str
    value: object = UNREADABLE
    severity: Severity = "error"


def resolve(text: str) -> object:
    """Return the value of a plain scalar, or a Trouble.

    >>> resolve("1e3"), resolve("2025-11-01"), resolve("0o17")
    (1000.0, '2025-11-01', 15)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _FIRST:
        return _number(text)
    if text in _SWITCHES:
        opposite = "false" if text.lower() in ("no", "off") else "true"
        message = f"{text} is text in YAML 1.2 and read as such, but {opposite} in YAML 1.1"
        return Trouble("CG015", message, f'put it in quotes: "{text}"', text, "warning")
    return text


def _number(text: str) -> object:
    if _NUMBER.fullmatch(text):
        value = _value(text)
        return value if math.isfinite(value) else Trouble("CG016", f"{printable(text, 40)} is too large for a number", "")
    if _NOT_FINITE.fullmatch(text):
        return Trouble("CG016", f"{text} is not a number that can be computed with", "leave the key out when the value is not known")
    if len(text) > 100:
        return text
    if _LEADING_ZERO.fullmatch(text):
        return _differing(text, f"write {int(text)}" + f', or "{text}" for text')
    if _UNDERSCORES.fullmatch(text):
        return _differing(text, f'write {text.replace("_", "")}, or "{text}" for text')
    if _SEXAGESIMAL.fullmatch(text):
        return _differing(text, f'put it in quotes: "{text}"; a time is written as in: 90 min')
    if _OTHER_BASE.fullmatch(text):
        return _differing(text, f'write the number in decimal, or "{text}" for text')
    return text


def _value(text: str) -> int | float:
    """Return the number, as an infinite one when a float cannot hold it."""
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    if len(text) > 300 and base != 10:
        return math.inf
    value = float(text) if base == 10 else int(text, base)
    return int(text) if base == 10 and math.isfinite(value) and text.lstrip("-+").isdigit() else value


def _differing(text: str, hint: str) -> Trouble:
    return Trouble("CG014", f"{text} is read differently by YAML 1.1 and YAML 1.2", hint)
