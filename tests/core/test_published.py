"""Published footprints, worked out by hand, with the arithmetic beside them.

Inputs and outcomes are those of the publications; nothing is read from the factor tables.
"""

from __future__ import annotations

from typing import Any

import pytest

from cardgen.core.run import Host
from cardgen.core.units import parse_quantity

from .runs import Activity, Assessment, Facility, Reported, codes, gpus, grid, kwh, metered, of, q, service, training

INCLUDED = Host("included")  # a mean system power per processor covers its share of the host
EXCLUDED = Host("excluded")  # the publication counts GPUs only


def footprint(
    device: str,
    power: str,
    pue: float,
    intensity: str,
    *,
    host: Host,
    count: float | None = None,
    duration: str | None = None,
    hours: float | None = None,
) -> Assessment:
    hardware = gpus(device, count, duration, power, device_hours=hours)
    return of(training(hardware, host=host, facility=Facility(pue=pue), grid=grid(intensity)))


def mwh_and_tonnes(result: Assessment) -> tuple[float, float]:
    assert result.totals.energy is not None and result.totals.location is not None
    return result.totals.energy.value / 1000, result.totals.location.value / 1000


@pytest.mark.parametrize(
    ("device", "inputs", "power", "pue", "intensity", "host", "mwh", "tonnes"),
    [
        # Patterson et al. 2021, arXiv 2104.10350, Tables 1 and 4: system power per processor, PUE, gross intensity
        # GPT-3: 10,000 × 14.8 d × 24 h × 0.330 kW × 1.10 = 1,289 MWh (printed 1,287); × 0.429 = 553 t (printed 552)
        ("V100", {"count": 10_000, "duration": "14.8 d"}, "330 W", 1.10, "429 g/kWh", INCLUDED, 1287, 552),
        # T5: 512 × 20 d × 24 h × 0.310 kW × 1.12 = 85.3 MWh; × 0.545 = 46.5 t
        ("TPU v3", {"count": 512, "duration": "20 d"}, "310 W", 1.12, "545 g/kWh", INCLUDED, 85.7, 46.7),
        # Switch Transformer: 1,024 × 27 d × 24 h × 0.245 kW × 1.10 = 178.8 MWh; × 0.403 = 72.1 t
        ("TPU v3", {"count": 1024, "duration": "27 d"}, "245 W", 1.10, "403 g/kWh", INCLUDED, 179, 72.2),
        # Evolved Transformer search: 200 × 6.8 d × 24 h × 0.208 kW × 1.10 = 7.47 MWh; × 0.431 = 3.22 t
        ("TPU v2", {"count": 200, "duration": "6.8 d"}, "208 W", 1.10, "431 g/kWh", INCLUDED, 7.5, 3.2),
        # Transformer (Big): 8 × 3.5 d × 24 h × 0.296 kW × 1.59 = 0.3163 MWh; × 0.429 = 0.1357 t
        ("P100", {"count": 8, "duration": "3.5 d"}, "296 W", 1.59, "429 g/kWh", INCLUDED, 0.316, 0.1357),
        # Evolved Transformer (Medium), Iowa: 8 × 3.2 d × 24 h × 0.271 kW × 1.11 = 0.1848 MWh; × 0.478 = 0.0883 t
        ("P100", {"count": 8, "duration": "3.2 d"}, "271 W", 1.11, "478 g/kWh", INCLUDED, 0.185, 0.0883),
        # LLaMA, arXiv 2302.13971, Table 15: GPU-hours × 400 W × 1.1, × 0.385
        # 7B: 82,432 h × 0.4 kW × 1.1 = 36.27 MWh; × 0.385 = 13.96 t
        ("A100-SXM4-80GB", {"hours": 82_432}, "400 W", 1.1, "385 g/kWh", EXCLUDED, 36, 14),
        # 65B: 1,022,362 h × 0.4 kW × 1.1 = 449.8 MWh; × 0.385 = 173.2 t
        ("A100-SXM4-80GB", {"hours": 1_022_362}, "400 W", 1.1, "385 g/kWh", EXCLUDED, 449, 173),
        # BLOOM as LLaMA recomputes it, on a grid where it did not run: 1,082,880 h × 0.4 × 1.1 = 476 MWh; 183 t
        ("A100-SXM4-80GB", {"hours": 1_082_880}, "400 W", 1.1, "385 g/kWh", EXCLUDED, 475, 183),
        # BLOOM, arXiv 2211.02001, Table 3, dynamic: 1,082,990 h × 0.4 kW = 433,196 kWh; × 57 g (France) = 24.69 t
        ("A100-SXM4-80GB", {"hours": 1_082_990}, "400 W", 1.0, "57 g/kWh", EXCLUDED, 433.196, 24.69),
        # Llama 2 7B: 184,320 h × 0.4 kW × 1.1 = 81.1 MWh; × 0.385 = 31.22 t
        ("A100-SXM4-80GB", {"hours": 184_320}, "400 W", 1.1, "385 g/kWh", EXCLUDED, 81.1, 31.22),
        # Llama 3.1: 39.3 M h × 0.7 kW = 27,510 MWh; × 414 g (PUE × intensity, as the card implies) = 11,390 t
        ("H100-SXM5-80GB", {"hours": 39.3e6}, "700 W", 1.0, "414 g/kWh", EXCLUDED, 27_510, 11_390),
        # Llama 3.2 3B: 460,000 h × 0.7 kW = 322 MWh; × 413 g = 133 t
        ("H100-SXM5-80GB", {"hours": 460_000}, "700 W", 1.0, "413 g/kWh", EXCLUDED, 322, 133),
        # Llama 4 Maverick: 2.38 M h × 0.7 kW = 1,666 MWh; × 387 g = 645 t
        ("H100-SXM5-80GB", {"hours": 2.38e6}, "700 W", 1.0, "387 g/kWh", EXCLUDED, 1666, 645),
        # PaLM 540B, arXiv 2204.02311: 8,404,992 h × 0.3785 kW × 1.08 = 3,436 MWh; × 79 g = 271.4 t
        ("TPU v4", {"hours": 8_404_992}, "378.5 W", 1.08, "79 g/kWh", INCLUDED, 3436, 271.43),
        # Strubell et al. 2019, BERT base: 12,041.51 W for 79 h × 1.58 = 1.503 MWh; × 0.954 lb/kWh = 0.650 t (1,438 lb)
        ("64 V100 and their host", {"count": 1, "duration": "79 h"}, "12041.51 W", 1.58, "0.954 lb/kWh", INCLUDED, 1.507, 0.652),
        # Stable Diffusion 1: 150,000 h × 0.25 kW = 37.5 MWh; × 0.3 = 11.25 t
        ("A100 PCIe 40GB", {"hours": 150_000}, "250 W", 1.0, "300 g/kWh", EXCLUDED, 37.5, 11.25),
        # A model of the scale of GPT-4o: E = P × N × t × PUE = 700 W × 25,000 × 90 d × 24 h × 1.2 = 45,360 MWh; × 0.37 = 16,783 t
        ("H100-SXM5-80GB", {"count": 25_000, "duration": "90 d"}, "700 W", 1.2, "370 g/kWh", EXCLUDED, 45_360, 16_783),
    ],
)
def test_a_published_footprint_follows_from_its_inputs(
    device: str, inputs: dict[str, Any], power: str, pue: float, intensity: str, host: Host, mwh: float, tonnes: float
) -> None:
    """Within 1 per cent, or as many digits as are printed."""
    result = footprint(device, power, pue, intensity, host=host, **inputs)
    assert mwh_and_tonnes(result) == (pytest.approx(mwh, rel=0.01), pytest.approx(tonnes, rel=0.01))
    # the same by hand, to all digits
    hours = inputs.get("hours") or inputs["count"] * parse_quantity(inputs["duration"], "duration").value
    by_hand = hours * parse_quantity(power, "power").value / 1e6 * pue
    assert mwh_and_tonnes(result) == (pytest.approx(by_hand), pytest.approx(by_hand * parse_quantity(intensity, "intensity").value))


@pytest.mark.parametrize(
    ("hours", "measured_mwh", "pue"),
    [
        # Morrison et al. 2025, arXiv 2503.05804, Table 1: GPU energy × PUE 1.2, H100
        (269_000, 196, 1.2),
        (27_000, 19, 1.2),
    ],
)
def test_a_measured_sibling_lies_in_the_interval_of_the_estimate(hours: float, measured_mwh: float, pue: float) -> None:
    """269,000 h × 700 W × 0.8 × 1.2 = 181 MWh; measured 196."""
    hardware = gpus("H100-SXM5-80GB", device_hours=hours)
    energy = of(training(hardware, host=EXCLUDED, facility=Facility(pue=pue))).totals.energy
    assert energy is not None and energy.low / 1000 <= measured_mwh <= energy.high / 1000


@pytest.mark.parametrize(
    ("name", "count", "hours", "measured_kwh"),
    [
        ("V100-SXM2-16GB", 8, 36, 37.3),  # BERT small, 0.43 of the rating
        ("P40", 1, 0.4, 0.04),  # DenseNet 201
        ("V100-SXM2-16GB", 1, 21, 4.7),  # ViT base
    ],
)
def test_small_jobs_measured_by_dodge_lie_in_the_interval_of_the_estimate(
    name: str, count: float, hours: float, measured_kwh: float
) -> None:
    """Dodge et al. 2022, arXiv 2206.05229, Table 2: GPUs only, by nvidia-smi."""
    energy = of(training(gpus(name, count, f"{hours} h"), host=EXCLUDED, facility=Facility(pue=1.0))).totals.energy
    assert energy is not None and energy.low <= measured_kwh <= energy.high


def test_olmo_2_is_its_measured_gpu_energy_times_the_pue_and_the_sites_intensity() -> None:
    """OLMo 2 7B, arXiv 2501.00656, Table 19: 131 MWh before the PUE × 1.2 = 157.2 MWh; × 332 g = 52.2 t (printed 52)."""
    activity = Activity(
        "pretraining", energy=metered("131 MWh", "accelerators"), host=EXCLUDED, facility=Facility(pue=1.2), grid=grid("332 g/kWh")
    )
    assert mwh_and_tonnes(of(activity)) == (pytest.approx(157.2), pytest.approx(52, rel=0.01))


def test_olmo_development_has_the_pue_in_its_energy_and_it_is_not_put_on_top() -> None:
    """Morrison et al. 2025, arXiv 2503.05804, Table 1: 459 MWh, PUE included, × 346.4 g = 159 t."""
    activity = Activity("experimentation", energy=metered("459 MWh", "facility"), facility=Facility(pue=1.2), grid=grid("346.4 g/kWh"))
    assert mwh_and_tonnes(of(activity)) == (pytest.approx(459), pytest.approx(159, rel=0.001))


def test_bloom_is_the_sum_of_its_three_parts() -> None:
    """Luccioni et al. 2022, Table 3: dynamic 24.69 t, idle 256,646 kWh × 57 g = 14.6 t, hardware 11.2 t: 50.5 t, which are
    stated side by side."""
    totals = of(
        training(
            gpus("A100-SXM4-80GB", power="400 W", device_hours=1_082_990), host=EXCLUDED, facility=Facility(pue=1.0), grid=grid("57 g/kWh")
        ),
        Activity("other", energy=metered("256646 kWh"), grid=grid("57 g/kWh"), embodied=q("11.2 t", "mass")),
    ).totals
    assert totals.location is not None and totals.location.value == pytest.approx(24_690 + 14_600, rel=0.01)
    assert totals.energy is not None and totals.energy.value == pytest.approx(689_842, rel=0.001)


def test_training_and_requests_break_even_as_for_bloomz() -> None:
    """Luccioni, Jernite, Strubell 2024, arXiv 2311.16863, Table 5: 59,257 kWh of training and fine-tuning ÷ 0.0001 kWh."""
    found = of(Activity("pretraining", energy=metered("59257 kWh")), service("0.0001 kWh")).inference
    assert found is not None and found.requests_to_match_training is not None
    assert found.requests_to_match_training.value == pytest.approx(592_570_000)


def test_gpt3_with_its_pue_taken_out_of_the_tonnes_but_not_of_the_energy_is_reported() -> None:
    """The popular 502 t beside 1,287 MWh: 552 ÷ 1.1. Where the inputs are known to a per cent, both cannot be true."""
    activity = Activity("pretraining", energy=metered("1287 MWh ± 1%"), grid=grid("429 g/kWh ± 1%"))
    reported = Reported(emissions=q("502 t ± 1%", "mass"))
    assert "CG317" in codes(of(activity, reported=reported))


def test_llama_with_five_months_of_2048_gpus_contradicts_the_energy_that_it_prints() -> None:
    """2,048 × 152 d × 24 h × 0.4 kW × 1.1 = 3,287 MWh, printed 2,638 MWh."""
    hardware = gpus("A100-SXM4-80GB", 2048, "152 d", "400 W ± 2%", utilization=1.0)
    activity = training(hardware, host=EXCLUDED, facility=Facility(pue=1.1), grid=grid("385 g/kWh"))
    result = of(activity, reported=Reported(energy=kwh("2638 MWh ± 1%")))
    assert result.totals.energy is not None and result.totals.energy.value == pytest.approx(2048 * 152 * 24 * 0.4 * 1.1)
    assert "CG306" in codes(result)
