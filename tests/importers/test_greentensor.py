"""GreenTensor: the history of runs, and what an ESG report adds to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import greentensor

from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

HISTORY = (Path(__file__).parent / "data" / "greentensor" / "greentensor_history.json").read_bytes()
ENERGY = 2.4221441847120002e-05


def esg(**changes: object) -> dict:
    """A run of an hour with 2 kWh on each of 3 nodes, PUE 1.5: 9 kWh."""
    return {
        "run_id": "run_1", "timestamp": 1735693200.0, "model_name": "acme/pond-7b", "stage": "fine_tuning", "duration_s": 3600.0,
        "energy_kwh": 2.0, "emissions_kg": 0.5, "energy_kwh_dc": 9.0, "emissions_kg_dc": 2.25, "pue": 1.5, "num_nodes": 3,
        "security_incidents": 0, "optimized": True, **changes,
    }  # fmt: skip


def report(*runs: dict, **changes: object) -> dict:
    organization = {"name": "Pond", "reporting_period": "2025-Q1", "region": "EU"}
    whole = {"total_runs": len(runs), "total_energy_kwh_dc": sum(run["energy_kwh_dc"] for run in runs), **changes}
    return {"organization": organization, "generated_at": "2025-01-01", "runs": list(runs), **whole}


def test_a_run_of_the_history(tmp_path):
    reading = one(greentensor, tmp_path, HISTORY)
    record = reading.records[0]
    assert (record.energy_kwh, record.emissions_kg) == (ENERGY, 9.536841580819312e-08)
    assert (record.basis, record.boundary, record.hours) == ("estimated", "node", pytest.approx(4.000798308999947 / 3600))
    assert (record.end, record.lines, reading.problems) == (1795252759.0916936, (12,), [])


def test_an_esg_run_is_the_facility_of_all_its_nodes(tmp_path):
    record = one(greentensor, tmp_path, json.dumps([esg()])).records[0]
    assert (record.energy_kwh, record.pue, record.boundary, record.emissions_kg, record.phase) == (
        9.0,
        1.5,
        "facility",
        2.25,
        "fine-tuning",
    )
    assert (record.project, record.reason) == ("acme/pond-7b", "one node was tracked, and counted 3 times")


def test_an_esg_report_has_the_total_of_its_runs(tmp_path):
    two = report(esg(), esg(run_id="run_2", energy_kwh_dc=3.0, num_nodes=1))
    assert [record.energy_kwh for record in one(greentensor, tmp_path, json.dumps(two)).records] == [9.0, 3.0]
    assert said(one(greentensor, tmp_path, json.dumps(two | {"total_energy_kwh_dc": 13.0}))) == [("CG504", 1, "error")]


def test_energy_that_is_not_pue_times_nodes_is_refused(tmp_path):
    assert said(one(greentensor, tmp_path, json.dumps([esg(energy_kwh_dc=8.0)]))) == [("CG504", 1, "error")]


def test_emissions_by_the_constant_of_the_tool_are_named(tmp_path):
    own = HISTORY.replace(b"9.536841580819312e-08", str(ENERGY * 0.000233).encode())
    assert said(one(greentensor, tmp_path, own)) == [("CG517", 12, "warning")]


def test_a_run_without_energy_is_refused_and_keeps_its_time(tmp_path):
    reading = one(greentensor, tmp_path, HISTORY.replace(b"2.4221441847120002e-05", b"0.0"))
    assert (said(reading), reading.records[0].energy_kwh) == ([("CG501", 12, "error")], None)
    assert reading.records[0].hours == pytest.approx(4.000798308999947 / 3600)


def test_a_command_line_or_path_is_private(tmp_path):
    record = one(greentensor, tmp_path, HISTORY.replace(b'"unknown"', b'"python /srv/pond/train.py"')).records[0]
    assert (record.project, record.private) == ("", {"model_name": "python /srv/pond/train.py"})


def test_a_run_that_stands_twice_counts_once(tmp_path):
    reading = one(greentensor, tmp_path, json.dumps(json.loads(HISTORY) * 3))
    assert (len(reading.records), reading.rows, len(reading.notes)) == (1, 3, 2)


def test_an_empty_history_has_no_energy(tmp_path):
    found = greentensor.read([_source(tmp_path, "[]")])[0]
    assert said(found) == [("CG501", 1, "error")]


def _source(folder: Path, content: str):
    from cardgen.records.source import Source

    (folder / "file").write_text(content)
    return Source("file", folder / "file")


@pytest.mark.parametrize("content", [HISTORY, json.dumps([esg()], indent=1).encode()])
def test_damage_is_never_a_wrong_total_without_a_word(tmp_path, content):
    expected = one(greentensor, tmp_path, content).records[0].energy_kwh
    assert silent_cuts(greentensor, tmp_path, "file", content) == []
    assert unsafe_damage(greentensor, tmp_path, "file", with_damaged_lines(content), expected) == []
    assert unsafe_damage(greentensor, tmp_path, "file", with_damaged_keys(content), expected) == []


def test_a_damaged_report_is_never_a_wrong_total_without_a_word(tmp_path):
    content = json.dumps(report(esg(), esg(run_id="run_2")), indent=1).encode()
    assert silent_cuts(greentensor, tmp_path, "file", content) == []
    assert unsafe_damage(greentensor, tmp_path, "file", with_damaged_lines(content), 18.0) == []
    assert unsafe_damage(greentensor, tmp_path, "file", with_damaged_keys(content), 18.0) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(greentensor, tmp_path, HISTORY.rstrip()[:-1] + rest)
    one(greentensor, tmp_path, HISTORY + rest)


@pytest.mark.parametrize("changes", [{"duration_s": 1e12}, {"energy_kwh": 2e9, "energy_kwh_dc": 9e9}, {"timestamp": 1e15}])
def test_amounts_that_no_run_has_are_refused(changes, tmp_path):
    assert [code for code, *_ in said(one(greentensor, tmp_path, json.dumps([esg(**changes)])))] == ["CG503"]


def test_a_run_that_two_parts_of_the_tool_record_counts_once(tmp_path):
    content = (Path(__file__).parent / "data" / "greentensor" / "0.7.2-greentensor_history.json").read_text()
    reading = one(greentensor, tmp_path, content)
    assert [(record.energy_kwh, record.project) for record in reading.records] == [(1.1561304745528517e-05, "m")]
    assert ([(note.kind, note.line) for note in reading.notes], reading.rows) == ([("merged", 2)], 2)
    later = one(greentensor, tmp_path, content.replace("1795281252.393759", "1795281262.393759"))
    assert len(later.records) == 2


def test_emissions_that_no_run_has_are_refused(tmp_path):
    assert said(one(greentensor, tmp_path, HISTORY.decode().replace("9.536841580819312e-08", "1e300", 1))) == [("CG503", 13, "error")]
    assert said(one(greentensor, tmp_path, json.dumps([esg(emissions_kg_dc=1e10)]))) == [("CG503", 1, "error")]


@pytest.mark.parametrize("copy", [0, 1])
def test_a_copy_of_a_run_that_lost_its_emissions_counts_once(copy, tmp_path):
    run = {"timestamp": 1795281252.25, "model_name": "unknown", "stage": "training", "duration_s": 2.0001117209976655,
           "energy_kwh": 0.25, "emissions_kg": 0.0125, "idle_seconds": 6.0}  # fmt: skip
    runs = [dict(run), run | {"model_name": "pond", "timestamp": 1795281252.5}]
    del runs[copy]["emissions_kg"]
    reading = one(greentensor, tmp_path, json.dumps(runs, indent=1))
    assert [(record.project, record.energy_kwh, record.emissions_kg) for record in reading.records] == [("pond", 0.25, 0.0125)]
    assert [problem.code for problem in reading.problems] == ["CG510"]
