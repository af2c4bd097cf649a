"""Weights & Biases: system metrics in their forms, and what becomes of damaged ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardgen.importers import wandb
from cardgen.records.record import Reading
from importers.damage import readings, reordered, unsafe, unsafe_cuts, with_damaged_fields
from importers.words import with_lines_doubled

FILE = Path(__file__).parent / "data" / "wandb" / "system_metrics.csv"
EXPECTED = 0.05672320694764455


def read(folder: Path, text: str) -> Reading:
    (found,) = readings(wandb, folder, {"events.csv": text.encode()})
    return found


def codes(reading: Reading) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in reading.problems]


def test_the_energy_is_the_trapezoid_and_an_empty_cell_is_no_sample(tmp_path: Path) -> None:
    found = read(tmp_path, FILE.read_text())
    assert found.records[0].energy_kwh == pytest.approx(EXPECTED, rel=1e-12)
    assert found.records[0].hours == pytest.approx(345.23 / 3600)
    assert found.records[0].lines == (2, len(FILE.read_text().splitlines()))
    assert codes(found) == [("CG510", 9)]


def test_a_damaged_file_gives_the_right_total_or_a_problem(tmp_path: Path) -> None:
    # without the row that lacks a value: its warning would hide any other fault
    content = b"".join(line for line in FILE.read_bytes().splitlines(keepends=True) if b",,\n" not in line and b",,\r" not in line)
    lines = content.splitlines(keepends=True)
    content = b"".join(lines[:1] + [f"{index},".encode() + line.partition(b",")[2] for index, line in enumerate(lines[1:])])
    (found,) = readings(wandb, tmp_path, {"a.csv": content})
    expected = found.records[0].energy_kwh or 0.0
    assert found.problems == []
    assert unsafe(wandb, tmp_path, "a.csv", with_damaged_fields(content, most=150), expected) == []
    assert unsafe(wandb, tmp_path, "a.csv", with_lines_doubled(content), expected) == []
    assert unsafe(wandb, tmp_path, "a.csv", [("reordered", reordered(content))], expected) == []
    assert unsafe_cuts(wandb, tmp_path, "a.csv", content[:1000]) == []


def test_keys_of_other_versions_and_nodes_are_devices_of_their_own(tmp_path: Path) -> None:
    header = "_timestamp,system/gpu.0.powerWatts/l:node1,system/gpu.0.powerWatts/l:node2,system/gpu.process.0.powerWatts/l:node1"
    rows = [f"{1770000000 + 10 * n},100.0,200.0,100.0" for n in range(7)]
    found = read(tmp_path, "\n".join([header, *rows, ""]))
    assert found.records[0].energy_kwh == pytest.approx(60 * (100 + 200) / 3.6e6)
    assert found.records[0].host == ("node1", "node2")


def test_rows_of_other_monitors_are_no_missing_samples(tmp_path: Path) -> None:
    header = "_timestamp,system.cpu,system.gpu.0.temp,system.gpu.0.powerWatts"
    rows = [f"{1770000000 + 10 * n}.0,40,,\n{1770000000 + 10 * n}.2,,60,360.0" for n in range(6)]
    found = read(tmp_path, "\n".join([header, *rows, ""]))
    assert found.records[0].energy_kwh == pytest.approx(50 * 360 / 3.6e6)
    assert found.problems == []


def test_lines_and_lists_of_json_are_read(tmp_path: Path) -> None:
    rows = [{"_timestamp": 1770000000 + 10 * n, "_runtime": 10 * n, "_wandb": True, "system.gpu.0.powerWatts": 360.0} for n in range(6)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for text, named in ((lines, (1, 6)), (json.dumps(rows), (1,)), (json.dumps(rows, indent=1), (2, 32))):  # a row is 6 lines there
        record = read(tmp_path, text).records[0]
        assert (record.energy_kwh, record.lines) == (pytest.approx(50 * 360 / 3.6e6), named)
    assert codes(read(tmp_path, lines[:-20]))[0][1] == 6
    assert [code for code, _ in codes(read(tmp_path, json.dumps(rows)[:-20]))] == ["CG505"]


def test_runtime_stands_in_for_the_clock(tmp_path: Path) -> None:
    rows = [f"{10 * n},360.0" for n in range(6)]
    (record,) = read(tmp_path, "\n".join(["_runtime,system.gpu.0.powerWatts", *rows, ""])).records
    assert (record.start, record.energy_kwh) == (None, pytest.approx(50 * 360 / 3.6e6))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("system.gpu.0.powerWatts,system.gpu.0.temp,system.gpu.1.powerWatts", []),
        ("system.gpu.0.powerWatt,system.gpu.0.temp,system.gpu.1.powerWatts", [("CG510", 1)]),  # other metrics of GPU 0
        ("system.gpu.0.memory,system.cpu,system.gpu.1.powerWatts", [("CG510", 1)]),
        ("SYSTEM.GPU.1.POWERWATTS,system.cpu,system.gpu.0.powerWatts", [("CG510", 1)]),
        (",system.cpu,system.gpu.0.powerWatts", [("CG510", 1)]),  # a column without a name
        ("system.gpu.0.powerWatts,system.cpu,system.gpu.2.powerWatts", [("CG510", 1)]),  # where is GPU 1
    ],
)
def test_a_gpu_whose_power_has_no_column_is_missed(tmp_path: Path, header: str, said: list[tuple[str, int]]) -> None:
    rows = [f"{1770000000 + 10 * n},100.0,60.0,300.0" for n in range(7)]
    assert codes(read(tmp_path, "\n".join([f"_timestamp,{header}", *rows, ""]))) == said


def test_a_key_that_stands_twice_with_other_values_is_refused(tmp_path: Path) -> None:
    row = '{"_timestamp": %d, "system.gpu.0.powerWatts": 360.0%s}\n'
    lines = [row % (1770000000 + 10 * n, ', "system.gpu.0.powerWatts": 36.0' * (n == 3)) for n in range(6)]
    assert codes(read(tmp_path, "".join(lines))) == [("CG504", 4)]
    assert codes(read(tmp_path, "[" + ",\n".join(lines).replace("}\n", "}") + "]")) == [("CG504", 4)]


def test_a_row_that_was_cut_within_quotes_is_refused(tmp_path: Path) -> None:
    lines = FILE.read_text().splitlines(keepends=True)
    found = read(tmp_path, "".join([*lines[:-2], lines[-2][: len(lines[-2]) // 2] + "\n", lines[-1]]))
    assert ("CG502", len(lines)) in codes(found)


def test_power_that_does_not_fit_its_share_of_the_limit_is_said(tmp_path: Path) -> None:
    rows = [[1770000000 + 10 * n, 40 + 7 * (n % 3), 280.0 + n, (280.0 + n) / 4] for n in range(12)]
    header = ["_timestamp", "system.cpu", "system.gpu.0.powerWatts", "system.gpu.0.powerPercent"]
    text = "\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n"
    assert codes(read(tmp_path, text)) == []
    assert codes(read(tmp_path, text.replace(",283.0,", ",0,"))) == [("CG504", 5)]


def test_five_hundred_rows_are_a_sample_of_the_samples(tmp_path: Path) -> None:
    rows = [f"{1770000000 + 10 * n},360.0" for n in range(500)]
    assert codes(read(tmp_path, "\n".join(["_timestamp,system.gpu.0.powerWatts", *rows, ""]))) == [("CG518", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "_timestamp,system.cpu\n1770000000,40\n1770000600,41\n",
        "_timestamp,system.gpu.0.powerWatts\n1770000000,300\n",
        '"Relative Time (Process)","run - system/gpu.0.powerWatts"\n1,300\n',
        '{"system.cpu": 40, "system.gpu.0.powerWatts": 300}\n',
    ],
)
def test_metrics_without_energy_are_refused(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert [code for code, _ in codes(found)] == ["CG501"]
    assert all(record.energy_kwh is None for record in found.records)


def test_metrics_without_power_still_say_how_long_they_took(tmp_path: Path) -> None:
    assert read(tmp_path, "_timestamp,system.cpu\n1770000000,40\n1770003600,41\n").records[0].hours == 1


def test_the_name_of_a_node_is_in_no_message(tmp_path: Path) -> None:
    for other in ("301", "-4", "/home/ada"):
        header = "_timestamp,system.gpu.0.powerWatts/l:secret-host,system.gpu.1.temp/l:secret-host"
        found = read(tmp_path, f"{header}\n1770000000,300,60\n1770000010,{other},60\n")
        shown = repr([found.problems, found.notes, found.records[0].reason, found.records[0].method])
        assert found.problems and "secret-host" not in shown and "ada" not in shown


def test_a_run_of_mlflow_is_not_recognised_even_with_metrics_called_as_here(tmp_path: Path) -> None:
    run = (FILE.parents[1] / "mlflow" / "run.json").read_text()
    renamed = run.replace("system/cpu_utilization_percentage", "system.cpu")
    for text in (run, renamed, run.replace("system/cpu_utilization_percentage", "system/gpu.0.powerWatts")):
        assert readings(wandb, tmp_path, {"run.json": text.encode()}) == []


@pytest.mark.parametrize("text", ["_timestamp,loss\n1,2\n", "{}", "[]", "", '{"system_metrics": 1}', "timestamp,power.draw [W]\n"])
def test_other_files_are_not_recognised(tmp_path: Path, text: str) -> None:
    assert readings(wandb, tmp_path, {"events.csv": text.encode()}) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(["_timestamp,system.gpu.0.powerWatts\n", '{"_timestamp":1,"system.gpu.0.powerWatts":2}\n']))
def test_any_bytes_after_the_first_line_are_read_or_refused(tmp_path: Path, content: bytes, header: str) -> None:
    (found,) = readings(wandb, tmp_path, {"events.csv": header.encode() + content})
    assert found.problems and all(problem.line >= 1 for problem in found.problems)
