"""Samples sensors in the background until it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from cardgen.recording.meters import Meter

LONGEST_ANSWER_S = 30.0


class Sampler:
    """Reads meters every ``interval_s`` s, and at the start and the end; more often where a counter would wrap in between."""

    def __init__(self, meters: Sequence[Meter], interval_s: float = 1.0) -> None:
        self.meters = tuple(meters)
        soonest = [meter.wraps_after_s / 2 for meter in meters if meter.wraps_after_s is not None]
        self.interval_s = min([interval_s, *soonest])
        self.start_clock = self.end_clock = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        for meter in self.meters:
            meter.longest_gap_s = max(meter.longest_gap_s, 10 * self.interval_s)

    def start(self) -> None:
        """Take the first readings, and go on in a thread."""
        self._sample()
        self.start_clock = time.monotonic()
        if self.meters:
            self._thread = threading.Thread(target=self._run, name="cardgen-recording", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Take the last readings; the thread has ended then."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(LONGEST_ANSWER_S)
        self.end_clock = time.monotonic()
        if self._thread is None or not self._thread.is_alive():  # a driver that hangs would hold the end up too
            self._sample()

    def _run(self) -> None:
        while not self._over.wait(self.interval_s):
            self._sample()

    def _sample(self) -> None:
        for meter in self.meters:
            meter.sample(time.monotonic())
