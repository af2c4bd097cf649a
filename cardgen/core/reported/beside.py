"""What a publication reports: beside what is computed, its own figures beside each other, and what cannot be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from cardgen.core import evidence
from cardgen.core.assessment import ActivityResult, Impact, Reported, Service
from cardgen.core.checks import agree
from cardgen.core.figure import Figure
from cardgen.core.inputs import Inputs
from cardgen.core.reported.boundaries import Option, all_measured, kinds_of_water, narrower
from cardgen.core.reported.causes import SLIPS, below_arithmetic, closest
from cardgen.core.reported.explanations import ANY, by_another_factor, by_convention
from cardgen.core.reported.implied import CLOSE, Case, apart, is_stated
from cardgen.core.reported.printed import LINES, Sides, beyond_rounding, default_intensity, fit_together, implied_intensity, zero
from cardgen.core.reported.served import of_services
from cardgen.core.run import Run

ARITHMETIC = math.log(1.08)  # from here on inputs that are all stated do not give what is printed


def against_reported(
    run: Run, totals: Impact, inputs: Inputs, results: Sequence[ActivityResult] = (), services: Sequence[Service] = ()
) -> list[Reported]:
    """Return what a publication reports beside what is computed, and report what cannot be.

    A total that lacks an activity may be smaller than what is reported: then nothing is said. A run of nothing but
    inference is compared with what its services use.
    """
    if run.reported is None:
        return []
    chosen = tuple(result for result in results if result.activity.phase != "inference")
    measured = all_measured(chosen)
    if not chosen:
        (totals, measured), chosen = of_services(run, results, services), tuple(results)
    quiet = Inputs(inputs.factors)  # assumptions of a cross-check are not those of the assessment
    used = tuple(evidence.gather(result.activity, ("activities", result.index), quiet) for result in chosen)
    sides = Sides(run, totals, chosen, inputs, used, measured)
    for attribute, (words, uncertainty, _) in LINES.items():
        quantity, path = getattr(run.reported, attribute), ("reported", attribute)
        figure = None if quantity is None else inputs.believable(inputs.declared(quantity, f"reported {words}", path, uncertainty), path)
        if figure is not None:
            sides.figures[attribute] = figure
    lines = [_line(sides, attribute) for attribute in sides.figures]
    for attribute in ("emissions", "emissions_market"):
        fit_together(sides, attribute)
        implied_intensity(sides, attribute)
    default_intensity(sides)
    zero(sides)
    for problem in sides.problems.values():
        report = inputs.fault if problem.severity == "error" else inputs.warn
        report(problem.code, problem.path, problem.message, problem.hint)
    return lines


def _line(sides: Sides, attribute: str) -> Reported:
    """Return a printed figure beside the computed one; a disagreement is a problem with its explanation."""
    (words, _, of), figure = LINES[attribute], sides.figures[attribute]
    options = _options(sides, attribute)
    if not options:
        return Reported(words, figure, None, None)
    boundary, case = _nearest(sides, attribute, options)
    computed, words = case.expected, words + boundary
    agrees = agree(figure, computed)
    if agrees and (not is_stated(computed) or not figure.value or beyond_rounding(case) <= ARITHMETIC):
        problem = below_arithmetic(replace(case, severity="warning")) if is_stated(computed) else None
        if problem is not None:
            sides.problems[attribute] = problem
        return Reported(words, figure, computed, True)
    before = _before_pue(sides, case)
    if before is not None:
        if is_stated(computed):
            sides.report(replace(case, severity="warning"), ANY)
        return Reported(f"{words}, before the PUE", figure, before, True)
    if figure.value > computed.value and sides.is_partial(of):
        return Reported(words, figure, computed, True if agrees else None)
    is_bearable = agrees or by_convention(case) or by_another_factor(case) or (attribute == "emissions" and case.is_tools_own)
    sides.report(replace(case, severity="warning" if is_bearable else "error"), ANY)
    return Reported(words, figure, computed, agrees)


def _options(sides: Sides, attribute: str) -> list[Option]:
    """Return the computed figure at each boundary that the publication may have chosen, the run's own first."""
    computed = LINES[attribute][2](sides.totals)
    if computed is None or attribute == "embodied":
        return [] if computed is None else [("", computed)]
    if attribute == "water":
        return [("", computed), *kinds_of_water(sides.totals)]
    return [("", computed), *narrower(computed, sides.totals, sides.results, sides.measured)]


def _nearest(sides: Sides, attribute: str, options: Sequence[Option]) -> tuple[str, Case]:
    """Return the boundary in words and the case there: the run's own, else the nearest one, else one that a slip explains."""
    suffixes = [f", {words}" if words else "" for words, _ in options]
    cases = [
        replace(sides.case(attribute, computed), against=f"the computed one{suffix}") for suffix, (_, computed) in zip(suffixes, options)
    ]
    if attribute != "water" and agree(cases[0].figure, cases[0].expected):
        return suffixes[0], cases[0]
    nearest = min(zip(suffixes, cases), key=lambda pair: apart(pair[1].ratio, 1))
    if agree(nearest[1].figure, nearest[1].expected) or closest(nearest[1]) is not None:
        return nearest
    slips = [(found.left, pair) for pair in zip(suffixes, cases) if (found := closest(pair[1], SLIPS)) is not None]
    return min(slips, key=lambda slip: slip[0])[1] if slips else nearest


def _before_pue(sides: Sides, case: Case) -> Figure | None:
    """Return energy or emissions before the PUE where they are printed so, which is another boundary and no contradiction."""
    energy, it_energy = sides.totals.energy, sides.totals.it_energy
    if case.attribute in ("embodied", "water") or it_energy is None or energy is None or not energy.value:
        return None
    computed = LINES[case.attribute][2](sides.totals)
    assert computed is not None  # it has a boundary
    before = it_energy if computed is energy else (computed * (it_energy / energy)).called(computed.name, computed.unit)
    if is_stated(case.expected):
        return before if beyond_rounding(replace(case, expected=before)) <= CLOSE else None
    return before if agree(case.figure, before) else None
