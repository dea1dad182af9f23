"""The page on which automatic answers are switched off and on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot import switches, topics
from bot.errors import NotFound, TextMissing, TextTooLong, Unauthenticated
from bot.people.policy import Act
from bot.texts import texts
from bot.withheld import Scope
from handlers.access.rights import needs
from handlers.access.sign_in import lapsed_page
from handlers.keys import CLOCK, DATABASE, SWITCHES, TOWN
from handlers.middleware import form_of
from handlers.pages import page
from handlers.staff.common import allowed, see

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff
    from bot.texts import Texts
    from faq.book import Book

ROUTES = web.RouteTableDef()
PATH = "/staff/switches"


@ROUTES.get(PATH)
@needs(Act.SWITCH_OFF)
async def switches_page(request: web.Request) -> web.Response:
    """Return what is off, the forms that switch off, and the history; for leads and editors."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.SWITCH_OFF)
        return await _page(request, session, me, what=request.query.get("what", ""))


@ROUTES.post(PATH)
@needs(Act.SWITCH_OFF)
async def turn(request: web.Request) -> web.Response:
    """Switch something off or on; what was typed is kept when it cannot be done."""
    form = await form_of(request)
    what, reason = (str(form.get(name, "")) for name in ("what", "reason"))
    off = "on" not in form
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.SWITCH_OFF)
            scope, name = await _meant(request, session, what, off=off)
            _require_sure(scope, off=off, is_sure="sure" in form)
            await switches.turn(session, me, scope, name, off, reason, request.app[CLOCK]())
    except Unauthenticated:
        return await lapsed_page(request)
    except (_NotSure, NotFound, TextMissing, TextTooLong) as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.SWITCH_OFF)
            status, detail = _told(error, texts(me.locale))
            return await _page(
                request, session, me, status=status, error=detail, what=what, reason=reason
            )
    # This process need not wait for its own nudge: the page shows how it stands.
    await request.app[SWITCHES].look()
    return see(PATH)


class _NotSure(Exception):
    """All automatic answers were to be switched off without the tick that says so."""


def _require_sure(scope: Scope, *, off: bool, is_sure: bool) -> None:
    if off and scope is Scope.ALL and not is_sure:
        raise _NotSure


async def _meant(
    request: web.Request, session: AsyncSession, what: str, *, off: bool
) -> tuple[Scope, str]:
    """Return what a form means; what the book has no more can still be switched on."""
    if not off:
        for switch in (await switches.present(session)).switches:
            if what == f"{switch.scope}:{switch.name}":
                return switch.scope, switch.name
    return switches.named(request.app[TOWN]().book, what.removesuffix(":"))


def _told(error: Exception, words: Texts) -> tuple[int, str]:
    _ = words.gettext
    match error:
        case _NotSure():
            return 422, _("Tick that residents shall get no automatic answers, and send it again.")
        case NotFound():
            return 422, _("Choose what to switch off.")
        case TextMissing():
            return 422, _("Write why, so that the others know.")
        case TextTooLong():
            return 422, words.ngettext(
                "The reason is too long: at most {limit} character.",
                "The reason is too long: at most {limit} characters.",
                error.limit,
            ).format(limit=error.limit)
    raise error


def label(book: Book, scope: str, name: str, words: Texts) -> str:
    """Return what a switch is for, in the reader's words."""
    _ = words.gettext
    if scope == Scope.ALL:
        return _("All automatic answers")
    if scope == Scope.GUIDE:
        return _("The event guide")
    if scope == Scope.TOPIC:
        return _("The topic {name}").format(name=topics.title(name, words))
    entry = book.entries.get(name)
    if entry is None:
        return name
    return (entry.texts.get(words.locale) or next(iter(entry.texts.values()))).question


async def _page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    *,
    status: int = 200,
    error: str = "",
    what: str = "",
    reason: str = "",
) -> web.Response:
    town, words = request.app[TOWN](), texts(me.locale)
    by_topic = sorted(
        (topics.title(topic, words), topic, entries)
        for topic, entries in switches.topics(town.book).items()
    )
    # As it is in the database, which may be a moment ahead of this process.
    standing = await switches.present(session)
    return page(
        request,
        "staff_switches.html",
        me.locale,
        status=status,
        me=me,
        standing=standing.switches[::-1],
        history=await switches.history(session),
        by_topic=by_topic,
        label=lambda switch: label(town.book, switch.scope, switch.name, words),
        question=lambda entry: label(town.book, Scope.ENTRY, entry, words),
        longest=switches.LONGEST_REASON,
        error=error,
        what=what,
        reason=reason,
    )
