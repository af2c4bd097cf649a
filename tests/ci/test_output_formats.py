"""``--output-format`` and ``--budget`` as CI calls them."""

from __future__ import annotations

import json

import pytest
from ci_commands import RUN, cardgen

BROKEN = RUN.replace("pretraining", "pretraning")


def problems(result) -> list[tuple[str, int, str]]:
    return [(row["file"], row["line"], row["code"]) for row in json.loads(result.stdout)["problems"]]


@pytest.mark.parametrize("form", ["json", "github", "sarif", "gitlab"])
def test_a_report_has_the_exit_code_of_the_text(form, repository):
    assert cardgen(repository, "update", "README.md", "--check", "--output-format", form).returncode == 1
    assert cardgen(repository, "update", "README.md", "--output-format", form).returncode == 0
    assert cardgen(repository, "update", "README.md", "--check", "--output-format", form).returncode == 0
    (repository / "environment" / "run.yaml").write_text(BROKEN)
    for command in (["validate", "environment/run.yaml"], ["update", "README.md", "--check"]):
        result = cardgen(repository, *command, "--output-format", form)
        assert (result.returncode, "CG105" in result.stdout, "CG105" in result.stderr) == (1, True, False)


def test_a_card_that_is_not_up_to_date_is_a_problem_at_its_marker_that_names_the_files(repository):
    result = cardgen(repository, "update", "README.md", "--check", "--output-format", "json")
    assert problems(result) == [("README.md", 7, "CG450")]
    changed = json.loads(result.stdout)["changed"]
    assert {"README.md", "environment/assessment.json", "environment/environmental-impact.html"} < set(changed)
    assert "would write README.md" in result.stderr
    assert not (repository / "environment" / "assessment.json").exists()


def test_text_stays_what_it_was(repository):
    result = cardgen(repository, "update", "README.md", "--check")
    assert (result.returncode, result.stdout) == (1, "")
    assert "CG450" not in result.stderr


def test_a_file_that_is_missing_is_a_problem_and_the_others_go_on(repository):
    result = cardgen(repository, "validate", "none.yaml", "environment/run.yaml", "--output-format", "json")
    assert (result.returncode, problems(result)) == (4, [("none.yaml", 1, "CG454")])
    assert cardgen(repository, "validate", "environment/run.yaml", "none.yaml").stderr.startswith("environment/run.yaml: no problems\n")


def test_wrong_use_prints_no_report(repository):
    for arguments in (["--heading-line", "3", "other.md"], ["--diff"]):
        result = cardgen(repository, "update", "README.md", "--output-format", "sarif", *arguments)
        assert (result.returncode, result.stdout) == (2, "")


@pytest.mark.parametrize("variable", ["", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_start_at_the_root_of_the_repository(variable, repository):
    (repository / "environment" / "run.yaml").write_text(BROKEN)
    if variable:
        (repository / ".git").rename(repository / "no git")
    stated = {variable: str(repository)} if variable else {}
    result = cardgen(repository / "environment", "validate", "./run.yaml", "--output-format", "gitlab", **stated)
    assert json.loads(result.stdout)[0]["location"]["path"] == "environment/run.yaml"


def test_fingerprints_stay_when_lines_are_put_in_above(repository):
    run = repository / "environment" / "run.yaml"
    marks = []
    for content in (BROKEN, f"# a comment\n\n{BROKEN}"):
        run.write_text(content)
        marks.append(
            [row["fingerprint"] for row in json.loads(cardgen(repository, "validate", str(run), "--output-format", "gitlab").stdout)]
        )
    assert marks[0] == marks[1] != []


def test_a_step_gets_summary_and_outputs(repository, tmp_path):
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    summary.write_text("before\n")
    stated = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    result = cardgen(repository, "update", "README.md", "--check", "--output-format", "github", "--budget", "20 tCO2e", **stated)
    assert [line.split(" ")[0] for line in result.stdout.splitlines()] == ["::error", "::error"]
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n### cardgen: 2 errors\n")
    assert "| CG451 |" in text and "## Environmental impact" in text and "**26.8 t CO<sub>2</sub>e**" in text
    assert "![" not in text
    lines = outputs.read_text(encoding="utf-8").splitlines()
    assert dict(zip([line.split("<<")[0] for line in lines if "<<" in line], [1])) == {"errors": 1}
    assert lines[lines.index(next(line for line in lines if line.startswith("emissions-kg-co2e"))) + 1] == "26800.0"


def test_a_full_summary_is_left_alone(repository, tmp_path):
    summary = tmp_path / "summary"
    summary.write_bytes(b"x" * 1024 * 1024)
    cardgen(repository, "update", "README.md", "--check", "--output-format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.stat().st_size == 1024 * 1024


@pytest.mark.parametrize("command", [["assess"], ["build", "-o", "out"]])
def test_a_budget_fails_a_release_that_exceeds_it(command, repository):
    for budget, code in (("20 tCO2e", 1), ("200 MWh", 0), ("100 tCO2e", 0), ("99 MWh", 1), ("500", 2)):
        result = cardgen(repository, *command, "environment/run.yaml", "--budget", budget)
        assert (result.returncode, "CG451" in result.stderr) == (code, code == 1), budget


def test_a_budget_holds_for_a_saved_assessment(repository):
    assert cardgen(repository, "build", "environment/run.yaml", "-o", "out").returncode == 0
    assert cardgen(repository, "assess", "out/assessment.json", "--budget", "20 tCO2e").returncode == 1


def test_an_update_above_the_budget_is_written_and_fails(repository):
    result = cardgen(repository, "update", "README.md", "--budget", "20 tCO2e")
    assert (result.returncode, "CG451" in result.stderr) == (1, True)
    assert cardgen(repository, "update", "README.md", "--check", "--budget", "30 tCO2e").returncode == 0


def test_a_budget_that_may_be_exceeded_counts_with_strict(repository):
    run = repository / "environment" / "run.yaml"
    run.write_text(RUN.replace("100 MWh", "100 MWh ± 10%"))
    result = cardgen(repository, "assess", "environment/run.yaml", "--budget", "27 tCO2e")
    assert (result.returncode, "CG452 warning" in result.stderr) == (0, True)
    assert cardgen(repository, "assess", "environment/run.yaml", "--budget", "27 tCO2e", "--strict").returncode == 1
