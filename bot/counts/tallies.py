"""Counts what residents say and how long they wait, so that it can be told when their words are gone."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, case, func, insert, or_, select, update

from bot.counts.outcomes import Outcome
from bot.models import Conversation, Message, Misanswer, Status, Tally, Ticket, Wait
from bot.service.hours import open_minutes
from bot.texts import ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.counts.outcomes import Said
    from bot.database import Database
    from bot.town import Town

# On the table itself: the mapped class would make many rows cost several times as much.
_INSERT = insert(Tally.metadata.tables["tallies"])
# A question's row that what comes next may still make another.
_STILL_OPEN = (Outcome.ASSUMED, Outcome.CONFIRMED, Outcome.WRONG)
# What a row says of the resident, whatever staff have said of the answer.
_SAID = func.coalesce(Tally.was, Tally.outcome)
# What staff can say of: something was answered. What was not found was no wrong answer.
_ANSWERED = (*_STILL_OPEN, Outcome.PASSED_ON, Outcome.WARNED)
_BATCH = 500
# A ticket's wait takes more than a row's count, and on SQLite nobody is served meanwhile.
_WAITS = 100


def person_of(secret_key: str, conversation_id: str, day: date) -> str:
    """Return what tells people apart within one month.

    Within a month, since a number shown must stand for five people at least, and a new name each
    day would count one person who comes on five days as five. It leads back only with the
    conversation's id, 128 random bits: once the conversation is removed, to nobody.
    """
    said = f"person {day:%Y-%m} {conversation_id}".encode()
    return hmac.new(secret_key.encode(), said, hashlib.sha256).hexdigest()[:16]


def mark(said: Said, locale: str) -> str:
    """Return what a resident's message keeps until it is counted, as `gather` reads it.

    Counting costs a tenth of hearing, so that it is done afterwards, many messages at once.
    """
    return f"{locale}:{said.outcome}:{said.entry}"


async def gather(database: Database, town: Town, _now: datetime) -> int:
    """Count the messages that have not been counted; return how many there were.

    In batches, so that nobody waits long for the writing turn. What a batch leaves undone when it
    is cut off is found again.
    """
    total = 0
    while await _is_there(database, _UNCOUNTED):
        async with database.write() as session:
            found = (await session.execute(_UNCOUNTED, {"most": _BATCH})).all()
            rows: list[dict[str, Any]] = []
            for message in found:
                await _count(session, rows, message, town)
            await _put(session, rows)
            done = update(Message).where(Message.id.in_([message.id for message in found]))
            await session.execute(
                done.values(counted=None).execution_options(synchronize_session=False)
            )
        total += len(found)
    await _judge(database, town)
    return total


_UNCOUNTED = (
    select(
        Message.id,
        Message.at,
        Message.counted,
        Conversation.id.label("conversation"),
        Conversation.channel,
    )
    .join(Conversation, Conversation.id == Message.conversation_id)
    .where(Message.counted.is_not(None))
    .order_by(Message.id)
    .limit(bindparam("most"))
)


async def _count(
    session: AsyncSession, rows: list[dict[str, Any]], message: Any, town: Town
) -> None:
    """Add a message's row to those that are about to be put, and change what it says of earlier ones."""
    locale, outcome, id_ = message.counted.split(":", 2)
    local = message.at.astimezone(ZONE)
    entry = town.book.entries.get(id_)
    about = {
        "entry": id_ if entry else "",
        "topic": entry.topic if entry else "",
        "queue": entry.queue if entry else "",
    }
    row = {
        "day": local.date().isoformat(),
        "hour": local.hour,
        "person": person_of(town.secret_key, message.conversation, local.date()),
        "channel": message.channel,
        "locale": locale,
        "outcome": outcome,
        "is_easy": outcome == Outcome.EASY,
        **about,
    }
    change: tuple[dict[str, Any], tuple[Any, ...]] | None = None
    match outcome:
        case Outcome.CHOSEN:
            change = {"outcome": Outcome.ASSUMED, **about}, (Tally.outcome == Outcome.SUGGESTED,)
        case Outcome.CONFIRMED | Outcome.WRONG:
            change = _becoming(outcome), _answer(id_)
        case Outcome.EASY:
            change = {"is_easy": True}, _answer(id_)
        case Outcome.ESCALATED:
            # Whoever said that it did not help has been counted as that already.
            still = (Tally.entry == id_, _SAID == Outcome.ASSUMED)
            change = _becoming(Outcome.PASSED_ON), still
    is_changed = False
    if change:
        await _put(session, rows)
        is_changed = await _change(session, row, *change)
    if outcome == Outcome.CHOSEN:
        row["outcome"] = Outcome.OTHER if is_changed else Outcome.ASSUMED
    elif outcome in {Outcome.CONFIRMED, Outcome.WRONG}:
        # It was a word about an answer, which is counted once.
        row["outcome"] = Outcome.OTHER
    rows.append(row)


async def _judge(database: Database, town: Town) -> None:
    """Count answers as wrong that staff called wrong, each once.

    After the messages, so that what was answered is there to be found.
    """
    while await _is_there(database, _UNJUDGED):
        async with database.write() as session:
            for mark, ticket in (await session.execute(_UNJUDGED, {"most": _BATCH})).all():
                asked = await session.get(Message, mark.message_id) if mark.message_id else None
                mark.tally_id = await _wrong(session, mark, ticket, asked, town)
                mark.is_counted = True
                await session.flush()


_UNJUDGED = (
    select(Misanswer, Ticket)
    .join(Ticket, Ticket.id == Misanswer.ticket_id)
    .where(~Misanswer.is_counted)
    .order_by(Misanswer.id)
    .limit(bindparam("most"))
)


async def _wrong(
    session: AsyncSession, mark: Misanswer, ticket: Ticket, asked: Message | None, town: Town
) -> int | None:
    """Count the answer that a mark is about as wrong, and return its row; None when there is none."""
    local = (asked.at if asked else ticket.created_at).astimezone(ZONE)
    # Of several the same on that day it is the one of that hour, or else the newest.
    query = (
        select(Tally)
        .where(
            Tally.day == local.date().isoformat(),
            Tally.person == person_of(town.secret_key, ticket.conversation_id, local.date()),
            Tally.entry == (mark.entry or ""),
            Tally.outcome.in_(_ANSWERED),
            Tally.was.is_(None),
        )
        .order_by((Tally.hour == local.hour).desc(), Tally.id.desc())
        .limit(1)
        .with_for_update()
    )
    found = (await session.scalars(query)).first() if mark.entry else None
    if found is None:
        return None
    found.was, found.outcome = found.outcome, Outcome.WRONG
    return found.id


async def unjudge(session: AsyncSession, mark: Misanswer) -> None:
    """Let an answer count as it did before staff called it wrong, in the caller's transaction."""
    if mark.tally_id is not None:
        restored = update(Tally).where(Tally.id == mark.tally_id, Tally.was.is_not(None))
        await session.execute(
            restored.values(outcome=Tally.was, was=None).execution_options(
                synchronize_session=False
            )
        )


async def _is_there(database: Database, query: Select[*tuple[Any, ...]]) -> bool:
    """Return whether there is anything to do, without taking the writing turn from anybody."""
    async with database.read() as session:
        return (await session.execute(query, {"most": 1})).first() is not None


async def _put(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    if rows:
        await session.execute(_INSERT, rows)
        rows.clear()


def _answer(entry: str) -> tuple[Any, ...]:
    return (Tally.entry == entry, _SAID.in_(_STILL_OPEN))


def _becoming(outcome: str) -> dict[str, Any]:
    """Return the change of a row to an outcome; what staff called wrong stays wrong meanwhile."""
    is_judged = Tally.was.is_not(None)
    return {
        "outcome": case((is_judged, Tally.outcome), else_=outcome),
        "was": case((is_judged, outcome)),
    }


async def _change(
    session: AsyncSession, row: dict[str, Any], values: dict[str, Any], which: tuple[Any, ...]
) -> bool:
    """Change the person's newest row of the day that is such; return whether there was one."""
    newest = (
        select(func.max(Tally.id))
        .where(Tally.day == row["day"], Tally.person == row["person"], *which)
        .scalar_subquery()
    )
    changed = await session.execute(
        update(Tally)
        .where(Tally.id == newest)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result counts its rows


# A ticket that is not in the waits as it stands now.
_CHANGED = (
    select(Ticket)
    .outerjoin(Wait, Wait.ticket_id == Ticket.id)
    .where(
        or_(
            Wait.ticket_id.is_(None),
            Wait.status != Ticket.status,
            Wait.reopened != Ticket.reopened,
            Wait.queue != Ticket.queue,
            Wait.district != func.coalesce(Ticket.district, ""),
            and_(Wait.reply_minutes.is_(None), Ticket.replied_at.is_not(None)),
        )
    )
    .order_by(Ticket.id)
    .limit(bindparam("most"))
)


async def follow(database: Database, town: Town, _now: datetime) -> int:
    """Bring the waits up to date with the tickets; return how many tickets had changed.

    In batches, so that nobody waits long for the writing turn.
    """
    total = 0
    while await _is_there(database, _CHANGED):
        async with database.write() as session:
            changed = (await session.scalars(_CHANGED, {"most": _WAITS})).all()
            easy = await _easy_since(session, changed, town)
            ids = [ticket.id for ticket in changed]
            there = await session.scalars(select(Wait).where(Wait.ticket_id.in_(ids)))
            known = {wait.ticket_id: wait for wait in there}
            for ticket in changed:
                wait = _wait(ticket, easy, town)
                # Merging one that is loaded asks the database nothing; a new one need not be asked for.
                if ticket.id in known:
                    await session.merge(wait)
                else:
                    session.add(wait)
        total += len(changed)
    return total


async def _easy_since(
    session: AsyncSession, tickets: Sequence[Ticket], town: Town
) -> Mapping[str, str]:
    """Return by person the first day on which they asked for easy language; a person is of one month."""
    if not tickets:
        return {}
    persons = {_person(ticket, town) for ticket in tickets}
    days = [_local(ticket).date() for ticket in tickets]
    query = (
        select(Tally.person, func.min(Tally.day))
        .where(
            Tally.person.in_(persons),
            Tally.day >= min(days).replace(day=1).isoformat(),
            Tally.day <= max(days).isoformat(),
            Tally.outcome == Outcome.EASY,
        )
        .group_by(Tally.person)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


def _local(ticket: Ticket) -> datetime:
    return ticket.created_at.astimezone(ZONE)


def _person(ticket: Ticket, town: Town) -> str:
    return person_of(town.secret_key, ticket.conversation_id, _local(ticket).date())


def _wait(ticket: Ticket, easy: Mapping[str, str], town: Town) -> Wait:
    local, person = _local(ticket), _person(ticket, town)
    day = local.date().isoformat()
    entry = town.book.entries.get(ticket.entry or "")
    queue = town.book.queue(ticket.queue)

    def minutes(end: datetime | None) -> int | None:
        return None if end is None else open_minutes(queue, ticket.created_at, end)

    return Wait(
        ticket_id=ticket.id,
        day=day,
        hour=local.hour,
        person=person,
        channel=ticket.conversation.channel,
        locale=ticket.locale,
        topic=entry.topic if entry else "",
        queue=ticket.queue,
        district=ticket.district or "",
        is_easy=person in easy and easy[person] <= day,
        status=ticket.status,
        reopened=ticket.reopened,
        reply_minutes=minutes(ticket.replied_at),
        close_minutes=minutes(ticket.closed_at) if ticket.status == Status.CLOSED else None,
    )
