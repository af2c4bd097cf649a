"""Single figures in words: value, unit, interval, basis, and the numbers of their sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cardgen import numbers
from cardgen.numbers import span_step

Document = Mapping[str, Any]
Figure = Mapping[str, Any] | None
GAP = "not reported"
BASES = ("measured", "declared", "estimated", "assumed")  # from the strongest to the weakest


class Line(NamedTuple):
    """A statement beside the table: its label, its text, and the numbers of its sources."""

    label: str
    text: str
    references: str = ""
    figures: tuple[Figure, ...] = ()


def value(figure: Figure) -> str:
    """Return a figure's value with its unit; "not reported" where it is unknown.

    >>> value({"value": 17756.16, "unit": "kWh"}), value(None)
    ('17.8 MWh', 'not reported')
    """
    if figure is None:
        return GAP
    if figure["unit"] == "d":
        name, size = span_step(figure["value"])
        return f"{numbers.digits(figure['value'] / size)} {name}"
    return numbers.quantity(figure["value"], figure["unit"])


def spread(figure: Figure) -> str:
    """Return a figure's 90 % interval in the unit of its value, or nothing where the figure has no width.

    >>> spread({"value": 17756, "unit": "kWh", "low": 15100, "high": 20900})
    '15.1 to 20.9'
    """
    if figure is None or figure.get("low") is None or figure["low"] == figure["high"]:
        return ""
    if figure["unit"] == "d":
        size = span_step(figure["value"])[1]
        return f"{numbers.digits(figure['low'] / size)} to {numbers.digits(figure['high'] / size)}"
    return numbers.interval(figure["low"], figure["high"], figure["value"], figure["unit"])


def with_spread(figure: Figure) -> str:
    """Return a figure's value with its unit and, in brackets, its interval."""
    interval = spread(figure)
    return f"{value(figure)} ({interval})" if interval else value(figure)


def basis(figure: Figure) -> str:
    """Return what a figure rests on, in one word; nothing for an exact or unknown one."""
    found = figure.get("basis") if figure else None
    return found if found and found != "exact" else ""


def weakest(figures: Iterable[Figure]) -> str:
    """Return the weakest basis of the figures that are known.

    >>> weakest([{"basis": "measured"}, None, {"basis": "estimated"}])
    'estimated'
    """
    return max(filter(None, map(basis, figures)), key=BASES.index, default="")


def hours_text(figure: Figure) -> str:
    """Return device-hours with their unit.

    >>> hours_text({"value": 52224.0, "unit": "h"})
    '52,200 device-hours'
    """
    return f"{value(figure).removesuffix('h').rstrip()} device-hours" if figure and value(figure).endswith("h") else value(figure)


def cited(document: Document, most: int | None = None) -> dict[str, int]:
    """Return the sources that figures name, numbered from 1 in the order of their appearance.

    With ``most`` only so many disagreements are shown, and what intervals rest on is not.
    """
    known = document.get("sources") or {}
    shown = [document.get(key) for key in ("activities", "totals", "inference", "equivalents", "comparison", "derivations")]
    parts = [*shown, (document.get("disagreements") or ())[:most], document.get("uncertainties") if most is None else None]
    names = dict.fromkeys(s for part in parts for s in sources_of(part) if s in known and s != "run")
    return {name: number for number, name in enumerate(names, start=1)}


def references(sources: Iterable[str] | None, numbered: Mapping[str, int]) -> str:
    """Return the numbers of sources in square brackets.

    >>> references(["run", "c", "a", "b", "f"], {"a": 1, "b": 2, "c": 3, "f": 6})
    '[1–3, 6]'
    """
    found = sorted({numbered[s] for s in sources or () if s in numbered})
    runs: list[list[int]] = []
    for number in found:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return f"[{', '.join(texts)}]" if texts else ""


def sources_of(part: Any) -> Iterator[str]:
    """Yield the source ids under a part of a document, in order."""
    if isinstance(part, Mapping):
        for key, inner in part.items():
            if key == "sources" and isinstance(inner, (list, tuple)):
                yield from inner
            else:
                yield from sources_of(inner)
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from sources_of(inner)


def joined(names: list[str]) -> str:
    """Return names as a list in words.

    >>> joined(["A", "B", "C"])
    'A, B and C'
    """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def comma(text: str) -> str:
    """Return a text after a comma, or nothing."""
    return f", {text}" if text else ""


def bracket(text: str) -> str:
    """Return a text in brackets after a space, or nothing."""
    return f" ({text})" if text else ""
