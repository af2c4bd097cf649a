"""The devices of a recorded run as lines of a run file, each with its comment."""

from __future__ import annotations

from collections.abc import Iterator

from cardgen.core.factors import Factors
from cardgen.recording.gpus import Gpu
from cardgen.recording.machine import Machine
from cardgen.recording.measured import Measured
from cardgen.skeleton import scalar

# A processor that the tables do not know, such as a share of one that a cloud gives to a virtual machine.
_FULL, _IDLE = "vcpu-cascade-lake-full", "vcpu-cascade-lake-idle"

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
        yield f"        duration: {measured.duration_s!r} s", "wall-clock time"
        yield from _power_of(gpus, measured, factors)
    if not kinds:
        yield from _processors(measured, factors)


def host(measured: Measured) -> Iterator[Line]:
    """Yield the lines of the section ``host``: what feeds the devices, commented out where it is not theirs alone, or not known."""
    machine, devices = measured.devices.machine, measured.devices
    row, _ = Factors().hardware(machine.processor)
    is_inside = measured.energy.kwh is not None and measured.energy.boundary == "node"
    if is_inside:
        yield "    host: included", "in the power of the devices"
    if not devices.gpus:
        return
    mark, comment = "# ", "the machine"
    if is_inside:
        comment = "the machine, for the reader"
    elif row is None:
        comment = "the machine; the tables do not know its processor"
    elif devices.gpus_in_machine != len(devices.gpus):
        comment = f"the machine, of which {len(devices.gpus)} of {devices.gpus_in_machine} GPUs were used"
    else:
        mark = ""
    yield f"    {mark}host:", comment
    yield f"    {mark}  cpu: {scalar(machine.processor or 'unknown')}", ""
    yield f"    {mark}  sockets: {machine.sockets}", ""
    if machine.memory_gb:
        yield f"    {mark}  memory: {machine.memory_gb!r} GB", ""


def _power_of(gpus: list[Gpu], measured: Measured, factors: Factors) -> Iterator[Line]:
    energy, number = measured.energy, len(measured.devices.gpus)
    joules = sum(gpu.meter.joules for gpu in gpus if gpu.meter)
    if energy.kwh is not None and energy.boundary == "node":
        with_host = "mean for each GPU with its share of the machine"
        yield f"        power: {energy.kwh * 3.6e6 / measured.duration_s / number!r} W", f"{with_host}, as {energy.basis}"
    elif energy.kwh is not None and joules:
        yield f"        power: {joules / measured.duration_s / len(gpus)!r} W", f"mean, as {energy.basis}"
    elif energy.kwh is not None:  # by a tracker, over all GPUs
        yield f"        power: {energy.kwh * 3.6e6 / measured.duration_s / number!r} W", f"mean over all GPUs, as {energy.basis}"
    elif factors.hardware(gpus[0].name)[0] is None and gpus[0].limit_w:
        yield f"        power: {gpus[0].limit_w!r} W", "its power limit: the tables do not know this GPU"


def _processors(measured: Measured, factors: Factors) -> Iterator[Line]:
    machine, energy = measured.devices.machine, measured.energy
    yield f"      - type: {scalar(machine.processor or 'unknown processor')}", f"{machine.threads} logical processors"
    yield f"        count: {machine.sockets}", "sockets"
    yield f"        duration: {measured.duration_s!r} s", "wall-clock time"
    row, _ = factors.hardware(machine.processor)
    if energy.kwh is not None:
        with_rest = "mean for each processor with what was measured beside it"
        yield f"        power: {energy.kwh * 3.6e6 / measured.duration_s / machine.sockets!r} W", f"{with_rest}, as {energy.basis}"
    elif row is None or row.number("rated_power_w") is None:
        power_w = _assumed_power_w(machine, measured, factors) / machine.sockets
        yield f"        power: {power_w!r} W", "assumed, the tables do not know the processor: state what you know"
        yield f"        # {_FULL} and {_IDLE} of the table conventions, at its share of processor time", ""


def _assumed_power_w(machine: Machine, measured: Measured, factors: Factors) -> float:
    """Return the mean power in W of all logical processors, from idle to full load by the share of processor time."""
    rows = {row["id"]: row.number("value") or 0.0 for row in factors.table("conventions") if row["id"] in (_FULL, _IDLE)}
    load = 1.0 if measured.processor_s is None else min(1.0, measured.processor_s / (measured.duration_s * machine.threads))
    return machine.threads * (rows[_IDLE] + load * (rows[_FULL] - rows[_IDLE]))
