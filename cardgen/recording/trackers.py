"""Trackers of energy that are present already: their objects as instruments. Nothing is imported that is not there."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from cardgen.core.factors import Factors
from cardgen.problems import CardgenError
from cardgen.recording.measured import Energy, Instrument

_METERED = ("intel_rapl", "intel_power_gadget", "windows_emi")  # how CodeCarbon reads a processor, where it does not estimate it
_PARTS = {"gpu_energy": "accelerators", "cpu_energy": "processors", "ram_energy": "memory"}


def instrument(tracker: Any) -> Instrument:
    """Return what measures with a tracker's object; raises CardgenError where it is of none that is known."""
    if type(tracker).__name__ == "CodeCarbonCallback" and tracker.tracker is not None:
        tracker = tracker.tracker
    if type(tracker).__module__.partition(".")[0] == "codecarbon" or hasattr(tracker, "final_emissions_data"):
        return CodeCarbon(tracker)
    if hasattr(tracker, "begin_window") and hasattr(tracker, "end_window"):
        return Zeus(tracker)
    if hasattr(tracker, "epoch_start") and hasattr(getattr(tracker, "tracker", None), "components"):
        return Carbontracker(tracker)
    kind = f"{type(tracker).__module__}.{type(tracker).__name__}"
    hint = 'give a tracker of CodeCarbon, a ZeusMonitor, a CarbonTracker, or "auto", "sensors", "codecarbon", "none"'
    raise CardgenError(f"tracker: {kind} is not known", 2, hint)


def codecarbon(place: Mapping[str, Any], interval_s: float, online: bool = False) -> CodeCarbon:
    """Return CodeCarbon as an instrument of the whole machine: without a network, or where the user said online with one.

    It writes no file and prints nothing. Raises CardgenError where it is not installed, knows no country or does not start.
    """
    country = country_of(place)
    if find_spec("codecarbon") is None:
        raise CardgenError("CodeCarbon is not installed", 2, "pip install codecarbon")
    if not (online or country):
        raise CardgenError("CodeCarbon needs the country", 2, "state the country, or provider and region")
    options: dict[str, Any] = {
        "tracking_mode": "machine", "save_to_file": False, "save_to_api": False, "log_level": "critical",
        "measure_power_secs": interval_s, "allow_multiple_runs": True,
    }  # fmt: skip
    try:
        from codecarbon import EmissionsTracker, OfflineEmissionsTracker

        logging.getLogger("codecarbon").setLevel(logging.CRITICAL)  # it prints before it reads its own log_level
        return CodeCarbon(EmissionsTracker(**options) if online else OfflineEmissionsTracker(country_iso_code=country, **options))
    except Exception as error:  # whatever it raises, the program that is measured goes on without it
        raise CardgenError(f"CodeCarbon did not start ({type(error).__name__})", 2, "`codecarbon detect` may say why") from error


def country_of(place: Mapping[str, Any]) -> str | None:
    """Return the country of a place (keys of ``facility``), three letters of ISO 3166; None where the tables do not know it.

    >>> country_of({"country": "France"}), country_of({"provider": "gcp", "region": "europe-west4"}), country_of({"provider": "gcp"})
    ('FRA', 'NLD', None)
    """
    factors = Factors()
    for text in filter(None, (place.get("country"), place.get("zone"))):
        if (zone := factors.place(str(text))) and (country := factors.country_of(zone)):
            return country
    row = factors.region(str(place.get("provider") or ""), str(place.get("region") or ""))
    return (row["country"] or None) if row is not None else None


class CodeCarbon:
    """A tracker of CodeCarbon. One that runs already is stopped at the end, as its own context manager would."""

    def __init__(self, tracker: Any) -> None:
        self.tracker = tracker
        self.notes: tuple[str, ...] = ()

    def start(self) -> None:
        """Start the tracker, unless it runs."""
        if getattr(self.tracker, "_start_time", None) is None:
            self.tracker.start()
        else:
            self.notes = ("the tracker of CodeCarbon was running before, and its energy is counted from its own start",)

    def stop(self) -> Energy:
        """Return what CodeCarbon counted; a PUE that it had applied is taken out again."""
        if getattr(self.tracker, "_start_time", None) is not None:
            self.tracker.stop()
        data = getattr(self.tracker, "final_emissions_data", None)
        if data is None or not math.isfinite(data.energy_consumed) or data.energy_consumed <= 0:
            return Energy(reason="CodeCarbon counted no energy")
        pue = float(getattr(data, "pue", 1) or 1)
        kwh = data.energy_consumed / pue
        parts = {part: float(getattr(data, name, 0) or 0) for name, part in _PARTS.items()}
        whole = math.fsum(parts.values())
        parts = {part: value * kwh / whole for part, value in parts.items() if value > 0} if whole > 0 else {}
        metered = parts.get("accelerators", 0.0) + (parts.get("processors", 0.0) if self._reads_processors() else 0.0)
        basis = "measured" if metered > kwh / 2 else "estimated"
        why = "" if basis == "measured" else "processors and memory are estimated by CodeCarbon from rated power"
        method = f"codecarbon {getattr(data, 'codecarbon_version', '')}".strip()
        notes = (*self.notes, why) if why else self.notes
        boundary = "accelerators" if set(parts) == {"accelerators"} else "node"
        return Energy(kwh, boundary, method, basis, parts, "", notes, pue if pue > 1 else None, data.emissions)

    def _reads_processors(self) -> bool:
        modes = [getattr(device, "_mode", None) for device in getattr(self.tracker, "_hardware", ())]
        return any(mode in _METERED for mode in modes)


class Zeus:
    """A ZeusMonitor: a window from start to stop. Its energies are J."""

    WINDOW = "cardgen"

    def __init__(self, monitor: Any) -> None:
        self.monitor = monitor

    def start(self) -> None:
        """Open the window."""
        self.monitor.begin_window(self.WINDOW)

    def stop(self) -> Energy:
        """Return the energy of the window: of the node where its processors were read too."""
        window = self.monitor.end_window(self.WINDOW)
        amounts = {
            "accelerators": window.gpu_energy, "processors": getattr(window, "cpu_energy", None),
            "memory": getattr(window, "dram_energy", None),
        }  # fmt: skip
        parts = {part: math.fsum(found.values()) / 3.6e6 for part, found in amounts.items() if found}
        kwh = math.fsum(parts.values())
        if not kwh:
            return Energy(reason="Zeus read no energy")
        return Energy(kwh, "node" if parts.get("processors") else "accelerators", "Zeus", "measured", parts)


class Carbontracker:
    """A CarbonTracker, whose epochs the user marks. Its own PUE is left out: the energy of its components is added up."""

    def __init__(self, tracker: Any) -> None:
        self.thread = tracker.tracker  # it forgets this after its last epoch

    def start(self) -> None:
        """Do nothing: its epochs say when it measures."""

    def stop(self) -> Energy:
        """Return the energy of all epochs that have ended."""
        times = list(self.thread.epoch_times)
        if not times:
            return Energy(reason="carbontracker saw no whole epoch")
        parts: dict[str, float] = {}
        estimated = []
        for component in self.thread.components:
            if any(not power for power in component.power_usages[: len(times)]):  # it takes another epoch's power then
                estimated.append(component.name)
            if type(component.handler).__name__ in ("GenericCPU", "SimulatedCPUHandler", "SimulatedGPUHandler"):
                estimated.append(component.name)
            part = "accelerators" if component.name == "gpu" else "processors"
            parts[part] = parts.get(part, 0.0) + float(math.fsum(component.energy_usage(times)))
        kwh = math.fsum(parts.values())
        if not kwh:
            return Energy(reason="carbontracker read no energy")
        notes = [f"the energy is that of the {len(times)} epochs that carbontracker saw, mean power times time"]
        boundary = "node" if parts.get("processors") else "accelerators"
        return Energy(kwh, boundary, "carbontracker", "estimated" if estimated else "measured", parts, notes=tuple(notes))
