"""The assessment as JSON: the one source of every view."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from cardgen.core.assessment import ActivityResult, Assessment, Impact, Inference, Service
from cardgen.core.comparison import energy_kwh
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure, interval
from cardgen.core.inference import for_requests
from cardgen.core.origins import Origins
from cardgen.core.problem import dotted
from cardgen.core.tables import EDITION, Row

FORMAT = 1
LARGEST_FLOAT = 1e308
_SYMBOLS = {"×": " × ", "÷": " ÷ ", "+": " + ", "−": " − "}


def document(assessment: Assessment, factors: Factors) -> dict[str, Any]:
    """Return the assessment as data for JSON (``schemas/assessment.schema.json``); unknown is ``None``, never 0."""
    writer = _Writer(factors)
    model = assessment.run.model
    content: dict[str, Any] = {
        "cardgen": FORMAT,
        "model": {
            "name": model.name, "id": model.id, "version": model.version, "released": model.released,
            "organization": model.organization, "parameters": model.parameters, "base_model": model.base_model,
        },
        "factors_edition": EDITION,
        "activities": [writer.activity(result) for result in assessment.activities],
        "totals": writer.impact(assessment.totals),
        "not_included": assessment.not_included,
        "inference": writer.inference(assessment.inference),
        "equivalents": [
            {"id": e.row["id"], "label": e.row["label"], "figure": writer.figure(e.figure), "quantity": e.row["dimension"],
             "edition": e.row["edition"], "note": e.row["note"] or None}
            for e in assessment.equivalents
        ],
        "comparison": writer.comparison(assessment),
        "infrastructure": [
            {"name": name, "power": writer.figure(power), "price": writer.figure(price), "lifetime": writer.figure(lifetime)}
            for name, power, price, lifetime in assessment.infrastructure
        ],
        "reported": [
            {"quantity": r.quantity, "reported": writer.figure(r.reported), "computed": writer.figure(r.computed), "agrees": r.agrees,
             "source": assessment.run.reported.source if assessment.run.reported else None}
            for r in assessment.reported
        ],
        "problems": [
            {"code": p.code, "severity": p.severity, "message": p.message, "path": dotted(p.path) or None, "hint": p.hint or None}
            for p in assessment.problems
        ],
    }  # fmt: skip
    return {
        **content, "disagreements": writer.origins.disagreements(), "uncertainties": writer.origins.uncertainties(),
        "derivations": writer.derivations, "sources": writer.cited(),
    }  # fmt: skip


class _Writer:
    """Writes figures, and gathers the derivations and sources that they rest on."""

    def __init__(self, factors: Factors) -> None:
        self.factors = factors
        self.derivations: dict[str, dict[str, Any]] = {}
        self._ids: dict[tuple[object, ...], str] = {}
        self._seen: dict[int, tuple[Figure, str]] = {}
        self._sources: set[str] = set()
        self.origins = Origins(factors)

    def figure(self, figure: Figure | None) -> dict[str, Any] | None:
        """Return a figure with its interval, basis, sources, drivers and the id of its derivation."""
        if figure is None:
            return None
        identifier = self._derivation(figure)
        step = self.derivations[identifier]
        return {
            "value": step["value"], "unit": step["unit"], "low": step["low"], "high": step["high"],
            "basis": _basis(figure), "sources": step["sources"],
            "drivers": [{"input": label, "share": round(share, 4)} for label, share in figure.drivers if share >= 0.01],
            "derivation": identifier,
        }  # fmt: skip

    def impact(self, impact: Impact) -> dict[str, Any]:
        """Return the figures of an activity or of the totals."""
        return {
            "device_hours": self.figure(impact.device_hours),
            "energy": self.figure(impact.energy),
            "it_energy": self.figure(impact.it_energy),
            "energy_by_component": {name: self.figure(part) for name, part in impact.components.items()},
            "emissions": {
                "location": self.figure(impact.location), "market": self.figure(impact.market),
                "embodied": self.figure(impact.embodied), "offsets": self.figure(impact.offsets),
            },
            "water": {"onsite": self.figure(impact.onsite_water), "offsite": self.figure(impact.offsite_water)},
            "cost": {"electricity": self.figure(impact.electricity_cost), "devices": self.figure(impact.device_cost)},
        }  # fmt: skip

    def activity(self, result: ActivityResult) -> dict[str, Any]:
        """Return one activity."""
        activity = result.activity
        return {
            "name": result.name, "phase": activity.phase, "start": activity.start, "end": activity.end, "place": result.place,
            "evidence": result.evidence, "method": activity.energy.method if activity.energy else None, "boundary": result.boundary or None,
            **self.impact(result.impact),
            "included": result.included, "not_included": result.not_included,
            "practices": list(activity.practices), "instruments": activity.grid.instruments, "note": activity.note,
        }  # fmt: skip

    def inference(self, inference: Inference | None) -> dict[str, Any] | None:
        """Return the services, and what a request uses; None where the run has no inference that states requests."""
        if inference is None:
            return None
        return {
            **self._per_request(inference.per_request, inference.per_year),
            "requests_to_match_training": self.figure(inference.requests_to_match_training),
            "days_to_match_training": self.figure(inference.days_to_match_training),
            "services": [self._service(service) for service in inference.services],
        }

    def _service(self, service: Service) -> dict[str, Any]:
        return {
            "activity": service.result.index, "name": service.result.name, "task": service.task, "boundary": service.boundary,
            "requests_per_day": self.figure(service.requests_per_day), **self._per_request(service.per_request, service.per_year),
        }  # fmt: skip

    def _per_request(self, one: Impact, year: Impact | None) -> dict[str, Any]:
        def per_1000(figure: Figure | None, words: str) -> dict[str, Any] | None:
            return self.figure(for_requests(figure, 1000, words)) if figure else None

        return {
            "per_request": self.figure(one.energy),
            "per_1000": per_1000(one.energy, "energy of 1,000 requests"),
            "per_year": self.figure(year.energy) if year else None,
            "emissions_per_request": self.figure(one.location),
            "emissions_per_1000": per_1000(one.location, "location-based emissions of 1,000 requests"),
            "emissions_per_year": self.figure(year.location) if year else None,
            "market_emissions_per_year": self.figure(year.market) if year else None,
            "water_per_request": {"onsite": self.figure(one.onsite_water), "offsite": self.figure(one.offsite_water)},
            "cost_per_1000": per_1000(one.electricity_cost, "cost of electricity of 1,000 requests"),
        }

    def comparison(self, assessment: Assessment) -> list[dict[str, Any]]:
        """Return this model and the published footprints beside which it is shown."""
        model, totals = assessment.run.model, assessment.totals
        rows = [self._published(row) for row in assessment.comparison]
        if totals.energy is None:
            return rows
        own = {
            "id": "self", "name": model.name, "organisation": model.organization, "year": None, "parameters": model.parameters,
            "energy": {**_values(totals.energy, totals.energy.sigma)},
            "emissions": {**_values(totals.location, totals.location.sigma)} if totals.location else None,
            "basis": _basis(totals.energy), "boundary": "as in this assessment", "source": None, "self": True,
        }  # fmt: skip
        return [own, *rows]

    def _published(self, row: Row) -> dict[str, Any]:
        energy, parameters, emissions = energy_kwh(row), row.number("params_b"), row.number("co2e_kg")
        measured = row["energy_basis"].startswith(("measured", "metered")) and bool(row["energy_kwh"])
        kind = "mfu" if row["input_tier"] == "flops_only" else "power-at-rating"
        if measured:
            kind = "measured-energy" if row["energy_basis"].startswith("metered") else "tracker-energy"
        sigma = math.log(float(self.factors.uncertainty(kind)["gsd"]))
        source = row["source"] if row["energy_kwh"] else f"energy computed from the hours and the power in: {row['source']}"
        return {
            "id": row["id"], "name": row["system"], "organisation": row["organisation"], "year": int(row["year"]),
            "parameters": _round(parameters * 1e9) if parameters is not None else None,
            "energy": _interval(energy, "kWh", sigma) if energy is not None else None,
            "emissions": _interval(emissions, "kgCO2e", sigma) if emissions is not None else None,
            "basis": "measured" if measured else "estimated", "boundary": row["boundary"] or None, "source": source, "self": False,
        }  # fmt: skip

    def cited(self) -> dict[str, dict[str, Any]]:
        """Return the sources of all figures, by id; of a user's own row the citation is the title."""
        cited = {}
        for identifier in sorted((self._sources | self.origins.sources) - {"run"}):
            row = self.factors.source(identifier) or Row(title=identifier)
            cited[identifier] = {key: row.get(key) or None for key in ("title", "publisher", "year", "url", "licence", "where")}
        return cited

    def _derivation(self, figure: Figure) -> str:
        """Return the id of a figure's derivation; anonymous intermediate results are written into the formula."""
        known = self._seen.get(id(figure))
        if known is not None and known[0] is figure:
            return known[1]
        inputs = [self._derivation(operand) for operand in _named_operands(figure)]
        key = (figure.name, figure.value, figure.unit, figure.note, figure.operation, tuple(inputs))
        identifier = self._ids.get(key)
        if identifier is None:
            identifier = self._ids[key] = str(len(self._ids) + 1)
            self._sources.update(figure.sources)
            self.derivations[identifier] = {
                "name": figure.name, **_values(figure, figure.sigma), "basis": figure.basis, "sources": list(figure.sources),
                "note": figure.note or None, "formula": _formula(figure, _name) if figure.operands else None,
                "calculation": _formula(figure, _number) if figure.operands else None, "inputs": inputs,
                **self.origins.of(figure, identifier),
            }  # fmt: skip
        self._seen[id(figure)] = (figure, identifier)
        return identifier


def _named_operands(figure: Figure) -> Iterable[Figure]:
    for operand in figure.operands:
        if operand.name or not operand.operands:
            yield operand
        else:
            yield from _named_operands(operand)


def _formula(figure: Figure, show: Any) -> str:
    """Return a figure's calculation with each named operand shown as its name or as its value."""
    if len(figure.operands) > 8:
        return f"sum of {len(figure.operands):,} figures"
    parts = []
    for position, operand in enumerate(figure.operands):
        if operand.name or not operand.operands:
            parts.append(show(operand))
            continue
        inner = _formula(operand, show)
        loose = operand.operation in "+−" and figure.operation in "×÷"
        divisor = position > 0 and figure.operation in "÷−"
        parts.append(f"({inner})" if loose or divisor else inner)
    return _SYMBOLS[figure.operation].join(parts)


def _name(figure: Figure) -> str:
    return figure.name or f"{figure.value:g}"


def _number(figure: Figure) -> str:
    size = abs(figure.value)
    text = f"{figure.value:,.0f}" if 1e5 <= size < 1e9 else f"{figure.value:,.6g}"
    return text if figure.unit == "1" else f"{text} {figure.unit}"


def _basis(figure: Figure) -> str:
    return "declared" if figure.basis == "exact" else figure.basis


def _values(figure: Figure, sigma: float) -> dict[str, Any]:
    return _interval(figure.value, figure.unit, sigma)


def _interval(value: float, unit: str, sigma: float) -> dict[str, Any]:
    low, high = interval(value, sigma)
    return {"value": _round(value), "unit": unit, "low": _round(low), "high": _round(high)}


def _round(value: float) -> float:
    """Return a value with 12 significant digits: the last bits of a logarithm differ between machines."""
    if abs(value) > LARGEST_FLOAT:  # JSON has no infinity
        return math.copysign(LARGEST_FLOAT, value)
    return float(f"{value:.12g}")
