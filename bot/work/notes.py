"""Internal notes: what staff write for one another. They stand apart from messages, so none can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import tickets
from bot.cleaning import cleaned
from bot.masking import masked
from bot.models import Note
from bot.work import search, ticket_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket

LONGEST_NOTE = 4_000


async def add(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    text: str,
    now: datetime,
    *,
    key: str | None = None,
) -> Note:
    """Write a note to a ticket, whoever has it and also when it is ended; secrets in it are hidden.

    A note with a key written before changes nothing.

    Raises:
        TextMissing, TextTooLong: The text cannot be kept as it is.
    """
    text, _had_secret = masked(cleaned(text, LONGEST_NOTE))
    if key is not None:
        key = f"staff:{staff.id}:{key}"[:100]
        before = (await session.scalars(select(Note).where(Note.key == key))).first()
        if before:
            return before
    note = Note(
        ticket_id=ticket.id, staff_id=staff.id, staff_name=staff.name, text=text, key=key, at=now
    )
    session.add(note)
    await search.learn(session, ticket.id, [text])
    ticket_log.record(session, ticket, "note", now, staff)
    tickets.changed(session, ticket)
    return note


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[Note]:
    """Return a ticket's notes, oldest first."""
    query = select(Note).where(Note.ticket_id == ticket.id).order_by(Note.id)
    return (await session.scalars(query)).all()
