"""EcoTrace: grams without energy, headers that rows outgrow, epochs inside trainings, and the report as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import ecotrace

from .damage import readings, with_damaged_fields
from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

DATA = Path(__file__).parent / "data" / "ecotrace"
LOG = (DATA / "ecotrace_log.csv").read_bytes()
OLD = "Date,Function,Duration(s),Carbon(gCO2),Region\n2024-05-01 10:00:10,train,10.0000,2.50000000,FR\n"


def report(*grams: float, total: float | None = None) -> str:
    rows = [
        {
            "date": "2025-01-01 10:00:00", "function": f"step{index}", "duration_s": 1.5, "carbon_gco2": gram, "region": "FR",
            "avg_cpu_pct": "N/A", "file_path": "N/A", "line": "N/A", "run_id": "abc", "run_label": "pond",
        }
        for index, gram in enumerate(grams)
    ]  # fmt: skip
    meta = {"version": "1.7.1", "carbon_intensity": 55, "intensity_source": "static", "gpu": {"brand": "NVIDIA A40", "gpu_count": 2}}
    summary = {"total_carbon_gco2": sum(grams) if total is None else total}
    return json.dumps({"meta": meta, "measurements": rows, "summary": summary}, indent=2)


def test_grams_are_read_and_energy_is_missing(tmp_path):
    reading = one(ecotrace, tmp_path, LOG)
    record = reading.records[0]
    assert (record.energy_kwh, record.emissions_kg, record.run) == (None, pytest.approx(0.00012705243, rel=1e-12), "0d4429776c17")
    assert (record.hours, said(reading)) == (pytest.approx(5.0047 / 3600), [("CG501", 2, "error")])
    assert "GLOBAL" in reading.problems[0].hint


def test_the_first_releases_have_five_columns(tmp_path):
    record = one(ecotrace, tmp_path, OLD).records[0]
    assert (record.emissions_kg, record.country, record.end - record.start) == (0.0025, "FR", 10.0)


def test_longer_rows_of_a_newer_release_are_repaired_and_said(tmp_path):
    newer = OLD + "2025-05-01 10:00:10,train,10.0000,1.50000000,FR,44.10\n2026-05-01 10:00:10,train,5.0,1.0,FR,N/A,N/A,N/A,abc,\n"
    reading = one(ecotrace, tmp_path, newer)
    assert [record.emissions_kg for record in reading.records] == [0.004, 0.001]
    assert [(note.kind, note.line) for note in reading.notes] == [("repaired", 3)]


def test_epochs_lie_within_the_row_of_their_training(tmp_path):
    rows = "2025-05-01 10:00:10,ml::epoch_1::pond-7b,5.0,2.0,FR\n2025-05-01 10:00:20,ml::epoch_2::pond-7b,5.0,2.5,FR\n"
    whole = "2025-05-01 10:00:21,ml::pond-7b,10.0,4.5,FR\n"
    header = OLD.splitlines(keepends=True)[0]
    reading = one(ecotrace, tmp_path, header + rows + whole)
    assert (reading.records[0].emissions_kg, [note.line for note in reading.notes]) == (0.0045, [2, 3])
    assert one(ecotrace, tmp_path, header + rows).records[0].emissions_kg == 0.0045


def test_a_path_is_private(tmp_path):
    record = one(ecotrace, tmp_path, LOG.replace(b"N/A,N/A,", b"/srv/pond/wl.py,12,", 1)).records[0]
    assert record.private == {"path": "/srv/pond/wl.py"}
    assert "pond" not in " ".join((record.project, record.reason, record.method, record.part))


def test_the_energy_of_a_report_is_its_grams_by_its_intensity(tmp_path):
    reading = one(ecotrace, tmp_path, report(0.5, 0.25))
    record = reading.records[0]
    assert (record.emissions_kg, record.devices[0].name, record.devices[0].count, reading.version) == (0.00075, "NVIDIA A40", 2, "1.7.1")
    assert (record.energy_kwh, record.basis) == (pytest.approx(0.75 / 55, rel=1e-12), "estimated")
    assert (record.reason.partition(";")[0], said(reading)) == ("from its carbon and its intensity, 55 g/kWh", [])


# The first is what the tool's own object held: 1.8397501860717507e-05 kWh; grams are written with eight decimals.
@pytest.mark.parametrize(
    ("version", "energy", "own"), [("1.7.1", 0.0007543 / 41, 1.8397501860717507e-05), ("0.9.0", 0.00107492 / 55, None)]
)
def test_a_log_and_the_report_of_it_count_once(version, energy, own, tmp_path):
    files = {name: (DATA / f"{version}-{name}").read_bytes() for name in ("ecotrace_log.csv", "ecotrace_report.json")}
    found = readings(ecotrace, tmp_path, files)
    records = [record for reading in found for record in reading.records]
    assert [record.energy_kwh for record in records] == [pytest.approx(energy, rel=1e-9)]
    assert own is None or records[0].energy_kwh == pytest.approx(own, rel=1e-5)
    assert ([note.line for note in found[0].notes], [reading.problems for reading in found]) == ([2, 3, 4], [[], []])


def test_rows_of_a_log_that_its_report_does_not_hold_have_no_energy(tmp_path):
    log = (DATA / "1.7.1-ecotrace_log.csv").read_bytes() + b"2026-11-22 10:00:00,other,1.0,0.5,FR,9.9,N/A,N/A,abc,\n"
    found = readings(ecotrace, tmp_path, {"a.csv": log, "b.json": (DATA / "1.7.1-ecotrace_report.json").read_bytes()})
    assert (said(found[0]), [record.emissions_kg for record in found[0].records]) == ([("CG501", 5, "error")], [0.0005])


def test_an_intensity_holds_for_its_own_region_and_run(tmp_path):
    other = json.loads(report(0.5))
    other["meta"] |= {"region_code": "US", "run_id": "abc"}
    reading = one(ecotrace, tmp_path, json.dumps(other))
    assert ([code for code, _, _ in said(reading)], reading.records[0].energy_kwh) == (["CG501"], None)


def test_an_intensity_that_was_fetched_is_warned_of(tmp_path):
    assert [code for code, *_ in said(one(ecotrace, tmp_path, report(0.5).replace("static", "live")))] == ["CG517"]


def test_an_intensity_that_cannot_be_is_refused(tmp_path):
    content = (DATA / "1.7.1-ecotrace_report.json").read_text()
    for wrong, code in (("0.41", "CG503"), ("4", "CG504")):  # 4 g/kWh: 196 W of a processor of 55 W with 24 GB
        reading = one(ecotrace, tmp_path, content.replace('"carbon_intensity": 41', f'"carbon_intensity": {wrong}'))
        assert code in [found for found, *_ in said(reading)]


def test_the_tracker_that_is_called_like_codecarbons_has_no_energy(tmp_path):
    reading = one(ecotrace, tmp_path, (DATA / "1.7.1-emissions.csv").read_bytes())
    (record,) = reading.records
    assert (record.energy_kwh, record.emissions_kg, record.project, record.country) == (None, 0.00009436 / 1000, "p", "FR")
    assert (record.hours, said(reading)) == (pytest.approx(1.0006 / 3600), [("CG501", 2, "error")])


@pytest.mark.parametrize("row", ["p,1.0,0.1,0.1,FR", "p,x,0.1,100,FR", "p,1.0,0.1,100,pond", "p,1.0,0.1,100"])
def test_a_damaged_row_of_the_tracker_is_named(row, tmp_path):
    assert said(one(ecotrace, tmp_path, f"project_name,duration_seconds,emissions_kg,emissions_g,region\n{row}\n"))[0][1:] == (2, "error")


def test_a_report_whose_total_is_another_is_refused(tmp_path):
    assert [code for code, _, _ in said(one(ecotrace, tmp_path, report(0.5, total=0.7)))] == ["CG504"]


@pytest.mark.parametrize("row", ["2025-05-01,train,1,1,FR", "2025-05-01 10:00:00,train,1 s,1,FR", "2025-05-01 10:00:00,train,1,-1,FR"])
def test_a_cell_that_cannot_stand_there_is_named(tmp_path, row):
    assert said(one(ecotrace, tmp_path, OLD + row + "\n"))[0] == ("CG503", 3, "error")


def test_damaged_files_always_have_a_problem_with_a_line(tmp_path):
    damaged = [content for _, content in with_damaged_fields(LOG)] + [content for _, content in with_damaged_fields(OLD.encode())]
    assert all(reading.problems for content in damaged for reading in readings(ecotrace, tmp_path, {"log": content}))
    assert silent_cuts(ecotrace, tmp_path, "log", LOG) == []
    assert silent_cuts(ecotrace, tmp_path, "log", report(0.5, 0.25).encode()) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(ecotrace, tmp_path, LOG + rest)
    one(ecotrace, tmp_path, report(0.5).encode()[:-1] + rest)


def test_epochs_count_where_their_training_has_no_row(tmp_path):
    rows = [f"2024-05-01 10:00:{index:02},ml::epoch_{index}::fit,1.0,2.0,FR\n" for index in range(1, 40)]
    header = OLD.splitlines(keepends=True)[0]
    record = one(ecotrace, tmp_path, header + "".join(rows)).records[0]
    assert (record.emissions_kg, record.hours) == (pytest.approx(39 * 0.002), pytest.approx(39 / 3600))
    reading = one(ecotrace, tmp_path, header + "".join(rows) + "2024-05-01 10:01:00,ml::fit,39.0,80.0,FR\n")
    assert reading.records[0].emissions_kg == pytest.approx(0.08)
    assert sum(note.count for note in reading.notes) == 39


def test_what_moved_into_a_column_is_not_shown(tmp_path):
    reading = one(ecotrace, tmp_path, OLD.replace("FR", "secret.cluster.example"))
    assert "secret" not in " ".join(problem.message for problem in reading.problems)


def test_a_damaged_report_is_never_a_wrong_total_without_a_word(tmp_path):
    content = (DATA / "1.7.1-ecotrace_report.json").read_bytes()
    assert silent_cuts(ecotrace, tmp_path, "file", content) == []
    assert unsafe_damage(ecotrace, tmp_path, "file", with_damaged_lines(content), 0.0007543 / 41) == []
    assert unsafe_damage(ecotrace, tmp_path, "file", with_damaged_keys(content), 0.0007543 / 41) == []


def test_emissions_that_no_run_has_are_refused(tmp_path):
    assert ("CG503", 2, "error") in said(one(ecotrace, tmp_path, OLD.replace("2.50000000", "1e13")))


def test_only_a_version_is_named_as_one(tmp_path):
    reading = one(ecotrace, tmp_path, report(5.5).replace("1.7.1", "/home/ada"))
    assert (reading.version, reading.records[0].method) == ("", "ecotrace")
