"""Events that residents tell the guide about, and what hangs on them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial


class Handling(StrEnum):
    """Where staff stand with an event notice that was handed in."""

    RECEIVED = "received"
    IN_REVIEW = "in_review"
    MORE_NEEDED = "more_needed"
    DECIDED = "decided"


class Event(Base):
    """An event that a resident tells the guide about.

    Attributes:
        id: 32 hexadecimal digits; names the event in private links, beside a signature.
        conversation_id: Where it is told and reminded of; a one-time code moves it to another.
        told: `bot.guide.Guide` as JSON.
        ticket_id: The ticket it was handed in with.
        handed_in: The facts and the plan as they stood then, `{"at", "facts", "duties"}`.
        handling: A `Handling`, once it is handed in.
    """

    __tablename__ = "events"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    handed_in: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    handling: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)


Index("ix_events_conversation_id", Event.conversation_id)
Index("ix_events_ticket_id", Event.ticket_id)


class Reminder(Base):
    """A reminder of one deadline of an event's plan, asked for by the resident.

    Attributes:
        duty: The duty's number, such as P06.
        day: The day the duty is to be done by, ISO.
        due_at: When the resident is reminded.
        sent_at: When it was queued for the resident; null until then.
    """

    __tablename__ = "reminders"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    duty: Mapped[str] = mapped_column(String(8))
    day: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)


Index("ix_reminders_sent_at_due_at", Reminder.sent_at, Reminder.due_at)
Index("ix_reminders_event_id", Reminder.event_id)


class Correction(Base):
    """What an officer put right in an event, or ruled about a duty, and why; never changed.

    Attributes:
        subject: `fact` or `duty`.
        name: The fact's name or the duty's number.
        before: The fact's value or the duty's status until then, as JSON.
        after: The same from then on.
    """

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40))
    before: Mapped[Any] = mapped_column(JSON)
    after: Mapped[Any] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


Index("ix_corrections_event_id", Correction.event_id)


class MovingCode(Base):
    """A one-time code that takes an event along to another channel; only its SHA-256 is kept."""

    __tablename__ = "moving_codes"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    expires_at: Mapped[datetime] = mapped_column(Moment)
