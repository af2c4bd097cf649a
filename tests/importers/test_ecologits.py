"""EcoLogits: the impacts of requests, of releases with and without water, alone, in lists and within answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import ecologits

from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

DATA = Path(__file__).parent / "data" / "ecologits"
MISTRAL, GPT, UNKNOWN = (
    (DATA / name).read_bytes() for name in ("mistral-large-FRA.json", "gpt-4o-mini-FRA.json", "unknown-model-error.json")
)


def impacts(energy: object = 0.002, usage: float = 0.25, embodied: float = 0.75, unit: str = "kWh") -> dict:
    """Impacts as releases before 0.9 have them: without water, warnings and errors."""

    def impact(kind: str, value: object, unit: str) -> dict:
        return {"type": kind, "name": kind, "value": value, "unit": unit}

    use = {"energy": impact("energy", energy, unit), "gwp": impact("GWP", usage, "kgCO2eq")}
    rest = {"adpe": impact("ADPe", 0.0, "kgSbeq"), "pe": impact("PE", 0.0, "MJ")}
    return {
        "energy": impact("energy", energy, unit), "gwp": impact("GWP", usage + embodied, "kgCO2eq"), **rest,
        "usage": {"type": "usage", "name": "Usage", **use, **rest},
        "embodied": {"type": "embodied", "name": "Embodied", "gwp": impact("GWP", embodied, "kgCO2eq"), **rest},
    }  # fmt: skip


def test_a_request_keeps_use_and_hardware_apart(tmp_path):
    record = one(ecologits, tmp_path, MISTRAL).records[0]
    request = record.per_request
    assert (request.energy_kwh, request.low_kwh, request.high_kwh) == (0.001141753057766305, None, None)
    assert (request.emissions_kg, request.usage_kg, request.embodied_kg) == pytest.approx(
        (8.898091338050234e-05, 4.731424671383568e-05, 4.1666666666666665e-05), rel=1e-12
    )
    assert request.water_l == pytest.approx(0.004283042497280702, rel=1e-12)
    assert (record.energy_kwh, record.boundary, record.pue, record.phase, record.basis) == (
        None,
        "facility",
        None,
        "inference",
        "estimated",
    )
    assert record.lines == (2,)


def test_a_range_is_its_middle_with_both_ends(tmp_path):
    request = one(ecologits, tmp_path, GPT).records[0].per_request
    assert (request.low_kwh, request.high_kwh) == (3.09570055383564e-05, 3.778997218323735e-05)
    assert request.energy_kwh == pytest.approx((3.09570055383564e-05 + 3.778997218323735e-05) / 2, rel=1e-12)
    assert request.emissions_kg == pytest.approx((2.096660392842823e-06 + 2.379818530606689e-06) / 2, rel=1e-12)


def test_a_model_that_the_tool_does_not_know_has_no_energy(tmp_path):
    reading = one(ecologits, tmp_path, UNKNOWN)
    assert (reading.records, said(reading)) == ([], [("CG501", 10, "error")])
    assert "model-not-registered" in reading.problems[0].message


def test_releases_without_water_are_read(tmp_path):
    request = one(ecologits, tmp_path, json.dumps(impacts())).records[0].per_request
    assert (request.energy_kwh, request.emissions_kg, request.usage_kg, request.embodied_kg, request.water_l) == (
        0.002,
        1.0,
        0.25,
        0.75,
        None,
    )


@pytest.mark.parametrize("form", ["a list", "lines", "answers"])
def test_several_requests_are_their_mean_between_the_mean_ends(tmp_path, form):
    two = [impacts(0.002), impacts({"min": 0.003, "max": 0.005})]
    content = {
        "a list": json.dumps(two, indent=1),
        "lines": "\n".join(json.dumps(each) for each in two) + "\n",
        "answers": json.dumps([{"id": str(index), "impacts": each} for index, each in enumerate(two)]),
    }[form]
    reading = one(ecologits, tmp_path, content)
    request = reading.records[0].per_request
    assert (request.energy_kwh, request.low_kwh, request.high_kwh) == pytest.approx((0.003, 0.0025, 0.0035), rel=1e-12)
    assert (reading.rows, said(reading), len(reading.notes)) == (2, [], 1)


def test_an_answer_that_stands_twice_counts_once(tmp_path):
    answers = [{"id": "a", "impacts": impacts(0.002)}, {"id": "b", "impacts": impacts(0.004)}, {"id": "b", "impacts": impacts(0.004)}]
    assert one(ecologits, tmp_path, json.dumps(answers)).records[0].per_request.energy_kwh == pytest.approx(0.003, rel=1e-12)


def test_a_request_without_energy_is_left_out_of_the_mean_and_named(tmp_path):
    content = json.dumps(impacts(0.002)) + "\n" + json.dumps(json.loads(UNKNOWN)) + "\n"
    reading = one(ecologits, tmp_path, content)
    assert (reading.records[0].per_request.energy_kwh, said(reading)) == (0.002, [("CG510", 2, "warning")])


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (impacts(unit="Wh"), "CG503"),
        (impacts() | {"gwp": {"type": "GWP", "name": "x", "value": 2.0, "unit": "kgCO2eq"}}, "CG504"),
        (impacts(energy={"min": 3, "max": 1}), "CG503"),
        (impacts(energy=0), "CG501"),
        (impacts(energy="0.002 kWh"), "CG503"),
        (impacts() | {"energy": None}, "CG503"),
        (impacts() | {"embodied": None}, "CG504"),
    ],
)
def test_what_cannot_be_true_is_refused(tmp_path, changed, code):
    reading = one(ecologits, tmp_path, json.dumps(changed, indent=1))
    assert (reading.records, [code for code, _, _ in said(reading)]) == ([], [code])


@pytest.mark.parametrize("content", [MISTRAL, GPT])
def test_damage_is_never_a_wrong_total_without_a_word(tmp_path, content):
    expected = one(ecologits, tmp_path, content).records[0].per_request.energy_kwh
    assert silent_cuts(ecologits, tmp_path, "file", content) == []
    assert unsafe_damage(ecologits, tmp_path, "file", with_damaged_lines(content), expected) == []
    assert unsafe_damage(ecologits, tmp_path, "file", with_damaged_keys(content), expected) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(ecologits, tmp_path, MISTRAL.rstrip()[:-1] + rest)
    one(ecologits, tmp_path, MISTRAL + rest)


def test_the_reason_says_that_it_is_an_estimate_with_the_pue_of_the_provider_inside(tmp_path):
    record = one(ecologits, tmp_path, MISTRAL).records[0]
    assert (record.basis, record.boundary, record.pue) == ("estimated", "facility", None)
    assert "an estimate by the tool" in record.reason and "the provider's PUE is inside" in record.reason
