"""Sources that are gone are told; sites that turn programs away are not."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.sources import dead


async def test_dead():
    """A page that is gone, an address where nobody answers, and one that takes too long."""

    async def answer(request):
        name = request.match_info["name"]
        if name == "slow":
            await asyncio.sleep(5)
        if name == "moved":
            raise web.HTTPFound("/here")
        return web.Response(status={"robots": 403, "gone": 404, "broken": 500}.get(name, 200))

    app = web.Application()
    app.add_routes([web.get("/{name}", answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    pages = ("here", "robots", "moved", "gone", "broken", "slow")
    nobody = "http://127.0.0.1:1/"
    found = await dead([f"{base}/{name}" for name in pages] + [nobody, "https://"], seconds=0.5)
    await runner.cleanup()
    assert found.pop(nobody).startswith("cannot be reached")
    assert found.pop("https://").startswith("cannot be reached")
    assert found == {
        f"{base}/gone": "answers 404 Not Found",
        f"{base}/broken": "answers 500 Internal Server Error",
        f"{base}/slow": "did not answer in 0 seconds",
    }
    assert await dead([]) == {}
