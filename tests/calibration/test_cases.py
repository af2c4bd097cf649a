"""Every published footprint that states its inputs, through the tool: the printed figures come out again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cardgen.calibration.cases import as_stated, from_compute, from_device_hours
from cardgen.core.assess import assess
from cardgen.core.assessment import Assessment
from cardgen.core.factors import Factors
from cardgen.core.tables import Row

FACTORS = Factors()
FACTS = Path(__file__).parents[3] / "shared/facts/published-footprints.csv"
ROWS = {row["id"]: row for row in FACTORS.table("published_footprints")}
CONSISTENT = [row for row in ROWS.values() if row["source_inconsistent"] == "false"]
CLOSING = [row["id"] for row in CONSISTENT if row["verdict"] == "within_1pct"]
NEARLY = {
    row["id"]: {"within_5pct": 0.05, "within_20pct": 0.2}[row["verdict"]]
    for row in CONSISTENT
    if row["verdict"].endswith(("_5pct", "20pct"))
}
# Reproduced elsewhere: comparisons among the claims, a sum of three parts among the published footprints of the core.
ELSEWHERE = {
    "bloom-lifecycle", "idefics-total", "patterson-t5-jets", "seed-a100-400w", "seed-gpt4o-vehicles", "strubell-five-cars",
    "zeus-gpt3-household",
}  # fmt: skip


def computed(row: Row, assessment: Assessment) -> dict[str, float]:
    """Return what is computed for each printed figure of a row, at the boundary that it is printed at."""
    totals, inference = assessment.totals, assessment.inference
    energy = totals.energy if row["energy_has_pue"] == "true" or row["meter"] == "" else totals.it_energy
    figures = {"energy_kwh": energy, "co2e_kg": totals.location, "embodied_kg": totals.embodied}
    found = {column: figure.value for column, figure in figures.items() if figure is not None}
    water = [figure.value for figure in (totals.onsite_water, totals.offsite_water) if figure is not None]
    if water:
        found["water_l"] = sum(water)
    if row["unit"] == "parity" and inference is not None and inference.requests_to_match_training is not None:
        found["equiv_count"] = inference.requests_to_match_training.value
    return found


def half_a_digit(text: str) -> float:
    """Return half a unit of the last printed digit; zeros at the end of a whole number are not printed digits.

    >>> half_a_digit("36000"), half_a_digit("0.423")
    (500.0, 0.0005)
    """
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if not decimals else 0
    return 0.5 * 10.0 ** (int(exponent or 0) - len(decimals) + zeros)


@pytest.mark.parametrize("name", [name for name in CLOSING if name not in ELSEWHERE])
def test_a_consistent_publication_is_reproduced_from_its_inputs(name: str) -> None:
    """Within 1 per cent, or half a unit of the last printed digit."""
    row = ROWS[name]
    run = as_stated(row)
    assert run is not None
    assessment = assess(run, FACTORS)
    found = computed(row, assessment)
    printed = {column: float(row[column]) for column in found if row[column]}
    assert printed, "the row prints nothing that can be computed"
    for column, value in printed.items():
        allowed = max(0.01 * value, half_a_digit(row[column]))
        assert found[column] == pytest.approx(value, abs=allowed), column
    assert all(r.agrees is not False for r in assessment.reported)
    assert not [p for p in assessment.problems if p.severity == "error"]


@pytest.mark.parametrize("name", [name for name in NEARLY if as_stated(ROWS[name]) is not None])
def test_where_the_publication_is_off_by_a_little_so_are_we(name: str) -> None:
    """The gap is rounding, or an input that the note names."""
    row = ROWS[name]
    run = as_stated(row)
    assert run is not None
    found = computed(row, assess(run, FACTORS))
    assert any(abs(found[column] / float(row[column]) - 1) <= NEARLY[name] for column in found if row[column])


def test_no_closing_row_is_left_out() -> None:
    assert {name for name in CLOSING if as_stated(ROWS[name]) is None} == ELSEWHERE
    assert len(CLOSING) >= 58


@pytest.mark.skipif(not FACTS.exists(), reason="the facts that the table was made from are not here")
def test_the_table_holds_the_facts_that_it_was_made_from() -> None:
    with open(FACTS, encoding="utf-8", newline="") as file:
        facts = list(csv.DictReader(file))
    columns = {"reported_energy_kwh": "energy_kwh", "reported_co2e_kg": "co2e_kg", "reported_co2e_market_kg": "co2e_market_kg"}
    columns |= {name: name for name in ("accel_hours", "tdp_w", "power_w", "pue", "flops", "embodied_kg", "water_l", "verdict")}
    assert len(facts) == 119
    for fact in facts:
        row = ROWS[fact["id"]]
        assert {column: row[column] for column in columns.values()} == {columns[name]: fact[name] for name in columns}, fact["id"]


def test_nothing_is_looked_up_for_a_run_that_states_its_inputs() -> None:
    """What reproduces a publication is the arithmetic, not the tables."""
    for name in CLOSING:
        run = as_stated(ROWS[name])
        if run is None or name == "olmo-embodied":
            continue
        totals = assess(run, FACTORS).totals
        for figure in (totals.energy, totals.location if ROWS[name]["grid_kg_per_kwh"] else None):
            assert figure is None or set(figure.sources) <= {"run"}, name


def test_an_estimate_is_given_no_power_no_pue_and_no_energy() -> None:
    for row in ROWS.values():
        for run in (from_device_hours(row), from_compute(row)):
            if run is not None:
                activity = run.activities[0]
                assert activity.energy is None and activity.facility.pue is None and run.reported is None
                assert all(hardware.power is None and hardware.utilization is None for hardware in activity.hardware)


def test_machines_are_counted_as_their_devices() -> None:
    """Strubell et al. print the power of a machine with 64 V100: 12,041.5 W ÷ 64 = 188 W for each."""
    run = as_stated(ROWS["strubell-bert-base"])
    assert run is not None
    pool = run.activities[0].hardware[0]
    assert pool.device_hours == 64 * 79 and pool.power is not None and pool.power.value == pytest.approx(12041.5 / 64)
