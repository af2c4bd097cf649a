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
from cardgen.core.reported.explanations import ANY
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
    if not chosen:
        totals, chosen = of_services(run, results, services), tuple(results)
    quiet = Inputs(inputs.factors)  # assumptions of a cross-check are not those of the assessment
    used = tuple(evidence.gather(result.activity, ("activities", result.index), quiet) for result in chosen)
    sides = Sides(run, totals, chosen, inputs, used)
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
    chosen = _computed(sides, attribute)
    if chosen is None:
        return Reported(words, figure, None, None)
    computed = chosen[1]
    suffix = f", {chosen[0]}" if chosen[0] else ""
    words, case = words + suffix, replace(sides.case(attribute, computed), against=f"the computed one{suffix}")
    agrees = agree(figure, computed)
    if agrees and (not is_stated(computed) or not figure.value or beyond_rounding(case) <= ARITHMETIC):
        return Reported(words, figure, computed, True)
    it_energy = _before_pue(sides, case)
    if it_energy is not None:
        if is_stated(computed):
            sides.report(replace(case, severity="warning"), ANY)
        return Reported(f"{words}, before the PUE", figure, it_energy, True)
    if figure.value > computed.value and sides.is_partial(of):
        return Reported(words, figure, computed, True if agrees else None)
    sides.report(replace(case, severity="warning" if agrees else "error"), ANY)
    return Reported(words, figure, computed, agrees)


def _computed(sides: Sides, attribute: str) -> tuple[str, Figure] | None:
    """Return the computed figure with its boundary in words, at the one that the publication may have chosen.

    Some count one kind of water only. Of energy and emissions some count the devices alone, or leave out the overhead of
    the facility: where the run does not state host or PUE, what cardgen assumes of them is no contradiction.
    """
    computed = LINES[attribute][2](sides.totals)
    if computed is None or attribute == "embodied":
        return None if computed is None else ("", computed)
    options = [("", computed), *(_kinds_of_water(sides) if attribute == "water" else _narrower(sides, computed))]
    figure = sides.figures[attribute]
    if attribute != "water" and agree(figure, computed):
        return options[0]
    return min(options, key=lambda option: apart(option[1].value, figure.value))


def _kinds_of_water(sides: Sides) -> list[tuple[str, Figure]]:
    kinds = (("on-site", sides.totals.onsite_water), ("off-site", sides.totals.offsite_water))
    return [(words, figure) for words, figure in kinds if figure is not None]


def _narrower(sides: Sides, computed: Figure) -> list[tuple[str, Figure]]:
    """Return a computed figure without the host and the overhead that the run does not state."""
    energy, it_energy = sides.totals.energy, sides.totals.it_energy
    host = sides.totals.components.get("host")
    if energy is None or it_energy is None or not energy.value or not it_energy.value:
        return []
    no_pue = all(result.activity.facility.pue is None for result in sides.results)
    no_host = host is not None and all(result.activity.host is None for result in sides.results)
    devices = (it_energy - host).called("energy of the devices") if no_host and host is not None else None
    found = [("without overhead of the facility", computed * (it_energy / energy))] if no_pue else []
    found += [("without the host", computed * (devices / it_energy))] if devices is not None else []
    found += [("devices alone", computed * (devices / energy))] if devices is not None and no_pue else []
    return [(words, figure.called(computed.name, computed.unit)) for words, figure in found]


def _before_pue(sides: Sides, case: Case) -> Figure | None:
    """Return the IT energy where energy is printed before the PUE, which is another boundary and no contradiction."""
    it_energy = sides.totals.it_energy
    if case.attribute != "energy" or it_energy is None:
        return None
    if is_stated(case.expected):
        return it_energy if beyond_rounding(replace(case, expected=it_energy)) <= CLOSE else None
    return it_energy if agree(case.figure, it_energy) else None
