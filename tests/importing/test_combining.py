"""Which records are one run, and what of them counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardgen.core.factors import Factors
from cardgen.importing.choosing import Choice, Several, chosen, forgiven, listed
from cardgen.importing.combined import Ambiguous, Combined
from cardgen.importing.combining import combined
from cardgen.importing.identity import once
from cardgen.importing.machines import clusters
from cardgen.importing.plausible import check
from cardgen.problems import CardgenError
from cardgen.records.record import Device, PerRequest, Reading, Record

HOUR = 3600.0
GPUS = Record(
    "codecarbon", run="a", project="pond", energy_kwh=2.0, emissions_kg=0.5, start=0.0, end=10 * HOUR, hours=10.0, file="a.csv", lines=(2,)
)
JOB = Record(
    "slurm", run="801", project="train", energy_kwh=3.0, boundary="node", start=0.0, end=10 * HOUR, hours=10.0, file="sacct.txt", lines=(2,)
)
METER = replace(GPUS, tool="nvidia-smi", run="", boundary="accelerators", energy_kwh=2.5, emissions_kg=None, file="smi.csv")


def reading(*records: Record) -> Reading:
    return Reading(records[0].file, records[0].tool, records=list(records))


def energies(runs: list[Combined]) -> list[float | None]:
    return [run.energy_kwh for run in runs]


def test_the_same_run_in_two_files_is_counted_once():
    first, copy = reading(GPUS), reading(replace(GPUS, file="copy.csv"))
    assert once([first, copy]) == [GPUS]
    assert [(note.kind, note.line) for note in copy.notes] == [("merged", 2)]


def test_of_two_copies_of_a_run_the_later_one_counts():
    first, later = reading(GPUS), reading(replace(GPUS, file="later.csv", energy_kwh=2.4))
    assert [record.energy_kwh for record in once([first, later])] == [2.4]
    assert [problem.code for problem in later.problems] == ["CG520"]


def test_rows_without_an_id_that_are_the_same_in_everything_are_one():
    nameless = replace(GPUS, run="")
    assert len(once([reading(nameless, replace(nameless, lines=(3,)))])) == 1


def test_tasks_lie_within_their_run():
    assert once([reading(GPUS, replace(GPUS, part="load", energy_kwh=0.5))]) == [GPUS]


def test_files_of_one_project_one_after_the_other_are_one_run_that_was_resumed():
    later = replace(GPUS, run="b", start=11 * HOUR, end=20 * HOUR, hours=9.0, energy_kwh=1.5, file="b.csv")
    (run,) = combined([GPUS, later])
    assert (run.energy_kwh, run.emissions_kg) == (3.5, 1.0)
    assert "resumed" in run.rule


def test_files_of_other_projects_are_runs_of_their_own():
    assert energies(combined([GPUS, replace(GPUS, run="b", project="lake", file="b.csv")])) == [2.0, 2.0]


def test_runs_of_one_file_are_never_combined_without_a_word():
    assert energies(combined([GPUS, replace(GPUS, run="b", lines=(3,))])) == [2.0, 2.0]


def test_different_machines_at_the_same_time_add_up():
    one, other = replace(GPUS, host=("A100", "1")), replace(GPUS, run="b", host=("H100", "2"), file="b.csv")
    (run,) = combined([one, other])
    assert (run.energy_kwh, run.rule) == (4.0, "2 files of one project on different machines at the same time: added up")


def test_machines_that_look_alike_at_the_same_time_are_asked_about_and_never_added_silently():
    ranks = [replace(GPUS, run=str(rank), host=("8 x A40",), energy_kwh=2 + rank / 1000, file=f"{rank}.csv") for rank in range(8)]
    with pytest.raises(Ambiguous) as caught:
        combined(ranks)
    assert set(caught.value.choices) == {"largest", "add"}
    assert energies(combined(ranks, "largest")) == [2.007]
    assert energies(combined(ranks, "add")) == [pytest.approx(16.028)]


def test_files_that_do_not_say_when_are_runs_of_their_own():
    without = replace(GPUS, start=None, end=None)
    assert energies(combined([without, replace(without, run="b", file="b.csv")])) == [2.0, 2.0]


def test_the_schedulers_node_counts_and_the_gpu_meter_lies_within_it():
    (run,) = combined([JOB, METER])
    assert (run.counted, run.within) == ((JOB,), (METER,))
    assert run.energy_kwh == 3.0


def test_a_node_that_used_less_than_its_gpus_is_asked_about():
    with pytest.raises(Ambiguous) as caught:
        combined([replace(JOB, energy_kwh=1.0), METER])
    assert "may leave the accelerators out" in caught.value.message
    assert energies(combined([replace(JOB, energy_kwh=1.0), METER], "widest")) == [1.0]


def test_two_tools_at_one_boundary_are_asked_about():
    with pytest.raises(Ambiguous):
        combined([JOB, GPUS])
    assert energies(combined([JOB, GPUS], "largest")) == [3.0]


def test_a_job_without_energy_gives_its_hours_to_the_meter_that_ran_in_it():
    job = replace(JOB, energy_kwh=None, device_hours=80.0)
    (run,) = combined([job, METER])
    assert (run.energy_kwh, run.within) == (2.5, (job,))


def test_boundaries_that_differ_are_not_added():
    with pytest.raises(Ambiguous, match="boundaries differ"):
        combined([GPUS, replace(GPUS, run="b", pue=1.2, boundary="facility")], "add")


def test_places_that_differ_are_not_added():
    with pytest.raises(Ambiguous, match="places differ"):
        combined([replace(GPUS, country="FRA"), replace(GPUS, run="b", country="DEU")], "add")


def test_several_runs_have_to_be_chosen_from():
    found = [reading(GPUS, replace(GPUS, run="b", lines=(3,), project="lake"))]
    with pytest.raises(Several):
        chosen(found, Choice())
    assert energies(chosen(found, Choice(all=True))) == [2.0, 2.0]
    assert [run.run for run in chosen(found, Choice(runs=("b",)))] == ["b"]
    assert [run.run for run in chosen(found, Choice(projects=("pond",)))] == ["a"]
    assert energies(chosen(found, Choice(combine="add"))) == [4.0]


def test_a_run_that_is_not_there_is_wrong_use():
    with pytest.raises(CardgenError) as caught:
        chosen([reading(GPUS)], Choice(runs=("z",)))
    assert (caught.value.exit_code, "pond" in caught.value.hint) == (2, True)


def test_runs_without_energy_count_only_when_an_estimate_is_asked_for():
    found = [reading(GPUS, replace(GPUS, run="b", energy_kwh=None, lines=(3,)))]
    assert energies(chosen(found, Choice())) == [2.0]
    assert energies(chosen(found, Choice(all=True, estimate=True))) == [2.0, None]


def test_parts_stand_in_the_place_of_their_run_when_asked():
    found = [reading(GPUS, replace(GPUS, part="load", energy_kwh=0.5), replace(GPUS, part="train", energy_kwh=1.5))]
    assert energies(chosen(found, Choice(parts=True))) == [0.5, 1.5]


def test_files_without_a_project_are_not_taken_for_one_run():
    nameless = replace(GPUS, project="")
    assert len(combined([nameless, replace(nameless, run="b", start=11 * HOUR, end=20 * HOUR, file="b.csv")])) == 2


def test_a_gpu_in_two_files_of_one_time_is_never_counted_twice():
    one, other = replace(METER, host=("GPU-1", "GPU-2")), replace(METER, host=("GPU-1",), energy_kwh=1.2, file="b.csv")
    with pytest.raises(Ambiguous, match="hold the same GPU") as caught:
        combined([one, other])
    assert set(caught.value.choices) == {"largest"}


def test_files_without_energy_do_not_stop_those_that_have_it():
    with_energy, without = reading(GPUS), Reading("b.csv", "zeus")
    without.fault("CG501", 1, "the log has no energy")
    forgiven([with_energy, without])
    assert [problem.severity for problem in without.problems] == ["warning"]
    alone = Reading("b.csv", "zeus")
    alone.fault("CG501", 1, "the log has no energy")
    forgiven([alone])
    assert alone.is_refused


def test_parts_without_their_run_are_told_apart_by_their_names():
    found = [reading(replace(GPUS, part="load", energy_kwh=0.5), replace(GPUS, part="train", energy_kwh=1.5))]
    with pytest.raises(Several) as caught:
        chosen(found, Choice())
    assert "--parts" in caught.value.hint
    assert "train" in "\n".join(listed(caught.value.runs))


def test_rows_of_one_file_on_one_machine_at_one_time_are_warned_of_when_all_are_chosen():
    ranks = [replace(GPUS, run=str(rank), host=("8 x A40",), lines=(rank + 2,)) for rank in range(8)]
    found = [reading(*ranks)]
    runs = chosen(found, Choice(all=True))
    check(found, runs, Factors())
    assert ("CG523", 2) in [(problem.code, problem.line) for problem in found[0].problems]
    assert energies(chosen(found, Choice(combine="largest"))) == [2.0]


def test_of_two_jobs_of_two_processes_each_one_of_each_counts():
    records = [
        replace(GPUS, run=f"{job}{rank}", host=("8 x A40",), start=job * 20 * HOUR, end=(job * 20 + 10) * HOUR, file=f"{job}{rank}.csv")
        for job in range(2)
        for rank in range(2)
    ]
    (run,) = combined(records, "largest")
    assert (run.energy_kwh, len(run.within)) == (4.0, 2)


def test_of_two_nodes_with_two_processes_each_one_of_each_counts():
    records = [replace(GPUS, run=f"{n}{r}", host=(f"node {n}",), energy_kwh=2 + n, file=f"{n}{r}.csv") for n in range(2) for r in range(2)]
    (run,) = combined(records, "largest")
    assert run.energy_kwh == 5.0


def test_thousands_of_processes_are_still_told_apart():
    records = [replace(GPUS, run=str(rank), host=("8 x A40",), file=f"{rank}.csv") for rank in range(1_500)]
    with pytest.raises(Ambiguous):
        combined(records)
    assert energies(combined(records, "largest")) == [2.0]


def test_a_resumed_run_ran_on_one_kind_of_machine_and_not_weeks_apart():
    later = replace(GPUS, run="b", start=11 * HOUR, end=20 * HOUR, file="b.csv")
    assert len(combined([GPUS, replace(later, host=("H100",))])) == 2
    assert len(combined([GPUS, replace(later, start=300 * HOUR, end=310 * HOUR)])) == 2


def test_files_that_a_tracker_moved_away_are_runs_like_the_rows_of_the_file():
    moved = [replace(GPUS, run=str(n), start=n * 20 * HOUR, end=(n * 20 + 10) * HOUR, file=name) for n, name in
             enumerate(("emissions.csv", "emissions.csv.bak", "emissions.csv_0.bak"))]  # fmt: skip
    assert len(combined(moved)) == 3


A100, H100 = Device("NVIDIA A100-SXM4-80GB", 8), Device("NVIDIA H100 80GB HBM3", 8)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"end": 20 * HOUR, "hours": 20.0}, "covers a part of the time"),
        ({"devices": (replace(A100, count=16),)}, "8 devices by the one and 16 by the other"),
        ({"energy_kwh": 0.9}, "the accelerators used 2 kWh by the one and 0.9 kWh by the other"),
    ],
)
def test_a_meter_that_does_not_fit_into_the_wider_one_is_asked_about(change, said):
    node = replace(JOB, tool="codecarbon", devices=(A100,), components={"accelerators": 2.0})
    meter = replace(METER, devices=(A100,), energy_kwh=2.0)
    (run,) = combined([node, meter])
    assert run.energy_kwh == 3.0
    with pytest.raises(Ambiguous, match=said):
        combined([node, replace(meter, **change)])


def test_other_devices_at_the_same_time_are_another_run():
    assert energies(combined([replace(JOB, devices=(A100,)), replace(METER, devices=(H100,))])) == [3.0, 2.5]


def test_meters_of_different_parts_add_up_when_that_is_chosen():
    (run,) = combined([replace(JOB, energy_kwh=1.0), METER], "add")
    assert (run.energy_kwh, run.boundary) == (3.5, "node")


def test_all_makes_an_activity_of_each_also_of_machines():
    one, other = replace(GPUS, host=("A100",)), replace(GPUS, run="b", host=("H100",), file="b.csv")
    assert energies(combined([one, other], apart=True)) == [2.0, 2.0]
    same = [replace(GPUS, run=str(rank), host=("8 x A40",), file=f"{rank}.csv") for rank in range(2)]
    assert energies(combined(same, "add", apart=True)) == [2.0, 2.0]


def test_requests_are_not_added_up():
    request = replace(GPUS, energy_kwh=None, per_request=PerRequest(1e-4))
    with pytest.raises(Ambiguous, match="one request"):
        combined([request, replace(request, run="b")], "add")


def test_a_trackers_own_file_goes_before_a_report_of_it_whatever_the_order():
    report = replace(GPUS, tool="boamps", emissions_kg=None, boundary="node", file="boamps.json")
    own = replace(GPUS, pue=1.4, boundary="facility", hours=None, country=None)
    for order in ([reading(report), reading(own)], [reading(own), reading(report)]):
        (record,) = once(order)
        assert (record.file, record.pue, record.boundary, record.hours) == ("a.csv", 1.4, "facility", 10.0)


def test_parts_hold_the_pue_of_their_run():
    whole = replace(GPUS, pue=1.5, boundary="facility")
    found = [reading(whole, replace(GPUS, part="load", energy_kwh=0.5), replace(GPUS, part="train", energy_kwh=1.5))]
    assert [(run.boundary, run.counted[0].pue) for run in chosen(found, Choice(parts=True))] == [("facility", 1.5)] * 2


def test_a_long_recording_beside_many_short_ones_is_seen_whatever_their_number():
    day = replace(GPUS, run="day", host=("one",), end=100 * HOUR, hours=100.0, energy_kwh=200.0)
    short_runs = [replace(GPUS, run=str(n), host=("one",), start=n * HOUR, end=(n + 0.9) * HOUR, lines=(n + 3,)) for n in range(100)]
    (cluster,) = clusters([day, *short_runs])
    assert len(cluster) == 101
    assert energies(combined([day, *short_runs], "largest")) == [200.0]


def test_only_largest_takes_one_of_several_readings_of_a_machine():
    ranks = [replace(GPUS, run=str(rank), host=("8 x A40",), file=f"{rank}.csv") for rank in range(2)]
    with pytest.raises(Ambiguous):
        combined(ranks, "widest")


def test_a_run_that_two_files_hold_is_still_looked_at():
    own = replace(GPUS, hours=None, start=None, energy_kwh=2e-6, emissions_kg=2e-7)
    found = [reading(own), reading(replace(own, tool="boamps", emissions_kg=None, hours=10.0, file="boamps.json"))]
    check(found, chosen(found, Choice()), Factors())
    assert "CG515" in [problem.code for problem in found[0].problems]
