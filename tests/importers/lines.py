"""Logs as they get damaged line by line: a line lost, doubled, or in the place of the next one."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cardgen.records.record import Reading
from importers.damage import total


def with_damaged_lines(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file with one line missing, doubled, or exchanged with the next or the last."""
    lines = content.splitlines(keepends=True)
    for index, line in enumerate(lines):
        before, after = lines[:index], lines[index + 1 :]
        yield f"line {index + 1} missing", b"".join(before + after)
        yield f"line {index + 1} doubled", b"".join([*before, line, line, *after])
        yield f"line {index + 1} emptied", b"".join([*before, b"\n", *after])
        if after:
            yield f"line {index + 1} after the next", b"".join([*before, after[0], line, *after[1:]])
            yield f"line {index + 1} at the end", b"".join([*before, *after, line])


def is_noticed(found: list[Reading], whole: list[Reading], expected: float) -> bool:
    """Return whether a damaged file gave the right total, or a problem that the whole file has not."""
    if math.isclose(total(found), expected, rel_tol=1e-9) or not found:
        return True
    usual = {(problem.code, problem.message) for reading in whole for problem in reading.problems}
    return any((problem.code, problem.message) not in usual and problem.line >= 1 for reading in found for problem in reading.problems)
