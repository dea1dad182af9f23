"""Files in Telegram: what came with a message, its content when it is asked for, and files that go out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from telegram import InputFile
from telegram.error import BadRequest, ChatMigrated, InvalidToken, TelegramError

from bot import attachments
from bot.errors import FileRefused, NotFound, TryLater, Why
from bot.files import FileKind, SentFile, new_key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import Bot, Message

    from bot.database import Database
    from bot.files import FileStore, Limits
    from bot.models import Attachment, Delivery

# Seconds; the outbox gives up after a minute.
_UPLOAD_SECONDS = 55
_DOWNLOAD_SECONDS = 30
# What Telegram shows as a photo; larger ones go as documents (Source: Bot API, sendPhoto).
_LARGEST_PHOTO = 10_000_000
# The first page of an Ogg file, which names what is in it, is shorter than this.
_OPUS_HEAD = 200
# The sorts of file a message may hold, how each is shown, and its media type when Telegram names none.
_SORTS = {
    "voice": (FileKind.VOICE, "audio/ogg"),
    "audio": (FileKind.VOICE, "audio/mpeg"),
    "video": (FileKind.VIDEO, "video/mp4"),
    "video_note": (FileKind.VIDEO, "video/mp4"),
    # An animation is named as a document as well.
    "animation": (FileKind.VIDEO, "video/mp4"),
    "document": (FileKind.DOCUMENT, ""),
}


def files_in(message: Message, limits: Limits) -> tuple[SentFile, ...]:
    """Return the file that a message holds, to be fetched later; empty when it holds none."""
    if message.photo:
        # The sizes come smallest first.
        largest = message.photo[-1]
        found, kind, media_type, name = largest, FileKind.PICTURE, "image/jpeg", ""
    else:
        sort = next((sort for sort in _SORTS if getattr(message, sort)), None)
        if sort is None:
            return ()
        found = getattr(message, sort)
        kind, otherwise = _SORTS[sort]
        media_type = getattr(found, "mime_type", None) or otherwise
        name = getattr(found, "file_name", None) or ""
        if kind is FileKind.DOCUMENT and media_type.startswith("image/"):
            kind = FileKind.PICTURE
    size = found.file_size or 0
    return (
        SentFile(
            kind,
            media_type,
            name,
            size,
            new_key(),
            remote_id=found.file_id,
            remote_key=found.file_unique_id,
            fault=Why.TOO_LARGE if size > limits.file_bytes else None,
        ),
    )


async def fetch_file(bot: Bot, file_id: str, largest: int) -> bytes:
    """Return a file's content.

    Raises:
        FileRefused: It is gone, or has more than `largest` bytes.
        TryLater: Telegram could not be reached.
    """
    try:
        file = await bot.get_file(file_id)
        if (file.file_size or 0) > largest:
            raise FileRefused(Why.TOO_LARGE)
        content = await file.download_as_bytearray(read_timeout=_DOWNLOAD_SECONDS)
    except BadRequest as error:
        why = Why.TOO_LARGE if "too big" in error.message.lower() else Why.GONE
        raise FileRefused(why) from error
    except InvalidToken as error:
        # So the library calls the 404 of a file that Telegram has removed since.
        raise FileRefused(Why.GONE) from error
    except TelegramError as error:
        raise TryLater(type(error).__name__) from error
    if len(content) > largest:
        raise FileRefused(Why.TOO_LARGE)
    return bytes(content)


async def send_file(bot: Bot, delivery: Delivery, database: Database, store: FileStore) -> str:
    """Send a file that staff attached to a reply; return the id Telegram gave the message.

    Raises:
        FileRefused: It is not there any more, or Telegram does not take it.
        TelegramError: As sending a text does.
    """
    try:
        async with database.read() as session:
            row = await attachments.of_key(session, (delivery.post or {})["attachment"])
        content = await _content(row, store)
    except (NotFound, FileNotFoundError) as error:
        raise FileRefused(Why.GONE) from error
    chat = int(delivery.address)
    shown = _shown_as(bot, row, content)
    if shown:
        try:
            sent = await shown(chat, content, write_timeout=_UPLOAD_SECONDS)
            return str(sent.message_id)
        except BadRequest as error:
            # Too long and thin for a photo, for one, or to somebody who takes no voice messages: as
            # a document everything goes.
            if _is_about_the_chat(error):
                raise
    try:
        sent = await bot.send_document(chat, content, write_timeout=_UPLOAD_SECONDS)
    except BadRequest as error:
        if _is_about_the_chat(error):
            raise
        raise FileRefused(Why.BROKEN, row.name) from error
    return str(sent.message_id)


def _shown_as(
    bot: Bot, row: Attachment, content: InputFile | str
) -> Callable[..., Awaitable[Message]] | None:
    """Return how a file is sent so that Telegram shows or plays it; None when only as a document."""
    if row.kind == FileKind.PICTURE and row.size <= _LARGEST_PHOTO:
        return bot.send_photo
    if row.kind == FileKind.VOICE and isinstance(content, InputFile) and _is_opus(content):
        return bot.send_voice
    return None


def _is_opus(file: InputFile) -> bool:
    """Return whether a recording is what Telegram plays as a voice message (Source: Bot API, sendVoice)."""
    content = file.input_file_content
    head = content[:_OPUS_HEAD] if isinstance(content, bytes) else b""
    return head.startswith(b"OggS") and b"OpusHead" in head


def _is_about_the_chat(error: BadRequest) -> bool:
    said = error.message.lower()
    return "chat not found" in said or "deactivated" in said or isinstance(error, ChatMigrated)


async def _content(row: Attachment, store: FileStore) -> InputFile | str:
    """Return what to send: the content, or Telegram's own name for a file that it has already."""
    if row.stored_at is None and row.remote_id:
        return row.remote_id
    content = await asyncio.to_thread(store.path(row.key).read_bytes)
    return InputFile(content, filename=row.name)
