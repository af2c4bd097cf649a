"""Energy of accelerators, IT equipment and facility (PUE after ISO/IEC 30134-2)."""

from __future__ import annotations

from cardgen.core.figure import Figure, exact


def device_energy(power: Figure, device_hours: Figure, utilisation: Figure | None = None) -> Figure:
    """Return the energy of devices in kWh: rated power × utilisation × device-hours, or mean power × device-hours."""
    load = power if utilisation is None else power * utilisation
    return (load * device_hours).called("energy of the devices", "kWh")


def device_hours(count: Figure, duration: Figure) -> Figure:
    """Return device-hours in h: devices × wall-clock time."""
    return (count * duration).called("device-hours", "h")


def host_energy_by_share(accelerators: Figure, share: Figure) -> Figure:
    """Return the energy of the host in kWh, from its share of the accelerators' energy."""
    return (accelerators * share).called("energy of the host", "kWh")


def host_energy(power_per_device: Figure, hours: Figure) -> Figure:
    """Return the energy of the host in kWh, from its power for each device."""
    return (power_per_device * hours).called("energy of the host", "kWh")


def facility_energy(it: Figure, pue: Figure) -> Figure:
    """Return the energy of the whole facility in kWh: IT energy × PUE."""
    return (it * pue).called("facility energy", "kWh")


def facility_overhead(it: Figure, pue: Figure) -> Figure:
    """Return the energy of cooling and power conversion in kWh: IT energy × (PUE − 1)."""
    return (it * (pue - exact(1))).called("facility overhead", "kWh")


def it_energy_within(facility: Figure, pue: Figure) -> Figure:
    """Return the IT energy in kWh that a facility's energy contains: facility energy ÷ PUE."""
    return (facility / pue).called("IT energy", "kWh")


def training_flops(parameters: Figure, tokens: Figure) -> Figure:
    """Return training FLOPs: 6 × parameters × tokens (Kaplan et al. 2020, arXiv 2001.08361)."""
    return (exact(6, "FLOP", "FLOPs for each parameter and token") * parameters * tokens).called("training FLOPs", "FLOP")


def device_hours_for(flops: Figure, peak: Figure, mfu: Figure) -> Figure:
    """Return the device-hours in h that FLOPs take: FLOPs ÷ (peak FLOP/s × MFU)."""
    return (flops / (peak * mfu).called("achieved FLOP/s", "FLOP/s")).called("device-hours", "h")
