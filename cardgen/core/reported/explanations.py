"""Why a printed figure is not what is expected: explanations in the order in which they are tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from cardgen.core.checks import INTENSITY_RANGE, MFU_RANGE, rounded
from cardgen.core.problem import Problem
from cardgen.core.reported.causes import ANOTHER_RATING, cause
from cardgen.core.reported.implied import Case, apart, implied_beside_place, implied_mfu, is_stated, mean_power

OTHER_FACTORS = math.log(3)  # factors of calculators for a place, beside those of the table
OTHER_CONVENTIONS = math.log(30)
Explanations = Sequence[Callable[[Case], Problem | None]]


def explain(case: Case, explanations: Explanations) -> Problem | None:
    """Return a disagreement with the first explanation that fits."""
    return next((problem for explanation in explanations if (problem := explanation(case)) is not None), None)


def zero(case: Case) -> Problem | None:
    """A location-based zero: what contracts or offsets leave stands where the grid's emissions belong."""
    if case.attribute != "emissions" or case.figure.value != 0:
        return None
    text = "no grid emits nothing; zero is what contracts or offsets leave"
    return case.problem("CG316", text, "report the location-based figure, and a market-based zero as emissions_market")


def utilisation(case: Case) -> Problem | None:
    """A model FLOPs utilisation that no training run reaches."""
    mfu = implied_mfu(case)
    if mfu is None or MFU_RANGE[0] <= mfu <= MFU_RANGE[1]:
        return None
    text = f"it implies a model FLOPs utilisation of {mfu:.1%}, and training runs reach 5 to 65 %"
    return case.problem("CG303", text, "check that tokens count all epochs, and the device that is named")


def another_device(case: Case) -> Problem | None:
    """A mean power that is to the digit the rating of another device of the maker, and far above that of the one that is named."""
    power = mean_power(case)
    if power is None or power.highest_w is None or power.value_w <= power.highest_w:
        return None
    if apart(power.value_w, power.rated_w or 0) <= ANOTHER_RATING:
        return None
    if case.rounding > 0.005 or not (is_stated(case.expected) or _around_is_stated(case)):
        return None
    makers = {pool.row["vendor"] for used in case.evidence for pool in used.pools if pool.row}
    rows = [row for row in case.inputs.factors.table("hardware") if row["kind"] == "gpu" and (not makers or row["vendor"] in makers)]
    near = 0.003 + case.rounding
    names = [row["name"] for row in rows if (rating := row.number("rated_power_w")) and abs(power.value_w / rating - 1) < near]
    if not names:
        return None
    text = f"it implies a mean of {rounded(power.value_w)} W for each device, not the rated {power.rated_w:g} W"
    text += f" but that of {' or '.join(names[:2])}"
    return case.problem("CG319", text, "a calculator was used with another device; choose the one that ran")


def _around_is_stated(case: Case) -> bool:
    """Return whether all that stands between the power of a device and the figure is stated: host, PUE, intensity."""
    activities = [result.activity for result in case.results]
    return all(activity.facility.pue is not None and activity.host is not None for activity in activities) and (
        "host" not in case.impact.components or is_stated(case.impact.components["host"])
    )


def intensity(case: Case) -> Problem | None:
    """An intensity that no grid has."""
    if case.attribute not in ("emissions", "emissions_market") or case.energy is None or not case.energy.value:
        return None
    value = case.figure.value / case.energy.value
    sure = case.energy_is_printed or is_stated(case.energy)
    lowest, highest = (value, value) if sure else (case.figure.value / case.energy.high, case.figure.value / case.energy.low)
    if lowest <= INTENSITY_RANGE[1] and (highest >= INTENSITY_RANGE[0] or case.attribute == "emissions_market"):
        return None
    text = f"it implies {rounded(1000 * value)} gCO2e/kWh, and average intensities of grids are 5 to 1,200 gCO2e/kWh"
    return case.problem("CG310", text, "check the unit of the emissions, and the energy that they go with")


def other_factor(case: Case) -> Problem | None:
    """An intensity that is not far from that of the place, where the run states none."""
    found = implied_beside_place(case)
    if found is None or (apart(found.implied, found.usual) >= OTHER_FACTORS and not case.is_tools_own):
        return None
    places = list(dict.fromkeys(result.place or "the world" for result in case.results))
    where = places[0] if len(places) == 1 else "their mean"
    text = f"for {rounded(found.energy_kwh)} kWh it implies {rounded(1000 * found.implied)} gCO2e/kWh, and the table has "
    text += f"{rounded(1000 * found.usual)} for {where}; calculators carry old or other factors"
    return case.problem("CG318", text, "state the intensity that was used as grid.location, with its source in the note")


def by_another_factor(case: Case) -> bool:
    """Return whether another factor for the grid, which the run does not state, may make up the disagreement."""
    found = implied_beside_place(case)
    return found is not None and apart(found.implied, found.usual) < OTHER_FACTORS and found.implied <= INTENSITY_RANGE[1]


def by_convention(case: Case) -> bool:
    """Return whether a figure rests on a table whose conventions differ by factors: making hardware, water of a site."""
    return case.attribute in ("embodied", "water") and not is_stated(case.expected) and apart(case.ratio, 1) < OTHER_CONVENTIONS


def too_much_power(case: Case) -> Problem | None:
    """A mean power above what the devices can draw."""
    power = mean_power(case)
    if power is None or power.highest_w is None or power.value_w <= power.highest_w:
        return None
    text = f"it implies a mean of {rounded(power.value_w)} W for each device, above the rated {power.rated_w:g} W"
    return case.problem("CG311", text, "check that device_hours counts all devices, and what the reported figure includes")


def own_figures(case: Case) -> Problem:
    """Two printed figures that do not fit each other."""
    text = "what is printed contradicts itself, however uncertain the run is"
    if case.severity == "warning":
        text = f"the energy may be that before a PUE of {case.ratio:.3g}, or what is printed contradicts itself"
    return case.problem("CG317", text, "correct the energy, the emissions or the intensity; emissions are their product")


def unexplained(case: Case) -> Problem:
    """A disagreement that nothing here explains; what it implies is all that can be said."""
    hint = "see the calculation with: cardgen explain RUN"
    if case.severity == "warning" and by_convention(case):
        if case.attribute == "water":
            return case.problem("CG306", "the water of sites and grids differs by such factors", "state facility.wue and grid.water")
        text = "conventions for what making the hardware emits differ by such factors"
        return case.problem("CG306", text, "state embodied and lifetime of the hardware, where they are known")
    if case.severity == "error":
        return case.problem("CG306", "more than the interval allows", hint)
    if case.ratio < 1 and case.is_energy:
        hint = "a measured energy may lie below power × hours: state it as energy, with its boundary"
    return case.problem("CG306", "more than the inputs, which are all stated, and the printed digits allow", hint)


ANY: Explanations = (zero, cause, utilisation, another_device, intensity, other_factor, too_much_power, unexplained)
OWN: Explanations = (cause, intensity, own_figures)
