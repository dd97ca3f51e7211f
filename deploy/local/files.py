"""Files and folders that only their owner may read, written whole or not at all."""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local.errors import StartError

CHECKOUT: Final = Path(__file__).resolve().parents[2]
PRIVATE: Final = 0o600
OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600; a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with open(partial, "x", opener=_open_private) as file:
        file.write(text)
    partial.replace(path)


def own_folder(path: Path) -> Path:
    """Make a folder that everybody may enter and only we may change; refuse one of somebody else.

    For folders in a place where every user can write, such as /var/tmp. Raises StartError.
    """
    path.mkdir(mode=0o755, exist_ok=True)
    found = path.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid != os.geteuid()
        or found.st_mode & OTHERS_WRITE
    ):
        raise StartError(f"{path} belongs to somebody else: remove it and start again.")
    path.chmod(0o755)
    return path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let nobody else work in this folder meanwhile. Raises StartError when somebody does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            raise StartError(f"Redress already runs in {folder}: stop that one first.") from reason
        yield


def digest(text: str) -> str:
    """A short name for a path, the same every time."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
