"""Where an input comes from, in words: its factor row, what its interval rests on, and where sources disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cardgen.numbers import digits, quantity

Document = Mapping[str, Any]
NO_FIGURES = ("derivations", "sources", "comparison", "disagreements", "uncertainties")
STATED = "as the run file states it"
UNREAD = " (not checked against a document)"


def walk(part: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each figure under a part of an assessment with its path, as ``cardgen explain`` takes it."""
    if isinstance(part, Mapping):
        if "derivation" in part:
            yield path, part
            return
        for key, value in part.items():
            if path or key not in NO_FIGURES:
                name = key if re.fullmatch(r"[\w-]+", key) else f'"{key}"'
                yield from walk(value, f"{path}.{name}" if path else name)
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from walk(value, f"{path}[{index}]")


def row_text(factor: Mapping[str, Any]) -> str:
    """Return the row and the column of a factor table that a number stands in, with the edition of the table.

    >>> row_text({"table": "water", "column": "value", "edition": "2026.11", "row": {"zone": "DEU", "year": "2025"}, "verified": True})
    'table water, edition 2026.11, column value: zone DEU; year 2025'
    """
    whose = f", edition {factor['edition']}" if factor.get("edition") else " of the author"
    cells = "; ".join(f"{name.replace('_', ' ')} {cell}" for name, cell in factor["row"].items())
    return f"table {factor['table']}{whose}, column {factor['column']}: {cells}{'' if factor.get('verified', True) else UNREAD}"


def width_text(step: Mapping[str, Any], document: Document, brief: bool = False) -> str:
    """Return how wide the interval of an input is and on what that rests; nothing for one without an interval."""
    identifier = step.get("uncertainty")
    if not identifier or not step["value"]:
        return ""
    row = (document.get("uncertainties") or {}).get(identifier)
    reason = STATED if row is None else f"for {row['what']}" if brief else f"from {kind_text(row)}"
    if identifier.endswith("pue") or identifier.startswith("pue-"):
        reason += ", counted by the share that the overhead has in it"
    return f"÷ or × {digits(step['high'] / step['value'])}, {reason}"


def kind_text(row: Mapping[str, Any]) -> str:
    """Return the spread of a kind of input, what the kind is, and the evidence for it.

    >>> kind_text({"gsd": 1.2, "what": "a grid intensity", "note": "Years compared", "verified": True})
    'a geometric standard deviation of 1.2 for a grid intensity: Years compared'
    """
    note = f": {row['note']}" if row.get("note") else ""
    return f"a geometric standard deviation of {digits(row['gsd'])} for {row['what']}{note}{'' if row.get('verified', True) else UNREAD}"


def sentence(disagreement: Mapping[str, Any], sources: Mapping[str, Any]) -> str:
    """Return what sources disagree about, with the number in use and those of the others, as one sentence."""
    used = disagreement["used"]
    source = _publisher(used["sources"], sources)
    facts = ", ".join(_facts(used, source))
    about = f" ({facts})" if facts else ""
    others = [_other(number, sources) for number in disagreement["others"]]
    return f"Sources disagree about {disagreement['about']}: {quantity(used['value'], used['unit'])}{about} is used; {'; '.join(others)}."


def disagreements(document: Document) -> dict[str, Mapping[str, Any]]:
    """Return where sources disagree, by the derivation of the input."""
    return {str(i): found for found in document.get("disagreements") or () for i in found["inputs"]}


def _other(number: Mapping[str, Any], sources: Mapping[str, Any]) -> str:
    facts = ", ".join(_facts(number, ""))
    who = _publisher(number["sources"], sources) or "another source"
    return f"{who} gives {quantity(number['value'], number['unit'])}{f' ({facts})' if facts else ''}"


def _facts(number: Mapping[str, Any], source: str) -> Iterator[str]:
    yield from (str(fact) for fact in (source, number.get("year"), number.get("basis")) if fact)


def _publisher(identifiers: Sequence[str], sources: Mapping[str, Any]) -> str:
    """Return who published the first of some sources, without what stands after a comma."""
    for identifier in identifiers:
        source = sources.get(identifier) or {}
        return str(source.get("publisher") or source.get("title") or identifier).partition(", ")[0]
    return ""
