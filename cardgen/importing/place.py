"""Where a run was, as far as a tool says so and the tables know it: a place that the tool assumed is never used."""

from __future__ import annotations

from cardgen.core.factors import Factors
from cardgen.core.run import Facility
from cardgen.problems import plain
from cardgen.records.record import Record


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
