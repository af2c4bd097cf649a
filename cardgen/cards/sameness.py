"""After an edit: the card outside the two regions is what it was, as Markdown and as YAML read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cardgen.cards.blocks import Block, Body
from cardgen.cards.emissions import same as says
from cardgen.cards.front_matter import KEY, FrontMatter, composed
from cardgen.cards.refusal import CardError, ChangedElsewhere

_DEFINITION = re.compile(r" {0,3}\[(\^?[^\]\[]{1,200})\]:")
_FOLDING = re.compile(r"<(/?)(details|div|section|table|center|p)\b", re.IGNORECASE)


def same_body(old: Body, new: Body, gone: frozenset[int], managed: range) -> bool:
    """Return whether two bodies show the same but for the lines that are gone and those that are managed."""
    before, after = _shown(old, set(gone)), _shown(new, set(managed))
    return len(before) == len(after) and all(
        block.leaves(set(gone)) == later.leaves(set(managed)) if partly else block.whole == later.whole
        for (block, partly), (later, _) in zip(before, after)
    )


def _shown(body: Body, gone: set[int]) -> list[tuple[Block, bool]]:
    """Return the blocks that are not gone as a whole, and whether a part of them is."""
    found = []
    for block in body.blocks:
        lines = {line for line in range(block.start, block.end) if not body.text.blank(line)}
        if lines - gone or not lines:
            found.append((block, bool(lines & gone)))
    return found


def needed(body: Body, gone: frozenset[int]) -> tuple[int, str] | None:
    """Return the line and the text of what is about to go and what the rest of the card needs, None where nothing is."""
    open_tags: dict[str, int] = {}
    rest = None
    for line in sorted(gone):
        source = body.text.line(line)
        definition = _DEFINITION.match(source)
        if definition:
            rest = rest if rest is not None else _without(body, gone)
            if f"[{definition[1].casefold()}]" in rest:
                return line, f"[{definition[1]}]"
        for closing, name in _FOLDING.findall(source):
            tag = name.casefold()
            open_tags[tag] = open_tags.get(tag, 0) + (-1 if closing else 1)
            if open_tags[tag] < 0 and tag != "p":
                return line, f"</{tag}>"
    left = next((tag for tag, count in open_tags.items() if count > 0 and tag != "p"), None)
    return (min(gone), f"<{left}>") if left else None


def _without(body: Body, gone: frozenset[int]) -> str:
    return "\n".join(body.text.line(line) for line in range(body.first, body.end) if line not in gone).casefold()


def check_matter(old: FrontMatter | None, new: FrontMatter | None, values: Mapping[str, str]) -> None:
    """Raise ChangedElsewhere unless the YAML says what it said, and in the block what it should."""
    if old:
        _ = old.root
    for as_the_hub in (True, False):
        _check_read(old, new, values, as_the_hub)


def _check_read(old: FrontMatter | None, new: FrontMatter | None, values: Mapping[str, str], as_the_hub: bool) -> None:
    before = composed(old, as_the_hub) if old else None
    try:
        after = composed(new, as_the_hub) if new else None
    except CardError:
        after = None
    if after is None or after.id != "mapping":
        raise ChangedElsewhere("the front matter would not be readable any more")
    others = [pair for pair in before.value if pair[0].value != KEY] if before is not None else []
    pairs = [pair for pair in after.value if pair[0].value == KEY]
    if not _alike(others, [pair for pair in after.value if pair[0].value != KEY]):
        raise ChangedElsewhere("the front matter would say something else outside co2_eq_emissions")
    block = {key.value: node for key, node in pairs[0][1].value} if len(pairs) == 1 and pairs[0][1].id == "mapping" else {}
    if not all(key in block and says(block[key], value) for key, value in values.items()):
        raise ChangedElsewhere("co2_eq_emissions would not say what it should")


def _alike(one: Any, other: Any) -> bool:
    waiting, seen = [(one, other)], set()
    while waiting:
        a, b = waiting.pop()
        if (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        if isinstance(a, list | tuple):
            if len(a) != len(b):
                return False
            waiting.extend(zip(a, b))
        elif isinstance(a, str):
            if a != b:
                return False
        elif (a.id, a.tag) != (b.id, b.tag):
            return False
        else:
            waiting.append((a.value, b.value))
    return True
