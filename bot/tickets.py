"""What people work on: escalate, claim, release, reply, close, cancel, reopen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from bot import alerts, audit, hours, outbox, queues
from bot.cleaning import cleaned
from bot.database import nudge
from bot.errors import NotAllowed, NotFound, TicketEnded, TicketHeld
from bot.models import FIRST_NUMBER, LIVE, Author, Message, Role, Status, Ticket
from bot.policy import Act, may
from bot.replies import Replies
from bot.routing import Case, reads, route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Conversation, Staff
    from bot.town import Town

# Telegram carries 4,096; the rest is for the name in front.
LONGEST_REPLY = 3_900
TOPIC = "staff"
_NUMBER = re.compile(r"N-(\d{4,12})", re.IGNORECASE)


def topic_of(ticket_id: int) -> str:
    """Return the topic that is nudged when a ticket changes."""
    return f"ticket:{ticket_id}"


def _changed(session: AsyncSession, ticket: Ticket) -> None:
    nudge(session, TOPIC)
    nudge(session, topic_of(ticket.id))


async def escalate(
    session: AsyncSession,
    conversation: Conversation,
    town: Town,
    *,
    entry: str | None,
    tried: Sequence[dict[str, Any]],
    now: datetime,
) -> Ticket:
    """Make a ticket of the conversation, in the queue it belongs to; the caller's transaction."""
    has_event = any(conversation.state.get(name) for name in ("event", "guide"))
    case = Case(conversation.locale, entry, has_event)
    routed = route(town.book, town.rules, await queues.members(session), case)
    queue = routed.queue
    ticket = Ticket(
        conversation_id=conversation.id,
        queue=queue.id,
        locale=conversation.locale,
        status=Status.OPEN,
        entry=entry,
        tried=list(tried),
        created_at=now,
        opened_at=now,
        reply_by=hours.answer_by(queue, now) or now,
        resolve_by=hours.resolve_by(queue, now),
        conversation=conversation,
        holder=None,
    )
    session.add(ticket)
    await session.flush()
    alerts.plan(session, ticket, queue, is_read=routed.is_read)
    # What was said since the last ticket belongs to this one.
    await session.execute(
        update(Message)
        .where(Message.conversation_id == conversation.id, Message.ticket_id.is_(None))
        .values(ticket_id=ticket.id)
        .execution_options(synchronize_session=False)
    )
    _changed(session, ticket)
    return ticket


def live_id(conversation_id: Any) -> ScalarSelect[int]:
    """Return the id of the conversation's ticket that staff still have to do with, for a query."""
    live = aliased(Ticket)
    return (
        select(live.id)
        .where(live.conversation_id == conversation_id, live.status.in_(LIVE))
        .order_by(live.id.desc())
        .limit(1)
        .scalar_subquery()
    )


async def live_ticket(session: AsyncSession, conversation_id: str) -> Ticket | None:
    """Return the conversation's ticket that staff still have to do with."""
    return await session.scalar(select(Ticket).where(Ticket.id == live_id(conversation_id)))


async def place(session: AsyncSession, ticket: Ticket) -> int:
    """Return the ticket's place in its queue, the next one being 1."""
    before = select(func.count()).where(
        Ticket.queue == ticket.queue,
        Ticket.status == Status.OPEN,
        Ticket.opened_at <= ticket.opened_at,
        Ticket.id != ticket.id,
    )
    return 1 + (await session.scalar(before) or 0)


async def cancel(session: AsyncSession, ticket: Ticket, now: datetime) -> None:
    """End a ticket because the resident wants so."""
    ticket.status = Status.CANCELLED
    ticket.closed_at = now
    _changed(session, ticket)


async def reopen(session: AsyncSession, ticket: Ticket, town: Town, now: datetime) -> None:
    """Put a closed ticket back into its queue because the answer did not help."""
    ticket.status = Status.OPEN
    ticket.holder_id = None
    ticket.holder = None
    ticket.closed_at = None
    # The queue that it was in may be gone.
    queue = town.book.queue(ticket.queue)
    ticket.queue = queue.id
    ticket.opened_at = now
    ticket.reply_by = hours.answer_by(queue, now) or now
    ticket.resolve_by = hours.resolve_by(queue, now)
    is_read = reads(queue, await queues.members(session), ticket.locale)
    alerts.plan(session, ticket, queue, is_read=is_read)
    ticket.reopened += 1
    _changed(session, ticket)


def note_added(session: AsyncSession, ticket_id: int) -> None:
    """Tell staff that the resident added something."""
    nudge(session, TOPIC)
    nudge(session, topic_of(ticket_id))


def ticket_id(number: str) -> int:
    """Return the id behind a number such as N-1042.

    Raises:
        NotFound: It is not a ticket's number.
    """
    found = _NUMBER.fullmatch(number.strip())
    if not found:
        raise NotFound(number)
    return int(found[1]) - FIRST_NUMBER


async def for_staff(
    session: AsyncSession, staff: Staff, number: str, act: Act = Act.READ
) -> Ticket:
    """Return a ticket that this member of staff may do this to.

    For anything but reading, the conversation is locked first, as `hear` does: both take their
    locks in the same order, and a ticket cannot change between the check and the act.

    Raises:
        NotFound: There is no such ticket, or it is in a queue the person does not see.
        NotAllowed: The person sees it but may not do this.
    """
    ticket = await session.get(Ticket, ticket_id(number))
    if ticket is None or not may(staff, Act.READ, ticket.queue):
        raise NotFound(number)
    if not may(staff, act, ticket.queue):
        raise NotAllowed(act)
    if act is not Act.READ:
        await session.refresh(ticket.conversation, with_for_update=True)
        await session.refresh(ticket)
        # Whichever way in this came by, it stands in the audit log, or is not done.
        audit.note(session, staff, act, ticket.number)
    return ticket


async def in_queues(
    session: AsyncSession,
    staff: Staff,
    *,
    queue: str | None = None,
    status: Status | None = None,
    limit: int = 200,
) -> Sequence[Ticket]:
    """Return the tickets this member of staff sees, oldest first; without a status, the live ones.

    Raises:
        NotAllowed: The person sees no tickets at all.
    """
    if not may(staff, Act.READ):
        raise NotAllowed(Act.READ)
    query = select(Ticket).order_by(Ticket.opened_at, Ticket.id).limit(limit)
    query = query.where(Ticket.status == status if status else Ticket.status.in_(LIVE))
    if queue:
        query = query.where(Ticket.queue == queue)
    if staff.role == Role.STAFF:
        query = query.where(Ticket.queue.in_(staff.queues))
    return (await session.scalars(query)).all()


async def waiting_in(session: AsyncSession) -> dict[str, dict[str, int]]:
    """Return how many tickets stand where: queue → status → count, live ones only."""
    query = (
        select(Ticket.queue, Ticket.status, func.count())
        .where(Ticket.status.in_(LIVE))
        .group_by(Ticket.queue, Ticket.status)
    )
    counts: dict[str, dict[str, int]] = {}
    for queue, status, count in await session.execute(query):
        counts.setdefault(queue, {})[status] = count
    return counts


async def conversation_of(session: AsyncSession, ticket: Ticket) -> Sequence[Message]:
    """Return the whole conversation behind a ticket, oldest first."""
    query = (
        select(Message)
        .where(Message.conversation_id == ticket.conversation_id)
        .order_by(Message.id)
    )
    return (await session.scalars(query)).all()


async def claim(session: AsyncSession, staff: Staff, ticket: Ticket, now: datetime) -> None:
    """Give the ticket to this member of staff; exactly one of many at once gets it.

    Claiming what one holds already changes nothing.

    Raises:
        TicketHeld: Somebody else has it.
        TicketEnded: It is closed or cancelled.
    """
    taken = await session.execute(
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.status == Status.OPEN, Ticket.holder_id.is_(None))
        .values(status=Status.CLAIMED, holder_id=staff.id, claimed_at=now)
        .execution_options(synchronize_session=False)
    )
    await session.refresh(ticket)
    if taken.rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE's result counts its rows
        _changed(session, ticket)
        return
    _require_live(ticket)
    if ticket.holder_id != staff.id:
        raise TicketHeld(ticket.holder.name if ticket.holder else "")


async def release(session: AsyncSession, staff: Staff, ticket: Ticket) -> None:
    """Put the ticket back into its queue, at its old place; leads may release others' tickets.

    Raises:
        TicketHeld: Somebody else has it and this person is no lead.
        TicketEnded: It is closed or cancelled.
    """
    _require_live(ticket)
    if ticket.holder and ticket.holder_id != staff.id and not may(staff, Act.RELEASE_OTHERS):
        raise TicketHeld(ticket.holder.name)
    ticket.status = Status.OPEN
    ticket.holder_id = None
    ticket.holder = None
    _changed(session, ticket)


async def reply(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    text: str,
    now: datetime,
    *,
    key: str | None = None,
) -> Message:
    """Queue a reply to the resident, marked with the person's name; an unclaimed ticket is claimed.

    A reply with a key sent before changes nothing.

    Raises:
        TextMissing, TextTooLong: The text cannot be sent as it is.
        TicketHeld: Somebody else has claimed the ticket.
        TicketEnded: It is closed or cancelled.
    """
    text = cleaned(text, LONGEST_REPLY)
    if key is not None:
        key = f"staff:{staff.id}:{key}"[:100]
        query = select(Message).where(
            Message.conversation_id == ticket.conversation_id, Message.key == key
        )
        before = (await session.scalars(query)).first()
        if before:
            return before
    await claim(session, staff, ticket, now)
    ticket.replied_at = ticket.replied_at or now
    # Whoever was asking the bot something else is back with staff now.
    ticket.conversation.state = {**ticket.conversation.state, "aside": False}
    message = outbox.put(
        session,
        ticket.conversation,
        text,
        now,
        author=Author.STAFF,
        staff_name=staff.name,
        ticket_id=ticket.id,
        key=key,
    )
    _changed(session, ticket)
    return message


async def close(
    session: AsyncSession, staff: Staff, ticket: Ticket, town: Town, now: datetime
) -> None:
    """Close the ticket and ask the resident whether it helped; closing twice changes nothing.

    Raises:
        TicketHeld: Somebody else has claimed the ticket.
        TicketEnded: The resident cancelled it.
    """
    if ticket.status == Status.CLOSED:
        return
    await claim(session, staff, ticket, now)
    ticket.status = Status.CLOSED
    ticket.closed_at = now
    question = Replies(town, ticket.conversation.locale).closed(
        ticket.number, ticket.id, staff.name
    )
    outbox.put(
        session,
        ticket.conversation,
        question.text,
        now,
        choices=[{"label": choice.label, "value": choice.value} for choice in question.choices],
        ticket_id=ticket.id,
    )
    _changed(session, ticket)


def _require_live(ticket: Ticket) -> None:
    if ticket.status not in LIVE:
        raise TicketEnded(ticket.status)
