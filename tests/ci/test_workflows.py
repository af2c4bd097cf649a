"""The action for GitHub, the template for GitLab and the README's snippets: valid, and their scripts as a runner runs them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ci_commands import ROOT, environment, needs_packages

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, CALL = ACTION["runs"]["steps"]
GITLAB = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text(encoding="utf-8"))["cardgen"]
SNIPPETS = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
bash = pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts need bash, which is not installed")


def snippet(word: str) -> str:
    return next(text for text in SNIPPETS if re.search(rf"^{word}:", text, re.MULTILINE))


def valid(schema: str, file: Path) -> bool:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_action_and_the_template_are_valid():
    assert valid("vendor.github-actions", ROOT / "action.yml")
    assert valid("vendor.gitlab-ci", ROOT / "ci" / "gitlab.yml")


@pytest.mark.parametrize("schema, word", [("vendor.github-workflows", "jobs"), ("vendor.gitlab-ci", "include")])
def test_a_snippet_of_the_readme_is_valid(schema, word, tmp_path):
    file = tmp_path / "snippet.yml"
    file.write_text(snippet(word), encoding="utf-8")
    assert valid(schema, file)


def test_a_step_without_a_shell_would_be_noticed(tmp_path):
    file = tmp_path / "action.yml"
    file.write_text((ROOT / "action.yml").read_text(encoding="utf-8").replace("      shell: bash\n", "", 1), encoding="utf-8")
    assert not valid("vendor.github-actions", file)


def test_no_input_stands_in_a_script():
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])


def test_what_the_readme_sets_and_reads_is_there():
    step = next(step for step in yaml.safe_load(snippet("jobs"))["jobs"]["card"]["steps"] if "OWNER/cardgen" in step.get("uses", ""))
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert set(re.findall(r"steps\.card\.outputs\.([\w-]+)", snippet("jobs"))) <= set(ACTION["outputs"])
    assert set(yaml.safe_load(snippet("include"))["cardgen"]["variables"]) <= set(GITLAB["variables"])


def step(step: dict, folder: Path, inputs: dict[str, str], context: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run a step as GitHub does: inputs and contexts in its environment, bash that stops at the first error."""
    output, summary = folder.parent / f"{step['id']}.output", folder.parent / "summary.md"
    known = {f"inputs.{name}": inputs.get(name, declared.get("default", "")) for name, declared in ACTION["inputs"].items()} | context
    stated = {name: re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: known[match[1]], value) for name, value in step["env"].items()}
    variables = {"RUNNER_TEMP": str(folder.parent), "GITHUB_WORKSPACE": str(folder), "GITHUB_OUTPUT": str(output)}
    output.write_text("")
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]]
    env = environment(**variables, GITHUB_STEP_SUMMARY=str(summary), **stated)
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=env, check=False), output


def read(output: Path) -> dict[str, str]:
    """Return the outputs of a step as the runner reads them."""
    text = output.read_text(encoding="utf-8")
    found = {name: value for name, _, value in re.findall(r"^([\w-]+)<<(\w+)\n(?:(?P<value>.*?)\n)\2$", text, re.MULTILINE | re.DOTALL)}
    return found | dict(re.findall(r"^([\w-]+)=(.*)$", text, re.MULTILINE))


@pytest.fixture(scope="module")
def python(checkout, tmp_path_factory) -> str:
    """The Python that the first step of the action installed cardgen for."""
    folder = tmp_path_factory.mktemp("runner") / "workspace"
    folder.mkdir()
    result, output = step(INSTALL, folder, {"python": sys.executable}, {"github.action_path": str(checkout)})
    if result.returncode:
        needs_packages(result.stdout + result.stderr)
    assert result.returncode == 0, result.stderr
    return read(output)["python"]


@bash
def test_the_action_checks_updates_and_sets_its_outputs(python, repository):
    context = {"steps.install.outputs.python": python}
    stale, output = step(CALL, repository, {"sarif-file": "found.sarif"}, context)
    assert (stale.returncode, stale.stdout.startswith("::error file=README.md,line=7")) == (1, True), stale.stderr
    assert set(read(output)) == set(ACTION["outputs"])
    assert (read(output)["changed"], read(output)["errors"]) == ("true", "1")
    assert json.loads((repository / "found.sarif").read_text(encoding="utf-8"))["runs"][0]["results"][0]["ruleId"] == "CG450"

    assert step(CALL, repository, {"command": "update"}, context)[0].returncode == 0
    fresh, output = step(CALL, repository, {"budget": "\n30 tCO2e\n110 MWh\n"}, context)
    assert (fresh.returncode, read(output)["changed"], read(output)["emissions-kg-co2e"]) == (0, "false", "26800.0"), fresh.stdout
    exceeded, _ = step(CALL, repository, {"budget": "20 tCO2e"}, context)
    assert (exceeded.returncode, "CG451" in exceeded.stdout) == (1, True)


@bash
def test_the_action_takes_names_with_spaces_and_obeys_no_input(python, repository):
    context = {"steps.install.outputs.python": python}
    (repository / "a run.yaml").write_text((repository / "environment" / "run.yaml").read_text())
    (repository / "cardgen.py").write_text("raise SystemExit(9)")  # the checked repository is not where cardgen is loaded from
    result, _ = step(CALL, repository, {"command": "validate", "files": "a run.yaml\nenvironment/run.yaml\n"}, context)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    for name, value in (("files", "--help"), ("files", "$(touch pwned)"), ("command", "$(touch pwned)"), ("budget", "1 t; touch pwned")):
        result, _ = step(CALL, repository, {name: value}, context)
        assert result.returncode in (2, 4), (name, result.stdout)
    assert not (repository / "pwned").exists()


@bash
def test_the_template_writes_code_quality_and_fails_with_the_text(python, repository):
    (repository / "bin").mkdir()
    (repository / "bin" / "cardgen").symlink_to(Path(python).with_name("cardgen"))
    stated = {**GITLAB["variables"], "PATH": f"{repository / 'bin'}:/usr/bin:/bin", "CI_PROJECT_DIR": str(repository)}
    for shell in filter(shutil.which, ("bash", "sh")):
        for cards, budget, code in (("README.md", "", 1), ("README.md\n", "1 kg", 1), ("a b.md", "", 4)):
            env = environment(**stated | {"CARDGEN_CARDS": cards, "CARDGEN_BUDGET": budget})
            result = subprocess.run(
                [shell, "-e", "-c", GITLAB["script"][-1]], cwd=repository, capture_output=True, encoding="utf-8", env=env, check=False
            )
            rows = json.loads((repository / GITLAB["artifacts"]["reports"]["codequality"]).read_text(encoding="utf-8"))
            assert (result.returncode, {row["location"]["path"] for row in rows} <= {"README.md", "environment/run.yaml", "a b.md"}) == (
                code,
                True,
            )
            assert len({row["fingerprint"] for row in rows}) == len(rows) > 0
