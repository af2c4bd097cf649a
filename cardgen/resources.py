"""The files that come with cardgen: schemas, templates, pages about problems."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def resource(kind: str, name: str) -> str:
    """Return the text of a file that comes with cardgen, for example ``resource("schemas", "run.schema.json")``.

    An installed cardgen, zipped or not, holds the folder inside the package; a checkout holds it beside the package.
    """
    for folder in (files("cardgen") / kind, Path(__file__).parent.parent / kind):
        file = folder / name
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"{kind}/{name} is missing from this installation of cardgen")


def names(kind: str) -> list[str]:
    """Return the names of the files of a kind, sorted."""
    for folder in (files("cardgen") / kind, Path(__file__).parent.parent / kind):
        if folder.is_dir():
            return sorted(entry.name for entry in folder.iterdir())
    return []
