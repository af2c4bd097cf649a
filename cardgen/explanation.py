"""How a figure was calculated, as a tree: formula, inputs, factor rows, sources and what drives the interval."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.numbers import interval, percent, quantity
from cardgen.problems import CardgenError, plain

Document = Mapping[str, Any]
SHORT = {
    "energy": "totals.energy", "emissions": "totals.emissions.location", "location": "totals.emissions.location",
    "market": "totals.emissions.market", "embodied": "totals.emissions.embodied", "water": "totals.water.offsite",
    "cost": "totals.cost.electricity", "inference": "inference.per_request", "break-even": "inference.requests_to_match_training",
}  # fmt: skip


def figures(document: Document) -> list[str]:
    """Return the paths of all figures of an assessment, as ``explain`` takes them."""
    return [plain(path) for path, _ in _walk(document, "")]


def explain(document: Document, path: str | None = None) -> str:
    """Return the calculation of a figure; raises CardgenError when the assessment has none at the path."""
    known = dict(_walk(document, ""))
    if path is None:
        path = next((p for p in ("totals.emissions.location", "totals.energy", "inference.per_request") if p in known), "totals.energy")
    path = SHORT.get(path, path)
    figure = known.get(path)
    if figure is None:
        close = difflib.get_close_matches(path, known, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(close)}?" if close else "list the figures with: cardgen explain RUN --list"
        raise CardgenError(f'the assessment has no figure "{path}"; it may be unknown', 2, hint)
    lines = [plain(path), ""]
    cited: dict[str, None] = {}
    seen: set[str] = set()
    _branch(document, figure["derivation"], "", "", lines, cited, seen)
    if figure["drivers"]:
        lines += ["", "The interval comes from:"]
        lines += [f"  {plain(driver['input'])}: {percent(driver['share'])}" for driver in figure["drivers"]]
    if cited:
        lines += ["", "Sources:"]
        lines += [f"  {plain(identifier)}: {_citation(document['sources'].get(identifier))}" for identifier in cited]
    return "\n".join(lines) + "\n"


def _branch(document: Document, identifier: str, first: str, rest: str, lines: list[str], cited: dict[str, None], seen: set[str]) -> None:
    step = document["derivations"][identifier]
    inputs = step["inputs"]
    exact = step["basis"] == "exact"
    spread = "" if exact else f" ({interval(step['low'], step['high'], step['value'], step['unit'])})"
    lines.append(f"{first}{plain(step['name'] or 'constant')} = {quantity(step['value'], step['unit'])}{spread}, {step['basis']}")
    if identifier in seen and inputs:
        lines[-1] += ", as above"
        return
    seen.add(identifier)
    bar = "│ " if inputs else "  "
    if step["formula"]:
        lines.append(f"{rest}{bar}= {plain(step['formula'])}")
        if step["calculation"]:
            lines.append(f"{rest}{bar}= {plain(step['calculation'])}")
    elif step["note"] or step["sources"]:
        where = [] if not step["sources"] else ["run file"] if step["sources"] == ["run"] else list(step["sources"])
        origin = f" [{plain(', '.join(where))}]" if where else ""
        lines.append(f"{rest}{bar}{plain(step['note'] or '')}{origin}".rstrip())
        cited.update(dict.fromkeys(s for s in step["sources"] if s != "run"))
    for position, child in enumerate(inputs):
        last = position == len(inputs) - 1
        _branch(document, child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), lines, cited, seen)


def _citation(source: Document | None) -> str:
    if source is None:
        return "not described"
    parts = [source.get(key) for key in ("title", "publisher", "year", "url")]
    where = f" ({source['where']})" if source.get("where") else ""
    return plain(", ".join(str(part) for part in parts if part) + where)


def _walk(part: Any, path: str) -> Iterator[tuple[str, Document]]:
    if isinstance(part, Mapping):
        if "derivation" in part:
            yield path, part
            return
        for key, value in part.items():
            if not path and key in ("derivations", "sources", "comparison"):
                continue
            name = key if re.fullmatch(r"[\w-]+", key) else f'"{key}"'
            yield from _walk(value, f"{path}.{name}" if path else name)
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _walk(value, f"{path}[{index}]")
