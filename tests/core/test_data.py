"""The factor tables: every number cited, units known, values plausible, keys unique and sorted, names unambiguous."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from cardgen.core.notice import notice

ROOT = Path(__file__).parents[2]
DATA = ROOT / "cardgen/core/data"

KEYS = {
    "grid_intensity": ("zone", "scope", "year"),
    "cloud_regions": ("provider", "region"),
    "places": ("zone",),
    "facility": ("provider", "region", "scope", "year"),
    "hardware": ("name",),
    "conventions": ("id",),
    "embodied": ("item", "scope", "source"),
    "equivalents": ("id", "edition"),
    "electricity_price": ("zone", "sector", "year"),
    "water": ("zone", "scope", "year"),
    "generation": ("technology", "source"),
    "reduction_levers": ("lever", "conditions"),
    "published_footprints": ("id",),
    "sources": ("id",),
}
REQUIRED = {
    "grid_intensity": ("zone", "name", "scope", "year", "value", "unit", "basis", "accounting", "gases", "source"),
    "cloud_regions": ("provider", "region", "location", "country", "zone", "source"),
    "places": ("zone", "name"),
    "facility": ("provider", "region", "scope", "year", "source"),
    "hardware": ("name", "vendor", "kind", "form_factor", "source"),
    "conventions": ("id", "value", "unit", "what", "source"),
    "embodied": ("item", "kind", "value", "unit", "scope", "year", "source"),
    "equivalents": ("id", "label", "dimension", "value", "unit", "edition", "year", "source"),
    "electricity_price": ("zone", "sector", "year", "value", "unit", "tax_basis", "source"),
    "water": ("zone", "name", "scope", "year", "value", "unit", "basis", "source"),
    "generation": ("technology", "value", "unit", "basis", "year", "source"),
    "reduction_levers": ("lever", "practice", "applies_to", "direction", "conditions", "year", "source"),
    "published_footprints": ("id", "system", "organisation", "year", "phase", "unit", "verdict", "source", "source_kind"),
    "sources": ("id", "title", "publisher", "licence", "where"),
}
# The unit of a row, and the least and the greatest plausible value.
PLAUSIBLE = {
    "grid_intensity": {"kgCO2e/kWh": (0, 2)},
    "conventions": {
        "W/GB": (0.1, 1), "W/DIMM": (1, 10), "W/TB": (0.1, 10), "kWh/GB": (0.0001, 1), "W/server": (100, 5000), "W/vCPU": (0.1, 20),
        "kgCO2e/kWh": (0.01, 1.2),
    },
    "embodied": {"kgCO2e": (1, 50_000), "y": (1, 15)},
    "equivalents": {"kgCO2e": (0.001, 200_000), "kgCO2": (0.001, 100_000), "kWh": (0.001, 10_000_000), "L": (0.1, 10_000_000)},
    "electricity_price": {"USD/kWh": (0.01, 1), "EUR/kWh": (0.01, 1)},
    "water": {"L/kWh": (0, 25)},
    "generation": {"kgCO2e/kWh": (0.001, 2.5)},
}  # fmt: skip
WORDS = {
    ("grid_intensity", "basis"): {"life-cycle", "direct"},
    ("grid_intensity", "accounting"): {"production", "consumption", "operating-margin"},
    ("grid_intensity", "gases"): {"CO2", "CO2e"},
    ("grid_intensity", "scope"): {
        "country", "country-alt", "country-fallback", "aggregate", "state", "egrid-subregion", "province", "regional-grid", "cloud-region",
    },
    ("hardware", "kind"): {"gpu", "cpu", "soc", "asic", "tpu", "wafer", "apu"},
    ("equivalents", "dimension"): {"energy", "emissions", "sequestration", "water"},
    ("reduction_levers", "direction"): {"saves", "costs"},
    ("facility", "provider"): {
        "gcp", "aws", "azure", "meta", "oracle", "ovhcloud", "scaleway", "equinix", "alibaba", "nrel", "jean-zay", "nersc", "olcf", "csc",
        "eu", "industry",
    },
}  # fmt: skip
UNITS_OF_DIMENSION = {"energy": {"kWh"}, "emissions": {"kgCO2", "kgCO2e"}, "sequestration": {"kgCO2"}, "water": {"L"}}
NO_LINK = {"cardgen-observations", "from-memory", "vendor-memory", "derived", "hw-press", "flopsexport"}
# Described because the uncertainty table may cite them.
MAY_BE_UNUSED = {
    "uptime", "morrison-2025", "patterson-2021", "mlperf-v4", "newkirk-2025", "latif-2024", "zeus-nsdi23", "dodge-2022", "pedigree-pkg",
    "derived-owid", "derived-owid-emaps", "derived-bv", "gsf-crm", "pue-oct2025", "ecologits", "fischer-2025",
}  # fmt: skip
CONTRACT_EQUIVALENTS = {
    "car-year-us", "km-car-us", "km-car-eu", "km-car-uk", "home-electricity-year-us",
    "home-electricity-year-uk", "home-electricity-year-eu",
    "home-electricity-month-us", "home-electricity-month-uk", "home-electricity-month-eu", "home-energy-year-us", "flight-lhr-jfk-oneway",
    "flight-lhr-jfk-return", "flight-lhr-jfk-oneway-no-rf", "flight-lhr-jfk-return-no-rf", "litre-petrol", "gallon-gasoline",
    "acre-forest-year-us", "tree-seedling-10y", "smartphone-charge", "smartphone-charge-us", "person-year-world", "person-year-us",
    "person-year-eu", "person-year-uk", "person-year-fr", "person-year-de", "person-year-in",
    "person-year-cn", "train-km", "streaming-hour",
    "kettle-litre", "olympic-pool", "bathtub", "bottle-500ml", "beef-kg", "barrel-oil", "kg-coal", "car-lifetime-strubell",
}  # fmt: skip


def read(table: str) -> list[dict[str, str]]:
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TABLES = {table: read(table) for table in KEYS}
CITING = {
    path.stem: read(path.stem)
    for path in sorted(DATA.glob("*.csv"))
    if path.stem not in ("sources", "published_footprints", "observations", "places")
}
ZONES = {row["zone"] for row in TABLES["grid_intensity"]}


def normalised(name: str) -> str:
    """Return a part's name without what people write differently."""
    text = re.sub(r"\((r|tm|c)\)|[®™]", "", name.casefold())
    text = re.sub(r"[\s_\-/]+", "", text)
    while match := re.match(r"(nvidia|amd|intel|geforce)(?=.)", text):
        text = text[match.end() :]
    return text


# --- form


@pytest.mark.parametrize("table", KEYS)
def test_files_are_utf8_with_newlines_of_unix_and_cells_without_outer_spaces(table):
    raw = (DATA / f"{table}.csv").read_bytes()
    assert b"\r" not in raw and raw.endswith(b"\n") and not raw.startswith(b"\xef\xbb\xbf")
    width = len(next(csv.reader(raw.decode("utf-8").splitlines())))
    for cells in csv.reader(raw.decode("utf-8").splitlines()):
        assert len(cells) == width, cells
        assert all(cell == cell.strip() for cell in cells), cells


@pytest.mark.parametrize("table", KEYS)
def test_keys_are_unique_and_sorted(table):
    keys = [tuple(row[column] for column in KEYS[table]) for row in TABLES[table]]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert keys == sorted(keys)


@pytest.mark.parametrize("table", REQUIRED)
def test_required_cells_are_filled(table):
    assert [row for row in TABLES[table] for column in REQUIRED[table] if not row[column]] == []


@pytest.mark.parametrize("table", [table for table in KEYS if table not in ("places", "sources")])
def test_verified_is_true_or_false(table):
    assert {row["verified"] for row in TABLES[table]} <= {"true", "false"}


@pytest.mark.parametrize(("table", "column"), WORDS)
def test_words_are_known(table, column):
    assert {row[column] for row in TABLES[table]} <= WORDS[table, column]


@pytest.mark.parametrize("table", [table for table in KEYS if "year" in REQUIRED[table]])
def test_years_are_four_digits(table):
    assert [row for row in TABLES[table] if not re.fullmatch(r"(19|20)\d\d", row["year"])] == []


# --- numbers


@pytest.mark.parametrize("table", PLAUSIBLE)
def test_units_are_known_and_values_are_plausible(table):
    for row in TABLES[table]:
        least, greatest = PLAUSIBLE[table][row["unit"]]
        assert least <= float(row["value"]) <= greatest, row


@pytest.mark.parametrize("table", ["grid_intensity", "embodied", "generation"])
def test_a_range_holds_its_value(table):
    for row in TABLES[table]:
        if row["low"] or row["high"]:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row


def test_numbers_are_plain_decimals_without_noise():
    for table, column in [*((table, "value") for table in PLAUSIBLE), ("facility", "pue"), ("hardware", "rated_power_w")]:
        for row in TABLES[table]:
            assert re.fullmatch(r"(0|[1-9]\d*)(\.\d*[1-9])?|", row[column]), row


def test_pue_and_wue_are_plausible_and_one_of_them_is_known():
    for row in TABLES["facility"]:
        assert row["pue"] or row["wue_l_per_kwh"], row
        assert not row["pue"] or 1 <= float(row["pue"]) <= 3, row
        assert not row["wue_l_per_kwh"] or 0 <= float(row["wue_l_per_kwh"]) <= 20, row


def test_hardware_numbers_are_plausible():
    ranges = {
        "rated_power_w": (1, 30_000), "other_power_w": (1, 30_000), "idle_power_w": (1, 500), "measured_power_w": (1, 30_000),
        "memory_gb": (0.1, 1000), "peak_fp32_tflops": (0.1, 500), "peak_tf32_tflops": (1, 5000), "peak_bf16_tflops": (1, 10_000),
        "peak_fp8_tflops": (1, 20_000), "release_year": (2010, 2030), "cores": (1, 500),
    }  # fmt: skip
    for row, (column, (least, greatest)) in itertools.product(TABLES["hardware"], ranges.items()):
        assert not row[column] or least <= float(row[column]) <= greatest, (row["name"], column)


def test_idle_and_measured_power_stay_below_rated_power():
    for row in TABLES["hardware"]:
        for column in ("idle_power_w", "measured_power_w"):
            if row["rated_power_w"] and row[column]:
                assert float(row[column]) < float(row["rated_power_w"]), row["name"]


def test_reduction_levers_have_an_effect_or_say_why_not():
    for row in TABLES["reduction_levers"]:
        assert bool(row["effect_low"]) == bool(row["effect_high"]) == bool(row["unit"]), row
        if row["effect_low"]:
            assert float(row["effect_low"]) <= float(row["effect_high"]), row
        else:
            assert row["note"], row
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["practice"]), row


@pytest.mark.parametrize(
    ("zone", "year", "value"),
    [
        ("WLD", "2025", "0.45829"),
        ("EU27", "2025", "0.20989671"),
        ("eGRID:CAMX", "2023", "0.195037"),
        ("CN-SD", "2022", "0.641"),
        ("gcp/us-central1", "2024", "0.41272"),
    ],
)
def test_grams_are_divided_exactly(zone, year, value):
    assert [row["value"] for row in TABLES["grid_intensity"] if (row["zone"], row["year"]) == (zone, year)] == [value]


def test_egrid_subregions_follow_from_pounds_per_megawatt_hour():
    rows = [row for row in TABLES["grid_intensity"] if row["source"] == "egrid2023r2"]
    for row in rows:
        pounds = float(row["note"].removesuffix(" lb/MWh"))
        assert float(row["value"]) == pytest.approx(pounds * 0.45359237 / 1000, abs=6e-7), row


# --- sources


@pytest.mark.parametrize("table", CITING)
def test_every_row_cites_a_described_source(table):
    known = {row["id"] for row in TABLES["sources"]}
    assert {cited for row in CITING[table] for cited in row["source"].split(";")} <= known


def test_every_source_is_used():
    used = {cited for rows in CITING.values() for row in rows for cited in row["source"].split(";")}
    assert {row["id"] for row in TABLES["sources"]} - used <= MAY_BE_UNUSED


def test_no_source_has_a_share_alike_database_licence():
    assert [row["id"] for row in TABLES["sources"] if "odbl" in " ".join(row.values()).casefold()] == []


def test_grid_values_come_from_sources_that_allow_it():
    assert {row["source"] for row in TABLES["grid_intensity"] if row["scope"] != "country-alt"} == {
        "owid-ember-2026", "egrid2023r2", "mee-cn-2022", "codecarbon-us-2016", "egrid2023-states", "ifi-2021", "gcp-region-carbon",
    }  # fmt: skip


def test_a_row_from_memory_is_not_verified():
    for table in TABLES.keys() & CITING.keys():
        for row in CITING[table]:
            if row["source"].split(";")[0] in ("from-memory", "vendor-memory"):
                assert row["verified"] == "false", row


def test_sources_link_to_a_safe_address_or_are_known_to_have_none():
    for row in TABLES["sources"]:
        assert row["url"].startswith("https://") or (row["id"] in NO_LINK and not row["url"]), row["id"]


def test_licences_that_ask_for_attribution_get_it():
    for row in TABLES["sources"]:
        asks = row["licence"].startswith(("CC-BY", "OGL", "MPL", "BSD")) or row["licence"] in ("Apache-2.0", "MIT")
        assert bool(row["attribution"]) == asks, row["id"]


def test_notice_is_current():
    assert (ROOT / "NOTICE").read_text(encoding="utf-8") == notice(TABLES["sources"])


def test_notice_leaves_out_what_needs_no_attribution():
    free = {"title": "T", "publisher": "P", "year": "2025", "url": "", "licence": "Public domain", "attribution": ""}
    assert "Public domain" not in notice([free])


# --- what the product promises


def test_the_world_is_covered():
    rows = TABLES["grid_intensity"]
    years = Counter(row["zone"] for row in rows if row["scope"] == "country")
    assert len(years) >= 213
    assert sum(count >= 2 for count in years.values()) >= 213
    assert {"WLD", "EU27"} <= ZONES
    assert len({row["zone"] for row in rows if row["scope"] == "egrid-subregion"}) == 27
    assert len({row["zone"] for row in rows if row["scope"] == "province"}) >= 30
    assert len({row["zone"] for row in rows if row["scope"] == "state"}) == 51
    assert len({row["zone"] for row in rows if row["scope"] == "cloud-region"}) >= 40


def test_a_fallback_stands_only_where_there_is_no_average():
    fallback = {row["zone"] for row in TABLES["grid_intensity"] if row["scope"] == "country-fallback"}
    assert not fallback & {row["zone"] for row in TABLES["grid_intensity"] if row["scope"] == "country"}


def test_every_cloud_region_resolves_to_a_grid():
    for row in TABLES["cloud_regions"]:
        assert row["zone"] in ZONES and row["country"] in ZONES, row
        assert re.fullmatch(r"[A-Z]{3}", row["country"]), row
        assert re.fullmatch(r"[a-z0-9-]+", row["region"]), row


@pytest.mark.parametrize(
    ("provider", "region", "zone"),
    [
        ("aws", "us-east-1", "eGRID:SRVC"),
        ("aws", "us-west-1", "eGRID:CAMX"),
        ("aws", "cn-northwest-1", "CN-NX"),
        ("azure", "westeurope", "NLD"),
        ("gcp", "europe-west4", "gcp/europe-west4"),
        ("gcp", "me-central1", "gcp/me-central1"),
        ("hetzner", "fsn1", "DEU"),
    ],
)
def test_cloud_regions_lie_where_they_are(provider, region, zone):
    assert [row["zone"] for row in TABLES["cloud_regions"] if (row["provider"], row["region"]) == (provider, region)] == [zone]


def test_facilities_of_cloud_providers_name_known_regions():
    known = {(row["provider"], row["region"]) for row in TABLES["cloud_regions"]}
    for row in TABLES["facility"]:
        assert row["region"] in ("fleet", "average", "site") or (row["provider"], row["region"]) in known, row


def test_places_name_every_zone_that_is_not_a_cloud_region():
    assert {row["zone"] for row in TABLES["places"]} == {zone for zone in ZONES if "/" not in zone}


def test_names_of_places_are_unambiguous():
    meant: dict[str, set[str]] = {}
    for row in TABLES["places"]:
        for name in (row["zone"], row["iso2"], row["name"], *row["aliases"].split(";")):
            if name:
                meant.setdefault(name.casefold(), set()).add(row["zone"])
    assert {name: zones for name, zones in meant.items() if len(zones) > 1} == {}


@pytest.mark.parametrize("table", ["electricity_price", "water"])
def test_zones_of_other_tables_are_zones_of_the_grid(table):
    assert {row["zone"] for row in TABLES[table] if row.get("scope") != "generation"} <= ZONES


def test_hardware_is_covered():
    assert len(TABLES["hardware"]) >= 400


def test_names_of_hardware_mean_one_part_each():
    spellings = [
        (normalised(name), row["name"])
        for row in TABLES["hardware"]
        for name in (row["name"], *row["aliases"].split(";"), *row["assumed_for"].split(";"))
        if name
    ]
    assert [name for name, count in Counter(spelling for spelling, _ in spellings).items() if count > 1] == []


@pytest.mark.parametrize(
    ("written", "column", "part"),
    [
        ("NVIDIA A100-SXM4-80GB", "aliases", "NVIDIA A100 SXM4 80GB"),
        ("A100-SXM-80GB", "aliases", "NVIDIA A100 SXM4 80GB"),
        ("A100-80GB", "assumed_for", "NVIDIA A100 SXM4 80GB"),
        ("A100", "assumed_for", "NVIDIA A100 SXM4 40GB"),
        ("NVIDIA A100-PCIE-40GB", "aliases", "NVIDIA A100 PCIe 40GB"),
        ("NVIDIA H100 80GB HBM3", "aliases", "NVIDIA H100 SXM5 80GB"),
        ("H100-SXM-80GB", "aliases", "NVIDIA H100 SXM5 80GB"),
        ("nvidia_h100_80gb_hbm3", "aliases", "NVIDIA H100 SXM5 80GB"),
        ("H100-80GB", "assumed_for", "NVIDIA H100 SXM5 80GB"),
        ("NVIDIA H800", "assumed_for", "NVIDIA H800 SXM5 80GB"),
        ("Tesla V100-SXM2-32GB", "aliases", "NVIDIA V100 SXM2 32GB"),
        ("V100", "assumed_for", "NVIDIA V100 SXM2 16GB"),
        ("nvidia-tesla-t4", "aliases", "NVIDIA T4"),
        ("RTX 3090", "aliases", "NVIDIA GeForce RTX 3090"),
        ("NVIDIA GeForce RTX 4060 Ti", "assumed_for", "NVIDIA GeForce RTX 4060 Ti 16 GB"),
        ("AMD Instinct MI250X", "aliases", "AMD Instinct MI250X"),
        ("TPUv3", "aliases", "Google TPU v3 (chip)"),
        ("Intel(R) Xeon(R) Gold 6148", "aliases", "Intel Xeon Gold 6148"),
        ("AMD EPYC 7763 64-Core Processor", "aliases", "AMD EPYC 7763"),
    ],
)
def test_hardware_answers_to_the_names_that_tools_write(written, column, part):
    wanted = normalised(written)
    exact = [r["name"] for r in TABLES["hardware"] if wanted in map(normalised, (r["name"], *r["aliases"].split(";")))]
    assumed = [r["name"] for r in TABLES["hardware"] if wanted in map(normalised, r["assumed_for"].split(";"))]
    assert (exact, assumed) == (([part], []) if column == "aliases" else ([], [part]))


@pytest.mark.parametrize(
    ("part", "power"),
    [
        ("NVIDIA A100 SXM4 80GB", "400"),
        ("NVIDIA A100 PCIe 40GB", "250"),
        ("NVIDIA H100 SXM5 80GB", "700"),
        ("NVIDIA H100 PCIe 80GB", "350"),
    ],
)
def test_rated_power_is_that_of_the_data_sheet(part, power):
    assert [row["rated_power_w"] for row in TABLES["hardware"] if row["name"] == part] == [power]


def test_embodied_parts_are_parts_of_the_hardware_table():
    known = {row["name"] for row in TABLES["hardware"]}
    for row in TABLES["embodied"]:
        if row["kind"] in ("gpu", "cpu") and ", default of" not in row["item"]:
            assert row["item"] in known, row


def test_equivalents_of_the_contract_exist():
    assert {row["id"] for row in TABLES["equivalents"]} >= CONTRACT_EQUIVALENTS


def test_an_equivalent_keeps_label_unit_and_dimension_over_its_editions():
    for identifier, rows in itertools.groupby(TABLES["equivalents"], key=lambda row: row["id"]):
        editions = list(rows)
        assert len({(row["label"], row["dimension"], row["unit"]) for row in editions}) == 1, identifier
        assert editions[0]["unit"] in UNITS_OF_DIMENSION[editions[0]["dimension"]], identifier
        assert len({row["year"] for row in editions}) == len(editions), identifier


@pytest.mark.parametrize("home", ["us", "uk", "eu"])
def test_a_month_of_electricity_is_a_twelfth_of_a_year(home):
    of = {(row["id"], row["edition"]): float(row["value"]) for row in TABLES["equivalents"]}
    for (identifier, edition), value in of.items():
        if identifier == f"home-electricity-month-{home}":
            assert value == pytest.approx(of[f"home-electricity-year-{home}", edition] / 12, abs=1e-6)


def test_flights_follow_from_distance_and_factor():
    newest = {row["id"]: float(row["value"]) for row in TABLES["equivalents"]}
    assert newest["flight-lhr-jfk-oneway"] == pytest.approx(5540 * newest["flight-km-long-haul-economy"], abs=0.05)
    assert newest["flight-lhr-jfk-return-no-rf"] == pytest.approx(2 * 5540 * newest["flight-km-long-haul-economy-no-rf"], abs=0.05)
    assert newest["flight-lhr-jfk-return"] == pytest.approx(2 * newest["flight-lhr-jfk-oneway"], abs=0.05)


def test_published_footprints_are_complete():
    rows = TABLES["published_footprints"]
    assert len(rows) == 137
    assert {row["source_inconsistent"] for row in rows} <= {"true", "false"}
    for row, column in itertools.product(rows, ("energy_kwh", "co2e_kg", "co2e_market_kg", "embodied_kg", "water_l", "pue", "accel_hours")):
        assert not row[column] or float(row[column]) >= 0, (row["id"], column)
