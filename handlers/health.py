"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.database import UNREACHABLE
from bot.group import faults
from bot.group.desk import Groups
from bot.migrations import is_current
from bot.service import alerts
from handlers.keys import CLOCK, DATABASE, SETTINGS, TOWN

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

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
    alarms: list[dict[str, Any]] = []
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
                alarms = await _alarms(request, session)
    except (SQLAlchemyError, *UNREACHABLE):
        pass
    good = all(checks.values())
    return web.json_response(
        {
            "status": "ok" if good else "unavailable",
            "checks": checks,
            "alarms": alarms,
        },
        status=200 if good else 503,
    )


async def _alarms(request: web.Request, session: AsyncSession) -> list[dict[str, Any]]:
    """Return what a person must look at, each with the tickets that it concerns."""
    waiting = await alerts.alarms(session, request.app[CLOCK]())
    found: list[dict[str, Any]] = [
        {"name": name, "tickets": count} for name, count in waiting.items()
    ]
    groups = Groups.from_settings(request.app[SETTINGS])
    broken = await faults.of(session, groups)
    if broken:
        # Which groups they are is nobody's business here.
        found.append(
            {
                "name": faults.ALARM,
                "tickets": await faults.tickets_in(session, groups, broken),
                "groups": len(broken),
                "faults": sorted({fault.fault for fault in broken}),
            }
        )
    return found
