"""Files of messages: recorded with them, fetched from their channel, sent along, swept when nobody's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

from sqlalchemy import func, select, update

from bot import outbox
from bot.cleaning import cleaned
from bot.database import nudge
from bot.errors import FileRefused, NotFound, TryLater, Why
from bot.files import HREF, FileKind, SentFile, called, clean_name, new_key, taken_in
from bot.masking import masked
from bot.models import Attachment, Conversation, Message
from bot.texts import texts
from bot.tickets import note_added, same_in_merged
from bot.work import search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.files import FileStore, Limits
    from bot.models import Staff, Ticket
    from bot.texts import Texts
    from bot.town import Town

# What is written down of a voice message of an hour.
LONGEST_TRANSCRIPT = 4_000
# Longer than any transaction takes, so that no file is swept before its row is there.
_ORPHAN_AFTER = timedelta(hours=1)
_UNFINISHED_AFTER = timedelta(days=1)
_SWEPT_AT_ONCE = 500
# What another try cannot change.
_LASTING = frozenset(Why) - {Why.LATER, Why.CUT_OFF}


class Fetcher(Protocol):
    """A channel that keeps what residents sent until it is asked for."""

    async def fetch(self, remote_id: str, largest: int) -> bytes:
        """Return a file's content.

        Raises:
            FileRefused: It is gone, or has more than `largest` bytes.
            TryLater: The channel could not be reached.
        """


async def record(
    session: AsyncSession,
    message: Message,
    files: Sequence[SentFile],
    now: datetime,
    *,
    words: Texts,
    album: str | None = None,
) -> list[Attachment]:
    """Add files to a message that has its number, in the caller's transaction.

    A file that the message has already, by its channel's name for it, is not added again.

    Args:
        words: The language of names for what has none.
        album: The channel's name for several files that were sent together.
    """
    known = select(Attachment.remote_key).where(
        Attachment.message_id == message.id, Attachment.remote_key.is_not(None)
    )
    there = set(await session.scalars(known)) if message.files else set()
    rows = [
        Attachment(
            message_id=message.id,
            key=file.key,
            kind=file.kind,
            media_type=file.media_type[:100],
            name=clean_name(file.name, file.media_type, called(file.kind, words)),
            size=file.size,
            sha256=file.sha256,
            stored_at=now if file.sha256 else None,
            remote_id=file.remote_id,
            remote_key=file.remote_key,
            album=album,
            fault=file.fault,
            at=now,
            delivery=None,
        )
        for file in files
        if file.remote_key is None or file.remote_key not in there
    ]
    session.add_all(rows)
    message.files = [*(message.files or ()), *map(_shown, rows)] or None
    await session.flush()
    return rows


def _shown(row: Attachment) -> dict[str, Any]:
    return {"name": row.name, "href": HREF + row.key, "kind": row.kind, "size": row.size}


async def reply_with(
    session: AsyncSession,
    ticket: Ticket,
    message: Message,
    files: Sequence[SentFile],
    limits: Limits,
    store: FileStore,
    now: datetime,
) -> list[str]:
    """Add files to a reply of staff, and send them after it; a reply that has them already keeps them.

    Who has a ticket that was merged into this one gets them as well, each as a file of their own.

    Returns:
        The keys of the files that were made for that; nobody's when the transaction fails.

    Raises:
        FileRefused: There is no room for them in the ticket.
    """
    if not files or message.files:
        return []
    await session.flush()
    files = fitting(files, await room(session, ticket.conversation_id, ticket.id, limits), limits)
    await _send_with(session, ticket, message, files, now)
    made = []
    for other, same in await same_in_merged(session, ticket, message):
        copies = [replace(file, key=new_key()) for file in files]
        for file, copy in zip(files, copies, strict=True):
            made.append(copy.key)
            try:
                await asyncio.to_thread(store.copy, file.key, copy.key, now)
            except OSError:
                raise FileRefused(Why.LATER, file.name) from None
        await _send_with(session, other, same, copies, now)
    return made


async def _send_with(
    session: AsyncSession,
    ticket: Ticket,
    message: Message,
    files: Sequence[SentFile],
    now: datetime,
) -> None:
    words = texts(ticket.locale)
    for row in await record(session, message, files, now, words=words):
        row.delivery = outbox.put_file(session, ticket.conversation, row.key, now)


def fitting(files: Sequence[SentFile], left: int, limits: Limits) -> list[SentFile]:
    """Return the files, those from a channel marked when there is no room for them.

    Raises:
        FileRefused: There is no room for one that came with the request, so that it can be refused.
    """
    fit = []
    for file in files:
        if file.size > left and file.remote_id is None:
            raise FileRefused(Why.TICKET_FULL, file.name, limits.ticket)
        fits = file.fault is not None or file.size <= left
        fit.append(file if fits else replace(file, fault=Why.TICKET_FULL))
        left -= 0 if fit[-1].fault else file.size
    return fit


async def room(
    session: AsyncSession, conversation_id: str, ticket_id: int | None, limits: Limits
) -> int:
    """Return how many bytes of files may still be sent about a ticket, or before there is one."""
    used = (
        select(func.coalesce(func.sum(Attachment.size), 0))
        .join(Message, Message.id == Attachment.message_id)
        .where(
            Message.conversation_id == conversation_id,
            Message.ticket_id.is_(None) if ticket_id is None else Message.ticket_id == ticket_id,
            Attachment.fault.is_(None),
        )
    )
    return max(0, limits.ticket_bytes - int(await session.scalar(used) or 0))


async def of_album(session: AsyncSession, conversation: Conversation, album: str) -> Message | None:
    """Return the message that an album's first file came with."""
    query = (
        select(Message)
        .join(Attachment, Attachment.message_id == Message.id)
        .where(Message.conversation_id == conversation.id, Attachment.album == album)
        .order_by(Message.id)
        .limit(1)
    )
    return (await session.scalars(query)).first()


async def unknown(
    session: AsyncSession, conversation: Conversation, files: Sequence[SentFile]
) -> tuple[SentFile, ...]:
    """Return the files that the conversation does not have yet, by their channel's names."""
    names = [file.remote_key for file in files]
    query = (
        select(Attachment.remote_key)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.conversation_id == conversation.id, Attachment.remote_key.in_(names))
    )
    there = set(await session.scalars(query))
    return tuple(file for file in files if file.remote_key not in there)


async def of_conversation(
    session: AsyncSession, conversation_id: str
) -> dict[int, list[Attachment]]:
    """Return a conversation's files by their message's id, each message's in order."""
    query = (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Attachment.id)
    )
    found: dict[int, list[Attachment]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.message_id, []).append(row)
    return found


async def one_of(session: AsyncSession, conversation_id: str, key: str) -> Attachment:
    """Return a conversation's file.

    Raises:
        NotFound: The conversation has none with this key.
    """
    query = (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.conversation_id == conversation_id, Attachment.key == key)
    )
    row = (await session.scalars(query)).first()
    if row is None:
        raise NotFound(key)
    return row


async def of_key(session: AsyncSession, key: str) -> Attachment:
    """Return a file.

    Raises:
        NotFound: There is none with this key.
    """
    row = (await session.scalars(select(Attachment).where(Attachment.key == key))).first()
    if row is None:
        raise NotFound(key)
    return row


async def write_down(
    session: AsyncSession, staff: Staff, ticket: Ticket, row: Attachment, text: str, now: datetime
) -> None:
    """Keep what is said in a voice recording, with who wrote it down; an empty text takes it away.

    The search finds the ticket by these words, and no longer by those that stood there before.

    Raises:
        NotFound: It is no recording.
        TextTooLong: The text is longer than can be kept.
    """
    if row.kind != FileKind.VOICE:
        raise NotFound(row.key)
    # They are a resident's words: what is a secret in a message is one here.
    said = masked(cleaned(" ".join(text.split()), LONGEST_TRANSCRIPT))[0] if text.strip() else None
    before, row.transcript = row.transcript, said
    row.transcript_by = staff.name if said else None
    row.transcript_at = now if said else None
    # A ticket's page also shows what was sent before it.
    message = await session.get_one(Message, row.message_id)
    if message.ticket_id:
        await search.forget(session, message.ticket_id, before or "")
        await search.learn(session, message.ticket_id, [said or ""])
    note_added(session, ticket.id)


@dataclass
class Files:
    """Everybody's files: on our disk, or fetched from their channel when they are first asked for.

    Attributes:
        fetcher: The channel that keeps what residents sent; None when there is none.
        clock: The present moment, aware.
    """

    database: Database
    store: FileStore
    limits: Limits
    clock: Callable[[], datetime]
    fetcher: Fetcher | None = None
    # One picture at a time: a large one takes 200 megabytes of memory while it is drawn.
    _drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _fetching: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def take_in(self, incoming: Path, name: str, key: str, words: Texts) -> SentFile:
        """Take in a file that was written to `incoming`, as `taken_in` does, without holding up others.

        Raises:
            FileRefused: It is empty, broken, or nothing that is accepted.
        """
        async with self._drawing:
            return await asyncio.to_thread(
                taken_in,
                self.store,
                incoming,
                name,
                key,
                self.clock(),
                self.limits.file_bytes,
                words,
            )

    async def path_of(self, key: str, words: Texts) -> tuple[Attachment, Path]:
        """Return a file and where it lies, fetched from its channel if need be.

        Raises:
            NotFound: There is none with this key.
            FileRefused: It cannot be had, now or ever.
        """
        lock = self._fetching.setdefault(key, asyncio.Lock())
        async with lock:
            async with self.database.read() as session:
                row = await of_key(session, key)
            if row.fault:
                why = Why(row.fault)
                raise FileRefused(why, row.name, self.limits.of(why))
            path = self.store.path(row.key)
            is_here: bool = await asyncio.to_thread(path.is_file)
            if row.stored_at and is_here:
                return row, path
            if row.remote_id is None or self.fetcher is None:
                # It may come back, with the disk or the setting it needs.
                raise FileRefused(Why.GONE, row.name)
            return await self._fetched(self.fetcher, row, row.remote_id, words), path

    async def _fetched(
        self, fetcher: Fetcher, row: Attachment, remote_id: str, words: Texts
    ) -> Attachment:
        try:
            content = await fetcher.fetch(remote_id, self.limits.file_bytes)
            file = await self._written(content, row.name, row.key, words)
        except TryLater:
            raise FileRefused(Why.LATER, row.name) from None
        except FileRefused as error:
            if error.why in _LASTING:
                await self._mark(row, fault=error.why)
            raise FileRefused(error.why, row.name, self.limits.of(error.why)) from None
        await self._mark(
            row,
            kind=file.kind,
            media_type=file.media_type,
            name=file.name,
            size=file.size,
            sha256=file.sha256,
            stored_at=self.clock(),
        )
        return row

    async def bring(self, files: Sequence[SentFile], words: Texts) -> list[SentFile]:
        """Return files of a channel as they lie on our disk now, as if they had come with a request.

        They go again by `discard_unless_recorded`.

        Raises:
            FileRefused: One of them cannot be had or taken, or they are too many or too large
                together; nothing of them lies on the disk then.
        """
        self._measure(files)
        brought: list[SentFile] = []
        try:
            for file in files:
                brought.append(await self._brought(file, words))
                self._measure(brought)
        except BaseException:
            await self.discard_unless_recorded([file.key for file in brought])
            raise
        return brought

    def _measure(self, files: Sequence[SentFile]) -> None:
        """Check what is known of files that belong together.

        Raises:
            FileRefused: It is more than may be sent at once, or one of them is refused already.
        """
        faulty = next((file for file in files if file.fault), None)
        if faulty and faulty.fault:
            raise FileRefused(faulty.fault, faulty.name, self.limits.of(faulty.fault))
        if len(files) > self.limits.count:
            raise FileRefused(Why.TOO_MANY, limit=self.limits.count)
        if sum(file.size for file in files) > self.limits.message_bytes:
            raise FileRefused(Why.MESSAGE_FULL, limit=self.limits.message)

    async def _brought(self, file: SentFile, words: Texts) -> SentFile:
        if self.fetcher is None or file.remote_id is None:
            raise FileRefused(Why.GONE, file.name)
        try:
            content = await self.fetcher.fetch(file.remote_id, self.limits.file_bytes)
            return await self._written(content, file.name, file.key, words)
        except (TryLater, OSError):
            raise FileRefused(Why.LATER, file.name) from None
        except FileRefused as error:
            name = file.name or error.name
            raise FileRefused(error.why, name, self.limits.of(error.why)) from None

    async def _written(self, content: bytes, name: str, key: str, words: Texts) -> SentFile:
        incoming = await asyncio.to_thread(self.store.incoming, self.clock())
        try:
            await asyncio.to_thread(incoming.write_bytes, content)
            return await self.take_in(incoming, name, key, words)
        finally:
            await asyncio.to_thread(incoming.unlink, missing_ok=True)

    async def _mark(self, row: Attachment, **values: Any) -> None:
        """Save what is known of a file now, and let pages that show it look again."""
        async with self.database.write() as session:
            await session.execute(
                update(Attachment).where(Attachment.id == row.id).values(**values)
            )
            message = await session.get(Message, row.message_id)
            if message and message.ticket_id:
                note_added(session, message.ticket_id)
            if message:
                nudge(session, outbox.topic_of(message.conversation_id))
        for name, value in values.items():
            setattr(row, name, value)

    async def discard_unless_recorded(self, keys: Sequence[str]) -> None:
        """Remove files from the disk that came with a request and became nobody's."""
        if not keys:
            return
        async with self.database.read() as session:
            recorded = await _recorded(session, keys)
        for key in set(keys) - recorded:
            await asyncio.to_thread(self.store.remove, key)

    async def sweep(self, database: Database, _town: Town, now: datetime) -> int:
        """Remove what a crash left behind: files without a row, and what never finished arriving.

        Returns:
            How many files were removed.
        """
        removed = await asyncio.to_thread(self.store.clear_incoming, now - _UNFINISHED_AFTER)
        keys = await asyncio.to_thread(lambda: sorted(self.store.kept_before(now - _ORPHAN_AFTER)))
        for start in range(0, len(keys), _SWEPT_AT_ONCE):
            some = keys[start : start + _SWEPT_AT_ONCE]
            async with database.read() as session:
                recorded = await _recorded(session, some)
            for key in set(some) - recorded:
                await asyncio.to_thread(self.store.remove, key)
                removed += 1
        return removed


async def _recorded(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    query = select(Attachment.key).where(Attachment.key.in_(keys))
    return set(await session.scalars(query))
