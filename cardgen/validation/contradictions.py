"""What the parts of a run file say about each other: contradictions, missing evidence, assumptions."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterator
from typing import Any

from cardgen.core.problem import Path, Problem
from cardgen.core.units import UnitError
from cardgen.validation.structure import is_date, quantity

TOLERANCE = 0.01


def contradictions(data: dict[str, Any]) -> Iterator[Problem]:
    """Yield the contradictions in a run file. Values that cannot be read are passed over: other problems name them."""
    for path, activity in _entries(data, "activities", ()):
        yield from _period(activity, path)
        for pool_path, pool in _entries(activity, "hardware", path):
            yield from _device_hours(pool, pool_path)
            yield from _longer_than_period(pool, pool_path, activity)
        yield from _requests(activity, path)
        host = _section(activity, "host")
        if "power_per_device" in host and not activity.get("hardware"):
            message = "power for each device is given, but no hardware"
            yield Problem("CG116", message, (*path, "host", "power_per_device"), "add `hardware` with `count`, or remove this key")


def gaps(data: dict[str, Any]) -> Iterator[Problem]:
    """Yield what is missing, and what is assumed in its place."""
    for path, activity in _entries(data, "activities", ()):
        if not _has_evidence(activity):
            hint = "give `energy`, `hardware` with `count` and `duration`, or `compute`"
            severity = "warning" if data.get("reported") else "error"  # what a publication prints stands alone then
            yield Problem("CG114", "there is nothing to compute the energy from", path, hint, severity)
        for pool_path, pool in _entries(activity, "hardware", path):
            yield from _pool_gaps(pool, pool_path)
        compute = activity.get("compute")
        if isinstance(compute, dict) and "flops" not in compute and not {"parameters", "tokens"} <= compute.keys():
            yield Problem("CG119", "there are no FLOPs and nothing to compute them from", (*path, "compute"),
                          "give `flops`, or `parameters` and `tokens`")  # fmt: skip
        energy = activity.get("energy")
        if isinstance(energy, dict) and "boundary" not in energy:
            yield Problem("CG117", "the boundary of the measurement is not stated: `node` is assumed, the whole machines",
                          (*path, "energy"), "add boundary: accelerators, node, it or facility", "warning")  # fmt: skip
        facility = _section(activity, "facility")
        if "region" in facility and "provider" not in facility:
            yield Problem("CG120", "a region is given without the provider that it is a region of", (*path, "facility", "region"),
                          "add `provider`, as in: provider: gcp")  # fmt: skip


def _pool_gaps(pool: dict[str, Any], path: Path) -> Iterator[Problem]:
    if "type" not in pool and "power" not in pool:
        hint = "add `type`, as in: type: A100-SXM4-80GB, or `power`"
        yield Problem("CG118", "neither type nor power of the devices is given", path, hint)
    if "duration" in pool and "count" not in pool:
        yield Problem("CG121", "a duration is given without the number of devices", (*path, "duration"), "add `count`")


def _has_evidence(activity: dict[str, Any]) -> bool:
    if "energy" in activity or "compute" in activity:
        return True
    if {"energy", "per_1000", "repeats"} & _section(activity, "requests").keys():
        return True
    return any({"duration", "device_hours"} & pool.keys() for _, pool in _entries(activity, "hardware", ()))


def _period(activity: dict[str, Any], path: Path) -> Iterator[Problem]:
    first, last = _day(activity.get("start"), last=False), _day(activity.get("end"), last=True)
    if first and last and last < first:
        message = f"the end, {activity['end']}, is before the start, {activity['start']}"
        yield Problem("CG111", message, (*path, "end"), "exchange the two, or correct one")


def _device_hours(pool: dict[str, Any], path: Path) -> Iterator[Problem]:
    count, hours, stated = _number(pool, "count"), _hours(pool, "duration"), _number(pool, "device_hours")
    if not count or not hours or not stated or abs(count * hours / stated - 1) <= TOLERANCE:
        return
    factor = count * hours / stated
    if not 1e-30 < factor < 1e30:
        factor = 1e30 if factor > 1 else 1e-30
    hint = "remove one of the two, or correct it"
    if abs(factor / count - 1) <= TOLERANCE:
        hint = "device_hours is the total over all devices; this looks like wall-clock time"
    elif abs(factor * count - 1) <= TOLERANCE:
        hint = "duration is wall-clock time; this looks like the total over all devices"
    size = f"{factor:,.4g} times" if factor > 1 else f"1/{1 / factor:,.4g} of"
    message = f"count × duration is {count * hours:,.6g} device-hours, {size} the stated {stated:,.6g}"
    yield Problem("CG112", message, (*path, "device_hours"), hint)


def _longer_than_period(pool: dict[str, Any], path: Path, activity: dict[str, Any]) -> Iterator[Problem]:
    first, last = _day(activity.get("start"), last=False), _day(activity.get("end"), last=True)
    if not first or not last or last < first:
        return
    available = ((last - first).days + 1) * 24
    count, hours, total = _number(pool, "count"), _hours(pool, "duration"), _number(pool, "device_hours")
    if hours and hours > available * (1 + TOLERANCE):
        message = f"the duration is {hours / 24:,.4g} days, but start and end span {available / 24:,.4g}"
        hint = "duration is wall-clock time; the total over all devices is `device_hours`"
        yield Problem("CG113", message, (*path, "duration"), hint)
    elif not hours and count and total and total / count > available * (1 + TOLERANCE):
        message = f"each device runs {total / count / 24:,.4g} days, but start and end span {available / 24:,.4g}"
        yield Problem("CG113", message, (*path, "device_hours"), "correct `count`, `device_hours` or the dates")


def _requests(activity: dict[str, Any], path: Path) -> Iterator[Problem]:
    if "requests" not in activity:
        return
    given = [key for key in ("energy", "per_1000", "repeats") if key in _section(activity, "requests")]
    if len(given) > 1:
        message = f"the energy of requests is given {len(given)} times: {', '.join(given)}"
        yield Problem("CG115", message, (*path, "requests", given[1]), "keep one")
    if activity.get("phase") not in (None, "inference"):
        yield Problem("CG122", f"requests belong to the phase inference, not {_phase(activity)}", (*path, "requests"),
                      "move them to an activity of the phase inference")  # fmt: skip


def _phase(activity: dict[str, Any]) -> str:
    phase = activity.get("phase")
    return phase if isinstance(phase, str) and len(phase) < 40 and phase.isprintable() else "this one"


def _entries(data: dict[str, Any], key: str, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    entries = data.get(key)
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield (*path, key, position), entry


def _section(data: dict[str, Any], key: str) -> dict[str, Any]:
    section = data.get(key)
    return section if isinstance(section, dict) else {}


def _number(data: dict[str, Any], key: str) -> float | None:
    value = data.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 else None


def _hours(data: dict[str, Any], key: str) -> float | None:
    value = data.get(key)
    try:
        return quantity(value, "duration").value if isinstance(value, str) else None
    except UnitError:
        return None


def _day(value: Any, *, last: bool) -> datetime.date | None:
    """Return the first or last day of a day, month or year."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not is_date(text):
        return None
    year, month, day = (int(text[a:b] or 0) for a, b in ((0, 4), (5, 7), (8, 10)))
    month = month or (12 if last else 1)
    return datetime.date(year, month, day or (calendar.monthrange(year, month)[1] if last else 1))
