"""Compose the events of PyYAML's parser into data with marks: no recursion, bounded, nothing of YAML 1.1."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cardgen.core.problem import Path, Problem, Severity
from cardgen.loading.document import UNREADABLE, Mark
from cardgen.loading.scalars import Trouble, resolve
from cardgen.loading.yaml_errors import explained
from cardgen.problems import Placed, printable

MAX_VALUES = 200_000
MAX_DEPTH = 64
MAX_PROBLEMS = 1_000

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_KEY = object()  # a mapping expects a key next
_DROPPED = object()  # the value that comes next has no place: its key was refused
_TAG = "tag:yaml.org,2002:"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # escaped in quotes; XML has no room for them
_TAGGED = {"str": str, "int": int, "float": (int, float), "bool": bool, "null": type(None)}


@dataclass
class Composed:
    """What was composed; ``finished`` is False when the text could not be read to its end."""

    data: object = None
    marks: Mark = Mark()
    problems: list[Problem] = field(default_factory=list)
    finished: bool = False


class _Stop(Exception):
    """Reading cannot go on; the problem is noted."""


@dataclass
class _Open:
    """A mapping or list that is being read."""

    value: Any
    mark: Mark
    anchor: str | None
    first: int
    key: Any = _NO_KEY
    key_place: tuple[int, int] = (1, 1)
    height: int = 1


def compose(text: str, repair: Callable[[str], str] | None = None) -> Composed:
    """Return the data of a text that holds one YAML document; ``repair`` is applied to each scalar that is in quotes."""
    composer = _Composer(repair)
    try:
        composer.run(_Parser(text))
        composer.result.finished = True
    except yaml.YAMLError as error:
        code, message, hint, line, column = explained(error, text)
        composer.result.problems.append(Placed(code, message, (), hint, "error", line, column))
    except _Stop:
        pass
    if not composer.result.finished:
        composer.result.data = None
    return composer.result


class _Composer:
    def __init__(self, repair: Callable[[str], str] | None) -> None:
        self.result = Composed()
        self.repair = repair
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[object, Mark, int, int] | None] = {}
        self.count = 0
        self.documents = 0

    def run(self, parser: Any) -> None:
        """Read all events; raises _Stop or yaml.YAMLError when that is not possible."""
        while True:
            event = parser.get_event()
            kind = type(event)
            if kind is ScalarEvent:
                self.scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.start(event, {} if kind is MappingStartEvent else [])
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.end()
            elif kind is AliasEvent:
                self.alias(event)
            elif kind is DocumentStartEvent:
                self.document(event)
            elif kind is StreamEndEvent:
                return

    def document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.stop("CG007", "a second document begins here, expected one", event, "keep one run to a file; remove the line ---")
        if event.version and tuple(event.version) != (1, 2):
            version = ".".join(map(str, event.version))
            self.note("CG018", f"the file says that it is YAML {version}; run files are YAML 1.2", event, "remove the line %YAML")

    def scalar(self, event: Any) -> None:
        mark = event.start_mark
        value: object
        if event.implicit[0]:
            value = resolve(event.value)
            if type(value) is Trouble:
                value = self.troubled(value, event)
        else:
            value = self.repair(event.value) if self.repair else event.value
            match = _UNFIT.search(value)
            if match:
                self.note("CG003", f"the character U+{ord(match[0]):04X} does not belong in a run file", event, "remove its escape")
                value = UNREADABLE
            elif event.tag and event.tag != "!":
                value = self.tagged(event, value)
        self.counted(1, event)
        place = Mark(mark.line + 1, mark.column + 1)
        if event.anchor:
            self.anchors[event.anchor] = (value, place, 1, 0)
        self.add(value, place, event)

    def troubled(self, trouble: Trouble, event: Any) -> object:
        if self.open and type(self.open[-1].value) is dict and self.open[-1].key is _NO_KEY:
            return event.value  # a key is looked up as it is written
        self.note(trouble.code, trouble.message, event, trouble.hint, trouble.severity)
        return trouble.value

    def tagged(self, event: Any, value: object) -> object:
        kind = event.tag.removeprefix(_TAG)
        if kind == "str":
            return value
        resolved = resolve(event.value)
        if kind in _TAGGED and event.tag != kind and isinstance(resolved, _TAGGED[kind]):
            return resolved
        return self.refused_tag(event)

    def refused_tag(self, event: Any) -> object:
        tag = "!!" + event.tag.removeprefix(_TAG) if event.tag.startswith(_TAG) else event.tag
        self.note("CG011", f"the tag {printable(tag, 60)} has no meaning here", event, "remove it and write the value alone")
        return UNREADABLE

    def start(self, event: Any, value: dict | list) -> None:
        self.counted(1, event)
        if len(self.open) >= MAX_DEPTH:
            self.too_deep(event)
        if event.tag and event.tag not in ("!", _TAG + ("map" if type(value) is dict else "seq")):
            self.refused_tag(event)
        if event.anchor:
            self.anchors[event.anchor] = None
        mark = event.start_mark
        place = Mark(mark.line + 1, mark.column + 1, {} if type(value) is dict else [], {})
        self.open.append(_Open(value, place, event.anchor, self.count))

    def end(self) -> None:
        done = self.open.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.value, done.mark, self.count - done.first + 1, done.height)
        if self.open:
            self.open[-1].height = max(self.open[-1].height, done.height + 1)
        self.add(done.value, done.mark, None)

    def alias(self, event: Any) -> None:
        name = printable(event.anchor, 40)
        if event.anchor not in self.anchors:
            self.note("CG012", f"*{name} refers to nothing: no &{name} stands before it", event, "write the value itself")
            self.add(UNREADABLE, Mark(event.start_mark.line + 1, event.start_mark.column + 1), event)
            return
        known = self.anchors[event.anchor]
        if known is None:
            self.stop("CG012", f"*{name} stands inside the value that &{name} names: it would never end", event, "write the value itself")
        value, mark, size, height = known
        self.counted(size, event)
        if len(self.open) + height > MAX_DEPTH:
            self.too_deep(event)
        if self.open:
            self.open[-1].height = max(self.open[-1].height, height + 1)
        self.add(value, mark, event)

    def add(self, value: object, mark: Mark, event: Any) -> None:
        """Put a value where it belongs: into the innermost open mapping or list."""
        if not self.open:
            self.result.data, self.result.marks = value, mark
            return
        parent = self.open[-1]
        if type(parent.value) is list:
            parent.value.append(value)
            parent.mark.values.append(mark)
        elif parent.key is _NO_KEY:
            parent.key = self.key(value, mark, parent, event)
            parent.key_place = (mark.line, mark.column)
        else:
            if parent.key is not _DROPPED:
                parent.value[parent.key] = value
                parent.mark.values[parent.key] = mark
                parent.mark.keys[parent.key] = parent.key_place
            parent.key = _NO_KEY

    def key(self, value: object, mark: Mark, parent: _Open, event: Any) -> object:
        """Return the key, or _DROPPED when it cannot be one."""
        if type(value) is not str:
            if value is not UNREADABLE:
                self.note_at("CG009", "this key is not text", mark, "write keys as they stand in the documentation, without brackets")
            return _DROPPED
        if value == "<<" and event is not None and type(event) is ScalarEvent and event.implicit[0]:
            self.note_at("CG010", "merge keys (<<) are not part of YAML 1.2", mark, "write the keys out, or share a whole value: *name")
            return _DROPPED
        if value in parent.value:
            line, _ = parent.mark.keys[value]
            message = f"the key is there already, in line {line}"
            self.note_at("CG008", message, mark, "remove one of the two", (*self.path(), value))
            return _DROPPED
        return value

    def path(self) -> Path:
        """Return the path of the innermost open mapping or list."""
        outer = self.open[:-1]
        return tuple(o.key if type(o.value) is dict and isinstance(o.key, str) else len(o.value) for o in outer)

    def counted(self, size: int, event: Any) -> None:
        self.count += size
        if self.count > MAX_VALUES:
            self.stop("CG013", f"the file holds more than {MAX_VALUES:,} values, aliases written out", event, "split it into several runs")

    def too_deep(self, event: Any) -> None:
        self.stop("CG013", f"values are nested more than {MAX_DEPTH} deep", event, "a run file needs no more than ten levels")

    def note(self, code: str, message: str, event: Any, hint: str, severity: Severity = "error") -> None:
        self.note_at(code, message, Mark(event.start_mark.line + 1, event.start_mark.column + 1), hint, (), severity)

    def note_at(self, code: str, message: str, mark: Mark, hint: str, path: Path = (), severity: Severity = "error") -> None:
        self.result.problems.append(Placed(code, message, path, hint, severity, mark.line, mark.column))
        if len(self.result.problems) >= MAX_PROBLEMS:
            message = f"there are more than {MAX_PROBLEMS:,} problems; the rest is not shown"
            self.result.problems.append(Placed("CG100", message, (), "correct these first", "error", mark.line, mark.column))
            raise _Stop

    def stop(self, code: str, message: str, event: Any, hint: str) -> None:
        self.note(code, message, event, hint)
        raise _Stop
