"""The staff API: what the console does, for programs with a token; described in `openapi.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import attachments, tickets
from bot.errors import NotAllowed, Unauthenticated
from bot.models import Status
from bot.policy import Act, may
from bot.staff import behind
from bot.texts import texts
from handlers.keys import CLOCK, DATABASE, FORM, LOCALE, TOWN
from handlers.middleware import bad_request, body_of, form_of, key_in, locale_of, unprocessable
from handlers.resident_api import files_json, messages_json
from handlers.served import served
from handlers.staff_files import reply_with_files
from handlers.uploads import with_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Message, Staff, Ticket

ROUTES = web.RouteTableDef()
_LONGEST_KEY = 60


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as the API shows it, without its conversation."""
    moments = ("created_at", "opened_at", "reply_by", "claimed_at", "replied_at", "closed_at")
    return {
        "number": ticket.number,
        "queue": ticket.queue,
        "locale": ticket.locale,
        "status": ticket.status,
        "channel": ticket.conversation.channel,
        "holder": ticket.holder.name if ticket.holder else None,
        "entry": ticket.entry,
        "tried": ticket.tried,
        "reachable": not ticket.conversation.is_unreachable,
        **{name: _moment(getattr(ticket, name)) for name in moments},
    }


async def staff_behind(request: web.Request, session: AsyncSession) -> Staff:
    """Return who stands behind the request's personal token.

    Raises:
        Unauthenticated: There is none, or it is not known.
    """
    staff = await behind(session, _token(request), "token", request.app[CLOCK]())
    request[LOCALE] = staff.locale
    return staff


def _token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return token.strip()


@ROUTES.get("/api/v1/staff/queues")
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
        found = await tickets.in_queues(
            session, staff, queue=queue, status=Status(status) if status else None
        )
    return web.json_response({"tickets": [ticket_json(ticket) for ticket in found]})


@ROUTES.get("/api/v1/staff/tickets/{number}")
async def one(request: web.Request) -> web.Response:
    """Return a ticket with the whole conversation."""
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        ticket = await tickets.for_staff(session, staff, request.match_info["number"])
        messages = await tickets.conversation_of(session, ticket)
    return web.json_response({**ticket_json(ticket), "messages": _messages_json(ticket, messages)})


@ROUTES.post("/api/v1/staff/tickets/{number}/claim")
async def claim(request: web.Request) -> web.Response:
    """Claim a ticket; 409 with the holder's name when somebody else was first."""
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.CLAIM)
        await tickets.claim(session, staff, ticket, request.app[CLOCK]())
        return web.json_response(await _fresh(session, ticket))


@ROUTES.post("/api/v1/staff/tickets/{number}/release")
async def release(request: web.Request) -> web.Response:
    """Put a ticket back into its queue."""
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.RELEASE)
        await tickets.release(session, staff, ticket)
        return web.json_response(await _fresh(session, ticket))


@ROUTES.get("/api/v1/staff/tickets/{number}/files/{key}")
async def file(request: web.Request) -> web.StreamResponse:
    """Return a file of a ticket's conversation."""
    async with request.app[DATABASE].read() as session:
        staff = await staff_behind(request, session)
        ticket = await tickets.for_staff(session, staff, request.match_info["number"])
        row = await attachments.one_of(session, ticket.conversation_id, request.match_info["key"])
    return await served(request, row)


@ROUTES.post("/api/v1/staff/tickets/{number}/reply")
async def reply(request: web.Request) -> web.StreamResponse:
    """Reply to the resident, with files or without, claiming the ticket when nobody has it."""
    # Without a token nothing is read; whose it is shows in the transaction below.
    _token(request)
    return await _reply(request)


@with_files
async def _reply(request: web.Request) -> web.Response:
    key = key_in(request, _LONGEST_KEY)
    is_form = request.get(FORM) is not None
    text = (await form_of(request) if is_form else await body_of(request)).get("text")
    if not isinstance(text, str):
        _ = texts(locale_of(request)).gettext
        raise unprocessable(_('Send {"text": "…"}.'))
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.REPLY)
        message = await tickets.reply(session, staff, ticket, text, request.app[CLOCK](), key=key)
        await reply_with_files(request, session, ticket, message)
        fresh = await _fresh(session, ticket)
    return web.json_response({**fresh, "messages": _messages_json(ticket, [message])})


@ROUTES.post("/api/v1/staff/tickets/{number}/close")
async def close(request: web.Request) -> web.Response:
    """Close a ticket; the resident is asked whether it helped."""
    async with request.app[DATABASE].write() as session:
        staff, ticket = await _to(request, session, Act.CLOSE)
        await tickets.close(session, staff, ticket, request.app[TOWN](), request.app[CLOCK]())
        return web.json_response(await _fresh(session, ticket))


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
