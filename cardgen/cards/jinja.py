"""Cards that are templates still: what Jinja would replace is not for cardgen to edit around."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardgen.cards.blocks import Body
from cardgen.cards.front_matter import FrontMatter
from cardgen.cards.refusal import refused
from cardgen.problems import printable

_STATEMENT = r"\{%-?\s*(?:if|elif|else|endif|for|endfor|set|block|endblock|extends|include|macro|endmacro|raw|endraw)\b[^%]{0,200}-?%\}"
_REST = r"[^}]{0,300}"
_NAME = rf"[a-z_][\w.]*\s*(?:\|{_REST}|\({_REST}|\[{_REST}|if\s{_REST})?"
_VALUE = rf"(?<!=)(?<!= )(?<![\w$\\{{])\{{\{{-?\s*(?:{_NAME}|\"{_REST})-?\}}\}}(?!\}})"
_JINJA = re.compile(f"{_STATEMENT}|{_VALUE}")
_CODE = re.compile(r"(`+)(?!`).{1,2000}?(?<!`)\1(?!`)", re.DOTALL)
_CHAT = re.compile(
    r"\{\{-?\s*(?:user|char|bot|system|prompt|instruction|input|output|response|question|answer|context|message|query)s?\s*-?\}\}", re.I
)


def refuse_template(body: Body, matter: FrontMatter | None) -> None:
    """Raise CardError when a card outside of code holds what Jinja replaces; placeholders of prompts are text."""
    for offset, found in _found(body, matter):
        place = body.text.place(offset)
        hint = "fill the template in first; update the card that comes out, or put examples into a code block"
        raise refused("CG407", f'the card is a template: it holds "{printable(found, 60)}"', hint, place)


def _found(body: Body, matter: FrontMatter | None) -> Iterator[tuple[int, str]]:
    content = body.text.content
    if "{{" not in content and "{%" not in content:
        return
    if matter:
        # in YAML a value in quotes may hold anything; a line that Jinja fills is not YAML
        match = re.compile(r"^[ \t]*(?:\{\{[^\r\n]*\}\}|\{%[^\r\n]*%\})|:[ \t]+\{\{[^\r\n]*\}\}", re.MULTILINE).search(matter.source)
        if match:
            yield matter.begin + match.start() + len(match[0]) - len(match[0].lstrip(": \t")), match[0].lstrip(": \t")
    for block in body.blocks:
        for token in block.tokens:
            if token.type not in ("inline", "html_block") or "{" not in token.content or not token.map:
                continue
            match = _jinja(_CODE.sub(lambda code: " " * len(code[0]), token.content) if token.type == "inline" else token.content)
            if match:
                line = token.map[0] + body.first + match.string.count("\n", 0, match.start())
                begin = body.text.offset(line)
                at = body.text.line(line).find(match[0].split("\n")[0])
                yield begin + max(at, 0), match[0]


def _jinja(text: str) -> re.Match[str] | None:
    return next((match for match in _JINJA.finditer(text) if not _CHAT.fullmatch(match[0])), None)
