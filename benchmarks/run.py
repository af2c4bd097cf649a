"""The performance budget, as ratios within one run: ``python benchmarks/run.py [--repeats 15]``."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RUN = Path(__file__).parents[1] / "examples" / "inference-service" / "run.yaml"
MATPLOTLIB = """
import sys
from matplotlib.figure import Figure
for index in range({count}):
    figure = Figure(figsize=(7.2, 4))
    axes = figure.add_subplot()
    axes.barh(["one", "two", "three"], [1, 2, 3])
    axes.set_title("A chart")
    figure.savefig({folder!r} + f"/{{index}}.svg")
"""
ACTIVITY = """
  - name: Run {index}
    phase: experimentation
    start: 2025-01-01
    hardware:
      - {{type: A100-SXM4-80GB, count: 8, duration: {hours} h}}
    facility: {{provider: gcp, region: europe-west4}}
"""


def seconds(command: Sequence[str]) -> float:
    """Return how long a command takes."""
    begin = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def medians(first: Sequence[str], second: Sequence[str], repeats: int) -> tuple[float, float]:
    """Return the median time of two commands that take turns, after one warm-up each."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats + 1):
        for command, found in zip((first, second), times):
            taken = seconds(command)
            if turn:
                found.append(taken)
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> int:
    """Measure everything and print the table; return 1 when a limit is exceeded."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed cardgen has its bytecode, as the libraries have
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    python, cardgen = sys.executable, [sys.executable, "-m", "cardgen"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*cardgen, "build", str(RUN), "-o", f"{folder}/card", "-q"], check=True)
        count = len(list(Path(folder, "card", "charts").glob("*.svg")))
        large = Path(folder, "large.yaml")
        activities = "".join(ACTIVITY.format(index=i, hours=1 + i % 90) for i in range(2000))
        large.write_text(f"cardgen: 1\nmodel: {{name: Large}}\nactivities:{activities}", encoding="utf-8")
        script = Path(folder, "charts.py")
        script.write_text(MATPLOTLIB.format(count=count, folder=folder), encoding="utf-8")
        click = [python, "-c", "import click"]
        libraries = [python, "-c", "import click, yaml, jsonschema"]
        cases = [
            ("--version", [*cardgen, "--version"], click, 1.5),
            ("validate", [*cardgen, "validate", str(RUN)], libraries, 1.5),
            ("assess", [*cardgen, "assess", str(RUN)], libraries, 1.5),
            (f"build, {count} charts", [*cardgen, "build", str(RUN), "-o", f"{folder}/out"], [python, str(script)], 1.4),
        ]
        failed = False
        print(f"{'cardgen':<22}{'median s':>10}{'baseline s':>12}{'ratio':>8}{'limit':>8}")
        for name, command, baseline, limit in cases:
            ours, theirs = medians(command, baseline, repeats)
            failed |= ours / theirs > limit
            print(f"{name:<22}{ours:>10.3f}{theirs:>12.3f}{ours / theirs:>8.2f}{limit:>8.1f}")
        taken = statistics.median(seconds([*cardgen, "assess", str(large), "-q"]) for _ in range(3))
        failed |= taken > 2
        print(f"{'assess, 2,000':<22}{taken:>10.3f}{2:>12.3f}{taken / 2:>8.2f}{1:>8.1f}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
