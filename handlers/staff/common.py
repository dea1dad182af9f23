"""What the staff's pages share: who is signed in, what they may do, parts of pages, redirections."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from bot.database import writes
from bot.errors import NotAllowed, Unauthenticated
from bot.people import audit
from bot.people import staff as people
from bot.people.policy import Act, may
from handlers.keys import CLOCK, LOCALE

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff

COOKIE = "neuvokas_staff"


async def signed_in(
    request: web.Request, session: AsyncSession, *, will_change: bool = False
) -> Staff:
    """Return the signed-in member of staff.

    Args:
        will_change: The transaction changes the person's own account.

    Raises:
        HTTPSeeOther: Nobody is; a page is shown the form instead.
        Unauthenticated: Nobody is; for events and scripts.
    """
    try:
        _used, person = await people.credential(
            session,
            request.cookies.get(COOKIE, ""),
            "session",
            request.app[CLOCK](),
            will_change=will_change,
        )
    except Unauthenticated:
        if (
            request.method == "GET"
            and not wants_fragment(request)
            and request.path != "/staff/events"
        ):
            raise web.HTTPSeeOther("/staff/sign-in") from None
        raise
    request[LOCALE] = person.locale
    return person


async def allowed(request: web.Request, session: AsyncSession, act: Act) -> Staff:
    """Return the signed-in member of staff, who may do this outside queues.

    What they send is noted in the audit log, with the rest of the transaction or not at all.

    Raises:
        HTTPSeeOther, Unauthenticated: As `signed_in`.
        NotAllowed: The person may not.
    """
    person = await signed_in(request, session)
    if not may(person, act):
        raise NotAllowed(act)
    if request.method not in {"GET", "HEAD"} and writes(session):
        audit.note(session, person, act, request.path)
    return person


def wants_fragment(request: web.Request) -> bool:
    """Return whether a script asks for the changing part of the page only."""
    return request.headers.get("X-Requested-With") == "fetch"


def html(text: str) -> web.Response:
    """Return a part of a page."""
    return web.Response(text=text, content_type="text/html")


def see(location: str) -> web.Response:
    """Send the reader on after a form."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})
