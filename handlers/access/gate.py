"""The one gate before all staff routes: who is it, may they do this, and what was read is noted."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy import update

from bot import tickets
from bot.errors import NeuvokasError, NotAllowed, NotFound, Unauthenticated
from bot.models import Credential, Ticket
from bot.people import audit
from bot.people import staff as people
from bot.people.policy import Act, may
from bot.texts import texts
from handlers.access.rights import is_for_staff, need_of
from handlers.access.sign_in import lapsed_page, must_set_up_codes, written
from handlers.keys import CLOCK, DATABASE, LOCALE, NOTED, SETTINGS
from handlers.middleware import explained, explanation, is_api, locale_of
from handlers.staff.common import COOKIE, see, wants_fragment
from handlers.staff_api import token_of

if TYPE_CHECKING:
    from datetime import datetime

    from aiohttp.web_response import StreamResponse
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff
    from handlers.access.rights import Need
    from handlers.middleware import Handler

_CODES_PAGE = "/staff/me/two-step"
# Answers without what was asked for: empty ones, ways elsewhere, refusals.
_NOTHING_SHOWN = frozenset(
    {
        *(HTTPStatus.NO_CONTENT, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER),
        *(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND),
    }
)


@web.middleware
async def rights(request: web.Request, handler: Handler) -> StreamResponse:
    """Let a request through to a staff route only for whom the route is declared.

    The handlers ask again within their own transactions, where it is settled; here nothing can be
    forgotten.
    """
    need = need_of(request.match_info.handler)
    if need is None:
        if is_for_staff(request):
            raise NotAllowed(request.path)
        return await handler(request)
    if need.is_public:
        return await handler(request)
    try:
        staff, used, number = await _checked(request, need)
    except NeuvokasError as error:
        return await _refused(request, error)
    if must_set_up_codes(request.app[SETTINGS], staff, used.via) and not (
        need.is_before_codes or is_api(request)
    ):
        return await _sent_to_codes(request)
    now = request.app[CLOCK]()
    await _seen(request, used, now)
    response = await handler(request)
    if need.noted and _shows_something(request, response):
        await _note_reading(request, staff, need.noted, _object(request, number), now)
    return response


async def _checked(request: web.Request, need: Need) -> tuple[Staff, Credential, str | None]:
    """Return who asks, what with, and the number of the ticket asked about.

    Raises:
        Unauthenticated: Nobody known.
        NotAllowed: They may not.
        NotFound: There is no such ticket for them.
    """
    async with request.app[DATABASE].read() as session:
        used, staff = await _who(request, session)
        request[LOCALE] = staff.locale
        try:
            act = need.act_in(dict(request.match_info))
        except ValueError:
            raise NotFound(request.match_info["act"]) from None
        if need.is_on_ticket:
            return staff, used, await _ticket(session, staff, request.match_info["number"], act)
        if act is not None and not may(staff, act):
            raise NotAllowed(act)
    return staff, used, None


async def _who(request: web.Request, session: AsyncSession) -> tuple[Credential, Staff]:
    now = request.app[CLOCK]()
    if is_api(request):
        return await people.credential(session, token_of(request), "token", now)
    return await people.credential(session, request.cookies.get(COOKIE, ""), "session", now)


async def _ticket(session: AsyncSession, staff: Staff, number: str, act: Act | None) -> str:
    ticket = await session.get(Ticket, tickets.ticket_id(number))
    if ticket is None or not may(staff, Act.READ, ticket.queue):
        raise NotFound(number)
    if act is not None and not may(staff, act, ticket.queue):
        raise NotAllowed(act)
    return ticket.number


async def _refused(request: web.Request, error: NeuvokasError) -> StreamResponse:
    """Return the refusal, with what somebody had written: a session may end while they write."""
    if is_api(request):
        raise error
    is_unknown = isinstance(error, Unauthenticated)
    if request.method in {"GET", "HEAD"}:
        if is_unknown and not wants_fragment(request) and not _is_stream(request):
            return see("/staff/sign-in")
        raise error
    if is_unknown and not wants_fragment(request):
        return await lapsed_page(request)
    status, detail = explanation(error, texts(locale_of(request)))
    return explained(request, status, detail, kept=await written(request))


async def _sent_to_codes(request: web.Request) -> StreamResponse:
    if (
        request.method in {"GET", "HEAD"}
        and not wants_fragment(request)
        and not _is_stream(request)
    ):
        return see(_CODES_PAGE)
    return await _refused(request, NotAllowed(_CODES_PAGE))


def _is_stream(request: web.Request) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "") or request.path.endswith(
        "/events"
    )


async def _seen(request: web.Request, used: Credential, now: datetime) -> None:
    """Keep when a session or token was last used, give or take five minutes."""
    if used.seen_at is not None and now - used.seen_at < people.SEEN_AGAIN:
        return
    async with request.app[DATABASE].write() as session:
        await session.execute(
            update(Credential).where(Credential.hash == used.hash).values(seen_at=now)
        )


def _shows_something(request: web.Request, response: StreamResponse) -> bool:
    """Return whether an answer holds what was asked for, and is no refusal or redirection.

    Forms of pages count as well: one that cannot be done comes back with the whole page. A program
    that sends something gets no more than what it did, which stands in the log anyway.
    """
    if response.status in _NOTHING_SHOWN:
        return False
    if request.method in {"GET", "HEAD"}:
        return response.status < HTTPStatus.BAD_REQUEST
    return not is_api(request)


def _object(request: web.Request, number: str | None) -> str:
    """Return what is looked at: a ticket's number, a file in it, what the handler says, or the address."""
    key = request.match_info.get("key")
    if number:
        return f"{number} file {key}" if key else number
    said: str = request.get(NOTED, request.path)
    return said


async def _note_reading(
    request: web.Request, staff: Staff, act: str, object_: str, now: datetime
) -> None:
    """Write into the audit log who looked at what, once in a while."""
    database = request.app[DATABASE]
    async with database.read() as session:
        since = now - audit.READ_AGAIN
        if await audit.was_recorded(session, staff.id, act, object_, since):
            return
    async with database.write() as session:
        audit.record(session, staff, act, object_, now, once_within=audit.READ_AGAIN)
