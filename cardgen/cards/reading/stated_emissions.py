"""What the front matter of a card says in ``co2_eq_emissions``, and what the readers of that key make of it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cardgen.cards.emissions import KEYS
from cardgen.cards.front_matter import KEY, FrontMatter, children_of, scalar
from cardgen.cards.reading.amounts import Amount, one
from cardgen.cards.reading.claims import is_missing
from cardgen.core.problem import Severity
from cardgen.problems import Placed, printable

if TYPE_CHECKING:
    from yaml import Node

_MISSPELT = re.compile(r"(?:co_?2|carbon|ghg)(?:_?(?:e|eq|equiv))?_?(?:em+is+ions?|footprint|emitted)(?:_?(?:grams?|kg|g))?")
_HUB = re.compile(r"\d+\.\d+|\d+")  # how huggingface_hub finds the number
_AS_NUMBER = "write grams as a plain number, as in 1690 or 0.21"


@dataclass(frozen=True)
class Text:
    """A text of the metadata with its place, from 1."""

    text: str
    line: int
    column: int


@dataclass
class StatedEmissions:
    """What ``co2_eq_emissions`` states: the amount where it can be read, the texts of its other keys, and what is wrong."""

    amount: Amount | None = None
    place: tuple[int, int] = (1, 1)
    texts: dict[str, Text] = field(default_factory=dict)
    problems: list[Placed] = field(default_factory=list)
    is_number: bool = False


def stated_emissions(matter: FrontMatter) -> StatedEmissions | None:
    """Return what the front matter states of emissions, None where it has no such key; misspelt keys are among the problems."""
    root = matter.root
    children = children_of(root) if root is not None else {}
    stated = StatedEmissions()
    if KEY in children:
        _read(matter, children[KEY], stated)
    else:
        stated.problems += _misspelt(matter, root)
    return stated if KEY in children or stated.problems else None


def _misspelt(matter: FrontMatter, root: Node | None) -> Iterator[Placed]:
    for key, _ in root.value if root is not None else ():
        name = str(key.value).casefold().replace("-", "_").replace(" ", "_") if key.id == "scalar" else ""
        if _MISSPELT.fullmatch(name) or (name and difflib.get_close_matches(name, [KEY], 1, 0.85)):
            yield _at(matter, key, "CG430", f'no reader knows the key "{printable(key.value, 60)}"', f"did you mean {KEY}?")


def _read(matter: FrontMatter, node: Node, stated: StatedEmissions) -> None:
    stated.place = matter.place(node.start_mark.index)
    problems = stated.problems
    if node.id == "sequence":
        hint = "write one key a line: emissions, source"
        problems.append(_at(matter, node, "CG431", f"{KEY} is a list, expected keys with values", hint))
        return
    if node.id == "scalar":
        problems += _number(matter, node, stated)
        if stated.is_number and stated.amount is not None and stated.amount.value:
            message = f"{KEY} is a bare number: the Hub takes it, carbon-txt refuses it"
            hint = f"write it below, as in:  emissions: {printable(node.value, 40)}"
            problems.append(_at(matter, node, "CG431", message, hint, "warning"))
        return
    children = children_of(node)
    for key, value in children.items():
        if key in KEYS and key != "emissions" and value.id == "scalar":
            place = matter.place(value.start_mark.index)
            stated.texts[str(key)] = Text(str(value.value), *place)
            if is_missing(value.value) or value.value.casefold() in ("na", "nan"):
                message = f'{key} says nothing: "{printable(value.value, 40)}"'
                problems.append(_at(matter, value, "CG435", message, "fill it in, or remove the key", "warning"))
    problems += _near_keys(matter, node, children)
    if "emissions" in children:
        amount = children["emissions"]
        stated.place = matter.place(amount.start_mark.index)
        if amount.id == "scalar":
            problems += _number(matter, amount, stated)
        else:
            problems.append(_at(matter, amount, "CG432", "emissions are not a number of grams", _AS_NUMBER))
    else:
        message = f"{KEY} has no emissions: readers that expect the number fail"
        problems.append(_at(matter, node, "CG436", message, "add emissions, in grams, or remove the key"))


def _near_keys(matter: FrontMatter, node: Node, children: dict[str | int, Node]) -> Iterator[Placed]:
    for key, _ in node.value:
        if key.id != "scalar" or key.value in KEYS:
            continue
        close = difflib.get_close_matches(str(key.value).casefold().replace(" ", "_").replace("-", "_"), KEYS, 1, 0.75)
        if close and close[0] not in children:
            yield _at(matter, key, "CG430", f'no reader knows the key "{printable(key.value, 60)}"', f"did you mean {close[0]}?", "warning")


def _number(matter: FrontMatter, node: Node, stated: StatedEmissions) -> Iterator[Placed]:
    """Read the amount, and yield what is wrong with how it is written."""
    value, written = scalar(node), str(node.value)
    shown = printable(written, 60)
    if is_missing(written) or value is None:
        yield _at(matter, node, "CG435", f'emissions are not stated: "{shown}"', "write the number of grams, or remove the key", "warning")
        return
    plain = _float(value, written)
    if plain is None:
        stated.amount = one(written, ("mass",))
        yield _as_text(matter, node, value, stated.amount)
        return
    if plain < 0 or not math.isfinite(plain):
        yield _at(matter, node, "CG432", f"emissions of {shown} g cannot be", _AS_NUMBER)
        return
    stated.is_number = True
    digits = re.sub(r"_", "", written).strip()
    stated.amount = Amount("mass", plain / 1000, plain / 1000, "g", f"{digits} g", 0, len(written))
    if plain == 0:
        message = "emissions are exactly 0, which readers take for no data, and no grid emits nothing"
        yield _at(matter, node, "CG434", message, "write the grams, however few; without a number remove the key", "warning")
        return
    hub = _HUB.search(str(value))
    seen = float(hub[0]) if hub else 0.0
    decimal = f"{plain:.12f}".rstrip("0").rstrip(".") if plain < 1e15 else f"{plain:.0f}"
    if abs(seen - plain) > 1e-9 * plain:
        message = f"huggingface_hub reads {shown} as {seen:g} g"
        hint = f"write it without an exponent: {decimal}" if plain >= 1e-4 else "smaller than what the Hub can read: check the unit"
        yield _at(matter, node, "CG433", message, hint)
    elif "_" in written:
        yield _at(matter, node, "CG433", f"{shown} is a number in YAML 1.1 and text in YAML 1.2", f"write {decimal}", "warning")


def _float(value: Any, written: str) -> float | None:
    """Return the number that was meant, also where YAML 1.1 reads an exponent as text; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float) and ":" not in written:
        return float(value) if abs(value) < 1e300 else math.inf
    return float(written) if re.fullmatch(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d{1,3})?", written) else None


def _as_text(matter: FrontMatter, node: Node, value: Any, amount: Amount | None) -> Placed:
    hub = _HUB.search(str(value))
    message = f'the amount is the text "{printable(str(node.value), 60)}", expected a number of grams; '
    message += f"huggingface_hub reads {hub[0]} g" if hub else "huggingface_hub finds no number in it"
    grams = f"{amount.value * 1000:.6g}" if amount and amount.is_definite and 1e-4 <= amount.value * 1000 < 1e15 else ""
    plain = f"{float(grams):f}".rstrip("0").rstrip(".") if grams else ""
    return _at(matter, node, "CG432", message, f"write the grams alone: emissions: {plain}" if plain else _AS_NUMBER)


def _at(matter: FrontMatter, node: Any, code: str, message: str, hint: str, severity: Severity = "error") -> Placed:
    return Placed(code, message, (), hint, severity, *matter.place(node.start_mark.index))
