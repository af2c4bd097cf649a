"""Operational emissions (GHG Protocol Scope 2 Guidance: location-based and market-based, side by side)."""

from __future__ import annotations

from cardgen.core.figure import Figure


def location_based(facility_energy: Figure, intensity: Figure) -> Figure:
    """Return location-based emissions in kgCO2e: facility energy × average intensity of the local grid."""
    return (facility_energy * intensity).called("location-based emissions", "kgCO2e")


def market_based(facility_energy: Figure, intensity: Figure) -> Figure:
    """Return market-based emissions in kgCO2e: facility energy × intensity after contractual instruments."""
    return (facility_energy * intensity).called("market-based emissions", "kgCO2e")
