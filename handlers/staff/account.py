"""The page about oneself: who one is here, and the tie with one's own Telegram account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.group import ties
from bot.people import audit
from handlers.access.rights import for_everybody
from handlers.keys import CLOCK, DATABASE, SETTINGS, TELEGRAM, TOWN
from handlers.middleware import form_of
from handlers.pages import page
from handlers.staff.common import see, signed_in

if TYPE_CHECKING:
    from bot.models import Staff

ROUTES = web.RouteTableDef()


@ROUTES.post("/staff/me/telegram")
@for_everybody
async def telegram(request: web.Request) -> web.Response:
    """Make a code that ties one's Telegram account, shown this once; or end the tie."""
    form = await form_of(request)
    now = request.app[CLOCK]()
    async with request.app[DATABASE].write() as session:
        me = await signed_in(request, session, will_change=True)
        if form.get("untie"):
            if me.telegram_id is not None:
                audit.record(session, me, "telegram_untied", f"person {me.id}", now)
            await ties.untie(session, me)
            return see("/staff/me#telegram")
        code = await ties.new_code(session, me, now)
    return account_page(request, me, code)


def account_page(request: web.Request, me: Staff, code: str = "") -> web.Response:
    """Return one's own page: who one is here, signing in, and Telegram.

    Args:
        code: The one-time code just made, which is shown this once.
    """
    return page(
        request,
        "staff_me.html",
        me.locale,
        me=me,
        has_town=request.app[SETTINGS].oidc_issuer is not None,
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
