"""The energy of an activity from each kind of evidence, at each boundary, with what is assumed named."""

from __future__ import annotations

from typing import Any

import pytest

from cardgen.core.figure import Figure
from cardgen.core.run import Host

from .runs import Activity, Compute, Facility, codes, gpus, metered, of, q, service, training

PUE = Facility(pue=1.2)


def energies(activity: Activity) -> dict[str, float]:
    return {name: pytest.approx(figure.value) for name, figure in of(activity).activities[0].impact.components.items()}


def energy(activity: Activity) -> Figure:
    figure = of(activity).activities[0].impact.energy
    assert figure is not None
    return figure


def test_measured_energy_comes_first_then_device_hours_then_compute() -> None:
    measured, hardware, compute = metered("1 MWh", "it"), gpus("A100-SXM4-80GB", 8, "100 h", power="300 W"), Compute(flops=1e22)
    cases = [
        (training(hardware, energy=measured, compute=compute, facility=PUE), "measured energy"),
        (training(hardware, compute=compute, facility=PUE), "device-hours"),
        (training(gpus("A100-SXM4-80GB"), compute=compute, facility=PUE), "compute"),
        (training(gpus("A100-SXM4-80GB"), facility=PUE), None),
    ]
    assert [of(activity).activities[0].evidence for activity, _ in cases] == [kind for _, kind in cases]


@pytest.mark.parametrize(
    ("boundary", "components", "total"),
    [
        # host: 0.35 of the accelerators; overhead: 0.2 of the IT
        ("accelerators", {"accelerators": 1000, "host": 350, "facility overhead": 270}, 1620),
        ("node", {"nodes": 1000, "facility overhead": 200}, 1200),
        ("it", {"IT equipment": 1000, "facility overhead": 200}, 1200),
        # a facility's own energy contains the overhead: 1000 ÷ 1.2 = 833.3, and is not multiplied
        ("facility", {"IT equipment": 1000 / 1.2, "facility overhead": 1000 - 1000 / 1.2}, 1000),
    ],
)
def test_pue_is_applied_once_and_never_to_a_facilitys_energy(boundary: str, components: dict[str, float], total: float) -> None:
    activity = Activity("pretraining", energy=metered("1 MWh", boundary), facility=PUE)
    assert energies(activity) == components
    assert energy(activity).value == pytest.approx(total)
    assert sum(components.values()) == pytest.approx(total)


def test_a_facilitys_energy_without_a_stated_pue_is_not_split() -> None:
    result = of(Activity("pretraining", energy=metered("1 MWh", "facility"), facility=Facility(country="FRA")))
    assert energies(result.activities[0].activity) == {"facility": 1000}
    assert result.totals.it_energy is None
    assert "CG208" not in codes(result)


@pytest.mark.parametrize(
    ("host", "expected", "included", "not_included"),
    [
        (None, 350.0, "host (CPU, memory, network, fans)", None),
        (Host("excluded"), None, None, "host (CPU, memory, network, fans)"),
        (Host("included"), None, None, None),
        (Host(power_per_device=q("100 W", "power")), 0.1 * 2500, "host (CPU, memory, network, fans)", None),
        # two processors of 280 W at half their rating, 512 GB at 0.3725 W, 312.5 h
        (
            Host(cpu="AMD EPYC 7763", sockets=2, memory=q("512 GB", "memory")),
            (2 * 0.28 * 0.5 + 0.512 * 0.3725) * 312.5,
            "host (CPU, memory)",
            "host (network, fans)",
        ),
        (Host(memory=q("512 GB", "memory")), 0.512 * 0.3725 * 312.5, "host (memory)", "host (CPU, network, fans)"),
    ],
)
def test_the_host_is_estimated_stated_excluded_or_included(
    host: Host | None, expected: float | None, included: str | None, not_included: str | None
) -> None:
    """8 devices of 400 W for 312.5 h: 1000 kWh, 2500 device-hours."""
    activity = training(gpus("A100-SXM4-80GB", 8, "312.5 h", power="400 W"), host=host, facility=PUE)
    result = of(activity).activities[0]
    found = result.impact.components.get("host")
    assert (found.value if found else None) == (pytest.approx(expected) if expected else None)
    assert [text for text in result.included if text.startswith("host")] == ([included] if included else [])
    assert [text for text in result.not_included if text.startswith("host")] == ([not_included] if not_included else [])


def test_the_hosts_time_follows_from_device_hours_and_count() -> None:
    """2500 device-hours on 8 devices are 312.5 h; 512 GB × 0.3725 W/GB × 312.5 h = 59.6 kWh."""
    hardware = gpus("A100-SXM4-80GB", 8, device_hours=2500, power="400 W")
    activity = training(hardware, host=Host(memory=q("512 GB", "memory")), facility=PUE)
    assert of(activity).activities[0].impact.components["host"].value == pytest.approx(0.512 * 0.3725 * 312.5)


def test_a_stated_host_that_cannot_be_used_is_named() -> None:
    activity = training(gpus("A100-SXM4-80GB", device_hours=2500, power="400 W"), host=Host(memory=q("1 TB", "memory")), facility=PUE)
    assert "CG216" in codes(of(activity))
    measured = Activity(
        "pretraining", energy=metered("1 MWh", "accelerators"), host=Host(power_per_device=q("100 W", "power")), facility=PUE
    )
    assert "CG216" in codes(of(measured))


def test_an_unknown_processor_is_named_and_the_host_estimated() -> None:
    result = of(training(gpus("A100-SXM4-80GB", 8, "312.5 h", power="400 W"), host=Host(cpu="Acme 9000"), facility=PUE))
    assert "CG201" in codes(result)
    assert result.activities[0].impact.components["host"].value == pytest.approx(350)


@pytest.mark.parametrize(
    ("phase", "hardware", "utilisation", "spread"),
    [
        ("pretraining", gpus("A100-SXM4-80GB", 64, "10 h"), 0.81, "mean power of accelerators in training on 16 or more devices"),
        ("pretraining", gpus("A100-SXM4-80GB", 16, "40 h"), 0.81, "mean power of accelerators in training on 16 or more devices"),
        ("pretraining", gpus("A100-SXM4-80GB", 15, device_hours=640), 0.68, "mean power of accelerators in training on 2 to 15 devices"),
        ("pretraining", gpus("A100-SXM4-80GB", device_hours=5000), 0.81, "mean power of accelerators in training on 16 or more devices"),
        ("pretraining", gpus("A100-SXM4-80GB", 8, "80 h"), 0.68, "mean power of accelerators in training on 2 to 15 devices"),
        ("pretraining", gpus("A100-SXM4-80GB", device_hours=640), 0.68, "mean power of accelerators in training on 2 to 15 devices"),
        ("pretraining", gpus("A100-SXM4-80GB", device_hours=6400), 0.81, "mean power of accelerators in training on 16 or more devices"),
        ("pretraining", gpus("A100-SXM4-80GB", 1, "640 h"), 0.55, "mean power of the accelerator in training on one device"),
        ("inference", gpus("A100-SXM4-80GB", 64, "10 h"), 0.61, "mean power of accelerators that serve requests"),
    ],
)
def test_a_utilisation_that_is_not_stated_is_assumed_by_kind_of_job(phase: str, hardware: Any, utilisation: float, spread: str) -> None:
    activity = training(hardware, phase=phase, facility=PUE)
    devices = of(activity).activities[0].impact.components["accelerators"]
    hours = hardware.device_hours or 640
    assert devices.value == pytest.approx(0.4 * utilisation * hours)
    assert devices.basis == "assumed"
    assert "utilisation" in dict(devices.drivers)
    assert _noted(devices, spread)


def _noted(figure: Figure, words: str) -> bool:
    return words in figure.note or any(_noted(operand, words) for operand in figure.operands)


def test_a_stated_power_is_the_mean_power_and_takes_no_utilisation() -> None:
    """8 × 250 W × 100 h = 200 kWh; with a utilisation of 0.9 of it 180 kWh."""
    assert energies(training(gpus("A100-SXM4-80GB", 8, "100 h", power="250 W"), facility=PUE))["accelerators"] == 200
    assert energies(training(gpus("A100-SXM4-80GB", 8, "100 h", power="250 W", utilization=0.9), facility=PUE))["accelerators"] == 180


def test_a_utilisation_of_zero_is_zero_energy_and_not_the_default() -> None:
    result = of(training(gpus("A100-SXM4-80GB", 8, "100 h", utilization=0), facility=PUE))
    assert result.totals.energy is not None and result.totals.energy.value == 0


def test_a_count_of_zero_is_no_device_and_no_count_is_one_that_is_assumed() -> None:
    assert energy(training(gpus("A100-SXM4-80GB", 0, "100 h", power="250 W"), facility=PUE)).value == 0
    one = energy(training(gpus("A100-SXM4-80GB", None, "100 h", power="250 W"), facility=PUE))
    assert one.basis == "assumed" and _noted(one, "one is assumed")


def test_a_stated_power_at_the_rating_is_uncertain_and_named() -> None:
    result = of(training(gpus("A100-SXM4-80GB", 8, "100 h", power="400 W"), facility=PUE))
    assert "CG211" in codes(result)
    quiet = of(training(gpus("A100-SXM4-80GB", 8, "100 h", power="400 W", utilization=0.9), facility=PUE))
    assert "CG211" not in codes(quiet)


def test_several_pools_add_up() -> None:
    activity = training(gpus("A100-SXM4-80GB", 8, "100 h", power="300 W"), gpus("V100", 4, "50 h", power="200 W"), facility=PUE)
    assert energies(activity)["accelerators"] == 8 * 100 * 0.3 + 4 * 50 * 0.2


def test_a_pool_without_a_duration_is_named_as_left_out() -> None:
    result = of(training(gpus("A100-SXM4-80GB", 8, "100 h", power="300 W"), gpus("V100", 4), facility=PUE))
    assert "V100 (no duration is stated)" in result.not_included


@pytest.mark.parametrize(
    ("hardware", "code"),
    [
        (gpus("Acme Tensor 3000", 8, "10 h"), "CG201"),  # unknown
        (gpus("V100", 8, "10 h"), "CG203"),  # several parts have this name
    ],
)
def test_a_device_that_is_unknown_or_ambiguous_is_named(hardware: Any, code: str) -> None:
    assert code in codes(of(training(hardware, facility=PUE)))


def test_a_device_whose_power_is_stated_needs_no_row() -> None:
    result = of(training(gpus("Acme Tensor 3000", 8, "10 h", power="100 W"), facility=PUE))
    assert "CG201" not in codes(result)
    assert result.activities[0].impact.components["accelerators"].value == pytest.approx(8)


def test_an_unknown_device_has_no_energy_and_zero_is_not_put_in_its_place() -> None:
    result = of(training(gpus("Acme Tensor 3000", 8, "10 h"), facility=PUE))
    assert result.totals.energy is None
    assert result.not_included == ["energy (not reported)", "location-based emissions (not reported)", "embodied emissions (not reported)"]


def test_compute_of_parameters_and_tokens_is_6nd() -> None:
    """6 × 7e9 × 2e12 = 8.4e22 FLOP ÷ (312 TFLOP/s × 0.4) = 6.73e8 s = 186,966 h; × 400 W × 0.81."""
    compute = Compute(parameters=7e9, tokens=2e12, mfu=0.4)
    result = of(training(gpus("A100-SXM4-80GB"), compute=compute, facility=PUE)).activities[0]
    hours = 6 * 7e9 * 2e12 / (312e12 * 0.4) / 3600
    assert result.impact.device_hours is not None
    assert result.impact.device_hours.value == pytest.approx(hours)
    assert result.impact.components["accelerators"].value == pytest.approx(hours * 0.4 * 0.81)
    assert "nvidia" in " ".join(result.impact.device_hours.sources) or len(result.impact.device_hours.sources) > 1  # the peak is cited


def test_an_mfu_that_is_not_stated_is_assumed() -> None:
    figure = of(training(gpus("A100-SXM4-80GB"), compute=Compute(flops=8.4e22), facility=PUE)).totals.energy
    assert figure is not None and figure.basis == "assumed" and "MFU" in dict(figure.drivers)


@pytest.mark.parametrize("hardware", [(), (gpus("Acme Tensor 3000"),), (gpus(None),), (gpus("AMD EPYC 7763"),)])
def test_compute_without_a_device_of_known_peak_is_reported(hardware: tuple[Any, ...]) -> None:
    result = of(Activity("pretraining", hardware=hardware, compute=Compute(flops=1e22), facility=PUE))
    assert "CG212" in codes(result)
    assert result.totals.energy is None


def test_energy_of_a_tracker_is_less_certain_than_that_of_a_meter() -> None:
    tracker = energy(Activity("pretraining", energy=metered("1 MWh", "facility", "CodeCarbon 3.2.1")))
    meter = energy(Activity("pretraining", energy=metered("1 MWh", "facility", "rack meter")))
    assert tracker.sigma > 3 * meter.sigma
    assert (tracker.basis, meter.basis) == ("measured", "measured")


def test_a_default_weakens_the_basis_of_what_was_measured() -> None:
    """Measured at the accelerators, the host assumed: the sum is assumed."""
    bases = [
        of(Activity("pretraining", energy=metered("1 MWh", b), facility=PUE)).totals.energy.basis
        for b in ("facility", "node", "accelerators")
    ]
    assert bases == ["measured", "declared", "assumed"]


def test_requests_without_a_boundary_are_taken_as_of_the_node_and_that_is_said() -> None:
    result = of(service("1 Wh", None, facility=PUE))
    assert "CG217" in codes(result)
    assert result.inference is not None and result.inference.services[0].boundary == "node"
