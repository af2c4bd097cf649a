"""The one edit: a card with its section and its emissions brought up to date, every other byte as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cardgen.cards import markers
from cardgen.cards.blocks import Body, parse
from cardgen.cards.emissions import block, lines, spliced
from cardgen.cards.front_matter import KEY, FrontMatter, delimited
from cardgen.cards.jinja import refuse_template
from cardgen.cards.refusal import CardError, ChangedElsewhere, refused
from cardgen.cards.regions import Place, place
from cardgen.cards.sameness import check_matter, needed, same_body
from cardgen.cards.text import BREAK, Text, decoded
from cardgen.cards.text import spliced as joined
from cardgen.problems import Placed

__all__ = ["CardError", "ChangedElsewhere", "Edit", "front_matter", "marked_run", "update"]

Section = Callable[[str | None, int], str]


@dataclass(frozen=True)
class Edit:
    """The card as it should be, and what its author may want to know."""

    content: bytes
    notes: tuple[Placed, ...] = ()


def update(
    card: bytes,
    *,
    run: str,
    section: Section,
    emissions: Mapping[str, object] | None = None,
    metadata: str = "auto",
    replace: bool = False,
    heading_line: int | None = None,
) -> Edit:
    """Return the card with its section and its emissions; raises CardError for one that cannot be edited safely.

    ``section(heading, level)`` gives the Markdown; heading is None where one stands in the card already. ``emissions`` holds the
    five keys of ``co2_eq_emissions``, in grams; without an amount the front matter stays. ``metadata`` is "auto" (write into the
    front matter that is there), "always" (make one) or "never". Raises ChangedElsewhere instead of changing anything else.
    """
    text = decoded(card)
    matter = delimited(text)
    body = _body(text, matter)
    refuse_template(body, matter)
    if matter and metadata != "never":
        _ = matter.root  # what the Hub cannot read is refused, whether it changes or not
    placed, where = _with_section(body, run, section, replace, heading_line)
    written = block(emissions if metadata != "never" else None)
    edits, notes = _metadata(text, matter, written.values, metadata, replace)
    if where.there:
        notes = tuple(note for note in notes if note.code != "CG417")  # said when the section came into the card
    new = Text(joined(placed.content, edits), text.mark)
    if edits:
        after = delimited(new)
        check_matter(matter, after, written.values)
        if new.content[after.after :].lstrip("\r\n") != placed.content[matter.after if matter else 0 :].lstrip("\r\n"):
            raise ChangedElsewhere("the front matter would end somewhere else")
    return Edit(new.encoded(), tuple(sorted({*where.notes, *notes, *written.notes}, key=lambda note: (note.line, note.code))))


def marked_run(card: bytes) -> str | None:
    """Return the run file that the card's opening marker names, None where none does; raises CardError as update does."""
    text = decoded(card)
    if "cardgen:begin" not in text.content:
        return None
    return next((m.run for m in markers.markers(_body(text, delimited(text))) if m.kind == "begin"), None)


def front_matter(card: bytes) -> FrontMatter | None:
    """Return the front matter of a card with positions, None where it has none; raises CardError where it cannot be read."""
    matter = delimited(decoded(card))
    if matter:
        _ = matter.root
    return matter


def _body(text: Text, matter: FrontMatter | None) -> Body:
    return parse(text, text.at(matter.after) if matter else 0) if not matter or matter.after < len(text.content) else Body(
        text, len(text.starts), ())  # fmt: skip


def _with_section(body: Body, run: str, section: Section, replace: bool, heading_line: int | None) -> tuple[Text, Place]:
    """Return the card with its section, and where that is; text of the template stays where the rest depends on it."""
    for keep_template in (False, True):
        where = place(body, replace, heading_line, keep_template)
        if replace and (loss := needed(body, where.gone)):
            message = f"{loss[1]} would go with the section, and the rest of the card needs it"
            raise refused("CG413", message, "move it out of the section, or leave --replace out", (loss[0] + 1, 1))
        written = BREAK.sub(body.text.ending, f"{markers.begin(run)}\n\n{section(where.heading, where.level).strip()}\n\n{markers.END}")
        content = joined(body.text.content, [(where.begin, where.end, where.before + written + where.after)])
        new = Text(content, body.text.mark)
        if content == body.text.content:
            return new, where
        first = new.at(where.begin + len(where.before))
        managed = range(first, first + len(BREAK.findall(written)) + 1)
        later = parse(new, body.first) if body.first < len(new.starts) else body
        _refuse_swallowed(later, first)
        if same_body(body, later, where.gone, managed) and markers.region(later) == (managed[0], managed[-1]):
            return new, where
        if where.there:
            _refuse_beside_markers(body)
    raise ChangedElsewhere("the card would be shown differently outside its section")


def _refuse_swallowed(body: Body, line: int) -> None:
    """Raise CardError when the section would be part of a block that opens before it."""
    swallowing = body.block_at(line)
    hiding = markers.open_comment(body, line)
    if swallowing is None or swallowing.start < line or hiding is not None:
        opening = hiding if hiding is not None else swallowing.start if swallowing else line
        message = "what opens here is never closed, and would swallow the section"
        hint = "close the code block, comment or HTML element"
        raise refused("CG410", message, hint, (opening + 1, 1))


def _refuse_beside_markers(body: Body) -> None:
    """Raise CardError when text outside the markers is one block with what stands between them."""
    for marker in markers.markers(body):
        block = body.block_at(marker.line)
        if block and block.end > marker.line + 1 and not body.text.blank(marker.line + 1):
            message = "the text after this marker is one piece of HTML with what stands before it"
            raise refused("CG408", message, "put a blank line before and after the marker", (marker.line + 1, 1))


def _metadata(
    text: Text, matter: FrontMatter | None, values: Mapping[str, str], metadata: str, replace: bool
) -> tuple[list[tuple[int, int, str]], tuple[Placed, ...]]:
    """Return the edits of the front matter, as offsets in the card, and notes."""
    if not values:
        return [], ()
    if matter:
        edits, notes = spliced(matter, values, replace)
        return [(matter.begin + begin, matter.begin + end, instead) for begin, end, instead in edits], notes
    if metadata != "always":
        message = "the card has no front matter, so that the Hub is not told of the emissions"
        return [], (Placed("CG417", message, (), "--metadata always writes one, --metadata never keeps silent", "warning"),)
    ending = text.ending
    return [(0, 0, f"---{ending}{KEY}:{ending}{lines(values, '  ', ending)}---{ending}{ending}")], ()
