"""Files in tickets, for staff: shown, fetched, written down, and sent along with a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import attachments, tickets
from bot.errors import FileRefused, NeuvokasError, Unauthenticated, Why
from bot.files import ACCEPTED, refusal
from bot.people.policy import Act
from bot.texts import texts
from handlers.access.rights import noted, on_ticket
from handlers.access.sign_in import lapsed_page
from handlers.keys import CLOCK, DATABASE, FILES
from handlers.middleware import explained, explanation, form_of, locale_of
from handlers.served import served
from handlers.staff.common import see, signed_in
from handlers.uploads import files_of, remember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.files import Limits
    from bot.models import Attachment, Message, Ticket
    from bot.texts import Texts

ROUTES = web.RouteTableDef()


@ROUTES.get("/staff/tickets/{number}/files/{key}")
@noted("opened_file")
@on_ticket(Act.READ)
async def file(request: web.Request) -> web.StreamResponse:
    """Return a file of a ticket's conversation; Telegram's are fetched when they are first opened."""
    async with request.app[DATABASE].read() as session:
        me = await signed_in(request, session)
        ticket = await tickets.for_staff(session, me, request.match_info["number"])
        row = await attachments.one_of(session, ticket.conversation_id, request.match_info["key"])
    return await served(request, row)


@ROUTES.post("/staff/tickets/{number}/files/{key}/transcript")
@on_ticket(Act.NOTE)
async def write_down(request: web.Request) -> web.Response:
    """Keep what is said in a voice recording; what was typed is kept when that cannot be done."""
    text = str((await form_of(request)).get("text", ""))
    number = request.match_info["number"]
    try:
        async with request.app[DATABASE].write() as session:
            me = await signed_in(request, session)
            ticket = await tickets.for_staff(session, me, number, Act.NOTE)
            row = await attachments.one_of(
                session, ticket.conversation_id, request.match_info["key"]
            )
            await attachments.write_down(session, me, ticket, row, text, request.app[CLOCK]())
    except Unauthenticated:
        return await lapsed_page(request)
    except NeuvokasError as error:
        return explained(request, *explanation(error, texts(locale_of(request))), kept=text)
    return see(f"/staff/tickets/{number}#m{row.message_id}")


async def reply_with_files(
    request: web.Request, session: AsyncSession, ticket: Ticket, message: Message
) -> None:
    """Add the files that a form brought to a reply, in the caller's transaction.

    Raises:
        FileRefused: One of them cannot be taken; nothing of the reply may be sent then.
    """
    files, now = request.app[FILES], request.app[CLOCK]()
    made = await attachments.reply_with(
        session, ticket, message, files_of(request), files.limits, files.store, now
    )
    remember(request, made)


async def files_of_ticket(
    request: web.Request, session: AsyncSession, ticket: Ticket, messages: Sequence[Message]
) -> dict[str, Any]:
    """Return what the ticket page's fragments about files and edits need.

    Returns:
        attachments: A conversation's files by their message's id.
        edits: The edits of a message by its id, oldest first.
        refused: Why a file cannot be had, by its key.
        accepted, limits: What may be sent.
    """
    found = await attachments.of_conversation(session, ticket.conversation_id)
    limits = request.app[FILES].limits
    words = texts(locale_of(request))
    edits: dict[int, list[Message]] = {}
    for message in messages:
        if message.edits_id:
            edits.setdefault(message.edits_id, []).append(message)
    return {
        "attachments": found,
        "edits": edits,
        "refused": {
            row.key: _why_not(row, Why(row.fault), limits, words)
            for rows in found.values()
            for row in rows
            if row.fault
        },
        "accepted": ACCEPTED,
        "limits": limits,
    }


def _why_not(row: Attachment, why: Why, limits: Limits, words: Texts) -> str:
    return refusal(FileRefused(why, row.name, limits.of(why)), words)
