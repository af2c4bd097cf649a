"""Energy from the readings of a sensor: differences of a counter, or power integrated over time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Part = Literal["accelerators", "processors", "memory"]
HIGHEST_W = 1000.0  # more than a processor draws: how soon its counter can have gone round once
LONGEST_GAP_S = 10.0  # between two samples of power, what lies between is not known


@dataclass
class Meter:
    """A sensor of one device and the energy that it has seen, in J.

    ``read`` returns the state of a counter in steps of ``step_j`` J, or where ``step_j`` is None a power in W. A counter begins at
    0 again after ``wraps_at``. ``uncovered_s`` is time in which the energy is not known.
    """

    part: Part
    device: str
    method: str
    read: Callable[[], float]
    step_j: float | None = None
    wraps_at: float | None = None
    longest_gap_s: float = LONGEST_GAP_S
    joules: float = 0.0
    uncovered_s: float = 0.0
    failures: int = 0
    resets: int = 0
    first: float | None = None
    clock: float = 0.0
    value: float = 0.0

    def sample(self, clock: float) -> None:
        """Read the sensor at a time in s and add the energy since the last reading."""
        try:
            value = self.read()
            if not math.isfinite(value) or value < 0:
                raise ValueError(value)
        except Exception:  # whatever a driver raises, the program that is measured goes on
            self.failures += 1
            return
        if self.first is None:
            self.first = clock
        else:
            between = self._power if self.step_j is None else self._counter
            between(value, clock - self.clock)
        self.value, self.clock = value, clock

    def covered(self, start: float, end: float) -> float:
        """Return the share of a time span in which the energy is known, 0 to 1."""
        if self.first is None:
            return 0.0
        if end <= start:
            return float(self.clock >= end)
        missing = self.uncovered_s + max(0.0, self.first - start) + max(0.0, end - self.clock)
        return max(0.0, 1 - missing / (end - start))

    @property
    def wraps_after_s(self) -> float | None:
        """The shortest time in s after which the counter can have gone round once; None where it does not wrap."""
        return self.wraps_at * self.step_j / HIGHEST_W if self.wraps_at and self.step_j else None

    def _power(self, value: float, elapsed: float) -> None:
        self.joules += (self.value + value) / 2 * elapsed
        if elapsed > self.longest_gap_s:
            self.uncovered_s += elapsed

    def _counter(self, value: float, elapsed: float) -> None:
        assert self.step_j is not None
        steps = value - self.value
        if steps < 0 and self.wraps_at is not None and value <= self.wraps_at:
            steps += self.wraps_at
        if steps < 0:  # the driver was loaded again: what it had counted since the last reading is lost
            self.resets += 1
            self.uncovered_s += elapsed
            return
        self.joules += steps * self.step_j
        if self.wraps_after_s is not None and elapsed >= self.wraps_after_s:
            self.uncovered_s += elapsed  # how often it went round is not known
