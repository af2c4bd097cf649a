"""Where an activity ran: the grid, the PUE, the WUE and the price that belong to the place and the year."""

from __future__ import annotations

from dataclasses import dataclass

from cardgen.core.factors import provider_key
from cardgen.core.figure import Figure
from cardgen.core.inputs import Inputs
from cardgen.core.problem import Path
from cardgen.core.run import Activity


@dataclass(frozen=True)
class Place:
    """A place as the tables know it: the zone of the grid and the country, with the words for a reader."""

    zone: str | None
    country: str | None
    text: str | None


def locate(activity: Activity, path: Path, inputs: Inputs) -> Place:
    """Return the place of an activity from its zone, its provider's region, or its country."""
    facility, factors, where = activity.facility, inputs.factors, (*path, "facility")
    row = None
    if facility.provider and facility.region:
        row = factors.region(facility.provider, facility.region)
        if row is None and any(r["provider"] == provider_key(facility.provider) for r in factors.table("cloud_regions")):
            similar = factors.similar_regions(facility.provider, facility.region)
            hint = f"did you mean {' or '.join(similar)}?" if similar else "state the country, as in country: NLD"
            inputs.fault("CG206", (*where, "region"), f'"{facility.region}" is not a known region of {facility.provider}', hint)
    zone = _known(facility.zone, (*where, "zone"), inputs)
    country = _known(facility.country, (*where, "country"), inputs)
    if row is not None:
        zone, country = zone or row["zone"], country or row["country"]
    if zone and not country:
        country = _country_of(zone)
    name = factors.place_name(country or zone or "") if country or zone else None
    if zone and country and zone != country and "/" not in zone:
        name = f"{factors.place_name(zone)}, {name}"
    known_as = " ".join(word for word in (facility.provider, facility.region) if word)
    text = f"{name} ({known_as})" if name and known_as else name or known_as or None
    return Place(zone or country, country, text)


def _known(text: str | None, path: Path, inputs: Inputs) -> str | None:
    if text is None:
        return None
    zone = inputs.factors.place(text)
    if zone is None:
        similar = inputs.factors.similar_places(text)
        hint = f"did you mean {' or '.join(similar)}?" if similar else "use the three letters of ISO 3166, as in NLD, or state grid.location"
        inputs.fault("CG205", path, f'"{text}" is not a place that the grid table knows', hint)
    return zone


def _country_of(zone: str) -> str | None:
    if zone.startswith(("US-", "eGRID:")):
        return "USA"
    return "CHN" if zone.startswith("CN-") else zone


def pue(activity: Activity, path: Path, year: int | None, inputs: Inputs) -> Figure:
    """Return the PUE: stated, else published for the region or the fleet, else the industry's average."""
    facility = activity.facility
    if facility.pue is not None:
        return inputs.declared(facility.pue, "PUE", (*path, "facility", "pue"), "declared-pue")
    row = inputs.factors.facility(facility, "pue", year)
    if row is not None:
        return inputs.looked_up(row, "pue", "1", "PUE", "pue-fleet" if row["region"] == "fleet" else "pue-region")
    row = inputs.factors.industry_pue(year)
    inputs.warn("CG208", (*path, "facility"), f"PUE is not stated; {row['pue']}, the industry's average, is assumed", "state facility.pue")
    return inputs.looked_up(row, "pue", "1", "PUE", "pue-industry", basis="assumed")


def wue(activity: Activity, path: Path, year: int | None, inputs: Inputs) -> Figure | None:
    """Return the WUE in L/kWh: stated, or published for the region or the fleet; unknown otherwise."""
    facility = activity.facility
    if facility.wue is not None:
        return inputs.declared(facility.wue, "WUE", (*path, "facility", "wue"), "declared-water")
    row = inputs.factors.facility(facility, "wue_l_per_kwh", year)
    return inputs.looked_up(row, "wue_l_per_kwh", "L/kWh", "WUE", "wue-published") if row else None


def grid_intensity(activity: Activity, path: Path, place: Place, year: int | None, inputs: Inputs) -> Figure | None:
    """Return the average intensity of the local grid in kgCO2e/kWh: stated, or from the table for place and year."""
    if activity.grid.location is not None:
        return inputs.declared(activity.grid.location, "grid intensity", (*path, "grid", "location"), "declared-intensity")
    row = None
    why = ""
    for zone in dict.fromkeys(z for z in (place.zone, place.country) if z):
        row = inputs.factors.grid(zone, year)
        if row is not None:
            break
    if row is None:
        if place.text is None:
            inputs.warn("CG207", path, "no place is given, so emissions are not reported", "add facility: {country: NLD} or grid.location")
        return None
    if year is not None and int(row["year"]) != year:
        why = f"the nearest year to {year}"
    aggregate = row["scope"] == "aggregate" and place.zone in ("WLD", "EU27")
    kind = "grid-aggregate" if aggregate else "grid-region" if not why else "grid-other-year"
    return inputs.looked_up(row, "value", "kgCO2e/kWh", "grid intensity", kind, why=why)


def offsite_water_intensity(place: Place, inputs: Inputs) -> Figure | None:
    """Return the off-site water intensity in L/kWh of the zone or its country; unknown where the table has neither."""
    for zone in dict.fromkeys(z for z in (place.zone, place.country) if z):
        row = inputs.factors.water(zone)
        if row is not None:
            return inputs.looked_up(row, "value", "L/kWh", "off-site water intensity", "off-site-water")
    return None


def electricity_price(activity: Activity, path: Path, place: Place, year: int | None, inputs: Inputs) -> Figure | None:
    """Return the price of electricity per kWh: stated, or from the table for business in the place."""
    if activity.cost.electricity is not None:
        return inputs.declared(activity.cost.electricity, "electricity price", (*path, "cost", "electricity"), "declared-cost")
    for zone in dict.fromkeys(z for z in (place.zone, place.country) if z):
        row = inputs.factors.price(zone, year)
        if row is not None:
            return inputs.looked_up(row, "value", row["unit"], "electricity price", "electricity-price")
    return None
