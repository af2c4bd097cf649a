"""``cardgen import`` as a user calls it, and the commands that take a tool's file in the place of a run file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cardgen.cli.import_ import command
from cardgen.core.assess import assess
from cardgen.core.factors import Factors
from cardgen.importers import importer, names
from cardgen.importing.run_file import PRIVATE
from cardgen.loading import load
from cardgen.validation import validate

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "importers" / "data" / "codecarbon"


def cardgen(*arguments: object, cwd: Path, stdin: str | None = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cardgen", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", cwd=cwd, env=environment, check=False)


def imported(*arguments: object, cwd: Path):
    """Return the run that an import makes, with what was said."""
    result = cardgen("import", "auto", *arguments, "-o", "run.yaml", "--force", cwd=cwd)
    assert result.returncode == 0, result.stderr
    content = (cwd / "run.yaml").read_bytes()
    run, problems = validate(load(content, "run.yaml"))
    assert (run is not None, problems) == (True, [])
    return run, content.decode(), result.stderr


def energies(run) -> list[float]:
    return [activity.energy.value.value for activity in run.activities]


def test_a_file_becomes_a_run_file_with_every_digit(tmp_path):
    run, text, said = imported(DATA / "1.2.0-single" / "emissions.csv", cwd=tmp_path)
    assert energies(run) == [pytest.approx(5.907160256542172e-05, rel=1e-12)]
    assert run.reported.emissions.value == pytest.approx(2.5080853122177574e-05, rel=1e-12)
    assert run.activities[0].energy.read_from == "emissions.csv, line 2"
    assert "next: cardgen assess run.yaml" in said
    assert "e-05" not in text


def test_the_report_stands_on_stderr_and_in_the_file(tmp_path):
    _, text, said = imported(DATA / "3.3.0-shifted-rows" / "emissions.csv", "--all", cwd=tmp_path)
    line = "repaired  line 3: the row lacks region, longitude, latitude"
    assert line in said
    assert line in text


def test_a_pue_inside_the_energy_is_not_applied_again(tmp_path):
    run, *_ = imported(DATA / "3.3.2-pue-wue" / "emissions.csv", cwd=tmp_path)
    (activity,) = assess(run, Factors()).activities
    assert activity.impact.energy.value == pytest.approx(2.6959384045348116e-05)
    assert activity.impact.it_energy.value == pytest.approx(2.6959384045348116e-05 / 1.25)


def test_several_runs_are_listed_and_nothing_is_written(tmp_path):
    result = cardgen("import", "auto", DATA / "2.8.4-multiproject" / "emissions.csv", "-o", "run.yaml", cwd=tmp_path)
    assert (result.returncode, result.stdout, list(tmp_path.iterdir())) == (1, "", [])
    assert "CG506: there are 3 runs: which are meant?" in result.stderr
    assert len(re.findall(r"emissions\.csv:\d+$", result.stderr, re.MULTILINE)) == 3


def test_all_runs_become_activities(tmp_path):
    run, *_ = imported(DATA / "1.2.0-appended" / "emissions.csv", "--all", cwd=tmp_path)
    assert sum(energies(run)) == pytest.approx(0.00010632650059751744, rel=1e-12)
    assert [activity.facility.country for activity in run.activities] == ["USA", "DEU", "POL"]
    assert run.reported.emissions.value == pytest.approx(8.059493279156993e-05, rel=1e-12)


def test_a_run_is_named_by_the_beginning_of_its_id(tmp_path):
    text = (DATA / "1.2.0-appended" / "emissions.csv").read_text()
    identifier = text.splitlines()[2].split(",")[1]
    run, *_ = imported(DATA / "1.2.0-appended" / "emissions.csv", "--run", identifier[:8], cwd=tmp_path)
    assert [activity.facility.country for activity in run.activities] == ["DEU"]


def test_the_parts_of_a_run_become_activities(tmp_path):
    folder = DATA / "3.3.2-tasks"
    whole, *_ = imported(folder, cwd=tmp_path)
    parts, *_ = imported(folder, "--parts", cwd=tmp_path)
    assert energies(whole) == [pytest.approx(3.623360154194089e-05)]
    assert sum(energies(parts)) == pytest.approx(9.077206775916074e-06 + 1.810356076812436e-05 + 9.052833997900458e-06)


def test_a_file_that_was_moved_away_is_named_and_both_can_be_given(tmp_path):
    folder = DATA / "mixed-2.8.4-then-3.3.2"
    _, _, said = imported(folder / "emissions.csv", cwd=tmp_path)
    assert "CG513 warning: emissions.csv.bak lies beside it: 3 more runs, 128 mWh, not read" in said
    run, _, said = imported(folder / "emissions.csv", folder / "emissions.csv.bak", "--all", cwd=tmp_path)
    assert sum(energies(run)) == pytest.approx(0.00014007886685923497, rel=1e-12)
    assert "CG513" not in said


def ranks(folder: Path) -> list[Path]:
    """Return eight files as eight processes of one machine write them: other ids, nearly the same energy."""
    header, row = (DATA / "issue-544-8xA40" / "emissions_0.csv").read_text().splitlines()
    files = []
    for rank in range(8):
        path = folder / f"rank{rank}" / "emissions.csv"
        path.parent.mkdir()
        path.write_text(f"{header}\n{row.replace('7e24a2c5', f'7e24a2c{rank}')}\n")
        files.append(path)
    return files


def test_eight_files_of_one_machine_are_never_added_without_a_word(tmp_path):
    files = ranks(tmp_path)
    result = cardgen("import", "auto", *files, "-o", "run.yaml", cwd=tmp_path)
    assert (result.returncode, (tmp_path / "run.yaml").exists()) == (1, False)
    assert "CG507: 8 records cover the same time on machines that look alike, with energies within 0.0%" in result.stderr
    run, text, _ = imported(*files, "--combine", "largest", cwd=tmp_path)
    assert energies(run) == [pytest.approx(302.3935181436902, rel=1e-12)]
    assert "rule: of readings of one machine the largest counts" in text


def answered(arguments: list[object], answer: bytes, cwd: Path) -> tuple[int, str]:
    """Return the exit code of a call on a terminal whose question is answered, and what was said."""
    import pty

    command = [sys.executable, "-m", "cardgen", *map(str, arguments)]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    os.write(ours, answer)
    said = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return process.wait(), said.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal on Windows")
def test_a_terminal_is_asked_how_files_belong_together(tmp_path):
    code, said = answered(["import", "auto", *ranks(tmp_path), "-o", "run.yaml"], b"largest\n", tmp_path)
    assert code == 0, said
    run, _ = validate(load((tmp_path / "run.yaml").read_bytes(), "run.yaml"))
    assert energies(run) == [pytest.approx(302.3935181436902, rel=1e-12)]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal on Windows")
def test_a_terminal_is_asked_which_runs_are_meant(tmp_path):
    arguments = ["import", "auto", DATA / "1.2.0-appended" / "emissions.csv", "-o", "run.yaml"]
    code, said = answered(arguments, b"7\n3,1\n", tmp_path)
    assert (code, "write numbers from 1 to 3" in said) == (0, True), said
    run, _ = validate(load((tmp_path / "run.yaml").read_bytes(), "run.yaml"))
    assert [activity.facility.country for activity in run.activities] == ["POL", "USA"]


def test_a_place_that_the_tool_assumed_is_left_out_and_one_that_is_stated_is_taken(tmp_path):
    run, text, said = imported(DATA / "3.3.2-no-network" / "emissions.csv", cwd=tmp_path)
    assert run.activities[0].facility.country is None
    assert "CG514" in said and "the tool takes CAN quebec" in text
    run, *_ = imported(DATA / "3.3.2-no-network" / "emissions.csv", "--country", "DEU", cwd=tmp_path)
    assert run.activities[0].facility.country == "DEU"


def test_nothing_private_is_written_unless_asked(tmp_path):
    file = tmp_path / "ada-lovelace" / "emissions_0.csv"
    file.parent.mkdir()
    shutil.copy(DATA / "issue-544-8xA40" / "emissions_0.csv", file)
    private = ("50.7088", "7.0412", "ada-lovelace", "el9_2", str(tmp_path))
    _, text, _ = imported(file, cwd=tmp_path)
    assert [word for word in private if word in text] == []
    result = cardgen("build", file, "-o", "card", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for written in (tmp_path / "card").rglob("*.*"):
        assert [word for word in private if word in written.read_text(encoding="utf-8")] == [], written
    _, text, _ = imported(file, "--include", "coordinates", cwd=tmp_path)
    assert "50.7088" in text


def test_a_file_is_built_in_one_command(tmp_path):
    result = cardgen("build", DATA / "1.2.0-single" / "emissions.csv", "-o", "card", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    document = json.loads((tmp_path / "card" / "assessment.json").read_text())
    assert document["model"]["name"] == "bert-finetune"
    assert document["activities"][0]["emissions"]["location"]["value"] > 0


def test_a_file_with_several_runs_is_not_built(tmp_path):
    result = cardgen("build", DATA / "1.2.0-appended" / "emissions.csv", "-o", "card", cwd=tmp_path)
    assert (result.returncode, (tmp_path / "card").exists()) == (1, False)
    assert "cardgen import auto" in result.stderr


def test_a_folder_is_built(tmp_path):
    shutil.copytree(DATA / "1.2.0-single", tmp_path / "runs")
    assert cardgen("build", "runs", "-o", "card", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("arguments", [("validate", "emissions.csv"), ("update", "README.md", "--run", "emissions.csv")])
def test_a_tools_output_is_no_run_file_and_the_way_out_is_named(arguments, tmp_path):
    shutil.copy(DATA / "1.2.0-single" / "emissions.csv", tmp_path)
    (tmp_path / "README.md").write_text("# Pond\n")
    result = cardgen(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert "make a run file of it: cardgen import auto emissions.csv" in result.stderr


def test_what_is_stated_goes_before_what_the_file_says_and_is_told(tmp_path):
    _, text, _ = imported(DATA / "1.2.0-single" / "emissions.csv", "--country", "DEU", cwd=tmp_path)
    assert "as stated; the file says FRA" in text
    result = cardgen("import", "auto", DATA / "3.3.2-pue-wue" / "emissions.csv", "--pue", "1.2", cwd=tmp_path)
    assert (result.returncode, "includes a PUE of 1.25 already" in result.stderr) == (2, True)


def test_init_from_a_tool_writes_what_import_writes(tmp_path):
    file = DATA / "1.2.0-single" / "emissions.csv"
    _, text, _ = imported(file, cwd=tmp_path)
    assert cardgen("init", "--from", file, "-o", "other.yaml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "other.yaml").read_text(encoding="utf-8") == text


def test_a_damaged_file_is_refused_with_its_line(tmp_path):
    text = (DATA / "3.3.2-flush" / "emissions.csv").read_text()
    (tmp_path / "emissions.csv").write_text(text.replace(",machine", "", 1))
    result = cardgen("import", "auto", "emissions.csv", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("emissions.csv:2:1: CG502: the row has 37 fields, the header 38")


def test_a_folder_is_looked_through(tmp_path):
    shutil.copytree(DATA / "1.2.0-single", tmp_path / "runs" / "first")
    (tmp_path / "runs" / "notes.txt").write_text("nothing\n")
    _, _, said = imported("runs", cwd=tmp_path)
    assert "not read  beside it: notes.txt" in said


def test_the_same_file_twice_is_read_once(tmp_path):
    file = DATA / "1.2.0-single" / "emissions.csv"
    run, *_ = imported(file, file, cwd=tmp_path)
    assert energies(run) == [pytest.approx(5.907160256542172e-05)]


def test_standard_input_is_read(tmp_path):
    text = (DATA / "1.2.0-single" / "emissions.csv").read_text()
    result = cardgen("import", "auto", "-", cwd=tmp_path, stdin=text)
    assert result.returncode == 0, result.stderr
    assert "read_from:" in result.stdout


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "run.yaml").write_text("mine")
    result = cardgen("import", "auto", DATA / "1.2.0-single" / "emissions.csv", "-o", "run.yaml", cwd=tmp_path)
    assert (result.returncode, (tmp_path / "run.yaml").read_text()) == (2, "mine")


def test_the_json_holds_what_was_read(tmp_path):
    result = cardgen("import", "auto", DATA / "3.3.2-flush" / "emissions.csv", "--format", "json", cwd=tmp_path)
    data = json.loads(result.stdout)
    assert data["activities"][0]["energy_kwh"] == 3.54958129378556e-05
    assert data["files"][0]["notes"][0]["kind"] == "merged"


def test_the_list_shows_every_tool(tmp_path):
    result = cardgen("import", "--list", cwd=tmp_path)
    assert [line.partition(":")[0] for line in result.stdout.splitlines() if not line.startswith(" ")] == names()
    assert all(importer(name).TOOL.name == name for name in names())


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        ((), 2, "name a tool, or auto, and a file"),
        (("codecarbn", "x.csv"), 2, 'did you mean "codecarbon"?'),
        (("auto",), 2, "name a file"),
        (("auto", "missing.csv"), 4, "missing.csv: cannot be read"),
        (("auto", "notes.txt"), 1, "CG500: no tool that is known wrote this file: hello"),
        (("codecarbon", "notes.txt"), 1, "CG500: this is not a file of CodeCarbon: hello"),
        (("auto", "empty.csv"), 1, "CG500"),
        (("auto", "info.pkl"), 1, "this is a pickle"),
        (("plain-csv", "notes.txt"), 2, "go together"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_way_out(arguments, code, said, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "info.pkl").write_bytes(b"\x80\x04\x95\x00")
    result = cardgen("import", *arguments, cwd=tmp_path)
    words = " ".join(result.stderr.split())
    assert (result.returncode, said in words, "Traceback" in words) == (code, True, False), result.stderr


@pytest.mark.parametrize("name", ["codecarbon", "CodeCarbon", "auto"])
def test_a_tool_is_named_as_people_write_it(name, tmp_path):
    assert cardgen("import", name, DATA / "1.2.0-single" / "emissions.csv", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("name, known", [("sacct", "slurm"), ("nvidia_smi", "nvidia-smi"), ("csv", "plain-csv")])
def test_other_names_of_a_tool_lead_to_it(name, known, tmp_path):
    (tmp_path / "notes.txt").write_text("hello\n")
    columns = ("--column", "energy=kwh") if known == "plain-csv" else ()
    result = cardgen("import", name, "notes.txt", *columns, cwd=tmp_path)
    assert (result.returncode, "neither a tool nor a file" in result.stderr) == (1, False)


def test_whatever_is_private_can_be_asked_for_by_its_kind():
    (include,) = [option for option in command.params if option.name == "include"]
    assert list(include.type.choices) == list(PRIVATE)
