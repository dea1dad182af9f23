"""The audit log: who did or read what, in a chain in which a change or a removal shows."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from bot.database import at_the_end
from bot.models import Audit, AuditHead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Row
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Staff
    from bot.town import Town

log = logging.getLogger(__name__)

# Whoever looks at a ticket again within this time has opened it once.
READ_AGAIN = timedelta(minutes=10)
# What happens beside the acts of `bot.people.policy`.
OTHERS = (
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "joined",
    "invited",
    "account_changed",
    "cut_off",
    "let_in",
    "sessions_ended",
    "codes_on",
    "codes_off",
    "recovery_codes",
    "recovery_used",
    "town_account",
    "token_made",
    "tokens_revoked",
    "telegram_tied",
    "telegram_untied",
    "listed",
    "views_changed",
    "opened_file",
    "read_questions",
    "read_blocks",
    "exported",
    "published",
    "taken_back",
)
COMMAND_LINE = "command line"
BEGINNING = "0" * 64
_LONGEST_OBJECT = 200
_AT_ONCE = 1_000


@dataclass(frozen=True)
class _Entry:
    """What is to be appended.

    Attributes:
        at: None for the moment of the commit.
        is_note: Written only when nothing more exact is recorded of the same.
        once_within: Left out when the same was recorded so shortly before; None for never.
    """

    staff_id: int | None
    staff_name: str
    act: str
    object: str
    at: datetime | None
    detail: str = ""
    is_note: bool = False
    once_within: timedelta | None = None


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found.

    Attributes:
        entries: How many were found whole, from the first on.
        hash: The hash of the last of them.
        fault: Where and how the chain breaks; empty when it is whole.
    """

    entries: int
    hash: str
    fault: str = ""


def record(
    session: AsyncSession,
    staff: Staff | None,
    act: str,
    object_: str,
    now: datetime,
    *,
    detail: Mapping[str, Any] | None = None,
    name: str = "",
    once_within: timedelta | None = None,
) -> None:
    """Append an entry to the log, in the session's transaction: with the deed or not at all.

    Args:
        staff: Who; None for the command line, and for somebody unknown.
        object_: A ticket's number, `person 5`, an address.
        detail: Text, numbers and lists of them; never what people wrote.
        name: Who, when it is no member of staff.
        once_within: Leave it out when the same is there, no older than this.
    """
    _queue(
        session,
        _Entry(
            staff_id=staff.id if staff else None,
            staff_name=staff.name if staff else name,
            act=str(act),
            object=_short(object_),
            at=now,
            detail=_canonical(detail) if detail else "",
            once_within=once_within,
        ),
    )


def note(session: AsyncSession, staff: Staff, act: str, object_: str) -> None:
    """Append an entry unless something more exact is recorded of the same in this transaction.

    This is what the places where acts are decided write by themselves, so that nothing is forgotten.
    """
    _queue(session, _Entry(staff.id, staff.name, str(act), _short(object_), None, is_note=True))


async def was_recorded(
    session: AsyncSession, staff_id: int | None, act: str, object_: str, since: datetime
) -> bool:
    """Return whether the log has this since then."""
    query = select(Audit.id).where(
        Audit.staff_id == staff_id if staff_id is not None else Audit.staff_id.is_(None),
        Audit.act == str(act),
        Audit.object == _short(object_),
        Audit.at > since,
    )
    return await session.scalar(query.limit(1)) is not None


@dataclass(frozen=True)
class Wanted:
    """Which entries a reader looks for; empty and None leave a part open.

    Attributes:
        since: From this moment on.
        until: Before this moment.
        before: Only entries with a smaller id, for the next page.
    """

    name: str = ""
    act: str = ""
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


async def entries(session: AsyncSession, wanted: Wanted, limit: int) -> Sequence[Audit]:
    """Return entries, newest first."""
    query = select(Audit).order_by(Audit.id.desc()).limit(limit)
    if wanted.name:
        query = query.where(Audit.staff_name == wanted.name)
    if wanted.act:
        query = query.where(Audit.act == wanted.act)
    if wanted.object:
        query = query.where(Audit.object == wanted.object)
    if wanted.since:
        query = query.where(Audit.at >= wanted.since)
    if wanted.until:
        query = query.where(Audit.at < wanted.until)
    if wanted.before is not None:
        query = query.where(Audit.id < wanted.before)
    return (await session.scalars(query)).all()


async def names(session: AsyncSession) -> Sequence[str]:
    """Return who stands in the log, in alphabetical order."""
    query = select(Audit.staff_name).distinct().order_by(Audit.staff_name)
    return [name for name in (await session.scalars(query)).all() if name]


async def verify(session: AsyncSession, anchors: Mapping[int, str] | None = None) -> Verdict:
    """Check the whole chain; entries that are appended meanwhile are checked as well.

    Args:
        anchors: Hashes noted elsewhere earlier, by the number of their entry.
    """
    anchors = dict(anchors or {})
    found, last, expected = 0, BEGINNING, None
    while True:
        rows = (
            await session.execute(
                select(Audit.__table__).where(Audit.id > found).order_by(Audit.id).limit(_AT_ONCE)
            )
        ).all()
        for row in rows:
            fault = _fault_of(row, found, last) or _unlike(anchors, row)
            if fault:
                return Verdict(found, last, fault)
            found, last = row.id, row.hash
        if rows:
            continue
        head = (await session.execute(select(AuditHead.entry, AuditHead.hash))).one_or_none()
        if head is None:
            return Verdict(found, last, "the head of the log is missing")
        if head.entry > found and head.entry != expected:
            # They may have been appended since; if they are not found now they are gone.
            expected = head.entry
            continue
        return Verdict(found, last, _end_fault(head, found, last) or _beyond(anchors, found))


async def head(session: AsyncSession) -> tuple[int, str]:
    """Return the number and the hash of the newest entry; 0 and zeros when there is none."""
    row = (await session.execute(select(AuditHead.entry, AuditHead.hash))).one()
    return row.entry, row.hash


async def log_head(database: Database, _town: Town, _now: datetime) -> None:
    """Write the newest hash to the service's log, where nobody who changes the database reaches it."""
    async with database.read() as session:
        number, hash_ = await head(session)
    log.info("audit log: entry %s has the hash %s", number, hash_)


def detail_of(entry: Audit) -> dict[str, Any]:
    """Return an entry's detail."""
    return json.loads(entry.detail) if entry.detail else {}


def _queue(session: AsyncSession, entry: _Entry) -> None:
    waiting: list[_Entry] | None = session.info.get("audit")
    if waiting is None:
        waiting = session.info["audit"] = []
        # Appending locks the head until the commit. As the very last thing in a transaction it
        # holds others up for a moment only, and never waits for a lock while others wait for this.
        at_the_end(session, _append)
    waiting.append(entry)


async def _append(session: AsyncSession) -> None:
    waiting: list[_Entry] = session.info.pop("audit")
    due = [entry for entry in dict.fromkeys(waiting) if not _is_said_better(entry, waiting)]
    row = (await session.execute(select(AuditHead.entry, AuditHead.hash).with_for_update())).one()
    number, last = row.entry, row.hash
    for entry in due:
        at = (entry.at or session.info["clock"]()).astimezone(UTC)
        if entry.once_within and await was_recorded(
            session, entry.staff_id, entry.act, entry.object, at - entry.once_within
        ):
            continue
        number += 1
        values = {
            "id": number,
            "at": at,
            "staff_id": entry.staff_id,
            "staff_name": entry.staff_name,
            "act": entry.act,
            "object": entry.object,
            "detail": entry.detail,
            "previous": last,
        }
        last = _hash_of(values)
        await session.execute(insert(Audit).values(**values, hash=last))
    await session.execute(update(AuditHead).values(entry=number, hash=last))


def _is_said_better(entry: _Entry, waiting: Sequence[_Entry]) -> bool:
    """Return whether a note can go: an address says less than anything recorded by name."""
    return entry.is_note and any(
        not other.is_note
        and other.staff_id == entry.staff_id
        and (other.act == entry.act or entry.object.startswith("/"))
        for other in waiting
    )


def _hash_of(values: Mapping[str, Any]) -> str:
    shown = {**values, "at": values["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    return hashlib.sha256(_canonical(shown).encode()).hexdigest()


def _canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _short(object_: str) -> str:
    # An address may hold whatever somebody typed; PostgreSQL refuses the null character.
    return object_.replace("\0", "")[:_LONGEST_OBJECT]


def _fault_of(row: Row[Any], found: int, last: str) -> str:
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's columns
    hash_ = values.pop("hash")
    if row.id != found + 1:
        return _missing(found + 1, row.id - 1)
    if row.previous != last:
        return f"entry {row.id} does not follow the entry before it"
    if _hash_of(values) != hash_:
        return f"entry {row.id} was changed"
    return ""


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} is missing"
    return f"entries {first} to {last} are missing"


def _unlike(anchors: Mapping[int, str], row: Row[Any]) -> str:
    if anchors.get(row.id, row.hash) != row.hash:
        return f"entry {row.id} has another hash than the one noted: the log was written anew"
    return ""


def _end_fault(head: Row[int, str], found: int, last: str) -> str:
    if head.entry > found:
        return _missing(found + 1, head.entry)
    if head.entry < found or head.hash != last:
        return f"the head of the log does not point to entry {found}"
    return ""


def _beyond(anchors: Mapping[int, str], found: int) -> str:
    late = [number for number in anchors if number > found]
    return f"entry {min(late)} was noted but is missing" if late else ""
