"""Read what a card states about its environmental impact: bytes -> claims with places, and what is wrong with how they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from cardgen.cards.blocks import Body, parse, words
from cardgen.cards.front_matter import FrontMatter, delimited
from cardgen.cards.headings import is_own
from cardgen.cards.jinja import refuse_template
from cardgen.cards.markers import region
from cardgen.cards.reading.amounts import amounts
from cardgen.cards.reading.claims import TEMPLATE, Claim, Group, bare_number, groups, name_of
from cardgen.cards.reading.stated_emissions import StatedEmissions, Text, stated_emissions
from cardgen.cards.reading.statements import statements
from cardgen.cards.refusal import CardError
from cardgen.cards.text import decoded
from cardgen.problems import Placed, printable

_MOST_GROUPS = 200
_TITLE = re.compile(r"(?:hugging ?face )?model ?card(?: (?:for|of))?\s*[:\-–—]?\s*", re.IGNORECASE)
_LONGEST_FIGURE = 120  # characters; what is longer is prose
_EXAMPLES = {"emissions": "1.69 kg CO2eq", "market": "1.69 kg CO2eq", "energy": "17.8 kWh", "hours": "36 h"}
_GENERIC = re.compile(
    r"(?:\d+[.)] )?(?:model (?:details|description|summary|overview|information|info|card)|about (?:the |this )?model|"
    r"model trained using auto(?:nlp|train)|introduction|overview|description|read ?me|usage|table of contents)",
    re.IGNORECASE,
)
_ID = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


@dataclass
class Reading:
    """What a card states. ``groups`` are the claims of its body that belong together, in order."""

    problems: list[Placed] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    metadata: StatedEmissions | None = None
    title: Text | None = None
    base_models: tuple[Text, ...] = ()
    is_read: bool = False
    figures_line: int | None = None  # of the environmental section, where it holds digits

    @cached_property
    def states_anything(self) -> bool:
        """Whether the card states a figure or a device, or tries to."""
        return self.metadata is not None or any(not claim.is_missing for group in self.groups for claim in group.claims.values())


def read(card: bytes) -> Reading:
    """Return what a card states; any bytes give a reading, whose problems say what could not be read."""
    reading = Reading()
    try:
        text = decoded(card)
        matter = delimited(text)
        first = text.at(matter.after) if matter else 0
        body = parse(text, first) if not matter or matter.after < len(text.content) else Body(text, len(text.starts), ())
        refuse_template(body, matter)
    except CardError as error:
        reading.problems += error.problems
        return reading
    except RecursionError:
        reading.problems.append(Placed("CG419", "the card is nested too deep", (), "no card needs more than ten levels"))
        return reading
    reading.is_read = True
    if matter:
        _front_matter(matter, reading)
    _body(body, reading)
    return reading


def _front_matter(matter: FrontMatter, reading: Reading) -> None:
    try:
        reading.metadata = stated_emissions(matter)
        node = matter.node(("base_model",))
    except CardError as error:
        reading.problems += error.problems
        return
    if reading.metadata:
        reading.problems += reading.metadata.problems
    inner = [] if node is None else [node] if node.id == "scalar" else list(node.value) if node.id == "sequence" else []
    named = [n for n in inner if n.id == "scalar" and str(n.value).strip()]
    reading.base_models = tuple(Text(str(n.value), *matter.place(n.start_mark.index)) for n in named)


def _body(body: Body, reading: Reading) -> None:
    try:
        pair = region(body)
    except CardError as error:
        reading.problems += error.problems
        pair = None
    managed = range(pair[0], pair[1] + 1) if pair else range(0)
    reading.groups = groups(statements(body, managed))[:_MOST_GROUPS]
    for group in reading.groups:
        reading.problems += _problems(group)
    reading.figures_line = _section_with_digits(body, managed)
    heading = next((h for h in body.headings if h.level == 1), body.headings[0] if body.headings else None)
    if heading and _GENERIC.fullmatch(words(heading.content).strip(" :.")):
        heading = next((h for h in body.headings if identifier(words(h.content))), None)
    if heading:
        shown = _TITLE.sub("", words(heading.content), count=1).strip() or words(heading.content)
        reading.title = Text(shown, heading.start + 1, 1) if shown else None


def _section_with_digits(body: Body, managed: range) -> int | None:
    """Return the line of an environmental section whose own text holds digits, None where there is none."""
    section, level = None, 0
    for block in body.blocks:
        if block.level:
            if section is None or block.level <= level:
                section, level = (block.start + 1 if is_own(block) else None), block.level
        elif section is not None and block.start not in managed and re.search(r"(?<![A-Za-z])\d", block.content):
            return section
    return None


def says_nothing(reading: Reading) -> str:
    """Return what is said of a card that states nothing which is read, to stand after the name of its file."""
    if reading.figures_line is None:
        return ": states nothing about energy or emissions"
    return f": states nothing that cardgen reads about energy or emissions; its environmental section is in line {reading.figures_line}"


def identifier(text: str) -> str | None:
    """Return the repository id that a title is, None where it is none."""
    return text if _ID.fullmatch(text) else None


def _problems(group: Group) -> Iterator[Placed]:
    """Yield what is wrong with how the claims of a group are written."""
    missing = [claim for claim in group.claims.values() if claim.is_missing and name_of(claim.statement.label) in TEMPLATE]
    if missing:
        names = [claim.statement.label for claim in missing]
        joined = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        message = f"not filled in: {printable(joined, 200)}"
        yield _at(missing[0], "CG435", message, "fill in what is known and remove the rest, or let cardgen update write the section")
    for role, claim in group.claims.items():
        found = list(_unit(role, claim)) if role in ("emissions", "market", "energy") else []
        yield from found or _not_read(role, claim)


def _not_read(role: str, claim: Claim) -> Iterator[Placed]:
    """Yield that a figure under a known name could not be read, and is compared with nothing."""
    if role not in _EXAMPLES or claim.is_missing or len(claim.text) > _LONGEST_FIGURE or bare_number(claim) is not None:
        return
    if not re.search(r"(?<![A-Za-z])\d", re.sub(r"CO\s?[2₂]", "", claim.text, flags=re.IGNORECASE)):
        return
    shown = f'"{printable(claim.statement.label, 60)}" is {printable(claim.text, 60)}'
    hint = f"write one amount with its unit, as in {_EXAMPLES[role]}"
    if claim.amount is None:
        yield _at(claim, "CG443", f"{shown}, which cannot be read as one amount: it is compared with nothing", hint)
    elif not claim.amount.is_definite:
        yield _at(claim, "CG443", f"{shown}, a bound and no amount: it is compared with nothing", hint)


def _unit(role: str, claim: Claim) -> Iterator[Placed]:
    name = printable(claim.statement.label, 60)
    if bare_number(claim) is not None and claim.statement.row is None:
        example, known = ("17.8 kWh", "kWh or MWh") if role == "energy" else ("1.69 kg CO2eq", "grams, kilograms or tonnes")
        message = f'"{name}" is {printable(claim.text, 40)} without a unit: {known} cannot be told apart'
        yield _at(claim, "CG439", message, f"write the unit, as in {example}")
    elif role == "energy" and claim.amount is None and re.match(r"\W*[\d.,]+\s*[kM]?W\b", claim.text):
        powers = [amount for amount in amounts(claim.text) if amount.kind == "power"]
        if len(powers) == 1 and len(claim.text) < 40 and "power" not in name.casefold():
            message = f'"{name}" is {printable(claim.text, 40)}: {powers[0].unit} is power, and energy is power over time'
            yield Placed("CG440", message, (), "write the energy in kWh", "error", claim.statement.line, claim.statement.column)


def _at(claim: Claim, code: str, message: str, hint: str) -> Placed:
    return Placed(code, message, (), hint, "warning", claim.statement.line, claim.statement.column)
