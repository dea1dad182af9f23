"""The staff's desk in Telegram: a group's topic for each ticket."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
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
