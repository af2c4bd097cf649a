"""What ``publish`` does: the card of a repository merged with the section of a run, its assets and the run file, in one commit.

A card is always merged at a commit, and written on top of that commit or not at all.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cardgen import __version__
from cardgen.placing.links import DATA, FOLDER, REPORT, folder_of
from cardgen.problems import CardgenError, Placed

if TYPE_CHECKING:
    from cardgen.hub import Committed, Repository, Stored
    from cardgen.placing.footprint import Footprint

CARD = "README.md"
RUN = "run.yaml"
TRIES = 2  # the second from the new head, where somebody else wrote meanwhile


@dataclass(frozen=True)
class Merge:
    """What a commit on top of a head writes and removes, by the paths in the repository; nothing where all is as it should be."""

    head: str
    before: bytes | None
    after: bytes
    files: Mapping[str, bytes]
    removed: tuple[str, ...]
    notes: tuple[Placed, ...]

    def __bool__(self) -> bool:
        return bool(self.files or self.removed)


@dataclass(frozen=True)
class Source:
    """The run to publish: its footprint, and the content of its run file, or None where a saved assessment stands in its place."""

    footprint: Footprint
    run: bytes | None


class CardRefused(Exception):
    """The Hub does not accept the front matter: the text says why, ``line`` is where the key that it names stands in the card."""

    def __init__(self, said: str, line: int) -> None:
        super().__init__(said)
        self.line = line


def merge(repository: Repository, source: Source, *, metadata: str = "auto", **options: Any) -> Merge:
    """Return what is to be written on top of the head of a repository.

    The options are those of ``cardgen.cards.edit.update``, which raises CardError for a card that cannot be edited safely.
    A repository without a card gets one, with front matter.
    """
    from cardgen.cards.edit import front_matter, update

    head = repository.head()
    before = repository.read(CARD, head)
    folder = _folder(before or b"")
    run = _run(before or b"", folder) if source.run is not None else folder + DATA
    section = _Section(source.footprint, folder)
    metadata = "always" if before is None and metadata == "auto" else metadata
    edit = update(before or b"", run=run, section=section, emissions=source.footprint.emissions, metadata=metadata, **options)
    wanted = {CARD: edit.content, **dict(_assets(source, folder, run, section.digest))}
    there = _listed(repository, head, {posixpath.dirname(path) for path in wanted})
    files = {path: content for path, content in wanted.items() if not _same(content, there.get(path))}
    removed = tuple(_stale(repository, source.footprint, head, folder, there))
    about = () if metadata == "never" or (metadata == "auto" and front_matter(before or b"") is None) else source.footprint.notes
    return Merge(head, before, edit.content, files, removed, (*about, *edit.notes))


def publish(merged: Callable[[], Merge], repository: Repository, *, message: str, create_pr: bool) -> tuple[Merge, Committed | None]:
    """Return what was written and the commit that wrote it, or None where nothing was to be written.

    ``merged`` gives the merge with the head of the moment: it is called again when somebody else wrote meanwhile, once.
    """
    from cardgen.hub import Conflict, MetadataError

    for _ in range(TRIES):
        found = merged()
        if not found:
            return found, None
        try:
            return found, repository.commit(found.files, found.removed, parent=found.head, message=message, create_pr=create_pr)
        except Conflict:
            continue
        except MetadataError as error:
            raise CardRefused(str(error), _line(found.before or b"", str(error))) from None
    what = f"{repository.name}: somebody else wrote to it, twice while this was published; nothing was written"
    raise CardgenError(what, 4, "publish again when they are done")


def unified(found: Merge) -> bytes:
    """Return the difference that a merge makes to the card, as patch and git apply read it."""
    from cardgen.placing.updating import Plan
    from cardgen.placing.updating import unified as difference

    return difference(Plan(Path(CARD), found.before or b"", found.after, (), ()))


def _line(card: bytes, said: str) -> int:
    """Return the line of the key that a remark of the Hub begins with, as in ``"license" must be a string``, else 1."""
    named = re.match(r'"([\w-]+)', said)
    found = re.search(rb"^%s[ \t]*:" % re.escape(named[1]).encode(), card, re.MULTILINE) if named else None
    return card.count(b"\n", 0, found.start()) + 1 if found else 1


def _folder(card: bytes) -> str:
    """Return the folder of the assets, with a slash at its end: the one that the card links to where it is in the repository."""
    return f"{FOLDER}/" if (found := _inside(folder_of(Path(CARD), card).as_posix())) is None else f"{found}/" if found != "." else ""


def _run(card: bytes, folder: str) -> str:
    """Return the path of the run file: the one that the card names where it is a YAML file in the repository."""
    from cardgen.cards.edit import marked_run

    named = _inside(marked_run(card) or "/")
    return named if named and PurePosixPath(named).suffix in (".yaml", ".yml") else folder + RUN


def _inside(path: str) -> str | None:
    """Return a path in the repository in its shortest form, or None for one that leads out of it or that no marker can hold.

    >>> _inside("./environment/run.yaml"), _inside("../run.yaml"), _inside("/run.yaml")
    ('environment/run.yaml', None, None)
    """
    found = posixpath.normpath(path)
    unfit = found.startswith(("/", "..", ".git/")) or any(part in found for part in ("\\", ":", "--", ">")) or not found.isprintable()
    return None if unfit else found


class _Section:
    """The section of a card as ``cardgen update`` writes it, and the digest of it that the report carries."""

    def __init__(self, footprint: Footprint, folder: str) -> None:
        self.footprint, self.folder, self.digest = footprint, folder, ""

    def __call__(self, heading: str | None, level: int) -> str:
        from cardgen.placing.footprint import digest_of

        text = self.footprint.section(self.folder, heading, level).strip()
        self.digest = digest_of(json.dumps([__version__, self.footprint.digests[REPORT], self.folder, heading, level]), text)
        return text


def _assets(source: Source, folder: str, run: str, section: str) -> Iterator[tuple[str, bytes]]:
    """Yield what stands beside the card: data, report, charts and run file."""
    for name in (DATA, *source.footprint.digests):
        yield folder + name, source.footprint.content(name, section)
    if source.run is not None:
        yield run, source.run


def _listed(repository: Repository, head: str, folders: set[str]) -> dict[str, Stored]:
    return {path: stored for folder in sorted(folders) for path, stored in repository.files(folder, head).items()}


def _same(content: bytes, stored: Stored | None) -> bool:
    """Return whether a file on the Hub has this content, by the name that git gives it."""
    if stored is None:
        return False
    if stored.sha256 is not None:
        return hashlib.sha256(content).hexdigest() == stored.sha256
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == stored.blob


def _stale(repository: Repository, footprint: Footprint, head: str, folder: str, there: Mapping[str, Stored]) -> Iterator[str]:
    """Yield the charts of an earlier publication that show nothing of this run; files that carry no digest are not ours."""
    from cardgen.charts import read_digest

    for path in sorted(there):
        name = path.removeprefix(folder)
        if not name.startswith("charts/") or not name.endswith(".svg") or name in footprint.digests:
            continue
        digest = read_digest(repository.read(path, head) or b"")
        if digest and digest not in footprint.digests.values():
            yield path
