"""Published footprints beside which a model is shown."""

from __future__ import annotations

from collections.abc import Iterable

from cardgen.core.inputs import Inputs
from cardgen.core.tables import Row

# From very small to very large; all state or imply their energy.
WELL_KNOWN = (
    "teenytinyllama-160m",
    "strubell-bert-base",
    "llama1-7b",
    "olmo2-7b",
    "bloom-dynamic",
    "gpt3-in-bloom-table",
    "llama3.1-total",
)


def rows(wanted: Iterable[str] | None, inputs: Inputs, model: str = "") -> list[Row]:
    """Return the published footprints that the author names, or a handful of well-known ones from small to large.

    Those of the model itself are left out, unless its author names them.
    """
    table = [row for row in inputs.factors.table("published_footprints") if row["unit"] == "run" and energy_kwh(row) is not None]
    if wanted is None:
        known = [row for name in WELL_KNOWN for row in table if row["id"] == name]
        return [row for row in known if not model or not row["system"].casefold().startswith(model.strip().casefold())]
    chosen = []
    for i, name in enumerate(wanted):
        key = name.strip().casefold()
        match = [row for row in table if key in (row["id"].casefold(), row["system"].casefold())]
        match = match or [row for row in table if row["system"].casefold().startswith(key)]
        if match:
            chosen.append(match[0])
            continue
        similar = inputs.similar(inputs.factors.similar, name, [row["system"] for row in table], 3, 0.4)
        hint = f"did you mean {' or '.join(similar)}?" if similar else "see: cardgen factors list published_footprints"
        inputs.warn("CG209", ("card", "compare_with", i), f'"{name}" has no published energy in the table', hint)
    return chosen


def energy_kwh(row: Row) -> float | None:
    """Return the energy that a publication states in kWh, else device-hours × the power that it names × PUE."""
    stated, hours, power = row.number("energy_kwh"), row.number("accel_hours"), row.number("power_w") or row.number("tdp_w")
    if stated is not None or hours is None or power is None:
        return stated
    return hours * power / 1000 * (row.number("pue") or 1.0)
