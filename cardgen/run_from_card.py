"""A run file from what a card states: every value beside the line it was read from, what is missing commented, nothing guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cardgen.cards.reading.amounts import Amount
from cardgen.cards.reading.card import Reading, identifier
from cardgen.cards.reading.claims import Group
from cardgen.cards.reading.facts import Facts, Found, facts, is_codecarbon
from cardgen.cards.reading.run_data import written
from cardgen.core.factors import Factors
from cardgen.problems import plain, printable
from cardgen.skeleton import line, scalar

_FILE = re.compile(r"\.(?:md|markdown)$", re.IGNORECASE)
_README = re.compile(r"(?:read[ _-]?me|model[ _-]?card)\b", re.IGNORECASE)


def run_from_card(reading: Reading, card: str, factors: Factors) -> str:
    """Return a commented run file; ``card`` is the name of the card, for its comments."""
    group = chosen(reading)
    found = facts(reading, group, factors)
    lines = [
        f"# From {printable(card, 200)}: what was read stands with its line; what the card does not state is commented out.",
        line("cardgen: 1", "format version"),
        *_model(found, card),
        "activities:",
        *_activity(found),
        *_reported(found, reading, card),
        *_unread(found),
        *_others(reading, group, found),
    ]
    return "".join(f"{entry.rstrip()}\n" for entry in lines)


def chosen(reading: Reading) -> Group | None:
    """Return the claims that a run file is made of: a list's before a table's, of rows the model's own or the total."""
    groups = [group for group in reading.groups if _size(group)]
    lists = [group for group in groups if group.row is None]
    if lists:
        return max(lists, key=_size)
    title = reading.title.text.casefold() if reading.title else ""
    own = [group for group in groups if group.row and title.rpartition("/")[2] == group.row.casefold()]
    total = [group for group in groups if group.row and group.row.casefold() == "total"]
    return (own or total or (groups if len(groups) == 1 else [None]))[0]


def _size(group: Group) -> int:
    return sum(not claim.is_missing and (claim.amount is not None or role not in ("emissions", "energy", "hours"))
               for role, claim in group.claims.items())  # fmt: skip


def _from(found: Found, more: str = "") -> str:
    return f'line {found.place[0]}: "{printable(found.text, 80)}"' + (f"; {more}" if more else "")


def _model(found: Facts, card: str) -> Iterator[str]:
    yield "model:"
    name = " ".join(plain(found.name.value).split())[:200].strip() if found.name else ""
    own = identifier(name)
    file = " ".join(plain(_FILE.sub("", card)).split())[:200].strip() if _FILE.search(card) and not _README.match(card) else ""
    comment = _from(found.name) if name and found.name else "the name of the file: the card has no title of its own" if file else ""
    yield line(f"  name: {scalar(own.split('/')[1] if own else name or file or 'Unnamed model')}", comment or "the card has no title")
    yield f"  id: {scalar(own)}" if own else line("  # id: organisation/my-model", "Hub repository id")
    named = [" ".join(plain(text.text).split())[:300] for text in found.base_models]
    if len(named) == 1 and named[0]:
        yield line(f"  base_model: {scalar(named[0])}", f"line {found.base_models[0].line}")
    elif named:
        yield line("  # base_model:", f"the card names several: {printable(', '.join(named), 200)}")
    yield "  # parameters: 7e9"


def _activity(found: Facts) -> Iterator[str]:
    if found.phase:
        yield line(f"  - phase: {found.phase.value}", _from(found.phase))
    else:
        yield line("  - phase: other", "not in the card: pretraining, fine-tuning, evaluation, ...")
    yield line("    # end: 2026-01-12", "the year chooses the factors")
    yield from _hardware(found)
    yield from _energy(found)
    yield from _facility(found)
    if found.intensity:
        yield "    grid:"
        yield line(f"      location: {written(found.intensity.value)}", _from(found.intensity))


def _hardware(found: Facts) -> Iterator[str]:
    device, hours = found.device, found.amount_of_hours
    if device is None and not (found.power and hours):
        yield "    # hardware:"
        yield line("    #   - type: A100-SXM4-80GB", _why_not(found, "hardware", "not in the card"))
        yield "    #     count: 8"
        time = written(hours) if hours else "36 h"
        yield line(f"    #     duration: {time}", _from(found.hours, _OR) if found.hours else f"not in the card; {_OR}")
        return
    yield "    hardware:"
    start = "      - "
    if device and found.part:
        yield line(f"{start}type: {scalar(device.name)}", _from(found.part, device.note))
        start = "        "
    if device and device.count:
        yield line(f"{start}count: {device.count}", f"line {found.part.place[0]}" if found.part else "")
    if found.power and hours:
        yield line(f"{start}power: {written(found.power.value)}", _from(found.power))
        start = "        "
    if not (device and device.count):
        yield line(f"{start.replace('- ', '  ')}# count: 8", "the card does not state how many there were")
    yield from _time(found, device.count if device else None)


_OR = "or device_hours, the total over all devices"


def _time(found: Facts, count: int | None) -> Iterator[str]:
    hours = found.amount_of_hours
    if hours is None or found.hours is None:
        yield line("        # duration: 36 h", f"{_why_not(found, 'hours', 'not in the card')}; {_OR}")
    elif hours.kind == "device time":
        yield line(f"        device_hours: {hours.value:.10g}", _from(found.hours, _range(hours)))
    elif count == 1:
        yield line(f"        duration: {written(hours)}", _from(found.hours, _range(hours)))
    elif count:
        more = "by the clock, or the total over all devices? the card does not say; if so, device_hours"
        yield line(f"        duration: {written(hours)}", _from(found.hours, more))
    else:
        yield line(f"        # duration: {written(hours)}", _from(found.hours, "with count, if it is time by the clock"))
        yield line(f"        # device_hours: {hours.value:.10g}", "instead, if it is the total over all devices")


def _range(hours: Amount) -> str:
    if hours.low == hours.high:
        return "about" if hours.bound else ""
    return f"the middle of {hours.low:g} to {hours.high:g} h"


def _energy(found: Facts) -> Iterator[str]:
    if not found.energy:
        yield line("    # energy:", _why_not(found, "energy", "not in the card; measured energy is the strongest evidence"))
        yield "    #   value: 17.8 kWh"
        return
    yield "    energy:"
    yield line(f"      value: {written(found.energy.value)}", _from(found.energy))
    if is_codecarbon(found) and found.source:
        yield line("      boundary: node", "what CodeCarbon counts: processors, memory, accelerators")
        yield line("      method: codecarbon", _from(found.source))
    else:
        yield line("      # boundary: node", "not in the card: accelerators, node, it, facility")


def _facility(found: Facts) -> Iterator[str]:
    rows = [("provider", found.spot.provider), ("region", found.spot.region)]
    zone = found.spot.country
    rows.append(("country" if zone is None or len(zone) == 3 else "zone", zone))
    read = "; ".join(filter(None, [*(_from(text) for text in found.spot_read), found.spot_note]))
    stated = [(key, value) for key, value in rows if value]
    pue = found.pue if found.pue and 1 <= found.pue.value.value < 5 else None
    yield "    facility:" if stated or pue else "    # facility:"
    for key, value in stated:
        yield line(f"      {key}: {scalar(value)}", read)
        read = ""
    inner = "      # " if stated or pue else "    #   "
    if not (found.spot.region or zone):
        yield line(f"{inner}country: USA", _why_not(found, "region", "not in the card; or provider and region"))
    if pue:
        yield line(f"      pue: {pue.value.value:g}", _from(pue))
    else:
        yield line(f"{inner}pue: 1.10", "the region's or the industry's otherwise")


def _why_not(found: Facts, word: str, otherwise: str) -> str:
    """Return what stands in the card where a value could not be read."""
    for item in found.unread:
        if word in item.value.casefold().replace("gpu", "hardware") or (word == "hours" and "time" in item.value.casefold()):
            return _from(item, "not read: state it here")
    return otherwise


def _reported(found: Facts, reading: Reading, card: str) -> Iterator[str]:
    if not found.emissions and not found.market:
        yield line("# reported:", "what the card prints; a contradiction is reported")
        yield "#   emissions: 5.8 kgCO2e"
        return
    yield line("reported:", "what the card prints; a contradiction is reported")
    in_grams = found.from_metadata and reading.metadata is not None and reading.metadata.is_number
    for key, item in (("emissions", found.emissions), ("emissions_market", found.market)):
        if item:
            more = "in grams, as the key has it" if key == "emissions" and in_grams else ""
            yield line(f"  {key}: {written(item.value)}", _from(item, more))
    amount = reading.metadata.amount if reading.metadata else None
    if reading.metadata and amount and found.emissions and not found.from_metadata:
        yield f'  # line {reading.metadata.place[0]}, the front matter: "{printable(amount.text, 60)}"'
    yield f"  source: {scalar(' '.join(plain(card).split())[-300:] or 'the model card')}"


def _unread(found: Facts) -> Iterator[str]:
    if found.unread:
        yield "# Stated in the card, and not read:"
        for item in found.unread:
            yield f'#   line {item.place[0]}, {printable(item.value, 60)}: "{printable(item.text, 200)}"'


def _others(reading: Reading, group: Group | None, found: Facts) -> Iterator[str]:
    others = [other for other in reading.groups if other is not group and _size(other)]
    if others:
        yield "# The card states more; add an activity for what belongs to this model:"
    for other in others[:40]:
        claims = [claim for claim in other.claims.values() if not claim.is_missing]
        said = "; ".join(f"{claim.statement.label} {re.sub(chr(32) + '+', ' ', claim.text)[:80]}" for claim in claims)
        row = f" ({printable(other.row, 60)})" if other.row else ""
        yield f"#   line {other.line}{row}: {printable(said, 300)}"


def unread(reading: Reading, factors: Factors) -> Sequence[Found]:
    """Return what stands in the card and could not be read."""
    return facts(reading, chosen(reading), factors).unread
