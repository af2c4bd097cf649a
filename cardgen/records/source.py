"""A file as an importer sees it: text in pieces, so that a log of a gigabyte takes no more memory than one of a kilobyte."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from cardgen.problems import CardgenError, Placed, printable

HEAD = 64 * 1024  # what a tool is recognised by
MAX_LINE = 1024 * 1024  # characters of a line that may hold JSON
LOG_LINE = 64 * 1024  # characters of a line of a log
AGAIN = "write or copy the file again"
MAX_WHOLE = 64 * 1024 * 1024  # what is read at once, as JSON must be
_WINDOWS = "cp1252"
_UNDEFINED = b"\x00\x81\x8d\x8f\x90\x9d"  # bytes that no text in Windows-1252 has
_LINE_END = re.compile(r"\r\n|\r|\n")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class Unreadable(Exception):
    """A file that cannot be read as what it seems to be; ``problem`` says where."""

    def __init__(self, problem: Placed) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Source:
    """A file by its name as it was given; ``short`` is what a run file may name: never a folder, never a person."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.short = "standard input" if name == "stdin" else path.name

    @cached_property
    def start(self) -> bytes:
        """Return the first bytes of the file."""
        with self.path.open("rb") as file:
            return file.read(HEAD)

    @cached_property
    def encoding(self) -> str:
        """Return the encoding: UTF-8; the one that a byte-order mark names, as PowerShell writes it; or Windows-1252, as Excel writes it,
        where the beginning is text in it and not in UTF-8.
        """
        named = next((name for mark, name in _MARKS if self.start.startswith(mark)), None)
        if named:
            return named
        try:
            codecs.getincrementaldecoder("utf-8")().decode(self.start)  # its end may lie within a character
        except UnicodeDecodeError:
            return "utf-8" if any(byte in self.start for byte in _UNDEFINED) else _WINDOWS
        return "utf-8"

    @property
    def is_windows_1252(self) -> bool:
        """Whether the file is not UTF-8 and is read as Windows-1252, which is likely and not certain."""
        return self.encoding == _WINDOWS

    @cached_property
    def head(self) -> str:
        """Return the beginning of the text, by which a tool is recognised; what is not text is replaced."""
        return self.start.decode(self.encoding, "replace")

    @cached_property
    def first_line(self) -> str:
        """Return the first line that is not empty, without its end; only what ends the lines of a file does."""
        return next((line for line in _LINE_END.split(self.head) if line.strip()), "")

    @cached_property
    def ends_in_newline(self) -> bool:
        """Return whether the last line has an end: one that has none may have been cut."""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 2))
            return file.read().rstrip(b"\x00")[-1:] in (b"\n", b"\r")

    def open(self) -> TextIO:
        """Return the text as a stream whose line ends are kept; a byte that is not text stands as a lone surrogate."""
        errors = "replace" if self.encoding == "utf-16" else "surrogateescape"  # half a character has no byte to stand for
        return self.path.open("r", encoding=self.encoding, errors=errors, newline="")

    def lines(self, most: int = MAX_LINE) -> Iterator[tuple[int, str]]:
        """Yield each line with its number from 1, without its end; raises Unreadable at what is no line of text."""
        with self.open() as file:
            for number, line in enumerate(bounded(file, most), 1):
                yield number, line.rstrip("\r\n")

    def text(self) -> str:
        """Return the whole text; raises Unreadable when it is too large."""
        if self.path.stat().st_size > MAX_WHOLE:
            size = MAX_WHOLE // 1024 // 1024
            raise Unreadable(Placed("CG505", f"the file is larger than {size} MiB", hint="give the part that holds the energy"))
        with self.open() as file:
            text = file.read()
        if "\0" in text:
            raise damaged(text.count("\n", 0, text.index("\0")) + 1)
        return text

    def json(self) -> Any:
        """Return the data of a JSON file; raises Unreadable with the place where it ends being JSON."""
        text = self.text()
        try:
            return json.loads(text, parse_constant=_no_number)
        except json.JSONDecodeError as error:
            cut = error.pos >= len(text.rstrip())
            message = "the file ends in the middle: it was cut" if cut else f"this is not JSON: {error.msg}"
            raise Unreadable(Placed("CG505", message, (), AGAIN, "error", error.lineno, error.colno)) from None
        except (RecursionError, ValueError) as error:
            raise Unreadable(Placed("CG505", f"this is not JSON that can be read: {printable(str(error), 100)}", (), AGAIN)) from None

    def line_of(self, text: str) -> int:
        """Return the first line of the beginning of the file that holds a text; 1 where none does."""
        before = self.head.partition(text)
        return before[0].count("\n") + 1 if before[1] else 1


def bounded(file: TextIO, most: int = MAX_LINE) -> Iterator[str]:
    """Yield the lines of a file; raises Unreadable at one that no tool writes: endless, or with bytes that a crash left."""
    for number, line in enumerate(iter(partial(file.readline, most), ""), 1):
        if len(line) == most and line[-1] != "\n":
            message = f"the line has {most:,} characters and more: the tool writes no such line"
            raise Unreadable(Placed("CG505", message, (), AGAIN, "error", number))
        if "\0" in line:
            raise damaged(number)
        yield line


def damaged(line: int) -> Unreadable:
    """Return what stops the reading at bytes of 0, which a file system leaves after a crash."""
    return Unreadable(Placed("CG505", "bytes of 0 stand in the text: the file was damaged", (), AGAIN, "error", line))


def _no_number(text: str) -> float:
    """Stand in for NaN and Infinity, which are no numbers of JSON: nothing was measured."""
    return float("nan")


def sources(names: tuple[str, ...]) -> tuple[list[Source], list[Source]]:
    """Return the files that were named, and those found in folders that were named; "-" is standard input.

    Raises CardgenError when a file cannot be read, or a folder holds too many.
    """
    named: list[Source] = []
    found: list[Source] = []
    for name in dict.fromkeys(names):
        if name == "-":
            if sys.stdin is None:
                raise CardgenError("standard input is closed", 4)
            named.append(Source("stdin", _kept(getattr(sys.stdin, "buffer", io.BytesIO()))))
            continue
        path = Path(name)
        try:
            if path.is_dir():
                inside = [Source(os.fspath(file), file) for file in _files(path)]
                if not inside:
                    raise CardgenError(f"{printable(name, 500)} holds no file", 2, "name the files, or the folder that they are in")
                found += inside
                continue
            with path.open("rb") as file:  # a pipe can be read once
                named.append(Source(name, path if path.is_file() else _kept(file)))
        except OSError as error:
            raise CardgenError(f"{printable(name, 500)}: cannot be read: {error.strerror or error}", 4) from None
        except ValueError:  # a NUL in the name
            raise CardgenError(f"{printable(name, 500)}: is not the name of a file", 2) from None
    unique = {source.path.resolve(): source for source in reversed([*named, *found])}
    return [s for s in named if unique[s.path.resolve()] is s], [s for s in found if unique[s.path.resolve()] is s]


MAX_FILES = 10_000


def _files(folder: Path) -> list[Path]:
    """Return the ordinary files below a folder in the order of their names, without hidden ones."""
    files: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(root, name) for name in sorted(names) if not name.startswith(".") and Path(root, name).is_file()]
        if len(files) > MAX_FILES:
            raise CardgenError(f"{printable(str(folder), 500)} holds more than {MAX_FILES:,} files", 2, "name the files")
    return files


def _kept(stream: BinaryIO) -> Path:
    """Return a temporary file with the content of a stream that can be read once, removed when the program ends."""
    import atexit
    import shutil

    with tempfile.NamedTemporaryFile(prefix="cardgen-", delete=False) as file:
        atexit.register(Path(file.name).unlink, missing_ok=True)
        shutil.copyfileobj(stream, file)
    return Path(file.name)
