"""The host, which feeds the accelerators: processors, memory, network and fans. Stated, or a share of the accelerators."""

from __future__ import annotations

from cardgen.core import energy
from cardgen.core.figure import Figure, exact, total
from cardgen.core.inputs import Inputs
from cardgen.core.pools import Evidence, Pool, counted
from cardgen.core.problem import Path
from cardgen.core.run import Activity

HOST = "host (CPU, memory, network, fans)"
AROUND_PROCESSORS = "the rest of the computer (memory, network, fans)"


def add_host(evidence: Evidence, devices: str, activity: Activity, path: Path, inputs: Inputs) -> None:
    """Add the energy of the host to that of the devices, as its own visible component.

    ``devices`` is their component, ``accelerators`` or ``processors``.
    """
    host, words = activity.host, HOST if devices == "accelerators" else AROUND_PROCESSORS
    if host is not None and host.mode == "excluded":
        evidence.not_included.append(words)
        return
    if host is not None and host.mode == "included":
        evidence.components = {"nodes": evidence.components[devices]}
        evidence.included = [f"nodes ({devices}, with the host in their stated power)"]
        return
    evidence.included.append(words)
    hours = [pool.hours for pool in evidence.pools if pool.hours]
    where = (*path, "host")
    if host is not None and host.power_per_device is not None and hours:
        power = inputs.declared(host.power_per_device, "host power per device", (*where, "power_per_device"), "host-power")
        evidence.components["host"] = energy.host_energy(power, total(hours, "device-hours"))
        return
    power_stated = _power(activity, path, inputs)
    wall_clock = _wall_clock(evidence.pools, inputs) if power_stated is not None else None
    if host is not None and power_stated is not None and wall_clock is not None:
        evidence.components["host"] = energy.host_energy(power_stated, wall_clock)
        parts = {"CPU": host.cpu is not None, "memory": host.memory is not None, "network": False, "fans": False}
        if devices == "processors" and host.cpu is None:  # they are the devices
            del parts["CPU"]
        evidence.included[-1] = f"host ({', '.join(name for name, given in parts.items() if given)})"
        evidence.not_included.append(f"host ({', '.join(name for name, given in parts.items() if not given)})")
        return
    if host is not None and (host.power_per_device is not None or power_stated is not None):
        text = f"the host is described, but not for how long it ran; it is estimated as a share of the {devices}"
        inputs.warn("CG216", where, text, "add duration, or count with device_hours, to the hardware")
    prior = "host-share" if devices == "accelerators" else "host-share-processors"
    evidence.components["host"] = energy.host_energy_by_share(evidence.components[devices], inputs.prior(prior, "host share"))


def _wall_clock(pools: tuple[Pool, ...], inputs: Inputs) -> Figure | None:
    """Return the longest wall-clock time of the pools in h, as stated or as device-hours ÷ devices."""
    clocks = []
    for pool in pools:
        if pool.stated.duration is not None:
            clocks.append(inputs.declared(pool.stated.duration, "duration", (*pool.path, "duration"), "declared-device-hours"))
        elif pool.hours is not None and pool.stated.count:
            clocks.append((pool.hours / counted(pool.stated.count, "devices")).called("wall-clock time", "h"))
    return max(clocks, key=lambda clock: clock.value, default=None)


def _power(activity: Activity, path: Path, inputs: Inputs) -> Figure | None:
    """Return the power in W of the processors and the memory that feed the accelerators, where they are stated."""
    host, where = activity.host, (*path, "host")
    parts = []
    if host is not None and host.cpu is not None:
        row, _ = inputs.factors.hardware(host.cpu)
        if row is None or row.number("rated_power_w") is None:
            similar = inputs.similar(inputs.factors.similar_hardware, host.cpu)
            hint = f"did you mean {' or '.join(similar)}?" if similar else "state power_per_device instead"
            inputs.warn("CG201", (*where, "cpu"), f'"{host.cpu}" is not in the hardware table; the host is estimated', hint)
            return None
        rated = inputs.looked_up(row, "rated_power_w", "W", "rated power of a processor", "rated-power")
        load = inputs.prior("host-utilization", "utilisation of processors")
        parts.append((rated * load * counted(host.sockets, "processors")).called("power of the processors", "W"))
    if host is not None and host.memory is not None:
        memory = exact(host.memory.value, "GB", "memory", "")
        parts.append((memory * inputs.prior("memory-power", "power of memory")).called("power of the memory", "W"))
    return total(parts, "power of the host") if parts else None
