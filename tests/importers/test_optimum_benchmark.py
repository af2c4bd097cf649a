"""optimum-benchmark: phases that add up and phases that lie within others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import optimum_benchmark

from .damage import readings
from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

DATA = Path(__file__).parent / "data" / "optimum_benchmark"
REPORT, TASK = ((DATA / name).read_bytes() for name in ("benchmark_report.json", "text_generation_codecarbon.json"))


def phase(gpu: float, unit: str = "kWh", **more: object) -> dict:
    """A phase with 1 of processors and 1 of memory beside its GPUs."""
    return {
        "memory": None,
        "latency": None,
        "efficiency": None,
        "energy": {"unit": unit, "cpu": 1, "ram": 1, "gpu": gpu, "total": gpu + 2},
        **more,
    }


def test_phases_add_up(tmp_path):
    record = one(optimum_benchmark, tmp_path, REPORT).records[0]
    assert record.energy_kwh == pytest.approx(0.0001964 + 0.001136 + 0.0000062, rel=1e-12)
    assert record.components == pytest.approx({"accelerators": 0.00122, "processors": 0.000105, "memory": 0.0000136}, rel=1e-12)
    assert (record.basis, record.phase, record.boundary, record.lines) == ("measured", "evaluation", "node", (15, 40, 53))
    assert "energy of a benchmark" in record.reason


def test_the_whole_report_beside_its_configuration_is_read(tmp_path):
    record = one(optimum_benchmark, tmp_path, json.dumps({"config": {"name": "x"}, "report": json.loads(REPORT)})).records[0]
    assert record.energy_kwh == pytest.approx(0.0013386, rel=1e-12)


@pytest.mark.parametrize(
    ("report", "energy"),
    [
        ({"overall": phase(10), "warmup": phase(2), "train": phase(4)}, 12.0),
        ({"prefill": phase(3), "generate": phase(12), "decode": phase(7)}, 14.0),
        ({"load": {"memory": None, "latency": None, "throughput": None, "energy": None, "efficiency": None}, "forward": phase(3)}, 5.0),
        ({"load_model": phase(1), "preprocess_dataset": phase(2), "call": phase(3)}, 12.0),
        ({"prefill": phase(3), "decode": phase(7), "per_token": phase(1)}, 14.0),
        ({"forward": phase(3, "Wh")}, 0.005),
    ],
)
def test_what_lies_within_another_phase_counts_once(tmp_path, report, energy):
    reading = one(optimum_benchmark, tmp_path, json.dumps(report))
    assert (reading.records[0].energy_kwh, said(reading)) == (pytest.approx(energy, rel=1e-12), [])


@pytest.mark.parametrize(
    ("report", "code"),
    [
        ({"forward": phase(3, "kw")}, "CG503"),
        ({"forward": phase(3, "tokens/kWh")}, "CG503"),
        ({"forward": {**phase(3), "energy": {"cpu": 1, "ram": 1, "gpu": 3, "total": 5}}}, "CG503"),
        ({"forward": {**phase(3), "energy": {"unit": "kWh", "cpu": 1, "ram": 1, "gpu": 3, "total": 6}}}, "CG504"),
        ({"decode": phase(-3)}, "CG503"),
        ({"prefill": phase(3), "generate": phase(12), "decode": phase(8)}, "CG504"),
        ({"overall": phase(3), "train": phase(4)}, "CG504"),
        ({"forward": phase(3), "backward": phase(4)}, "CG503"),
        ({"forward": {**phase(3), "energy": None}}, "CG501"),
    ],
)
def test_what_cannot_be_added_is_refused(tmp_path, report, code):
    assert [code for code, _, _ in said(one(optimum_benchmark, tmp_path, json.dumps(report)))] == [code]


def test_a_report_without_energy_keeps_its_time(tmp_path):
    latency = {"unit": "s", "values": [1800.0, 1800.0]}
    quiet = {"forward": {"memory": None, "latency": latency, "throughput": None, "energy": None, "efficiency": None}}
    reading = one(optimum_benchmark, tmp_path, json.dumps(quiet))
    assert (said(reading), reading.records[0].energy_kwh, reading.records[0].hours) == ([("CG501", 1, "error")], None, 1.0)


def test_a_pass_without_energy_makes_the_mean_too_small_and_is_said(tmp_path):
    passes = [{"unit": "kWh", "total": total} for total in (10, 10, -5)]
    reading = one(optimum_benchmark, tmp_path, json.dumps({"decode": phase(3, measures=passes)}, indent=1))
    assert [(code, severity) for code, _, severity in said(reading)] == [("CG518", "warning")]
    other = [{"unit": "kWh", "total": total} for total in (10, 10)]
    assert [code for code, _, _ in said(one(optimum_benchmark, tmp_path, json.dumps({"decode": phase(3, measures=other)})))] == ["CG504"]


def test_a_report_beside_the_tasks_it_was_made_from_is_told(tmp_path):
    (found,) = readings(optimum_benchmark, tmp_path, {"benchmark_report.json": REPORT, "prefill_codecarbon.json": TASK})
    assert said(found) == [("CG504", 1, "warning")]
    assert "prefill_codecarbon.json lies beside the report" in found.problems[0].message


def test_the_file_of_a_task_is_not_a_report(tmp_path):
    assert readings(optimum_benchmark, tmp_path, {"prefill_codecarbon.json": TASK}) == []


def test_damage_is_never_a_wrong_total_without_a_word(tmp_path):
    content = REPORT
    expected = one(optimum_benchmark, tmp_path, content).records[0].energy_kwh
    parts = {0.0013386 - 0.0001964, 0.0013386 - 0.001136, 0.0013386 - 0.0000062}  # a phase that is lost leaves no trace
    assert silent_cuts(optimum_benchmark, tmp_path, "file", content) == []
    assert unsafe_damage(optimum_benchmark, tmp_path, "file", with_damaged_lines(content), expected) == []
    assert unsafe_damage(optimum_benchmark, tmp_path, "file", with_damaged_keys(content), expected, *parts) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(optimum_benchmark, tmp_path, REPORT.rstrip()[:-1] + rest)
    one(optimum_benchmark, tmp_path, REPORT + rest)
