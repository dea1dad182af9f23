"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot import alerts
from bot.database import UNREACHABLE
from bot.migrations import is_current
from handlers.keys import CLOCK, DATABASE, TOWN

ROUTES = web.RouteTableDef()


@ROUTES.get("/healthz")
async def alive(_request: web.Request) -> web.Response:
    """Return that the process answers."""
    return web.json_response({"status": "ok"})


@ROUTES.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """Return 200 when database, migrations and book are ready; else 503 and what is not.

    Alarms are for people: a process that is taken out of service would help nobody who waits.
    """
    alarms: dict[str, int] = {}
    checks = {
        "database": False,
        "migrations": False,
        "book": bool(request.app[TOWN]().book.entries),
    }
    try:
        checks["migrations"] = await is_current(request.app[DATABASE])
        checks["database"] = True
        if checks["migrations"]:
            async with request.app[DATABASE].read() as session:
                alarms = await alerts.alarms(session, request.app[CLOCK]())
    except (SQLAlchemyError, *UNREACHABLE):
        pass
    good = all(checks.values())
    return web.json_response(
        {
            "status": "ok" if good else "unavailable",
            "checks": checks,
            "alarms": [{"name": name, "tickets": count} for name, count in alarms.items()],
        },
        status=200 if good else 503,
    )
