"""The rows of a run: each holds all since its start, so that the largest counts and includes the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cardgen.records.record import Reading

Row = TypeVar("Row")
SHOWN = 20  # lines of one run that are named one by one


@dataclass(slots=True)
class Best(Generic[Row]):
    """The row of a run that counts so far, how many others there were, and the lines of the first of them."""

    energy: float
    row: Row
    line: int
    others: int = 0
    lines: list[int] = field(default_factory=list)
    restarted: int = 0  # the line of a later row that holds less

    def add(self, energy: float, row: Row, line: int, is_odd: bool) -> None:
        """Take a further row of the run; ``is_odd`` where the later of the two holds less."""
        is_larger = energy > self.energy
        self.others += 1
        if self.others <= SHOWN:
            self.lines.append(self.line if is_larger else line)
        if is_odd:
            self.restarted = line
        if is_larger:
            self.energy, self.row, self.line = energy, row, line


def merged(found: Best[Row], reading: Reading) -> None:
    """Note the rows of a run that its largest one includes; refuse a run that began again under the same id."""
    if found.restarted:
        message = "a later row of the same run holds less energy: it began again, or the rows were changed"
        reading.fault("CG504", found.restarted, message, "give its parts ids of their own, or leave rows out")
    for line in sorted(found.lines):
        reading.note("merged", line, f"an earlier reading of the run on line {found.line}, which includes it")
    if found.others > len(found.lines):
        more = found.others - len(found.lines)
        reading.note("merged", max(found.lines) + 1, f"{more:,} more earlier readings of the run on line {found.line}")
