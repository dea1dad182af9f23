"""The log of a ticket: who did what to it, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.models import TicketAct

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket


def record(
    session: AsyncSession,
    ticket: Ticket,
    act: str,
    now: datetime,
    staff: Staff | None = None,
    **detail: Any,
) -> None:
    """Write one line, in the caller's transaction; without a person the resident or the bot did it.

    Args:
        detail: What belongs to it; never what a resident wrote.
    """
    session.add(
        TicketAct(
            ticket_id=ticket.id,
            staff_id=staff.id if staff else None,
            staff_name=staff.name if staff else None,
            act=act,
            detail=detail,
            at=now,
        )
    )


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[TicketAct]:
    """Return a ticket's log, oldest first."""
    query = select(TicketAct).where(TicketAct.ticket_id == ticket.id).order_by(TicketAct.id)
    return (await session.scalars(query)).all()
