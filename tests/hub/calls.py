"""A call of ``cardgen publish`` by a user who is logged in to the stub, and what it prints."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hub.stub import Stub

ROOT = Path(__file__).parents[2]
TOKEN = "hf_MARKEDmarkedMARKEDmarked"
CARD = b"---\nlicense: mit  # as the base model\ntags: [text]\n---\n\n# Pond 7B\n\nA model of ponds.\n\n## Citation\n\nAcme, 2026.\n"
RUN = """cardgen: 1
model: {name: Pond 7B, id: acme/pond-7b}
activities:
  - phase: pretraining
    end: 2025-12-15
    hardware:
      - {type: A100-SXM4-80GB, count: 64, duration: 34 d}
    facility: {provider: gcp, region: europe-west4}
"""


@dataclass
class Result:
    """What a call printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def variables(stub: Stub, run: Path) -> dict[str, str]:
    """Return the environment of a user who is logged in to the stub."""
    return {"HF_ENDPOINT": stub.endpoint, "HF_HOME": str(run.parent / "hf"), "HF_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}


def in_a_process(stub: Stub, run: Path, *options: str, repository: str = "acme/pond-7b", **environment: str) -> Result:
    """Run the command on its own, and hold that the token is nowhere in what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    given = {**kept, "PYTHONPATH": str(ROOT), **variables(stub, run), **environment}
    command = [sys.executable, "-m", "cardgen", "publish", str(run), repository, *options]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=run.parent, env=given, timeout=60, check=False)
    assert TOKEN not in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return Result(result.returncode, result.stdout, result.stderr)
