"""Climbs the ladder when nobody answers: staff, then leads, then admins; and the resident is told."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from bot import outbox, tickets
from bot.database import nudge
from bot.jobs import Job
from bot.models import LIVE, Alert, Channel, Rung, Staff, Ticket
from bot.replies import Replies
from bot.service import alerts, queues
from bot.service.routing import reads
from bot.texts import LANGUAGES, texts
from bot.town import arranged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Delete, Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.town import Town

log = logging.getLogger(__name__)

SECONDS = 30.0
# One round's work stays short; the rest is found again in the next.
MOST = 300
MOST_RESIDENTS = 100
MOST_IN_A_POST = 10


async def climb(database: Database, town: Town, now: datetime) -> None:
    """Do one round: give every ticket a queue and a plan, tell staff what is due, then residents."""
    async with database.read() as session:
        # This process may not have heard yet what a lead has just set.
        town = arranged(town, await queues.desk(session))
        if not await _any_work(session, town, now):
            return
    async with database.write() as session:
        await session.execute(_forgetting())
        await _adopt(session, town)
        await _plan_missing(session, town)
    async with database.write() as session:
        await _tell_staff(session, town, now)
    for alert in await _due_residents(database, now):
        async with database.write() as session:
            await _tell_resident(session, town, alert, now)


JOB = Job("ladder", SECONDS, climb)


async def _any_work(session: AsyncSession, town: Town, now: datetime) -> bool:
    """Return whether there is anything to do: looking first spares SQLite's only writer."""
    return any(
        [
            await session.scalar(select(Alert.id).where(*_is_due(now)).limit(1)),
            await session.scalar(_homeless(town).limit(1)),
            await session.scalar(_unplanned().limit(1)),
            await session.scalar(_over().limit(1)),
        ]
    )


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Alert.sent_at.is_(None), Alert.due_at <= now


def _homeless(town: Town) -> Select[int]:
    return select(Ticket.id).where(
        Ticket.status.in_(LIVE), Ticket.queue.not_in(list(town.book.queues))
    )


def _unplanned() -> Select[int]:
    """Return the ids of tickets that were opened without a plan, as before there was a ladder."""
    planned = exists().where(Alert.ticket_id == Ticket.id, Alert.opened_at == Ticket.opened_at)
    return select(Ticket.id).where(alerts.unanswered(), ~planned).order_by(Ticket.id)


def _over() -> Select[int]:
    """Return the ids of alerts whose ticket was answered, has ended or was opened again since."""
    climbing = exists().where(
        Ticket.id == Alert.ticket_id, Ticket.opened_at == Alert.opened_at, alerts.unanswered()
    )
    return select(Alert.id).where(~climbing)


def _forgetting() -> Delete:
    return (
        delete(Alert)
        .where(Alert.id.in_(_over().limit(MOST)))
        .execution_options(synchronize_session=False)
    )


async def _adopt(session: AsyncSession, town: Town) -> None:
    """Give live tickets whose queue is gone, as the book may lose one, to the general queue."""
    lost = (await session.scalars(_homeless(town).limit(MOST))).all()
    if lost:
        general = town.book.queue(None)
        await session.execute(
            update(Ticket)
            .where(Ticket.id.in_(lost))
            .values(queue=general.id)
            .execution_options(synchronize_session=False)
        )
        log.warning("%s tickets had no queue and went to %s", len(lost), general.id)
        nudge(session, tickets.TOPIC)


async def _plan_missing(session: AsyncSession, town: Town) -> None:
    members = await queues.members(session)
    query = select(Ticket).where(Ticket.id.in_(_unplanned().limit(MOST)))
    for ticket in await session.scalars(query):
        queue = town.book.queue(ticket.queue)
        is_read = reads(queue, members, ticket.locale)
        alerts.plan(session, ticket, queue, is_read=is_read)


async def _tell_staff(session: AsyncSession, town: Town, now: datetime) -> None:
    """Tell staff, leads and admins what is due for them, each in one post."""
    query = (
        select(Alert, Ticket)
        .join(Ticket, Ticket.id == Alert.ticket_id)
        .where(*_is_due(now), Alert.rung != Rung.RESIDENT, Alert.opened_at == Ticket.opened_at)
        # Whoever was looked for in vain is looked for again, in turn, but not before the others.
        .order_by(Alert.tried_at.is_not(None), Alert.tried_at, Alert.due_at, Alert.id)
        .limit(MOST)
        .with_for_update(of=Alert, skip_locked=True)
    )
    due = (await session.execute(query)).all()
    waiting = await _waiting(session, [ticket.id for _alert, ticket in due])
    people = await alerts.reachable(session, now)
    told: dict[int, list[Ticket]] = defaultdict(list)
    for alert, ticket in due:
        if ticket.id not in waiting:
            continue  # It was answered this moment.
        reached = alerts.recipients(Rung(alert.rung), ticket, people.values())
        if not reached:
            if alert.tried_at is None:
                log.warning("nobody to alert: rung %s of ticket %s", alert.rung, ticket.id)
            alert.tried_at = now
            continue
        alert.tried_at = alert.sent_at = now
        alert.reached = len(reached)
        log.info("rung %s of ticket %s: %s told", alert.rung, ticket.id, len(reached))
        for person in reached:
            if ticket not in told[person.id]:
                told[person.id].append(ticket)
    for id_, waits in told.items():
        _post(session, town, people[id_], waits, now)
    if told:
        nudge(session, tickets.TOPIC)


async def _waiting(session: AsyncSession, ids: Sequence[int]) -> set[int]:
    """Return which of these tickets are live and unanswered."""
    query = select(Ticket.id).where(Ticket.id.in_(ids), alerts.unanswered())
    return set(await session.scalars(query))


def _post(
    session: AsyncSession, town: Town, person: Staff, waits: Sequence[Ticket], now: datetime
) -> None:
    """Queue one post about tickets that wait, to wherever the person is tied."""
    words = texts(person.locale)
    _ = words.gettext
    lines = [
        words.ngettext(
            "{count} question still has no answer:",
            "{count} questions still have no answer:",
            len(waits),
        ).format(count=len(waits))
    ]
    line = _("{number}, {queue}, in {language}: promised by {moment}")
    lines += [
        line.format(
            number=ticket.number,
            queue=town.book.queue(ticket.queue).titles[person.locale],
            language=LANGUAGES[ticket.locale],
            moment=words.moment(ticket.reply_by),
        )
        for ticket in waits[:MOST_IN_A_POST]
    ]
    if len(waits) > MOST_IN_A_POST:
        more = len(waits) - MOST_IN_A_POST
        lines.append(
            words.ngettext("… and {count} more", "… and {count} more", more).format(count=more)
        )
    lines.append(f"{town.base_url}/staff")
    for address in alerts.telegram_addresses(person):
        outbox.post(session, Channel.TELEGRAM, address, "\n".join(lines), now, locale=person.locale)


async def _due_residents(database: Database, now: datetime) -> Sequence[int]:
    query = (
        select(Alert.id)
        .where(*_is_due(now), Alert.rung == Rung.RESIDENT)
        .order_by(Alert.due_at, Alert.id)
        .limit(MOST_RESIDENTS)
    )
    async with database.read() as session:
        return (await session.scalars(query)).all()


async def _tell_resident(session: AsyncSession, town: Town, id_: int, now: datetime) -> None:
    """Tell a resident, once, that the promise was missed, in the ticket's language."""
    alert = await session.get(Alert, id_, with_for_update=True)
    if alert is None or alert.sent_at:
        return  # Another round was quicker.
    ticket = await session.get_one(Ticket, alert.ticket_id)
    # Locked as `hear` does it: the page asks for "everything after message 41".
    await session.refresh(ticket.conversation, with_for_update=True)
    await session.refresh(ticket)
    if alert.opened_at != ticket.opened_at or not await _waiting(session, [ticket.id]):
        return  # It was answered this moment.
    alert.tried_at = alert.sent_at = now
    if ticket.conversation.is_unreachable:
        return
    place = await tickets.place(session, ticket)
    holder = ticket.holder.name if ticket.holder else None
    said = Replies(town, ticket.locale).late(ticket.number, place, holder, ticket.reply_by)
    tickets.tell(session, ticket, said, now)
    alert.reached = 1
    nudge(session, tickets.topic_of(ticket.id))
    nudge(session, tickets.TOPIC)
    log.info("resident of ticket %s told that it is late", ticket.id)
