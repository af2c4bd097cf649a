"""What was measured of a run: its energy with the boundary, its time, and the devices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from cardgen.recording.gpus import Gpu
from cardgen.recording.machine import Machine
from cardgen.recording.meters import Meter
from cardgen.skeleton import digits

ENOUGH = 0.99  # the share of the time that a meter has to cover
WHOLE_MACHINE = "the counters of the processors cover the whole machine, with what other programs did meanwhile"


@dataclass(frozen=True)
class Energy:
    """Energy in kWh within a boundary; None where it is not known, and ``reason`` says why. ``parts`` splits it, in kWh.

    ``pue`` is a factor that the tracker had applied and that is taken out again; ``emissions_kg`` is the tracker's own result.
    """

    kwh: float | None = None
    boundary: Literal["accelerators", "node"] = "node"
    method: str = ""
    basis: Literal["measured", "estimated"] = "measured"
    parts: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    notes: tuple[str, ...] = ()
    pue: float | None = None
    emissions_kg: float | None = None


class Instrument(Protocol):
    """What measures energy from ``start`` to ``stop``: the sensors of the machine, or a tracker."""

    def start(self) -> None: ...
    def stop(self) -> Energy: ...


@dataclass(frozen=True)
class Devices:
    """The computer, the GPUs that a program sees, and how many there are. ``unseen`` names accelerators that no sensor measures."""

    machine: Machine
    gpus: tuple[Gpu, ...] = ()
    gpus_in_machine: int = 0
    unseen: str = ""


@dataclass(frozen=True)
class Measured:
    """A run: ``start`` in s since 1970, ``duration_s`` by the wall clock, ``processor_s`` the time of all its processes together."""

    start: float
    duration_s: float
    processor_s: float | None
    energy: Energy
    devices: Devices


def energy(devices: Devices, processors: Sequence[Meter], start: float, end: float, why_no_processors: str = "") -> Energy:
    """Return the energy between two times in s: of the node where all of it has a meter, else of the accelerators, else none."""
    if devices.unseen and not devices.gpus:
        return Energy(reason=f"the machine has {devices.unseen}, which were not measured")
    meters = [gpu.meter for gpu in devices.gpus if gpu.meter is not None]
    silent = [f"GPU {gpu.index}" for gpu in devices.gpus if gpu.meter is None]
    if silent:
        return Energy(reason=f"{_list(silent)} of the GPUs in use {'have' if len(silent) > 1 else 'has'} no sensor of energy or power")
    if not meters and not processors:
        return Energy(reason=why_no_processors or "there is no sensor")
    if lost := _lost(meters or processors, start, end):
        return Energy(reason=lost)
    notes = [f"{meter.device} gave no answer {meter.failures} times" for meter in [*meters, *processors] if meter.failures]
    others = devices.gpus_in_machine - len(devices.gpus)
    if not meters:
        if others:
            notes.append(f"{others} GPUs of the machine, which the program did not see, are not in it")
        return _total(processors, "node", [WHOLE_MACHINE, *notes])
    unmetered = _lost(processors, start, end) if processors else why_no_processors
    if unmetered or others or devices.unseen:
        if processors:
            seen = f"{len(devices.gpus)} of {devices.gpus_in_machine} GPUs were used"
            why = unmetered or (seen if others else f"the machine has {devices.unseen} too")
            notes.append(f"the processors of the whole machine used {digits(_kwh(processors))} kWh, which is not in the energy: {why}")
        elif unmetered:
            notes.append(f"processors and memory were not measured: {unmetered}")
        return _total(meters, "accelerators", notes)
    return _total([*meters, *processors], "node", [WHOLE_MACHINE, *notes])


def _total(meters: Sequence[Meter], boundary: Literal["accelerators", "node"], notes: Sequence[str]) -> Energy:
    total = _kwh(meters)
    methods = " and ".join(dict.fromkeys(meter.method for meter in meters))
    if not total:
        return Energy(reason="the counters did not move: the run was too short for them")
    parts = {part: _kwh([meter for meter in meters if meter.part == part]) for part in dict.fromkeys(meter.part for meter in meters)}
    return Energy(total, boundary, methods, "measured", parts, notes=tuple(notes))


def _kwh(meters: Sequence[Meter]) -> float:
    return math.fsum(meter.joules for meter in meters) / 3.6e6


def _lost(meters: Sequence[Meter], start: float, end: float) -> str:
    """Return which meters did not cover the time, and how much of it; "" where all did."""
    lost = [
        f"{meter.device} was measured for {100 * meter.covered(start, end):.1f} % of the time ({digits(meter.joules / 3.6e6)} kWh)"
        for meter in meters
        if meter.covered(start, end) < ENOUGH
    ]
    return "; ".join(lost)


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
