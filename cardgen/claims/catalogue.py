"""The claims as they stand in the catalogue, and the trainings of the table in which two of them began."""

from __future__ import annotations

import csv
import io
from importlib import resources

from cardgen.core.factors import Factors
from cardgen.core.tables import Row

MASSES = ("t", "kg", "g", "lb")


class Claim(dict):
    """A row of the catalogue; what a published footprint states already is read there, by its id."""

    published: Row = Row()

    def stated(self, name: str) -> str:
        """Return what the claim states beside its amount and its count."""
        return dict(pair.split("=") for pair in self["stated"].split(";"))[name]

    @property
    def amount(self) -> float:
        """The amount that is compared, in kWh or kgCO2e."""
        return float(self.published["co2e_kg" if self["unit"] in MASSES else "energy_kwh"])

    @property
    def count(self) -> float:
        """The count as it is printed."""
        return float(self["count"] or self.published["equiv_count"])

    @property
    def citation(self) -> str:
        """Where the claim, or the figure that it compares, is printed."""
        return self["source"] or self.published["source"]


def claims(factors: Factors) -> list[Claim]:
    """Return the claims in the order of the page."""
    footprints = {row["id"]: row for row in factors.table("published_footprints")}
    found = [Claim(row) for row in _rows("claims")]
    for claim in found:
        if claim["published"]:
            claim.published = footprints[claim["published"]]
    return found


def trainings() -> list[dict[str, str]]:
    """Return Table 3 of Strubell et al. 2019: the power of the whole machine, hours, and the pounds that it prints."""
    return _rows("trainings")


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("cardgen.claims") / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
