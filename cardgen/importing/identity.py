"""Which records are the same run: of several the best counts, once. Parts of a run, such as tasks, lie within it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cardgen.records.record import Reading, Record

DERIVED = ("boamps",)  # reports of what another tool measured


def once(readings: Iterable[Reading]) -> list[Record]:
    """Return the records of all readings, each run once; what is left out is noted in the reading it came from."""
    kept: dict[object, Record] = {}
    for reading in readings:
        for record in reading.records:
            key = _identity(record)
            known = kept.get(key)
            if known is None:
                kept[key] = record
                continue
            better, other = (record, known) if _says_more(record, known) else (known, record)
            kept[key] = _filled_up(better, other)
            line = record.lines[0] if record.lines else 1
            reading.note("merged", line, f"the same run stands in {known.file}: {better.file} counts")
            if other.energy_kwh and better.energy_kwh and not math.isclose(other.energy_kwh, better.energy_kwh, rel_tol=1e-6):
                message = f"the same run has {other.energy_kwh:.6g} kWh in {other.file} and {better.energy_kwh:.6g} kWh in {better.file}"
                reading.warn("CG520", line, message, f"{better.file} is taken; give that file alone if the other is older")
    runs = {record.run for record in kept.values() if record.run and not record.part}
    return [record for record in kept.values() if not (record.part and record.run in runs)]


def parts(readings: Sequence[Reading]) -> list[Record]:
    """Return the parts of runs, each once; what only the run says, such as its PUE, is true of its parts."""
    whole = {record.run: record for reading in readings for record in reading.records if record.run and not record.part}
    found = {_identity(record): record for reading in readings for record in reading.records if record.part}
    return [_like_its_run(record, whole.get(record.run)) for record in found.values()]


def _like_its_run(part: Record, run: Record | None) -> Record:
    if run is None:
        return part
    return replace(part, pue=part.pue or run.pue, boundary=run.boundary, wue=part.wue or run.wue, devices=part.devices or run.devices)


def _identity(record: Record) -> object:
    if record.run:
        return record.run, record.part
    facts = (record.tool, record.project, record.part, record.energy_kwh, record.start, record.end, record.hours)
    is_told_apart = record.energy_kwh is not None and (record.hours or record.end) is not None
    return facts if is_told_apart else (*facts, record.lines, record.file)


def _says_more(one: Record, other: Record) -> bool:
    """Return whether a record of the same run is the better one: the tracker's own, the larger of one tool, the one that says more."""
    if (one.tool in DERIVED) != (other.tool in DERIVED):
        return other.tool in DERIVED
    if one.tool == other.tool and one.energy_kwh != other.energy_kwh:
        return (one.energy_kwh or 0) > (other.energy_kwh or 0)
    return _known(one) > _known(other)


def _known(record: Record) -> int:
    return sum(bool(value) for value in (record.emissions_kg, record.devices, record.country or record.region, record.end, record.hours))


def _filled_up(better: Record, other: Record) -> Record:
    """Return a record with what another of the same run says and it does not."""
    return replace(
        better, project=better.project or other.project, hours=better.hours or other.hours, start=better.start or other.start,
        end=better.end or other.end, devices=better.devices or other.devices, country=better.country or other.country,
    )  # fmt: skip
