"""Forms that bring files: read as they arrive, measured while they do, and never kept by accident."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, BinaryIO

from aiohttp import BodyPartReader, web
from multidict import MultiDict, MultiDictProxy

from bot.errors import FileRefused, Why
from bot.files import SentFile, clean_name, new_key
from bot.texts import texts
from handlers.keys import CLOCK, FILES, FORM
from handlers.middleware import form_of, locale_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from aiohttp.web_response import StreamResponse

    from bot.files import Limits

    Handler = Callable[[web.Request], Awaitable[StreamResponse]]

log = logging.getLogger(__name__)

# The name of the files' field in every form.
FIELD = "file"
_CHUNK = 256 * 1024
# What is too much is read on for a while, since a browser shows no answer before it has sent all.
_READ_ON = 5
_MOST_FIELDS = 50


@dataclass
class Upload:
    """What a form with files brought.

    Attributes:
        files: Those that lie on the disk now; they go again unless they become somebody's.
        made: The keys of copies of them, of which the same holds.
        error: Why not all of them could be taken; the form's words are there all the same.
    """

    form: MultiDict[str]
    files: list[SentFile] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    error: FileRefused | None = None

    def taken(self) -> tuple[SentFile, ...]:
        """Return the files.

        Raises:
            FileRefused: One of them could not be taken, so that nothing is sent without it.
        """
        if self.error:
            raise self.error
        return tuple(self.files)


UPLOAD = web.RequestKey("UPLOAD", Upload)


def with_files(handler: Handler) -> Handler:
    """Let a handler's form bring files: it finds them by `files_of`, and its words by `form_of`.

    Files that did not become somebody's while the handler worked are removed again.
    """

    @wraps(handler)
    async def receiving(request: web.Request) -> StreamResponse:
        if request.content_type != "multipart/form-data":
            return await handler(request)
        upload = request[UPLOAD] = Upload(MultiDict())
        request[FORM] = MultiDictProxy(upload.form)
        try:
            await _receive(request, upload)
            return await handler(request)
        finally:
            keys = [*(file.key for file in upload.files), *upload.made]
            await request.app[FILES].discard_unless_recorded(keys)

    return receiving


def files_of(request: web.Request) -> tuple[SentFile, ...]:
    """Return the files that a form brought; empty when it brought none.

    Raises:
        FileRefused: One of them could not be taken.
    """
    upload = request.get(UPLOAD)
    return upload.taken() if upload else ()


def remember(request: web.Request, made: Sequence[str]) -> None:
    """Keep the keys of copies made of a form's files, which go again unless they become somebody's."""
    upload = request.get(UPLOAD)
    if upload:
        upload.made.extend(made)


async def words_of(request: web.Request) -> MultiDictProxy[str]:
    """Return the words of a form that was refused; its files are read, and kept nowhere."""
    if request.content_type != "multipart/form-data" or request.get(FORM) is not None:
        return await form_of(request)
    upload = Upload(MultiDict(), error=FileRefused(Why.LATER))
    await _receive(request, upload)
    request[FORM] = MultiDictProxy(upload.form)
    return request[FORM]


def fingerprint(request: web.Request) -> str:
    """Return what tells the files of one form from those of another; empty when there are none.

    The same form with other files says something new, though it has the same nonce.
    """
    upload = request.get(UPLOAD)
    digests = [file.sha256 or "" for file in upload.files] if upload else []
    return hashlib.sha256("\n".join(digests).encode()).hexdigest() if digests else ""


@dataclass
class _Part:
    """A file that has arrived, not looked into yet."""

    incoming: Path
    name: str


async def _receive(request: web.Request, upload: Upload) -> None:
    """Read a form to its end: words into `upload.form`, files onto the disk."""
    files = request.app[FILES]
    parts: list[_Part] = []
    try:
        try:
            await _read_form(request, upload, parts)
        except (
            ValueError,
            LookupError,
            AssertionError,
            web.RequestPayloadError,
            ConnectionError,
        ):
            # Cut off or malformed: what came before it is there.
            upload.error = upload.error or FileRefused(Why.CUT_OFF)
        words = texts(locale_of(request))
        for part in [] if upload.error else parts:
            upload.files.append(await files.take_in(part.incoming, part.name, new_key(), words))
    except FileRefused as error:
        upload.error = error
    except OSError as error:
        log.warning("the folder of files failed: %s", type(error).__name__)
        upload.error = FileRefused(Why.LATER)
    finally:
        for part in parts:
            await asyncio.to_thread(part.incoming.unlink, missing_ok=True)


async def _read_form(request: web.Request, upload: Upload, parts: list[_Part]) -> None:
    reader = await request.multipart()
    measure = _Measure(request.app[FILES].limits)
    for _number in range(_MOST_FIELDS + measure.limits.count):
        part = await reader.next()
        if part is None:
            return
        # A form within the form is nothing that ours send.
        if not isinstance(part, BodyPartReader) or not part.name:
            raise ValueError("not a form")
        if part.filename is None and part.name != FIELD:
            upload.form.add(part.name, await part.text())
        elif part.name == FIELD:
            await _read_file(request, part, upload, parts, measure)
    raise ValueError("too many fields")


async def _read_file(
    request: web.Request,
    part: BodyPartReader,
    upload: Upload,
    parts: list[_Part],
    measure: _Measure,
) -> None:
    """Write a file to the disk as it arrives; what is too much is read on and forgotten."""
    store = request.app[FILES].store
    name = part.filename or ""
    chunk = await part.read_chunk(_CHUNK)
    # A browser sends a nameless empty file when none was chosen.
    if not name and not chunk:
        return
    measure.begin()
    incoming = await asyncio.to_thread(store.incoming, request.app[CLOCK]())
    parts.append(_Part(incoming, name))
    with await asyncio.to_thread(incoming.open, "wb") as file:
        while chunk:
            why = measure.add(len(chunk))
            if why:
                limit = measure.limits.of(why)
                upload.error = upload.error or FileRefused(why, clean_name(name, ""), limit)
            await _write(file, b"" if upload.error else chunk)
            chunk = await part.read_chunk(_CHUNK)


async def _write(file: BinaryIO, chunk: bytes) -> None:
    if chunk:
        await asyncio.to_thread(file.write, chunk)


class _Measure:
    """Counts what arrives against the limits; what a header claims counts for nothing."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._files = 0
        self._file = 0
        self._all = 0

    def begin(self) -> None:
        """Begin the next file."""
        self._files += 1
        self._file = 0

    def add(self, length: int) -> Why | None:
        """Count so many bytes; return which limit they break.

        Raises:
            RequestPayloadError: It is so much that reading on would only serve a flood.
        """
        self._file += length
        self._all += length
        if self._all > _READ_ON * self.limits.message_bytes:
            raise web.HTTPRequestEntityTooLarge(self.limits.message_bytes, self._all)
        if self._files > self.limits.count:
            return Why.TOO_MANY
        if self._file > self.limits.file_bytes:
            return Why.TOO_LARGE
        return Why.MESSAGE_FULL if self._all > self.limits.message_bytes else None
