"""Files are replaced in one step, keep their mode, and are left alone when nothing changed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cardgen.problems import CardgenError


def write(path: Path, content: bytes) -> bool:
    """Write a file in one step and return whether it changed; raises CardgenError when the disk refuses.

    A symbolic link stays one: its target is replaced. A kill at any moment leaves the old file or the new one.
    """
    try:
        target = path.resolve()
        old = target.stat() if target.exists() else None
        if old is not None and target.read_bytes() == content:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, old.st_mode & 0o7777 if old else 0o666 & ~_umask())
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror or error}"
        raise CardgenError(message, hint="check the folder, its rights and the space") from None
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
