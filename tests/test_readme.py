"""The README: its commands, its run file, its factors and its Python run as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def run(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "cardgen", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=cwd, env=environment, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with the README's run file, its factor file and the examples."""
    path = tmp_path_factory.mktemp("readme")
    (path / "run.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    (path / "grid_intensity.csv").write_text(blocks("csv")[0], encoding="utf-8")
    (path / "examples").symlink_to(ROOT / "examples")
    return path


def commands() -> list[str]:
    """Return every cardgen command of the README: in its blocks and in its table."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    lines += re.findall(r"`(cardgen [a-z][^`]+)`", README)
    found = [line.split("&&")[-1].strip().removeprefix(".venv/bin/") for line in lines]
    return sorted({line for line in found if re.match(r"cardgen [a-z]", line)})


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_works(command, folder):
    arguments = shlex.split(command)[1:]
    if arguments[0] == "init":
        arguments = [*arguments, "--force"]
    (folder / "run.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    result = run(arguments, folder)
    assert (result.returncode, "Traceback" in result.stderr) == (0, False), result.stderr


def test_the_commands_were_found():
    assert len(commands()) >= 10


def test_own_factors_of_the_readme_are_used(folder):
    result = run(["explain", "examples/gpt-3/run.yaml", "--list", "--factors", "grid_intensity.csv"], folder)
    assert result.returncode == 0


def test_the_python_of_the_readme_prints_energy_with_its_interval():
    result = subprocess.run([sys.executable, "-c", blocks("python")[0]], capture_output=True, encoding="utf-8", cwd=ROOT, check=True)
    value, low, high = map(float, result.stdout.split())
    assert low < value < high
    assert value == pytest.approx(1_289_376)


def test_ci_runs_the_test_command_of_the_readme():
    assert TEST_COMMAND in README
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
