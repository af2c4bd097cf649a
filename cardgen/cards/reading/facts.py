"""What a card's claims and its metadata state of one activity, each value with its text and place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from cardgen.cards.reading.amounts import LEAST, MOST, Amount, one
from cardgen.cards.reading.card import Reading
from cardgen.cards.reading.claims import Group, name_of
from cardgen.cards.reading.recognised import Part, Spot, country, doubt, part, provider, region
from cardgen.cards.reading.stated_emissions import Text
from cardgen.core.factors import Factors

Place = tuple[int, int]
PHASES = {"pre-training": "pretraining", "pretraining": "pretraining", "fine-tuning": "fine-tuning", "finetuning": "fine-tuning"}


@dataclass(frozen=True)
class Found:
    """A value that was read, the text that it was read from, and where that stands."""

    value: Any
    text: str
    place: Place


@dataclass
class Facts:
    """What a card states of one activity. ``unread`` are texts that say something which could not be read."""

    name: Found | None = None
    base_models: tuple[Text, ...] = ()
    phase: Found | None = None
    part: Found | None = None
    hours: Found | None = None
    energy: Found | None = None
    power: Found | None = None
    pue: Found | None = None
    intensity: Found | None = None
    spot: Spot = field(default_factory=Spot)
    spot_read: tuple[Found, ...] = ()
    spot_note: str = ""
    emissions: Found | None = None
    market: Found | None = None
    source: Found | None = None
    unread: list[Found] = field(default_factory=list)
    from_metadata: bool = False

    @property
    def device(self) -> Part | None:
        return self.part.value if self.part else None

    @property
    def amount_of_hours(self) -> Amount | None:
        return self.hours.value if self.hours else None

    @property
    def is_by_device(self) -> bool:
        """Whether the hours are the total over all devices: where the card says so, or there is one device."""
        hours = self.amount_of_hours
        return hours is not None and (hours.kind == "device time" or (self.device is not None and self.device.count == 1))


def facts(reading: Reading, group: Group | None, factors: Factors, with_metadata: bool = True) -> Facts:
    """Return what a group of claims states; ``with_metadata`` fills it up with what the front matter says."""
    found = Facts(base_models=reading.base_models)
    if reading.title:
        found.name = Found(reading.title.text, reading.title.text, (reading.title.line, reading.title.column))
    if group:
        _from_group(group, found, factors)
    if with_metadata and reading.metadata:
        _from_metadata(reading, found, factors)
    return found


def _from_group(group: Group, found: Facts, factors: Factors) -> None:
    read: dict[str, Found] = {}
    for role, claim in group.claims.items():
        place = (claim.statement.line, claim.statement.column)
        if claim.is_missing:
            continue
        value: Any = claim.amount if claim.amount is not None and claim.amount.is_definite else None
        if value is not None and not value.low and role not in ("emissions", "market"):
            value = None  # none of the others can be zero
        if role == "hardware":
            value = part(claim.text, factors)
        elif role in ("provider", "region", "area"):
            continue
        if value is None:
            found.unread.append(Found(claim.statement.label, claim.text, place))
        else:
            read[role] = Found(value, claim.text, place)
    found.part, found.hours, found.energy, found.emissions = (read.get(role) for role in ("hardware", "hours", "energy", "emissions"))
    found.market, found.power, found.pue, found.intensity = (read.get(role) for role in ("market", "power", "pue", "intensity"))
    if found.part is None and "hardware" not in group.claims and found.hours and (device := part(found.hours.text, factors)):
        found.part = Found(device, found.hours.text, found.hours.place)  # "24 h on 8 A100"
    count = read.get("count")
    if found.part and count and found.part.value.count is None and float(count.value.value).is_integer():
        device = found.part.value
        found.part = Found(Part(device.written, device.name, int(count.value.value), device.note), found.part.text, found.part.place)
    _place(group, found, factors)


def _place(group: Group, found: Facts, factors: Factors) -> None:
    """Read provider, region and country; the country may stand beside the emissions in parentheses."""
    texts = {
        role: Found(None, claim.text, (claim.statement.line, claim.statement.column))
        for role in ("provider", "region", "area") if (claim := group.claims.get(role)) and not claim.is_missing
    }  # fmt: skip
    who = provider(texts["provider"].text, factors) if "provider" in texts else None
    where = region(texts["region"].text, who, factors) if "region" in texts else None
    read = [texts["provider"]] if who else []
    zone = None
    if where:
        read.append(texts["region"])
    else:
        for role in ("region", "area"):
            codes = role in texts and name_of(group.claims[role].statement.label).startswith("country")
            if zone is None and role in texts and (zone := country(texts[role].text, factors, codes)):
                read.append(texts[role])
        if zone is None and found.emissions and (zone := _beside(found.emissions.text, factors)):
            read.append(found.emissions)
    found.unread += [Found(group.claims[role].statement.label, text.text, text.place) for role, text in texts.items()
                     if text not in read and not (role == "area" and (where or zone))]  # fmt: skip
    found.spot, found.spot_read = Spot(who, where, zone), tuple(read)
    found.spot_note = doubt(read[-1].text, zone, factors) if zone else ""


def _beside(text: str, factors: Factors) -> str | None:
    inside = re.findall(r"\(([^()]{2,60})\)", text)
    return country(inside[-1], factors) if inside else None


def _from_metadata(reading: Reading, found: Facts, factors: Factors) -> None:
    metadata = reading.metadata
    assert metadata is not None
    texts = metadata.texts
    hardware = texts.get("hardware_used")
    if hardware and found.part is None and (device := part(hardware.text, factors)):
        found.part = Found(device, hardware.text, (hardware.line, hardware.column))
    if hardware and found.hours is None and (hours := one(hardware.text, ("device time", "time"))) and hours.is_definite:
        found.hours = Found(hours, hardware.text, (hardware.line, hardware.column))
    where = texts.get("geographical_location")
    if where and found.spot.country is None and found.spot.region is None:
        zone = None if where.text.casefold() in ("na", "nan") else country(where.text, factors)
        read = Found(zone, where.text, (where.line, where.column))
        if zone:
            found.spot_note = doubt(where.text, zone, factors)
            found.spot, found.spot_read = Spot(found.spot.provider, None, zone), (*found.spot_read, read)
        elif where.text.casefold() not in ("na", "nan"):
            found.unread.append(Found("geographical_location", where.text, read.place))
    kind = texts.get("training_type")
    if kind and kind.text.casefold() in PHASES:
        found.phase = Found(PHASES[kind.text.casefold()], kind.text, (kind.line, kind.column))
    source = texts.get("source")
    if source:
        found.source = Found(source.text, source.text, (source.line, source.column))
    if found.emissions is None and metadata.amount and metadata.amount.is_definite and LEAST < metadata.amount.value < MOST:
        found.emissions = Found(metadata.amount, metadata.amount.text, metadata.place)
        found.from_metadata = True


def is_codecarbon(found: Facts) -> bool:
    """Return whether the card says that CodeCarbon gave the figures."""
    return found.source is not None and "codecarbon" in re.sub(r"[\s_-]", "", found.source.value.casefold())
