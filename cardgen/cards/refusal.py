"""Why a card is left as it is: what is wrong with it, or what cardgen would have done wrong."""

from __future__ import annotations

from collections.abc import Iterable

from cardgen.problems import Placed


class CardError(Exception):
    """A card that cannot be edited safely: ``problems`` say why, with line, column and a way out."""

    def __init__(self, problems: Iterable[Placed]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{p.line}:{p.column}: {p.code} {p.message}" for p in self.problems))


class ChangedElsewhere(Exception):
    """An edit that would have changed the card outside the two regions: a defect in cardgen, exit status 3."""


def refused(code: str, message: str, hint: str, place: tuple[int, int]) -> CardError:
    """Return the error for one problem at a line and a column, both from 1."""
    return CardError([Placed(code, message, (), hint, "error", *place)])
