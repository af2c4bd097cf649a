"""Emissions of each phase: by the local grid, by contracts where stated, and from making the hardware. Nothing is subtracted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cardgen.charts.chart import Chart
from cardgen.charts.figures import MOST, Figure, Item, add, fewer, figure, in_step, is_wide, panels, source, subtitle, table
from cardgen.charts.phases import label, not_inference
from cardgen.charts.words import name
from cardgen.numbers import percent, quantity, step

PLACE = 2
# What the assessment calls it, what the chart calls it, and its mark: the second view of the same energy is the thinner bar.
SCOPES = (("location", "location-based", "bar", 0), ("market", "market-based", "thin", 1), ("embodied", "embodied", "bar", 2))


def chart(document: Mapping[str, Any]) -> Chart | None:
    """Return the chart of the emissions, or None with fewer than two bars."""
    activities = not_inference(document)
    pairs = [item for activity in activities for item in _pairs(activity)]
    groups = _groups(document, activities, pairs)
    shown = [item for _, items in groups for item in items]
    location = _total(document, activities, "location")
    if location is None or location["value"] <= 0 or sum(item.figure is not None for item in shown) < 2:
        return None
    steps = {} if is_wide(shown) else _steps(document, location)
    groups = [(heading, _in_steps(items, steps)) for heading, items in groups]
    drawn = panels(groups, "kgCO2e")
    known = [item.figure for item in shown]
    columns, rows = table(_in_steps(pairs, steps), "Emissions", "Phase")
    title = _finding(document, activities, location)
    return Chart(
        "emissions-by-phase", title, subtitle("Emissions", _boundary(shown), drawn), source(document, known),
        f"{title}.", drawn, columns, rows, _offsets(document, activities),
    )  # fmt: skip


def _total(document: Mapping[str, Any], activities: Sequence[Mapping[str, Any]], scope: str) -> Figure | None:
    stated = figure(((document.get("totals") or {}).get("emissions") or {}).get(scope))
    every = [figure((a.get("emissions") or {}).get(scope)) for a in activities]
    return stated or add(f for f in every if f is not None)


def _steps(document: Mapping[str, Any], location: Figure) -> dict[int, tuple[str, float]]:
    """Return the unit step of each scope by its colour: that of its total, as in the text beside the chart."""
    stated = (document.get("totals") or {}).get("emissions") or {}
    totals = {colour: location if key == "location" else figure(stated.get(key)) for key, _, _, colour in SCOPES}
    return {colour: step([total["value"]], "kgCO2e") for colour, total in totals.items() if total is not None}


def _in_steps(items: Sequence[Item], steps: Mapping[int, tuple[str, float]]) -> list[Item]:
    return [stepped for item in items for stepped in in_step([item], steps.get(item.colour))]


def _pairs(activity: Mapping[str, Any]) -> list[Item]:
    """Return the emissions of an activity: location-based always, the others where they are given."""
    emissions = activity.get("emissions") or {}
    found = [(scope, figure(emissions.get(scope[0]))) for scope in SCOPES]
    kept = [(scope, known) for scope, known in found if known is not None or scope[0] == "location"]
    return [Item(words, known, "" if i else label(activity), shape, colour) for i, ((_, words, shape, colour), known) in enumerate(kept)]


def _groups(document: Mapping[str, Any], activities: Sequence[Mapping[str, Any]], pairs: Sequence[Item]) -> list[tuple[str, list[Item]]]:
    """Return the headings with their bars: few are shown pair by pair, many by phase and, for all phases, by method."""
    if len(pairs) <= MOST:
        return [("", list(pairs))]
    phases = [Item(label(a), figure((a.get("emissions") or {}).get("location"))) for a in activities]
    totals = [Item(words, _total(document, activities, key), "", shape, colour) for key, words, shape, colour in SCOPES]
    totals = [item for item in totals if item.figure is not None]
    return [("By phase, location-based", fewer(phases)), *([("All phases", totals)] if len(totals) > 1 else [])]


def _boundary(shown: Sequence[Item]) -> str:
    words = {item.label for item in shown if item.figure is not None}
    parts = ["market-based is another view of the same electricity, not a further amount"] if "market-based" in words else []
    parts.append("embodied is making the hardware" if "embodied" in words else "electricity only, making the hardware is not included")
    return "; ".join(parts)


def _finding(document: Mapping[str, Any], activities: Sequence[Mapping[str, Any]], location: Figure) -> str:
    """Return which phase caused the most; with one phase, what the methods give."""
    total = quantity(location["value"], location["unit"])
    pairs = [(label(a), figure((a.get("emissions") or {}).get("location"))) for a in activities]
    known = [(words, found["value"]) for words, found in pairs if found is not None]
    if len(pairs) > 1 and known:
        subject, most = max(known, key=lambda pair: pair[1])
        share = most / location["value"]
        part = "all" if share > 0.995 else percent(share)
        reported = " reported" if len(known) < len(pairs) else ""
        return f"{name(subject)} caused {part} of the {total}{reported}, location-based"
    others = [(words, _total(document, activities, key)) for key, words, *_ in SCOPES[1:]]
    stated = [f"{words} {quantity(found['value'], found['unit'])}" for words, found in others if found is not None]
    return f"Location-based emissions are {', '.join([total, *stated])}"


def _offsets(document: Mapping[str, Any], activities: Sequence[Mapping[str, Any]]) -> str:
    offsets = _total(document, activities, "offsets")
    if offsets is None or offsets["value"] <= 0:
        return ""
    return f"Offsets of {quantity(offsets['value'], offsets['unit'])} are stated apart and not subtracted."
