"""Jobs of a scheduler: what was allocated to them, and what their states and amounts mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cardgen.records.record import Device

STATES = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "CONFIGURING", "DEADLINE", "EXPEDITING", "FAILED", "LAUNCH_FAILED", "NODE_FAIL",
    "OUT_OF_MEMORY", "PENDING", "POWER_UP_NODE", "PREEMPTED", "RECONFIG_FAIL", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING",
    "RESV_DEL_HOLD", "REVOKED", "RUNNING", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED", "TIMEOUT", "UPDATE_DB",
}  # fmt: skip
UNFINISHED = {"COMPLETING", "PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "STOPPED", "RESIZING", "STAGE_OUT", "SIGNALING"}
NONE = {0, 2**32 - 1, 2**32 - 2, 2**64 - 1, 2**64 - 2}  # energy accounting is off, or the amount is not known
PREFIXES = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
ROUNDED = re.compile(r"(\d+(?:\.(\d+))?)([KMGTPE]?)")
NO_JOB_J = 3.6e15  # a terawatt hour
RESOURCE = re.compile(r"([A-Za-z][\w/:.\-]*)=(\d+(?:\.\d+)?)([KMGTPE]?)(n|c)?")
GPU = re.compile(r"gres/gpu(?::(.+))?")
SHOWABLE = re.compile(r"[\dKMGTPEO.,:+\-_\[\]]{1,40}|[A-Z_]{1,30}")


@dataclass(frozen=True)
class Job:
    """A job, or one attempt at it: ``joules`` is None where no energy was counted; ``note`` says how it was found."""

    id: str
    line: int
    name: str = ""
    state: str = ""
    start: float | None = None
    end: float | None = None
    seconds: float | None = None
    nodes: int | None = None
    joules: float | None = None
    note: str = ""
    resources: Mapping[str, float] = field(default_factory=dict)
    host: tuple[str, ...] = ()
    private: Mapping[str, str] = field(default_factory=dict)

    @property
    def devices(self) -> tuple[Device, ...]:
        """Return the accelerators of the job by type. Those without a type are all of them together, not further ones."""
        typed, all_of_them = {}, 0
        for name, count in self.resources.items():
            found = GPU.fullmatch(name)
            if found and found[1]:
                typed[found[1]] = typed.get(found[1], 0) + int(count)
            elif found:
                all_of_them = int(count)
        left = all_of_them - sum(typed.values())
        devices = tuple(Device(name, count) for name, count in sorted(typed.items()) if count)
        return (*devices, Device("gpu", left)) if left > 0 else devices


def contradiction(seconds: float | None, start: float | None, end: float | None) -> str:
    """Return how the times of a job contradict each other, "" where they agree. The clock may be put forward by an hour in between,
    and time in suspension is not counted.
    """
    if start and end and end < start:
        return f"the job ends {start - end:,.0f} s before it starts"
    if seconds and start and end and seconds > end - start + 3_601:
        return f"{seconds:.0f} s elapsed, and {end - start:.0f} s lie between Start and End"
    return ""


def shown(text: str) -> str:
    """Return a cell in quotes where it is made of figures or capitals; what else may have moved into its place names people.

    >>> shown("12:0O:00"), shown("COMPLETD"), shown("node[17-18].cluster"), shown("ada")
    ('"12:0O:00"', '"COMPLETD"', 'a text', 'a text')
    """
    return f'"{text}"' if SHOWABLE.fullmatch(text) else "a text"


def resources(text: str) -> dict[str, float] | None:
    """Return what was allocated, such as ``gres/gpu:a100=8,node=2``, by name; None where the text is no such list.

    >>> resources("cpu=128,gres/gpu:a100=8,mem=1000G,energy=5")
    {'cpu': 128.0, 'gres/gpu:a100': 8.0, 'mem': 1000000000000.0, 'energy': 5.0}
    """
    found: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        match = RESOURCE.fullmatch(part.strip())
        if not match or match[1] in found:
            return None
        found[match[1]] = float(match[2]) * PREFIXES[match[3]]
    return found


def rounded(text: str) -> tuple[float, float] | None:
    """Return an amount with a prefix, and what it may be off by for having been rounded; None where it is none.

    >>> rounded("1.10G"), rounded("305K"), rounded("0:0")
    ((1100000000.0, 6000000.0), (305000.0, 600.0), None)
    """
    match = ROUNDED.fullmatch(text)
    if not match:
        return None
    scale = PREFIXES[match[3]]
    return float(match[1]) * scale, 0.6 * scale * 10.0 ** -len(match[2] or "")
