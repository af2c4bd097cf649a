"""Where the run file goes: tried before a long run starts, and never lost at its end."""

from __future__ import annotations

import os
from pathlib import Path

from cardgen.numbers import quantity
from cardgen.problems import CardgenError
from cardgen.recording.measured import Measured
from cardgen.writing import write


def prepare(path: Path, force: bool = False, way: str = "force=True") -> None:
    """Make the folder and try to write into it; raises CardgenError where a file is there already, or nothing can be written.

    ``way`` is what the caller says to have a file replaced.
    """
    if path.is_dir():
        raise CardgenError(f"{path}: is a folder", 2, "name a file in it, as in -o run.yaml")
    if os.path.lexists(path) and not force:
        raise CardgenError(f"{path} is there already", 2, f"name another file, or replace this one: {way}")
    trial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        hint = "nothing was started; check the folder and its rights"
        raise CardgenError(f"{path}: cannot be written: {error.strerror or error}", hint=hint) from None


def put(path: Path, text: str, force: bool = False) -> Path:
    """Write the run file in one step and return where it stands: beside a file that has come into being meanwhile, not over it."""
    target = path if force else free(path)
    write(target, text.encode("utf-8", "backslashreplace"))
    return target


def written(path: Path, measured: Measured) -> tuple[str, str]:
    """Return the sentences that end a recording: what was written, and what to do next."""
    return f"wrote {path} ({amount(measured)})", f"next: cardgen assess {path}"


def amount(measured: Measured) -> str:
    """Return the energy of a run with its boundary, in a few words."""
    energy = measured.energy
    return "energy not measured" if energy.kwh is None else f"{quantity(energy.kwh, 'kWh')}, {energy.boundary}, {energy.basis}"


def free(path: Path) -> Path:
    """Return the path, or where something is there already, the next one: run-2.yaml, run-3.yaml."""
    number, candidate = 2, path
    while os.path.lexists(candidate):
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate
