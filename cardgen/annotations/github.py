"""What a step in GitHub Actions says: annotations in the log, the summary of the step, and its outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from cardgen.annotations.finding import Finding, title
from cardgen.problems import printable
from cardgen.render.text import escape

SHOWN = 10  # annotations of one level that GitHub shows of a step
SUMMARY_BYTES = 1024 * 1024  # what GitHub takes as the summary of a step


def commands(found: Sequence[Finding]) -> str:
    """Return workflow commands, one a line: errors, then warnings, then a notice where GitHub does not show all of them."""
    ordered = sorted(found, key=lambda finding: finding.severity != "error")
    lines = [command(finding) for finding in ordered]
    if hidden := _hidden(found):
        text = f"GitHub shows {SHOWN} annotations of a level; {hidden} more in the log and in the summary of the step"
        lines.append(f"::notice title=cardgen::{_data(text)}")
    return "".join(f"{line}\n" for line in lines)


def command(finding: Finding) -> str:
    """Return one problem as a workflow command.

    Whatever stands in a name or a message, it stays text: line ends, colons and commas are escaped.
    """
    properties = {"title": f"cardgen {finding.code}: {title(finding.code)}"}
    if finding.file is not None:
        properties = {"file": finding.file, "line": str(finding.line), "col": str(finding.column), **properties}
    stated = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    hint = f"\nhint: {printable(finding.hint, 400)}" if finding.hint else ""
    return f"::{finding.severity} {stated}::{_data(f'{finding.shown_place}: {finding.code} {finding.text}{hint}')}"


def summary(found: Sequence[Finding], section: str = "", room: int = SUMMARY_BYTES) -> str:
    """Return the summary of a step as Markdown of at most ``room`` bytes in UTF-8: what was found, then the section of the card."""
    head = f"### cardgen: {counted(found)}\n\n"
    table = "| Place | Code | Problem | What to do |\n|:--|:--|:--|:--|\n" if found else ""
    rows = [_row(finding) for finding in sorted(found, key=lambda finding: finding.severity != "error")]
    left = room - _size(head, table) - 200  # 200: the lines that say what is left out
    kept = _fitting(rows, left)
    parts = [head, table, *rows[:kept], "\n" if rows else ""]
    if kept < len(rows):
        parts.append(f"{len(rows) - kept:,} more problems are in the log of the step.\n\n")
    if section:
        fits = _size(section, *rows[:kept]) <= left
        parts.append(f"{section.rstrip()}\n\n" if fits else "The section of the card is too long for a summary.\n\n")
    text = "".join(parts)
    return text if _size(text) <= room else ""


def outputs(values: Mapping[str, str]) -> str:
    """Return values in the form of ``$GITHUB_OUTPUT``. The delimiter is a digest of the value, which no value can hold.

    >>> print(outputs({"changed": "true"}).replace(_delimiter("true"), "END"), end="")
    changed<<END
    true
    END
    """
    return "".join(f"{name}<<{_delimiter(value)}\n{value}\n{_delimiter(value)}\n" for name, value in values.items())


def counted(found: Sequence[Finding]) -> str:
    """Return how many problems there are, in words.

    >>> counted([])
    'no problems'
    """
    numbers = ((level, sum(finding.severity == level for finding in found)) for level in ("error", "warning"))
    return ", ".join(f"{number:,} {level}{'s' if number != 1 else ''}" for level, number in numbers if number) or "no problems"


def _hidden(found: Sequence[Finding]) -> str:
    numbers = ((level, sum(finding.severity == level for finding in found) - SHOWN) for level in ("error", "warning"))
    return " and ".join(f"{number:,} {level}{'s' if number != 1 else ''}" for level, number in numbers if number > 0)


def _row(finding: Finding) -> str:
    kind = finding.code if finding.severity == "error" else f"{finding.code} warning"
    cells = (escape(text, within=True) for text in (finding.shown_place, kind, finding.text, printable(finding.hint, 400)))
    return f"| {' | '.join(cells)} |\n"


def _fitting(rows: Sequence[str], room: int) -> int:
    """Return how many rows fit into so many bytes."""
    for count, row in enumerate(rows):
        room -= _size(row)
        if room < 0:
            return count
    return len(rows)


def _size(*texts: str) -> int:
    return sum(len(text.encode("utf-8", "backslashreplace")) for text in texts)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _delimiter(value: str) -> str:
    return f"cardgen_{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
