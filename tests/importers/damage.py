"""Files as they get damaged: cut, reordered, with fields lost, doubled or moved. What is read is right, or a problem names a line."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from cardgen.records.record import Reading
from cardgen.records.source import Source


def readings(module: ModuleType, folder: Path, files: dict[str, bytes]) -> list[Reading]:
    """Return what an importer reads of files with these names and bytes; one that it does not recognise is no reading."""
    sources = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        sources.append(Source(name, path))
    known = [source for source in sources if module.recognises(source)]
    return module.read(known) if known else []


def total(found: list[Reading]) -> float:
    """Return the energy of all records in kWh, that of one request where there is no other."""
    records = [record for reading in found for record in reading.records]
    return math.fsum(r.energy_kwh or (r.per_request.energy_kwh if r.per_request else 0) or 0 for r in records)


def placed(found: list[Reading]) -> list[int]:
    """Return the lines of all problems."""
    return [problem.line for reading in found for problem in reading.problems]


def cuts(content: bytes, most: int = 400) -> Iterator[bytes]:
    """Yield the beginnings of a file: all of them, or evenly spread ones and those near its end."""
    ends = (
        range(len(content))
        if len(content) <= most
        else sorted({*range(0, len(content), len(content) // most), *range(len(content) - 60, len(content))})
    )
    for end in ends:
        yield content[:end]


def reordered(content: bytes, seed: int = 0, header: int = 1) -> bytes:
    """Return a file with its rows below the header in another order."""
    lines = content.splitlines(keepends=True)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += b"\n"
    rows = lines[header:]
    random.Random(seed).shuffle(rows)
    return b"".join(lines[:header] + rows)


def with_damaged_fields(content: bytes, delimiter: str = ",", most: int = 400, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield a file with one field of one row missing, emptied, doubled, or moved (one lost and a later one doubled)."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), delimiter=delimiter))
    places = [(row, field) for row in range(1, len(rows)) for field in range(len(rows[row]))]
    if len(places) > most:
        places = sorted(random.Random(seed).sample(places, most))
    for row, field in places:
        for words, cells in _damaged(rows[row], field):
            out = io.StringIO(newline="")
            csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([*rows[:row], cells, *rows[row + 1 :]])
            yield f"row {row + 1} field {field + 1} {words}", out.getvalue().encode()


def _damaged(cells: list[str], field: int) -> Iterator[tuple[str, list[str]]]:
    yield "missing", cells[:field] + cells[field + 1 :]
    yield "empty", [*cells[:field], "", *cells[field + 1 :]]
    yield "doubled", cells[: field + 1] + cells[field:]
    for later in {field + 1, len(cells) - 1}:
        if field < later < len(cells):
            yield f"lost, and field {later + 1} doubled", cells[:field] + cells[field + 1 : later + 1] + cells[later:]
            yield f"doubled, and field {later + 1} lost", cells[: field + 1] + cells[field:later] + cells[later + 1 :]


def is_safe(found: list[Reading], expected: float) -> bool:
    """Return whether a damaged file gave the right total, or a problem with a line."""
    return any(line >= 1 for line in placed(found)) or not found or math.isclose(total(found), expected, rel_tol=1e-9)


def unsafe(module: ModuleType, folder: Path, name: str, damaged: Iterator[tuple[str, bytes]], expected: float) -> list[str]:
    """Return the damages after which a wrong total was read without a word."""
    wrong = []
    for words, content in damaged:
        found = readings(module, folder, {name: content})
        if not is_safe(found, expected):
            wrong.append(f"{words}: {total(found)!r} instead of {expected!r}")
    return wrong


def unsafe_cuts(module: ModuleType, folder: Path, name: str, content: bytes) -> list[str]:
    """Return the cuts after which a total was read, without a word, that no number of whole lines has."""
    lines = content.splitlines(keepends=True)
    right = {0.0, *(total(readings(module, folder, {name: b"".join(lines[:count])})) for count in range(1, len(lines) + 1))}
    wrong = []
    for cut in cuts(content):
        found = readings(module, folder, {name: cut})
        if not any(is_safe(found, whole) for whole in right):
            wrong.append(f"cut after {len(cut)} bytes: {total(found)!r}")
    return wrong
