"""What a tool is, for the list of ``cardgen import --list``: what its files can and cannot say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cardgen.records.record import Reading
from cardgen.records.source import Source, Unreadable


@dataclass(frozen=True)
class Tool:
    """A tracker, scheduler or monitor. ``files`` names what it writes, ``says`` what can be read there, ``silent`` what cannot."""

    name: str
    title: str
    files: str
    says: str
    silent: str
    source: str  # where the format is documented


def each(read: Callable[[Source, Reading], None], tool: Tool) -> Callable[[Sequence[Source]], list[Reading]]:
    """Return the reader of many files from the reader of one; what it cannot read is a problem of that file alone."""

    def read_all(files: Sequence[Source]) -> list[Reading]:
        readings = []
        for file in files:
            reading = Reading(file.name, tool.name)
            try:
                read(file, reading)
            except Unreadable as error:
                reading.problems.append(error.problem)
            readings.append(reading)
        return readings

    return read_all
