"""tracarbon: what its JSON exporter writes, and what becomes of damaged files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import tracarbon
from importers.damage import cuts, readings, total
from importers.lines import is_noticed, with_damaged_lines

DATA = Path(__file__).parent / "data" / "tracarbon"
ARRAY, LINES = (DATA / "export.json").read_bytes(), (DATA / "export.jsonl").read_bytes()
# W of the machine, each for the 10 s before it; the first reading has no time before it.
KWH = (60 + 90 + 30) * 10 / 3.6e6


def read(tmp_path: Path, content: bytes):
    (found,) = readings(tracarbon, tmp_path, {"a.json": content})
    return found


@pytest.mark.parametrize("content", [ARRAY, LINES, LINES.replace(b'"energy_', b'"own.energy_').replace(b'"carbon_', b'"own.carbon_')])
def test_power_of_the_machine_is_integrated_and_its_parts_are_not_added(content, tmp_path):
    found = read(tmp_path, content)
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(KWH, rel=1e-12)
    assert record.emissions_kg == pytest.approx((0.05 + 0.075 + 0.025) / 1000, rel=1e-12)
    assert (record.basis, record.country, record.components) == ("estimated", "FR", {"processors": pytest.approx(KWH / 2)})
    assert [problem.code for problem in found.problems] == ["CG521"]


def test_emissions_without_power_are_not_an_energy(tmp_path):
    content = b"".join(line for line in LINES.splitlines(keepends=True) if b"energy" not in line)
    found = read(tmp_path, content)
    assert [problem.code for problem in found.problems] == ["CG501"] and found.records[0].energy_kwh is None


def test_a_value_without_its_unit_is_refused(tmp_path):
    assert ("CG503", 1) in [(p.code, p.line) for p in read(tmp_path, LINES.replace(b"units:watts", b"units:none")).problems]


def test_a_pause_between_two_runs_uses_no_energy(tmp_path):
    found = read(tmp_path, LINES + LINES.replace(b"2026-11-21 10", b"2026-11-21 12"))
    assert total([found]) == pytest.approx(2 * KWH, rel=1e-12)
    assert "CG518" in [problem.code for problem in found.problems]
    assert found.records[0].hours == pytest.approx(2 * read(tmp_path, LINES).records[0].hours)


def test_an_array_that_was_cut_is_refused(tmp_path):
    assert [problem.code for problem in read(tmp_path, ARRAY[:-100]).problems] == ["CG505"]


def test_a_damaged_file_gives_the_right_energy_or_a_problem(tmp_path):
    whole = [read(tmp_path, LINES)]
    lines = LINES.splitlines(keepends=True)
    # A first or last reading that is missing is a shorter file.
    shorter = [total([read(tmp_path, b"".join(part))]) for part in (lines[1:], lines[:-3])]
    for words, damaged in with_damaged_lines(LINES):
        found = readings(tracarbon, tmp_path, {"a.json": damaged})
        assert any(is_noticed(found, whole, energy) for energy in (total(whole), *shorter)), words


@pytest.mark.parametrize("content", [ARRAY, LINES])
def test_a_cut_file_gives_the_energy_of_whole_readings_or_a_problem(content, tmp_path):
    whole = [read(tmp_path, content)]
    lines = LINES.splitlines(keepends=True)
    right = [total([read(tmp_path, b"".join(lines[:count]))]) for count in range(1, 13)]
    for cut in cuts(content, most=150):
        found = readings(tracarbon, tmp_path, {"a.json": cut})
        assert any(is_noticed(found, whole, energy) for energy in right), cut[-60:]


@pytest.mark.parametrize("content", [b"[]", b"{}", b"", b'{"timestamp": 1, "metric": 2}'])
def test_other_files_are_not_taken(content, tmp_path):
    assert readings(tracarbon, tmp_path, {"a.json": content}) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([ARRAY, LINES]))
def test_any_bytes_after_a_right_beginning_give_problems_and_no_traceback(tmp_path_factory, content, start):
    for reading in readings(tracarbon, tmp_path_factory.mktemp("any"), {"a.json": start + content}):
        assert all(problem.line >= 1 for problem in reading.problems)


@pytest.mark.parametrize("tags", [b'["units:watts", ["a"]]', b'["units:watts", {"a": 1}]', b"{}"])
def test_tags_that_are_no_texts_are_refused_with_their_line(tags, tmp_path):
    line = b'{"timestamp": "2026-11-21 10:00:40+00:00", "metric_name": "energy_consumption_host", "metric_value": 1, "metric_tags": '
    found = read(tmp_path, LINES + line + tags + b"}\n")
    assert ("CG503", LINES.count(b"\n") + 1) in [(problem.code, problem.line) for problem in found.problems]


@pytest.mark.parametrize(("content", "line"), [(LINES, 4), (ARRAY, 33)])
def test_a_name_that_the_tool_does_not_write_is_left_out_with_a_warning(content, line, tmp_path):
    parts = content.split(b"energy_consumption_host")
    damaged = parts[0] + b"energy_consumption_host" + parts[1] + b"energy_consumptimn_host" + b"energy_consumption_host".join(parts[2:])
    found = read(tmp_path, damaged)
    assert ("CG510", line) in [(problem.code, problem.line) for problem in found.problems]


@pytest.mark.parametrize("content", [ARRAY, LINES])
def test_a_key_that_stands_twice_is_refused(content, tmp_path):
    found = read(tmp_path, content.replace(b'"metric_value": 60.0', b'"metric_value": 60.0, "metric_value": 61.0'))
    assert [problem.code for problem in found.problems if problem.severity == "error"][0] == "CG504"


def test_an_energy_that_no_run_has_is_refused(tmp_path):
    line = (
        '{{"timestamp": "2026-11-21 1{}:00:00+00:00", "metric_name": "energy_consumption_host", "metric_value": {}, "metric_tags": {}}}\n'
    )
    hours = "".join(line.format(hour, 9e11, '["units:watts"]') for hour in range(3))  # 9e8 kWh in each of two hours
    found = read(tmp_path, hours.encode())
    assert ([problem.code for problem in found.problems], found.records) == (["CG503"], [])
    found = read(tmp_path, hours.replace("900000000000.0", "9e13").encode())
    assert [problem.code for problem in found.problems][0] == "CG503"


def test_a_last_line_without_an_end_is_said(tmp_path):
    lines = LINES.splitlines(keepends=True)
    found = read(tmp_path, b"".join(lines[:5])[:-1])
    assert ("CG519", 5) in [(problem.code, problem.line) for problem in found.problems]
    assert not any(problem.code == "CG519" for problem in read(tmp_path, LINES).problems)


def test_emissions_that_no_run_has_are_refused(tmp_path):
    row = next(line for line in LINES.splitlines(keepends=True) if b"carbon_emission_host" in line)
    rows = [row.replace(b"10:00:00", b"11:0%d:00" % minute) for minute in (1, 2)]
    rows = [re.sub(rb'"metric_value": [^,]*', b'"metric_value": 9e11', row) for row in rows]
    found = read(tmp_path, LINES + b"".join(rows))
    assert [(problem.code, problem.line) for problem in found.problems if problem.severity == "error"] == [("CG503", 1)]
