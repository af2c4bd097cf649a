"""Cross-checks: what cannot both be true is reported, and what can is not."""

from __future__ import annotations

import pytest

from cardgen.core.checks import agree
from cardgen.core.figure import exact, stated
from cardgen.core.run import Host

from .runs import Activity, Compute, Facility, Requests, codes, gpus, grid, metered, of, q, service, training

PUE = Facility(pue=1.2)
POOL = gpus("A100-SXM4-80GB", 8, "100 h", power="300 W")  # 240 kWh, 324 kWh with the host


def checks(activity: Activity) -> list[str]:
    return [code for code in codes(of(activity)) if code.startswith("CG3")]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((100, 0.05), (105, 0.05), True),
        ((100, 0.05), (130, 0.05), False),  # 1.3 > exp(1.645 × √2 × 0.05) = 1.12
        ((100, 0.05), (130, 0.2), True),
        ((0, 0.05), (0, 0.05), True),
        ((0, 0.05), (1, 0.05), False),
        ((1, 0.0), (1 + 1e-12, 0.0), True),  # the same but for the last bits
        ((1, 0.0), (1.001, 0.0), False),
        ((1e-300, 0.05), (1e300, 0.05), False),
    ],
)
def test_figures_agree_within_their_intervals(one: tuple[float, float], other: tuple[float, float], expected: bool) -> None:
    assert agree(stated(one[0], "kWh", "a", sigma=one[1]), stated(other[0], "kWh", "b", sigma=other[1])) is expected


def test_an_input_that_both_share_makes_no_room_for_a_disagreement() -> None:
    """Two factors of one uncertain energy: 1.0 and 1.3 of it differ, however uncertain it is."""
    energy = stated(100, "kWh", "energy", sigma=0.5)
    assert not agree(energy * exact(1.0), energy * exact(1.3))
    assert agree(energy * exact(1.3), energy * exact(1.3))


@pytest.mark.parametrize(
    ("energy", "boundary", "codes_found"),
    [
        ("240 kWh", "accelerators", []),
        ("324 kWh", "node", []),
        ("240 MWh", "accelerators", ["CG302", "CG301"]),
        ("240 Wh", "accelerators", ["CG301"]),
        ("324 MWh", "node", ["CG301"]),
        ("324 Wh", "it", ["CG301"]),
        ("390 kWh", "facility", []),
        ("390 MWh", "facility", ["CG301"]),
        ("600 kWh", "facility", []),  # idle machines and storage may be in it
        ("150 kWh", "facility", ["CG301"]),  # less than the devices alone
    ],
)
def test_measured_energy_that_device_hours_contradict_is_cg301(energy: str, boundary: str, codes_found: list[str]) -> None:
    assert checks(training(POOL, energy=metered(energy, boundary), facility=PUE)) == codes_found


def test_measured_energy_of_a_node_is_compared_with_the_host_that_the_card_leaves_out() -> None:
    assert checks(training(POOL, energy=metered("324 kWh", "node"), host=Host("excluded"), facility=PUE)) == []


def test_measured_energy_that_compute_contradicts_is_cg301() -> None:
    """8.4e22 FLOP ÷ (312 TFLOP/s × 0.38) = 1.97e5 h × 400 W × 0.8 × 1.35 = 85 MWh."""
    compute = Compute(flops=8.4e22)
    assert checks(training(gpus("A100-SXM4-80GB"), energy=metered("85 MWh", "node"), compute=compute, facility=PUE)) == []
    assert checks(training(gpus("A100-SXM4-80GB"), energy=metered("85 kWh", "node"), compute=compute, facility=PUE)) == ["CG301"]


@pytest.mark.parametrize(("energy", "severity"), [("2.01 kWh", "warning"), ("0.3 kWh", "error"), ("20 kWh", "error")])
def test_devices_may_wait_most_of_the_time_where_no_utilisation_is_stated(energy: str, severity: str) -> None:
    """SmolVLA: 10.93 h of 700 W devices and 2.01 kWh, 0.26 of the rating; 0.04 is less than they draw when they wait."""
    activity = training(gpus("H100-SXM5-80GB", 4, "2.7325 h"), energy=metered(energy, "accelerators"), host=Host("excluded"), facility=PUE)
    assert {problem.severity for problem in of(activity).problems if problem.code == "CG301"} <= {severity}
    assert severity == "warning" or "CG301" in checks(activity)


def test_assumptions_of_a_cross_check_are_not_those_of_the_assessment() -> None:
    hardware = gpus("A100-SXM4-80GB", 8, "100 h")
    assert "CG208" not in codes(of(training(hardware, energy=metered("300 kWh", "facility"), facility=Facility(country="FRA"), end="2024")))


@pytest.mark.parametrize(
    ("activity", "found"),
    [
        (training(gpus("A100-SXM4-80GB", 8, "100 h", power="500 W"), facility=PUE), ["CG302"]),  # rated at 400 W
        (training(gpus("A100-SXM4-80GB", 8, "100 h", power="500 W"), host=Host("included"), facility=PUE), []),
        (training(gpus("A100-SXM4-80GB", 8, "100 h", power="430 W"), facility=PUE), []),
    ],
)
def test_a_power_above_the_rating_is_cg302(activity: Activity, found: list[str]) -> None:
    assert checks(activity) == found


@pytest.mark.parametrize(
    ("flops", "found"),
    [(8 * 100 * 3600 * 312e12 * 0.4, []), (8 * 100 * 3600 * 312e12 * 0.9, ["CG303"]), (8 * 100 * 3600 * 312e12 * 0.01, ["CG303"])],
)
def test_a_utilisation_of_the_peak_that_no_training_reaches_is_cg303(flops: float, found: list[str]) -> None:
    assert checks(training(POOL, compute=Compute(flops=flops), facility=PUE)) == found


def test_the_peak_of_each_pool_goes_with_its_own_hours() -> None:
    """The pool without a duration stands first and must not lend its peak to the second."""
    flops = 8 * 100 * 3600 * 312e12 * 0.4
    assert checks(training(gpus("H100-SXM5-80GB", 8), POOL, compute=Compute(flops=flops), facility=PUE)) == []


@pytest.mark.parametrize(
    ("intensity", "found"),
    [("268 g/kWh", []), ("5 g/kWh", []), ("1200 g/kWh", []), ("268 kg/kWh", ["CG304"]), ("0.268 g/kWh", ["CG304"]), ("0 g/kWh", ["CG304"])],
)
def test_an_intensity_that_no_grid_has_is_cg304(intensity: str, found: list[str]) -> None:
    assert checks(Activity("pretraining", energy=metered("1 kWh"), grid=grid(intensity))) == found


def test_a_market_based_zero_alone_is_cg305() -> None:
    assert checks(Activity("pretraining", energy=metered("1 kWh"), grid=grid(None, "0 g/kWh"))) == ["CG305"]
    assert checks(Activity("pretraining", energy=metered("1 kWh"), grid=grid("268 g/kWh", "0 g/kWh"))) == []


def test_a_duration_of_many_years_is_probably_device_hours() -> None:
    assert "CG308" in codes(of(training(gpus("H100-SXM5-80GB", 256, "184320 h"))))
    assert "CG308" not in codes(of(training(gpus("H100-SXM5-80GB", 256, "720 h"))))


def test_a_request_of_kilowatt_hours_is_probably_watt_hours() -> None:
    run = Activity("pretraining", energy=metered("1 MWh"))
    assert "CG309" in codes(of(run, service("2.9 kWh", "node")))
    assert "CG309" not in codes(of(run, service("2.9 Wh", "node")))


@pytest.mark.parametrize(
    ("energy", "task", "words"),
    [
        ("0.34 kWh", "text-generation", '340 Wh; published figures of a request of "text-generation" end near 40 Wh'),
        ("39 Wh", "chat", ""),
        ("11.5 Wh", "image-generation", ""),  # SDXL, Luccioni et al. 2024
        ("100 Wh", "text-to-image", "end near 10 Wh"),
        ("0.9 kWh", "text-to-video", ""),
        ("0.9 kWh", None, ""),
        ("2.9 kWh", None, "published figures of any request end near 1,000 Wh"),
    ],
)
def test_the_energy_of_a_request_is_held_against_its_task(energy: str, task: str | None, words: str) -> None:
    requests = Requests(energy=q(energy, "energy"), boundary="node", task=task)
    messages = [problem.message for problem in of(Activity("inference", requests=requests)).problems if problem.code == "CG309"]
    assert (words in messages[0]) if words else messages == []


@pytest.mark.parametrize(("mfu", "found"), [(0.9, ["CG303"]), (0.01, ["CG303"]), (0.4, [])])
def test_a_stated_utilisation_that_no_training_reaches_is_cg303(mfu: float, found: list[str]) -> None:
    compute = Compute(parameters=65e9, tokens=1.4e12, mfu=mfu)
    assert checks(training(gpus("A100-SXM4-80GB"), compute=compute, facility=PUE)) == found


@pytest.mark.parametrize(("mfu", "found"), [(None, []), (0.4, []), (0.48, []), (0.25, ["CG301 warning"]), (0.1, ["CG301 error"])])
def test_a_stated_utilisation_that_hours_and_compute_contradict_is_cg301(mfu: float | None, found: list[str]) -> None:
    """LLaMA 65B: 6 × 65e9 × 1.4e12 ÷ (1,022,362 h × 3,600 × 312e12) = 0.475, here at 0.44 of 1.1 million h."""
    compute = Compute(parameters=65e9, tokens=1.4e12, mfu=mfu)
    activity = training(gpus("A100-SXM4-80GB", device_hours=1.1e6, power="300 W"), compute=compute, facility=PUE)
    problems = [problem for problem in of(activity).problems if problem.code.startswith("CG3")]
    assert [f"{problem.code} {problem.severity}" for problem in problems] == found
    assert all("imply a model FLOPs utilisation of 44.2%" in problem.message for problem in problems)


def test_hardware_of_a_month_and_requests_of_a_year_are_divided_by_the_time_of_the_hardware() -> None:
    requests = Requests(per_day=1e5, period=q("365 d", "duration"))
    found = of(Activity("inference", hardware=(gpus("H100-SXM5-80GB", 8, "30 d"),), requests=requests, facility=Facility(pue=1.2)))
    inference = found.inference
    assert "CG307" in codes(found)
    assert inference is not None and inference.per_request.energy is not None
    energy = found.activities[0].impact.energy
    assert energy is not None and abs(inference.per_request.energy.value / (energy.value / (30 * 1e5)) - 1) < 1e-9
