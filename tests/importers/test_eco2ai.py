"""Eco2AI: files of every release, and what becomes of damaged ones."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import eco2ai
from importers.damage import cuts, readings, reordered, total, with_damaged_fields
from importers.lines import is_noticed, with_damaged_lines

DATA = Path(__file__).parent / "data" / "eco2ai"
ROWS, SUMMARY = (DATA / "0.3.12-emission.csv").read_bytes(), (DATA / "0.3.12-summary.csv").read_bytes()
# The four rows of the file, which the tool's own summary adds up to the same.
KWH = 0.0002780924945082 + 0.0001393690186597 + 2.77883955085656e-08 + 2.7925900111786938e-08
KG = 1.877958615414073e-05 + 9.411589830092673e-06 + 9.239502564620521e-09 + 9.285222157668597e-09


def read(tmp_path: Path, content: bytes):
    (found,) = readings(eco2ai, tmp_path, {"emission.csv": content})
    return found


def test_rows_of_one_id_are_added_and_the_others_are_runs(tmp_path):
    found = read(tmp_path, ROWS)
    assert total([found]) == pytest.approx(KWH, rel=1e-12) == pytest.approx(0.00041751722746352036, rel=1e-12)
    assert math.fsum(record.emissions_kg for record in found.records) == pytest.approx(KG, rel=1e-12)
    assert [(record.project, record.country, record.lines) for record in found.records] == [
        ("tinynet", "FR", (2,)), ("tinynet", "FR", (3,)), ("other", "DE", (4, 5)),
    ]  # fmt: skip
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 5)]
    assert {(record.basis, record.reason) for record in found.records} == {
        ("estimated", "the processor by a rated power of 500 W times its load")
    }
    assert [problem.code for problem in found.problems] == ["CG521"]


def test_a_summary_beside_its_rows_is_not_read_and_alone_is_refused(tmp_path):
    both = readings(eco2ai, tmp_path, {"emission.csv": ROWS, "summary.csv": SUMMARY})
    assert total(both) == pytest.approx(KWH, rel=1e-12)
    assert [note.kind for note in both[1].notes] == ["not read"] and not both[1].is_refused
    (alone,) = readings(eco2ai, tmp_path, {"summary.csv": SUMMARY})
    assert [(problem.code, problem.hint) for problem in alone.problems] == [("CG501", "give emission.csv, from which it was made")]


OLD = {
    "0.0, seconds": (
        "project_name,experiment_description,time(s),power_consumption(kWTh),CO2_emissions(kg)\np,d,3600.5,0.25,0.01\n",
        3600.5 / 3600, None,
    ),
    "0.0, time as a date": (
        "project_name,experiment_description,start_time(s),duration(s),power_consumption(kWTh),CO2_emissions(kg),CPU_name,GPU_name,OS\n"
        "p,d,1650000000.5,1970-01-01 04:00:00,0.25,0.01,Intel Core i7,GeForce,Linux\n", None, None,
    ),
    "0.1, country": (
        "project_name,experiment_description,start_time,duration(s),power_consumption(kWTh),CO2_emissions(kg),CPU_name,GPU_name,OS,country\n"
        "p,d,2022-05-01 10:00:00,7200,0.25,0.01,Intel Core i7,GeForce,Linux,Russia\n", 2.0, "Russia",
    ),
    "0.1, quoted": (
        "project_name,experiment_description(model type etc.),start_time,duration(s),power_consumption(kWTh),CO2_emissions(kg),"
        'CPU_name,GPU_name,OS,region/country\n"p","d, e","2022-05-01 10:00:00","7200","0.25","0.01","Intel/1 device(s), TDP:45.0",'
        '"Tesla V100 2 device(s)","Linux","RU/Moscow"\n', 2.0, "RU",
    ),
    "0.3 and later": (
        "id,project_name,experiment_description,epoch,start_time,duration(s),power_consumption(kWh),CO2_emissions(kg),CPU_name,GPU_name,OS,"
        "region/country,cost\n6abc598e-c680-4e99-a9ee-4d02a9be656f,p,d,N/A,2026-10-06 01:17:23,1800,0.25,0.01,"
        '"CPU/1 device(s), TDP:45 method:tdp",CPU 0 device(s),Windows,CH/Ticino,0\n', 0.5, "CH",
    ),
}  # fmt: skip


@pytest.mark.parametrize("release", OLD)
def test_files_of_other_releases_are_read(release, tmp_path):
    content, hours, country = OLD[release]
    found = read(tmp_path, content.encode())
    (record,) = found.records
    assert (record.energy_kwh, record.emissions_kg, record.hours, record.country) == (0.25, 0.01, hours, country)
    assert not found.is_refused


def test_a_region_and_several_gpus_are_kept(tmp_path):
    (record,) = read(tmp_path, OLD["0.1, quoted"][0].encode()).records
    assert (record.region, record.device_hours) == ("Moscow", 4.0)
    assert [(device.name, device.count) for device in record.devices] == [("Tesla V100", 2)]


@pytest.mark.parametrize("cell", ["", "N/A", "nan", "0"])
def test_a_row_without_energy_is_left_out_with_a_warning(cell, tmp_path):
    found = read(tmp_path, ROWS.replace(b"0.0001393690186597", cell.encode()))
    assert total([found]) == pytest.approx(KWH - 0.0001393690186597, rel=1e-12)
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG510", 3), ("CG521", 2)]


def test_a_file_without_any_energy_is_refused(tmp_path):
    header, first = ROWS.splitlines(keepends=True)[:2]
    found = read(tmp_path, header + first.replace(b"0.0002780924945082", b""))
    assert [problem.code for problem in found.problems] == ["CG510", "CG501"]
    assert found.records == []


def test_a_row_that_stands_twice_is_read_once(tmp_path):
    lines = ROWS.splitlines(keepends=True)
    found = read(tmp_path, b"".join([*lines, lines[1]]))
    assert total([found]) == pytest.approx(KWH, rel=1e-12)
    assert ("merged", 6) in [(note.kind, note.line) for note in found.notes]


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path):
    header, rest = ROWS.split(b"\n", 1)
    line = "4e117402-391a-46e6-8d1c-230155b2eb1f;p;d;;2026-11-21 09:09:02;5,19;0,25;0,01;"
    line += '"AMD/1 device(s), TDP:500,0"; 0 device(s);Linux;FR;0\n'
    found = read(tmp_path, b"\xef\xbb\xbf" + header.replace(b",", b";") + b"\r\n" + line.encode())
    assert (total([found]), found.is_refused) == (0.25, False)


@pytest.mark.parametrize("seed", range(5))
def test_rows_in_another_order_give_the_same_total(seed, tmp_path):
    found = read(tmp_path, reordered(ROWS, seed))
    assert (total([found]), found.is_refused) == (pytest.approx(KWH, rel=1e-12), False)


@pytest.mark.parametrize("content", [ROWS, *(text.encode() for text, _, _ in OLD.values())])
def test_a_damaged_file_gives_the_right_energy_or_a_problem(content, tmp_path):
    whole = [read(tmp_path, content)]
    wrong = [
        words
        for words, damaged in with_damaged_fields(content)
        if not is_noticed(readings(eco2ai, tmp_path, {"emission.csv": damaged}), whole, total(whole))
    ]
    assert wrong == []


def test_a_cut_file_gives_the_energy_of_whole_rows_or_a_problem(tmp_path):
    whole = [read(tmp_path, ROWS)]
    lines = ROWS.splitlines(keepends=True)
    right = [total([read(tmp_path, b"".join(lines[:count]))]) for count in range(1, 6)]
    for cut in cuts(ROWS):
        found = readings(eco2ai, tmp_path, {"emission.csv": cut})
        assert any(is_noticed(found, whole, energy) for energy in (0.0, *right)), cut[-60:]


def test_a_lost_line_is_a_shorter_file_and_a_doubled_one_changes_nothing(tmp_path):
    for words, damaged in with_damaged_lines(ROWS):
        found = readings(eco2ai, tmp_path, {"emission.csv": damaged})
        assert "doubled" not in words or not found or math.isclose(total(found), KWH, rel_tol=1e-12) or found[0].is_refused, words


@pytest.mark.parametrize("content", [b"project_name,energy\n", b"{}", b"", b"timestamp,project_name,duration,emissions,energy_consumed\n"])
def test_other_files_are_not_taken(content, tmp_path):
    assert readings(eco2ai, tmp_path, {"emission.csv": content}) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_a_right_header_give_problems_and_no_traceback(tmp_path_factory, content):
    header = ROWS.splitlines(keepends=True)[0]
    for reading in readings(eco2ai, tmp_path_factory.mktemp("any"), {"emission.csv": header + content}):
        assert all(problem.line >= 1 for problem in reading.problems)


def test_a_run_of_many_rows_names_the_first_and_the_last(tmp_path):
    header, last = ROWS.splitlines(keepends=True)[0], ROWS.splitlines(keepends=True)[-1]
    found = read(tmp_path, header + b"".join(last.replace(b"epoch: 2", b"epoch: %d" % epoch) for epoch in range(1, 61)))
    assert found.records[0].lines == (*range(2, 22), 61)
    assert total([found]) == pytest.approx(60 * 2.7925900111786938e-08, rel=1e-12)
    assert sum(note.count for note in found.notes) == 59


@pytest.mark.parametrize("text", [b"2e9", b"node1.cluster.example"])
def test_an_energy_that_is_none_is_refused_and_a_name_is_not_shown(text, tmp_path):
    found = read(tmp_path, ROWS.replace(b"0.0002780924945082", text))
    problem = next(problem for problem in found.problems if problem.severity == "error")
    assert (problem.code, problem.line) == ("CG503", 2) and "cluster" not in problem.message


def test_a_column_that_lost_its_name_is_refused(tmp_path):
    found = read(tmp_path, ROWS.replace(b"duration(s)", b"", 1))
    assert ("CG502", 2) in [(problem.code, problem.line) for problem in found.problems]


@pytest.mark.parametrize(
    ("kept", "rest"), [("CPU_name", ",CPU 0 device(s),Windows,CH/Ticino,0"), ("GPU_name,OS", ",CH/Ticino,0"), ("country,co", "0")]
)
def test_a_header_with_the_rest_of_a_row_in_it_is_refused(kept, rest, tmp_path):
    header, row = OLD["0.3 and later"][0].splitlines(keepends=True)
    found = read(tmp_path, f"{header.partition(kept)[0]}{kept}{rest}\n{row}".encode())
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG502", 1)]


def test_emissions_that_no_run_has_are_refused(tmp_path):
    found = read(tmp_path, OLD["0.1, country"][0].replace("0.01", "1e300").encode())
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG503", 2)]
