"""Which sensors are found, which GPUs are counted, and what the energy then covers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardgen.recording import nvml, rapl, smi
from cardgen.recording.gpus import Gpu, unseen, visible
from cardgen.recording.machine import machine
from cardgen.recording.sensors import sensors
from recording.recorded import Driver, computer, powercap
from recording.recorded import smi as program

H100 = "NVIDIA H100 80GB HBM3"
SERVER = {
    "intel-rapl:0": ("package-0", 0), "intel-rapl:0:0": ("core", 0), "intel-rapl:0:1": ("dram", 0), "intel-rapl:0:2": ("uncore", 0),
    "intel-rapl:1": ("package-1", 0), "intel-rapl:1:0": ("dram", 0), "intel-rapl:2": ("psys", 0), "intel-rapl-mmio:0": ("package-0", 0),
}  # fmt: skip


def measured(root, driver=None, steps=(), environment=None, first=None):
    """Return the energy of a run on recorded sensors; ``steps`` are the zones' counters at its end."""
    found = sensors(60, first, environment or {}, root, driver or Driver())
    found.start()
    powercap(root, dict(steps))
    return found.stop()


def test_packages_and_their_memory_are_counted_once(tmp_path):
    powercap(tmp_path, SERVER)
    end = {zone: (name, 3_600_000_000) for zone, (name, _) in SERVER.items()}  # 3600 J each
    energy = measured(tmp_path, steps=end.items())
    assert energy.kwh == pytest.approx(0.004)  # two packages and two memories; not core, uncore, psys, mmio
    assert energy.parts == {"processors": pytest.approx(0.002), "memory": pytest.approx(0.002)}
    assert (energy.boundary, energy.method, energy.basis) == ("node", "RAPL", "measured")
    assert "whole machine" in energy.notes[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads every file")
def test_counters_for_root_only_are_said_with_the_way_out(tmp_path):
    powercap(tmp_path, SERVER)
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").chmod(0o000)
    assert "sudo chmod a+r" in rapl.processors(tmp_path / "sys/class/powercap").reason


def test_counters_for_root_only_are_said_with_the_way_out_also_to_root(tmp_path, monkeypatch):
    powercap(tmp_path, SERVER)
    plain = Path.read_text

    def refused(self, *arguments, **options):
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return plain(self, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", refused)
    found = rapl.processors(tmp_path / "sys/class/powercap")
    assert found.meters == ()
    assert "root only: sudo chmod a+r" in found.reason


def test_a_machine_without_counters_says_so(tmp_path):
    assert "no RAPL" in rapl.processors(tmp_path).reason
    (tmp_path / "intel-rapl:0").mkdir()  # a container hides what is in it
    assert "no RAPL" in rapl.processors(tmp_path).reason


def test_gpus_and_processors_together_are_the_node(tmp_path):
    powercap(tmp_path, SERVER)
    driver = Driver({"name": H100, "counter": [0, 0, 3_600_000]}, {"name": H100.encode(), "counter": [5, 5, 3_600_005]})
    end = {zone: (name, 3_600_000_000) for zone, (name, _) in SERVER.items()}
    energy = measured(tmp_path, driver, end.items())
    assert energy.kwh == pytest.approx(0.006)  # 3600 J for each of two GPUs, two packages and two memories
    assert (energy.boundary, energy.method) == ("node", "NVML energy counter and RAPL")
    assert "all 2 GPUs of the machine are counted" in " ".join(energy.notes)
    assert not driver.is_open


def test_one_of_two_gpus_is_the_accelerator_alone(tmp_path):
    powercap(tmp_path, SERVER)
    driver = Driver({"name": H100, "counter": [0]}, {"name": H100, "counter": [0, 0, 3_600_000]})
    end = {zone: (name, 3_600_000_000) for zone, (name, _) in SERVER.items()}
    energy = measured(tmp_path, driver, end.items(), {"CUDA_VISIBLE_DEVICES": "1"})
    assert (energy.kwh, energy.boundary) == (pytest.approx(0.001), "accelerators")
    assert "0.004 kWh, which is not in the energy: 1 of 2 GPUs were used" in " ".join(energy.notes)


def test_a_gpu_without_a_counter_is_measured_by_its_power(tmp_path):
    computer(tmp_path)
    found = sensors(60, None, {}, tmp_path, Driver({"name": "Tesla P100-PCIE-16GB", "power": [100_000, 100_000, 200_000]}))
    found.start()
    meter = found.devices.gpus[0].meter
    meter.sample(meter.clock + 8)
    assert meter.joules == pytest.approx(1200)  # (100 W + 200 W) / 2 for 8 s
    assert found.devices.gpus[0].meter.method == "NVML power samples"


def test_a_gpu_that_is_lost_during_the_run_leaves_the_energy_unknown(tmp_path):
    computer(tmp_path)
    found = sensors(60, None, {}, tmp_path, Driver({"name": H100, "counter": [0, 0, "error"]}))
    found.start()
    energy = found.stop()
    assert energy.kwh is None
    assert energy.reason.startswith("GPU 0 was measured for 0.0 % of the time")


def test_a_gpu_without_any_sensor_leaves_the_energy_unknown(tmp_path):
    computer(tmp_path)
    energy = measured(tmp_path, Driver({"name": "NVIDIA Graphics", "counter": []}, {"name": H100, "counter": [0, 0, 5000]}))
    assert (energy.kwh, energy.reason) == (None, "GPU 0 of the GPUs in use has no sensor of energy or power")


def test_a_counter_that_does_not_move_is_no_measurement_of_zero(tmp_path):
    computer(tmp_path)
    energy = measured(tmp_path, Driver({"name": H100, "counter": [7]}))
    assert (energy.kwh, energy.reason) == (None, "the counters did not move: the run was too short for them")


def test_gpus_that_nothing_measures_keep_the_processors_from_being_the_node(tmp_path):
    powercap(tmp_path, SERVER)
    (tmp_path / "proc/driver/nvidia/gpus/0000:3b:00.0").mkdir(parents=True)
    energy = measured(tmp_path, steps={"intel-rapl:0": ("package-0", 3_600_000_000)}.items())
    assert (energy.kwh, energy.reason) == (None, "the machine has NVIDIA GPUs, which were not measured")
    hidden = measured(tmp_path, steps={"intel-rapl:0": ("package-0", 7_200_000_000)}.items(), environment={"CUDA_VISIBLE_DEVICES": ""})
    assert hidden.kwh == pytest.approx(0.001)


def test_an_amd_gpu_is_seen_and_one_inside_a_processor_is_not_one(tmp_path):
    node = tmp_path / "sys/class/kfd/kfd/topology/nodes/1"
    node.mkdir(parents=True)
    (node / "properties").write_text("cpu_cores_count 16\nsimd_count 8\n")
    assert unseen(tmp_path) == ""
    (node / "properties").write_text("cpu_cores_count 0\nsimd_count 440\n")
    assert unseen(tmp_path) == "AMD GPUs"


GPUS = tuple(Gpu(index, f"GPU-{index}abc", H100) for index in range(4))


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        (None, [0, 1, 2, 3]), ("0", [0]), ("3,1", [3, 1]), ("", []), ("-1", []), ("0,-1,1", [0]), ("0,9,1", [0]), ("NoDevFiles", []),
        ("GPU-2abc", [2]), ("GPU-2", [2]), ("GPU-", []), (" 1 , 2 ", [1, 2]), ("1,1", [1]), ("MIG-GPU-3abc/1/0", [3]),
        ("MIG-0b7e", [0, 1, 2, 3]),
    ],
)  # fmt: skip
def test_the_gpus_that_cuda_shows_are_counted(devices, expected):
    assert [gpu.index for gpu in visible(GPUS, devices)[0]] == expected


def test_gpus_of_different_kinds_may_be_in_another_order():
    mixed = (Gpu(0, "GPU-a", "NVIDIA A2"), Gpu(1, "GPU-b", H100))
    assert "CUDA_DEVICE_ORDER" in visible(mixed, "0")[1]
    assert visible(mixed, "0", "PCI_BUS_ID")[1] == ""


def test_nvidia_smi_stands_in_for_the_library(tmp_path, monkeypatch):
    env = program(tmp_path / "bin", f"0, GPU-a, {H100}, 700.00, 310.50", "1, GPU-b, Tesla K80, [N/A], [Not Supported]")
    monkeypatch.setenv("PATH", env["PATH"])
    found = smi.gpus()
    assert [(gpu.index, gpu.name, gpu.limit_w, gpu.meter is not None) for gpu in found.gpus] == [
        (0, H100, 700.0, True), (1, "Tesla K80", None, False)
    ]  # fmt: skip
    assert found.gpus[0].meter.read() == 310.5


def test_a_program_nvidia_smi_that_fails_lists_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", program(tmp_path / "bin")["PATH"])
    assert smi.gpus().reason == "nvidia-smi lists no GPU"


def test_a_driver_that_fails_lists_no_gpu():
    class Broken(Driver):
        def nvmlInit(self):
            raise self.Error("Driver Not Loaded")

    assert nvml.gpus(Broken()).reason == "no NVIDIA driver answers"


def test_the_machine_is_read_from_what_linux_shows(tmp_path):
    computer(tmp_path)
    found = machine(tmp_path / "proc", "linux")
    assert (found.processor, found.sockets, found.threads) == ("AMD EPYC 7763 64-Core Processor", 2, 4)
    assert found.memory_gb == 540.6  # 527943936 kB of 1024 bytes


def test_any_machine_has_a_processor(tmp_path):
    assert machine(tmp_path, "linux").threads >= 1


def test_a_gpu_of_this_machine_is_read():
    pytest.importorskip("pynvml", reason="the package nvidia-ml-py is not installed")
    found = nvml.gpus()
    if not found.gpus:
        pytest.skip(f"there is no GPU here: {found.reason}")
    assert all(gpu.name and gpu.meter and gpu.meter.read() > 0 for gpu in found.gpus)
    found.close()


def test_a_processor_of_this_machine_is_read():
    found = rapl.processors()
    if not found.meters:
        pytest.skip(f"there is no counter here: {found.reason}")
    assert all(meter.read() >= 0 for meter in found.meters)
