"""Who each staff route is for: declared beside the route, enforced by `handlers.access.gate`, walked by tests.

    @ROUTES.post("/staff/people")
    @needs(Act.INVITE)          # an act outside queues
    async def invite(request): ...

    @ROUTES.get("/staff/tickets/{number}")
    @on_ticket(Act.READ)        # an act on the ticket `number`; without an act it is the address's `act`

    @ROUTES.get("/staff/me")
    @for_everybody              # whoever is signed in

    @ROUTES.get("/staff/sign-in")
    @public                     # before anybody is known

    @ROUTES.get("/staff")
    @noted("listed")            # what it shows of residents is noted in the audit log under this name
    @for_everybody

What is on a ticket is noted by itself. A staff route without one of these keeps the application from being built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from bot.people.policy import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiohttp import web

_Handler = TypeVar("_Handler", bound="Callable[..., Any]")
_STAFF = re.compile(r"/(api/v1/)?staff(/|$)")
_NEED = "__neuvokas_need__"


class UndeclaredRouteError(Exception):
    """Staff routes do not say whom they are for."""


@dataclass(frozen=True)
class Need:
    """What somebody needs to use a route.

    Attributes:
        act: What they must be allowed to do; None for an act that the address names, or for none.
        is_public: Nobody need be signed in.
        is_on_ticket: It is about the ticket `number` of the address, and in its queue.
        is_before_codes: It is open to who must still set up one-time codes.
        noted: As what seeing it stands in the audit log; empty when it shows nothing of residents.
    """

    act: Act | None = None
    is_public: bool = False
    is_on_ticket: bool = False
    is_before_codes: bool = False
    noted: str = ""

    def act_in(self, match: dict[str, str]) -> Act | None:
        """Return the act of a request, from the parts of its address.

        Raises:
            ValueError: The address names none that there is.
        """
        return Act(match["act"]) if self.is_on_ticket and self.act is None else self.act


def needs(act: Act) -> Callable[[_Handler], _Handler]:
    """Declare that a route is for those who may do this, outside queues."""
    return _declare(Need(act))


def on_ticket(act: Act | None = None) -> Callable[[_Handler], _Handler]:
    """Declare that a route does this to the ticket `number`; by default the `act` of its address."""
    return _declare(Need(act, is_on_ticket=True, noted=Act.READ))


def for_everybody(handler: _Handler) -> _Handler:
    """Declare that a route is for whoever is signed in, and shows each only what they may see."""
    return _declare(Need())(handler)


def before_codes(handler: _Handler) -> _Handler:
    """Declare that a route is for whoever is signed in, even if they must still set up codes."""
    return _declare(Need(is_before_codes=True))(handler)


def public(handler: _Handler) -> _Handler:
    """Declare that a route is for whoever comes."""
    return _declare(Need(is_public=True))(handler)


def noted(name: str) -> Callable[[_Handler], _Handler]:
    """Declare, above who it is for, that seeing a route is noted in the audit log under this name."""

    def declare(handler: _Handler) -> _Handler:
        need = need_of(handler)
        if need is None:
            raise UndeclaredRouteError("say first who may use what is noted")
        return _declare(replace(need, noted=name))(handler)

    return declare


def need_of(handler: object) -> Need | None:
    """Return what a handler declares."""
    return getattr(handler, _NEED, None)


def staff_routes(app: web.Application) -> Iterator[tuple[web.AbstractRoute, str]]:
    """Return every route for staff, pages and API, with the pattern of its address."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if _STAFF.match(path):
            yield route, path


def is_for_staff(request: web.Request) -> bool:
    """Return whether a request has found a route that is for staff."""
    resource = request.match_info.route.resource
    return resource is not None and bool(_STAFF.match(resource.canonical))


def check(app: web.Application) -> None:
    """Refuse an application with a staff route that nobody has decided about.

    Raises:
        UndeclaredRouteError: There are such routes; all of them are named.
    """
    missing = undeclared(app)
    if missing:
        raise UndeclaredRouteError(
            "say in handlers/access/rights.py's words who may use " + ", ".join(missing)
        )


def undeclared(app: web.Application) -> list[str]:
    """Return the staff routes without a declaration, such as `GET /staff/people`."""
    return [
        f"{route.method} {path} ({getattr(route.handler, '__qualname__', '?')})"
        for route, path in staff_routes(app)
        if need_of(route.handler) is None and route.method != "HEAD"
    ]


def _declare(need: Need) -> Callable[[_Handler], _Handler]:
    def declare(handler: _Handler) -> _Handler:
        setattr(handler, _NEED, need)
        return handler

    return declare
