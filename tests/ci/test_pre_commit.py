"""The hooks under the real pre-commit, installed from a copy of this checkout."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ci_commands import ROOT, environment, git, needs_packages

pytest.importorskip("pre_commit", reason="pre-commit is not installed")
SNIPPET = next(
    block for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL) if "hooks:" in block
)


def pre_commit(folder: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *arguments]
    stated = environment(PRE_COMMIT_HOME=str(home), PRE_COMMIT_COLOR="never")
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=stated, check=False)


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """Where pre-commit keeps what it installed, for all tests."""
    return tmp_path_factory.mktemp("pre-commit")


def configured(repository: Path, checkout: Path, home: Path, hooks: list[dict]) -> None:
    """Write the configuration of the README with a copy of the checkout as its source, and install the hooks."""
    content = yaml.safe_load(SNIPPET)
    content["repos"][0] |= {"repo": str(checkout), "rev": git(checkout, "rev-parse", "HEAD").strip(), "hooks": hooks}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    git(repository, "add", ".pre-commit-config.yaml")
    result = pre_commit(repository, "install-hooks", home=home)
    if result.returncode:
        needs_packages(result.stdout + result.stderr)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_manifest_is_valid_and_the_readme_names_its_hooks():
    result = subprocess.run([sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"], cwd=ROOT, check=False)
    assert result.returncode == 0
    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert hooks == {"cardgen-validate", "cardgen-update", "cardgen-check"}
    assert {hook["id"] for hook in yaml.safe_load(SNIPPET)["repos"][0]["hooks"]} < hooks


def test_a_commit_stops_until_card_and_new_charts_are_staged(repository, checkout, home):
    configured(repository, checkout, home, yaml.safe_load(SNIPPET)["repos"][0]["hooks"])
    run = repository / "environment" / "run.yaml"
    run.write_text(run.read_text().replace("100 MWh", "120 MWh"))
    git(repository, "add", "environment/run.yaml")

    stopped = pre_commit(repository, "run", home=home)
    assert stopped.returncode == 1
    assert re.search(r"cardgen validate\.+Passed", stopped.stdout)
    assert re.search(r"cardgen update\.+Failed", stopped.stdout)
    named = shlex.split(re.search(r"^stage the files: git add (.*)$", stopped.stdout, re.MULTILINE)[1])
    new = git(repository, "ls-files", "--others", "--exclude-standard").splitlines()
    assert any(name.endswith(".svg") for name in new)
    assert set(named) == {"README.md", *new}

    git(repository, "add", *named)
    again = pre_commit(repository, "run", home=home)
    assert (again.returncode, again.stdout.count("Passed")) == (0, 2), again.stdout
    assert git(repository, "status", "--porcelain", "--untracked-files=all").count("??") == 0


def test_charts_alone_that_are_new_stop_a_commit_too(repository, checkout, home):
    configured(repository, checkout, home, [{"id": "cardgen-update"}])
    pre_commit(repository, "run", "--all-files", home=home)
    git(repository, "add", "README.md")
    git(repository, "clean", "-fdq", "environment")
    stopped = pre_commit(repository, "run", "--all-files", home=home)
    assert (stopped.returncode, "files were modified" in stopped.stdout) == (1, False)
    assert "git add environment/assessment.json" in stopped.stdout


def test_the_check_writes_nothing(repository, checkout, home):
    configured(repository, checkout, home, [{"id": "cardgen-check"}])
    result = pre_commit(repository, "run", "--all-files", home=home)
    assert (result.returncode, "would write README.md" in result.stdout) == (1, True)
    assert git(repository, "status", "--porcelain") == "A  .pre-commit-config.yaml\n"


def test_a_broken_run_file_stops_a_commit_with_its_place(repository, checkout, home):
    configured(repository, checkout, home, [{"id": "cardgen-validate"}])
    run = repository / "environment" / "run.yaml"
    run.write_text(run.read_text().replace("pretraining", "pretraning"))
    git(repository, "add", "-A")
    result = pre_commit(repository, "run", home=home)
    assert result.returncode == 1
    assert "environment/run.yaml:4:12: CG105" in result.stdout
