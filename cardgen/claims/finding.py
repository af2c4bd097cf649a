"""What recomputing a claim finds: the verdict, the arithmetic as a table, and the words with every number filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cardgen import numbers
from cardgen.claims.catalogue import MASSES, Claim
from cardgen.core.figure import Figure
from cardgen.core.tables import Row

TOLERANCE = 0.02  # a count this near to the printed one is given by the factor; the editions of a factor differ by more
HOLDS, ONLY, FAILS = "holds", "holds only of", "does not hold"
PRINTED = 7  # digits of a number that is quoted or stands in a table: as it is printed there


@dataclass(frozen=True)
class Table:
    """The arithmetic: a sentence, columns (those that begin with ">" are numbers), rows, the cited sources of each row, and notes."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sources: tuple[tuple[str, ...], ...]
    notes: str = ""


@dataclass(frozen=True)
class Finding:
    """A recomputed claim. ``computed`` is what stands in the summary, ``of`` what the verdict is restricted to or rests on."""

    claim: Claim
    verdict: str
    of: str
    computed: str
    tables: tuple[Table, ...]
    words: Mapping[str, str]

    @property
    def judgement(self) -> str:
        """The verdict with what it is restricted to, or with the edition that it rests on."""
        return f"{self.verdict}{', with' if self.verdict == HOLDS else ''} {self.of}".rstrip()

    def text(self, column: str) -> str:
        """Return a text of the claim with its numbers."""
        return self.claim[column].format_map(self.words)


class Words(dict):
    """Numbers in words, by name; "of ID@EDITION" and the like are looked up when a text asks for them."""

    def __init__(self, names: Mapping[str, str], **lookups: Callable[[str], str]) -> None:
        super().__init__(names)
        self.lookups = lookups

    def __missing__(self, name: str) -> str:
        kind, _, rest = name.partition(" ")
        return self.lookups[kind](rest)


def printed(value: float) -> str:
    """Return a number with the digits that it is printed with."""
    return numbers.digits(value, PRINTED)


def measure(figure: Figure, unit: str, significant: int = numbers.SIGNIFICANT) -> str:
    """Return a figure in a unit; masses are of CO₂e.

    >>> measure(Figure(1280000.0, "kWh"), "MWh"), measure(Figure(503000.0, "kgCO2e"), "t")
    ('1,280 MWh', '503 t CO₂e')
    """
    gas = " CO₂e" if unit in MASSES else ""
    return f"{numbers.digits(figure.called('', unit).value, significant)} {unit}{gas}"


def factor(row: Row) -> str:
    """Return the value of a factor row with its unit, as it stands in the table."""
    unit = {"kgCO2e": "kg CO₂e", "kgCO2": "kg CO₂"}.get(row["unit"], row["unit"])
    return f"{printed(float(row['value']))} {unit}"


def fits(value: float, claimed: float) -> bool:
    """Return whether a value gives the claimed one.

    >>> fits(1640.4, 1640), fits(441.4, 320)
    (True, False)
    """
    return abs(value / claimed - 1) <= TOLERANCE


def against(value: float, claimed: float) -> str:
    """Return by how much a value differs from the claimed one, in words.

    >>> against(441.4, 320), against(502, 503), against(10.3, 0.16)
    ('38 % more', '0.2 % less', '64.4 times')
    """
    ratio = value / claimed
    if ratio == 1:
        return "equal"
    if ratio >= 2:
        return f"{numbers.digits(ratio)} times"
    return f"{numbers.digits(abs(ratio - 1) * 100, 2)} % {'more' if ratio > 1 else 'less'}"


def span(values: list[float]) -> str:
    """Return the least and the greatest of some numbers."""
    low, high = numbers.digits(min(values)), numbers.digits(max(values))
    return low if low == high else f"{low} to {high}"
