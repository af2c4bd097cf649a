"""How problems are sorted, placed, shown and explained, and the error that stops the work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from cardgen.core.problem import Path, Problem, dotted
from cardgen.resources import names, resource


class CardgenError(Exception):
    """What stops the work: ``exit_code`` is 4 for disk and network, 2 for wrong use."""

    def __init__(self, message: str, exit_code: int = 4, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.exit_code, self.hint = message, exit_code, hint


@dataclass(frozen=True)
class Placed(Problem):
    """A problem that knows its line and column, both from 1: a path alone does not lead to it."""

    line: int = 1
    column: int = 1


class Source(Protocol):
    """What problems are placed in: a name, and the line and column of the value at a path."""

    name: str

    def mark(self, path: Path) -> tuple[int, int]: ...


def place(problem: Problem, source: Source) -> tuple[int, int]:
    """Return the line and the column of a problem, from 1."""
    return (problem.line, problem.column) if isinstance(problem, Placed) else source.mark(problem.path)


def in_order(problems: Iterable[Problem], source: Source) -> list[Problem]:
    """Return each problem once, sorted by place, then code."""
    return sorted(dict.fromkeys(problems), key=lambda p: (place(p, source), p.code, dotted_safely(p.path), p.message))


def render(problem: Problem, source: Source) -> str:
    """Return a problem as one line, and its hint as a second.

    An error reads ``run.yaml:6:12: CG103 activities[0].name: 7 is a number, expected text``; a warning says so after the code.
    """
    line, column = place(problem, source)
    kind = " warning" if problem.severity == "warning" else ""
    path = f" {dotted_safely(problem.path)}" if problem.path else ""
    hint = f"\n  hint: {printable(problem.hint, 400)}" if problem.hint else ""
    return f"{printable(source.name, 500)}:{line}:{column}: {problem.code}{kind}{path}: {printable(problem.message, 600)}{hint}"


def dotted_safely(path: Path) -> str:
    """Return a path as people write it; keys that a person made up are cut and escaped."""
    return dotted(tuple(step if isinstance(step, int) else printable(step, 60) for step in path))


def printable(text: str, length: int) -> str:
    r"""Return a text on one line, with at most so many characters and nothing that a terminal would obey.

    >>> printable("a\nb", 10)
    'a\\nb'
    """
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return cut if cut.isprintable() else "".join(_escaped(character) for character in cut)


def plain(text: str) -> str:
    """Return a text on one line without characters that a terminal would obey."""
    return text if text.isprintable() else "".join(character for character in text if character.isprintable())


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def codes() -> list[str]:
    """Return the codes that have a page, sorted."""
    return [name[:-3] for name in names("problem_pages") if re.fullmatch(r"CG\d{3}\.md", name)]


def page(code: str) -> str:
    """Return the page about a code as Markdown; raises CardgenError when there is none."""
    if code.upper() not in codes():
        raise CardgenError(f'"{printable(code, 40)}" is not a code of cardgen', 2, "codes look like CG103 and stand before a message")
    return resource("problem_pages", f"{code.upper()}.md")
