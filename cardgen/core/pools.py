"""Pools of devices: the table row of each, its device-hours, and the energy that its devices use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cardgen.core import energy
from cardgen.core.figure import Figure, Origin, exact
from cardgen.core.inputs import Inputs
from cardgen.core.problem import Path
from cardgen.core.run import Activity, Hardware
from cardgen.core.tables import Row

CLUSTER = 16  # devices: from here on a job spans servers, and its devices are kept busy
CLUSTER_HOURS = 5000  # device-hours that make a job a large one where the number of devices is not stated

# Words in the names of processors that the table does not hold, such as "Intel(R) Xeon(R) Processor" of a virtual machine; and words
# of accelerators, whose names may hold the same words: "AI training processor". Apple's chips are in neither: their GPU is at work too.
_PROCESSOR = re.compile(
    r"\b(v?cpus?|processors?|xeon|epyc|ryzen|threadripper|opteron|athlon|pentium|celeron|graviton\d?|altra|neoverse|core (i[3579]|ultra))\b"
    r"|\bcore\(tm\)",
    re.IGNORECASE,
)
_ACCELERATOR = re.compile(r"\b(([ghilnt]|xp)pus?|accelerators?|coprocessors?|tensor|neural|training|inference)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Pool:
    """A pool of devices with the table row of its part, if known; ``hours`` are device-hours."""

    stated: Hardware
    path: Path
    row: Row | None = None
    hours: Figure | None = None


@dataclass
class Evidence:
    """What is known of an activity's energy. ``components`` add up to the IT energy, or to the facility's energy where
    only that is known."""

    kind: str | None = None
    components: dict[str, Figure] = field(default_factory=dict)
    hours: Figure | None = None
    pools: tuple[Pool, ...] = ()
    boundary: str = ""
    facility: Figure | None = None
    included: list[str] = field(default_factory=list)
    not_included: list[str] = field(default_factory=list)


def pools_of(activity: Activity, path: Path, inputs: Inputs) -> tuple[Pool, ...]:
    """Return the pools of an activity with their parts and their device-hours."""
    return tuple(_pool(hardware, (*path, "hardware", i), inputs) for i, hardware in enumerate(activity.hardware))


def counted(number: float | None, what: str) -> Figure:
    """Return a number of devices; one where none is stated, and the figure says that this is assumed."""
    return exact(number, "1", what) if number is not None else Figure(1.0, "1", what, "assumed", (), "not stated, one is assumed")


def peak_flops(pool: Pool) -> Figure | None:
    """Return the peak dense FLOP/s of a pool's device at 16 bits, or at 32 bits where it has no more."""
    if pool.row is None:
        return None
    column = next((c for c in ("peak_bf16_tflops", "peak_fp32_tflops") if pool.row.get(c)), None)
    value = pool.row.number(column) if column else None
    note = f"{pool.row['name']}, {(column or '')[5:9]}"
    origin = Origin("", pool.row, column or "")
    return Figure(value, "TFLOP/s", "peak FLOP/s", "exact", pool.row.sources, note, origin=origin) if value else None


def states_its_rating(pool: Pool) -> bool:
    """Return whether the power that is stated for a device is its rated power, and nothing says how much of it is used."""
    rating, power = pool.row.number("rated_power_w") if pool.row else None, pool.stated.power
    return bool(rating and power is not None and pool.stated.utilization is None and abs(power.value / rating - 1) < 0.01)


def are_processors(pools: tuple[Pool, ...]) -> bool:
    """Return whether the devices of all pools are processors of computers, not accelerators."""
    return bool(pools) and all(_is_processor(pool) for pool in pools)


def component(activity: Activity, pool: Pool) -> str:
    """Return the component that the devices of a pool are: ``nodes`` where a published mean power covers their host too."""
    if _is_processor(pool):
        return "processors"
    return "nodes" if activity.host is None and _with_host(pool) else "accelerators"


def devices_energy(activity: Activity, pool: Pool, pools: tuple[Pool, ...], inputs: Inputs) -> Figure | None:
    """Return the energy of the devices of a pool in kWh; None where no power is known."""
    assert pool.hours is not None
    power = _power(pool, inputs, "system_power_w" if component(activity, pool) == "nodes" else "measured_power_w")
    if power is None:
        return None
    utilization = pool.stated.utilization
    if utilization is not None:
        load = inputs.declared(utilization, "utilisation", (*pool.path, "utilization"), "declared-utilization")
        return energy.device_energy(power, pool.hours, load)
    if pool.stated.power is not None or power.name == "mean power":
        return energy.device_energy(power, pool.hours)
    return energy.device_energy(power, pool.hours, inputs.prior(default_load(activity, pool, pools), "utilisation"))


def default_load(activity: Activity, pool: Pool, pools: tuple[Pool, ...]) -> str:
    """Return the id of the default utilisation of a pool: what its devices are, what they do, and how many the job has."""
    kind = pool.row["kind"] if pool.row is not None else "gpu"
    if kind != "gpu":
        return "utilization-processors" if kind == "cpu" else "utilization-other"
    if activity.phase == "inference":
        return "utilization-inference"
    accelerators = [other for other in pools if not _is_processor(other)]
    counts = [other.stated.count for other in accelerators if other.stated.count is not None]
    hours = sum(other.hours.value for other in accelerators if other.hours)
    if sum(counts) >= CLUSTER or (not counts and hours >= CLUSTER_HOURS):
        return "utilization-cluster"
    return "utilization-single" if sum(counts) == 1 else "utilization-server"


def _is_processor(pool: Pool) -> bool:
    """Return whether a pool is of processors: by its row, or where the table does not know the part, by its name."""
    if pool.row is not None:
        return pool.row["kind"] == "cpu"
    name = pool.stated.type or ""
    return bool(_PROCESSOR.search(name)) and not _ACCELERATOR.search(name)


def _with_host(pool: Pool) -> bool:
    stated = pool.stated
    return pool.row is not None and bool(pool.row["system_power_w"]) and stated.power is None and stated.utilization is None


def _pool(hardware: Hardware, path: Path, inputs: Inputs) -> Pool:
    row = _part(hardware, path, inputs)
    hours = None
    if hardware.device_hours is not None:
        hours = inputs.declared(hardware.device_hours, "device-hours", (*path, "device_hours"), "declared-device-hours", "h")
    elif hardware.duration is not None:
        duration = inputs.declared(hardware.duration, "duration", (*path, "duration"), "declared-device-hours")
        hours = energy.device_hours(counted(hardware.count, "devices"), duration)
    return Pool(hardware, path, row, hours)


def _part(hardware: Hardware, path: Path, inputs: Inputs) -> Row | None:
    """Return the table row of the part, and say so where its name is unknown or ambiguous."""
    if hardware.type is None:
        return None
    row, assumed = inputs.factors.hardware(hardware.type)
    where = (*path, "type")
    if row is None and hardware.power is None:
        similar = inputs.similar(inputs.factors.similar_hardware, hardware.type)
        hint = (
            f"did you mean {' or '.join(similar)}? Otherwise state its power, as in power: 400 W" if similar else "state its power: 400 W"
        )
        inputs.fault("CG201", where, f'"{hardware.type}" is not in the hardware table', hint)
    elif row is not None and assumed and hardware.power is None:
        others = [name for name in inputs.factors.variants(hardware.type) if name != row["name"]]
        others_text = f"; it could also be {', '.join(others[:4])}" if others else ""
        inputs.warn("CG203", where, f'"{hardware.type}" is ambiguous and read as {row["name"]}{others_text}', "write the full name")
    return row


def _power(pool: Pool, inputs: Inputs, measured: str) -> Figure | None:
    """Return the power of one device in W: stated, else a published mean from the column ``measured``, else as rated."""
    hardware, row = pool.stated, pool.row
    if hardware.power is not None:
        at_rating = states_its_rating(pool)
        label = "power" if hardware.utilization is not None else "mean power"
        if at_rating and row:
            text = (
                f"{hardware.power.text or hardware.power.value} is the rated power of {row['name']}; the mean power in use is usually lower"
            )
            inputs.warn("CG211", (*pool.path, "power"), text, "add utilization, or the mean power that was measured")
        where = (*pool.path, "power")
        if at_rating:  # how far the mean lies below the rating is one question for all pools
            return inputs.declared(hardware.power, label, where, "power-at-rating", key="power-at-rating")
        return inputs.declared(hardware.power, label, where, "declared-power")
    if row is None:
        return None
    if hardware.utilization is None and row.get(measured):
        return inputs.looked_up(row, measured, "W", "mean power", "measured-power", why=row["note"])
    if row.number("rated_power_w") is None:
        text = f"no power is published for {row['name']}"
        inputs.fault("CG202", pool.path, text, "state the mean power of a device: power: 200 W")
        return None
    return inputs.looked_up(row, "rated_power_w", "W", "rated power", "rated-power")
