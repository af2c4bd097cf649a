"""Published footprints beside which a model is shown."""

from __future__ import annotations

from cardgen.core.comparison import WELL_KNOWN, energy_kwh, rows
from cardgen.core.factors import Factors
from cardgen.core.inputs import Inputs

from .runs import Activity, bundled, codes, metered, of, written

RUN = Activity("pretraining", energy=metered("1 GWh"))


def test_well_known_models_from_small_to_large_are_shown_where_none_is_named() -> None:
    shown = of(RUN).comparison
    energies = [energy_kwh(row) for row in shown]
    assert [row["id"] for row in shown] == list(WELL_KNOWN)
    assert None not in energies and energies == sorted(energies)


def test_models_are_found_by_name_id_or_beginning_of_the_name() -> None:
    rows = of(RUN, compare_with=("LLaMA-7B", "bloom-dynamic", "BLOOM 176B final")).comparison
    assert [row["id"] for row in rows] == ["llama1-7b", "bloom-dynamic", "bloom-dynamic"]


def test_no_models_are_shown_where_an_empty_list_says_so() -> None:
    assert of(RUN, compare_with=()).comparison == []


def test_an_unknown_model_is_named_and_left_out() -> None:
    result = of(RUN, compare_with=("LLaMA-77B",), factors=Factors())
    assert result.comparison == [] and codes(result).count("CG209") == 1
    assert "LLaMA-7B" in next(p.hint for p in result.problems if p.code == "CG209")


def test_this_model_stands_first_and_rows_of_another_unit_than_a_run_are_not_compared() -> None:
    content = written(of(RUN))["comparison"]
    assert [row["self"] for row in content] == [True] + [False] * len(WELL_KNOWN)
    assert content[0]["energy"]["value"] == 1e6
    per_request = next(row for row in bundled().table("published_footprints") if row["unit"] != "run")
    assert of(RUN, compare_with=(per_request["id"],)).comparison == []


def test_without_energy_of_its_own_a_model_is_not_in_the_comparison() -> None:
    assert not any(row["self"] for row in written(of(Activity("pretraining")))["comparison"])


def test_a_model_is_not_compared_with_itself() -> None:
    names = [row["system"] for row in rows(None, Inputs(Factors()), "BLOOM 176B")]
    assert names and not any(name.startswith("BLOOM 176B") for name in names)
