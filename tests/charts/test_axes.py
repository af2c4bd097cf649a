"""Axes and where values stand on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.charts import style
from cardgen.charts.axes import linear_axis, log_axis, place, reach, shown_ticks
from cardgen.charts.chart import Row


@pytest.mark.parametrize(
    ("largest", "labels"),
    [
        (23000, ["0", "5", "10", "15", "20", "25 MWh"]),
        (0.7, ["0", "200", "400", "600", "800 Wh"]),
        (1000, ["0", "0.2", "0.4", "0.6", "0.8", "1 MWh"]),
    ],
)
def test_a_linear_axis_goes_from_zero_in_round_steps(largest, labels):
    assert [label for _, label in linear_axis([largest, 1e-6], "kWh").ticks] == labels


def test_without_a_value_above_zero_there_is_no_axis():
    assert linear_axis([0.0], "kWh") is None and linear_axis([], "kWh") is None and log_axis([0.0], "kWh") is None


def test_a_log_axis_has_a_line_at_each_power_of_ten():
    assert log_axis([20, 30000], "kWh").ticks == ((10, "10 kWh"), (100, "100 kWh"), (1e3, "1 MWh"), (1e4, "10 MWh"), (1e5, "100 MWh"))


@given(st.floats(1e-12, 1e15), st.floats(1, 1e12))
def test_values_stand_on_their_axis_and_labels_do_not_touch(value, factor):
    for axis in (linear_axis([value, value * factor], "kWh"), log_axis([value, value * factor], "kWh")):
        assert 2 <= len(axis.ticks) <= 14
        assert style.LEFT <= place(axis, value) <= place(axis, value * factor) <= style.RIGHT
        assert shown_ticks(axis)


def test_an_interval_that_its_mark_hides_is_not_drawn():
    axis = log_axis([1, 1e6], "kWh")
    assert reach(axis, Row("a", "", value=100.0, low=99.0, high=101.0, shape="dot")) is None
    low, high = reach(axis, Row("a", "", value=100.0, low=10.0, high=1000.0, shape="dot"))
    assert low < place(axis, 100.0) < high
