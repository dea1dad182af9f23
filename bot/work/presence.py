"""Who looks at a ticket now, so that two people do not answer it at once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.database import insert_unless_there, nudge
from bot.models import Presence
from bot.tickets import topic_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Staff, Ticket
    from bot.town import Town

# A page says every 20 seconds that it is open; one that says nothing for longer is gone.
GONE_AFTER = timedelta(seconds=45)


async def seen(
    session: AsyncSession, staff: Staff, ticket: Ticket, now: datetime, *, is_writing: bool
) -> None:
    """Take in that a person has the ticket's page open; others are nudged only when that is news."""
    found = await session.get(Presence, (ticket.id, staff.id))
    is_news = (
        found is None or found.seen_at <= now - GONE_AFTER or found.is_writing is not is_writing
    )
    if found is None:
        values = {
            "ticket_id": ticket.id,
            "staff_id": staff.id,
            "staff_name": staff.name,
            "is_writing": is_writing,
            "seen_at": now,
        }
        await insert_unless_there(session, Presence, values, ["ticket_id", "staff_id"])
    else:
        found.seen_at, found.is_writing, found.staff_name = now, is_writing, staff.name
    if is_news:
        nudge(session, topic_of(ticket.id))


async def left(session: AsyncSession, staff: Staff, ticket: Ticket) -> None:
    """Take in that a person has closed the ticket's page."""
    await session.execute(
        delete(Presence).where(Presence.ticket_id == ticket.id, Presence.staff_id == staff.id)
    )
    nudge(session, topic_of(ticket.id))


async def others(
    session: AsyncSession, staff: Staff, ticket: Ticket, now: datetime
) -> Sequence[Presence]:
    """Return who else looks at the ticket, by name."""
    query = (
        select(Presence)
        .where(
            Presence.ticket_id == ticket.id,
            Presence.staff_id != staff.id,
            Presence.seen_at > now - GONE_AFTER,
        )
        .order_by(Presence.staff_name)
    )
    return (await session.scalars(query)).all()


async def forget(database: Database, _town: Town, now: datetime) -> None:
    """Delete who is gone, and tell the pages that still show them; one round of a job."""
    async with database.read() as session:
        if await session.scalar(select(Presence.ticket_id).where(_is_gone(now)).limit(1)) is None:
            return
    async with database.write() as session:
        gone = delete(Presence).where(_is_gone(now)).returning(Presence.ticket_id)
        for ticket_id in set(await session.scalars(gone)):
            nudge(session, topic_of(ticket_id))


def _is_gone(now: datetime) -> ColumnElement[bool]:
    return Presence.seen_at <= now - GONE_AFTER
