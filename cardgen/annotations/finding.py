"""A problem with its file and place, and a fingerprint that stays when lines move."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cardgen.core.problem import Problem, Severity
from cardgen.problems import CardgenError, Source, dotted_safely, in_order, page, place, printable

LONGEST = 600  # characters of a message


@dataclass(frozen=True)
class Finding:
    """What was found in a file: ``name`` is the file as the caller wrote it, ``file`` its path below the repository, with slashes.

    ``file`` is None for standard input. Line and column count from 1, the column in characters.
    """

    name: str
    file: str | None
    line: int
    column: int
    code: str
    severity: Severity
    path: str
    message: str
    hint: str

    @property
    def text(self) -> str:
        """The message with the path of the value, on one line."""
        message = printable(self.message, LONGEST)
        return f"{self.path}: {message}" if self.path else message

    @property
    def shown_place(self) -> str:
        return f"{printable(self.name, 500)}:{self.line}:{self.column}"


def findings(problems: Iterable[Problem], source: Source, file: str | None) -> list[Finding]:
    """Return the problems of one file in its order, each once."""
    found = []
    for problem in in_order(problems, source):
        line, column = (max(number, 1) for number in place(problem, source))
        path = dotted_safely(problem.path)
        found.append(Finding(source.name, file, line, column, problem.code, problem.severity, path, problem.message, problem.hint))
    return found


def fingerprints(found: Sequence[Finding]) -> list[str]:
    """Return a fingerprint for each finding, each a different one: 32 hexadecimal digits.

    It is made of file, code, path and message without line numbers, so that it stays when lines are put in above. What is
    found several times is counted.
    """
    keys = [_key(finding) for finding in found]
    seen: Counter[str] = Counter()
    digests = []
    for key in keys:
        digests.append(hashlib.sha256(json.dumps([key, seen[key]]).encode()).hexdigest()[:32])
        seen[key] += 1
    return digests


def title(code: str) -> str:
    """Return the title of a code's page.

    >>> title("CG001")
    'The file is empty'
    """
    try:
        return page(code).split("\n", 1)[0].partition(": ")[2]
    except CardgenError:
        return code


def as_json(found: Iterable[Finding], changed: Sequence[str] | None = None) -> str:
    """Return findings as the JSON of ``--output-format json``; ``changed`` are the files that an update changes."""
    rows = [
        {
            "file": finding.name, "line": finding.line, "column": finding.column, "code": finding.code, "severity": finding.severity,
            "message": finding.message, "hint": finding.hint or None,
        }
        for finding in found
    ]  # fmt: skip
    return written({"cardgen": 1, "problems": rows, **({} if changed is None else {"changed": list(changed)})})


def written(content: object) -> str:
    """Return JSON text; what is no Unicode in a name is escaped."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _key(finding: Finding) -> str:
    message = re.sub(r"\b((?:lines?|columns?) )[\d, and]*\d", r"\1N", finding.message)
    return json.dumps([finding.file, finding.code, finding.path, message])
