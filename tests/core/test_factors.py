"""Look-ups in the factor tables, and a user's own rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cardgen.core.factors import Factors, normalised, provider_key
from cardgen.core.own_factors import FactorError, own_rows
from cardgen.core.tables import EDITION, TABLES, Row, nearest_year

from .runs import Activity, Facility, bundled, gpus, metered, of, own, training


def years(*given: int, **cells: str) -> list[Row]:
    return [Row(year=str(year), **cells) for year in given]


@pytest.mark.parametrize(("year", "chosen"), [(2023, 2023), (2024, 2023), (2030, 2025), (2019, 2021), (None, 2025)])
def test_the_year_is_the_year_itself_else_the_last_before_else_the_first_after(year: int | None, chosen: int) -> None:
    row = nearest_year(years(2021, 2023, 2025), year)
    assert row is not None and row["year"] == str(chosen)


def test_no_rows_are_no_row() -> None:
    assert nearest_year([], 2024) is None


def test_a_verified_row_wins_over_an_unverified_one_and_an_own_row_over_both() -> None:
    unverified, verified, mine = years(2024, verified="false")[0], years(2022)[0], years(2020)[0]
    mine.own = True
    assert nearest_year([unverified, verified], 2024) is verified
    assert nearest_year([unverified, verified, mine], 2024) is mine


@pytest.mark.parametrize(
    ("name", "part", "assumed"),
    [
        ("NVIDIA A100 SXM4 80GB", "NVIDIA A100 SXM4 80GB", False),
        ("a100-sxm4-80gb", "NVIDIA A100 SXM4 80GB", False),
        ("Nvidia A100_SXM4 80 GB", "NVIDIA A100 SXM4 80GB", False),
        ("H100", "NVIDIA H100 SXM5 80GB", True),
        ("AMD EPYC 7763", "AMD EPYC 7763", False),
        ("Acme 9000", None, False),
        ("", None, False),
    ],
)
def test_a_part_is_found_as_people_write_it(name: str, part: str | None, assumed: bool) -> None:
    row, was_assumed = bundled().hardware(name)
    assert ((row["name"] if row else None), was_assumed) == (part, assumed)


def test_an_unknown_part_has_similar_names() -> None:
    assert any("A100" in name for name in Factors().similar_hardware("A100-SXM9-80GB"))
    assert Factors().similar_hardware("zzzzzzzzzzzz") == []
    assert "NVIDIA H100 PCIe 80GB" in bundled().variants("H100")
    assert normalised("GeForce RTX (TM) 4090") == normalised("rtx-4090")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("NLD", "NLD"),
        ("nl", "NLD"),
        (" Netherlands ", "NLD"),
        ("UK", "GBR"),
        ("World", "WLD"),
        ("EU", "EU27"),
        ("US-CA", "US-CA"),
        ("california", "US-CA"),
        ("egrid:camx", "eGRID:CAMX"),
        ("CAISO", None),
    ],
)
def test_a_place_is_found_by_code_or_name(text: str, zone: str | None) -> None:
    assert bundled().place(text) == zone


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("NLD", "NLD"),
        ("US-CA", "USA"),
        ("eGRID:CAMX", "USA"),
        ("CN-BJ", "CHN"),
        ("CN-grid:East", "CHN"),
        ("gcp/europe-west4", "NLD"),
        ("EU27", None),
        ("WLD", None),
        ("OWID_EUR", None),
        ("mine", None),
    ],
)
def test_a_zone_is_in_a_country_or_in_none(zone: str, country: str | None) -> None:
    assert bundled().country_of(zone) == country


def test_every_zone_of_the_grid_table_is_in_a_known_country_or_is_a_group_of_countries() -> None:
    factors = bundled()
    groups = {zone for row in factors.table("grid_intensity") if factors.country_of(zone := row["zone"]) is None}
    assert all(zone in ("EU27", "WLD") or zone.startswith("OWID_") for zone in groups)


@pytest.mark.parametrize(("provider", "key"), [("Google Cloud", "gcp"), (" AWS ", "aws"), ("Amazon Web Services", "aws"), ("acme", "acme")])
def test_a_provider_is_found_by_its_names(provider: str, key: str) -> None:
    assert provider_key(provider) == key


def test_a_region_is_found_and_a_wrong_one_has_similar_names() -> None:
    row = bundled().region("Google Cloud", " Europe-West4 ")
    assert row is not None and row["country"] == "NLD"
    assert bundled().region("gcp", "europe-west99") is None
    assert "europe-west9" in Factors().similar_regions("gcp", "europe-west99")
    assert bundled().has_regions("Google Cloud") and not bundled().has_regions("acme")


def test_the_pue_of_a_region_comes_before_that_of_the_fleet() -> None:
    region = bundled().facility(Facility("gcp", "europe-west4"), "pue", 2024)
    fleet = bundled().facility(Facility("gcp", "nowhere"), "pue", 2024)
    assert region is not None and region["region"] == "europe-west4"
    assert fleet is not None and fleet["region"] == "fleet"
    assert bundled().facility(Facility(), "pue", 2024) is None
    assert bundled().facility(Facility("acme"), "pue", 2024) is None


@pytest.mark.parametrize(("year", "chosen"), [(2020, "2020"), (2010, "2020"), (2099, "2024"), (None, "2024")])
def test_the_industrys_pue_is_that_of_the_year(year: int | None, chosen: str) -> None:
    """The rows of 2018, 2019 and 2025 were not verified and stand back."""
    assert bundled().industry_pue(year)["year"] == chosen


def test_a_rate_for_business_is_used_and_never_that_of_households() -> None:
    sectors = {row["sector"] for row in bundled().table("electricity_price") if bundled().price(row["zone"], 2024) is row}
    assert sectors and "household" not in sectors


def test_the_alternative_and_fallback_rows_of_a_country_come_last() -> None:
    rows = bundled().table("grid_intensity")
    both = {row["zone"] for row in rows if row["scope"] == "country"} & {row["zone"] for row in rows if row["scope"] == "country-alt"}
    chosen = [bundled().grid(zone, 2024) for zone in both]
    assert chosen and all(row is not None and row["scope"] == "country" for row in chosen)


def test_a_source_is_described_and_an_unknown_one_is_none() -> None:
    row = bundled().table("grid_intensity")[0]
    assert bundled().source(row.sources[0]) is not None
    assert bundled().source("my notes") is None
    assert EDITION and len(TABLES) == len(set(TABLES))


# A user's own rows

GRID = "zone,year,value,source\n"


def test_own_rows_are_read_and_brought_to_the_bundled_form() -> None:
    table, rows = own_rows("\ufeffzone,year,value,unit,source\nNetherlands,2025,268,gCO2e/kWh,my meter\n", "dir/grid_intensity.csv")
    assert table == "grid_intensity"
    assert (rows[0]["zone"], rows[0]["value"], rows[0]["unit"], rows[0].own, rows[0].sources) == (
        "NLD",
        "0.268",
        "kgCO2e/kWh",
        True,
        ("my meter",),
    )


def test_an_own_row_is_used_for_its_place() -> None:
    _, rows = own_rows(GRID + "nl,2020,0.9,my meter\n", "grid_intensity.csv")
    result = of(
        Activity("pretraining", energy=metered("1 kWh"), facility=Facility(country="NLD"), end="2025"),
        factors=Factors({"grid_intensity": rows}),
    )
    assert result.totals.location is not None and result.totals.location.value == pytest.approx(0.9)


def test_an_own_row_replaces_the_bundled_one_with_its_key() -> None:
    bundled_rows = Factors().table("hardware")
    rows = Factors(own("hardware", name="NVIDIA A100 SXM4 80GB", rated_power_w="123", kind="gpu", form_factor="SXM4")).table("hardware")
    assert len(rows) == len(bundled_rows)
    assert [row["rated_power_w"] for row in rows if row["name"] == "NVIDIA A100 SXM4 80GB"] == ["123"]


def test_a_facility_of_a_users_own_is_found_by_the_providers_names() -> None:
    _, rows = own_rows("provider,region,scope,year,pue,source\nGoogle Cloud,Europe-West4,mine,2025,1.01,my meter\n", "facility.csv")
    found = Factors({"facility": rows}).facility(Facility("gcp", "europe-west4"), "pue", 2025)
    assert found is not None and found["pue"] == "1.01"


def test_the_table_is_known_by_its_columns_where_the_name_does_not_say() -> None:
    assert own_rows("provider,region,year,pue,source\nacme,x,2025,1.1,s\n", "mine.csv")[0] == "facility"


@pytest.mark.parametrize(
    ("name", "text", "message", "way_out"),
    [
        ("mine.csv", "a,b\n1,2\n", "mine.csv:1: no factor table has these columns", "cardgen factors show"),
        ("mine.csv", "", "mine.csv:1: no factor table has these columns", "cardgen factors show"),
        ("sources.csv", "id,title\na,b\n", "sources.csv:1: no factor table", "cardgen factors show"),
        (
            "grid_intensity.csv",
            "zone,yaer,value,source\n",
            'grid_intensity.csv:1: table grid_intensity has no column "yaer"',
            "its columns are zone",
        ),
        ("grid_intensity.csv", GRID + "FRA,2025,0.05,\n", "grid_intensity.csv:2: the row names no source", "column source"),
        ("grid_intensity.csv", GRID + "FRA,2025,0.05,a\nFRA,2026,x,a\n", 'grid_intensity.csv:3: value: "x" is not a number', "as in 0.268"),
        ("grid_intensity.csv", GRID + "FRA,2025,-1,a\n", 'grid_intensity.csv:2: value: "-1" is not a number', "as in 0.268"),
        ("grid_intensity.csv", GRID + "FRA,2025,nan,a\n", 'grid_intensity.csv:2: value: "nan" is not a number', "as in 0.268"),
        ("grid_intensity.csv", GRID + "FRA,2025,,a\n", "grid_intensity.csv:2: value: the cell is empty", "needs it"),
        ("grid_intensity.csv", GRID + ",2025,1,a\n", "grid_intensity.csv:2: zone: the cell is empty", "needs it"),
        ("grid_intensity.csv", GRID + "FRA,25,1,a\n", 'grid_intensity.csv:2: year: "25" is not a year', "as in 2025"),
        ("grid_intensity.csv", GRID + "FRA,2025,1,a,b\n", "grid_intensity.csv:2: the row has more cells", "quotes"),
        ("grid_intensity.csv", GRID + '"FRA\n",2025,x,a\n', "grid_intensity.csv:3: value", "as in 0.268"),
        ("grid_intensity.csv", "zone,year,value,unit,source\nFRA,2025,1,kg/km,a\n", "grid_intensity.csv:2: ", "in kgCO2e/kWh"),
        (
            "electricity_price.csv",
            "zone,sector,year,value,unit,source\nFRA,industrial,2025,1,pence,a\n",
            "electricity_price.csv:2: ",
            "write the value in",
        ),
        (
            "equivalents.csv",
            "id,label,dimension,value,unit,edition,year,source\na,b,length,1,m,e,2025,s\n",
            'dimension: "length" is not known',
            "energy, emissions",
        ),
        (
            "equivalents.csv",
            "id,label,dimension,value,unit,edition,year,source\na,b,energy,1,kgCO2e,e,2025,s\n",
            "cannot be converted",
            "in kWh",
        ),
        ("uncertainty.csv", "id,gsd,source\nlifetime,0.5,s\n", "is not from 1 to 10", "no uncertainty"),
        ("uncertainty.csv", "id,gsd,source\nlifetime,wide,s\n", 'gsd: "wide" is not a number', "without a unit"),
        ("uncertainty.csv", "id,gsd,source\nlifetime,1.2,s\n", "value: the cell is empty", "as in 4"),
    ],
)
def test_a_file_that_cannot_be_used_names_line_and_way_out(name: str, text: str, message: str, way_out: str) -> None:
    with pytest.raises(FactorError) as raised:
        own_rows(text, name)
    assert message in str(raised.value)
    assert way_out in str(raised.value).split("\n  hint: ")[1]


@pytest.mark.parametrize(
    "break_it", [lambda text: text.replace("0.05", '"0.05'), lambda text: text + "\x00", lambda text: "\r" + text, lambda text: text * 3]
)
def test_any_text_is_rows_or_a_factor_error(break_it: Callable[[str], str]) -> None:
    try:
        own_rows(break_it(GRID + "FRA,2025,0.05,a\n"), "grid_intensity.csv")
    except FactorError as error:
        assert "hint" in str(error)


def test_an_own_default_keeps_what_it_is_of_and_stays_an_input_of_its_own() -> None:
    """The bundled values, from a file with no more columns than it needs, change nothing but the source."""
    text = "id,value,gsd,unit,source\nutilization-cluster,0.81,1.20,1,mine\nhost-share,0.35,1.20,1,mine\n"
    run = training(gpus("A100-SXM4-80GB", 64, "34 d"), facility=Facility(pue=1.0))
    own, bundled_one = of(run, factors=Factors(dict([own_rows(text, "uncertainty.csv")]))).totals.energy, of(run).totals.energy
    assert own is not None and bundled_one is not None
    assert (own.value, own.low, own.drivers) == (bundled_one.value, bundled_one.low, bundled_one.drivers)


def test_an_own_rating_keeps_the_kind_of_the_part() -> None:
    _, rows = own_rows("name,rated_power_w,source\nNVIDIA A100 SXM4 80GB,300,mine\n", "hardware.csv")
    assert rows[0]["kind"] == "gpu" and rows[0]["rated_power_w"] == "300" and rows[0]["note"] == ""


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("pue-supercomputer,0.5,1.2,1,m", "lies between 1 and 4"),
        ("utilization-cluster,50,1.2,1,m", "lies between 0 and 1"),
        ("mfu,0,1.2,1,m", "is not 0"),
        ("utilisation-cluster,0.5,1.2,1,m", "did you mean utilization-cluster"),
    ],
)
def test_an_own_default_that_cannot_be_is_refused(row: str, message: str) -> None:
    with pytest.raises(FactorError, match=message):
        own_rows(f"id,value,gsd,unit,source\n{row}\n", "uncertainty.csv")
