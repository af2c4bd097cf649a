"""A published footprint as a run: with all inputs that it states, or with the little from which cardgen has to estimate."""

from __future__ import annotations

from cardgen.core.run import (
    Activity,
    CardOptions,
    Compute,
    Facility,
    Grid,
    Hardware,
    Host,
    MeasuredEnergy,
    Model,
    Reported,
    Requests,
    Run,
)
from cardgen.core.tables import Row
from cardgen.core.units import Quantity, parse_quantity

FROM_HOURS = ("hours_tdp", "hours_power", "measured_power", "hours_and_flops_no_report", "embodied")
PHASES = {
    "pretraining": "pretraining", "training": "pretraining", "benchmark training": "pretraining", "fine-tuning": "fine-tuning",
    "fine-tuning / continued pretraining": "fine-tuning", "development": "experimentation", "NAS": "experimentation",
    "inference": "evaluation",
}  # fmt: skip


def as_stated(row: Row) -> Run | None:
    """Return the run that a publication describes, its printed figures under ``reported``; None for one without energy.

    Nothing is taken from the tables: hours × the power that the source used, or the energy that it prints; its PUE (none
    where it used none), its grid intensity, its water intensities. Inference is stated per unit, as one evaluation.
    """
    if row["unit"] == "claim" or (not _hours(row) and not row["energy_kwh"]):
        return None
    if row["unit"] == "parity":
        return _run(row, _activity(row, energy=_energy(row, "facility")), _service(row))
    pue, wue = row.number("pue") or 1.0, _quantity(row, "wue_l_per_kwh", "L/kWh")
    grid, facility = _grid(row), Facility(zone=row["place"] or None, pue=pue, wue=wue)
    covered = row["meter"] in ("node", "it")
    if row["input_tier"] in FROM_HOURS:
        host = Host("included" if covered else "excluded")
        hardware = _hardware(row, with_power=True)
        return _run(row, _activity(row, hardware=hardware, host=host, facility=facility, grid=grid, compute=_compute(row)))
    if not row["energy_kwh"]:
        return None
    boundary = row["meter"] or "facility"
    energy = _energy(row, boundary, row.number("pue") or 1.0 if row["energy_has_pue"] == "true" and row["meter"] else 1.0)
    host = None if covered or boundary == "facility" else Host("excluded")
    hardware = _hardware(row, with_power=False) if row["device"] else ()
    return _run(row, _activity(row, energy=energy, hardware=hardware, host=host, facility=facility, grid=grid, compute=_compute(row)))


def from_device_hours(row: Row) -> Run | None:
    """Return the run with its device-hours alone: power, utilisation, host share and PUE are left to cardgen."""
    hardware = _hardware(row, with_power=False)
    if not hardware or not row["device"]:
        return None
    return _run(row, _activity(row, hardware=hardware, facility=_site(row)), reported=False)


def from_compute(row: Row) -> Run | None:
    """Return the run with its FLOPs alone, or parameters and tokens, and the name of its device."""
    compute = _compute(row)
    if compute is None or not row["device"]:
        return None
    hardware = Hardware(row["device"], row.number("devices"))
    return _run(row, _activity(row, hardware=(hardware,), compute=compute, facility=_site(row)), reported=False)


def measured_kwh(row: Row) -> float | None:
    """Return the energy that was measured in kWh, at the boundary of the meter; None where the publication estimated it.

    A measured mean power times device-hours counts as measured.
    """
    printed, hours, power = row.number("energy_kwh"), row.number("accel_hours"), row.number("power_w")
    if printed is not None and row["energy_basis"].startswith(("measured", "metered")):
        return printed / (row.number("pue") or 1.0) if row["energy_has_pue"] == "true" and row["meter"] else printed
    if row["power_basis"].startswith("measured_system") and hours is not None and power is not None:
        return hours * power / 1000
    return None


def _run(row: Row, *activities: Activity, reported: bool = True) -> Run:
    printed = None
    if reported:
        from_hours = activities[0].energy is None
        printed = Reported(
            energy=_quantity(row, "energy_kwh", "kWh") if from_hours and row["unit"] != "parity" else None,
            emissions=_quantity(row, "co2e_kg", "kgCO2e"),
            emissions_market=_quantity(row, "co2e_market_kg", "kgCO2e"),
            embodied=_quantity(row, "embodied_kg", "kgCO2e"),
            water=_quantity(row, "water_l", "L"),
            source=row["source"],
        )
    return Run(Model(row["system"], released=row["year"]), activities, printed, card=CardOptions((), ()))


def _activity(row: Row, **parts: object) -> Activity:
    return Activity(PHASES.get(row["phase"], "other"), end=row["year"], **parts)  # type: ignore[arg-type]


def _hours(row: Row) -> float | None:
    """Return the device-hours; some publications count machines, then the table holds the devices of all."""
    devices, clock = row.number("devices"), row.number("wall_hours")
    if devices and clock and devices != row.number("accel_count"):
        return devices * clock
    return row.number("accel_hours")


def _hardware(row: Row, *, with_power: bool) -> tuple[Hardware, ...]:
    hours, name = _hours(row), row["device"] or row["hardware"] or None
    if hours is None or name is None:
        return ()
    if not with_power:
        return (Hardware(name, row.number("devices"), device_hours=hours),)
    power = row.number("power_w") or row.number("tdp_w")
    share = hours / (row.number("accel_hours") or hours)  # the power is that of what the source counts: devices or machines
    stated = parse_quantity(f"{power / share!r} W", "power") if power else None
    embodied, lifetime = _quantity(row, "device_embodied_kg", "kgCO2e"), _quantity(row, "lifetime_years", "y")
    return (Hardware(name, device_hours=hours, power=stated, embodied=embodied, lifetime=lifetime),)


def _site(row: Row) -> Facility:
    return Facility(provider=row["provider"] or None)


def _grid(row: Row) -> Grid:
    return Grid(_quantity(row, "grid_kg_per_kwh", "kgCO2e/kWh"), water=_quantity(row, "offsite_water_l_per_kwh", "L/kWh"))


def _compute(row: Row) -> Compute | None:
    flops, parameters, tokens = row.number("flops"), row.number("params_b"), row.number("tokens_b")
    if flops is not None:
        return Compute(flops=flops)
    if parameters is None or tokens is None or row["phase"] not in ("pretraining", "training"):
        return None
    return Compute(parameters=parameters * 1e9, tokens=tokens * 1e9)


def _energy(row: Row, boundary: str, pue: float = 1.0) -> MeasuredEnergy:
    """Return the printed energy at the boundary of its meter, a PUE that it holds taken out."""
    printed = parse_quantity(f"{float(row['energy_kwh']) / pue!r} kWh", "energy")
    measured = row["energy_basis"].startswith(("measured", "metered"))
    return MeasuredEnergy(printed, boundary, basis="measured" if measured else "estimated")  # type: ignore[arg-type]


def _service(row: Row) -> Activity:
    value = _quantity(row, "equiv_implied_factor", "kWh")
    return Activity("inference", end=row["year"], requests=Requests(energy=value, boundary="facility"))


def _quantity(row: Row, column: str, unit: str) -> Quantity | None:
    text = row[column]
    return parse_quantity(f"{text} {unit}", _DIMENSIONS[unit]) if text else None


_DIMENSIONS = {"kWh": "energy", "kgCO2e": "mass", "kgCO2e/kWh": "intensity", "L": "water", "L/kWh": "water intensity", "y": "duration"}
