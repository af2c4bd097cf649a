"""DIA: the report in the front matter of a card, rounded, beside another number that is not its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.importers import dia
from cardgen.records.source import Source

from .json_damage import FEW, one, said, silent_cuts, unsafe_damage, with_damaged_lines

CARD = (Path(__file__).parent / "data" / "dia" / "card.md").read_bytes()


def card(energy: object = 12.5, carbon: object = 0.7, quality: str = "measured", tool: str = "codecarbon", gpu: str = "NVIDIA A40") -> str:
    return f"""---
license: mit
co2_eq_emissions:
  emissions: 9999
dia_version: '0.1'
dia_report:
  scope: incremental
  lineage:
  - model: acme/pond-7b
    relation: lora
  compute:
    hardware:
      gpu: {gpu}
      count: 4
    duration_gpu_hours: 40.0
  footprint:
    energy_kwh:
      value: {energy}
      quality: {quality}
    carbon_kgco2eq:
      value: {carbon}
      quality: measured
  context:
    region: fr
    carbon_intensity: 0.056
  tool: {tool}
---
# Pond

dia_report: not this
"""


def test_small_numbers_are_read_and_their_rounding_is_said(tmp_path):
    reading = one(dia, tmp_path, CARD)
    record = reading.records[0]
    assert (record.energy_kwh, record.emissions_kg, record.basis, record.boundary) == (0.0001, None, "estimated", "facility")
    assert record.spread == pytest.approx(0.5)  # 0.00005 to 0.00015 kWh
    assert said(reading) == [("CG510", 20, "warning"), ("CG521", 20, "warning"), ("CG510", 23, "warning")]
    assert "50% off" in reading.problems[0].message and "rounded to nothing" in reading.problems[2].message


def test_the_other_number_of_the_front_matter_is_never_read(tmp_path):
    record = one(dia, tmp_path, card()).records[0]
    assert (record.energy_kwh, record.emissions_kg, record.basis, record.boundary) == (12.5, 0.7, "measured", "node")
    assert (record.devices[0].name, record.devices[0].count, record.device_hours, record.hours) == ("NVIDIA A40", 4, 40.0, 10.0)
    assert (record.country, record.phase, record.method, record.lines) == ("FR", "fine-tuning", "dia 0.1 (codecarbon)", (18,))


def test_what_is_wrong_elsewhere_in_the_front_matter_does_not_matter(tmp_path):
    assert one(dia, tmp_path, card().replace("license: mit", "license: [mit\ntags:\t- x")).records[0].energy_kwh == 12.5


@pytest.mark.parametrize(("energy", "spread"), [(0.0025, 0.02), (0.0051, None), (12.5, None), ("[0.001, 0.003]", 0.025)])
def test_what_the_printed_digits_allow_is_said_where_it_is_more_than_a_hundredth(tmp_path, energy, spread):
    assert one(dia, tmp_path, card(energy=energy)).records[0].spread == (spread and pytest.approx(spread))


def test_an_interval_is_its_middle(tmp_path):
    record = one(dia, tmp_path, card(energy="[10.0, 15.0]", carbon="[0.5, 0.9]")).records[0]
    assert (record.energy_kwh, record.emissions_kg) == (12.5, 0.7)
    assert "between 10 and 15 kWh" in record.reason


def test_the_block_alone_is_read(tmp_path):
    block = card().partition("dia_version")[2].partition("---")[0]
    assert one(dia, tmp_path, "dia_version" + block).records[0].energy_kwh == 12.5


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (card(energy=0.0), ("CG501", 18, "error")),
        (card(energy="null"), ("CG501", 18, "error")),
        (card(quality="unavailable"), ("CG501", 18, "error")),
        (card(energy="12,5"), ("CG503", 18, "error")),
        (card(energy="'12.5'"), ("CG503", 18, "error")),
        (card(energy="[15, 10]"), ("CG503", 18, "error")),
        (card(carbon=3.0, tool="nvml"), ("CG504", 21, "error")),
        (card().replace("incremental", "cumulative"), ("CG503", 7, "error")),
        (card().replace("  scope:", "\tscope:"), ("CG505", 7, "error")),
        (card().partition("---\n# Pond")[0], ("CG505", 26, "error")),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path, content, problem):
    assert problem in said(one(dia, tmp_path, content))


def test_a_card_without_a_report_is_none_of_the_tool(tmp_path):
    (tmp_path / "card.md").write_text("---\nlicense: mit\n---\n\ndia_report: in the body\n")
    assert not dia.recognises(Source("card.md", tmp_path / "card.md"))


@pytest.mark.parametrize("content", [CARD, card().encode()])
def test_damage_is_never_a_wrong_total_without_a_word(tmp_path, content):
    expected = one(dia, tmp_path, content).records[0].energy_kwh
    front = content[: content.index(b"\n---\n") + 4]
    assert silent_cuts(dia, tmp_path, "card.md", front) == []
    assert unsafe_damage(dia, tmp_path, "card.md", with_damaged_lines(front + b"\n"), expected) == []


@FEW
@given(st.binary(max_size=200))
def test_any_bytes_after_a_right_beginning_are_read_or_refused(tmp_path, rest):
    one(dia, tmp_path, CARD.partition(b"  footprint")[0] + rest)


def test_words_that_the_format_does_not_know_are_not_repeated(tmp_path):
    content = card(quality="by ada at node17").replace("'0.1'", "'ada'")
    record = one(dia, tmp_path, content).records[0]
    assert (record.method, record.basis) == ("dia (codecarbon)", "estimated")
    assert record.reason == "how the report came to it is not known; rounded to 4 decimals"


def test_emissions_that_no_run_has_are_refused(tmp_path):
    assert [code for code, _, _ in said(one(dia, tmp_path, card(carbon=1e300)))] == ["CG503"]
