"""The devices of a recorded run as lines of a run file, each with its comment."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cardgen.core.factors import Factors
from cardgen.recording.gpus import Gpu
from cardgen.recording.machine import Machine
from cardgen.recording.measured import Measured
from cardgen.skeleton import digits, scalar

Line = tuple[str, str]


def pools(measured: Measured) -> Iterator[Line]:
    """Yield the lines of the section ``hardware``: the GPUs in use, else the processors. Power is their mean, as measured."""
    factors = Factors()
    yield "    hardware:", ""
    kinds: dict[str, list[Gpu]] = {}
    for gpu in measured.devices.gpus:
        kinds.setdefault(gpu.name, []).append(gpu)
    for name, gpus in kinds.items():
        yield f"      - type: {scalar(name or 'unknown GPU')}", ""
        yield f"        count: {len(gpus)}", ""
        yield f"        duration: {_duration(measured)}", "wall-clock time"
        yield from _power_of(gpus, measured, factors)
    if not kinds:
        yield from _processors(measured, factors)


def host(measured: Measured) -> Iterator[Line]:
    """Yield the lines of the section ``host``: what feeds the devices, commented out where it is not theirs alone, or not known."""
    machine, devices = measured.devices.machine, measured.devices
    is_inside = measured.energy.kwh is not None and measured.energy.boundary == "node"
    if is_inside:
        yield "    host: included", "in the power of the devices"
    if not devices.gpus:
        if machine.memory_gb and measured.energy.kwh is None:
            yield "    host:", "the rest of the machine, as far as it is known"
            yield f"      memory: {digits(machine.memory_gb)} GB", ""
        return
    mark, comment = "# ", "the machine"
    if is_inside:
        comment = "the machine, for the reader"
    elif Factors().hardware(machine.processor)[0] is None:
        comment = "the machine; the tables do not know its processor"
    elif devices.gpus_in_machine != len(devices.gpus):
        comment = f"the machine, of which {len(devices.gpus)} of {devices.gpus_in_machine} GPUs were used"
    else:
        mark = ""
    yield f"    {mark}host:", comment
    yield f"    {mark}  cpu: {scalar(machine.processor or 'unknown')}", ""
    yield f"    {mark}  sockets: {machine.sockets}", ""
    if machine.memory_gb:
        yield f"    {mark}  memory: {digits(machine.memory_gb)} GB", ""


def assumption(measured: Measured) -> str:
    """Return a sentence on a power that is assumed, because it was not measured and the tables do not know the device; "" for none."""
    machine, gpus = measured.devices.machine, measured.devices.gpus
    if measured.energy.kwh is not None:
        return ""
    if any(_is_limit(gpu, Factors()) for gpu in gpus):
        return "the power of GPUs that the tables do not know is assumed: it is their power limit"
    if gpus or _rating(machine, Factors()):
        return ""
    beside = "memory is added by its size; disks, network and fans are not in it" if machine.memory_gb else "the rest is added as a share"
    return f"the power of the processors is assumed, between those of older and newer ones at this share of processor time; {beside}"


def _power_of(gpus: list[Gpu], measured: Measured, factors: Factors) -> Iterator[Line]:
    energy, number = measured.energy, len(measured.devices.gpus)
    joules = sum(gpu.meter.joules for gpu in gpus if gpu.meter)
    if energy.kwh is not None and energy.boundary == "node":
        with_host = "mean for each GPU with its share of the machine"
        yield f"        power: {_watts(energy.kwh * 3.6e6, measured, number)}", f"{with_host}, as {energy.basis}"
    elif energy.kwh is not None and joules:
        yield f"        power: {_watts(joules, measured, len(gpus))}", f"mean, as {energy.basis}"
    elif energy.kwh is not None:  # by a tracker, over all GPUs
        yield f"        power: {_watts(energy.kwh * 3.6e6, measured, number)}", f"mean over all GPUs, as {energy.basis}"
    elif _is_limit(gpus[0], factors):
        yield f"        power: {digits(gpus[0].limit_w or 0)} W", "assumed, its power limit: the tables do not know this GPU"


def _processors(measured: Measured, factors: Factors) -> Iterator[Line]:
    machine, energy = measured.devices.machine, measured.energy
    yield f"      - type: {scalar(machine.processor or 'unknown processor')}", f"{machine.threads} logical processors"
    yield f"        count: {machine.sockets}", "sockets"
    yield f"        duration: {_duration(measured)}", "wall-clock time"
    if energy.kwh is not None:
        with_rest = "mean for each processor with what was measured beside it"
        yield f"        power: {_watts(energy.kwh * 3.6e6, measured, machine.sockets)}", f"{with_rest}, as {energy.basis}"
    elif not _rating(machine, factors):
        low, high = (machine.threads / machine.sockets * power_w for power_w in _power_of_a_thread(measured, factors))
        middle, spread = math.sqrt(low * high), math.ceil(10 * (math.sqrt(high / low) - 1)) * 10
        said = f"assumed, {low:.2g} to {high:.2g} W: the tables do not know the processor; state what you know"
        yield f"        power: {digits(float(f'{middle:.2g}'))} W ± {spread}%", said
        yield "        # from the lowest to the highest of vcpu-* in the table conventions, at this share of processor time", ""


def _power_of_a_thread(measured: Measured, factors: Factors) -> tuple[float, float]:
    """Return the lowest and the highest power in W that a logical processor of any generation in the tables draws at this load.

    Power goes from idle to full load by the share of processor time; where that is not known, all of it is possible.
    """
    rows = {row["id"]: row.number("value") or 0.0 for row in factors.table("conventions") if row["id"].startswith("vcpu-")}
    full = {name: value for name, value in rows.items() if name.endswith("-full")}
    load = processor_load(measured)
    least, most = (0.0, 1.0) if load is None else (load, load)
    ends = [(rows[name.replace("-full", "-idle")], value) for name, value in full.items()]
    return min(idle + least * (value - idle) for idle, value in ends), max(idle + most * (value - idle) for idle, value in ends)


def processor_load(measured: Measured) -> float | None:
    """Return the share of the time of all logical processors that the program used, 0 to 1; None where it is not known."""
    if measured.processor_s is None:
        return None
    return min(1.0, measured.processor_s / (measured.duration_s * measured.devices.machine.threads))


def _rating(machine: Machine, factors: Factors) -> float | None:
    """Return the rated power of the machine's processor in W, where the tables have one."""
    row, _ = factors.hardware(machine.processor)
    return row.number("rated_power_w") if row is not None else None


def _is_limit(gpu: Gpu, factors: Factors) -> bool:
    """Return whether the limit of a GPU's power is all that is known of it."""
    return bool(gpu.limit_w) and factors.hardware(gpu.name)[0] is None


def _duration(measured: Measured) -> str:
    # Beside ``assumed: true`` a number without an interval is taken for a guess; this one is from a clock.
    return f"{digits(measured.duration_s)} s{' ± 1%' if assumption(measured) else ''}"


def _watts(joules: float, measured: Measured, devices: int) -> str:
    return f"{digits(float(f'{joules / measured.duration_s / devices:.6g}'))} W"
