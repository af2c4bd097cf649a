"""Where a run was, as far as a tool says so and the tables know it: a place that the tool assumed is never used."""

from __future__ import annotations

from collections.abc import Iterator

from cardgen.core.factors import Factors
from cardgen.core.run import Facility
from cardgen.importing.combined import Combined
from cardgen.importing.stated import Stated
from cardgen.problems import plain, printable
from cardgen.records.record import Record
from cardgen.skeleton import line, scalar


def facility_of(record: Record, factors: Factors) -> Facility:
    """Return the place of a record as a run file states it: provider and region, or a country, or a zone within it.

    >>> facility_of(Record("codecarbon", country="FRA", region="île-de-france"), Factors()).country
    'FRA'
    >>> facility_of(Record("codecarbon", country="CAN", region="quebec", is_default_place=True), Factors()).country
    """
    if record.is_default_place:
        return Facility()
    country = factors.place(record.country) if record.country else None
    if record.provider and plain(record.provider).strip():
        known = record.region and factors.region(record.provider, record.region)
        if known or (not country and record.region and not factors.has_regions(record.provider)):
            return Facility(provider=record.provider, region=record.region)
        return Facility(provider=record.provider, country=country)
    state = factors.place(record.region) if record.region else None
    if state and state != country and factors.country_of(state) in (country, None if country else factors.country_of(state)):
        return Facility(zone=state)
    return Facility(country=country)


def zone_of(record: Record, factors: Factors) -> str | None:
    """Return the zone of the grid that a record's place belongs to."""
    facility = facility_of(record, factors)
    row = factors.region(facility.provider, facility.region) if facility.provider and facility.region else None
    return row["zone"] if row else facility.zone or facility.country


def place(run: Combined, stated: Stated, factors: Factors) -> Iterator[str]:
    """Yield the lines of the place of a run, its PUE and its WUE; what no file says as comments."""
    first = run.counted[0]
    record = next((record for record in run.records if facility_of(record, factors) != Facility()), first)
    said = facility_of(record, factors)
    facility = stated.facility if stated.has_place else said
    rows = [(name, value) for name in NAMES if (value := " ".join(plain(getattr(facility, name) or "").split()))]
    pue, wue = first.pue or stated.facility.pue, next((record.wue for record in run.counted if record.wue), None)
    is_there = bool(rows or pue or wue)
    yield "    facility:" if is_there else "    # facility:"
    inner = "      # " if is_there else "    #   "
    where = f"{printable(record.file, 60)}, line {record.lines[0] if record.lines else 1}"
    for index, (name, value) in enumerate(rows):
        yield line(f"      {name}: {scalar(value)}", where if not stated.has_place else _instead(said) if index == 0 else "")
    if not any(name != "provider" for name, _ in rows):
        yield line(f"{inner}country: ...", _unknown(run))
    if pue:
        yield line(f"      pue: {pue:g}", "the energy includes it" if run.boundary == "facility" else "as stated")
    elif run.boundary == "facility":
        yield line(f"{inner}pue: ...", "in the energy already; the tool does not say how much")
    else:
        yield line(f"{inner}pue: ...", "not in the energy; where it is not stated an average is taken")
    if wue:
        yield line(f"      wue: {wue:g} L/kWh", "as the tool was told")


NAMES = ("provider", "region", "country", "zone")


def _instead(said: Facility) -> str:
    """Return the comment of a place that was stated: the file may say another."""
    other = " ".join(filter(None, (getattr(said, name) for name in NAMES)))
    return f"as stated; the file says {printable(other, 60)}" if other else "as stated"


def _unknown(run: Combined) -> str:
    default = next((record for record in run.records if record.is_default_place), None)
    if default is None:
        return "not in the file; or provider and region"
    guess = " ".join(filter(None, (default.country, default.region)))
    return f"the tool takes {printable(guess, 60) or 'an average'}, and may not know where it ran"
