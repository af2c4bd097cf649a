"""The intervals against 40,000 samples through the recorded calculation itself: elasticities are checked by evaluation."""

from __future__ import annotations

import numpy
import pytest

from cardgen.core.figure import Figure, Input

from .runs import Activity, Facility, Requests, gpus, kwh, metered, of, q, service, training

SAMPLES = 40_000
PLACE = Facility(provider="gcp", region="europe-west4")


def run() -> dict[str, Figure]:
    """Four activities in one place: they share the grid intensity, the PUE, the water intensities and the service life."""
    assessment = of(
        training(gpus("H100-SXM5-80GB", 512, "20 d"), facility=PLACE, end="2024-06-01"),
        training(gpus("A100-SXM4-80GB", 64, "10 d", utilization=0.8), phase="fine-tuning", facility=PLACE, end="2024-07-01"),
        training(gpus("H100-SXM5-80GB", 8, "2 d"), phase="evaluation", facility=PLACE, end="2024-08-01"),
        Activity("data-preparation", energy=metered("3 MWh", "node", "codecarbon"), facility=PLACE, end="2024-08-01"),
        Activity(
            "inference",
            requests=Requests(energy=kwh("0.4 Wh"), boundary="accelerators", per_day=1e6, period=q("30 d", "duration")),
            facility=PLACE,
            end="2024-09-01",
        ),
    )
    totals, inference = assessment.totals, assessment.inference
    assert inference is not None
    figures = {
        "energy": totals.energy,
        "location": totals.location,
        "embodied": totals.embodied,
        "on-site water": totals.onsite_water,
        "off-site water": totals.offsite_water,
        "cost": totals.electricity_cost,
        "overhead": totals.components["facility overhead"],
        "requests": inference.requests_to_match_training,
        "first activity": assessment.activities[0].impact.location,
    }
    # Two activities have no embodied figure of their own: the total holds those that have.
    return {name: figure for name, figure in figures.items() if figure is not None}


FIGURES = run()


def inputs_of(figure: Figure) -> dict[str, Input]:
    if not figure.operands:
        return {i.key: i for i in figure.influences}
    return {key: i for operand in figure.operands for key, i in inputs_of(operand).items()}


@pytest.mark.parametrize(
    "name", ["energy", "location", "embodied", "on-site water", "off-site water", "overhead", "requests", "first activity"]
)
def test_the_interval_is_that_of_samples_through_the_calculation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ends agree with the 5th and 95th percentile within 4 per cent.

    A sum of lognormal numbers is only nearly lognormal, and the less so the wider they are: embodied emissions agree within
    15 per cent. The overhead, a difference, is not: its ends agree within half their value, and the upper end is not below
    the percentile.
    """
    figure = FIGURES[name]
    random = numpy.random.default_rng(20261101)
    draws = {key: numpy.exp(random.normal(0, i.sigma, SAMPLES)) for key, i in sorted(inputs_of(figure).items())}
    monkeypatch.setattr("cardgen.core.figure.added", sum)  # with it numpy arrays go through the same arithmetic as numbers
    values = figure.recomputed(draws)
    low, high = numpy.percentile(values, [5, 95])
    tolerance = {"overhead": 0.5, "embodied": 0.15}.get(name, 0.04)
    assert figure.high == pytest.approx(high, rel=tolerance)
    assert figure.low == pytest.approx(low, rel=tolerance)
    assert name == "embodied" or figure.high > 0.96 * high


def test_the_activities_share_their_inputs() -> None:
    """Without sharing, the grid's σ would shrink as activities are added; with it the total is as uncertain as its largest part."""
    keys = set(inputs_of(FIGURES["location"]))
    assert sum("grid_intensity" in key for key in keys) == 1
    assert sum(key.startswith("facility:") for key in keys) == 1
    assert dict(FIGURES["location"].drivers)["grid intensity"] > 0.2


def test_training_and_requests_in_one_place_share_the_pue_which_cancels() -> None:
    """Both energies contain the same PUE: how many requests equal training does not depend on it."""
    assert "PUE" not in {label for label, share in FIGURES["requests"].drivers if share > 1e-12}


def test_a_service_elsewhere_shares_nothing() -> None:
    one = of(
        Activity("pretraining", energy=metered("1 MWh", "it"), facility=Facility(pue=1.2)),
        service("1 Wh", "it", facility=Facility(pue=1.3)),
    )
    assert one.inference is not None and one.inference.requests_to_match_training is not None
    assert dict(one.inference.requests_to_match_training.drivers)["PUE"] > 0.1
