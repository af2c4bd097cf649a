"""The boundaries that a printed figure may have: with and without the host, the overhead of the facility, a kind of water."""

from __future__ import annotations

from collections.abc import Sequence

from cardgen.core.assessment import ActivityResult, Impact
from cardgen.core.figure import Figure, total

Option = tuple[str, Figure]  # what the boundary is, in words, and the computed figure there


def as_measured(impact: Impact, boundary: str) -> Figure | None:
    """Return the energy that was measured, of which host and overhead are no part unless the meter saw them."""
    if boundary == "facility":
        return impact.energy
    parts = [figure for name, figure in impact.components.items() if name not in ("host", "facility overhead")]
    return total(parts) if parts else None


def all_measured(results: Sequence[ActivityResult]) -> Figure | None:
    """Return the energy that the run states as measured, each activity's at its own boundary; None where one is computed."""
    parts = [as_measured(result.impact, result.boundary) for result in results if result.activity.energy is not None]
    found = [part for part in parts if part is not None]
    return total(found) if found and len(found) == len(results) else None


def kinds_of_water(impact: Impact) -> list[Option]:
    """Return on-site and off-site water."""
    kinds = (("on-site", impact.onsite_water), ("off-site", impact.offsite_water))
    return [(words, figure) for words, figure in kinds if figure is not None]


def narrower(computed: Figure, impact: Impact, results: Sequence[ActivityResult], measured: Figure | None) -> list[Option]:
    """Return computed energy or emissions at the narrower boundaries that a publication may have chosen.

    Where the run does not state host or PUE, what cardgen assumes of them is no contradiction; and what was measured may
    be printed as it is, whatever else the run states.
    """
    energy, it_energy, host = impact.energy, impact.it_energy, impact.components.get("host")
    if energy is None or it_energy is None or not energy.value or not it_energy.value:
        return []
    no_pue = all(result.activity.facility.pue is None for result in results)
    no_host = host is not None and all(result.activity.host is None for result in results)
    seen = measured if measured is not None and host is not None and measured.value < it_energy.value else None
    devices = (it_energy - host).called("energy of the devices") if host is not None and no_host else seen
    found = [("without overhead of the facility", computed * (it_energy / energy))] if no_pue else []
    found += [("without the host", computed * (devices / it_energy))] if devices is not None else []
    if devices is not None and (no_pue or seen is not None):
        found.append(("devices alone", seen if computed is energy and seen is not None else computed * (devices / energy)))
    return [(words, figure.called(computed.name, computed.unit)) for words, figure in found]
