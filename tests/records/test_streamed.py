"""Rows that are looked at once: which stood before, what they add up to, and lines that no tool writes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.records.record import Reading
from cardgen.records.source import LOG_LINE, Source, Unreadable
from cardgen.records.streamed import Lines, Seen, Spans, Total, named_or_empty


@given(st.lists(st.integers(0, 5_000), max_size=3_000))
def test_a_key_that_came_before_is_known_with_its_line(keys):
    seen, known = Seen(), {}
    for line, key in enumerate(keys, 1):
        assert seen.first(key, line) == known.setdefault(key, line)


def test_a_key_whose_hash_is_zero_is_no_other_key():
    seen = Seen()
    assert [seen.first(key, line) for line, key in enumerate((0, 1, 0), 1)] == [1, 2, 1]


def test_many_keys_are_told_apart():
    seen = Seen()
    assert [line for line in range(1, 20_001) if seen.first((line, "row"), line) != line] == []
    assert [seen.first((line, "row"), 30_000) for line in (1, 7_000, 20_000)] == [1, 7_000, 20_000]


def test_a_file_of_too_many_rows_says_from_where_on_they_are_not_compared():
    seen, reading = Seen(most=3), Reading("a.csv", "a")
    assert [seen.first(key, line) for line, key in enumerate("abcdda", 1)] == [1, 2, 3, 4, 5, 1]
    seen.report(reading)
    assert [(problem.code, problem.line) for problem in reading.problems] == [("CG510", 4)]


def test_of_many_rows_that_stand_twice_the_first_are_noted_one_by_one():
    seen, reading = Seen(), Reading("a.csv", "a")
    assert [seen.is_again("row", line, reading) for line in range(1, 101)] == [False] + [True] * 99
    assert sum(note.count for note in reading.notes) == 99 and len(reading.notes) < 50
    assert (reading.notes[0].line, reading.notes[0].reason) == (2, "the same row as on line 1")


@given(st.lists(st.floats(-1e12, 1e12), max_size=200))
def test_a_sum_of_numbers_one_by_one_is_that_of_all(numbers):
    total = Total()
    for number in numbers:
        total.add(number)
    assert total.count == len(numbers)
    assert total.value == pytest.approx(math.fsum(numbers), rel=1e-12, abs=1e-12)


def test_the_first_lines_and_the_last_are_named():
    lines = Lines()
    for line in range(2, 102):
        lines.add(line)
    assert lines.named == (*range(2, 22), 101)


def test_the_ordinary_time_and_the_longest_ones_are_kept():
    spans = Spans()
    for line in range(100_000):
        spans.add(70.0 if line in (50, 90_000) else 10.0, line)
    assert (spans.usual, spans.above(17.0)) == (10.0, [(70.0, 50), (70.0, 90_000)])


@pytest.mark.parametrize("line", [b"x" * (LOG_LINE + 1), b"a\x00b"])
def test_a_line_that_no_tool_writes_is_refused_with_its_number(line, tmp_path: Path):
    (tmp_path / "a.log").write_bytes(b"one\ntwo\n" + line + b"\nfour\n")
    with pytest.raises(Unreadable) as error:
        list(Source("a.log", tmp_path / "a.log").lines(LOG_LINE))
    assert (error.value.problem.code, error.value.problem.line) == ("CG505", 3)


def test_a_value_below_no_name_is_refused():
    check = named_or_empty(["a", "", "b", ""])
    check(["1", " ", "2", ""], 5)
    with pytest.raises(Unreadable) as error:
        check(["1", "", "2", "3"], 6)
    assert (error.value.problem.code, error.value.problem.line) == ("CG502", 6)


@pytest.mark.parametrize("end", [b"", b"\n", b"a"])  # a whole character, and half of one
def test_lines_of_a_file_in_utf_16_that_was_cut_are_lines_of_text(end, tmp_path):
    (tmp_path / "a.log").write_bytes("a\r\nb\n".encode("utf-16") + end)
    assert [text for _, text in Source("a.log", tmp_path / "a.log").lines(LOG_LINE)] == ["a", "b", *(["\ufffd"] if end else [])]
