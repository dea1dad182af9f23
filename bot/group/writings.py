"""What staff write in a topic and cannot be carried out at once: with files, or right after such.

Files are fetched from their channel before they are sent, and an album's come in messages of their
own. What is written down here outlives a restart, and keeps its place: whatever the same topic gets
next waits behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import aliased

from bot.database import insert_unless_there, nudge
from bot.errors import Why
from bot.files import FileKind, SentFile, new_key
from bot.models import Topic, Writing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

# Nudged when something was written down.
TOPIC = "desk writings"
# An album's messages follow one another at once; nothing says which one is the last.
ALBUM = timedelta(seconds=1.5)
# What was stopped and never insisted on.
_STOPPED_KEPT = timedelta(days=2)
_MOST_AT_ONCE = 4


@dataclass(frozen=True)
class Place:
    """Which message of a group it is, and by whom.

    Attributes:
        message: Its number in the group.
        album: Telegram's name for several that were sent together.
        account: Who wrote it, as Telegram names them; empty for whom nobody can know.
        locale: The language of that account.
    """

    chat: str
    message: int
    album: str | None
    account: str
    locale: str

    @property
    def key(self) -> str:
        """Return what an album's messages have in common, and no others."""
        return f"{self.chat}:{f'album {self.album}' if self.album else self.message}"[:120]


async def keep(
    session: AsyncSession,
    topic: Topic,
    place: Place,
    text: str,
    files: Sequence[SentFile],
    now: datetime,
) -> None:
    """Write down one message, in the caller's transaction; an album's messages join one another."""
    due_at = now + ALBUM if place.album else now
    values = {
        "key": place.key,
        "topic_id": topic.id,
        "account": place.account,
        "locale": place.locale,
        "parts": [],
        "is_stopped": False,
        "is_meant": False,
        "attempts": 0,
        "due_at": due_at,
        "at": now,
    }
    await insert_unless_there(session, Writing, values, ["key"])
    writing = await _of_key(session, place.key)
    if writing is None:
        raise LookupError("it was written down this moment")
    part = {"message": place.message, "text": text, "file": _kept(files[0]) if files else None}
    writing.parts = [*writing.parts, part]
    writing.due_at = max(writing.due_at, due_at)
    nudge(session, TOPIC)


def _kept(file: SentFile) -> dict[str, Any]:
    return {
        "kind": file.kind,
        "media_type": file.media_type,
        "name": file.name,
        "size": file.size,
        "remote_id": file.remote_id,
        "fault": file.fault,
    }


def _in_order(writing: Writing) -> list[dict[str, Any]]:
    return sorted(writing.parts, key=lambda part: int(part["message"]))


def files_of(writing: Writing) -> list[SentFile]:
    """Return the files, in the order in which they were sent, each with a new key."""
    return [
        SentFile(
            FileKind(file["kind"]),
            file["media_type"],
            file["name"],
            file["size"],
            new_key(),
            remote_id=file["remote_id"],
            fault=Why(file["fault"]) if file["fault"] else None,
        )
        for file in (part["file"] for part in _in_order(writing))
        if file
    ]


def text_of(writing: Writing) -> str:
    """Return the words, of an album all that stand under its pictures; empty when there are none."""
    return "\n".join(part["text"] for part in _in_order(writing) if part["text"])


def message_of(writing: Writing) -> int:
    """Return the number of its first message."""
    return int(_in_order(writing)[0]["message"])


async def _of_key(session: AsyncSession, key: str) -> Writing | None:
    query = select(Writing).where(Writing.key == key).with_for_update(of=Writing)
    return (await session.scalars(query)).first()


async def stopped(session: AsyncSession, place: Place) -> Writing | None:
    """Return what was stopped at this place of a group, locked; None when it is not there any more."""
    return await _of_key(session, place.key)


def let_go(session: AsyncSession, writing: Writing, now: datetime) -> None:
    """Send what was stopped, because its author says that it is meant."""
    writing.is_stopped, writing.is_meant = False, True
    writing.attempts, writing.due_at = 0, now
    nudge(session, TOPIC)


async def waits(session: AsyncSession, ticket_id: int) -> bool:
    """Return whether something written in a ticket's topics is still to be carried out."""
    query = (
        select(Writing.id)
        .join(Topic, Topic.id == Writing.topic_id)
        .where(Topic.ticket_id == ticket_id, Writing.is_stopped.is_(False))
    )
    return await session.scalar(query.limit(1)) is not None


async def due(
    session: AsyncSession, now: datetime, busy: Collection[int] = ()
) -> Sequence[Writing]:
    """Return what is to be carried out now, oldest first and one a topic.

    Args:
        busy: Topics in which something is being carried out.
    """
    earlier = aliased(Writing)
    is_behind = exists().where(
        earlier.topic_id == Writing.topic_id,
        earlier.id < Writing.id,
        earlier.is_stopped.is_(False),
    )
    query = (
        select(Writing)
        .where(
            Writing.is_stopped.is_(False),
            Writing.due_at <= now,
            Writing.topic_id.not_in(list(busy)),
            ~is_behind,
        )
        .order_by(Writing.id)
        .limit(_MOST_AT_ONCE)
    )
    return (await session.scalars(query)).all()


async def again(session: AsyncSession, id_: int) -> Writing | None:
    """Return one, locked and as it is now; None when it was carried out."""
    query = select(Writing).where(Writing.id == id_).with_for_update(of=Writing)
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def forget(session: AsyncSession, now: datetime) -> None:
    """Remove what was stopped and not insisted on."""
    await session.execute(
        delete(Writing).where(Writing.is_stopped, Writing.at < now - _STOPPED_KEPT)
    )
