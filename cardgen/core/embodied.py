"""Embodied emissions: the share of making the hardware that falls to a run, by time."""

from __future__ import annotations

from cardgen.core.figure import Figure


def embodied(production: Figure, device_hours: Figure, lifetime: Figure) -> Figure:
    """Return embodied emissions in kgCO2e: production of one device × device-hours ÷ service life."""
    return (production * (device_hours / lifetime).called("share of the service life", "1")).called("embodied emissions", "kgCO2e")
