"""CodeCarbon: every release's file, and what becomes of damaged ones."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import codecarbon, importer, names
from cardgen.records.source import Source
from importers.damage import placed, readings, reordered, total, unsafe, unsafe_cuts, with_damaged_fields
from importers.json_damage import silent_cuts, unsafe_damage, with_damaged_keys, with_damaged_lines

DATA = Path(__file__).parent / "data" / "codecarbon"
FILES = sorted(DATA.glob("*/*.csv"))
# Energy in kWh and emissions in kg: one row for each run, the last one, then the sum.
TOTALS = {
    "1.2.0-single": (5.907160256542172e-05, 2.5080853122177574e-05, 1),
    "1.2.0-appended": (0.00010632650059751744, 8.059493279156993e-05, 3),
    "2.1.4-single": (7.109258773991356e-05, 3.9100923256952455e-06, 1),
    "2.8.4-cloud": (4.2696723840405135e-05, 1.4516886105737746e-06, 1),
    "2.8.4-multiproject": (0.00012796285671870365, 1.2227247683866652e-05, 3),
    "3.3.0-shifted-rows": (4.210342968146994e-05, 8.604927687075073e-06, 3),
    "3.3.2-flush": (3.54958129378556e-05, 1.3522129938676091e-05, 1),
    "3.3.2-forced": (0.00024038607916962565, 2.9663642169531808e-05, 1),
    "3.3.2-no-network": (1.7815251636607267e-05, 7.014497058149212e-08, 1),
    "3.3.2-process": (1.6583958768178247e-05, 6.317659092737503e-06, 1),
    "3.3.2-pue-wue": (2.6959384045348116e-05, 1.0971121337254417e-06, 1),
    "3.3.2-tasks": (3.623360154194089e-05, 2.030494796808826e-06, 1),
    "issue-544-8xA40": (302.3935181436902, 110.51787583060145, 1),
    "repo-example": (0.008090266169168935, 0.00019537029268894377, 19),
}


def read(tmp_path: Path, content: bytes, name: str = "emissions.csv"):
    (found,) = readings(codecarbon, tmp_path, {name: content})
    return found


@pytest.mark.parametrize("folder", TOTALS)
def test_every_release_gives_its_energy_and_its_own_emissions(folder, tmp_path):
    (file,) = [file for file in FILES if file.parent.name == folder and "_tasks" not in file.name]
    found = read(tmp_path, file.read_bytes())
    energy, emissions, runs = TOTALS[folder]
    assert math.fsum(record.energy_kwh for record in found.records) == pytest.approx(energy, rel=1e-12)
    assert math.fsum(record.emissions_kg for record in found.records) == pytest.approx(emissions, rel=1e-12)
    assert (len(found.records), found.is_refused) == (runs, False)


def test_of_a_run_that_was_flushed_the_last_row_counts(tmp_path):
    found = read(tmp_path, (DATA / "3.3.2-flush" / "emissions.csv").read_bytes())
    assert [record.lines for record in found.records] == [(3,)]
    assert [(note.kind, note.line) for note in found.notes] == [("merged", 2)]


def test_rows_that_a_release_damaged_are_repaired_and_named(tmp_path):
    found = read(tmp_path, (DATA / "3.3.0-shifted-rows" / "emissions.csv").read_bytes())
    assert [(note.kind, note.line) for note in found.notes] == [("repaired", 3), ("repaired", 4)]
    assert [record.country for record in found.records] == ["FRA", "DEU", "ESP"]
    assert [record.boundary for record in found.records] == ["node"] * 3


def test_a_pue_that_was_set_is_inside_the_energy(tmp_path):
    (record,) = read(tmp_path, (DATA / "3.3.2-pue-wue" / "emissions.csv").read_bytes()).records
    assert (record.boundary, record.pue, record.wue) == ("facility", 1.25, 1.8)
    assert record.water_l == pytest.approx(2.6959384045348116e-05 * 1.8)


def test_a_pue_of_1_was_not_set(tmp_path):
    (record,) = read(tmp_path, (DATA / "3.3.2-forced" / "emissions.csv").read_bytes()).records
    assert (record.boundary, record.pue, record.water_l) == ("node", None, None)


def test_the_time_of_the_last_task_is_not_that_of_the_run(tmp_path):
    (record,) = read(tmp_path, (DATA / "3.3.2-tasks" / "emissions.csv").read_bytes()).records
    assert (record.hours, record.start) == (None, None)


def test_tasks_are_parts_of_their_run(tmp_path):
    found = read(tmp_path, (DATA / "3.3.2-tasks" / "emissions_tasks.csv").read_bytes(), "emissions_tasks.csv")
    assert {record.part: record.energy_kwh for record in found.records} == {
        "load": 9.077206775916074e-06, "train": 1.810356076812436e-05, "eval": 9.052833997900458e-06,
    }  # fmt: skip


def folder_of(name: str, tmp_path: Path, change: Callable[[str], str] = str) -> list:
    """The readings of a run and of its tasks; ``change`` changes the file of the tasks."""
    files = {file.name: file.read_bytes() for file in sorted((DATA / name).iterdir())}
    files["emissions_tasks.csv"] = change(files["emissions_tasks.csv"].decode()).encode()
    return readings(codecarbon, tmp_path, files)


@pytest.mark.parametrize(
    ("folder", "seconds", "alone"),
    [
        ("3.3.2-tasks-pue", 1.00246020099803 + 1.000720320000255, None),  # the PUE of 1.5 is inside the power as well
        ("2.8.0-tasks-pue", 1.303557715000352 + 1.302877346999594, None),
        ("3.0.4-tasks", 1.8052681379995192 + 1.8056778110003506, 2.8081310460001987),  # as much ahead as a short run without tasks
    ],
)
def test_the_time_of_a_run_with_tasks_is_that_of_all_of_them(folder, seconds, alone, tmp_path):
    run, tasks = folder_of(folder, tmp_path)
    starts = [record.start for record in tasks.records]
    assert run.records[0].hours == pytest.approx(seconds / 3600, rel=1e-9)
    assert run.records[0].start == min(starts)
    assert [(note.kind, note.line) for note in run.notes] == [("repaired", 2)]
    (record,) = read(tmp_path, (DATA / folder / "emissions.csv").read_bytes()).records
    assert record.hours == (alone and pytest.approx(alone / 3600, rel=1e-9))


def test_the_time_is_not_known_where_a_task_is_missing(tmp_path):
    run, _ = folder_of("3.3.2-tasks-pue", tmp_path, lambda text: "".join(text.splitlines(keepends=True)[:2]))
    assert (run.records[0].hours, run.records[0].start, len(run.notes)) == (None, None, 1)


def test_a_short_run_without_tasks_keeps_its_time(tmp_path):
    found = read(tmp_path, (DATA / "3.0.4-short" / "emissions.csv").read_bytes())  # its memory: 3.0 s, the run: 2.0 s
    assert (found.records[0].hours, found.notes) == (pytest.approx(2.0036 / 3600, rel=1e-3), [])


@pytest.mark.parametrize(
    ("version", "duration", "pue", "is_kept"),
    [
        ("3.1.0", 3600.0, 1.0, True),
        ("3.1.0", 3400.0, 1.0, False),  # 3600 s of memory
        ("3.1.0", 3599.0, 1.0, True),
        ("3.3.2", 3600.0, 1.5, True),
        ("3.3.2", 2500.0, 1.5, False),
        ("3.3.0", 2400.0, 1.5, True),  # its power lacks the PUE
        ("3.3.0", 2000.0, 1.5, False),
    ],
)
def test_the_memory_tells_whether_the_duration_is_that_of_a_task(version, duration, pue, is_kept, tmp_path):
    row = {
        "timestamp": "2026-03-01T10:00:00", "run_id": "77a7bff6-b131-4c17-9577-774ca0cd6501", "duration": duration, "emissions": 0.01,
        "emissions_rate": 0.01 / duration, "cpu_power": 10, "ram_power": 20, "cpu_energy": 0.01, "gpu_energy": 0, "ram_energy": 0.02,
        "energy_consumed": 0.03, "codecarbon_version": version, "tracking_mode": "machine", "pue": pue,
    }  # fmt: skip
    content = f"{','.join(row)}\n{','.join(map(str, row.values()))}\n"
    (record,) = read(tmp_path, content.encode()).records
    assert record.hours == (duration / 3600 if is_kept else None)


def test_the_tasks_of_a_release_that_writes_wrong_times_are_read_without_them(tmp_path):
    run, tasks = folder_of("2.6.0-tasks", tmp_path)  # durations of -1795255091 s
    assert [record.hours for record in tasks.records] == [None, None]
    assert [(note.kind, note.line) for note in tasks.notes] == [("skipped", 2), ("skipped", 3)]
    assert (run.records[0].hours, run.is_refused, tasks.is_refused) == (None, False, False)


@pytest.mark.parametrize(("old", "new", "code"), [
    (",1.00246020099803,", ",", "CG502"),
    (",1.00246020099803,", ",1.2,", "CG504"),  # the emissions are those of 1.00 s
    ("2026-11-21T", "soon", "CG503"),
])  # fmt: skip
def test_a_task_that_is_wrong_does_not_stop_its_run(old, new, code, tmp_path):
    run, tasks = folder_of("3.3.2-tasks-pue", tmp_path, lambda text: text.replace(old, new, 1))
    assert [(problem.code, problem.severity, problem.line) for problem in tasks.problems] == [(code, "warning", 2)]
    assert (run.is_refused, run.records[0].hours, [record.part for record in tasks.records]) == (False, None, ["t1"])
    content = (DATA / "3.3.2-tasks-pue" / "emissions_tasks.csv").read_text().replace(old, new, 1)
    (alone,) = readings(codecarbon, tmp_path, {"emissions_tasks.csv": content.encode()})
    assert [(problem.code, problem.severity) for problem in alone.problems] == [(code, "error"), ("CG521", "warning")]


def test_of_tasks_without_their_run_the_pue_is_not_known(tmp_path):
    (alone,) = readings(codecarbon, tmp_path, {"emissions_tasks.csv": (DATA / "3.3.2-tasks-pue" / "emissions_tasks.csv").read_bytes()})
    assert [(problem.code, problem.line) for problem in alone.problems] == [("CG521", 2)]
    assert [reading.problems for reading in folder_of("3.3.2-tasks-pue", tmp_path)] == [[], []]


def test_processes_of_one_machine_are_told_apart(tmp_path):
    content = (DATA / "3.3.2-process" / "emissions.csv").read_text()
    (run,) = {line.split(",")[2] for line in content.splitlines()[1:]}
    other = content.replace(run, "77a7bff6-b131-4c17-9577-774ca0cd6501")
    one, two = (found.records[0].host for found in readings(codecarbon, tmp_path, {"a.csv": content.encode(), "b.csv": other.encode()}))
    assert one != two


LOGS = {  # of each run the last row: energy in kWh, emissions in kg, seconds
    "3.3.2-logger": [(1.5792066068354344e-05, 8.849715904045091e-07, 2.137734582000121)],
    "2.8.4-logger": [
        (3.0387943674459724e-05, 1.7029099755730486e-06, 2.1317989669987583),
        (3.039371326789106e-05, 1.7032332978193473e-06, 2.1321248759995797),
    ],
}
TASK = Path(__file__).parent / "data" / "optimum_benchmark" / "text_generation_codecarbon.json"


@pytest.mark.parametrize("folder", LOGS)
def test_of_what_was_logged_the_last_row_of_each_run_counts(folder, tmp_path):
    found = read(tmp_path, (DATA / folder / "log.txt").read_bytes(), "log.txt")
    assert [(record.energy_kwh, record.emissions_kg, record.hours * 3600) for record in found.records] == [
        (energy, emissions, pytest.approx(seconds, rel=1e-12)) for energy, emissions, seconds in LOGS[folder]
    ]
    assert (found.is_refused, len(found.notes)) == (False, 2 * len(found.records))


def test_other_lines_of_a_log_are_noted_and_a_line_that_was_cut_is_refused(tmp_path):
    lines = (DATA / "3.3.2-logger" / "log.txt").read_text().splitlines(keepends=True)
    found = read(tmp_path, "".join(["loading the model\n", *lines, "done {}\n"]).encode(), "log.txt")
    assert (total([found]), found.rows) == (1.5792066068354344e-05, 3)
    assert sorted((note.kind, note.line) for note in found.notes) == [("merged", 2), ("merged", 3), ("skipped", 1), ("skipped", 5)]
    found = read(tmp_path, "".join([*lines[:2], lines[2][:300]]).encode(), "log.txt")
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG505", 3)]


@pytest.mark.parametrize("form", [json.dumps, lambda data: json.dumps(data, indent=1), lambda data: json.dumps([data])])
def test_the_data_of_a_tracker_as_json_is_read(form, tmp_path):
    found = read(tmp_path, form(json.loads(TASK.read_text())).encode(), "data.json")
    assert (total([found]), found.problems) == (1.7570694496793634e-05, [])
    assert found.records[0].part == ""


def test_the_file_of_a_task_of_a_benchmark_is_recognised_by_one_importer(tmp_path):
    assert [name for name in names() if importer(name).recognises(Source(TASK.name, TASK))] == ["codecarbon"]
    (record,) = read(tmp_path, TASK.read_bytes(), TASK.name).records
    assert (record.energy_kwh, record.emissions_kg) == (1.7570694496793634e-05, 9.846441489058186e-07)
    assert (record.part, record.phase, record.method, record.country) == ("text_generation", "evaluation", "codecarbon 3.3.2", "FRA")


@pytest.mark.parametrize(("old", "new", "code"), [
    ('"energy_consumed": 1.7570694496793634e-05', '"energy_consumed": 0.0', "CG501"),
    ('"energy_consumed": 1.7570694496793634e-05', '"energy_consumed": 3.5e-05', "CG504"),
    ('"duration": 3.131502084999738', '"duration": "3 s"', "CG503"),
    ('"country_iso_code": "FRA"', '"country_iso_code": ["FRA"]', "CG503"),
    ('"run_id": "77a7bff6-b131-4c17-9577-774ca0cd6501"', '"run_id": "one"', "CG503"),
])  # fmt: skip
def test_damaged_json_is_refused(old, new, code, tmp_path):
    found = read(tmp_path, TASK.read_text().replace(old, new).encode(), TASK.name)
    assert [problem.code for problem in found.problems] == [code]


def test_damage_of_json_is_never_a_wrong_total_without_a_word(tmp_path):
    content = TASK.read_bytes()
    assert silent_cuts(codecarbon, tmp_path, "file", content) == []
    assert unsafe_damage(codecarbon, tmp_path, "file", with_damaged_lines(content), 1.7570694496793634e-05) == []
    assert unsafe_damage(codecarbon, tmp_path, "file", with_damaged_keys(content), 1.7570694496793634e-05) == []
    assert unsafe_cuts(codecarbon, tmp_path, "log.txt", (DATA / "3.3.2-logger" / "log.txt").read_bytes()) == []


def test_a_place_that_was_assumed_is_marked(tmp_path):
    (record,) = read(tmp_path, (DATA / "3.3.2-no-network" / "emissions.csv").read_bytes()).records
    assert (record.country, record.is_default_place) == ("CAN", True)


def test_rows_without_energy_are_named_and_left_out(tmp_path):
    found = read(tmp_path, (DATA / "repo-example" / "emissions.csv").read_bytes())
    assert {note.line for note in found.notes if note.kind == "skipped"} <= set(placed([found]))
    assert [problem.code for problem in found.problems if problem.severity == "error"] == []


def test_a_measured_run_of_gpus_says_so_and_a_processor_is_an_estimate(tmp_path):
    (gpus,) = read(tmp_path, (DATA / "issue-544-8xA40" / "emissions_0.csv").read_bytes()).records
    (processor,) = read(tmp_path, (DATA / "2.1.4-single" / "emissions.csv").read_bytes()).records
    assert (gpus.basis, gpus.devices[0].name, gpus.devices[0].count) == ("measured", "NVIDIA A40", 8)
    assert (processor.basis, "42.5 W" in processor.reason) == ("estimated", True)


def test_nothing_private_leaves_its_place(tmp_path):
    (record,) = read(tmp_path, (DATA / "issue-544-8xA40" / "emissions_0.csv").read_bytes()).records
    shown = [record.reason, record.method, record.project, record.country, record.region, record.devices]
    assert not any("50.7" in str(value) or "x86_64" in str(value) for value in shown)
    assert record.private["latitude"] == "50.7088"


def test_a_file_of_a_spreadsheet_reads_the_same(tmp_path):
    content = (DATA / "1.2.0-single" / "emissions.csv").read_bytes()
    german = content.replace(b".", b"\x00").replace(b",", b";").replace(b"\x00", b",").replace(b"\n", b"\r\n")
    found = read(tmp_path, b"\xef\xbb\xbf" + german)
    assert total([found]) == pytest.approx(5.907160256542172e-05, rel=1e-12)


def test_a_run_that_began_again_under_its_id_is_refused(tmp_path):
    lines = (DATA / "3.3.2-flush" / "emissions.csv").read_text().splitlines()
    cells = [line.split(",") for line in lines]
    cells[1][0], cells[2][0] = cells[2][0], cells[1][0]  # the smaller energy at the later time
    found = read(tmp_path, "\n".join(",".join(row) for row in cells).encode() + b"\n")
    assert ("CG504", 3) in [(problem.code, problem.line) for problem in found.problems]


def changed(name: str, change: Callable[[list[str]], list[str]], folder: str = "3.3.2-pue-wue") -> bytes:
    """A file of one run whose row is changed from the column ``name`` on."""
    header, row = (DATA / folder / "emissions.csv").read_text().splitlines()[:2]
    place, cells = header.split(",").index(name), row.split(",")
    return f"{header}\n{','.join([*cells[:place], *change(cells[place:])])}\n".encode()


def lost(until: int) -> Callable[[list[str]], list[str]]:
    """The first cell is lost, those up to another one move up, and that one is empty."""
    return lambda cells: [*cells[1 : until + 1], "", *cells[until + 1 :]]


def inserted(until: int) -> Callable[[list[str]], list[str]]:
    """An empty cell comes before, those up to another one move down, and that one is lost."""
    return lambda cells: ["", *cells[:until], *cells[until + 1 :]]


def became(text: str) -> Callable[[list[str]], list[str]]:
    """The first cell holds another text."""
    return lambda cells: [text, *cells[1:]]


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("cpu_energy", inserted(3), "CG504"),  # and energy_consumed is lost
        ("cpu_energy", became(""), "CG504"),
        ("gpu_energy", became(""), "CG504"),
        ("experiment_id", lost(3), "CG503"),  # and emissions_rate is empty
        ("emissions_rate", became(""), "CG504"),
        ("emissions_rate", became("0.0"), "CG504"),
        ("duration", became(""), "CG510"),
        ("duration", became("0.0000017"), "CG504"),
        ("project_name", lost(2), "CG503"),  # and experiment_id is empty
        ("run_id", became("5b0fa12a-3dd7-45bb-9766-cc326314d9f1"), "CG504"),
        ("gpu_model", became("37.4221234"), "CG503"),
        ("cpu_model", became("-122.0841"), "CG503"),
        ("gpu_count", became("37.4221234"), "CG503"),
        ("cpu_count", became("2.5"), "CG503"),
        ("region", became("0.0"), "CG503"),
        ("region", became("4.85e-05"), "CG503"),
        ("region", became("SWE"), "CG503"),
        ("region", became("N"), "CG503"),
        ("country_iso_code", became(""), "CG510"),
        ("country_iso_code", lambda cells: ["", cells[0], *cells[2:]], "CG503"),  # the code is in the region
        ("emissions", became("0"), "CG504"),
        ("pue", became(""), "CG521"),
        ("pue", lambda cells: [cells[1], cells[0]], "CG504"),  # 1.8 is the wue, and water is energy × wue
        ("cloud_provider", became("2"), "CG503"),
        ("pue", became("1e24"), "CG503"),
        ("pue", became("0.5"), "CG503"),
        ("wue", became("51"), "CG503"),
        ("latitude", became("122.08"), "CG503"),
        ("energy_consumed", became("1e10"), "CG503"),
    ],
)
def test_values_that_cannot_stand_where_they_do_are_said(name, change, code, tmp_path):
    found = read(tmp_path, changed(name, change))
    assert (code, 2) in [(problem.code, problem.line) for problem in found.problems]
    assert found.is_refused == (code not in ("CG510", "CG521") and "water" not in repr(found.problems))
    assert not any(private in repr(found.problems) for private in ("37.42", "122.08", "5b0fa12a"))


def test_a_header_without_run_id_is_refused_though_it_has_an_experiment(tmp_path):
    whole = (DATA / "3.3.2-flush" / "emissions.csv").read_text().splitlines()
    for rows in (
        [",".join(cell for place, cell in enumerate(row.split(",")) if place != 2) for row in whole],
        [whole[0].replace("run_id", "")],
    ):
        found = read(tmp_path, "\n".join([*rows, ""]).encode())
        assert [(problem.code, problem.line) for problem in found.problems] == [("CG502", 1)]


def test_rows_without_any_id_are_runs_of_their_own_with_a_warning(tmp_path):
    rows = "duration,emissions,energy_consumed\n60,0.1,0.5\n60,0.2,0.75\n"
    found = read(tmp_path, rows.encode())
    assert (total([found]), [(problem.code, problem.line) for problem in found.problems]) == (1.25, [("CG510", 2)])


@pytest.mark.parametrize("name", ["timestamp", "duration", "emissions", "country_iso_code", "on_cloud", "tracking_mode", "energy_consumed"])
@pytest.mark.parametrize("private", ["/home/ada/run", "ada@example.org", "hf_abcDEF1234567890", "-48.8566"])
def test_no_message_quotes_what_may_be_private(name, private, tmp_path):
    found = read(tmp_path, changed(name, became(private)))
    assert private not in repr([found.problems, found.notes])


def test_columns_that_are_not_known_yet_are_no_fault(tmp_path):
    header, row = (DATA / "3.3.2-pue-wue" / "emissions.csv").read_text().splitlines()
    found = read(tmp_path, f"{header},npu_energy_share\n{row},ok\n".encode())
    assert (total([found]), found.problems) == (2.6959384045348116e-05, [])


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_damaged_file_gives_the_right_total_or_a_line(file, tmp_path):
    content = file.read_bytes()
    right = total(readings(codecarbon, tmp_path, {file.name: content}))
    assert unsafe(codecarbon, tmp_path, file.name, with_damaged_fields(content, most=60), right) == []
    assert unsafe(codecarbon, tmp_path, file.name, ((f"order {seed}", reordered(content, seed)) for seed in range(3)), right) == []
    assert unsafe_cuts(codecarbon, tmp_path, file.name, content) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_below_the_header_give_records_or_problems(tmp_path_factory, content):
    header = (DATA / "3.3.2-flush" / "emissions.csv").read_bytes().splitlines(keepends=True)[0]
    found = read(tmp_path_factory.mktemp("any"), header + content)
    assert not found.records or total([found]) > 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_in_a_log_give_records_or_problems(tmp_path_factory, content):
    rows = (DATA / "3.3.2-logger" / "log.txt").read_bytes().splitlines(keepends=True)
    found = read(tmp_path_factory.mktemp("any"), rows[0] + content + rows[1], "log.txt")
    assert found.records or found.problems


def test_a_log_that_ends_in_a_prefix_may_have_lost_a_reading(tmp_path):
    text = (DATA / "3.3.2-logger" / "log.txt").read_text() + "2026-11-21 17:18:49,"
    found = read(tmp_path, text.encode(), "log.txt")
    assert [(problem.code, problem.line) for problem in found.problems] == [("CG519", 4)]


@pytest.mark.parametrize("name", ["", "PUE"])
def test_a_column_of_the_pue_that_lost_its_name_is_said(name, tmp_path):
    header, *rows = (DATA / "2.8.0-tasks-pue" / "emissions.csv").read_text().splitlines()
    content = "\n".join([header.removesuffix(",pue") + f",{name}", *rows]) + "\n"
    assert header.endswith(",pue")
    assert ("CG521", 2) in [(problem.code, problem.line) for problem in read(tmp_path, content.encode()).problems]


@pytest.mark.parametrize(("text", "version"), [("3.0.0_rc4", "3.0.0_rc4"), ("/home/ada", ""), ("ada@lab.example", "")])
def test_only_a_version_is_named_as_one(text, version, tmp_path):
    found = read(tmp_path, changed("codecarbon_version", became(text)))
    assert (found.version, found.records[0].method) == (version, f"codecarbon {version}".strip())


def test_emissions_that_no_run_has_are_refused(tmp_path):
    found = read(tmp_path, changed("emissions", became("1e300")))
    assert [problem.code for problem in found.problems] == ["CG503"]
