"""Paths between a card, its run file and its assets: relative, with slashes, as they stand in the card."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from cardgen.problems import CardgenError, Placed, printable

FOLDER = "environment"  # beside the card
DATA = "assessment.json"
REPORT = "environmental-impact.html"

_BEGIN = re.compile(rb"<!--[ \t]*cardgen:begin[^\r\n]*?-->")
_END = re.compile(rb"<!--[ \t]*cardgen:end")
_DATA_LINK = re.compile(r"\]\(([^()\s]*)assessment\.json\)")
_ELSEWHERE = re.compile(r"/|\\|[A-Za-z][A-Za-z0-9+.\-]*:")  # absolute, a drive, or an address


def to_run(run: str, card: Path) -> str:
    """Return the path from a card to a run file, for the marker; raises CardgenError where no marker can hold it."""
    if run == "-":
        raise CardgenError("--run -: the card has to name its run file", 2, "save the run file beside the card")
    text = _between(Path(run), card.parent)
    if "--" in text or ">" in text or not text.isprintable() or text != text.strip():
        shown = printable(text, 200)
        hint = 'rename the file or its folder: without "--", ">", line breaks and spaces at its ends'
        raise CardgenError(f'{printable(str(card), 300)}: "{shown}" cannot stand in a comment, which would end there', 2, hint)
    if _ELSEWHERE.match(text):
        raise CardgenError(
            f"{printable(run, 300)}: no relative path leads there from {printable(str(card), 300)}", 2, "copy it beside the card"
        )
    return text


def from_marker(named: str | None, card: bytes) -> Placed | None:
    """Return what keeps the run file that a card names from being used, or None.

    >>> from_marker("environment/run.yaml", b"")
    >>> from_marker("/etc/run.yaml", b"").code
    'CG421'
    """
    if not named:
        message = "the card has no marker that names a run file"
        return Placed("CG425", message, hint="name it once: cardgen update CARD --run RUN")
    if _ELSEWHERE.match(named) or not named.isprintable():
        message = f'"{printable(named, 200)}" is not a path relative to the card'
        begin = _BEGIN.search(card)
        line = card[: begin.start() if begin else 0].count(b"\n") + 1
        return Placed("CG421", message, (), "name it again: cardgen update CARD --run RUN", "error", line)
    return None


def run_beside(card: Path, named: str) -> Path:
    """Return the run file that a marker names."""
    return card.parent.joinpath(*PurePosixPath(named).parts)


def section_in(card: bytes) -> str | None:
    """Return the section that stands in a card, with LF at the ends of its lines, or None."""
    begin = _BEGIN.search(card)
    end = _END.search(card, begin.end()) if begin else None
    if begin is None or end is None:
        return None
    return re.sub(r"\r\n?", "\n", card[begin.end() : end.start()].decode("utf-8", "replace")).strip()


def folder_of(card: Path, content: bytes) -> Path:
    """Return the folder of a card's assets: the one that its section links to, else the usual one."""
    found = [unquote(link) for link in _DATA_LINK.findall(section_in(content) or "")]
    if not found or _ELSEWHERE.match(found[-1]) or not found[-1].isprintable():
        return card.parent / FOLDER
    return card.parent.joinpath(*PurePosixPath(found[-1]).parts)


def to_folder(folder: Path, card: Path) -> str:
    """Return the path from a card to its assets, with a slash at its end where there is a folder between."""
    text = os.path.relpath(os.path.abspath(folder), os.path.abspath(card.parent)).replace(os.sep, "/")
    return "" if text == "." else f"{text}/"


def shown_below(folder: str) -> str:
    """Return the line of a section that leads to the report and the data."""
    at = quote(folder, safe="/.-_~")
    return f"The [report]({at}{REPORT}) shows every step, the [assessment]({at}{DATA}) holds every figure.\n"


def _between(target: Path, folder: Path) -> str:
    """Return the path from a folder to a file; where symbolic links lie between, one that leads there all the same."""
    found = os.path.relpath(os.path.abspath(target), os.path.abspath(folder))
    if not _same(folder / found, target):
        found = os.path.relpath(os.path.realpath(target), os.path.realpath(folder))
    return found.replace(os.sep, "/")


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return not other.exists()
