"""Staff's word that the bot answered wrongly, and which entry would have been right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import tickets
from bot.counts import tallies
from bot.errors import NotFound, NothingToDo
from bot.models import Message, Misanswer
from bot.work import ticket_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket
    from bot.town import Town


async def judge(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    *,
    right_entry: str | None,
    town: Town,
    now: datetime,
    message_id: int | None = None,
) -> Misanswer:
    """Keep that an answer was wrong, and what had been right; a new judgement of it replaces the old.

    Args:
        right_entry: None when the book has no right answer.
        message_id: The bot's answer that was wrong; None for the ticket's first guess.

    Raises:
        NotFound: There is no such entry, or no such answer in this conversation.
        NothingToDo: The right entry is the one that was given.
    """
    if right_entry is not None and right_entry not in town.book.entries:
        raise NotFound(right_entry)
    wrong, asked = ticket.entry, None
    if message_id is not None:
        answer = await session.get(Message, message_id)
        if (
            answer is None
            or answer.conversation_id != ticket.conversation_id
            or answer.entry is None
        ):
            raise NotFound(str(message_id))
        wrong, asked = answer.entry["id"], answer.cause_id
    if right_entry == wrong:
        raise NothingToDo
    query = select(Misanswer).where(
        Misanswer.ticket_id == ticket.id,
        Misanswer.entry == wrong if wrong else Misanswer.entry.is_(None),
        Misanswer.message_id == asked if asked else Misanswer.message_id.is_(None),
    )
    found = (await session.scalars(query)).first()
    if found is None:
        found = Misanswer(ticket_id=ticket.id, message_id=asked, locale=ticket.locale, entry=wrong)
        session.add(found)
    found.right_entry = right_entry
    found.staff_id, found.staff_name, found.at = staff.id, staff.name, now
    ticket_log.record(session, ticket, "judge", now, staff, entry=wrong, right=right_entry)
    tickets.changed(session, ticket)
    return found


async def take_back(
    session: AsyncSession, staff: Staff, ticket: Ticket, id_: int, now: datetime
) -> None:
    """Take a mark back; the answer counts again as it did before.

    Raises:
        NotFound: There is no such mark on this ticket, or no more.
    """
    found = await session.get(Misanswer, id_, with_for_update=True)
    if found is None or found.ticket_id != ticket.id:
        raise NotFound(str(id_))
    await tallies.unjudge(session, found)
    await session.delete(found)
    ticket_log.record(
        session, ticket, "unjudge", now, staff, entry=found.entry, right=found.right_entry
    )
    tickets.changed(session, ticket)


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[Misanswer]:
    """Return what staff said about the bot's answers in a ticket."""
    query = select(Misanswer).where(Misanswer.ticket_id == ticket.id).order_by(Misanswer.id)
    return (await session.scalars(query)).all()
