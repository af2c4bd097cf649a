"""Which records are one run, and what of them counts: by rules that the report names, never by a guess.

The rules, in this order:

1. Records with one id, or the same in everything, are one run, counted once.
2. A part (a task) lies within its run.
3. Records of one tool that cover the same time on machines that look alike may be one machine, recorded several times: asked about.
4. Of different tools at the same time, the meter that covers more counts, the others lie within it; where they do not fit, or two
   cover the same, one has to be chosen.
5. Files of one tool and project, on different machines at the same time, or on one kind of machine one after the other, are one run:
   they add up.
6. Everything else is a run of its own.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from cardgen.records.record import Reading, Record

Combine = Literal["add", "largest", "widest"]
WIDTH = {"accelerators": 0, "node": 1, "it": 2, "facility": 3}
MOST = 1_000  # records of several files that are compared with each other
STAMP_S = 2.0  # time stamps are whole seconds: two runs, one after the other, may seem to share as much
PAUSE_S = 7 * 86_400.0  # between the parts of a run that was resumed
DERIVED = ("boamps",)  # reports of what another tool measured


@dataclass(frozen=True)
class Combined:
    """One run: the records whose energy counts, those that lie within it, and the rule by which."""

    counted: tuple[Record, ...]
    within: tuple[Record, ...] = ()
    rule: str = ""

    @property
    def energy_kwh(self) -> float | None:
        """Return the energy in kWh; None where a record that counts has none."""
        values = [record.energy_kwh for record in self.counted]
        return None if None in values else math.fsum(value for value in values if value is not None)

    @property
    def emissions_kg(self) -> float | None:
        """Return the tools' own emissions in kg; None where one has none."""
        values = [record.emissions_kg for record in self.counted]
        return None if None in values else math.fsum(value for value in values if value is not None)

    @property
    def boundary(self) -> str:
        """Return what the energy covers: that of meters of different parts is the widest."""
        return max((record.boundary for record in self.counted), key=WIDTH.__getitem__)

    @property
    def records(self) -> tuple[Record, ...]:
        """Return all records, those that count first."""
        return self.counted + self.within

    @property
    def project(self) -> str:
        """Return the name of the project, where there is one."""
        return next((record.project for record in self.records if record.project), "")

    @property
    def run(self) -> str:
        """Return the id of the run, that of its first record with one."""
        return next((record.run for record in self.records if record.run), "")


class Ambiguous(Exception):
    """Records that may be one thing or another. ``choices`` are the values of ``--combine`` with what each means."""

    def __init__(self, records: Sequence[Record], message: str, choices: dict[str, str], hint: str = "") -> None:
        super().__init__(message)
        self.records, self.message, self.choices, self.hint = tuple(records), message, choices, hint


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


def combined(records: Sequence[Record], combine: Combine | None = None, *, apart: bool = False) -> list[Combined]:
    """Return the runs that records are about, in their order. Raises Ambiguous where the rules do not decide.

    ``apart``: runs are not joined, each is one of its own. ``combine`` decides what the rules do not: ``add``: all energy counts,
    and is one run unless ``apart``; ``largest``: of what overlaps the largest counts; ``widest``: the meter that covers most counts.
    """
    told, overlapped = _told_apart(records, combine)
    if combine == "add" and not apart:
        return [_added(told, "added up, as you chose", is_chosen=True)] if told else []
    runs = [_run(group, combine) for group in _groups(told, apart)]
    if overlapped:
        runs = [_with_readings(run, overlapped) for run in runs]
    return runs


def _told_apart(records: Sequence[Record], combine: Combine | None) -> tuple[list[Record], dict[int, list[Record]]]:
    """Return the records without further readings of the same machine, and those readings by the record that counts for them."""
    dropped: set[int] = set()
    readings: dict[int, list[Record]] = {}
    for cluster in clusters(records):
        if combine == "add" or (combine is None and len({record.file for record in cluster}) == 1):
            continue  # the rows of one file were chosen from a list; what they share is said beside them
        if combine is None:
            raise _same_machine(cluster)
        kept: list[Record] = []
        for record in sorted(cluster, key=lambda record: -(record.energy_kwh or 0)):
            other = next((known for known in kept if overlap(known, record)), None)
            if other is None:
                kept.append(record)
            else:
                dropped.add(id(record))
                readings.setdefault(id(other), []).append(record)
    return [record for record in records if id(record) not in dropped], readings


def clusters(records: Sequence[Record]) -> list[list[Record]]:
    """Return the records that may be one machine recorded several times: of one tool, alike, and chained by time."""
    alike: dict[object, list[Record]] = {}
    for record in records:
        if record.per_request or record.start is None or record.end is None or record.energy_kwh is None:
            continue
        for key in _meters(record) or {record.host or (record.file, id(record))}:
            alike.setdefault((record.tool, key), []).append(record)
    alike |= _nameless(records)
    found: dict[frozenset[int], list[Record]] = {}
    for group in alike.values():
        for cluster in _chained(group):
            found.setdefault(frozenset(map(id, cluster)), cluster)
    return list(found.values())


def _nameless(records: Sequence[Record]) -> dict[object, list[Record]]:
    """Return records of different files that say nothing of their machine: they look alike."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        if not record.host and record.start is not None and record.end is not None and record.energy_kwh and not record.per_request:
            groups.setdefault((record.tool, "nameless", record.project), []).append(record)
    return {key: group for key, group in groups.items() if len({record.file for record in group}) > 1}


def _chained(group: list[Record]) -> list[list[Record]]:
    """Return the clusters of two records and more in which each shares time with another."""
    clusters: list[list[Record]] = []
    ordered = sorted(group, key=lambda record: (record.start or 0.0, record.end or 0.0))
    for record in ordered:
        last = clusters[-1] if clusters else []
        if any(overlap(known, record) for known in last[-50:]):
            last.append(record)
        else:
            clusters.append([record])
    return [cluster for cluster in clusters if len(cluster) > 1]


def _same_machine(cluster: Sequence[Record]) -> Ambiguous:
    if any(_meters(one) & _meters(other) for one, other in combinations(cluster[:20], 2)):
        message = f"{len(cluster)} records cover the same time and hold the same GPU: added up it would count twice"
        return Ambiguous(cluster, message, {"largest": "one of them holds all: the largest counts"}, "give files that do not overlap")
    energies = [record.energy_kwh for record in cluster if record.energy_kwh]
    spread = max(energies) / min(energies) - 1
    words = f", with energies within {spread:.1%}" if spread < 0.05 else ""
    message = f"{len(cluster)} records cover the same time on machines that look alike{words}: one machine that several processes "
    choices = {
        "largest": "it is one machine, recorded several times: the largest counts",
        "add": "they are different machines, or parts: all energy counts",
    }
    return Ambiguous(cluster, message + "recorded as a whole, or several machines?", choices)


def _meters(record: Record) -> set[object]:
    """Return the ids of the GPUs that a record was read from, which no other GPU has."""
    return {fact for fact in record.host if isinstance(fact, str) and fact.startswith(("GPU-", "MIG-"))}


def _with_readings(run: Combined, readings: dict[int, list[Record]]) -> Combined:
    others = tuple(other for record in run.counted for other in readings.get(id(record), ()))
    if not others:
        return run
    rule = "; ".join(filter(None, (run.rule, "of readings of one machine the largest counts, as you chose")))
    return replace(run, within=run.within + others, rule=rule)


def overlap(one: Record, other: Record) -> bool | None:
    """Return whether two records share more than a tenth of the shorter one's time; None where a time is not known."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return None
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > max(STAMP_S, 0.1 * min(one.end - one.start, other.end - other.start))


def _groups(records: Sequence[Record], apart: bool) -> list[list[Record]]:
    """Return the records that belong together: of different files, at the same time or one after the other."""
    parent = list(range(len(records)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    files = Counter((_base(record), record.tool) for record in records)
    alone = {file for (file, _), count in files.items() if count == 1}
    if len(records) <= MOST and len({record.file for record in records}) > 1:
        for one, other in combinations(range(len(records)), 2):
            if _together(records[one], records[other], alone, apart):
                parent[max(root(one), root(other))] = min(root(one), root(other))
    groups: dict[int, list[Record]] = {}
    for index, record in enumerate(records):
        groups.setdefault(root(index), []).append(record)
    return list(groups.values())


def _base(record: Record) -> str:
    """Return the name of a file; one that a tracker moved away is the file it was."""
    return re.sub(r"(?:_\d+)?\.bak$", "", record.file)


def _together(one: Record, other: Record, alone: Container[str], apart: bool) -> bool:
    """Return whether two records are about one run; ``alone`` are the files that hold no other, which may go on with a run."""
    if one.file == other.file or one.per_request or other.per_request:
        return False
    shared = overlap(one, other)
    if one.tool != other.tool:
        return shared is not False and _may_be_same(one, other)
    if apart or one.project != other.project:
        return False
    if shared:
        return _span(one) < 1.25 * _span(other) and _span(other) < 1.25 * _span(one)
    if shared is None or not one.project or not (_base(one) in alone and _base(other) in alone):
        return False
    pause = max(one.start or 0, other.start or 0) - min(one.end or 0, other.end or 0)
    return one.host == other.host and pause < PAUSE_S


def _span(record: Record) -> float:
    return (record.end or 0.0) - (record.start or 0.0)


def _may_be_same(one: Record, other: Record) -> bool:
    """Return whether two records may be of the same devices: by their names, where both name accelerators."""
    names = [[re.sub(r"[^a-z0-9]", "", device.name.casefold()) for device in record.devices if device.count] for record in (one, other)]
    if not all(names):
        return True
    return any(a in b or b in a or a == "gpu" or b == "gpu" for a in names[0] for b in names[1])


def _run(group: list[Record], combine: Combine | None) -> Combined:
    if len(group) == 1:
        return Combined((group[0],))
    tools = sorted({record.tool for record in group})
    if len(tools) == 1:
        return _of_one_tool(group)
    return _of_several_tools([_run([record for record in group if record.tool == tool], combine) for tool in tools], combine)


def _of_one_tool(group: list[Record]) -> Combined:
    """Return one run of the files of one tool: of several machines, or resumed."""
    if any(overlap(one, other) for one, other in combinations(group, 2)):
        return _added(group, f"{len(group)} files of one project on different machines at the same time: added up")
    return _added(group, f"{len(group)} files of one project, one after the other: a run that was resumed, added up")


def _of_several_tools(each: list[Combined], combine: Combine | None) -> Combined:
    """Return one run of what several tools say of it: the widest meter counts, the others lie within it."""
    measured = [run for run in each if run.energy_kwh]
    if len(measured) < 2:
        best = (measured or each)[0]
        return _within(best, each, f"the energy is {best.counted[0].tool}'s; the others have none")
    if combine == "add":
        return _added([record for run in measured for record in run.counted], "meters of different parts, as you chose", is_chosen=True)
    if combine == "largest":
        return _within(max(measured, key=lambda run: run.energy_kwh or 0), each, "the largest counts, as you chose")
    widest = max(WIDTH[run.boundary] for run in measured)
    wide = [run for run in measured if WIDTH[run.boundary] == widest]
    records = [record for run in each for record in run.records]
    if len(wide) > 1:
        tools = " and ".join(sorted(run.counted[0].tool for run in wide))
        raise Ambiguous(
            records, f"{tools} measured the same time at the same boundary: which counts?",
            {"largest": "the one with more energy counts", "add": "they measured different parts: their energy adds up"},
            "or name one with --tool",
        )  # fmt: skip
    doubt = next((words for run in measured if run is not wide[0] and (words := _doubt(wide[0], run))), "")
    if doubt and combine is None:
        raise Ambiguous(
            records, doubt,
            {"add": "they measured different parts: their energy adds up", "widest": "the wider one counts all the same",
             "largest": "the one with more energy counts"},
        )  # fmt: skip
    rule = f"{wide[0].counted[0].tool} covers more ({wide[0].boundary}) and counts; what the others measured lies within it"
    return _within(wide[0], each, rule)


def _doubt(wide: Combined, narrow: Combined) -> str:
    """Return why what one meter measured cannot lie within another, "" where it can."""
    outer, inner = wide.counted[0], narrow.counted[0]
    names = f"{outer.tool} ({wide.boundary}) and {inner.tool} ({narrow.boundary})"
    total, part = wide.energy_kwh or 0.0, narrow.energy_kwh or 0.0
    if part > total * 1.02:
        return f"{names}: the wider meter shows less energy than the narrower one, and may leave the accelerators out"
    own = math.fsum(record.components.get("accelerators", 0.0) for record in wide.counted)
    if own and narrow.boundary == "accelerators" and not 0.8 < part / own < 1.25:
        return f"{names}: the accelerators used {own:.3g} kWh by the one and {part:.3g} kWh by the other"
    outside, inside = _reach(wide), _reach(narrow)
    if outside and inside:
        beyond = max(0.0, outside[0] - inside[0]) + max(0.0, inside[1] - outside[1])
        if beyond > 0.1 * (inside[1] - inside[0]):
            return f"{names}: the wider meter covers a part of the time of the narrower one"
    counts = [sum(device.count or 0 for record in run.counted for device in record.devices) for run in (wide, narrow)]
    if all(counts) and counts[1] > counts[0]:
        return f"{names}: {counts[0]} devices by the one and {counts[1]} by the other"
    return ""


def _reach(run: Combined) -> tuple[float, float] | None:
    """Return when a run began and ended, None where that is not known."""
    starts, ends = [record.start for record in run.counted], [record.end for record in run.counted]
    if None in starts or None in ends:
        return None
    return min(start for start in starts if start is not None), max(end for end in ends if end is not None)


def _within(best: Combined, each: Iterable[Combined], rule: str) -> Combined:
    others = tuple(record for run in each if run is not best for record in run.records)
    return replace(best, within=best.within + others, rule=rule)


def _added(group: list[Record], rule: str, *, is_chosen: bool = False) -> Combined:
    """Return the sum of some records; raises Ambiguous where one activity cannot hold them."""
    if len(group) == 1:
        return Combined(tuple(group))
    if any(record.per_request for record in group):
        raise Ambiguous(group, "energy of one request is no part of a sum", {}, "make each an activity with --all")
    without = [record for record in group if record.energy_kwh is None]
    if without and len(without) < len(group):
        raise Ambiguous(group, f"{len(without)} of {len(group)} have no energy: a sum leaves them out", {}, "leave them out with --run")
    boundaries = {(record.boundary if not is_chosen or record.pue else "machine", record.pue) for record in group}
    if len(boundaries) > 1 or (is_chosen and len({record.boundary == "facility" for record in group}) > 1):
        shown = ", ".join(sorted({f"{record.boundary}{f', PUE {record.pue:g}' if record.pue else ''}" for record in group}))
        raise Ambiguous(group, f"their boundaries differ ({shown}): one activity cannot hold them", {}, "make each an activity with --all")
    places = {" ".join(filter(None, (record.provider, record.region if record.provider else "", record.country))) for record in group}
    if len(places) > 1:
        shown = ", ".join(sorted(place or "unknown" for place in places)[:4])
        raise Ambiguous(group, f"their places differ ({shown}): one activity cannot hold them", {}, "make each an activity with --all")
    return Combined(tuple(group), (), rule)
