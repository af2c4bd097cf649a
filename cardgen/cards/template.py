"""The text that the Hub's template and its forms put into the environmental section, for authors to replace."""

from __future__ import annotations

import re

from cardgen.cards.blocks import Block, Body, words

_LONGEST = 1000
_ODD = re.compile(r"[^\S \t\r\n]|<(?!!--)|!\[")  # spaces, HTML and pictures that the template has not: somebody put them there
_MISSING = (
    r"(?:\[?(?:more )?information needed\]?|unknown|not available|not specified|n/?a|tbd|`?(?:hardware_type|hours_used|cloud_provider|"
    r"cloud_region|co2_emitted)`?|\{\{.*\}\})?[.]?"
)
_BULLET = re.compile(rf"(?:hardware type|hours used|cloud provider|compute region|carbon emitted)\s*:\s*{_MISSING}")
_ALONE = re.compile(r"\[?more information needed\]?[.]?|\{\{ *\w+ *\| *default\(.*\) *\}\}")
_SENTENCES = {
    "carbon emissions can be estimated using the machine learning impact calculator presented in lacoste et al. (2019).",
    "section overview: summarizes the information necessary to calculate environmental impacts such as electricity usage and carbon "
    "emissions.",
}
_ONE_PARAGRAPH = ["paragraph_open", "inline", "paragraph_close", "list_item_close"]
_COMMENT = re.compile(
    r"<!--\s*(?:total emissions \(in grams of co2eq\) and additional considerations, such as electricity usage, go here\. "
    r"edit the suggested text below accordingly\.?|\[?more information needed\]?)\s*-->"
)


def is_template(source: str) -> bool:
    """Return whether a paragraph, a list item or a comment is the template's own, not yet filled in.

    >>> is_template("**Hours used:** [More Information Needed]"), is_template("**Hours used:** 24")
    (True, False)
    """
    if len(source) > _LONGEST or _ODD.search(source):
        return False
    text = " ".join(source.split()).casefold()
    if text.startswith("<!--"):
        return _COMMENT.fullmatch(text) is not None
    shown = words(" ".join(source.split())).casefold()
    return shown in _SENTENCES or any(p.fullmatch(form) for p in (_BULLET, _ALONE) for form in (shown, text))


def template_lines(body: Body, start: int, end: int) -> set[int]:
    """Return the lines between two that hold nothing but text of the template."""
    found: set[int] = set()
    for block in body.blocks:
        if start <= block.start and block.end <= end:
            for lines in _in_list(block) if block.kind == "bullet_list_open" else _in_one(block):
                # Markdown drops some characters at the ends of a paragraph: the lines themselves are looked at, too
                found |= lines if not any(_ODD.search(body.text.line(line)) for line in lines) else set()
    return found


def _in_one(block: Block) -> list[set[int]]:
    whole = block.kind in ("paragraph_open", "html_block") and is_template(block.content)
    lines = [line for line in block.content.split("\n") if line.strip()] if block.kind == "paragraph_open" else []
    if whole or (lines and all(is_template(line) for line in lines)):
        return [set(range(block.start, block.end))]
    return []


def _in_list(block: Block) -> list[set[int]]:
    """Return the lines of the items that are one paragraph of the template."""
    found = []
    for number, token in enumerate(block.tokens):
        if token.type == "list_item_open" and token.level == 1:
            inner = block.tokens[number + 1 : number + 5]
            if [t.type for t in inner] == _ONE_PARAGRAPH and is_template(inner[1].content):
                found.append(block.lines(inner[0]))
    return found
