"""How the figures were found: the derivations of an assessment as numbered steps, each built on the ones before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cardgen import provenance
from cardgen.render import figures, gaps, services, words
from cardgen.render.rows import Looked, Rows, Width

_IMPACTS = ("device_hours", "energy", "emissions.location", "emissions.market", "emissions.embodied", "emissions.offsets",
            "water.onsite", "water.offsite", "cost.electricity", "cost.devices")  # fmt: skip
_INFERENCE = ("per_request", "emissions_per_request", "water_per_request.onsite", "water_per_request.offsite", "per_year",
              "emissions_per_year", "market_emissions_per_year", "requests_to_match_training", "days_to_match_training")  # fmt: skip


@dataclass(frozen=True)
class Term:
    """An input of a step: an earlier step, by its number, or what was stated or looked up, with where it stands.

    ``row`` and ``width`` are the numbers of its factor row and of what its interval rests on.
    """

    name: str
    value: str
    spread: str
    basis: str
    note: str
    references: str
    step: int | None
    row: int | None = None
    width: int | None = None


@dataclass(frozen=True)
class Step:
    """A figure with the formula that it came from; ``formula`` is text and terms in turn, and empty for a stated figure.

    ``paths`` are the names under which ``cardgen explain`` knows it, ``drivers`` what its interval comes from.
    """

    number: int
    name: str
    value: str
    spread: str
    basis: str
    formula: tuple[str | Term, ...]
    inputs: tuple[Term, ...]
    drivers: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def in_numbers(self) -> str:
        """The formula with the values of its terms; nothing where they are too many to be shown."""
        return "".join(piece.value if isinstance(piece, Term) else piece for piece in self.formula) if self.inputs else ""

    @property
    def stated(self) -> tuple[Term, ...]:
        """The inputs that are no earlier step and no plain number."""
        return tuple(term for term in self.inputs if term.step is None and (term.basis or term.note))


@dataclass(frozen=True)
class Group:
    """The steps of an activity, of the totals, of inference or of the comparisons, with facts about it."""

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Method:
    """All steps in groups, the step of each derivation, the factor rows, and what intervals rest on."""

    groups: list[Group]
    steps: Mapping[str, int]
    rows: list[Looked]
    widths: list[Width]


def method(document: figures.Document, numbered: Mapping[str, int], complete: bool = False) -> Method:
    """Return all steps, numbered through, in the order in which they build on one another.

    ``complete`` adds the figures that the card does not show: every path that ``cardgen explain`` takes has its step.
    """
    walk = _Walk(document, numbered, complete)
    found = []
    for activity in document["activities"]:
        found.append(Group(str(activity.get("name") or activity.get("phase")), _facts(activity), walk.steps(activity, _IMPACTS)))
    found.append(Group("All phases", (), walk.steps(document["totals"], _IMPACTS)))
    for service in services.several(document):
        found.append(Group(f"A request of {services.name(service)}", (), walk.steps(service, _INFERENCE)))
    if inference := document.get("inference"):
        found.append(Group("A request, a year, and break-even", (), walk.steps(inference, _INFERENCE)))
    equivalents = tuple(step for item in document.get("equivalents") or () for step in walk.steps(item, ("figure",)))
    found.append(Group("Comparisons", (), equivalents))
    if complete:
        found.append(Group("Reported figures", (), walk.steps({"reported": document.get("reported")}, ())))
        found.append(Group("Components of the cluster", (), walk.steps({"infrastructure": document.get("infrastructure")}, ())))
    groups = [group for group in found if group.steps or group.facts]
    return Method(groups, walk.numbers, walk.rows.looked(), walk.rows.widths())


class _Walk:
    """Goes through derivations, inputs first, and gives each a number the first time it is met."""

    def __init__(self, document: figures.Document, numbered: Mapping[str, int], complete: bool) -> None:
        self.complete = complete
        self.derivations: Mapping[str, Any] = document.get("derivations") or {}
        self.rows = Rows(document, numbered)
        self.paths: dict[str, list[str]] = {}
        self.drivers: dict[str, tuple[tuple[str, str], ...]] = {}
        for path, figure in provenance.walk(document) if complete else ():
            self.paths.setdefault(str(figure["derivation"]), []).append(path)
            self.drivers[str(figure["derivation"])] = tuple(gaps.drivers(figure))
        self.numbered = numbered
        self.numbers: dict[str, int] = {}
        self.phases = {
            figure["derivation"]: str(activity.get("name"))
            for activity in reversed(words.phases(document))
            for path in _IMPACTS
            if (figure := _at(activity, path)) and figure.get("derivation")
        }

    def steps(self, part: Mapping[str, Any], paths: tuple[str, ...]) -> tuple[Step, ...]:
        """Return the steps to the figures at some paths that are not among the steps before."""
        found = [_at(part, path) for path in paths]
        found += [figure for _, figure in provenance.walk(part)] if self.complete else []
        return tuple(step for f in found if f for step in self._to(str(f.get("derivation")), frozenset(), root=True))

    def _to(self, identifier: str, above: frozenset[str], root: bool = False) -> Iterator[Step]:
        derivation = self.derivations.get(identifier)
        if derivation is None or identifier in self.numbers or identifier in above:
            return
        inputs = [str(i) for i in derivation.get("inputs") or ()]
        for inner in inputs:
            yield from self._to(inner, above | {identifier})
        if not inputs and not root:
            return
        by_phase = len(inputs) > 1 and all(i in self.phases for i in inputs)
        known = [i for i in inputs if i in self.derivations]
        terms = tuple(self._term(i, by_phase) for i in known) if inputs else (self._term(identifier, False),)
        formula = _pieces(str(derivation.get("formula") or ""), [self.derivations[i]["name"] for i in known], terms)
        self.numbers[identifier] = len(self.numbers) + 1
        yield Step(
            self.numbers[identifier], str(derivation.get("name") or "figure"), figures.value(derivation), figures.spread(derivation),
            figures.basis(derivation), formula, terms if formula or not inputs else (),
            self.drivers.get(identifier, ()), tuple(self.paths.get(identifier, ())),
        )  # fmt: skip

    def _term(self, identifier: str, by_phase: bool) -> Term:
        derivation = self.derivations[identifier]
        sources = derivation.get("sources") or ()
        note = str(derivation.get("note") or "")
        if note and list(sources) == ["run"]:
            note = f"run file, {note}"
        step = self.numbers.get(identifier)
        name = self.phases[identifier] if by_phase else str(derivation.get("name") or "")
        return Term(
            name, figures.value(derivation), figures.spread(derivation), figures.basis(derivation), note,
            "" if step else figures.references(sources, self.numbered), step,
            *(self.rows.of(identifier, derivation) if self.complete and not step else ()),
        )  # fmt: skip


def _pieces(formula: str, names: list[str], terms: tuple[Term, ...]) -> tuple[str | Term, ...]:
    """Return a formula as text and terms in turn; a name that stands twice is each time the next input of that name."""
    waiting: dict[str, list[Term]] = {}
    for name, term in zip(names, terms):
        waiting.setdefault(name, []).append(term)
    known = sorted(filter(None, waiting), key=len, reverse=True)
    if not known or not formula:
        return (formula,) if formula else ()
    pieces: list[str | Term] = []
    for part in re.split(f"({'|'.join(map(re.escape, known))})", formula):
        if part in waiting and part:
            queue = waiting[part]
            pieces.append(queue.pop(0) if len(queue) > 1 else queue[0])
        elif part:
            pieces.append(part)
    return tuple(pieces)


def _facts(activity: Mapping[str, Any]) -> tuple[str, ...]:
    when = " to ".join(dict.fromkeys(str(activity[key]) for key in ("start", "end") if activity.get(key)))
    evidence, method = activity.get("evidence"), activity.get("method")
    included, left_out = (", ".join(activity.get(key) or ()) for key in ("included", "not_included"))
    statements = [
        ". ".join(filter(None, [when, activity.get("place")])),
        f"Evidence: {evidence}{f' ({method})' if method else ''}" if evidence else "",
        f"Covers {included}" if included else "",
        f"Leaves out {left_out}" if left_out else "",
        f"Contracts: {activity['instruments']}" if activity.get("instruments") else "",
        f"Practices: {', '.join(activity['practices'])}" if activity.get("practices") else "",
        f"The author notes: {activity['note']}" if activity.get("note") else "",
    ]
    return tuple(text.rstrip(". ") for text in statements if text)


def _at(part: Mapping[str, Any], path: str) -> figures.Figure:
    found: Any = part
    for key in path.split("."):
        found = (found or {}).get(key)
    return found
