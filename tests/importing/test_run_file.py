"""A run file from records: valid whatever they hold, with every digit, and nothing private."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.core.assess import assess
from cardgen.core.factors import Factors
from cardgen.core.run import Facility, Run
from cardgen.importing.cleaning import possible, public
from cardgen.importing.combined import Combined
from cardgen.importing.run_file import run_file
from cardgen.importing.stated import Stated
from cardgen.loading import load
from cardgen.records.record import Device, PerRequest, Reading, Record
from cardgen.validation import validate

FACTORS = Factors()
RUN = Record(
    "codecarbon", run="6f1a", project="pond", method="codecarbon 3.3.2", energy_kwh=0.9, emissions_kg=0.05, hours=1.0, country="FRA",
    start=1_772_000_000.0, end=1_772_003_600.0, devices=(Device("NVIDIA A100-SXM4-80GB", 2),), file="emissions.csv", lines=(3,),
)  # fmt: skip


def written(*runs: Combined, stated: Stated | None = None) -> Run:
    """Return the run that the file of some runs makes."""
    reading = Reading("emissions.csv", "codecarbon", records=[record for run in runs for record in run.records])
    text = run_file(runs, [reading], stated or Stated(), FACTORS)
    run, problems = validate(load(text.encode("utf-8", "replace"), "run.yaml"))
    assert (run is not None, problems) == (True, []), text
    assess(run, FACTORS)
    return run


def test_a_record_becomes_an_activity():
    (activity,) = written(Combined((RUN,))).activities
    assert (activity.start, activity.end, activity.facility.country) == ("2026-02-25", "2026-02-25", "FRA")
    assert (activity.energy.value.value, activity.energy.boundary, activity.energy.method) == (0.9, "node", "codecarbon 3.3.2")
    assert (activity.hardware[0].type, activity.hardware[0].count, activity.hardware[0].duration.value) == ("NVIDIA A100 SXM4 80GB", 2, 1.0)


def test_several_machines_add_up_their_energy_and_their_device_hours():
    (activity,) = written(Combined((RUN, replace(RUN, energy_kwh=0.8, hours=2.0, file="b.csv")), rule="2 machines")).activities
    assert activity.energy.value.value == pytest.approx(1.7)
    assert activity.hardware[0].device_hours == 2 * 1.0 + 2 * 2.0


def test_what_the_author_states_goes_before_what_the_tool_says():
    stated = Stated("Pond 7B", "fine-tuning", Facility(provider="gcp", region="europe-west4", pue=1.1))
    run = written(Combined((RUN,)), stated=stated)
    (activity,) = run.activities
    assert (run.model.name, activity.phase) == ("Pond 7B", "fine-tuning")
    assert (activity.facility.provider, activity.facility.region, activity.facility.country, activity.facility.pue) == (
        "gcp", "europe-west4", None, 1.1,
    )  # fmt: skip


def test_without_energy_hardware_and_hours_are_stated():
    (activity,) = written(Combined((replace(RUN, energy_kwh=None, emissions_kg=None),))).activities
    assert (activity.energy, activity.hardware[0].duration.value) == (None, 1.0)


def test_a_request_is_stated_with_its_interval():
    request = PerRequest(3.4e-05, 3.1e-05, 3.7e-05, emissions_kg=2.2e-06, water_l=1.4e-4)
    record = replace(
        RUN, energy_kwh=None, per_request=request, phase="inference", boundary="facility", basis="estimated", emissions_kg=None
    )
    (activity,) = written(Combined((record,))).activities
    assert (activity.phase, activity.assumed, activity.requests.energy.value) == ("inference", True, 3.4e-05)
    assert activity.requests.energy.sigma is not None


def test_emissions_for_a_place_that_was_assumed_do_not_stand_beside_those_of_the_true_one():
    record = replace(RUN, country="CAN", region="quebec", is_default_place=True)
    assert written(Combined((record,)), stated=Stated(facility=Facility(country="DEU"))).reported is None
    assert written(Combined((record,))).reported.emissions.value == 0.05


def test_emissions_that_some_runs_lack_are_not_added_up():
    assert written(Combined((RUN,)), Combined((replace(RUN, emissions_kg=None),))).reported is None


TEXT = st.text(max_size=30)
AMOUNT = st.floats(min_value=1e-12, max_value=1e9)
RECORDS = st.builds(
    Record, tool=st.just("codecarbon"), run=TEXT, part=TEXT, project=TEXT, method=TEXT, energy_kwh=AMOUNT, reason=TEXT,
    boundary=st.sampled_from(["accelerators", "node", "it", "facility"]), basis=st.sampled_from(["measured", "estimated"]),
    pue=st.none() | st.floats(1.01, 3), emissions_kg=st.none() | AMOUNT, hours=st.none() | st.floats(1e-6, 1e6),
    start=st.none() | st.floats(-1e18, 1e18), end=st.none() | st.floats(-1e18, 1e18), device_hours=st.none() | AMOUNT,
    devices=st.lists(st.builds(Device, name=st.sampled_from(["A100", "NVIDIA A40", "AMD EPYC"]) | TEXT,
                               count=st.none() | st.integers(1, 10_000)), max_size=3).map(tuple),
    provider=st.none() | st.sampled_from(["gcp", "aws"]) | TEXT, region=st.none() | st.sampled_from(["europe-west4", "us-east-1"]) | TEXT,
    country=st.none() | st.sampled_from(["FRA", "US", "Germany"]) | TEXT, is_default_place=st.booleans(), file=TEXT,
    lines=st.lists(st.integers(1, 10**9), max_size=3).map(tuple), wue=st.none() | st.floats(1e-3, 10),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=3), TEXT)
def test_whatever_the_records_hold_the_run_file_is_valid_and_keeps_the_energy(records, name):
    reading = Reading("emissions.csv", "codecarbon")
    records = [possible(public(replace(record, boundary="facility" if record.pue else record.boundary)), reading) for record in records]
    runs = [Combined((record,)) for record in records]
    run = written(*runs, stated=Stated(name=name or None))
    energies = [activity.energy.value.value for activity in run.activities]
    assert math.isclose(math.fsum(energies), math.fsum(record.energy_kwh for record in records), rel_tol=1e-12)
