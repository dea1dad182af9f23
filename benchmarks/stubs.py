"""What stands beside the measured server: an echo, and a Bot API that takes everything.

Started by `benchmarks.servers` as a process of its own: `python -m benchmarks.stubs PORT`.
"""

from __future__ import annotations

import sys
import time
from itertools import count

from aiohttp import web

_numbers = count(1)


async def echo(request: web.Request) -> web.Response:
    """Return the body that was sent."""
    return web.Response(body=await request.read(), content_type="application/json")


async def bot_api(request: web.Request) -> web.Response:
    """Return a success for any method of the Bot API."""
    await request.read()
    method = request.match_info["method"].lower()
    result: object = True
    if method == "getme":
        result = {
            "id": 123456,
            "is_bot": True,
            "first_name": "Neuvokas",
            "username": "neuvokas_bot",
        }
    elif method == "sendmessage":
        chat = {"id": 5001, "type": "private"}
        result = {"message_id": next(_numbers), "date": int(time.time()), "chat": chat}
    return web.json_response({"ok": True, "result": result})


def main() -> None:
    """Serve both on the port named, until stopped."""
    app = web.Application()
    app.add_routes([web.post("/echo", echo), web.post("/bot{token}/{method}", bot_api)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
