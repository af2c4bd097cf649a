"""Text that people wrote, made safe for Markdown and HTML: whatever it holds, it stays text."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

# Entities never act as Markdown structure, so they serve where parsers differ; braces would make a template of the card.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "\\": "&#92;", "{": "&#123;", "}": "&#125;"}
_KEPT_FORMATS = "\u200c\u200d"  # joiners: emoji, Persian and Indic scripts need them
_OPENS = re.compile(r"#+(?=\s|$)|[+\-](?=[\s+\-]|$)|=+$|\d{1,9}[.)](?=\s|$)")  # what begins a block


class Markdown(str):
    """Text that is Markdown already and is not escaped again."""


def clean(text: object) -> str:
    """Return a text on one line, without control characters and without marks that reorder or hide text.

    >>> clean("Pond\\u202e 7B\\n\\x1b[0m")
    'Pond 7B [0m'
    """
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return " ".join(plain.split())
    kept = (c for c in re.sub(r"\s", " ", str(text)) if c in _KEPT_FORMATS or _shown(c))
    return " ".join("".join(kept).split())


def escape(text: object, within: bool = False) -> Markdown:
    """Return a text as Markdown that shows it as it is, on GitHub and on the Hugging Face Hub.

    ``within`` promises that other words stand before it on the line, so that it cannot begin a list or a heading.

    >>> print(escape("a|b [x](y) <script> 2*3 snake_case CO₂"))
    a&#124;b \\[x\\](y) &lt;script&gt; 2\\*3 snake_case CO<sub>2</sub>
    """
    escaped = _escaped(clean(text), within)
    # Both sites look for formulas between dollars, and the Hub between \( and \), after Markdown is rendered: a span parts them.
    escaped = escaped.replace("$", "<span>$</span>")
    escaped = re.sub(r"&#92;(?=\(|\)|\\\[|\\\])", "<span>&#92;</span>", escaped)
    return Markdown(escaped.replace("CO₂", "CO<sub>2</sub>"))


def alternative(text: object) -> Markdown:
    """Return a text for the brackets of a Markdown image: no HTML is read there."""
    return Markdown(_escaped(clean(text), within=True).replace("$", "&#36;"))


def address(url: object) -> str | None:
    """Return a web address that is safe as the target of a Markdown or HTML link, or ``None`` where it is none.

    >>> address("ourworldindata.org/grapher/carbon (2026)")
    'https://ourworldindata.org/grapher/carbon%20%282026%29'
    >>> address("javascript:alert(1)")
    """
    text = clean(url)
    if re.match(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(/|$)", text, re.IGNORECASE):
        text = f"https://{text}"
    if not re.match(r"https?://[^/\s]", text, re.IGNORECASE):
        return None
    return quote(text, safe="/:?#@=&%~+,.-_")


def path(text: str) -> str:
    """Return a relative path as the target of a link or image."""
    return quote(text, safe="/.-_~")


def _shown(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in ("Cc", "Cf", "Cs", "Co") and ord(character) & 0xFFFE != 0xFFFE


def _escaped(text: str, within: bool) -> str:
    pieces = []
    for i, c in enumerate(text):
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        inside_word = c == "_" and before.isalnum() and after.isalnum()
        if c in "*[]~@" or (c == "_" and not inside_word):
            pieces.append("\\" + c)
        else:
            pieces.append(_ENTITIES.get(c, c))
    escaped = re.sub(r"(?i)(?<![a-z0-9])(https?|ftp|www)(?=://|\.)", r"\1" "\\\\", "".join(pieces))
    opening = None if within else _OPENS.match(escaped)
    return escaped if opening is None else f"{escaped[: opening.end() - 1]}\\{escaped[opening.end() - 1 :]}"
