"""What is counted: no words, no names, nothing that leads back to a conversation once it is gone."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Serial


class Tally(Base):
    """One thing a resident said, as it is counted.

    Attributes:
        day: In Finland, ISO.
        hour: In Finland, 0-23.
        person: Tells people apart within one month; see `bot.counts.tallies.person_of`.
        outcome: A `bot.counts.outcomes.Outcome`.
        was: What it would count as if staff had not said that the answer was wrong; null unless they have.
        entry: What it is about; empty when that is not known.
        topic: The entry's topic, as it was then.
        queue: The entry's queue, as it was then.
        is_easy: The resident asked for the answer in easy language.
    """

    __tablename__ = "tallies"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    day: Mapped[str] = mapped_column(String(10))
    hour: Mapped[int]
    person: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(2))
    outcome: Mapped[str] = mapped_column(String(16))
    was: Mapped[str | None] = mapped_column(String(16))
    entry: Mapped[str] = mapped_column(String(64))
    topic: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(64))
    is_easy: Mapped[bool]


Index("ix_tallies_day_person", Tally.day, Tally.person)


class Wait(Base):
    """How long one ticket's resident waited; it stays when the ticket itself is removed.

    Attributes:
        ticket_id: The ticket's id, also when there is no such ticket any more.
        day: The day it was opened, in Finland, ISO.
        hour: The hour it was opened, in Finland, 0-23.
        person: As in `Tally`.
        topic: The topic of its entry; empty when it has none.
        district: The part of town that the resident named; empty when they named none.
        is_easy: The resident had asked for easy language in the same month.
        status: The ticket's, when it was looked at last.
        reopened: How often it came back.
        reply_minutes: Until the first reply, in the queue's opening hours; null until then.
        close_minutes: Until it was closed, in the same; null until then.
    """

    __tablename__ = "waits"

    ticket_id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=False)
    day: Mapped[str] = mapped_column(String(10))
    hour: Mapped[int]
    person: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(2))
    topic: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(64))
    district: Mapped[str] = mapped_column(String(40), default="", server_default="")
    is_easy: Mapped[bool]
    status: Mapped[str] = mapped_column(String(16))
    reopened: Mapped[int]
    reply_minutes: Mapped[int | None]
    close_minutes: Mapped[int | None]


Index("ix_waits_day", Wait.day)
