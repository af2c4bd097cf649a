"""Validate a document: data with positions -> the run, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable

from cardgen.core.problem import Path, Problem, Severity
from cardgen.core.run import Run
from cardgen.loading.document import Document
from cardgen.problems import Placed, in_order, place
from cardgen.validation.assembly import assemble
from cardgen.validation.contradictions import contradictions, gaps
from cardgen.validation.structure import MAX_PROBLEMS, check, schema

__all__ = ["schema", "validate"]


def validate(document: Document) -> tuple[Run | None, list[Problem]]:
    """Return the run, or None when there are errors, and all problems, those of reading included, sorted by place.

    Problems that are warnings name assumptions: the run can be used.
    """
    problems = list(document.problems)
    if document.data is not None:
        problems += _newer(document) or _problems(document)
    failed = document.data is None or any(problem.severity == "error" for problem in problems)
    run = None if failed or document.data is None else assemble(document.data)
    return run, _cut(in_order(problems, document), document, "error" if failed else "warning")


def _cut(problems: list[Problem], document: Document, severity: Severity) -> list[Problem]:
    """Return the first problems, with a last one that says so where there are more than anybody reads."""
    if len(problems) <= MAX_PROBLEMS:
        return problems
    first = [problem for problem in problems if problem.code != "CG100"][:MAX_PROBLEMS]
    line, column = place(first[-1], document)
    message = f"there are more than {MAX_PROBLEMS:,} problems; the rest is not shown"
    return [*first, Placed("CG100", message, (), "correct these first", severity, line, column)]


def _newer(document: Document) -> list[Problem]:
    """Return that the file is of a newer format, and nothing else: the rest would be judged by the wrong rules."""
    version = (document.data or {}).get("cardgen")
    if isinstance(version, (int, float)) and not isinstance(version, bool) and version > 1:
        return [problem for problem in check(Document({"cardgen": version})) if problem.code == "CG108"]
    return []


def _problems(document: Document) -> list[Problem]:
    found = check(document)
    data = document.data or {}
    unclear = _prefixes([*document.problems, *found])
    return [*found, *contradictions(data), *(gap for gap in gaps(data) if gap.path not in unclear or gap.severity == "warning")]


def _prefixes(problems: Iterable[Problem]) -> set[Path]:
    """Return the paths of all values that have an error inside: what seems missing there may be misspelt."""
    return {problem.path[:length] for problem in problems if problem.severity == "error" for length in range(len(problem.path) + 1)}
