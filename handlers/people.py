"""The page about the people on the staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy import select

from bot import staff as people
from bot.errors import NameTaken, NotAllowed, NotFound, TextMissing, TextTooLong
from bot.models import Role, Staff
from bot.policy import Act, may_appoint
from bot.texts import texts
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.sign_in import join_link
from handlers.staff_pages import allowed

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

ROUTES = web.RouteTableDef()


@ROUTES.get("/staff/people")
async def people_page(request: web.Request) -> web.Response:
    """Return everybody on the staff, for leads."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.INVITE)
        return await _people_page(request, session, me)


@ROUTES.post("/staff/people")
async def invite(request: web.Request) -> web.Response:
    """Add a member of staff, or give one a new link; show the one-time link once."""
    form = await form_of(request)
    name = str(form.get("name", ""))[:200]
    asked = str(form.get("role", ""))
    role = Role(asked) if asked in set(Role) else Role.STAFF
    queues = [str(queue) for queue in form.getall("queues", [])]
    now = request.app[CLOCK]()
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.INVITE)
            known = [queue for queue in queues if queue in request.app[TOWN]().book.queues]
            person = await people.by_name(session, name) if form.get("again") else None
            if not may_appoint(me, Role(person.role) if person else role):
                raise NotAllowed(Act.INVITE)
            if form.get("again") and person is None:
                raise NotFound(name)
            person = person or await people.add(session, name, role, known, now)
            secret = await people.invite(session, person, now)
    except (NameTaken, TextMissing, TextTooLong) as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.INVITE)
            status, detail = explanation(error, texts(me.locale))
            return await _people_page(request, session, me, status=status, error=detail)
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.INVITE)
        return await _people_page(
            request, session, me, link=join_link(request.app, secret), invited=person.name
        )


async def _people_page(
    request: web.Request, session: AsyncSession, me: Staff, *, status: int = 200, **values: str
) -> web.Response:
    everybody = (await session.scalars(select(Staff).order_by(Staff.name))).all()
    shown = {"error": "", "link": "", "invited": "", **values}
    return page(
        request,
        "staff_people.html",
        me.locale,
        status=status,
        me=me,
        everybody=everybody,
        queues=request.app[TOWN]().book.queues,
        roles=list(Role),
        **shown,
    )
