"""The pages on which team leads set the queues: hours, promises, people, and the rules that fill them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import tickets
from bot.errors import ChangedMeanwhile, NotFound, QueueNeeded, Unauthenticated
from bot.people import accounts
from bot.people.policy import Act
from bot.service import hours, queues
from bot.service.routing import answering
from bot.texts import LOCALES, ZONE, texts
from handlers.access.rights import needs
from handlers.access.sign_in import lapsed_page
from handlers.keys import CLOCK, DATABASE, TOWN
from handlers.middleware import explanation, form_of
from handlers.pages import page
from handlers.staff import queue_forms
from handlers.staff.common import allowed, see
from handlers.staff.queue_forms import QueueForm, RuleForm
from handlers.staff.ticket_list import colleagues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.errors import NeuvokasError
    from bot.models import Staff
    from bot.service.routing import Member
    from faq.book import Queue

ROUTES = web.RouteTableDef()
_NEW = "new"


@ROUTES.get("/staff/queues")
@needs(Act.MANAGE_QUEUES)
async def queues_page(request: web.Request) -> web.Response:
    """Return all queues: when they are open, what they promise, who reads which language there."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.MANAGE_QUEUES)
        await _arrange(request, session)
        kept = await queues.kept(session)
        counts = await tickets.waiting_in(session)
        members = await queues.members(session)
    town = request.app[TOWN]()
    words = texts(me.locale)
    return page(
        request,
        "staff_queues.html",
        me.locale,
        me=me,
        queues=town.book.queues,
        rules=town.rules,
        kept=kept,
        counts=counts,
        led={queue.id for queue in town.book.queues.values() if _is_led(queue, members)},
        readers={queue.id: _readers(queue, members) for queue in town.book.queues.values()},
        week=lambda queue: queue_forms.week_written(queue, words),
        span=lambda span: queue_forms.span_written(span, words),
        said=request.query.get("done", ""),
    )


@ROUTES.get("/staff/queues/new")
@needs(Act.MANAGE_QUEUES)
async def new_page(request: web.Request) -> web.Response:
    """Return the form of a new queue."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.MANAGE_QUEUES)
        return await _queue_page(request, session, me, None, QueueForm())


@ROUTES.get("/staff/queues/{queue}")
@needs(Act.MANAGE_QUEUES)
async def queue_page(request: web.Request) -> web.Response:
    """Return the form of one queue."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.MANAGE_QUEUES)
        await _arrange(request, session)
        queue = _queue(request)
        form = queue_forms.written(queue, texts(me.locale))
        return await _queue_page(request, session, me, queue, form)


@ROUTES.post("/staff/queues/{queue}")
@needs(Act.MANAGE_QUEUES)
async def save(request: web.Request) -> web.Response:
    """Set a queue, or make a new one; what was typed is kept when it cannot be done."""
    fields = await form_of(request)
    form, now = queue_forms.posted(fields), request.app[CLOCK]()
    is_new = request.match_info["queue"] == _NEW
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.MANAGE_QUEUES)
            await _arrange(request, session)
            known = request.app[TOWN]().book.queues
            before = None if is_new else _queue(request)
            id_ = before.id if before else queues.new_id(form.titles.get("en", ""), known)
            queue, faults = queue_forms.queue_of(id_, form, known, texts(me.locale), now)
            if faults:
                return await _queue_page(request, session, me, before, form, faults=faults)
            seen = None if is_new else str(fields.get("version", ""))
            await queues.keep(session, queue, me, now, seen=seen)
    except Unauthenticated:
        return await lapsed_page(request)
    except ChangedMeanwhile as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.MANAGE_QUEUES)
            await _arrange(request, session)
            return await _queue_page(request, session, me, before, form, error=error)
    await _arranged(request)
    return see(f"/staff/queues/{id_}?done=saved")


@ROUTES.post("/staff/queues/{queue}/people")
@needs(Act.MANAGE_QUEUES)
async def people(request: web.Request) -> web.Response:
    """Set who works in a queue and which languages they answer in."""
    fields = await form_of(request)
    chosen = {str(value) for value in fields.getall("member", [])}
    async with request.app[DATABASE].write() as session:
        me = await allowed(request, session, Act.MANAGE_QUEUES)
        await _arrange(request, session)
        queue = _queue(request)
        # Whoever was added since the page was opened is left as they are.
        shown = {str(value) for value in fields.getall("person", [])}
        for person in await colleagues(session):
            value = str(person.id)
            if value not in shown:
                continue
            others = [id_ for id_ in person.queues if id_ != queue.id]
            await accounts.set_work(
                *(session, me, person, request.app[CLOCK]()),
                queues=[*others, queue.id] if value in chosen else others,
                languages=set(map(str, fields.getall(f"speaks_{value}", []))),
            )
    return see(f"/staff/queues/{queue.id}?done=people#people")


@ROUTES.post("/staff/queues/{queue}/{way:book|remove}")
@needs(Act.MANAGE_QUEUES)
async def undo(request: web.Request) -> web.Response:
    """Give a queue back to the book, or remove one that is not the book's."""
    is_book = request.match_info["way"] == "book"
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.MANAGE_QUEUES)
            await _arrange(request, session)
            queue = _queue(request, is_book=is_book)
            if is_book:
                await queues.give_back(session, queue.id, me)
            else:
                await queues.remove(session, request.app[TOWN]().book, queue, me)
    except QueueNeeded as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.MANAGE_QUEUES)
            form = queue_forms.written(queue, texts(me.locale))
            return await _queue_page(request, session, me, queue, form, error=error)
    await _arranged(request)
    return see(f"/staff/queues/{queue.id}?done=book" if is_book else "/staff/queues?done=removed")


@ROUTES.get("/staff/routing")
@needs(Act.MANAGE_QUEUES)
async def rules_page(request: web.Request) -> web.Response:
    """Return the rules that say into which queue a ticket goes."""
    async with request.app[DATABASE].read() as session:
        me = await allowed(request, session, Act.MANAGE_QUEUES)
        await _arrange(request, session)
        rules = [queue_forms.rule_written(rule) for rule in request.app[TOWN]().rules]
        return await _rules_page(request, session, me, rules)


@ROUTES.post("/staff/routing")
@needs(Act.MANAGE_QUEUES)
async def save_rules(request: web.Request) -> web.Response:
    """Set the rules, all at once; what was typed is kept when it cannot be done."""
    fields = await form_of(request)
    rules = queue_forms.rules_posted(fields)
    try:
        async with request.app[DATABASE].write() as session:
            me = await allowed(request, session, Act.MANAGE_QUEUES)
            await _arrange(request, session)
            made, faults = queue_forms.rules_of(rules, request.app[TOWN]().book, texts(me.locale))
            if faults:
                return await _rules_page(request, session, me, rules, faults=faults)
            seen = str(fields.get("version", ""))
            await queues.set_rules(session, made, me, request.app[CLOCK](), seen=seen)
    except ChangedMeanwhile as error:
        async with request.app[DATABASE].read() as session:
            me = await allowed(request, session, Act.MANAGE_QUEUES)
            return await _rules_page(request, session, me, rules, error=error)
    await _arranged(request)
    return see("/staff/routing?done=saved")


async def _arrange(request: web.Request, session: AsyncSession) -> None:
    """Take up what leads have set, before this process has heard of it."""
    request.app[TOWN].arrange(await queues.desk(session))


async def _arranged(request: web.Request) -> None:
    async with request.app[DATABASE].read() as session:
        await _arrange(request, session)


def _queue(request: web.Request, *, is_book: bool | None = None) -> Queue:
    """Return the queue that the address names.

    Args:
        is_book: Whether it must be one that the book has; None for either.

    Raises:
        NotFound: There is none.
    """
    name, shelf = request.match_info["queue"], request.app[TOWN]
    found = shelf().book.queues.get(name)
    if found is None or (is_book is not None and is_book is not (name in shelf.book_queues)):
        raise NotFound(name)
    return found


def _readers(queue: Queue, members: Sequence[Member]) -> dict[str, int]:
    """Return how many of those who answer a queue read each language that it serves."""
    people = answering(queue, members)
    return {locale: sum(locale in one.languages for one in people) for locale in queue.languages}


def _is_led(queue: Queue, members: Sequence[Member]) -> bool:
    """Return whether nobody works in a queue, so that leads answer it."""
    people = answering(queue, members)
    return bool(people) and all(one.stands_in for one in people)


async def _queue_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    queue: Queue | None,
    form: QueueForm,
    *,
    faults: dict[str, str] | None = None,
    error: NeuvokasError | None = None,
) -> web.Response:
    status, detail = explanation(error, texts(me.locale)) if error else (422 if faults else 200, "")
    kept = (await queues.kept(session)).get(queue.id) if queue else None
    today = request.app[CLOCK]().astimezone(ZONE).date()
    shown: dict[str, Any] = {
        "me": me,
        "queue": queue,
        "form": form,
        "faults": faults or {},
        "error": detail,
        "kept": kept,
        "version": queues.version(kept),
        "is_book": queue is not None and queue.id in request.app[TOWN].book_queues,
        "others": [
            other
            for other in request.app[TOWN]().book.queues.values()
            if queue is None or other.id != queue.id
        ],
        "people": await colleagues(session) if queue else [],
        "locales": LOCALES,
        "holidays": hours.holidays_after(today),
        "said": request.query.get("done", "") if status == 200 else "",  # noqa: PLR2004 - an HTTP status
    }
    return page(request, "staff_queue.html", me.locale, status=status, **shown)


async def _rules_page(
    request: web.Request,
    session: AsyncSession,
    me: Staff,
    rules: list[RuleForm],
    *,
    faults: dict[str, str] | None = None,
    error: NeuvokasError | None = None,
) -> web.Response:
    status, detail = explanation(error, texts(me.locale)) if error else (422 if faults else 200, "")
    rows = await queues.rules_kept(session)
    town = request.app[TOWN]()
    topics = sorted({entry.topic for entry in town.book.entries.values()})
    return page(
        request,
        "staff_routing.html",
        me.locale,
        status=status,
        me=me,
        # One empty rule to write the next one into.
        rules=[*rules, RuleForm()],
        faults=faults or {},
        error=detail,
        version=queues.rules_version(rows),
        changed=max(rows, key=lambda row: row.changed_at, default=None),
        queues=town.book.queues,
        topics=topics,
        said=request.query.get("done", "") if status == 200 else "",  # noqa: PLR2004 - an HTTP status
    )
