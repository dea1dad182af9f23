"""Signing in with a password and a code, signing out, and one-time links."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import tickets
from bot.database import nudge
from bot.errors import NameTaken, TextMissing, TextTooLong, TooManyTries, Unauthenticated
from bot.models import Credential
from bot.people import audit, codes, tries
from bot.people import staff as people
from bot.texts import LOCALES, nearest_locale, texts
from handlers.access.rights import public
from handlers.keys import CLOCK, DATABASE, SETTINGS
from handlers.middleware import explanation, form_of, locale_of, sign_in_ended
from handlers.pages import page
from handlers.staff.common import COOKIE, see
from handlers.uploads import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff
    from bot.settings import Settings

ROUTES = web.RouteTableDef()
_SECRETS = frozenset({"password", "code", "secret", "key", "csrf"})
# What a form holds beside what somebody wrote.
_NOT_WRITTEN = _SECRETS | {"nonce", "seen", "version", "untie"}
HALF_COOKIE = "neuvokas_half"
# After so many wrong passwords for a name, further tries wait until the minute has passed.
FREE_TRIES = 5
_PASSWORDS_WAIT = timedelta(minutes=1)
# A code has a million values, of which three fit at a time; at this pace guessing takes centuries.
CODES_WAIT = timedelta(minutes=15)
_HALF_LASTS = timedelta(minutes=5)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@ROUTES.get("/staff/sign-in")
@public
async def sign_in_form(request: web.Request) -> web.Response:
    """Return the form for name and password."""
    return sign_in_page(request)


@ROUTES.post("/staff/sign-in")
@public
async def sign_in(request: web.Request) -> web.Response:
    """Open a session for the right name and password, or ask for the code when there is one."""
    form = await form_of(request)
    name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
    database, now = request.app[DATABASE], request.app[CLOCK]()
    _ = texts(locale_of(request)).gettext
    # Counted before it is checked, so that many tries at once gain nothing.
    async with database.write() as session:
        tried = await tries.count(session, _subject(name), now, _PASSWORDS_WAIT)
    if tried > FREE_TRIES:
        detail = _("Too many tries. Wait a minute and try again.")
        return sign_in_page(request, detail, name, HTTPStatus.TOO_MANY_REQUESTS)
    async with database.read() as session:
        person = await people.by_name(session, name)
    if not await people.verify_password(person, password) or person is None:
        async with database.write() as session:
            _failed(session, person, "password", now)
        return sign_in_page(request, _("The name or the password is not right."), name)
    async with database.write() as session:
        current = await people.still(session, person)
        if current is None:
            return sign_in_page(request, _("The name or the password is not right."), name)
        await tries.forget(session, _subject(name))
        if current.totp_secret:
            half = await people.issue(session, "half", current, now, _HALF_LASTS)
            return _half_way(request, half)
        return await open_session(request, session, current, "password")


@ROUTES.get("/staff/sign-in/code")
@public
async def code_form(request: web.Request) -> web.Response:
    """Return the form for the one-time code, to whose password was right."""
    try:
        async with request.app[DATABASE].read() as session:
            await people.behind(session, _half_of(request), "half", request.app[CLOCK]())
    except Unauthenticated:
        return see("/staff/sign-in")
    return _code_page(request)


@ROUTES.post("/staff/sign-in/code")
@public
async def check_code(request: web.Request) -> web.Response:
    """Open a session for the right code."""
    code = str((await form_of(request)).get("code", ""))[:100]
    now, key = request.app[CLOCK](), request.app[SETTINGS].secret_key
    _ = texts(locale_of(request)).gettext
    try:
        async with request.app[DATABASE].write() as session:
            half, person = await people.credential(
                session, _half_of(request), "half", now, will_change=True
            )
            subject = codes.subject(person)
            if await tries.count(session, subject, now, CODES_WAIT) > FREE_TRIES:
                status, detail = explanation(TooManyTries(), texts(locale_of(request)))
                return _code_page(request, detail, status)
            used = await codes.use(session, person, code, key, now)
            if used is None:
                _failed(session, person, "code", now)
                detail = _(
                    "This code does not fit. Take the newest one from your app, or a recovery code"
                    " you have not used yet."
                )
                return _code_page(request, detail, HTTPStatus.UNAUTHORIZED)
            await tries.forget(session, subject)
            await session.delete(half)
            if used == "recovery":
                audit.record(session, person, "recovery_used", f"person {person.id}", now)
            return await open_session(request, session, person, "password")
    except Unauthenticated:
        return sign_in_page(request, _("That took too long. Sign in again."))


@ROUTES.post("/staff/sign-out")
@public
async def sign_out(request: web.Request) -> web.Response:
    """End the session here and on the server."""
    secret = request.cookies.get(COOKIE, "")
    async with request.app[DATABASE].write() as session:
        found = await session.get(Credential, people.hashed(secret))
        if found and found.kind == "session":
            await session.delete(found)
            if found.staff:
                now = request.app[CLOCK]()
                audit.record(session, found.staff, "sign_out", f"person {found.staff_id}", now)
            # Pages that the session left open elsewhere leave as well.
            nudge(session, tickets.TOPIC)
    response = see("/staff/sign-in")
    response.del_cookie(COOKIE, path="/staff")
    return response


@ROUTES.get("/staff/join/{secret}")
@public
async def join_form(request: web.Request) -> web.Response:
    """Return the form behind a one-time link."""
    async with request.app[DATABASE].read() as session:
        found = await people.invitation(session, request.match_info["secret"], request.app[CLOCK]())
        name = found.staff.name if found.staff else ""
    return _join_page(request, name=name, is_first=not name)


@ROUTES.post("/staff/join/{secret}")
@public
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
            nudge(session, tickets.TOPIC)
            audit.record(session, person, "joined", f"person {person.id}", now)
            return await open_session(request, session, person, "password")
    except (TextMissing, TextTooLong, NameTaken) as fault:
        status, detail = explanation(fault, texts(locale_of(request)))
        if isinstance(fault, TextMissing):
            detail = _("Write your name, as residents will see it.")
        return _join_page(request, name=name, is_first=True, error=detail, status=status)


def join_link(app: web.Application, secret: str) -> str:
    """Return the address of a one-time link."""
    return f"{app[SETTINGS].base_url}/staff/join/{secret}"


async def lapsed_page(request: web.Request) -> web.Response:
    """Return the form to sign in for what was sent after a sign-in had ended.

    What was written stays on the page, and can be sent from it once its author has signed in in
    another tab. Passwords and codes do not come back in a page.
    """
    form = await words_of(request)
    kept = await written(request)
    again = [(name, value) for name, value in form.items() if isinstance(value, str)]
    if not kept or _SECRETS.intersection(form):
        again = []
    return sign_in_page(request, _lapsed(request, kept), kept=kept, again=again)


def _lapsed(request: web.Request, kept: str) -> str:
    words = texts(locale_of(request))
    _ = words.gettext
    if kept:
        return _("Your sign-in has ended, so nothing was sent. What you wrote is still here.")
    return sign_in_ended(words)


async def written(request: web.Request) -> str:
    """Return what somebody wrote into a form, a paragraph a field."""
    form = await words_of(request)
    values = [
        value.strip()
        for name, value in form.items()
        if isinstance(value, str) and name not in _NOT_WRITTEN
    ]
    return "\n\n".join(value for value in values if value)


def sign_in_page(
    request: web.Request,
    error: str = "",
    name: str = "",
    status: int = 0,
    kept: str = "",
    again: Sequence[tuple[str, str]] = (),
) -> web.Response:
    """Return the form, with what went wrong and with what somebody had typed meanwhile.

    Args:
        again: The fields of the form that was refused, to be sent from here.
    """
    status = status or (HTTPStatus.UNAUTHORIZED if error else HTTPStatus.OK)
    values: dict[str, Any] = {"error": error, "name": name, "kept": kept, "again": again}
    values["had_files"] = request.content_type == "multipart/form-data"
    has_town = request.app[SETTINGS].oidc_issuer is not None
    return page(
        request,
        "staff_sign_in.html",
        locale_of(request),
        status=status,
        has_town=has_town,
        **values,
    )


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


async def open_session(
    request: web.Request, session: AsyncSession, person: Staff, via: str
) -> web.Response:
    """Open a session, in the caller's transaction, and send its holder to the console with it.

    Args:
        via: `password` or `town`.
    """
    now = request.app[CLOCK]()
    secret = await people.issue(
        session, "session", person, now, people.SESSION_LASTS, device=device_of(request), via=via
    )
    audit.record(session, person, "sign_in", f"person {person.id}", now, detail={"with": via})
    response = see("/staff")
    if HALF_COOKIE in request.cookies:
        response.del_cookie(HALF_COOKIE, path="/staff/sign-in")
    set_cookie(request, response, COOKIE, secret, "/staff", people.SESSION_LASTS)
    return response


def set_cookie(
    request: web.Request,
    response: web.Response,
    name: str,
    value: str,
    path: str,
    lasts: timedelta,
) -> None:
    """Give the browser a secret that no script reads and no foreign form sends."""
    response.set_cookie(
        name,
        value,
        httponly=True,
        samesite="Lax",
        secure=request.app[SETTINGS].base_url.startswith("https:"),
        path=path,
        max_age=int(lasts.total_seconds()),
    )


def device_of(request: web.Request) -> str:
    """Return roughly what the browser is, such as "Firefox, Windows"; empty when it does not say."""
    agent = request.headers.get("User-Agent", "")
    found = (
        next((name for part, name in names if part in agent), "") for names in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))


def must_set_up_codes(settings: Settings, person: Staff, via: str | None) -> bool:
    """Return whether a session shows nothing before its holder has set up one-time codes."""
    if via == "town" or person.totp_secret:
        # The town's provider asks for whatever the town wants asked.
        return False
    return codes.are_required(person, settings.require_totp)


def _half_way(request: web.Request, secret: str) -> web.Response:
    response = see("/staff/sign-in/code")
    set_cookie(request, response, HALF_COOKIE, secret, "/staff/sign-in", _HALF_LASTS)
    return response


def _half_of(request: web.Request) -> str:
    return request.cookies.get(HALF_COOKIE, "")


def _code_page(request: web.Request, error: str = "", status: int = 200) -> web.Response:
    return page(request, "staff_code.html", locale_of(request), status=status, error=error)


def _failed(session: AsyncSession, person: Staff | None, with_: str, now: datetime) -> None:
    """Note a failed sign-in; of names that nobody has only that there was one in this minute."""
    object_ = f"person {person.id}" if person else "unknown name"
    audit.record(
        session,
        person,
        "sign_in_failed",
        object_,
        now,
        detail={"with": with_},
        once_within=None if person else _PASSWORDS_WAIT,
    )


def _subject(name: str) -> str:
    """Return what is counted: the name as one person's, however it is spaced or capitalised."""
    return "name " + " ".join(name.split()).casefold()
