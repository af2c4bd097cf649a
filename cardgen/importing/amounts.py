"""Amounts with all their digits in a run file, with three for people."""

from __future__ import annotations

from cardgen.numbers import step
from cardgen.skeleton import digits


def exact(value: float, unit: str) -> str:
    """Return an amount with every digit of the number.

    >>> exact(5.907160256542172e-05, "kWh"), exact(302.3935181436902, "kWh")
    ('0.00005907160256542172 kWh', '302.3935181436902 kWh')
    """
    return f"{digits(value)} {unit}"


def short(value: float, unit: str) -> str:
    """Return an amount with three digits, in the unit that fits.

    >>> short(5.907160256542172e-05, "kWh"), short(302.39, "kWh"), short(39300.0, "kWh")
    ('59.1 mWh', '302 kWh', '39.3 MWh')
    """
    name, size = step([value], unit)
    return f"{digits(float(f'{value / size:.3g}'))} {name}"
