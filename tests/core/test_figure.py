"""Arithmetic on figures: values, units, elasticities, intervals, bases."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.core.figure import Z90, Figure, added, exact, interval, stated, total, weakest
from cardgen.core.units import UnitError

ENERGY = stated(100, "kWh", "energy", sigma=0.1, key="energy")
PUE = stated(1.2, "1", "PUE", sigma=0.02, key="pue")


def test_a_product_converts_units_and_adds_elasticities() -> None:
    result = (stated(400, "W", "power", sigma=0.1) * stated(2, "d", "time", sigma=0.2)).called("energy", "kWh")
    assert (result.value, result.unit) == (pytest.approx(0.4 * 48), "kWh")
    assert result.sigma == pytest.approx(math.hypot(0.1, 0.2))


def test_a_quotient_subtracts_elasticities() -> None:
    assert (ENERGY / PUE).called("IT energy", "kWh").value == pytest.approx(100 / 1.2)
    assert (ENERGY / PUE).sigma == pytest.approx(math.hypot(0.1, 0.02))


def test_a_shared_input_cancels_in_a_ratio() -> None:
    assert (ENERGY * PUE / ENERGY).sigma == pytest.approx(0.02)
    assert (ENERGY / ENERGY).sigma == 0


def test_a_shared_input_in_a_sum_stays_one_input() -> None:
    alone = total([ENERGY, stated(100, "kWh", "other", sigma=0.1, key="other")])
    shared = total([ENERGY * exact(1), ENERGY * exact(1)])
    assert alone.sigma == pytest.approx(0.1 / math.sqrt(2))  # √((½·0.1)² + (½·0.1)²)
    assert shared.sigma == pytest.approx(0.1)


def test_a_sum_weighs_elasticities_by_the_parts() -> None:
    result = total([stated(300, "kWh", "a", sigma=0.1), stated(100_000, "Wh", "b", sigma=0.4)])
    assert (result.value, result.unit) == (pytest.approx(400), "kWh")
    assert result.sigma == pytest.approx(math.hypot(0.75 * 0.1, 0.25 * 0.4))


def test_a_difference_keeps_its_elasticities_where_they_are_small() -> None:
    """PUE 1.2 ± 3 %: d ln(PUE − 1) = 1.2 ÷ 0.2 × d ln PUE."""
    assert (PUE - 1).sigma == pytest.approx(6 * 0.02)


def test_a_difference_near_zero_is_as_uncertain_as_its_parts_and_no_more_than_e_times() -> None:
    """PUE 1.01 ± 3 %: the overhead reaches 1.01 × 0.033 = 0.033 above 0.01; its own exponential would reach 0.01 × exp(3.3) = 0.27."""
    overhead = stated(1.01, "1", "PUE", sigma=0.02) - 1
    reach = 1.01 * Z90 * 0.02
    assert overhead.value == pytest.approx(0.01)
    assert overhead.high == pytest.approx(math.e * reach)
    assert 0 < overhead.low < overhead.value


@pytest.mark.parametrize("pue", [1 + 1e-15, 1.0000001, 1.001])
def test_a_difference_near_zero_has_an_interval_and_raises_nothing(pue: float) -> None:
    overhead = (ENERGY * (stated(pue, "1", "PUE", sigma=0.02) - 1)).called("overhead", "kWh")
    assert 0 <= overhead.low <= overhead.value <= overhead.high < 10


def test_a_difference_of_zero_is_zero() -> None:
    overhead = ENERGY * (stated(1.0, "1", "PUE", sigma=0.02) - 1)
    assert (overhead.low, overhead.value, overhead.high, overhead.drivers) == (0, 0, 0, [])


def test_a_value_below_zero_still_lies_within_its_interval() -> None:
    figure = stated(1, "kWh", "a", sigma=0.1) - stated(3, "kWh", "b", sigma=0.1)
    assert figure.low < figure.value == -2 < figure.high


def test_zero_has_no_uncertainty_and_stays_a_number() -> None:
    nothing = stated(0, "kWh", "none", sigma=0.5)
    assert (nothing.value, nothing.low, nothing.high, nothing.sigma) == (0, 0, 0, 0)
    assert total([nothing, ENERGY]).sigma == pytest.approx(0.1)
    assert total([nothing, nothing]).value == 0


def test_drivers_name_the_shares_of_the_variance_the_largest_first() -> None:
    assert (ENERGY * PUE).drivers == [("energy", pytest.approx(0.01 / 0.0104)), ("PUE", pytest.approx(0.0004 / 0.0104))]


def test_inputs_with_one_label_are_one_driver() -> None:
    figure = stated(1, "kWh", "energy", sigma=0.3, key="a") + stated(1, "kWh", "energy", sigma=0.3, key="b")
    assert figure.drivers == [("energy", pytest.approx(1))]


def test_inputs_with_one_key_move_together_whatever_their_sigma() -> None:
    """One row of the grid table for its own year and for another: the two uncertainties add up."""
    figure = stated(1, "kg", "grid", sigma=0.1, key="FRA") + stated(1, "kg", "grid", sigma=0.2, key="FRA")
    assert figure.sigma == pytest.approx(0.5 * 0.1 + 0.5 * 0.2)


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ([], "exact"),
        (["exact", "measured"], "measured"),
        (["measured", "declared"], "declared"),
        (["estimated", "measured"], "estimated"),
        (["assumed", "measured", "estimated"], "assumed"),
    ],
)
def test_a_result_has_the_weakest_basis_of_its_parts(bases: list[str], expected: str) -> None:
    parts = [stated(1, "kWh", basis=basis) for basis in bases]
    assert weakest(parts) == expected
    if parts:
        assert total(parts).basis == expected


def test_a_result_has_all_sources_of_its_parts_once() -> None:
    assert (stated(1, "W", sources=("a", "b")) * stated(1, "h", sources=("b", "c"))).sources == ("a", "b", "c")


def test_figures_of_different_kinds_are_not_added() -> None:
    with pytest.raises(UnitError):
        total([ENERGY, stated(1, "kg")])
    with pytest.raises(UnitError):
        ENERGY.called("emissions", "kgCO2e")


def test_a_product_that_is_too_large_is_infinite_and_raises_nothing() -> None:
    huge = stated(1e300, "kWh", sigma=0.1, key="h")
    assert (huge * huge).value == math.inf
    assert (huge / exact(0)).value == math.inf
    assert total([huge * exact(1e300), huge]).value == math.inf
    assert added([math.inf, -math.inf]) == math.inf
    assert added([1e308, 1e308]) == math.inf


def test_the_recorded_calculation_is_evaluated_with_other_inputs() -> None:
    """((100 × 1.1) kWh × 1.2 − 100 × 1.1 kWh) = 22, where the energy is 10 % larger and the PUE as stated."""
    overhead = (ENERGY * PUE - ENERGY).called("overhead", "Wh")
    assert overhead.recomputed({}) == pytest.approx(20_000)
    assert overhead.recomputed({"energy": 1.1}) == pytest.approx(22_000)
    assert overhead.recomputed({"pue": 1.5, "unknown": 9}) == pytest.approx(80_000)
    assert (ENERGY / PUE).called("IT energy", "kWh").recomputed({"pue": 2}) == pytest.approx(100 / 2.4)


VALUES = st.just(0.0) | st.floats(1e-6, 1e12)
SIGMAS = st.floats(0, 1.5)


@st.composite
def figures(draw: st.DrawFn, depth: int = 3) -> Figure:
    if depth == 0 or draw(st.booleans()):
        key = draw(st.sampled_from("abcd"))
        return stated(draw(VALUES), "1", key, sigma=draw(SIGMAS), basis=draw(st.sampled_from(["measured", "declared", "assumed"])))
    one, other = draw(figures(depth - 1)), draw(figures(depth - 1))
    operation = draw(st.sampled_from("×÷+−" if other.value else "×+−"))
    return {"×": lambda: one * other, "÷": lambda: one / other, "+": lambda: one + other, "−": lambda: one - other}[operation]()


@given(figures())
def test_low_is_at_most_the_value_and_the_value_at_most_high(figure: Figure) -> None:
    if math.isfinite(figure.value) and math.isfinite(figure.sigma):
        assert figure.low <= figure.value <= figure.high
        shares = [share for _, share in figure.drivers]
        assert shares == [] or math.fsum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


@given(figures())
def test_the_recorded_calculation_gives_the_value(figure: Figure) -> None:
    if math.isfinite(figure.value):
        assert figure.recomputed({}) == pytest.approx(figure.value, rel=1e-9, abs=1e-300)


@given(st.floats(allow_nan=False), st.floats(0, 1e9))
def test_an_interval_raises_nothing(value: float, sigma: float) -> None:
    low, high = interval(value, sigma)
    assert low <= value <= high
