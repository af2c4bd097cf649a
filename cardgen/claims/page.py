"""The page of popular claims, in the Markdown that GitHub shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cardgen import numbers
from cardgen.claims import counting, special
from cardgen.claims.catalogue import Claim, claims
from cardgen.claims.finding import TOLERANCE, Finding, Table
from cardgen.core.factors import Factors
from cardgen.core.tables import EDITION

KINDS: Mapping[str, Callable[[Claim, Factors], Finding]] = {
    "count": counting.recompute, "pounds": special.pounds, "power": special.power, "cooling": special.cooling, "formula": special.formula,
}  # fmt: skip
INTRODUCTION = """\
# Popular claims, recomputed

Comparisons travel further than the numbers under them. Here each claim is computed again from cardgen's factor tables, edition
{edition}: which factor and which edition give the printed number, or why none does.

- A claim **holds** when a factor gives its number to within {tolerance}.
- It **holds only of** something when just one of the things that it could mean gives the number or lies around it, or when other
  figures, of the same source or of those who know better, contradict what it compares.
- It **does not hold** when nothing in the tables gives the number.

That a claim holds says that its arithmetic is right. It does not say that the amount compared was measured, or that the comparison
is a good one. Numbers in bold give the printed one. `cardgen factors show equivalents car-year-us` shows a factor with its sources; the
page is made by `cardgen claims -o docs/claims.md`.
"""


def findings(factors: Factors) -> list[Finding]:
    """Return what recomputing each claim finds, in the order of the page."""
    return [KINDS[claim["kind"]](claim, factors) for claim in claims(factors)]


def page(factors: Factors) -> str:
    """Return the page."""
    found = findings(factors)
    cited = list(dict.fromkeys(s for finding in found for table in finding.tables for row in table.sources for s in row))
    parts = [INTRODUCTION.format(edition=EDITION, tolerance=numbers.percent(TOLERANCE)), _summary(found)]
    parts += [_section(finding, cited) for finding in found]
    parts.append("## Sources\n\n" + "".join(f"{n}. {_source(name, factors)}\n" for n, name in enumerate(cited, 1)))
    return "\n".join(parts)


def _summary(found: list[Finding]) -> str:
    rows = []
    for finding in found:
        title = finding.text("title")
        rows.append(f"| [{title}](#{anchor(title)}) | {finding.computed} | {finding.judgement} |")
    return "| Claim | Recomputed | Verdict |\n|:--|:--|:--|\n" + "\n".join(rows) + "\n"


def _section(finding: Finding, cited: list[str]) -> str:
    title, judgement = finding.text("title"), finding.judgement
    parts = [
        f"## {title}",
        f"> {finding.text('claim')}",
        f"**{judgement[0].upper()}{judgement[1:]}.** {finding.text('reason')}",
        *(_table(table, cited) for table in finding.tables),
        f"**Right to say:** {finding.text('instead')}",
        f"Printed in: {finding.claim.citation}.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(table: Table, cited: list[str]) -> str:
    names = [column.removeprefix(">") for column in table.columns]
    rules = ["--:" if column.startswith(">") else ":--" for column in table.columns]
    rows = []
    for cells, sources in zip(table.rows, table.sources):
        references = " ".join(f"[\\[{cited.index(s) + 1}\\]](#sources)" for s in sources)
        rows.append(" | ".join((f"{cells[0]} {references}".rstrip(), *cells[1:])))
    lines = [" | ".join(names), "|".join(rules), *rows]
    notes = f"\n\n{table.notes}" if table.notes else ""
    return f"{table.caption}\n\n" + "\n".join(f"| {line} |" if i != 1 else f"|{line}|" for i, line in enumerate(lines)) + notes


def _source(name: str, factors: Factors) -> str:
    row = factors.source(name)
    assert row is not None  # each factor row cites a described source
    title = f"[{row['title']}]({row['url']})" if row["url"] else row["title"]
    year = f", {row['year']}" if row["year"] else ""
    return f"{title}. {row['publisher']}{year}. In it: {row['where']}."


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives to a heading.

    >>> anchor("GPT-3 and 320 UK homes"), anchor("A training and 3.515 km by car")
    ('gpt-3-and-320-uk-homes', 'a-training-and-3515-km-by-car')
    """
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
