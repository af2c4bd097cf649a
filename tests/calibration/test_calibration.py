"""The estimates against measurements, each judged without the evidence of its own organisation."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import pytest

from cardgen.calibration.page import files
from cardgen.calibration.priors import Observation, cells, fitted, observations, related
from cardgen.calibration.trials import KINDS, trials, without
from cardgen.core.factors import Factors

FACTORS = Factors()
EVIDENCE = observations(FACTORS)
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("kind", "least", "widest"), [("device-hours", 30, 4), ("compute", 9, 8)])
def test_the_90_per_cent_intervals_hold_what_was_measured_and_are_not_wide(kind: str, least: int, widest: float) -> None:
    for cross_validated in (True, False):
        tried = trials(kind, FACTORS, cross_validated=cross_validated)
        held = sum(trial.holds for trial in tried)
        assert len(tried) >= least
        assert held / len(tried) >= 0.85
        assert held / len(tried) <= 0.97 or not cross_validated  # the defaults in use know their own cases
        assert statistics.median(trial.width for trial in tried) <= widest


@pytest.mark.parametrize("kind", KINDS)
def test_the_estimates_are_not_biased(kind: str) -> None:
    """The geometric mean of measured ÷ estimated lies near one."""
    ratios = [math.log(trial.ratio) for trial in trials(kind, FACTORS)]
    assert abs(statistics.fmean(ratios)) < math.log(1.25)


def test_the_uncertainty_table_holds_what_the_evidence_says() -> None:
    for identifier, expected in cells(FACTORS).items():
        row = FACTORS.uncertainty(identifier)
        assert {key: row[key] for key in expected} == expected, identifier


def test_every_default_share_rests_on_evidence_or_says_that_it_does_not() -> None:
    for row in FACTORS.table("uncertainty"):
        if row["id"].startswith(("utilization", "host-share", "mfu", "pue-")) and row["value"]:
            assert row["source"] == "cardgen-observations" or row["verified"] == "false", row["id"]


def test_different_kinds_of_jobs_have_different_defaults() -> None:
    """Saturated jobs on many nodes draw more of their rating, and differ less, than jobs on one device."""
    single, server, cluster = (fitted(EVIDENCE, f"utilization-{kind}") for kind in ("single", "server", "cluster"))
    assert single.value < server.value < cluster.value
    assert single.gsd > server.gsd > cluster.gsd


def test_a_prior_by_hand() -> None:
    """Two organisations, one with two numbers: the mean is that of 0.4 and √(0.6 × 0.9); a third, as spread as the two, joins."""
    evidence = [Observation("host-share", v, o, w, "") for v, o, w in ((0.4, "A", "x"), (0.6, "B", "y"), (0.9, "B", "z"))]
    centre = (math.log(0.4) + (math.log(0.6) + math.log(0.9)) / 2) / 2
    around = ((math.log(0.4) - centre) ** 2 + ((math.log(0.6) - centre) ** 2 + (math.log(0.9) - centre) ** 2) / 2) / 2
    prior = fitted(evidence, "host-share")
    assert prior.value == pytest.approx(math.exp(centre))
    assert prior.gsd == pytest.approx(math.exp(math.sqrt((2 * around + around) / 3)))
    assert (prior.observations, prior.organisations) == (3, 2)


@pytest.mark.parametrize("organisation", ["AI2", "Google", "SMC (MLPerf submitter)"])
def test_an_organisation_has_no_part_in_its_own_judgement(organisation: str) -> None:
    """What it published, alone or with others or about its own sites, is no evidence, and the defaults are others."""
    evidence = observations(FACTORS, organisation)
    assert not [o for o in evidence if related(o.organisation, organisation)]
    assert len(evidence) < len(EVIDENCE)
    assert without(organisation, FACTORS).table("uncertainty") != FACTORS.table("uncertainty")


def test_an_owner_of_sites_is_judged_at_an_unnamed_site() -> None:
    """Google's PUE is Google's publication: 85.7 MWh of T5 are held against the PUE of other hyperscale sites."""
    t5 = next(trial for trial in trials("device-hours", FACTORS) if trial.row["id"] == "t5-11b")
    assert "gcp" not in " ".join(t5.estimate.sources) and "pue-oct2025" not in t5.estimate.sources


def test_organisations_of_one_publication_count_as_one() -> None:
    evidence = [
        Observation("host-share", v, o, w, "") for v, o, w in ((0.4, "A", "x"), (0.6, "A/B", "y"), (0.9, "C AI", "z"), (0.8, "C", "u"))
    ]
    assert fitted(evidence, "host-share").organisations == 2


def test_googles_chips_are_judged_without_googles_measurements() -> None:
    row, _ = without("Google", FACTORS).hardware("TPU v3")
    assert row is not None and row["rated_power_w"] == "450"
    assert not row["system_power_w"] and not row["measured_power_w"]


def test_gpu_meters_are_held_against_the_accelerators_and_node_meters_against_the_nodes() -> None:
    boundaries = {trial.row["id"]: trial.boundary for trial in trials("device-hours", FACTORS)}
    assert boundaries["olmo-dev-7b"] == "accelerators"  # the PUE taken out
    assert boundaries["mlperf4-smc-gpt3-64n"] == "node"
    assert boundaries["t5-11b"] == "facility"


def test_the_readme_says_what_was_found() -> None:
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    tried = trials("device-hours", FACTORS)
    assert f"holds {sum(trial.holds for trial in tried)} of {len(tried)} measurements" in readme


def test_the_page_and_its_plots_are_current(request: pytest.FixtureRequest) -> None:
    """Made by ``cardgen calibrate -o docs``; ``pytest --update-golden`` rewrites them."""
    for name, content in files(FACTORS):
        if request.config.getoption("--update-golden"):
            (DOCS / name).write_bytes(content)
        assert (DOCS / name).read_bytes() == content, name
