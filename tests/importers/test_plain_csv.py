"""Tables whose columns the user names: units, counters, totals, power over time, and what is never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import plain_csv
from cardgen.records.record import Reading
from cardgen.records.source import Source

from .damage import cuts, reordered
from .json_damage import FEW, said

RUNS = "name,used,co2,secs\na,1500,30,3600\nb,250,5,1800\na,500,10,1800\n"
NAMED = {"run": "name", "energy": "used:Wh", "emissions": "co2:g", "duration": "secs:s"}
COUNTER = "time,kwh\n2025-01-01 00:00:00,0.5\n2025-01-01 01:00:00,1.5\n2025-01-01 02:00:00,3.0\n"
POWER = "t,gpu,watts\n0,A,100\n0,B,200\n1800,A,300\n1800,B,200\n3600,A,100\n3600,B,200\n"


def table(folder: Path, content: str | bytes, **columns: str) -> Reading:
    """Return the reading of a table with these columns."""
    (folder / "table.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return plain_csv.read_with([Source("table.csv", folder / "table.csv")], columns)[0]


def energies(reading: Reading) -> dict[str, float | None]:
    return {record.run: record.energy_kwh for record in reading.records}


def test_rows_of_a_run_add_up(tmp_path):
    reading = table(tmp_path, RUNS, **NAMED)
    assert energies(reading) == {"a": 2.0, "b": 0.25}
    first = reading.records[0]
    assert (first.emissions_kg, first.hours, first.lines) == (pytest.approx(0.04), pytest.approx(1.5), (2, 4))
    assert (said(reading), first.basis, first.boundary) == ([("CG522", 2, "warning")], "estimated", "node")
    assert "the node is assumed" in first.reason and "--boundary" in reading.problems[0].hint


@pytest.mark.parametrize(
    ("header", "energy"),
    [
        ("energy_kwh", 2.0),
        ("Energy (Wh)", 0.002),
        ("energy [MJ]", 2 / 3.6),
        ("E_J", 2 / 3.6e6),
        ("used Wh", 0.002),
        ("kWh", 2.0),
        (" Wh ", 0.002),
        ("J", 2 / 3.6e6),
    ],
)
def test_a_unit_in_the_header_is_taken(tmp_path, header, energy):
    assert table(tmp_path, f"run,{header}\na,2\n", energy=header.strip()).records[0].energy_kwh == pytest.approx(energy, rel=1e-12)


@pytest.mark.parametrize("header", ["energy", "energy_mwh", "energy_total", "kwh2"])
def test_a_unit_is_never_guessed(tmp_path, header):
    reading = table(tmp_path, f"{header}\n2\n", energy=header)
    assert (said(reading), reading.records) == ([("CG503", 2, "error")], [])
    assert reading.problems[0].hint == f'write it as in: --column "energy={header}:kWh"'


def test_cells_with_units_of_their_own_are_read(tmp_path):
    assert table(tmp_path, "energy\n2 Wh\n1 kWh\n", energy="energy").records[0].energy_kwh == pytest.approx(1.002)


def test_a_unit_of_another_kind_is_refused(tmp_path):
    reading = table(tmp_path, RUNS, energy="used:W")
    assert said(reading) == [("CG503", 1, "error")]
    assert reading.problems[0].hint == 'W is a unit of power: --column "power=used:W" and the time: --column "time=HEADER"'


def test_a_unit_that_is_not_known_is_quoted_as_it_was_written(tmp_path):
    (problem,) = table(tmp_path, RUNS, energy="used:Wattstunden").problems
    assert problem.message == 'energy: "Wattstunden" is no unit of energy that is known'
    assert problem.hint == 'write it as in: --column "energy=used:kWh"'


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    reading = table(tmp_path, RUNS, energy="usage:Wh")
    assert (said(reading), reading.problems[0].hint) == ([("CG502", 1, "error")], "it has name, used, co2, secs")


@pytest.mark.parametrize("role", ["enrgy", "rows"])
def test_an_unknown_role_or_rule_is_refused(tmp_path, role):
    assert said(table(tmp_path, RUNS, **{role: "used:Wh"})) == [("CG503", 1, "error")]


def test_energy_that_grows_is_asked_about(tmp_path):
    reading = table(tmp_path, COUNTER, energy="kwh:kWh", time="time")
    assert said(reading) == [("CG504", 4, "error")]
    assert "rows=last" in reading.problems[0].hint
    last, parts = (table(tmp_path, COUNTER, energy="kwh:kWh", time="time", rows=rule).records[0] for rule in ("last", "sum"))
    assert ((last.energy_kwh, last.lines), (parts.energy_kwh, parts.lines)) == ((3.0, (4,)), (5.0, (2, 3, 4)))


def test_a_counter_in_another_order_is_the_same_counter(tmp_path):
    mixed = reordered(COUNTER.encode(), seed=3)
    assert said(table(tmp_path, mixed, energy="kwh:kWh", time="time"))[0][0] == "CG504"
    assert table(tmp_path, mixed, energy="kwh:kWh", time="time", rows="last").records[0].energy_kwh == 3.0
    backwards = "kwh\n3\n1\n"
    assert said(table(tmp_path, backwards, energy="kwh:kWh", rows="last")) == [("CG504", 3, "error")]


def test_a_row_that_is_the_total_of_the_others_is_refused(tmp_path):
    assert said(table(tmp_path, "what,kwh\nb,5\na,2\nTotal,7\n", energy="kwh:kWh")) == [("CG504", 4, "error")]


def test_power_over_time_is_integrated_device_by_device(tmp_path):
    reading = table(tmp_path, POWER, power="watts:W", time="t:s", device="gpu")
    record = reading.records[0]
    # A: 200 W on average, B: 200 W, for an hour each
    assert (record.energy_kwh, record.hours, record.device_hours) == (pytest.approx(0.4, rel=1e-12), 1.0, 2.0)
    assert [device.name for device in record.devices] == ["A", "B"]
    assert (record.lines, said(reading)) == ((2, 7), [("CG522", 2, "warning")])
    mixed = table(tmp_path, reordered(POWER.encode()), power="watts:W", time="t:s", device="gpu")
    assert mixed.records[0].energy_kwh == pytest.approx(0.4, rel=1e-12)


def test_power_at_dates_has_a_start_and_an_end(tmp_path):
    rows = "when,power [kW]\n2025-01-01T00:00:00,1\n2025-01-01T00:30:00,1\n2025-01-01T01:00:00,1\n"
    record = table(tmp_path, rows, power="power [kW]", time="when").records[0]
    assert (record.energy_kwh, record.start, record.end) == (pytest.approx(1.0, rel=1e-12), 1735689600.0, 1735693200.0)


def test_power_and_duration_of_a_row_are_its_energy(tmp_path):
    assert table(tmp_path, "w,s\n100,3600\n200,1800\n", power="w:W", duration="s:s").records[0].energy_kwh == pytest.approx(0.2)


def test_power_without_time_is_said_once_with_the_column_that_is_lacking(tmp_path):
    (problem,) = table(tmp_path, "Zeitpunkt,gpu,watts\n0,A,100\n1800,A,300\n", power="watts:W").problems
    assert (problem.code, problem.line, problem.message) == ("CG501", 1, "power alone is no energy: the time of each row is needed")
    assert problem.hint == 'add --column "time=Zeitpunkt", or --column "duration=HEADER:s"; the table has Zeitpunkt, gpu'
    assert '"time=HEADER"' in table(tmp_path, "a,W\n0,100\n", power="W").problems[0].hint


def test_rows_of_power_out_of_order_name_the_lines_of_all(tmp_path):
    reading = table(tmp_path, "t,W\n3600,100\n0,100\n1800,100\n", power="W", time="t:s")
    assert (reading.records[0].energy_kwh, reading.records[0].lines) == (pytest.approx(0.1), (2, 4))


def test_a_time_without_a_unit_is_never_guessed(tmp_path):
    assert said(table(tmp_path, POWER, power="watts:W", time="t")) == [("CG503", 2, "error")]


def test_a_missing_energy_is_left_out_and_named(tmp_path):
    reading = table(tmp_path, "kwh\n1\n-\n2\n", energy="kwh:kWh", rows="sum")
    assert (reading.records[0].energy_kwh, reading.notes[0].line) == (3.0, 3)
    assert said(reading) == [("CG510", 3, "warning"), ("CG522", 2, "warning")]


@pytest.mark.parametrize(("cell", "code"), [("31O", "CG503"), ("-1", "CG503"), ("1,000", "CG502"), ("1 kW", "CG503")])
def test_a_cell_that_is_no_energy_is_refused(tmp_path, cell, code):
    assert said(table(tmp_path, f"kwh\n1\n{cell}\n", energy="kwh:kWh"))[0] == (code, 3, "error")


def test_no_energy_at_all_is_an_error(tmp_path):
    assert said(table(tmp_path, RUNS, emissions="co2:g"))[-1][0] == "CG501"
    assert said(table(tmp_path, "kwh\n-\n", energy="kwh:kWh"))[-1][0] == "CG501"
    assert said(table(tmp_path, "kwh\n", energy="kwh:kWh"))[-1][0] == "CG501"


def test_a_pue_is_the_one_that_is_inside(tmp_path):
    record = table(tmp_path, "kwh,p\n2,1.25\n", energy="kwh:kWh", pue="p").records[0]
    assert (record.energy_kwh, record.pue, record.boundary) == (2.0, 1.25, "facility")
    assert said(table(tmp_path, "kwh,p\n2,1.25\n", energy="kwh:kWh", pue="p")) == []  # the facility is what the energy covers
    assert said(table(tmp_path, "kwh,p\n2,1.25\n1,1.5\n", energy="kwh:kWh", pue="p")) == [("CG504", 2, "error")]


def test_decimal_commas_of_a_spreadsheet(tmp_path):
    assert table(tmp_path, "name;kWh\r\na;1,5\r\n", energy="kWh:kWh").records[0].energy_kwh == 1.5


@pytest.mark.parametrize(
    "stamps",
    [
        ("01.03.2026 12:30", "01.03.2026 13:30"),
        ("1.3.2026 12:30:00", "1.3.2026 13:30:00"),
        ("01.03.2026 12:30:00,0", "01.03.2026 13:30:00,0"),
    ],
)
def test_dates_of_a_spreadsheet_with_semicolons_begin_with_the_day(tmp_path, stamps):
    record = table(tmp_path, f"Zeit;Watt\n{stamps[0]};1000,0\n{stamps[1]};1000,0\n", power="Watt:W", time="Zeit").records[0]
    assert (record.energy_kwh, record.start, record.hours) == (pytest.approx(1.0), 1772368200.0, 1.0)  # 2026-03-01T12:30Z


@pytest.mark.parametrize("rows", ["t,W\n01.03.2026 12:30,1\n", "t;W\n03/01/2026 12:30;1\n", "t;W\n31.02.2026 12:30;1\n", "t;W\n1.3.26;1\n"])
def test_a_date_that_may_be_another_is_refused(tmp_path, rows):
    reading = table(tmp_path, rows, power="W", time="t")
    assert said(reading) == [("CG503", 2, "error")]
    assert reading.problems[0].hint == "write the year first, as in 2026-03-01 12:30"


@pytest.mark.parametrize(
    "rows",
    ['kWh\n"1,234.56"\n', 'kWh\n"1,234"\n', "kWh;a\n1.234,56;b\n", "kWh;a\n1.234.567;b\n", "kWh;a\n1 234,5;b\n", "kWh;a\n1'234,5;b\n"],
)
def test_thousands_that_are_set_apart_are_refused(tmp_path, rows):
    reading = table(tmp_path, rows, energy="kWh")
    assert said(reading) == [("CG503", 2, "error")]
    assert reading.problems[0].hint == "thousands separators are not read: export without them"


@pytest.mark.parametrize(
    ("rows", "line"),
    [("1.234;a\n0,5;a\n", 2), ("0,5;a\n1.234;a\n", 3), ("1.234 kWh;a\n0,5 kWh;a\n", 2), ("1.234;0,5\n", 2), ("1,234;a\n2.5;a\n", 2)],
)
def test_a_point_that_may_set_thousands_apart_is_refused_beside_decimal_commas(tmp_path, rows, line):
    reading = table(tmp_path, "kWh;more\n" + rows, energy="kWh", rows="sum")
    assert said(reading) == [("CG503", line, "error")]
    assert reading.problems[0].hint == "thousands separators are not read: export without them"


@pytest.mark.parametrize(
    ("rows", "energy"),
    [
        ("1.234;a\n2.5;a\n", 3.734),
        ("1,234;3.11\n2,5;3.11\n", 3.734),
        ("1,5 kWh;a\n", 1.5),
        ("0.123;a\n1,5;a\n", 1.623),
        ("1.5;a\n2,7;a\n", 4.2),
    ],
)
def test_points_and_commas_that_can_be_decimal_only_are_read(tmp_path, rows, energy):
    reading = table(tmp_path, "kWh;more\n" + rows, energy="kWh", rows="sum")
    assert (energies(reading), said(reading)) == ({"": pytest.approx(energy)}, [("CG522", 2, "warning")])


def test_power_with_a_point_that_may_set_thousands_apart_is_refused(tmp_path):
    assert said(table(tmp_path, "t;W\n0;1.234\n60;900,5\n", power="W", time="t:s")) == [("CG503", 2, "error")]


def test_a_table_of_a_spreadsheet_that_is_not_utf_8_is_read_and_that_is_noted(tmp_path):
    rows = "Gerät;Verbrauch (kWh)\nMessgerät 1;1,5\n".encode("cp1252")
    reading = table(tmp_path, rows, energy="Verbrauch (kWh)", device="Gerät")
    assert (reading.records[0].energy_kwh, reading.records[0].devices[0].name) == (1.5, "Messgerät 1")
    assert [(note.kind, note.line) for note in reading.notes] == [("repaired", 1)]
    assert "Windows-1252" in reading.notes[0].reason


def test_the_roles_are_in_the_list_of_tools():
    assert all(role in plain_csv.TOOL.says for role in (*plain_csv.HEADERS, "rows=last", "rows=sum"))


def test_without_columns_nothing_is_read(tmp_path):
    (tmp_path / "table.csv").write_text(RUNS)
    source = Source("table.csv", tmp_path / "table.csv")
    assert not plain_csv.recognises(source)
    assert said(plain_csv.read([source])[0]) == [("CG503", 1, "error")]


def test_a_cut_file_is_a_shorter_one_or_said(tmp_path):
    whole = [{}, {"a": 1.5}, {"a": 1.5, "b": 0.25}, {"a": 2.0, "b": 0.25}]
    for cut in cuts(RUNS.encode()):
        reading = table(tmp_path, cut, **NAMED)
        assert {problem.code for problem in reading.problems} - {"CG522"} or energies(reading) in whole


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_header_are_read_or_refused(tmp_path, rest):
    table(tmp_path, RUNS.encode() + rest, **NAMED)
    table(tmp_path, POWER.encode() + rest, power="watts:W", time="t:s", device="gpu")


@pytest.mark.parametrize(
    ("cells", "refused"), [("1.000", True), ("1.000\nb;2.5", False), ("1.5", False), ("0.125", False), ("1,000", False)]
)
def test_a_point_that_may_set_thousands_apart_is_refused_where_no_other_cell_tells(cells, refused, tmp_path):
    reading = table(tmp_path, f"name;kwh\na;{cells}\n", energy="kwh:kWh")
    assert (("CG503", 2, "error") in said(reading)) == refused


def test_amounts_that_no_run_has_are_refused(tmp_path):
    assert said(table(tmp_path, "kwh\n2e9\n", energy="kwh:kWh"))[0] == ("CG503", 2, "error")
    assert said(table(tmp_path, "kwh,s\n1,1e12\n", energy="kwh:kWh", duration="s:s"))[0] == ("CG503", 2, "error")
    assert said(table(tmp_path, "kwh\n6e8\n7e8\n", energy="kwh:kWh", rows="sum"))[0] == ("CG503", 2, "error")
