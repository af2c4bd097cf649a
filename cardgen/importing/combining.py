"""Which records are one run, and what of them counts: by rules that the report names, never by a guess.

The rules, in this order; ``identity`` holds the first two, ``machines`` the third:

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
from dataclasses import replace
from itertools import combinations

from cardgen.importing.combined import WIDTH, Ambiguous, Combine, Combined
from cardgen.importing.machines import overlap, told_apart
from cardgen.records.record import Record

MOST = 1_000  # records of several files that are compared with each other
PAUSE_S = 7 * 86_400.0  # between the parts of a run that was resumed


def combined(records: Sequence[Record], combine: Combine | None = None, *, apart: bool = False) -> list[Combined]:
    """Return the runs that records are about, in their order. Raises Ambiguous where the rules do not decide.

    ``apart``: runs are not joined, each is one of its own. ``combine`` decides what the rules do not: ``add``: all energy counts,
    and is one run unless ``apart``; ``largest``: of what overlaps the largest counts; ``widest``: the meter that covers most counts.
    """
    told, overlapped = told_apart(records, combine)
    if combine == "add" and not apart:
        return [_added(told, "added up, as you chose", is_chosen=True)] if told else []
    runs = [_run(group, combine) for group in _groups(told, apart)]
    if overlapped:
        runs = [_with_readings(run, overlapped) for run in runs]
    return runs


def _with_readings(run: Combined, readings: dict[int, list[Record]]) -> Combined:
    others = tuple(other for record in run.counted for other in readings.get(id(record), ()))
    if not others:
        return run
    rule = "; ".join(filter(None, (run.rule, "of readings of one machine the largest counts, as you chose")))
    return replace(run, within=run.within + others, rule=rule)


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
