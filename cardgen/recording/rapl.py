"""Processors and their memory through RAPL, the counters that Linux shows under /sys/class/powercap."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cardgen.recording.meters import Meter

ROOT = Path("/sys/class/powercap")
METHOD = "RAPL"
# The memory-mapped interface (intel-rapl-mmio) shows the same packages again.
_ZONE = re.compile(r"intel-rapl:(\d+)(:\d+)?")


@dataclass(frozen=True)
class Processors:
    """The meters of all processors of the machine; where there are none, ``reason`` says why and what helps."""

    meters: tuple[Meter, ...] = ()
    reason: str = ""


def processors(root: Path = ROOT) -> Processors:
    """Return a meter for each package and its memory.

    Cores and uncore lie inside the package, and psys is the platform with the packages inside: counted, they would count twice.
    """
    try:
        zones = sorted(path for path in root.iterdir() if _ZONE.fullmatch(path.name))
    except OSError:
        zones = []
    wanted = [(zone, name) for zone in zones if (name := _text(zone / "name")).startswith("package") or name == "dram"]
    if not any(name.startswith("package") for _, name in wanted):
        return Processors(reason="the machine shows no energy counters of its processors (no RAPL, as on virtual machines and macOS)")
    meters = []
    for zone, name in wanted:
        meter = _meter(zone, name)
        try:
            meter.read()
        except PermissionError:
            return Processors(
                reason=f"the energy counters of the processors are for root only: sudo chmod a+r {root}/intel-rapl:*/energy_uj"
            )
        except (OSError, ValueError):
            return Processors(reason="the energy counters of the processors cannot be read")
        meters.append(meter)
    return Processors(tuple(meters))


def _meter(zone: Path, name: str) -> Meter:
    counter = zone / "energy_uj"
    wraps_at = _text(zone / "max_energy_range_uj")
    package = zone.name.split(":")[1]
    return Meter(
        "memory" if name == "dram" else "processors", f"dram-{package}" if name == "dram" else name, METHOD,
        lambda: int(counter.read_text()), step_j=1e-6, wraps_at=float(wraps_at) if wraps_at.isdigit() else None,
    )  # fmt: skip


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
