"""Text in a chart: what is left of a user's text, how wide it is, and where it breaks.

Widths are those of DejaVu Sans, which matplotlib brings along and which is wider than what browsers show as ``system-ui``.
They stand here so that neither a browser nor matplotlib is needed to lay out a chart, and so that every machine lays it out alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

SLACK = 1.04
BOLD = 1.19  # DejaVu Sans Bold is wider by 10 % on average, "I" by 26 %: a line of nothing else still ends within the margin
NAME = 17.0  # the longest name, in em
# Width in thousandths of an em: the characters that are this wide.
_GROUPS = {
    275: "'", 278: "ijl", 295: "IJ", 318: " ,.·’", 337: "/:;\\|", 353: "f", 361: "-", 391: "()[]", 393: "t", 401: "!²³₂", 412: "r",
    460: '"', 500: "*_`–", 519: "“”", 521: "s", 525: "z", 531: "?", 550: "c", 558: "L", 576: "F", 580: "k", 592: "vxy", 604: "P",
    611: "TY", 612: "o", 613: "a", 616: "e", 632: "E", 634: "hnu", 635: "Sbdgpq", 637: "$0123456789{}µ", 656: "K", 685: "AV", 686: "XZ",
    687: "B", 695: "R", 699: "C", 732: "U", 749: "N", 752: "H", 771: "D", 775: "G", 780: "&", 788: "OQ", 818: "w", 838: "#+<=>^~×±",
    863: "M", 951: "%", 975: "m", 989: "W", 1000: "@…",
}  # fmt: skip
_WIDTHS = {character: width / 1000 for width, characters in _GROUPS.items() for character in characters}
_OTHER = 1.3  # the widest of the other letters: a name in another script is shortened early, and never clipped
_WIDE = {"\ufdfd": 12.0, "\ufdfa": 5.0, "\ufdfb": 3.0, "\U0001242b": 5.0, "\U00012219": 5.0, "\u2e3b": 3.2, "\u2e3a": 2.2}

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_ACCENT = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACK = re.compile(f"({_ACCENT}{{2}}){_ACCENT}+")
_ZERO = re.compile("[\u0300-\u036f\u0483-\u0487\u200b-\u200d\u2066-\u2069\ufe00-\ufe0f]")
_BREAK = re.compile(r"(?<!\d) (?!CO₂e)")  # not between a number and its unit
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")


def legal(text: str) -> str:
    """Return a text without the characters that XML does not allow."""
    return _NOT_XML.sub("", text)


def clean(text: object) -> str:
    """Return a user's text on one line: no control or direction character, no tower of accents."""
    return " ".join(_STACK.sub(r"\1", _DIRECTIONS.sub("", legal(" ".join(str(text).split())))).split())


def name(text: object, limit_em: float = NAME) -> str:
    """Return a user's name, shortened with an ellipsis, kept apart from the text around it when it runs from right to left."""
    whole = clean(text)
    short = whole
    while short and width(short if short == whole else short + "…") > limit_em:
        short = short[: -max(1, len(short) // 16)]
    short = short if short == whole else short.rstrip() + "…"
    return f"\u2068{short}\u2069" if _RIGHT_TO_LEFT.search(short) else short


def capital(text: str) -> str:
    """Return a text with a capital at its beginning: "host" as "Host", "IT equipment" as it is."""
    return text[:1].upper() + text[1:]


def width(text: str, size: float = 1.0, bold: bool = False) -> float:
    """Return how wide a text is at most, in the unit of the size of its letters."""
    return sum(map(_em, text)) * size * SLACK * (BOLD if bold else 1.0)


@cache
def _em(character: str) -> float:
    if character in _WIDTHS:
        return _WIDTHS[character]
    base = unicodedata.normalize("NFD", character)[0]
    if base in _WIDTHS and base != character:
        return _WIDTHS[base] + 0.1  # an accent may stand beside its letter, as in "ľ"
    return 0.0 if _ZERO.match(character) else _WIDE.get(character, _OTHER)


def wrap(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """Return the lines of a text, none wider than the room; a word that is too wide is broken."""
    lines = [""]
    for word in _BREAK.split(text):
        longer = f"{lines[-1]} {word}".lstrip()
        if width(longer, size, bold) <= room:
            lines[-1] = longer
            continue
        lines.append("")
        for character in word:
            if lines[-1] and width(lines[-1] + character, size, bold) > room:
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line]
