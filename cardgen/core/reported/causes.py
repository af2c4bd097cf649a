"""Known factors between a printed figure and what is expected: units, devices, PUE, rows, offsets, contracts, variants of a device."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cardgen.core.factors import normalised
from cardgen.core.figure import total
from cardgen.core.problem import Problem
from cardgen.core.reported.implied import CLOSE, Case, apart, is_stated, mean_power, number_of_devices, stated_pue

MOST_ROWS = 8  # among more activities a pair that makes up the difference is found by chance
UNITS = {1e3: "1,000", 1e6: "1,000,000"}
POUND, GALLON = 0.45359237, 3.785411784
SEVERAL = 3 * CLOSE  # several stated inputs, each rounded
LOOSE = math.log(1.15)  # a factor beside inputs that are looked up or assumed
GRID = math.log(1.1)  # sources give other factors for one grid and year
SMALLEST = math.log(1.03)  # a smaller factor is found in any rounding
DIGITS = 0.005  # half a unit of a figure of three digits
ANOTHER_RATING = math.log(1.12)  # devices of nearer ratings are not told apart


class Cause(NamedTuple):
    """Something that multiplies a figure by a known factor; ``within`` is what may remain, as a logarithm."""

    code: str
    factor: float
    text: str
    hint: str
    within: float


class Found(NamedTuple):
    """A cause that fits, and what remains beside it."""

    left: float
    cause: Cause


Causes = Callable[[Case], Iterator[Cause]]


def cause(case: Case) -> Problem | None:
    """A known factor that makes up the disagreement: of what is stated before another device, and the one that comes closest."""
    found = closest(case)
    return case.problem(found.cause.code, found.cause.text, found.cause.hint) if found else None


def closest(case: Case, kinds: Sequence[Causes] = (), least: float = SMALLEST) -> Found | None:
    """Return the cause that comes closest, of some kinds or of all."""
    if not 0 < case.ratio < math.inf:
        return None
    for tier in (kinds,) if kinds else (STATED, (_of_variants,)):
        found = []
        for item in itertools.chain.from_iterable(kind(case) for kind in tier):
            size, left = apart(item.factor, 1), apart(case.ratio, item.factor)
            if least + case.rounding <= size < math.inf and left <= min(item.within, size / 2):
                found.append(Found(left, item))
        if found:
            return min(found, key=lambda one: one.left)
    return None


def below_arithmetic(case: Case) -> Problem | None:
    """A difference of a few per cent that the PUE or a missing row makes up to the last of three printed digits."""
    if case.rounding > DIGITS or apart(case.ratio, 1) <= 2 * CLOSE + case.rounding:
        return None
    found = closest(case, (_of_pue, _of_rows), 2 * CLOSE)
    return case.problem(found.cause.code, found.cause.text, found.cause.hint) if found and found.left <= case.rounding + CLOSE / 5 else None


def _exactly(case: Case) -> float:
    """Return what may remain beside an exact factor; no factor is one where the inputs are not all stated."""
    return CLOSE + min(case.rounding, 2 * CLOSE) if is_stated(case.expected) else -math.inf


def _spread(case: Case) -> float:
    return 1.645 * (case.figure / case.expected).sigma


def _of_units(case: Case) -> Iterator[Cause]:
    names = {"energy": "Wh for kWh or kWh for MWh", "water": "L for m3"}.get(case.attribute, "grams for kilograms or kilograms for tonnes")
    for size, words in UNITS.items():
        within = max(SEVERAL + case.rounding, min(_spread(case), math.log(size) / 5))
        for factor in (size, 1 / size):
            yield Cause("CG314", factor, f"a factor of {words} is {names}", "check the units of both", within)
    if case.attribute != "energy":
        other, size = ("US gallons for litres", GALLON) if case.attribute == "water" else ("pounds for kilograms", 1 / POUND)
        sure, energy = is_stated(case.expected), case.impact.energy
        within = _exactly(case) if sure or energy is None or not is_stated(energy) else GRID / 2
        for factor in (size, 1 / size):
            text = f"the factor {'is' if sure else 'may be'} that of {other}, or the reverse"
            yield Cause("CG314", factor, text, "write the unit of the printed figure: lb, gal", within)


def _of_devices(case: Case) -> Iterator[Cause]:
    if case.attribute == "water":
        return
    number = number_of_devices(case)
    if number is not None and number > 1:
        sure = is_stated(case.expected)
        text = f"the factor {'is' if sure else 'may be'} the number of devices, {number:,.0f}: wall-clock time stands for device-hours, "
        text += "or the reverse"
        within = SEVERAL + case.rounding if sure else min(_spread(case), LOOSE)
        hint = "duration is the time by the clock; device_hours is the total over all devices"
        for factor in (number, 1 / number):
            yield Cause("CG313", factor, text, hint, within)


def _of_pue(case: Case) -> Iterator[Cause]:
    if case.attribute == "embodied":
        return
    pue = stated_pue(case)
    if pue:
        twice = f"the factor is the PUE of {pue:g}: it is applied twice" + (", or the energy is printed before it" if case.blur else "")
        yield Cause("CG312", pue, twice, "a facility's own energy holds its PUE already", _exactly(case))
        text = f"the factor is the PUE of {pue:g}, which the reported {case.words} leave out"
        hint = "bring both figures to the same boundary"
        yield Cause("CG312", 1 / pue, text.replace("energy leave", "energy leaves"), hint, _exactly(case))


def _of_rows(case: Case) -> Iterator[Cause]:
    """Yield sums that leave out one or two activities, or hold one alone.

    Where all rows share what is not stated, as the grid of one country, the share of a row does not depend on it.
    """
    parts = [(result.name, figure) for result in case.results if (figure := case.of(result.impact)) is not None and figure.value > 0]
    if len(parts) < 2:
        return
    whole = total([figure for _, figure in parts])
    sure = is_stated(case.expected)
    if sure and abs(whole.value / case.expected.value - 1) > 1e-6:  # the case is not of the sum
        return
    if not sure and (len(parts) > MOST_ROWS or max((figure / whole).sigma for _, figure in parts) > SEVERAL):
        return
    hint, verb = "say what the reported total leaves out, or add it", "is" if sure else "may be"
    within = _exactly(case) if sure else min(_spread(case), GRID)
    for size in (1, 2) if sure and len(parts) <= MOST_ROWS else (1,):
        for chosen in itertools.combinations(parts, size):
            left_out = sum(figure.value for _, figure in chosen)
            if left_out < whole.value:
                names = " and ".join(name for name, _ in chosen)
                yield Cause("CG315", 1 - left_out / whole.value, f"it {verb} the sum without {names}", hint, within)
    for name, figure in parts:
        yield Cause("CG315", figure.value / whole.value, f"it {verb} the figure of {name} alone", hint, within)


def _of_variants(case: Case) -> Iterator[Cause]:
    """Yield the ratings of other variants of the only device."""
    power = mean_power(case)
    rows = [pool.row for used in case.evidence for pool in used.pools if pool.hours]
    if power is None or not power.value_w or len(rows) != 1 or rows[0] is None:
        return
    own = rows[0]
    for row in case.inputs.factors.table("hardware"):
        rating = row.number("rated_power_w")
        far = rating is not None and apart(rating, own.number("rated_power_w") or 0) > ANOTHER_RATING
        if rating and far and family(row["name"]) == family(own["name"]):
            text = f"it fits the rated power of {row['name']}, {rating:g} W"
            hint = f"the run file names {own['name']}; correct one of the two"
            yield Cause("CG319", rating * case.ratio / power.value_w, text, hint, _exactly(case))


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
        factor, hint = 1 - offsets.value / case.expected.value, "offsets stand beside emissions and are never subtracted"
        yield Cause("CG316", factor, "the offsets are subtracted", hint, _exactly(case))


def _of_contracts(case: Case) -> Iterator[Cause]:
    """Yield what contracts leave, printed as the emissions of the grid."""
    market = case.impact.market
    if case.attribute == "emissions" and market is not None and is_stated(market):
        hint = "report it as emissions_market, and the location-based figure as emissions"
        yield Cause("CG316", market.value / case.expected.value, "it is the market-based figure", hint, CLOSE + case.rounding)


SLIPS: Sequence[Causes] = (_of_units, _of_devices, _of_rows)
STATED: Sequence[Causes] = (_of_units, _of_devices, _of_pue, _of_rows, _of_offsets, _of_contracts)
