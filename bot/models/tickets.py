"""Tickets: what waits for people."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.models.base import Base, Moment, Serial
from bot.models.conversations import Conversation
from bot.models.numbers import ticket_number
from bot.models.staff import Staff


class Status(StrEnum):
    """Where a ticket stands: waiting in its queue, held by somebody, ended by staff or by the resident."""

    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


LIVE = (Status.OPEN, Status.CLAIMED)


class Ticket(Base):
    """A matter that waits for people.

    Attributes:
        entry: The entry whose answer did not help, or the best guess; null when there was none.
        tried: What the bot had shown or thought of, `[{"entry", "score"}]`, best first.
        district: The part of town that the resident named, as `bot.districts` calls it; null until then.
        reply_by: When the first reply was promised to the resident.
        resolve_by: When the matter is to be settled; null when its queue sets no such time.
        opened_at: When it last came into its queue: its creation or its latest reopening.
        waits_since: Since when the resident waits for staff's next word; null when it is the
            resident's turn, or nobody's.
        outcome: An `Outcome`, once staff have closed it.
        merged_into_id: The ticket it was merged into, whose replies reach this resident too.
    """

    __tablename__ = "tickets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    queue: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(2))
    status: Mapped[str] = mapped_column(String(16))
    entry: Mapped[str | None] = mapped_column(String(64))
    tried: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    district: Mapped[str | None] = mapped_column(String(40))
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    reply_by: Mapped[datetime] = mapped_column(Moment)
    resolve_by: Mapped[datetime | None] = mapped_column(Moment)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    replied_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    reopened: Mapped[int] = mapped_column(default=0)
    waits_since: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(String(16))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    holder: Mapped[Staff | None] = relationship(lazy="joined")
    conversation: Mapped[Conversation] = relationship(lazy="joined", innerjoin=True)

    @property
    def number(self) -> str:
        """Return the short number people use, such as N-1042."""
        return ticket_number(self.id)


Index("ix_tickets_status_queue_opened_at", Ticket.status, Ticket.queue, Ticket.opened_at)
Index("ix_tickets_conversation_id", Ticket.conversation_id)
# The list in each of its orders, and one's own tickets, however many there are.
Index("ix_tickets_status_opened_at", Ticket.status, Ticket.opened_at, Ticket.id)
Index("ix_tickets_status_waits_since", Ticket.status, Ticket.waits_since, Ticket.id)
Index("ix_tickets_status_replied_at_reply_by", Ticket.status, Ticket.replied_at, Ticket.reply_by)
Index("ix_tickets_holder_id_status", Ticket.holder_id, Ticket.status)
Index("ix_tickets_merged_into_id", Ticket.merged_into_id)
