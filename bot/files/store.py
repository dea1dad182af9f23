"""The folder where files lie: written whole or not at all, under names that nobody can guess."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = re.compile(r"[0-9a-f]{32}")
_INCOMING = "incoming"


def new_key() -> str:
    """Return a name that nobody can guess."""
    return secrets.token_hex(16)


class FileStore:
    """The folder with everybody's files; every process of the service must see the same one.

    Its methods wait for the disk: call them in a thread.

    Args:
        folder: Made when the first file comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        """Return where the file with this key lies, if it does.

        Raises:
            ValueError: It is no key; nothing else ever becomes part of a path.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("not a key")
        return self._folder / key[:2] / key

    def incoming(self, now: datetime) -> Path:
        """Return a new empty file to write into; only this system user may read it."""
        folder = self._folder / _INCOMING
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f"{int(now.timestamp())}-")
        os.close(handle)
        return Path(name)

    def keep(self, written: Path, key: str, now: datetime) -> None:
        """Move a written file to its place, on the disk for good when this returns.

        Its time is set to `now`, by which `kept_before` goes.
        """
        place = self.path(key)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(written, (now.timestamp(), now.timestamp()))
        _sync(written)
        written.replace(place)
        _sync(place.parent)

    def copy(self, key: str, other: str, now: datetime) -> None:
        """Keep a file's content under another key as well, on the disk for good when this returns."""
        written = self.incoming(now)
        shutil.copyfile(self.path(key), written)
        self.keep(written, other, now)

    def remove(self, key: str) -> None:
        """Remove a file; nothing happens when it is gone already."""
        self.path(key).unlink(missing_ok=True)

    def kept_before(self, moment: datetime) -> Iterator[str]:
        """Yield the keys of files that were kept before a moment."""
        for place in self._folder.glob("??/*"):
            if _KEY.fullmatch(place.name) and _is_older(place, moment):
                yield place.name

    def clear_incoming(self, moment: datetime) -> int:
        """Remove what was begun before a moment and never finished; return how many files it was."""
        cleared = 0
        for left in self._folder.glob(f"{_INCOMING}/*-*"):
            begun = left.name.partition("-")[0]
            if begun.isdecimal() and int(begun) < moment.timestamp():
                left.unlink(missing_ok=True)
                cleared += 1
        return cleared


def _is_older(path: Path, moment: datetime) -> bool:
    with suppress(FileNotFoundError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment
    return False


def _sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
