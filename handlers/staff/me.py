"""A member of staff's own account: where they are signed in, and the codes they sign in with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from aiohttp import web

from bot import tickets
from bot.database import nudge
from bot.errors import NotAllowed, NotFound, TooManyTries, WrongCode
from bot.people import audit, codes, totp, tries
from bot.people import staff as people
from bot.texts import texts
from handlers.access.rights import before_codes
from handlers.access.sign_in import CODES_WAIT, FREE_TRIES
from handlers.keys import CLOCK, DATABASE, SETTINGS, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.staff.account import account_page
from handlers.staff.common import COOKIE, see, signed_in

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff

ROUTES = web.RouteTableDef()
_TWO_STEP = "/staff/me/two-step"


@ROUTES.get("/staff/me")
@before_codes
async def me_page(request: web.Request) -> web.Response:
    """Return what there is of one's own account."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
    return account_page(request, me)


@ROUTES.get("/staff/me/sessions")
@before_codes
async def sessions_page(request: web.Request) -> web.Response:
    """Return where one is signed in, and one's tokens for the staff API."""
    now = request.app[CLOCK]()
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        opened = await people.opened(session, me, now, "session", "token")
    return page(
        request,
        "staff_sessions.html",
        me.locale,
        me=me,
        sessions=[one for one in opened if one.kind == "session"],
        tokens=[one for one in opened if one.kind == "token"],
        present=people.hashed(request.cookies.get(COOKIE, "")),
    )


@ROUTES.post("/staff/me/sessions/end")
@before_codes
async def end_sessions(request: web.Request) -> web.Response:
    """End one session or token of one's own, or every session but this."""
    asked = str((await form_of(request)).get("which", ""))
    now = request.app[CLOCK]()
    present = people.hashed(request.cookies.get(COOKIE, ""))
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        opened = await people.opened(session, me, now, "session", "token")
        ended = [
            one
            for one in opened
            # A part of a hash names a session, and opens nothing.
            if (asked == "others" and one.kind == "session" and one.hash != present)
            or (len(asked) == people.MARK and one.hash.startswith(asked))
        ]
        if not ended and asked != "others":
            raise NotFound(asked)
        for one in ended:
            await session.delete(one)
        detail = {"count": len(ended), "kinds": sorted({one.kind for one in ended})}
        audit.record(session, me, "sessions_ended", f"person {me.id}", now, detail=detail)
        # Pages that these left open leave as well.
        nudge(session, tickets.TOPIC)
    return see("/staff/me/sessions")


@ROUTES.get(_TWO_STEP)
@before_codes
async def two_step_page(request: web.Request) -> web.Response:
    """Return the key for an app as picture and text, or what there is when it is set up."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
    return _two_step_page(request, me)


@ROUTES.post(_TWO_STEP)
@before_codes
async def confirm(request: web.Request) -> web.Response:
    """Ask for codes from now on, once the app has shown the right one; show the recovery codes."""
    form = await form_of(request)
    code, sealed = str(form.get("code", ""))[:100], str(form.get("sealed", ""))[:1000]
    now, key = request.app[CLOCK](), request.app[SETTINGS].secret_key
    try:
        async with request.app[DATABASE].write() as session:
            me = await signed_in(request, session, will_change=True)
            shown = await codes.confirm(session, me, sealed, code, key, now)
    except WrongCode as error:
        async with request.app[DATABASE].read() as session:
            me = await signed_in(request, session)
        status, detail = explanation(error, texts(me.locale))
        return _two_step_page(request, me, status=status, error=detail, sealed=sealed)
    return _recovery_page(request, me, shown)


@ROUTES.post(_TWO_STEP + "/recovery")
@before_codes
async def renew_recovery(request: web.Request) -> web.Response:
    """Show new recovery codes, for a code from the app; the old ones end."""
    return await _with_code(request, is_ending=False)


@ROUTES.post(_TWO_STEP + "/off")
@before_codes
async def switch_off(request: web.Request) -> web.Response:
    """Ask for no codes any more, for a last one; not where the town requires them."""
    return await _with_code(request, is_ending=True)


async def _with_code(request: web.Request, *, is_ending: bool) -> web.Response:
    """Do what a session alone may not, since somebody may have left it open."""
    code = str((await form_of(request)).get("code", ""))[:100]
    now, settings = request.app[CLOCK](), request.app[SETTINGS]
    shown: list[str] = []
    error: Exception | None = None
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session, will_change=True)
        if is_ending and codes.are_required(me, settings.require_totp):
            raise NotAllowed(_TWO_STEP)
        error = await _checked(session, me, code, request)
        if error is None and is_ending:
            await codes.switch_off(session, me, now)
        elif error is None:
            shown = await codes.renew_recovery_codes(session, me, now)
    if error is not None:
        status, detail = explanation(error, texts(me.locale))
        return _two_step_page(request, me, status=status, error=detail)
    return see(_TWO_STEP) if is_ending else _recovery_page(request, me, shown)


async def _checked(
    session: AsyncSession, me: Staff, code: str, request: web.Request
) -> TooManyTries | WrongCode | None:
    """Use up a code; the try counts, and stays counted, whatever comes of it."""
    now, key = request.app[CLOCK](), request.app[SETTINGS].secret_key
    subject = codes.subject(me)
    if await tries.count(session, subject, now, CODES_WAIT) > FREE_TRIES:
        return TooManyTries()
    if not me.totp_secret or await codes.use(session, me, code, key, now) is None:
        return WrongCode()
    await tries.forget(session, subject)
    return None


def _two_step_page(
    request: web.Request, me: Staff, *, status: int = 200, error: str = "", sealed: str = ""
) -> web.Response:
    settings = request.app[SETTINGS]
    secret = codes.offered(me, sealed, settings.secret_key)
    if secret is None:
        secret, sealed = codes.offer(me, settings.secret_key)
    picture = segno.make(totp.address(secret, me.name, _issuer(request, me)))
    return page(
        request,
        "staff_two_step.html",
        me.locale,
        status=status,
        me=me,
        error=error,
        is_required=codes.are_required(me, settings.require_totp),
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        sealed=sealed,
        picture=picture.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True),
    )


def _issuer(request: web.Request, me: Staff) -> str:
    """Return what the app calls the account, beside the person's name."""
    return f"Neuvokas {request.app[TOWN]().name(me.locale)}"


def _recovery_page(request: web.Request, me: Staff, shown: list[str]) -> web.Response:
    return page(request, "staff_recovery.html", me.locale, me=me, codes=shown)
