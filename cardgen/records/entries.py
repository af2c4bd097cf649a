"""The values of a JSON file with the lines that they stand on: one value, a list of them, or one after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cardgen.problems import Placed, printable
from cardgen.records.fields import json_number, quotable
from cardgen.records.record import Reading, Record
from cardgen.records.source import AGAIN, Source, Unreadable

_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Entry:
    """A value of a JSON file, with the piece of text that it was read from and the line where that begins."""

    value: Any
    text: str
    line: int

    def at(self, *keys: str) -> Any:
        """Return the value below these keys, None where there is none."""
        value = self.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def within(self, *keys: str) -> Entry:
        """Return the value below these keys as an entry."""
        position = self._position(keys)
        return Entry(self.at(*keys), self.text[position:], self.line + self.text.count("\n", 0, position))

    def line_of(self, *keys: str) -> int:
        """Return the line of a key; of the nearest one around it that is there."""
        return self.line + self.text.count("\n", 0, self._position(keys))

    def _position(self, keys: tuple[str, ...]) -> int:
        position = 0
        for key in keys:
            found = self.text.find(json.dumps(key), position)
            position = found if found >= 0 else position
        return position

    def string(self, *keys: str) -> str:
        """Return the text below these keys, "" where there is none."""
        value = self.at(*keys)
        return value.strip() if isinstance(value, str) else ""

    def items(self, *keys: str) -> list[Any]:
        """Return the list below these keys, an empty one where there is none."""
        value = self.at(*keys)
        return value if isinstance(value, list) else []

    def number(self, *keys: str, lowest: float = 0) -> float | None:
        """Return the number below these keys, None for null and where there is none; raises Unreadable for anything else."""
        value = self.at(*keys)
        if value is None or value == "":
            return None
        found = json_number(value)
        if found is None or found < lowest:
            shown = value if isinstance(value, str) else json.dumps(value)
            raise self.fault("CG503", f"{keys[-1]}: {quotable(shown)} is not a number that can stand there", *keys)
        return found

    def fault(self, code: str, message: str, *keys: str, hint: str = AGAIN) -> Unreadable:
        """Return the error to raise about the value below these keys."""
        return Unreadable(Placed(code, message, (), hint, "error", self.line_of(*keys)))


def entries(source: Source) -> Iterator[Entry]:
    """Yield the members of the list that a file holds, else its values one after the other.

    Raises Unreadable where the file ends being JSON, or states one key twice with different values.
    """
    text = source.text()
    position = _SPACE.match(text).end()  # type: ignore[union-attr]
    is_list = text[position : position + 1] == "["
    position, counted, line = position + is_list, 0, 1
    while True:
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]
        if is_list and text[position : position + 1] == "]":
            position = _SPACE.match(text, position + 1).end()  # type: ignore[union-attr]
            if position < len(text):
                raise Unreadable(_misplaced(text, position, "this is not JSON: something follows the list"))
            return
        if position >= len(text):
            if is_list:
                raise Unreadable(_misplaced(text, len(text), "the file ends in the middle: it was cut"))
            return
        value, end = _decoded(text, position)
        line, counted = line + text.count("\n", counted, position), position
        yield Entry(value, text[position:end], line)
        position = _SPACE.match(text, end).end()  # type: ignore[union-attr]
        if is_list and text[position : position + 1] == ",":
            position += 1
        elif is_list and position < len(text) and text[position] != "]":
            raise Unreadable(_misplaced(text, position, "this is not JSON: a comma is missing"))
        elif not is_list and position == end and position < len(text):
            raise Unreadable(_misplaced(text, position, "this is not JSON: something follows the value"))


def whole(source: Source) -> Any:
    """Return the data of a JSON file that holds one value; raises Unreadable as ``entries`` does."""
    return value_of(source.text())


def value_of(text: str, line: int = 1) -> Any:
    """Return the value that a text is, such as a line of a file; raises Unreadable where it is none, or more than one.

    >>> value_of(' {"a": [1, null]} ')
    {'a': [1, None]}
    """
    position = _SPACE.match(text).end()  # type: ignore[union-attr]
    try:
        value, end = _decoded(text, position)
        end = _SPACE.match(text, end).end()  # type: ignore[union-attr]
        if end < len(text):
            raise Unreadable(_misplaced(text, end, "this is not JSON: something follows the value"))
    except Unreadable as error:
        raise Unreadable(replace(error.problem, line=error.problem.line + line - 1)) from None
    return value


def _decoded(text: str, position: int) -> tuple[Any, int]:
    twice: list[str] = []

    def paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found and found[key] != value:
                twice.append(key)
            found[key] = value
        return found

    decoder = json.JSONDecoder(object_pairs_hook=paired, parse_constant=lambda _: float("nan"))
    try:
        value, end = decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        message = "the file ends in the middle: it was cut" if cut else f"this is not JSON: {error.msg}"
        raise Unreadable(Placed("CG505", message, (), AGAIN, "error", error.lineno, error.colno)) from None
    except (RecursionError, ValueError) as error:
        raise Unreadable(_misplaced(text, position, f"this is not JSON that can be read: {printable(str(error), 100)}")) from None
    if twice:
        second = text.find(json.dumps(twice[0]), text.find(json.dumps(twice[0]), position) + 1)
        message = f"the key {quotable(twice[0])} stands twice, with different values"
        raise Unreadable(_misplaced(text, max(second, position), message, "CG504"))
    return value, end


def _misplaced(text: str, position: int, message: str, code: str = "CG505") -> Placed:
    return Placed(code, message, (), AGAIN, "error", text.count("\n", 0, position) + 1)


def records(source: Source, reading: Reading, read: Callable[[Entry], Record | None]) -> Iterator[tuple[Entry, Record]]:
    """Yield each entry of a file with the record read from it; an entry that cannot be read is a problem, one that stands twice a note."""
    seen: dict[str, int] = {}
    for entry in entries(source):
        reading.rows += 1
        if not isinstance(entry.value, dict):
            reading.fault("CG503", entry.line, "this is not a record of the tool", AGAIN)
            continue
        same = json.dumps(entry.value, sort_keys=True)
        if same in seen:
            reading.note("merged", entry.line, f"the same as the record on line {seen[same]}: counted once")
            continue
        seen[same] = entry.line
        try:
            record = read(entry)
        except Unreadable as error:
            problem = error.problem
            reading.fault(problem.code, problem.line, problem.message, problem.hint)
            continue
        if record is not None:
            yield entry, record
