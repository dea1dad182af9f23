"""The page on which leads review who was blocked, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.errors import NothingToDo
from bot.people.policy import Act
from bot.texts import texts
from bot.work import blocks
from handlers.access.rights import needs, noted
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.staff.common import allowed, see
from handlers.staff.ticket_list import number_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff

ROUTES = web.RouteTableDef()


@ROUTES.get("/staff/blocks")
@noted("read_blocks")
@needs(Act.REVIEW_BLOCKS)
async def blocks_page(request: web.Request) -> web.Response:
    """Return the blocks, those that nobody has reviewed first."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.REVIEW_BLOCKS)
        return await _blocks_page(request, session, me)


@ROUTES.post("/staff/blocks")
@noted("read_blocks")
@needs(Act.REVIEW_BLOCKS)
async def review(request: web.Request) -> web.Response:
    """Let a block stay, or lift it."""
    form = await form_of(request)
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.REVIEW_BLOCKS)
            await blocks.review(
                session,
                me,
                number_of(str(form.get("block", ""))),
                lift=form.get("do") == "lift",
                town=request.app[TOWN](),
                now=request.app[CLOCK](),
            )
    except NothingToDo as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.REVIEW_BLOCKS)
            status, detail = explanation(error, texts(me.locale))
            return await _blocks_page(request, session, me, status=status, error=detail)
    return see("/staff/blocks")


async def _blocks_page(
    request: web.Request, session: AsyncSession, me: Staff, *, status: int = 200, error: str = ""
) -> web.Response:
    found = await blocks.all_recent(session)
    now = request.app[CLOCK]()
    return page(
        request,
        "staff_blocks.html",
        me.locale,
        status=status,
        me=me,
        found=found,
        error=error,
        now=now,
    )
