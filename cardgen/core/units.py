"""Units of energy, power, time, mass, volume, money and computing, and the quantities that people write with them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

# Every unit is a scale times powers of these: W (power), h (time), kgCO2e (mass of greenhouse gases), L (volume),
# FLOP (operations), B (memory), and one for each currency.
_BASE = {
    "1": (1.0, {}), "%": (0.01, {}),
    "W": (1.0, {"W": 1}), "h": (1.0, {"h": 1}), "s": (1 / 3600, {"h": 1}), "min": (1 / 60, {"h": 1}),
    "d": (24.0, {"h": 1}), "y": (8760.0, {"h": 1}),
    "Wh": (1.0, {"W": 1, "h": 1}), "J": (1 / 3600, {"W": 1, "h": 1}),
    "g": (1e-3, {"kg": 1}), "t": (1e3, {"kg": 1}), "lb": (0.45359237, {"kg": 1}),
    "L": (1.0, {"L": 1}), "m3": (1e3, {"L": 1}), "gal": (3.785411784, {"L": 1}),
    "FLOP": (1.0, {"FLOP": 1}), "B": (1.0, {"B": 1}),
}  # fmt: skip
_PREFIXES = {"n": 1e-9, "µ": 1e-6, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_PREFIXED = {"W", "Wh", "J", "g", "t", "L", "FLOP", "B"}
_LARGE_ONLY = {"t", "FLOP", "B"}  # "mt" is written for a metric ton, never for a thousandth of one
_ALIASES = {
    "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "day": "d", "days": "d", "year": "y", "years": "y", "yr": "y",
    "a": "y", "minute": "min", "minutes": "min", "mins": "min", "sec": "s", "second": "s", "seconds": "s",
    "week": "7 d", "weeks": "7 d", "month": "730 h", "months": "730 h",
    "l": "L", "litre": "L", "litres": "L", "liter": "L", "liters": "L", "m³": "m3", "gallon": "gal", "gallons": "gal",
    "tonne": "t", "tonnes": "t", "ton": "t", "tons": "t", "metric ton": "t", "metric tons": "t", "lbs": "lb", "pound": "lb",
    "pounds": "lb", "kilogram": "kg", "kilograms": "kg", "gram": "g", "grams": "g", "FLOPs": "FLOP", "FLOPS": "FLOP", "flops": "FLOP",
    "device-hours": "h", "GPU-hours": "h", "kilowatt-hours": "kWh", "€": "EUR", "$": "USD", "£": "GBP",
    "kwh": "kWh", "KWh": "kWh", "KWH": "kWh", "kw": "kW", "KW": "kW", "Kg": "kg", "KG": "kg",
}  # fmt: skip
CURRENCIES = frozenset(
    "AED ARS AUD BDT BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KZT MXN MYR NGN "
    "NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR".split()
)

# What a quantity may be, with the unit that figures of it have and an example for messages.
DIMENSIONS = {
    "energy": ("kWh", "17.8 MWh"),
    "power": ("W", "400 W"),
    "duration": ("h", "34 d"),
    "mass": ("kgCO2e", "5.8 tCO2e"),
    "intensity": ("kgCO2e/kWh", "268 gCO2e/kWh"),
    "water": ("L", "1200 m3"),
    "water intensity": ("L/kWh", "0.2 L/kWh"),
    "price": ("EUR/kWh", "0.11 EUR/kWh"),
    "money": ("EUR", "1.90 USD"),
    "memory": ("GB", "512 GB"),
}


class UnitError(ValueError):
    """A unit or quantity that cannot be read, or that is of another kind than expected; carries a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Unit:
    """A unit: ``scale`` times the product of base units to their powers."""

    text: str
    scale: float
    powers: tuple[tuple[str, int], ...]

    def __mul__(self, other: Unit) -> Unit:
        return _combine(self, other, 1)

    def __truediv__(self, other: Unit) -> Unit:
        return _combine(self, other, -1)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Quantity:
    """A number with its unit as a person stated it: the value is in ``unit``, ``sigma`` is the standard deviation of its
    logarithm where an uncertainty was stated, ``text`` is what was written."""

    value: float
    unit: str
    sigma: float | None = None
    text: str = ""


@cache
def unit(text: str) -> Unit:
    """Return the unit that a text names.

    Raises UnitError when it names none.

    >>> unit("gCO2e/kWh").scale / unit("kgCO2e/kWh").scale
    0.001
    """
    if len(text) > 200:
        raise UnitError(f'"{text[:40]}…" is not a known unit')
    scale, powers = 1.0, Unit("1", 1.0, ())
    for position, part in enumerate(text.strip().split("/")):
        for name in part.split("·"):
            factor = _single(name.strip(), text)
            scale = scale / factor.scale if position else scale * factor.scale
            powers = powers / factor if position else powers * factor
    return Unit(text.strip(), scale, powers.powers)


@cache
def combined(left: str, right: str, sign: int) -> str:
    """Return the unit of the product of two units, with -1 of their quotient, in base units.

    >>> combined("kW", "h", 1)
    'W·h'
    """
    return _combine(unit(left), unit(right), sign).text


def convert(value: float, source: str, target: str) -> float:
    """Return a value in the target unit; raises UnitError when the two are of different kinds."""
    if source == target:
        return value
    old, new = unit(source), unit(target)
    if old.powers != new.powers:
        raise UnitError(f"{source} cannot be converted to {target}")
    return value * (old.scale / new.scale)


# Groups of three digits may be set apart by a comma or, as the SI writes them, by a space.
_NUMBER = re.compile(
    r"\s*([-+]?(?:\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?![\d_,])(?:\.\d*)?|\d[\d_]*(?:,\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)",
    re.DOTALL,
)
_UNCERTAINTY = re.compile(r"(.*?)\s*(?:±|\+/-|\+-)\s*(.*)", re.DOTALL)


def parse_quantity(text: str, dimension: str) -> Quantity:
    """Return the quantity that a text states, in the unit that figures of this dimension have.

    An uncertainty may follow: ``17.8 MWh ± 5%`` or ``17.8 MWh ± 0.9 MWh`` states the 90 % interval.
    Raises UnitError with a hint when there is no unit, an unknown one, or one of another kind.

    >>> parse_quantity("17.8 MWh", "energy").value
    17800.0
    """
    target, example = DIMENSIONS[dimension]
    match = _UNCERTAINTY.match(text)
    central, spread = match.groups() if match else (text, "")
    value, unit_text = _number_and_unit(central, dimension, example)
    target = _money_target(unit_text, target, dimension)
    result = _converted(value, unit_text, target, text, dimension, example)
    return Quantity(result, target, _sigma(spread, result, unit_text, target, text) if match else None, text)


def _number_and_unit(text: str, dimension: str, example: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UnitError(f'"{text}" is not a number with a unit', f"write it as in: {example}")
    digits, unit_text = match.groups()
    value = _number(digits)
    if not unit_text.strip():
        raise UnitError(f'"{text}" has no unit', f"{_a(dimension)} needs one, as in: {example}")
    if not math.isfinite(value):
        raise UnitError(f'"{text}" is too large', f"write it with a larger unit, as in: {example}")
    if unit_text[0].isdigit() or unit_text[0] in ",.":
        raise UnitError(f'"{text}" cannot be read as one number with a unit', f"use a point for decimals and no spaces, as in: {example}")
    return value, unit_text.strip()


def _number(digits: str) -> float:
    return float(re.sub(r"[,_\s]", "", digits))


def _a(dimension: str) -> str:
    return ("an " if dimension[0] in "aeiou" else "a ") + dimension


def _money_target(unit_text: str, target: str, dimension: str) -> str:
    if dimension not in ("price", "money"):
        return target
    head = unit_text.split("/")[0].strip()
    currency = _ALIASES.get(head, head).upper()
    return target.replace("EUR", currency) if currency in CURRENCIES else target


def _converted(value: float, unit_text: str, target: str, text: str, dimension: str, example: str) -> float:
    try:
        result = convert(value, unit_text, target)
    except UnitError:
        try:
            unit(unit_text)
        except UnitError:
            raise UnitError(f'"{text}": "{unit_text}" is not a known unit', f"{_a(dimension)} is written as in: {example}") from None
        hint = f"{_a(dimension)} is written as in: {example}"
        if dimension == "energy" and unit(unit_text).powers == unit("W").powers:
            hint = f"{unit_text} is power; energy is power over time, as in: {example}"
        if dimension == "power" and unit(unit_text).powers == unit("Wh").powers:
            hint = f"{unit_text} is energy; power is energy per time, as in: {example}"
        raise UnitError(f'"{text}" is not {_a(dimension)}', hint) from None
    if not math.isfinite(result):
        raise UnitError(f'"{text}" is too large', f"{_a(dimension)} is written as in: {example}")
    return result


def _sigma(spread: str, value: float, unit_text: str, target: str, text: str) -> float:
    """Return the standard deviation of the logarithm for a stated 90 % interval."""
    match = _NUMBER.fullmatch(spread)
    if match is None or value <= 0:
        raise UnitError(f'"{text}": the uncertainty cannot be read', "write ± 5% or ± 0.9 MWh")
    digits, spread_unit = match.groups()
    amount = _number(digits)
    share = amount / 100 if spread_unit.strip() == "%" else convert(amount, spread_unit.strip() or unit_text, target) / value
    if not 0 <= share < 10:
        raise UnitError(f'"{text}": the uncertainty is not between 0 and 10 times the value', "write ± 5% or ± 0.9 MWh")
    return math.log1p(share) / 1.645


def _single(text: str, whole: str) -> Unit:
    match = re.fullmatch(r"([1-9]\d{0,8})\s+(\S+)", text)
    if match:  # "7 d"
        inner = _single(match[2], whole)
        return Unit(text, inner.scale * int(match[1]), inner.powers)
    name = re.sub(r"(\s+of)?[\s-]*CO[2₂]([\s-]?eq?)?$", "", text)
    gas = name != text
    name = _ALIASES.get(name, name)
    if name in ("7 d", "730 h"):  # weeks and months
        return _single(name, whole)
    scale, powers = _lookup(name, whole)
    if gas and tuple(powers) != ("kg",):
        raise UnitError(f'"{whole}" is not a known unit', "CO2e is counted in g, kg or t")
    return Unit(text, scale, tuple(sorted(powers.items())))


def _lookup(name: str, whole: str) -> tuple[float, Mapping[str, int]]:
    if name in _BASE:
        return _BASE[name]
    if name.upper() in CURRENCIES:
        return 1.0, {name.upper(): 1}
    if name == "pkm":  # passenger-kilometre and the like are counted, not measured
        return 1.0, {}
    prefix, rest = name[:1], name[1:]
    if rest in _PREFIXED and prefix in _PREFIXES and not (rest in _LARGE_ONLY and _PREFIXES[prefix] < 1):
        scale, powers = _BASE[rest]
        return scale * _PREFIXES[prefix], powers
    raise UnitError(f'"{whole}" is not a known unit')


def _combine(left: Unit, right: Unit, sign: int) -> Unit:
    """Return the product or quotient of two units, in base units (scale 1)."""
    powers = dict(left.powers)
    for base, power in right.powers:
        powers[base] = powers.get(base, 0) + sign * power
    kept = tuple(sorted((base, power) for base, power in powers.items() if power))
    names = [(("kgCO2e" if base == "kg" else base), power) for base, power in kept]
    text = "·".join(base for base, power in names for _ in range(power)) or "1"
    return Unit(text + "".join(f"/{base}" for base, power in names for _ in range(-power)), 1.0, kept)
