"""AI Energy Score: results, their table, the table of many models, and the summary in Wh."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import ai_energy_score

from .damage import readings, unsafe, unsafe_cuts, with_damaged_fields
from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

TABLE = (
    b"model_name,model_class,task,reasoning_state,total_prompts,successful_prompts,failed_prompts,total_duration_seconds,"
    b"avg_latency_seconds,total_tokens,total_prompt_tokens,total_completion_tokens,throughput_tokens_per_second,gpu_energy_wh,"
    b"co2_emissions_g,tokens_per_joule,avg_energy_per_prompt_wh,timestamp,error_message\n"
    b"acme/pond-7b,B,text_gen,On,10,10,0,36.00,3.6000,1500,500,1000,41.67,25.4000,12.3000,0.0164,2.5400,2025-10-01T10:00:36,\n"
    b"acme/pond-1b,A,text_gen,Off,0,0,0,5.00,0.0000,0,0,0,0.00,0.0000,0.0000,0.0000,0.0000,2025-10-01T10:01:00,no such model\n"
)
SUMMARY = {"units": "Wh", "total": 133.71, "format": "optimum", "preprocess_wh": 0.16, "prefill_wh": 72.01, "decode_wh": 61.54}


def results(**energy: object) -> dict:
    """Results of an hour with 2 Wh of GPUs, and 1 Wh of the rest in releases that have it."""
    return {
        "config": {"name": "bench", "backend": "pytorch", "model": "acme/pond-7b"},
        "summary": {"total_prompts": 10, "successful_prompts": 10, "failed_prompts": 0, "total_duration_seconds": 3600.0},
        "energy": {"gpu_energy_wh": 2.0, **energy}, "gpu_stats": {},
    }  # fmt: skip


WHOLE = {"cpu_energy_wh": 0.75, "ram_energy_wh": 0.25, "total_energy_wh": 3.0, "total_energy_kwh": 0.003, "gpu_energy_kwh": 0.002}


def test_energy_is_watt_hours_of_the_gpus(tmp_path):
    record = one(ai_energy_score, tmp_path, json.dumps(results(emissions_g_co2eq=1.5))).records[0]
    assert (record.energy_kwh, record.boundary, record.basis, record.phase) == (0.002, "accelerators", "measured", "evaluation")
    assert (record.emissions_kg, record.hours, record.project) == (0.0015, 1.0, "acme/pond-7b")


def test_later_releases_have_the_machine_beside_it(tmp_path):
    record = one(ai_energy_score, tmp_path, json.dumps(results(**WHOLE))).records[0]
    assert (record.energy_kwh, record.boundary) == (0.003, "node")
    assert record.components == {"accelerators": 0.002, "processors": 0.00075, "memory": 0.00025}


def test_the_table_of_models_has_a_row_each(tmp_path):
    reading = one(ai_energy_score, tmp_path, TABLE)
    record = reading.records[0]
    assert (len(reading.records), record.energy_kwh, record.emissions_kg) == (1, 0.0254, 0.0123)
    assert said(reading) == [("CG510", 3, "warning")]


@pytest.mark.parametrize(
    ("change", "to", "problem"),
    [
        (b"25.4000,12.3000", b"25.4000,25.4000", ("CG504", 2, "error")),  # the energy doubled, the emissions lost
        (b"12.3000,0.0164", b"0.0164,", ("CG504", 2, "error")),  # the emissions lost
        (b"12.3000,0.0164", b"0.0164,0.0164", ("CG504", 2, "error")),
        (b"12.3000,", b"1000,", ("CG504", 2, "error")),  # 39 kg for a kWh
        (b"25.4000,12.3000", b"25.4000,", ("CG510", 2, "warning")),
        (b"25.4000,12.3000", b"25.4000,0.0000", ("CG510", 2, "warning")),
        (b"co2_emissions_g", b"", ("CG510", 2, "warning")),
    ],
)
def test_emissions_that_are_missing_or_the_energy_are_said(tmp_path, change, to, problem):
    header, row, _ = TABLE.splitlines(keepends=True)
    assert said(one(ai_energy_score, tmp_path, (header + row).replace(change, to, 1))) == [problem]


def test_what_the_meter_said_is_quoted_only_where_it_is_no_path(tmp_path):
    for error in ("/home/ada/nvml.so is missing", "no key hf_abcDEF1234567890"):
        assert error not in repr(one(ai_energy_score, tmp_path, json.dumps(results(error=error))).problems)


def test_results_as_a_table(tmp_path):
    header = "config_model,summary_total_prompts,summary_total_duration_seconds,energy_gpu_energy_kwh,energy_gpu_energy_wh,timestamp"
    row = "acme/pond-7b,10,3600.0,0.002,2.0,2025-10-01T10:00:00+00:00"
    record = one(ai_energy_score, tmp_path, f"{header}\n{row}\n").records[0]
    assert (record.energy_kwh, record.hours, record.project) == (0.002, 1.0, "acme/pond-7b")
    assert said(one(ai_energy_score, tmp_path, f"{header}\n{row.replace('0.002', '0.003')}\n")) == [("CG504", 2, "error")]


def test_the_summary_has_two_decimals(tmp_path):
    reading = one(ai_energy_score, tmp_path, json.dumps(SUMMARY, indent=2))
    assert (reading.records[0].energy_kwh, said(reading)) == (pytest.approx(0.13371, rel=1e-12), [])
    small = {**SUMMARY, "total": 0.16, "prefill_wh": 0.0, "decode_wh": 0.0}
    assert said(one(ai_energy_score, tmp_path, json.dumps(small, indent=2))) == [("CG510", 3, "warning")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (results(gpu_energy_wh=0), "CG501"),
        (results(error="no meter"), "CG501"),
        (results(gpu_energy_kwh=0.003), "CG504"),
        (results(**{**WHOLE, "cpu_energy_wh": 0.5}), "CG504"),
        (results(gpu_energy_wh="2 Wh"), "CG503"),
        (results(emissions_g_co2eq=1.0, emissions_kg_co2eq=1.0), "CG504"),
        ({**SUMMARY, "units": "kWh"}, "CG503"),
        ({**SUMMARY, "total": 1.0}, "CG504"),
        ({**SUMMARY, "total": 0, "preprocess_wh": 0, "prefill_wh": 0, "decode_wh": 0}, "CG501"),
    ],
)
def test_what_cannot_be_true_is_refused(tmp_path, content, code):
    assert [code for code, _, _ in said(one(ai_energy_score, tmp_path, json.dumps(content)))] == [code]


@pytest.mark.parametrize("content", [results(**WHOLE), SUMMARY])
def test_damage_is_never_a_wrong_total_without_a_word(tmp_path, content):
    text = json.dumps(content, indent=1).encode()
    expected = one(ai_energy_score, tmp_path, text).records[0].energy_kwh
    assert silent_cuts(ai_energy_score, tmp_path, "file", text) == []
    assert unsafe_damage(ai_energy_score, tmp_path, "file", with_damaged_lines(text), expected) == []
    gpus = 0.002 if content is not SUMMARY else expected  # without a total, and said to be of the GPUs
    assert unsafe_damage(ai_energy_score, tmp_path, "file", with_damaged_keys(text), expected, gpus) == []


def test_a_damaged_table_is_never_a_wrong_total_without_a_word(tmp_path):
    row = TABLE.splitlines(keepends=True)
    assert unsafe(ai_energy_score, tmp_path, "table.csv", with_damaged_fields(row[0] + row[1]), 0.0254) == []
    assert unsafe_cuts(ai_energy_score, tmp_path, "table.csv", TABLE) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(ai_energy_score, tmp_path, TABLE + rest)
    one(ai_energy_score, tmp_path, json.dumps(results()).encode()[:-1] + rest)
    readings(ai_energy_score, tmp_path, {"file": rest})
