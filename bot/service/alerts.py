"""Who is told when nobody answers a ticket: the rungs of the ladder, their times, and what shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, or_, select, union

from bot.models import LIVE, Alert, Author, Credential, Message, Role, Rung, Staff, Status, Ticket
from bot.people.policy import Act, may
from bot.service import hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from faq.book import Queue

# The ladder is climbed every half minute; what is due for so long has nobody who looks after it.
GRACE = timedelta(minutes=5)
MOST_SHOWN = 20
# From there on it does not matter how many there are.
MOST_COUNTED = 100
MOST_IN_AN_ALARM = 1_000
ALARMS = ("nobody-alerted", "alerts-late")
# From the least to the most urgent.
URGENCY = (Rung.STAFF, Rung.UNSEEN, Rung.LEAD, Rung.ADMIN)


def schedule(
    queue: Queue, opened_at: datetime, reply_by: datetime, *, is_read: bool
) -> dict[Rung, datetime]:
    """Return when each rung of a ticket is due.

    Spans are counted in the queue's opening time. A queue that never opens promises nothing, so
    that its tickets are the leads' at once.
    """
    opens = hours.next_open(queue, opened_at)
    if opens is None:
        return {Rung.UNSEEN: opened_at}
    target = hours.between(queue, opened_at, reply_by)
    found = {
        Rung.UNSEEN: None if is_read else opens,
        Rung.STAFF: hours.after(queue, opened_at, target / 2),
        Rung.LEAD: reply_by,
        Rung.ADMIN: hours.after(queue, opened_at, target * 2),
        Rung.RESIDENT: reply_by,
    }
    return {rung: due for rung, due in found.items() if due is not None}


def plan(session: AsyncSession, ticket: Ticket, queue: Queue, *, is_read: bool) -> None:
    """Plan the alerts of a ticket that has just come into its queue, in the caller's transaction.

    Args:
        is_read: Somebody in the queue reads the ticket's language.
    """
    due = schedule(queue, ticket.opened_at, ticket.reply_by, is_read=is_read)
    session.add_all(
        Alert(ticket_id=ticket.id, opened_at=ticket.opened_at, rung=rung, due_at=moment)
        for rung, moment in due.items()
    )


def telegram_addresses(staff: Staff) -> list[str]:
    """Return where a member of staff can be told something in Telegram; empty until it is tied."""
    return [staff.telegram_id] if staff.telegram_id else []


async def reachable(session: AsyncSession, now: datetime) -> dict[int, Staff]:
    """Return the members of staff who notice an alert, by id: signed in now, or tied to Telegram."""
    here = exists().where(
        Credential.staff_id == Staff.id,
        Credential.kind == "session",
        or_(Credential.expires_at.is_(None), Credential.expires_at > now),
    )
    query = select(Staff).where(or_(Staff.telegram_id.is_not(None), here)).order_by(Staff.id)
    return {person.id: person for person in await session.scalars(query)}


def recipients(rung: Rung, ticket: Ticket, people: Iterable[Staff]) -> list[Staff]:
    """Return who is told: those of the rung, else those of the next one; empty when there is nobody.

    Args:
        people: Everybody who would notice.
    """
    people = list(people)
    in_queue = [person for person in people if ticket.queue in person.queues and _works(person)]
    speaking = [person for person in in_queue if ticket.locale in person.languages]
    holder = [person for person in people if person.id == ticket.holder_id]
    leads = [person for person in people if person.role == Role.LEAD]
    admins = [person for person in people if person.role == Role.ADMIN]
    ladder = {
        Rung.STAFF: (holder, speaking, in_queue, leads, admins),
        Rung.ADMIN: (admins, leads, speaking, in_queue),
    }.get(rung, (leads, admins, speaking, in_queue))
    return next(filter(None, ladder), [])


def _works(person: Staff) -> bool:
    return may(person, Act.REPLY)


def unanswered() -> ColumnElement[bool]:
    """Return the condition that nobody has replied since a live ticket came into its queue."""
    replied = exists().where(
        Message.ticket_id == Ticket.id,
        Message.author == Author.STAFF,
        Message.at >= Ticket.opened_at,
    )
    return and_(Ticket.status.in_(LIVE), ~replied)


@dataclass(frozen=True)
class Attention:
    """Tickets that somebody must look at.

    Attributes:
        tickets: The most urgent first, each with its highest rung; at most `MOST_SHOWN`.
        count: How many there are in all; `MOST_COUNTED` means that or more.
    """

    tickets: Sequence[tuple[Ticket, Rung]]
    count: int

    @property
    def is_more(self) -> bool:
        """Return whether there may be more than were counted."""
        return self.count >= MOST_COUNTED


async def attention(session: AsyncSession, staff: Staff, now: datetime) -> Attention:
    """Return the tickets that this person sees and that nobody has answered in good time.

    A ticket whose language nobody in its queue reads is among them from the beginning, until it is
    claimed.
    """
    if not may(staff, Act.READ):
        return Attention((), 0)
    shown: dict[int, tuple[Ticket, Rung]] = {}
    # One rung after the other: each query ends with the last one shown, however many are late.
    for rung in reversed(URGENCY):
        query = (
            select(Ticket)
            .join(Alert, Alert.ticket_id == Ticket.id)
            .where(_needs(staff, rung, now), Ticket.id.not_in(list(shown)))
            .order_by(Alert.due_at, Alert.id)
            .limit(MOST_SHOWN - len(shown))
        )
        found = (await session.scalars(query)).all()
        shown |= {ticket.id: (ticket, rung) for ticket in found}
    # Whatever stands higher has passed the lowest rung as well.
    late, unread = (
        select(Alert.ticket_id)
        .join(Ticket, Ticket.id == Alert.ticket_id)
        .where(_needs(staff, rung, now))
        .order_by(Alert.due_at)
        .limit(MOST_COUNTED)
        .subquery()
        for rung in (Rung.STAFF, Rung.UNSEEN)
    )
    either = union(select(late.c.ticket_id), select(unread.c.ticket_id)).subquery()
    count = await session.scalar(select(func.count()).select_from(either)) or 0
    return Attention(tuple(shown.values()), max(len(shown), min(count, MOST_COUNTED)))


def _needs(staff: Staff, rung: Rung, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a ticket has reached a rung and that this person sees it."""
    condition = and_(Alert.rung == rung, Alert.opened_at == Ticket.opened_at, unanswered())
    if rung is Rung.UNSEEN:
        condition = and_(condition, Ticket.status == Status.OPEN)
    else:
        condition = and_(condition, Alert.due_at <= now)
    if staff.role == Role.STAFF:
        condition = and_(condition, Ticket.queue.in_(staff.queues))
    return condition


async def alarms(session: AsyncSession, now: datetime) -> dict[str, int]:
    """Return what an operator must look at: a name → how many tickets; empty when all is well.

    At most `MOST_IN_AN_ALARM` are counted.

    `nobody-alerted`: somebody was to be told that a ticket waits, and there was nobody, neither
    signed in nor tied to Telegram. `alerts-late`: nothing has looked after due alerts for minutes.
    """
    due = (
        select(Alert.ticket_id)
        .join(Ticket, Ticket.id == Alert.ticket_id)
        .where(
            Alert.sent_at.is_(None),
            Alert.due_at <= now,
            Alert.opened_at == Ticket.opened_at,
            unanswered(),
        )
    )
    found = {
        "nobody-alerted": due.where(Alert.tried_at.is_not(None)),
        "alerts-late": due.where(Alert.tried_at.is_(None), Alert.due_at <= now - GRACE),
    }
    counts = {}
    for name, query in found.items():
        some = query.distinct().limit(MOST_IN_AN_ALARM).subquery()
        counts[name] = await session.scalar(select(func.count()).select_from(some)) or 0
    return {name: count for name, count in counts.items() if count}
