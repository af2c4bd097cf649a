"""experiment-impact-tracker: its samples, and what becomes of damaged ones."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import experiment_impact_tracker
from importers.damage import cuts, readings, reordered, total
from importers.lines import is_noticed, with_damaged_lines

SAMPLES = (Path(__file__).parent / "data" / "experiment_impact_tracker" / "data.json").read_bytes()
# Each sample holds for the 10 s before it; the first has none. W of processors, then of GPUs.
CPU_KWH, GPU_KWH = (42 + 44 + 43 + 41) * 10 / 3.6e6, (250 + 260 + 240 + 230) * 10 / 3.6e6


def read(tmp_path: Path, content: bytes):
    (found,) = readings(experiment_impact_tracker, tmp_path, {"data.json": content})
    return found


def changed(index: int, **values: object) -> bytes:
    samples = [json.loads(line) for line in SAMPLES.splitlines()]
    samples[index].update(values)
    return "".join(json.dumps(sample) + "\n" for sample in samples).encode()


def test_power_is_integrated_over_time_without_a_pue(tmp_path):
    found = read(tmp_path, SAMPLES)
    (record,) = found.records
    assert record.energy_kwh == pytest.approx(CPU_KWH + GPU_KWH, rel=1e-12)
    assert record.components == {"processors": pytest.approx(CPU_KWH), "accelerators": pytest.approx(GPU_KWH)}
    assert (record.basis, record.boundary, record.pue, record.emissions_kg) == ("measured", "node", None, None)
    assert "a PUE of 1.58, which is not in it" in record.reason
    assert (record.hours, record.device_hours) == (pytest.approx(40 / 3600), pytest.approx(2 * 40 / 3600))
    assert found.problems == []


def test_a_pickle_beside_it_is_named_and_never_opened(tmp_path):
    (tmp_path / "info.pkl").write_bytes(pickle.dumps({"gpu_info": []}))
    found = read(tmp_path, SAMPLES)
    assert [(note.kind, note.line) for note in found.notes] == [("not read", 1)]
    assert readings(experiment_impact_tracker, tmp_path, {"info.pkl": pickle.dumps({"timestamp": 1, "rapl_power_draw_absolute": 2})}) == []


def test_samples_without_any_power_give_time_and_no_energy(tmp_path):
    content = b'{"timestamp":1577872800.0,"cpu_count_adjusted_average_load":[0.1]}\n{"timestamp":1577876400.0}\n'
    found = read(tmp_path, content)
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG501", 1)]
    assert [(record.energy_kwh, record.hours) for record in found.records] == [(None, 1.0)]


def test_gpus_alone_have_the_boundary_of_accelerators(tmp_path):
    rows = [{"timestamp": 1577872800.0 + 10 * i, "nvidia_estimated_attributable_power_draw": 360.0} for i in range(3)]
    (record,) = read(tmp_path, "".join(json.dumps(row) + "\n" for row in rows).encode()).records
    assert (record.boundary, record.energy_kwh) == ("accelerators", pytest.approx(0.002))


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (changed(2, rapl_estimated_attributable_power_draw="much"), "CG503", 3),
        (changed(2, rapl_estimated_attributable_power_draw=-4.0), "CG503", 3),
        (changed(2, rapl_estimated_attributable_power_draw=None), "CG510", 3),
        (changed(2, rapl_estimated_attributable_power_draw=4000.0), "CG504", 3),
        (changed(2, timestamp="soon"), "CG503", 3),
        (changed(4, timestamp=1577873800.0), "CG518", 5),
        (SAMPLES[:-40], "CG505", 5),
    ],
)
def test_a_sample_that_is_none_is_named_with_its_line(content, code, line, tmp_path):
    assert (code, line) in [(problem.code, problem.line) for problem in read(tmp_path, content).problems]


@pytest.mark.parametrize("seed", range(5))
def test_samples_in_another_order_give_the_same_energy_with_a_warning(seed, tmp_path):
    found = read(tmp_path, reordered(SAMPLES, seed))
    assert total([found]) == pytest.approx(CPU_KWH + GPU_KWH, rel=1e-12)


def test_a_damaged_file_gives_the_right_energy_or_a_problem(tmp_path):
    whole = [read(tmp_path, SAMPLES)]
    lines = SAMPLES.splitlines(keepends=True)
    shorter = [total([read(tmp_path, b"".join(part))]) for part in (lines[1:], lines[:-1])]
    for words, damaged in with_damaged_lines(SAMPLES):
        found = readings(experiment_impact_tracker, tmp_path, {"data.json": damaged})
        assert any(is_noticed(found, whole, energy) for energy in (total(whole), *shorter)), words


def test_a_cut_file_gives_the_energy_of_whole_lines_or_a_problem(tmp_path):
    whole = [read(tmp_path, SAMPLES)]
    lines = SAMPLES.splitlines(keepends=True)
    right = [total([read(tmp_path, b"".join(lines[:count]))]) for count in range(1, 6)]
    for cut in cuts(SAMPLES):
        found = readings(experiment_impact_tracker, tmp_path, {"data.json": cut})
        assert any(is_noticed(found, whole, energy) for energy in right), cut[-60:]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_a_right_line_give_problems_and_no_traceback(tmp_path_factory, content):
    for reading in readings(experiment_impact_tracker, tmp_path_factory.mktemp("any"), {"data.json": SAMPLES + content}):
        assert all(problem.line >= 1 for problem in reading.problems)


def test_samples_in_any_order_give_the_same_energy_and_a_warning(tmp_path):
    found = read(tmp_path, b"".join(SAMPLES.splitlines(keepends=True)[::-1]))
    assert total([found]) == pytest.approx(CPU_KWH + GPU_KWH, rel=1e-12)
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG518", 2)]
    assert found.rows == 5


@pytest.mark.parametrize("line", [b"{" + b" " * 70_000 + b"}", b'{"timestamp": 1\x00}'])
def test_a_line_that_the_tool_does_not_write_is_refused(line, tmp_path):
    found = read(tmp_path, SAMPLES + line + b"\n")
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG505", 6)]


def test_a_last_line_without_an_end_is_said(tmp_path):
    lines = SAMPLES.splitlines(keepends=True)
    found = read(tmp_path, b"".join(lines[:3])[:-1])
    assert ("CG519", 3) in [(problem.code, problem.line) for problem in found.problems]


def test_a_file_in_utf_16_that_was_cut_is_refused(tmp_path):
    found = read(tmp_path, b"\xff\xfe" + SAMPLES.decode().encode("utf-16-le")[:-1])
    assert [problem.code for problem in found.problems] == ["CG505"]
