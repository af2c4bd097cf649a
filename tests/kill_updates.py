"""Kill ``cardgen update`` again and again: ``python tests/kill_updates.py FOLDER COUNT SEED``.

FOLDER holds README.md and environment/run.yaml; beside it lie one.yaml and two.yaml, which take turns as the run. Prints how
often the card was found old and new, and how often a temporary file was left; stops with the first thing that is broken.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

LINK = re.compile(r"\]\((environment/[^)]+)\)")


def update(card: Path, step: int | None = None) -> int:
    """Run the command line on a card in a copy of this process and return its number; before some step it kills itself."""
    process = os.fork()
    if process:
        return process
    from cardgen.cli import main

    if step is not None:
        kill_before(step)

    sys.argv = ["cardgen", "update", str(card), "-q"]
    try:
        main()
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 0)
    finally:
        os._exit(3)


def kill_before(step: int) -> None:
    """Make this process kill itself before so many files were made safe, put in their place or removed."""
    steps = iter(range(step + 1))

    def counted(function):
        def call(*arguments, **options):
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    for name in ("fsync", "replace", "unlink"):
        setattr(os, name, counted(getattr(os, name)))


def finish(card: Path) -> bytes:
    """Update a card without a kill and return it."""
    _, status = os.waitpid(update(card), 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return card.read_bytes()


def check(card: Path, known: set[bytes]) -> None:
    """Stop where the card is neither old nor new, or leads to something that is not there or not whole."""
    content = card.read_bytes()
    assert content in known, "the card is neither the old nor the new one"
    for target in LINK.findall(content.decode()):
        text = (card.parent / target).read_text(encoding="utf-8")
        ending = {".svg": "</svg>", ".html": "</html>", ".json": "}"}[Path(target).suffix]
        assert text.rstrip().endswith(ending), f"{target} is not whole"


def main() -> int:
    """Kill the updates and print what was found."""
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    card, run = folder / "README.md", folder / "environment" / "run.yaml"
    turns = [(folder.parent / name).read_bytes() for name in ("one.yaml", "two.yaml")]
    chance = random.Random(seed)
    results = []
    for turn in turns:  # the two cards that may be found, and all that is loaded on the way
        run.write_bytes(turn)
        begin = time.perf_counter()
        results.append(finish(card))
    longest = time.perf_counter() - begin
    from cardgen.cards import edit  # noqa: F401
    from cardgen.cli import update as command  # noqa: F401
    from cardgen.placing import updating  # noqa: F401  the copies need not load it again

    found: Counter[str] = Counter()
    for index in range(count):
        run.write_bytes(turns[index % 2])
        process = update(card)
        time.sleep(chance.uniform(0, longest))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        check(card, set(results))
        found["killed" if os.WIFSIGNALED(status) else "ended"] += 1
        found["new" if card.read_bytes() == results[index % 2] else "old"] += 1
    for turn in (0, 1):
        found["steps"] += each_step(card, run, turns, results, turn, found)
    print(json.dumps(found))
    return 0


def each_step(card: Path, run: Path, turns: list[bytes], results: list[bytes], turn: int, found: Counter[str]) -> int:
    """Kill an update before each of its steps, the next run being a whole one, and return the number of steps."""
    for step in range(1000):
        run.write_bytes(turns[1 - turn])
        assert finish(card) == results[1 - turn]
        assert not list(card.parent.rglob(".*.part")), "a temporary file stays"
        run.write_bytes(turns[turn])
        _, status = os.waitpid(update(card, step), 0)
        check(card, set(results))
        found["leftovers"] += any(card.parent.rglob(".*.part"))
        if not os.WIFSIGNALED(status):
            return step
    raise AssertionError("an update has no end")


if __name__ == "__main__":
    sys.exit(main())
