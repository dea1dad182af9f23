"""Residents who may make no tickets for a while, because of how staff were treated.

The bot answers them as before, safety texts included, and keeps what they write. Every block has
an end, and a lead reviews it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import outbox, tickets
from bot.cleaning import cleaned
from bot.errors import NotFound, NothingToDo
from bot.masking import masked
from bot.models import LIVE, Block, Conversation, Outcome, Ticket
from bot.people import audit
from bot.people.policy import Act
from bot.replies import Replies
from bot.work import ticket_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff
    from bot.town import Town

# How long a block may last, in days.
DAYS = (1, 7, 30)


async def active(session: AsyncSession, conversation_id: str, now: datetime) -> Block | None:
    """Return the block that keeps this resident from staff; None when there is none."""
    query = select(Block).where(
        Block.conversation_id == conversation_id, Block.lifted_at.is_(None), Block.until > now
    )
    return (await session.scalars(query.order_by(Block.until.desc()).limit(1))).first()


async def block(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    *,
    reason: str,
    days: int,
    town: Town,
    now: datetime,
) -> Block:
    """Block a ticket's resident, tell them so with the end, and close the ticket if it is live.

    Raises:
        TextMissing, TextTooLong: The reason.
        NothingToDo: The resident is blocked already, or no such length can be chosen.
        TicketHeld: A colleague has claimed the ticket.
    """
    reason, _had_secret = masked(cleaned(reason, tickets.LONGEST_REASON))
    if days not in DAYS or await active(session, ticket.conversation_id, now):
        raise NothingToDo
    if ticket.status in LIVE:
        await tickets.claim(session, staff, ticket, now)
        tickets.end(ticket, Outcome.BLOCKED, now)
    made = Block(
        conversation_id=ticket.conversation_id,
        ticket_id=ticket.id,
        staff_id=staff.id,
        staff_name=staff.name,
        reason=reason,
        at=now,
        until=now + timedelta(days=days),
    )
    session.add(made)
    said = Replies(town, ticket.locale).blocked(made.until)
    tickets.tell(session, ticket, said, now)
    ticket_log.record(session, ticket, "block", now, staff, days=days, reason=reason)
    audit.record(session, staff, Act.BLOCK, ticket.number, now, detail={"days": days})
    tickets.changed(session, ticket)
    return made


async def all_recent(session: AsyncSession) -> Sequence[tuple[Block, Ticket]]:
    """Return the blocks and the tickets they were about, those to review first, newest first."""
    query = (
        select(Block, Ticket)
        .join(Ticket, Ticket.id == Block.ticket_id)
        .order_by(Block.reviewed_at.is_not(None), Block.id.desc())
        .limit(200)
    )
    return [(block_, ticket) for block_, ticket in await session.execute(query)]


async def waiting(session: AsyncSession) -> int:
    """Return how many blocks no lead has looked at."""
    query = select(Block.id).where(Block.reviewed_at.is_(None)).limit(100)
    return len((await session.scalars(query)).all())


async def review(
    session: AsyncSession, lead: Staff, id_: int, *, lift: bool, town: Town, now: datetime
) -> Block:
    """Take in a lead's decision: the block stays, or ends now and the resident is told.

    Raises:
        NotFound: There is no such block.
        NothingToDo: It was lifted before.
    """
    found = await session.get(Block, id_)
    if found is None:
        raise NotFound(str(id_))
    if found.lifted_at is not None:
        raise NothingToDo
    ticket = await session.get_one(Ticket, found.ticket_id)
    found.reviewed_at, found.reviewed_by = now, lead.name
    if lift:
        conversation = await session.get_one(
            Conversation, found.conversation_id, with_for_update=True
        )
        # Whoever's block ended by itself need not hear of it.
        if found.until > now:
            said = Replies(town, ticket.locale).unblocked()
            outbox.put(
                session,
                conversation,
                said.text,
                now,
                choices=[{"label": choice.label, "value": choice.value} for choice in said.choices],
                locale=ticket.locale,
            )
        found.lifted_at = now
    ticket_log.record(session, ticket, "lift" if lift else "confirm", now, lead)
    detail = {"lifted": lift}
    audit.record(session, lead, Act.REVIEW_BLOCKS, ticket.number, now, detail=detail)
    tickets.changed(session, ticket)
    return found
