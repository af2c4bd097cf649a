"""Where an activity ran: the grid, the PUE, the WUE and the price that belong to the place and the year."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cardgen.core.figure import Z90, Figure
from cardgen.core.inputs import Inputs
from cardgen.core.problem import Path, dotted
from cardgen.core.run import SITES, Activity
from cardgen.core.tables import Row

STALE_YEARS = 5  # from here on the reader is told that a factor is old
SMALLEST = 0.001  # kgCO2e/kWh: below it a published intensity is a rounded zero
LOW_CARBON = 0.1  # kgCO2e/kWh: below it the upstream emissions that direct factors leave out weigh most


@dataclass(frozen=True)
class Place:
    """A place as the tables know it: the zone of the grid and the country, with the words for a reader.

    ``misnamed``: a part of it is unknown, and a problem says so."""

    zone: str | None
    country: str | None
    text: str | None
    misnamed: bool = False


def locate(activity: Activity, path: Path, inputs: Inputs) -> Place:
    """Return the place of an activity from its zone, its provider's region, or its country."""
    facility, factors, where = activity.facility, inputs.factors, (*path, "facility")
    row, misnamed = None, False
    if facility.provider and facility.region:
        row = factors.region(facility.provider, facility.region)
        if row is None and factors.has_regions(facility.provider):
            misnamed = True
            similar = inputs.similar(factors.similar_regions, facility.provider, facility.region)
            hint = f"did you mean {' or '.join(similar)}?" if similar else "state the country, as in country: NLD"
            inputs.fault("CG206", (*where, "region"), f'"{facility.region}" is not a known region of {facility.provider}', hint)
    zone = _known(facility.zone, (*where, "zone"), inputs)
    country = _known(facility.country, (*where, "country"), inputs)
    misnamed = misnamed or (zone is None and facility.zone is not None) or (country is None and facility.country is not None)
    if country and country != factors.country_of(country):  # a state or an aggregate given as the country
        zone, country = zone or country, factors.country_of(country)
    within = factors.country_of(zone) if zone else None
    _contradiction({"zone": within, "region": row["country"] if row else None, "country": country}, where, inputs)
    if row is not None:
        zone, country = zone or row["zone"], within or row["country"]
    country = within or country
    name = factors.place_name(country or zone or "") if country or zone else None
    if zone and country and zone != country and "/" not in zone:
        name = f"{factors.place_name(zone)}, {name}"
    known_as = " ".join(word for word in (facility.provider, facility.region) if word)
    text = f"{name} ({known_as})" if name and known_as else name or known_as or None
    return Place(zone or country, country, text, misnamed)


def _contradiction(countries: dict[str, str | None], path: Path, inputs: Inputs) -> None:
    """Report a zone, a region and a country that are not in one country; the zone is used, then the region."""
    known = {key: country for key, country in countries.items() if country}
    if len(set(known.values())) > 1:
        said = " and ".join(f"{key} is in {inputs.factors.place_name(country)}" for key, country in known.items())
        inputs.fault("CG215", path, f"the place contradicts itself: {said}", "remove or correct one; the zone is used, then the region")


def _known(text: str | None, path: Path, inputs: Inputs) -> str | None:
    if text is None:
        return None
    zone = inputs.factors.place(text)
    if zone is None:
        similar = inputs.similar(inputs.factors.similar_places, text)
        hint = (
            f"did you mean {' or '.join(similar)}?" if similar else "use the three letters of ISO 3166, as in NLD, or state grid.location"
        )
        inputs.fault("CG205", path, f'"{text}" is not a place that the grid table knows', hint)
    return zone


def pue(activity: Activity, path: Path, year: int | None, inputs: Inputs) -> Figure:
    """Return the PUE: what is known of the site, else the industry's average.

    What is uncertain is the overhead, PUE − 1: a PUE of 1 has none, and no interval reaches below 1.
    """
    known = known_pue(activity, path, year, inputs)
    if known is not None:
        return known
    row = inputs.factors.industry_pue(year)
    inputs.warn(
        "CG208",
        (*path, "facility"),
        f"PUE is not stated; {row['pue']}, the industry's average, is assumed",
        f"state facility.pue, or facility.kind: {', '.join(SITES[:-1])} or {SITES[-1]}",
    )
    return overhead(inputs.looked_up(row, "pue", "1", "PUE", "pue-industry", basis="assumed"))


def known_pue(activity: Activity, path: Path, year: int | None, inputs: Inputs) -> Figure | None:
    """Return the PUE that is stated, else published for the region or the fleet, else usual for the kind of site."""
    facility = activity.facility
    if facility.pue is not None:
        names = (facility.provider, facility.region, facility.zone, facility.country)
        site = " ".join(name for name in names if name)
        key = f"PUE {facility.pue!r} of {site}" if site else ""  # what is stated for one site is one input
        return overhead(inputs.declared(facility.pue, "PUE", (*path, "facility", "pue"), "declared-pue", key=key))
    row = inputs.factors.facility(facility, "pue", year)
    if row is not None:
        kind = "pue-fleet" if row["region"] == "fleet" else "pue-region"
        return overhead(inputs.looked_up(row, "pue", "1", "PUE", kind, why=_why(row, year)))
    if facility.kind is not None:
        return overhead(inputs.prior(f"pue-{facility.kind}", "PUE", instead="facility.pue"))
    return None


def overhead(pue: Figure) -> Figure:
    """Return a PUE whose uncertainty is that of its overhead: it moves by (PUE − 1) ÷ PUE when the overhead moves by one,
    and by less where the interval would reach below 1."""
    if pue.value <= 1 or not pue.sigma:
        return replace(pue, influences={})
    share = min((pue.value - 1) / pue.value, math.log(pue.value) / (Z90 * pue.sigma))
    return replace(pue, influences={i: elasticity * share for i, elasticity in pue.influences.items()})


def wue(activity: Activity, path: Path, year: int | None, inputs: Inputs) -> Figure | None:
    """Return the WUE in L/kWh: stated, or published for the region or the fleet; unknown otherwise."""
    facility = activity.facility
    if facility.wue is not None:
        return inputs.declared(facility.wue, "WUE", (*path, "facility", "wue"), "declared-water")
    row = inputs.factors.facility(facility, "wue_l_per_kwh", year)
    if row is None:
        return None
    return inputs.looked_up(row, "wue_l_per_kwh", "L/kWh", "WUE", "wue-published", why=_why(row, year), instead="facility.wue")


def _why(row: Row, year: int | None) -> str:
    """Return what a reader should know of a row: its note, and the year that was asked for where it is another."""
    other_year = f"the nearest year to {year}" if year is not None and int(row["year"]) != year else ""
    return "; ".join(text for text in (row["note"], other_year) if text)


def grid_intensity(activity: Activity, path: Path, place: Place, year: int | None, inputs: Inputs) -> Figure | None:
    """Return the average intensity of the local grid in kgCO2e/kWh: stated, or from the table for place and year."""
    if activity.grid.location is not None:
        where = (*path, "grid", "location")
        return inputs.declared(
            activity.grid.location,
            "grid intensity",
            where,
            "declared-intensity",
            key=_shared(f"grid intensity {activity.grid.location.value!r}", place, where),
        )
    row, used = grid_row(place, year, inputs)
    if row is None:
        if not place.misnamed:
            found = "no place is given" if place.text is None else f"no grid intensity is known for {place.text}"
            hint = "add facility: {country: NLD} or grid.location"
            inputs.warn("CG207", path, f"{found}, so emissions are not reported", hint)
        return None
    why = []
    if used != place.zone:
        why.append(f"the country's average, as none is used for {inputs.factors.place_name(place.zone or '')}")
    kind = "grid-aggregate" if row["scope"] == "aggregate" or why else "grid-region"
    if row["basis"] == "direct" and float(row["value"]) < LOW_CARBON:
        kind = "grid-direct-low"
    sigma = inputs.sigma(kind)
    if year is not None and int(row["year"]) != year:
        why.append(f"the nearest year to {year}")
        sigma = math.hypot(sigma, inputs.sigma("grid-other-year") * math.sqrt(abs(int(row["year"]) - year)))
        if abs(int(row["year"]) - year) >= STALE_YEARS:
            text = f"the newest grid intensity of {row['name'] or row['zone']} is that of {row['year']}"
            inputs.warn("CG218", (*path, "facility"), text, "state grid.location")
    return inputs.looked_up(row, "value", "kgCO2e/kWh", "grid intensity", kind, why="; ".join(why), sigma=sigma)


def grid_row(place: Place, year: int | None, inputs: Inputs) -> tuple[Row | None, str | None]:
    """Return the row of the grid table for a place and a year, and the zone that it is for.

    A published zero is a rounded number, not a grid without emissions: the country's average stands in for it.
    """
    for zone in dict.fromkeys(z for z in (place.zone, place.country) if z):
        row = inputs.factors.grid(zone, year)
        if row is not None and float(row["value"]) >= SMALLEST:
            return row, zone
    return None, None


def left_out_by_grid(activity: Activity, place: Place, year: int | None, inputs: Inputs) -> list[str]:
    """Return what the grid intensity in use leaves out, in words."""
    row = None if activity.grid.location is not None else grid_row(place, year, inputs)[0]
    gaps = []
    if row is not None and row["basis"] == "direct":
        gaps.append("upstream emissions of the electricity (the grid factor counts direct emissions)")
    if row is not None and row["gases"].startswith("CO2") and not row["gases"].startswith("CO2e"):
        gaps.append("methane and nitrous oxide of the electricity (the grid factor counts CO2 alone)")
    return gaps


def _shared(what: str, place: Place, path: Path) -> str:
    """Return the key of a value that is stated for a place: what is stated for one place is one input."""
    return f"{what} of {place.text}" if place.text else dotted(path)


def offsite_water_intensity(activity: Activity, path: Path, place: Place, inputs: Inputs) -> Figure | None:
    """Return the off-site water intensity in L/kWh: stated, or from the table for the zone or its country; else unknown."""
    if activity.grid.water is not None:
        return inputs.declared(activity.grid.water, "off-site water intensity", (*path, "grid", "water"), "declared-water")
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
            return inputs.looked_up(row, "value", row["unit"], "electricity price", "electricity-price", instead="cost.electricity")
    return None
