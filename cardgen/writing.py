"""Files are replaced in one step, keep their mode, and are left alone when nothing changed."""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from pathlib import Path

from cardgen.problems import CardgenError


def write(path: Path, content: bytes) -> bool:
    """Write a file in one step and return whether it changed; raises CardgenError when the disk refuses.

    A symbolic link stays one: its target is replaced. What is no ordinary file, such as a device, is refused. A kill at any
    moment leaves the old file or the new one; what it leaves beside them is removed by the next run.
    """
    try:
        target = path.resolve()
        old = target.stat() if target.exists() else None
        if old is not None and not stat.S_ISREG(old.st_mode):
            raise CardgenError(f"{path}: is not an ordinary file", hint="name another file or folder")
        if old is not None and target.read_bytes() == content:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target.parent, glob.escape(target.name))
        temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with open(temporary, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, old.st_mode & 0o7777 if old else 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        message = f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}"
        raise CardgenError(message, hint="check the folder, its rights and the space") from None
    return True


def remove_leftovers(folder: Path, names: str) -> None:
    """Remove what a killed run left beside files whose names match a pattern; a run that is alive is left alone."""
    for leftover in folder.glob(f".{names}.*.part"):
        number = leftover.name.split(".")[-2]
        if number.isdigit() and not _alive(int(number)):
            with contextlib.suppress(OSError):  # a folder that cannot be written to: writing says so
                leftover.unlink()


def _alive(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's, or a system that cannot tell
        return True
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
