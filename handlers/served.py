"""Files as browsers may have them: pictures to look at, everything else to save."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from bot.errors import FileRefused, Why
from bot.files import FileKind, refusal
from bot.texts import texts
from handlers.keys import FILES
from handlers.middleware import explained, locale_of

if TYPE_CHECKING:
    from bot.models import Attachment

# Whatever a file holds, a browser that shows it may neither run nor load anything.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


async def served(request: web.Request, row: Attachment) -> web.StreamResponse:
    """Return a file, fetched from its channel if it is not here yet; the reader's right was checked.

    What cannot be had is not found, with the reason.

    Raises:
        FileRefused: It cannot be had just now.
    """
    words = texts(locale_of(request))
    try:
        row, path = await request.app[FILES].path_of(row.key, words)
    except FileRefused as error:
        if error.why is Why.LATER:
            raise
        return explained(request, HTTPStatus.NOT_FOUND, refusal(error, words))
    shown = row.kind == FileKind.PICTURE and "download" not in request.query
    return web.FileResponse(
        path,
        headers={
            "Content-Type": row.media_type,
            "Content-Disposition": disposition(row.name, "inline" if shown else "attachment"),
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def disposition(name: str, how: str) -> str:
    """Return the header that names a file, in ASCII and as it is (Source: RFC 6266, RFC 8187)."""
    plain = "".join(
        sign if sign.isascii() and sign.isprintable() and sign not in '"\\%' else "_"
        for sign in name
    )
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
