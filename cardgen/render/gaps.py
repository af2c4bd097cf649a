"""What the totals leave out, what is not known, and what would make the interval narrower, in phrases of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cardgen import numbers
from cardgen.render.figures import GAP, Document, Figure, joined
from cardgen.render.words import phases

_NOT_REPORTED = f" ({GAP})"
# What a driver of the interval is, by its name, what narrows it, and what does where the author has stated it already.
_KINDS = (
    (r"measured energy|energy of (a|1,000) requests?|mean of .* requests|measured .*",
     "state the uncertainty of the meter", "state the uncertainty of the meter"),
    (r"grid intensity", "state the intensity of the local grid", "state the uncertainty of the grid intensity"),
    (r"PUE", "ask the operator for the PUE", "state the uncertainty of the PUE"),
    (r"utilisation.*|.*\bpower\b.*|host share|estimated energy|.*\bidle\b.*|MFU|HFU|training FLOPs|tokens|parameters|throughput.*"
     r"|duration|device-hours|wall-clock time|compute", "measure the energy", "measure the energy"),
)  # fmt: skip


def not_included(document: Document) -> list[str]:
    """Return what the totals leave out; what several phases leave out alike stands once.

    >>> run = {"activities": [{"name": "A"}, {"name": "B"}], "not_included": ["A: host (CPU)", "B: host (CPU)", "B: cooling"]}
    >>> not_included(run)
    ['host (CPU) of all phases', 'cooling of B']
    """
    names = [str(a.get("name") or a.get("phase")) for a in phases(document)]
    found: dict[str, list[str]] = {}
    for part in document.get("not_included") or ():
        if part.endswith(_NOT_REPORTED):
            continue
        owner = max((n for n in names if part.startswith(f"{n}: ")), key=len, default="")
        found.setdefault(part.removeprefix(f"{owner}: ") if owner else part, []).append(owner)
    return [text if "" in owners else f"{text} of {_of(owners, names)}" for text, owners in found.items()]


def not_reported(document: Document) -> list[str]:
    """Return what is not known."""
    return [part.removesuffix(_NOT_REPORTED) for part in document.get("not_included") or () if part.endswith(_NOT_REPORTED)]


def drivers(figure: Figure) -> list[tuple[str, str]]:
    """Return the inputs that a figure's interval comes from, with their share in per cent, the largest first; at most five."""
    found = (figure or {}).get("drivers") or ()
    return [(d["input"], numbers.percent(d["share"])) for d in found if d["share"] >= 0.01][:5]


def advice(document: Document, figure: Figure) -> str:
    """Return what would narrow a figure's interval most, by the kind of its first driver, as a sentence."""
    first = next((name for name, _ in drivers(figure)), "")
    kind = next((kind for kind in _KINDS if re.fullmatch(kind[0], first)), None)
    if kind is None:
        return "The first widens it most." if first else ""
    inputs = [d for d in _behind(document, figure) if d.get("name") == first]
    if inputs and kind[1] == "measure the energy" and all(d.get("basis") == "measured" for d in inputs):
        kind = _KINDS[0]
    is_stated = bool(inputs) and all(d.get("basis") in ("measured", "declared") for d in inputs)
    return f"To narrow it most, {kind[2 if is_stated else 1]}."


def _behind(document: Document, figure: Figure) -> Iterator[Mapping[str, Any]]:
    """Yield the derivations that a figure rests on, each once."""
    derivations, seen, waiting = document.get("derivations") or {}, set(), [(figure or {}).get("derivation")]
    while waiting:
        identifier = waiting.pop()
        if identifier in derivations and identifier not in seen:
            seen.add(identifier)
            waiting += derivations[identifier].get("inputs") or ()
            yield derivations[identifier]


def _of(owners: Sequence[str], names: Sequence[str]) -> str:
    return "all phases" if len(names) > 1 and set(owners) == set(names) else joined(list(dict.fromkeys(owners)))
