"""Energy of sampled power: the trapezoid over real time stamps, device by device.

Samples that come in order are summed as they come and not kept, so that a log of a gigabyte takes no memory. Where one comes too
late, the file is read again, its samples are kept and sorted. Over a gap the trapezoid is an assumption: the device is taken to draw
what it drew on both sides. Each gap is reported with the share of the energy that was taken so; above a tenth, the energy counts as
estimated and no longer as measured.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from heapq import heappush, heappushpop
from statistics import median_low
from typing import Literal

from cardgen.records.record import Reading
from cardgen.records.source import Source

MAX_DEVICE_W = 5_000  # no single accelerator draws more; what does is another column or a fault of the meter
GAP = 10  # an interval of so many ordinary ones is a gap
MEASURED = 0.1  # share of the energy that may lie in gaps
J_PER_KWH = 3.6e6
HOUR_S = 3_600
PARTLY = "on A100 and H100 the meter sees a part of the time (arXiv 2312.02741)"


class OutOfOrder(Exception):
    """A sample that is older than the one before, while samples are not kept."""


class Series:
    """The samples of one device, in order: running energy in J, and what is odd about them."""

    __slots__ = (
        "count", "start", "first_line", "time", "power", "line", "joules", "repeats", "repeat_line", "clashes", "clash_line",
        "intervals", "every", "left", "longest", "limit",
    )  # fmt: skip

    def __init__(self) -> None:
        self.count = self.repeats = self.repeat_line = self.clashes = self.clash_line = 0
        self.start = self.time = self.power = self.joules = self.limit = 0.0
        self.first_line = self.line = 0
        self.intervals: list[float] = []  # one in ``every``, for the ordinary interval
        self.every = self.left = 1
        self.longest: list[tuple[float, float, int, float]] = []  # seconds, J, line, time before

    def add(self, time: float, power: float, line: int) -> bool:
        """Add the energy since the sample before; returns False, and adds nothing, when this one is older."""
        if self.count:
            interval = time - self.time
            if interval > 0:
                joules = (self.power + power) * interval / 2
                self.joules += joules
                if interval > self.limit:
                    self._keep_long(interval, joules, line)
                self.left -= 1
                if not self.left:
                    self._keep_interval(interval)
            elif interval < 0:
                return False
            elif power == self.power:
                self.repeats, self.repeat_line = self.repeats + 1, self.repeat_line or line
                return True
            else:  # no time lies between them: the last one counts from here on
                self.clashes, self.clash_line = self.clashes + 1, self.clash_line or line
        else:
            self.start, self.first_line = time, line
        self.count += 1
        self.time, self.power, self.line = time, power, line
        return True

    def _keep_interval(self, interval: float) -> None:
        self.intervals.append(interval)
        if len(self.intervals) >= 2_048:
            self.intervals, self.every = self.intervals[::2], self.every * 2
        self.left = self.every

    def _keep_long(self, interval: float, joules: float, line: int) -> None:
        entry = (interval, joules, line, self.time)
        if len(self.longest) < 200:
            heappush(self.longest, entry)
            return
        heappushpop(self.longest, entry)
        self.limit = self.longest[0][0]

    @property
    def lines(self) -> tuple[int, int]:
        """Return the first and the last line that a sample stands on."""
        return self.first_line, self.line

    @property
    def interval(self) -> float:
        """Return the ordinary time between two samples in s; 0 where there is none."""
        return median_low(self.intervals) if self.intervals else 0.0


class Kept:
    """The samples of one device in any order."""

    def __init__(self) -> None:
        self.times, self.powers, self._lines = array("d"), array("d"), array("q")

    def add(self, time: float, power: float, line: int) -> bool:
        """Keep a sample, whatever its time."""
        self.times.append(time)
        self.powers.append(power)
        self._lines.append(line)
        return True

    @property
    def lines(self) -> tuple[int, int]:
        """Return the first and the last line that a sample stands on."""
        return min(self._lines), max(self._lines)

    def in_order(self, is_local: bool, reading: Reading) -> Series:
        """Return the samples sorted; says what was late, and where a local clock went back by an hour."""
        times, lines = self.times, self._lines
        back = [index for index in range(1, len(times)) if times[index] < times[index - 1]]
        if is_local and len(back) == 1 and self._is_end_of_summer(back[0]):
            for index in range(back[0], len(times)):
                times[index] += HOUR_S
            message = "the clock goes back by an hour, as at the end of summer time: the time goes on from here"
            reading.warn("CG518", lines[back[0]], message, "if it did not, put the lines in order")
        elif back:
            message = f"time runs backwards {len(back):,} time{'s' * (len(back) > 1)} from here on: the samples of the device were sorted"
            reading.warn("CG518", lines[back[0]], message, "check that the file holds one run, and that no clock was set in between")
        series = Series()
        for index in sorted(range(len(times)), key=lambda index: (times[index], lines[index])):
            series.add(times[index], self.powers[index], lines[index])
        return series

    def _is_end_of_summer(self, index: int) -> bool:
        forward = [b - a for a, b in zip(self.times, self.times[1:]) if b > a]
        usual = median_low(forward) if forward else 0.0
        lost = HOUR_S - (self.times[index - 1] - self.times[index])
        return 0 < usual <= 300 and 0.3 * usual <= lost <= 3 * usual


@dataclass(frozen=True)
class Summary:
    """What the samples of all devices say. ``gap_share`` is the share of the energy that lies in gaps; ``lines`` are the first and the
    last line of the samples that the energy follows from.
    """

    energy_kwh: float | None
    start: float | None
    end: float | None
    hours: float | None
    device_hours: float | None
    interval_s: float
    gap_share: float = 0.0
    lines: tuple[int, ...] = ()

    @property
    def basis(self) -> Literal["measured", "estimated"]:
        """Return measured, or estimated where much of the energy lies in gaps."""
        return "measured" if self.gap_share <= MEASURED else "estimated"

    def reason(self, meter: str = "GPUs by their own meter") -> str:
        """Return how the power was sampled, in a few words."""
        gaps = f"; {self.gap_share:.0%} of the energy lies in gaps" if self.gap_share >= 0.005 else ""
        return f"{meter}, every {self.interval_s:.3g} s{gaps}; {PARTLY}"


class Samples:
    """The samples of all devices of a file. ``is_local`` says that the clock has no zone, so that summer time may end in it.

    Times count from ``origin``, in s since 1970: numbers as large as a date have no digits left for the time between two samples.
    """

    def __init__(self, keep: bool = False, is_local: bool = False, stops: bool = True) -> None:
        self.keep, self.is_local, self.stops, self.origin = keep, is_local, stops, 0.0
        self.are_in_order = True
        self.devices: dict[Hashable, Series | Kept] = {}

    def add(self, device: Hashable, time: float, power: float, line: int) -> None:
        """Add a sample in W. One that is older than the one before, where samples are not kept, is told by ``are_in_order``, and
        raises OutOfOrder unless the file is to be read to its end first.
        """
        series = self.devices.get(device)
        if series is None:
            series = self.devices[device] = Kept() if self.keep else Series()
        if not series.add(time, power, line):
            self.are_in_order = False
            if self.stops:
                raise OutOfOrder

    def summary(self, reading: Reading) -> Summary:
        """Return the energy of all devices; says what is odd about their samples."""
        found = [one.in_order(self.is_local, reading) if isinstance(one, Kept) else one for one in self.devices.values()]
        whole = [series for series in found if series.count > 1 and series.time > series.start]
        for series in found:
            _report(series, reading)
            if series not in whole and whole:
                message = "one device has a single sample: no energy is read for it"
                reading.warn("CG510", series.first_line, message, "leave the line out, or log the device for longer")
        if not whole:
            return Summary(None, None, None, None, None, 0.0)
        start, end = min(series.start for series in whole), max(series.time for series in whole)
        joules = math.fsum(series.joules for series in whole)
        interval = median_low([series.interval for series in whole])
        _report_ends(whole, start, end, interval, reading)
        share = _report_gaps(whole, joules, interval, reading)
        device_hours = math.fsum(series.time - series.start for series in whole) / HOUR_S
        used = [line for device, series in zip(self.devices.values(), found) if series in whole for line in device.lines]
        return Summary(
            joules / J_PER_KWH, self.origin + start, self.origin + end, (end - start) / HOUR_S, device_hours, interval, share,
            tuple(sorted({min(used), max(used)})),
        )  # fmt: skip


def in_any_order(read: Callable[[Source, Reading, Samples], None], is_local: bool = False) -> Callable[[Source, Reading], None]:
    """Return a reader that reads a file again with its samples kept when they turn out to be out of order."""

    def read_file(source: Source, reading: Reading) -> None:
        samples = Samples(is_local=is_local, stops=False)
        read(source, reading, samples)
        if not samples.are_in_order:
            reading.rows = 0
            reading.records.clear()
            reading.notes.clear()
            reading.problems.clear()
            read(source, reading, Samples(keep=True, is_local=is_local))

    return read_file


def _report(series: Series, reading: Reading) -> None:
    if series.repeats:
        more = f", the first of {series.repeats:,}" if series.repeats > 1 else ""
        reading.note("merged", series.repeat_line, f"the same sample of the same device again{more}")
    if series.clashes:
        message = f"{series.clashes:,} sample{'s' * (series.clashes > 1)} of one device at the time of the one before, with another power"
        reading.warn("CG518", series.clash_line, message, "check that no device was taken for another")


def _report_ends(found: list[Series], start: float, end: float, interval: float, reading: Reading) -> None:
    """Warn of devices whose samples begin later or end earlier than those of the others."""
    for series in found:
        usual = GAP * max(interval, series.interval)
        if series.start - start > usual:
            message = f"the samples of one device begin {_span(series.start - start)} after those of the others"
            reading.warn("CG518", series.first_line, message, "what it used before is missing")
        if end - series.time > usual:
            message = f"the samples of one device end here, {_span(end - series.time)} before those of the others"
            reading.warn("CG518", series.line, message, "what it used after is missing")


def _report_gaps(found: list[Series], joules: float, interval: float, reading: Reading) -> float:
    """Return the share of the energy that lies in gaps, and warn of each; one that several devices share is one gap."""
    gaps = sorted(
        (before, seconds, energy, line)
        for series in found
        for seconds, energy, line, before in series.longest
        if seconds > GAP * series.interval
    )
    groups: list[list[tuple[float, float, float, int]]] = []
    for gap in gaps:
        if groups and gap[0] - groups[-1][0][0] <= max(interval, 1):
            groups[-1].append(gap)
        else:
            groups.append([gap])
    for group in groups[:20]:
        share = math.fsum(energy for _, _, energy, _ in group) / joules if joules else 0.0
        devices = f" of {len(group)} devices" if len(group) > 1 else ""
        message = (
            f"no samples{devices} for {_span(group[0][1])} before this line, where one comes every {interval:.3g} s: "
            f"{share:.1%} of the energy is taken from the values on both sides"
        )
        hint = "if the run stood still or a clock was set forward there, split the file: the energy is too high"
        reading.warn("CG518", min(line for *_, line in group), message, hint)
    if len(groups) > 20:
        reading.warn("CG518", min(line for *_, line in groups[20]), f"{len(groups) - 20:,} more gaps in the samples from here on")
    return math.fsum(energy for _, _, energy, _ in gaps) / joules if joules else 0.0


def _span(seconds: float) -> str:
    """Return a span of time as people say it.

    >>> _span(90), _span(7200), _span(12.34)
    ('90 s', '2 h', '12.3 s')
    """
    return f"{seconds:.3g} s" if seconds < 600 else f"{seconds / 60:.3g} min" if seconds < HOUR_S else f"{seconds / HOUR_S:.3g} h"
