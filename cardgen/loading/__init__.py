"""Read a run file: bytes -> data with positions, or problems. YAML 1.2 (core schema), which JSON is a part of.

Whatever the bytes are, reading ends soon: size, nesting and the number of values are bounded, nothing is recursive.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path as File

from cardgen.core.problem import Problem
from cardgen.loading.composing import compose
from cardgen.loading.document import Document, Mark
from cardgen.problems import CardgenError, Placed, printable

MAX_BYTES = 8 * 1024 * 1024

_BREAK = re.compile(r"\r\n|\r|\n")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
}  # fmt: skip
_SURROGATES = re.compile(r"\\u[dD]([89abAB][0-9a-fA-F]{2})\\u[dD]([c-fC-F][0-9a-fA-F]{2})")


def read(path: str) -> Document:
    """Return the document in a file; "-" is standard input. Raises CardgenError when it cannot be read."""
    return load(content_of(path), "stdin" if path == "-" else path)


def content_of(path: str) -> bytes:
    """Return the bytes of a file, "-" is standard input; of one that is too large, enough to tell. Raises CardgenError."""
    try:
        if path == "-" and sys.stdin is None:
            raise CardgenError("standard input is closed", 4)
        if path == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with File(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CardgenError(f"{printable(path, 500)}: cannot be read: {error.strerror or error}", 4) from None
    except ValueError:  # a NUL in the name
        raise CardgenError(f"{printable(path, 500)}: is not the name of a file", 2) from None


def load(content: bytes, name: str) -> Document:
    """Return the document in the content of a file. Its ``problems`` say what is wrong; any bytes give a document.

    >>> load(b"cardgen: 1", "run.yaml").data
    {'cardgen': 1}
    """
    text = _text(content)
    if isinstance(text, Problem):
        return Document(None, name=name, problems=(text,))
    pairs = _SURROGATES.search(text) is not None
    composed = compose(_SURROGATES.sub(_stand_in, text) if pairs else text, _joined if pairs else None)
    problems = list(composed.problems)
    data = composed.data if isinstance(composed.data, dict) else None
    if composed.finished and data is None and not any(p.severity == "error" for p in problems):
        problems.append(_not_a_mapping(composed.data, composed.marks))
    return Document(data, composed.marks, name, tuple(problems), text)


def _text(content: bytes) -> str | Problem:
    """Return the text that the bytes are in UTF-8, without a byte-order mark, or what speaks against it."""
    if len(content) > MAX_BYTES:
        return Placed("CG004", "the file is larger than 8 MiB", hint="a run file describes one release; split it, or leave logs out")
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return Placed("CG002", f"the file is in {encoding}, expected UTF-8", hint="save it as UTF-8")
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = content[error.start]
        line, column = _position(content[: error.start].decode("utf-8"))
        return Placed("CG002", f"byte 0x{byte:02X} is not UTF-8", (), "save the file as UTF-8", "error", line, column)
    match = _FORBIDDEN.search(text)
    if match:
        line, column = _position(text[: match.start()])
        message = f"the character U+{ord(match[0]):04X} does not belong in a run file"
        return Placed("CG003", message, (), "remove it; an editor that shows invisible characters helps", "error", line, column)
    return text


def _position(before: str) -> tuple[int, int]:
    """Return line and column, from 1, of what follows a text."""
    breaks = list(_BREAK.finditer(before))
    return len(breaks) + 1, len(before) - (breaks[-1].end() if breaks else 0) + 1


def _not_a_mapping(data: object, marks: Mark) -> Problem:
    hint = 'start with "cardgen: 1"; `cardgen init` writes a skeleton'
    if data is None:
        return Placed("CG001", "the file is empty", (), hint, "error", marks.line, marks.column)
    found = "a list" if isinstance(data, list) else "a single value"
    return Placed("CG017", f"the file holds {found}, expected keys with values", (), hint, "error", marks.line, marks.column)


def _stand_in(pair: re.Match[str]) -> str:
    r"""Return two private characters for a pair of surrogates, as JSON writes 😀 (\ud83d\ude00) and YAML does not.

    They take up the same room, so that positions stay as they are.
    """
    high, low = (int("D" + half, 16) + 0x800 for half in pair.groups())
    return rf"\u{high:04X}\u{low:04X}"


def _joined(text: str) -> str:
    """Return the text with private characters replaced by what they stand for."""
    return re.sub("([\ue000-\ue3ff])([\ue400-\ue7ff])", lambda m: _character(m[1], m[2]), text)


def _character(high: str, low: str) -> str:
    return chr(0x10000 + ((ord(high) - 0xE000) << 10) + (ord(low) - 0xE400))
