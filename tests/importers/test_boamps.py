"""BoAmps reports: energy that is called power, units of the first format, and several measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import boamps

from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

REPORT = (Path(__file__).parent / "data" / "boamps" / "report.json").read_bytes()
ENERGY = 1.7624640614511975e-05


def report(*measures: dict, stage: str = "training", components: tuple[dict, ...] = (), **environment: object) -> str:
    return json.dumps(
        {
            "header": {"reportId": "abc", "publisher": {"name": "Pond", "projectName": "pond-7b", "confidentialityLevel": "public"}},
            "task": {"taskStage": stage}, "measures": list(measures),
            "infrastructure": {"infraType": "publicCloud", "cloudProvider": "aws", "components": list(components)},
            "environment": {"country": "france", **environment},
        },
        indent=1,
    )  # fmt: skip


def measure(energy: object, when: str = "2025-01-01 10:00:00", seconds: float = 3600, method: str = "codecarbon", **more: object) -> dict:
    return {"measurementMethod": method, "version": "2.5.0", "powerConsumption": energy, "measurementDuration": seconds,
            "measurementDateTime": when, **more}  # fmt: skip


def test_power_consumption_is_energy_in_kwh(tmp_path):
    reading = one(boamps, tmp_path, REPORT)
    record = reading.records[0]
    assert (record.energy_kwh, record.run) == (ENERGY, "b189b753-800c-4b0a-9496-3f57ae25def5")
    assert (record.hours, record.country, record.method) == (pytest.approx(3.0027573440002016 / 3600), "France", "codecarbon 3.3.2")
    assert (record.lines, said(reading)) == ((13,), [("CG521", 13, "warning")])


@pytest.mark.parametrize(("unit", "energy"), [("Wh", 0.351), ("kWh", 351.0), ("MJoule", 97.5), ("kJoule", 0.0975), ("Joule", 9.75e-05)])
def test_the_first_format_states_a_unit(tmp_path, unit, energy):
    record = one(boamps, tmp_path, report(measure(351, unit=unit))).records[0]
    assert record.energy_kwh == pytest.approx(energy, rel=1e-12)


@pytest.mark.parametrize("unit", ["BTU", "petaFLOPS", "kW", "", 3])
def test_another_unit_is_refused(tmp_path, unit):
    assert said(one(boamps, tmp_path, report(measure(351, unit=unit))))[0][0] == "CG503"


def test_devices_stage_and_place(tmp_path):
    parts = (
        {"componentName": "2 x Tesla V100S-PCIE-32GB", "componentType": "gpu", "nbComponent": 2},
        {"componentName": "cpu", "nbComponent": 4, "manufacturer": "AMD", "family": "Ryzen", "series": "7000X3D"},
    )
    record = one(boamps, tmp_path, report(measure(1), components=parts, latitude=48.8582, location="Paris")).records[0]
    assert (record.devices[0].name, record.devices[0].count, record.phase) == ("Tesla V100S-PCIE-32GB", 2, "pretraining")
    assert record.private == {"latitude": "48.8582", "location": "Paris", "name": "Pond"}
    assert (record.provider, record.country, record.project) == ("aws", "france", "pond-7b")
    cpu = one(boamps, tmp_path, report(measure(1), components=parts[1:])).records[0]
    assert cpu.devices[0].name == "AMD Ryzen 7000X3D"


def test_measures_one_after_the_other_add_up(tmp_path):
    reading = one(boamps, tmp_path, report(measure(1.5), measure(2.0, "2025-01-01 11:00:00")))
    assert (reading.records[0].energy_kwh, reading.records[0].hours, len(reading.notes)) == (3.5, 2.0, 1)


@pytest.mark.parametrize(
    "second", [measure(2.0), measure(2.0, "2025-01-01 10:30:00"), measure(2.0, "2025-01-01 11:00:00", method="wattmeter")]
)
def test_measures_that_may_be_of_the_same_time_are_not_added(tmp_path, second):
    assert [code for code, _, _ in said(one(boamps, tmp_path, report(measure(1.5), second)))] == ["CG504"]


def test_modes_that_are_meters_make_it_measured(tmp_path):
    assert one(boamps, tmp_path, report(measure(1, gpuTrackingMode="nvml", cpuTrackingMode="rapl"))).records[0].basis == "measured"
    assert one(boamps, tmp_path, report(measure(1, gpuTrackingMode="nvml", cpuTrackingMode="constant"))).records[0].basis == "estimated"


@pytest.mark.parametrize("energy", [None, 0])
def test_a_report_without_energy_is_refused_and_keeps_its_time(tmp_path, energy):
    reading = one(boamps, tmp_path, report(measure(energy)))
    assert [code for code, _, _ in said(reading)] == ["CG501"]
    assert (reading.records[0].energy_kwh, reading.records[0].hours) == (None, 1.0)


def test_damage_is_never_a_wrong_total_without_a_word(tmp_path):
    assert silent_cuts(boamps, tmp_path, "file", REPORT) == []
    assert unsafe_damage(boamps, tmp_path, "file", with_damaged_lines(REPORT), ENERGY) == []
    assert unsafe_damage(boamps, tmp_path, "file", with_damaged_keys(REPORT), ENERGY) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(boamps, tmp_path, REPORT.rstrip()[:-1] + rest)
    one(boamps, tmp_path, REPORT + rest)
