"""Windows in and after each other, and files of more of them than are kept."""

from __future__ import annotations

import pytest

from cardgen.records.record import Reading
from cardgen.records.source import Unreadable
from cardgen.records.windows import Window, Windows

START = 1_800_000_000.0


def filled(most: int, *windows: tuple[float, float, float]) -> Windows:
    """Return windows by start, seconds and J, each on its line."""
    found = Windows(most)
    for line, (start, seconds, joules) in enumerate(windows, 2):
        found.add(Window(START + start, seconds, (joules, 2 * joules), line))
    return found


def test_windows_that_are_no_longer_kept_add_up_as_those_that_are():
    windows = [(index * 10.0, 9.0, 100.0 + index) for index in range(50)]
    kept, folded = filled(1_000, *windows).whole(Reading("a", "a")), filled(7, *windows).whole(Reading("a", "a"))
    assert kept == folded
    assert kept.joules == (6225.0, 12450.0)  # 50 × 100 + 49 × 50 / 2
    assert (kept.seconds, kept.start, kept.end, kept.lines) == (450.0, START, START + 499.0, (*range(2, 22), 51))


def test_factors_make_joules_of_what_each_meter_counts():
    assert filled(5, (0, 9, 100), (10, 9, 300)).whole(Reading("a", "a"), [1.0, 0.5]).joules == (400.0, 400.0)


def test_of_windows_in_each_other_the_outermost_counts():
    reading = Reading("a", "a")
    assert filled(5, (2, 3, 50), (0, 9, 100)).whole(reading).joules == (100.0, 200.0)
    assert [note.line for note in reading.notes] == [2]


def test_windows_in_each_other_are_refused_where_they_are_too_many_to_be_kept():
    with pytest.raises(Unreadable) as error:
        filled(3, (0, 9, 1), (10, 9, 1), (20, 9, 1), (22, 3, 1), (30, 9, 1))
    assert (error.value.problem.code, error.value.problem.line) == ("CG505", 5)


@pytest.mark.parametrize(
    ("starts", "most", "line"),
    [
        ((0, 10, 8 * 86_400), 50, 4),
        ((-8 * 86_400, 0, 10), 50, 2),
        ((0, 10, 8 * 86_400), 2, 4),
        ((0, 10, 6 * 86_400), 50, None),
        ((0, 10, 6 * 86_400), 2, None),
    ],
)
def test_a_window_far_from_the_others_is_named(starts, most, line):
    reading = Reading("a", "a")
    filled(most, *((start, 9, 100) for start in starts)).whole(reading)
    assert [(problem.code, problem.line) for problem in reading.problems] == ([("CG518", line)] if line else [])
