"""Trackers that are present: their objects, as their releases give them, and CodeCarbon itself."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import pytest

from cardgen.problems import CardgenError
from cardgen.recording import trackers
from cardgen.recording.block import Recording
from cardgen.recording.recorder import NoInstrument, choose
from cardgen.recording.sensors import sensors
from cardgen.recording.trackers import CodeCarbon, codecarbon, instrument
from recording.recorded import Driver, computer, powercap, problems


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


@pytest.fixture
def installed(monkeypatch):
    """A CodeCarbon that is installed; returns what it was made with."""
    made = []

    def offline(**options):
        made.append(options)
        return CodeCarbonTracker()

    monkeypatch.setitem(sys.modules, "codecarbon", SimpleNamespace(OfflineEmissionsTracker=offline, EmissionsTracker=None))
    monkeypatch.setattr(trackers, "find_spec", lambda name: True)
    return made


@pytest.mark.parametrize(
    ("place", "country"),
    [
        ({"country": "FRA"}, "FRA"), ({"country": "Germany"}, "DEU"), ({"provider": "gcp", "region": "europe-west4"}, "NLD"),
        ({"zone": "US-CA"}, "USA"),
    ],
)  # fmt: skip
def test_codecarbon_is_told_the_country_of_the_place_and_stays_off_the_network(installed, place, country):
    codecarbon(place, 2.0)
    assert installed[0]["country_iso_code"] == country
    assert (installed[0]["tracking_mode"], installed[0]["save_to_file"], installed[0]["measure_power_secs"]) == ("machine", False, 2.0)


@pytest.mark.parametrize("place", [{}, {"provider": "gcp"}, {"provider": "gcp", "region": "nowhere1"}])
def test_codecarbon_is_not_asked_without_a_country(installed, place):
    with pytest.raises(CardgenError, match="needs the country"):
        codecarbon(place, 1.0)
    assert installed == []


def found(tmp_path, has_sensors=False):
    powercap(tmp_path, {"intel-rapl:0": ("package-0", 0)}) if has_sensors else computer(tmp_path)
    return sensors(60, None, {}, tmp_path, Driver())


def test_sensors_go_before_codecarbon_unless_it_is_asked_for(tmp_path, installed):
    there = found(tmp_path, has_sensors=True)
    assert choose("auto", there, {"country": "FRA"})[0] is there
    assert isinstance(choose("codecarbon", there, {"country": "FRA"})[0], CodeCarbon)


def test_without_sensors_codecarbon_is_used_and_named(tmp_path, installed):
    chosen, (said,) = choose("auto", found(tmp_path), {"country": "FRA"})
    assert isinstance(chosen, CodeCarbon)
    assert said.startswith("the energy is that of CodeCarbon: the machine shows no energy counters")


def test_without_sensors_and_country_the_way_to_codecarbon_is_said(tmp_path, installed):
    chosen, said = choose("auto", found(tmp_path), {})
    assert isinstance(chosen, NoInstrument)
    assert said[-1] == "CodeCarbon needs the country; to have the energy estimated: state the country, or provider and region"


def test_without_codecarbon_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    assert choose("auto", found(tmp_path), {"country": "FRA"})[1][-1].endswith("pip install codecarbon")
    with pytest.raises(CardgenError, match="CodeCarbon is not installed"):
        choose("codecarbon", found(tmp_path), {"country": "FRA"})


def test_sensors_alone_ask_nothing_else(tmp_path, installed):
    assert isinstance(choose("sensors", found(tmp_path), {"country": "FRA"})[0], NoInstrument)
    assert installed == []


def test_a_codecarbon_that_does_not_start_costs_the_energy_alone(tmp_path, installed, monkeypatch):
    monkeypatch.setattr(sys.modules["codecarbon"], "OfflineEmissionsTracker", lambda **options: 1 / 0)
    chosen, said = choose("auto", found(tmp_path), {"country": "FRA"})
    assert isinstance(chosen, NoInstrument)
    assert "CodeCarbon did not start (ZeroDivisionError)" in said[-1]


@pytest.mark.filterwarnings("ignore")
def test_codecarbon_itself_where_it_is_installed(tmp_path, capfd):
    pytest.importorskip("codecarbon", reason="codecarbon is not installed")
    place = {"provider": "gcp", "region": "europe-west4"}
    with Recording(tmp_path / "run.yaml", tracker="codecarbon", quiet=True, **place) as recording:
        time.sleep(0.3)
    assert capfd.readouterr() == ("", "")
    energy = recording.measured.energy
    assert energy.kwh > 0
    assert energy.method.startswith("codecarbon ")
    assert not (tmp_path / "emissions.csv").exists()
    assert problems((tmp_path / "run.yaml").read_text()) == []
