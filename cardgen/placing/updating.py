"""What ``update`` does with a card: which files are to be written and removed, as data; then in an order that bears a kill.

Assets come first, the card after them, and what no card links to any more goes last: whoever reads the card at any moment
finds the charts that it shows.
"""

from __future__ import annotations

import glob
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cardgen import __version__
from cardgen.placing.footprint import Footprint, digest_of
from cardgen.placing.links import DATA, REPORT, section_in, to_folder
from cardgen.problems import CardgenError, Placed

HEAD = 4096  # bytes of a file that its digest stands in
LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Change:
    """A file that is to be created, written or removed; ``before`` is what a card held when the change was made out."""

    kind: Literal["create", "write", "remove"]
    path: Path
    content: Callable[[], bytes] | None = None
    before: bytes | None = None


@dataclass(frozen=True)
class Plan:
    """What an update does to a card and its assets, in the order of writing; without changes all is as it should be."""

    card: Path
    before: bytes
    after: bytes
    changes: tuple[Change, ...]
    notes: tuple[Placed, ...]


def read_card(path: Path) -> bytes:
    """Return the bytes of a card; raises CardgenError for what is no ordinary file or cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CardgenError(f"{path}: is not an ordinary file, expected a card", hint="name a file such as README.md")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise CardgenError(f"{str(path)!r}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST:
        raise CardgenError(f"{path}: is larger than 64 MiB, which no card is")
    return content


def plan(card: Path, before: bytes, footprint: Footprint, *, run: str, run_file: Path, folder: Path, **options: Any) -> Plan:
    """Return what an update does to a card.

    ``run`` is the path of the run file in the marker, ``folder`` that of the assets; the other options are those of
    ``cardgen.cards.edit.update``, which raises CardError for a card that cannot be edited safely.
    """
    from cardgen.cards.edit import update

    link, there, known = to_folder(folder, card), section_in(before), _section_digest(_head(folder / REPORT))
    digest = ""

    def section(heading: str | None, level: int) -> str:
        nonlocal digest
        made_of = json.dumps([__version__, footprint.digests[REPORT], link, heading, level])
        if there and known == digest_of(made_of, there):  # it was made from the same and nobody touched it
            digest = known
            return there
        text = footprint.section(link, heading, level).strip()
        digest = digest_of(made_of, text)
        return text

    edit = update(before, run=run, emissions=footprint.emissions, section=section, **options)
    changes = [*_assets(footprint, folder, run_file, digest)]
    if edit.content != before:
        changes.append(Change("write", card, lambda: edit.content, before))
    changes += [Change("remove", path) for path in _stale(folder, footprint.digests)]
    return Plan(card, before, edit.content, tuple(changes), (*edit.notes, *_about_metadata(before, footprint, options)))


def _section_digest(report: bytes | None) -> str | None:
    """Return the digest of the section that was written with a report."""
    found = re.search(rb'data-section="([0-9a-f]{64})"', report or b"")
    return found[1].decode() if found else None


def _about_metadata(card: bytes, footprint: Footprint, options: Mapping[str, Any]) -> tuple[Placed, ...]:
    """Return what is to be said about the emissions, where the card has a place for them or is to get one."""
    from cardgen.cards.edit import front_matter

    wanted = options.get("metadata", "auto")
    if not footprint.notes or wanted == "never" or (wanted == "auto" and front_matter(card) is None):
        return ()
    return footprint.notes


def elsewhere(folder: Path, card: bytes, document: Mapping[str, Any]) -> str:
    """Return whose data a folder holds, where a card that has no section yet would take it over; nothing where it may."""
    from cardgen.cards.edit import marked_run

    try:
        model = json.loads((folder / DATA).read_bytes())["model"]["name"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return str(model) if model != document["model"]["name"] and marked_run(card) is None else ""


def carry_out(plan: Plan, folder: Path) -> Iterator[Change]:
    """Make the changes of a plan and yield each; raises CardgenError where the disk refuses, and stops there."""
    from cardgen.writing import remove_leftovers, write

    real = plan.card.resolve()
    for where, names in ((real.parent, glob.escape(real.name)), (folder, "*.json"), (folder, "*.html"), (folder / "charts", "*.svg")):
        remove_leftovers(where, names)
    for change in plan.changes:
        if change.before is not None and read_card(change.path) != change.before:
            raise CardgenError(f"{change.path}: was changed by somebody else meanwhile, and is left alone", hint="update it again")
        if change.content is not None:
            write(change.path, change.content())
        else:
            _remove(change.path)
        yield change


def unified(plan: Plan) -> bytes:
    """Return the difference that an update makes to a card, as patch and git apply read it; nothing where there is none."""
    import difflib

    name = plan.card.as_posix().encode("utf-8", "replace")
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(plan.before), _lines(plan.after), name, name)
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)


def _assets(footprint: Footprint, folder: Path, run_file: Path, section: str) -> Iterator[Change]:
    """Yield the assets that are missing or show something else; the file that the assessment was read from is left alone."""
    for name in (DATA, *footprint.digests):
        path = folder / name
        head = _head(path)
        if head is not None and _current(path, head, name, footprint):
            continue
        if name == DATA and head is not None and os.path.samefile(path, run_file):
            continue
        yield Change("create" if head is None else "write", path, lambda name=name: footprint.content(name, section))  # type: ignore[misc]


def _current(path: Path, head: bytes, name: str, footprint: Footprint) -> bool:
    """Return whether a file shows what it should: the data by its values, what is drawn by its digest and its end."""
    from cardgen.charts import read_digest

    if name == DATA:
        return _holds(path, footprint.document)
    if read_digest(head) != footprint.digests[name]:
        return False
    return _tail(path).rstrip().endswith(b"</html>" if name == REPORT else b"</svg>")


def _stale(folder: Path, digests: Mapping[str, str]) -> list[Path]:
    """Return the charts of an earlier update that show nothing of this assessment; files that carry no digest are not ours."""
    from cardgen.charts import read_digest

    found = sorted(path for ending in ("svg", "png") for path in (folder / "charts").glob(f"*.{ending}") if path.is_file())
    others = ((path, read_digest(_head(path) or b"")) for path in found if f"charts/{path.name}" not in digests)
    return [path for path, digest in others if digest and digest not in digests.values()]


def _head(path: Path) -> bytes | None:
    """Return the first bytes of a file, or None where there is none; raises CardgenError where something else is there."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CardgenError(f"{path}: is not an ordinary file", hint="name another folder with --assets")
        with path.open("rb") as file:
            return file.read(HEAD)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CardgenError(f"{path}: cannot be read: {error.strerror or error}", hint="check the folder and its rights") from None


def _holds(path: Path, document: Mapping[str, Any]) -> bool:
    """Return whether a file holds the same data, whatever its line endings."""
    try:
        return bool(json.loads(path.read_bytes()) == document)
    except (ValueError, RecursionError):
        return False


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 16, 0))
        return file.read()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CardgenError(f"{path}: cannot be removed: {error.strerror or error}", hint="check the folder and its rights") from None


def _lines(content: bytes) -> Sequence[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+\Z", content)
