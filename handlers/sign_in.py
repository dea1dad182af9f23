"""Signing in and out, and one-time links."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from http import HTTPStatus

from aiohttp import web

from bot import staff as people
from bot import tickets
from bot.database import nudge
from bot.errors import NameTaken, TextMissing, TextTooLong
from bot.models import Credential
from bot.texts import LOCALES, nearest_locale, texts
from handlers.keys import CLOCK, DATABASE, SETTINGS
from handlers.middleware import explanation, form_of, locale_of
from handlers.pages import page
from handlers.staff_pages import COOKIE, see

ROUTES = web.RouteTableDef()
_FAILURES = web.AppKey("FAILURES", defaultdict)
# After so many wrong passwords for a name, each further try waits for the minute to pass.
_FREE_TRIES = 5
_WAIT_SECONDS = 60.0


async def prepare(app: web.Application) -> None:
    """Make room for counting wrong passwords."""
    app[_FAILURES] = defaultdict(list)


@ROUTES.get("/staff/sign-in")
async def sign_in_form(request: web.Request) -> web.Response:
    """Return the form for name and password."""
    return sign_in_page(request)


@ROUTES.post("/staff/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    """Open a session for the right name and password."""
    form = await form_of(request)
    name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
    if _must_wait(request, name):
        _ = texts(locale_of(request)).gettext
        return sign_in_page(
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
        return sign_in_page(request, _("The name or the password is not right."), name)
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
    response = see("/staff/sign-in")
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


def join_link(app: web.Application, secret: str) -> str:
    """Return the address of a one-time link."""
    return f"{app[SETTINGS].base_url}/staff/join/{secret}"


def sign_in_page(
    request: web.Request, error: str = "", name: str = "", status: int = 0, kept: str = ""
) -> web.Response:
    """Return the form, with what went wrong and with what somebody had typed meanwhile."""
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
    response = see("/staff")
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
