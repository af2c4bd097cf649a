"""What inference services use, in phrases of plain text: each request, a year, their hardware, and break-even."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cardgen.render.figures import GAP, Document, Line, basis, bracket, comma, references, sources_of, spread, value, with_spread

MEAN = "mean of all requests"
_SCALES = (("request", "each request"), ("1000", "1,000 requests"), ("year", "a year"))
_SHOWN = [f"{kind}{scale}" for kind in ("per_", "emissions_per_", "market_emissions_per_") for scale, _ in _SCALES]


def lines(document: Document, numbered: Mapping[str, int]) -> list[Line]:
    """Return the statements about inference: of one service by scale, of several one for each service and their mean."""
    inference, apart = document.get("inference"), [_without_requests(a, numbered) for a in without_requests(document)]
    if inference is None:
        return apart
    services = inference.get("services") or ()
    if len(services) > 1:
        found = [_service(document, service, numbered) for service in services]
        found += [_scale("Mean of all requests", inference, "request", numbered)] if inference.get("per_request") else []
        found += [_scale("A year of all services", inference, "year", numbered)] if inference.get("per_year") else []
    else:
        tasks = ", ".join(s["task"] for s in services if s.get("task"))
        found = [
            _scale(f"Each request{bracket(tasks)}", inference, "request", numbered),
            _scale("1,000 requests", inference, "1000", numbered),
        ]
        found += [_scale("A year of service", inference, "year", numbered)] if inference.get("per_year") else []
        for service in services:
            if text := _hardware(document, service):
                spent = _spent(document, service)
                found.append(Line("Hardware of the service", text, references(sources_of(spent), numbered), spent))
    return found + apart + _break_even(inference, len(services) > 1)


def several(document: Document) -> list[Mapping[str, Any]]:
    """Return the services where there are several, else none."""
    services = list((document.get("inference") or {}).get("services") or ())
    return services if len(services) > 1 else []


def without_requests(document: Document) -> list[Mapping[str, Any]]:
    """Return the activities of inference whose energy is known for a time, and not for a number of requests."""
    served = {service.get("activity") for service in (document.get("inference") or {}).get("services") or ()}
    activities = enumerate(document["activities"])
    return [a for index, a in activities if a.get("phase") == "inference" and a.get("energy") is not None and index not in served]


def _without_requests(activity: Mapping[str, Any], numbered: Mapping[str, int]) -> Line:
    figures = (activity["energy"], (activity.get("emissions") or {}).get("location"))
    energy, carbon = (f"{with_spread(figure)}{comma(basis(figure))}" if figure else f"carbon {GAP}" for figure in figures)
    text = f"{energy}; {carbon}; for how many requests is {GAP}"
    return Line(str(activity.get("name") or "Inference"), text, references(sources_of(figures), numbered), figures)


def name(service: Mapping[str, Any]) -> str:
    """Return what a service is called."""
    return str(service.get("name") or service.get("task") or "Service")


def _service(document: Document, service: Mapping[str, Any], numbered: Mapping[str, int]) -> Line:
    """Return the figures of one of several services at each scale, and of its hardware where they are given."""
    label = f"{name(service)}{bracket(str(service.get('task') or ''))}"
    if not service.get("per_request"):
        text = GAP
    else:
        text = "; ".join(f"{words} {_amounts(service, scale, ', and ')}" for scale, words in _SCALES if service.get(f"per_{scale}"))
    hardware = _hardware(document, service)
    shown = (*map(service.get, _SHOWN), *_spent(document, service))
    return Line(label, f"{text}; its hardware: {hardware}" if hardware else text, references(sources_of(shown), numbered), shown)


def _scale(label: str, inference: Mapping[str, Any], scale: str, numbered: Mapping[str, int]) -> Line:
    figures = tuple(inference.get(f"{kind}{scale}") for kind in ("per_", "emissions_per_", "market_emissions_per_"))
    return Line(label, _amounts(inference, scale, "; "), references(sources_of(figures), numbered), figures)


def _amounts(part: Mapping[str, Any], scale: str, between: str) -> str:
    """Return energy and carbon at a scale, each with its basis, and the market-based carbon where it is given."""
    energy, carbon, market = (part.get(f"{kind}{scale}") for kind in ("per_", "emissions_per_", "market_emissions_per_"))
    stated = [f"{with_spread(energy)}{comma(basis(energy))}"]
    stated.append(f"{with_spread(carbon)}{comma(basis(carbon))}" if carbon else f"carbon {GAP}")
    return between.join(stated) + (f", market based {with_spread(market)}{comma(basis(market))}" if market else "")


def _hardware(document: Document, service: Mapping[str, Any]) -> str:
    """Return what the devices of a service cost and what making them caused; nothing where neither is known."""
    devices, embodied = _spent(document, service)
    texts = [f"{with_spread(devices)} for devices"] if devices else []
    texts += [f"{with_spread(embodied)}{comma(basis(embodied))}, for making it"] if embodied else []
    return f"{' and '.join(texts)}, over the time that the run file states" if texts else ""


def _spent(document: Document, service: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the cost of devices and the embodied emissions of the activity that a service is."""
    activities, index = document["activities"], service.get("activity")
    known = [activities[index]] if isinstance(index, int) and 0 <= index < len(activities) else []
    activity = next((a for a in (*known, *activities) if a.get("phase") == "inference" and a.get("name") == service.get("name")), {})
    return (activity.get("cost") or {}).get("devices"), (activity.get("emissions") or {}).get("embodied")


def _break_even(inference: Mapping[str, Any], is_mean: bool) -> list[Line]:
    requests, days = inference.get("requests_to_match_training"), inference.get("days_to_match_training")
    if not requests:
        return []
    after = f", or {value(days)}{bracket(spread(days))} of service" if days else ""
    mean = f" at the {MEAN}" if is_mean else ""
    text = f"after about {value(requests)} requests{bracket(spread(requests))}{mean}{after}, inference has used as much energy as training"
    return [Line("Break-even", text, figures=(requests, days))]
