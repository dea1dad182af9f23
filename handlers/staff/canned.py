"""The page on which leads keep the canned responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.errors import TextMissing, TextTooLong, TextUnusable
from bot.people.policy import Act
from bot.texts import LOCALES, texts
from bot.work import canned
from handlers.access.rights import needs
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.staff.common import allowed, see
from handlers.staff.ticket_list import number_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff

ROUTES = web.RouteTableDef()


@ROUTES.get("/staff/canned")
@needs(Act.MANAGE_CANNED)
async def canned_page(request: web.Request) -> web.Response:
    """Return all canned responses, and the form for one."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.MANAGE_CANNED)
        return await _canned_page(request, session, me, chosen=request.query.get("change", ""))


@ROUTES.post("/staff/canned")
@needs(Act.MANAGE_CANNED)
async def change(request: web.Request) -> web.Response:
    """Make, change or delete a canned response; what cannot be used is explained and kept."""
    form = await form_of(request)
    typed = {name: str(value) for name, value in form.items()}
    queue = typed.get("queue", "")
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.MANAGE_CANNED)
            if typed.get("delete"):
                await canned.delete(session, number_of(typed["delete"]))
            else:
                await canned.save(
                    session,
                    me,
                    number_of(typed["id"]) if typed.get("id") else None,
                    name=typed.get("name", ""),
                    queue=queue if queue in request.app[TOWN]().book.queues else None,
                    texts={locale: typed.get(f"text_{locale}", "") for locale in LOCALES},
                    now=request.app[CLOCK](),
                )
    except (TextMissing, TextTooLong, TextUnusable) as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.MANAGE_CANNED)
            status, detail = explanation(error, texts(me.locale))
            return await _canned_page(
                request, session, me, status=status, error=detail, typed=typed
            )
    return see("/staff/canned")


async def _canned_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    *,
    status: int = 200,
    chosen: str = "",
    error: str = "",
    typed: dict[str, str] | None = None,
) -> web.Response:
    responses = await canned.everything(session)
    asked = next((one for one in responses if str(one.id) == chosen), None)
    values: dict[str, Any] = {"id": "", "name": "", "queue": ""}
    values |= {f"text_{locale}": "" for locale in LOCALES}
    if asked:
        values |= {"id": asked.id, "name": asked.name, "queue": asked.queue or ""}
        values |= {f"text_{locale}": text for locale, text in asked.texts.items()}
    return page(
        request,
        "staff_canned.html",
        me.locale,
        status=status,
        me=me,
        responses=responses,
        queues=request.app[TOWN]().book.queues,
        locales=LOCALES,
        longest=canned.LONGEST_TEXT,
        error=error,
        values={**values, **(typed or {})},
    )
