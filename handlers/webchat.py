"""The resident's page: the same conversation as the API, with or without JavaScript."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.conversation import begin, messages_after, of_token
from bot.errors import FileRefused, NotFound, TextMissing, TextTooLong, Unauthenticated
from bot.files import ACCEPTED
from bot.guide import MARK
from bot.permits.hearing import starts_guide
from bot.replies import Replies
from bot.respond import Kind
from bot.texts import LOCALES, texts
from handlers.keys import CLOCK, DATABASE, FILES, LOCALE, SETTINGS, TOWN
from handlers.middleware import explanation, form_key, form_of, locale_of
from handlers.pages import fragment, page
from handlers.resident_api import COOKIE, credentials, number_after, take
from handlers.uploads import files_of, fingerprint, with_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.files import SentFile
    from bot.models import Conversation, Message

ROUTES = web.RouteTableDef()
# A conversation goes on after days; a library's computer has the "finish and clear" button.
_COOKIE_SECONDS = 90 * 24 * 3600


@ROUTES.get("/")
async def chat(request: web.Request) -> web.Response:
    """Return the page with the conversation so far; a greeting when there is none."""
    return await chat_page(request)


@ROUTES.post("/chat")
@with_files
async def say(request: web.Request) -> web.Response:
    """Take what the form says; then the page again, or only the new messages for the script."""
    form = await form_of(request)
    text, choice = (str(form.get(name, "")) for name in ("text", "choice"))
    here = "/events" if form.get("here") == "/events" else "/"
    wants_fragment = request.headers.get("X-Requested-With") == "fetch"
    fresh: tuple[Conversation, str] | None = None
    try:
        said = _said(form, files_of(request), fingerprint(request), locale_of(request))
        try:
            id_, token = credentials(request)
            messages = await _take(request, id_, token, said)
        except (Unauthenticated, NotFound):
            # The first message, or a conversation that is no more: begin one.
            conversation, token, greeting = await _begin(request, choice)
            fresh = (conversation, token)
            id_ = conversation.id
            messages = [greeting, *await _take(request, id_, token, said)]
    except (TextMissing, TextTooLong, FileRefused) as error:
        response = await _refused(request, error, text, wants_fragment=wants_fragment)
    else:
        response = (
            _messages(request, messages, str(request.get(LOCALE, "fi")), id_)
            if wants_fragment
            else web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{here}#newest"})
        )
    if fresh:
        _remember(request, response, *fresh)
    return response


@dataclass(frozen=True)
class _Said:
    """One thing that the form says."""

    value: str
    kind: Kind
    key: str | None
    files: tuple[SentFile, ...] = ()


def _said(
    form: Mapping[str, Any], files: tuple[SentFile, ...], print_: str, locale: str
) -> list[_Said]:
    """Return what the form says; files that were chosen go along before a pressed button counts.

    What is told on the event guide's own page is about an event, whatever words it is told in.
    """
    text, choice, nonce = (str(form.get(name, "")) for name in ("text", "choice", "nonce"))
    if form.get("about") == "event" and text.strip() and not starts_guide(text, locale):
        begun = _Said(f"{MARK}go", Kind.CHOICE, form_key(nonce, f"{MARK}go"))
        return [begun, _Said(text, Kind.TEXT, form_key(nonce, text + print_), files)]
    if not choice:
        return [_Said(text, Kind.TEXT, form_key(nonce, text + print_), files)]
    sent = [_Said("", Kind.TEXT, form_key(nonce, print_), files)] if files else []
    return [*sent, _Said(choice, Kind.CHOICE, form_key(nonce, choice))]


async def _take(request: web.Request, id_: str, token: str, said: Sequence[_Said]) -> list[Message]:
    """Hand everything the form says to the conversation, in order; see `take`."""
    return [
        message
        for one in said
        for message in await take(request, id_, token, one.value, one.kind, one.key, one.files)
    ]


@ROUTES.get("/chat/messages")
async def newer(request: web.Request) -> web.Response:
    """Return the messages after one, for the script to append."""
    id_, token = credentials(request)
    after = number_after(request, request.query.get("after", "0"))
    async with request.app[DATABASE].read() as session:
        conversation = await of_token(session, id_, token)
        messages = await messages_after(session, id_, after)
    return _messages(request, messages, conversation.locale, id_)


@ROUTES.post("/chat/end")
async def end(_request: web.Request) -> web.Response:
    """Forget the conversation on this device, as on a library's computer."""
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
    response.del_cookie(COOKIE, path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def _begin(request: web.Request, choice: str) -> tuple[Conversation, str, Message]:
    locale = locale_of(request)
    if choice.removeprefix("lang:") in LOCALES:
        locale = choice.removeprefix("lang:")
    async with request.app[DATABASE].write() as session:
        return await begin(session, locale, request.app[TOWN](), request.app[CLOCK]())


async def chat_page(
    request: web.Request,
    *,
    status: int = 200,
    error: str = "",
    text: str = "",
    here: str = "/",
    beside: str = "",
) -> web.Response:
    """Return the page with the conversation.

    Args:
        error: What was wrong with what was typed, which is `text`.
        here: Where the page stands, `/` or `/events`.
        beside: The plan that stands beside the conversation, as HTML.
    """
    locale = locale_of(request)
    messages: Sequence[Any] = ()
    conversation_id = ""
    try:
        id_, token = credentials(request)
        async with request.app[DATABASE].read() as session:
            conversation = await of_token(session, id_, token)
            messages = await messages_after(session, id_, 0)
        locale, conversation_id = conversation.locale, conversation.id
    except (Unauthenticated, NotFound):
        pass
    town = request.app[TOWN]()
    return page(
        request,
        "chat.html",
        locale,
        status=status,
        messages=messages,
        greeting=Replies(town, locale).welcome(),
        conversation_id=conversation_id,
        town=town.name(locale),
        phone=town.phone,
        nonce=secrets.token_urlsafe(12),
        accepted=ACCEPTED,
        limits=request.app[FILES].limits,
        error=error,
        text=text,
        here=here,
        beside=beside,
    )


async def _refused(
    request: web.Request,
    error: TextMissing | TextTooLong | FileRefused,
    text: str,
    *,
    wants_fragment: bool,
) -> web.Response:
    """Say what is wrong; what was typed stays in its field."""
    status, detail = explanation(error, texts(locale_of(request)))
    if wants_fragment:
        return web.Response(text=detail, status=status)
    return await chat_page(request, status=status, error=detail, text=text)


def _messages(
    request: web.Request, messages: Sequence[Message], locale: str, id_: str
) -> web.Response:
    html = fragment(request, "messages.html", locale, messages=messages)
    headers = {"Content-Language": locale, "X-Conversation": id_}
    return web.Response(text=html, content_type="text/html", headers=headers)


def _remember(
    request: web.Request, response: web.Response, conversation: Conversation, token: str
) -> None:
    response.set_cookie(
        COOKIE,
        f"{conversation.id}.{token}",
        max_age=_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.app[SETTINGS].base_url.startswith("https:"),
        path="/",
    )
