"""Devices and places in what people write, as the factor tables know them; what is not in the tables is not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cardgen.core.factors import PROVIDERS, Factors, provider_key

_WORDS = {"a": 1, "an": 1, "one": 1, "single": 1, "two": 2, "four": 4, "eight": 8, "sixteen": 16}
_COUNT = re.compile(
    r"(?:^|[\s,;:(])(\d{1,3}(?:,\d{3})+|\d{1,6}|a|an|one|single|two|four|eight|sixteen)\s*(?:x|×|\*)?\s*(?:cloud\s+)?$", re.IGNORECASE
)
_COUNT_AFTER = re.compile(r"\s*(?:GPUs?\s*)?(?:\(\s*)?(?:x|×)\s*(\d{1,6})\b", re.IGNORECASE)
_CORES_AFTER = re.compile(r"\s*-?(?:\w+ )?cores?\b", re.IGNORECASE)
_NODE = r"(?:nodes?|machines?|servers?|instances?|hosts?)"
_NAMED = r"(?:a|an|one|single|two|four|eight|sixteen)"
_NODES = re.compile(rf"\b(\d{{1,5}}|{_NAMED})\s*(?:x|×|\*)?\s*(?:[A-Za-z]+[ -]){{0,2}}?{_NODE}\b", re.IGNORECASE)
_EACH = re.compile(
    rf"\beach\b|\b(?:per|every|a) {_NODE}\b|\b{_NODE}\s*(?:,|of|with|having|x|×|\*)\s*(?:\d|{_NAMED}\b)",
    re.IGNORECASE,
)
_ON_NODES = re.compile(rf"\b(?:on|across|over|in|using|from) (?:\w+ )?\d{{1,5}} (?:[A-Za-z]+[ -]){{0,2}}?{_NODE}\b", re.IGNORECASE)
_BOUND = re.compile(
    r"(?:\b(?:up to|at most|at least|more than|less than|fewer than|over|under|maximum|minimum)|[<>≤≥]=?|"
    r"\d\s*(?:to|or|-|\u2013))\s*$",
    re.IGNORECASE,
)
_TPU = re.compile(r"\bTPU[ -]?(v[2-6][a-z]?)-(\d{1,5})\b", re.IGNORECASE)
_CORES = {"v2": 2, "v3": 2, "v4": 2, "v5p": 2}  # cores of a chip, which the names of slices count
_TOKEN = re.compile(r"[^\s,;()]+")
_SURE = ("US", "UK")
_MOST_WORDS = 6
_PARENTHESES = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Part:
    """A device as it is written, the name that the tables know, the number of them, and what should be said of it."""

    written: str
    name: str
    count: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Spot:
    """A place: a provider and its region, or a country; ``written`` is what was read."""

    provider: str | None = None
    region: str | None = None
    country: str | None = None


def part(text: str, factors: Factors) -> Part | None:
    """Return the device that a text names, None where it names none that is known, or several.

    >>> part("8 x NVIDIA A100-SXM4-40GB", Factors())
    Part(written='NVIDIA A100-SXM4-40GB', name='NVIDIA A100 SXM4 40GB', count=8, note='')
    """
    text = " ".join(text[:300].split())
    slices = {match[0].casefold(): match for match in _TPU.finditer(text)}
    if slices:
        return _slice(next(iter(slices.values())), factors) if len(slices) == 1 else None
    found = [(written, name, begin, end) for written, name, begin, end in _names(text, factors)]
    if len({name for _, name, _, _ in found}) != 1:
        return None
    written, name, begin, end = found[0]
    counts = {count for _, _, b, e in found if (count := _count(text, b, e)) is not None}
    if _CORES_AFTER.match(text, end):
        return Part(written, name, None, "the text counts cores, not devices")
    several = re.search(r"\d+\s*(?:x|×)\s*\d+\s*(?:x|×)", text)
    count = counts.pop() if len(counts) == 1 and not several else None
    note = f"{written} has several variants, and the card does not say which: taken for this one" if factors.hardware(written)[1] else ""
    return Part(written, name, _in_all(count, text) if count else None, note)


def _in_all(count: int, text: str) -> int | None:
    """Return the number of devices in all nodes; None where the text does not say whether a number is that of one node."""
    nodes = [_WORDS.get(match[1].casefold()) or int(match[1]) for match in _NODES.finditer(text)]
    if _EACH.search(text):
        return count * nodes[0] if len(nodes) == 1 and nodes[0] else None
    if any(number != 1 for number in nodes) and not _ON_NODES.search(text):
        return None
    return count


def _slice(match: re.Match[str], factors: Factors) -> Part | None:
    version, size = match[1].casefold(), int(match[2])
    row, _ = factors.hardware(f"TPU {version}")
    cores = _CORES.get(version, 1)
    if row is None or size % cores:
        return None
    note = f"{match[0]} names {size} cores, which are {size // cores} chips" if cores > 1 else ""
    return Part(f"TPU {version}", row["name"], size // cores, note)


def _names(text: str, factors: Factors) -> list[tuple[str, str, int, int]]:
    """Return the known devices in a text, the longest names first found: as written, as known, and where."""
    tokens = [(match.start(), match.end()) for match in _TOKEN.finditer(text)]
    found, number = [], 0
    while number < len(tokens):
        for size in range(min(_MOST_WORDS, len(tokens) - number), 0, -1):
            begin, end = tokens[number][0], tokens[number + size - 1][1]
            name = text[begin:end].rstrip(".:")
            multiplied = re.match(r"\d+[x×](?=\D)", name)
            start = begin + (multiplied.end() if multiplied else 0)
            row = factors.hardware(text[start : begin + len(name)])[0] if re.search(r"\d", name) else None
            if row is None and re.search(r"\ds$", name):  # "4 A100s"
                name = name[:-1]
                row = factors.hardware(text[start : begin + len(name)])[0]
            if row is not None:
                found.append((text[start : begin + len(name)], row["name"], start, begin + len(name)))
                number += size - 1
                break
        number += 1
    return found


def _count(text: str, begin: int, end: int) -> int | None:
    before, after = _COUNT.search(text[:begin]), _COUNT_AFTER.match(text, end)
    word = before[1] if before else after[1] if after else None
    if word is None or (before and _BOUND.search(text[: before.start(1)])):
        return None
    return _WORDS.get(word.casefold()) or int(word.replace(",", "")) or None


def provider(text: str, factors: Factors) -> str | None:
    """Return the key of the provider that a text names, None where it names none that is known, or several.

    >>> provider("GCP (as mentioned in the technical report)", Factors())
    'gcp'
    """
    shown = _PARENTHESES.sub(" ", text).strip(" .")
    for candidate in (shown, text.strip(" ."), *re.findall(r"\(([^()]*)\)", text)):
        key = provider_key(" ".join(candidate.split()))
        if factors.has_regions(key) or key in PROVIDERS.values():
            return key
    return None


def region(text: str, provider: str | None, factors: Factors) -> str | None:
    """Return the region of a provider that a text names."""
    for candidate in _candidates(text):
        row = factors.region(provider, candidate) if provider else None
        if row is not None:
            return row["region"]
    return None


def country(text: str, factors: Factors, codes: bool = False) -> str | None:
    """Return the zone of the country, state or grid that a text names, None where it names none that is known, or several.

    Two letters may be a state, as in "San Jose, CA": but for US and UK they are read only where ``codes`` are meant.

    >>> country("Orsay, France", Factors()), country("somewhere in Europe", Factors())
    ('FRA', None)
    """
    named = [candidate for candidate in _candidates(text) if len(candidate) > 2 or (len(candidate) == 2 and (codes or candidate in _SURE))]
    found = {zone for candidate in named if (zone := factors.place(candidate))}
    countries = {factors.country_of(zone) or zone for zone in found}
    if len(countries) != 1:
        return None
    states = found - countries
    return states.pop() if len(states) == 1 else countries.pop()


def doubt(text: str, zone: str, factors: Factors) -> str:
    """Return what should be said of a place that was read from a text which may mean another one."""
    if zone == "GEO":
        return "Georgia is a state of the USA too: taken for the country"
    shown = text.strip(" .")
    return f"two letters, taken for {factors.place_name(zone)}" if len(shown) == 2 and shown not in _SURE else ""


def _candidates(text: str) -> list[str]:
    """Return a text without parentheses, and its parts between commas."""
    shown = " ".join(_PARENTHESES.sub(" ", text[:200]).split()).strip(" .")
    parts = [part.strip(" .") for part in re.split(r"[,;/]| - | and | or ", shown)]
    return list(dict.fromkeys(candidate.removeprefix("the ") for candidate in (shown, *parts) if candidate))
