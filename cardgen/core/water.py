"""Water: on site for cooling (WUE after ISO/IEC 30134-9) and off site for generating the electricity."""

from __future__ import annotations

from cardgen.core.figure import Figure


def onsite_water(it_energy: Figure, wue: Figure) -> Figure:
    """Return the water used on site in L: IT energy × WUE."""
    return (it_energy * wue).called("on-site water", "L")


def offsite_water(facility_energy: Figure, intensity: Figure) -> Figure:
    """Return the water used for generation in L: facility energy × off-site water intensity (Li et al., arXiv 2304.03271)."""
    return (facility_energy * intensity).called("off-site water", "L")
