"""The amounts that claims compare, and what the same sources give for them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cardgen import numbers
from cardgen.claims.catalogue import MASSES, Claim, trainings
from cardgen.claims.finding import PRINTED, measure, printed
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure, exact, stated
from cardgen.core.tables import Row

DAYS = 365


class Correction(NamedTuple):
    """The amount that the claim should have compared, if there is another, and the numbers that tell why."""

    amount: Figure | None
    words: Mapping[str, str]


def amount_of(claim: Claim) -> Figure:
    """Return the amount of a claim, in kWh or kgCO2e; of a training of Strubell et al. what they print."""
    if claim["amount"]:
        return stated(float(_training(claim["amount"])["printed_lb"]), "lb").called(claim["amount"], "kgCO2e")
    return stated(claim.amount, "kgCO2e" if claim["unit"] in MASSES else "kWh")


def recomputed_training(row: Mapping[str, str], factors: Factors) -> Figure:
    """Return the emissions of a training of Strubell et al.: power × hours × their PUE × their grid intensity."""
    same = footprint("strubell-bert-base", factors)
    energy = stated(float(row["power_w"]), "W") * stated(float(row["hours"]), "h")
    return (energy * _cell(same, "pue", "1") * _cell(same, "grid_kg_per_kwh", "kgCO2e/kWh")).called(row["model"], "kgCO2e")


def training_in_pounds(model: str) -> str:
    """Return the emissions that Strubell et al. print for a training, in words."""
    return measure(stated(float(_training(model)["printed_lb"]), "lb"), "lb", PRINTED)


def footprint(identifier: str, factors: Factors) -> Row:
    """Return a published footprint."""
    return next(row for row in factors.table("published_footprints") if row["id"] == identifier)


def _gpt3_with_pue(claim: Claim, factors: Factors) -> Correction:
    """The energy of GPT-3 has the PUE in; 502 or 503 t have it taken out."""
    row = footprint("gpt3-in-bloom-table", factors)
    energy, grid, pue = _cell(row, "energy_kwh", "kWh"), _cell(row, "grid_kg_per_kwh", "kgCO2e/kWh"), _cell(row, "pue", "1")
    emissions = (energy * grid).called("", "kgCO2e")
    words = {
        "energy": measure(energy, "MWh", PRINTED), "grid": f"{printed(grid.value)} kg CO₂e/kWh", "pue": printed(pue.value),
        "with_pue": measure(emissions, "t"), "without_pue": measure((emissions / pue).called("", "kgCO2e"), "t"),
    }  # fmt: skip
    return Correction(emissions, words)


def _chatgpt_servers(claim: Claim, factors: Factors) -> Correction:
    """The day's energy is servers × rated power × 24 hours; 365 such days are the homes that it could supply."""
    row, day = claim.published, stated(claim.amount, "kWh")
    servers, power, hours = float(row["accel_count"]), _cell(row, "power_w", "W"), _cell(row, "wall_hours", "h")
    home = next(r for r in factors.table("equivalents") if (r["id"], r["edition"]) == ("home-electricity-year-uk", "Ofgem April 2020"))
    homes = (day * exact(DAYS) / stated(float(home["value"]), "kWh")).called("", "1")
    words = {
        "servers": printed(servers), "server_power": measure(power, "kW", PRINTED), "homes": numbers.digits(homes.value),
        "server_energy": measure((power * hours * servers).called("", "kWh"), "MWh"),
    }  # fmt: skip
    return Correction(None, words)


def _nas_recomputed(claim: Claim, factors: Factors) -> Correction:
    """Those who ran the architecture search reported its emissions two years after the estimate."""
    emissions = _cell(footprint("evolved-transformer-nas", factors), "co2e_kg", "kgCO2e")
    times = (amount_of(claim) / emissions).called("", "1")
    big = training_in_pounds("Transformer big")
    return Correction(emissions, {"nas": measure(emissions, "t"), "times": numbers.digits(times.value), "big": big})


def _own_grid(claim: Claim, factors: Factors) -> Correction:
    """The emissions that follow from the energy and the grid intensity of the same source."""
    energy, grid = _cell(claim.published, "energy_kwh", "kWh"), _cell(claim.published, "grid_kg_per_kwh", "kgCO2e/kWh")
    emissions = (energy * grid).called("", "kgCO2e")
    words = {"energy": measure(energy, "kWh", PRINTED), "grid": f"{printed(grid.value)} kg CO₂e/kWh", "product": measure(emissions, "kg")}
    return Correction(emissions, words)


CORRECTIONS: Mapping[str, Callable[[Claim, Factors], Correction]] = {
    "gpt3-with-pue": _gpt3_with_pue, "chatgpt-servers": _chatgpt_servers, "nas-recomputed": _nas_recomputed, "own-grid": _own_grid,
}  # fmt: skip


def _cell(row: Row, column: str, unit: str) -> Figure:
    return stated(float(row[column]), unit, column, sources=(row["source"],))


def _training(model: str) -> dict[str, str]:
    return next(row for row in trainings() if row["model"] == model)
