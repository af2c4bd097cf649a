"""MLflow: metric files, histories and runs, and what becomes of damaged ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardgen.importers import mlflow
from cardgen.records.record import Reading
from importers.damage import readings, reordered, unsafe, unsafe_cuts, with_damaged_fields
from importers.words import with_damaged_words, with_lines_doubled

DATA = Path(__file__).parent / "data" / "mlflow"
FILE = DATA / "file-store" / "metrics" / "system" / "gpu_0_power_usage_watts"
NAME = "gpu_0_power_usage_watts"


def codes(reading: Reading) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in reading.problems]


def history(key: str = "system/gpu_0_power_usage_watts") -> str:
    rows = [f"{key},{n},{1770000000000 + 10000 * n},{300.0 + 5 * n}" for n in range(13)]
    return "\n".join(["key,step,timestamp,value", *rows, ""])


def test_a_metric_file_of_a_gpu_is_its_energy(tmp_path: Path) -> None:
    (found,) = readings(mlflow, tmp_path, {NAME: FILE.read_bytes()})
    assert found.records[0].energy_kwh == pytest.approx(0.011, rel=1e-12)  # 300 W to 360 W in 120 s: 330 W x 120 s
    assert found.records[0].lines == (1, 13)
    assert found.problems == []


def test_the_metric_files_of_a_run_are_one_record(tmp_path: Path) -> None:
    folder = f"mlruns/1/{'ab' * 16}/metrics/system"
    files = {f"{folder}/gpu_{gpu}_power_usage_watts": FILE.read_bytes() for gpu in range(8)}
    (found,) = readings(mlflow, tmp_path, files)
    assert found.records[0].energy_kwh == pytest.approx(0.088, rel=1e-12)
    assert found.records[0].run == "ab" * 16
    assert found.records[0].device_hours == pytest.approx(8 * 120 / 3600)


def test_nodes_are_added_and_named_in_private_only(tmp_path: Path) -> None:
    files = {f"run/metrics/system/{node}/{NAME}": FILE.read_bytes() for node in ("secret-a", "secret-b")}
    (found,) = readings(mlflow, tmp_path, files)
    assert found.records[0].energy_kwh == pytest.approx(0.022, rel=1e-12)
    assert "secret" not in repr([found.problems, found.notes, found.records[0].reason, found.records[0].file])


def test_a_gpu_that_is_not_among_the_files_is_missed(tmp_path: Path) -> None:
    (found,) = readings(mlflow, tmp_path, {"run/metrics/system/gpu_1_power_usage_watts": FILE.read_bytes()})
    assert codes(found) == [("CG510", 1)]


def test_a_damaged_metric_file_gives_the_right_total_or_a_problem(tmp_path: Path) -> None:
    content = FILE.read_bytes()
    assert unsafe(mlflow, tmp_path, NAME, with_damaged_words(content), 0.011) == []
    assert unsafe(mlflow, tmp_path, NAME, with_lines_doubled(content), 0.011) == []
    assert unsafe(mlflow, tmp_path, NAME, [("reordered", reordered(content, header=0))], 0.011) == []
    assert unsafe_cuts(mlflow, tmp_path, NAME, content) == []


def test_a_history_is_read_and_a_damaged_one_gives_the_right_total_or_a_problem(tmp_path: Path) -> None:
    content = history().encode()
    (found,) = readings(mlflow, tmp_path, {"history.csv": content})
    assert (found.records[0].energy_kwh, found.records[0].lines) == (pytest.approx(0.011, rel=1e-12), (2, 14))
    assert unsafe(mlflow, tmp_path, "history.csv", with_damaged_fields(content), 0.011) == []
    assert unsafe(mlflow, tmp_path, "history.csv", [("reordered", reordered(content))], 0.011) == []
    assert unsafe_cuts(mlflow, tmp_path, "history.csv", content) == []


def test_a_history_as_the_server_returns_it_is_read(tmp_path: Path) -> None:
    rows = [line.split(",") for line in history().splitlines()[1:]]
    metrics = [{"key": key, "value": float(value), "timestamp": int(time), "step": step} for key, step, time, value in rows]
    for indent, named in ((None, (1,)), (1, (6, 78))):  # the time of the first row is on line 6, that of each next 6 lines below
        (found,) = readings(mlflow, tmp_path, {"history.json": json.dumps({"metrics": metrics}, indent=indent).encode()})
        assert (found.records[0].energy_kwh, found.records[0].lines) == (pytest.approx(0.011, rel=1e-12), named)


def server_history(change: str = "", to: str = "") -> bytes:
    rows = [line.split(",") for line in history().splitlines()[1:]]
    metrics = [{"key": key, "value": float(value), "timestamp": int(time), "step": int(step)} for key, step, time, value in rows]
    return json.dumps({"metrics": metrics}, indent=1).replace(change, to, 1).encode()


def test_true_is_no_power(tmp_path: Path) -> None:
    (found,) = readings(mlflow, tmp_path, {"history.json": server_history("305.0", "true")})
    assert codes(found)[0] == ("CG503", 12)


def test_a_key_that_stands_twice_with_other_values_is_refused(tmp_path: Path) -> None:
    content = server_history('"value": 305.0', '"value": 305.0,\n"value": 3050.0')
    (found,) = readings(mlflow, tmp_path, {"history.json": content})
    assert [code for code, _ in codes(found)] == ["CG504"]


def test_a_history_without_power_is_refused_and_says_how_long_the_run_took(tmp_path: Path) -> None:
    (found,) = readings(mlflow, tmp_path, {"history.csv": (DATA / "history.csv").read_bytes()})
    assert codes(found) == [("CG501", 1)]
    assert found.records[0].energy_kwh is None
    assert found.records[0].hours == pytest.approx(3.845 / 3600)


def test_a_run_is_refused_and_says_how_long_it_took(tmp_path: Path) -> None:
    (found,) = readings(mlflow, tmp_path, {"run.json": (DATA / "run.json").read_bytes()})
    assert codes(found) == [("CG501", 14)]
    (record,) = found.records
    assert (record.energy_kwh, record.hours) == (None, pytest.approx(6.02 / 3600))
    assert "mlf.py" in record.private.values() and "mlf.py" not in repr(found.problems)


def test_last_values_of_power_are_no_energy(tmp_path: Path) -> None:
    text = (DATA / "run.json").read_text().replace('"system/disk_usage_megabytes"', '"system/gpu_0_power_usage_watts"')
    (found,) = readings(mlflow, tmp_path, {"run.json": text.encode()})
    assert codes(found) == [("CG501", 19)]
    assert "get_metric_history" in found.problems[0].hint


@pytest.mark.parametrize(
    ("name", "text"), [("loss", "1770000000000 0.5 0\n"), ("a.json", '{"info": 1}'), ("a.csv", "key,value\n"), (NAME, "1 2\n"), ("a", "")]
)
def test_other_files_are_not_recognised(tmp_path: Path, name: str, text: str) -> None:
    assert readings(mlflow, tmp_path, {name: text.encode()}) == []


STARTS = [
    (NAME, b"1770000000000 300.0 0\n"),
    ("history.csv", b"key,step,timestamp,value\n"),
    ("run.json", b'{"info":{"run_id":"","artifact_uri":'),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(STARTS))
def test_any_bytes_after_the_first_line_are_read_or_refused(tmp_path: Path, content: bytes, start: tuple[str, bytes]) -> None:
    (found,) = readings(mlflow, tmp_path, {start[0]: start[1] + content})
    assert found.problems and all(problem.line >= 1 for problem in found.problems)
