"""Green Algorithms: exports of the calculator and tables of jobs, and what becomes of damaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import green_algorithms
from importers.damage import cuts, readings, total, with_damaged_fields
from importers.lines import is_noticed

DATA = Path(__file__).parent / "data" / "green_algorithms"
CALCULATOR, JOBS = (DATA / "calculator-v3.csv").read_bytes(), (DATA / "ga4hpc-jobs.csv").read_bytes()
# 4 GPUs of 300 W and 64 GB at 0.3725 W, PUE 1.5, 10 h, twice.
CALCULATED_KWH = (4 * 300 + 64 * 0.3725) * 1.5 * 10 * 2 / 1000
# Processors, GPUs and memory in kWh, PUE 1.15.
JOBS_KWH = ((0.2 + 0.0 + 0.015) * 1.15, (0.3 + 18.0 + 0.18) * 1.15)


def read(tmp_path: Path, content: bytes):
    (found,) = readings(green_algorithms, tmp_path, {"a.csv": content})
    return found


def test_an_export_of_the_calculator_is_an_estimate_with_its_pue(tmp_path):
    found = read(tmp_path, CALCULATOR)
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(CALCULATED_KWH, rel=1e-12)
    assert record.emissions_kg == pytest.approx(CALCULATED_KWH * 250 / 1000, rel=1e-12)
    assert (record.basis, record.boundary, record.pue, record.method) == ("estimated", "facility", 1.5, "Green Algorithms v3.0")
    assert (record.hours, record.device_hours, record.provider, record.region, record.country) == (20, 80, "gcp", "europe-west1", "BE")
    assert [(device.name, device.count) for device in record.devices] == [("NVIDIA Tesla V100", 4)]
    assert found.problems == []


def test_an_export_of_release_1_names_its_factor_and_columns_otherwise(tmp_path):
    # 8 cores of 10 W and 16 GB at 0.3725 W, PUE 1.67, 3.5 h, three times.
    power = 1.67 * (80 + 16 * 0.3725)
    energy = power * 3.5 * 3 / 1000
    row = f"CPU;Xeon;8;10;16;3;30;3.5;FR;50.0;1.67;3;localServer;{energy * 50};{1.67 * 80 * 3.5 * 3 / 1000 * 50};"
    row += f"{1.67 * 16 * 0.3725 * 3.5 * 3 / 1000 * 50};{energy};{power}"
    header = (
        "coreType;coreModel;n_cores;corePower;memory;runTime_hours;runTime_min;runTime;location;carbonIntensity;PUE;PSF;selected_platform;"
    )
    header += "carbonEmissions;CE_core;CE_memory;energy_needed;power_needed"
    found = read(tmp_path, f"{header}\n{row}\n".encode())
    (record,) = found.records
    assert (record.energy_kwh, record.hours, record.country) == (pytest.approx(energy, rel=1e-12), 10.5, "FR")
    assert found.problems == []


def test_a_form_that_was_not_filled_in_has_no_energy(tmp_path):
    header = CALCULATOR.splitlines()[0].decode().split(";")
    cells = ["0" if name in ("energy_needed", "carbonEmissions", "power_needed") else "None" for name in header]
    found = read(tmp_path, f"{';'.join(header)}\n{';'.join(cells)}\n".encode())
    assert [problem.code for problem in found.problems] == ["CG510", "CG501"] and found.records == []


def test_jobs_have_their_energy_with_the_pue_that_is_inside(tmp_path):
    found = read(tmp_path, JOBS)
    assert [record.energy_kwh for record in found.records] == [pytest.approx(energy, rel=1e-12) for energy in JOBS_KWH]
    assert [record.emissions_kg for record in found.records] == [pytest.approx(energy * 0.23112, rel=1e-9) for energy in JOBS_KWH]
    assert [(record.pue, record.run, record.hours, record.device_hours) for record in found.records] == [
        (1.15, "1001", 2.5, None), (1.15, "1002", 30.0, 60.0),
    ]  # fmt: skip
    assert all(record.private == {"user": "uid_1"} and "uid_1" not in repr((record.run, record.reason)) for record in found.records)
    assert found.problems == []


def test_jobs_before_the_computation_have_no_energy_but_times_for_an_estimate(tmp_path):
    found = read(tmp_path, (DATA / "ga4hpc-before-computation.csv").read_bytes())
    assert [problem.code for problem in found.problems] == ["CG501"]
    assert [(record.energy_kwh, record.hours, record.device_hours) for record in found.records] == [(None, 1.0, 2.0)]


def test_a_job_with_another_pue_than_the_rest_is_refused(tmp_path):
    lines = JOBS.splitlines()
    cells = lines[2].split(b",")
    header = lines[0].split(b",")
    for name in (b"energy", b"energy_memoryNeededOnly", b"carbonFootprint", b"carbonFootprint_memoryNeededOnly"):
        cells[header.index(name)] = repr(float(cells[header.index(name)]) * 1.1).encode()
    found = read(tmp_path, b"\n".join([*lines[:2], b",".join(cells)]) + b"\n")
    assert ("CG504", 3) in [(problem.code, problem.line) for problem in found.problems]


@pytest.mark.parametrize("content", [b"energy,carbonFootprint\n", b"JobID|Elapsed|State\n", b"{}", b""])
def test_other_files_are_not_taken(content, tmp_path):
    assert readings(green_algorithms, tmp_path, {"a.csv": content}) == []


@pytest.mark.parametrize(("content", "delimiter"), [(CALCULATOR, ";"), (JOBS, ",")])
def test_a_damaged_file_gives_the_right_energy_or_a_problem(content, delimiter, tmp_path):
    whole = [read(tmp_path, content)]
    wrong = [
        words
        for words, damaged in with_damaged_fields(content, delimiter)
        if not is_noticed(readings(green_algorithms, tmp_path, {"a.csv": damaged}), whole, total(whole))
    ]
    assert wrong == []


@pytest.mark.parametrize("content", [CALCULATOR, JOBS])
def test_a_cut_file_gives_the_energy_of_whole_rows_or_a_problem(content, tmp_path):
    whole = [read(tmp_path, content)]
    right = [0.0, JOBS_KWH[0], total(whole)]
    below = content.index(b"\n")  # a cut header can name a column twice, and Table leaves the file open when it refuses one
    for cut in (cut for cut in cuts(content) if len(cut) > below):
        found = readings(green_algorithms, tmp_path, {"a.csv": cut})
        assert any(is_noticed(found, whole, energy) for energy in right), cut[-60:]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([CALCULATOR, JOBS]))
def test_any_bytes_after_a_right_header_give_problems_and_no_traceback(tmp_path_factory, content, whole):
    header = whole.splitlines(keepends=True)[0]
    for reading in readings(green_algorithms, tmp_path_factory.mktemp("any"), {"a.csv": header + content}):
        assert all(problem.line >= 1 for problem in reading.problems)


def test_a_pue_that_no_site_has_is_refused(tmp_path):
    found = read(tmp_path, CALCULATOR.replace(b";1.5;Yes;", b";50.0;Yes;"))
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG503", 2)] and found.records == []


def test_an_energy_that_no_run_has_and_an_end_before_the_start_are_refused(tmp_path):
    found = read(tmp_path, JOBS.replace(b",0.24725,", b",2e9,"))
    assert ("CG503", 2) in [(problem.code, problem.line) for problem in found.problems]
    found = read(tmp_path, JOBS.replace(b"2026-03-30 07:50:00", b"2025-03-30 07:50:00"))
    assert ("CG504", 2) in [(problem.code, problem.line) for problem in found.problems]


def test_only_a_version_is_named_as_one(tmp_path):
    found = read(tmp_path, CALCULATOR.replace(b"v3.0", b"/home/ada"))
    assert (found.version, found.records[0].method) == ("", "Green Algorithms")


def test_emissions_that_no_run_has_are_refused(tmp_path):
    header, row = CALCULATOR.decode().splitlines()[:2]
    cells = dict(zip(header.split(";"), row.split(";"))) | {"carbonEmissions": "1e13"}
    assert [problem.code for problem in read(tmp_path, f"{header}\n{';'.join(cells.values())}\n".encode()).problems] == ["CG503"]
