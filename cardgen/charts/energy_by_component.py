"""Where the energy went: by component within each phase; where there are many of both, by phase and by component apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cardgen.charts.chart import Chart
from cardgen.charts.figures import MOST, Figure, Item, add, fewer, figure, in_step, is_wide, panels, said, source, subtitle, table
from cardgen.charts.phases import label, not_inference
from cardgen.charts.words import capital, name
from cardgen.numbers import percent, quantity, step

PLACE = 1


def chart(document: Mapping[str, Any]) -> Chart | None:
    """Return the chart of the energy, or None with fewer than two bars."""
    activities = not_inference(document)
    phases = [Item(label(a), figure(a.get("energy"))) for a in activities]
    total = figure((document.get("totals") or {}).get("energy")) or add(p.figure for p in phases if p.figure is not None)
    components = _components(document)
    colours = {component: i for i, component in enumerate(components)}
    pairs = [item for activity in activities for item in _pairs(activity, colours)]
    groups = _groups(phases, pairs, components)
    shown = [item for _, items in groups for item in items]
    if total is None or total["value"] <= 0 or sum(item.figure is not None for item in shown) < 2:
        return None
    one_step = None if is_wide(shown) else step([total["value"]], "kWh")  # that of the total, in the text beside the chart too
    drawn = panels([(heading, in_step(items, one_step)) for heading, items in groups], "kWh")
    known = [item.figure for item in shown]
    columns, rows = table(in_step(pairs, one_step), "Component", "Phase")
    boundary = f"boundary: {', '.join(name(c) for c in list(components)[:4])}" if components else ""
    title = _finding(phases, components, total)
    measure = "Energy without inference" if document.get("inference") is not None else "Energy"
    return Chart(
        "energy-by-component", title, subtitle(measure, boundary, drawn),
        source(document, known), f"{title}{_rest(phases, components, one_step)}.", drawn, columns, rows,
    )  # fmt: skip


def _components(document: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the components of the total with their energy, the largest first."""
    stated = (document.get("totals") or {}).get("energy_by_component") or {}
    found = {str(key): known for key, value in stated.items() if (known := figure(value)) is not None}
    if not found:
        parts: dict[str, list[Figure]] = {}
        for activity in not_inference(document):
            for key, value in (activity.get("energy_by_component") or {}).items():
                if (known := figure(value)) is not None:
                    parts.setdefault(str(key), []).append(known)
        found = {key: total for key, values in parts.items() if (total := add(values)) is not None}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]["value"]))


def _pairs(activity: Mapping[str, Any], colours: Mapping[str, int]) -> list[Item]:
    """Return the components of an activity; where none is known, its energy as a whole."""
    parts = {str(key): figure(value) for key, value in (activity.get("energy_by_component") or {}).items()}
    if not any(parts.values()):
        return [Item("energy", figure(activity.get("energy")), label(activity))]
    ordered = sorted(parts.items(), key=lambda pair: -pair[1]["value"] if pair[1] else 1.0)
    return [Item(key, value, label(activity) if i == 0 else "", colour=colours.get(key, 0)) for i, (key, value) in enumerate(ordered)]


def _groups(phases: Sequence[Item], pairs: Sequence[Item], components: Mapping[str, Figure]) -> list[tuple[str, list[Item]]]:
    """Return the headings with their bars: few are shown pair by pair, many by phase and by component."""
    if len(pairs) <= MOST:
        return [("", list(pairs))]
    parts = [Item(component, known, colour=i) for i, (component, known) in enumerate(components.items())]
    both = [("By phase", fewer(phases)), ("By component", fewer(parts) if parts else [])]
    return [(heading, items) for heading, items in both if len(items) > 1]


def _finding(phases: Sequence[Item], components: Mapping[str, Figure], total: Figure) -> str:
    """Return what used the most: a phase when there are several, else a component."""
    known = [p for p in phases if p.figure is not None]
    if len(phases) > 1 and known:
        subject, most = max(((p.label, p.figure["value"]) for p in known if p.figure), key=lambda pair: pair[1])
    else:
        subject, most = next(((key, f["value"]) for key, f in components.items()), ("", 0.0))
        subject = capital(subject)
    if not subject:
        return f"The model used {quantity(total['value'], total['unit'])}"
    reported = " reported" if len(known) < len(phases) else ""
    whole = f"the {quantity(total['value'], total['unit'])}{reported}"
    share = most / total["value"]
    part = "all" if share > 0.995 else percent(share)
    return f"{name(subject)} used {part} of {whole}"


def _rest(phases: Sequence[Item], components: Mapping[str, Figure], one_step: tuple[str, float] | None) -> str:
    """Return the end of the description: the component that used the most, where the title names a phase."""
    if len(phases) < 2 or not components:
        return ""
    component, most = next(iter(components.items()))
    return f"; of the components, {name(component)} used the most, {said(most, one_step)[0]}"
