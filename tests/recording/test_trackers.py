"""Trackers that are present: their objects, as their releases give them, and CodeCarbon itself."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace

import pytest

from cardgen.problems import CardgenError
from cardgen.recording.block import Recording
from cardgen.recording.trackers import codecarbon, instrument
from recording.recorded import problems


class CodeCarbonTracker:
    """As the tracker of CodeCarbon 3.3."""

    def __init__(self, processors="cpu_load", **amounts):
        amounts = {
            "energy_consumed": 0.6,
            "gpu_energy": 0.3,
            "cpu_energy": 0.2,
            "ram_energy": 0.1,
            "emissions": 0.03,
            "pue": 1.0,
            **amounts,
        }
        self._hardware = [SimpleNamespace(_mode=processors)]
        self._start_time = None
        self.final_emissions_data = None
        self._data = SimpleNamespace(codecarbon_version="3.3.2", **amounts)

    def start(self):
        self._start_time = 1.0

    def stop(self):
        self._start_time, self.final_emissions_data = None, self._data


def ran(tracker):
    used = instrument(tracker)
    used.start()
    return used.stop()


def test_codecarbon_measures_where_meters_saw_most_of_it():
    energy = ran(CodeCarbonTracker("intel_rapl"))
    assert (energy.kwh, energy.boundary, energy.basis, energy.method) == (0.6, "node", "measured", "codecarbon 3.3.2")
    assert energy.parts == {"accelerators": pytest.approx(0.3), "processors": pytest.approx(0.2), "memory": pytest.approx(0.1)}
    assert energy.emissions_kg == 0.03


def test_codecarbon_estimates_where_it_knows_rated_power_alone():
    energy = ran(CodeCarbonTracker(gpu_energy=0.0, energy_consumed=0.3))
    assert energy.basis == "estimated"
    assert "estimated by CodeCarbon" in energy.notes[0]


def test_a_pue_of_codecarbon_is_taken_out_again():
    energy = ran(CodeCarbonTracker(energy_consumed=0.72, pue=1.2))
    assert (energy.kwh, energy.pue) == (pytest.approx(0.6), 1.2)
    assert sum(energy.parts.values()) == pytest.approx(0.6)


def test_codecarbon_without_energy_is_no_zero():
    assert ran(CodeCarbonTracker(energy_consumed=0.0)).kwh is None


def test_a_tracker_that_ran_before_says_so():
    tracker = CodeCarbonTracker()
    tracker.start()
    assert "was running before" in ran(tracker).notes[0]


class Monitor:
    """As a ZeusMonitor of 0.16: energies in J."""

    def __init__(self, **energies):
        self.energies, self.windows = energies, []

    def begin_window(self, name):
        self.windows.append(name)

    def end_window(self, name):
        self.windows.remove(name)
        return SimpleNamespace(time=1.0, cpu_energy=None, dram_energy=None, **self.energies)


def test_zeus_gives_joules_of_gpus():
    energy = ran(Monitor(gpu_energy={0: 1_800_000.0, 1: 1_800_000.0}))
    assert (energy.kwh, energy.boundary, energy.basis) == (1.0, "accelerators", "measured")


def test_zeus_with_processors_is_the_node():
    monitor = Monitor(gpu_energy={0: 1_800_000.0})
    monitor.end_window = lambda name: SimpleNamespace(gpu_energy={0: 1.8e6}, cpu_energy={0: 1.44e6}, dram_energy={0: 0.36e6})
    energy = ran(monitor)
    assert (energy.kwh, energy.boundary) == (1.0, "node")
    assert energy.parts == {"accelerators": 0.5, "processors": 0.4, "memory": 0.1}


def test_carbontracker_without_its_own_pue():
    gpu = SimpleNamespace(name="gpu", handler=SimpleNamespace(), power_usages=[[[300.0]], [[300.0]]], energy_usage=lambda times: [0.2, 0.3])
    thread = SimpleNamespace(components=[gpu], epoch_times=[60.0, 60.0])
    tracker = SimpleNamespace(epoch_start=None, tracker=thread)
    used = instrument(tracker)
    del tracker.tracker  # as it does after its last epoch
    energy = used.stop()
    assert (energy.kwh, energy.boundary, energy.method) == (0.5, "accelerators", "carbontracker")


def test_an_object_of_no_tracker_is_named():
    with pytest.raises(CardgenError, match="builtins.object is not known"):
        instrument(object())


def test_codecarbon_is_not_asked_without_a_place():
    assert codecarbon({}, 1.0, online=False) is None


@pytest.mark.filterwarnings("ignore")
def test_codecarbon_itself_where_it_is_installed(tmp_path):
    pytest.importorskip("codecarbon", reason="codecarbon is not installed")
    logging.disable(logging.CRITICAL)
    try:
        with Recording(tmp_path / "run.yaml", tracker="codecarbon", country="FRA", quiet=True) as recording:
            time.sleep(0.3)
    finally:
        logging.disable(logging.NOTSET)
    energy = recording.measured.energy
    assert energy.kwh > 0
    assert energy.method.startswith("codecarbon ")
    assert not (tmp_path / "emissions.csv").exists()
    assert problems((tmp_path / "run.yaml").read_text()) == []
