"""Signing in with the town's account: to its OpenID provider and back."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy import select

from bot.errors import (
    NameTaken,
    NeuvokasError,
    NotAllowed,
    NotFound,
    ProviderAway,
    SignInRefused,
    TextMissing,
    TextTooLong,
)
from bot.models import Credential, Role, Staff
from bot.people import accounts, audit, oidc
from bot.people import staff as people
from bot.people.oidc import Provider
from bot.texts import nearest_locale, texts
from handlers.access.rights import before_codes, public
from handlers.access.sign_in import open_session, set_cookie, sign_in_page
from handlers.keys import CLOCK, DATABASE, SETTINGS
from handlers.middleware import explanation, locale_of
from handlers.pages import page
from handlers.staff.common import see, signed_in

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.people.oidc import Visitor, Way
    from bot.settings import GroupRole

log = logging.getLogger(__name__)

PROVIDER = web.AppKey("PROVIDER", Provider)
ROUTES = web.RouteTableDef()
COOKIE = "neuvokas_town"
_PATH = "/staff/sign-in"
_BACK = "/staff/sign-in/town/back"
_LASTS = timedelta(minutes=10)
_MOST_NAMESAKES = 50


@ROUTES.get("/staff/sign-in/town")
@public
async def leave(request: web.Request) -> web.Response:
    """Send the browser to the town's provider."""
    try:
        address, state = await _begin(request, None)
    except ProviderAway as error:
        return _refused(request, error)
    response = see(address)
    set_cookie(request, response, COOKIE, state, _PATH, _LASTS)
    return response


@ROUTES.post("/staff/me/town")
@before_codes
async def connect(request: web.Request) -> web.Response:
    """Show the way to the provider to somebody who wants to sign in with the town's account from now on.

    It is a link, since browsers do not let a form of ours lead to another site.
    """
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
    address, state = await _begin(request, me)
    response = page(request, "staff_town.html", me.locale, me=me, address=address)
    set_cookie(request, response, COOKIE, state, _PATH, _LASTS)
    return response


@ROUTES.get(_BACK)
@public
async def come_back(request: web.Request) -> web.Response:
    """Take in what the provider sends the browser back with, and open a session."""
    try:
        response = await _arrived(request)
    except (ProviderAway, SignInRefused, NotAllowed) as error:
        response = _refused(request, error)
    response.del_cookie(COOKIE, path=_PATH)
    return response


async def _begin(request: web.Request, me: Staff | None) -> tuple[str, str]:
    """Return the provider's address and the state of a new attempt.

    Raises:
        NotFound: The town has no provider.
        ProviderAway: It cannot be reached.
    """
    provider = _provider(request)
    # The address is made before anything is kept: whoever asks a provider that is away leaves no trace.
    state = secrets.token_urlsafe(32)
    address = await provider.address(_way(request, state), _back(request))
    now = request.app[CLOCK]()
    async with request.app[DATABASE].write() as session:
        session.add(
            Credential(
                hash=people.hashed(state),
                kind="town",
                staff_id=me.id if me else None,
                created_at=now,
                expires_at=now + _LASTS,
            )
        )
    return address, state


async def _arrived(request: web.Request) -> web.Response:
    provider, now = _provider(request), request.app[CLOCK]()
    state, code = request.query.get("state", ""), request.query.get("code", "")
    kept = request.cookies.get(COOKIE, "")
    if not kept or not compare_digest(state.encode(), kept.encode()):
        raise SignInRefused("another state")
    connecting = await _used_up(request, state, now)
    if not code:
        raise SignInRefused("the provider sent no code")
    visitor = await provider.visitor(_way(request, state), _back(request), code, now)
    meaning = oidc.rights_of(visitor.groups, request.app[SETTINGS].oidc_roles)
    async with request.app[DATABASE].write() as session:
        await accounts.lock(session)
        known = await _known(session, visitor)
        if meaning is None or (known and not known.is_active):
            if known:
                # What was opened before the town took the rights away ends with them.
                await accounts.shut_out(session, known, now)
            refusal = NotAllowed("town")
        else:
            person = await _person(session, visitor, meaning, known, connecting, request)
            return await open_session(request, session, person, "town")
    raise refusal


async def _used_up(request: web.Request, state: str, now: datetime) -> int | None:
    """Use an attempt up, and return who wanted to connect their account with it, if somebody did.

    Raises:
        SignInRefused: It was used before, has run out, or never was.
    """
    async with request.app[DATABASE].write() as session:
        found = await session.get(
            Credential, people.hashed(state), with_for_update={"of": Credential}
        )
        if found is None or found.kind != "town" or not found.expires_at:
            raise SignInRefused("an attempt that is not known")
        await session.delete(found)
        if found.expires_at < now:
            raise SignInRefused("an attempt that has run out")
        return found.staff_id


async def _known(session: AsyncSession, visitor: Visitor) -> Staff | None:
    return await session.scalar(select(Staff).where(Staff.town_account == visitor.account))


async def _person(
    session: AsyncSession,
    visitor: Visitor,
    meaning: GroupRole,
    known: Staff | None,
    connecting: int | None,
    request: web.Request,
) -> Staff:
    """Return the account of somebody whom the town lets in, with the rights it gives them.

    Raises:
        SignInRefused: The town's account is connected with somebody else's.
    """
    now = request.app[CLOCK]()
    person = known
    if connecting is not None and (known is None or known.id != connecting):
        person = await session.get(Staff, connecting, with_for_update={"key_share": True})
        if known is not None or person is None or not person.is_active:
            raise SignInRefused("an account that is connected already")
        person.town_account = visitor.account
        # From now on the town decides; a password would be a way around it.
        person.password_hash = person.totp_secret = person.totp_step = None
        await people.end(session, person, "session", "invitation", "recovery", "half")
        audit.record(session, person, "town_account", accounts.named(person), now)
    if person is None:
        person = await _new_person(session, visitor, meaning, now)
        person.locale = nearest_locale([visitor.locale] if visitor.locale else [locale_of(request)])
        detail = {"name": person.name, "role": person.role}
        audit.record(session, person, "joined", accounts.named(person), now, detail=detail)
    await accounts.follow_town(session, person, Role(meaning.role), meaning.queues, now)
    return person


async def _new_person(
    session: AsyncSession, visitor: Visitor, meaning: GroupRole, now: datetime
) -> Staff:
    """Return a new account; where the name is taken, with a number behind it.

    Raises:
        SignInRefused: The provider gave no name that can be used.
    """
    for number in range(1, _MOST_NAMESAKES):
        name = visitor.name if number == 1 else f"{visitor.name} {number}"
        try:
            person = await people.add(session, name, Role(meaning.role), meaning.queues, now)
        except NameTaken:
            continue
        except (TextMissing, TextTooLong):
            break
        person.town_account = visitor.account
        await session.flush()
        return person
    raise SignInRefused("no name that can be used")


def _refused(request: web.Request, error: NeuvokasError) -> web.Response:
    """Return the form with what went wrong; the log gets the reason, which nobody wrote."""
    words = texts(locale_of(request))
    status, detail = explanation(error, words)
    if isinstance(error, NotAllowed):
        detail = words.gettext(
            "The town's account is yours, but it opens nothing here. Ask your team lead for the right group."
        )
    log.warning("signing in with the town failed: %s: %s", type(error).__name__, error)
    return sign_in_page(request, detail, status=status)


def _provider(request: web.Request) -> Provider:
    provider = request.app.get(PROVIDER)
    if provider is None:
        raise NotFound(request.path)
    return provider


def _way(request: web.Request, state: str) -> Way:
    return oidc.way(request.app[SETTINGS].secret_key, state)


def _back(request: web.Request) -> str:
    return request.app[SETTINGS].base_url + _BACK
