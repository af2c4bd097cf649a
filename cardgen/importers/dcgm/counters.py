"""Counters of energy over scrapes: of each GPU and file the first and the last value are kept, and what it rose by in between.

Where time stamps are not in order, within a file or from file to file, the files are read again and all values are kept and sorted.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cardgen.importers.dcgm.scrapes import AGAIN, Key, Scrape
from cardgen.records.record import Reading
from cardgen.records.samples import MAX_DEVICE_W

TWO = "scrape once before the run and once after it, and give both: curl -s localhost:9400/metrics > end.prom"
SHOWN = 1_000  # falls of one counter that are kept


@dataclass(frozen=True)
class Point:
    """A value of a counter in mJ, its line, and its time in s since 1970 where the scrape has one."""

    value: float
    line: int
    time: float | None


class Counter:
    """The counter of one GPU: its ends, and in mJ what it rose by; ``falls`` are values before and after one, with the line."""

    def __init__(self) -> None:
        self.count, self.rise_mj = 0, 0.0
        self.falls: list[tuple[float, float, int]] = []
        self.is_ordered = True

    def add(self, point: Point) -> None:
        """Add a value that comes after those before."""
        if self.count:
            self._step(point)
        else:
            self.first = point
        self.last, self.count = point, self.count + 1

    def extend(self, later: Counter) -> None:
        """Add the values of a later file."""
        if not self.count:
            self.first = later.first
        else:
            self._step(later.first)
        self.rise_mj += later.rise_mj
        self.falls += later.falls[: SHOWN - len(self.falls)]
        self.is_ordered = self.is_ordered and later.is_ordered
        self.last, self.count = later.last, self.count + later.count

    def _step(self, point: Point) -> None:
        before = self.last
        if point.time is not None and before.time is not None and point.time < before.time:
            self.is_ordered = False
        if point.value >= before.value:
            self.rise_mj += point.value - before.value
            return
        self.rise_mj += point.value
        if len(self.falls) < SHOWN:
            self.falls.append((before.value, point.value, point.line))


class Kept:
    """All values of the counter of one GPU, in any order."""

    def __init__(self) -> None:
        self._values, self._times, self._lines = array("d"), array("d"), array("q")

    def add(self, point: Point) -> None:
        """Keep a value that has a time."""
        self._values.append(point.value)
        self._times.append(point.time or 0.0)
        self._lines.append(point.line)

    def in_order(self) -> Counter:
        """Return the counter with its values in the order of time."""
        counter = Counter()
        for index in sorted(range(len(self._times)), key=self._times.__getitem__):
            counter.add(Point(self._values[index], self._lines[index], self._times[index]))
        return counter


@dataclass
class File:
    """What the scrapes of one file say: the counters by GPU, those of the first and the last scrape, and the line of the first."""

    counters: dict[Key, Counter] = field(default_factory=dict)
    first: Scrape | None = None
    last: Scrape | None = None
    is_timed: bool = True

    def add(self, scrape: Scrape, kept: dict[Key, Kept] | None) -> None:
        """Add a scrape; to ``kept``, where all values are kept."""
        self.first, self.last = self.first or scrape, scrape
        self.is_timed = self.is_timed and scrape.time is not None
        for key, (value, line) in scrape.energy.items():
            point = Point(value, line, scrape.time)
            self.counters.setdefault(key, Counter()).add(point)
            if kept is not None:
                kept.setdefault(key, Kept()).add(point)


def joined(files: Sequence[File], reading: Reading) -> dict[Key, Counter]:
    """Return the counter of each GPU over all files: in the order of their times, else of their counters."""
    if all(file.is_timed for file in files):
        ordered: dict[Key, list[Counter]] = {}
        for file in files:
            for key, counter in file.counters.items():
                ordered.setdefault(key, []).append(counter)
        return {key: _chained(sorted(counters, key=lambda counter: counter.first.time or 0.0)) for key, counters in ordered.items()}
    counters: dict[Key, list[Counter]] = {}
    for file in _by_counters(files, reading):
        for key, counter in file.counters.items():
            counters.setdefault(key, []).append(counter)
    return {key: _chained(parts) for key, parts in counters.items()}


def _chained(parts: Sequence[Counter]) -> Counter:
    whole = Counter()
    for part in parts:
        whole.extend(part)
    return whole


def _by_counters(files: Sequence[File], reading: Reading) -> list[File]:
    """Return files without time stamps in the order of their counters, none where it cannot be told.

    Where the files are given in another order than their counters, the counters may have begun anew: that is said.
    """
    sums = [sum(value for value, _ in file.first.energy.values()) if file.first else 0.0 for file in files]
    order = [files[index] for index in sorted(range(len(files)), key=lambda index: (sums[index], index))]
    for one, other in pairwise(order):
        if _falls(one, other):
            message = "the counters of some GPUs rise from file to file and others fall: the order of the scrapes cannot be told"
            reading.fault("CG504", other.first.line if other.first else 1, message, "a node may have been restarted in between: " + TWO)
            return []
    if any(_falls(one, other) for index, one in enumerate(files) for other in files[index + 1 :]):
        message = "the scrapes have no time stamps: the larger counters are taken as the later ones, against the order of the files"
        reading.warn("CG518", 1, message, "if the node was restarted between them, the energy is wrong")
    return order


def _falls(one: File, other: File) -> bool:
    """Return whether a counter is lower where the second of two files begins than where the first ends."""
    if not one.last or not other.first:
        return False
    later = other.first.energy
    return any(key in later and later[key][0] < value for key, (value, _) in one.last.energy.items())


def energies(counters: dict[Key, Counter], reading: Reading) -> dict[Key, float]:
    """Return the energy of each GPU in J over two scrapes or more; says what is odd about its counter."""
    found: dict[Key, float] = {}
    most = max((counter.count for counter in counters.values()), default=0)
    for key, counter in counters.items():
        line = counter.first.line
        if counter.count < 2:
            if most > 1:
                reading.warn("CG510", line, "this GPU stands in one scrape only: no energy is read for it", TWO)
            continue
        if counter.count < most:
            message = f"this GPU stands in {counter.count} of {most} scrapes: what it used outside of them is missing"
            reading.warn("CG510", line, message)
        for before, value, where in counter.falls:
            message = f"the counter falls from {before:.10g} to {value:.10g} mJ: the node was restarted, or the lines were moved"
            if counter.count < 10:
                reading.fault("CG504", where, message, "give scrapes from before and after each part of the run")
            else:
                reading.warn("CG518", where, message + "; what was used up to the restart is missing")
        found[key] = joules = counter.rise_mj / 1000
        seconds = (counter.last.time or 0.0) - (counter.first.time or 0.0)
        if seconds > 0 and joules / seconds > MAX_DEVICE_W:
            message = f"the counter rises by {joules:.6g} J in {seconds:.6g} s, more than any GPU draws"
            reading.fault("CG504", counter.last.line, message, AGAIN)
        if not joules:
            reading.warn("CG510", counter.last.line, "the counter of this GPU did not move: the same scrape twice?", TWO)
    return found
