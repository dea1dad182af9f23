"""What the roof hands to the doors, under typed keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from bot.attachments import Files
from bot.database import Database
from bot.settings import Settings
from bot.shelf import Shelf
from bot.switches import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from multidict import MultiDictProxy

    from handlers.telegram import Telegram

SETTINGS = web.AppKey("SETTINGS", Settings)
DATABASE = web.AppKey("DATABASE", Database)
# The town as it is when asked: editors change its book while it serves.
TOWN = web.AppKey("TOWN", Shelf)
# What staff have switched off; a look takes in what another process was told.
SWITCHES = web.AppKey("SWITCHES", Watcher)
CLOCK: web.AppKey[Callable[[], datetime]] = web.AppKey("CLOCK")
# Only where Telegram is served.
TELEGRAM: web.AppKey[Telegram] = web.AppKey("TELEGRAM")
FILES = web.AppKey("FILES", Files)
STOPPING = web.AppKey("STOPPING", asyncio.Event)
# The reader's language, once it is known who reads.
LOCALE = web.RequestKey("LOCALE", str)
# The words of a form that brought files, once it was read.
FORM: web.RequestKey[MultiDictProxy[str]] = web.RequestKey("FORM")
# What was looked at, where the address alone does not say it; for the audit log.
NOTED = web.RequestKey("NOTED", str)
