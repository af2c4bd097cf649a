"""Where the section of a card stands, or where it goes, and what it replaces there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from cardgen.cards import headings, markers
from cardgen.cards.blocks import Block, Body
from cardgen.cards.refusal import CardError, refused
from cardgen.cards.template import template_lines
from cardgen.cards.text import BLANK
from cardgen.problems import Placed


@dataclass(frozen=True)
class Place:
    """The part of a card, from one offset to another, that becomes ``before`` + section + ``after``.

    ``heading`` is None where one stands above in the card. ``gone`` are the lines of the card that are not in it any more,
    ``there`` says that the section was in the card already.
    """

    begin: int
    end: int
    before: str
    after: str
    heading: str | None
    level: int
    gone: frozenset[int] = frozenset()
    notes: tuple[Placed, ...] = ()
    there: bool = False


def place(body: Body, replace: bool, heading_line: int | None, keep_template: bool = False) -> Place:
    """Return where the section goes; raises CardError where that is not one place."""
    pair = markers.region(body)
    found = _place(body, pair, replace, heading_line, keep_template)
    used = {*found.gone, *(range(pair[0], pair[1] + 1) if pair else ())}
    return dataclasses.replace(found, notes=(*found.notes, *_set_aside(body, used)))


def _set_aside(body: Body, used: set[int]) -> Iterator[Placed]:
    message = "this marker stands in code, a list, a quote or a line of text, and the section is in another place"
    hint = "put both markers in lines of their own, outside of lists and quotes; or remove this one"
    for line in markers.set_aside(body, used):
        yield Placed("CG420", message, (), hint, "warning", line + 1)


def _place(body: Body, pair: tuple[int, int] | None, replace: bool, heading_line: int | None, keep_template: bool) -> Place:
    if pair:
        return _between_markers(body, pair, replace)
    own = _chosen(body, heading_line) if heading_line is not None else _own(body)
    if own:
        return _adopted(body, own, replace, keep_template)
    return _new(body)


def _own(body: Body) -> Block | None:
    found = [heading for heading in body.headings if headings.is_own(heading)]
    if len(found) > 1:
        lines = " and ".join(str(heading.start + 1) for heading in found)
        hint = f"--heading-line {found[0].start + 1} chooses one; a card needs one such section"
        places = [Placed("CG409", f"the environmental section has several headings, in lines {lines}", (), hint, "error", heading.start + 1)
                  for heading in found]  # fmt: skip
        raise CardError(places)
    return found[0] if found else None


def _chosen(body: Body, number: int) -> Block:
    for heading in body.headings:
        if heading.start < number <= heading.end:
            return heading
    near = ", ".join(str(heading.start + 1) for heading in body.headings[:20]) or "none"
    message = f"there is no heading in line {number} that --heading-line could mean"
    raise refused("CG412", message, f"the headings of the card stand in lines: {near}", (max(number, 1), 1))


def _between_markers(body: Body, pair: tuple[int, int], replace: bool) -> Place:
    text, (first, last) = body.text, pair
    begin, end = text.offset(first), text.offset(last) + len(text.line(last))
    gone = frozenset(range(first, last + 1))
    above = next((h for h in reversed(body.headings) if h.start < first), None)
    inside = next((h for h in body.headings if first < h.start < last), None)
    directly = above is not None and all(text.blank(line) for line in range(above.end, first))
    empty = all(text.blank(line) for line in range(first + 1, last))
    if above and headings.is_own(above):
        if replace:
            return _replaced(body, above, gone)
        return Place(begin, end, "", "", None, above.level, gone, there=True)
    if inside or (empty and not directly):
        level = inside.level if inside else headings.sibling_level(body)
        return Place(begin, end, "", "", headings.HEADING, level, gone, there=True)
    return Place(begin, end, "", "", None, above.level if above else headings.sibling_level(body), gone, there=True)


def _adopted(body: Body, heading: Block, replace: bool, keep_template: bool) -> Place:
    if replace:
        return _replaced(body, heading, frozenset())
    stop = body.section_end(heading)
    return _below(body, heading, stop, set() if keep_template else template_lines(body, heading.end, stop))


def _replaced(body: Body, heading: Block, region: frozenset[int]) -> Place:
    """Return the place of a section that takes up all that stands under its heading."""
    stop = body.section_end(heading, region)
    found = _below(body, heading, stop, set(range(heading.end, stop)))
    hand = found.gone - region - template_lines(body, heading.end, stop)
    lines = sorted(line for line in hand if not body.text.blank(line))
    return dataclasses.replace(found, notes=(*found.notes, *_dropped(lines, region)))


def _dropped(lines: list[int], region: frozenset[int]) -> tuple[Placed, ...]:
    """Return a note of the lines that --replace removes, those before the region apart from those after it."""
    above, below = [n for n in lines if n < min(region, default=0)], [n for n in lines if n >= min(region, default=0)]
    ranges = [f"{part[0] + 1} to {part[-1] + 1}" if len(part) > 1 else f"{part[0] + 1}" for part in (above, below) if part]
    if not lines:
        return ()
    message = f"--replace removed what was written by hand in {'lines' if len(lines) > 1 else 'line'} {' and '.join(ranges)}"
    return (Placed("CG426", message, (), "the card before the change still has it, where it is kept in Git", "warning", lines[0] + 1),)


def _below(body: Body, heading: Block, stop: int, gone: set[int]) -> Place:
    """Return the place directly under a heading, before what stays of its section up to a line."""
    text, ending = body.text, body.text.ending
    begin, end = text.offset(heading.end), text.offset(stop)
    lines = [number for number in range(heading.end, stop) if text.offset(number) < end]
    lead, others = _lead(body, begin, lines)
    rest = "".join(text.content[text.offset(n) : text.offset(n + 1)] for n in _without_gaps(body, others, gone))
    finished = text.content.endswith(("\n", "\r"))
    if rest.strip(BLANK):
        after = ending * 2 + (rest if finished or end < len(text.content) else rest.rstrip("\r\n"))
    elif end < len(text.content):
        after = ending + (rest or ending)
    else:
        after = ending + rest if rest or finished else ""
    written = [number for number in lines if number not in gone and not text.blank(number)]
    return Place(begin, end, lead, after, None, heading.level, frozenset(gone), _stays(written))


def _lead(body: Body, begin: int, lines: list[int]) -> tuple[str, list[int]]:
    """Return what separates a heading from the section, a blank line in the end, and the lines after that."""
    text, ending = body.text, body.text.ending
    if not lines:
        return ending if text.content[:begin].endswith(("\n", "\r")) else ending * 2, []
    if not text.blank(lines[0]):
        return ending, lines
    lead = text.content[begin : text.offset(lines[0] + 1)]
    return lead if lead.endswith(("\n", "\r")) else lead + ending, lines[1:]


def _stays(lines: list[int]) -> tuple[Placed, ...]:
    if not lines:
        return ()
    message = "what was written under the heading by hand stays, below the section"
    return (Placed("CG416", message, (), "compare it with the section; --replace removes it", "warning", lines[0] + 1),)


def _without_gaps(body: Body, lines: list[int], gone: set[int]) -> list[int]:
    """Return the lines that stay: what is gone takes the blank lines after it along, and none stay at the top."""
    blank = {number for number in lines if body.text.blank(number)}
    trailing = next((i for i in range(len(lines), 0, -1) if lines[i - 1] not in blank), 0)
    kept: list[int] = []
    skipping = True
    for number in lines[:trailing]:
        if number in gone:
            skipping = skipping or not kept or kept[-1] in blank
        elif number not in blank or not skipping:
            kept.append(number)
            skipping = False
    while kept and kept[-1] in blank:
        kept.pop()
    return [*kept, *lines[trailing:]]


def _new(body: Body) -> Place:
    text, ending = body.text, body.text.ending
    follower, opened = headings.follower(body)
    if opened:
        name, line = opened[0]
        message = f"<{name}> opens here and is never closed, and would swallow the section"
        hint = f"close it with </{name}>, or put a heading for the section before it"
        raise refused("CG410", message, hint, (line + 1, 1))
    line = follower.start if follower else body.end
    offset = text.offset(line)
    level = follower.level if follower else headings.sibling_level(body)
    before = text.content[:offset]
    above = text.at(offset) - 1 if before.endswith(("\n", "\r")) else text.at(offset)
    alone = not before or above < 0 or text.blank(above)
    gap = "" if not before else (ending * (not alone) if before.endswith(("\n", "\r")) else ending * (1 + (not alone)))
    after = ending * 2 if follower else ending * (not before or before.endswith(("\n", "\r")))
    return Place(offset, offset, gap, after, headings.HEADING, level, frozenset(), _near(body))


def _near(body: Body) -> tuple[Placed, ...]:
    return tuple(
        Placed("CG414", f'"{text}" stays as it is, beside the new section', (), _choose(body, line), "warning", line + 1)
        for line, text in headings.near(body)
    )


def _choose(body: Body, line: int) -> str:
    heading = next((h for h in body.headings if h.start == line), None)
    return f"--heading-line {line + 1} puts the section under this heading instead" if heading else "compare it with the section"
