"""Where inputs come from, as data: factor rows, what intervals rest on, and where sources disagree."""

from __future__ import annotations

from typing import Any

from cardgen.core.disagreement import Number, disagreement
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure
from cardgen.core.inputs import STATED
from cardgen.core.tables import DESCRIBING, EDITION, Row


class Origins:
    """Writes the origins of inputs, and gathers the uncertainties, disagreements and sources that they name."""

    def __init__(self, factors: Factors) -> None:
        self.factors = factors
        self.sources: set[str] = set()
        self._uncertainties: set[str] = set()
        self._disagreements: dict[tuple[int, str], dict[str, Any] | None] = {}

    def of(self, figure: Figure, identifier: str) -> dict[str, Any]:
        """Return the factor row of an input and the id of its uncertainty; nothing of a calculation."""
        if figure.origin is None or figure.operands:
            return {}
        uncertainty, row, column = figure.origin
        found: dict[str, Any] = {}
        if isinstance(row, Row):
            self._compare(figure, (id(row), column), identifier)
            found["factor"] = {
                "table": row.table, "column": column, "edition": None if row.own else EDITION, "verified": row.verified,
                "row": {name: row[name] for name in DESCRIBING if row.get(name)}, "note": row.get("note") or None,
            }  # fmt: skip
        if uncertainty and figure.influences:
            self._uncertainties.add(uncertainty)
            found["uncertainty"] = uncertainty
        return found

    def disagreements(self) -> list[dict[str, Any]]:
        """Return where sources disagree with the inputs that were looked up, each cell once."""
        return [found for found in self._disagreements.values() if found is not None]

    def uncertainties(self) -> dict[str, dict[str, Any]]:
        """Return the rows of the uncertainty table that the intervals of inputs come from, by id."""
        found = {}
        for identifier in sorted(self._uncertainties - {STATED}):
            row = self.factors.uncertainty(identifier)
            self.sources.update(row.sources)
            found[identifier] = {
                "gsd": row.number("gsd"), "what": row["what"], "note": row["note"] or None, "sources": list(row.sources),
                "verified": row.verified,
            }  # fmt: skip
        return found

    def _compare(self, figure: Figure, cell: tuple[int, str], identifier: str) -> None:
        """Note where sources disagree with a cell; inputs from one cell are told together."""
        if cell not in self._disagreements:
            found = disagreement(figure, self.factors)
            self._disagreements[cell] = found and {
                "inputs": [], "about": found.about, "used": self._number(found.used),
                "others": [self._number(other) for other in found.others],
            }  # fmt: skip
        if (told := self._disagreements[cell]) is not None:
            told["inputs"].append(identifier)

    def _number(self, number: Number) -> dict[str, Any]:
        self.sources.update(number.sources)
        return {
            "value": number.value, "unit": number.unit, "year": number.year or None, "basis": number.basis or None,
            "sources": list(number.sources),
        }  # fmt: skip
