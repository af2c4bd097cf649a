"""What follows from the energy of an activity or a request: facility energy, emissions, water, cost, embodied emissions."""

from __future__ import annotations

import re
from dataclasses import fields

from cardgen.core import carbon, cost, embodied, energy, place, water
from cardgen.core.assessment import Impact
from cardgen.core.figure import Figure, exact, total
from cardgen.core.inputs import Inputs
from cardgen.core.pools import Evidence, Pool
from cardgen.core.problem import Path
from cardgen.core.run import Activity

# The servers around devices, as rows of the table of embodied emissions. The small one has two sockets.
SERVER = "server for eight H100, without the GPUs"
SMALL_SERVER = "server Dell PowerEdge R740"


def add_energy(impact: Impact, evidence: Evidence, activity: Activity, path: Path, year: int | None, inputs: Inputs) -> None:
    """Bring the energy to the boundary of the facility: PUE once, and never to a facility's own energy."""
    if evidence.facility is not None:
        impact.energy = evidence.facility.called("facility energy")
        impact.components = {"facility": evidence.facility}
        if activity.facility.pue is not None:
            pue = place.pue(activity, path, year, inputs)
            impact.it_energy = energy.it_energy_within(evidence.facility, pue)
            overhead = (evidence.facility - impact.it_energy).called("facility overhead")
            impact.components = {"IT equipment": impact.it_energy, "facility overhead": overhead}
        return
    if not evidence.components:
        return
    pue = place.pue(activity, path, year, inputs)
    impact.it_energy = total(evidence.components.values(), "IT energy")
    impact.energy = energy.facility_energy(impact.it_energy, pue)
    impact.components = dict(evidence.components)
    if pue.value == 1:  # a PUE of 1 says that the overhead is left out, or that there is none
        evidence.not_included.append(
            "facility overhead (the PUE is taken as 1)" if activity.facility.pue is None else "facility overhead (the PUE is stated as 1)"
        )
        return
    impact.components["facility overhead"] = energy.facility_overhead(impact.it_energy, pue)
    evidence.included.append("facility overhead (PUE)")


def add_operation(impact: Impact, activity: Activity, path: Path, where: place.Place, year: int | None, inputs: Inputs) -> list[str]:
    """Add what follows from the energy: emissions, water and the cost of electricity. Return what the emissions leave out."""
    if impact.energy is None:
        return []
    intensity = place.grid_intensity(activity, path, where, year, inputs)
    if intensity is not None:
        impact.location = carbon.location_based(impact.energy, intensity)
    if activity.grid.market is not None:
        market = inputs.declared(activity.grid.market, "market-based intensity", (*path, "grid", "market"), "declared-intensity")
        impact.market = carbon.market_based(impact.energy, market)
    wue = place.wue(activity, path, year, inputs)
    it_energy = impact.it_energy
    if wue is not None and it_energy is None:  # a facility's own energy holds its IT energy, by the PUE of the site
        pue = place.known_pue(activity, path, year, inputs)
        it_energy = energy.it_energy_within(impact.energy, pue) if pue is not None else None
    if wue is not None and it_energy is not None:
        impact.onsite_water = water.onsite_water(it_energy, wue)
    offsite = place.offsite_water_intensity(activity, path, where, inputs)
    if offsite is not None:
        impact.offsite_water = water.offsite_water(impact.energy, offsite)
    price = place.electricity_price(activity, path, where, year, inputs)
    if price is not None:
        impact.electricity_cost = cost.electricity_cost(impact.energy, price)
    return place.left_out_by_grid(activity, where, year, inputs)


def embodied_emissions(activity: Activity, evidence: Evidence, path: Path, inputs: Inputs) -> Figure | None:
    """Return embodied emissions: stated, or by the devices' share of their service life, their server's included."""
    if activity.embodied is not None:
        return inputs.declared(activity.embodied, "embodied emissions", (*path, "embodied"), "declared-embodied")
    parts = []
    with_host = activity.host is None or activity.host.mode != "excluded"
    if evidence.pools and not with_host and not all(pool.stated.embodied for pool in evidence.pools):
        evidence.not_included.append("making the servers")
    for pool in evidence.pools:
        lifetime = _lifetime(pool, inputs)
        if pool.stated.embodied is not None and pool.hours is not None:
            stated = inputs.declared(pool.stated.embodied, "production of a device", (*pool.path, "embodied"), "declared-embodied")
            parts.append(embodied.embodied(stated, pool.hours, lifetime))
            continue
        if pool.row is None or pool.hours is None:
            return None
        server = _server_share(pool, lifetime, inputs) if with_host else []
        parts += server
        if server and pool.row["kind"] == "cpu":  # the processors are in the server's figure
            continue
        row = inputs.factors.embodied(pool.row["name"])
        if row is None:
            return None
        device = inputs.looked_up(row, "value", "kgCO2e", "production of a device", "embodied-device")
        parts.append(embodied.embodied(device, pool.hours, lifetime))
    return total(parts).called("embodied emissions") if parts else None


def _lifetime(pool: Pool, inputs: Inputs) -> Figure:
    """Return the service life of the devices of a pool in h."""
    if pool.stated.lifetime is None:
        return inputs.prior("lifetime", "service life")
    return inputs.declared(pool.stated.lifetime, "service life", (*pool.path, "lifetime"), "lifetime-declared")


def _server_share(pool: Pool, lifetime: Figure, inputs: Inputs) -> list[Figure]:
    """Return the embodied emissions of the server around the devices of a pool, by the devices' share of it."""
    assert pool.row is not None and pool.hours is not None
    form = pool.row["form_factor"]
    if form.startswith(("SXM", "OAM")):
        name, devices = SERVER, exact(8, "1", "devices in a server")
    elif form == "PCIe":
        name, devices = SMALL_SERVER, inputs.prior("devices-per-server", "devices in a server", instead="embodied")
    elif form == "server":
        name, devices = SMALL_SERVER, exact(2, "1", "sockets of a server")
    else:  # a computer that is sold with its processor is one device
        return []
    row = inputs.factors.embodied(name)
    if row is None:
        return []
    whole = inputs.looked_up(row, "value", "kgCO2e", "production of a server", "embodied-server")
    share = (whole / devices).called("production of a device's share of its server", "kgCO2e")
    return [embodied.embodied(share, pool.hours, lifetime).called("embodied emissions of the server")]


def believable(impact: Impact, path: Path, inputs: Inputs) -> Impact:
    """Return an impact without the figures that are too large to be true, each of which is a problem."""
    for item in fields(Impact):
        figure = getattr(impact, item.name)
        if isinstance(figure, Figure):
            setattr(impact, item.name, inputs.believable(figure, path))
    if impact.energy is None or any(inputs.believable(part, path) is None for part in impact.components.values()):
        impact.components = {}
    return impact


def addable(parts: list[Figure], inputs: Inputs) -> bool:
    """Return whether figures can be added; costs in several currencies cannot."""
    if len({part.unit for part in parts}) == 1:
        return True
    inputs.warn("CG213", (), "costs are in several currencies and are not added", "state all prices in one currency")
    return False


def year_of(*dates: str | None) -> int | None:
    """Return the year of the first date that is given."""
    return next((int(match[0]) for date in dates if date and (match := re.match(r"\d{4}", date))), None)
