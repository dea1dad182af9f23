"""Switching automatic answers off and on: who may, since when, and that every process knows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.cleaning import cleaned
from bot.database import UNREACHABLE, nudge, waited
from bot.errors import NotAllowed, NotFound
from bot.models import Switch
from bot.people import audit
from bot.people.policy import Act, may
from bot.withheld import Off, Scope, SwitchedOff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Staff
    from faq.book import Book

log = logging.getLogger(__name__)

TOPIC = "switches"
LONGEST_REASON = 300
# A nudge tells at once; each process also looks by itself, since a nudge may be lost.
LOOK_SECONDS = 1.0
_HISTORY = 200


async def turn(
    session: AsyncSession,
    staff: Staff,
    scope: Scope,
    name: str,
    off: bool,
    reason: str,
    now: datetime,
) -> bool:
    """Switch something off, or on again; return whether that changed anything.

    Switching off what is off already notes the new reason. It is in effect everywhere within two
    seconds of the commit.

    Args:
        name: The entry's or the topic's id, as `named` gives it; empty for the guide and for all.
        reason: Why, for the other members of staff; needed for switching off only.

    Raises:
        NotAllowed: This member of staff may not.
        TextMissing, TextTooLong: The reason cannot be used.
    """
    if not may(staff, Act.SWITCH_OFF):
        raise NotAllowed(Act.SWITCH_OFF)
    before = {(switch.scope, switch.name): switch for switch in (await present(session)).switches}
    standing = before.get((scope, name))
    if off:
        reason = " ".join(cleaned(reason, LONGEST_REASON).split())
    if (not off and standing is None) or (off and standing and standing.reason == reason):
        return False
    session.add(
        Switch(
            scope=scope,
            name=name,
            is_off=off,
            reason=reason if off else "",
            staff_id=staff.id,
            staff_name=staff.name,
            at=now,
        )
    )
    what = f"{scope}:{name}" if name else str(scope)
    audit.record(session, staff, Act.SWITCH_OFF, what, now, detail={"off": off})
    log.warning("switched %s: %s %s by staff %s", "off" if off else "on", scope, name, staff.id)
    nudge(session, TOPIC)
    return True


def named(book: Book, words: str) -> tuple[Scope, str]:
    """Return what somebody means: `all`, `guide`, an entry's id, or a topic's.

    Raises:
        NotFound: There is no such thing.
    """
    name = words.strip()
    kind, colon, rest = name.partition(":")
    if not colon and name.lower() in {Scope.ALL, Scope.GUIDE}:
        return Scope(name.lower()), ""
    if colon and kind in {Scope.ENTRY, Scope.TOPIC}:
        known = book.entries if kind == Scope.ENTRY else topics(book)
        if rest in known:
            return Scope(kind), rest
    elif name in book.entries:
        return Scope.ENTRY, name
    elif name in topics(book):
        return Scope.TOPIC, name
    raise NotFound(name)


def topics(book: Book) -> dict[str, list[str]]:
    """Return the ids of each topic's entries."""
    found: dict[str, list[str]] = {}
    for entry in book.entries.values():
        found.setdefault(entry.topic, []).append(entry.id)
    return found


async def present(session: AsyncSession) -> SwitchedOff:
    """Return what is off now, the newest last."""
    newest = select(func.max(Switch.id)).group_by(Switch.scope, Switch.name)
    query = select(Switch).where(Switch.id.in_(newest), Switch.is_off).order_by(Switch.id)
    return SwitchedOff(
        tuple(
            Off(Scope(row.scope), row.name, row.reason, row.staff_name, row.at)
            for row in await session.scalars(query)
        )
    )


async def history(session: AsyncSession, limit: int = _HISTORY) -> Sequence[Switch]:
    """Return the latest turns of all switches, newest first."""
    return (await session.scalars(select(Switch).order_by(Switch.id.desc()).limit(limit))).all()


class Watcher:
    """Keeps one process informed of what is off.

    Args:
        take: Given what is off, whenever that has changed.
    """

    def __init__(self, database: Database, take: Callable[[SwitchedOff], None]) -> None:
        self._database = database
        self._take = take
        self._known: SwitchedOff | None = None
        self._is_blind = False

    async def look(self) -> None:
        """Take in what is off; when it cannot be read, what was known last stays."""
        try:
            async with self._database.read() as session:
                found = await present(session)
        except (SQLAlchemyError, *UNREACHABLE) as error:
            if not self._is_blind:
                log.warning("switches cannot be read, the last stay: %s", type(error).__name__)
            self._is_blind = True
            return
        self._is_blind = False
        if found != self._known:
            self._known = found
            self._take(found)

    async def run(self) -> None:
        """Look at each nudge and every second, for as long as the process lives."""
        async with self._database.nudges.listen(TOPIC) as woken:
            while True:
                woken.clear()
                await self.look()
                await waited(woken, LOOK_SECONDS)
