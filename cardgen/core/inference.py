"""Inference: energy per request, per year, and the number of requests that equal training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cardgen.core.figure import Z90, Figure, added, exact

# Student's t at 95 % by the number of repeats: the mean of a few is less certain than their spread suggests.
_T95 = {2: 6.314, 3: 2.920, 4: 2.353, 5: 2.132, 6: 2.015, 7: 1.943, 8: 1.895, 9: 1.860, 10: 1.833}


def mean_of_repeats(repeats: Sequence[float]) -> tuple[float, float]:
    """Return the mean of repeated measurements and the standard deviation of the logarithm of that mean.

    The spread between the repeats is divided by the square root of their number: it is the mean that is uncertain. It is
    widened for few repeats so that value × exp(± 1.645 σ) is the 90 % interval of Student's t distribution.

    >>> mean_of_repeats([0.9, 1.0, 1.1])[0]
    1.0
    """
    mean = added(repeats) / len(repeats)
    if len(repeats) < 2 or mean <= 0 or math.isinf(mean):
        return mean, 0.0
    deviation = math.hypot(*(value / mean - 1 for value in repeats)) / math.sqrt(len(repeats) - 1)
    return mean, deviation / math.sqrt(len(repeats)) * _T95.get(len(repeats), Z90) / Z90


def for_requests(per_request: Figure, requests: float, name: str) -> Figure:
    """Return what a number of requests uses, in the unit of the figure for one."""
    return (per_request * exact(requests, "1", "requests")).called(name, per_request.unit)


def requests_to_match(training: Figure, per_request: Figure) -> Figure:
    """Return the number of requests whose energy equals that of training: the break-even."""
    return (training / per_request).called("requests that equal training", "1")


def days_to_match(requests: Figure, per_day: Figure) -> Figure:
    """Return the days of service after which inference has used as much energy as training."""
    return (requests / per_day).called("days until inference equals training", "d")
