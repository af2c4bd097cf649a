"""Numbers as a reader sees them: the only place where anything is rounded."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from cardgen.core.units import CURRENCIES

SIGNIFICANT = 3

# The steps of each unit: what it is called for a reader, and its size in the unit of the assessment.
_STEPS: dict[str, tuple[tuple[str, float], ...]] = {
    "kWh": (("µWh", 1e-9), ("mWh", 1e-6), ("Wh", 1e-3), ("kWh", 1.0), ("MWh", 1e3), ("GWh", 1e6), ("TWh", 1e9)),
    "kgCO2e": (
        ("µg CO₂e", 1e-9), ("mg CO₂e", 1e-6), ("g CO₂e", 1e-3), ("kg CO₂e", 1.0), ("t CO₂e", 1e3), ("kt CO₂e", 1e6), ("Mt CO₂e", 1e9),
    ),
    "kgCO2e/kWh": (("g CO₂e/kWh", 1e-3),),
    "L": (("µL", 1e-6), ("mL", 1e-3), ("L", 1.0), ("m³", 1e3), ("thousand m³", 1e6), ("million m³", 1e9)),
    "W": (("mW", 1e-3), ("W", 1.0), ("kW", 1e3), ("MW", 1e6), ("GW", 1e9)),
    "h": (("s", 1 / 3600), ("h", 1.0), ("thousand h", 1e3), ("million h", 1e6)),
    "d": (("days", 1.0),),
    "y": (("years", 1.0),),
    "1/d": (("per day", 1.0),),
    "FLOP": tuple((f"{prefix}FLOP", 10.0**power) for prefix, power in zip(("", "k", "M", "G", "T", "P", "E", "Z", "Y"), range(0, 27, 3))),
    "TFLOP/s": (("TFLOP/s", 1.0), ("PFLOP/s", 1e3)),
    "FLOP/s": (("FLOP/s", 1.0), ("GFLOP/s", 1e9), ("TFLOP/s", 1e12), ("PFLOP/s", 1e15)),
    "1": (("", 1.0), ("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)),
}  # fmt: skip

# Spans of time: the name, its length in days, and up to how many of them.
SPANS = (("hours", 1 / 24, 48.0), ("days", 1.0, 730.0), ("years", 365.0, float("inf")))
_DAYS = {"d": 1.0, "h": 1 / 24, "y": 365.0}


def step(values: Iterable[float], unit: str) -> tuple[str, float]:
    """Return the name and size of the unit step in which the largest of some values lies between 1 and 1000.

    >>> step([17800, 120], "kWh")
    ('MWh', 1000.0)
    """
    steps = _STEPS.get(unit, ((unit, 1.0),))
    if unit in CURRENCIES:
        steps = ((unit, 1.0), (f"million {unit}", 1e6), (f"billion {unit}", 1e9))
    largest = max(map(abs, values), default=0.0)
    if largest == 0:
        return next((s for s in steps if s[1] == 1.0), steps[0])
    if unit in ("h", "1") and 0.01 <= largest < 1e6:  # read as plain numbers: "0.5 h", "52,200 h", "1,640 cars"
        return next(s for s in steps if s[1] == 1.0)
    fitting = [s for s in steps if largest / s[1] >= 0.9995]  # 0.9995 rounds to 1
    return fitting[-1] if fitting else steps[0]


def span_step(value: float, unit: str = "d") -> tuple[str, float]:
    """Return the name of the span that a time is told in, and its size in the unit of the time.

    >>> span_step(1400.0), span_step(35040.0, "h")
    (('years', 365.0), ('years', 8760.0))
    """
    days = value * _DAYS[unit]
    name, size = next((name, size) for name, size, most in SPANS if days / size <= most)
    return name, round(size / _DAYS[unit], 9)


def round_to(value: float, significant: int = SIGNIFICANT) -> float:
    """Return a value rounded to significant digits."""
    return float(_rounded(value, significant))


def digits(value: float, significant: int = SIGNIFICANT) -> str:
    """Return a value with at most three significant digits, without exponent, with commas between thousands.

    >>> digits(17756.16), digits(0.04217), digits(8.5)
    ('17,800', '0.0422', '8.5')
    """
    text = f"{_rounded(value, significant):,f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def quantity(value: float, unit: str) -> str:
    """Return a value with its unit, stepped to lie between 1 and 1000.

    >>> quantity(17756.16, "kWh")
    '17.8 MWh'
    """
    name, size = step([value], unit)
    return f"{digits(value / size)} {name}".rstrip()


def interval(low: float, high: float, value: float, unit: str) -> str:
    """Return an interval in the unit step of its value, without the unit.

    >>> interval(15100, 20900, 17756, "kWh")
    '15.1 to 20.9'
    """
    size = step([value], unit)[1]
    return f"{digits(low / size)} to {digits(high / size)}"


def percent(share: float) -> str:
    """Return a share in per cent, in whole numbers; below one, "less than 1 %"."""
    whole = round(share * 100)
    return f"{whole} %" if whole >= 1 else "less than 1 %"


def _rounded(value: float, significant: int) -> Decimal:
    if value == 0 or not math.isfinite(value):
        return Decimal(0)
    number = Decimal(repr(float(value)))
    return number.quantize(Decimal(1).scaleb(number.adjusted() - significant + 1), rounding=ROUND_HALF_EVEN)
