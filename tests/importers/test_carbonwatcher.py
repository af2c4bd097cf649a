"""carbonwatcher: ledger and log of one run, several PUE, and what its parts have to add up to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import carbonwatcher

from .damage import readings, total
from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

DATA = Path(__file__).parent / "data" / "carbonwatcher"
LEDGER, LOG = (DATA / "ledger.json").read_bytes(), (DATA / "run.log").read_bytes()
ENERGY, EMISSIONS = 3.521456672741312e-05, 3.0988818720123544e-06


def log(**changes: object) -> dict:
    """A log of an hour: 100 W processors, 300 W GPU, 10 W memory, PUE 1.5, 100 g/kWh; 0.615 kWh."""
    data = {
        "run_id": "a", "experiment": "pond", "model": "pond-7b", "timestamp": "2025-01-01T01:00:00+00:00",
        "actual": {"duration_s": 3600, "energy_kwh": 0.615, "carbon_g": 61.5, "carbon_kg": 0.0615, "cost_usd": 1.0},
        "components": {
            "cpu": {"model": "EPYC", "power_source": "rapl", "avg_power_w": 100, "energy_kwh": 0.1},
            "gpu": {"names": ["A100"], "avg_power_w": 300, "energy_kwh": 0.3},
            "dram": {"avg_power_w": 10, "energy_kwh": 0.01},
        },
        "location": {"region": "eu-west-1", "grid_intensity_gco2_kwh": 100, "intensity_source": "static_table"}, "epochs": [],
    }  # fmt: skip
    return {**data, **changes}


def test_the_log_says_which_pue_is_inside(tmp_path):
    record = one(carbonwatcher, tmp_path, LOG).records[0]
    assert (record.energy_kwh, record.emissions_kg, record.pue, record.boundary) == (ENERGY, EMISSIONS, 1.1, "facility")
    assert (record.basis, record.hours, record.run) == ("estimated", pytest.approx(4.002709150314331 / 3600), "c306b63c")
    assert record.components == {"accelerators": 0.0, "processors": 3.179930047194163e-05, "memory": 2.1394200752484133e-07}


def test_a_command_line_is_private(tmp_path):
    record = one(carbonwatcher, tmp_path, LEDGER).records[0]
    assert record.private == {"model_name": "python train.py"}
    assert "train.py" not in " ".join((record.project, record.reason, record.method, record.file))


def test_the_ledger_alone_does_not_say_which_pue_is_inside(tmp_path):
    reading = one(carbonwatcher, tmp_path, LEDGER)
    record = reading.records[0]
    assert (record.energy_kwh, record.emissions_kg, record.pue, record.boundary) == (ENERGY, EMISSIONS, None, "facility")
    assert said(reading) == [("CG521", 8, "warning")]


def test_a_run_in_ledger_and_log_is_one_run(tmp_path):
    found = readings(carbonwatcher, tmp_path, {"ledger.json": LEDGER, "run.log": LOG})
    records = [record for reading in found for record in reading.records]
    assert (len(records), records[0].energy_kwh, records[0].pue, records[0].file) == (1, ENERGY, 1.1, "run.log, ledger.json")
    assert [note.kind for note in found[0].notes] == ["merged"]
    assert [reading.problems for reading in found] == [[], []]


def test_ledger_and_log_that_differ_are_refused(tmp_path):
    found = readings(carbonwatcher, tmp_path, {"ledger.json": LEDGER.replace(b"3.521456672741312e-05", b"3.6e-05"), "run.log": LOG})
    assert said(found[0]) == [("CG504", 8, "error")]


def test_a_measured_run_on_premises(tmp_path):
    record = one(carbonwatcher, tmp_path, json.dumps(log())).records[0]
    assert (record.energy_kwh, record.pue, record.basis) == (0.615, 1.5, "measured")
    assert (record.start, record.end, record.device_hours) == (1735689600, 1735693200, 1.0)


def test_no_factor_of_many_digits_passes_for_a_pue(tmp_path):
    assert said(one(carbonwatcher, tmp_path, json.dumps(log(actual={**log()["actual"], "energy_kwh": 0.6151234})))) == [
        ("CG504", 1, "error")
    ]


def test_several_gpus_are_counted_once_by_the_tool_and_that_is_said(tmp_path):
    parts = {**log()["components"], "gpu": {"names": ["A100", "A100"], "avg_power_w": 300, "energy_kwh": 0.3}}
    assert [code for code, _, _ in said(one(carbonwatcher, tmp_path, json.dumps(log(components=parts))))] == ["CG517"]


def test_a_run_without_power_has_no_energy_and_keeps_its_time(tmp_path):
    empty = LEDGER.replace(b'"energy_kwh": 3.521456672741312e-05', b'"energy_kwh": 0.0')
    reading = one(carbonwatcher, tmp_path, empty)
    assert said(reading)[0] == ("CG501", 8, "error")
    assert (reading.records[0].energy_kwh, reading.records[0].hours) == (None, pytest.approx(4.002709150314331 / 3600))


def test_calls_to_models_are_their_mean_and_said_to_be_a_constant(tmp_path):
    call = {
        "call_id": "1", "experiment": "chat", "timestamp": "2025-01-01T00:00:00+00:00", "total_energy_wh": 2.0, "carbon_g": 0.2,
        "carbon_kg": 0.0002, "grid_intensity_gco2_kwh": 100, "latency_s": 1.0,
    }  # fmt: skip
    other = {**call, "call_id": "2", "total_energy_wh": 4.0, "carbon_g": 0.4, "carbon_kg": 0.0004}
    reading = one(carbonwatcher, tmp_path, json.dumps([call, other]))
    request = reading.records[0].per_request
    assert (request.energy_kwh, request.emissions_kg) == pytest.approx((0.003, 0.0003), rel=1e-12)
    assert said(reading) == [("CG517", 1, "warning")]


def test_a_record_that_stands_twice_counts_once(tmp_path):
    twice = json.dumps(json.loads(LEDGER) * 2)
    assert total([one(carbonwatcher, tmp_path, twice)]) == ENERGY


@pytest.mark.parametrize("content", [LEDGER, LOG, json.dumps(log(), indent=1).encode()])
def test_damage_is_never_a_wrong_total_without_a_word(tmp_path, content):
    expected = one(carbonwatcher, tmp_path, content).records[0].energy_kwh
    assert silent_cuts(carbonwatcher, tmp_path, "file", content) == []
    assert unsafe_damage(carbonwatcher, tmp_path, "file", with_damaged_lines(content), expected) == []
    assert unsafe_damage(carbonwatcher, tmp_path, "file", with_damaged_keys(content), expected) == []


@FEW
@given(st.binary(max_size=200), st.sampled_from([LEDGER, LOG]))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest, content):
    one(carbonwatcher, tmp_path, content.rstrip()[:-1] + rest)
    one(carbonwatcher, tmp_path, content + rest)


def test_amounts_that_no_run_has_are_refused(tmp_path):
    large = {"duration_s": 3600, "energy_kwh": 2e9, "carbon_g": 2e11, "carbon_kg": 2e8}
    assert [code for code, *_ in said(one(carbonwatcher, tmp_path, json.dumps(log(actual=large))))] == ["CG503"]
    long = {"duration_s": 1e12, "energy_kwh": 0.615, "carbon_g": 61.5, "carbon_kg": 0.0615}
    assert [code for code, *_ in said(one(carbonwatcher, tmp_path, json.dumps(log(actual=long))))] == ["CG503"]
