"""Equivalents: named by the author, or chosen by magnitude and country."""

from __future__ import annotations

import pytest

from .runs import Activity, Assessment, Facility, Factors, codes, grid, metered, of, own, q


def run(energy: str, country: str | None = None, **card: object) -> Assessment:
    facility = Facility(country=country, wue=None)
    return of(Activity("pretraining", energy=metered(energy), facility=facility, grid=grid("400 g/kWh"), end="2024"), **card)


def ids(result: Assessment) -> list[str]:
    return [found.row["id"] for found in result.equivalents]


@pytest.mark.parametrize(
    ("energy", "country", "chosen"),
    [
        ("1 GWh", "FRA", ["car-year-us", "home-electricity-year-us"]),
        ("1 GWh", "GBR", ["car-year-us", "home-electricity-year-uk"]),
        ("1 GWh", None, ["car-year-us", "home-electricity-year-us"]),
        ("1 kWh", "USA", ["km-car-eu", "smartphone-charge"]),
        ("1 mWh", "USA", []),
    ],
)
def test_one_of_emissions_and_one_of_energy_are_chosen_by_magnitude(energy: str, country: str | None, chosen: list[str]) -> None:
    assert ids(run(energy, country)) == chosen


def test_an_equivalent_is_the_total_divided_by_one_of_it() -> None:
    """1 GWh × 0.4 kg = 400 t ÷ the car's tonnes."""
    found = run("1 GWh", equivalents=("car-year-us",)).equivalents[0]
    assert (found.figure.value, found.figure.unit) == (pytest.approx(400_000 / float(found.row["value"])), "1")
    assert found.figure.sources[-1] == found.row["source"].split(";")[-1]


def test_named_equivalents_are_shown_in_their_order_and_none_where_none_are_named() -> None:
    assert ids(run("1 GWh", equivalents=("home-electricity-year-uk", "car-year-us"))) == ["home-electricity-year-uk", "car-year-us"]
    assert ids(run("1 GWh", equivalents=())) == []


def test_an_unknown_equivalent_is_named_with_similar_ones() -> None:
    result = run("1 GWh", equivalents=("car-year",))
    assert "CG210" in codes(result)
    problem = next(p for p in result.problems if p.code == "CG210")
    assert (problem.path, "car-year-us" in problem.hint) == (("card", "equivalents", 0), True)


def test_the_newest_edition_is_used_unless_one_is_named() -> None:
    newest, old = run("1 GWh", equivalents=("acre-forest-year-us", "acre-forest-year-us@EPA 2021")).equivalents
    assert (old.row["edition"], newest.row["year"] >= "2021") == ("EPA 2021", True)


def test_an_equivalent_of_something_unknown_is_left_out() -> None:
    result = of(Activity("pretraining", energy=metered("1 GWh"), grid=grid("400 g/kWh")), equivalents=("car-year-us",))
    assert ids(result) == ["car-year-us"]
    assert ids(of(Activity("pretraining", energy=metered("1 GWh"), end="2024"), equivalents=("car-year-us",))) == []


def test_an_equivalent_of_water_is_of_all_water_that_is_known() -> None:
    """100 kWh of IT × 2 L + 120 kWh × 3 L = 560 L ÷ 56 L."""
    factors = Factors(
        own("equivalents", id="bath", label="baths", dimension="water", value="56", unit="L", edition="1", year="2025")
        | own("water", zone="FRA", name="France", year="2025", value="3", unit="L/kWh")
    )
    facility = Facility(country="FRA", pue=1.2, wue=q("2 L/kWh", "water intensity"))
    result = of(
        Activity("pretraining", energy=metered("100 kWh", "it"), facility=facility, end="2024"), factors=factors, equivalents=("bath",)
    )
    assert result.equivalents[0].figure.value == pytest.approx(10)
