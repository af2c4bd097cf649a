"""Zeus: windows beside and in each other, clocks without a date, and damaged logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import zeus
from importers.damage import is_safe, placed, readings, reordered, total, unsafe, unsafe_cuts, with_damaged_fields

DATA = Path(__file__).parent / "data" / "zeus"
REPO = (DATA / "repo-a40-bert.csv").read_bytes()
HEADER = b"start_time,window_name,elapsed_time,gpu0_energy,gpu1_energy\n"
TWO = HEADER + b"1795252200.5,epoch 1,100.0,30000.125,28000.5\n1795252301.5,epoch 2,110.0,33000.25,29000.75\n"
TWO_KWH = (30000.125 + 28000.5 + 33000.25 + 29000.75) / 3.6e6


def read(tmp_path: Path, content: bytes):
    (found,) = readings(zeus, tmp_path, {"log.csv": content})
    return found


def codes(found) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in found.problems]


def test_windows_one_after_the_other_add_up(tmp_path):
    found = read(tmp_path, REPO)
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(0.007340687222220004, rel=1e-12)
    assert (record.boundary, record.basis, record.lines) == ("accelerators", "measured", tuple(range(2, 11)))
    assert (record.start, record.end, found.problems) == (None, None, [])  # the clock counts from when the machine started


def test_time_and_device_hours_are_those_of_all_gpus(tmp_path):
    (record,) = read(tmp_path, TWO).records
    assert record.energy_kwh == pytest.approx(TWO_KWH, rel=1e-12)
    assert (record.hours, record.device_hours) == (pytest.approx(210 / 3600), pytest.approx(420 / 3600))
    assert (record.start, record.end) == (1795252200.5, 1795252411.5)


def test_a_log_without_gpus_is_refused_and_keeps_its_time(tmp_path):
    found = read(tmp_path, (DATA / "0.16.0-no-gpu.csv").read_bytes())
    assert codes(found) == [("CG501", 1)]
    (record,) = found.records
    assert (record.energy_kwh, record.hours) == (None, pytest.approx(2.00024151802063 / 3600))


def test_of_windows_in_each_other_the_outermost_counts(tmp_path):
    inner = b"1795252210.5,step,10.0,3000.0,2900.0\n1795252230.5,step,10.0,3010.0,2910.0\n"
    found = read(tmp_path, HEADER + inner + TWO[len(HEADER) :])  # the inner windows end first
    assert total([found]) == pytest.approx(TWO_KWH, rel=1e-12)
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 2), ("merged", 3)]
    assert found.records[0].lines == (4, 5)


def test_windows_that_overlap_in_part_are_refused(tmp_path):
    found = read(tmp_path, TWO + b"1795252350.5,other,100.0,30000.5,28000.0\n")
    assert codes(found) == [("CG504", 4)]


def test_a_window_cannot_use_more_than_the_one_it_lies_in(tmp_path):
    found = read(tmp_path, TWO + b"1795252210.5,step,50.0,33000.5,1000.0\n")
    assert codes(found) == [("CG504", 4)]


def test_the_same_row_counts_once(tmp_path):
    found = read(tmp_path, REPO + REPO.splitlines(keepends=True)[-1])
    assert total([found]) == pytest.approx(0.007340687222220004, rel=1e-12)
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 11)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"1795252500.5,epoch 3,100.0,,28000.5\n", "CG510"),
        (b"1795252500.5,epoch 3,100.0,3e4 J,28000.5\n", "CG503"),
        (b"1795252500.5,epoch 3,100.0,-5.0,28000.5\n", "CG503"),
        (b"1795252500.5,epoch 3,,30000.5,28000.5\n", "CG503"),
        (b"1795252500.5,epoch 3,100.0,30000.5\n", "CG502"),
        (b"1795252500.5,epoch 3,100.0,30000.5,30000.5\n", "CG504"),
        (b"1795252500.5,100.0,30000.5,28000.5,28000.5\n", "CG504"),
        (b"1795252500.5,epoch 3,0.01,0.0,1.2\n", "CG510"),
        (b"1795252500.5,epoch 3,100.0,30000.5,2800", "CG519"),
    ],
)
def test_rows_that_are_not_whole_are_named_with_their_line(row, code, tmp_path):
    assert (code, 4) in codes(read(tmp_path, TWO + row))


def test_columns_of_releases_to_come_are_not_guessed_at(tmp_path):
    found = read(tmp_path, b"start_time,window_name,elapsed_time,gpu0_energy,cpu0_energy\n1.0,a,10.0,1000.0,500.0\n")
    assert (codes(found), found.records) == ([("CG502", 1)], [])


@pytest.mark.parametrize(
    "change", [lambda b: b"\xef\xbb\xbf" + b, lambda b: b.replace(b"\n", b"\r\n"), lambda b: b.decode().encode("utf-16")]
)
def test_files_saved_by_other_programs_say_the_same(change, tmp_path):
    assert total([read(tmp_path, change(REPO))]) == pytest.approx(0.007340687222220004, rel=1e-12)


@pytest.mark.parametrize("content", [REPO, TWO])
def test_damage_gives_the_right_total_or_a_problem(content, tmp_path):
    expected = total([read(tmp_path, content)])
    assert is_safe([read(tmp_path, reordered(content))], expected)
    assert unsafe(zeus, tmp_path, "log.csv", with_damaged_fields(content), expected) == []
    assert unsafe_cuts(zeus, tmp_path, "log.csv", content) == []


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes_below_a_header_give_data_or_problems(tmp_path_factory, content):
    found = read(tmp_path_factory.mktemp("any"), HEADER + content)
    assert all(line >= 1 for line in placed([found]))


def test_other_tables_are_not_recognised(tmp_path):
    assert readings(zeus, tmp_path, {"a.csv": b"start_time,elapsed_time,gpu0_energy\n1,2,3\n", "b.csv": b""}) == []


def test_a_column_that_lost_its_name_is_refused(tmp_path):
    found = read(tmp_path, TWO.replace(b"gpu0_energy", b""))
    assert (codes(found)[0], found.records) == (("CG502", 2), [])


def test_a_time_or_an_energy_that_no_run_has_is_refused(tmp_path):
    assert ("CG503", 2) in codes(read(tmp_path, HEADER + b"1795252200.5,epoch 1,1e12,0.0,0.0\n"))
    found = read(tmp_path, HEADER + b"1795252200.5,epoch 1,0.5,3.7e15,28000.5\n")  # 3.6e15 J are a terawatt hour
    assert (codes(found), found.records) == ([("CG503", 2)], [])


@pytest.mark.parametrize("start", [b"999999999999999999999999", b"4000000001", b"inf", b"nan"])
def test_a_window_that_starts_when_no_clock_does_is_refused(start, tmp_path):
    found = read(tmp_path, TWO.replace(b"1795252200.5", start))
    assert codes(found) == [("CG503", 2)]


def test_a_window_days_from_the_others_may_lie_in_one_of_them(tmp_path):
    found = read(tmp_path, TWO.replace(b"1795252200.5", b"1794252200.5") + b"1795252500.5,epoch 3,100.0,30000.5,28000.0\n")
    assert codes(found) == [("CG518", 2)]


def test_a_header_that_no_line_end_follows_is_refused(tmp_path):
    assert codes(read(tmp_path, REPO.replace(b"\n", "\u2028".encode(), 1))) == [("CG502", 1)]
