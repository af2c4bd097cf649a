"""The sensors of this machine, and the devices that a program uses of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cardgen.recording import nvml, rapl, smi
from cardgen.recording.gpus import Gpus, unseen, visible
from cardgen.recording.machine import machine
from cardgen.recording.measured import Devices, Energy, energy
from cardgen.recording.sampling import Sampler


@dataclass
class Sensors:
    """The sensors that were found. ``notices`` are for the person who runs it: what is not measured, and what helps."""

    devices: Devices
    processors: rapl.Processors
    interval_s: float = 1.0
    notices: list[str] = field(default_factory=list)
    remark: str = ""  # on which GPUs are counted
    close: Any = None
    sampler: Sampler | None = None

    @property
    def has_any(self) -> bool:
        """Whether anything of what the program uses has a sensor."""
        return any(gpu.meter for gpu in self.devices.gpus) or bool(self.processors.meters and not self.devices.unseen)

    def start(self) -> None:
        """Begin to measure."""
        meters = [gpu.meter for gpu in self.devices.gpus if gpu.meter is not None]
        self.sampler = Sampler([*meters, *self.processors.meters], self.interval_s)
        self.sampler.start()

    def stop(self) -> Energy:
        """Return the energy since the start."""
        assert self.sampler is not None
        self.sampler.stop()
        if self.close is not None:
            self.close()
        start, end = self.sampler.start_clock, self.sampler.end_clock
        found = energy(self.devices, self.processors.meters, start, end, self.processors.reason)
        if self.remark and found.kwh is not None:
            return replace(found, notes=(*found.notes, self.remark))
        return found


def sensors(
    interval_s: float = 1.0,
    first_gpus: int | None = None,
    environment: Mapping[str, str] = os.environ,
    root: Path = Path("/"),
    driver: Any = None,
) -> Sensors:
    """Return the sensors of this machine. Of the GPUs that CUDA_VISIBLE_DEVICES shows, the first so many are counted.

    ``root`` and ``driver`` (as pynvml) stand in for the machine's own where recorded readings are played again.
    """
    listed = listed_gpus(driver)
    chosen, remark = visible(listed.gpus, environment.get("CUDA_VISIBLE_DEVICES"), environment.get("CUDA_DEVICE_ORDER"))
    if first_gpus is not None and first_gpus < len(chosen):
        chosen, remark = chosen[:first_gpus], ""
    found = rapl.processors(root / "sys/class/powercap")
    others = unseen(root)
    hidden = environment.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1") or first_gpus == 0
    others = "" if others == "NVIDIA GPUs" and (listed.gpus or hidden) else others
    notices = [found.reason] if found.reason else []
    if not listed.gpus and others == "NVIDIA GPUs":
        notices.append(f"the GPUs are not measured: {listed.reason}")
    elif others:
        notices.append(f"the machine has {others}: nothing here measures them")
    devices = Devices(machine(root / "proc"), chosen, len(listed.gpus), others)
    return Sensors(devices, found, interval_s, [*notices, *([remark] if remark else [])], remark, listed.close)


def listed_gpus(driver: Any = None) -> Gpus:
    """Return the NVIDIA GPUs, through NVML or else through nvidia-smi."""
    by_library = nvml.gpus(driver)
    if by_library.gpus:
        return by_library
    if by_library.close is not None:
        by_library.close()
    by_program = smi.gpus()
    return by_program if by_program.gpus else Gpus(reason=by_library.reason or by_program.reason)
