"""The front matter of a card: where it stands, what it says, and where it says so. YAML 1.1, as the Hub reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cardgen.cards.refusal import CardError, refused
from cardgen.cards.text import Text
from cardgen.core.problem import Path
from cardgen.problems import Placed, printable

if TYPE_CHECKING:
    from yaml import Node

KEY = "co2_eq_emissions"
HUB = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")  # as the Hub has it

_RULE = re.compile(r"\s*?(-{3,})([ \t]*)(\r\n|\r|\n|$)")
_KEYS = re.compile(r"(?:\s|#[^\r\n]*[\r\n])*[\"']?[A-Za-z_][\w.-]*[\"']? *:(?:\s|$)")
_CLOSING = re.compile(r"(?:\A|(?<=[\r\n]))(?:\.\.\.|-{3,}|[ \t]+---)[ \t]*(?=[\r\n]|\Z)")
_AS_THE_HUB = 'it begins with a line "---" and ends with one, with nothing else in them'


@dataclass(frozen=True)
class FrontMatter:
    """The YAML between the two lines ``---``, from one offset in the card to another."""

    text: Text
    begin: int
    end: int
    after: int  # where the body begins

    @property
    def source(self) -> str:
        """The YAML, the line break before the closing line included."""
        return self.text.content[self.begin : self.end]

    @cached_property
    def root(self) -> Node | None:
        """The mapping, None where there are only comments; raises CardError for what the Hub would not read."""
        root = composed(self)
        _checked(self, root)
        return root

    @cached_property
    def data(self) -> dict[Any, Any]:
        """What the front matter says; a value that cannot be understood is the text that stands there."""
        data = plain(self.root) if self.root is not None else {}
        return data if isinstance(data, dict) else {}

    def node(self, path: Path) -> Node | None:
        """Return the node of a value, None where there is none."""
        node = self.root
        for step in path:
            children = children_of(node) if node is not None else {}
            if step not in children:
                return None
            node = children[step]
        return node

    def mark(self, path: Path) -> tuple[int, int]:
        """Return line and column in the card of the value at a path, from 1, or of its nearest parent that exists."""
        while path and self.node(path) is None:
            path = path[:-1]
        node = self.node(path)
        return self.place(node.start_mark.index if node is not None else 0)

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column in the card of an index in the YAML."""
        return self.text.place(self.begin + index)


def delimited(text: Text) -> FrontMatter | None:
    """Return the front matter of a card, None where it has none; raises CardError where only the Hub sees none."""
    match = HUB.match(text.content)
    if match and not match[4] and text.ending == "\r":  # with anything after it, the Hub would not see the last line as the end
        message = "the Hub recognises no front matter in a card whose lines end with CR alone"
        raise refused("CG405", message, "save the card with LF or CRLF", text.place(match.end(3) - len(match[3].strip())))
    if match:
        line_break = re.compile(r"\r\n|\r|\n").match(match[3])
        return FrontMatter(text, match.end(1), match.end(2) + (line_break.end() if line_break else 0), match.end())
    rule = _RULE.match(text.content)
    if rule:
        _refuse_unrecognised(text, rule)
    return None


def _refuse_unrecognised(text: Text, rule: re.Match[str]) -> None:
    """Raise CardError when the line at the top was meant to open front matter; a thematic break is none."""
    place, rest = text.place(rule.start(1)), text.content[rule.end() :]
    closing = _CLOSING.search(rest)
    if closing and not rest[: closing.start()].strip():
        message = "the front matter is empty and the Hub does not recognise it: the two lines --- follow each other"
        raise refused("CG405", message, "remove the two lines, or put a blank line between them", place)
    if not _KEYS.match(rest):
        return
    if rule[1] != "---" or rule[2]:
        found = f'"{rule[1]}"' if rule[1] != "---" else "blanks after ---"
        raise refused("CG405", f"the Hub does not recognise this front matter: it opens with {found}", _AS_THE_HUB, place)
    if closing:
        line, column = text.place(rule.end() + closing.start())
        message = f'the Hub does not recognise this front matter: it closes with "{printable(closing[0].strip(), 20)}"'
        if closing[0].strip() == "---":
            message = "the Hub does not recognise this front matter: the line that closes it is indented, or ends with CR alone"
        raise refused("CG405", message, _AS_THE_HUB, (line, column))
    raise refused("CG402", "the front matter opens here and is never closed", 'put a line "---" after its last key', place)


def composed(matter: FrontMatter, as_the_hub: bool = False) -> Node | None:
    """Return the tree of the YAML with positions; raises CardError where it cannot be read.

    The Hub cuts the last line break off, which a block scalar in the end is shorter by.
    """
    import yaml

    try:
        loader = yaml.SafeLoader(re.sub(r"(?:\r\n|\r|\n)\Z", "", matter.source) if as_the_hub else matter.source)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        message = (
            f"the character U+{ord(error.character) if isinstance(error.character, str) else error.character:04X} is not allowed in YAML"
        )
        raise refused("CG403", message, "remove it", matter.place(error.position)) from None
    except yaml.YAMLError as error:
        raise _unreadable(matter, error) from None
    except RecursionError:
        raise refused(
            "CG403", "the front matter is nested too deep", "no key of a card needs more than ten levels", matter.place(0)
        ) from None
    except ValueError as error:  # an escape such as \UFFFFFFFF
        raise refused("CG403", f"the front matter is not YAML: {printable(str(error), 100)}", "correct it", matter.place(0)) from None


def _unreadable(matter: FrontMatter, error: Any) -> CardError:
    from cardgen.loading.yaml_errors import explained

    _, message, hint, line, column = explained(error, matter.source)
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark]
    mark = next((mark for mark in marks if (mark.line + 1, mark.column + 1) == (line, column)), marks[0] if marks else None)
    index = min(mark.index, len(matter.source)) if mark else 0
    before = re.split(r"[\r\n]", matter.source[: index + 1])[-1]
    if "\t" in before or matter.source[index : index + 1] == "\t":
        message, hint = "a tab stands where YAML, as the Hub's tools read it, takes only spaces", "replace the tab by a space"
    return refused("CG403", f"the front matter cannot be read: {message}", hint or "correct it", matter.place(index))


def _checked(matter: FrontMatter, root: Node | None) -> None:
    """Raise CardError for what is no mapping, and for keys that stand twice."""
    from yaml import MappingNode, ScalarNode

    if root is None:
        return
    if not isinstance(root, MappingNode):
        found = "text" if isinstance(root, ScalarNode) else "a list"
        hint = 'write keys with values, such as "license: mit"; for a rule at the top of a card use *** instead of ---'
        raise refused("CG404", f"the front matter is {found}, expected keys with values", hint, matter.place(root.start_mark.index))
    if root.flow_style:
        raise refused(
            "CG411", "the front matter is one value in braces", "write one key a line, without { and }", matter.place(root.start_mark.index)
        )
    ends = re.search(r"^\.\.\.(?=\s|$)", matter.source, re.MULTILINE)
    if ends:
        raise refused("CG405", 'the line "..." ends the YAML before the front matter ends', "remove the line", matter.place(ends.start()))
    problems = list(_duplicates(matter, root))
    if problems:
        raise CardError(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def _duplicates(matter: FrontMatter, root: Node) -> Iterator[Placed]:
    for node in nodes(root):
        seen: dict[tuple[str, str], int] = {}
        for key, _ in node.value if node.id == "mapping" else ():
            name = (key.tag, key.value) if key.id == "scalar" else ("", "")
            line, column = matter.place(key.start_mark.index)
            if name[0] and name in seen and not name[0].endswith(":merge"):
                message = f'the key "{printable(key.value, 60)}" is there already, in line {seen[name]}: the Hub refuses it'
                yield Placed("CG406", message, (), "remove one of the two", "error", line, column)
            seen.setdefault(name, line)


def nodes(root: Node) -> Iterator[Node]:
    """Return every node once, whatever aliases lead to it."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        inner = [] if node.id == "scalar" else node.value
        waiting.extend(child for entry in reversed(inner) for child in (entry if isinstance(entry, tuple) else (entry,)))


def ends_in_block(node: Node) -> bool:
    """Return whether the last text of a value is a block scalar, such as ``|`` begins: what follows then decides how it ends."""
    while node.id != "scalar" and not node.flow_style and node.value:
        node = node.value[-1][1] if node.id == "mapping" else node.value[-1]
    return node.id == "scalar" and node.style in ("|", ">")


def children_of(node: Node) -> dict[str | int, Node]:
    """Return the values in a mapping or list by key or position."""
    if node.id == "mapping":
        return {key.value: value for key, value in node.value if key.id == "scalar"}
    return dict(enumerate(node.value)) if node.id == "sequence" else {}


def scalar(node: Node) -> Any:
    """Return the value of a scalar as YAML 1.1 reads it, or the text that stands there."""
    from yaml.constructor import SafeConstructor

    try:
        return SafeConstructor().construct_object(node)
    except Exception:  # a date that is none, a tag that means nothing here: the text is what the card has
        return node.value


def plain(root: Node) -> Any:
    """Return a tree of nodes as data; what several aliases name is made once, and what holds itself holds None there."""
    done: dict[int, Any] = {}

    def made(node: Node) -> Any:
        if id(node) not in done:
            done[id(node)] = None
            if node.id == "scalar":
                done[id(node)] = scalar(node)
            elif node.id == "sequence":
                done[id(node)] = [made(child) for child in node.value]
            else:
                done[id(node)] = {key.value: made(value) for key, value in node.value if key.id == "scalar"}
        return done[id(node)]

    return made(root)
