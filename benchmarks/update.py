"""What ``cardgen update`` promises: ``python benchmarks/update.py [--repeats 15] [--cards 1000]``.

Each card has a run file and a folder of its own, so that nothing is shared. On a machine with several cores the calls are bound
to one, where the system can do that. Seconds are those of the processor, so that others who use the core do not count.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import RUN, medians

CARDGEN = [sys.executable, "-m", "cardgen"]
BASELINE = [sys.executable, "-c", "import click, yaml, jsonschema, jinja2, markdown_it"]
MARKERS = "<!-- cardgen:begin run=environment/run.yaml -->\n<!-- cardgen:end -->\n"
CARD = "---\nlicense: mit\n---\n# Pond {index}\n\nA model.\n\n## Uses\n\nMany.\n\n" + MARKERS + "\n## Citation\n\nNone.\n"
SECONDS, MIB = 60, 20


def cards(folder: Path, count: int) -> list[str]:
    """Return the names of new cards below a folder, each with a run file of its own."""
    text = RUN.read_text(encoding="utf-8")
    for index in range(count):
        beside = folder / f"{index:04}" / "environment"
        beside.mkdir(parents=True)
        (beside / "run.yaml").write_text(re.sub(r"(?m)^  name: .*$", f"  name: Pond {index}", text, count=1), encoding="utf-8")
        (beside.parent / "README.md").write_text(CARD.format(index=index), encoding="utf-8")
    return [f"{index:04}/README.md" for index in range(count)]


def measured(arguments: list[str], cwd: Path) -> tuple[float, float, float, int]:
    """Return the seconds of a processor that a call takes, those of a clock, its largest memory in MiB, and its exit code."""
    begin = time.perf_counter()
    call = subprocess.Popen([*CARDGEN, "update", "-q", *arguments], cwd=cwd, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(call.pid, 0)
    size = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return used.ru_utime + used.ru_stime, time.perf_counter() - begin, size, os.waitstatus_to_exitcode(status)


def of_many(folder: Path, count: int) -> tuple[bool, dict[str, float]]:
    """Measure the first update of many cards and the check of it; return whether a limit was exceeded, and the memory."""
    made, failed, sizes = cards(folder, count), False, {}
    for words, arguments in (("written", []), ("--check", ["--check"])):
        taken, passed, size, code = measured([*arguments, *made], folder)
        failed |= code != 0 or taken > SECONDS
        sizes[words] = size
        numbers = f"{taken:>8.1f} s{SECONDS:>8} s{taken / SECONDS:>8.2f}{1:>8.1f}{size:>10.0f} MiB{passed:>12.1f} s"
        print(f"{f'{count:,} cards, {words}':<36}{numbers}", flush=True)
    return failed, sizes


def main() -> int:
    """Measure everything and print the table; return 1 when a limit is exceeded."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed cardgen has its bytecode, as the libraries have
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--cards", type=int, default=1000)
    options = parser.parse_args()
    root = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"{'cardgen update':<36}{'measured':>10}{'against':>10}{'ratio':>8}{'limit':>8}{'memory':>14}{'by the clock':>14}")
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name, "few"), Path(name, "many")
        failed, small = of_many(few, options.cards // 10)
        worse, large = of_many(many, options.cards)
        for words in small:
            more = large[words] - small[words]
            worse |= more > MIB
            print(f"{f'memory of ten times as many, {words}':<36}{more:>6.1f} MiB{MIB:>6} MiB{more / MIB:>8.2f}{1:>8.1f}")
        os.chdir(few / "0000")
        ours, theirs = medians([*CARDGEN, "update", "README.md", "--check", "-q"], BASELINE, options.repeats)
        os.chdir(root)
        print(f"{'--check of one card':<36}{ours:>8.3f} s{theirs:>8.3f} s{ours / theirs:>8.2f}{1.5:>8.1f}")
    return int(failed or worse or ours / theirs > 1.5)


if __name__ == "__main__":
    sys.exit(main())
