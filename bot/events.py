"""Events that residents tell the guide about: kept, handed in, put right, taken along, reminded of."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from bot import outbox, tickets
from bot.cleaning import cleaned
from bot.database import nudge
from bot.errors import NotFound
from bot.guide import Guide, Talk
from bot.masking import masked
from bot.models import (
    Author,
    Channel,
    Conversation,
    Correction,
    Event,
    Handling,
    Message,
    MovingCode,
    Reminder,
    Status,
    Ticket,
)
from bot.people.staff import hashed
from bot.permits import Decision, deciding, read_facts, standing
from bot.permits.reminders import reminders
from bot.replies import Replies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Staff
    from bot.town import Town

# Consonants alone make no words, and none of these is taken for a digit or for another letter.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE = re.compile(rf"(?:/start\s+)?([{_LETTERS}]{{4}})[-– ]?([{_LETTERS}]{{4}})", re.IGNORECASE)
CODE_LASTS = timedelta(hours=1)
LONGEST_REASON = 1_000
# Reminders are sent a batch at a time, so that no transaction grows long.
_BATCH = 50


async def of_conversation(session: AsyncSession, conversation: Conversation) -> Event | None:
    """Return the event that the conversation is about; None when it is about none."""
    id_ = conversation.state.get("event")
    return await session.get(Event, id_) if id_ else None


async def of_id(session: AsyncSession, id_: str) -> Event:
    """Return an event by its id.

    Raises:
        NotFound: There is none.
    """
    event = await session.get(Event, id_)
    if event is None:
        raise NotFound(id_)
    return event


async def of_ticket(session: AsyncSession, ticket: Ticket) -> Event | None:
    """Return the event of a ticket: the one handed in with it, else the one its resident tells of now."""
    query = select(Event).where(Event.ticket_id == ticket.id).order_by(Event.created_at.desc())
    handed_in = (await session.scalars(query.limit(1))).first()
    return handed_in or await of_conversation(session, ticket.conversation)


async def keep(
    session: AsyncSession,
    conversation: Conversation,
    told: dict[str, Any] | None,
    before: Event | None,
    now: datetime,
) -> Event | None:
    """Keep what was told of an event, and renew its reminders; the caller's transaction.

    Args:
        before: The event as it was loaded for this turn.
    """
    if told is None or (before and before.told == told):
        return before
    if before is None or told["event"] != before.id:
        before = Event(id=uuid.uuid4().hex, conversation_id=conversation.id, created_at=now)
        session.add(before)
    return await _tell(session, before, Guide.from_json(told), now)


async def _tell(session: AsyncSession, event: Event, guide: Guide, now: datetime) -> Event:
    """Save what is told of an event, and its reminders as they follow from it."""
    event.told = replace(guide, event=event.id).to_json()
    event.changed_at = now
    await session.flush()
    await session.execute(
        delete(Reminder).where(Reminder.event_id == event.id, Reminder.sent_at.is_(None))
    )
    if guide.reminds:
        ahead = reminders(guide.plan(now, "fi"), guide.done)
        session.add_all(
            Reminder(event_id=event.id, duty=due.duty, day=due.day.isoformat(), due_at=due.at)
            for due in ahead
        )
    nudge(session, topic_of(event.id))
    return event


def topic_of(event_id: str) -> str:
    """Return the topic that is nudged when an event changes."""
    return f"event:{event_id}"


# --- Handed in to staff ---------------------------------------------------------------------


async def hand_in(session: AsyncSession, event: Event, ticket: Ticket, now: datetime) -> None:
    """Hand an event in with a ticket: its facts and plan are kept as they stand."""
    guide = replace(Guide.from_json(event.told), handed_in=ticket.number)
    event.told = guide.to_json()
    event.ticket_id = ticket.id
    event.handling = None
    event.handed_in = {
        "at": now.isoformat(),
        "facts": dict(guide.facts),
        "duties": {
            duty.id: {
                "status": duty.status,
                "file_by": duty.file_by.isoformat() if duty.file_by else None,
            }
            for duty in guide.plan(now, "fi").duties
        },
    }
    event.changed_at = now
    await session.flush()


async def handling_of(session: AsyncSession, event: Event) -> Handling | None:
    """Return where staff stand with an event: as an officer said, else as its ticket stands."""
    if event.ticket_id is None:
        return None
    if event.handling:
        return Handling(event.handling)
    ticket = await session.get(Ticket, event.ticket_id)
    by_status = {Status.OPEN: Handling.RECEIVED, Status.CLAIMED: Handling.IN_REVIEW}
    return by_status.get(Status(ticket.status), Handling.DECIDED) if ticket else None


async def say_handling(
    session: AsyncSession,
    staff: Staff,
    event: Event,
    ticket: Ticket,
    handling: Handling,
    town: Town,
    now: datetime,
) -> None:
    """Say where staff stand with an event; the resident is told. Saying it again changes nothing."""
    if event.handling == handling:
        return
    conversation = await _locked(session, event)
    event.handling = handling
    event.changed_at = now
    reply = Replies(town, ticket.locale).event_handling(ticket.number, handling)
    _notify(session, conversation, staff, ticket, reply.text, now)


# --- Put right by an officer ----------------------------------------------------------------


async def correct(
    session: AsyncSession,
    staff: Staff,
    event: Event,
    ticket: Ticket,
    fact: str,
    value: Any,
    reason: str,
    now: datetime,
) -> None:
    """Put a fact right with a reason, and tell the resident what changes in the plan.

    Raises:
        TextMissing, TextTooLong: The reason cannot be used.
        FactsError: The value does not fit the fact, or not with the others.
    """
    reason = masked(cleaned(reason, LONGEST_REASON))[0]
    conversation = await _locked(session, event)
    guide = Guide.from_json(event.told)
    before = guide.facts.get(fact)
    facts = {**guide.facts, fact: value}
    read_facts(facts)
    if fact in guide.facts and before == value:
        return
    after = replace(guide, facts=facts, whatif={})
    _record(session, staff, event, ("fact", fact, before, value), reason, now)
    await _tell(session, event, after, now)
    told = Talk(ticket.locale, now).corrected(guide, after, fact, reason)
    _notify(session, conversation, staff, ticket, told, now)


async def rule(
    session: AsyncSession,
    staff: Staff,
    event: Event,
    ticket: Ticket,
    duty: str,
    status: str,
    reason: str,
    now: datetime,
) -> None:
    """Rule that a duty is required or not, or take a ruling back, with a reason; tell the resident.

    Args:
        status: `required`, `not_required`, or empty to let the rules decide again.

    Raises:
        TextMissing, TextTooLong: The reason cannot be used.
        NotFound: There is no such duty or status.
    """
    if status not in {"required", "not_required", ""}:
        raise NotFound(status)
    reason = masked(cleaned(reason, LONGEST_REASON))[0]
    conversation = await _locked(session, event)
    guide = Guide.from_json(event.told)
    named = {one.id: one for one in guide.plan(now, ticket.locale).duties}
    if duty not in named:
        raise NotFound(duty)
    rulings = {name: ruling for name, ruling in guide.rulings.items() if name != duty}
    if status:
        facts = deciding(duty, guide.facts)
        ruling = Decision(status, reason, staff.name, now.date(), facts)
        rulings[duty] = ruling.to_json()
    after = replace(guide, rulings=rulings)
    before = standing(guide.rulings, guide.facts).get(duty)
    change = ("duty", duty, before.status if before else named[duty].status.value, status)
    _record(session, staff, event, change, reason, now)
    await _tell(session, event, after, now)
    told = Talk(ticket.locale, now).ruled(guide, after, duty, reason)
    _notify(session, conversation, staff, ticket, told, now)


async def corrections_of(session: AsyncSession, event: Event) -> Sequence[Correction]:
    """Return what officers put right and ruled, oldest first."""
    query = select(Correction).where(Correction.event_id == event.id).order_by(Correction.id)
    return (await session.scalars(query)).all()


def _record(
    session: AsyncSession,
    staff: Staff,
    event: Event,
    change: tuple[str, str, Any, Any],
    reason: str,
    now: datetime,
) -> None:
    subject, name, before, after = change
    session.add(
        Correction(
            event_id=event.id,
            staff_id=staff.id,
            staff_name=staff.name,
            subject=subject,
            name=name,
            before=before,
            after=after,
            reason=reason,
            at=now,
        )
    )


async def _locked(session: AsyncSession, event: Event) -> Conversation:
    """Return the event's conversation, locked, with the event as it is now: its resident waits."""
    query = select(Conversation).where(Conversation.id == event.conversation_id)
    conversation = (await session.scalars(query.with_for_update())).one()
    await session.refresh(event)
    return conversation


def _notify(
    session: AsyncSession,
    conversation: Conversation,
    staff: Staff,
    ticket: Ticket,
    text: str,
    now: datetime,
) -> Message:
    nudge(session, tickets.topic_of(ticket.id))
    return outbox.put(
        session,
        conversation,
        text,
        now,
        author=Author.STAFF,
        staff_name=staff.name,
        choices=[
            {"label": choice.label, "value": choice.value}
            for choice in Talk(ticket.locale, now).after_notice()
        ],
        ticket_id=ticket.id if ticket.conversation_id == conversation.id else None,
    )


# --- Taken along to another channel ---------------------------------------------------------


async def code_for(session: AsyncSession, event: Event, now: datetime) -> str:
    """Return a one-time code that takes the event along; earlier ones stop working."""
    await session.execute(delete(MovingCode).where(MovingCode.event_id == event.id))
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    session.add(MovingCode(hash=hashed(letters), event_id=event.id, expires_at=now + CODE_LASTS))
    return f"{letters[:4]}-{letters[4:]}"


def code_in(text: str) -> str | None:
    """Return the letters of a one-time code when a message is nothing else; None otherwise."""
    found = _CODE.fullmatch(text.strip())
    return (found[1] + found[2]).upper() if found else None


async def take_along(
    session: AsyncSession, letters: str, conversation: Conversation, town: Town, now: datetime
) -> Event | None:
    """Bring the event behind a one-time code into this conversation; None when the code opens none.

    The conversation it comes from is told so; reminders go with it.
    """
    used = await session.execute(
        delete(MovingCode)
        .where(MovingCode.hash == hashed(letters), MovingCode.expires_at > now)
        .returning(MovingCode.event_id)
    )
    id_ = used.scalar()
    if id_ is None:
        return None
    event = (await session.scalars(select(Event).where(Event.id == id_).with_for_update())).one()
    if event.conversation_id == conversation.id:
        return event
    old = (
        await session.scalars(
            select(Conversation).where(Conversation.id == event.conversation_id).with_for_update()
        )
    ).one()
    if old.state.get("event") == event.id:
        old.state = {**old.state, "event": ""}
    event.conversation_id = conversation.id
    event.changed_at = now
    is_web = conversation.channel == Channel.WEB
    reply = Replies(town, old.locale).event_left(is_web=is_web)
    outbox.put(session, old, reply.text, now)
    await session.flush()
    return event


# --- Reminders ------------------------------------------------------------------------------


async def remind(database: Database, town: Town, now: datetime) -> int:  # noqa: ARG001 - as every job
    """Queue the reminders that are due, one message an event; return how many events had some.

    A reminder is marked in the transaction that queues its message: it goes out once.
    """
    async with database.read() as session:
        due = select(Reminder.event_id).where(Reminder.sent_at.is_(None), Reminder.due_at <= now)
        events = (await session.scalars(due.distinct().limit(_BATCH))).all()
    for id_ in events:
        async with database.write() as session:
            await _remind_of(session, id_, now)
    return len(events)


async def _remind_of(session: AsyncSession, id_: str, now: datetime) -> None:
    event = await of_id(session, id_)
    conversation = await _locked(session, event)
    marked = await session.execute(
        update(Reminder)
        .where(Reminder.event_id == id_, Reminder.sent_at.is_(None), Reminder.due_at <= now)
        .values(sent_at=now)
        .returning(Reminder.duty)
        .execution_options(synchronize_session=False)
    )
    guide = Guide.from_json(event.told)
    talk = Talk(conversation.locale, now)
    reply = talk.reminder(guide, set(marked.scalars())) if guide.reminds else None
    if reply:
        outbox.put(
            session,
            conversation,
            reply.text,
            now,
            choices=[{"label": choice.label, "value": choice.value} for choice in reply.choices],
        )
