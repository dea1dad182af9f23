"""The list of tickets: which ones, in which order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import and_, false, func, select, true

from bot.errors import NotAllowed
from bot.models import LIVE, Author, Message, Role, Status, Ticket, TicketTag
from bot.people.policy import Act, may
from bot.texts import LOCALES
from bot.work import search

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff

PAGE = 50
# Further than anybody turns pages; a number with more digits would not fit the database.
_LAST_PAGE = 10_000
# What a row shows of the question.
_EXCERPT = 120


class Order(StrEnum):
    """The orders a list can have."""

    OLDEST = "oldest"
    NEWEST = "newest"
    DUE = "due"  # by when the first reply was promised
    WAITING = "waiting"  # who waits longest for staff's next word


@dataclass(frozen=True)
class Filters:
    """What somebody wants to see.

    Attributes:
        queue: A queue's id; empty for all one's own.
        locale: The tickets' language; empty for all.
        status: None for the live ones, or for all of them in a search.
        waiting: Only where the resident waits for staff's next word.
        mine: Only what one has claimed.
        overdue: Only where the first reply is later than promised.
        words: What is searched for.
        page: The first is 1.
    """

    queue: str = ""
    locale: str = ""
    status: Status | None = None
    waiting: bool = False
    mine: bool = False
    overdue: bool = False
    tag: str = ""
    words: str = ""
    order: Order = Order.OLDEST
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Return the filters in an address; what is unknown there is passed over."""
        page = query.get("page", "")
        status, order = query.get("status", ""), query.get("sort", "")
        return cls(
            queue=query.get("queue", "")[:64].replace("\0", ""),
            locale=query["language"] if query.get("language") in LOCALES else "",
            status=Status(status) if status in set(Status) else None,
            waiting=query.get("waiting") == "1",
            mine=query.get("mine") == "1",
            overdue=query.get("overdue") == "1",
            tag=query.get("tag", "")[:40].replace("\0", ""),
            words=query.get("q", "")[: search.LONGEST_QUERY].replace("\0", "").strip(),
            order=Order(order) if order in set(Order) else Order.OLDEST,
            page=int(page) if page.isdecimal() and 0 < int(page[:6]) <= _LAST_PAGE else 1,
        )

    def address(self, **changed: str) -> str:
        """Return the part of an address after the question mark; what is usual is left out.

        Args:
            changed: Parts that shall be otherwise.
        """
        parts = {
            "queue": self.queue,
            "language": self.locale,
            "status": self.status or "",
            "waiting": "1" if self.waiting else "",
            "mine": "1" if self.mine else "",
            "overdue": "1" if self.overdue else "",
            "tag": self.tag,
            "q": self.words,
            "sort": self.order if self.order is not Order.OLDEST else "",
            "page": str(self.page) if self.page > 1 else "",
            **changed,
        }
        return urlencode({name: value for name, value in parts.items() if value})


@dataclass(frozen=True)
class Listed:
    """One page of the list.

    Attributes:
        count: How many there are on all pages.
    """

    tickets: Sequence[Ticket]
    count: int
    page: int

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.count // PAGE))


async def listed(
    session: AsyncSession, staff: Staff, filters: Filters, now: datetime, *, limit: int = PAGE
) -> Listed:
    """Return the page of tickets that somebody wants to see, among those they may.

    Raises:
        NotAllowed: The person sees no tickets at all.
    """
    where = _condition(staff, filters, now)
    # The numbers first: sorting ten thousand of those costs little, sorting whole rows much.
    ids = _ordered(select(Ticket.id).where(where), filters.order).limit(limit)
    if filters.words and filters.page == 1:
        # A search costs more than counting on the way, so it is done once.
        rows = (await session.execute(ids.add_columns(func.count().over()))).all()
        wanted, count, page = [row[0] for row in rows], rows[0][1] if rows else 0, 1
    else:
        count = await session.scalar(select(func.count()).select_from(Ticket).where(where)) or 0
        page = min(filters.page, max(1, -(-count // limit)))
        wanted = list(await session.scalars(ids.offset((page - 1) * limit)))
    found = await session.scalars(select(Ticket).where(Ticket.id.in_(wanted)))
    by_id = {ticket.id: ticket for ticket in found}
    return Listed([by_id[id_] for id_ in wanted], count, page)


async def next_waiting(
    session: AsyncSession, staff: Staff, after: str, now: datetime
) -> Ticket | None:
    """Return the ticket to look at after another: where somebody waits for staff, and no colleague has it.

    Who waits longest comes first; after the last one it begins anew.

    Args:
        after: A ticket's number; empty to begin with the first.
    """
    found = await listed(session, staff, Filters(waiting=True, order=Order.WAITING), now)
    free = [t for t in found.tickets if t.holder_id in {None, staff.id} or t.number == after]
    at = next((place for place, ticket in enumerate(free) if ticket.number == after), -1)
    around = [*free[at + 1 :], *free[: max(at, 0)]]
    return around[0] if around else None


def _condition(staff: Staff, filters: Filters, now: datetime) -> ColumnElement[bool]:
    if not may(staff, Act.READ):
        raise NotAllowed(Act.READ)
    # Whoever searches looks for what is ended as well.
    live = Ticket.status.in_(LIVE) if not filters.words else true()
    tagged = select(TicketTag.ticket_id).where(TicketTag.tag == filters.tag)
    found = search.matches(filters.words)
    conditions: tuple[tuple[object, ColumnElement[bool]], ...] = (
        (staff.role == Role.STAFF, Ticket.queue.in_(staff.queues)),
        (filters.queue, Ticket.queue == filters.queue),
        (filters.locale, Ticket.locale == filters.locale),
        (True, Ticket.status == filters.status if filters.status else live),
        (filters.waiting, Ticket.waits_since.is_not(None)),
        (filters.mine, Ticket.holder_id == staff.id),
        (filters.overdue, is_overdue(now)),
        (filters.tag, Ticket.id.in_(tagged)),
        (filters.words, false() if found is None else found),
    )
    return and_(*(condition for is_wanted, condition in conditions if is_wanted))


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the first reply is later than was promised."""
    return and_(Ticket.status.in_(LIVE), Ticket.replied_at.is_(None), Ticket.reply_by < now)


def _ordered(query: Select[int], order: Order) -> Select[int]:
    if order is Order.NEWEST:
        return query.order_by(Ticket.opened_at.desc(), Ticket.id.desc())
    if order is Order.DUE:
        # Who has had a first reply comes after all that were promised one.
        return query.order_by(Ticket.replied_at.is_not(None), Ticket.reply_by, Ticket.id)
    if order is Order.WAITING:
        return query.order_by(Ticket.waits_since.is_(None), Ticket.waits_since, Ticket.id)
    return query.order_by(Ticket.opened_at, Ticket.id)


async def questions(session: AsyncSession, tickets: Sequence[Ticket]) -> Mapping[int, str]:
    """Return what each ticket is about in its resident's words, cut short: the longest of the first ones."""
    query = (
        select(Message.ticket_id, Message.text)
        .where(
            Message.ticket_id.in_([ticket.id for ticket in tickets]),
            Message.author == Author.RESIDENT,
        )
        .order_by(Message.id)
    )
    said: dict[int, list[str]] = {}
    for ticket_id, text in await session.execute(query):
        said.setdefault(ticket_id or 0, []).append(text)
    return {ticket_id: excerpt(max(texts[:5], key=len)) for ticket_id, texts in said.items()}


def excerpt(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1].rstrip() + "…"
