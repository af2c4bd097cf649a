"""What a run of nothing but inference uses, for as many requests as a publication may state its figures for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields

from cardgen.core.assessment import ActivityResult, Impact, Service
from cardgen.core.figure import Figure, exact, total
from cardgen.core.reported.boundaries import all_measured, as_measured
from cardgen.core.reported.implied import apart
from cardgen.core.reported.printed import water
from cardgen.core.run import Run


def of_services(run: Run, results: Sequence[ActivityResult], services: Sequence[Service]) -> tuple[Impact, Figure | None]:
    """Return what the activities of a run of nothing but inference use, by the request, the thousand, the day or the period:
    whichever is nearest to what is printed. The energy that was measured, if it was, stands beside it."""
    alone = [result for result in results if result.activity.requests is None or result.impact.energy is not None]
    own = _sum([result.impact for result in alone])
    options: list[tuple[Impact, Figure | None]] = [(own, all_measured(alone))] if own.energy is not None else []
    seen = [as_measured(service.per_request, service.boundary) for service in services if _is_measured(service)]
    counted = [_counts(service) for service in services]
    for kind in dict.fromkeys(kind for counts in counted for kind in counts):
        if all(kind in counts for counts in counted):
            scaled = [_scaled(service.per_request, counts[kind]) for service, counts in zip(services, counted)]
            parts = [figure * exact(counts[kind], "1", "requests") for figure, counts in zip(seen, counted) if figure is not None]
            options.append((_sum(scaled), total(parts) if len(parts) == len(services) else None))
    printed = run.reported
    assert printed is not None

    def distance(impact: Impact, measured: Figure | None) -> float:
        pairs = ((printed.energy, impact.energy), (printed.emissions, impact.location), (printed.water, water(impact)))
        known = next(((one.value, other.value) for one, other in pairs if one is not None and other is not None), None)
        if known is None:
            return math.inf
        seen = [measured.value] if measured is not None and printed.energy is not None else []
        return min(apart(known[0], value) for value in (known[1], *seen))

    return min(options, key=lambda option: distance(option[0], option[1]), default=(Impact(), None))


def _is_measured(service: Service) -> bool:
    """Return whether the energy of a request is stated, not divided out of that of the service."""
    requests = service.result.activity.requests
    return requests is not None and bool(requests.energy or requests.per_1000 or requests.repeats)


def _counts(service: Service) -> dict[str, float]:
    """Return for how many requests a publication may state its figures."""
    requests = service.result.activity.requests
    assert requests is not None
    counts = {"stated": 1000.0 if requests.per_1000 is not None else requests.repeat_size if requests.repeats else 1.0}
    if requests.per_day:
        counts["day"] = requests.per_day
        if requests.period is not None:
            counts["period"] = requests.per_day * requests.period.value / 24
    return counts


def _scaled(impact: Impact, number: float) -> Impact:
    figures = {item.name: figure for item in fields(Impact) if isinstance(figure := getattr(impact, item.name), Figure)}
    many = exact(number, "1", "requests")
    components = {name: figure * many for name, figure in impact.components.items()}
    return Impact(components=components, **{name: (figure * many).called(figure.name, figure.unit) for name, figure in figures.items()})


def _sum(impacts: Sequence[Impact]) -> Impact:
    found = Impact()
    for item in ("energy", "it_energy", "device_hours", "location", "market", "embodied", "offsets", "onsite_water", "offsite_water"):
        parts = [figure for impact in impacts if (figure := getattr(impact, item)) is not None]
        if len(parts) == len(impacts) and parts:
            setattr(found, item, total(parts))
    for name in dict.fromkeys(name for impact in impacts for name in impact.components):
        found.components[name] = total([impact.components[name] for impact in impacts if name in impact.components])
    return found
