"""Figures: numbers with unit, 90 % interval, basis, sources and the calculation that they came from.

Uncertainty is carried in log space. Each uncertain input is lognormal around its value with a standard deviation σ of
its logarithm; a figure keeps its elasticity to each input (by how many per cent it moves when the input moves by one).
Products add elasticities and sums weigh them, so an input that two figures share stays one input. The 90 % interval is
value × exp(± 1.645 σ) with σ² the sum of (elasticity × σ of the input)².
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from cardgen.core.units import combined, convert, unit

Z90 = 1.645
BASES = ("exact", "measured", "declared", "estimated", "assumed")  # from the strongest to the weakest
_RANK = {basis: rank for rank, basis in enumerate(BASES)}


class Input(NamedTuple):
    """An uncertain input: the key makes it one and the same input wherever it is used."""

    key: str
    label: str
    sigma: float


class Origin(NamedTuple):
    """Where an input comes from beside its sources: its row in the uncertainty table, and the factor row and column."""

    uncertainty: str = ""
    row: Mapping[str, str] | None = None
    column: str = ""


@dataclass(frozen=True)
class Figure:
    """A number that can reach a reader.

    ``influences`` are the elasticities to the uncertain inputs. ``operation`` and ``operands`` are the calculation;
    both are empty for an input. ``note`` says where an input comes from, in words: the factor row, or a path of the run file.
    """

    value: float
    unit: str
    name: str = ""
    basis: str = "exact"
    sources: tuple[str, ...] = ()
    note: str = ""
    influences: Mapping[Input, float] = field(default_factory=dict)
    operation: str = ""
    operands: tuple[Figure, ...] = ()
    origin: Origin | None = None

    @cached_property
    def sigma(self) -> float:
        """The standard deviation of the logarithm. Inputs with one key move together, whatever their σ."""
        return math.hypot(*self._deviations.values())

    @property
    def low(self) -> float:
        """The lower end of the 90 % interval, in the figure's unit."""
        return interval(self.value, self.sigma)[0]

    @property
    def high(self) -> float:
        """The upper end of the 90 % interval, in the figure's unit."""
        return interval(self.value, self.sigma)[1]

    @property
    def drivers(self) -> list[tuple[str, float]]:
        """The inputs that the uncertainty comes from with their share of the variance, the largest first."""
        deviations = self._deviations
        largest = max(map(abs, deviations.values()), default=0.0)
        if largest == 0 or not math.isfinite(largest):
            return []
        labels = {i.key: i.label for i in self.influences}
        variances: dict[str, float] = {}
        for key, deviation in deviations.items():
            label = labels[key]
            variances[label] = variances.get(label, 0.0) + (deviation / largest) ** 2
        total = math.fsum(variances.values())
        return sorted(((label, v / total) for label, v in variances.items()), key=lambda d: (-d[1], d[0]))

    @cached_property
    def _deviations(self) -> dict[str, float]:
        """Return the standard deviation of the logarithm that each input brings, by its key."""
        deviations: dict[str, float] = {}
        for i, e in self.influences.items():
            deviations[i.key] = deviations.get(i.key, 0.0) + e * i.sigma
        return deviations

    def __mul__(self, other: Figure | float) -> Figure:
        return _product(self, _figure(other), 1)

    __rmul__ = __mul__

    def __truediv__(self, other: Figure | float) -> Figure:
        return _product(self, _figure(other), -1)

    def __add__(self, other: Figure) -> Figure:
        return total([self, other])

    def __sub__(self, other: Figure | float) -> Figure:
        return _sum([self, _figure(other)], [1, -1], "−")

    def called(self, name: str, unit: str = "", note: str = "") -> Figure:
        """Return the figure under a name and in a unit; raises UnitError when it is of another kind.

        >>> (stated(400, "W") * stated(10, "h")).called("energy", "kWh").value
        4.0
        """
        target = unit or self.unit
        value, note = convert(self.value, self.unit, target), note or self.note
        return Figure(value, target, name, self.basis, self.sources, note, self.influences, self.operation, self.operands, self.origin)

    def recomputed(self, factors: Mapping[str, float]) -> float:
        """Return the value that the calculation gives when inputs are multiplied by factors, by their keys.

        This evaluates the recorded calculation itself, not the elasticities: what a Monte Carlo run needs.
        """
        if not self.operands:
            value = self.value
            for i, elasticity in self.influences.items():
                value *= factors.get(i.key, 1.0) ** elasticity
            return value
        values = [operand.recomputed(factors) for operand in self.operands]
        units = [operand.unit for operand in self.operands]
        if self.operation in ("+", "−"):
            values = [convert(v, u, self.unit) for v, u in zip(values, units)]
            return added(values) if self.operation == "+" else values[0] - added(values[1:])
        left, right = (v * unit(u).scale for v, u in zip(values, units))
        return (left * right if self.operation == "×" else left / right) / unit(self.unit).scale


def exact(value: float, unit: str = "1", name: str = "", note: str = "") -> Figure:
    """Return a number by definition: no uncertainty, no source."""
    return Figure(float(value), unit, name, "exact", (), note)


def stated(
    value: float,
    unit: str,
    name: str = "",
    *,
    basis: str = "declared",
    sources: Iterable[str] = ("run",),
    sigma: float = 0.0,
    key: str = "",
    note: str = "",
    origin: Origin | None = None,
) -> Figure:
    """Return an input: a number that was measured, declared or looked up, with the σ of its logarithm."""
    influences = {Input(key or name or note, name or key, sigma): 1.0} if sigma > 0 and value else {}
    return Figure(float(value), unit, name, basis, tuple(sources), note, influences, origin=origin)


def total(figures: Iterable[Figure], name: str = "") -> Figure:
    """Return the sum of one or more figures of one kind, in the unit of the first."""
    parts = list(figures)
    result = parts[0] if len(parts) == 1 else _sum(parts, [1] * len(parts), "+")
    return result.called(name) if name and len(parts) > 1 else result


def weakest(figures: Iterable[Figure]) -> str:
    """Return the weakest basis of some figures."""
    return max([f.basis for f in figures], key=_RANK.__getitem__, default=BASES[0])


def _product(left: Figure, right: Figure, sign: int) -> Figure:
    influences = dict(left.influences)
    for i, e in right.influences.items():
        influences[i] = influences.get(i, 0.0) + sign * e
    one, two = left.value * unit(left.unit).scale, right.value * unit(right.unit).scale
    value = one * two if sign > 0 else one / two if two else math.inf  # what is too large is refused by the assessment
    influences = influences if value else {}  # nothing is zero by a share
    return _made(value, combined(left.unit, right.unit, sign), "×" if sign > 0 else "÷", (left, right), influences)


def _sum(parts: list[Figure], signs: list[int], operation: str) -> Figure:
    target = parts[0].unit
    values = [sign * convert(part.value, part.unit, target) for part, sign in zip(parts, signs)]
    value = added(values)
    influences: dict[Input, float] = {}
    if value:
        for part, share in zip(parts, values):
            weight = share / value
            for i, e in part.influences.items():
                influences[i] = influences.get(i, 0.0) + e * weight
    if operation == "−":
        influences = _bounded(influences)
    return _made(value, target, operation, tuple(parts), influences)


def added(values: Iterable[float]) -> float:
    """Return a sum without loss of digits; infinity where it is too large for a number."""
    parts = list(values)
    try:
        return math.fsum(parts)
    except (OverflowError, ValueError):
        return math.nan if any(math.isnan(v) for v in parts) else math.inf


def interval(value: float, sigma: float) -> tuple[float, float]:
    """Return the ends of the 90 % interval, low <= value <= high also for a value below zero."""
    factor = math.exp(Z90 * sigma) if Z90 * sigma < 700 else math.inf
    ends = (value / factor if math.isfinite(factor) else 0.0, value * factor) if value else (0.0, 0.0)
    return (ends[1], ends[0]) if value < 0 else ends


def _bounded(influences: dict[Input, float]) -> dict[Input, float]:
    """Return the elasticities of a difference, smaller where they would carry the interval beyond any bound.

    Near zero a small error of a part is many times the difference, and the exponential of that is no number: with a PUE
    of 1.00001 ± 3 % the overhead lies somewhere below 3 %. From an error as large as the difference on, the interval's
    upper end grows in proportion to the error and no longer with its exponential.
    """
    spread = Z90 * Figure(1.0, "1", influences=influences).sigma
    if spread <= 1 or not math.isfinite(spread):
        return influences
    shrink = (1 + math.log(spread)) / spread
    return {i: e * shrink for i, e in influences.items()}


def _made(value: float, unit: str, operation: str, operands: tuple[Figure, ...], influences: dict[Input, float]) -> Figure:
    sources = tuple(dict.fromkeys(chain.from_iterable([operand.sources for operand in operands])))
    return Figure(value, unit, "", weakest(operands), sources, "", influences, operation, operands)


def _figure(number: Figure | float) -> Figure:
    return number if isinstance(number, Figure) else exact(number)
