"""What cannot be true of what a tool wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardgen.core.factors import Factors
from cardgen.importing.place import facility_of
from cardgen.importing.plausible import checked, mean_power_w
from cardgen.records.record import Device, Record

FACTORS = Factors()
# 2 A100 SXM (rated at 400 W) that drew 350 W each for an hour, in a machine of 900 W.
RUN = Record(
    "codecarbon", energy_kwh=0.9, emissions_kg=0.9 * 0.056, hours=1.0, country="FRA", lines=(3,),
    devices=(Device("NVIDIA A100-SXM4-80GB", 2),), components={"accelerators": 0.7, "processors": 0.15, "memory": 0.05},
)  # fmt: skip


def codes(record: Record) -> list[str]:
    return [problem.code for problem in checked(record, FACTORS)]


def test_a_plausible_record_has_no_problem():
    assert codes(RUN) == []
    assert mean_power_w(RUN) == 900.0


@pytest.mark.parametrize(
    "change, code, said",
    [
        ({"energy_kwh": 5e-05, "components": {}}, "CG515", "50 mW for a machine: no machine runs on less than 5 W"),
        ({"energy_kwh": 20.0, "components": {}}, "CG515", "20 kW for a machine: one machine hardly draws 15 kW"),
        ({"components": {"accelerators": 1.2}}, "CG515", "600 W each on average: it is rated at 400 W"),
        ({"components": {"accelerators": 0.02}}, "CG515", "10 W each on average: it draws more when it is idle"),
        ({"emissions_kg": 0.9 * 0.0039}, "CG516", "3.9 g for each kWh: grids lie between 5 and 1,200"),
        ({"emissions_kg": 0.9 * 56}, "CG516", "5.6e+04 g for each kWh"),
        ({"emissions_kg": 0.9 * 0.1234}, "CG516", "123 g for each kWh, the table has"),
        ({"country": "CAN", "region": "quebec", "is_default_place": True}, "CG514", "CAN quebec is what the tool takes"),
    ],
)
def test_what_cannot_be_is_said_with_the_line(change, code, said):
    (problem, *_) = [found for found in checked(replace(RUN, **change), FACTORS) if found.code == code]
    assert said in problem.message
    assert (problem.line, problem.severity) == (3, "warning")


def test_a_meter_of_accelerators_is_held_against_their_rated_power():
    assert codes(replace(RUN, boundary="accelerators", components={}, energy_kwh=0.7, emissions_kg=None)) == []
    assert codes(replace(RUN, boundary="accelerators", components={}, energy_kwh=1.2, emissions_kg=None)) == ["CG515"]


def test_the_power_is_that_of_the_machine_without_the_pue():
    assert mean_power_w(replace(RUN, energy_kwh=1.125, pue=1.25)) == pytest.approx(900.0)


@pytest.mark.parametrize(
    "place, expected",
    [
        ({"country": "FRA", "region": "île-de-france"}, (None, None, "FRA", None)),
        ({"country": "USA", "region": "California"}, (None, None, None, "US-CA")),
        ({"country": "US"}, (None, None, "USA", None)),
        ({"country": None, "provider": "gcp", "region": "europe-west9"}, ("gcp", "europe-west9", None, None)),
        ({"country": "FRA", "provider": "gcp", "region": "europe-west99"}, ("gcp", None, "FRA", None)),
        ({"country": "CAN", "region": "quebec", "is_default_place": True}, (None, None, None, None)),
        ({"country": "Atlantis"}, (None, None, None, None)),
    ],
)
def test_a_place_is_what_the_tables_know(place, expected):
    facility = facility_of(Record("x", **place), FACTORS)
    assert (facility.provider, facility.region, facility.country, facility.zone) == expected
