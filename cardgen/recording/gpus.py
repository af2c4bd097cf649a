"""The GPUs of a machine, and which of them a program sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cardgen.recording.meters import Meter


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver lists it, with its meter if it has one; ``limit_w`` is the power that it may draw."""

    index: int
    uuid: str
    name: str
    limit_w: float | None = None
    meter: Meter | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Gpus:
    """The GPUs of the machine that a driver shows. ``close`` ends the talk with the driver; ``reason`` says why there are none."""

    gpus: tuple[Gpu, ...] = ()
    reason: str = ""
    close: Any = None


def visible(gpus: Sequence[Gpu], devices: str | None, order: str | None = None) -> tuple[tuple[Gpu, ...], str]:
    """Return the GPUs that CUDA_VISIBLE_DEVICES lets a program see, and a remark on how sure that is.

    As CUDA does, the list ends at the first entry that is no GPU: ``0,-1,1`` is GPU 0.
    """
    if not gpus:
        return (), ""
    if devices is None:
        several = f"all {len(gpus)} GPUs of the machine are counted: CUDA_VISIBLE_DEVICES does not say which were used"
        return tuple(gpus), several if len(gpus) > 1 else ""
    chosen: list[Gpu] = []
    for entry in (text.strip() for text in devices.split(",")):
        if entry.startswith("MIG-"):
            whole = [gpu for gpu in gpus if entry[4:].startswith(gpu.uuid)] or list(gpus)
            return tuple(whole), "a part of a GPU (MIG) was used, and its meter covers the whole GPU"
        match = [gpu for gpu in gpus if (entry.isdecimal() and gpu.index == int(entry)) or (_is_uuid(entry) and gpu.uuid.startswith(entry))]
        if len(match) != 1:
            break
        chosen += [gpu for gpu in match if gpu not in chosen]
    mixed = len({gpu.name for gpu in gpus}) > 1 and order != "PCI_BUS_ID" and any(entry.strip().isdecimal() for entry in devices.split(","))
    remark = "CUDA may number GPUs of different kinds in another order: set CUDA_DEVICE_ORDER=PCI_BUS_ID" if mixed and chosen else ""
    return tuple(chosen), remark


def unseen(root: Path = Path("/")) -> str:
    """Return the name of accelerators that the machine has and that no sensor here measures; "" where there are none."""
    if any(_children(root / "proc/driver/nvidia/gpus")):
        return "NVIDIA GPUs"
    for node in _children(root / "sys/class/kfd/kfd/topology/nodes"):
        facts = dict(re.findall(r"^(\w+) (\d+)$", _text(node / "properties"), re.MULTILINE))
        if int(facts.get("simd_count", 0)) and not int(facts.get("cpu_cores_count", 0)):  # not one that is part of a processor
            return "AMD GPUs"
    if any(path.name.startswith("accel") for path in [*_children(root / "sys/class/accel")]):
        return "accelerators (/dev/accel)"
    return ""


def _is_uuid(entry: str) -> bool:
    return entry.startswith("GPU-") and len(entry) > 4


def _children(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
