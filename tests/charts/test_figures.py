"""From figures to rows."""

import math

import pytest
from chart_documents import figure

from cardgen.charts.figures import Item, add, fewer, in_step, is_wide, panels, scale_words, source, table
from cardgen.charts.figures import figure as known


@pytest.mark.parametrize("found", [None, {}, {"value": None}, {"value": math.nan}, {"value": math.inf}, 3])
def test_what_is_no_figure_is_unknown(found):
    assert known(found) is None


def test_zero_is_a_figure():
    assert known(figure(0.0)) == figure(0.0)


def test_a_sum_has_the_weakest_basis_and_all_sources():
    total = add([figure(1.0, basis="measured", sources=("run",)), figure(2.0, basis="assumed", sources=("owid",))])
    assert (total["value"], total["basis"], total["sources"]) == (3.0, "assumed", ["owid", "run"])
    assert add([]) is None


def test_many_items_become_the_six_largest_and_the_others():
    items = [Item(f"phase {i}", figure(float(i))) for i in range(2000)]
    kept = fewer(items)
    assert [item.label for item in kept] == [*(f"phase {i}" for i in range(1999, 1993, -1)), "1,994 others"]
    assert kept[-1].figure["value"] == sum(range(1994))


def test_others_tell_how_many_are_not_reported():
    items = [Item(f"phase {i}", figure(float(i + 1)) if i < 8 else None) for i in range(10)]
    assert fewer(items)[-1].label == "4 others, 2 of them not reported"
    gaps = [Item("known", figure(1.0)), *(Item("gap", None) for _ in range(9))]
    assert (fewer(gaps)[-1].label, fewer(gaps)[-1].figure) == ("4 others", None)


def test_values_within_a_factor_of_30_are_bars_from_zero():
    (panel,) = panels([("", in_step([Item("a", figure(3000.0)), Item("b", figure(100.0))], ("MWh", 1e3)))], "kWh")
    assert [row.shape for row in panel.rows] == ["bar", "bar"] and panel.axis.start == 0
    assert [row.words for row in panel.rows] == ["3 MWh", "0.1 MWh"]
    assert scale_words([panel]) == ""


def test_values_further_apart_are_dots_on_a_log_axis():
    items = [Item("a", figure(3001.0)), Item("b", figure(100.0))]
    (panel,) = panels([("", items)], "kWh")
    assert is_wide(items) and [row.shape for row in panel.rows] == ["dot", "dot"]
    assert [row.words for row in panel.rows] == ["3 MWh", "100 kWh"]
    assert scale_words([panel]) == "log scale, each line is ten times the one before"


def test_zero_is_shown_as_a_bar_and_said_on_a_log_axis():
    (bars,) = panels([("", [Item("a", figure(3.0)), Item("b", figure(0.0))])], "kWh")
    assert [(row.words, row.value) for row in bars.rows] == [("3 kWh", 3.0), ("0 kWh", 0.0)]
    (dots,) = panels([("", [Item("a", figure(3.0)), Item("b", figure(0.0))])], "kWh", log=True)
    assert [(row.words, row.value) for row in dots.rows] == [("3 kWh", 3.0), ("0 kWh", None)]


def test_what_is_not_reported_is_said_and_not_drawn():
    (panel,) = panels([("", [Item("a", figure(3.0)), Item("b", None)])], "kWh")
    assert (panel.rows[1].words, panel.rows[1].value) == ("not reported", None)


@pytest.mark.parametrize(("basis", "filled"), [("measured", True), ("declared", False), ("estimated", False), ("assumed", False)])
def test_only_what_is_measured_is_filled(basis, filled):
    (panel,) = panels([("", [Item("a", figure(3.0, basis=basis))])], "kWh")
    assert panel.rows[0].filled is filled and panel.rows[0].detail == f"2.7 to 3.3, {basis}"


def test_sources_are_named_by_publisher_and_year():
    document = {"factors_edition": "2026.11", "sources": {"ga-pue": {"publisher": "Green Algorithms, Cambridge", "year": "2025"}}}
    assert source(document, [figure(1.0, sources=("run", "ga-pue", "own")), None]) == (
        "Source: run file and factor tables 2026.11: Green Algorithms 2025, own."
    )
    assert source(document, [figure(1.0)]) == "Source: run file."


def test_the_table_says_what_the_picture_shows():
    assert table([Item("host", figure(2000.0), group="Training"), Item("other", None)], "Component", "Phase") == (
        ("Phase", "Component", "Value", "90 % interval", "Basis"),
        (("Training", "host", "2 MWh", "1.8 to 2.2", "measured"), ("Training", "other", "not reported", "", "")),
    )
