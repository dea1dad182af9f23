"""Errors to pages and problem documents, headers, foreign origins."""

from __future__ import annotations

import hashlib
import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from bot.database import UNREACHABLE
from bot.errors import (
    Answered,
    CannotMerge,
    ChangedMeanwhile,
    FileRefused,
    HasAnother,
    LastLead,
    NameTaken,
    NeuvokasError,
    NoQueues,
    NotAllowed,
    NotFound,
    NothingToDo,
    NotTheirs,
    OtherLanguage,
    ProviderAway,
    QueueNeeded,
    SignInRefused,
    TextMissing,
    TextTooLong,
    TextUnusable,
    TicketEnded,
    TicketHeld,
    TooManyTries,
    Unanswered,
    Unauthenticated,
    Why,
    WrongCode,
)
from bot.files import refusal
from bot.texts import LANGUAGES, accepted_languages, nearest_locale, texts
from handlers.keys import FORM, LOCALE
from handlers.pages import page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.web_response import StreamResponse
    from multidict import MultiDictProxy

    from bot.texts import Texts

    Handler = Callable[[web.Request], Awaitable[StreamResponse]]

log = logging.getLogger(__name__)

_FILE_STATUS = {
    **dict.fromkeys((Why.TOO_LARGE, Why.MESSAGE_FULL, Why.TICKET_FULL, Why.TOO_MANY), 413),
    Why.CUT_OFF: 400,
    Why.LATER: 503,
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would also hide the Origin of our own forms, which is checked below.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every response, and keep private ones out of caches."""
    for name, value in HEADERS.items():
        # A file that somebody sent has a stricter policy of its own.
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def errors(request: web.Request, handler: Handler) -> StreamResponse:
    """Turn what goes wrong into a problem document (API) or a page, in the reader's language."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        response = explained(request, error.status, getattr(error, "detail", None))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except NeuvokasError as error:
        words = texts(locale_of(request))
        status, detail = explanation(error, words)
        if isinstance(error, Unauthenticated) and request.path.startswith("/staff"):
            # A person reads this, who has no key.
            detail = sign_in_ended(words)
        return explained(request, status, detail)
    except ConnectionResetError:
        # The reader has left; there is nobody to tell.
        raise
    except UNREACHABLE as error:
        log.warning(
            "out of reach: %s %s: %s", request.method, route_of(request), type(error).__name__
        )
        response = explained(request, HTTPStatus.SERVICE_UNAVAILABLE, None)
        response.headers["Retry-After"] = "5"
        return response
    except Exception as error:  # the last resort: the reader gets an answer, the log the cause
        log.exception("request failed: %s %s", request.method, route_of(request))
        return explained(request, _status_of(error), None)


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> StreamResponse:
    """Refuse what a foreign page makes a browser send; programs send no Origin and pass."""
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin")
        if site not in {"same-origin", "none"} or _is_foreign(origin, request.host):
            raise web.HTTPForbidden
    return await handler(request)


def _is_foreign(origin: str | None, host: str) -> bool:
    try:
        return origin is not None and urlsplit(origin).netloc != host
    except ValueError:
        return True


def explanation(  # noqa: C901 - one case an error
    error: NeuvokasError, words: Texts
) -> tuple[int, str]:
    """Return the status and what to tell the reader: what is wrong and what to do."""
    _ = words.gettext
    match error:
        case Unauthenticated():
            return 401, _("You are not signed in, or the key does not open this.")
        case NotAllowed():
            return 403, _("You may not do this. Ask your team lead.")
        case NotFound():
            return 404, _("There is nothing here. The address may be old or mistyped.")
        case TicketHeld():
            return 409, _("{name} has this ticket.").format(name=error.holder)
        case TicketEnded():
            return 409, _("This ticket is closed. The resident can open it again.")
        case ChangedMeanwhile(who=""):
            return 409, _("This changed meanwhile. Look at it again; what you wrote is still here.")
        case ChangedMeanwhile():
            return 409, _(
                "{name} has changed this since you opened the page. What you wrote is still here."
                " Look at it again and save."
            ).format(name=error.who)
        case QueueNeeded():
            return 409, _(
                "A rule or another queue still sends tickets to this queue. Change that first."
            )
        case NameTaken():
            return 409, _("There is already somebody with this name. Choose another name.")
        case TextMissing():
            return 422, _(
                "There is nothing to read in the message. Write it in words and send it again."
            )
        case TextTooLong():
            return 422, words.ngettext(
                "The message is too long: at most {limit} character can be read at once. Send it in parts.",
                "The message is too long: at most {limit} characters can be read at once."
                " Send it in parts.",
                error.limit,
            ).format(limit=error.limit)
        case FileRefused():
            return _FILE_STATUS.get(error.why, 422), refusal(error, words)
    return (
        _about_signing_in(error, words)
        or _about_tickets(error, words)
        or (500, _default(500, words))
    )


def _about_signing_in(error: NeuvokasError, words: Texts) -> tuple[int, str] | None:
    _ = words.gettext
    match error:
        case LastLead():
            return 409, _(
                "Nobody would be left who can let people in. Give somebody else the same role first."
            )
        case NoQueues():
            return 409, _(
                "No queue is ticked, so nothing was saved. Without a queue this person sees no tickets"
                " and answers nobody. Tick a queue, or go on without."
            )
        case TooManyTries():
            return 429, _("Too many tries. Wait a quarter of an hour and try again.")
        case WrongCode():
            return 422, _("This code does not fit. Take the newest one from your app.")
        case ProviderAway():
            return 503, _(
                "The town's sign-in cannot be reached. Try again in a moment, or use your password."
            )
        case SignInRefused():
            return 401, _("The town's sign-in did not let you in. Begin again.")
    return None


def _about_tickets(error: NeuvokasError, words: Texts) -> tuple[int, str] | None:
    _ = words.gettext
    match error:
        case NothingToDo():
            return 409, _("Nothing was changed: it is so already, or nothing was chosen.")
        case NotTheirs():
            return 409, _("{name} does not work in that queue, so nothing was changed.").format(
                name=error.name
            )
        case HasAnother():
            return 409, _(
                "The resident has another open ticket, {number}. Go on there; this one stays closed."
            ).format(number=error.number)
        case CannotMerge():
            return 409, _(
                "These two cannot be merged. Both must be open, different, in the same language and in"
                " your queues."
            )
        case Answered():
            return 409, _(
                "{name} has replied since you opened this page. Your reply was not sent. Read the new"
                " reply first; then you can send yours anyway."
            ).format(name=error.name)
        case Unanswered():
            return 409, _(
                "Nobody has answered the resident yet, so the ticket was not closed. Answer first, or"
                " close it anyway: the resident is then told that it is closed."
            )
        case OtherLanguage():
            found = LANGUAGES.get(error.found, _("another language"))
            return 409, _(
                "This reply seems to be in another language ({found}) than the resident's ({wanted})."
                " It was not sent. Write it in the resident's language, or send it anyway."
            ).format(found=found, wanted=LANGUAGES[error.wanted])
        case TextUnusable():
            return 422, _(
                "Something in braces cannot be filled in. Only {placeholders} can be used."
            ).format(placeholders="{name}, {number}")
    return None


def explained(
    request: web.Request, status: int, detail: str | None, kept: str = ""
) -> web.Response:
    """Return the problem document or the page for a status; a page shows what was typed, if any."""
    words = texts(locale_of(request))
    detail = detail or _default(status, words)
    if is_api(request):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }
        response = web.json_response(
            problem, status=status, content_type="application/problem+json"
        )
    else:
        response = page(
            request,
            "error.html",
            words.locale,
            status=status,
            code=status,
            detail=detail,
            kept=kept,
        )
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def bad_request(detail: str) -> web.HTTPBadRequest:
    """Return an error to raise for a request that cannot be understood, with what to send instead."""
    error = web.HTTPBadRequest()
    error.detail = detail  # type: ignore[attr-defined]
    return error


def unprocessable(detail: str) -> web.HTTPUnprocessableEntity:
    """Return an error to raise for a request whose content cannot be used, with what to send instead."""
    error = web.HTTPUnprocessableEntity()
    error.detail = detail  # type: ignore[attr-defined]
    return error


def sign_in_ended(words: Texts) -> str:
    """Return what a person is told whose sign-in has ended, and who had written nothing."""
    return words.gettext("Your sign-in has ended, so nothing was done. Sign in again.")


def is_api(request: web.Request) -> bool:
    """Return whether a program asked, so that the answer is JSON."""
    return request.path.startswith(("/api/", "/telegram")) or request.path in {
        "/healthz",
        "/readyz",
        "/metrics",
    }


def locale_of(request: web.Request) -> str:
    """Return the reader's language: the signed-in person's, the conversation's, or the browser's."""
    chosen = request.get(LOCALE) or request.query.get("lang")
    if chosen:
        return nearest_locale([str(chosen)])
    return nearest_locale(accepted_languages(request.headers.get("Accept-Language", "")))


def route_of(request: web.Request) -> str:
    """Return the route's pattern: the path itself may hold a one-time link's secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


class AccessLogger(AbstractAccessLogger):
    """Logs route, status and time; no address, no path, nothing anybody wrote."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log one request."""
        route = route_of(request) if isinstance(request, web.Request) else "unknown"
        self.logger.info("%s %s %s %.0f ms", request.method, route, response.status, time * 1000)


def _status_of(error: Exception) -> int:
    return getattr(error, "status", None) or 500 if isinstance(error, web.HTTPException) else 500


def _default(status: int, words: Texts) -> str:
    _ = words.gettext
    return {
        400: _("The request could not be understood."),
        401: _("You are not signed in, or the key does not open this."),
        403: _("This is not allowed."),
        404: _("There is nothing here. The address may be old or mistyped."),
        405: _("This address does not do that."),
        413: _("That was too much at once. Send less."),
        422: _("The content cannot be used."),
        429: _("Too many tries. Wait a moment and try again."),
        503: _("The service is not ready yet. Try again in a moment."),
    }.get(
        status,
        _("Something went wrong on our side. Please try again in a moment."),
    )


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the request's body.

    Raises:
        HTTPBadRequest: It is no JSON, or no object.
    """
    _ = texts(locale_of(request)).gettext
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise bad_request(_("The body is not valid JSON.")) from None
    if not isinstance(value, dict):
        raise bad_request(_("The body must be a JSON object."))
    return value


async def form_of(request: web.Request) -> MultiDictProxy[Any]:
    """Return the form in the request's body.

    Raises:
        HTTPBadRequest: It is no form, or written in an unknown alphabet.
    """
    read: MultiDictProxy[Any] | None = request.get(FORM)
    if read is not None:
        return read
    try:
        return await request.post()
    except (ValueError, LookupError):
        raise web.HTTPBadRequest from None


def key_in(request: web.Request, longest: int) -> str | None:
    """Return the request's Idempotency-Key; None when it has none.

    Raises:
        HTTPBadRequest: It is empty, too long or not ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= longest and key.isascii()):
        _ = texts(locale_of(request)).gettext
        raise bad_request(
            _("The Idempotency-Key must have 1 to {longest} ASCII characters.").format(
                longest=longest
            )
        )
    return key


def form_key(nonce: str, text: str) -> str | None:
    """Return the key of what a form sent; None when the form had no nonce.

    The text is part of it: whoever goes back in the browser and sends the same page with other
    words has said something new.
    """
    if not nonce:
        return None
    return "form:" + hashlib.sha256(f"{nonce}\n{text}".encode("utf-8", "replace")).hexdigest()[:40]
