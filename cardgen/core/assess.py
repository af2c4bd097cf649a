"""A run becomes an assessment: activity by activity, then totals, inference, equivalents and cross-checks."""

from __future__ import annotations

from dataclasses import fields, replace

from cardgen.core import checks, comparison, cost, equivalents, place
from cardgen.core.assessment import ActivityResult, Assessment, Impact
from cardgen.core.evidence import gather
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure, total
from cardgen.core.inputs import Inputs
from cardgen.core.operation import add_energy, add_operation, addable, believable, embodied_emissions, year_of
from cardgen.core.problem import Path
from cardgen.core.reported.beside import against_reported
from cardgen.core.run import Activity, Run
from cardgen.core.services import all_services, service

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
    inputs.assumed = False
    lifecycle = [result for result in results if result.activity.phase != "inference"]
    totals = _totals(lifecycle, inputs)
    services = [service(result, run.model.released, inputs) for result in results if result.activity.phase == "inference"]
    inputs.assumed = False
    countries = {result.place_country for result in results if result.place_country}
    return Assessment(
        run=run,
        activities=results,
        totals=totals,
        not_included=_gaps(lifecycle),
        inference=all_services([found for found in services if found], totals, inputs),
        equivalents=equivalents.choose(run.card.equivalents, totals, countries, inputs),
        comparison=comparison.rows(run.card.compare_with, inputs, run.model.name),
        infrastructure=_infrastructure(run, inputs),
        reported=against_reported(run, totals, inputs, results, [found for found in services if found]),
        problems=inputs.problems,
    )


def _activity(activity: Activity, index: int, run: Run, inputs: Inputs) -> ActivityResult:
    path: Path = ("activities", index)
    inputs.assumed = activity.assumed
    year = year_of(activity.end, activity.start, run.model.released)
    where = place.locate(activity, path, inputs)
    evidence = gather(activity, path, inputs)
    impact = Impact(device_hours=evidence.hours)
    if activity.grid.offsets is not None:
        impact.offsets = inputs.declared(activity.grid.offsets, "offsets", (*path, "grid", "offsets"), "declared-intensity")
    add_energy(impact, evidence, activity, path, year, inputs)
    evidence.not_included += add_operation(impact, activity, path, where, year, inputs)
    impact.embodied = embodied_emissions(activity, evidence, path, inputs)
    if activity.cost.device_hour is not None and evidence.hours is not None:
        price = inputs.declared(activity.cost.device_hour, "price of a device-hour", (*path, "cost", "device_hour"), "declared-cost")
        price = replace(price, unit=f"{price.unit}/h")
        impact.device_cost = cost.device_cost(evidence.hours, price)
    believable(impact, path, inputs)
    result = ActivityResult(
        activity, index, activity.name or activity.phase.replace("-", " ").capitalize(), where.text, where.country,
        evidence.kind, evidence.boundary, impact, evidence.included, evidence.not_included,
    )  # fmt: skip
    checks.evidence(result, evidence, path, inputs)
    return result


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
        if not parts or (item.name in ("market", "it_energy") and len(parts) < with_energy) or not addable(parts, inputs):
            continue
        setattr(totals, item.name, total(parts, f"{parts[0].name} of all activities" if len(parts) > 1 else parts[0].name))
    names = dict.fromkeys(name for impact in impacts for name in impact.components)
    for name in names:
        parts = [impact.components[name] for impact in impacts if name in impact.components]
        totals.components[name] = total(parts, f"{name}, all activities")
    return believable(totals, ("activities",), inputs)


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


def _infrastructure(run: Run, inputs: Inputs) -> list[tuple[str, Figure | None, Figure | None, Figure | None]]:
    """Return the components of the cluster; of a run whose activities are all assumed they are assumptions too."""
    rows = []
    inputs.assumed = bool(run.activities) and all(activity.assumed for activity in run.activities)
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
    inputs.assumed = False
    return rows
