"""What team leads set: queues, rules, and who works where in which languages; kept over the book's values."""

from __future__ import annotations

import logging
import re
import unicodedata
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from bot.database import UNREACHABLE, nudge, to_its_end, waited
from bot.errors import ChangedMeanwhile, QueueNeeded
from bot.models import KeptQueue, KeptRule, Role, Staff, Ticket
from bot.service.routing import Desk, Member, Rule
from faq.book import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from faq.book import Book, Hours

log = logging.getLogger(__name__)

TOPIC = "queues"
# Other processes are nudged; each looks by itself this often, should a nudge be lost.
LOOK_SECONDS = 5.0
LONGEST_ID = 40
# Addresses of pages that a queue's own page must not hide.
_TAKEN = frozenset({"new"})


async def known(session: AsyncSession, book: Book) -> dict[str, Queue]:
    """Return every queue there is by id: the book's, and those that leads have set or made."""
    return {**book.queues, **(await desk(session)).queues}


async def desk(session: AsyncSession) -> Desk:
    """Return what team leads have set, as it is now."""
    queues = await session.scalars(select(KeptQueue).order_by(KeptQueue.id))
    rules = await session.scalars(select(KeptRule).order_by(KeptRule.position, KeptRule.id))
    return Desk(
        {kept.id: _queue(kept) for kept in queues},
        tuple(Rule(kept.queue, kept.locale, kept.subject, kept.has_event) for kept in rules),
    )


async def follow(database: Database, take: Callable[[Desk], None]) -> None:
    """Hand on what team leads have set whenever it changes, for as long as the process lives."""

    async def look() -> None:
        async with database.read() as session:
            take(await desk(session))

    async with database.nudges.listen(TOPIC) as woken:
        while True:
            await waited(woken, LOOK_SECONDS)
            woken.clear()
            try:
                await to_its_end(look())
            except UNREACHABLE as error:
                log.warning("queues wait for the database: %s", type(error).__name__)
            except Exception as error:  # tables of another version must not end the following
                log.exception("queues cannot be read: %s", type(error).__name__)


async def kept(session: AsyncSession) -> dict[str, KeptQueue]:
    """Return the queues that leads have set, by id, with who did it and when."""
    return {found.id: found for found in await session.scalars(select(KeptQueue))}


async def keep(
    session: AsyncSession, queue: Queue, staff: Staff, now: datetime, *, seen: str | None
) -> None:
    """Set a queue; it goes before the book's.

    Args:
        seen: `version` of the row that the person looked at; None for a new queue.

    Raises:
        ChangedMeanwhile: Somebody else has changed it since.
    """
    row = await session.get(KeptQueue, queue.id, with_for_update=True)
    if seen is not None and version(row) != seen:
        raise ChangedMeanwhile(row.changed_by if row else "")
    values = {
        "titles": dict(queue.titles),
        "hours": [_written(periods) for periods in queue.hours],
        "exceptions": {
            day.isoformat(): _written(queue.exceptions[day]) for day in queue.exceptions
        },
        "languages": list(queue.languages),
        "reply_minutes": _minutes(queue.first_reply),
        "resolve_minutes": _minutes(queue.resolve),
        "fallback": queue.fallback,
        "changed_by": staff.name,
        "changed_at": now,
    }
    if row is None:
        session.add(KeptQueue(id=queue.id, **values))
    else:
        for name, value in values.items():
            setattr(row, name, value)
    await _saved(session)
    log.info("queue %s set by staff %s", queue.id, staff.id)
    nudge(session, TOPIC)


async def give_back(session: AsyncSession, queue: str, staff: Staff) -> None:
    """Let the book decide about one of its queues again."""
    await session.execute(delete(KeptQueue).where(KeptQueue.id == queue))
    log.info("queue %s given back to the book by staff %s", queue, staff.id)
    nudge(session, TOPIC)


async def remove(session: AsyncSession, book: Book, queue: Queue, staff: Staff) -> str:
    """Remove a queue that leads made; its tickets go to its fallback or the general queue.

    Returns:
        The id of the queue that takes the tickets.

    Raises:
        QueueNeeded: A rule or another queue still sends tickets there.
    """
    rules = await session.scalar(
        select(func.count()).select_from(KeptRule).where(KeptRule.queue == queue.id)
    )
    others = [other for other in book.queues.values() if other.fallback == queue.id]
    if rules or others:
        raise QueueNeeded(queue.id)
    left = {id_: other for id_, other in book.queues.items() if id_ != queue.id}
    heir = queue.fallback if queue.fallback in left else "general"
    if heir not in left:
        heir = next(iter(left))
    await session.execute(
        update(Ticket)
        .where(Ticket.queue == queue.id)
        .values(queue=heir)
        .execution_options(synchronize_session=False)
    )
    for person in await session.scalars(select(Staff)):
        if queue.id in person.queues:
            person.queues = [id_ for id_ in person.queues if id_ != queue.id]
    await session.execute(delete(KeptQueue).where(KeptQueue.id == queue.id))
    log.info("queue %s removed by staff %s", queue.id, staff.id)
    nudge(session, TOPIC)
    nudge(session, "staff")
    return heir


async def set_rules(
    session: AsyncSession, rules: Sequence[Rule], staff: Staff, now: datetime, *, seen: str
) -> None:
    """Put these rules, in this order, in the place of all there were.

    Raises:
        ChangedMeanwhile: Somebody else has changed them since.
    """
    there = (await session.scalars(select(KeptRule).with_for_update())).all()
    if rules_version(there) != seen:
        raise ChangedMeanwhile(
            max(there, key=lambda row: row.changed_at).changed_by if there else ""
        )
    await session.execute(delete(KeptRule))
    for position, rule in enumerate(rules, 1):
        session.add(
            KeptRule(
                position=position,
                locale=rule.locale,
                subject=rule.subject,
                has_event=rule.has_event,
                queue=rule.queue,
                changed_by=staff.name,
                changed_at=now,
            )
        )
    await _saved(session)
    log.info("%s routing rules set by staff %s", len(rules), staff.id)
    nudge(session, TOPIC)


async def rules_kept(session: AsyncSession) -> Sequence[KeptRule]:
    """Return the rules in their order, with who set them and when."""
    query = select(KeptRule).order_by(KeptRule.position, KeptRule.id)
    return (await session.scalars(query)).all()


async def members(session: AsyncSession) -> list[Member]:
    """Return everybody who answers tickets and can sign in, with their queues and languages.

    Leads who have chosen no queue stand in where nobody works; admins do where there is no lead.
    """
    query = select(Staff.role, Staff.queues, Staff.languages).where(
        Staff.password_hash.is_not(None) | Staff.town_account.is_not(None),
        Staff.cut_off_at.is_(None),
        Staff.role != Role.EDITOR,
    )
    rows = (await session.execute(query)).all()
    has_lead = any(row.role == Role.LEAD for row in rows)
    in_charge = Role.LEAD if has_lead else Role.ADMIN
    return [
        Member(
            frozenset(row.queues),
            frozenset(row.languages),
            stands_in=row.role == in_charge and not row.queues,
        )
        for row in rows
    ]


def version(row: KeptQueue | None) -> str:
    """Return what changes whenever a lead changes the queue; empty while the book decides."""
    return row.changed_at.isoformat() if row else ""


def rules_version(rows: Collection[KeptRule]) -> str:
    """Return what changes whenever a lead changes the rules; empty when there are none."""
    return max((f"{row.changed_at.isoformat()} {len(rows)}" for row in rows), default="")


def new_id(title: str, taken: Collection[str]) -> str:
    """Return an id made of a title that no other queue has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_ID].strip("-") or "queue"
    used = {*taken, *_TAKEN}
    return next(
        id_
        for id_ in (stem, *(f"{stem}-{number}" for number in range(2, len(used) + 3)))
        if id_ not in used
    )


async def _saved(session: AsyncSession) -> None:
    """Save what was set; a lead who set the same for the first time at the same moment was first.

    Raises:
        ChangedMeanwhile: That happened.
    """
    try:
        await session.flush()
    except IntegrityError:
        raise ChangedMeanwhile("") from None


def _queue(kept: KeptQueue) -> Queue:
    return Queue(
        kept.id,
        kept.titles,
        tuple(_read(periods) for periods in kept.hours),
        tuple(kept.languages),
        {date.fromisoformat(day): _read(periods) for day, periods in kept.exceptions.items()},
        _span(kept.reply_minutes),
        _span(kept.resolve_minutes),
        kept.fallback,
    )


def _read(periods: Sequence[Sequence[str]]) -> Hours:
    return tuple((time.fromisoformat(opens), time.fromisoformat(ends)) for opens, ends in periods)


def _written(periods: Hours) -> list[list[str]]:
    return [[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes in periods]


def _span(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def _minutes(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds()) // 60
