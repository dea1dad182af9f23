"""Taking a file in: what it is, its picture drawn anew, its place in the folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bot.errors import FileRefused
from bot.files.kinds import FileKind, kind_of, media_type_of
from bot.files.names import clean_name
from bot.files.pictures import redrawn
from bot.files.sent import SentFile
from bot.files.wording import called

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.files.store import FileStore
    from bot.texts import Texts


def taken_in(
    store: FileStore,
    incoming: Path,
    name: str,
    key: str,
    now: datetime,
    largest: int,
    words: Texts,
) -> SentFile:
    """Take in a file that was written to `incoming`; it lies in the folder when this returns.

    Pictures are kept only as drawn anew: what is not kept cannot leak. Call it in a thread.

    Args:
        name: As it was sent; empty when it had none.
        largest: Bytes that a picture drawn anew without loss may have.
        words: The language of a name for what has none.

    Raises:
        FileRefused: It is empty, broken, or nothing that is accepted; `incoming` is left as it was.
    """
    try:
        media_type = media_type_of(incoming, name)
    except FileRefused as error:
        shown = clean_name(name, "", called(FileKind.DOCUMENT, words))
        raise FileRefused(error.why, shown) from None
    kind = kind_of(media_type)
    otherwise = called(kind, words)
    if kind is not FileKind.PICTURE:
        return _kept(store, incoming, clean_name(name, media_type, otherwise), media_type, key, now)
    drawn = store.incoming(now)
    try:
        media_type = redrawn(incoming, drawn, clean_name(name, media_type, otherwise), largest)
        return _kept(store, drawn, clean_name(name, media_type, otherwise), media_type, key, now)
    finally:
        drawn.unlink(missing_ok=True)


def _kept(
    store: FileStore, written: Path, name: str, media_type: str, key: str, now: datetime
) -> SentFile:
    with written.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = written.stat().st_size
    store.keep(written, key, now)
    return SentFile(kind_of(media_type), media_type, name, size, key, sha256=digest)
