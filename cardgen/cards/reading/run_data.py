"""What a card states of one activity as the data of a run file, each value with its place in the card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cardgen.cards.reading.amounts import Amount, plain_digits
from cardgen.cards.reading.facts import Facts, Place, is_codecarbon
from cardgen.core.problem import Path

_WORDS = {
    "kg": "kg kgs kilogram kilograms kgco", "g": "g gr gram grams gco", "t": "t ton tons tonne tonnes tco", "lb": "lb lbs pound pounds",
}  # fmt: skip
_WRITTEN = {"g": "gCO2e", "kg": "kgCO2e", "t": "tCO2e", "lb": "lb"}


def written(amount: Amount) -> str:
    """Return an amount as a run file states it, with the digits that are printed.

    >>> from cardgen.cards.reading.amounts import amounts
    >>> [written(amounts(text)[0]) for text in ("7t CO2eq", "1,690 g", "960 - 1080 hours", "3.3M GPU hours")]
    ['7 tCO2e', '1690 gCO2e', '1020 h ± 60 h', '3300000 h']
    """
    unit = {"mass": "kgCO2e", "energy": "kWh", "power": "W", "intensity": "kgCO2e/kWh"}.get(amount.kind, "h")
    if amount.low != amount.high:
        return f"{_number(amount.value)} {unit} ± {_number((amount.high - amount.low) / 2)} {unit}"
    digits = plain_digits(amount.text)
    if amount.kind == "mass" and digits:
        word = re.split(r"[^A-Za-z]", amount.unit.removeprefix("metric "))[0]
        stem = next((stem for stem, words in _WORDS.items() if word.casefold() in words.split()), None)
        if stem:
            return f"{digits} {_WRITTEN[stem]}"
    if digits and amount.kind == "energy" and amount.unit in ("kWh", "MWh", "GWh", "Wh"):
        return f"{digits} {amount.unit}"
    return f"{_number(amount.value)} {unit}"


def _number(value: float) -> str:
    text = f"{value:.10g}"
    return f"{value:.12f}".rstrip("0").rstrip(".") if "e" in text else text


def run_data(found: Facts, by_clock: bool = False) -> tuple[dict[str, Any], dict[Path, Place]]:
    """Return a run file's data with the place of each value; ``by_clock`` takes the hours for time by the clock."""
    data: dict[str, Any] = {"cardgen": 1, "model": {"name": found.name.value[:200] if found.name else "The model"}}
    places: dict[Path, Place] = {}
    activity: dict[str, Any] = {"phase": found.phase.value if found.phase else "other"}
    for key, value, place in _activity(found, by_clock):
        activity[key] = value
        if place:
            places["activities", 0, key] = place
    data["activities"] = [activity]
    reported: dict[str, Any] = {}
    for key, item in (("emissions", found.emissions), ("emissions_market", found.market)):
        if item:
            reported[key] = written(item.value)
            places["reported", key] = item.place
    if reported:
        data["reported"] = reported
    if found.name:
        places["model",] = found.name.place
    return data, places


def _activity(found: Facts, by_clock: bool) -> Iterator[tuple[str, Any, Place | None]]:
    pool = _pool(found, by_clock)
    if pool:
        yield "hardware", [pool], (found.hours or found.part or found.power).place  # type: ignore[union-attr]
    if found.energy:
        energy: dict[str, Any] = {"value": written(found.energy.value)}
        if is_codecarbon(found):
            energy |= {"boundary": "node", "method": "codecarbon"}
        yield "energy", energy, found.energy.place
    facility: dict[str, Any] = {}
    for key, value in (("provider", found.spot.provider), ("region", found.spot.region), ("country", found.spot.country)):
        if value:
            facility["zone" if key == "country" and len(value) != 3 else key] = value
    if found.pue and 1 <= found.pue.value.value < 5:
        facility["pue"] = found.pue.value.value
    if facility:
        yield "facility", facility, found.spot_read[0].place if found.spot_read else None
    if found.intensity:
        yield "grid", {"location": written(found.intensity.value)}, found.intensity.place


def _pool(found: Facts, by_clock: bool) -> dict[str, Any]:
    device, hours = found.device, found.amount_of_hours
    pool: dict[str, Any] = {}
    if device:
        pool["type"] = device.name
        if device.count:
            pool["count"] = device.count
    if found.power and (device is None or hours):
        pool["power"] = written(found.power.value)
    if pool and hours:
        if by_clock:
            pool["duration"] = written(hours)
        elif hours.kind == "device time" or not pool.get("count"):
            pool["device_hours"] = hours.value
        else:
            pool |= {"count": 1, "duration": written(hours)} if pool["count"] == 1 else {"device_hours": hours.value}
    return pool
