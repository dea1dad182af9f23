"""The page about oneself: who one is here, and the tie with one's own Telegram account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot import ties
from handlers.keys import CLOCK, DATABASE, TELEGRAM, TOWN
from handlers.middleware import form_of
from handlers.pages import page
from handlers.staff_pages import see, signed_in

if TYPE_CHECKING:
    from bot.models import Staff

ROUTES = web.RouteTableDef()


@ROUTES.get("/staff/me")
async def account(request: web.Request) -> web.Response:
    """Return who is signed in, and whether Telegram is tied."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
    return _page(request, me)


@ROUTES.post("/staff/me/telegram")
async def telegram(request: web.Request) -> web.Response:
    """Make a code that ties one's Telegram account, shown this once; or end the tie."""
    form = await form_of(request)
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session)
        if form.get("untie"):
            await ties.untie(session, me)
            return see("/staff/me#telegram")
        code = await ties.new_code(session, me, request.app[CLOCK]())
    return _page(request, me, code)


def _page(request: web.Request, me: Staff, code: str = "") -> web.Response:
    return page(
        request,
        "staff_me.html",
        me.locale,
        me=me,
        queues=request.app[TOWN]().book.queues,
        telegram=telegram_values(request, me, code),
    )


def telegram_values(request: web.Request, me: Staff, code: str = "") -> dict[str, object]:
    """Return what the part of the page about Telegram shows.

    Attributes:
        code: The one-time code just made; empty otherwise.
        bot: The bot's name in Telegram; None while Telegram is not served or not reached yet.
    """
    channel = request.app.get(TELEGRAM)
    return {
        "is_served": channel is not None,
        "is_tied": me.telegram_id is not None,
        "bot": channel.name if channel else None,
        "code": code,
        "minutes": int(ties.CODE_LASTS.total_seconds() // 60),
    }
