"""The grid intensities and the arithmetic of emissions, against CodeCarbon and the tables that it ships.

CodeCarbon holds one year for each country, from an older edition of the same publication. ``codecarbon_differences.csv``
lists each country where it differs by more than a quarter from cardgen's newest value or from that of the same year, and
why; ``pytest --update-golden`` rewrites it.

The difference is that of CodeCarbon's value to cardgen's for the same year, times that of cardgen's two years:

- ``year``: in CodeCarbon's year the two agree within 5 per cent; the grid has changed since.
- ``edition``: cardgen's two years agree within 5 per cent; the publication revised the year.
- ``edition and year``: neither.
- ``rounding``: in that year the country generates so little that both are one number, rounded to 0.01 TWh and 0.01 Mt.
- ``unexplained``: there is no value for that year to compare with.

The package is not imported here: its tables are read as files, and its formula runs in a process of its own.
"""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from core.runs import Activity, Facility, bundled, gpus, grid, metered, of, training

from cardgen.core.run import Host
from cardgen.core.tables import Row

SPEC = find_spec("codecarbon")
if SPEC is None or SPEC.origin is None:
    pytest.skip("codecarbon is missing: pip install 'cardgen[crosscheck]'", allow_module_level=True)

LIST = Path(__file__).with_name("codecarbon_differences.csv")
MIX: dict[str, dict[str, Any]] = json.loads(
    (Path(SPEC.origin).parent / "data" / "private_infra" / "global_energy_mix.json").read_text(encoding="utf-8")
)
LISTED_FROM, AGREES = 1.25, 1.05
# Years that the table does not keep, in g/kWh, from the same edition of the publication: github.com/owid/energy-data,
# owid-energy-data.csv, column carbon_intensity_elec. Its later years are those of the table, to all digits.
EARLIER = {("BLR", 2022): 439.22, ("LKA", 2022): 410.15, ("TJK", 2022): 86.55}


def countries() -> list[str]:
    zones = {row["zone"] for row in bundled().table("grid_intensity") if row["scope"] == "country"}
    return sorted(zones & set(MIX))


def newest(zone: str) -> Row:
    """Return the row that cardgen takes where no year is stated."""
    row = bundled().grid(zone, None)
    assert row is not None and row["scope"] == "country"
    return row


def in_year(zone: str, year: int) -> float | None:
    """Return cardgen's value for a year in g/kWh; None where neither the table nor its edition has one."""
    rows = bundled().table("grid_intensity")
    same = [row for row in rows if (row["zone"], row["year"], row["scope"]) == (zone, str(year), "country")]
    return float(same[0]["value"]) * 1000 if same else EARLIER.get((zone, year))


def apart(one: float, other: float) -> float:
    """Return the larger of two numbers as a multiple of the smaller."""
    if one == other:
        return 1.0
    return max(one, other) / min(one, other) if min(one, other) > 0 else math.inf


def is_rounding(mix: dict[str, Any], g_per_kwh: float) -> bool:
    """Return whether a value fits CodeCarbon's generation and emissions once both are taken as rounded to 0.01."""
    twh = mix["total_TWh"]
    megatonnes = mix["carbon_intensity"] * twh / 1000
    lowest, most = (megatonnes - 0.005) / (twh + 0.005), (megatonnes + 0.005) / max(twh - 0.005, 1e-9)
    return lowest * 1000 <= g_per_kwh <= most * 1000


def is_listed(zone: str) -> bool:
    theirs, now, same = MIX[zone]["carbon_intensity"], float(newest(zone)["value"]) * 1000, in_year(zone, MIX[zone]["year"])
    return apart(theirs, now) > LISTED_FROM or (same is not None and apart(theirs, same) > LISTED_FROM)


def reason(zone: str) -> str:
    mix, same, now = MIX[zone], in_year(zone, MIX[zone]["year"]), float(newest(zone)["value"]) * 1000
    if same is None:
        return "unexplained"
    edition, years = apart(mix["carbon_intensity"], same), apart(same, now)
    if edition <= AGREES:
        return "year"
    if is_rounding(mix, same):
        return "rounding" if years <= AGREES else "rounding and year"
    return "edition" if years <= AGREES else "edition and year"


def difference(zone: str) -> dict[str, str]:
    mix, row, same = MIX[zone], newest(zone), in_year(zone, MIX[zone]["year"])
    return {
        "zone": zone,
        "name": row["name"],
        "codecarbon_g_per_kwh": f"{mix['carbon_intensity']:g}",
        "codecarbon_year": str(mix["year"]),
        "codecarbon_release": metadata.version("codecarbon"),
        "cardgen_g_per_kwh": f"{float(row['value']) * 1000:g}",
        "cardgen_year": row["year"],
        "cardgen_source": row["source"],
        "cardgen_g_per_kwh_in_codecarbon_year": "" if same is None else f"{same:g}",
        "reason": reason(zone),
    }


def written(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def test_every_country_that_differs_by_more_than_a_quarter_is_listed_with_its_reason(update_golden: bool) -> None:
    found = [difference(zone) for zone in countries() if is_listed(zone)]
    if update_golden:
        LIST.write_text(written(found), encoding="utf-8")
    with LIST.open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    for row in (*found, *listed):
        del row["codecarbon_release"]  # a release with the same table changes nothing
    assert [row for row in found if row not in listed] == [], "differences that are not listed"
    assert [row for row in listed if row not in found] == [], "listed differences that are no longer there"
    assert [row["zone"] for row in listed] == sorted({row["zone"] for row in listed})


def test_every_difference_has_an_explanation() -> None:
    with LIST.open(encoding="utf-8", newline="") as lines:
        assert [row["zone"] for row in csv.DictReader(lines) if row["reason"] == "unexplained"] == []


def test_the_same_countries_are_known_to_both() -> None:
    """Western Sahara has no value after 2009; CodeCarbon leaves Kosovo out."""
    ours = {row["zone"] for row in bundled().table("grid_intensity") if row["scope"] == "country"}
    assert (set(MIX) - ours, ours - set(MIX)) == ({"ESH"}, {"XKX"})


def test_in_the_same_year_large_grids_agree_within_a_tenth_and_half_of_all_within_3_per_cent() -> None:
    same = {zone: in_year(zone, MIX[zone]["year"]) for zone in countries()}
    factors = {zone: apart(MIX[zone]["carbon_intensity"], value) for zone, value in same.items() if value is not None}
    assert len(factors) > 190
    assert sorted(factors.values())[len(factors) // 2] < 1.03
    large = {zone for zone in factors if MIX[zone]["total_TWh"] > 50}
    assert len(large) > 50
    assert {zone for zone in large if factors[zone] > 1.1} == set()


def codecarbon_kg(zone: str, watts: float, hours: float, pue: float) -> float:
    """Return what CodeCarbon's own classes make of power, hours and PUE in a country, in kgCO2e."""
    program = f"""
from codecarbon.core.emissions import Emissions
from codecarbon.core.units import Energy, Power, Time
from codecarbon.external.geography import GeoMetadata
from codecarbon.input import DataSource
energy = Energy.from_power_and_time(power=Power.from_watts({watts!r}), time=Time.from_seconds({hours * 3600!r})) * {pue!r}
print(repr(Emissions(DataSource()).get_country_emissions(energy, GeoMetadata({zone!r}))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


PUBLISHED = [
    ("FRA", "2022", 400, 1_082_990, 1.0),  # BLOOM, arXiv 2211.02001, Table 3
    ("USA", "2023", 400, 82_432, 1.1),  # LLaMA 7B, arXiv 2302.13971, Table 15
    ("TWN", "2023", 310, 245_760, 1.12),  # T5, arXiv 2104.10350, Table 4, in Taiwan
]


@pytest.mark.parametrize(("zone", "year", "watts", "hours", "pue"), PUBLISHED)
def test_codecarbons_formula_gives_the_same_emissions_for_the_same_grid(
    zone: str, year: str, watts: float, hours: float, pue: float
) -> None:
    """Power × hours × PUE × its own factor, the factor stated to cardgen as well."""
    stated = grid(f"{MIX[zone]['carbon_intensity']!r} g/kWh")
    device = gpus(None, power=f"{watts} W", device_hours=hours)
    result = of(training(device, host=Host("excluded"), facility=Facility(pue=pue), grid=stated))
    theirs = codecarbon_kg(zone, watts, hours, pue)
    assert result.totals.location is not None and result.totals.location.value == pytest.approx(theirs, rel=1e-9)
    # the same from the energy, as if CodeCarbon had measured it
    energy = metered(f"{watts * hours * pue / 1000!r} kWh", "facility", "codecarbon")
    again = of(Activity("pretraining", energy=energy, grid=stated))
    assert again.totals.location is not None and again.totals.location.value == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(("zone", "year", "watts", "hours", "pue"), PUBLISHED)
def test_codecarbons_emissions_lie_in_the_interval_of_cardgens_own_table(
    zone: str, year: str, watts: float, hours: float, pue: float
) -> None:
    device = gpus(None, power=f"{watts} W", device_hours=hours)
    activity = training(device, host=Host("excluded"), facility=Facility(country=zone, pue=pue), end=f"{year}-12-31")
    location = of(activity).totals.location
    assert location is not None and location.low <= codecarbon_kg(zone, watts, hours, pue) <= location.high
