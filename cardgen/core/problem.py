"""What is wrong with an input, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    An ``error`` keeps the input from being used or is a contradiction in it; a ``warning`` names an assumption that
    was made and should be confirmed. ``path`` leads to the value in the run file, for example
    ``("activities", 0, "facility", "pue")``; whoever read the file turns it into a line and a column.
    """

    code: str
    message: str
    path: Path = ()
    hint: str = ""
    severity: Severity = "error"


def dotted(path: Path) -> str:
    """Return a path as people write it.

    >>> dotted(("activities", 0, "facility", "pue"))
    'activities[0].facility.pue'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
