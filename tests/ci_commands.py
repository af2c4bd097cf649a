"""Running git, cardgen and installers as CI does, without what CI or git set for the run of the tests itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_REACHED = re.compile(r"No matching distribution|Could not find a version|Connection|Temporary failure|timed out", re.IGNORECASE)
RUN = """cardgen: 1
model: {name: Pond 7B}
activities:
  - phase: pretraining
    energy: {value: 100 MWh, boundary: facility}
    grid: {location: 268 gCO2e/kWh}
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git without the settings of whoever runs the tests, and return what it printed."""
    stated = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
    result = subprocess.run(["git", *stated, *arguments], cwd=folder, capture_output=True, encoding="utf-8", env=environment(), check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def environment(**more: str) -> dict[str, str]:
    """Return the environment without what CI or git set for the run of the tests itself."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "CI_", "PRE_COMMIT"))}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "PIP_NO_COMPILE": "1", **more}  # what is never imported need not be compiled


def needs_packages(output: str) -> None:
    """Skip where an installation failed since no package index was reached."""
    if NOT_REACHED.search(output):
        pytest.skip("the packages that cardgen needs cannot be installed here: no package index was reached")


def cardgen(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run cardgen in a folder and return what it printed and its exit code."""
    command = [sys.executable, "-m", "cardgen", *arguments]
    stated = environment(PYTHONPATH=str(ROOT), **variables)
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=stated, stdin=subprocess.DEVNULL, check=False)
