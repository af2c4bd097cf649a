"""Every unit that cardgen reads, against pint: the names are matched by hand, the sizes are pint's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.core import units
from cardgen.core.units import DIMENSIONS, UnitError, parse_quantity, unit

pint = pytest.importorskip("pint", reason="pint is missing: pip install 'cardgen[crosscheck]'")

REGISTRY = pint.UnitRegistry()
REGISTRY.define("floating_point_operation = [operation]")
for currency in units.CURRENCIES:
    REGISTRY.define(f"money_{currency} = [money_{currency}]")

BASE = {
    "1": "dimensionless", "%": "percent",
    "W": "watt", "Wh": "watt_hour", "J": "joule",
    "h": "hour", "s": "second", "min": "minute", "d": "day", "y": "common_year",
    "g": "gram", "t": "metric_ton", "lb": "pound",
    "L": "liter", "m3": "meter ** 3", "gal": "US_liquid_gallon",
    "FLOP": "floating_point_operation", "B": "byte",
}  # fmt: skip
PREFIXES = {
    "y": "yocto", "z": "zepto", "a": "atto", "f": "femto", "p": "pico", "n": "nano", "µ": "micro", "u": "micro", "m": "milli",
    "c": "centi", "d": "deci", "da": "deca", "h": "hecto", "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta", "E": "exa",
    "Z": "zetta", "Y": "yotta",
}  # fmt: skip
LARGE, SMALL = ("k", "M", "G", "T", "P", "E"), ("n", "µ", "u", "m")
PREFIXED = {
    prefix + name: PREFIXES[prefix] + BASE[name]
    for name, prefixes in {
        **dict.fromkeys(("W", "Wh", "J", "g", "L"), SMALL + LARGE),
        **dict.fromkeys(("t", "FLOP", "B"), LARGE),
    }.items()
    for prefix in prefixes
}
WORDS = {
    "hour": "hour", "hours": "hour", "hr": "hour", "hrs": "hour", "device-hours": "hour", "GPU-hours": "hour",
    "day": "day", "days": "day", "week": "week", "weeks": "week", "month": "common_year / 12", "months": "common_year / 12",
    "year": "common_year", "years": "common_year", "yr": "common_year", "a": "common_year",
    "minute": "minute", "minutes": "minute", "mins": "minute", "sec": "second", "second": "second", "seconds": "second",
    "l": "liter", "litre": "liter", "litres": "liter", "liter": "liter", "liters": "liter", "m³": "meter ** 3",
    "gallon": "US_liquid_gallon", "gallons": "US_liquid_gallon",
    "tonne": "metric_ton", "tonnes": "metric_ton", "ton": "metric_ton", "tons": "metric_ton", "metric ton": "metric_ton",
    "metric tons": "metric_ton", "lbs": "pound", "pound": "pound", "pounds": "pound", "kilogram": "kilogram", "kilograms": "kilogram",
    "gram": "gram", "grams": "gram",
    "FLOPs": "floating_point_operation", "FLOPS": "floating_point_operation", "flops": "floating_point_operation",
    "kilowatt-hours": "kilowatt_hour", "kwh": "kilowatt_hour", "KWh": "kilowatt_hour", "KWH": "kilowatt_hour",
    "kw": "kilowatt", "KW": "kilowatt", "Kg": "kilogram", "KG": "kilogram",
    "€": "money_EUR", "$": "money_USD", "£": "money_GBP",
}  # fmt: skip
MONEY = {currency: f"money_{currency}" for currency in units.CURRENCIES}
NAMES = {**BASE, **PREFIXED, **WORDS, **MONEY}
# What a unit of cardgen is a scale of.
FOUNDATION = {"W": "watt", "h": "hour", "kg": "kilogram", "L": "liter", "FLOP": "floating_point_operation", "B": "byte"} | MONEY


def assert_is(text: str, expression: str) -> None:
    """Fail where cardgen and pint differ in size; pint refuses where they differ in kind."""
    read = unit(text)
    foundation = " * ".join(f"({FOUNDATION[base]}) ** {power}" for base, power in read.powers) or "dimensionless"
    assert read.scale == pytest.approx(REGISTRY.parse_expression(expression).to(foundation).magnitude, rel=1e-12)


@pytest.mark.parametrize(("text", "expression"), sorted(NAMES.items()))
def test_a_unit_is_what_pint_says(text: str, expression: str) -> None:
    assert_is(text, f"1 * {expression}")


def test_no_unit_or_word_is_left_unchecked() -> None:
    assert set(BASE) == set(units._BASE)
    assert set(WORDS) == set(units._ALIASES)


def test_of_all_prefixes_these_and_no_others_are_read() -> None:
    def is_read(text: str) -> bool:
        try:
            unit(text)
        except UnitError:
            return False
        return True

    candidates = {prefix + name for prefix in PREFIXES for name in BASE} - set(BASE) - set(WORDS)
    assert {text for text in candidates if is_read(text)} == set(PREFIXED)


@pytest.mark.parametrize("mass", ["g", "kg", "t", "kt", "Mt", "Gt", "lb", "tonnes"])
@pytest.mark.parametrize("gas", ["CO2", "CO2e", "CO2eq", " CO2e", " CO2 eq", " CO2-eq", "-CO2e", " of CO2e", "CO₂e"])
def test_a_mass_of_greenhouse_gas_is_that_mass(mass: str, gas: str) -> None:
    assert_is(mass + gas, f"1 * {NAMES[mass]}")
    assert_is(f"{mass}{gas}/kWh", f"1 * {NAMES[mass]} / kilowatt_hour")


PARTS = st.lists(st.sampled_from(sorted(NAMES)), min_size=1, max_size=2)


@settings(deadline=None)  # pint reads a name for the first time slowly
@given(PARTS, st.lists(PARTS, max_size=2))
def test_a_product_or_quotient_of_units_is_what_pint_says(above: list[str], below: list[list[str]]) -> None:
    text = "/".join("·".join(part) for part in [above, *below])
    expression = " / ".join("(" + " * ".join(f"({NAMES[name]})" for name in part) + ")" for part in [above, *below])
    assert_is(text, f"1 * {expression}")


@pytest.mark.parametrize(
    ("text", "dimension", "for_pint"),
    [
        ("17.8 MWh", "energy", ""), ("3.6 MJ", "energy", ""), ("2.5 GJ", "energy", ""), ("1.2 TWh", "energy", ""), ("45 mWh", "energy", ""),
        ("400 W", "power", ""), ("6.5 kW", "power", ""), ("30 MW", "power", ""),
        ("34 d", "duration", ""), ("90 min", "duration", ""), ("1800 s", "duration", ""), ("2 weeks", "duration", ""),
        ("1438 lb", "mass", ""), ("5.8 t", "mass", ""), ("12 kt", "mass", "12 kilotonne"), ("250 g", "mass", ""),
        ("268 g/kWh", "intensity", ""), ("0.954 lb/kWh", "intensity", ""), ("770.884 lb/MWh", "intensity", ""),
        ("75 g/MJ", "intensity", ""), ("0.5 t/MWh", "intensity", ""),
        ("264 gal", "water", ""), ("1200 m3", "water", "1200 m**3"), ("3 ML", "water", ""),
        ("1.8 L/kWh", "water intensity", ""), ("0.2 m3/MWh", "water intensity", "0.2 m**3/MWh"), ("0.48 gal/kWh", "water intensity", ""),
        ("4 TB", "memory", ""),
    ],
)  # fmt: skip
def test_a_quantity_is_read_as_pint_reads_it(text: str, dimension: str, for_pint: str) -> None:
    target = DIMENSIONS[dimension][0].replace("CO2e", "")
    assert parse_quantity(text, dimension).value == pytest.approx(REGISTRY(for_pint or text).to(target).magnitude, rel=1e-12)


@pytest.mark.parametrize(
    ("word", "share"),
    [
        ("year", 365 / 365.25),  # a year of operation is 8,760 h; pint's is the Julian year
        ("month", 365 / 365.25),
        ("a", 365 / 365.25),
        ("ton", 1000 / 907.18474),  # emissions are counted in metric tons; pint's is the short ton
    ],
)
def test_where_a_word_has_two_meanings_the_difference_is_known(word: str, share: float) -> None:
    kind = "kg" if word == "ton" else "hour"
    assert unit(word).scale / REGISTRY(f"1 {word}").to(kind).magnitude == pytest.approx(share, rel=1e-12)
