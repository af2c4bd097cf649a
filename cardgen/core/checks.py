"""Cross-checks: two kinds of evidence against each other, and what is computed against what is reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from cardgen.core import evidence as gathering
from cardgen.core.assessment import ActivityResult, Impact, Reported
from cardgen.core.energy import facility_energy
from cardgen.core.evidence import Evidence
from cardgen.core.figure import Figure, total
from cardgen.core.inputs import Inputs
from cardgen.core.place import pue
from cardgen.core.problem import Path
from cardgen.core.run import Activity, Run

INTENSITY_RANGE = (0.005, 1.2)  # kgCO2e/kWh: hydropower and nuclear grids to lignite and oil
LONGEST_H = 2 * 8760  # h of wall-clock time
LARGEST_REQUEST_KWH = 1.0  # published figures end at about 1 kWh, for a video
MFU_RANGE = (0.05, 0.65)  # published training runs
ROUNDING = 1e-9


def agree(one: Figure, other: Figure) -> bool:
    """Return whether two figures of one quantity are the same within their 90 % intervals.

    Inputs that both share do not count: their ratio does not depend on them.
    """
    if one.value == 0 or other.value == 0:
        return one.value == other.value
    ratio = one / other
    return ratio.low <= 1 + ROUNDING and ratio.high >= 1 - ROUNDING


def evidence(result: ActivityResult, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report weaker evidence that disagrees with the evidence in use, and quantities that cannot be."""
    activity = result.activity
    _clock(used, inputs)
    _request(result, path, inputs)
    _mean_power(result, used, path, inputs)
    _mfu(result, used, path, inputs)
    _intensity(result, path, inputs)
    if activity.energy is not None:
        _measured(activity, used, path, inputs)


def _measured(activity: Activity, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report measured energy that device-hours × power, or else compute, contradict at the same boundary."""
    quiet = Inputs(inputs.factors)  # assumptions of a cross-check are not assumptions of the assessment
    if used.boundary != "accelerators" and activity.host is not None and activity.host.mode == "excluded":
        activity = replace(activity, host=None)  # the meter saw the host all the same
    if any(pool.hours for pool in used.pools):
        words, hint = "device-hours × power", "check the boundary, the unit, and whether device_hours is wall-clock time"
        other = gathering.from_device_hours(activity, path, used.pools, quiet)
    elif activity.compute is not None:
        words, hint = "compute", "check the boundary, the unit, and whether tokens count all epochs"
        other = gathering.from_compute(activity, path, used.pools, quiet)
    else:
        return
    measured = used.facility or next(iter(used.components.values()))
    parts = [figure for name, figure in other.components.items() if name == "accelerators" or used.boundary != "accelerators"]
    if not parts:
        return
    estimate = total(parts)
    if used.boundary == "facility":
        estimate = facility_energy(estimate, pue(activity, path, None, quiet))
    # Storage, network and idle machines are within the wider boundaries, and not in the estimate.
    allowed = 2 if used.boundary in ("it", "facility") else 1
    if not agree(measured, estimate) and not 1 <= measured.value / (estimate.value or math.inf) <= allowed:
        text = (
            f"measured energy ({_kwh(measured)}) and {words} ({_kwh(estimate)}) disagree "
            f"by a factor of {_factor(measured, estimate)}, more than their uncertainty allows"
        )
        inputs.fault("CG301", (*path, "energy"), text, hint)


def _clock(used: Evidence, inputs: Inputs) -> None:
    """Report a wall-clock time that no run takes: usually device-hours stand there."""
    for pool in used.pools:
        duration = pool.stated.duration
        if duration is not None and duration.value > LONGEST_H and (pool.stated.count or 1) > 1:
            text = f"{duration.value / 8760:,.3g} years is a long wall-clock time for {pool.stated.count:,.0f} devices"
            inputs.warn("CG308", (*pool.path, "duration"), text, "the total over all devices is device_hours")


def _request(result: ActivityResult, path: Path, inputs: Inputs) -> None:
    """Report an energy per request that no published service comes near: usually Wh were meant."""
    requests = result.activity.requests
    amounts = [] if requests is None else [(requests.energy, 1.0), (requests.per_1000, 1000.0)]
    amounts += [(repeat, requests.repeat_size) for repeat in requests.repeats] if requests else []
    for quantity, count in amounts:
        if quantity is not None and quantity.value > LARGEST_REQUEST_KWH * count > 0:
            text = f"{quantity.text or quantity.value} for {count:,.0f} requests is above 1 kWh for one"
            inputs.warn("CG309", (*path, "requests"), text, "check the unit: energy of a request is usually stated in Wh")
            return


def _mean_power(result: ActivityResult, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report a mean power of the devices above what they can draw."""
    for pool in used.pools:
        rating = pool.row.number("rated_power_w") if pool.row else None
        with_host = result.activity.host is not None and result.activity.host.mode == "included"
        if pool.row and rating and pool.stated.power is not None and pool.stated.power.value > 1.1 * rating and not with_host:
            text = f"{pool.stated.power.value:g} W is above the rated power of {pool.row['name']}, {rating:g} W"
            inputs.warn("CG302", (*pool.path, "power"), text, "write host: included if the power covers the host, else check the unit")
    measured = result.activity.energy
    if measured is None or measured.boundary != "accelerators" or used.hours is None or not used.hours.value:
        return
    ratings = [pool.row.number("rated_power_w") for pool in used.pools if pool.row]
    if ratings and all(ratings) and len(ratings) == len(used.pools):
        mean_w = measured.value.value * 1000 / used.hours.value
        highest = max(rating for rating in ratings if rating)
        if mean_w > 1.1 * highest:
            text = f"the measured energy means {mean_w:,.0f} W for each device on average, above their rated {highest:g} W"
            inputs.fault("CG302", (*path, "energy"), text, "check energy.boundary and whether device_hours is wall-clock time")


def _mfu(result: ActivityResult, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report an implied model FLOPs utilisation that no training run reaches."""
    if used.kind == "compute" or used.hours is None or not used.hours.value or result.activity.phase == "inference":
        return
    flops = gathering.training_flops(result.activity, path, Inputs(inputs.factors))
    timed = [(pool.hours, gathering.peak_flops(pool, inputs)) for pool in used.pools if pool.hours]
    if flops is None or not timed or any(peak is None for _, peak in timed):
        return
    capacity = sum(peak.value * 1e12 * hours.value * 3600 for hours, peak in timed if peak and hours)
    mfu = flops.value / capacity if capacity else math.inf
    if math.isfinite(mfu) and not MFU_RANGE[0] <= mfu <= MFU_RANGE[1]:
        text = f"compute and device-hours imply a model FLOPs utilisation of {mfu:.1%}; training runs reach 5 to 65 %"
        hint = "check that tokens count all epochs and device_hours counts all devices"
        inputs.warn("CG303", (*path, "compute"), text, hint)


def _intensity(result: ActivityResult, path: Path, inputs: Inputs) -> None:
    """Report a stated grid intensity that no grid has."""
    stated = result.activity.grid.location
    if stated is not None and not INTENSITY_RANGE[0] <= stated.value <= INTENSITY_RANGE[1]:
        text = f"{_rounded(stated.value * 1000)} gCO2e/kWh is outside the average intensities of grids (5 to 1,200 gCO2e/kWh)"
        hint = "check the unit; contractual instruments belong under grid.market"
        report = inputs.fault if stated.value > INTENSITY_RANGE[1] else inputs.warn  # a few grids of hydropower lie below
        report("CG304", (*path, "grid", "location"), text, hint)
    if result.activity.grid.market is not None and result.activity.grid.market.value == 0 and result.impact.location is None:
        text = "a market-based zero stands alone; the location-based figure belongs beside it (GHG Protocol Scope 2)"
        inputs.warn("CG305", (*path, "grid", "market"), text, "add facility.country or grid.location")


def against_reported(run: Run, totals: Impact, inputs: Inputs, results: Sequence[ActivityResult] = ()) -> list[Reported]:
    """Return what a publication reports beside what is computed, and report what cannot both be true.

    A total that lacks an activity may be smaller than what is reported: then nothing is said.
    """
    if run.reported is None:
        return []
    lines: list[tuple[str, str, str, Callable[[Impact], Figure | None]]] = [
        ("energy", "energy", "measured-energy", lambda t: t.energy),
        ("location-based emissions", "emissions", "declared-intensity", lambda t: t.location),
        ("market-based emissions", "emissions_market", "declared-intensity", lambda t: t.market),
        ("embodied emissions", "embodied", "declared-embodied", lambda t: t.embodied),
        ("water", "water", "declared-water", _water),
    ]
    found = []
    for words, attribute, uncertainty, of in lines:
        stated = getattr(run.reported, attribute)
        if stated is None:
            continue
        figure = inputs.believable(
            inputs.declared(stated, f"reported {words}", ("reported", attribute), uncertainty), ("reported", attribute)
        )
        if figure is None:
            continue
        computed = of(totals)
        agrees = agree(figure, computed) if computed is not None else None
        if computed is not None and agrees is False and attribute == "water":  # some publications count one kind of water only
            same = [part for part in (totals.onsite_water, totals.offsite_water) if part is not None and agree(figure, part)]
            computed, agrees = (same[0], True) if same else (computed, agrees)
        partial = any(of(result.impact) is None for result in results)
        if computed is not None and agrees is False and partial and figure.value > computed.value:
            agrees = None
        if computed is not None and agrees is False:
            text = f"the reported {words} ({stated.text or stated.value}) and the computed one disagree "
            text += f"by a factor of {_factor(figure, computed)}"
            inputs.fault("CG306", ("reported", attribute), f"{text}, more than the interval allows", _explanation(figure, computed))
        found.append(Reported(words, figure, computed, agrees))
    return found


def _water(impact: Impact) -> Figure | None:
    parts = [part for part in (impact.onsite_water, impact.offsite_water) if part is not None]
    return total(parts, "on-site and off-site water") if parts else None


def _explanation(reported: Figure, computed: Figure) -> str:
    """Return the likeliest reason for a disagreement."""
    ratio = reported.value / computed.value if computed.value else 0.0
    if 800 < ratio < 1250 or 800 < 1 / (ratio or 1) < 1250:
        return "a factor of 1,000 is usually grams for kilograms, or kWh for MWh"
    return "see the calculation with: cardgen explain RUN"


def _kwh(figure: Figure) -> str:
    return f"{_rounded(figure.value)} kWh"


def _rounded(value: float) -> str:
    """Return a number for a message, without an exponent where people would write none."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:,.4g}"


def _factor(one: Figure, other: Figure) -> str:
    high, low = max(one.value, other.value), min(one.value, other.value)
    ratio = high / low if low else math.inf
    return f"{ratio:,.3g}" if ratio < 1e6 else "more than a million"
