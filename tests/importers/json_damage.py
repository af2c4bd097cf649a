"""JSON files as they get damaged: lines lost, doubled or moved, keys lost, emptied or of another type."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, settings

from cardgen.records.record import Reading

from .damage import cuts, is_safe, readings, total

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def with_damaged_lines(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file with each line missing, doubled or moved down by one, and with its lines in other orders."""
    lines = content.splitlines(keepends=True)
    for index in range(len(lines)):
        yield f"line {index + 1} missing", b"".join(lines[:index] + lines[index + 1 :])
        yield f"line {index + 1} doubled", b"".join(lines[: index + 1] + lines[index:])
        moved = lines[:index] + lines[index + 1 : index + 2] + [lines[index]] + lines[index + 2 :]
        yield f"line {index + 1} moved", b"".join(moved)
    for seed in range(20):
        mixed = lines[1:-1]
        random.Random(seed).shuffle(mixed)
        yield f"lines in order {seed}", b"".join([lines[0], *mixed, lines[-1]])


def with_damaged_keys(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file with each key missing, or with null, text, a list, a negative number or the value of the next key in its place."""
    data = json.loads(content)
    for path in _paths(data):
        for words, change in CHANGES.items():
            damaged = copy.deepcopy(data)
            parent = damaged
            for step in path[:-1]:
                parent = parent[step]
            change(parent, path[-1])
            yield f"{'.'.join(map(str, path))} {words}", json.dumps(damaged, indent=1).encode()


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for step in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield (*path, step)
        yield from _paths(data[step], (*path, step))


def _become(value: Any) -> Callable[[Any, Any], None]:
    def change(parent: Any, step: Any) -> None:
        parent[step] = value

    return change


def _lose(parent: Any, step: Any) -> None:
    del parent[step]


CHANGES = {
    "missing": _lose, "null": _become(None), "text": _become("31O.2"), "a list": _become([1]), "an object": _become({"a": 1}),
    "negative": _become(-1.5), "true": _become(True), "not a number": _become(float("nan")), "huge": _become(10**400),
}  # fmt: skip


def unsafe_damage(
    module: ModuleType, folder: Path, name: str, damaged: Iterator[tuple[str, bytes]], expected: float, *also: float
) -> list[str]:
    """Return the damages after which a total that is none of those expected was read without a word."""
    wrong = []
    for words, content in damaged:
        found = readings(module, folder, {name: content})
        if not any(is_safe(found, right) for right in (expected, *also)):
            wrong.append(f"{words}: {total(found)!r} instead of {expected!r}")
    return wrong


def silent_cuts(module: ModuleType, folder: Path, name: str, content: bytes) -> list[int]:
    """Return the cuts of a file with a known end after which something was read without a word."""
    whole = len(content.rstrip())
    return [
        len(cut)
        for cut in cuts(content)
        if len(cut) < whole and any(not reading.problems for reading in readings(module, folder, {name: cut}))
    ]


def one(module: ModuleType, folder: Path, content: bytes | str, name: str = "file") -> Reading:
    """Return the reading of one file that is recognised."""
    found = readings(module, folder, {name: content.encode() if isinstance(content, str) else content})
    assert len(found) == 1
    return found[0]


def said(reading: Reading) -> list[tuple[str, int, str]]:
    """Return the code, line and severity of each problem."""
    return [(problem.code, problem.line, problem.severity) for problem in reading.problems]
