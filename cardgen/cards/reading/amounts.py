"""Amounts as people write them into prose: numbers with units, ranges, bounds, thousands set apart, times in parts."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["mass", "energy", "time", "device time", "power", "intensity", "number"]

MASS = {
    "mg": 1e-6, "g": 1e-3, "gr": 1e-3, "gram": 1e-3, "grams": 1e-3, "kg": 1.0, "kgs": 1.0, "kilogram": 1.0, "kilograms": 1.0,
    "t": 1e3, "ton": 1e3, "tons": 1e3, "tonne": 1e3, "tonnes": 1e3, "kt": 1e6, "kiloton": 1e6, "kilotons": 1e6,
    "lb": 0.45359237, "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237,
}  # fmt: skip
ENERGY = {
    "wh": 1e-3, "kwh": 1.0, "mwh": 1e3, "gwh": 1e6, "twh": 1e9, "kilowatthour": 1.0, "megawatthour": 1e3, "gigawatthour": 1e6,
    "j": 1 / 3.6e6, "kj": 1 / 3600, "mj": 1 / 3.6, "gj": 1e3 / 3.6,
}  # fmt: skip
TIME = {"s": 1 / 3600, "sec": 1 / 3600, "second": 1 / 3600, "min": 1 / 60, "minute": 1 / 60, "h": 1.0, "hr": 1.0, "hour": 1.0,
        "d": 24.0, "day": 24.0, "week": 168.0, "month": 730.0, "year": 8760.0}  # fmt: skip
POWER = {"w": 1.0, "watt": 1.0, "kw": 1e3, "kilowatt": 1e3, "mw": 1e6, "megawatt": 1e6}
LEAST, MOST = 1e-12, 1e15  # in kgCO2e, kWh, h: beyond, a number is a slip of the keyboard, and nothing is computed with it
_SCALES = {"": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9}

_APART = "\u00a0\u2007\u2009\u202f'\u2019 "  # what sets thousands apart, beside the comma
_POWER_OF_TEN = r"\d+(?:[.,]\d+)?\s?[x×*·⋅]\s?10\s?(?:(?:\^|\*\*)\s?[({]?[-−+]?\d{1,2}[)}]?|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})(?!\d)"
_THOUSANDS = rf"\d{{1,3}}(?:[,{_APART}]\d{{3}})+(?![\d,])(?:\.\d+)?"
_NUMBER = rf"(?:{_POWER_OF_TEN}|{_THOUSANDS}|\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?|\.\d+)"
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−", "0123456789+--")
# What makes a number a part of something else: the second half of a sum, product, fraction or time, a negative number, the first half.
_PART_BEFORE = re.compile(r"(?:±|\+/-|\+-|[\d)]\s*[x×*·⋅^/]|\bby|(?<![A-Za-z\d])\d{1,3}:|[A-Za-z]\s+[x×*])\s*$|(?<!\w)[-−–]$")
_PART_AFTER = re.compile(r"\s*(?:±|\+/-|\+-|[x×*·⋅^]\s*\d)")
_FRACTION_AFTER = re.compile(r"\s*/\s*\d")
_SCALE = r"(?:[ ]?(?:thousand|million|billion)\b|[kKMB](?![\w/]))"
_GAS = r"(?:[ ]?(?:of[ ])?(?:carbon dioxide|CO[ ]?[2₂])(?:[ -]?(?:equivalents?|eq|e)\b\.?)?)"
_DEVICES = r"(?:(?:GPU|TPU|device|accelerator|card|chip)s?|A100|H100|V100)"
_UNIT = rf"""(?:
    (?P<mass>mg|kgs?|kilograms?|gr|g|grams?|metric[ ]tons?|metric[ ]tonnes?|tonnes?|tons?|kilotons?|kt|t|lbs?|pounds?)
        (?:(?P<gas>{_GAS})|(?![\w]))(?P<per>[ ]?(?:/|per)[ ]?kWh)?
  | (?P<energy>(?:[kMGT]?Wh|(?:kilo|mega|giga)watt[ -]?hour)s?|[kMG]?J)(?!\w)
  | (?P<device>{_DEVICES}[ -]?(?:hours?|hrs?|h|days?|years?))(?!\w)
  | (?P<time>hours?|hrs?|h|days?|d|minutes?|mins?|min|seconds?|secs?|s|weeks?|months?|years?)(?!\w)
  | (?P<power>[kM]?W|(?:kilo|mega)?watts?)(?!\w)
  | (?P<percent>%)
)"""
_AMOUNT = re.compile(
    rf"""(?<![\w.])(?P<bound><=?|>=?|≤|≥|~|≈|less[ ]than|under|more[ ]than|over|at[ ]least|up[ ]to)?\s?
    (?<![\w.])(?P<low>{_NUMBER})(?P<scale1>{_SCALE})?(?:[ ]?[-–—][ ]?|[ ]to[ ])?(?P<high>(?<=[-–— o]){_NUMBER})?(?P<scale2>{_SCALE})?
    (?![\w]*\d[A-Za-z])(?:[ ]?-?(?:in[ ](?=k?g))?{_UNIT}|(?![\w]))""",
    re.VERBOSE | re.IGNORECASE,
)
_LOWER = ("<", "≤", "less", "under", "up")
_UPPER = (">", "≥", "more", "over", "at ")


@dataclass(frozen=True)
class Amount:
    """An amount from ``low`` to ``high`` in kgCO2e, kWh, h, W or kgCO2e/kWh; ``unit`` and ``text`` as they are written.

    ``bound`` is "<" or ">" where only one side is stated, and "~" for about; ``gas`` whether CO2 is named.
    """

    kind: Kind
    low: float
    high: float
    unit: str
    text: str
    begin: int
    end: int
    bound: str = ""
    gas: bool = False

    @property
    def value(self) -> float:
        return (self.low + self.high) / 2

    @property
    def is_definite(self) -> bool:
        """Whether both ends are known."""
        return self.bound not in ("<", ">")

    @property
    def rounding(self) -> float:
        """What the printed digits leave open, as a share of the value: half a unit of the last digit, or half the range."""
        if not self.value:
            return 0.0
        digits = re.match(rf"\D*({_THOUSANDS}|[\d.,]+)", self.text)
        mantissa = re.sub(rf"[,{_APART}]", "", digits[1].rstrip(".,")) if digits else "1"
        last = 10.0 ** -len(mantissa.partition(".")[2]) if "." in mantissa else 10.0 ** (len(mantissa) - len(mantissa.rstrip("0")))
        return max(0.5 * last / float(mantissa) if float(mantissa) else 0.0, (self.high - self.low) / 2 / self.value)


def amounts(text: str) -> list[Amount]:
    """Return the amounts in a text in order; what only looks like one, as in "A100", is none.

    >>> [(a.kind, a.low, a.high) for a in amounts("~ 3.3M GPU hours, 7t CO2eq")]
    [('device time', 3300000.0, 3300000.0), ('mass', 7000.0, 7000.0)]
    """
    shown = text[:4000]
    return [found for match in _AMOUNT.finditer(shown) if not _is_part(match, shown) and (found := _amount(match)) is not None]


def _is_part(match: re.Match[str], text: str) -> bool:
    """Return whether a number is only a part of what is written, as the 5 of "25 ± 5 kg"."""
    begin, end = match.start("low"), match.end()
    is_bare = match.end() == match.end("low")
    return (
        _PART_BEFORE.search(text[max(0, begin - 20) : begin]) is not None
        or _PART_AFTER.match(text, end) is not None
        or (is_bare and _FRACTION_AFTER.match(text, end) is not None)
    )


def one(text: str, kinds: Collection[Kind], bare: Kind | None = None) -> Amount | None:
    """Return the one amount of some kinds that a text states, None where it states none, or several that differ.

    What stands outside parentheses goes before what stands inside. ``bare`` is what a number without a unit may be, where
    nothing else stands beside it.

    >>> one("24 hours (one day)", ["time"]).value, one("118 days, 5 hours, 41 min", ["time"]).value
    (24.0, 2837.6833333333334)
    >>> one("22,000 for ViT-g, 4,500 for ViT-S", ["time"], "time")
    """
    outside = re.sub(r"\([^()]*\)", lambda match: " " * len(match[0]), text)
    for part in (outside, text):
        found = list(_joined([amount for amount in amounts(part) if amount.kind in kinds], part))
        if bare is not None and not found:
            numbers = [amount for amount in amounts(part) if amount.kind == "number"]
            if len(numbers) == 1 and not re.search(r"[^\W_]|[*±×^]", part[: numbers[0].begin] + part[numbers[0].end :].strip()):
                found = [replace(numbers[0], kind=bare)]
        if found:
            return found[0] if all(_same(found[0], other) for other in found) else None
    return None


def plain_digits(text: str) -> str | None:
    """Return the number that a text begins with, without what sets its thousands apart; None where more belongs to it.

    >>> plain_digits("12 500 kg"), plain_digits("1,690.5 g"), plain_digits("1.5e3 kg"), plain_digits("3.3M GPU hours")
    ('12500', '1690.5', None, None)
    """
    more = r"(?![\d.,eE]|\s?[x×*·⋅]|[ ]?(?:thousand|million|billion)|[kKMB](?:\s|$))"
    match = re.match(rf"(?:{_THOUSANDS}|\d+(?:\.\d+)?){more}", text)
    return re.sub(rf"[,{_APART}]", "", match[0]) if match else None


def _same(one: Amount, other: Amount) -> bool:
    """Return whether two amounts say the same in other units, as in "5 t (11,000 lb)"."""
    return one.kind == other.kind and abs(one.value - other.value) <= 0.03 * max(one.value, other.value)


def _joined(found: list[Amount], text: str) -> Iterator[Amount]:
    """Yield the amounts, with times in parts as one: "118 days, 5 hours"."""
    waiting: Amount | None = None
    for amount in found:
        if waiting and amount.kind == waiting.kind == "time" and _smaller(amount, waiting) and re.fullmatch(
            r"[ ,]*(?:and )?", text[waiting.end : amount.begin]
        ):  # fmt: skip
            waiting = replace(
                waiting, low=waiting.low + amount.low, high=waiting.high + amount.high, end=amount.end, unit=amount.unit,
                text=text[waiting.begin : amount.end],
            )  # fmt: skip
            continue
        if waiting:
            yield _with_minutes(waiting, text)
        waiting = amount
    if waiting:
        yield _with_minutes(waiting, text)


def _with_minutes(amount: Amount, text: str) -> Amount:
    """Return a time with the minutes after its hours, as in "12h 30m", where "30m" alone would be millions."""
    more = re.match(r"[ ,]*(?:and )?(\d{1,2})[ ]?m(?!\w)", text[amount.end :])
    if more is None or amount.kind != "time" or TIME.get(_stem(amount.unit)) != 1:
        return amount
    hours, end = int(more[1]) / 60, amount.end + more.end()
    return replace(amount, low=amount.low + hours, high=amount.high + hours, end=end, text=text[amount.begin : end])


def _smaller(one: Amount, other: Amount) -> bool:
    return TIME.get(_stem(one.unit), 1) < TIME.get(_stem(other.unit), 0)


def _amount(match: re.Match[str]) -> Amount | None:
    """Return the amount of a match; None for one whose number or unit can be read in two ways."""
    low, high = _number(match["low"]), _number(match["high"]) if match["high"] else None
    if low is None or (match["high"] and high is None) or match["percent"]:
        return None
    scales = [(match[name] or "").strip().casefold() for name in ("scale1", "scale2")]
    low *= _SCALES[scales[0] or (scales[1] if high is not None else "")]
    high = low if high is None else high * _SCALES[scales[1] or ""]
    if not low <= high < math.inf:
        return None
    unit = _unit(match)
    if unit is None:
        return None
    kind, factor, written = unit
    low, high = low * factor, high * factor
    if not (low > LEAST and high < MOST) and high != 0:
        return None
    word = (match["bound"] or "").casefold()
    bound = "<" if word.startswith(_LOWER) else ">" if word.startswith(_UPPER) else "~" if word else ""
    begin = match.start("low")
    return Amount(kind, low, high, written, match[0][begin - match.start() :].strip(), begin, match.end(), bound, bool(match["gas"]))


def _unit(match: re.Match[str]) -> tuple[Kind, float, str] | None:
    """Return kind, scale and text of a unit; a letter alone that may stand for something else is none."""
    if match["mass"]:
        word = match["mass"]
        if not match["gas"] and (word == "T" or word == "G" or word[:1] == "M" and len(word) == 2):
            return None  # terabytes, gigabytes, megagrams
        if word[:1] == "M" and len(word) == 2:
            return None
        stem = re.sub(r"^metric ", "", word.casefold())
        if match["per"]:
            return "intensity", MASS[stem], word
        return "mass", MASS[stem], f"{word}{match['gas'] or ''}"
    if match["energy"]:
        word = match["energy"]
        stem = re.sub(r"[ -]", "", word.casefold()).removesuffix("s")
        return None if word in ("mWh", "mJ") or (word.endswith("j") and len(word) < 3) else ("energy", ENERGY[stem], word)
    if match["device"]:
        return "device time", TIME[_stem(re.split(r"[ -]|(?<=[a-z0-9])(?=[h])", match["device"])[-1])], match["device"]
    if match["time"]:
        word = match["time"]
        return None if word in ("H", "S", "D") else ("time", TIME[_stem(word)], word)
    if match["power"]:
        word = match["power"]
        return None if word in ("w", "mW") else ("power", POWER[word.casefold().removesuffix("s")], word)
    return "number", 1.0, ""


def _stem(word: str) -> str:
    """Return a unit of time without its plural."""
    folded = word.casefold()
    return folded if folded in TIME else folded.removesuffix("s")


def _number(text: str) -> float | None:
    """Return a number with thousands set apart, or with a comma for the decimal point; None where it may be either."""
    plain = re.sub(rf"[{_APART}]", "", text)
    plain = re.sub(r"[x×*·⋅]10(?:\^|\*\*)?", "e", plain).translate(_SUPERSCRIPTS)
    plain = re.sub(r"[(){}]", "", plain)
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"\d+,\d+", plain):
        plain = plain.replace(",", ".")
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
