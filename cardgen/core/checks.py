"""Cross-checks: two kinds of evidence against each other, and quantities that cannot be."""

from __future__ import annotations

import math
from dataclasses import replace

from cardgen.core import evidence as gathering
from cardgen.core import place
from cardgen.core.assessment import ActivityResult
from cardgen.core.energy import facility_energy
from cardgen.core.figure import Figure, total
from cardgen.core.inputs import Inputs
from cardgen.core.pools import Evidence, states_its_rating
from cardgen.core.problem import Path
from cardgen.core.run import Activity

INTENSITY_RANGE = (0.005, 1.2)  # kgCO2e/kWh: hydropower and nuclear grids to lignite and oil
LONGEST_H = 2 * 8760  # h of wall-clock time
# Where published figures of a request end in kWh, by a word of its task; those of images and text come after those of video.
VIDEO = 1.0
IMAGE = {"image": 0.01}
TEXT = dict.fromkeys(("text", "chat", "token", "summar", "translat", "question", "answer", "classif", "prompt", "code"), 0.04)
LARGEST_REQUESTS = {"video": VIDEO} | IMAGE | TEXT
LARGER = 1.5  # from here on a figure is not one of the same kind
MFU_RANGE = (0.05, 0.65)  # published training runs
FAR = 3  # a stated utilisation this far from the one that hours imply is no rounding
ROUNDING = 1e-9
IDLE = 0.1  # power of a device that waits as a share of its rating: 50 W of an A100's 400 W and more
ELSEWHERE = math.log(1.1)  # a default this near to the grid of the place is no error


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
    _stated_mfu(result, used, path, inputs)
    _intensity(result, path, inputs)
    if activity.energy is not None:
        _measured(activity, used, path, inputs)


def _measured(activity: Activity, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report measured energy that device-hours × power, or else compute, contradict at the same boundary."""
    quiet = Inputs(inputs.factors)  # assumptions of a cross-check are not assumptions of the assessment
    mfu = 0.0
    if used.boundary != "accelerators" and activity.host is not None and activity.host.mode == "excluded":
        activity = replace(activity, host=None)  # the meter saw the host all the same
    if any(pool.hours for pool in used.pools):
        words, hint = "device-hours × power", "check the boundary, the unit, and whether device_hours is wall-clock time"
        other = gathering.from_device_hours(activity, path, used.pools, quiet)
    elif activity.compute is not None:
        words, hint = "compute", "check the boundary, the unit, and whether tokens count all epochs"
        other = gathering.from_compute(activity, path, used.pools, quiet)
        mfu = activity.compute.mfu or quiet.prior(gathering.default_mfu(activity), "MFU").value
    else:
        return
    assert activity.energy is not None  # the caller asked
    measured = used.facility or next(iter(used.components.values()))
    parts = [figure for name, figure in other.components.items() if name == "accelerators" or used.boundary != "accelerators"]
    if not parts:
        return
    estimate = total(parts)
    if used.boundary == "facility":
        estimate = facility_energy(estimate, place.pue(activity, path, None, quiet))
    # Storage, network and idle machines are within the wider boundaries, and not in the estimate.
    allowed = 2 if used.boundary in ("it", "facility") else 1
    if not agree(measured, estimate) and not 1 <= measured.value / (estimate.value or math.inf) <= allowed:
        text = (
            f"{activity.energy.basis} energy ({_kwh(measured)}) and {words} ({_kwh(estimate)}) disagree "
            f"by a factor of {factor_between(measured, estimate)}, more than their uncertainty allows"
        )
        if words == "compute" and measured.value:
            text += f"; the energy implies a model FLOPs utilisation of {mfu * estimate.value / measured.value:.2%}"
        report = inputs.warn if words != "compute" and _may_be_idle(measured, used) else inputs.fault
        report("CG301", (*path, "energy"), text, hint)


def _may_be_idle(measured: Figure, used: Evidence) -> bool:
    """Return whether measured energy is below a default utilisation, which says nothing of devices that wait much of the time."""
    stated = any(
        pool.stated.utilization is not None or (pool.stated.power is not None and not states_its_rating(pool)) for pool in used.pools
    )
    ratings = [(pool.row.number("rated_power_w") if pool.row else None, pool.hours) for pool in used.pools if pool.hours]
    rated_kwh = sum(rating * hours.value / 1000 for rating, hours in ratings if rating and hours)
    return not stated and IDLE * rated_kwh <= measured.value <= rated_kwh


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
    task = (requests.task or "").casefold() if requests else ""
    word = next((word for word in LARGEST_REQUESTS if word in task), "")
    largest = LARGEST_REQUESTS.get(word, VIDEO)
    amounts = [] if requests is None else [(requests.energy, 1.0), (requests.per_1000, 1000.0)]
    amounts += [(repeat, requests.repeat_size) for repeat in requests.repeats] if requests else []
    for quantity, count in amounts:
        if quantity is not None and quantity.value > LARGER * largest * count > 0:
            printed = quantity.text or f"{rounded(quantity.value)} kWh"
            text = f"{printed} for {count:,.0f} requests is {rounded(1000 * quantity.value / count)} Wh for one; "
            text = text if count > 1 else f"{printed} for a request is {rounded(1000 * quantity.value)} Wh; "
            kind = f'a request of "{requests.task}"' if word and requests else "any request"
            text += f"published figures of {kind} end near {rounded(1000 * largest)} Wh"
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
            text = f"the {measured.basis} energy means {mean_w:,.0f} W for each device on average, above their rated {highest:g} W"
            inputs.fault("CG302", (*path, "energy"), text, "check energy.boundary and whether device_hours is wall-clock time")


def _mfu(result: ActivityResult, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report an implied model FLOPs utilisation that no training run reaches."""
    mfu = None if used.kind == "compute" else _implied_mfu(result, used, path, inputs)
    if mfu is not None and not MFU_RANGE[0] <= mfu.value <= MFU_RANGE[1]:
        text = f"compute and device-hours imply a model FLOPs utilisation of {mfu.value:.1%}; training runs reach 5 to 65 %"
        hint = "check that tokens count all epochs and device_hours counts all devices"
        inputs.warn("CG303", (*path, "compute"), text, hint)


def _implied_mfu(result: ActivityResult, used: Evidence, path: Path, inputs: Inputs) -> Figure | None:
    """Return FLOPs ÷ (peak × device-hours), where all three are known."""
    if used.hours is None or not used.hours.value or result.activity.phase == "inference":
        return None
    flops = gathering.training_flops(result.activity, path, Inputs(inputs.factors))
    if flops is None:
        return None
    timed = [(gathering.peak_flops(pool), pool.hours) for pool in used.pools if pool.hours]
    capacity = [(peak * hours).called("capacity", "FLOP") for peak, hours in timed if peak is not None and hours is not None]
    if not timed or len(capacity) < len(timed):
        return None
    whole = total(capacity)
    return (flops / whole).called("MFU", "1") if whole.value and flops.value and math.isfinite(flops.value / whole.value) else None


def _stated_mfu(result: ActivityResult, used: Evidence, path: Path, inputs: Inputs) -> None:
    """Report a stated utilisation that no training run reaches, or that compute and device-hours contradict."""
    compute = result.activity.compute
    if compute is None or compute.mfu is None:
        return
    where = (*path, "compute", "mfu")
    if not MFU_RANGE[0] <= compute.mfu <= MFU_RANGE[1]:
        text = f"a model FLOPs utilisation of {compute.mfu:.1%} is stated; training runs reach 5 to 65 %"
        inputs.warn("CG303", where, text, "state the share of the peak dense FLOP/s at 16 bits that the run reached")
    mfu = None if used.kind == "compute" else _implied_mfu(result, used, path, inputs)
    if mfu is None:
        return
    stated_mfu = inputs.declared(compute.mfu, "MFU", where, "declared-mfu")
    if not mfu.value or not compute.mfu or agree(mfu, stated_mfu):
        return
    text = f"compute and device-hours imply a model FLOPs utilisation of {mfu.value:.1%}, and {compute.mfu:.1%} is stated: they disagree "
    text += f"by a factor of {factor_between(mfu, stated_mfu)}, more than their uncertainty allows"
    far = not 1 / FAR <= mfu.value / compute.mfu <= FAR
    report = inputs.fault if far else inputs.warn
    report("CG301", where, text, "check that tokens count all epochs, and whether device_hours is wall-clock time")


def _intensity(result: ActivityResult, path: Path, inputs: Inputs) -> None:
    """Report a stated grid intensity that no grid has."""
    stated = result.activity.grid.location
    if stated is not None and not INTENSITY_RANGE[0] <= stated.value <= INTENSITY_RANGE[1]:
        text = f"{rounded(stated.value * 1000)} gCO2e/kWh is outside the average intensities of grids (5 to 1,200 gCO2e/kWh)"
        hint = "check the unit; contractual instruments belong under grid.market"
        report = inputs.fault if stated.value > INTENSITY_RANGE[1] else inputs.warn  # a few grids of hydropower lie below
        report("CG304", (*path, "grid", "location"), text, hint)
    words = default_elsewhere(stated.value, ROUNDING, result.activity, path, inputs) if stated is not None else None
    if words:
        hint = "leave grid.location out for the intensity of the place, or state the source of another"
        inputs.warn("CG318", (*path, "grid", "location"), f"the stated intensity is {words}", hint)
    if result.activity.grid.market is not None and result.activity.grid.market.value == 0 and result.impact.location is None:
        text = "a market-based zero stands alone; the location-based figure belongs beside it (GHG Protocol Scope 2)"
        inputs.warn("CG305", (*path, "grid", "market"), text, "add facility.country or grid.location")


def default_elsewhere(value: float, near: float, activity: Activity, path: Path, inputs: Inputs) -> str | None:
    """Return, in words, the default intensity of a calculator that a value in kgCO2e/kWh is, and the other one of the place."""
    quiet = Inputs(inputs.factors)
    date = activity.end or activity.start
    row, _ = place.grid_row(place.locate(activity, path, quiet), int(date[:4]) if date and date[:4].isdigit() else None, quiet)
    local = float(row["value"]) if row is not None else 0.0
    for default in inputs.factors.table("conventions"):
        usual = default.number("value")
        if row is None or default["unit"] != "kgCO2e/kWh" or not usual or abs(value / usual - 1) > near:
            continue
        if abs(math.log(usual / local)) > ELSEWHERE:
            name, year = row["name"] or row["zone"], row["year"]
            return f"{rounded(1000 * usual)} gCO2e/kWh, {default['what']}; {name} had {rounded(1000 * local)} gCO2e/kWh in {year}"
    return None


def _kwh(figure: Figure) -> str:
    return f"{rounded(figure.value)} kWh"


def rounded(value: float) -> str:
    """Return a number for a message, without an exponent where people would write none."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:,.4g}"


def factor_between(one: Figure, other: Figure) -> str:
    """Return by which factor two figures differ, for a message."""
    high, low = max(one.value, other.value), min(one.value, other.value)
    ratio = high / low if low else math.inf
    return f"{ratio:,.0f}" if 100 <= ratio < 1e6 else f"{ratio:.3g}" if ratio < 100 else "more than a million"
