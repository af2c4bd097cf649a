"""The NOTICE of the factor tables: whom the numbers come from, and the words that a licence asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

INTRODUCTION = """\
cardgen

The factor tables in cardgen/core/data hold numbers from the sources below, whose licences ask to be named.
Every row of a table names its source; cardgen/core/data/sources.csv describes all of them.
"""
LICENCE_TEXTS = {
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "BSD-3-Clause": "https://opensource.org/license/bsd-3-clause",
    "CC-BY": "https://creativecommons.org/licenses/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "MIT": "https://opensource.org/license/mit",
    "MPL-2.0": "https://www.mozilla.org/MPL/2.0/",
    "OGL-UK-3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}


def notice(sources: Iterable[Mapping[str, str]]) -> str:
    """Return the text of NOTICE: the sources that ask for attribution, by licence, then by title.

    >>> source = {"title": "Averages", "publisher": "Acme", "year": "2025", "url": "https://example.org",
    ...           "licence": "MIT", "attribution": "Copyright Acme."}
    >>> print(notice([source]).split("MIT", 1)[1].split("---")[-1].strip())
    Averages. Acme, 2025.
      https://example.org
      MIT. Copyright Acme.
    """
    owed = [source for source in sources if source["attribution"]]
    parts = [INTRODUCTION]
    for licence in sorted({source["licence"] for source in owed}):
        heading = f"{licence}  {LICENCE_TEXTS[licence]}"
        parts.append(f"\n{heading}\n{'-' * len(heading)}\n")
        alike = [source for source in owed if source["licence"] == licence]
        parts.extend(f"\n{entry}\n" for entry in sorted({_entry(source) for source in alike}, key=str.casefold))
    return "".join(parts)


def _entry(source: Mapping[str, str]) -> str:
    said = ", ".join(part for part in (source["publisher"], source["year"]) if part)
    lines = [f"{source['title']}. {said}."]
    if source["url"]:
        lines.append(f"  {source['url']}")
    lines.append(f"  {source['licence']}. {source['attribution']}")
    return "\n".join(lines)
