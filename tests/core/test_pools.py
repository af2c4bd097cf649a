"""What the devices of a pool are: by the table, and by their name where the table does not know them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardgen.core.inputs import Inputs
from cardgen.core.pools import are_processors, component, pools_of
from cardgen.core.run import Host
from cardgen.core.units import Quantity
from core.runs import bundled, gpus, of, training


def activity_on(*names):
    return training(*(gpus(name, 1, "1 h", "10 W") for name in names))


def pools_on(*names):
    return pools_of(activity_on(*names), ("activities", 0), Inputs(bundled()))


@pytest.mark.parametrize(
    "name",
    [
        "Intel(R) Xeon(R) Processor", "Intel Xeon Processor (Skylake, IBRS)", "AMD EPYC Processor", "AMD EPYC-Rome Processor",
        "AMD Ryzen 7 7840U w/ Radeon 780M Graphics", "AMD Ryzen AI 9 HX 370", "Intel(R) Core(TM) i7-1065G7 CPU @ 1.30GHz", "Core i9-99999",
        "Common KVM processor", "QEMU Virtual CPU version 2.5+", "AMD Opteron 63xx", "AWS Graviton9", "Neoverse-V9", "8 vCPUs", "cpu",
    ],
)  # fmt: skip
def test_a_processor_that_the_table_does_not_know_is_known_by_its_name(name):
    (pool,) = pools_on(name)
    assert pool.row is None
    assert are_processors((pool,))
    assert component(activity_on(name), pool) == "processors"


@pytest.mark.parametrize(
    "name",
    [
        "NVIDIA Made Up 9", "Made Up GPU with 2 Xeon CPUs", "Habana Gaudi 9 AI Training Processor", "Cloud TPU v99 processor",
        "Tensor streaming processor", "Made Up Tensor Core GPU", "A computer", "Multicore 7", "Apple M9", None,
    ],
)  # fmt: skip
def test_what_is_no_processor_by_its_name_counts_as_an_accelerator(name):
    (pool,) = pools_on(name)
    assert pool.row is None
    assert not are_processors((pool,))
    assert component(activity_on(name), pool) == "accelerators"


def test_the_table_goes_before_the_name():
    assert not are_processors(pools_on("H100-SXM5-80GB"))
    assert are_processors(pools_on("AMD EPYC 7763 64-Core Processor"))
    assert not are_processors(pools_on("Apple M1"))  # a system on a chip: its GPU is in its power


def test_processors_beside_accelerators_do_not_make_them_processors():
    assert not are_processors(pools_on("Intel(R) Xeon(R) Processor", "NVIDIA Made Up 9"))


def test_a_run_on_unknown_processors_is_shown_as_one():
    assessment = of(activity_on("Intel(R) Xeon(R) Processor"))
    assert list(assessment.totals.components)[:2] == ["processors", "host"]
    assert assessment.activities[0].included[:2] == ["processors", "the rest of the computer (memory, network, fans)"]
    # 10 W for an hour, and the share of memory, network and fans that goes with processors
    assert assessment.totals.it_energy.value == pytest.approx(0.010 * 1.5)


def test_the_memory_of_a_computer_is_beside_its_processors_and_not_without_them():
    activity = replace(activity_on("Intel(R) Xeon(R) Processor"), host=Host(memory=Quantity(24, "GB")))
    (result,) = of(activity).activities
    assert "host (memory)" in result.included
    assert "host (network, fans)" in result.not_included
