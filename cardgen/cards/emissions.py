"""The one key of the front matter that cardgen writes, ``co2_eq_emissions``: its five keys, amounts in grams."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cardgen.cards.front_matter import KEY, FrontMatter, ends_in_block, nodes, scalar
from cardgen.cards.refusal import CardError, refused
from cardgen.cards.text import BLANK
from cardgen.problems import Placed, printable

if TYPE_CHECKING:
    from yaml import MappingNode, Node

KEYS = ("emissions", "source", "training_type", "geographical_location", "hardware_used")
LEAST = Decimal("0.0001")  # grams; readers print a smaller number with an exponent and misread that
_UNSAFE = re.compile('[\x00-\x1f"\\\\\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]')
_BREAK = re.compile(r"\r\n|\r|\n")
Edit = tuple[int, int, str]


@dataclass(frozen=True)
class Written:
    """What the block says, as YAML, and what is to be noted about it."""

    values: dict[str, str]
    notes: tuple[Placed, ...] = ()


def block(emissions: Mapping[str, object] | None) -> Written:
    """Return the five keys as YAML, without those that are not known; none without an amount, which readers expect.

    >>> block({"emissions": 1.25e7, "source": "cardgen"}).values
    {'emissions': '12500000', 'source': '"cardgen"'}
    """
    stated = {key: emissions[key] for key in KEYS if emissions.get(key) is not None} if emissions else {}
    if "emissions" not in stated:
        return Written({})
    grams = Decimal(str(stated.pop("emissions")))
    if not grams.is_finite() or grams < 0:
        raise ValueError(f"emissions of {grams} g cannot be written")
    if 0 < grams < LEAST:
        message = f"emissions of {grams:.2g} g are not written into the front matter: tools misread amounts below {LEAST} g"
        return Written({}, (Placed("CG418", message, (), "check the unit of the run file", "warning"),))
    return Written({"emissions": decimal(grams), **{key: quoted(str(value)) for key, value in stated.items()}})


def decimal(number: Decimal) -> str:
    """Return a number without exponent, and without zeros that say nothing.

    >>> decimal(Decimal("1.50E+3")), decimal(Decimal("0.2100"))
    ('1500', '0.21')
    """
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def quoted(text: str) -> str:
    r"""Return a text in double quotes, as every version of YAML reads it.

    >>> quoted('8 "H100"\n')
    '"8 \\"H100\\"\\n"'
    """
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + _UNSAFE.sub(lambda match: named.get(match[0]) or f"\\u{ord(match[0]):04X}", text) + '"'


def lines(values: Mapping[str, str], indent: str, ending: str) -> str:
    """Return the five keys as lines."""
    return "".join(f"{indent}{key}: {value}{ending}" for key, value in values.items())


def spliced(matter: FrontMatter, values: Mapping[str, str], replace: bool = False) -> tuple[list[Edit], tuple[Placed, ...]]:
    """Return the edits of the YAML that bring the block up to date, and notes; raises CardError where none is safe.

    Keys in it that are not ours stay, and so do ours for which the run has no value, these unless they are to be replaced.
    """
    root, ending = matter.root, matter.text.ending
    pair = next(((key, value) for key, value in root.value if key.value == KEY), None) if root is not None else None
    if pair is None:
        column = " " * (_column(root) if root is not None else 0)
        gap = "" if not matter.source or matter.source.endswith(("\n", "\r")) else ending
        end = len(matter.source)
        if root is not None and root.value and ends_in_block(root.value[-1][1]):
            gap, end = "", _line(root.value[-1][0])
        return [(end, end, f"{gap}{column}{KEY}:{ending}{lines(values, column + '  ', ending)}")], ()
    key, value = pair
    _refuse_shared(matter, key, value)
    colon = _colon(matter, key, value)
    if value.id == "sequence":
        raise _unsafe(matter, value, f"{KEY} is a list", "write it as keys with values, or remove it")
    notes = _replaced_text(matter, value)
    if value.id == "mapping" and not value.flow_style:
        return _in_block(matter, value, values, replace), notes
    others = [] if value.id == "scalar" else _others(matter, value, KEYS if replace else values)
    indent = " " * (key.start_mark.column + 2)
    after = _next_line(matter.source, value.end_mark.index)
    end = _trimmed(matter.source, colon, value.end_mark.index)
    text = lines(values, indent, ending) + "".join(f"{indent}{other}{ending}" for other in others)
    return [(colon, end, ""), (after, after, text)], notes


def _in_block(matter: FrontMatter, node: MappingNode, values: Mapping[str, str], replace: bool) -> list[Edit]:
    """Return the edits of a block that has a line for each key."""
    source, ending = matter.source, matter.text.ending
    there = {key.value: (key, value) for key, value in node.value}
    edits: list[Edit] = []
    last = max((pair for name, pair in there.items() if name in KEYS), key=lambda pair: pair[0].start_mark.index, default=node.value[-1])
    for name, (key, value) in there.items():
        if name in values and not same(value, values[name]):
            colon = _colon(matter, key, value)
            begin = value.start_mark.index if value.id == "scalar" and value.start_mark.line == key.end_mark.line else colon
            edits.append((begin, _trimmed(source, begin, _end(source, value)), ("" if begin > colon else " ") + values[name]))
        elif replace and name in KEYS and name not in values:
            edits.append((key.start_mark.index - key.start_mark.column, _next_line(source, _end(source, value)), ""))
    missing = {name: value for name, value in values.items() if name not in there}
    if missing:
        after = _line(last[0]) if last[0].value not in KEYS and ends_in_block(last[1]) else _next_line(source, _end(source, last[1]))
        gap = "" if source[:after].endswith(("\n", "\r")) else ending
        edits.append((after, after, gap + lines(missing, " " * _column(node), ending)))
    return edits


def _line(key: Node) -> int:
    """Return where the line of a key begins."""
    return key.start_mark.index - key.start_mark.column


def _column(mapping: MappingNode) -> int:
    """Return the column of the keys of a mapping; its own is that of its anchor, where it has one."""
    return mapping.value[0][0].start_mark.column if mapping.value else mapping.start_mark.column


def same(node: Node, value: str) -> bool:
    """Return whether a node says already what a value in YAML says."""
    if node.id != "scalar":
        return False
    found = scalar(node)
    if value.startswith('"'):
        return isinstance(found, str) and quoted(found) == value
    return isinstance(found, int | float) and not isinstance(found, bool) and found == float(value)


def _others(matter: FrontMatter, node: MappingNode, ours: Collection[str]) -> list[str]:
    """Return the keys of a mapping in braces that are not ours to write, each as a line."""
    found = []
    for key, value in node.value:
        text = matter.source[key.start_mark.index : value.end_mark.index]
        if key.value in ours:
            continue
        if _BREAK.search(text) or "#" in text or value.end_mark.index <= key.end_mark.index:
            raise _unsafe(matter, node, f"{KEY} is written in braces and holds more than cardgen can take over", "write one key a line")
        name, rest = matter.source[key.start_mark.index : key.end_mark.index], matter.source[value.start_mark.index : value.end_mark.index]
        found.append(f"{name}: {rest}")
    return found


def _replaced_text(matter: FrontMatter, value: Node) -> tuple[Placed, ...]:
    """Return a note for an amount that was text: its unit may not have been grams."""
    amounts = [value] if value.id == "scalar" else [v for k, v in value.value if k.value == "emissions" and v.id == "scalar"]
    return tuple(
        Placed("CG415", f'the amount was the text "{printable(found, 60)}"; it is now a number, in grams', (),
               "compare the two: the Hub reads this key in grams", "warning", *matter.place(amount.start_mark.index))
        for amount in amounts if isinstance(found := scalar(amount), str)
    )  # fmt: skip


def _refuse_shared(matter: FrontMatter, key: Node, value: Node) -> None:
    """Raise CardError when an anchor or alias joins the block with another part of the front matter."""
    if "*" not in matter.source:
        return
    import yaml

    begin, elsewhere = key.start_mark.index, value.start_mark.index < key.start_mark.index
    end = len(matter.source) if elsewhere else value.end_mark.index
    tokens = list(yaml.scan(matter.source, Loader=yaml.SafeLoader))
    inside = {t.value for t in tokens if isinstance(t, yaml.AnchorToken) and begin <= t.start_mark.index < end and not elsewhere}
    aliases = [token for token in tokens if isinstance(token, yaml.AliasToken)]
    joining = next((alias for alias in aliases if begin <= alias.start_mark.index < end or alias.value in inside), None)
    if joining:
        message = f"*{printable(joining.value, 40)} joins {KEY} with another part of the front matter"
        raise refused("CG411", message, "write the value itself instead of the alias", matter.place(joining.start_mark.index))


def _colon(matter: FrontMatter, key: Node, value: Node) -> int:
    """Return where a value may begin: after the colon that follows its key."""
    match = re.compile(r"[ ]*:").match(matter.source, key.end_mark.index)
    line = matter.source[: key.start_mark.index].rsplit("\n", 1)[-1].rsplit("\r", 1)[-1]
    if not match or line.strip():
        raise _unsafe(matter, value, f"{printable(key.value, 60)} is not written as a key with a colon", f'write it as in "{KEY}:"')
    return match.end()


def _end(source: str, node: Node) -> int:
    """Return where a value ends: its last text, without comments and blank lines that follow."""
    if node.id == "scalar" or node.flow_style or not node.value:
        return node.end_mark.index
    return max(_own_end(inner) for inner in nodes(node) if inner.start_mark.index >= node.start_mark.index)


def _own_end(node: Node) -> int:
    return node.end_mark.index if node.id == "scalar" or node.flow_style else node.start_mark.index


def _trimmed(source: str, begin: int, end: int) -> int:
    return begin + len(source[begin:end].rstrip(BLANK))


def _next_line(source: str, index: int) -> int:
    """Return where the line after an index begins; an index at the beginning of a line is one."""
    if index and source[index - 1] in "\r\n":
        return index
    match = _BREAK.search(source, index)
    return match.end() if match else len(source)


def _unsafe(matter: FrontMatter, node: Any, message: str, hint: str) -> CardError:
    return refused("CG411", message, hint, matter.place(node.start_mark.index))
