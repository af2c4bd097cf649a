"""Quantities as people write them, and conversions."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardgen.core.units import DIMENSIONS, UnitError, convert, parse_quantity, unit


@pytest.mark.parametrize(
    ("text", "dimension", "value", "expected_unit"),
    [
        ("17.8 MWh", "energy", 17_800, "kWh"),
        ("17800kWh", "energy", 17_800, "kWh"),
        ("17,800 kWh", "energy", 17_800, "kWh"),
        ("17 800 kWh", "energy", 17_800, "kWh"),
        ("17\u202f800.5 kWh", "energy", 17_800.5, "kWh"),
        ("1_000 Wh", "energy", 1, "kWh"),
        ("1.78e4 kWh", "energy", 17_800, "kWh"),
        ("5 KWh", "energy", 5, "kWh"),
        ("3.6 MJ", "energy", 1, "kWh"),
        ("3600 kJ", "energy", 1, "kWh"),
        ("1 TWh", "energy", 1e9, "kWh"),
        ("2 W·h", "energy", 0.002, "kWh"),
        ("0 kWh", "energy", 0, "kWh"),
        ("0.4 kW", "power", 400, "W"),
        ("30 MW", "power", 3e7, "W"),
        ("34 d", "duration", 816, "h"),
        ("2 weeks", "duration", 336, "h"),
        ("1 month", "duration", 730, "h"),
        ("1 y", "duration", 8760, "h"),
        ("90 min", "duration", 1.5, "h"),
        ("1800 s", "duration", 0.5, "h"),
        ("5.8 tCO2e", "mass", 5800, "kgCO2e"),
        ("5.8 t", "mass", 5800, "kgCO2e"),
        ("5.8 t CO2 eq", "mass", 5800, "kgCO2e"),
        ("5.8 tCO₂-eq", "mass", 5800, "kgCO2e"),
        ("5.8 tonnes of CO2e", "mass", 5800, "kgCO2e"),
        ("1 MtCO2e", "mass", 1e9, "kgCO2e"),
        ("1 lb", "mass", 0.45359237, "kgCO2e"),
        ("268 gCO2e/kWh", "intensity", 0.268, "kgCO2e/kWh"),
        ("268 kg/MWh", "intensity", 0.268, "kgCO2e/kWh"),
        ("1000 lb/MWh", "intensity", 0.45359237, "kgCO2e/kWh"),
        ("1200 m3", "water", 1.2e6, "L"),
        ("1 gal", "water", 3.785411784, "L"),
        ("0.2 m3/MWh", "water intensity", 0.2, "L/kWh"),
        ("110 EUR/MWh", "price", 0.11, "EUR/kWh"),
        ("0.11 usd/kWh", "price", 0.11, "USD/kWh"),
        ("1.9 $", "money", 1.9, "USD"),
        ("4 TB", "memory", 4000, "GB"),
    ],
)
def test_a_quantity_is_read_as_people_write_it(text: str, dimension: str, value: float, expected_unit: str) -> None:
    quantity = parse_quantity(text, dimension)
    assert (quantity.value, quantity.unit, quantity.text) == (pytest.approx(value, rel=1e-12), expected_unit, text)


@pytest.mark.parametrize(
    ("text", "dimension", "message"),
    [
        ("17.8", "energy", "has no unit"),
        ("", "energy", "is not a number with a unit"),
        ("kWh", "energy", "is not a number with a unit"),
        ("$1.90", "money", "is not a number with a unit"),
        ("1,5 kWh", "energy", "cannot be read as one number"),
        ("1 234 56 kWh", "energy", "cannot be read as one number"),
        ("17 80 kWh", "energy", "cannot be read as one number"),
        ("5 mwh", "energy", "is not a known unit"),
        ("5 mt", "mass", "is not a known unit"),
        ("5 kWh/0 h", "power", "is not a known unit"),
        ("5 kW", "energy", "is not an energy"),
        ("5 kWh", "power", "is not a power"),
        ("5 WhCO2e", "mass", "is not a known unit"),
        ("1e999 kWh", "energy", "is too large"),
        ("1e308 GWh", "energy", "is too large"),
        ("nan kWh", "energy", "is not a number with a unit"),
        ("inf kWh", "energy", "is not a number with a unit"),
        ("1 kWh ± 2000 %", "energy", "is not between 0 and 10 times"),
        ("0 kWh ± 5%", "energy", "uncertainty cannot be read"),
        ("1 kWh ± five", "energy", "uncertainty cannot be read"),
        ("1 kWh ± 3 kg", "energy", "cannot be converted"),
    ],
)
def test_a_quantity_that_cannot_be_read_says_why(text: str, dimension: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse_quantity(text, dimension)


def test_power_given_for_energy_says_what_is_missing() -> None:
    with pytest.raises(UnitError) as raised:
        parse_quantity("400 W", "energy")
    assert raised.value.hint == "W is power; energy is power over time, as in: 17.8 MWh"


@pytest.mark.parametrize(
    ("text", "high"), [("100 kWh ± 5%", 105), ("100 kWh ± 5 kWh", 105), ("100 kWh +/- 5000 Wh", 105), ("100 kWh ± 0%", 100)]
)
def test_a_stated_uncertainty_is_the_upper_end_of_the_90_per_cent_interval(text: str, high: float) -> None:
    quantity = parse_quantity(text, "energy")
    assert quantity.sigma is not None
    assert 100 * math.exp(1.645 * quantity.sigma) == pytest.approx(high)


TEXTS = st.text(alphabet="0123456789.,eE+-±%/· kMGTWhJgtLdysminCO2eqEURUSD₂\u00a0\u202f²½٣µ", max_size=24) | st.text(max_size=20)


@given(TEXTS, st.sampled_from(sorted(DIMENSIONS)))
@example("5 kWh/" + "9" * 400 + " h", "power")
@example("5 kWh" + "·kWh" * 3000, "energy")
@example("1e-320 kWh ± 1 kWh", "energy")
@example("1 " + "/nW" * 60, "energy")
def test_any_text_is_a_finite_quantity_or_a_unit_error(text: str, dimension: str) -> None:
    try:
        quantity = parse_quantity(text, dimension)
    except UnitError:
        return
    assert math.isfinite(quantity.value)
    assert quantity.sigma is None or 0 <= quantity.sigma < 2


@given(
    st.floats(1e-9, 1e9),
    st.sampled_from([("kWh", "MJ"), ("W", "kW"), ("h", "d"), ("kgCO2e", "lb"), ("L", "gal"), ("kgCO2e/kWh", "lb/MWh")]),
)
def test_a_conversion_there_and_back_changes_nothing(value: float, pair: tuple[str, str]) -> None:
    one, other = pair
    assert convert(convert(value, one, other), other, one) == pytest.approx(value, rel=1e-12)


def test_a_product_of_units_is_named_in_base_units() -> None:
    assert (unit("kW") * unit("h")).text == "W·h"
    assert (unit("kgCO2e/kWh") * unit("kWh")).powers == unit("g").powers
    assert (unit("FLOP") / unit("TFLOP/s")).powers == unit("h").powers


@pytest.mark.parametrize(("source", "target"), [("kWh", "kW"), ("EUR", "USD"), ("kg", "L"), ("1", "h")])
def test_units_of_different_kinds_are_not_converted(source: str, target: str) -> None:
    with pytest.raises(UnitError, match="cannot be converted"):
        convert(1, source, target)
