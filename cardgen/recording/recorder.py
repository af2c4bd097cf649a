"""Measures from a start to a stop: the energy by an instrument, the time by the clocks."""

from __future__ import annotations

import time

from cardgen.recording.measured import Devices, Energy, Instrument, Measured


class NoInstrument:
    """Measures no energy; says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> Energy:
        """Return that the energy is not known, and why."""
        return Energy(reason=self.reason)


class Recorder:
    """A measurement under way. An instrument that fails costs the energy, never the program that is measured."""

    def __init__(self, instrument: Instrument, devices: Devices) -> None:
        self.instrument, self.devices = instrument, devices
        self.start_time = self.start_clock = 0.0
        self._failure = ""

    def start(self) -> None:
        """Begin to measure."""
        try:
            self.instrument.start()
        except Exception as error:
            self._failure = f"the instrument did not start ({type(error).__name__})"
        self.start_time, self.start_clock = time.time(), time.monotonic()

    def stop(self, processor_s: float | None = None) -> Measured:
        """Return what was measured since the start; ``processor_s`` is the processor time of the program in s."""
        duration_s = max(round(time.monotonic() - self.start_clock, 6), 1e-6)
        energy = Energy(reason=self._failure)
        if not self._failure:
            try:
                energy = self.instrument.stop()
            except Exception as error:
                energy = Energy(reason=f"the instrument failed at the end ({type(error).__name__})")
        return Measured(self.start_time, duration_s, processor_s, energy, self.devices)
