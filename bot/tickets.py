"""What people work on: escalate, claim, release, transfer, reply, close, merge, cancel, reopen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from bot import outbox
from bot.cleaning import cleaned
from bot.database import nudge
from bot.errors import (
    CannotMerge,
    HasAnother,
    NotAllowed,
    NotFound,
    NothingToDo,
    NotTheirs,
    TicketEnded,
    TicketHeld,
    Unanswered,
)
from bot.masking import masked
from bot.models import FIRST_NUMBER, LIVE, Author, Message, Outcome, Status, Ticket
from bot.people import audit
from bot.people.policy import Act, may
from bot.replies import Replies
from bot.service import alerts, hours, queues
from bot.service.routing import Case, reads, route
from bot.work import search, ticket_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Conversation, Staff
    from bot.replies import Reply
    from bot.town import Town

# Telegram carries 4,096; the rest is for the name in front.
LONGEST_REPLY = 3_900
LONGEST_REASON = 500
TOPIC = "staff"
_NUMBER = re.compile(r"N-(\d{4,12})", re.IGNORECASE)


def topic_of(ticket_id: int) -> str:
    """Return the topic that is nudged when a ticket changes."""
    return f"ticket:{ticket_id}"


def changed(session: AsyncSession, ticket: Ticket) -> None:
    """Tell every page that shows the ticket, once the transaction is committed."""
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
        waits_since=now,
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
    await search.learn_conversation(session, ticket.id)
    ticket_log.record(session, ticket, "open", now, queue=ticket.queue)
    changed(session, ticket)
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
    ticket.waits_since = None
    ticket_log.record(session, ticket, "cancel", now)
    changed(session, ticket)


async def reopen(session: AsyncSession, ticket: Ticket, town: Town, now: datetime) -> None:
    """Put a closed ticket back into its queue because the answer did not help."""
    await _open_again(session, ticket, town, now)
    ticket_log.record(session, ticket, "reopen", now)
    changed(session, ticket)


async def _open_again(session: AsyncSession, ticket: Ticket, town: Town, now: datetime) -> None:
    ticket.status = Status.OPEN
    ticket.holder_id = None
    ticket.holder = None
    ticket.closed_at = None
    # The queue that it was in may be gone.
    queue = town.book.queue(ticket.queue)
    ticket.queue = queue.id
    ticket.outcome = None
    ticket.merged_into_id = None
    ticket.opened_at = now
    ticket.waits_since = now
    ticket.reply_by = hours.answer_by(queue, now) or now
    ticket.resolve_by = hours.resolve_by(queue, now)
    is_read = reads(queue, await queues.members(session), ticket.locale)
    alerts.plan(session, ticket, queue, is_read=is_read)
    ticket.reopened += 1


def note_added(session: AsyncSession, ticket_id: int) -> None:
    """Tell staff that the resident added something."""
    nudge(session, TOPIC)
    nudge(session, topic_of(ticket_id))


async def resident_wrote(session: AsyncSession, ticket_id: int, text: str, now: datetime) -> None:
    """Take in that the resident's message joined a ticket: it can be found, and waits for staff."""
    await search.learn(session, ticket_id, [text])
    await session.execute(
        update(Ticket)
        .where(Ticket.id == ticket_id, Ticket.waits_since.is_(None), Ticket.status.in_(LIVE))
        .values(waits_since=now)
    )


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
        ticket_log.record(session, ticket, "claim", now, staff)
        changed(session, ticket)
        return
    require_free(staff, ticket)


def require_free(staff: Staff, ticket: Ticket) -> None:
    """Check that this member of staff has the ticket or can claim it.

    Raises:
        TicketHeld: Somebody else has it.
        TicketEnded: It is closed or cancelled.
    """
    _require_live(ticket)
    if ticket.holder_id not in {None, staff.id}:
        raise TicketHeld(ticket.holder.name if ticket.holder else "")


async def release(session: AsyncSession, staff: Staff, ticket: Ticket, now: datetime) -> None:
    """Put the ticket back into its queue, at its old place; leads may release others' tickets.

    Raises:
        TicketHeld: Somebody else has it and this person is no lead.
        TicketEnded: It is closed or cancelled.
    """
    _require_in_hand(staff, ticket)
    if ticket.status == Status.OPEN:
        return
    _put_back(ticket)
    ticket_log.record(session, ticket, "release", now, staff)
    changed(session, ticket)


def _put_back(ticket: Ticket) -> None:
    ticket.status = Status.OPEN
    ticket.holder_id = None
    ticket.holder = None


def _give(ticket: Ticket, to: Staff, now: datetime) -> None:
    ticket.status = Status.CLAIMED
    ticket.holder_id = to.id
    ticket.holder = to
    ticket.claimed_at = now


async def transfer(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    *,
    reason: str,
    town: Town,
    now: datetime,
    queue: str | None = None,
    to: Staff | None = None,
) -> None:
    """Pass the ticket to another queue, to a colleague, or to a colleague in another queue.

    The promise to the resident stays, and so does the ticket's place.

    Raises:
        TextMissing, TextTooLong: The reason.
        NotFound: There is no such queue.
        NotTheirs: The colleague may not read that queue.
        NothingToDo: Neither is chosen, or it is there already.
        TicketHeld, TicketEnded: As `release`.
    """
    reason, _had_secret = masked(cleaned(reason, LONGEST_REASON))
    _require_in_hand(staff, ticket)
    if queue is not None and queue not in town.book.queues:
        raise NotFound(queue)
    target = queue or ticket.queue
    if target == ticket.queue and (to is None or to.id == ticket.holder_id):
        raise NothingToDo
    if to is not None and not may(to, Act.REPLY, target):
        raise NotTheirs(to.name)
    detail = {"from": ticket.queue, "queue": target, "to": to.name if to else None}
    ticket.queue = target
    if to is None:
        _put_back(ticket)
    else:
        _give(ticket, to, now)
    ticket_log.record(session, ticket, "transfer", now, staff, **detail, reason=reason)
    changed(session, ticket)


async def assign(
    session: AsyncSession, staff: Staff, ticket: Ticket, to: Staff, now: datetime
) -> None:
    """Give the ticket to a member of staff, whoever has it; giving it to its holder changes nothing.

    Raises:
        NotTheirs: That person may not reply in its queue.
        TicketEnded: It is closed or cancelled.
    """
    _require_live(ticket)
    if not may(to, Act.REPLY, ticket.queue):
        raise NotTheirs(to.name)
    if ticket.holder_id == to.id:
        return
    _give(ticket, to, now)
    ticket_log.record(session, ticket, "assign", now, staff, to=to.name)
    changed(session, ticket)


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
        before = await sent_before(session, staff, ticket, key)
        if before:
            return before
        key = _reply_key(staff, key)
    await claim(session, staff, ticket, now)
    ticket.replied_at = ticket.replied_at or now
    ticket.waits_since = None
    message = _say(session, ticket, staff, text, now, key=key)
    for merged in await merged_into(session, ticket):
        _say(session, merged, staff, text, now)
    await search.learn(session, ticket.id, [text])
    ticket_log.record(session, ticket, "reply", now, staff)
    changed(session, ticket)
    return message


def _reply_key(staff: Staff, key: str) -> str:
    return f"staff:{staff.id}:{key}"[:100]


async def sent_before(
    session: AsyncSession, staff: Staff, ticket: Ticket, key: str
) -> Message | None:
    """Return what this person has sent with this key; None when it is new."""
    query = select(Message).where(
        Message.conversation_id == ticket.conversation_id, Message.key == _reply_key(staff, key)
    )
    return (await session.scalars(query)).first()


def _say(
    session: AsyncSession,
    ticket: Ticket,
    staff: Staff,
    text: str,
    now: datetime,
    key: str | None = None,
) -> Message:
    # Whoever was asking the bot something else is back with staff now.
    ticket.conversation.state = {**ticket.conversation.state, "aside": False}
    return outbox.put(
        session,
        ticket.conversation,
        text,
        now,
        author=Author.STAFF,
        staff_name=staff.name,
        ticket_id=ticket.id,
        key=key,
        locale=ticket.locale,
    )


async def close(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    town: Town,
    now: datetime,
    *,
    outcome: Outcome = Outcome.SOLVED,
    anyway: bool = False,
) -> None:
    """Close the ticket and ask the resident whether it helped; closing twice changes nothing.

    Whoever's ticket was merged into it is told and asked as well.

    Args:
        anyway: Close it although nobody has answered.

    Raises:
        TicketHeld: Somebody else has claimed the ticket.
        TicketEnded: The resident cancelled it.
        Unanswered: No member of staff has ever replied, so that a slip may have closed it.
    """
    if ticket.status == Status.CLOSED:
        return
    # Whoever cannot close it at all need not first hear that nobody has answered.
    require_free(staff, ticket)
    if ticket.replied_at is None and not anyway:
        raise Unanswered(outcome)
    await claim(session, staff, ticket, now)
    end(ticket, outcome, now)
    for ended in (ticket, *await merged_into(session, ticket)):
        _ask_whether_it_helped(session, staff, ended, outcome, town, now)
    ticket_log.record(session, ticket, "close", now, staff, outcome=outcome)
    changed(session, ticket)


def end(ticket: Ticket, outcome: Outcome, now: datetime) -> None:
    """Mark a ticket as closed by staff."""
    ticket.status = Status.CLOSED
    ticket.outcome = outcome
    ticket.closed_at = now
    ticket.waits_since = None


def _ask_whether_it_helped(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    outcome: Outcome,
    town: Town,
    now: datetime,
) -> None:
    words = Replies(town, ticket.locale)
    tell(session, ticket, words.closed(ticket.number, ticket.id, staff.name, outcome), now)


def tell(session: AsyncSession, ticket: Ticket, said: Reply, now: datetime) -> None:
    """Let the bot say something about a ticket, in the ticket's language."""
    outbox.put(
        session,
        ticket.conversation,
        said.text,
        now,
        choices=[{"label": choice.label, "value": choice.value} for choice in said.choices],
        ticket_id=ticket.id,
        locale=ticket.locale,
    )


async def reopen_by_staff(
    session: AsyncSession, staff: Staff, ticket: Ticket, town: Town, now: datetime
) -> None:
    """Take up a closed ticket again, in one's own name, and tell the resident.

    Raises:
        TicketEnded: The resident cancelled it.
        NothingToDo: It is not closed.
        HasAnother: The resident has another ticket; what is said would belong to that one.
    """
    if ticket.status == Status.CANCELLED:
        raise TicketEnded(ticket.status)
    if ticket.status != Status.CLOSED:
        raise NothingToDo
    live = await live_ticket(session, ticket.conversation_id)
    if live:
        raise HasAnother(live.number)
    await _open_again(session, ticket, town, now)
    _give(ticket, staff, now)
    tell(session, ticket, Replies(town, ticket.locale).taken_up(ticket.number, staff.name), now)
    ticket_log.record(session, ticket, "reopen", now, staff)
    changed(session, ticket)


async def merge(
    session: AsyncSession, staff: Staff, ticket: Ticket, into: Ticket, town: Town, now: datetime
) -> None:
    """Close a ticket as a duplicate of another, whose replies reach this resident too from now on.

    The messages stay where they are; the resident is told once. What was merged into the ticket
    before goes along.

    Raises:
        CannotMerge: They are the same, one is ended, or they are in different languages.
        TicketHeld: A colleague has claimed the ticket that would end.
    """
    is_possible = into.id != ticket.id and into.status in LIVE and into.locale == ticket.locale
    if ticket.status not in LIVE or not is_possible:
        raise CannotMerge
    await claim(session, staff, ticket, now)
    for earlier in await merged_into(session, ticket):
        earlier.merged_into_id = into.id
    end(ticket, Outcome.DUPLICATE, now)
    ticket.merged_into_id = into.id
    words = Replies(town, ticket.locale)
    tell(session, ticket, words.merged(ticket.number, into.number), now)
    ticket_log.record(session, ticket, "merge", now, staff, into=into.number)
    ticket_log.record(session, into, "merged", now, staff, number=ticket.number)
    changed(session, ticket)
    changed(session, into)


async def merged_into(session: AsyncSession, ticket: Ticket) -> Sequence[Ticket]:
    """Return the tickets that were merged into this one."""
    query = select(Ticket).where(Ticket.merged_into_id == ticket.id).order_by(Ticket.id)
    return (await session.scalars(query)).all()


async def same_in_merged(
    session: AsyncSession, ticket: Ticket, message: Message
) -> Sequence[tuple[Ticket, Message]]:
    """Return a reply as it stands in the tickets that were merged into its own, with each of them."""
    query = (
        select(Ticket, Message)
        .join(Message, Message.ticket_id == Ticket.id)
        .where(
            Ticket.merged_into_id == ticket.id,
            Message.author == Author.STAFF,
            Message.staff_name == message.staff_name,
            Message.text == message.text,
            Message.at == message.at,
        )
        .order_by(Message.id)
    )
    return [(other, same) for other, same in await session.execute(query)]


def _require_live(ticket: Ticket) -> None:
    if ticket.status not in LIVE:
        raise TicketEnded(ticket.status)


def _require_in_hand(staff: Staff, ticket: Ticket) -> None:
    """Let only its holder, or a lead, do something with a claimed ticket; anybody with a waiting one."""
    _require_live(ticket)
    if ticket.holder and ticket.holder_id != staff.id and not may(staff, Act.RELEASE_OTHERS):
        raise TicketHeld(ticket.holder.name)


async def earlier(session: AsyncSession, ticket: Ticket, limit: int = 20) -> Sequence[Ticket]:
    """Return the same resident's other tickets, newest first, whoever may read them."""
    query = (
        select(Ticket)
        .where(Ticket.conversation_id == ticket.conversation_id, Ticket.id != ticket.id)
        .order_by(Ticket.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()
