"""When answering requests has used as much energy as training: a line that rises from zero crosses a level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cardgen.charts.chart import Axis, Chart, Crossing
from cardgen.charts.figures import Figure, Item, bounds, figure, source, table
from cardgen.charts.words import name
from cardgen.numbers import digits, quantity, round_to, span_step, step

PLACE = 4
MEAN = "mean of all requests"  # said where several services share the requests


def chart(document: Mapping[str, Any]) -> Chart | None:
    """Return the break-even chart, or None where training, inference or the number of requests is unknown."""
    inference = document.get("inference") or {}
    training = figure((document.get("totals") or {}).get("energy"))
    request, count = figure(inference.get("per_request")), figure(inference.get("requests_to_match_training"))
    if training is None or request is None or count is None or min(training["value"], request["value"], count["value"]) <= 0:
        return None
    days = figure(inference.get("days_to_match_training"))
    if days is not None and days["value"] <= 0:
        days = None
    after = f"about {_requests(count['value'])}" + (f", {_time(days['value'])}" if days else "")
    title = f"Inference equals training after {after}"
    model = name((document.get("model") or {}).get("name") or "The model")
    per_request = quantity(request["value"], request["unit"])
    at_training = quantity(training["value"], training["unit"])
    mean = len(inference.get("services") or ()) > 1
    dashed = any(f.get("basis") != "measured" for f in (training, request))
    reading = ["dashed is not measured"] if dashed else []
    reading += ["the band is the 90 % interval of the crossing"] if len(set(bounds(days or count))) == 2 else []
    assumption = f"the {MEAN}" if mean else "the same energy per request"
    at_request = f"{per_request} per request{f', {MEAN}' if mean else ''}"
    columns, rows = _table(training, request, count, days, mean)
    unit = step([training["value"]], "kWh")[0]
    return Chart(
        "break-even", title,
        f"Cumulated energy of inference and energy of training in {unit}, over {'time' if days else 'requests'}; {assumption} "
        f"throughout{'; ' if reading else ''}{', '.join(reading)}.",
        source(document, [training, request, count, days]),
        f"{model}: at {at_request}, inference has used as much as training, {at_training}, after {after}.",
        (_crossing(training, request, days or count, bool(days), f"{title}{_span(days or count, bool(days))}", per_request),),
        columns, rows,
    )  # fmt: skip


def _crossing(training: Figure, request: Figure, across: Figure, is_time: bool, words: str, per_request: str) -> Crossing:
    level, at = round_to(training["value"], 6), round_to(across["value"], 6)
    low, high = bounds(across)
    slope = level / at
    return Crossing(
        _across(2 * at, *(span_step(at) if is_time else step([2 * at], "1"))),
        Axis(0.0, 2 * level, ((0.0, ""), (2 * level, ""))),
        level, at, slope * at / (round_to(low, 6) or at), slope * at / round_to(high, 6),
        f"Training, {quantity(training['value'], training['unit'])}", f"Inference, {per_request} per request", words,
        training.get("basis") == "measured", request.get("basis") == "measured",
    )  # fmt: skip


def _requests(count: float) -> str:
    return f"{quantity(count, '1')} requests"


def _time(days: float) -> str:
    words, size = span_step(days)
    return f"{digits(days / size)} {words}"


def _span(across: Figure, is_time: bool) -> str:
    """Return the interval of the crossing in the unit of its axis."""
    low, high = bounds(across)
    if low == high:
        return ""
    words, size = span_step(across["value"]) if is_time else step([across["value"]], "1")
    return f" ({digits(low / size)} to {digits(high / size)}{' ' + words if words else ''})"


def _across(end: float, words: str, size: float) -> Axis:
    """Return an axis that ends where the plot ends, so that the crossing stands in the middle; each label has its unit."""
    power = 10.0 ** math.floor(math.log10(end))
    distance = next(d * power for d in (0.2, 0.25, 0.5, 1, 2, 2.5) if end / (d * power) < 5)
    count = math.floor(round(end / distance, 6))
    labels = ("0", *(f"{digits(i * distance / size)} {words}".rstrip() for i in range(1, count + 1)))
    return Axis(0.0, end, tuple((i * distance, label) for i, label in enumerate(labels)))


def _table(
    training: Figure, request: Figure, count: Figure, days: Figure | None, mean: bool
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    each = f"Energy per request, {MEAN}" if mean else "Energy per request"
    columns, rows = table([Item("Energy of training", training), Item(each, request)], "Figure")
    further = [("Requests until inference equals training", *_cells(count, *step([count["value"]], "1")))]
    if days is not None:
        further.append(("Time until inference equals training", *_cells(days, *span_step(days["value"]))))
    return columns, (*rows, *further)


def _cells(known: Figure, words: str, size: float) -> tuple[str, str, str]:
    low, high = bounds(known)
    span = f"{digits(low / size)} to {digits(high / size)}" if low < high else ""
    return f"{digits(known['value'] / size)} {words}".rstrip(), span, str(known.get("basis") or "")
