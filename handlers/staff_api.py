"""The staff API: what the console does, for programs with a token; described in `openapi.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import attachments, tickets
from bot.errors import NotAllowed, NotFound, Unauthenticated
from bot.models import OUTCOMES, Outcome, Status, ticket_number
from bot.people.policy import Act, may
from bot.people.staff import behind, by_name
from bot.texts import texts
from bot.work import notes, reply_language, tags, ticket_list
from handlers.access.rights import for_everybody, needs, noted, on_ticket
from handlers.keys import CLOCK, DATABASE, FORM, LOCALE, TOWN
from handlers.middleware import bad_request, body_of, form_of, key_in, locale_of, unprocessable
from handlers.resident_api import files_json, messages_json
from handlers.served import served
from handlers.staff.files import reply_with_files
from handlers.uploads import with_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Message, Note, Staff, Ticket

ROUTES = web.RouteTableDef()
_LONGEST_KEY = 60
MOST_LISTED = 200


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as the API shows it, without its conversation."""
    moments = (
        *("created_at", "opened_at", "reply_by", "resolve_by", "claimed_at", "replied_at"),
        *("closed_at", "waits_since"),
    )
    return {
        "number": ticket.number,
        "queue": ticket.queue,
        "locale": ticket.locale,
        "status": ticket.status,
        "channel": ticket.conversation.channel,
        "holder": ticket.holder.name if ticket.holder else None,
        "entry": ticket.entry,
        "district": ticket.district,
        "tried": ticket.tried,
        "reachable": not ticket.conversation.is_unreachable,
        "outcome": ticket.outcome,
        "merged_into": ticket_number(ticket.merged_into_id) if ticket.merged_into_id else None,
        **{name: _moment(getattr(ticket, name)) for name in moments},
    }


def note_json(note: Note) -> dict[str, Any]:
    """Return an internal note as the API shows it."""
    return {
        "id": note.id,
        "staff_name": note.staff_name,
        "text": note.text,
        "at": _moment(note.at),
    }


async def staff_behind(request: web.Request, session: AsyncSession) -> Staff:
    """Return who stands behind the request's personal token.

    Raises:
        Unauthenticated: There is none, or it is not known.
    """
    staff = await behind(session, token_of(request), "token", request.app[CLOCK]())
    request[LOCALE] = staff.locale
    return staff


def token_of(request: web.Request) -> str:
    """Return the request's personal token.

    Raises:
        Unauthenticated: It has none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return token.strip()


@ROUTES.get("/api/v1/staff/queues")
@for_everybody
async def queues(request: web.Request) -> web.Response:
    """Return the queues this person works in, with how many tickets wait and are claimed."""
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        counts = await tickets.waiting_in(session)
    shown = [
        {
            "id": queue.id,
            "titles": dict(queue.titles),
            "open": counts.get(queue.id, {}).get(Status.OPEN, 0),
            "claimed": counts.get(queue.id, {}).get(Status.CLAIMED, 0),
        }
        for queue in request.app[TOWN]().book.queues.values()
        if may(staff, Act.READ, queue.id)
    ]
    return web.json_response({"queues": shown})


@ROUTES.get("/api/v1/staff/tickets")
@noted("listed")
@needs(Act.READ)
async def listed(request: web.Request) -> web.Response:
    """Return the tickets this person sees, oldest first; live ones unless a status is named."""
    queue, status = request.query.get("queue") or None, request.query.get("status") or None
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        _ = texts(staff.locale).gettext
        if status is not None and status not in set(Status):
            raise bad_request(
                _("The status must be one of {names}.").format(names=", ".join(Status))
            )
        queues_known = request.app[TOWN]().book.queues
        if queue is not None and queue not in queues_known:
            raise bad_request(
                _("The queue must be one of {names}.").format(names=", ".join(queues_known))
            )
        if not may(staff, Act.READ, queue):
            raise NotAllowed(Act.READ)
        filters = ticket_list.Filters.read(request.query)
        now = request.app[CLOCK]()
        found = await ticket_list.listed(session, staff, filters, now, limit=MOST_LISTED)
    return web.json_response({"tickets": [ticket_json(ticket) for ticket in found.tickets]})


@ROUTES.get("/api/v1/staff/tickets/{number}")
@on_ticket(Act.READ)
async def one(request: web.Request) -> web.Response:
    """Return a ticket with the whole conversation."""
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        ticket = await tickets.for_staff(session, staff, request.match_info["number"])
        messages = await tickets.conversation_of(session, ticket)
        internal = {
            "notes": [note_json(note) for note in await notes.of(session, ticket)],
            "tags": await tags.of(session, ticket.id),
        }
    return web.json_response(
        {**ticket_json(ticket), "messages": _messages_json(ticket, messages), **internal}
    )


@ROUTES.post("/api/v1/staff/tickets/{number}/claim")
@on_ticket(Act.CLAIM)
async def claim(request: web.Request) -> web.Response:
    """Claim a ticket; 409 with the holder's name when somebody else was first."""
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.CLAIM)
        await tickets.claim(session, staff, ticket, request.app[CLOCK]())
        return web.json_response(await _fresh(session, ticket))


@ROUTES.post("/api/v1/staff/tickets/{number}/release")
@on_ticket(Act.RELEASE)
async def release(request: web.Request) -> web.Response:
    """Put a ticket back into its queue."""
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.RELEASE)
        await tickets.release(session, staff, ticket, request.app[CLOCK]())
        return web.json_response(await _fresh(session, ticket))


@ROUTES.get("/api/v1/staff/tickets/{number}/files/{key}")
@noted("opened_file")
@on_ticket(Act.READ)
async def file(request: web.Request) -> web.StreamResponse:
    """Return a file of a ticket's conversation."""
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        ticket = await tickets.for_staff(session, staff, request.match_info["number"])
        row = await attachments.one_of(session, ticket.conversation_id, request.match_info["key"])
    return await served(request, row)


@ROUTES.post("/api/v1/staff/tickets/{number}/reply")
@on_ticket(Act.REPLY)
@with_files
async def reply(request: web.Request) -> web.Response:
    """Reply to the resident, with files or without, claiming the ticket when nobody has it."""
    # Without a token nothing is read; whose it is shows in the transaction below.
    token_of(request)
    key = key_in(request, _LONGEST_KEY)
    if request.get(FORM) is None:
        body = await body_of(request)
        is_anyway = body.get("anyway") is True
    else:
        body = dict(await form_of(request))
        is_anyway = body.get("anyway") == "true"
    text = _text_in(request, body)
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.REPLY)
        if not is_anyway:
            reply_language.check(text, ticket.locale, request.app[TOWN]())
        message = await tickets.reply(session, staff, ticket, text, request.app[CLOCK](), key=key)
        await reply_with_files(request, session, ticket, message)
        fresh = await _fresh(session, ticket)
    return web.json_response({**fresh, "messages": _messages_json(ticket, [message])})


@ROUTES.post("/api/v1/staff/tickets/{number}/close")
@on_ticket(Act.CLOSE)
async def close(request: web.Request) -> web.Response:
    """Close a ticket; the resident is told what became of it and asked whether it helped."""
    token_of(request)
    body = await body_of(request) if request.can_read_body else {}
    outcome = body.get("outcome", Outcome.SOLVED)
    if outcome not in OUTCOMES:
        _ = texts(locale_of(request)).gettext
        names = ", ".join(OUTCOMES)
        raise unprocessable(_("The outcome must be one of {names}.").format(names=names))
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.CLOSE)
        town, now = request.app[TOWN](), request.app[CLOCK]()
        await tickets.close(
            *(session, staff, ticket, town, now),
            outcome=Outcome(outcome),
            anyway=body.get("anyway") is True,
        )
        return web.json_response(await _fresh(session, ticket))


@ROUTES.post("/api/v1/staff/tickets/{number}/reopen")
@on_ticket(Act.REOPEN)
async def reopen(request: web.Request) -> web.Response:
    """Take up a closed ticket again."""
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.REOPEN)
        town, now = request.app[TOWN](), request.app[CLOCK]()
        await tickets.reopen_by_staff(session, staff, ticket, town, now)
        return web.json_response(await _fresh(session, ticket))


@ROUTES.post("/api/v1/staff/tickets/{number}/notes")
@on_ticket(Act.NOTE)
async def note(request: web.Request) -> web.Response:
    """Write an internal note, which is never sent to the resident."""
    token_of(request)
    key = key_in(request, _LONGEST_KEY)
    text = _text_in(request, await body_of(request))
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.NOTE)
        written = await notes.add(session, staff, ticket, text, request.app[CLOCK](), key=key)
        await session.flush()
        return web.json_response(note_json(written))


@ROUTES.post("/api/v1/staff/tickets/{number}/transfer")
@on_ticket(Act.TRANSFER)
async def transfer(request: web.Request) -> web.Response:
    """Pass a ticket to another queue, to a colleague, or both, with a reason."""
    token_of(request)
    body = await body_of(request)
    queue, to, reason = (body.get(name) for name in ("queue", "to", "reason"))
    fits = isinstance(queue, str | None) and isinstance(to, str | None)
    if not fits or not isinstance(reason, str):
        _ = texts(locale_of(request)).gettext
        raise unprocessable(_('Send {"queue": "…", "to": "…", "reason": "…"}.'))
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.TRANSFER)
        colleague = await by_name(session, to) if to else None
        if to and colleague is None:
            raise NotFound(to)
        await tickets.transfer(
            *(session, staff, ticket),
            reason=reason,
            town=request.app[TOWN](),
            now=request.app[CLOCK](),
            queue=queue,
            to=colleague,
        )
        return web.json_response(await _fresh(session, ticket))


@ROUTES.post("/api/v1/staff/tickets/{number}/merge")
@on_ticket(Act.MERGE)
async def merge(request: web.Request) -> web.Response:
    """Close a ticket as a duplicate of another, whose replies then reach both residents."""
    token_of(request)
    into = (await body_of(request)).get("into")
    if not isinstance(into, str):
        _ = texts(locale_of(request)).gettext
        raise unprocessable(_('Send {"into": "N-…"}.'))
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.MERGE)
        target = await tickets.for_staff(session, staff, into, Act.MERGE)
        town, now = request.app[TOWN](), request.app[CLOCK]()
        await tickets.merge(session, staff, ticket, target, town, now)
        return web.json_response(await _fresh(session, ticket))


@ROUTES.post("/api/v1/staff/tickets/{number}/tags")
@on_ticket(Act.TAG)
async def tag(request: web.Request) -> web.Response:
    """Add and remove tags; return those the ticket has then."""
    token_of(request)
    body = await body_of(request)
    added, removed = body.get("add", []), body.get("remove", [])
    if not all(isinstance(names, list) for names in (added, removed)) or not all(
        isinstance(name, str) for name in (*added, *removed)
    ):
        _ = texts(locale_of(request)).gettext
        raise unprocessable(_('Send {"add": ["…"], "remove": ["…"]}.'))
    now = request.app[CLOCK]()
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.TAG)
        for name in removed:
            await tags.remove(session, staff, ticket, name, now)
        for name in added:
            await tags.add(session, staff, ticket, name, now)
            await session.flush()
        return web.json_response({"tags": await tags.of(session, ticket.id)})


def _text_in(request: web.Request, body: dict[str, Any]) -> str:
    text = body.get("text")
    if not isinstance(text, str):
        _ = texts(locale_of(request)).gettext
        raise unprocessable(_('Send {"text": "…"}.'))
    return text


def _messages_json(ticket: Ticket, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return messages with their files where staff fetch them."""
    below = f"/api/v1/staff/tickets/{ticket.number}/files/"
    return [
        {**shown, "files": files_json(message, below)}
        for shown, message in zip(messages_json(messages), messages, strict=True)
    ]


async def _to(request: web.Request, session: AsyncSession, act: Act) -> tuple[Staff, Ticket]:
    staff = await staff_behind(request, session)
    return staff, await tickets.for_staff(session, staff, request.match_info["number"], act)


async def _fresh(session: AsyncSession, ticket: Ticket) -> dict[str, Any]:
    await session.flush()
    await session.refresh(ticket)
    return ticket_json(ticket)


def _moment(value: Any) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
