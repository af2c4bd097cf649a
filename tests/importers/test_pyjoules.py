"""pyJoules: its table, what it prints, the unit of GPUs, counters that begin again, and damaged files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import pyjoules
from importers.damage import is_safe, placed, readings, reordered, total, unsafe, unsafe_cuts, with_damaged_fields

DATA = Path(__file__).parent / "data" / "pyjoules"
TABLE = (DATA / "0.5.1.csv").read_bytes()
KWH = 0.00668
# 3.76 s: 153.98 J of the package, and 192.276 J of the GPU, which is 51 W; microjoules would be 0.05 W
PRINTED = (
    b"begin timestamp : 1675697491.33; tag : foo; duration : 3.76; package_0 : 153976351.0; core_0 : 127869606.0; "
    b"uncore_0 : 0.0; nvidia_gpu_0 : 192276\n"
)
SECOND = PRINTED.replace(b"491.33", b"500.5").replace(b"192276", b"202276").replace(b"153976351", b"163976351")
PRINTED_KWH = (153.976351 + 192.276) / 3.6e6


def read(tmp_path: Path, content: bytes):
    (found,) = readings(pyjoules, tmp_path, {"result.csv": content})
    return found


def codes(found) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in found.problems]


def test_package_memory_and_gpu_add_up(tmp_path):
    found = read(tmp_path, TABLE)
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(KWH, rel=1e-12)
    assert record.components == {
        "processors": pytest.approx((62.5 + 2711.25 + 400) / 3.6e6),
        "memory": pytest.approx((5 + 180.75 + 30) / 3.6e6),
        "accelerators": pytest.approx((237.5 + 18316 + 2105) / 3.6e6),
    }
    assert (record.boundary, record.basis, record.hours) == ("node", "measured", pytest.approx(72.75 / 3600))
    assert (record.start, record.end, record.lines, found.problems) == (1763700000.12, 1763700072.87, (2, 3, 4), [])


def test_cores_lie_within_their_package_and_gpus_in_millijoules_are_seen_by_their_power(tmp_path):
    found = read(tmp_path, b"loading\n" + PRINTED)
    assert total([found]) == pytest.approx(PRINTED_KWH, rel=1e-12)
    assert codes(found) == [("CG510", 1), ("CG504", 2)]
    assert "millijoules, 51.1 W each" in found.problems[1].message


def test_a_file_of_gpus_alone_is_that_of_accelerators(tmp_path):
    (record,) = read(tmp_path, b"timestamp;tag;duration;nvidia_gpu_0\n1763700000.5;a;60.0;16522288\n").records
    assert (record.energy_kwh, record.boundary) == (pytest.approx(16522.288 / 3.6e6, rel=1e-12), "accelerators")


def test_a_data_frame_as_csv_says_the_same(tmp_path):
    rows = TABLE.replace(b";", b",").splitlines()
    framed = b"\n".join([b"," + rows[0], *(str(index).encode() + b"," + row for index, row in enumerate(rows[1:]))]) + b"\n"
    assert total([read(tmp_path, framed)]) == pytest.approx(KWH, rel=1e-12)


def test_a_function_measured_within_another_is_counted_once(tmp_path):
    inner = b"1763700010.5;step;5.0;200000000.0;10000000.0;1500000000\n"
    found = read(tmp_path, TABLE + inner)
    assert total([found]) == pytest.approx(KWH, rel=1e-12)
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 5)]


def test_the_platform_counts_where_there_is_no_package(tmp_path):
    rows = b"1763700000.5;a;100.0;4000000000.0;500000000.0\n"
    both = read(tmp_path, b"timestamp;tag;duration;psys_1;package_0\n" + rows)
    alone = read(tmp_path, b"timestamp;tag;duration;psys_1;core_0\n" + rows)
    assert (total([both]), total([alone])) == (pytest.approx(500 / 3.6e6), pytest.approx(4000 / 3.6e6))


@pytest.mark.parametrize("header", [b"core_0;uncore_0", b"dram_0;uncore_0"])
def test_parts_of_a_machine_are_not_its_energy(header, tmp_path):
    found = read(tmp_path, b"timestamp;tag;duration;" + header + b"\n1763700000.5;a;100.0;4000000000.0;500000000.0\n")
    assert codes(found) == [("CG501", 1)]
    assert (found.records[0].energy_kwh, found.records[0].hours) == (None, pytest.approx(100 / 3600))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"1763700100.5;a;10.0;-400000000.0;30000000.0;2105000000\n", "CG518"),
        (b"1763700100.5;a;10.0;None;30000000.0;2105000000\n", "CG510"),
        (b"1763700100.5;a;10.0;4O0000000.0;30000000.0;2105000000\n", "CG503"),
        (b"1763700100.5;a;ten;400000000.0;30000000.0;2105000000\n", "CG503"),
        (b"1763700100.5;a;b;10.0;400000000.0;30000000.0;2105000000\n", "CG502"),
        (b"1763700100.5;a;10.0;400000000.0;30000000.0;2105000\n", "CG504"),
        (b"1763700060.5;a;10.0;400000000.0;30000000.0;2105000000\n", "CG504"),
        (b"1763700100.5;a;0.01;0.0;0.0;0\n", "CG510"),
        (b"1763700100.5;a;10.0;400000000.0;30000000.0;210500000", "CG519"),
    ],
)
def test_rows_that_are_not_whole_are_named_with_their_line(row, code, tmp_path):
    assert (code, 5) in codes(read(tmp_path, TABLE + row))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (SECOND.replace(b"; uncore_0 : 0.0", b""), "CG502"),
        (SECOND.replace(b"uncore_0 : 0.0", b"core_0 : 0.0"), "CG502"),
        (SECOND.replace(b"163976351.0", b"lots"), "CG503"),
        (SECOND.replace(b"duration : 3.76", b"duration : "), "CG503"),
        (SECOND.replace(b"core_0 : 127869606", b"core_0 : 327869606"), "CG504"),
        (SECOND[:-3], "CG519"),
    ],
)
def test_printed_samples_that_are_not_whole_are_named_with_their_line(text, code, tmp_path):
    assert (code, 2) in codes(read(tmp_path, PRINTED + text))


def test_damage_gives_the_right_total_or_a_problem(tmp_path):
    assert is_safe([read(tmp_path, reordered(TABLE))], KWH)
    assert unsafe(pyjoules, tmp_path, "result.csv", with_damaged_fields(TABLE, ";"), KWH) == []
    assert unsafe_cuts(pyjoules, tmp_path, "result.csv", TABLE) == []
    assert unsafe_cuts(pyjoules, tmp_path, "out.txt", PRINTED + SECOND) == []


@given(st.binary(max_size=200), st.sampled_from([TABLE, PRINTED]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_below_a_first_line_give_data_or_problems(tmp_path_factory, content, before):
    found = read(tmp_path_factory.mktemp("any"), before.splitlines(keepends=True)[0] + content)
    assert all(line >= 1 for line in placed([found]))


def test_other_tables_are_not_recognised(tmp_path):
    files = {
        "a.csv": b"timestamp,tag,duration,power\n1,2,3,4\n",
        "b.csv": b"timestamp;duration;package_0\n1;2;3\n",
        "c.txt": b"begin timestamp\n",
    }
    assert readings(pyjoules, tmp_path, files) == []


def test_a_log_that_speaks_of_a_timestamp_first_is_what_a_program_printed(tmp_path):
    found = read(tmp_path, b"loading timestamps from disk\n" + PRINTED)
    assert total([found]) == pytest.approx(PRINTED_KWH, rel=1e-12)
    assert found.records[0].lines == (2,)


def test_a_column_that_lost_its_name_is_refused(tmp_path):
    found = read(tmp_path, TABLE.replace(b"nvidia_gpu_0", b"", 1))
    assert (codes(found), found.records) == ([("CG502", 2)], [])


def test_an_energy_that_no_run_has_is_refused(tmp_path):
    found = read(tmp_path, b"timestamp;tag;duration;package_0;dram_0\n1763700000.12;load;0.5;4e21;1.0\n")
    assert (codes(found), found.records) == ([("CG503", 2)], [])


@pytest.mark.parametrize("line", [b"x" * 70_000, b"begin timestamp : 1\x00"])
def test_a_line_that_no_program_printed_is_refused(line, tmp_path):
    assert codes(read(tmp_path, PRINTED + line + b"\n")) == [("CG505", 2)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PRINTED + b"epoch 1 done" + SECOND, ("CG503", 2)),
        (PRINTED[40:] + SECOND, ("CG503", 1)),
        (PRINTED + SECOND.replace(b"begin timestamp", b"begin timestaMp"), ("CG503", 2)),
        (PRINTED + SECOND[:1], ("CG519", 2)),
        (PRINTED + SECOND[:1] + b"\n", ("CG510", 2)),
        (PRINTED + b"done", ("CG510", 2)),
        (b"\xff\xfe" + (PRINTED + SECOND).decode().encode("utf-16-le")[:-1], ("CG503", 2)),
    ],
)
def test_what_is_left_of_a_printed_sample_is_not_dropped_in_silence(content, found, tmp_path):
    assert found in codes(read(tmp_path, content))


def test_lines_of_the_program_are_counted_once(tmp_path):
    found = read(tmp_path, PRINTED + b"loading\n\nloss: 0.5; step : 3\n")
    assert [problem.message for problem in found.problems if problem.code == "CG510"] == ["2 lines are no sample, and left out"]
    assert [(note.kind, note.line) for note in found.notes] == [("skipped", 2), ("skipped", 4)]


def test_clocks_that_cannot_be_are_refused_or_named(tmp_path):
    rows = TABLE.splitlines(keepends=True)
    assert codes(read(tmp_path, TABLE.replace(b"1763700000.12", b"176370000000.12"))) == [("CG503", 2)]
    assert codes(read(tmp_path, TABLE.replace(b"1763700000.12", b"62500000.0"))) == [("CG518", 2)]
    again = b"".join([*rows, rows[2].replace(b"1763700002", b"763700002")])
    assert codes(read(tmp_path, again)) == [("CG518", 5)]
