"""What a card states, checked against what can be true: its problems, those of its form and those of its figures."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cardgen.cards.reading.amounts import amounts
from cardgen.cards.reading.card import Reading, read
from cardgen.cards.reading.claims import Group
from cardgen.cards.reading.facts import Facts, Found, facts
from cardgen.cards.reading.recognised import country
from cardgen.cards.reading.run_data import run_data
from cardgen.core.assess import assess
from cardgen.core.assessment import Assessment
from cardgen.core.factors import Factors
from cardgen.core.problem import Path, Problem
from cardgen.loading.document import Document
from cardgen.problems import Placed, printable
from cardgen.validation import validate

UNIT = math.log(1.05)  # what may remain beside a factor of 1,000
AGREE = 0.02  # as a share, beside what the printed digits leave open
FEW = 1000.0  # times what one device explains; a card that leaves the number of devices out may well mean so many
STRONGEST = 1000  # watts of a device that is not known
MOST = 40  # groups that are computed again
_OTHER_FACTORS = {"CG306", "CG318"}  # as warnings they say that another factor may have been used, which a card need not state


def review(card: bytes, factors: Factors, of_run: Mapping[str, object] | None = None) -> list[Placed]:
    """Return the problems of a card: how it states its figures, where they contradict each other, and what cannot be true.

    ``of_run`` are the emissions that the run file of its section gives; another number in the metadata is noted.
    """
    reading = read(card)
    beside = [*_metadata_beside_body(reading, factors), *_beside_run(reading, of_run)]
    found = [*reading.problems, *beside]
    told = {(problem.line, problem.column) for problem in beside if problem.severity == "error"}
    groups: list[Group | None] = [*_computable(reading)] or ([None] if reading.metadata else [])
    for group in groups[:MOST]:
        alone = len(groups) == 1
        for candidate in _candidates(reading, group, factors, alone):
            found += [problem for problem in _believable(candidate, factors) if (problem.line, problem.column) not in told]
    return list(dict.fromkeys(found))


def _computable(reading: Reading) -> list[Group]:
    """Return the groups that state more than one thing which an assessment could compare."""
    return [group for group in reading.groups if sum(not claim.is_missing for claim in group.claims.values()) > 0]


def _candidates(reading: Reading, group: Group | None, factors: Factors, alone: bool) -> Iterator[Facts]:
    """Yield what a group states, and with the amount of the metadata where the body states none or another."""
    found = facts(reading, group, factors, with_metadata=alone)
    if found.emissions or found.energy:
        yield found
    metadata = reading.metadata.amount if reading.metadata and alone else None
    if metadata is None or found.from_metadata or found.emissions is None or not metadata.value or not metadata.is_definite:
        return
    if abs(metadata.value - found.emissions.value.value) > 0.5 * metadata.value:
        assert reading.metadata is not None
        yield replace(found, emissions=Found(metadata, metadata.text, reading.metadata.place))


def _believable(found: Facts, factors: Factors) -> list[Placed]:
    """Return what cannot be true of a group, however its hours are meant."""
    if found.hours and found.device is None and not found.power and not found.energy:
        return _unknown_device(found, factors)
    hours, device = found.amount_of_hours, found.device
    unknown_number = hours is not None and not found.is_by_device and (device is None or device.count is None)
    if unknown_number and found.energy:
        found = replace(found, hours=None)  # so many devices may have used it
        unknown_number = False
    readings = [False] if found.is_by_device or unknown_number or hours is None or found.hours is None else [False, True]
    results = [_assessed(found, by_clock, factors) for by_clock in readings]
    done = [(problems, assessment) for problems, assessment in results if assessment is not None]
    if not done:
        return []
    problems, assessment = min(done, key=lambda result: (sum(p.severity == "error" for p in result[0]), len(result[0]), _apart(result[1])))
    if unknown_number:
        more = _times_more(found, assessment)
        if more > 1:
            return [_number_of_devices(found, more)] if more > FEW else []
    return problems


def _unknown_device(found: Facts, factors: Factors) -> list[Placed]:
    """Return what even the strongest devices cannot have emitted in the hours, where it is not known which ran."""
    assert found.hours
    (power,) = amounts(f"{STRONGEST} W")
    _, assessment = _assessed(replace(found, power=Found(power, power.text, found.hours.place)), False, factors)
    more = _times_more(found, assessment) if assessment else 0.0
    return [_number_of_devices(found, more)] if more > FEW else []


def _assessed(found: Facts, by_clock: bool, factors: Factors) -> tuple[list[Placed], Assessment | None]:
    """Return what is wrong with the figures of a card, each problem at its place, and the assessment."""
    data, places = run_data(found, by_clock)
    run, _ = validate(Document(data, name="card"))
    if run is None:
        return [], None
    assessment = assess(run, factors)
    return [_placed(p, found, data, places) for p in assessment.problems if _is_contradiction(p)], assessment


def _is_contradiction(problem: Problem) -> bool:
    """Return whether a problem is one of the card; what cardgen assumes of a run is none."""
    if problem.severity == "warning" and problem.code in _OTHER_FACTORS:
        return False
    return problem.code.startswith("CG3") and (problem.path[:1] == ("reported",) or problem.severity == "error")


def _placed(problem: Problem, found: Facts, data: dict[str, Any], places: dict[Path, tuple[int, int]]) -> Placed:
    path = problem.path
    while path and path not in places:
        path = path[:-1]
    line, column = places.get(path) or next(iter(places.values()), (1, 1))
    hint = "write down what the figure was computed with" if problem.code in _OTHER_FACTORS else problem.hint
    return Placed(problem.code, problem.message, (), f"{hint}; read: {_read(data)}", problem.severity, line, column)


def _read(data: dict[str, Any]) -> str:
    """Return what was read from a card, in words."""
    activity = data["activities"][0]
    pool = (activity.get("hardware") or [{}])[0]
    parts = [f"{pool['count']} ×" if "count" in pool and "device_hours" not in pool else "", pool.get("type", ""), pool.get("power", "")]
    hours = f"{pool['device_hours']:,g} device-hours" if "device_hours" in pool else pool.get("duration", "")
    energy = activity.get("energy", {}).get("value", "")
    where = ", ".join(str(value) for key, value in activity.get("facility", {}).items() if key != "pue")
    texts = [" ".join(part for part in parts if part), hours, energy, where, activity.get("grid", {}).get("location", "")]
    return ", ".join(text for text in texts if text) or "the emissions alone"


def _apart(assessment: Assessment) -> float:
    logs = [abs(math.log(line.reported.value / line.computed.value)) for line in assessment.reported
            if line.computed is not None and line.computed.value > 0 and line.reported.value > 0]  # fmt: skip
    return max(logs, default=0.0)


def _times_more(found: Facts, assessment: Assessment) -> float:
    """Return how many times more is printed than one device can have caused in the hours."""
    if not found.emissions:
        return 0.0
    computed, energy = assessment.totals.location, assessment.totals.energy
    most = computed.high if computed is not None else energy.high * 1.2 if energy is not None else math.inf
    return float(found.emissions.value.low / most) if most else 0.0


def _number_of_devices(found: Facts, more: float) -> Placed:
    assert found.emissions and found.hours
    message = f"{printable(found.emissions.text, 60)} is more than {more:,.0f} times what one device emits in "
    message += printable(found.hours.text, 40)
    message += ", and which devices ran cannot be read" if found.device is None else ", and the card does not say how many there were"
    hint = "state the number of devices and whether the hours are theirs together, and check the unit of the emissions"
    return Placed("CG441", message, (), hint, "warning", *found.emissions.place)


def _metadata_beside_body(reading: Reading, factors: Factors) -> Iterator[Placed]:
    """Yield where the front matter and the body state different things."""
    metadata = reading.metadata
    if metadata is None:
        return
    amount = metadata.amount if metadata.is_number else None
    stated = [claim for group in reading.groups if (claim := group.claims.get("emissions")) and claim.amount and claim.amount.is_definite
              and claim.amount.value]  # fmt: skip
    if amount is not None and amount.value and stated:
        yield from _amounts_apart(amount, stated, metadata.place)
    where = metadata.texts.get("geographical_location")
    own = country(where.text, factors) if where and where.text.casefold() not in ("na", "nan") else None
    for group in reading.groups if own else ():
        found = facts(reading, group, factors, with_metadata=False)
        other = _country_of(found, factors)
        if where and other and other != (factors.country_of(own or "") or own) and group.row is None:
            name = factors.place_name(other)
            message = f'the front matter says "{printable(where.text, 60)}", the body {name} (line {found.spot_read[-1].place[0]})'
            yield Placed("CG438", message, (), "correct one of the two", "warning", where.line, where.column)
            return


def _beside_run(reading: Reading, of_run: Mapping[str, object] | None) -> Iterator[Placed]:
    """Yield a note where the metadata holds another number than the run file of the card's section gives."""
    amount, grams = reading.metadata.amount if reading.metadata else None, of_run.get("emissions") if of_run else None
    if reading.metadata is None or amount is None or not isinstance(grams, int | float):
        return
    if abs(amount.value * 1000 - grams) > 1e-6 * grams:
        message = f"the front matter says {_plain(amount.value * 1000)} g, the run file of the section gives {_plain(float(grams))} g"
        yield Placed("CG442", message, (), "cardgen update brings it up to date", "warning", *reading.metadata.place)


def _country_of(found: Facts, factors: Factors) -> str | None:
    row = factors.region(found.spot.provider, found.spot.region) if found.spot.provider and found.spot.region else None
    zone = row["country"] if row else found.spot.country
    return (factors.country_of(zone) or zone) if zone else None


def _amounts_apart(amount: Any, stated: Sequence[Any], place: tuple[int, int]) -> Iterator[Placed]:
    """Yield the problem of an amount in the metadata that no amount of the body agrees with."""
    values = [claim.amount for claim in stated]
    total = sum(value.value for value in values)
    if any(_agree(amount, value) for value in values) or abs(total - amount.value) <= AGREE * total:
        return
    grams = amount.value * 1000
    for claim, size in itertools.product(stated, (1e3, 1e-3, 1e6, 1e-6)):
        if abs(math.log(claim.amount.value / amount.value / size)) <= UNIT + claim.amount.rounding:
            unit = {1e3: "kilograms", 1e6: "tonnes"}.get(size)
            slip = f"the number is in {unit}" if unit else "one of the two has the wrong unit"
            message = f"{_plain(grams)} g here and {printable(claim.amount.text, 40)} in line {claim.statement.line} differ by "
            message += f"{max(size, 1 / size):,.0f}: the front matter is in grams, and {slip}"
            hint = f"write {_plain(claim.amount.value * 1000)}, if line {claim.statement.line} is right"
            yield Placed("CG437", message, (), hint, "error", *place)
            return
    if len({round(value.value, 12) for value in values}) == 1:
        claim = stated[0]
        message = f"the front matter says {_plain(grams)} g, line {claim.statement.line} {printable(claim.amount.text, 40)}"
        yield Placed("CG438", message, (), "correct one of the two; the front matter is in grams", "error", *place)


def _agree(one: Any, other: Any) -> bool:
    return bool(abs(one.value - other.value) <= (AGREE + one.rounding + other.rounding) * max(one.value, other.value))


def _plain(grams: float) -> str:
    return f"{grams:.12f}".rstrip("0").rstrip(".") if grams < 1 else f"{grams:,.6g}" if grams < 1e6 else f"{grams:,.0f}"
