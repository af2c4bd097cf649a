"""The run file that is written: its text, and that it always passes validation and assessment."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.recording.description import Description
from cardgen.recording.gpus import Gpu
from cardgen.recording.machine import Machine
from cardgen.recording.measured import Devices, Energy, Measured
from cardgen.recording.meters import Meter
from cardgen.recording.run_file import run_file
from recording.recorded import problems

EPYC = Machine("AMD EPYC 7763 64-Core Processor", 2, 256, 540.6)
VIRTUAL = Machine("Intel(R) Xeon(R) Processor", 1, 2, 25.3)
NOON = 1_760_000_000.0  # 9 October 2025


def gpu(index, name, joules):
    meter = Meter("accelerators", f"GPU {index}", "NVML energy counter", lambda: 0, step_j=1e-3, joules=joules)
    return Gpu(index, "GPU-0", name, 700.0, meter)


def test_a_run_on_two_gpus_of_eight():
    gpus = (gpu(0, "NVIDIA H100 80GB HBM3", 18_000.0), gpu(1, "NVIDIA H100 80GB HBM3", 26_400.0))
    energy = Energy(0.0123456789, "accelerators", "NVML energy counter", parts={"accelerators": 0.0123456789})
    measured = Measured(NOON, 74.074074, 120.0, energy, Devices(EPYC, gpus, 8))
    described = Description("Pond: 7B", "acme/pond-7b", None, 7e9, "fine-tuning", {"country": "FRA"})
    text = run_file(measured, described)
    lines = {line.split(" #")[0].rstrip() for line in text.splitlines()}
    expected = """\
  name: "Pond: 7B"
  id: acme/pond-7b
  parameters: 7000000000
  - phase: fine-tuning
    start: 2025-10-09
    end: 2025-10-09
      - type: NVIDIA H100 80GB HBM3
        count: 2
        duration: 74.074074 s
      value: 0.0123456789 kWh
      boundary: accelerators
      country: FRA"""
    assert set(expected.splitlines()) <= lines
    assert "    # host:                                     # the machine, of which 2 of 8 GPUs were used" in text
    assert 'note: "It used 120.000 s of processor time, 0.6 % of 256 logical processors."' in text
    assert problems(text) == []


def test_a_run_without_sensors_says_so_and_can_be_estimated():
    measured = Measured(NOON, 3600.0, 3600.0, Energy(reason="there is no sensor"), Devices(VIRTUAL))
    text = run_file(measured, Description())
    assert "# energy:                                   # not measured: there is no sensor" in text
    assert "The energy was not measured: there is no sensor." in text
    # Half of two logical processors: 2 x (0.64 + 0.5 x (3.97 - 0.64)) W
    power = next(line.split()[1] for line in text.splitlines() if "power:" in line)
    assert float(power) == pytest.approx(4.61)
    assert problems(text) == []


def test_a_known_processor_without_sensors_keeps_the_power_of_the_tables():
    text = run_file(Measured(NOON, 3600.0, None, Energy(reason="no sensor"), Devices(EPYC)), Description())
    assert "power:" not in text.replace("power supply", "")
    assert problems(text) == []


def test_small_amounts_keep_their_digits():
    energy = Energy(1.23456789012e-09, "node", "RAPL", parts={"processors": 1.23456789012e-09})
    assert "value: 1.23456789012e-09 kWh" in run_file(Measured(NOON, 1.0, 0.1, energy, Devices(EPYC)), Description())


def test_a_pue_that_a_tracker_applied_stands_in_the_facility():
    energy = Energy(0.5, "node", "codecarbon 3.3.2", "estimated", {"processors": 0.5}, pue=1.2, emissions_kg=0.03)
    text = run_file(Measured(NOON, 3600.0, 1.0, energy, Devices(EPYC)), Description(place={"country": "FRA"}))
    assert "      pue: 1.2\n" in text
    assert "      basis: estimated\n" in text
    assert "# 0.03 kgCO2e" in text
    assert problems(text) == []


@settings(deadline=None, max_examples=60)
@given(
    name=st.text(max_size=40),
    note=st.text(max_size=40),
    processor=st.sampled_from([EPYC, VIRTUAL, Machine("")]),
    kinds=st.lists(st.sampled_from(["NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB", "NVIDIA Made Up 9", ""]), max_size=4),
    watts=st.floats(20, 690),
    host_w=st.floats(0, 900),
    seconds=st.floats(0.01, 5e6),
    is_node=st.booleans(),
    known=st.booleans(),
)
def test_every_run_file_can_be_validated_and_assessed(name, note, processor, kinds, watts, host_w, seconds, is_node, known):
    gpus = tuple(gpu(index, kind, watts * seconds) for index, kind in enumerate(kinds))
    devices = len(gpus) * watts * seconds / 3.6e6
    boundary = "node" if is_node or not gpus else "accelerators"
    kwh = devices + (host_w + 5) * seconds / 3.6e6 if boundary == "node" else devices
    energy = Energy(kwh, boundary, "NVML and RAPL", parts={"accelerators": devices}) if known else Energy(reason=note)
    measured = Measured(NOON, seconds, seconds / 3, energy, Devices(processor, gpus, len(gpus)))
    text = run_file(measured, Description(name, place={"country": "FRA"}, notes=(note,)))
    assert [problem.message for problem in problems(text)] == []
