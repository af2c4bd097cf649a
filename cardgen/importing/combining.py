"""Which records are one run, and what of them counts: by rules that the report names, never by a guess.

The rules, in this order:

1. Records with one id, or the same in everything, are one run, counted once.
2. A part (a task) lies within its run.
3. Of files of one tool whose times overlap, different machines add up; machines that look alike are asked about.
4. Files of one tool and project with one run each, one after the other, are parts of one run that was resumed: they add up.
5. Of different tools at the same time, the one that covers more counts; of two that cover the same, one has to be chosen.
6. Everything else is a run of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from cardgen.records.record import Reading, Record

Combine = Literal["add", "largest", "widest"]
WIDTH = {"accelerators": 0, "node": 1, "it": 2, "facility": 3}
MOST = 1_000  # records that are compared with each other


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
            kept[key] = better
            line = record.lines[0] if record.lines else 1
            reading.note("merged", line, f"the same run stands in {known.file}: it is counted once")
            if other.energy_kwh and better.energy_kwh and not math.isclose(other.energy_kwh, better.energy_kwh, rel_tol=1e-6):
                message = f"the same run has {other.energy_kwh:.6g} kWh in {other.file} and {better.energy_kwh:.6g} kWh in {better.file}"
                reading.warn("CG520", line, message, f"{better.file} is taken; give that file alone if the other is older")
    runs = {record.run for record in kept.values() if record.run and not record.part}
    return [record for record in kept.values() if not (record.part and record.run in runs)]


def parts(readings: Iterable[Reading]) -> list[Record]:
    """Return the parts of runs, each once."""
    found = {_identity(record): record for reading in readings for record in reading.records if record.part}
    return list(found.values())


def _identity(record: Record) -> object:
    if record.run:
        return record.run, record.part
    facts = (record.tool, record.project, record.part, record.energy_kwh, record.start, record.end, record.hours)
    is_told_apart = record.energy_kwh is not None and (record.hours or record.end) is not None
    return facts if is_told_apart else (*facts, record.lines, record.file)


def _says_more(one: Record, other: Record) -> bool:
    """Return whether a record of the same run is the better one: the larger of one tool, else the one with emissions and devices."""
    if one.tool == other.tool and one.energy_kwh != other.energy_kwh:
        return (one.energy_kwh or 0) > (other.energy_kwh or 0)
    return _filled(one) > _filled(other)


def _filled(record: Record) -> int:
    return sum(bool(value) for value in (record.emissions_kg, record.devices, record.country or record.region, record.end, record.hours))


def combined(records: Sequence[Record], combine: Combine | None = None, *, apart: bool = False) -> list[Combined]:
    """Return the runs that records are about, in their order. Raises Ambiguous where the rules do not decide.

    ``apart``: what ran one after the other are runs of their own. ``combine`` decides instead: ``add`` makes one run of all,
    ``largest`` takes the largest of each group that overlaps, ``widest`` the one whose meter covers most.
    """
    if combine == "add":
        return [_added(list(records), "added up, as you chose")] if records else []
    groups = _groups(records, apart)
    return [_run(group, combine) for group in groups]


def _groups(records: Sequence[Record], apart: bool) -> list[list[Record]]:
    """Return the records that belong together: of different files, at the same time or one after the other."""
    counts = Counter(record.file for record in records)
    alone = {file for file, count in counts.items() if count == 1 and not apart}
    parent = list(range(len(records)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    if len(records) <= MOST and len({record.file for record in records}) > 1:
        for one, other in combinations(range(len(records)), 2):
            if _together(records[one], records[other], alone):
                parent[max(root(one), root(other))] = min(root(one), root(other))
    groups: dict[int, list[Record]] = {}
    for index, record in enumerate(records):
        groups.setdefault(root(index), []).append(record)
    return list(groups.values())


def _together(one: Record, other: Record, alone: Container[str]) -> bool:
    """Return whether two records are about one run; ``alone`` are the files that hold no other, which may go on with a run."""
    if one.file == other.file or one.per_request or other.per_request:
        return False
    if one.tool != other.tool:
        return overlap(one, other) is not False
    if one.project != other.project:
        return False
    is_resumed = bool(one.project) and one.file in alone and other.file in alone
    return overlap(one, other) is not False or is_resumed


def overlap(one: Record, other: Record) -> bool | None:
    """Return whether two records share more than a tenth of the shorter one's time; None where a time is not known."""
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return None
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0.1 * min(one.end - one.start, other.end - other.start) and shared > 0


def _run(group: list[Record], combine: Combine | None) -> Combined:
    if len(group) == 1:
        return Combined((group[0],))
    tools = {record.tool for record in group}
    if len(tools) == 1:
        return _of_one_tool(group, combine)
    each = [_run([record for record in group if record.tool == tool], combine) for tool in sorted(tools)]
    return _of_several_tools(each, combine)


def _of_one_tool(group: list[Record], combine: Combine | None) -> Combined:
    """Return one run of the files of one tool: resumed, of several machines, or several readings of one machine."""
    pairs = [(one, other, overlap(one, other)) for one, other in combinations(group, 2)]
    same = [pair for pair in pairs if pair[2] is not False]
    if not same:
        return _added(group, f"{len(group)} files of one project, one after the other: a run that was resumed, added up")
    if combine == "largest":
        return _largest(group, "readings of one machine, as you chose: the largest counts")
    if any(seen is None for *_, seen in same):
        raise Ambiguous(
            group, f"{len(group)} files of {group[0].tool} do not say when they were written: parts of one run, or one machine?",
            {"add": "they are parts of one run, or machines: their energy adds up",
             "largest": "they are readings of one machine: the largest counts"},
        )  # fmt: skip
    alike = [(one, other) for one, other, _ in same if one.host == other.host or _meters(one) & _meters(other)]
    if not alike:
        return _added(group, f"{len(group)} machines at the same time: added up")
    if any(_meters(one) & _meters(other) for one, other in alike):
        raise Ambiguous(
            group, f"{len(group)} files cover the same time and hold the same GPU: added up it would count twice",
            {"largest": "one of them holds all: the largest counts"}, "give the files that do not overlap",
        )  # fmt: skip
    nearest = min(_ratio(one, other) for one, other in alike)
    words = f", their energies are within {nearest - 1:.1%}" if nearest < 1.05 else ""
    raise Ambiguous(
        group, f"{len(group)} files cover the same time on machines that look the same{words}: one machine that each process "
        "recorded as a whole, or several like it?",
        {"largest": "it is one machine, recorded several times: the largest counts",
         "add": "they are different machines: their energy adds up"},
    )  # fmt: skip


def _meters(record: Record) -> set[object]:
    """Return the ids of the GPUs that a record was read from, which no other GPU has."""
    return {fact for fact in record.host if isinstance(fact, str) and fact.startswith(("GPU-", "MIG-"))}


def _ratio(one: Record, other: Record) -> float:
    values = [value or 0.0 for value in (one.energy_kwh, other.energy_kwh)]
    return max(values) / min(values) if min(values) > 0 else math.inf


def _of_several_tools(each: list[Combined], combine: Combine | None) -> Combined:
    """Return one run of what several tools say of it: the widest meter counts, the others lie within it."""
    measured = [run for run in each if run.energy_kwh]
    if len(measured) < 2:
        best = (measured or each)[0]
        others = tuple(record for run in each if run is not best for record in run.records)
        return replace(best, within=best.within + others, rule=f"the energy is {best.counted[0].tool}'s; the others have none")
    widths = [min(WIDTH[record.boundary] for record in run.counted) for run in measured]
    if combine == "largest":
        return _within(max(measured, key=lambda run: run.energy_kwh or 0), each, "the largest counts, as you chose")
    widest = [run for run, width in zip(measured, widths) if width == max(widths)]
    records = [record for run in each for record in run.records]
    tools = " and ".join(sorted({run.counted[0].tool for run in measured}))
    if len(widest) > 1:
        raise Ambiguous(
            records, f"{tools} measured the same run at the same boundary: which counts?",
            {"largest": "the one with more energy counts", "add": "they measured different parts: their energy adds up"},
            "or name one with --tool",
        )  # fmt: skip
    if combine is None and any((run.energy_kwh or 0) > (widest[0].energy_kwh or 0) * 1.02 for run in measured):
        raise Ambiguous(
            records, f"the wider meter of {tools} shows less energy than the narrower one: it may leave the accelerators out",
            {"add": "they measured different parts: their energy adds up", "widest": "the wider one counts all the same",
             "largest": "the one with more energy counts"},
        )  # fmt: skip
    boundary = widest[0].counted[0].boundary
    return _within(
        widest[0], each, f"{widest[0].counted[0].tool} covers more ({boundary}) and counts; what the others measured lies within it"
    )


def _within(best: Combined, each: Iterable[Combined], rule: str) -> Combined:
    others = tuple(record for run in each if run is not best for record in run.records)
    return replace(best, within=best.within + others, rule=rule)


def _largest(group: list[Record], rule: str) -> Combined:
    best = max(group, key=lambda record: record.energy_kwh or 0)
    return Combined((best,), tuple(record for record in group if record is not best), rule)


def _added(group: list[Record], rule: str) -> Combined:
    if len(group) == 1:
        return Combined(tuple(group))
    without = [record for record in group if record.energy_kwh is None]
    if without and len(without) < len(group):
        raise Ambiguous(
            group, f"{len(without)} of {len(group)} have no energy: a sum would leave them out", {}, "leave them out with --run"
        )
    for words, what in _DIFFERENCES:
        found = sorted({text for record in group if (text := what(record))})
        if len(found) > 1 or (words == "boundaries" and len({what(record) for record in group}) > 1):
            shown = ", ".join(found[:4])
            raise Ambiguous(group, f"their {words} differ ({shown}): one activity cannot hold them", {}, "make each an activity with --all")
    return Combined(tuple(group), (), rule)


_DIFFERENCES: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ("boundaries", lambda record: f"{record.boundary}, PUE {record.pue:g}" if record.pue else record.boundary),
    ("places", lambda record: " ".join(filter(None, (record.provider, record.region if record.provider else "", record.country)))),
)
