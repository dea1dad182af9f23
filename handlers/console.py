"""The staff console: queues, a ticket and what is done to it, the book's state."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy import select

from bot import tickets
from bot.errors import (
    NeuvokasError,
    NotFound,
    Unauthenticated,
)
from bot.models import Delivery, Staff, Status
from bot.policy import Act, may
from bot.texts import texts
from faq import checks
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explained, explanation, form_key, form_of, locale_of
from handlers.pages import fragment, page
from handlers.sign_in import sign_in_page
from handlers.staff_files import files_of_ticket, reply_with_files
from handlers.staff_pages import allowed, html, see, signed_in, wants_fragment
from handlers.stream import stream
from handlers.uploads import fingerprint, with_files

if TYPE_CHECKING:
    from aiohttp_sse import EventSourceResponse
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Ticket

ROUTES = web.RouteTableDef()


@ROUTES.get("/staff")
async def index(request: web.Request) -> web.Response:
    """Return the queues with their tickets, oldest first."""
    status, chosen = request.query.get("status", ""), request.query.get("queue", "")
    wanted = Status(status) if status in set(Status) else None
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        if not may(me, Act.READ):
            raise web.HTTPSeeOther("/staff/book")
        queues = [
            queue
            for queue in request.app[TOWN]().book.queues.values()
            if may(me, Act.READ, queue.id)
        ]
        # An old bookmark may name a queue that is gone, or another's: all own ones are shown then.
        if chosen not in {queue.id for queue in queues}:
            chosen = ""
        found = await tickets.in_queues(session, me, queue=chosen or None, status=wanted)
        counts = await tickets.waiting_in(session)
    values: dict[str, Any] = {
        "me": me,
        "tickets": found,
        "queues": queues,
        "all_queues": request.app[TOWN]().book.queues,
        "entries": request.app[TOWN]().book.entries,
        "counts": counts,
        "chosen_queue": chosen,
        "chosen_status": wanted or "",
        "now": request.app[CLOCK](),
    }
    if wants_fragment(request):
        return html(fragment(request, "staff_tickets.html", me.locale, **values))
    return page(request, "staff_index.html", me.locale, **values)


@ROUTES.get("/staff/tickets/{number}")
async def ticket_page(request: web.Request) -> web.Response:
    """Return a ticket with the whole conversation."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        return await _ticket_page(request, session, me)


@ROUTES.post("/staff/tickets/{number}/{act:claim|release|reply|close}")
@with_files
async def act_on(request: web.Request) -> web.Response:
    """Claim, release, reply to or close a ticket; what was typed is kept when it cannot be done."""
    form = await form_of(request)
    act = Act(request.match_info["act"])
    text = str(form.get("text", ""))
    key = form_key(str(form.get("nonce", "")), text + fingerprint(request))
    database, now = request.app[DATABASE], request.app[CLOCK]()
    number = request.match_info["number"]
    try:
        async with database.write() as session:
            me = await signed_in(request, session)
            ticket = await tickets.for_staff(session, me, number, act)
            if act is Act.CLAIM:
                await tickets.claim(session, me, ticket, now)
            elif act is Act.RELEASE:
                await tickets.release(session, me, ticket)
            elif act is Act.CLOSE:
                await tickets.close(session, me, ticket, request.app[TOWN](), now)
            else:
                message = await tickets.reply(session, me, ticket, text, now, key=key)
                await reply_with_files(request, session, ticket, message)
    except Unauthenticated as error:
        _status, detail = explanation(error, texts(locale_of(request)))
        return sign_in_page(request, detail, kept=text)
    except NotFound as error:
        return explained(request, *explanation(error, texts(locale_of(request))), kept=text)
    except NeuvokasError as error:
        async with database.read() as session:
            me = await signed_in(request, session)
            status, detail = explanation(error, texts(me.locale))
            return await _ticket_page(request, session, me, status=status, error=detail, text=text)
    return see("/staff" if act is Act.CLOSE else f"/staff/tickets/{number}#newest")


@ROUTES.get("/staff/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Stream a nudge whenever a ticket this page may show has changed."""
    async with request.app[DATABASE].read() as session:
        await signed_in(request, session)

    async def news(response: EventSourceResponse) -> bool:
        # Signed out or cut off meanwhile: the page is told to go.
        async with request.app[DATABASE].read() as session:
            try:
                await signed_in(request, session)
            except Unauthenticated:
                await response.send("", event="signed-out")
                return False
        await response.send("", event="changed")
        return True

    return await stream(request, [tickets.TOPIC], news)


@ROUTES.get("/staff/book")
async def book_page(request: web.Request) -> web.Response:
    """Return the answers that are withheld or due for review, and what is wrong with changed files."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.READ_BOOK)
    shelf = request.app[TOWN]
    town = shelf()
    stale = checks.stale(town.book, town.today)
    return page(request, "staff_book.html", me.locale, me=me, stale=stale, faults=shelf.faults)


async def _ticket_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    *,
    status: int = 200,
    error: str = "",
    text: str = "",
) -> web.Response:
    ticket = await tickets.for_staff(session, me, request.match_info["number"])
    messages = await tickets.conversation_of(session, ticket)
    values: dict[str, Any] = {
        "me": me,
        "ticket": ticket,
        "messages": messages,
        "deliveries": await _deliveries(session, ticket),
        **await files_of_ticket(request, session, ticket, messages),
        "queue": request.app[TOWN]().book.queue(ticket.queue),
        "entries": request.app[TOWN]().book.entries,
        "now": request.app[CLOCK](),
        "may_release": ticket.holder_id == me.id or may(me, Act.RELEASE_OTHERS),
        "longest": tickets.LONGEST_REPLY,
        "nonce": secrets.token_urlsafe(12),
        "error": error,
        "text": text,
    }
    if wants_fragment(request):
        return html(fragment(request, "staff_ticket_live.html", me.locale, **values))
    return page(request, "staff_ticket.html", me.locale, status=status, **values)


async def _deliveries(session: AsyncSession, ticket: Ticket) -> dict[int, Delivery]:
    query = select(Delivery).where(Delivery.conversation_id == ticket.conversation_id)
    found = await session.scalars(query)
    return {delivery.message_id: delivery for delivery in found if delivery.message_id}
