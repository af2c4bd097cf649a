"""SLURM: jobs and their steps, amounts that stand for none, attempts, and damaged tables. ``sacct.txt`` is HAND-MADE."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import slurm
from cardgen.records.record import Device
from importers.damage import is_safe, placed, readings, reordered, total, unsafe, unsafe_cuts, with_damaged_fields

DATA = Path(__file__).parent / "data" / "slurm"
SACCT = (DATA / "sacct.txt").read_bytes()
KWH = 1098804000 / 3.6e6
HEADER = b"JobID|JobName|State|Start|End|Elapsed|NNodes|AllocTRES|ConsumedEnergy|ConsumedEnergyRaw\n"
JOB = b"77|train|COMPLETED|2026-02-10T08:00:00|2026-02-10T09:00:00|01:00:00|1|gres/gpu:h100=4,node=1|7.20M|7200000\n"


def read(tmp_path: Path, content: bytes):
    (found,) = readings(slurm, tmp_path, {"sacct.txt": content})
    return found


def codes(found) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in found.problems]


def test_the_row_of_a_job_is_all_of_it_and_its_steps_are_parts(tmp_path):
    found = read(tmp_path, SACCT)
    first, *others = found.records
    assert first.energy_kwh == pytest.approx(305.22333333333336, rel=1e-12)
    assert (first.run, first.project, first.hours) == ("801234", "pretrain", pytest.approx(196215 / 3600))
    assert (first.devices, first.device_hours) == ((Device("a100", 8),), pytest.approx(436.03333333333336))
    assert [(note.kind, note.line) for note in found.notes[:3]] == [("merged", 3), ("merged", 4), ("merged", 5)]
    assert [(record.energy_kwh, round(record.device_hours, 4)) for record in others] == [(None, 0.7028), (None, 0.1667)]
    assert codes(found) == [("CG510", 6), ("CG510", 7)]
    assert "state FAILED" in others[1].reason


def test_a_file_without_energy_is_refused_and_keeps_its_times(tmp_path):
    lines = SACCT.splitlines(keepends=True)
    found = read(tmp_path, lines[0] + lines[5] + lines[6])
    assert codes(found) == [("CG501", 2)]
    assert [record.hours for record in found.records] == [pytest.approx(2530 / 3600), pytest.approx(600 / 3600)]


@pytest.mark.parametrize("none", [b"|0", b"|", b"16777216.00T|18446744073709551614", b"16777216.00T|18446744073709551615"])
def test_amounts_that_stand_for_none_are_no_energy(none, tmp_path):
    found = read(tmp_path, HEADER + JOB + JOB.replace(b"77|", b"78|").replace(b"7.20M|7200000", none))
    assert (total([found]), codes(found)) == (pytest.approx(2.0), [("CG510", 3)])


def test_a_rounded_energy_is_used_only_without_the_exact_one(tmp_path):
    short = HEADER.replace(b"|ConsumedEnergyRaw", b"") + JOB.replace(b"|7200000", b"")
    found = read(tmp_path, short)
    assert (total([found]), codes(found)) == (pytest.approx(2.0), [("CG510", 2)])
    assert "rounded by sacct" in found.records[0].reason


def test_the_energy_among_the_resources_is_exact(tmp_path):
    found = read(tmp_path, b"JobID|AllocTRES\n77|cpu=4,energy=7200001,node=1\n")
    assert total([found]) == pytest.approx(7200001 / 3.6e6, rel=1e-12)


def test_attempts_at_a_requeued_job_add_up(tmp_path):
    first = JOB.replace(b"COMPLETED", b"NODE_FAIL").replace(b"-10T", b"-09T").replace(b"7.20M|7200000", b"3.60M|3600000")
    found = read(tmp_path, HEADER + first + JOB)
    (record,) = found.records
    assert (record.energy_kwh, record.hours, record.device_hours) == (pytest.approx(3.0), 2.0, 8.0)
    assert (record.lines, "2 attempts" in record.reason, "NODE_FAIL" in record.reason) == ((2, 3), True, True)
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 3)]


def test_the_same_row_counts_once_and_what_a_job_was_before_it_ended_not_at_all(tmp_path):
    running = JOB.replace(b"COMPLETED", b"RUNNING").replace(b"2026-02-10T09:00:00", b"Unknown").replace(b"7.20M|7200000", b"|0")
    found = read(tmp_path, HEADER + running + JOB + JOB)
    assert (total([found]), codes(found)) == (pytest.approx(2.0), [])
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 4), ("merged", 2)]


def test_a_running_job_has_no_final_energy(tmp_path):
    running = JOB.replace(b"COMPLETED", b"RUNNING").replace(b"2026-02-10T09:00:00", b"Unknown")
    found = read(tmp_path, HEADER + running + JOB.replace(b"77|", b"78|"))
    assert (total([found]), codes(found)) == (pytest.approx(2.0), [("CG510", 2)])


def test_tasks_of_arrays_and_parts_of_mixed_jobs_are_jobs(tmp_path):
    names = (b"90_1", b"90_2", b"91+0", b"91+1")
    found = read(
        tmp_path,
        HEADER + b"".join(JOB.replace(b"77|", name + b"|") for name in names) + b"90_[3-9%2]" + JOB[2:].replace(b"COMPLETED", b"PENDING"),
    )
    assert [record.run for record in found.records] == ["90_1", "90_2", "91+0", "91+1"]
    assert [(note.kind, note.line) for note in found.notes] == [("skipped", 6)]


def test_steps_without_their_job_are_refused(tmp_path):
    found = read(tmp_path, HEADER + JOB.replace(b"77|", b"77.batch|") + JOB.replace(b"77|", b"77.0|"))
    assert (codes(found), found.records) == ([("CG502", 2)], [])


def test_users_hosts_and_paths_leave_nothing_but_what_is_private(tmp_path):
    header = HEADER[:-1] + b"|User|NodeList|WorkDir\n"
    row = JOB.replace(b"|train|COMPLETED", b"|/home/ada/run.sh|CANCELLED by 1001")[:-1] + b"|ada|gpu[01-02]|/home/ada\n"
    (record,) = read(tmp_path, header + row).records
    assert record.private == {"User": "ada", "NodeList": "gpu[01-02]", "WorkDir": "/home/ada"}
    assert record.project == "/home/ada/run.sh"  # names are made public where files of all tools are
    assert not any(word in f"{record.reason} {record.method} {record.run}" for word in ("ada", "1001", "gpu["))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\n".join(line + b"|" for line in content.splitlines()) + b"\n",  # sacct -p
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.decode().encode("utf-16"),
    ],
)
def test_other_ways_to_write_the_table_say_the_same(change, tmp_path):
    assert total([read(tmp_path, change(SACCT))]) == pytest.approx(KWH, rel=1e-12)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (
            b"JobID           JobName  Partition ConsumedEnergy\n------------ ---------- ---------- --------------\n77 a b 1.1G\n",
            "CG505",
            "-P",
        ),
        (b"ConsumedEnergyRaw|Elapsed|NNodes\n1500000|00:02:30|1\n", "CG502", "JobID"),
    ],
)
def test_tables_that_cannot_be_told_apart_name_the_way_out(content, code, words, tmp_path):
    (problem,) = read(tmp_path, content).problems
    assert (problem.code, words in problem.hint) == (code, True)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"7200000", b"7300000", "CG504"),
        (b"node=1", b"node=1,energy=7200001", "CG504"),
        (b"|1|gres", b"|2|gres", "CG504"),
        (b"01:00:00", b"05:00:00", "CG504"),
        (b"node=1", b"gres/gpu=2,node=1", "CG504"),
        (b"7200000", b"7.2e6", "CG503"),
        (b"COMPLETED", b"DONE", "CG503"),
        (b"77|", b"job|", "CG503"),
        (b"|7200000", b"", "CG502"),
        (b"|7200000", b"|", "CG510"),
    ],
)
def test_values_that_do_not_fit_are_named_with_their_line(old, new, code, tmp_path):
    assert (code, 3) in codes(read(tmp_path, HEADER + JOB.replace(b"77|", b"76|") + JOB.replace(old, new)))


def amount(number: int) -> dict:
    return {"set": True, "infinite": False, "number": number}


def as_json(energy: object, wrap=lambda number: number) -> bytes:
    job = {
        "account": "lab", "allocation_nodes": wrap(1), "array": {"job_id": 90, "task_id": wrap(3)}, "association": {"user": "ada"},
        "job_id": 94, "name": "train", "nodes": "gpu01", "state": {"current": ["COMPLETED"], "reason": "None"},
        "time": {"elapsed": 3600, "start": wrap(1770710400), "end": wrap(1770714000)},
        "tres": {"allocated": [{"type": "energy", "name": "", "id": 3, "count": energy},
                               {"type": "gres", "name": "gpu:h100", "id": 1002, "count": 4},
                               {"type": "gres", "name": "gpu", "id": 1001, "count": 4}]},
        "steps": [{"statistics": {"energy": {"consumed": 7200000}}}], "user": "ada", "working_directory": "/home/ada",
    }  # fmt: skip
    return json.dumps({"meta": {"Slurm": {"release": "23.11"}}, "jobs": [job], "errors": []}, indent=2).encode()


@pytest.mark.parametrize("wrap", [lambda number: number, amount])
def test_the_json_of_sacct_says_the_same(wrap, tmp_path):
    found = read(tmp_path, as_json(7200000, wrap))
    (record,) = found.records
    assert (record.energy_kwh, record.run, record.project, record.start) == (pytest.approx(2.0), "90_3", "train", 1770710400)
    assert (record.devices, record.device_hours, found.problems) == ((Device("h100", 4),), 4.0, [])
    assert as_json(7200000, wrap).splitlines()[record.lines[0] - 1].strip() == b'"job_id": 94,'
    assert record.private["User"] == "ada"


@pytest.mark.parametrize(("energy", "code"), [(0, "CG501"), (2**64 - 2, "CG501"), (None, "CG501"), ("much", "CG503"), (-5, "CG503")])
def test_json_without_energy_is_refused(energy, code, tmp_path):
    assert read(tmp_path, as_json(energy)).problems[0].code == code


@pytest.mark.parametrize("content", [SACCT, HEADER + JOB + JOB.replace(b"77|", b"78|")])
def test_damage_gives_the_right_total_or_a_problem(content, tmp_path):
    expected = total([read(tmp_path, content)])
    assert is_safe([read(tmp_path, reordered(content))], expected)
    assert unsafe(slurm, tmp_path, "sacct.txt", with_damaged_fields(content, "|", most=120), expected) == []
    assert unsafe_cuts(slurm, tmp_path, "sacct.txt", content) == []
    whole = as_json(7200000)
    assert all(is_safe(readings(slurm, tmp_path, {"a.json": whole[:end]}), 2.0) for end in range(1, len(whole), 7))


@given(st.binary(max_size=200), st.sampled_from([HEADER, b"JobID|ConsumedEnergyRaw|\n", as_json(1)[:900]]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_below_a_first_line_give_data_or_problems(tmp_path_factory, content, before):
    found = readings(slurm, tmp_path_factory.mktemp("any"), {"any": before + content})
    assert all(line >= 1 for line in placed(found))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["number", "set", "allocated", "elapsed", "current"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["job_id", "state", "time", "tres", "array", "name", "user", "allocation_nodes"]), json_values),
    json_values,
)
@settings(max_examples=100, deadline=None)
def test_any_job_in_json_gives_data_or_problems(tmp_path_factory, changes, amount_):
    data = json.loads(as_json(amount_))
    data["jobs"][0] |= changes
    content = json.dumps(data).encode() + b" " * 10
    found = readings(slurm, tmp_path_factory.mktemp("any"), {"a.json": content})
    assert all(line >= 1 for line in placed(found))


def test_other_tables_are_not_recognised(tmp_path):
    assert readings(slurm, tmp_path, {"a.csv": b"id|state|energy\n1|2|3\n", "b.txt": b"JobID\n1\n", "c.json": b'{"jobs": []}'}) == []


REQUEUED = JOB.replace(b"T08:", b"T18:").replace(b"T09:", b"T19:")


def test_another_attempt_is_added_with_a_warning_that_names_both_lines(tmp_path):
    found = read(tmp_path, HEADER + JOB + REQUEUED)
    assert total([found]) == pytest.approx(4.0, rel=1e-12)
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG510", 3)]
    assert "line 2" in found.problems[0].message


def changed_json(*changes: dict) -> bytes:
    """The job of as_json, once for each of the changes."""
    data = json.loads(as_json(7200000))
    data["jobs"] = [{**data["jobs"][0], **change} for change in changes]
    return json.dumps(data, indent=2).encode()


def times(**changes: object) -> dict:
    return {"time": {"elapsed": 3600, "start": 1770710400, "end": 1770714000, **changes}}


def test_a_job_that_stands_twice_in_json_with_another_start_is_warned_of(tmp_path):
    found = read(tmp_path, changed_json(times(), times(start=1770710401)))
    second = changed_json(times(), times()).count(b"\n")
    assert [problem.code for problem in found.problems] == ["CG510"]
    assert 1 < found.records[0].lines[0] < found.problems[0].line < second


def test_an_energy_that_stands_twice_in_a_job_is_refused(tmp_path):
    tres = json.loads(as_json(7200000))["jobs"][0]["tres"]["allocated"]
    energy = next(part for part in tres if part["type"] == "energy")
    found = read(tmp_path, changed_json({"tres": {"allocated": [*tres, {**energy, "count": 9}]}}))
    assert [problem.code for problem in found.problems] == ["CG504"] and found.records == []
    text = changed_json({}).replace(b'"job_id": 94', b'"name": "other",\n"job_id": 94')
    assert b'"name": "other"' in text and read(tmp_path, text).problems[0].code == "CG504"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"elapsed": -5}, "CG503"), ({"elapsed": 1e12}, "CG503"), ({"end": 1770700000}, "CG504"), ({"elapsed": 9999}, "CG504")],
)
def test_times_of_json_that_contradict_each_other_are_refused(change, code, tmp_path):
    assert [problem.code for problem in read(tmp_path, changed_json(times(**change))).problems] == [code]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"COMPLETED", b"secretacct"),
        (b"77|", b"/home/secret|"),
        (b"|1|gres", b"|node[17-18].secretcluster|gres"),
        (b"gres/gpu:h100=4,node=1", b"token=secret,x"),
    ],
)
def test_what_moved_into_a_column_is_not_shown(old, new, tmp_path):
    found = read(tmp_path, HEADER + JOB.replace(old, new))
    assert [problem.code for problem in found.problems][0] == "CG503"
    assert "secret" not in " ".join(problem.message for problem in found.problems)


def test_a_user_that_moved_into_the_place_of_the_name_is_no_project(tmp_path):
    header, tail = b"JobID|JobName|User|State|Elapsed|ConsumedEnergyRaw\n", b"|COMPLETED|01:00:00|7200000\n"
    found = read(tmp_path, header + b"1|train|ada" + tail + b"2|ada|" + tail)
    assert [record.project for record in found.records] == ["train", ""]


def test_a_file_of_too_many_jobs_is_refused(tmp_path):
    rows = b"".join(b"%d|COMPLETED|01:00:00|7200000\n" % job for job in range(1, 10_003))
    found = read(tmp_path, b"JobID|State|Elapsed|ConsumedEnergyRaw\n" + rows)
    assert (codes(found)[0], "sacct -j" in found.problems[0].hint) == (("CG505", 10_002), True)


@pytest.mark.parametrize("step", [b"77.batch|train|COMPLETED|Unknown|Unknown|01:00:00|1||7.30M|", b"77.0|train|COMPLETED||||1|||7300000"])
def test_a_job_that_used_less_than_its_step_is_said_with_both_lines(step, tmp_path):
    found = read(tmp_path, HEADER + JOB + step + b"\n")
    assert (codes(found), "line 3" in found.problems[0].message, total([found])) == ([("CG504", 2)], True, pytest.approx(2.0))
    assert codes(read(tmp_path, HEADER + JOB + step.replace(b"7.30", b"7.20").replace(b"73", b"72") + b"\n")) == []


def test_the_attempt_that_used_most_is_compared_with_the_steps(tmp_path):
    step = b"77.0|train|COMPLETED||||1|||7200000\n"
    found = read(tmp_path, HEADER + JOB + step + REQUEUED.replace(b"7200000", b"3600000").replace(b"7.20M", b"3.60M"))
    assert [code for code, _ in codes(found)] == ["CG510"]
