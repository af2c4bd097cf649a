"""BoAmps reports of format 0.1 to 1.1, as CodeCarbon and others write them.

``powerConsumption`` is energy, in kWh where no ``unit`` stands beside it; ``reportId`` is the id of the run in CodeCarbon's own file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from cardgen.core.units import UnitError, convert
from cardgen.records.entries import Entry, records
from cardgen.records.fields import clock, quotable
from cardgen.records.record import Device, Reading, Record
from cardgen.records.source import Source
from cardgen.records.tool import Tool, each

TOOL = Tool(
    "boamps", "BoAmps", "boamps_report.json, energy-report-*.json",
    "energy, time, tool, devices, country",
    "emissions; which part was measured; the PUE that may be inside",
    "https://github.com/Boavizta/BoAmps/tree/main/model",
)  # fmt: skip

PHASES = {
    "training": "pretraining", "pretraining": "pretraining", "finetuning": "fine-tuning", "fine-tuning": "fine-tuning",
    "retraining": "fine-tuning", "inference": "inference", "preprocessing": "data-preparation", "datacreation": "data-preparation",
}  # fmt: skip
JOULES = re.compile(r"([kMGT]?)Joules?")
COUNTED = re.compile(r"\d+ x (.+)")
NAME = re.compile(r"[\w .-]{1,40}")
METERS = ("nvml", "rapl", "ipmi", "wattmeter")
HINT = "state hardware and duration in the run file, or give the tracker's own file"


def recognises(source: Source) -> bool:
    """Return whether the beginning holds what only these reports hold."""
    head = source.head
    return head.lstrip()[:1] in ("{", "[") and '"measures"' in head and '"powerConsumption"' in head and '"measurementMethod"' in head


def _read(source: Source, reading: Reading) -> None:
    for _, record in records(source, reading, lambda entry: _record(entry, source, reading)):
        reading.records.append(record)
    if not reading.rows:
        reading.fault("CG505", 1, "the file holds no report")


read = each(_read, TOOL)


def _record(entry: Entry, source: Source, reading: Reading) -> Record:
    measures = entry.at("measures")
    if not isinstance(measures, list) or not measures or not all(isinstance(measure, dict) for measure in measures):
        raise entry.fault("CG501", "measures is empty, or not a list", "measures", hint=HINT)
    found = [_measure(place) for place in _placed(entry, measures)]
    if len(found) > 1:
        _check_several(entry, measures, found)
        for place in _placed(entry, measures)[1:]:
            reading.note("merged", place.line_of("powerConsumption"), "a later measure of the task, added to the first")
    energies = [energy for energy, _, _ in found]
    energy = None if None in energies else math.fsum(energy for energy in energies if energy is not None)
    line = entry.line_of("measures", "powerConsumption")
    if not energy:
        gone = "missing" if energy is None else "0, which no run uses"
        reading.fault("CG501", line, f"powerConsumption is {gone}", HINT)
    else:
        message = "the report does not say whether a PUE is inside the energy"
        reading.warn("CG521", line, message, "it is taken as that of the machine; give the tracker's own file as well")
    seconds, start, end = _times(found)
    tool = str(measures[0].get("measurementMethod") or "")
    version = str(measures[0].get("version") or "")
    reading.version = reading.version or entry.string("header", "formatVersion")[:20]
    modes = {str(measure.get(name) or "").casefold() for measure in measures for name in ("gpuTrackingMode", "cpuTrackingMode")} - {""}
    devices = _devices(entry)
    measured = bool(modes) and modes <= set(METERS)
    country, stage = entry.string("environment", "country"), entry.string("task", "taskStage").casefold()
    provider = entry.string("infrastructure", "cloudProvider")
    return Record(
        tool="boamps", run=entry.string("header", "reportId"), project=entry.string("header", "publisher", "projectName"),
        method=f"{tool} {version}".strip() if NAME.fullmatch(f"{tool} {version}") else "boamps", energy_kwh=energy or None, boundary="node",
        basis="measured" if measured else "estimated",
        reason=f"read by {', '.join(sorted(modes))}" if measured else "the report does not say that all of it was measured",
        hours=seconds / 3600 if seconds else None, start=start, end=end, devices=devices,
        provider=provider or None, country=country or None, phase=PHASES.get(stage), file=source.short, lines=(line,),
        private=_private(entry),
    )  # fmt: skip


def _placed(entry: Entry, measures: Sequence[dict]) -> list[Entry]:
    """Return the measures as entries, each where its energy or, without one, the list stands."""
    rest, found = entry.within("measures"), []
    text, line = rest.text, rest.line
    for measure in measures:
        position = max(0, text.find("{"))
        line, text = line + text.count("\n", 0, position), text[position:]
        found.append(Entry(measure, text, line))
        skip = max(1, text.find("}"))
        line, text = line + text.count("\n", 0, skip), text[skip:]
    return found


def _measure(entry: Entry) -> tuple[float | None, float | None, float | None]:
    """Return energy in kWh, time in s, and the moment that a measure names."""
    energy, seconds, moment = entry.number("powerConsumption"), entry.number("measurementDuration"), entry.string("measurementDateTime")
    stated = entry.at("unit")
    unit = JOULES.sub(r"\1J", str(stated)) if stated is not None else "kWh"
    when = clock(moment) if moment else None
    if moment and when is None:
        raise entry.fault("CG503", "measurementDateTime: this is not a date and time", "measurementDateTime")
    if energy is None:
        return None, seconds, when
    try:
        return convert(energy, unit, "kWh"), seconds, when
    except UnitError:
        raise entry.fault("CG503", f"the unit is {quotable(str(stated))}, which is none of energy", "unit") from None


def _check_several(entry: Entry, measures: Sequence[dict], found: Sequence[tuple[float | None, float | None, float | None]]) -> None:
    """Raise Unreadable where measures may be of the same time: one tool's, one after the other, add up."""
    methods = {(measure.get("measurementMethod"), measure.get("version")) for measure in measures}
    times = sorted((moment, seconds) for _, seconds, moment in found if moment is not None and seconds is not None)
    apart = all(later[0] - earlier[0] >= max(earlier[1], later[1]) - 1 for earlier, later in zip(times, times[1:]))
    if len(methods) > 1 or len(times) < len(found) or not apart:
        message = f"{len(found)} measures may be of the same time: their energies cannot be added"
        raise entry.fault("CG504", message, "measures", hint="leave one in, or give each time of its own a report")


def _times(found: Sequence[tuple[float | None, float | None, float | None]]) -> tuple[float | None, float | None, float | None]:
    """Return the time in s, start and end; the moment of a measure is that at its end, as CodeCarbon writes it."""
    lengths = [seconds for _, seconds, _ in found if seconds]
    seconds = math.fsum(lengths) if len(lengths) == len(found) else None
    ends = [(moment - (length or 0), moment) for _, length, moment in found if moment is not None]
    if not ends or seconds is None:
        return seconds, None, max((end for _, end in ends), default=None)
    return seconds, min(start for start, _ in ends), max(end for _, end in ends)


def _devices(entry: Entry) -> tuple[Device, ...]:
    """Return the GPUs, else the processors by name."""
    components = entry.at("infrastructure", "components")
    kinds: dict[str, list[Device]] = {"gpu": [], "cpu": []}
    for component in components if isinstance(components, list) else []:
        if not isinstance(component, dict):
            continue
        name, count = str(component.get("componentName") or ""), component.get("nbComponent")
        kind = str(component.get("componentType") or name).casefold()
        if name.casefold() == kind:  # of the first format: the name says what it is, the rest which one
            name = " ".join(str(component[key]) for key in ("manufacturer", "family", "series") if component.get(key))
        several = COUNTED.fullmatch(name)
        if kind in kinds and name:
            number = count if isinstance(count, int) and not isinstance(count, bool) and count > 0 and kind == "gpu" else None
            kinds[kind].append(Device(several[1] if several else name, number))
    return tuple(kinds["gpu"] or kinds["cpu"])


def _private(entry: Entry) -> dict[str, str]:
    """Return where the machine is and who published, by the names that the report has."""
    places = {name: entry.at("environment", name) for name in ("latitude", "longitude", "location")}
    people = {name: entry.at("header", "publisher", name) for name in ("name", "division")}
    return {name: str(value) for name, value in {**places, **people, "os": entry.at("system", "os")}.items() if value not in (None, "")}
