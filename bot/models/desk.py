"""The staff's desk in Telegram: a group's topic for each ticket."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.models.base import Base, Moment, Serial
from bot.models.deliveries import Delivery


class Topic(Base):
    """One ticket's topic in a staff group, and how much of the ticket stands in it already.

    What differs from the ticket is posted next; so whatever changes a ticket need not know of the
    desk, and a topic that was deleted is made again by forgetting what stood in it.

    Attributes:
        chat: The group's id, as Telegram names it.
        thread: The topic's id there; null until it is made.
        generation: Counts up whenever the topic is lost, so that posts meant for the old one are dropped.
        title: The name it has in Telegram.
        is_closed: Whether it is closed in Telegram.
        message_id: The newest message that is queued for it; 0 when none is.
        note_id: The same of the internal notes.
        file_id: The same of the messages' files, of which an album's come one after the other.
        status: The ticket's status as last told; null before the first post.
        holder_id: Who held the ticket, as last told.
        queue: The ticket's queue, as last told.
        is_unreachable: Whether it was told that replies do not arrive.
        delivery_id: The newest delivery queued for it: nothing more is queued before that has ended.
        checked_at: When it was last known to exist.
    """

    __tablename__ = "desk_topics"
    __table_args__ = (
        UniqueConstraint("ticket_id", "chat"),
        UniqueConstraint("chat", "thread"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    chat: Mapped[str] = mapped_column(String(32))
    thread: Mapped[int | None] = mapped_column(BigInteger)
    generation: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(128), default="")
    is_closed: Mapped[bool] = mapped_column(default=False)
    message_id: Mapped[int] = mapped_column(BigInteger, default=0)
    note_id: Mapped[int] = mapped_column(BigInteger, default=0)
    file_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    status: Mapped[str | None] = mapped_column(String(16))
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    queue: Mapped[str | None] = mapped_column(String(64))
    is_unreachable: Mapped[bool] = mapped_column(default=False)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))
    checked_at: Mapped[datetime] = mapped_column(Moment)
    delivery: Mapped[Delivery | None] = relationship(lazy="joined")


Index("ix_desk_topics_status_checked_at", Topic.status, Topic.checked_at)


class DeskUpdate(Base):
    """What staff did in Telegram and was carried out: the same update again changes nothing."""

    __tablename__ = "desk_updates"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)


Index("ix_desk_updates_at", DeskUpdate.at)


class Writing(Base):
    """What staff wrote in a topic and is carried out a little later: with files, or right after such.

    Attributes:
        key: The group and the message, or the album, whose messages are one.
        account: Who wrote it, as Telegram names them; empty for whom nobody can know.
        locale: The language of that account, for somebody who is not known.
        parts: What each message brought, `{"message", "text", "file"}`, as they came; see
            `bot.group.writings`.
        is_stopped: It waits for its author to say that its language is meant.
        is_meant: Its author has said so.
        due_at: When it is carried out, or tried again.
    """

    __tablename__ = "desk_writings"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("desk_topics.id"))
    account: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(2))
    parts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    is_stopped: Mapped[bool] = mapped_column(default=False)
    is_meant: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(Moment)
    at: Mapped[datetime] = mapped_column(Moment)
    topic: Mapped[Topic] = relationship(lazy="joined", innerjoin=True)


Index("ix_desk_writings_topic_id_id", Writing.topic_id, Writing.id)


class Fault(StrEnum):
    """What keeps a group from being used."""

    OUT = "out"  # the bot is not in it, or it is gone
    MOVED = "moved"  # Telegram has given it another id
    NO_TOPICS = "no-topics"
    NO_RIGHTS = "no-rights"


class DeskFault(Base):
    """A staff group that cannot be used now; the row goes when it works again.

    Attributes:
        fault: A `Fault`.
        tried_at: When somebody to tell was last looked for; null until then.
        told_at: When leads were told; null until then.
    """

    __tablename__ = "desk_faults"

    chat: Mapped[str] = mapped_column(String(32), primary_key=True)
    fault: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(Moment)
    tried_at: Mapped[datetime | None] = mapped_column(Moment)
    told_at: Mapped[datetime | None] = mapped_column(Moment)
