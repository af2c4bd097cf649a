"""What the CI tests share: a copy of the checkout as a repository, cardgen installed from it, and a repository with a card."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ci_commands import ROOT, RUN, git

PARTS = (
    "cardgen", "schemas", "templates", "ci", "LICENSE", "NOTICE", "README.md", "pyproject.toml", "action.yml", ".pre-commit-hooks.yaml",
)  # fmt: skip


@pytest.fixture(scope="session")
def checkout(tmp_path_factory) -> Path:
    """A repository with one commit that holds what is in the working tree."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    git(folder, "init", "-q", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "the working tree")
    return folder


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with a card that names its run file and has no section yet."""
    folder = tmp_path / "pond 7b"
    (folder / "environment").mkdir(parents=True)
    (folder / "environment" / "run.yaml").write_text(RUN, encoding="utf-8")
    card = "---\nlicense: mit\n---\n\n# Pond 7B\n\n<!-- cardgen:begin run=environment/run.yaml -->\n<!-- cardgen:end -->\n"
    (folder / "README.md").write_text(card, encoding="utf-8")
    git(folder, "init", "-q", ".")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "the card")
    return folder
