"""Assessments as data for the tests of the renderer: small ones, written out, and one with hostile text everywhere."""

from __future__ import annotations

import copy
from typing import Any

NOTHING = {"location": None, "market": None, "embodied": None, "offsets": None}
HOSTILE = (
    "<script>alert(1)</script>", "a|b|c", "`code` ``", "[x](javascript:alert(1))", "![x](https://evil.example/x.png)",
    "# heading", "- item", "1. item", "line\nbreak\n\n# two", "$x$ $$y$$ \\(z\\)", "--> <!-- cardgen:end -->", "{{ 7 * 7 }} {% raw %}",
    "🌱 ok 👩‍🔬",
    "\u202egnp.exe\u2066", "\x00\x1b[31m\x7f", "</details></table>", "<img src=x onerror=alert(1)>", "&lt;b&gt; &amp; &#60;",
    "[ref]: https://evil.example", "**bold** __b__ ~~s~~",
    "https://evil.example www.evil.example me@evil.example <https://evil.example>", "\\", "\\|", "'\" onmouseover=\"alert(1)",
    "    code", "~~~", "***", "===",
)  # fmt: skip


def figure(
    value: float, unit: str, low: float | None = None, high: float | None = None, basis: str = "measured", **more: Any
) -> dict[str, Any]:
    """Return a figure; without ends its interval has no width."""
    ends = {"low": value if low is None else low, "high": value if high is None else high}
    return {"value": value, "unit": unit, **ends, "basis": basis, "sources": ["run"], "drivers": [], "derivation": "", **more}


def activity(name: str = "Pretraining", **more: Any) -> dict[str, Any]:
    """Return an activity of which nothing is known but what is given."""
    return {
        "name": name, "phase": "pretraining", "start": None, "end": None, "place": None, "evidence": None, "boundary": None,
        **impact(), "included": [], "not_included": [], "practices": [], "instruments": None, "note": None, **more,
    }  # fmt: skip


def impact(**more: Any) -> dict[str, Any]:
    """Return the figures of an activity or of the totals, unknown but for what is given."""
    return {
        "device_hours": None, "energy": None, "it_energy": None, "energy_by_component": {}, "emissions": dict(NOTHING),
        "water": {"onsite": None, "offsite": None}, "cost": {"electricity": None, "devices": None}, **more,
    }  # fmt: skip


def document(activities: list[dict[str, Any]], totals: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an assessment."""
    model = {
        "name": "Pond 7B",
        "id": "acme/pond-7b",
        "version": None,
        "released": None,
        "organization": None,
        "parameters": None,
        "base_model": None,
    }
    return {
        "cardgen": 1, "model": model, "factors_edition": "2026.11", "activities": activities, "totals": totals, "not_included": [],
        "inference": None, "equivalents": [], "comparison": [], "infrastructure": [], "reported": [], "problems": [],
        "derivations": {}, "sources": {}, **more,
    }  # fmt: skip


def unknown() -> dict[str, Any]:
    """Return an assessment of a run that states nothing."""
    return document([activity()], impact())


def pond() -> dict[str, Any]:
    """Return an assessment with two phases, a service, both ways to count emissions, and a derivation."""
    hours = figure(52224, "h", basis="declared", derivation="1")
    energy = figure(17756.16, "kWh", 15100, 20900, "declared", derivation="4", drivers=[{"input": "power", "share": 0.8}])
    grid = {"sources": ["run", "ember"]}
    carbon = figure(4758.65, "kgCO2e", 3900, 5800, "estimated", derivation="6", drivers=[{"input": "power", "share": 0.714}], **grid)
    market = figure(213.07, "kgCO2e", 170, 266, "declared")
    pretraining = activity(
        start="2025-11-01",
        end="2025-12-15",
        place="Netherlands (gcp europe-west4)",
        evidence="device-hours",
        boundary="accelerators",
        device_hours=hours,
        energy=energy,
        emissions={**NOTHING, "location": carbon, "market": market},
        included=["accelerators", "host (CPU, memory, network, fans)", "facility overhead (PUE)"],
        practices=["early-stopping"],
        instruments="wind power, 2025",
        note="Two of three runs.",
    )
    embodied = figure(223.6, "kgCO2e", 108, 461, "assumed", sources=["run", "boavizta"])
    totals = impact(
        device_hours=hours,
        energy=energy,
        emissions={"location": carbon, "market": market, "embodied": embodied, "offsets": figure(3000, "kgCO2e", basis="declared")},
        water={"onsite": figure(3551.2, "L", 3000, 4200, "declared"), "offsite": None},
        cost={"electricity": figure(1953.18, "EUR", basis="declared"), "devices": None},
    )
    return document(
        [pretraining, activity("Evaluation", phase="evaluation")],
        totals,
        not_included=["failed runs", "energy of Evaluation (not reported)"],
        inference={
            "services": [{"activity": 2, "name": "Chat", "task": "text-generation"}],
            "per_request": figure(0.00042, "kWh", 0.0004, 0.00044),
            "per_1000": figure(0.42, "kWh", 0.4, 0.44),
            "per_year": None,
            "emissions_per_request": None,
            "emissions_per_1000": None,
            "emissions_per_year": None,
            "requests_to_match_training": figure(42276571.4, "1", 3.6e7, 4.9e7, "declared"),
            "days_to_match_training": figure(21.1, "d", 18, 24.6, "declared"),
        },
        equivalents=[
            {
                "id": "car-year-us",
                "label": "passenger cars driven for a year (US)",
                "figure": figure(1.109, "1", derivation="8", sources=["run", "epa"]),
                "quantity": "emissions",
                "edition": "EPA 2024",
                "note": None,
            }
        ],
        reported=[
            {
                "quantity": "energy",
                "reported": figure(17.8e3, "kWh"),
                "computed": energy,
                "agrees": True,
                "source": "https://example.org/paper",
            }
        ],
        problems=[
            {
                "code": "CG204",
                "severity": "warning",
                "message": "service life: 4 years was not checked against a document",
                "path": None,
                "hint": None,
            }
        ],
        derivations={
            "1": _derivation("device-hours", 52224, "h", "declared", note="activities[0].hardware[0].device_hours"),
            "2": _derivation("power", 400, "W", "declared", note="activities[0].hardware[0].power"),
            "3": _derivation("utilisation", 0.85, "1", "declared", note="activities[0].hardware[0].utilization"),
            "4": _derivation(
                "facility energy", 17756.16, "kWh", "declared", formula="power × utilisation × device-hours", inputs=["2", "3", "1"]
            ),
            "5": _derivation(
                "grid intensity",
                0.268,
                "kgCO2e/kWh",
                "estimated",
                note="grid intensity of Netherlands, 2024, life-cycle",
                sources=["ember"],
                factor={
                    "table": "grid_intensity",
                    "column": "value",
                    "edition": "2026.11",
                    "row": {"zone": "NLD", "year": "2024", "basis": "life-cycle"},
                    "note": "Net imports included",
                    "verified": True,
                },
                uncertainty="grid-region",
            ),
            "6": _derivation(
                "location-based emissions", 4758.65, "kgCO2e", "estimated", formula="facility energy × grid intensity", inputs=["4", "5"]
            ),
            "7": _derivation(
                "one of: passenger cars driven for a year (US)", 4290, "kgCO2e", "estimated", note="car-year-us, EPA 2024", sources=["epa"]
            ),
            "8": _derivation(
                "passenger cars driven for a year (US)",
                1.109,
                "1",
                "estimated",
                formula="location-based emissions ÷ one of: passenger cars driven for a year (US)",
                inputs=["6", "7"],
            ),
        },
        disagreements=[
            {
                "inputs": ["5"],
                "about": "the grid intensity of Netherlands",
                "used": {"value": 0.268, "unit": "kgCO2e/kWh", "year": "2024", "basis": "life-cycle", "sources": ["ember"]},
                "others": [{"value": 0.31, "unit": "kgCO2e/kWh", "year": "2023", "basis": "direct", "sources": ["boavizta"]}],
            }
        ],
        uncertainties={
            "grid-region": {"gsd": 1.2, "what": "a grid intensity", "note": "Years compared", "sources": ["ember"], "verified": False}
        },
        sources={
            "ember": _source("Carbon intensity of electricity", "ourworldindata.org/grapher/carbon-intensity-electricity"),
            "epa": _source("Greenhouse Gas Equivalencies Calculator", "https://www.epa.gov/energy"),
            "boavizta": _source("BoaviztAPI", None),
        },
    )


def hostile(text: str) -> dict[str, Any]:
    """Return the assessment of the pond with a text in every place that a user or a table can fill."""
    made = copy.deepcopy(pond())
    for key in made["model"]:
        made["model"][key] = text if key != "parameters" else 7e9
    for item in made["activities"]:
        item.update(
            name=text, start=text, end=text, place=text, boundary=text, practices=[text], instruments=text, note=text, not_included=[text]
        )
        item["included"] = [text, text] if item["energy"] else []
    made["inference"]["services"][0].update(name=text, task=text)
    made["equivalents"][0].update(label=text, edition=text)
    made["reported"][0].update(source=text, quantity=text)
    for problem in made["problems"]:
        problem.update(message=text)
    for derivation in made["derivations"].values():
        derivation["note"] = text
    made["derivations"]["2"]["name"] = text
    made["derivations"]["5"]["factor"].update(table=text, column=text, edition=text, row={text: text}, note=text)
    made["uncertainties"]["grid-region"].update(what=text, note=text)
    made["disagreements"][0].update(about=text)
    for number in (made["disagreements"][0]["used"], *made["disagreements"][0]["others"]):
        number.update(year=text, basis=text)
    made["derivations"]["4"]["formula"] = f"{text} × utilisation × device-hours"
    for source in made["sources"].values():
        source.update(dict.fromkeys(("title", "publisher", "year", "licence", "where", "url"), text))
    made.update(not_included=[text], notes=[text], factors_edition=text)
    return made


def _derivation(name: str, value: float, unit: str, basis: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "value": value, "unit": unit, "low": value, "high": value, "basis": basis, "sources": ["run"], "note": None,
        "formula": None, "calculation": None, "inputs": [], **more,
    }  # fmt: skip


def _source(title: str, url: str | None) -> dict[str, Any]:
    return {"title": title, "publisher": "Publisher", "year": "2024", "url": url, "licence": "CC-BY-4.0", "where": "table 1"}
