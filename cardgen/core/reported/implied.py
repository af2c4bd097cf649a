"""A printed figure beside what is expected, and what it implies: intensity, power, device-hours, PUE, utilisation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cardgen.core.assessment import ActivityResult, Impact
from cardgen.core.checks import factor_between, rounded
from cardgen.core.figure import Figure, exact, total
from cardgen.core.inputs import Inputs
from cardgen.core.pools import Evidence, Pool
from cardgen.core.problem import Problem, Severity
from cardgen.core.units import Quantity

CLOSE = math.log(1.01)  # an exact cause leaves this and the rounding of what is printed
PUE_RANGE = (1.0, 2.5)
MARGIN = 1.1  # a power sensor reads up to a tenth above the rating
LONGEST = 24  # characters of a figure that is quoted as it was printed
NODE = 2.05  # rated power of a server ÷ that of its accelerators: 6.5 kW for eight A100 of 400 W


@dataclass(frozen=True)
class Case:
    """A printed figure beside what it should be, and what an explanation may look at.

    ``energy`` is the facility energy that the figure goes with: printed, else computed. ``of`` returns the figure's
    like from an impact. ``blur`` is the rounding of what is expected, where that is printed too. ``is_tools_own``: the tool that
    gave the energy printed the figure too, so that only its factor for the grid can differ.
    """

    attribute: str
    words: str
    printed: Quantity
    figure: Figure
    expected: Figure
    impact: Impact
    energy: Figure | None
    energy_is_printed: bool
    of: Callable[[Impact], Figure | None]
    results: tuple[ActivityResult, ...]
    evidence: tuple[Evidence, ...]
    inputs: Inputs
    severity: Severity = "error"
    against: str = "the computed one"
    blur: float = 0.0
    is_tools_own: bool = False

    @property
    def ratio(self) -> float:
        """What is printed ÷ what is expected."""
        return self.figure.value / self.expected.value if self.expected.value else math.inf

    @property
    def rounding(self) -> float:
        """How far the printed digits alone may carry the logarithm of the figure."""
        return rounding(self.printed) + self.blur

    @property
    def is_energy(self) -> bool:
        """Whether the figure is energy, or emissions that follow from the computed energy at a stated intensity."""
        grids = [result.activity.grid.location for result in self.results]
        return self.attribute == "energy" or (self.attribute == "emissions" and not self.energy_is_printed and all(grids))

    def problem(self, code: str, text: str, hint: str) -> Problem:
        """Return the disagreement with what explains it, and what it implies."""
        quoted = self.printed.text or ""
        printed = quoted if 0 < len(quoted) <= LONGEST else f"{rounded(self.figure.value)} {self.figure.unit}"
        message = f"the reported {self.words} ({printed}) and {self.against} ({rounded(self.expected.value)} {self.expected.unit}) "
        message += f"disagree by a factor of {factor_between(self.figure, self.expected)}: {text}"
        said = [words for words in implied(self) if words.partition(" (")[0] not in message]
        said = [words for words in said if "gCO2e/kWh" not in words or "gCO2e/kWh" not in text]
        message += f"; it would mean {', or '.join(said)}" if said else ""
        return Problem(code, message, ("reported", self.attribute), hint, self.severity)


def implied(case: Case) -> list[str]:
    """Return what a printed figure implies: intensity, power, device-hours, PUE, in words and numbers."""
    found = []
    if case.attribute in ("emissions", "emissions_market") and case.energy is not None and case.energy.value:
        found.append(f"{rounded(1000 * case.figure.value / case.energy.value)} gCO2e/kWh")
    if case.attribute == "water" and case.energy is not None and case.energy.value:
        found.append(f"{rounded(case.figure.value / case.energy.value)} L/kWh")
    hours = case.impact.device_hours
    if case.attribute == "embodied" and hours is not None and hours.value:
        found.append(f"{rounded(1000 * case.figure.value / hours.value)} gCO2e for each device-hour")
    if not case.is_energy or not math.isfinite(case.ratio):
        return found
    mfu = implied_mfu(case)
    if mfu is not None:
        found.append(f"a model FLOPs utilisation of {mfu:.1%}")
    elif (power := mean_power(case)) is not None:
        rating = f" (rated at {power.rated_w:g} W)" if power.rated_w else ""
        found.append(f"a mean of {rounded(power.value_w)} W for each device{rating}")
    if mfu is None and hours is not None and hours.value:
        count = number_of_devices(case)
        clock = f" ({rounded(hours.value * case.ratio / count)} h by the clock)" if count else ""
        found.append(f"{rounded(hours.value * case.ratio)} device-hours{clock} in place of {rounded(hours.value)}")
    it_energy = case.impact.it_energy
    if mfu is None and case.attribute == "energy" and it_energy is not None and it_energy.value:
        pue = case.figure.value / it_energy.value
        metered = all(result.activity.energy is not None for result in case.results)
        if pue >= PUE_RANGE[0] or metered:  # what is computed from power may be too high
            beyond = "" if PUE_RANGE[0] <= pue <= PUE_RANGE[1] else ", which no site has"
            found.append(f"a PUE of {rounded(pue)}{beyond}")
    return found


class MeanPower(NamedTuple):
    """The mean power of a device that a printed figure implies, host and PUE taken out where they are in the computed one."""

    value_w: float
    rated_w: float | None
    highest_w: float | None


def mean_power(case: Case) -> MeanPower | None:
    """Return the implied mean power of a device in W, beside the rating and the most that it can be."""
    hours = case.impact.device_hours
    name = next((name for name in ("accelerators", "processors", "nodes") if name in case.impact.components), "")
    devices = case.impact.components.get(name) if case.is_energy else None
    timed = all(used.kind == "device-hours" for used in case.evidence)
    if devices is None or hours is None or not hours.value or not timed:
        return None
    timed_pools = [pool for used in case.evidence for pool in used.pools if pool.hours]
    ratings = [_rating(pool) for pool in timed_pools]
    rated = max((rating for rating in ratings if rating), default=None) if all(ratings) else None
    most = rated * (NODE if name.startswith("nodes") else MARGIN) if rated else None
    return MeanPower(devices.value * 1000 / hours.value * case.ratio, rated, most)


def _rating(pool: Pool) -> float | None:
    """Return the rated power of the devices of a pool in W, or what is stated of a device that the table does not know."""
    if pool.row is None:
        return pool.stated.power.value if pool.stated.power is not None else None
    return pool.row.number("rated_power_w")


def rated_energy(evidence: Sequence[Evidence]) -> Figure | None:
    """Return rated power × device-hours in kWh, which is what calculators count."""
    pools = [pool for used in evidence for pool in used.pools]
    ratings = [pool.row.number("rated_power_w") if pool.row else None for pool in pools]
    if not pools or not all(ratings) or not all(pool.hours for pool in pools):
        return None
    return total([pool.hours * exact(rating, "W") for pool, rating in zip(pools, ratings) if pool.hours and rating]).called("energy", "kWh")


class BesidePlace(NamedTuple):
    """An implied intensity in kgCO2e/kWh for some energy, beside the one of the place."""

    implied: float
    usual: float
    energy_kwh: float


def implied_beside_place(case: Case) -> BesidePlace | None:
    """Return the intensity that printed emissions imply, where the run states none: for the printed energy, else for that at
    the compared boundary or that of the rated power, whichever is nearer to the place's."""
    energy, location = case.impact.energy, case.impact.location
    if case.attribute != "emissions" or any(result.activity.grid.location for result in case.results):
        return None
    if energy is None or location is None or not energy.value or not location.value or not case.figure.value or not case.expected.value:
        return None
    usual, rated = location.value / energy.value, rated_energy(case.evidence)
    energies = [case.expected.value / usual, rated.value if rated is not None else 0.0]
    if case.energy_is_printed and case.energy is not None:
        energies = [case.energy.value]
    found = [BesidePlace(case.figure.value / value, usual, value) for value in energies if value]
    return min(found, key=lambda one: apart(one.implied, one.usual), default=None)


def implied_mfu(case: Case) -> float | None:
    """Return the model FLOPs utilisation at which the run would use what is printed; None where hours are known."""
    if not case.is_energy or not case.evidence or any(used.kind != "compute" for used in case.evidence) or not case.ratio:
        return None
    stated = [result.activity.compute.mfu for result in case.results if result.activity.compute is not None]
    used = {value if value is not None else float(case.inputs.factors.uncertainty("mfu")["value"]) for value in stated}
    return next(iter(used)) / case.ratio if len(used) == 1 else None


def number_of_devices(case: Case) -> float | None:
    """Return the number of devices that run side by side; none where activities or pools differ or do not say."""
    numbers = {pool.stated.count for used in case.evidence for pool in used.pools if pool.hours}
    return next(iter(numbers)) if len(numbers) == 1 else None


def stated_pue(case: Case) -> float | None:
    """Return the PUE that the run states; none where its activities differ."""
    stated = {result.activity.facility.pue for result in case.results}
    return next(iter(stated)) if len(stated) == 1 else None


def is_stated(figure: Figure) -> bool:
    """Return whether a figure follows from what the run file states alone: nothing from a table, nothing assumed."""
    return set(figure.sources) <= {"run"} and figure.basis != "assumed"


def apart(one: float, other: float) -> float:
    """Return how far two numbers are apart, as a logarithm; infinity where one of them has none."""
    return abs(math.log(one) - math.log(other)) if 0 < one < math.inf and 0 < other < math.inf else math.inf


def rounding(printed: Quantity) -> float:
    """Return half a unit in the last printed digit as a share of the number.

    Zeros at the end may stand for digits that were rounded away, but of a number of two digits or more two are meant.

    >>> rounding(Quantity(502000.0, "kgCO2e", text="502 t")) == 0.5 / 502
    True
    >>> rounding(Quantity(1000.0, "kWh", text="1000 kWh")) == 0.5 / 10
    True
    """
    number = re.match(r"[^\d]*([\d.,\s_]*\d)", printed.text or f"{printed.value:.6g}")
    whole, _, decimals = re.sub(r"[,\s_]", "", number[1] if number else "1").partition(".")
    digits = (whole + decimals).lstrip("0") or "1"
    kept = digits if decimals else digits.rstrip("0").ljust(min(2, len(digits)), "0")
    return 0.5 / max(int(kept), 1)
