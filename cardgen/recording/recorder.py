"""Measures from a start to a stop: the energy by an instrument, the time by the clocks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from cardgen.problems import CardgenError
from cardgen.recording.measured import Devices, Energy, Instrument, Measured
from cardgen.recording.sensors import Sensors
from cardgen.recording.trackers import codecarbon, instrument

TRACKERS = ("auto", "sensors", "codecarbon", "none")


def choose(tracker: Any, found: Sensors, place: Mapping[str, Any], online: bool = False) -> tuple[Instrument, tuple[str, ...]]:
    """Return what measures the energy, and sentences for the person who runs it: what is not measured, and what helps.

    "auto" takes the sensors; where there are none, CodeCarbon if it is installed and the country is known; else the time alone. The
    other ``TRACKERS`` take one of these, and a tracker's object is used as it is. Raises CardgenError for what cannot be had.
    """
    if not isinstance(tracker, str):
        return instrument(tracker), ()
    if tracker not in TRACKERS:
        raise CardgenError(f'tracker: "{tracker}" is not known', 2, f"use {', '.join(TRACKERS)}, or a tracker's object")
    if tracker == "none":
        return NoInstrument("it was not asked for"), ()
    if tracker == "codecarbon":
        return codecarbon(place, found.interval_s, online), ()
    if found.has_any:
        return found, tuple(found.notices)
    reason = "; ".join(found.notices) or "there is no sensor"
    if tracker == "sensors":
        return NoInstrument(reason), (f"the energy is not measured: {reason}",)
    try:
        return codecarbon(place, found.interval_s, online), (f"the energy is that of CodeCarbon: {reason}",)
    except CardgenError as error:
        way_out = f"{error.message}; to have the energy estimated: {error.hint}"
        return NoInstrument(reason), (f"the energy is not measured: {reason}", way_out)


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
