"""The pages about the people on the staff: inviting, changing rights, cutting off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiohttp import web
from sqlalchemy import select

from bot.errors import (
    LastLead,
    NameTaken,
    NeuvokasError,
    NoQueues,
    NotAllowed,
    NotFound,
    TextMissing,
    TextTooLong,
)
from bot.models import Role, Staff
from bot.people import accounts
from bot.people import staff as people
from bot.people.policy import Act, may_appoint
from bot.texts import texts
from handlers.access.rights import needs
from handlers.access.sign_in import join_link
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.staff.common import allowed, see

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import Any

    from multidict import MultiDictProxy
    from sqlalchemy.ext.asyncio import AsyncSession

ROUTES = web.RouteTableDef()
# What a form says for all queues that there are now.
_ALL = "*"


@dataclass(frozen=True)
class Written:
    """What a form about a person holds, to be shown again when it could not be saved.

    Attributes:
        may_insist: Going on without queues is offered.
    """

    name: str = ""
    role: str = Role.STAFF
    queues: Sequence[str] = ()
    languages: Collection[str] = people.TAKEN_TO_KNOW
    may_insist: bool = False


@ROUTES.get("/staff/people")
@needs(Act.INVITE)
async def people_page(request: web.Request) -> web.Response:
    """Return everybody on the staff, for leads."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.INVITE)
        return await _people_page(request, session, me)


@ROUTES.post("/staff/people")
@needs(Act.INVITE)
async def invite(request: web.Request) -> web.Response:
    """Add a member of staff, or give one a new link; show the one-time link once."""
    form = await form_of(request)
    name = str(form.get("name", ""))[:200]
    role = _role(str(form.get("role", "")), Role.STAFF)
    queues = _queues(request, form)
    languages = _languages(form)
    now = request.app[CLOCK]()
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.INVITE)
            person = await people.by_name(session, name) if form.get("again") else None
            if not may_appoint(me, Role(person.role) if person else role):
                raise NotAllowed(Act.INVITE)
            if form.get("again") and person is None:
                raise NotFound(name)
            if person is None:
                person = await people.add(
                    *(session, name, role, queues, now),
                    people.TAKEN_TO_KNOW if languages is None else languages,
                )
                _require_queues(role, queues, form)
            secret = await accounts.invite(session, me, person, now)
    except (NameTaken, NoQueues, TextMissing, TextTooLong) as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.INVITE)
            status, detail = explanation(error, texts(me.locale))
            kept = _written(form, queues, Written(), error)
            return await _people_page(
                request, session, me, status=status, error=detail, written=kept
            )
    return await _with_link(request, secret, person)


@ROUTES.get("/staff/people/{id}")
@needs(Act.INVITE)
async def person_page(request: web.Request) -> web.Response:
    """Return one person's account, to change it."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.INVITE)
        return await _person_page(request, session, me)


@ROUTES.post("/staff/people/{id}")
@needs(Act.INVITE)
async def change(request: web.Request) -> web.Response:
    """Give a person another name, role, queues or languages."""
    form = await form_of(request)
    try:
        async with request.app[DATABASE].write() as session:
            await accounts.lock(session)
            me = await allowed(request, session, Act.INVITE)
            person = await accounts.of(session, me, request.match_info["id"])
            role = _role(str(form.get("role", "")), Role(person.role))
            # A queue that the book has no more stays, until somebody takes it away.
            queues = _queues(request, form, kept=person.queues)
            had_none = person.role == role and not person.queues
            await accounts.change(
                session,
                me,
                person,
                request.app[CLOCK](),
                name=str(form.get("name", person.name))[:200],
                role=role,
                queues=queues,
                languages=_languages(form),
            )
            if not had_none:
                # Whoever had none before is not asked about it again.
                _require_queues(role, queues, form)
    except (LastLead, NameTaken, NoQueues, TextMissing, TextTooLong) as error:
        return await _refused(request, error, form)
    return see("/staff/people")


@ROUTES.post("/staff/people/{id}/cut-off")
@needs(Act.INVITE)
async def cut_off(request: web.Request) -> web.Response:
    """Let nothing open for a person any more."""
    try:
        async with request.app[DATABASE].write() as session:
            await accounts.lock(session)
            me = await allowed(request, session, Act.INVITE)
            person = await accounts.of(session, me, request.match_info["id"])
            await accounts.cut_off(session, me, person, request.app[CLOCK]())
    except LastLead as error:
        return await _refused(request, error)
    return see(f"/staff/people/{request.match_info['id']}")


@ROUTES.post("/staff/people/{id}/let-in")
@needs(Act.INVITE)
async def let_in(request: web.Request) -> web.Response:
    """Let somebody back in who was cut off; show the one-time link once."""
    async with request.app[DATABASE].write() as session:
        me = await allowed(request, session, Act.INVITE)
        person = await accounts.of(session, me, request.match_info["id"])
        secret = await accounts.let_in(session, me, person, request.app[CLOCK]())
    return await _with_link(request, secret, person)


async def _with_link(request: web.Request, secret: str, person: Staff) -> web.Response:
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.INVITE)
        link = join_link(request.app, secret)
        return await _people_page(request, session, me, link=link, invited=person.name)


async def _refused(
    request: web.Request, error: NeuvokasError, form: MultiDictProxy[Any] | None = None
) -> web.Response:
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.INVITE)
        status, detail = explanation(error, texts(me.locale))
        person = await accounts.of(session, me, request.match_info["id"])
        kept = _of(person)
        if form is not None:
            kept = _written(form, _queues(request, form, kept=person.queues), kept, error)
        return await _person_page(request, session, me, status=status, error=detail, written=kept)


async def _people_page(
    request: web.Request, session: AsyncSession, me: Staff, *, status: int = 200, **values: Any
) -> web.Response:
    everybody = (await session.scalars(select(Staff).order_by(Staff.name))).all()
    shown = {"error": "", "link": "", "invited": "", "written": Written(), **values}
    return page(
        request,
        "staff_people.html",
        me.locale,
        status=status,
        me=me,
        everybody=everybody,
        queues=request.app[TOWN]().book.queues,
        gone_queues=(),
        may_appoint=may_appoint,
        all_queues=_ALL,
        **shown,
    )


async def _person_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    *,
    status: int = 200,
    error: str = "",
    written: Written | None = None,
) -> web.Response:
    person = await accounts.of(session, me, request.match_info["id"])
    queues = request.app[TOWN]().book.queues
    values: dict[str, Any] = {
        "me": me,
        "person": person,
        "roles": [role for role in Role if may_appoint(me, role)],
        "queues": queues,
        # The person's, that the book has no more.
        "gone_queues": [queue for queue in person.queues if queue not in queues],
        "error": error,
        "written": written or _of(person),
        "all_queues": _ALL,
    }
    return page(request, "staff_person.html", me.locale, status=status, **values)


def _of(person: Staff) -> Written:
    return Written(person.name, person.role, person.queues, person.languages)


def _written(
    form: MultiDictProxy[Any], queues: Sequence[str], before: Written, error: NeuvokasError
) -> Written:
    """Return what a form holds; what it does not ask for is as before."""
    languages = _languages(form)
    return replace(
        before,
        name=str(form.get("name", before.name))[:200],
        role=_role(str(form.get("role", "")), Role(before.role)),
        queues=queues,
        languages=before.languages if languages is None else languages,
        may_insist=isinstance(error, NoQueues),
    )


def _require_queues(role: Role, queues: Sequence[str], form: MultiDictProxy[Any]) -> None:
    """Let nobody be without queues by mistake.

    Raises:
        NoQueues: The person would see nothing, and nobody has said that this is meant.
    """
    if role is Role.STAFF and not queues and not form.get("anyway"):
        raise NoQueues


def _languages(form: MultiDictProxy[Any]) -> set[str] | None:
    """Return the languages that are ticked; None when the form does not ask for them."""
    return {str(value) for value in form.getall("languages")} if "languages" in form else None


def _role(asked: str, otherwise: Role) -> Role:
    return Role(asked) if asked in set(Role) else otherwise


def _queues(request: web.Request, form: MultiDictProxy[Any], kept: Iterable[str] = ()) -> list[str]:
    """Return the ticked queues that there are, each once, and with them those that stay ticked."""
    queues = [str(queue) for queue in form.getall("queues", [])]
    there = request.app[TOWN]().book.queues
    known = {*there, *kept}
    if _ALL in queues:
        queues += there
    return [queue for queue in dict.fromkeys(queues) if queue in known]
