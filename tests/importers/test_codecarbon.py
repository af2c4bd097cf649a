"""CodeCarbon: every release's file, and what becomes of damaged ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardgen.importers import codecarbon
from importers.damage import placed, readings, reordered, total, unsafe, unsafe_cuts, with_damaged_fields

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
