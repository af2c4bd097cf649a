"""The run file that is written: its text, and that it always passes validation and assessment."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.core.assess import assess
from cardgen.core.factors import Factors
from cardgen.loading import load
from cardgen.recording.gpus import Gpu
from cardgen.recording.machine import Machine
from cardgen.recording.measured import Devices, Energy, Measured
from cardgen.recording.meters import Meter
from cardgen.recording.run_file import Description, run_file
from cardgen.validation import validate
from recording.recorded import problems

EPYC = Machine("AMD EPYC 7763 64-Core Processor", 2, 256, 540.6)
VIRTUAL = Machine("Intel(R) Xeon(R) Processor", 1, 2, 25.3)
NOON = 1_760_000_000.0  # 9 October 2025


def assessed(text):
    return assess(validate(load(text.encode(), "run.yaml"))[0], Factors())


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


def test_a_power_that_is_not_known_is_an_assumption():
    measured = Measured(NOON, 3600.0, 3600.0, Energy(reason="there is no sensor"), Devices(VIRTUAL))
    text = run_file(measured, Description())
    assert "# energy:                                   # not measured: there is no sensor" in text
    assert "The energy was not measured: there is no sensor." in text
    # At half load a logical processor draws 1.08 W (EPYC of the 2nd generation: 0.47 to 1.69 W) to 5.645 W (Ivy Bridge: 3.04 to
    # 8.25 W); two of them 2.16 to 11.29 W: 4.94 W, times or divided by 2.29.
    for part in ("        power: 4.9 W ± 130% ", "    assumed: true ", "duration: 3600 s ± 1% ", "    host: ", "      memory: 25.3 GB\n"):
        assert part in text
    assert "The power of the processors is assumed" in text and "disks, network and fans are not in it" in text
    assert problems(text) == []


def test_a_load_that_is_not_known_widens_the_assumption():
    text = run_file(Measured(NOON, 3600.0, None, Energy(reason="no sensor"), Devices(VIRTUAL)), Description())
    # From the lowest without load, 2 x 0.45 W, to the highest in full, 2 x 8.58 W: 3.93 W, times or divided by 4.37.
    assert "        power: 3.9 W ± 340% " in text
    assert problems(text) == []


def test_an_assumed_run_is_shown_as_one_and_lies_near_what_a_tracker_says():
    text = run_file(Measured(NOON, 3600.0, 3600.0, Energy(reason="no sensor"), Devices(VIRTUAL)), Description(place={"country": "FRA"}))
    result = assessed(text)
    assert result.totals.it_energy.basis == "assumed"
    assert result.activities[0].included[0] == "processors"
    # CodeCarbon says 27.9 W of such a machine: 7.9 W of the processors, and a constant of 20 W for four modules of memory.
    processors = result.totals.components["processors"]
    assert processors.low < 0.0079 < processors.high
    assert result.totals.it_energy.value == pytest.approx(0.0049 + 25.3 * 0.0003725)  # 14.3 W: memory by its size
    assert result.totals.it_energy.value > 0.0279 / 2


def test_the_power_limit_of_an_unknown_gpu_is_an_assumption():
    devices = Devices(EPYC, (gpu(0, "NVIDIA Made Up 9", 0.0),), 1)
    text = run_file(Measured(NOON, 3600.0, 1.0, Energy(reason="no sensor"), devices), Description())
    assert "        power: 700 W " in text and "    assumed: true " in text
    assert "it is their power limit." in text
    assert problems(text) == []


def test_what_was_measured_is_no_assumption():
    energy = Energy(0.5, "node", "RAPL", parts={"processors": 0.5})
    text = run_file(Measured(NOON, 3600.0, 1.0, energy, Devices(VIRTUAL)), Description())
    assert "assumed" not in text
    assert "        power: 500 W " in text and "        duration: 3600 s " in text


def test_a_known_processor_without_sensors_keeps_the_power_of_the_tables():
    text = run_file(Measured(NOON, 3600.0, None, Energy(reason="no sensor"), Devices(EPYC)), Description())
    assert "power:" not in text and "assumed:" not in text
    assert problems(text) == []


def test_small_and_large_amounts_keep_their_digits_and_have_no_exponent():
    energy = Energy(1.23456789012e-09, "node", "RAPL", parts={"processors": 1e-09, "memory": 2.3456789012e-10})
    text = run_file(Measured(NOON, 1e-05, 0.1, energy, Devices(EPYC)), Description(flops=1.5e21))
    for part in (
        "value: 0.00000000123456789012 kWh", "processors 0.000000001 kWh, memory 0.00000000023456789012 kWh", "duration: 0.00001 s",
        "flops: 1500000000000000000000",
    ):  # fmt: skip
        assert part in text


def test_a_pue_that_a_tracker_applied_stands_in_the_facility():
    energy = Energy(0.5, "node", "codecarbon 3.3.2", "estimated", {"processors": 0.5}, pue=1.2, emissions_kg=0.03)
    text = run_file(Measured(NOON, 3600.0, 1.0, energy, Devices(EPYC)), Description(place={"country": "FRA"}))
    assert "      pue: 1.2\n" in text
    assert "      basis: estimated\n" in text
    assert problems(text) == []


def test_the_emissions_of_a_tracker_are_reported_as_its_own():
    energy = Energy(0.5, "node", "codecarbon 3.3.2", "estimated", {"processors": 0.5}, emissions_kg=0.028)
    text = run_file(Measured(NOON, 3600.0, 1.0, energy, Devices(EPYC)), Description(place={"country": "FRA"}))
    assert "reported:\n  emissions: 0.028 kgCO2e " in text and "# as the tracker computed it: 56 gCO2e for each kWh" in text
    run = assessed(text).run
    assert run.reported.source == run.activities[0].energy.method
    assert problems(text) == []


@pytest.mark.parametrize("emissions_kg", [None, 0.0, float("nan")])
def test_emissions_that_a_tracker_does_not_know_are_not_reported(emissions_kg):
    energy = Energy(0.5, "node", "codecarbon 3.3.2", "estimated", emissions_kg=emissions_kg)
    assert "reported:" not in run_file(Measured(NOON, 3600.0, 1.0, energy, Devices(EPYC)), Description())


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
