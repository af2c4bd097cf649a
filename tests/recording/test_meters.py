"""Energy from counters and from power, by hand arithmetic."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.recording.meters import Meter
from cardgen.recording.sampling import Sampler


def played(series, **options):
    """Return a meter that has read these values, one each second; an exception is raised, not read."""
    values = iter(series)

    def read():
        value = next(values)
        if isinstance(value, Exception):
            raise value
        return value

    meter = Meter("processors", "package-0", "RAPL", read, **options)
    for second in range(len(series)):
        meter.sample(float(second))
    return meter


def test_a_counter_gives_the_difference_of_its_states():
    assert played([5_000_000, 65_000_000, 130_000_000], step_j=1e-6).joules == pytest.approx(125)


def test_a_counter_that_wraps_goes_on():
    # 262143.3 J is its range: 143.3 J up to the end, then 56.7 J.
    meter = played([262_000_000_000, 56_671_150], step_j=1e-6, wraps_at=262_143_328_850)
    assert meter.joules == pytest.approx(200)
    assert meter.covered(0, 1) == 1


def test_power_is_integrated_by_trapezoid():
    assert played([100, 200, 300]).joules == pytest.approx(150 + 250)


def test_a_counter_that_starts_again_loses_the_time_between_two_readings():
    meter = played([10_000, 20_000, 500, 10_500], step_j=1e-3)
    assert meter.joules == pytest.approx(20)
    assert meter.resets == 1
    assert meter.covered(0, 3) == pytest.approx(2 / 3)


def test_a_counter_that_did_not_answer_for_a_while_has_lost_nothing():
    meter = played([0, RuntimeError("lost"), RuntimeError("lost"), 90_000], step_j=1e-3)
    assert (meter.joules, meter.failures, meter.covered(0, 3)) == (pytest.approx(90), 2, 1)


def test_a_sensor_that_never_answers_again_covers_the_time_until_then():
    assert played([0, 30_000, *[RuntimeError("lost")] * 8], step_j=1e-3).covered(0, 9) == pytest.approx(1 / 9)


def test_power_over_a_long_gap_is_not_known():
    meter = Meter("accelerators", "GPU 0", "NVML", lambda: 300.0)
    meter.sample(0)
    meter.sample(60)
    assert meter.covered(0, 60) == 0


def test_a_counter_that_was_not_read_for_longer_than_a_round_is_not_known():
    meter = Meter("processors", "package-0", "RAPL", lambda: 1000, step_j=1e-6, wraps_at=65_532_610_987)
    meter.sample(0)
    meter.sample(66)  # 65532 J at 1000 W are 65.5 s
    assert meter.covered(0, 66) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1])
def test_what_is_no_reading_is_a_failure(value):
    assert played([value]).failures == 1


@given(st.lists(st.integers(0, 40_000), min_size=2, max_size=40))
def test_a_counter_that_wraps_adds_up_to_its_steps(steps):
    states = [0]
    for step in steps:
        states.append((states[-1] + step) % 65_533)
    assert played(states, step_j=1.0, wraps_at=65_533).joules == sum(steps)


def test_the_sampler_reads_at_the_start_in_between_and_at_the_end():
    clock = iter(range(0, 10_000_000, 1000))
    meter = Meter("accelerators", "GPU 0", "NVML", lambda: next(clock), step_j=1e-3)
    sampler = Sampler([meter], 0.02)
    sampler.start()
    time.sleep(0.3)
    sampler.stop()
    assert meter.joules >= 5
    assert meter.covered(sampler.start_clock, sampler.end_clock) > 0.99


def test_the_sampler_reads_a_counter_that_wraps_soon_more_often():
    meter = Meter("processors", "package-0", "RAPL", lambda: 0, step_j=1e-6, wraps_at=65_532_610_987)
    assert Sampler([meter], 600).interval_s == pytest.approx(65.53 / 2, rel=1e-3)


def test_a_driver_that_hangs_does_not_hold_up_the_end(monkeypatch):
    monkeypatch.setattr("cardgen.recording.sampling.LONGEST_ANSWER_S", 0.1)
    hanging, over = threading.Event(), threading.Event()

    def read():
        if threading.current_thread().name == "cardgen-recording":
            hanging.set()
            over.wait(30)
        return 0

    meter = Meter("accelerators", "GPU 0", "NVML", read, step_j=1e-3)
    sampler = Sampler([meter], 0.01)
    sampler.start()
    hanging.wait(10)
    sampler.stop()
    assert meter.covered(sampler.start_clock, sampler.end_clock) < 0.99
    over.set()


def test_sampling_once_per_second_costs_less_than_a_hundredth_of_a_processor():
    meters = [Meter("accelerators", f"GPU {n}", "NVML", lambda: 1, step_j=1e-3) for n in range(16)]
    sampler = Sampler(meters, 1.0)
    before = time.process_time()
    for _ in range(100):
        sampler._sample()
    assert (time.process_time() - before) / 100 < 0.01
