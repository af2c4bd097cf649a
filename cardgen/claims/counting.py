"""Claims that count: an amount divided by every edition of every factor that the claim could mean."""

from __future__ import annotations

from typing import NamedTuple

from cardgen import numbers
from cardgen.claims.amounts import CORRECTIONS, Correction, amount_of
from cardgen.claims.catalogue import MASSES, Claim
from cardgen.claims.finding import FAILS, HOLDS, ONLY, PRINTED, Finding, Table, Words, against, factor, fits, measure, printed, span
from cardgen.core.factors import Factors
from cardgen.core.figure import Figure
from cardgen.core.tables import Row


class Try(NamedTuple):
    """An amount divided by one edition of a factor."""

    row: Row
    count: Figure


def recompute(claim: Claim, factors: Factors) -> Finding:
    """Return what dividing the amount of a claim finds."""
    amount = amount_of(claim)
    tries = divided(amount, claim["readings"].split(";"), factors)
    correction = CORRECTIONS[claim["correction"]](claim, factors) if claim["correction"] else Correction(None, {})
    verdict, of, computed = judged(claim, tries, correction.amount)
    by_edition = {f"{t.row['id']}@{t.row['edition']}": t for t in tries}

    def corrected(name: str) -> str:
        assert correction.amount is not None  # only a claim with a corrected amount asks for it
        return numbers.digits(_count(correction.amount, by_edition[name].row).value)

    def in_pounds(name: str) -> str:
        return numbers.digits(_one(by_edition[name].row).called("", "lb").value)

    implied = Figure(amount.value / claim.count, amount.unit)
    names = {
        "amount": measure(amount, claim["unit"], PRINTED), "count": printed(claim.count),
        "implied": measure(implied, "kg" if claim["unit"] in MASSES else "kWh"), **correction.words,
    }  # fmt: skip
    if claim["stated"]:
        names["preprint"] = claim.stated("preprint")
    words = Words(
        names, of=lambda name: numbers.digits(by_edition[name].count.value), factor=lambda name: factor(by_edition[name].row),
        corrected=corrected, pounds=in_pounds,
    )  # fmt: skip
    return Finding(claim, verdict, of, computed, (_table(claim, tries, names["amount"]),), words)


def divided(amount: Figure, readings: list[str], factors: Factors) -> list[Try]:
    """Return an amount divided by all editions of some factors, the editions in the order of their years."""
    rows = [row for row in factors.table("equivalents") if row["id"] in readings]
    rows.sort(key=lambda row: (readings.index(row["id"]), row["year"], row["edition"]))
    return [Try(row, _count(amount, row)) for row in rows]


def judged(claim: Claim, tries: list[Try], corrected: Figure | None) -> tuple[str, str, str]:
    """Return the verdict on a count, what it is restricted to or rests on, and the count that it comes to.

    It holds when an edition gives the count; only of one reading, when others are possible and do not; only of something
    else, when the corrected amount does not give it, or when no factor does but two of that kind lie on both sides.
    """
    fitting = sorted((t for t in tries if _supports(t, claim)), key=lambda t: abs(t.count.value - claim.count))
    if fitting:
        best = fitting[0]
        computed = numbers.digits(best.count.value)
        if corrected is not None and not fits(_count(corrected, best.row).value, claim.count):
            return ONLY, claim["only"], computed
        if {t.row["id"] for t in fitting} != {t.row["id"] for t in tries}:
            return ONLY, best.row["label"], computed
        return HOLDS, " and ".join(t.row["edition"] for t in fitting if t.count.value == best.count.value), computed
    around = [t.count.value for t in tries if t.row["id"] in claim["between"].split(";")]
    if around and min(around) <= claim.count <= max(around):
        return ONLY, claim["only"], span(around)
    return FAILS, "", span([t.count.value for t in tries])


def _one(row: Row) -> Figure:
    return Figure(float(row["value"]), row["unit"], row["label"], "estimated", row.sources)


def _count(amount: Figure, row: Row) -> Figure:
    return (amount / _one(row)).called(row["label"], "1")


def _supports(attempt: Try, claim: Claim) -> bool:
    """Return whether a factor that was read in a document gives the count."""
    return attempt.row.verified and fits(attempt.count.value, claim.count)


def _table(claim: Claim, tries: list[Try], amount: str) -> Table:
    several = len({t.row["id"] for t in tries}) > 1
    rows = []
    for t in tries:
        count = numbers.digits(t.count.value)
        edition = t.row["edition"] if t.row.verified else f"{t.row['edition']} (from memory)"
        name = f"{t.row['label']}, {edition}" if several else edition
        rows.append((name, factor(t.row), f"**{count}**" if _supports(t, claim) else count, against(t.count.value, claim.count)))
    columns = ("Factor and edition" if several else "Edition", ">One is", ">Count", f">Against {printed(claim.count)}")
    caption = f"{amount} divided by" + (":" if several else f" one of: {tries[0].row['label']}.")
    return Table(caption, columns, tuple(rows), tuple(t.row.sources for t in tries), _notes([t.row for t in tries]))


def _notes(rows: list[Row]) -> str:
    """Return where factor rows stand and what the table notes about them, each note once with its editions."""
    noted: dict[str, list[str]] = {}
    for row in rows:
        if row["note"] and row["edition"] not in noted.setdefault(row["note"], []):
            noted[row["note"]].append(row["edition"])
    identifiers = ", ".join(dict.fromkeys(f"`{row['id']}`" for row in rows))
    return f"In the table `equivalents`: {identifiers}." + "".join(f" {' and '.join(e)}: {note}." for note, e in noted.items())
