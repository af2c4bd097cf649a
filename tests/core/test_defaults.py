"""What stands in for what a run does not state: by the kind of device, of job and of site."""

from __future__ import annotations

import pytest

from cardgen.core.run import Host

from .runs import Activity, Assessment, Compute, Facility, Grid, Hardware, codes, gpus, metered, of, q, training

ALONE = Facility(pue=1.0)


def parts(assessment: Assessment) -> dict[str, float]:
    return {name: figure.value for name, figure in assessment.activities[0].impact.components.items()}


def test_a_tpu_has_the_published_mean_power_with_its_share_of_the_host() -> None:
    """Patterson et al. 2021: 283 W for each TPU v3 with host and network; 1,000 h are 283 kWh, and no host is added."""
    result = of(training(gpus("TPU v3", 64, device_hours=1000), facility=ALONE))
    assert parts(result) == {"nodes": pytest.approx(283)}
    assert "nodes (whole machines)" in result.activities[0].included


def test_a_tpu_without_its_host_has_the_power_of_the_chip() -> None:
    """Jouppi et al.: 220 W for the chip alone."""
    assert parts(of(training(gpus("TPU v3", 64, device_hours=1000), host=Host("excluded"), facility=ALONE))) == {
        "accelerators": pytest.approx(220)
    }


def test_a_tpu_beside_a_gpu_keeps_its_power_and_the_gpu_gets_a_host() -> None:
    found = parts(of(training(gpus("TPU v3", 64, device_hours=1000), gpus("A100-SXM4-80GB", 64, device_hours=1000), facility=ALONE)))
    assert found["nodes"] == pytest.approx(283)
    assert found["accelerators"] == pytest.approx(400 * 0.81)
    assert found["host"] == pytest.approx(0.35 * 400 * 0.81)


@pytest.mark.parametrize("first", ["TPU v4", "A100-SXM4-80GB"])
@pytest.mark.parametrize("second", ["Xeon Gold 6148", "A100-SXM4-80GB", "TPU v2"])
def test_more_hardware_never_uses_less(first: str, second: str) -> None:
    alone = of(training(gpus(first, 8, "100 h"), facility=ALONE)).totals.energy
    both = of(training(gpus(first, 8, "100 h"), gpus(second, 1, "1 h"), facility=ALONE)).totals.energy
    assert alone is not None and both is not None and both.value > alone.value


def test_processors_beside_an_accelerator_are_no_accelerators() -> None:
    """One GPU stays one GPU: 0.55 of its rating, and its host; the processors are counted apart."""
    found = parts(of(training(gpus("A100-SXM4-80GB", 1, "100 h"), gpus("AMD EPYC 7763", 8, "100 h"), facility=ALONE)))
    assert found["accelerators"] == pytest.approx(40 * 0.55)
    assert found["processors"] == pytest.approx(8 * 28 * 0.5)
    assert found["host"] == pytest.approx(0.35 * found["accelerators"])


def test_measured_processors_have_the_host_of_processors() -> None:
    hardware = (gpus("AMD EPYC 7763", 1, "100 h"),)
    found = parts(of(Activity("data-preparation", hardware=hardware, energy=metered("10 kWh", "accelerators"), facility=ALONE)))
    assert found == {"processors": pytest.approx(10), "host": pytest.approx(5)}


def test_processors_alone_are_no_accelerators_and_have_no_accelerators_host() -> None:
    """280 W × 0.5 × 100 h = 14 kWh, and half as much for memory, network and fans."""
    result = of(Activity("data-preparation", hardware=(gpus("AMD EPYC 7763", 1, "100 h"),), facility=ALONE))
    assert parts(result) == {"processors": pytest.approx(14), "host": pytest.approx(7)}
    assert "the rest of the computer (memory, network, fans)" in result.activities[0].included


def test_an_accelerator_of_another_kind_than_a_gpu_has_a_wider_default() -> None:
    other, gpu = (
        of(training(gpus(name, 64, device_hours=1000), host=Host("excluded"), facility=ALONE)).totals.energy
        for name in ("Intel Gaudi 2", "A100-SXM4-80GB")
    )
    assert gpu is not None and other is not None and other.sigma > gpu.sigma


def test_pools_share_the_flops_by_their_peaks() -> None:
    """Both kinds work for the same time: 3.6e18 FLOP ÷ (8 × 312 + 8 × 989.4 TFLOP/s) ÷ 0.5 = 0.192 h for each device."""
    compute = Compute(flops=3.6e18, mfu=0.5)
    hardware = (Hardware("A100-SXM4-80GB", 8), Hardware("H100-SXM5-80GB", 8))
    result = of(training(*hardware, compute=compute, host=Host("excluded"), facility=ALONE))
    hours = 3.6e18 / ((8 * 312e12 + 8 * 989.4e12) * 0.5) / 3600
    assert result.totals.device_hours is not None
    assert result.totals.device_hours.value == pytest.approx(16 * hours, rel=1e-3)
    assert parts(result)["accelerators"] == pytest.approx(8 * hours * (0.4 + 0.7) * 0.81, rel=1e-3)


def test_a_device_without_a_known_peak_is_named() -> None:
    result = of(training(Hardware("A100-SXM4-80GB", 8), Hardware("Acme 1", 8, power=q("1 kW", "power")), compute=Compute(flops=1e20)))
    problem = next(p for p in result.problems if p.code == "CG212")
    assert "Acme 1" in problem.message and problem.path == ("activities", 0, "hardware", 1)


def test_flops_alone_on_a_few_devices_have_another_default_than_on_many() -> None:
    few, many = (
        of(training(Hardware("A100-SXM4-80GB", count), compute=Compute(flops=1e20), facility=ALONE)).totals.device_hours
        for count in (8, 64)
    )
    assert few is not None and many is not None
    assert few.value == pytest.approx(1e20 / (312e12 * 0.38) / 3600)
    assert many.value == pytest.approx(1e20 / (312e12 * 0.32) / 3600)
    assert few.sigma > many.sigma


@pytest.mark.parametrize(
    ("kind", "pue"), [("hyperscale", 1.17), ("colocation", 1.28), ("supercomputer", 1.05), ("enterprise", 1.61), ("office", 1)]
)
def test_a_kind_of_site_has_its_own_pue(kind: str, pue: float) -> None:
    result = of(Activity("pretraining", energy=metered("1 MWh", "it"), facility=Facility(kind=kind)))
    assert result.totals.energy is not None and result.totals.energy.value == pytest.approx(1000 * pue)
    assert "CG208" not in codes(result)
    unknown = of(Activity("pretraining", energy=metered("1 MWh", "it"), facility=Facility()))
    assert "CG208" in codes(unknown) and unknown.totals.energy is not None
    assert unknown.totals.energy.sigma > result.totals.energy.sigma


def test_a_providers_published_pue_comes_before_its_kind_of_site() -> None:
    facility = Facility(provider="gcp", region="europe-west4", kind="enterprise")
    energy = of(Activity("pretraining", energy=metered("1 MWh", "it"), facility=facility, end="2024")).totals.energy
    assert energy is not None and energy.value < 1150


@pytest.mark.parametrize(
    "facility", [Facility(pue=1.0001), Facility(pue=1.05), Facility(), Facility(kind="supercomputer"), Facility(pue=3.9)]
)
def test_no_pue_reaches_below_one(facility: Facility) -> None:
    """What is uncertain is the overhead: with measured energy of no uncertainty, the facility uses no less than the IT."""
    energy = of(Activity("pretraining", energy=metered("1 MWh ± 0%", "it"), facility=facility)).totals.energy
    assert energy is not None and energy.low >= 1000
    overhead = of(Activity("pretraining", energy=metered("1 MWh ± 0%", "it"), facility=facility)).totals.components["facility overhead"]
    assert 0 < overhead.low < overhead.value < overhead.high


def test_off_site_water_may_be_stated() -> None:
    """Li et al., Making AI less thirsty, Table 1: 4 Wh × 0.55 L/kWh + 4 Wh × 1.17 × 3.142 L/kWh = 16.9 mL."""
    facility = Facility(pue=1.17, wue=q("0.55 L/kWh", "water intensity"))
    totals = of(
        Activity("evaluation", energy=metered("4 Wh", "it"), facility=facility, grid=Grid(water=q("3.142 L/kWh", "water intensity")))
    ).totals
    assert totals.onsite_water is not None and totals.offsite_water is not None
    assert totals.onsite_water.value + totals.offsite_water.value == pytest.approx(0.016904, rel=1e-3)


def test_embodied_emissions_of_a_device_and_its_service_life_may_be_stated() -> None:
    """Morrison et al. 2025, 4.1: 3,700 kg for eight, four years: 1,650,000 h × 462.5 kg ÷ 35,040 h = 21.8 t."""
    hardware = Hardware("H100-SXM5-80GB", device_hours=1.65e6, embodied=q("462.5 kg", "mass"), lifetime=q("4 y", "duration"))
    totals = of(training(hardware, host=Host("excluded"), facility=ALONE)).totals
    assert totals.embodied is not None and totals.embodied.value == pytest.approx(21_800, rel=0.005)
    assert totals.embodied.sources == ("run",)


def test_a_facilitys_own_energy_holds_the_it_energy_that_its_wue_is_of() -> None:
    """Elsworth et al. 2025, a median Gemini prompt: 0.24 Wh ÷ 1.09 × 1.15 L/kWh = 0.25 mL (printed 0.26)."""
    facility = Facility(provider="gcp", wue=q("1.15 L/kWh", "water intensity"))
    totals = of(Activity("evaluation", energy=metered("0.24 Wh"), facility=facility, end="2025")).totals
    assert totals.onsite_water is not None and totals.onsite_water.value == pytest.approx(0.00024 / 1.09 * 1.15, rel=0.01)
    assert totals.it_energy is None  # it was not measured, and the parts of the energy are not shown as if it was
