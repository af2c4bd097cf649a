"""Figures: numbers with unit, 90 % interval, basis, sources and the calculation that they came from.

Uncertainty is carried in log space. Each uncertain input is lognormal around its value with a standard deviation σ of
its logarithm; a figure keeps its elasticity to each input (by how many per cent it moves when the input moves by one).
Products add elasticities and sums weigh them, so an input that two figures share stays one input. The 90 % interval is
value × exp(± 1.645 σ) with σ² the sum of (elasticity × σ of the input)².
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cardgen.core.units import convert, unit

Z90 = 1.645
BASES = ("exact", "measured", "declared", "estimated", "assumed")  # from the strongest to the weakest


class Input(NamedTuple):
    """An uncertain input: the key makes it one and the same input wherever it is used."""

    key: str
    label: str
    sigma: float


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

    @property
    def sigma(self) -> float:
        """The standard deviation of the logarithm."""
        return math.sqrt(math.fsum((e * i.sigma) ** 2 for i, e in self.influences.items()))

    @property
    def low(self) -> float:
        """The lower end of the 90 % interval, in the figure's unit."""
        return self.value * math.exp(-Z90 * self.sigma)

    @property
    def high(self) -> float:
        """The upper end of the 90 % interval, in the figure's unit."""
        return self.value * math.exp(Z90 * self.sigma)

    @property
    def drivers(self) -> list[tuple[str, float]]:
        """The inputs that the uncertainty comes from with their share of the variance, the largest first."""
        variances: dict[str, float] = {}
        for i, e in self.influences.items():
            variances[i.label] = variances.get(i.label, 0.0) + (e * i.sigma) ** 2
        total = math.fsum(variances.values())
        if total == 0:
            return []
        return sorted(((label, v / total) for label, v in variances.items()), key=lambda d: (-d[1], d[0]))

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
        return replace(self, value=convert(self.value, self.unit, target), unit=target, name=name, note=note or self.note)

    def recomputed(self, factors: Mapping[str, float]) -> float:
        """Return the value that the calculation gives when inputs are multiplied by factors, by their keys.

        This evaluates the recorded calculation itself, not the elasticities: what a Monte Carlo run needs.
        """
        if not self.operands:
            value = self.value
            for i in self.influences:
                value *= factors.get(i.key, 1.0)
            return value
        values = [operand.recomputed(factors) for operand in self.operands]
        units = [operand.unit for operand in self.operands]
        if self.operation in ("+", "−"):
            values = [convert(v, u, self.unit) for v, u in zip(values, units)]
            return math.fsum(values) if self.operation == "+" else values[0] - math.fsum(values[1:])
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
) -> Figure:
    """Return an input: a number that was measured, declared or looked up, with the σ of its logarithm."""
    influences = {Input(key or name or note, name or key, sigma): 1.0} if sigma > 0 and value else {}
    return Figure(float(value), unit, name, basis, tuple(sources), note, influences)


def total(figures: Iterable[Figure], name: str = "") -> Figure:
    """Return the sum of one or more figures of one kind, in the unit of the first."""
    parts = list(figures)
    result = parts[0] if len(parts) == 1 else _sum(parts, [1] * len(parts), "+")
    return result.called(name) if name and len(parts) > 1 else result


def weakest(figures: Iterable[Figure]) -> str:
    """Return the weakest basis of some figures."""
    return max((f.basis for f in figures), key=BASES.index, default="exact")


def _product(left: Figure, right: Figure, sign: int) -> Figure:
    influences = dict(left.influences)
    for i, e in right.influences.items():
        influences[i] = influences.get(i, 0.0) + sign * e
    a, b = unit(left.unit), unit(right.unit)
    value = left.value * a.scale * right.value * b.scale if sign > 0 else left.value * a.scale / (right.value * b.scale)
    return _made(value, (a * b if sign > 0 else a / b).text, "×" if sign > 0 else "÷", (left, right), influences)


def _sum(parts: list[Figure], signs: list[int], operation: str) -> Figure:
    target = parts[0].unit
    values = [sign * convert(part.value, part.unit, target) for part, sign in zip(parts, signs)]
    value = math.fsum(values)
    influences: dict[Input, float] = {}
    if value:
        for part, share in zip(parts, values):
            for i, e in part.influences.items():
                influences[i] = influences.get(i, 0.0) + e * share / value
    return _made(value, target, operation, tuple(parts), influences)


def _made(value: float, unit: str, operation: str, operands: tuple[Figure, ...], influences: dict[Input, float]) -> Figure:
    sources = tuple(dict.fromkeys(s for operand in operands for s in operand.sources))
    return Figure(value, unit, "", weakest(operands), sources, "", influences, operation, operands)


def _figure(number: Figure | float) -> Figure:
    return number if isinstance(number, Figure) else exact(number)
