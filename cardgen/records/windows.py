"""Windows of time that were measured one inside another: what the outer one used includes the inner one, and is counted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cardgen.problems import Placed
from cardgen.records.record import Reading
from cardgen.records.source import Unreadable
from cardgen.records.streamed import Lines, Total

GAP_S = 1e-3  # clocks of seconds since 1970 have less than a microsecond left; two windows of one program lie further apart
SLACK = 0.05  # meters are read one after the other, and some move on only every tenth of a second
SLACK_J = 100.0
EPOCH = 1e9  # a clock that shows less counts from when the machine started: it has no date


APART_S = 7 * 86_400.0  # one program measures one window after the other
MAX_KEPT = 50_000  # windows that lie in each other, or stand in any order


@dataclass(frozen=True, slots=True)
class Window:
    """What meters counted from ``start`` (s) for ``seconds``: ``joules`` by meter, from the line ``line``."""

    start: float
    seconds: float
    joules: tuple[float, ...]
    line: int

    @property
    def end(self) -> float:
        """Return when the window ended, in seconds by the clock of its start."""
        return self.start + self.seconds


def outermost(windows: Sequence[Window], reading: Reading) -> list[Window]:
    """Return the windows that lie in no other one, in their order; those inside are noted, those that overlap in part are errors."""
    outer: list[Window] = []
    for window in sorted(windows, key=lambda window: (window.start, -window.seconds, window.line)):
        last = outer[-1] if outer else None
        if last is None or window.start >= last.end - GAP_S:
            outer.append(window)
        elif window.end <= last.end + GAP_S:
            _inside(window, last, reading)
        else:
            message = f"the window overlaps the one on line {last.line} in part: their energies share time, and adding them counts it twice"
            reading.fault("CG504", window.line, message, "leave one of them out, or measure windows that lie one after or in the other")
    return sorted(outer, key=lambda window: window.line)


def _inside(window: Window, outer: Window, reading: Reading) -> None:
    same = math.isclose(window.seconds, outer.seconds, abs_tol=2 * GAP_S)
    for inner, whole in zip(window.joules, outer.joules):
        more = inner - whole
        if more > SLACK * whole + SLACK_J or (same and abs(more) > SLACK * whole + SLACK_J):
            message = f"the window lies in that of line {outer.line} and used {inner:.6g} J, the outer one {whole:.6g} J"
            reading.fault("CG504", window.line, message, "write or copy the file again, or leave the window out")
            return
    reading.note("merged", window.line, f"it lies in the window on line {outer.line}, whose energy includes it")


@dataclass(frozen=True)
class Whole:
    """What the outermost windows of a file used together: ``joules`` by meter, when they began and ended, and their lines."""

    joules: tuple[float, ...]
    seconds: float
    start: float | None
    end: float | None
    lines: tuple[int, ...]


class Windows:
    """The windows of a file. The first ones are kept, for one may lie in another. A file of more than ``most`` is summed as it comes,
    and is refused where a window of it does not begin after the one before.
    """

    def __init__(self, most: int = MAX_KEPT) -> None:
        self.count = self.first_line = 0
        self._most = most
        self._kept: list[Window] = []
        self._sums: list[Total] | None = None  # of the windows that are no longer kept
        self._seconds, self._lines = Total(), Lines()
        self._start = self._end = 0.0
        self._pause = (0.0, 0)  # the longest time before a window that is no longer kept, and the line of that

    def add(self, window: Window) -> None:
        """Add a window; raises Unreadable where it would have to be compared with windows that are no longer kept."""
        self.count, self.first_line = self.count + 1, self.first_line or window.line
        self._kept.append(window)
        if len(self._kept) > self._most:
            self._fold()

    def _fold(self) -> None:
        """Sum the windows that are kept, which must lie one after the other, and keep them no longer."""
        if self._sums is None:
            self._sums, self._start = [Total() for _ in self._kept[0].joules], self._kept[0].start
            self._end = self._start
        for window in self._kept:
            if window.start < self._end - GAP_S:
                message = f"the window begins before the one above it ends, in a file of more than {self._most:,} windows"
                hint = "split the file, or put its windows in the order of their times"
                raise Unreadable(Placed("CG505", message, (), hint, "error", window.line))
            self._pause = max(self._pause, (window.start - self._end, window.line))
            for total, joules in zip(self._sums, window.joules):
                total.add(joules)
            self._seconds.add(window.seconds)
            self._lines.add(window.line)
            self._end = max(self._end, window.end)
        self._kept.clear()

    def whole(self, reading: Reading, factors: Sequence[float] | None = None) -> Whole:
        """Return what the outermost windows used, their numbers times ``factors`` in J; says what lies in another window."""
        if self._sums is not None:
            self._fold()
            pause, line = self._pause
            if pause > APART_S:
                _warn_apart(pause, line, "the one before it", reading)
            sums = tuple(total.value for total in self._sums)
            joules = tuple(value * factor for value, factor in zip(sums, factors)) if factors else sums
            return Whole(joules, self._seconds.value, *_dated(self._start, self._end), self._lines.named)
        if factors:
            kept = [replace(one, joules=tuple(value * factor for value, factor in zip(one.joules, factors))) for one in self._kept]
        else:
            kept = self._kept
        outer, lines = outermost(kept, reading), Lines()
        _find_apart(outer, reading)
        for window in outer:
            lines.add(window.line)
        joules = tuple(math.fsum(values) for values in zip(*(window.joules for window in outer)))
        seconds = math.fsum(window.seconds for window in outer)
        return Whole(joules, seconds, *dates(outer), lines.named)


def _find_apart(windows: Sequence[Window], reading: Reading) -> None:
    """Warn of the longest time between two windows, at the one that has fewer others on its side: what lies in a window whose clock is
    wrong is not seen to do so.
    """
    ordered = sorted(windows, key=lambda window: window.start)
    pauses = [(later.start - earlier.end, place) for place, (earlier, later) in enumerate(pairwise(ordered), 1)]
    pause, place = max(pauses, default=(0.0, 0))
    if pause > APART_S:
        before, after = ordered[place - 1].line, ordered[place].line
        odd, other = (after, before) if 2 * place >= len(ordered) else (before, after)
        _warn_apart(pause, odd, f"that of line {other}", reading)


def _warn_apart(seconds: float, line: int, other: str, reading: Reading) -> None:
    message = f"the window lies {seconds / 86_400:,.0f} days from {other}, which is the nearest"
    reading.warn("CG518", line, message, "if its start is wrong, it may be a part of another window, and is counted twice")


def dates(windows: Sequence[Window]) -> tuple[float | None, float | None]:
    """Return when the first window began and the last one ended, in seconds since 1970; None where the clock has no date."""
    if not windows:
        return None, None
    return _dated(min(window.start for window in windows), max(window.end for window in windows))


def _dated(start: float, end: float) -> tuple[float | None, float | None]:
    return (start, end) if start >= EPOCH else (None, None)


def misplaced(cells: Sequence[float], power_w: Sequence[float], limits_w: tuple[float, float]) -> str:
    """Return why the numbers of a row, time first, cannot stand where they do; "" where they can.

    Fields that moved leave two neighbours that are the same, or a power that no device has.
    """
    if any(one == other and one > 1 for one, other in pairwise(cells)):
        return "two fields beside each other hold the same number: one may have been doubled and another lost"
    low, high = limits_w
    for power in power_w:
        if power and not low <= power <= high:
            return f"the mean power is {power:.3g} W, and a device draws {low:g} to {high:,.0f} W"
    return ""
