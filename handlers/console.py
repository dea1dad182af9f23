"""The staff console: signing in, queues, a ticket and what is done to it, people."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy import select

from bot import staff as people
from bot import tickets
from bot.database import nudge
from bot.errors import (
    NameTaken,
    NeuvokasError,
    NotAllowed,
    NotFound,
    TextMissing,
    TextTooLong,
    Unauthenticated,
)
from bot.models import Credential, Delivery, Role, Staff, Status
from bot.policy import Act, may, may_appoint
from bot.texts import LOCALES, nearest_locale, texts
from faq import checks
from handlers.keys import CLOCK, DATABASE, LOCALE, SETTINGS, TOWN
from handlers.middleware import explained, explanation, form_key, form_of, locale_of
from handlers.pages import fragment, page
from handlers.stream import stream

if TYPE_CHECKING:
    from aiohttp_sse import EventSourceResponse
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Ticket

ROUTES = web.RouteTableDef()
COOKIE = "neuvokas_staff"
_FAILURES = web.AppKey("FAILURES", defaultdict)
# After so many wrong passwords for a name, each further try waits for the minute to pass.
_FREE_TRIES = 5
_WAIT_SECONDS = 60.0
_SHOWN_ENDED = 50


async def prepare(app: web.Application) -> None:
    """Make room for counting wrong passwords."""
    app[_FAILURES] = defaultdict(list)


@ROUTES.get("/staff/sign-in")
async def sign_in_form(request: web.Request) -> web.Response:
    """Return the form for name and password."""
    return _sign_in_page(request)


@ROUTES.post("/staff/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    """Open a session for the right name and password."""
    form = await form_of(request)
    name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
    if _must_wait(request, name):
        _ = texts(locale_of(request)).gettext
        return _sign_in_page(
            request,
            _("Too many tries. Wait a minute and try again."),
            name,
            HTTPStatus.TOO_MANY_REQUESTS,
        )
    # Counted before it is checked, so that many tries at once gain nothing.
    _tried(request, name)
    async with request.app[DATABASE].read() as session:
        person = await people.by_name(session, name)
    if not await people.verify_password(person, password) or person is None:
        _ = texts(locale_of(request)).gettext
        return _sign_in_page(request, _("The name or the password is not right."), name)
    async with request.app[DATABASE].write() as session:
        secret = await people.issue(
            session, "session", person, request.app[CLOCK](), people.SESSION_LASTS
        )
    request.app[_FAILURES].pop(_same(name), None)
    return _signed_in(request, secret)


@ROUTES.post("/staff/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    """End the session here and on the server."""
    secret = request.cookies.get(COOKIE, "")
    async with request.app[DATABASE].write() as session:
        found = await session.get(Credential, people.hashed(secret))
        if found and found.kind == "session":
            await session.delete(found)
            # Pages that the session left open elsewhere leave as well.
            nudge(session, tickets.TOPIC)
    response = _see("/staff/sign-in")
    response.del_cookie(COOKIE, path="/staff")
    return response


@ROUTES.get("/staff/join/{secret}")
async def join_form(request: web.Request) -> web.Response:
    """Return the form behind a one-time link."""
    async with request.app[DATABASE].read() as session:
        found = await people.invitation(session, request.match_info["secret"], request.app[CLOCK]())
        name = found.staff.name if found.staff else ""
    return _join_page(request, name=name, is_first=not name)


@ROUTES.post("/staff/join/{secret}")
async def join(request: web.Request) -> web.Response:
    """Use a one-time link: set the password and sign in."""
    form = await form_of(request)
    name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
    locale = nearest_locale([str(form.get("locale", ""))])
    secret, now = request.match_info["secret"], request.app[CLOCK]()
    _ = texts(locale_of(request)).gettext
    async with request.app[DATABASE].read() as session:
        found = await people.invitation(session, secret, now)
        invited = found.staff.name if found.staff else ""
    try:
        password_hash = await people.hash_password(password)
    except (TextMissing, TextTooLong) as fault:
        error = (
            _("The password must have at least {count} characters.").format(
                count=people.SHORTEST_PASSWORD
            )
            if isinstance(fault, TextMissing)
            else _("The password may have at most {count} characters.").format(
                count=people.LONGEST_PASSWORD
            )
        )
        return _join_page(
            request,
            name=invited or name,
            is_first=not invited,
            error=error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    try:
        async with request.app[DATABASE].write() as session:
            person = await people.accept(
                session, secret, password_hash, now, name=name, locale=locale
            )
            cookie = await people.issue(session, "session", person, now, people.SESSION_LASTS)
            nudge(session, tickets.TOPIC)
    except (TextMissing, TextTooLong, NameTaken) as fault:
        status, detail = explanation(fault, texts(locale_of(request)))
        if isinstance(fault, TextMissing):
            detail = _("Write your name, as residents will see it.")
        return _join_page(request, name=name, is_first=True, error=detail, status=status)
    return _signed_in(request, cookie)


@ROUTES.get("/staff")
async def index(request: web.Request) -> web.Response:
    """Return the queues with their tickets, oldest first."""
    status, chosen = request.query.get("status", ""), request.query.get("queue", "")
    wanted = Status(status) if status in set(Status) else None
    async with request.app[DATABASE].read() as session:
        me = await _me(request, session)
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
    if _wants_fragment(request):
        return _html(fragment(request, "staff_tickets.html", me.locale, **values))
    return page(request, "staff_index.html", me.locale, **values)


@ROUTES.get("/staff/tickets/{number}")
async def ticket_page(request: web.Request) -> web.Response:
    """Return a ticket with the whole conversation."""
    async with request.app[DATABASE].read() as session:
        me = await _me(request, session)
        return await _ticket_page(request, session, me)


@ROUTES.post("/staff/tickets/{number}/{act:claim|release|reply|close}")
async def act_on(request: web.Request) -> web.Response:
    """Claim, release, reply to or close a ticket; what was typed is kept when it cannot be done."""
    form = await form_of(request)
    act = Act(request.match_info["act"])
    text = str(form.get("text", ""))
    key = form_key(str(form.get("nonce", "")), text)
    database, now = request.app[DATABASE], request.app[CLOCK]()
    number = request.match_info["number"]
    try:
        async with database.write() as session:
            me = await _me(request, session)
            ticket = await tickets.for_staff(session, me, number, act)
            if act is Act.CLAIM:
                await tickets.claim(session, me, ticket, now)
            elif act is Act.RELEASE:
                await tickets.release(session, me, ticket)
            elif act is Act.CLOSE:
                await tickets.close(session, me, ticket, request.app[TOWN](), now)
            else:
                await tickets.reply(session, me, ticket, text, now, key=key)
    except Unauthenticated as error:
        _status, detail = explanation(error, texts(locale_of(request)))
        return _sign_in_page(request, detail, kept=text)
    except NotFound as error:
        return explained(request, *explanation(error, texts(locale_of(request))), kept=text)
    except NeuvokasError as error:
        async with database.read() as session:
            me = await _me(request, session)
            status, detail = explanation(error, texts(me.locale))
            return await _ticket_page(request, session, me, status=status, error=detail, text=text)
    return _see("/staff" if act is Act.CLOSE else f"/staff/tickets/{number}#newest")


@ROUTES.get("/staff/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Stream a nudge whenever a ticket this page may show has changed."""
    async with request.app[DATABASE].read() as session:
        await _me(request, session)

    async def news(response: EventSourceResponse) -> bool:
        # Signed out or cut off meanwhile: the page is told to go.
        async with request.app[DATABASE].read() as session:
            try:
                await _me(request, session)
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
        me = await _me(request, session)
    shelf = request.app[TOWN]
    town = shelf()
    stale = checks.stale(town.book, town.today)
    return page(request, "staff_book.html", me.locale, me=me, stale=stale, faults=shelf.faults)


@ROUTES.get("/staff/people")
async def people_page(request: web.Request) -> web.Response:
    """Return everybody on the staff, for leads."""
    async with request.app[DATABASE].read() as session:
        me = await _me(request, session)
        return await _people_page(request, session, me)


@ROUTES.post("/staff/people")
async def invite(request: web.Request) -> web.Response:
    """Add a member of staff, or give one a new link; show the one-time link once."""
    form = await form_of(request)
    name = str(form.get("name", ""))[:200]
    asked = str(form.get("role", ""))
    role = Role(asked) if asked in set(Role) else Role.STAFF
    queues = [str(queue) for queue in form.getall("queues", [])]
    now = request.app[CLOCK]()
    try:
        async with request.app[DATABASE].write() as session:
            me = await _me(request, session)
            known = [queue for queue in queues if queue in request.app[TOWN]().book.queues]
            person = await people.by_name(session, name) if form.get("again") else None
            if not may_appoint(me, Role(person.role) if person else role):
                raise NotAllowed(Act.INVITE)
            if form.get("again") and person is None:
                raise NotFound(name)
            person = person or await people.add(session, name, role, known, now)
            secret = await people.invite(session, person, now)
    except (NameTaken, TextMissing, TextTooLong) as error:
        async with request.app[DATABASE].read() as session:
            me = await _me(request, session)
            status, detail = explanation(error, texts(me.locale))
            return await _people_page(request, session, me, status=status, error=detail)
    async with request.app[DATABASE].read() as session:
        me = await _me(request, session)
        return await _people_page(
            request, session, me, link=join_link(request.app, secret), invited=person.name
        )


def join_link(app: web.Application, secret: str) -> str:
    """Return the address of a one-time link."""
    return f"{app[SETTINGS].base_url}/staff/join/{secret}"


async def _me(request: web.Request, session: AsyncSession) -> Staff:
    """Return the signed-in member of staff.

    Raises:
        HTTPSeeOther: Nobody is; a page is shown the form instead.
        Unauthenticated: Nobody is; for events and scripts.
    """
    try:
        person = await people.behind(
            session, request.cookies.get(COOKIE, ""), "session", request.app[CLOCK]()
        )
    except Unauthenticated:
        if (
            request.method == "GET"
            and not _wants_fragment(request)
            and request.path != "/staff/events"
        ):
            raise web.HTTPSeeOther("/staff/sign-in") from None
        raise
    request[LOCALE] = person.locale
    return person


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
        "queue": request.app[TOWN]().book.queue(ticket.queue),
        "entries": request.app[TOWN]().book.entries,
        "now": request.app[CLOCK](),
        "may_release": ticket.holder_id == me.id or may(me, Act.RELEASE_OTHERS),
        "longest": tickets.LONGEST_REPLY,
        "nonce": secrets.token_urlsafe(12),
        "error": error,
        "text": text,
    }
    if _wants_fragment(request):
        return _html(fragment(request, "staff_ticket_live.html", me.locale, **values))
    return page(request, "staff_ticket.html", me.locale, status=status, **values)


async def _deliveries(session: AsyncSession, ticket: Ticket) -> dict[int, Delivery]:
    query = select(Delivery).where(Delivery.conversation_id == ticket.conversation_id)
    return {delivery.message_id: delivery for delivery in await session.scalars(query)}


async def _people_page(
    request: web.Request, session: AsyncSession, me: Staff, *, status: int = 200, **values: str
) -> web.Response:
    if not may(me, Act.INVITE):
        raise NotAllowed(Act.INVITE)
    everybody = (await session.scalars(select(Staff).order_by(Staff.name))).all()
    shown = {"error": "", "link": "", "invited": "", **values}
    return page(
        request,
        "staff_people.html",
        me.locale,
        status=status,
        me=me,
        everybody=everybody,
        queues=request.app[TOWN]().book.queues,
        roles=list(Role),
        **shown,
    )


def _sign_in_page(
    request: web.Request, error: str = "", name: str = "", status: int = 0, kept: str = ""
) -> web.Response:
    status = status or (HTTPStatus.UNAUTHORIZED if error else HTTPStatus.OK)
    values = {"error": error, "name": name, "kept": kept}
    return page(request, "staff_sign_in.html", locale_of(request), status=status, **values)


def _join_page(
    request: web.Request, *, name: str, is_first: bool, error: str = "", status: int = 200
) -> web.Response:
    return page(
        request,
        "staff_join.html",
        locale_of(request),
        status=status,
        name=name,
        is_first=is_first,
        error=error,
        shortest=people.SHORTEST_PASSWORD,
        locales=LOCALES,
    )


def _signed_in(request: web.Request, secret: str) -> web.Response:
    response = _see("/staff")
    response.set_cookie(
        COOKIE,
        secret,
        httponly=True,
        samesite="Lax",
        secure=request.app[SETTINGS].base_url.startswith("https:"),
        path="/staff",
        max_age=int(people.SESSION_LASTS.total_seconds()),
    )
    return response


def _must_wait(request: web.Request, name: str) -> bool:
    now = asyncio.get_running_loop().time()
    recent = [at for at in request.app[_FAILURES][_same(name)] if at > now - _WAIT_SECONDS]
    request.app[_FAILURES][_same(name)] = recent
    return len(recent) >= _FREE_TRIES


def _tried(request: web.Request, name: str) -> None:
    failures = request.app[_FAILURES]
    failures[_same(name)].append(asyncio.get_running_loop().time())
    if len(failures) > 10_000:  # noqa: PLR2004 - somebody is guessing names
        failures.clear()


def _same(name: str) -> str:
    """Return the name as one person's, however it is spaced or capitalised."""
    return " ".join(name.split()).casefold()


def _wants_fragment(request: web.Request) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")


def _see(location: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
