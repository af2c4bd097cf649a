"""Whether the points and commas in the numbers of a table mean the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cardgen.importers.plain_csv.columns import NO_THOUSANDS, ROLES, TEXTS, Column
from cardgen.problems import printable
from cardgen.records.record import Reading

NUMBER = re.compile(r"[-+]?(\d+)([.,])(\d+)(?:\s*[A-Za-zµ]\w*|[eE][-+]?\d+)?")
WORDS = {".": "points", ",": "commas"}


class Marks:
    """The points and commas of a table whose fields are set apart by semicolons, in which either may be decimal.

    ``1.234`` beside ``0,5`` may be 1234. All columns tell that commas are decimal; that points are, only those of numbers that were
    named, for versions have points too.
    """

    def __init__(self, known: Mapping[str, Column]) -> None:
        self.numbers = {column.position for role, column in known.items() if role in (*ROLES, "pue")}
        self.others = {column.position for role, column in known.items() if role in (*TEXTS, "time")}
        self.first: dict[str, tuple[str, int]] = {}  # mark -> first cell that has it, with its line
        self.either: dict[str, tuple[str, int]] = {}  # mark -> first cell in which it may set thousands apart
        self.decimal: set[str] = set()  # marks that are decimal for certain: 1.5

    def see(self, row: Sequence[str], line: int) -> None:
        """Learn the marks of a row."""
        for position, cell in enumerate(row):
            if position in self.others or not ("," in cell or "." in cell):
                continue
            found = NUMBER.fullmatch(cell.strip())
            if not found or (found[2] == "." and position not in self.numbers):
                continue
            self.first.setdefault(found[2], (cell.strip(), line))
            if position not in self.numbers:
                continue
            if len(found[3]) == 3 and len(found[1]) < 4 and found[1][0] != "0":
                self.either.setdefault(found[2], (cell.strip(), line))
            else:
                self.decimal.add(found[2])

    def report(self, reading: Reading) -> None:
        """Add the error of a number that may be one or another."""
        for mark, other in ((".", ","), (",", ".")):
            if mark in self.either and other in self.first:
                (cell, line), (beside, there) = self.either[mark], self.first[other]
                message = (
                    f'"{printable(cell, 30)}" may be {printable(cell.replace(mark, ""), 30)}: other cells have decimal {WORDS[other]}, '
                    f'such as "{printable(beside, 30)}" on line {there}'
                )
                reading.fault("CG503", line, message, NO_THOUSANDS)
                return
        if "." in self.either and "." not in self.decimal:
            cell, line = self.either["."]
            whole = printable(cell.replace(".", ""), 30)
            message = f'"{printable(cell, 30)}" may be {whole}: no other cell shows whether points are decimal or set thousands apart'
            hint = "export without thousands separators; where points are decimal, with commas between the fields"
            reading.fault("CG503", line, message, hint)
