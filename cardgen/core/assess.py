"""A run becomes an assessment: activity by activity, then totals, inference, equivalents and cross-checks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import fields, replace

from cardgen.core import carbon, checks, comparison, cost, embodied, energy, equivalents, inference, place, water
from cardgen.core.assessment import ActivityResult, Assessment, Impact, Inference, Service
from cardgen.core.evidence import BOUNDARY_WORDS, Evidence, add_host, gather
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure, exact, stated, total
from cardgen.core.inputs import Inputs
from cardgen.core.problem import Path, dotted
from cardgen.core.run import Activity, Requests, Run

SERVER = "server for eight H100, without the GPUs"
# What a total may hold of some activities only: then the others are named.
PARTIAL = {
    "device_hours": "device-hours", "market": "market-based emissions", "onsite_water": "on-site water", "offsite_water": "off-site water",
    "electricity_cost": "cost of electricity", "device_cost": "cost of devices",
}  # fmt: skip


def assess(run: Run, factors: Factors) -> Assessment:
    """Return every figure of a run.

    Activities other than inference add up to the totals; inference stands apart. What cannot be computed is ``None`` and
    named in the problems; nothing is raised for what a run states.
    """
    inputs = Inputs(factors)
    results = [_activity(activity, index, run, inputs) for index, activity in enumerate(run.activities)]
    lifecycle = [result for result in results if result.activity.phase != "inference"]
    totals = _totals(lifecycle, inputs)
    services = [_service(result, run.model.released, inputs) for result in results if result.activity.phase == "inference"]
    countries = {result.place_country for result in results if result.place_country}
    return Assessment(
        run=run,
        activities=results,
        totals=totals,
        not_included=_gaps(lifecycle),
        inference=_inference([service for service in services if service], totals, inputs),
        equivalents=equivalents.choose(run.card.equivalents, totals, countries, inputs),
        comparison=comparison.rows(run.card.compare_with, inputs),
        infrastructure=_infrastructure(run, inputs),
        reported=checks.against_reported(run, totals, inputs, lifecycle),
        problems=inputs.problems,
    )


def _activity(activity: Activity, index: int, run: Run, inputs: Inputs) -> ActivityResult:
    path: Path = ("activities", index)
    year = _year(activity.end, activity.start, run.model.released)
    where = place.locate(activity, path, inputs)
    evidence = gather(activity, path, inputs)
    impact = Impact(device_hours=evidence.hours)
    if activity.grid.offsets is not None:
        impact.offsets = inputs.declared(activity.grid.offsets, "offsets", (*path, "grid", "offsets"), "declared-intensity")
    _add_energy(impact, evidence, activity, path, year, inputs)
    add_operation(impact, activity, path, where, year, inputs)
    impact.embodied = _embodied(activity, evidence, path, inputs)
    if activity.cost.device_hour is not None and evidence.hours is not None:
        price = inputs.declared(activity.cost.device_hour, "price of a device-hour", (*path, "cost", "device_hour"), "declared-cost")
        price = Figure(price.value, f"{price.unit}/h", price.name, price.basis, price.sources, price.note, price.influences)
        impact.device_cost = cost.device_cost(evidence.hours, price)
    _believable(impact, path, inputs)
    result = ActivityResult(
        activity, index, activity.name or activity.phase.replace("-", " ").capitalize(), where.text, where.country,
        evidence.kind, evidence.boundary, impact, evidence.included, evidence.not_included,
    )  # fmt: skip
    checks.evidence(result, evidence, path, inputs)
    return result


def _believable(impact: Impact, path: Path, inputs: Inputs) -> Impact:
    """Return an impact without the figures that are too large to be true, each of which is a problem."""
    for item in fields(Impact):
        figure = getattr(impact, item.name)
        if isinstance(figure, Figure):
            setattr(impact, item.name, inputs.believable(figure, path))
    if impact.energy is None or any(inputs.believable(part, path) is None for part in impact.components.values()):
        impact.components = {}
    return impact


def _add_energy(impact: Impact, evidence: Evidence, activity: Activity, path: Path, year: int | None, inputs: Inputs) -> None:
    """Bring the energy to the boundary of the facility: PUE once, and never to a facility's own energy."""
    if evidence.facility is not None:
        impact.energy = evidence.facility.called("facility energy")
        impact.components = {"facility": evidence.facility}
        if activity.facility.pue is not None:
            pue = place.pue(activity, path, year, inputs)
            impact.it_energy = energy.it_energy_within(evidence.facility, pue)
            overhead = (evidence.facility - impact.it_energy).called("facility overhead")
            impact.components = {"IT equipment": impact.it_energy, "facility overhead": overhead}
        return
    if not evidence.components:
        return
    pue = place.pue(activity, path, year, inputs)
    impact.it_energy = total(evidence.components.values(), "IT energy")
    impact.energy = energy.facility_energy(impact.it_energy, pue)
    impact.components = {**evidence.components, "facility overhead": energy.facility_overhead(impact.it_energy, pue)}
    evidence.included.append("facility overhead (PUE)")


def add_operation(impact: Impact, activity: Activity, path: Path, where: place.Place, year: int | None, inputs: Inputs) -> None:
    """Add what follows from the energy: emissions, water and the cost of electricity."""
    if impact.energy is None:
        return
    intensity = place.grid_intensity(activity, path, where, year, inputs)
    if intensity is not None:
        impact.location = carbon.location_based(impact.energy, intensity)
    if activity.grid.market is not None:
        market = inputs.declared(activity.grid.market, "market-based intensity", (*path, "grid", "market"), "declared-intensity")
        impact.market = carbon.market_based(impact.energy, market)
    wue = place.wue(activity, path, year, inputs)
    if wue is not None and impact.it_energy is not None:
        impact.onsite_water = water.onsite_water(impact.it_energy, wue)
    offsite = place.offsite_water_intensity(where, inputs)
    if offsite is not None:
        impact.offsite_water = water.offsite_water(impact.energy, offsite)
    price = place.electricity_price(activity, path, where, year, inputs)
    if price is not None:
        impact.electricity_cost = cost.electricity_cost(impact.energy, price)


def _embodied(activity: Activity, evidence: Evidence, path: Path, inputs: Inputs) -> Figure | None:
    """Return embodied emissions: stated, or by the devices' share of their service life, their server's included."""
    if activity.embodied is not None:
        return inputs.declared(activity.embodied, "embodied emissions", (*path, "embodied"), "declared-embodied")
    parts = []
    lifetime = inputs.prior("lifetime", "service life")
    for pool in evidence.pools:
        row = inputs.factors.embodied(pool.row["name"]) if pool.row else None
        if row is None or pool.hours is None:
            return None
        others = [r["value"] for r in inputs.factors.table("embodied") if r["item"] == row["item"] and r["value"] != row["value"]]
        why = f"other sources: {', '.join(others)} kgCO2e" if others else ""
        device = inputs.looked_up(row, "value", "kgCO2e", "production of a device", "embodied-device", why=why)
        parts.append(embodied.embodied(device, pool.hours, lifetime))
        server = inputs.factors.embodied(SERVER)
        with_host = activity.host is None or activity.host.mode != "excluded"
        if (
            server is not None
            and with_host
            and pool.row
            and pool.row["kind"] == "gpu"
            and pool.row["form_factor"].startswith(("SXM", "OAM"))
        ):
            whole = inputs.looked_up(server, "value", "kgCO2e", "production of an 8-GPU server", "embodied-server")
            share = (whole / exact(8, "1", "devices in a server")).called("production of a device's share of its server", "kgCO2e")
            parts.append(embodied.embodied(share, pool.hours, lifetime).called("embodied emissions of the server"))
    return total(parts, "embodied emissions") if parts else None


def _totals(results: list[ActivityResult], inputs: Inputs) -> Impact:
    """Return the sums over activities; market-based emissions and IT energy only where every activity has them, since a
    mix would flatter."""
    impacts = [result.impact for result in results]
    with_energy = sum(impact.energy is not None for impact in impacts)
    totals = Impact()
    for item in fields(Impact):
        if item.name == "components":
            continue
        parts = [figure for impact in impacts if (figure := getattr(impact, item.name)) is not None]
        if not parts or (item.name in ("market", "it_energy") and len(parts) < with_energy) or not _one_unit(parts, inputs):
            continue
        setattr(totals, item.name, total(parts, f"{parts[0].name} of all activities" if len(parts) > 1 else parts[0].name))
    names = dict.fromkeys(name for impact in impacts for name in impact.components)
    for name in names:
        parts = [impact.components[name] for impact in impacts if name in impact.components]
        totals.components[name] = total(parts, f"{name}, all activities")
    return _believable(totals, ("activities",), inputs)


def _one_unit(parts: list[Figure], inputs: Inputs) -> bool:
    """Return whether figures can be added; costs in several currencies cannot."""
    if len({part.unit for part in parts}) == 1:
        return True
    inputs.warn("CG213", (), "costs are in several currencies and are not added", "state all prices in one currency")
    return False


def _gaps(results: list[ActivityResult]) -> list[str]:
    """Return what the totals leave out, in words."""
    gaps = []
    for result in results:
        gaps += [f"{result.name}: {text}" if len(results) > 1 else text for text in result.not_included]
    for attribute, words in (("energy", "energy"), ("location", "location-based emissions"), ("embodied", "embodied emissions")):
        missing = [result.name for result in results if getattr(result.impact, attribute) is None]
        if missing and len(missing) < len(results):
            gaps.append(f"{words} of {', '.join(missing)} (not reported)")
        elif missing:
            gaps.append(f"{words} (not reported)")
    for attribute, words in PARTIAL.items():
        missing = [result.name for result in results if getattr(result.impact, attribute) is None]
        if 0 < len(missing) < len(results):
            gaps.append(f"{words} of {', '.join(missing)} (not reported)")
    return gaps


def _service(result: ActivityResult, released: str | None, inputs: Inputs) -> Service | None:
    """Return what a request of a service uses, from the energy of a request or from that of a period."""
    activity, path = result.activity, ("activities", result.index)
    requests = activity.requests
    if requests is None:
        return None
    per_day = None
    if requests.per_day is not None:
        per_day = stated(requests.per_day, "1/d", "requests per day", note=f"activities[{result.index}].requests.per_day")
    measured = _request_energy(requests, (*path, "requests"), inputs)
    one, boundary = Impact(), result.boundary
    if measured is not None:
        year = _year(activity.end, activity.start, released)
        evidence = _request_evidence(measured, activity, path, inputs)
        boundary = evidence.boundary
        _add_energy(one, evidence, activity, path, year, inputs)
        add_operation(one, activity, path, place.locate(activity, path, inputs), year, inputs)
        if result.evidence is None:  # else the activity's own evidence stands, and that of a request beside it
            result.evidence, result.boundary = evidence.kind, boundary
            result.included, result.not_included = evidence.included, evidence.not_included
    elif result.impact.energy is not None and per_day is not None and requests.period is not None:
        served = requests.per_day * requests.period.value / 24
        one = _divided(result.impact, served, "of one request") if served else Impact()
    _believable(one, path, inputs)
    per_year = _scaled(one, requests.per_day * 365, "of a year's requests") if requests.per_day else None
    if per_year is not None:
        _believable(per_year, path, inputs)
    return Service(result, requests.task, one, per_year, per_day, boundary)


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
        add_host(evidence, replace(activity, host=None) if mode == "stated" else activity, path, inputs)
    return evidence


def _request_energy(requests: Requests, path: Path, inputs: Inputs) -> Figure | None:
    """Return the measured energy of one request in kWh, before facility overhead."""
    if requests.repeats:
        mean, sigma = inference.mean_of_repeats([repeat.value for repeat in requests.repeats])
        words = f"mean of {len(requests.repeats)} repeats of {requests.repeat_size:,.0f} requests"
        spread = math.hypot(sigma, inputs.sigma("measured-energy"))  # repeats do not average out an error of the meter
        where = dotted((*path, "repeats"))
        batch = stated(mean, "kWh", words, basis="measured", sigma=spread, key=where, note=where)
        return (batch / exact(requests.repeat_size, "1", "requests")).called("energy of a request", "kWh")
    if requests.per_1000 is not None:
        batch = inputs.declared(requests.per_1000, "energy of 1,000 requests", (*path, "per_1000"), "measured-energy", basis="measured")
        return (batch / exact(1000, "1", "requests")).called("energy of a request", "kWh")
    if requests.energy is not None:
        return inputs.declared(requests.energy, "energy of a request", (*path, "energy"), "measured-energy", basis="measured")
    return None


def _inference(services: list[Service], totals: Impact, inputs: Inputs) -> Inference | None:
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
        if item.name != "components" and figures and all(figure is not None for figure in figures) and _one_unit(figures, inputs):
            setattr(result, item.name, total(figures, figures[0].name))
    return result if parts else None


def _infrastructure(run: Run, inputs: Inputs) -> list[tuple[str, Figure | None, Figure | None, Figure | None]]:
    rows = []
    for i, component in enumerate(run.infrastructure):
        path: Path = ("infrastructure", i)
        power = (
            inputs.declared(component.power, f"power of {component.name}", (*path, "power"), "declared-power") if component.power else None
        )
        price = (
            inputs.declared(component.price, f"price of {component.name}", (*path, "price"), "declared-cost") if component.price else None
        )
        life = component.lifetime
        lifetime = inputs.declared(life, f"service life of {component.name}", (*path, "lifetime"), "lifetime-declared") if life else None
        figures = [inputs.believable(figure, path) if figure else None for figure in (power, price, lifetime)]
        rows.append((component.name, figures[0], figures[1], figures[2]))
    return rows


def _year(*dates: str | None) -> int | None:
    """Return the year of the first date that is given."""
    return next((int(match[0]) for date in dates if date and (match := re.match(r"\d{4}", date))), None)
