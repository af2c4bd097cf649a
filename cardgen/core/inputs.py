"""From what a run states and what the tables hold to input figures, each with its source and its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cardgen.core.factors import Factors
from cardgen.core.figure import Figure, Origin, stated
from cardgen.core.problem import Path, Problem, dotted
from cardgen.core.tables import Row
from cardgen.core.units import Quantity

LARGEST = 1e30  # in any unit: a year of the Sun is 3e30 kWh
SMALLEST = 1e-15  # of kWh, kgCO2e, L: below it nothing is reported
STATED = "stated"  # the uncertainty of an input that its author gives: "17.8 MWh ± 5%"
MOST_PROBLEMS = 1_000  # more than anybody reads
MOST_HINTS = 200  # a comparison with every known name takes milliseconds


class Inputs:
    """Makes input figures from a run and the tables, and collects what should be confirmed."""

    def __init__(self, factors: Factors) -> None:
        self.factors = factors
        self.problems: list[Problem] = []
        self.assumed = False  # whether what the run states now is an assumption of its author
        self._hints = 0
        self._said: set[tuple[str, str]] = set()
        self._known: dict[tuple[object, ...], Figure] = {}
        self._origins: dict[str, Origin] = {}

    def sigma(self, identifier: str) -> float:
        """Return the standard deviation of the logarithm that the uncertainty table holds for a kind of input."""
        return math.log(float(self.factors.uncertainty(identifier)["gsd"]))

    def declared(
        self,
        value: Quantity | float,
        label: str,
        path: Path,
        uncertainty: str,
        unit: str = "1",
        *,
        basis: str = "declared",
        key: str = "",
        read_from: str | None = None,
    ) -> Figure:
        """Return what the run states at a path; a ``key`` makes an error that several places share one input."""
        quantity = value if isinstance(value, Quantity) else Quantity(value, unit)
        sigma = self.sigma(uncertainty) if quantity.sigma is None else quantity.sigma
        kind = uncertainty if quantity.sigma is None else STATED
        if self.assumed:
            basis = "assumed"
            if quantity.sigma is None and self.sigma("assumed-input") > sigma:
                kind, sigma = "assumed-input", self.sigma("assumed-input")
        where, origin = dotted(path), self._origin(kind)
        note = f"{where}, read from {read_from}" if read_from else where
        return stated(quantity.value, quantity.unit, label, basis=basis, sigma=sigma, key=key or where, note=note, origin=origin)

    def _origin(self, uncertainty: str) -> Origin:
        """Return the origin of a stated input; one object for each kind, however many inputs are of it."""
        if uncertainty not in self._origins:
            self._origins[uncertainty] = Origin(uncertainty)
        return self._origins[uncertainty]

    def looked_up(
        self, row: Row, column: str, unit: str, label: str, uncertainty: str,
        *, basis: str = "estimated", why: str = "", sigma: float | None = None, instead: str = "",
    ) -> Figure:  # fmt: skip
        """Return the number in a cell of a factor row; ``sigma`` stands in for that of the uncertainty table.

        One cell is one figure, however many activities use it.
        """
        cell = (id(row), column, label, uncertainty, basis, why, sigma)
        if cell in self._known:
            return self._known[cell]
        value = row.number(column)
        assert value is not None  # the look-up chose a row that has one
        if not row.verified:
            self.warn(
                "CG204",
                (),
                f"{label}: {describe(row)} was not checked against a document",
                f"state {instead or 'the number in the run file'}",
            )
        note = f"{describe(row)}{'; ' + why if why else ''}"
        key = f"{row.table}:{row.get('id') or describe(row)}:{column}"
        spread = self.sigma(uncertainty) if sigma is None else sigma
        origin = Origin(uncertainty, row, column)
        found = stated(value, unit, label, basis=basis, sources=row.sources, sigma=spread, key=key, note=note, origin=origin)
        self._known[cell] = found
        return found

    def prior(self, identifier: str, label: str, instead: str = "") -> Figure:
        """Return a default of the uncertainty table, which stands in for what the run does not state."""
        row = self.factors.uncertainty(identifier)
        return self.looked_up(row, "value", row["unit"], label, identifier, basis="assumed", instead=instead)

    def believable(self, figure: Figure, path: Path) -> Figure | None:
        """Return a figure; None, and a problem, where it is not a number that anything on Earth can reach."""
        if (figure.value == 0 or SMALLEST <= abs(figure.value) <= LARGEST) and figure.high < math.inf:
            return figure
        size = "small" if abs(figure.value) < SMALLEST else "large"
        text = f"the result is too {size} to be true: {figure.name}, {figure.value:.3g} {figure.unit}"
        self.fault("CG214", path, text, "check the units and the powers of ten of what it is computed from")
        return None

    def similar(self, look_up: Callable[..., list[str]], *names: Any) -> list[str]:
        """Return the known names that a look-up finds for an unknown one; of many unknown ones only for the first."""
        self._hints += 1
        return look_up(*names) if self._hints <= MOST_HINTS else []

    def warn(self, code: str, path: Path, message: str, hint: str = "") -> None:
        """Collect an assumption that the author should confirm."""
        self._add(Problem(code, message, path, hint, "warning"))

    def fault(self, code: str, path: Path, message: str, hint: str = "") -> None:
        """Collect something that keeps a figure from being computed, or a contradiction."""
        self._add(Problem(code, message, path, hint))

    def _add(self, problem: Problem) -> None:
        if (problem.code, problem.message) not in self._said and len(self.problems) < MOST_PROBLEMS:
            self._said.add((problem.code, problem.message))
            self.problems.append(problem)


def describe(row: Row) -> str:
    """Return which row of which table a number stands in, in words.

    >>> row = Row(zone="FRA", name="France", year="2024", basis="life-cycle", accounting="production")
    >>> row.table = "grid_intensity"
    >>> describe(row)
    'grid intensity of France, 2024, life-cycle, production'
    """
    year = f", {row['year']}" if row.get("year") else ""
    if row.table == "grid_intensity":
        return f"grid intensity of {row['name'] or row['zone']}{year}, {row['basis']}, {row['accounting']}".rstrip(", ")
    if row.table == "facility":
        return f"{row['provider']} {row['region']}{year}, {row['scope']}".rstrip(", ")
    if row.table == "hardware":
        return row["name"]
    if row.table == "water":
        return f"off-site water of {row['name'] or row['zone']}{year}"
    if row.table == "electricity_price":
        return f"{row['sector']} electricity price of {row['zone']}{year}, tax basis: {row['tax_basis'] or 'unknown'}"
    if row.table == "embodied":
        return f"{row['item']}{year}, {row['scope']}"
    if row.table == "uncertainty":
        return row["what"] or row["id"]
    return ", ".join(value for value in (row.get("id"), row.get("edition")) if value)
