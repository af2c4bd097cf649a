"""Energy of sampled power: the trapezoid, and what is said of gaps, disorder and clocks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers.nvidia_smi.ticks import Row, numbered
from cardgen.records.record import Reading
from cardgen.records.samples import OutOfOrder, Samples, Summary


def summary(*samples: tuple[str, float, float], keep: bool = False, is_local: bool = False) -> tuple[Summary, Reading]:
    reading, found = Reading("log", "test"), Samples(keep, is_local)
    for line, (device, time, power) in enumerate(samples, 2):
        found.add(device, time, power, line)
    return found.summary(reading), reading


def codes(reading: Reading) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in reading.problems]


def test_energy_is_the_trapezoid_of_each_device() -> None:
    found, reading = summary(("a", 0, 100), ("b", 0, 300), ("a", 10, 200), ("b", 10, 300), ("a", 30, 200), ("b", 30, 300))
    joules = 10 * (100 + 200) / 2 + 20 * 200 + 30 * 300
    assert found.energy_kwh == pytest.approx(joules / 3.6e6, rel=1e-12)
    assert (found.hours, found.device_hours) == (30 / 3600, 60 / 3600)
    assert found.lines == (2, 7)
    assert codes(reading) == []


def test_one_sample_is_no_energy_and_not_zero() -> None:
    found, _ = summary(("a", 0, 100))
    assert (found.energy_kwh, found.hours, found.lines) == (None, None, ())


def test_lines_are_those_of_devices_with_energy_in_any_order() -> None:
    found, _ = summary(("alone", 0, 100), ("a", 20, 100), ("a", 0, 100), ("a", 10, 100), ("late", 10, 100), keep=True)
    assert found.lines == (3, 5)


def test_a_sample_that_is_late_asks_for_the_file_again_and_is_then_sorted() -> None:
    rows = [("a", 0, 100), ("a", 20, 300), ("a", 10, 200), ("a", 30, 300)]
    with pytest.raises(OutOfOrder):
        summary(*rows)
    found, reading = summary(*rows, keep=True)
    assert found.energy_kwh == pytest.approx((10 * 150 + 10 * 250 + 10 * 300) / 3.6e6, rel=1e-12)
    assert codes(reading) == [("CG518", 4)]


def test_the_same_sample_again_is_dropped_with_a_note() -> None:
    found, reading = summary(("a", 0, 100), ("a", 10, 100), ("a", 10, 100), ("a", 20, 100))
    assert found.energy_kwh == pytest.approx(20 * 100 / 3.6e6)
    assert [(note.kind, note.line) for note in reading.notes] == [("merged", 4)]


def test_a_gap_is_reported_with_its_line_its_length_and_its_share() -> None:
    found, reading = summary(*(("a", time, 100) for time in (0, 10, 20, 30, 630, 640)))
    assert found.energy_kwh == pytest.approx(640 * 100 / 3.6e6)
    assert codes(reading) == [("CG518", 6)]
    assert "10 min" in reading.problems[0].message and "93.8% of the energy" in reading.problems[0].message
    assert found.gap_share == 600 / 640
    assert found.basis == "estimated"


def test_a_gap_of_all_devices_is_one_gap() -> None:
    _, reading = summary(*((device, time, 100) for time in (0, 10, 20, 500, 510) for device in "abcdefgh"))
    assert len(reading.problems) == 1
    assert "of 8 devices" in reading.problems[0].message


def test_a_device_that_ends_early_is_reported() -> None:
    rows = [(device, time, 100) for time in range(50) for device in "ab" if device == "a" or time < 20]
    _, reading = summary(*rows)
    assert [code for code, _ in codes(reading)] == ["CG518"]
    assert "30 s before those of the others" in reading.problems[0].message


def test_the_end_of_summer_time_is_no_gap_and_no_disorder() -> None:
    clock = [*range(0, 7200, 10), *range(3600, 7200, 10)]  # 2:00 to 4:00, of which the hour from 3:00 twice
    found, reading = summary(*(("a", time, 360) for time in clock), keep=True, is_local=True)
    assert found.energy_kwh == pytest.approx((10800 - 10) * 360 / 3.6e6, rel=1e-12)
    assert codes(reading) == [("CG518", 722)]


def test_rows_of_a_moment_are_the_devices_in_their_order() -> None:
    rows = [Row(None, tick + gpu / 1000, 100.0 * gpu, 2 + 4 * tick + gpu) for tick in range(10) for gpu in range(4)]
    assert [row.device for row in numbered(rows, Reading("log", "test"))] == [0, 1, 2, 3] * 10


def test_a_moment_that_lacks_a_row_is_left_out_and_named() -> None:
    rows = [Row(None, tick, 100.0, 2 + 4 * tick + gpu) for tick in range(20) for gpu in range(4)]
    reading = Reading("log", "test")
    assert len(list(numbered(rows[:42] + rows[43:], reading))) == 76
    assert codes(reading) == [("CG510", 42)]


def test_rows_of_one_device_are_one_device_even_with_a_gap() -> None:
    rows = [Row(None, tick + (3600 if tick > 50 else 0), 100.0, 2 + tick) for tick in range(200)]
    assert {row.device for row in numbered(rows, Reading("log", "test"))} == {0}


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 1000)), min_size=2, max_size=40, unique_by=lambda sample: sample[0]))
def test_the_order_of_samples_never_changes_the_energy(rows: list[tuple[int, int]]) -> None:
    ordered = sorted(rows)
    joules = math.fsum((b - a) * (p + q) / 2 for (a, p), (b, q) in zip(ordered, ordered[1:]))
    found, _ = summary(*(("a", time, power) for time, power in rows), keep=True)
    assert found.energy_kwh == pytest.approx(joules / 3.6e6, rel=1e-9, abs=1e-15)
