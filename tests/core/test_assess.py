"""From a run to an assessment: place, year, emissions, water, cost, embodied emissions, totals, and what stays unknown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.core.assess import assess
from cardgen.core.operation import SERVER
from cardgen.core.run import Component, Cost, Host, Model, Run

from .runs import (
    Activity,
    Assessment,
    Compute,
    Facility,
    Requests,
    bundled,
    codes,
    gpus,
    grid,
    kwh,
    metered,
    of,
    own,
    q,
    service,
    training,
    written,
)


def location(facility: Facility, end: str | None = "2024-06-01") -> float | None:
    """Return the kgCO2e of 1 kWh of a facility."""
    found = of(Activity("pretraining", energy=metered("1 kWh"), facility=facility, end=end)).totals.location
    return found.value if found else None


def row(zone: str, year: int) -> float:
    return next(
        float(r["value"]) for r in bundled().table("grid_intensity") if (r["zone"], r["year"], r["scope"]) == (zone, str(year), "country")
    )


# Place and year


@pytest.mark.parametrize(("end", "year"), [("2023-06-01", 2023), ("2024", 2024), ("2024-12", 2024)])
def test_the_grid_intensity_is_that_of_the_year(end: str, year: int) -> None:
    assert location(Facility(country="FRA"), end) == row("FRA", year)


def test_a_year_without_a_row_takes_the_nearest_before_it_and_says_so() -> None:
    result = of(Activity("pretraining", energy=metered("1 kWh"), facility=Facility(country="FRA"), end="2031"))
    notes = [d["note"] for d in written(result)["derivations"].values() if d["name"] == "grid intensity"]
    assert notes[0].endswith("the nearest year to 2031")


def test_the_further_the_year_the_less_certain_the_intensity() -> None:
    sigmas = []
    for year in ("2024", "2026", "2034"):
        found = of(Activity("pretraining", energy=metered("1 kWh"), facility=Facility(country="USA"), end=year)).totals.location
        assert found is not None
        sigmas.append(found.sigma)
    assert sigmas[0] < sigmas[1] < sigmas[2]


def test_the_year_is_that_of_the_end_then_of_the_start_then_of_the_release() -> None:
    energy, france = metered("1 kWh"), Facility(country="FRA")
    activities = [
        Activity("pretraining", start="2023-12-01", end="2025-01-05", energy=energy, facility=france),
        Activity("pretraining", start="2023-12-01", energy=energy, facility=france),
        Activity("pretraining", energy=energy, facility=france),
    ]
    run = Run(Model("m", released="2024-02-01"), tuple(activities))
    found = [result.impact.location for result in assess(run, bundled()).activities]
    assert [figure.value for figure in found if figure] == [row("FRA", 2025), row("FRA", 2023), row("FRA", 2024)]


@pytest.mark.parametrize(
    ("facility", "text", "zone"),
    [
        (Facility(country="NLD"), "Netherlands", "NLD"),
        (Facility(country="nl"), "Netherlands", "NLD"),
        (Facility(country="Netherlands"), "Netherlands", "NLD"),
        (Facility(country="UK"), "United Kingdom", "GBR"),
        (Facility(country="World"), "World", "WLD"),
        (Facility(country="EU"), "European Union (27)", "EU27"),
        (Facility(zone="EU", country="DEU"), "European Union (27), Germany", "EU27"),
        (Facility(zone="US-CA"), "California, United States", "US-CA"),
        (Facility(zone="California"), "California, United States", "US-CA"),
        (Facility(country="California"), "California, United States", "US-CA"),
        (Facility(zone="US-CA", country="USA"), "California, United States", "US-CA"),
        (Facility(provider="gcp", region="europe-west4"), "Netherlands (gcp europe-west4)", "gcp/europe-west4"),
        (Facility(provider="Google Cloud", region="Europe-West4"), "Netherlands (Google Cloud Europe-West4)", "gcp/europe-west4"),
        (Facility(provider="gcp", region="europe-west4", country="NLD"), "Netherlands (gcp europe-west4)", "gcp/europe-west4"),
        (Facility(provider="acme", region="cellar", country="NLD"), "Netherlands (acme cellar)", "NLD"),
        (Facility(provider="jean-zay"), "jean-zay", None),
        (Facility(), None, None),
    ],
)
def test_a_place_is_found_by_zone_region_or_country(facility: Facility, text: str | None, zone: str | None) -> None:
    from cardgen.core.inputs import Inputs
    from cardgen.core.place import locate

    inputs = Inputs(bundled())
    place = locate(Activity("pretraining", facility=facility), ("activities", 0), inputs)
    assert (place.text, place.zone, inputs.problems) == (text, zone, [])


@pytest.mark.parametrize(
    "facility",
    [
        Facility(country="DEU", zone="US-CA"),
        Facility(provider="gcp", region="europe-west4", country="DEU"),
        Facility(provider="gcp", region="europe-west4", zone="US-CA"),
    ],
)
def test_a_place_that_contradicts_itself_is_reported(facility: Facility) -> None:
    assert "CG215" in codes(of(Activity("pretraining", energy=metered("1 kWh"), facility=facility)))


@pytest.mark.parametrize(
    ("facility", "code"),
    [
        (Facility(), "CG207"),
        (Facility(provider="acme", region="cellar"), "CG207"),
        (Facility(provider="gcp"), "CG207"),
        (Facility(provider="gcp", region="europe-west99"), "CG206"),
        (Facility(zone="CAISO"), "CG205"),
        (Facility(country="Atlantis"), "CG205"),
    ],
)
def test_a_place_that_is_not_known_leaves_emissions_unknown_and_is_named_once(facility: Facility, code: str) -> None:
    result = of(Activity("pretraining", energy=metered("1 kWh"), facility=facility))
    assert result.totals.location is None
    assert [c for c in codes(result) if c in ("CG205", "CG206", "CG207")] == [code]


def test_an_unknown_zone_in_a_known_country_takes_the_countrys_average_and_is_reported() -> None:
    result = of(Activity("pretraining", energy=metered("1 kWh"), facility=Facility(zone="CAISO", country="USA"), end="2024"))
    assert codes(result)[0] == "CG205" and "CG207" not in codes(result)
    assert result.totals.location is not None and result.totals.location.value == row("USA", 2024)


def test_an_average_of_many_countries_is_less_certain() -> None:
    spreads = {}
    for country in ("FRA", "EU", "World", "Europe"):
        found = of(Activity("pretraining", energy=metered("1 kWh"), facility=Facility(country=country), end="2024")).totals.location
        spreads[country] = found.sigma if found else None
    known = {country: sigma for country, sigma in spreads.items() if sigma is not None}
    assert all(sigma > 1.4 * known["FRA"] for country, sigma in known.items() if country != "FRA")


# Emissions


def test_location_and_market_stand_side_by_side_and_offsets_apart() -> None:
    """1,000 kWh × 0.268 = 268 kg; × 0.012 = 12 kg; 3 t of offsets are subtracted from neither."""
    result = of(Activity("pretraining", energy=metered("1 MWh"), grid=grid("268 g/kWh", "12 g/kWh", "3 t")))
    totals = result.totals
    assert [f.value for f in (totals.location, totals.market, totals.offsets) if f] == [pytest.approx(268), pytest.approx(12), 3000]


def test_a_market_based_zero_is_zero_and_the_location_stays() -> None:
    totals = of(Activity("pretraining", energy=metered("1 MWh"), grid=grid("268 g/kWh", "0 g/kWh"))).totals
    assert totals.market is not None and totals.market.value == 0
    assert totals.location is not None and totals.location.value == pytest.approx(268)


def test_the_market_based_total_needs_every_activity_that_has_energy() -> None:
    with_market = Activity("pretraining", energy=metered("1 MWh"), grid=grid("268 g/kWh", "0 g/kWh"))
    without = Activity("fine-tuning", energy=metered("1 MWh"), grid=grid("268 g/kWh"))
    unknown = Activity("evaluation", grid=grid("268 g/kWh"))
    assert of(with_market, without).totals.market is None
    assert "market-based emissions of Fine tuning (not reported)" in of(with_market, without).not_included
    assert of(with_market, unknown).totals.market is not None


def test_the_marketing_claim_of_a_provider_is_never_a_market_based_figure() -> None:
    assert (
        of(Activity("pretraining", energy=metered("1 MWh"), facility=Facility(provider="gcp", region="europe-west4"))).totals.market is None
    )


# Embodied emissions


def embodied(*hardware: object, host: Host | None = None) -> float | None:
    found = of(training(*hardware, host=host, facility=Facility(pue=1.2))).totals.embodied
    return found.value if found else None


def test_embodied_emissions_are_the_share_of_the_service_life() -> None:
    """8 GPUs for 8,760 h = 2 GPU-lives of 4 years; each (a GPU + an eighth of its server)."""
    gpu = bundled().embodied("NVIDIA H100 SXM5 80GB")
    server = bundled().embodied(SERVER)
    assert gpu is not None and server is not None
    expected = 8 * 8760 / (4 * 8760) * (float(gpu["value"]) + float(server["value"]) / 8)
    assert embodied(gpus("H100-SXM5-80GB", 8, "365 d")) == pytest.approx(expected)


def test_the_server_is_left_out_with_the_host() -> None:
    gpu = bundled().embodied("NVIDIA H100 SXM5 80GB")
    assert gpu is not None
    assert embodied(gpus("H100-SXM5-80GB", 8, "365 d"), host=Host("excluded")) == pytest.approx(2 * float(gpu["value"]))


def test_embodied_emissions_are_unknown_where_a_pool_has_no_row_or_no_hours() -> None:
    assert embodied(gpus("H100-SXM5-80GB", 8, "365 d"), gpus("Acme", 8, "1 d", power="100 W")) is None
    assert embodied(gpus("H100-SXM5-80GB", 8, "365 d"), gpus("H100-SXM5-80GB", 8)) is None


def test_stated_embodied_emissions_are_used() -> None:
    found = of(training(gpus("H100-SXM5-80GB", 8, "1 d"), embodied=q("11.2 t", "mass"))).totals.embodied
    assert found is not None and found.value == 11_200


# Water and cost


def test_water_on_site_is_it_energy_times_wue_and_off_site_facility_energy_times_the_grids() -> None:
    """1,000 kWh of IT × 0.2 L = 200 L; × 1.5 PUE = 1,500 kWh × the water intensity of France."""
    water = bundled().water("FRA")
    assert water is not None
    totals = of(
        Activity(
            "pretraining", energy=metered("1 MWh", "it"), facility=Facility(country="FRA", pue=1.5, wue=q("0.2 L/kWh", "water intensity"))
        )
    ).totals
    assert totals.onsite_water is not None and totals.onsite_water.value == pytest.approx(200)
    assert totals.offsite_water is not None and totals.offsite_water.value == pytest.approx(1500 * float(water["value"]))


def test_water_without_a_wue_is_unknown_and_not_zero() -> None:
    assert of(Activity("pretraining", energy=metered("1 MWh", "it"), facility=Facility(country="FRA", pue=1.5))).totals.onsite_water is None


def priced(electricity: str | None = None, device_hour: str | None = None) -> Activity:
    cost = Cost(q(electricity, "price") if electricity else None, q(device_hour, "money") if device_hour else None)
    return training(gpus("A100-SXM4-80GB", 8, "100 h"), energy=metered("1 MWh"), cost=cost)


def test_costs_are_energy_and_device_hours_times_price() -> None:
    """1,000 kWh × 0.11 EUR = 110 EUR; 800 h × 1.9 USD = 1,520 USD: two currencies, two figures."""
    totals = of(priced("0.11 EUR/kWh", "1.9 USD")).totals
    assert totals.electricity_cost is not None and totals.device_cost is not None
    assert (totals.electricity_cost.value, totals.electricity_cost.unit) == (pytest.approx(110), "EUR")
    assert (totals.device_cost.value, totals.device_cost.unit) == (pytest.approx(1520), "USD")


def test_several_currencies_are_not_added() -> None:
    result = of(priced("0.11 EUR/kWh"), priced("0.11 USD/kWh"))
    assert result.totals.electricity_cost is None
    assert "CG213" in codes(result)


def test_several_currencies_of_services_are_not_added() -> None:
    one, other = (service("1 Wh", per_day=10, cost=Cost(q(price, "price"))) for price in ("0.11 EUR/kWh", "0.11 USD/kWh"))
    result = of(one, other)
    assert "CG213" in codes(result)
    assert result.inference is not None and result.inference.per_year is not None
    assert result.inference.per_year.electricity_cost is None and result.inference.per_year.energy is not None


# Totals


def several() -> Assessment:
    france = Facility(country="FRA", pue=1.2, wue=q("0.2 L/kWh", "water intensity"))
    return of(
        training(gpus("H100-SXM5-80GB", 64, "10 d"), facility=france, end="2024"),
        Activity("fine-tuning", energy=metered("2 MWh", "node"), facility=france, end="2024"),
        Activity("evaluation", energy=metered("300 kWh", "accelerators"), facility=france, end="2024"),
        Activity("inference", energy=metered("900 MWh", "node"), facility=france, end="2024"),
    )


@pytest.mark.parametrize("name", ["energy", "it_energy", "location", "onsite_water", "offsite_water"])
def test_activities_other_than_inference_add_up_to_the_totals(name: str) -> None:
    result = several()
    parts = [getattr(a.impact, name).value for a in result.activities if a.activity.phase != "inference"]
    assert getattr(result.totals, name).value == pytest.approx(sum(parts))


def test_components_add_up_to_the_energy_of_an_activity_and_of_the_totals() -> None:
    result = several()
    for impact in [*(a.impact for a in result.activities), result.totals]:
        assert impact.energy is not None
        assert sum(part.value for part in impact.components.values()) == pytest.approx(impact.energy.value)


def test_an_activity_that_lacks_a_figure_is_named_beside_the_total() -> None:
    known = training(gpus("H100-SXM5-80GB", 8, "1 d"), name="Known", facility=Facility(country="FRA", pue=1.2), end="2024")
    nowhere = training(gpus("H100-SXM5-80GB", 8, "1 d"), name="Nowhere", facility=Facility(pue=1.2), end="2024")
    empty = Activity("other", name="Empty")
    result = of(known, nowhere, empty)
    assert result.totals.location is not None and result.activities[0].impact.location is not None
    assert result.totals.location.value == result.activities[0].impact.location.value
    assert "energy of Empty (not reported)" in result.not_included
    assert "location-based emissions of Nowhere, Empty (not reported)" in result.not_included
    assert "off-site water of Nowhere, Empty (not reported)" in result.not_included


def test_it_energy_of_some_activities_only_is_not_a_total() -> None:
    result = of(
        Activity("pretraining", energy=metered("1 MWh", "facility")),
        Activity("fine-tuning", energy=metered("1 MWh", "it"), facility=Facility(pue=1.1)),
    )
    assert result.totals.it_energy is None


def test_a_run_of_inference_only_has_no_totals() -> None:
    result = of(service("1 Wh", per_day=10))
    assert (result.totals.energy, result.totals.location, result.not_included) == (None, None, [])


def test_nothing_known_is_none_everywhere() -> None:
    content = written(of(Activity("pretraining")))
    assert content["totals"]["energy"] is None
    assert content["totals"]["emissions"] == {"location": None, "market": None, "embodied": None, "offsets": None}
    assert content["totals"]["water"] == {"onsite": None, "offsite": None}
    assert content["inference"] is None and content["equivalents"] == []


# Defaults that are assumed are visible


@pytest.mark.parametrize(
    ("activity", "name"),
    [
        (training(gpus("A100-SXM4-80GB", 64, "10 h"), facility=Facility(pue=1.2)), "utilisation"),
        (Activity("pretraining", energy=metered("1 MWh", "accelerators"), facility=Facility(pue=1.2)), "host share"),
        (Activity("pretraining", energy=metered("1 MWh", "it")), "PUE"),
        (training(gpus("A100-SXM4-80GB"), compute=Compute(flops=1e22), facility=Facility(pue=1.2)), "MFU"),
        (training(gpus("A100-SXM4-80GB", None, "10 h", power="300 W"), facility=Facility(pue=1.2)), "devices"),
    ],
)
def test_a_default_is_assumed_in_the_figure_and_stands_in_the_derivations(activity: Activity, name: str) -> None:
    content = written(of(activity))
    assert content["totals"]["energy"]["basis"] == "assumed"
    assert [d["basis"] for d in content["derivations"].values() if d["name"] == name] == ["assumed"]


def test_the_assumed_service_life_stands_in_the_derivations() -> None:
    content = written(of(training(gpus("A100-SXM4-80GB", 64, "10 h"), facility=Facility(pue=1.2))))
    assert content["totals"]["emissions"]["embodied"]["basis"] == "assumed"
    assert [d["basis"] for d in content["derivations"].values() if d["name"] == "service life"] == ["assumed"]


def test_a_pue_that_is_not_stated_is_named_once_for_many_activities() -> None:
    result = of(
        *(Activity("pretraining", energy=metered(f"{i + 1} MWh", "it"), facility=Facility(country="FRA"), end="2024") for i in range(50))
    )
    assert codes(result) == ["CG208"]


# Extremes

NUMBERS = st.sampled_from([0.0, 5e-324, 1e-300, 1e-12, 1e-3, 0.5, 1.0, 1 + 1e-15, 4.0, 1e6, 1e12, 1e30, 1e100, 1e300, 1.7e308])


@st.composite
def extreme_runs(draw: st.DrawFn) -> Run:
    from cardgen.core.units import Quantity

    def quantity(unit: str) -> Quantity:
        return Quantity(draw(NUMBERS), unit, draw(st.sampled_from([None, 0.0, 1e-9, 1.45])))

    def maybe(unit: str) -> Quantity | None:
        return quantity(unit) if draw(st.booleans()) else None

    def number() -> float | None:
        return draw(st.none() | NUMBERS)

    from cardgen.core.run import Grid, Hardware, MeasuredEnergy, Reported

    activities = []
    for _ in range(draw(st.integers(1, 3))):
        boundary = draw(st.sampled_from(["accelerators", "node", "it", "facility"]))
        activities.append(
            Activity(
                draw(st.sampled_from(["pretraining", "inference"])),
                end=draw(st.sampled_from([None, "0000", "2024", "9999"])),
                hardware=(
                    Hardware(draw(st.sampled_from(["H100-SXM5-80GB", "x", None])), number(), maybe("h"), number(), maybe("W"), number()),
                ),
                host=draw(
                    st.sampled_from(
                        [None, Host("excluded"), Host(power_per_device=quantity("W")), Host(cpu="AMD EPYC 7763", sockets=number())]
                    )
                ),
                compute=Compute(number(), number(), number(), number()),
                energy=MeasuredEnergy(quantity("kWh"), boundary) if draw(st.booleans()) else None,
                facility=Facility(country="FRA", pue=number(), wue=maybe("L/kWh")),
                grid=Grid(maybe("kgCO2e/kWh"), maybe("kgCO2e/kWh"), offsets=maybe("kgCO2e")),
                cost=Cost(maybe("EUR/kWh"), maybe("EUR")),
                embodied=maybe("kgCO2e"),
                requests=Requests(
                    maybe("kWh"),
                    maybe("kWh"),
                    draw(st.sampled_from([(), (quantity("kWh"), quantity("kWh"))])),
                    draw(NUMBERS),
                    per_day=number(),
                    period=maybe("h"),
                    boundary=boundary,
                ),
            )
        )
    reported = Reported(maybe("kWh"), maybe("kgCO2e"), maybe("kgCO2e"), maybe("kgCO2e"), maybe("L"))
    return Run(Model("m"), tuple(activities), reported, (Component("c", maybe("W"), maybe("EUR"), maybe("h")),))


@settings(max_examples=300, deadline=None)
@given(extreme_runs())
def test_no_run_raises_or_gives_infinity_and_every_interval_holds_its_value(run: Run) -> None:
    content = written(assess(run, bundled()))

    def check(node: object) -> None:
        if isinstance(node, dict):
            if {"value", "low", "high"} <= node.keys():
                assert node["low"] <= node["value"] <= node["high"]
            for child in node.values():
                check(child)
        elif isinstance(node, list):
            for child in node:
                check(child)

    check(content)


@pytest.mark.parametrize(
    "activity",
    [
        Activity("pretraining", energy=metered("1e300 kWh"), facility=Facility(country="FRA")),
        training(gpus("H100-SXM5-80GB", 1e200, "1e200 h")),
        training(gpus("H100-SXM5-80GB"), compute=Compute(parameters=1e200, tokens=1e200)),
    ],
)
def test_a_result_too_large_to_be_true_is_reported_and_unknown(activity: Activity) -> None:
    result = of(activity)
    assert "CG214" in codes(result)
    assert (result.totals.energy, result.totals.location) == (None, None)


def test_reported_and_infrastructure_figures_too_large_to_be_true_are_reported() -> None:
    from cardgen.core.run import Reported

    run = Run(Model("m"), (Activity("pretraining"),), Reported(energy=kwh("1e308 kWh")), (Component("c", q("1e308 W", "power")),))
    result = assess(run, bundled())
    assert codes(result) == ["CG214", "CG214"]
    assert result.reported == [] and result.infrastructure == [("c", None, None, None)]


def test_a_pue_of_exactly_one_has_no_overhead() -> None:
    result = of(Activity("pretraining", energy=metered("1 MWh", "it"), facility=Facility(pue=1.0)))
    assert list(result.totals.components) == ["IT equipment"]
    assert "facility overhead (the PUE is stated as 1)" in result.activities[0].not_included


# Many activities


def many(count: int) -> float:
    activities = tuple(
        training(
            gpus(("A100-SXM4-80GB", "H100", "V100")[i % 3], 64, f"{24 + i} h"),
            name=f"run {i}",
            end="2024-05-01",
            facility=Facility(provider="gcp", region="europe-west4") if i % 2 else Facility(country="FRA"),
        )
        for i in range(count)
    )
    start = time.process_time()
    result = of(*activities, factors=bundled())
    content = written(result)
    took = time.process_time() - start
    assert len(content["activities"]) == count
    assert codes(result) == ["CG208", "CG203", "CG203"]  # the PUE, and two names: once each, not once an activity
    return took


def test_the_time_grows_in_proportion_to_the_activities() -> None:
    many(20)
    few, lots = many(200), many(2000)
    assert lots < 25 * few
    assert lots < 12  # about 2 s on one core; the bound is for slow machines


def test_own_rows_win_over_bundled_ones() -> None:
    from cardgen.core.factors import Factors

    factors = Factors(own("grid_intensity", zone="FRA", name="France", year="2020", value="0.9", unit="kgCO2e/kWh", scope="country"))
    result = of(Activity("pretraining", energy=metered("1 kWh"), facility=Facility(country="FRA"), end="2024"), factors=factors)
    assert result.totals.location is not None and result.totals.location.value == pytest.approx(0.9)
    assert "test" in result.totals.location.sources


def test_processors_count_once_with_their_server_and_cards_share_one() -> None:
    """A server of 1,200 kg: half of it for each processor; a quarter for each card, beside the card's own 321.6 kg. Four years."""
    share = 10 * 24 / (4 * 8760)
    processor, card = (
        of(training(gpus(name, 1, "10 d"), facility=Facility(pue=1.2))).totals.embodied for name in ("AMD EPYC 7763", "A100-PCIE-40GB")
    )
    assert processor is not None and processor.value == pytest.approx(1200 / 2 * share)
    assert card is not None and card.value == pytest.approx((1200 / 4 + 321.6) * share)
    assert (processor.name, card.name) == ("embodied emissions", "embodied emissions")
