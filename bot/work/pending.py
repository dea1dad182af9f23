"""Replies that can still be taken back: they go out a few seconds after they were sent."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import tickets
from bot.cleaning import cleaned
from bot.errors import NeuvokasError, NotFound
from bot.models import PendingReply, Staff, Ticket
from bot.people.policy import Act, may
from bot.work import drafts, ticket_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Message
    from bot.town import Town

log = logging.getLogger(__name__)

UNDO = timedelta(seconds=5)
# Looked for this often; a reply that was waiting when the process died is found in the same way.
LOOK_SECONDS = 0.5


async def put(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    text: str,
    now: datetime,
    *,
    key: str | None = None,
) -> PendingReply | Message:
    """Keep a reply until it goes out; the ticket is claimed at once.

    A reply with a key sent before changes nothing. A person's next reply sends the one before it,
    since their order is kept.

    Raises:
        TextMissing, TextTooLong: The text cannot be sent as it is.
        TicketHeld: Somebody else has claimed the ticket.
        TicketEnded: It is closed or cancelled.
    """
    text = cleaned(text, tickets.LONGEST_REPLY)
    if key is not None:
        before = await _sent_before(session, staff, ticket, key)
        if before:
            return before
    await tickets.claim(session, staff, ticket, now)
    await send_now(session, ticket, now)
    reply = PendingReply(
        ticket_id=ticket.id,
        staff_id=staff.id,
        staff_name=staff.name,
        text=text,
        key=key,
        due_at=now + UNDO,
    )
    session.add(reply)
    await drafts.drop(session, staff, ticket.id, "reply")
    tickets.changed(session, ticket)
    return reply


async def _sent_before(
    session: AsyncSession, staff: Staff, ticket: Ticket, key: str
) -> PendingReply | Message | None:
    waiting = await session.scalars(
        select(PendingReply).where(PendingReply.staff_id == staff.id, PendingReply.key == key)
    )
    return waiting.first() or await tickets.sent_before(session, staff, ticket, key)


async def of(session: AsyncSession, ticket: Ticket) -> Sequence[PendingReply]:
    """Return what has not gone out yet, oldest first."""
    query = (
        select(PendingReply).where(PendingReply.ticket_id == ticket.id).order_by(PendingReply.id)
    )
    return (await session.scalars(query)).all()


async def undo(
    session: AsyncSession, staff: Staff, ticket: Ticket, id_: int, now: datetime
) -> None:
    """Take a reply back; its words become the person's draft again.

    Raises:
        NotFound: It has gone out, or is somebody else's.
    """
    found = await session.get(PendingReply, id_)
    if found is None or found.ticket_id != ticket.id or found.staff_id != staff.id:
        raise NotFound(str(id_))
    await _back_to_draft(session, staff, found, now)
    ticket_log.record(session, ticket, "undo", now, staff)
    tickets.changed(session, ticket)


async def _back_to_draft(
    session: AsyncSession, staff: Staff, reply: PendingReply, now: datetime
) -> None:
    typed = await drafts.of_ticket(session, staff, reply.ticket_id)
    # What was begun meanwhile is not lost either.
    text = "\n\n".join(part for part in (reply.text, typed["reply"]) if part)
    await drafts.keep(session, staff, reply.ticket_id, "reply", text, now)
    await session.delete(reply)


async def send_now(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """Send what waits on a ticket, because something else is about to be done to it."""
    for reply in await of(session, ticket):
        await _send(session, ticket, reply, now)


async def _send(session: AsyncSession, ticket: Ticket, reply: PendingReply, now: datetime) -> None:
    """Send one reply; when that is not possible any more, its words go back to its author."""
    staff = await session.get_one(Staff, reply.staff_id)
    try:
        if not may(staff, Act.REPLY, ticket.queue):
            raise NotFound(ticket.number)
        await tickets.reply(session, staff, ticket, reply.text, now, key=reply.key)
    except NeuvokasError as error:
        await _back_to_draft(session, staff, reply, now)
        ticket_log.record(session, ticket, "unsent", now, staff, because=type(error).__name__)
        tickets.changed(session, ticket)
    else:
        await session.delete(reply)


async def send_due(database: Database, _town: Town, now: datetime) -> None:
    """Send every reply whose time to be taken back is over; one round of a job."""
    due = select(PendingReply).where(PendingReply.due_at <= now).order_by(PendingReply.id)
    async with database.read() as session:
        found = (await session.scalars(due.limit(100))).all()
    for reply in found:
        try:
            await _settle(database, reply.id, now)
        except Exception as error:  # one reply's failure must not hold up the others
            log.exception("reply %s failed: %s", reply.id, type(error).__name__)


async def _settle(database: Database, id_: int, now: datetime) -> None:
    """Send one reply whose time has come, unless it was taken back or sent meanwhile."""
    async with database.write() as session:
        reply = await session.get(PendingReply, id_)
        if reply is None:
            return
        ticket = await session.get_one(Ticket, reply.ticket_id)
        # As everybody does who changes a ticket: its conversation first, then look again.
        await session.refresh(ticket.conversation, with_for_update=True)
        await session.refresh(ticket)
        still = await session.get(PendingReply, id_, populate_existing=True)
        if still:
            await _send(session, ticket, still, now)
