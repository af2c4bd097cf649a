"""What was looked up and what the intervals rest on, each told once and numbered, for the links of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardgen import provenance
from cardgen.render import figures


@dataclass(frozen=True)
class Looked:
    """A number that was looked up: its factor row, the note of the row, and where sources disagree with it."""

    number: int
    name: str
    value: str
    note: str
    row: str
    remark: str
    references: str
    disagreement: str


@dataclass(frozen=True)
class Width:
    """What the intervals of a kind of input rest on."""

    number: int
    text: str
    references: str


class Rows:
    """Gathers factor rows and kinds of uncertainty, and gives each a number the first time it is met."""

    def __init__(self, document: figures.Document, numbered: Mapping[str, int]) -> None:
        self.document, self.numbered = document, numbered
        self.disagreements = provenance.disagreements(document)
        self._looked: dict[tuple[str, ...], Looked] = {}
        self._widths: dict[str, Width] = {}

    def of(self, identifier: str, derivation: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """Return the numbers of the factor row of an input and of what its interval rests on; None where there is none."""
        return self._row(identifier, derivation), self._width(derivation)

    def looked(self) -> list[Looked]:
        """Return the factor rows in order."""
        return list(self._looked.values())

    def widths(self) -> list[Width]:
        """Return what the intervals rest on, in order."""
        return list(self._widths.values())

    def _row(self, identifier: str, derivation: Mapping[str, Any]) -> int | None:
        factor = derivation.get("factor")
        if not factor:
            return None
        key = (factor["table"], factor["column"], str(factor["edition"]), *map(str, factor["row"].items()))
        if key not in self._looked:
            note, disagreement = str(derivation.get("note") or ""), self.disagreements.get(identifier)
            remark = str(factor.get("note") or "")
            self._looked[key] = Looked(
                len(self._looked) + 1, str(derivation.get("name") or ""), figures.value(derivation), note, provenance.row_text(factor),
                "" if remark in note else remark, figures.references(derivation.get("sources"), self.numbered),
                provenance.sentence(disagreement, self.document.get("sources") or {}) if disagreement else "",
            )  # fmt: skip
        return self._looked[key].number

    def _width(self, derivation: Mapping[str, Any]) -> int | None:
        kind = str(derivation.get("uncertainty") or "")
        row = (self.document.get("uncertainties") or {}).get(kind)
        if row is None:
            return None
        if kind not in self._widths:
            references = figures.references(row["sources"], self.numbered)
            self._widths[kind] = Width(len(self._widths) + 1, provenance.kind_text(row), references)
        return self._widths[kind].number
