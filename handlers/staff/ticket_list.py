"""The list of tickets: filters, search, saved views, and what is done to many at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from aiohttp import web
from sqlalchemy import select

from bot import tickets
from bot.errors import NeuvokasError, NotFound, Unanswered
from bot.group import faults
from bot.group.desk import Groups
from bot.models import OUTCOMES, Fault, Outcome, Role, Staff, Status, Ticket
from bot.people import audit
from bot.people.policy import Act, may
from bot.service import alerts
from bot.texts import texts
from bot.work import pending, saved_views, search, tags
from bot.work.ticket_list import Filters, Order, listed, next_waiting, questions
from handlers.access.rights import for_everybody, needs, noted
from handlers.keys import CLOCK, DATABASE, SETTINGS, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import fragment, page
from handlers.staff.common import allowed, html, see, signed_in, wants_fragment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from multidict import MultiDictProxy
    from sqlalchemy.ext.asyncio import AsyncSession

ROUTES = web.RouteTableDef()
# More tickets than one page shows are never chosen at once.
MOST_AT_ONCE = 200
_LONGEST_ID = 18


@dataclass(frozen=True)
class Result:
    """What became of an act on many tickets.

    Attributes:
        failed: Numbers, each with why it was not done.
        unanswered: The numbers that can be closed all the same, though nobody has answered.
        outcome: What they were to be closed with.
    """

    done: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    outcome: str = ""


@ROUTES.get("/staff")
@noted("listed")
@for_everybody
async def index(request: web.Request) -> web.Response:
    """Return the page of tickets that the address asks for."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        if not may(me, Act.READ):
            raise web.HTTPSeeOther("/staff/book")
        return await _list_page(request, session, me, _filters(request, me, request.query))


@ROUTES.get("/staff/next")
@needs(Act.READ)
async def next_ticket(request: web.Request) -> web.Response:
    """Lead to the next ticket that waits for staff, else to the list of those, which is empty."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ)
        after = request.query.get("after", "")
        found = await next_waiting(session, me, after, request.app[CLOCK]())
    return see(f"/staff/tickets/{found.number}" if found else "/staff?waiting=1&sort=waiting")


@ROUTES.post("/staff/bulk")
@noted("listed")
@needs(Act.READ)
async def bulk(request: web.Request) -> web.Response:
    """Do one thing to many tickets; the list then says what could not be done and why."""
    form = await form_of(request)
    numbers = list(dict.fromkeys(str(number) for number in form.getall("numbers", [])))
    result = Result(outcome=str(form.get("outcome", "")))
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ)
    words = texts(me.locale)
    for number in numbers[:MOST_AT_ONCE]:
        try:
            await _one_of_many(request, number, form)
        except NeuvokasError as error:
            result.failed.append((number, explanation(error, words)[1]))
            if isinstance(error, Unanswered):
                result.unanswered.append(number)
        else:
            result.done.append(number)
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ)
        filters = _filters(request, me, dict(parse_qsl(str(form.get("view", "")))))
        return await _list_page(request, session, me, filters, result=result)


async def _one_of_many(request: web.Request, number: str, form: MultiDictProxy[Any]) -> None:
    """Do what the form asks for to one ticket, in a transaction of its own."""
    town, now = request.app[TOWN](), request.app[CLOCK]()
    to, outcome = str(form.get("to", "")), str(form.get("outcome", ""))
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        if form.get("do") == "close":
            ticket = await tickets.for_staff(session, me, number, Act.CLOSE)
            await pending.send_now(session, ticket, now)
            if outcome not in OUTCOMES:
                raise NotFound(outcome)
            await tickets.close(
                *(session, me, ticket, town, now),
                outcome=Outcome(outcome),
                anyway=bool(form.get("anyway")),
            )
        elif to == str(me.id):
            ticket = await tickets.for_staff(session, me, number, Act.CLAIM)
            await tickets.claim(session, me, ticket, now)
        else:
            ticket = await tickets.for_staff(session, me, number, Act.ASSIGN)
            await pending.send_now(session, ticket, now)
            await tickets.assign(session, me, ticket, await person(session, to), now)


@ROUTES.post("/staff/views")
@noted("listed")
@needs(Act.READ)
async def change_views(request: web.Request) -> web.Response:
    """Keep the filters under a name, or delete a saved view."""
    form = await form_of(request)
    filters = Filters.read(dict(parse_qsl(str(form.get("view", "")))))
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.READ)
            if form.get("delete"):
                await saved_views.delete(session, me, number_of(str(form["delete"])))
            else:
                name, is_shared = str(form.get("name", "")), form.get("shared") == "1"
                await saved_views.save(session, me, name, filters, is_shared=is_shared)
            audit.record(session, me, "views_changed", f"person {me.id}", request.app[CLOCK]())
    except NotFound:
        raise
    except NeuvokasError as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.READ)
            status, detail = explanation(error, texts(me.locale))
            return await _list_page(request, session, me, filters, status=status, error=detail)
    address = filters.address()
    return see(f"/staff?{address}" if address else "/staff")


async def person(session: AsyncSession, id_: str) -> Staff:
    """Return a member of staff by the id in a form.

    Raises:
        NotFound: There is none.
    """
    found = await session.get(Staff, number_of(id_))
    if found is None:
        raise NotFound(id_)
    return found


def number_of(text: str) -> int:
    """Return the number in a form's field.

    Raises:
        NotFound: It is none, or longer than any id.
    """
    if not text.isdecimal() or not text.isascii() or len(text) > _LONGEST_ID:
        raise NotFound(text)
    return int(text)


async def colleagues(session: AsyncSession) -> Sequence[Staff]:
    """Return everybody who works with tickets, by name; nobody who was cut off."""
    works = (Staff.role != Role.EDITOR, Staff.cut_off_at.is_(None))
    query = select(Staff).where(*works).order_by(Staff.name)
    return (await session.scalars(query)).all()


async def _ended(session: AsyncSession, me: Staff, number: str) -> Ticket | None:
    """Return the ticket that was closed just now, as the address says; None when there is none."""
    try:
        return await tickets.for_staff(session, me, number) if number else None
    except NotFound:
        return None


def _filters(request: web.Request, me: Staff, query: Any) -> Filters:
    """Return the filters of an address; an old bookmark may name a queue that is gone or another's."""
    filters = Filters.read(query)
    known = request.app[TOWN]().book.queues
    if filters.queue and not (filters.queue in known and may(me, Act.READ, filters.queue)):
        return Filters.read({**query, "queue": ""})
    return filters


async def _group_faults(
    request: web.Request, session: AsyncSession, me: Staff
) -> list[tuple[str, datetime]]:
    """Return what is wrong with the groups in Telegram and since when, for those who can see to it."""
    if not may(me, Act.MANAGE_QUEUES):
        return []
    broken = await faults.of(session, Groups.from_settings(request.app[SETTINGS]))
    words = texts(me.locale)
    return [(faults.explained(Fault(one.fault), words), one.since) for one in broken]


async def _list_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    filters: Filters,
    *,
    status: int = 200,
    error: str = "",
    result: Result | None = None,
) -> web.Response:
    book, now = request.app[TOWN]().book, request.app[CLOCK]()
    found = await listed(session, me, filters, now)
    values: dict[str, Any] = {
        "me": me,
        "tickets": found.tickets,
        "found": found,
        "filters": filters,
        "tagged": await tags.of_many(session, [ticket.id for ticket in found.tickets]),
        "questions": await questions(session, found.tickets),
        "queues": [queue for queue in book.queues.values() if may(me, Act.READ, queue.id)],
        "all_queues": book.queues,
        "entries": book.entries,
        "counts": await tickets.waiting_in(session),
        "attention": await alerts.attention(session, me, now),
        "group_faults": await _group_faults(request, session, me),
        "now": now,
    }
    if wants_fragment(request):
        return html(fragment(request, "staff_tickets.html", me.locale, **values))
    values |= {
        "views": await saved_views.seen_by(session, me),
        "view": filters.address(page=""),
        "orders": list(Order),
        "statuses": list(Status),
        "outcomes": OUTCOMES,
        "tags": await tags.in_use(session),
        "people": await colleagues(session) if may(me, Act.ASSIGN) else [me],
        "longest_query": search.LONGEST_QUERY,
        "ended": await _ended(session, me, request.query.get("ended", "")),
        "error": error,
        "result": result or Result(),
    }
    return page(request, "staff_index.html", me.locale, status=status, **values)
