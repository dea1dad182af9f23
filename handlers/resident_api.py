"""The resident API: the web chat for programs, described in `openapi.py`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import attachments
from bot.conversation import begin, hear, messages_after, of_token
from bot.errors import NotFound, Unauthenticated
from bot.files import HREF
from bot.models import Channel, Message
from bot.outbox import topic_of
from bot.respond import Kind, Utterance
from bot.texts import LOCALES, texts
from handlers.keys import CLOCK, DATABASE, FILES, FORM, LOCALE, TOWN
from handlers.middleware import bad_request, body_of, form_of, key_in, locale_of, unprocessable
from handlers.served import served
from handlers.stream import stream
from handlers.uploads import files_of, with_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp_sse import EventSourceResponse

    from bot.files import SentFile

ROUTES = web.RouteTableDef()
# The page's own cookie opens the same doors as the token in the header.
COOKIE = "neuvokas_chat"
_LONGEST_KEY = 80
# Ids have 63 bits; whatever has more digits than this may not fit.
_LONGEST_ID = 18


def message_json(message: Message) -> dict[str, Any]:
    """Return a message as the API shows it."""
    return {
        "id": message.id,
        "author": message.author,
        "staff_name": message.staff_name,
        "text": message.text,
        "choices": message.choices,
        "at": message.at.isoformat().replace("+00:00", "Z"),
        "entry": message.entry,
        "ticket": message.ticket,
        "files": files_json(message, f"/api/v1/conversations/{message.conversation_id}/files/"),
        "edits": message.edits_id,
    }


def files_json(message: Message, below: str) -> list[dict[str, Any]]:
    """Return a message's files as the API shows them: what was sent is fetched below an address."""
    return [
        {
            "name": file["name"],
            "href": file["href"].replace(HREF, below, 1),
            "kind": file.get("kind", "document"),
            "size": file.get("size", 0) or None,
        }
        for file in message.files or ()
    ]


def messages_json(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return messages as the API shows them."""
    return [message_json(message) for message in messages]


def credentials(request: web.Request) -> tuple[str, str]:
    """Return the conversation's id and token, from the header or from the page's cookie.

    Raises:
        Unauthenticated: There is no token.
        NotFound: The cookie is another conversation's.
    """
    id_ = request.match_info.get("id", "")
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        return id_, token.strip()
    own, _, token = request.cookies.get(COOKIE, "").partition(".")
    if not token:
        raise Unauthenticated
    if id_ and own != id_:
        raise NotFound(id_)
    return own, token


@ROUTES.post("/api/v1/conversations")
async def begin_conversation(request: web.Request) -> web.Response:
    """Begin a conversation: its id, its token (shown this once) and the greeting."""
    body = await body_of(request) if request.can_read_body else {}
    locale = body.get("locale")
    if locale is not None and locale not in LOCALES:
        _ = texts(locale_of(request)).gettext
        raise unprocessable(_("The language must be fi, sv or en, or null."))
    async with request.app[DATABASE].write() as session:
        conversation, token, greeting = await begin(
            session, locale or locale_of(request), request.app[TOWN](), request.app[CLOCK]()
        )
    location = request.app.router["conversation_messages"].url_for(id=conversation.id)
    return web.json_response(
        {"id": conversation.id, "token": token, "messages": [message_json(greeting)]},
        status=201,
        headers={"Location": str(location)},
    )


@ROUTES.post("/api/v1/conversations/{id}/messages", name="conversation_messages")
@with_files
async def say(request: web.Request) -> web.Response:
    """Say something, with files or without: the resident's own message and all the replies it caused."""
    id_, token = credentials(request)
    key = key_in(request, _LONGEST_KEY)
    files = files_of(request)
    if request.get(FORM) is not None:
        text, kind = str((await form_of(request)).get("text", "")), Kind.TEXT
    else:
        text, kind = _said(request, await body_of(request))
    messages = await take(request, id_, token, text, kind, key, files)
    return web.json_response({"messages": messages_json(messages)})


async def take(
    request: web.Request,
    id_: str,
    token: str,
    text: str,
    kind: Kind,
    key: str | None,
    files: tuple[SentFile, ...] = (),
) -> list[Message]:
    """Hand one utterance to the conversation that the token opens.

    Raises:
        Unauthenticated, NotFound: The token does not open it.
        TextMissing, TextTooLong: The text cannot be read.
        FileRefused: There is no room for the files.
    """
    async with request.app[DATABASE].write() as session:
        conversation = await of_token(session, id_, token, lock=True)
        # Errors from here on are told in the language spoken.
        request[LOCALE] = conversation.locale
        named = None if key is None else f"web:{key}"
        said = Utterance(Channel.WEB, id_, text, kind, named, files=files)
        messages = await hear(
            session,
            said,
            request.app[TOWN](),
            request.app[CLOCK](),
            conversation,
            request.app[FILES].limits,
        )
        request[LOCALE] = conversation.locale
        return messages


@ROUTES.get("/api/v1/conversations/{id}/messages")
async def read(request: web.Request) -> web.Response:
    """Return everything said after a message."""
    id_, token = credentials(request)
    after = number_after(request, request.query.get("after", "0"))
    async with request.app[DATABASE].read() as session:
        conversation = await of_token(session, id_, token)
        messages = await messages_after(session, conversation.id, after)
    return web.json_response({"messages": messages_json(messages)})


@ROUTES.get("/api/v1/conversations/{id}/files/{key}")
@ROUTES.get("/chat/files/{key}")
async def file(request: web.Request) -> web.StreamResponse:
    """Return a file of the conversation that the token or the page's cookie opens."""
    id_, token = credentials(request)
    async with request.app[DATABASE].read() as session:
        conversation = await of_token(session, id_, token)
        row = await attachments.one_of(session, conversation.id, request.match_info["key"])
    request[LOCALE] = conversation.locale
    return await served(request, row)


@ROUTES.get("/api/v1/conversations/{id}/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Stream everything said after a message, and then whatever is said next."""
    id_, token = credentials(request)
    last = request.headers.get("Last-Event-ID") or request.query.get("after", "0")
    newest = number_after(request, last)
    database = request.app[DATABASE]
    async with database.read() as session:
        await of_token(session, id_, token)

    async def news(response: EventSourceResponse) -> bool:
        nonlocal newest
        async with database.read() as session:
            messages = await messages_after(session, id_, newest)
        for message in messages:
            data = json.dumps(message_json(message), ensure_ascii=False)
            await response.send(data, id=str(message.id), event="message")
            newest = message.id
        return True

    return await stream(request, [topic_of(id_)], news)


def _said(request: web.Request, body: dict[str, Any]) -> tuple[str, Kind]:
    _ = texts(locale_of(request)).gettext
    given = [name for name in ("text", "choice") if body.get(name) is not None]
    if len(given) != 1 or not isinstance(body[given[0]], str):
        raise unprocessable(_('Send either {"text": "…"} or {"choice": "…"}.'))
    return body[given[0]], Kind.TEXT if given == ["text"] else Kind.CHOICE


def number_after(request: web.Request, value: str) -> int:
    """Return the number of the message after which somebody wants to read on; 0 for all.

    Raises:
        HTTPBadRequest: It is no such number.
    """
    if not value.isascii() or not value.isdecimal() or len(value) > _LONGEST_ID:
        _ = texts(locale_of(request)).gettext
        raise bad_request(_("after must be the number of a message."))
    return int(value)
