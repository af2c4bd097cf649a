"""Inference services: what a request uses, and when inference equals training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import fields, replace

from cardgen.core import inference, place
from cardgen.core.assessment import ActivityResult, Impact, Inference, Service
from cardgen.core.evidence import BOUNDARY_WORDS
from cardgen.core.figure import Figure, Origin, exact, stated, total
from cardgen.core.host import add_host
from cardgen.core.inputs import Inputs
from cardgen.core.operation import add_energy, add_operation, addable, believable, year_of
from cardgen.core.pools import Evidence
from cardgen.core.problem import Path, dotted
from cardgen.core.run import Activity, Requests


def service(result: ActivityResult, released: str | None, inputs: Inputs) -> Service | None:
    """Return what a request of a service uses, from the energy of a request or from that of a period."""
    activity, path = result.activity, ("activities", result.index)
    requests = activity.requests
    inputs.assumed = activity.assumed
    if requests is None:
        return None
    per_day = None
    if requests.per_day is not None:
        per_day = stated(requests.per_day, "1/d", "requests per day", note=f"activities[{result.index}].requests.per_day")
    measured = _request_energy(requests, (*path, "requests"), inputs)
    one, boundary = Impact(), result.boundary
    if measured is not None:
        year = year_of(activity.end, activity.start, released)
        evidence = _request_evidence(measured, activity, path, inputs)
        boundary = evidence.boundary
        add_energy(one, evidence, activity, path, year, inputs)
        evidence.not_included += add_operation(one, activity, path, place.locate(activity, path, inputs), year, inputs)
        if result.evidence is None:  # else the activity's own evidence stands, and that of a request beside it
            result.evidence, result.boundary = evidence.kind, boundary
            result.included, result.not_included = evidence.included, evidence.not_included
    elif result.impact.energy is not None and requests.per_day is not None:
        hours = _served_hours(result, requests, path, inputs)
        served = requests.per_day * hours / 24 if hours else 0
        one = _divided(result.impact, served, "of one request") if served else Impact()
    believable(one, path, inputs)
    per_year = _scaled(one, requests.per_day * 365, "of a year's requests") if requests.per_day else None
    if per_year is not None:
        believable(per_year, path, inputs)
    return Service(result, requests.task, one, per_year, per_day, boundary)


def _served_hours(result: ActivityResult, requests: Requests, path: Path, inputs: Inputs) -> float | None:
    """Return for how many hours the activity's energy served requests: as long as its hardware ran, else the stated period."""
    clocks = [hardware.duration.value for hardware in result.activity.hardware if hardware.duration]
    ran = max(clocks) if clocks and result.evidence == "device-hours" else None
    period = requests.period.value if requests.period else None
    if ran and period and abs(ran / period - 1) > 0.01:
        text = (
            f"the hardware ran for {ran / 24:,.4g} days, the requests are stated for {period / 24:,.4g}; the energy is that of the hardware"
        )
        inputs.warn("CG307", (*path, "requests", "period"), text, "state duration and period for the same time")
    return ran or period


def all_services(services: list[Service], totals: Impact, inputs: Inputs) -> Inference | None:
    """Return the services with what a request of them uses, and the number of requests that equal training."""
    if not services:
        return None
    per_day = [service.requests_per_day for service in services if service.requests_per_day is not None]
    if len(services) == 1:
        one, year = services[0].per_request, services[0].per_year
    else:  # the mix of several services is known only with the traffic of each
        year = _sum_of([s.per_year for s in services if s.per_year], inputs) if len(per_day) == len(services) else None
        requests = sum(figure.value for figure in per_day) * 365
        one = _divided(year, requests, "of one request, mean of the services") if year and requests else Impact()
    where: Path = ("activities",)
    match = days = None
    if totals.energy is not None and one.energy is not None and one.energy.value > 0:
        match = inputs.believable(inference.requests_to_match(totals.energy, one.energy), where)
        if match and len(per_day) == len(services) and any(figure.value for figure in per_day):
            days = inputs.believable(inference.days_to_match(match, total(per_day, "requests per day")), where)
    return Inference(services, one, year, match, days)


def _request_evidence(measured: Figure, activity: Activity, path: Path, inputs: Inputs) -> Evidence:
    """Return the energy of a request at the boundary that it was measured at."""
    requests = activity.requests
    assert requests is not None
    if requests.boundary is None:
        text = "the boundary of the requests' energy is not stated: node is assumed, the whole machines"
        inputs.warn("CG217", (*path, "requests"), text, "add boundary: accelerators, node, it or facility")
    evidence = Evidence("measured energy", boundary=requests.boundary or "node")
    if evidence.boundary == "facility":
        evidence.facility, evidence.included = measured, ["whole facility"]
        return evidence
    component, words = BOUNDARY_WORDS[evidence.boundary]
    evidence.components, evidence.included = {component: measured}, [words]
    if evidence.boundary == "accelerators":  # a stated power of the host is not one of a request
        mode = activity.host.mode if activity.host else "stated"
        add_host(evidence, "accelerators", replace(activity, host=None) if mode == "stated" else activity, path, inputs)
    return evidence


def _request_energy(requests: Requests, path: Path, inputs: Inputs) -> Figure | None:
    """Return the measured energy of one request in kWh, before facility overhead."""
    if requests.repeats:
        mean, sigma = inference.mean_of_repeats([repeat.value for repeat in requests.repeats])
        words = f"mean of {len(requests.repeats)} repeats of {requests.repeat_size:,.0f} requests"
        spread = math.hypot(sigma, inputs.sigma("measured-energy"))  # repeats do not average out an error of the meter
        where = dotted((*path, "repeats"))
        basis = "assumed" if inputs.assumed else "measured"
        batch = stated(mean, "kWh", words, basis=basis, sigma=spread, key=where, note=where, origin=Origin("measured-energy"))
        return (batch / exact(requests.repeat_size, "1", "requests")).called("energy of a request", "kWh")
    if requests.per_1000 is not None:
        batch = inputs.declared(requests.per_1000, "energy of 1,000 requests", (*path, "per_1000"), "measured-energy", basis="measured")
        return (batch / exact(1000, "1", "requests")).called("energy of a request", "kWh")
    if requests.energy is not None:
        return inputs.declared(requests.energy, "energy of a request", (*path, "energy"), "measured-energy", basis="measured")
    return None


def _map(impact: Impact, change: Callable[[Figure], Figure]) -> Impact:
    values = {item.name: getattr(impact, item.name) for item in fields(Impact) if item.name != "components"}
    changed = {name: change(figure) if figure is not None else None for name, figure in values.items()}
    return Impact(components={name: change(figure) for name, figure in impact.components.items()}, **changed)


def _scaled(impact: Impact, count: float, words: str) -> Impact:
    factor = exact(count, "1", "requests")
    return _map(impact, lambda f: (f * factor).called(f"{f.name} {words}", f.unit))


def _divided(impact: Impact, count: float, words: str) -> Impact:
    divisor = exact(count, "1", "requests")
    return _map(impact, lambda f: (f / divisor).called(f"{f.name} {words}", f.unit))


def _sum_of(impacts: Iterable[Impact], inputs: Inputs) -> Impact | None:
    parts = list(impacts)
    result = Impact()
    for item in fields(Impact):
        figures = [getattr(part, item.name) for part in parts]
        if item.name != "components" and figures and all(figure is not None for figure in figures) and addable(figures, inputs):
            setattr(result, item.name, total(figures, figures[0].name))
    return result if parts else None
