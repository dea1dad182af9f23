"""Server-sent events: who waits is told at once, and looks by itself if a nudge was lost."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp_sse import EventSourceResponse, sse_response

from bot.database import waited
from handlers.keys import DATABASE, STOPPING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

# A lost nudge is made up for after this long.
LOOK_SECONDS = 20.0


async def stream(
    request: web.Request,
    topics: list[str],
    news: Callable[[EventSourceResponse], Awaitable[bool]],
) -> web.StreamResponse:
    """Call `news` at once, after each nudge and every 20 s, until it is False or the reader leaves."""
    stopping = request.app[STOPPING]
    nudges = request.app[DATABASE].nudges
    response: EventSourceResponse
    async with sse_response(request) as response, nudges.listen(*topics) as woken:
        with suppress(ConnectionResetError):
            while not stopping.is_set() and response.is_connected():
                woken.clear()
                if not await news(response):
                    break
                await waited(woken, LOOK_SECONDS)
    return response
