"""Why a printed figure is not what is expected: explanations in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cardgen.core.checks import INTENSITY_RANGE, MFU_RANGE, rounded
from cardgen.core.problem import Problem
from cardgen.core.reported.causes import cause
from cardgen.core.reported.implied import Case, implied_mfu, is_stated, mean_power

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
    """A mean power that is to the digit the rating of another device, and above that of the one that is named."""
    power = mean_power(case)
    if power is None or power.highest_w is None or power.value_w <= power.highest_w:
        return None
    if case.rounding > 0.005 or not is_stated(case.expected):
        return None
    rows = {row["name"]: row.number("rated_power_w") for row in case.inputs.factors.table("hardware") if row["kind"] == "gpu"}
    names = [name for name, rating in rows.items() if rating and abs(power.value_w / rating - 1) < 0.003 + case.rounding]
    if not names:
        return None
    text = f"it implies a mean of {rounded(power.value_w)} W for each device, not the rated {power.rated_w:g} W"
    text += f" but that of {' or '.join(names[:2])}"
    return case.problem("CG319", text, "a calculator was used with another device; choose the one that ran")


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
    if case.severity == "error":
        return case.problem("CG306", "more than the interval allows", hint)
    if case.ratio < 1 and case.is_energy:
        hint = "a measured energy may lie below power × hours: state it as energy, with its boundary"
    return case.problem("CG306", "more than the inputs, which are all stated, and the printed digits allow", hint)


ANY: Explanations = (zero, cause, utilisation, another_device, intensity, too_much_power, unexplained)
OWN: Explanations = (cause, intensity, own_figures)
