"""The published footprints that have all inputs, computed by pint with units and by cardgen.

Each is stated in several units, so that pint and cardgen both convert: hours × power × PUE × grid intensity.
"""

from __future__ import annotations

from typing import Any

import pytest
from core.runs import Activity, Assessment, Facility, gpus, grid, metered, of, q, training

from cardgen.core.run import Host
from cardgen.core.tables import Row, bundled

pint = pytest.importorskip("pint", reason="pint is missing: pip install 'cardgen[crosscheck]'")

REGISTRY = pint.UnitRegistry()
EXACT = 1e-9
ROWS = bundled("published_footprints")
FROM_HOURS = [
    row
    for row in ROWS
    if row["input_tier"] in ("hours_tdp", "hours_power", "measured_power")
    and row["accel_hours"]
    and (row["power_w"] or row["tdp_w"])
    and row["pue"]
    and row["grid_kg_per_kwh"]
]
FROM_ENERGY = [row for row in ROWS if row["input_tier"] == "measured_energy" and row["energy_kwh"] and row["grid_kg_per_kwh"]]
# The units that power, duration and intensity are stated in.
STYLES = [("W", "h", "kg/kWh"), ("kW", "d", "g/kWh"), ("MW", "min", "lb/MWh"), ("mW", "s", "t/GWh")]


def identifier(row: Row) -> str:
    return row["id"]


def inputs(row: Row) -> tuple[Any, Any, float, Any]:
    """Return hours, power, PUE and intensity; the quantities are pint's."""
    hours = REGISTRY.Quantity(float(row["accel_hours"]), "hour")
    power = REGISTRY.Quantity(float(row["power_w"] or row["tdp_w"]), "watt")
    return hours, power, float(row["pue"]), REGISTRY.Quantity(float(row["grid_kg_per_kwh"]), "kg/kWh")


def text(quantity: Any, unit: str) -> str:
    """Return a quantity as a run file states it, in a unit that pint converted it to."""
    return f"{quantity.to(unit).magnitude!r} {unit}"


def kwh_and_kg(result: Assessment) -> tuple[float, float]:
    assert result.totals.energy is not None and result.totals.location is not None
    assert (result.totals.energy.unit, result.totals.location.unit) == ("kWh", "kgCO2e")
    return result.totals.energy.value, result.totals.location.value


def same(energy: Any, carbon: Any) -> tuple[Any, Any]:
    return pytest.approx(energy.to("kWh").magnitude, rel=EXACT), pytest.approx(carbon.to("kg").magnitude, rel=EXACT)


def test_enough_footprints_have_all_inputs() -> None:
    assert len(FROM_HOURS) >= 25 and len(FROM_ENERGY) >= 15


@pytest.mark.parametrize("row", FROM_HOURS, ids=identifier)
@pytest.mark.parametrize("style", STYLES, ids="·".join)
@pytest.mark.parametrize("mode", ["excluded", "included"])
def test_device_hours_give_the_energy_and_emissions_that_pint_computes(row: Row, style: tuple[str, str, str], mode: Any) -> None:
    in_power, in_time, in_intensity = style
    hours, power, pue, intensity = inputs(row)
    device = gpus(None, 1, text(hours, in_time), text(power, in_power))
    result = of(training(device, host=Host(mode), facility=Facility(pue=pue), grid=grid(text(intensity, in_intensity))))
    energy = hours * power * pue
    assert kwh_and_kg(result) == same(energy, energy * intensity)


@pytest.mark.parametrize("row", [row for row in FROM_HOURS if row["accel_count"] and row["wall_hours"]], ids=identifier)
def test_devices_times_wall_clock_time_give_what_pint_computes(row: Row) -> None:
    _, power, pue, intensity = inputs(row)
    count, wall = float(row["accel_count"]), REGISTRY.Quantity(float(row["wall_hours"]), "hour")
    device = gpus(None, count, text(wall, "d"), text(power, "kW"))
    result = of(training(device, host=Host("excluded"), facility=Facility(pue=pue), grid=grid(text(intensity, "lb/kWh"))))
    energy = count * wall * power * pue
    assert kwh_and_kg(result) == same(energy, energy * intensity)


@pytest.mark.parametrize("row", FROM_HOURS, ids=identifier)
def test_a_stated_host_is_added_before_the_pue(row: Row) -> None:
    hours, power, pue, intensity = inputs(row)
    host = REGISTRY.Quantity(0.2, "horsepower")  # 149 W
    stated = Host(power_per_device=q(text(host, "W"), "power"))
    device = gpus(None, power=text(power, "W"), device_hours=hours.magnitude)
    result = of(training(device, host=stated, facility=Facility(pue=pue), grid=grid(text(intensity, "g/kWh"))))
    energy = hours * (power + host) * pue
    assert kwh_and_kg(result) == same(energy, energy * intensity)


@pytest.mark.parametrize("row", FROM_ENERGY, ids=identifier)
@pytest.mark.parametrize(("in_energy", "in_intensity"), [("kWh", "kg/kWh"), ("MJ", "lb/MWh"), ("GWh", "g/MJ")])
def test_metered_energy_gives_the_emissions_that_pint_computes(row: Row, in_energy: str, in_intensity: str) -> None:
    energy = REGISTRY.Quantity(float(row["energy_kwh"]), "kWh")
    intensity = REGISTRY.Quantity(float(row["grid_kg_per_kwh"]), "kg/kWh")
    result = of(Activity("pretraining", energy=metered(text(energy, in_energy)), grid=grid(text(intensity, in_intensity))))
    assert kwh_and_kg(result) == same(energy, energy * intensity)


@pytest.mark.parametrize("row", FROM_HOURS, ids=identifier)
def test_what_is_printed_is_as_far_from_what_pint_computes_as_the_verdict_says(row: Row) -> None:
    hours, power, pue, intensity = inputs(row)
    energy = hours * power * pue
    computed = {"energy_kwh": energy.to("kWh").magnitude, "co2e_kg": (energy * intensity).to("kg").magnitude}
    apart = max(abs(computed[column] / float(row[column]) - 1) for column in computed if row[column])
    within = {"within_1pct": 0.01, "within_5pct": 0.05, "within_20pct": 0.2, "off_by_more": float("inf")}[row["verdict"]]
    assert apart <= within * 1.07  # a verdict counts from either side
