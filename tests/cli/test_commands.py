"""The commands as a user calls them: in a process of their own, by their output and exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cardgen.cli import COMMANDS

ROOT = Path(__file__).parents[2]
GPT3 = ROOT / "examples" / "gpt-3" / "run.yaml"


def cardgen(*arguments: str, stdin: str | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run cardgen and return what it printed and its exit code."""
    command = [sys.executable, "-m", "cardgen", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(command, input=stdin, capture_output=True, encoding="utf-8", cwd=cwd, env=environment, check=False)


@pytest.fixture
def broken(tmp_path) -> Path:
    path = tmp_path / "broken.yaml"
    activity = '  - phase: pretraning\n    hardware:\n      - {type: H100, count: "64"}\n'
    path.write_text(f"cardgen: 1\nmodel: {{name: Pond}}\nactivities:\n{activity}")
    return path


def test_the_version_is_printed():
    assert cardgen("--version").stdout.startswith("cardgen 0.")


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["factors", "list"], ["factors", "show"], ["factors", "sources"]])
def test_help_begins_with_an_example(command):
    result = cardgen(*command, "--help")
    first = [line.strip() for line in result.stdout.splitlines() if line.strip()][1]
    assert (result.returncode, result.stderr) == (0, "")
    assert first.startswith("Example: cardgen")


def test_an_unknown_command_is_wrong_use_with_the_nearest_name():
    result = cardgen("asess", GPT3)
    assert result.returncode == 2
    assert 'did you mean "assess"?' in result.stderr


def test_validate_lists_all_problems_of_all_files(broken):
    result = cardgen("validate", broken, GPT3)
    assert result.returncode == 1
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if line.startswith(f"{broken}:") and " CG" in line]
    assert [line.split(": ")[1].split()[0] for line in lines] == ["CG105", "CG103"]


def test_validate_prints_json_for_programs(broken):
    result = cardgen("validate", broken, "--output-format", "json")
    rows = json.loads(result.stdout)["problems"]
    assert [(row["line"], row["column"], row["code"]) for row in rows] == [(4, 12, "CG105"), (6, 29, "CG103")]


def test_validate_reads_stdin():
    assert cardgen("validate", "-", stdin=GPT3.read_text()).returncode == 0


def test_warnings_count_with_strict():
    assert cardgen("validate", GPT3).returncode == 0
    assert cardgen("validate", GPT3, "--strict").returncode == 1


def test_assess_prints_a_table_with_intervals_and_basis():
    result = cardgen("assess", GPT3, "-q")
    assert result.returncode == 0
    assert "Energy                            1.29 GWh" in result.stdout
    assert "assumed" in result.stdout


def test_assess_prints_the_same_json_that_build_writes():
    result = cardgen("assess", GPT3, "--format", "json")
    assert result.stdout == (GPT3.parent / "assessment.json").read_text(encoding="utf-8")


def test_assess_prints_csv_with_one_unit_per_row():
    rows = list(csv.DictReader(io.StringIO(cardgen("assess", GPT3, "--format", "csv").stdout)))
    energy = next(row for row in rows if row["activity"] == "total" and row["quantity"] == "Energy")
    assert (float(energy["value"]), energy["unit"], energy["basis"]) == (pytest.approx(1_289_376), "kWh", "assumed")


def test_a_file_that_is_missing_is_a_matter_of_the_disk(tmp_path):
    result = cardgen("assess", tmp_path / "none.yaml")
    assert result.returncode == 4
    assert "none.yaml" in result.stderr and "Traceback" not in result.stderr


def test_explain_shows_the_tree_of_a_figure():
    result = cardgen("explain", GPT3, "totals.energy")
    assert "= energy of the devices × PUE" in result.stdout
    assert "= 1,172,160 kWh × 1.1" in result.stdout
    assert "└─ PUE = 1.1" in result.stdout


def test_explain_lists_the_figures_and_each_can_be_explained():
    figures = cardgen("explain", GPT3, "--list").stdout.split()
    assert "totals.emissions.location" in figures
    assert cardgen("explain", GPT3, figures[0]).returncode == 0


def test_explain_of_an_unknown_figure_names_the_nearest():
    result = cardgen("explain", GPT3, "totals.enrgy")
    assert result.returncode == 2
    assert "did you mean totals.energy" in result.stderr


def test_explain_shows_the_page_of_a_code():
    result = cardgen("explain", "cg103")
    assert result.stdout.startswith("# CG103: ")
    assert cardgen("explain", "CG999").returncode == 2


def test_build_writes_once_and_leaves_alone_what_has_not_changed(tmp_path):
    first = cardgen("build", GPT3, "-o", tmp_path, "--png")
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert names == [
        "assessment.json", "charts/energy-by-component.png", "charts/energy-by-component.svg", "charts/model-comparison.png",
        "charts/model-comparison.svg", "environmental-impact.html", "environmental-impact.md",
    ]  # fmt: skip
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    second = cardgen("build", GPT3, "-o", tmp_path, "--png")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stderr.count("wrote") == second.stderr.count("unchanged") == len(names)
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


def test_build_takes_a_saved_assessment(tmp_path):
    cardgen("build", GPT3.parent / "assessment.json", "-o", tmp_path, "-q")
    assert (tmp_path / "environmental-impact.html").read_bytes() == (GPT3.parent / "environmental-impact.html").read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"value": 1289376.0', '"value": "a lot"', "$."),
        ('"cardgen": 1', '"cardgen": 1,', "CG005"),
        ('"derivation": "', '"derivation": "none', "derivation none"),
    ],
)
def test_build_refuses_an_assessment_that_was_changed(old, new, said, tmp_path):
    text = (GPT3.parent / "assessment.json").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "assessment.json").write_text(text.replace(old, new, 1), encoding="utf-8")
    result = cardgen("build", tmp_path / "assessment.json", "-o", tmp_path / "out")
    assert (result.returncode, (tmp_path / "out").exists()) == (1, False)
    assert said in result.stderr


def test_build_of_a_broken_file_writes_nothing(broken, tmp_path):
    assert cardgen("build", broken, "-o", tmp_path / "out").returncode == 1
    assert not (tmp_path / "out").exists()


def test_build_into_a_file_is_wrong_use(tmp_path):
    (tmp_path / "out").write_text("mine")
    assert cardgen("build", GPT3, "-o", tmp_path / "out").returncode == 2
    assert (tmp_path / "out").read_text() == "mine"


def test_factors_are_searchable():
    assert "hardware" in cardgen("factors", "list").stdout
    assert "H100 SXM5 80GB" in cardgen("factors", "list", "hardware", "h100").stdout
    shown = cardgen("factors", "show", "grid_intensity", "FRA", "2024", "life-cycle").stdout
    assert "value: 0.04048" in shown and "owid-ember-2026: " in shown
    assert "ourworldindata" in cardgen("factors", "sources", "ember").stdout


def test_the_notice_is_what_factors_prints():
    assert cardgen("factors", "sources", "--notice").stdout == (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_own_factors_win_and_are_cited(tmp_path):
    own = tmp_path / "grid_intensity.csv"
    row = 'DEU,Germany,2024,100,gCO2e/kWh,direct,production,"Our meter, 2024"'
    own.write_text(f"zone,name,year,value,unit,basis,accounting,source\n{row}\n")
    run = ROOT / "examples" / "fine-tune-one-gpu" / "run.yaml"
    result = cardgen("explain", run, "emissions", "--factors", own)
    assert "grid intensity = 100 g CO₂e/kWh" in result.stdout
    assert "Our meter, 2024" in result.stdout


def test_own_factors_without_a_source_are_refused(tmp_path):
    own = tmp_path / "grid_intensity.csv"
    own.write_text("zone,year,value,unit,source\nDEU,2024,0.1,kgCO2e/kWh,\n")
    result = cardgen("assess", GPT3, "--factors", own)
    assert result.returncode == 1
    assert f"{own}:2: the row names no source" in result.stderr


def test_init_writes_a_file_that_can_be_assessed_and_replaces_none(tmp_path):
    path = tmp_path / "run.yaml"
    assert cardgen("init", "-o", path, "--name", "Éléphant: 7B #1", "--country", "NO", stdin="").returncode == 0
    assert cardgen("assess", path).returncode == 0
    again = cardgen("init", "-o", path)
    assert again.returncode == 2 and "--force" in again.stderr
    assert cardgen("init", "-o", path, "--force").returncode == 0


def test_init_to_stdout_feeds_assess():
    text = cardgen("init", "-o", "-", stdin="").stdout
    assert cardgen("assess", "-", stdin=text).returncode == 0


def test_assess_imports_nothing_heavy():
    code = (
        "import sys; from cardgen.cli import cardgen\n"
        f"cardgen.main(['build', {str(GPT3)!r}, '-o', sys.argv[1], '-q'], standalone_mode=False)\n"
        "print([m for m in ('matplotlib', 'numpy') if m in sys.modules])"
    )
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, encoding="utf-8", cwd=ROOT, check=True)
    assert result.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_defect():
    command = f"{sys.executable} -m cardgen factors list hardware | head -n 1"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_assess_shows_each_of_several_services(tmp_path):
    path = tmp_path / "run.yaml"
    service = "  - {{name: {}, phase: inference, requests: {{energy: {} Wh, boundary: it}}, facility: {{country: FRA, pue: 1.2}}}}\n"
    path.write_text("cardgen: 1\nmodel: {name: Two}\nactivities:\n" + service.format("Text", 0.4) + service.format("Image", 2.9))
    result = cardgen("assess", path, "-q")
    assert "Text (inference)" in result.stdout and "Image (inference)" in result.stdout
    assert "480 mWh" in result.stdout and "3.48 Wh" in result.stdout
