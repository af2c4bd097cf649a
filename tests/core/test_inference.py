"""Services: the energy of a request, of a thousand, of a year, and the requests that equal training."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cardgen.core.assessment import Inference
from cardgen.core.figure import Figure
from cardgen.core.inference import days_to_match, mean_of_repeats, requests_to_match
from cardgen.core.run import Host

from .runs import Activity, Assessment, Facility, Requests, codes, gpus, grid, kwh, metered, of, q, service, training, written

TRAINING = Activity("pretraining", energy=metered("1 MWh"))


def inference(result: Assessment) -> Inference:
    assert result.inference is not None
    return result.inference


def per_request(activity: Activity) -> Figure:
    figure = inference(of(activity)).per_request.energy
    assert figure is not None
    return figure


def requests(boundary: Any = "facility", **rest: Any) -> Activity:
    facility = rest.pop("facility", Facility(pue=1.2))
    host = rest.pop("host", None)
    return Activity("inference", requests=Requests(boundary=boundary, **rest), facility=facility, host=host)


@pytest.mark.parametrize(
    ("repeats", "mean", "sigma"),
    [
        ([1.0], 1.0, 0.0),
        ([0.9, 1.0, 1.1], 1.0, 0.1 / math.sqrt(3) * 2.920 / 1.645),  # a deviation of 0.1, of a mean of three, Student's t
        ([2.0, 2.0], 2.0, 0.0),
        ([0.0, 0.0], 0.0, 0.0),
        ([1e300, 1e300], 1e300, 0.0),
    ],
)
def test_repeats_have_a_mean_and_the_spread_of_the_mean(repeats: list[float], mean: float, sigma: float) -> None:
    assert mean_of_repeats(repeats) == (pytest.approx(mean), pytest.approx(sigma))


def test_repeats_too_large_for_a_number_raise_nothing() -> None:
    assert mean_of_repeats([1.7e308, 1.7e308])[0] == math.inf


def test_the_spread_of_repeats_adds_to_the_error_of_the_meter() -> None:
    figure = per_request(requests(repeats=(kwh("0.9 kWh"), kwh("1.0 kWh"), kwh("1.1 kWh")), repeat_size=1000))
    assert figure.value == pytest.approx(0.001)
    assert figure.sigma == pytest.approx(math.hypot(math.log(1.05), 0.1 / math.sqrt(3) * 2.920 / 1.645))


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ({"energy": kwh("0.42 Wh")}, 0.00042),
        ({"per_1000": kwh("420 Wh")}, 0.00042),
        ({"repeats": (kwh("42 Wh"),), "repeat_size": 100}, 0.00042),
    ],
)
def test_a_request_is_stated_alone_by_the_thousand_or_by_repeats(stated: dict[str, Any], value: float) -> None:
    assert per_request(requests(**stated)).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("boundary", "host", "value"),
    [
        ("facility", None, 1),
        ("it", None, 1.2),
        ("node", None, 1.2),
        ("accelerators", None, 1.35 * 1.2),  # the host is 0.35 of the accelerators
        ("accelerators", Host("excluded"), 1.2),
        ("accelerators", Host("included"), 1.2),
    ],
)
def test_a_request_is_brought_to_the_facility_once(boundary: str, host: Host | None, value: float) -> None:
    assert per_request(requests(boundary, energy=kwh("1 Wh"), host=host)).value == pytest.approx(value / 1000)


def test_what_a_request_includes_is_named() -> None:
    result = of(requests("accelerators", energy=kwh("1 Wh"), host=Host("excluded"))).activities[0]
    assert result.included == ["accelerators", "facility overhead (PUE)"]
    assert result.not_included == ["host (CPU, memory, network, fans)"]


def test_a_request_of_a_facility_has_no_on_site_water_without_a_pue() -> None:
    """WUE is of IT energy, which a facility's energy gives only with its PUE: 1 Wh ÷ 1.25 × 2 L/kWh."""
    wue = q("2 L/kWh", "water intensity")
    assert inference(of(requests(energy=kwh("1 Wh"), facility=Facility(wue=wue)))).per_request.onsite_water is None
    water = inference(of(requests(energy=kwh("1 Wh"), facility=Facility(wue=wue, pue=1.25)))).per_request.onsite_water
    assert water is not None and water.value == pytest.approx(0.0016)


def test_a_year_and_a_thousand_follow_from_one() -> None:
    """0.5 Wh × 1,000 = 0.5 kWh; × 2e6 a day × 365 = 365,000 kWh, × 0.1 kg = 36.5 t."""
    content = written(of(service("0.5 Wh", per_day=2e6, grid=grid("100 g/kWh", "0 g/kWh"))))["inference"]
    assert content["per_request"]["value"] == pytest.approx(0.0005)
    assert content["per_1000"]["value"] == pytest.approx(0.5)
    assert content["per_year"]["value"] == pytest.approx(365_000)
    assert content["emissions_per_year"]["value"] == pytest.approx(36_500)
    assert content["market_emissions_per_year"]["value"] == 0
    assert content["emissions_per_1000"]["value"] == pytest.approx(0.05)


def test_requests_that_equal_training() -> None:
    """1 MWh ÷ 0.5 Wh = 2 million requests; at 100,000 a day 20 days."""
    found = inference(of(TRAINING, service("0.5 Wh", per_day=1e5)))
    assert found.requests_to_match_training is not None and found.days_to_match_training is not None
    assert found.requests_to_match_training.value == pytest.approx(2e6)
    assert (found.days_to_match_training.value, found.days_to_match_training.unit) == (pytest.approx(20), "d")


def test_the_break_even_is_training_over_a_request_and_days_over_traffic() -> None:
    from cardgen.core.figure import stated

    match = requests_to_match(stated(2, "MWh"), stated(1, "Wh"))
    assert match.value == pytest.approx(2e6)
    assert days_to_match(match, stated(1e6, "1/d")).value == pytest.approx(2)


@pytest.mark.parametrize("activity", [service("0 Wh", per_day=10), service(None, per_day=10), service("1 Wh", per_day=0)])
def test_a_break_even_that_cannot_be_computed_is_unknown(activity: Activity) -> None:
    found = inference(of(TRAINING, activity))
    assert found.days_to_match_training is None


def test_the_energy_of_a_period_is_divided_by_its_requests() -> None:
    """9 MWh in 30 days at 1e6 a day: 0.3 Wh each; embodied, water and cost likewise."""
    activity = service(None, per_day=1e6, period="30 d")
    activity = Activity("inference", energy=metered("9 MWh"), requests=activity.requests, grid=grid("200 g/kWh"))
    found = inference(of(activity))
    assert found.per_request.energy is not None and found.per_request.location is not None
    assert found.per_request.energy.value == pytest.approx(0.0003)
    assert found.per_request.location.value == pytest.approx(0.00006)


def test_hardware_evidence_stays_that_of_the_activity_beside_a_measured_request() -> None:
    """The activity's energy is of its device-hours, estimated; the request's is measured. Neither takes the other's label."""
    activity = Activity(
        "inference",
        hardware=(gpus("H100-SXM5-80GB", 8, "30 d"),),
        requests=Requests(energy=kwh("1 Wh"), boundary="facility", per_day=1e4),
        facility=Facility(pue=1.2),
    )
    content = written(of(activity))
    assert (content["activities"][0]["evidence"], content["activities"][0]["boundary"]) == ("device-hours", "accelerators")
    assert content["activities"][0]["energy"]["basis"] == "assumed"
    assert (content["inference"]["services"][0]["boundary"], content["inference"]["per_request"]["basis"]) == ("facility", "measured")
    assert content["inference"]["per_request"]["value"] == pytest.approx(0.001)


def test_several_services_are_a_mean_weighed_by_their_traffic() -> None:
    """(1 Wh × 300 + 5 Wh × 100) ÷ 400 = 2 Wh; 1 MWh ÷ 2 Wh = 500,000 requests, 1,250 days."""
    found = inference(of(TRAINING, service("1 Wh", per_day=300), service("5 Wh", per_day=100)))
    assert found.per_request.energy is not None and found.per_year is not None and found.per_year.energy is not None
    assert found.per_request.energy.value == pytest.approx(0.002)
    assert found.per_year.energy.value == pytest.approx(0.8 * 365)
    assert found.requests_to_match_training is not None and found.days_to_match_training is not None
    assert found.requests_to_match_training.value == pytest.approx(500_000)
    assert found.days_to_match_training.value == pytest.approx(1250)


def test_several_services_without_traffic_have_no_common_request() -> None:
    found = inference(of(TRAINING, service("1 Wh", per_day=300), service("5 Wh")))
    assert (found.per_request.energy, found.per_year, found.requests_to_match_training) == (None, None, None)
    assert [s.per_request.energy.value for s in found.services if s.per_request.energy] == [pytest.approx(0.001), pytest.approx(0.005)]


def test_repeats_of_two_services_are_two_inputs() -> None:
    same = (kwh("1 kWh"), kwh("1.2 kWh"))
    one, other = (requests(repeats=same, repeat_size=1000, per_day=10.0) for _ in range(2))
    found = inference(of(one, other))
    assert found.per_request.energy is not None and found.services[0].per_request.energy is not None
    assert found.per_request.energy.sigma == pytest.approx(found.services[0].per_request.energy.sigma / math.sqrt(2))


def test_the_year_of_a_service_is_that_of_the_release_where_it_states_none() -> None:
    from cardgen.core.assess import assess
    from cardgen.core.run import Model, Run

    from .runs import bundled

    france = Facility(country="FRA", pue=1.2)
    run = Run(
        Model("m", released="2023-05-01"),
        (service("1 kWh", facility=france), Activity("pretraining", energy=metered("1 kWh"), facility=france)),
    )
    result = assess(run, bundled())
    assert inference(result).per_request.location is not None and result.totals.location is not None
    assert inference(result).per_request.location.value == pytest.approx(result.totals.location.value)


def test_inference_without_requests_is_no_service() -> None:
    assert of(training(gpus("H100-SXM5-80GB", 8, "1 d"), phase="inference")).inference is None
    assert "CG217" not in codes(of(service("1 Wh", "node")))
