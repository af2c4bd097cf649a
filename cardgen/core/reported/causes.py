"""Known factors between a printed figure and what is expected: units, devices, PUE, rows, variants of a device, offsets."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from cardgen.core.factors import normalised
from cardgen.core.problem import Problem
from cardgen.core.reported.implied import CLOSE, Case, apart, is_stated, mean_power, number_of_devices, stated_pue

MOST_ROWS = 8  # among more activities a pair that makes up the difference is found by chance
UNITS = {1e3: "1,000", 1e6: "1,000,000"}
POUND, GALLON = 0.45359237, 3.785411784


class Cause(NamedTuple):
    """Something that multiplies a figure by a known factor; ``exact``: nothing but rounding may remain."""

    code: str
    factor: float
    text: str
    hint: str
    exact: bool = True


def cause(case: Case) -> Problem | None:
    """A known factor that makes up the disagreement, the one that comes closest."""
    if not 0 < case.ratio < math.inf:
        return None
    best: tuple[float, Cause] | None = None
    spread = 1.645 * (case.figure / case.expected).sigma
    own_inputs = is_stated(case.expected)  # only then is a factor known to the per cent
    for found in itertools.chain(_of_units(case), _of_devices(case), _of_pue(case), _of_rows(case), _of_variants(case), _of_offsets(case)):
        size = apart(found.factor, 1)
        if not math.log(1.03) + case.rounding <= size < math.inf or (found.exact and not own_inputs):
            continue
        left = apart(case.ratio, found.factor)
        allowed = CLOSE + min(case.rounding, 2 * CLOSE) if found.exact else max(3 * CLOSE + case.rounding, min(spread, size / 5))
        if left <= min(allowed, size / 2) and (best is None or left < best[0]):
            best = left, found
    return case.problem(best[1].code, best[1].text, best[1].hint) if best else None


def _of_units(case: Case) -> Iterator[Cause]:
    names = {"energy": "Wh for kWh or kWh for MWh", "water": "L for m3"}.get(case.attribute, "grams for kilograms or kilograms for tonnes")
    for size, words in UNITS.items():
        for factor in (size, 1 / size):
            yield Cause("CG314", factor, f"a factor of {words} is {names}", "check the units of both", exact=False)
    if case.attribute != "energy":
        other, size = ("US gallons for litres", GALLON) if case.attribute == "water" else ("pounds for kilograms", 1 / POUND)
        for factor in (size, 1 / size):
            yield Cause("CG314", factor, f"the factor is that of {other}, or the reverse", "write the unit of the printed figure: lb, gal")


def _of_devices(case: Case) -> Iterator[Cause]:
    if case.attribute == "water":
        return
    number = number_of_devices(case)
    if number is not None and number > 1:
        text = f"the factor is the number of devices, {number:,.0f}: wall-clock time stands for device-hours, or the reverse"
        hint = "duration is the time by the clock; device_hours is the total over all devices"
        for factor in (number, 1 / number):
            yield Cause("CG313", factor, text, hint, exact=False)


def _of_pue(case: Case) -> Iterator[Cause]:
    if case.attribute == "embodied":
        return
    pue = stated_pue(case)
    if pue:
        twice = f"the factor is the PUE of {pue:g}: it is applied twice" + (", or the energy is printed before it" if case.blur else "")
        yield Cause("CG312", pue, twice, "a facility's own energy holds its PUE already")
        text = f"the factor is the PUE of {pue:g}, which the reported {case.words} leave out"
        yield Cause("CG312", 1 / pue, text.replace("energy leave", "energy leaves"), "bring both figures to the same boundary")


def _of_rows(case: Case) -> Iterator[Cause]:
    """Yield sums that leave out one or two activities, or hold one alone."""
    parts = [(result.name, figure.value) for result in case.results if (figure := case.of(result.impact)) is not None and figure.value > 0]
    whole = sum(value for _, value in parts)
    if len(parts) < 2 or abs(whole / case.expected.value - 1) > 1e-6:
        return
    hint = "say what the reported total leaves out, or add it"
    for size in (1, 2) if len(parts) <= MOST_ROWS else (1,):
        for chosen in itertools.combinations(parts, size):
            left_out = sum(value for _, value in chosen)
            if left_out < whole:
                names = " and ".join(name for name, _ in chosen)
                yield Cause("CG315", 1 - left_out / whole, f"it is the sum without {names}", hint)
    for name, value in parts:
        yield Cause("CG315", value / whole, f"it is the figure of {name} alone", hint)


def _of_variants(case: Case) -> Iterator[Cause]:
    """Yield the ratings of other variants of the only device."""
    power = mean_power(case)
    rows = [pool.row for used in case.evidence for pool in used.pools if pool.hours]
    if power is None or not power.value_w or len(rows) != 1 or rows[0] is None:
        return
    own = rows[0]
    for row in case.inputs.factors.table("hardware"):
        rating = row.number("rated_power_w")
        if rating and family(row["name"]) == family(own["name"]) and rating != own.number("rated_power_w"):
            text = f"it fits the rated power of {row['name']}, {rating:g} W"
            yield Cause("CG319", rating * case.ratio / power.value_w, text, f"the run file names {own['name']}; correct one of the two")


def family(name: str) -> str:
    """Return the family of a part, without its form factor and memory.

    >>> family("NVIDIA A100-SXM4-80GB") == family("A100 PCIe 40GB")
    True
    """
    match = re.match(r"[a-z]*\d+", normalised(name))
    return match[0] if match else name


def _of_offsets(case: Case) -> Iterator[Cause]:
    offsets = case.impact.offsets
    if offsets is not None and case.attribute in ("emissions", "emissions_market") and 0 < offsets.value < case.expected.value:
        factor = 1 - offsets.value / case.expected.value
        yield Cause("CG316", factor, "the offsets are subtracted", "offsets stand beside emissions and are never subtracted")
