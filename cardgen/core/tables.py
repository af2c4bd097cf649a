"""The factor tables as rows: how they are read, keyed and chosen by year."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from importlib import resources

EDITION = "2026.11"
TABLES = (
    "grid_intensity", "cloud_regions", "places", "facility", "hardware", "conventions", "embodied", "equivalents",
    "electricity_price", "water", "generation", "reduction_levers", "published_footprints", "observations", "uncertainty", "sources",
)  # fmt: skip
KEYS = {
    "grid_intensity": ("zone", "year", "scope"), "cloud_regions": ("provider", "region"), "places": ("zone",),
    "facility": ("provider", "region", "scope", "year"), "hardware": ("name",), "conventions": ("id",), "embodied": ("item",),
    "equivalents": ("id", "edition"), "electricity_price": ("zone", "sector", "year"), "water": ("zone", "year"),
    "generation": ("technology",), "reduction_levers": ("lever",), "published_footprints": ("id",),
    "observations": ("prior", "organisation", "what"), "uncertainty": ("id",),
    "sources": ("id",),
}  # fmt: skip
# The cells that say what a number is, in the order in which they are shown.
DESCRIBING = (
    "id", "zone", "provider", "region", "item", "name", "sector", "form_factor", "scope", "edition", "year", "release_year", "basis",
    "accounting", "gases", "tax_basis",
)  # fmt: skip


class Row(dict):
    """A row of a factor table: the cells by column, the table that it stands in, and whether a user supplied it."""

    table: str = ""
    own: bool = False

    def number(self, column: str) -> float | None:
        """Return a cell as a number; an empty cell is unknown."""
        text = self.get(column, "")
        return float(text) if text else None

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the sources; of a user's own row, its citation."""
        return (self["source"],) if self.own else tuple(self["source"].split(";"))

    @property
    def verified(self) -> bool:
        """Whether the number was read in a document."""
        return self.get("verified", "true") == "true"


def bundled(name: str) -> list[Row]:
    """Return the rows of a bundled table."""
    text = (resources.files("cardgen.core") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    lines = csv.reader(io.StringIO(text))
    header = next(lines)
    rows = []
    for cells in lines:
        row = Row(zip(header, cells))
        row.table = name
        rows.append(row)
    return rows


def key(row: Row) -> tuple[str, ...]:
    """Return what makes a row one row: two rows with one key are two states of it."""
    return tuple(row.get(column, "") for column in KEYS[row.table])


def nearest_year(rows: list[Row], year: int | None) -> Row | None:
    """Return the row of a year: the year itself, else the last before it, else the first after it; the newest without one.

    A user's own rows win over the bundled ones, and a verified row over an unverified one, even of a nearer year.
    """
    rows = [row for row in rows if row.own] or [row for row in rows if row.verified] or rows
    if not rows:
        return None
    before = [row for row in rows if year is None or int(row["year"]) <= year]
    return max(before, key=lambda row: int(row["year"])) if before else min(rows, key=lambda row: int(row["year"]))


def grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """Return rows by the value of a column."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups
