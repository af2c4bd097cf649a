"""How a figure was calculated, as a tree: formula, inputs, factor rows, sources and what drives the interval."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cardgen.numbers import interval, percent, quantity
from cardgen.problems import CardgenError, plain
from cardgen.provenance import disagreements, row_text, sentence, walk, width_text

Document = Mapping[str, Any]
SHORT = {
    "energy": "totals.energy", "emissions": "totals.emissions.location", "location": "totals.emissions.location",
    "market": "totals.emissions.market", "embodied": "totals.emissions.embodied", "water": "totals.water.offsite",
    "cost": "totals.cost.electricity", "inference": "inference.per_request", "break-even": "inference.requests_to_match_training",
}  # fmt: skip


def figures(document: Document) -> list[str]:
    """Return the paths of all figures of an assessment, as ``explain`` takes them."""
    return [plain(path) for path, _ in walk(document)]


def explain(document: Document, path: str | None = None) -> str:
    """Return the calculation of a figure; raises CardgenError when the assessment has none at the path."""
    known = dict(walk(document))
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
    _Tree(document, lines, cited).branch(figure["derivation"], "", "")
    if figure["drivers"]:
        lines += ["", "The interval comes from:"]
        lines += [f"  {plain(driver['input'])}: {percent(driver['share'])}" for driver in figure["drivers"]]
    if cited:
        lines += ["", "Sources:"]
        lines += [f"  {plain(identifier)}: {_citation(document['sources'].get(identifier))}" for identifier in cited]
    return "\n".join(lines) + "\n"


class _Tree:
    """Writes a calculation as a tree, and gathers the sources that it names."""

    def __init__(self, document: Document, lines: list[str], cited: dict[str, None]) -> None:
        self.document, self.lines, self.cited = document, lines, cited
        self.disagreements = disagreements(document)
        self.seen: set[str] = set()
        self.kinds: set[str | None] = set()  # of uncertainty, whose evidence was told

    def branch(self, identifier: str, first: str, rest: str) -> None:
        """Write a step and all that it rests on; what was written before is named and not repeated."""
        step = self.document["derivations"][identifier]
        inputs = step["inputs"]
        spread = "" if step["low"] == step["high"] else f" ({interval(step['low'], step['high'], step['value'], step['unit'])})"
        self.lines.append(f"{first}{plain(step['name'] or 'constant')} = {quantity(step['value'], step['unit'])}{spread}, {step['basis']}")
        if identifier in self.seen and (inputs or step["note"]):
            self.lines[-1] += ", as above"
            return
        self.seen.add(identifier)
        bar = "│ " if inputs else "  "
        formulas = [f"= {text}" for text in (step["formula"], step["calculation"]) if text]
        self.lines += [f"{rest}{bar}{plain(text)}".rstrip() for text in formulas or self._origin(identifier, step)]
        for position, child in enumerate(inputs):
            last = position == len(inputs) - 1
            self.branch(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))

    def _origin(self, identifier: str, step: Document) -> Iterator[str]:
        """Yield where an input stands, its factor row, what its interval rests on, and where sources disagree."""
        where = ["run file"] if step["sources"] == ["run"] else list(step["sources"])
        if step["note"] or where:
            yield f"{step['note'] or ''}{self._named(where)}".lstrip()
        if factor := step.get("factor"):
            yield f"row: {row_text(factor)}"
            if factor.get("note") and factor["note"] not in (step["note"] or ""):
                yield f"note: {factor['note']}"
        kind = step.get("uncertainty")
        if width := width_text(step, self.document, brief=kind in self.kinds):
            row = (self.document.get("uncertainties") or {}).get(kind) or {}
            yield f"interval: {width}{self._named(() if kind in self.kinds else row.get('sources') or ())}"
            self.kinds.add(kind)
        if found := self.disagreements.get(identifier):
            numbers = (found["used"], *found["others"])
            yield sentence(found, self.document["sources"]) + self._named([s for number in numbers for s in number["sources"]])

    def _named(self, sources: Iterable[str]) -> str:
        """Return the ids of sources in brackets, which are cited below the tree."""
        names = list(sources)
        self.cited.update(dict.fromkeys(name for name in names if name in self.document["sources"]))
        return f" [{', '.join(names)}]" if names else ""


def _citation(source: Document | None) -> str:
    if source is None:
        return "not described"
    parts = [source.get(key) for key in ("title", "publisher", "year", "url")]
    where = f" ({source['where']})" if source.get("where") else ""
    return plain(", ".join(str(part) for part in parts if part) + where)
