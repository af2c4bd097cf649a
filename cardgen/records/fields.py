"""Cells and values of files that people and programs damage: a number is one, or the place says what stands there instead."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from math import isfinite

_MISSING = {"", "nan", "none", "null", "n/a", "[n/a]", "na", "-", "[not supported]", "[unknown error]", "not supported", "unknown error"}
_DAYS = re.compile(r"(?:(\d+)-|(\d+) days?, )?(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d*)?)")


def is_missing(text: str) -> bool:
    """Return whether a cell says that there is no value."""
    return text.strip().casefold() in _MISSING


def number(text: str) -> float | None:
    """Return the number that a cell holds, None where it holds something else. Without underscores, NaN and infinity.

    >>> number("310.20"), number(" 1e-05 "), number("1_0"), number("nan"), number("31O")
    (310.2, 1e-05, None, None, None)
    """
    if "_" in text or not text.isascii():
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def json_number(value: object) -> float | None:
    """Return a number of JSON data as a float, or of a text that holds one; None for anything else, True and NaN included."""
    if isinstance(value, str):
        return number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def clock(text: str) -> float | None:
    """Return a date and time as seconds since 1970, by its own zone, or as if its clock were UTC; None when it is none.

    >>> clock("1970-01-02T00:00:00"), clock("1970/01/01 00:01:00.500"), clock("1970-01-01T01:00:00+01:00"), clock("soon")
    (86400.0, 60.5, 0.0, None)
    """
    text = text.strip().replace("/", "-").replace(",", ".")
    if len(text) < 10 or not text[:4].isdigit() or text[4] != "-":
        return None
    text = text[:-1] + "+00:00" if text.endswith("Z") else text
    head, dot, tail = text.partition(".")
    digits = re.match(r"\d+", tail)
    if dot and digits:  # before Python 3.11 fractions have three or six digits
        text = f"{head}.{digits[0][:6]:0<6}{tail[digits.end() :]}"
    try:
        moment = datetime.fromisoformat(text.replace(" +", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


def day(seconds: float) -> str | None:
    """Return the date of a moment, None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat() if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def elapsed(text: str) -> float | None:
    """Return a span of time in seconds: ``2-06:30:15``, ``1 day, 0:00:09``, ``0:00:03.00``, ``42:10``; None when it is none.

    >>> elapsed("2-06:30:15"), elapsed("0:00:03.00"), elapsed("42:10"), elapsed("1 day, 0:00:09"), elapsed("soon")
    (196215.0, 3.0, 2530.0, 86409.0, None)
    """
    match = _DAYS.fullmatch(text.strip())
    if not match:
        return None
    days, more, hours, minutes, seconds = match.groups()
    return int(days or more or 0) * 86_400 + int(hours or 0) * 3_600 + int(minutes) * 60 + float(seconds)


MAX_KWH = 1e9  # more than the largest trainings have used by a factor of ten: a unit is wrong, or fields have moved
MAX_KG = 1e9  # emissions of a run: a million tonnes
MAX_S = 4e9  # s since 1970, in the year 2096
_VERSION = re.compile(r"[vV]?\d{1,4}(?:\.\d{1,8}){0,3}(?:[._+-]?(?:a|b|c|rc|alpha|beta|dev|post|pre)\.?\d{0,8}){0,2}")
_PRIVATE_LOOK = re.compile(r"[/\\@=~]|\.\w+\.|[A-Za-z]\d|\d[A-Za-z]{2}")


def quotable(text: str, most: int = 40) -> str:
    """Return a cell in quotes for a message, "a text" where it may be a name, a path or a key that moved into its place.

    >>> quotable("31O"), quotable("/home/ada"), quotable("hf_abcDEF1234567890"), quotable("COMPLETD")
    ('"31O"', 'a text', 'a text', '"COMPLETD"')
    """
    shown = text.strip()
    if len(shown) > most or _PRIVATE_LOOK.search(shown) or not shown.isprintable():
        return "a text"
    return f'"{shown}"'


def release(text: str) -> str:
    """Return what a file has as the version of its tool, "" where it is no version: it may name a person or a folder.

    >>> release(" 3.0.0_rc4 "), release("v2.2"), release("/home/ada"), release("ada@lab.example"), release("3.1 of ada")
    ('3.0.0_rc4', 'v2.2', '', '', '')
    """
    text = text.strip()
    return text if len(text) <= 20 and _VERSION.fullmatch(text) else ""
