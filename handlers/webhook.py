"""Telegram's POST: secret checked, acknowledged after the commit."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import TYPE_CHECKING

from aiohttp import web
from telegram import Update
from telegram.error import TelegramError

from handlers.keys import SETTINGS
from handlers.middleware import bad_request

if TYPE_CHECKING:
    from bot.settings import Settings
    from handlers.telegram import Telegram

log = logging.getLogger(__name__)

PATH = "/telegram"


def secret_of(settings: Settings) -> str:
    """Return the secret Telegram must send: the one set, or one derived from the secret key."""
    if settings.telegram_webhook_secret:
        return settings.telegram_webhook_secret
    return hmac.new(settings.secret_key.encode(), b"telegram webhook", hashlib.sha256).hexdigest()


def routes(telegram: Telegram) -> list[web.RouteDef]:
    """Return the route that hands Telegram's updates to the channel."""

    async def receive(request: web.Request) -> web.Response:
        """Take in one update: 200 after the commit, 500 when it must be delivered again.

        The answer to a pressed button carries the call that stops its waiting sign, which spares a
        request (Source: Telegram Bot API, "Making requests when getting updates").
        """
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        wanted = secret_of(request.app[SETTINGS])
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise web.HTTPForbidden
        body = await request.read()
        try:
            update = Update.de_json(json.loads(body), telegram.bot)
            number = update.update_id
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, TelegramError):
            raise bad_request("This is not an update.") from None
        try:
            answer = await telegram.take(update)
        except Exception as error:
            # Telegram delivers it again; taking it in twice is harmless.
            log.exception("update %s failed: %s", number, type(error).__name__)
            raise web.HTTPInternalServerError from error
        if update.callback_query:
            call = {"method": "answerCallbackQuery", "callback_query_id": update.callback_query.id}
            return web.json_response(call | answer)
        return web.Response()

    return [web.post(PATH, receive, name="telegram_webhook")]
