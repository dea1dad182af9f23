"""How often a password or code was tried lately, counted by all processes together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite

from bot.models import Tries

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncSession


async def count(session: AsyncSession, subject: str, now: datetime, within: timedelta) -> int:
    """Count one more try, and return how many there were since the first one within this time."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    is_over = Tries.since <= now - within
    # One statement, so that tries at the same moment are all counted.
    counted = (
        insert(Tries)
        .values(subject=_key(subject), since=now, count=1)
        .on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "count": case((is_over, 1), else_=Tries.count + 1),
                "since": case((is_over, now), else_=Tries.since),
            },
        )
        .returning(Tries.count)
    )
    return (await session.execute(counted)).scalar_one()


async def forget(session: AsyncSession, subject: str) -> None:
    """Begin anew, as after the right password."""
    await session.execute(delete(Tries).where(Tries.subject == _key(subject)))


def _key(subject: str) -> str:
    # What somebody types as a name may be a password, so it is not kept.
    return hashlib.sha256(subject.encode("utf-8", "backslashreplace")).hexdigest()
