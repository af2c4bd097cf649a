"""The intervals of published cases against samples that numpy draws, with the arithmetic written out here.

Nothing of the figure's calculation is used: the standard deviations come from the table of uncertainties, or from the
± that is stated; products and sums are numpy's.

A product of lognormal numbers is lognormal, so its ends agree within the error of a percentile of 400,000 samples, which
is about 0.35 σ per cent: 0.2 per cent at most here. Except where it is the question, the PUE is taken as known
and kept at 1 to 1.1, so that what it adds is small beside the others: up to 1 per cent. A product agrees within 1.5 per
cent. A sum is only nearly lognormal: it agrees within 3 per cent.
"""

from __future__ import annotations

import csv
import math
from importlib import resources
from typing import Any

import pytest
from core.runs import Activity, Assessment, Compute, Facility, gpus, grid, metered, of, training

from cardgen.core.figure import Figure
from cardgen.core.run import Host

numpy = pytest.importorskip("numpy", reason="numpy is missing: pip install 'cardgen[crosscheck]'")

SAMPLES = 400_000
PRODUCT, SUM = 0.015, 0.03
EXCLUDED, INCLUDED = Host("excluded"), Host("included")
with (resources.files("cardgen.core") / "data" / "uncertainty.csv").open(encoding="utf-8", newline="") as lines:
    UNCERTAINTY = {row["id"]: row for row in csv.DictReader(lines)}


class Draws:
    """Lognormal samples around a value, each call a new input."""

    def __init__(self) -> None:
        self.random = numpy.random.default_rng(20261121)

    def plus_minus(self, value: float, per_cent: float) -> Any:
        """Return samples of a value whose 95th percentile is a share above it."""
        return value * self.random.lognormal(0, math.log(1 + per_cent / 100) / 1.6448536, SAMPLES)

    def known_as(self, value: float, identifier: str) -> Any:
        """Return samples of a value with the geometric standard deviation that the table has for its kind."""
        return value * self.random.lognormal(0, math.log(float(UNCERTAINTY[identifier]["gsd"])), SAMPLES)

    def prior(self, identifier: str) -> Any:
        """Return samples of a default of the table."""
        return self.known_as(float(UNCERTAINTY[identifier]["value"]), identifier)


def assert_interval(figure: Figure | None, samples: Any, tolerance: float) -> None:
    assert figure is not None
    low, middle, high = numpy.percentile(samples, [5, 50, 95])
    assert (figure.low, figure.high) == (pytest.approx(low, rel=tolerance), pytest.approx(high, rel=tolerance))
    assert figure.value == pytest.approx(middle, rel=tolerance)


def energy_and_carbon(result: Assessment) -> tuple[Figure | None, Figure | None]:
    return result.totals.energy, result.totals.location


@pytest.mark.parametrize(
    ("hours", "power_w", "power_pm", "pue", "g_per_kwh", "grid_pm", "host"),
    [
        (1_082_990, 400, 10, 1.0, 57, 20, EXCLUDED),  # BLOOM, arXiv 2211.02001, Table 3
        (39.3e6, 700, 15, 1.0, 414, 10, EXCLUDED),  # Llama 3.1, model card
        (1_022_362, 400, 12, 1.1, 385, 15, EXCLUDED),  # LLaMA 65B, arXiv 2302.13971, Table 15
        (663_552, 245, 20, 1.1, 403, 12, INCLUDED),  # Switch Transformer, arXiv 2104.10350, Table 4
        (8_404_992, 378.5, 25, 1.08, 79, 30, INCLUDED),  # PaLM 540B, arXiv 2204.02311
        (150_000, 250, 40, 1.0, 300, 50, EXCLUDED),  # Stable Diffusion 1, model card
    ],
)
def test_a_product_of_stated_inputs_has_the_percentiles_of_its_samples(
    hours: float, power_w: float, power_pm: float, pue: float, g_per_kwh: float, grid_pm: float, host: Host
) -> None:
    device = gpus(None, power=f"{power_w} W ± {power_pm}%", device_hours=hours)
    result = of(training(device, host=host, facility=Facility(pue=pue), grid=grid(f"{g_per_kwh} g/kWh ± {grid_pm}%")))
    draw = Draws()
    kwh = draw.known_as(hours, "declared-device-hours") * draw.plus_minus(power_w / 1000, power_pm) * pue
    kg = kwh * draw.plus_minus(g_per_kwh / 1000, grid_pm)
    energy, carbon = energy_and_carbon(result)
    assert_interval(energy, kwh, PRODUCT)
    assert_interval(carbon, kg, PRODUCT)


def test_a_pue_is_as_uncertain_as_the_overhead_that_it_adds() -> None:
    """Transformer (Big), arXiv 2104.10350, Table 1: 8 × 84 h × 296 W × 1.59 × 429 g; of the 1.59, 0.59 are uncertain."""
    device = gpus(None, 8, "84 h ± 2%", "296 W ± 2%")
    result = of(training(device, host=INCLUDED, facility=Facility(pue=1.59), grid=grid("429 g/kWh ± 2%")))
    draw = Draws()
    kwh = 8 * draw.plus_minus(84, 2) * draw.plus_minus(0.296, 2) * (1 + draw.known_as(0.59, "declared-pue"))
    energy, carbon = energy_and_carbon(result)
    assert_interval(energy, kwh, PRODUCT)
    assert_interval(carbon, kwh * draw.plus_minus(0.429, 2), PRODUCT)


def test_inputs_without_a_stated_uncertainty_have_that_of_the_table() -> None:
    """BLOOM: 433,196 kWh from a meter at the facility, so without a PUE, × 57 g."""
    activity = Activity("pretraining", energy=metered("433196 kWh", "facility"), grid=grid("57 g/kWh"))
    energy, carbon = energy_and_carbon(of(activity))
    draw = Draws()
    kwh = draw.known_as(433_196, "measured-energy")
    assert_interval(energy, kwh, PRODUCT)
    assert_interval(carbon, kwh * draw.known_as(0.057, "declared-intensity"), PRODUCT)


def test_a_duration_for_many_devices_is_one_input() -> None:
    """GPT-3, arXiv 2104.10350, Table 4: 10,000 × 14.8 d × 24 h × 330 W × 1.10 × 429 g."""
    device = gpus(None, 10_000, "14.8 d ± 6%", "330 W ± 9%")
    result = of(training(device, host=INCLUDED, facility=Facility(pue=1.1), grid=grid("429 g/kWh ± 14%")))
    draw = Draws()
    kwh = 10_000 * draw.plus_minus(14.8 * 24, 6) * draw.plus_minus(0.330, 9) * 1.1
    energy, carbon = energy_and_carbon(result)
    assert_interval(energy, kwh, PRODUCT)
    assert_interval(carbon, kwh * draw.plus_minus(0.429, 14), PRODUCT)


def test_energy_from_compute_has_the_percentiles_of_its_samples() -> None:
    """BloombergGPT: 2.36e23 FLOP ÷ (312 TFLOP/s × MFU) × 400 W × utilisation, on more than 5,000 device-hours."""
    activity = Activity(
        "pretraining", compute=Compute(flops=2.36e23), hardware=(gpus("A100-SXM4-40GB"),), host=EXCLUDED, facility=Facility(pue=1.0)
    )
    draw = Draws()
    hours = draw.known_as(2.36e23, "compute-count") / (312e12 * draw.prior("mfu")) / 3600
    watts = draw.known_as(400, "rated-power") * draw.prior("utilization-cluster")
    assert_interval(of(activity).totals.energy, hours * watts / 1000, PRODUCT)


def test_a_host_that_is_a_share_of_its_accelerators_moves_with_them() -> None:
    """Llama 3.2 3B: 460,000 h × 700 W, the host added as a share: E + s × E."""
    device = gpus(None, power="700 W ± 10%", device_hours=460_000)
    result = of(training(device, facility=Facility(pue=1.0), grid=grid("413 g/kWh ± 10%")))
    draw = Draws()
    accelerators = draw.known_as(460_000, "declared-device-hours") * draw.plus_minus(0.7, 10)
    kwh = accelerators + draw.prior("host-share") * accelerators
    energy, carbon = energy_and_carbon(result)
    assert_interval(energy, kwh, SUM)
    assert_interval(carbon, kwh * draw.plus_minus(0.413, 10), SUM)


def test_the_parts_of_bloom_in_one_place_share_its_grid_and_add_up() -> None:
    """Luccioni et al. 2022, Table 3: 1,082,990 h × 400 W and 256,646 kWh of idle nodes, × 57 g."""
    france, stated = Facility(country="FRA", pue=1.0), grid("57 g/kWh ± 25%")
    result = of(
        training(gpus(None, power="400 W ± 20%", device_hours=1_082_990), host=EXCLUDED, facility=france, grid=stated),
        Activity("other", energy=metered("256646 kWh ± 30%"), facility=Facility(country="FRA"), grid=stated),
    )
    draw = Draws()
    dynamic = draw.known_as(1_082_990, "declared-device-hours") * draw.plus_minus(0.4, 20)
    idle = draw.plus_minus(256_646, 30)
    energy, carbon = energy_and_carbon(result)
    assert_interval(energy, dynamic + idle, SUM)
    assert_interval(carbon, (dynamic + idle) * draw.plus_minus(0.057, 25), SUM)


def test_runs_whose_places_are_not_known_do_not_share_a_grid() -> None:
    """LLaMA 33B and 65B and BLOOM, arXiv 2302.13971, Table 15: each has its own power and grid, and errors partly cancel."""
    cases = [(530_432, 15), (1_022_362, 10), (1_082_880, 20)]
    result = of(
        *(
            training(
                gpus(None, power=f"400 W ± {pm}%", device_hours=hours),
                host=EXCLUDED,
                facility=Facility(pue=1.0),
                grid=grid("385 g/kWh ± 30%"),
            )
            for hours, pm in cases
        )
    )
    draw = Draws()
    parts = [draw.known_as(hours, "declared-device-hours") * draw.plus_minus(0.4, pm) * draw.plus_minus(0.385, 30) for hours, pm in cases]
    assert_interval(result.totals.location, sum(parts), SUM)


def test_how_far_the_mean_power_lies_below_the_rating_is_one_question_for_all_runs() -> None:
    """BLOOM and LLaMA 65B at the rated 400 W: one draw for both, so that their sum is as uncertain as either."""
    runs = (1_082_990, 1_022_362)
    result = of(
        *(
            training(
                gpus("A100-SXM4-80GB", power="400 W", device_hours=hours),
                host=EXCLUDED,
                facility=Facility(pue=1.0),
                grid=grid("385 g/kWh ± 10%"),
            )
            for hours in runs
        )
    )
    draw = Draws()
    watts = draw.known_as(400, "power-at-rating")
    kwh = [draw.known_as(hours, "declared-device-hours") * watts / 1000 for hours in runs]
    energy, carbon = energy_and_carbon(result)
    assert_interval(energy, sum(kwh), SUM)
    assert_interval(carbon, sum(part * draw.plus_minus(0.385, 10) for part in kwh), SUM)
