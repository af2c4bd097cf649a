"""Cost of electricity and of devices."""

from __future__ import annotations

from cardgen.core.figure import Figure


def electricity_cost(facility_energy: Figure, price: Figure) -> Figure:
    """Return the cost of electricity in the price's currency: facility energy × price."""
    return (facility_energy * price).called("cost of electricity", price.unit.split("/")[0])


def device_cost(device_hours: Figure, price: Figure) -> Figure:
    """Return the cost of devices in the price's currency: device-hours × price of a device-hour."""
    return (device_hours * price).called("cost of devices", price.unit.split("/")[0])
