"""A file that was read: its data, and where in the file each value stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cardgen.core.problem import Path, Problem


class Unreadable:
    """Stands for a value that a problem of reading names already."""


UNREADABLE = Unreadable()


class Mark(NamedTuple):
    """Where a value stands, from 1. ``values`` are the marks in a mapping or list, ``keys`` the places of the keys."""

    line: int = 1
    column: int = 1
    values: dict | list = {}
    keys: dict = {}


@dataclass(frozen=True)
class Document:
    """Data with the places it was read from. ``data`` is a mapping, or None where the file could not be read.

    ``problems`` are those of reading. Data that no file stands behind needs no marks: ``Document({"cardgen": 1}, name="x")``.
    """

    data: dict | None
    marks: Mark = Mark()
    name: str = "run.yaml"
    problems: tuple[Problem, ...] = ()
    text: str = field(default="", repr=False)

    def mark(self, path: Path) -> tuple[int, int]:
        """Return line and column of the value at a path, or of its nearest parent that exists."""
        mark = self._nearest(path)
        return mark.line, mark.column

    def key_mark(self, path: Path) -> tuple[int, int]:
        """Return line and column of the key that the path ends with, or of the nearest value that exists."""
        return self._nearest(path[:-1]).keys.get(path[-1]) or self.mark(path) if path else self.mark(path)

    def written(self, path: Path) -> str:
        """Return a number as it is written in the file, for example 7e9; empty where that is not known."""
        line, column = self.mark(path)
        rest = self._lines[line - 1][column - 1 :] if line <= len(self._lines) else ""
        match = re.match(r"[-+.\w]{1,40}(?=[\s,\]}]|$)", rest)
        return match[0] if match else ""

    @cached_property
    def _lines(self) -> list[str]:
        return re.split(r"\r\n|\r|\n", self.text)

    def _nearest(self, path: Path) -> Mark:
        mark = self.marks
        for step in path:
            try:
                mark = mark.values[step]
            except (KeyError, IndexError, TypeError):
                break
        return mark
