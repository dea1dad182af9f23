"""What team leads set for the queues, and the alerts when nobody answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial


class KeptQueue(Base):
    """A queue as a lead has set it, whole; it goes before the book's queue of the same id.

    Attributes:
        hours: Seven lists of `["09:00", "15:00"]`, Monday first.
        exceptions: The same for single days, `{"2026-12-31": [["09:00", "12:00"]]}`.
        reply_minutes: Opening time within which the first reply is promised; null for closing time.
        resolve_minutes: Opening time within which a matter is to be settled; null for no such time.
        changed_by: The name of the lead who set it.
    """

    __tablename__ = "queues"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    hours: Mapped[list[list[list[str]]]] = mapped_column(JSON)
    exceptions: Mapped[dict[str, Any]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON)
    reply_minutes: Mapped[int | None]
    resolve_minutes: Mapped[int | None]
    fallback: Mapped[str | None] = mapped_column(String(64))
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(Moment)


class KeptRule(Base):
    """A rule that sends tickets to a queue; the first one that fits decides.

    Attributes:
        position: Rules are tried in this order, the lowest first.
        locale: The ticket's language; null for any.
        subject: What the entry's id or its topic begins with; null for any, also for none.
        has_event: Whether the resident told the event guide of an event; null for either.
    """

    __tablename__ = "routing_rules"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    position: Mapped[int] = mapped_column(unique=True)
    locale: Mapped[str | None] = mapped_column(String(2))
    subject: Mapped[str | None] = mapped_column(String(64))
    has_event: Mapped[bool | None]
    queue: Mapped[str] = mapped_column(String(64))
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(Moment)


class Rung(StrEnum):
    """Who is told that nobody answers: the ladder's rungs, and the resident."""

    UNSEEN = "unseen"  # nobody in the queue reads the ticket's language: leads, at once
    STAFF = "staff"  # half of the promised time has passed
    LEAD = "lead"  # the promised moment has passed
    ADMIN = "admin"  # twice the promised time has passed
    RESIDENT = "resident"  # the promised moment has passed


class Alert(Base):
    """One rung for one opening of a ticket, planned when it comes into its queue.

    Attributes:
        opened_at: The ticket's `opened_at` that it belongs to; a reopened ticket has new alerts.
        tried_at: When somebody to tell was last looked for; null until then.
        sent_at: When somebody was told; null until then.
        reached: How many were told.
    """

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("ticket_id", "opened_at", "rung"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    opened_at: Mapped[datetime] = mapped_column(Moment)
    rung: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(Moment)
    tried_at: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    reached: Mapped[int] = mapped_column(default=0)


Index("ix_alerts_sent_at_due_at", Alert.sent_at, Alert.due_at)
# What has waited longest at a rung first, without sorting.
Index("ix_alerts_rung_due_at", Alert.rung, Alert.due_at)
