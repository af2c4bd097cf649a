"""Windows of time that were measured one inside another: what the outer one used includes the inner one, and is counted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cardgen.records.record import Reading

GAP_S = 1e-3  # clocks of seconds since 1970 have less than a microsecond left; two windows of one program lie further apart
SLACK = 0.05  # meters are read one after the other, and some move on only every tenth of a second
SLACK_J = 100.0
EPOCH = 1e9  # a clock that shows less counts from when the machine started: it has no date


@dataclass(frozen=True)
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


def dates(windows: Sequence[Window]) -> tuple[float | None, float | None]:
    """Return when the first window began and the last one ended, in seconds since 1970; None where the clock has no date."""
    if not windows or min(window.start for window in windows) < EPOCH:
        return None, None
    return min(window.start for window in windows), max(window.end for window in windows)


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
