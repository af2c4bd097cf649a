"""What printed figures say by themselves: whether they fit each other, an intensity, a default, a zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cardgen.core.assessment import ActivityResult, Impact
from cardgen.core.checks import INTENSITY_RANGE, default_elsewhere, rounded
from cardgen.core.figure import Figure, stated, total
from cardgen.core.inputs import Inputs
from cardgen.core.pools import Evidence
from cardgen.core.problem import Problem
from cardgen.core.reported.explanations import OWN, Explanations, explain, intensity
from cardgen.core.reported.implied import CLOSE, PUE_RANGE, Case, apart, is_stated, rated_energy, rounding, stated_pue
from cardgen.core.run import Run

OWN_FIGURES = math.log(1.05)  # from here on two printed figures do not fit each other
DEFAULT = 0.005  # how near an implied intensity comes to a default that was used
Of = Callable[[Impact], Figure | None]


def water(impact: Impact) -> Figure | None:
    """Return on-site and off-site water together, as far as they are known."""
    parts = [part for part in (impact.onsite_water, impact.offsite_water) if part is not None]
    return total(parts, "on-site and off-site water") if parts else None


LINES: dict[str, tuple[str, str, Of]] = {
    "energy": ("energy", "measured-energy", lambda t: t.energy),
    "emissions": ("location-based emissions", "declared-intensity", lambda t: t.location),
    "emissions_market": ("market-based emissions", "declared-intensity", lambda t: t.market),
    "embodied": ("embodied emissions", "declared-embodied", lambda t: t.embodied),
    "water": ("water", "declared-water", water),
}


@dataclass
class Sides:
    """A publication and an assessment, side by side; at most one problem for each printed figure."""

    run: Run
    totals: Impact
    results: tuple[ActivityResult, ...]
    inputs: Inputs
    evidence: tuple[Evidence, ...] = ()
    measured: Figure | None = None
    figures: dict[str, Figure] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)

    def is_partial(self, of: Of) -> bool:
        """Return whether an activity lacks a figure, or states hours without the number of its devices."""
        pools = [pool for used in self.evidence if used.kind == "device-hours" for pool in used.pools]
        uncounted = any(pool.hours and pool.stated.count is None and pool.stated.device_hours is None for pool in pools)
        training = [result for result in self.results if result.activity.phase != "inference"]
        return uncounted or any(of(result.impact) is None for result in training)

    def report(self, case: Case, explanations: Explanations) -> None:
        """Keep the problem that explains a disagreement, in the place of one that did so before."""
        problem = explain(case, explanations)
        if problem is not None:
            self.problems[case.attribute] = problem

    def case(self, attribute: str, expected: Figure) -> Case:
        """Return a printed figure beside what is expected."""
        words, _, of = LINES[attribute]
        energy = self.figures.get("energy")
        return Case(
            attribute, words, getattr(self.run.reported, attribute), self.figures[attribute], expected, self.totals,
            energy or self.totals.energy, energy is not None, of, self.results, self.evidence, self.inputs, is_tools_own=self._is_tools_own,
        )  # fmt: skip

    @property
    def _is_tools_own(self) -> bool:
        """Whether the source of what is printed is the method by which all energy was measured."""
        source = self.run.reported.source if self.run.reported else None
        methods = [result.activity.energy.method if result.activity.energy else None for result in self.results]
        return bool(source and methods) and all(method and method in source for method in methods)


def beyond_rounding(case: Case) -> float:
    """Return how far a figure is from what is expected, as a logarithm, beyond what the printed digits explain."""
    return apart(case.ratio, 1) - case.rounding


def fit_together(sides: Sides, attribute: str) -> None:
    """Report printed figures that do not fit each other; what follows from a wrong energy is told once."""
    case = _claim(sides, attribute)
    if case is None:
        return
    fit = beyond_rounding(case) <= OWN_FIGURES
    if "energy" in sides.problems:
        if fit:
            sides.problems.pop(attribute, None)
    elif not fit:
        sides.report(replace(case, severity="warning" if _may_be_before_pue(sides, case) else "error"), OWN)


def _claim(sides: Sides, attribute: str) -> Case | None:
    """Return printed emissions beside energy × stated intensity, the nearest one where activities state several.

    The energy is the printed one, or the one that the run file states: as measured, or with host and PUE.
    """
    assert sides.run.reported is not None
    figure, energy, printed = sides.figures.get(attribute), sides.figures.get("energy"), [sides.run.reported.energy]
    grids = [result.activity.grid for result in sides.results]
    stated_here = [grid.location if attribute == "emissions" else grid.market for grid in grids]
    values = [quantity.value for quantity in stated_here if quantity is not None]
    if figure is None or not figure.value or len(values) < len(grids) or not min(values, default=0):
        return None
    if energy is None and all(result.activity.energy is not None for result in sides.results):
        energy = _stated_energy(sides, figure.value, values)
        printed = [result.activity.energy.value for result in sides.results if result.activity.energy is not None]
    if energy is None or not energy.value:
        return None
    nearest = min(max(figure.value / energy.value, min(values)), max(values))
    expected = stated(energy.value * nearest, "kgCO2e", "reported energy × stated intensity")
    bought = {grid.market.value if grid.market is not None else None for grid in grids}
    contracts = next(iter(bought)) if len(bought) == 1 else None
    market = stated(energy.value * contracts, "kgCO2e") if contracts is not None else None
    known = Impact(energy=sides.totals.energy, it_energy=sides.totals.it_energy, offsets=sides.totals.offsets, market=market)
    words = f"the {'reported' if 'energy' in sides.figures else 'stated'} energy × the stated {rounded(1000 * nearest)} gCO2e/kWh"
    case = sides.case(attribute, expected)
    return replace(
        case, impact=known, evidence=(), blur=max(rounding(quantity) for quantity in printed if quantity is not None), against=words
    )


def _stated_energy(sides: Sides, emissions: float, intensities: Sequence[float]) -> Figure | None:
    """Return the energy that the run states: as measured where the emissions go with it, else that of the facility."""
    seen, whole = sides.measured, sides.totals.energy
    if seen is not None and is_stated(seen) and any(apart(emissions, seen.value * value) <= OWN_FIGURES for value in intensities):
        return seen
    return whole if whole is not None and is_stated(whole) else None


def _may_be_before_pue(sides: Sides, case: Case) -> bool:
    """Return whether the emissions hold the PUE and the printed energy may be that before it."""
    pue, energy, it_energy = stated_pue(case), sides.totals.energy, sides.totals.it_energy
    if "energy" not in sides.figures:
        return False
    if pue is None and not any(used.facility for used in sides.evidence):
        return PUE_RANGE[0] < case.ratio <= PUE_RANGE[1]
    if not pue or apart(case.ratio, pue) > CLOSE + case.rounding:
        return False
    if energy is None or it_energy is None:
        return True
    printed = sides.figures["energy"].value
    return apart(printed, it_energy.value) < apart(printed, energy.value)


def implied_intensity(sides: Sides, attribute: str) -> None:
    """Report an implied intensity that no grid has, where there is no other to compare with."""
    figure, energy = sides.figures.get(attribute), sides.figures.get("energy") or sides.totals.energy
    if figure is None or not figure.value or energy is None or not energy.value or sides.problems.keys() & {attribute, "energy"}:
        return
    if LINES[attribute][2](sides.totals) is not None or _claim(sides, attribute) is not None:
        return
    least, most = INTENSITY_RANGE
    high = figure.value / energy.value > most
    surely = figure.value / energy.high > most or figure.value / energy.low < least / 5  # grids of hydropower lie between
    expected = energy * stated(most if high else least, "kgCO2e/kWh")
    case = replace(sides.case(attribute, expected), against=f"the {'most' if high else 'least'} that a grid emits for that energy")
    sides.report(replace(case, severity="error" if surely else "warning"), (intensity,))


def default_intensity(sides: Sides) -> None:
    """Report emissions that are computed with a default of a calculator, where the place is named."""
    figure, known = sides.figures.get("emissions"), sides.problems.get("emissions")
    if figure is None or not figure.value or (known is not None and known.code not in ("CG306", "CG318")):
        return
    case = sides.case("emissions", figure)
    if case.rounding > DEFAULT or all(result.activity.grid.location is not None for result in sides.results):
        return
    computed = sides.totals.energy
    energies = [
        sides.figures.get("energy"), computed if computed is not None and is_stated(computed) else None, rated_energy(sides.evidence),
    ]  # fmt: skip
    for energy in energies:
        if energy is None or not energy.value:
            continue
        for result in sides.results:
            words = default_elsewhere(figure.value / energy.value, DEFAULT, result.activity, ("activities", result.index), sides.inputs)
            if words:
                printed = case.printed.text or f"{rounded(figure.value)} kgCO2e"
                text = f"the reported location-based emissions ({printed}) for {rounded(energy.value)} kWh mean {words}"
                hint = "compute them with the intensity of the place, or state grid.location and why"
                severity = known.severity if known is not None else "warning"
                sides.problems["emissions"] = Problem("CG318", text, ("reported", "emissions"), hint, severity)
                return


def zero(sides: Sides) -> None:
    """Report a zero that contracts or offsets leave, where no location-based figure stands beside it."""
    market, location = sides.figures.get("emissions_market"), sides.figures.get("emissions")
    grids = [result.activity.grid for result in sides.results]
    offset = any(grid.market is None and (grid.offsets or "offset" in (grid.instruments or "").casefold()) for grid in grids)
    hint = "report the location-based emissions too, as emissions"
    if location is not None and location.value == 0 and "emissions" not in sides.problems:
        text = "the reported location-based emissions are zero, which is what contracts or offsets leave: no grid emits nothing"
        sides.problems["emissions"] = Problem("CG316", text, ("reported", "emissions"), "report zero as emissions_market")
    elif market is not None and market.value == 0 and location is None:
        text = "a market-based zero is reported alone; the location-based figure belongs beside it (GHG Protocol Scope 2)"
        sides.problems["emissions_market"] = Problem("CG316", text, ("reported", "emissions_market"), hint, "warning")
    elif market is not None and market.value == 0 and offset:
        text = (
            "a market-based zero is reported, and offsets are all that is stated for it; they are not counted as contracts for electricity"
        )
        hint = "state the instruments and grid.market, or report offsets apart"
        sides.problems["emissions_market"] = Problem("CG316", text, ("reported", "emissions_market"), hint, "warning")
