"""Assessments as JSON, made small for the tests of the charts."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def figure(value: float, unit: str = "kWh", basis: str = "measured", spread: float = 0.1, sources: tuple[str, ...] = ("run",)) -> Json:
    """Return a figure with an interval of ± spread."""
    low, high = value * (1 - spread), value * (1 + spread)
    return {"value": value, "unit": unit, "low": low, "high": high, "basis": basis, "sources": list(sources), "drivers": []}


def activity(name: str, energy: float | None = 21780.0, phase: str = "pretraining", **emissions: float) -> Json:
    """Return an activity whose energy is split over three components; further figures are emissions in kg."""
    shares = {"accelerators": (0.82, "measured"), "host": (0.09, "estimated"), "facility overhead": (0.09, "declared")}
    split = {} if energy is None else {key: figure(energy * share, basis=basis) for key, (share, basis) in shares.items()}
    stated = {key: figure(kg, "kgCO2e", "estimated", 0.2, ("ember-2025",)) for key, kg in emissions.items()}
    return {
        "name": name,
        "phase": phase,
        "energy": None if energy is None else figure(energy),
        "energy_by_component": split,
        "emissions": {"location": None, "market": None, "embodied": None, "offsets": None, **stated},
    }


def entry(name: str, kwh: float | None, basis: str = "estimated", own: bool = False, **further: Any) -> Json:
    """Return an entry of the comparison."""
    energy = None if kwh is None else {"value": kwh, "low": kwh * 0.7, "high": kwh * 1.4, "unit": "kWh"}
    shared = {"organisation": "Acme", "year": 2023, "parameters": 7e9, "emissions": None, "source": f"{name.lower()[:5]}-2023"}
    return {"id": name, "name": name, "energy": energy, "basis": basis, "self": own, **shared, **further}


def document(*activities: Json, **further: Any) -> Json:
    """Return an assessment of a model with every part that a chart shows."""
    done = list(activities) or [
        activity("Pretraining", 21780.0, location=5840.0, market=261.0, embodied=1210.0, offsets=3000.0),
        activity("Fine-tuning", 1210.0, "fine-tuning", location=324.0, market=14.5),
    ]
    energy = sum(a["energy"]["value"] for a in done if a["energy"] and a["phase"] != "inference")
    return {
        "cardgen": 1,
        "model": {"name": "Pond 7B", "id": "acme/pond-7b"},
        "factors_edition": "2026.11",
        "activities": done,
        "totals": {"energy": figure(energy), "energy_by_component": {}, "emissions": {}},
        "inference": {
            "per_request": figure(0.00042, basis="estimated", spread=0.3),
            "requests_to_match_training": figure(energy / 0.00042, "1", "estimated", 0.3),
            "days_to_match_training": figure(energy / 0.00042 / 2e6, "d", "estimated", 0.3),
        },
        "comparison": [
            entry("Pond 7B", energy, "measured", own=True),
            entry("BLOOM 176B", 433196.0, "measured", organisation="BigScience", year=2022),
            entry("Llama 2 70B", 688128.0, "declared", organisation="Meta"),
            entry("GPT-3", 1287000.0, organisation="OpenAI", year=2020),
            entry("BERT base", 1507.0, organisation="Google", year=2018),
            entry("ViT tiny", 31.0, organisation="Google", year=2021),
            entry("Grok 4", 310e6, organisation="xAI", year=2025),
            entry("Nothing known", None),
        ],
        "infrastructure": [
            {"name": "GPUs", "power": figure(25600, "W", "declared", 0), "price": figure(640000, "USD", "declared", 0), "lifetime": None},
            {"name": "Hosts", "power": figure(4200, "W", "declared", 0), "price": figure(90000, "USD", "declared", 0), "lifetime": None},
            {"name": "Network", "power": figure(1800, "W", "declared", 0), "price": None, "lifetime": None},
        ],
        **further,
    }
