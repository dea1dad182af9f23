"""Ties between members of staff and their own Telegram accounts: a one-time code makes one."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from bot.errors import NotFound, Unauthenticated
from bot.models import Credential, Staff
from bot.people import audit
from bot.people.staff import hashed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

CODE_LASTS = timedelta(minutes=10)
KIND = "telegram"
# No letters or figures that look or sound alike when they are read from a screen.
_SIGNS = "ABCDEFGHJKMNPQRTUVWXYZ2346789"
_GROUP, _GROUPS = 5, 2


async def new_code(session: AsyncSession, staff: Staff, now: datetime) -> str:
    """Return a code such as ABCDE-FGHJK that ties an account once; earlier ones stop working.

    Only its hash is kept, so it is shown this once only. Ten signs of 29 are 48 bits: nobody guesses
    one within ten minutes through Telegram.
    """
    await _forget_codes(session, staff)
    code = "-".join("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    session.add(
        Credential(
            hash=_kept(code),
            kind=KIND,
            staff_id=staff.id,
            created_at=now,
            expires_at=now + CODE_LASTS,
        )
    )
    await session.flush()
    return code


async def tie(session: AsyncSession, code: str, telegram_id: str, now: datetime) -> Staff:
    """Tie a Telegram account to the member of staff who was shown this code; the code is used up.

    An account stands for one person: a tie it had with somebody else ends, and so does the tie the
    person had with another account.

    Raises:
        NotFound: The code was used, replaced, has run out or never was, or the person was cut off.
    """
    found = await session.get(Credential, _kept(code), with_for_update={"of": Credential})
    is_over = found is None or (found.expires_at is not None and found.expires_at < now)
    if found is None or is_over or found.kind != KIND or found.staff is None:
        raise NotFound("code")
    person = found.staff
    if not person.is_active:
        raise NotFound("code")
    await session.execute(
        update(Staff)
        .where(Staff.telegram_id == telegram_id, Staff.id != person.id)
        .values(telegram_id=None)
    )
    person.telegram_id = telegram_id
    await session.delete(found)
    audit.record(session, person, "telegram_tied", f"person {person.id}", now)
    return person


async def untie(session: AsyncSession, staff: Staff) -> None:
    """Cut a member of staff off from Telegram; codes not used yet stop working as well."""
    await _forget_codes(session, staff)
    staff.telegram_id = None


async def tied(session: AsyncSession, telegram_id: str, *, lock: bool = False) -> Staff:
    """Return the member of staff whom a Telegram account is tied to.

    Args:
        lock: Hold the person as they are until the transaction ends, so that cutting somebody off
            comes either before what they do, which is then refused, or after it.

    Raises:
        Unauthenticated: Nobody is, or they were cut off.
    """
    query = select(Staff).where(Staff.telegram_id == telegram_id, Staff.cut_off_at.is_(None))
    person = await session.scalar(query.with_for_update(read=True) if lock else query)
    if person is None:
        raise Unauthenticated
    return person


async def _forget_codes(session: AsyncSession, staff: Staff) -> None:
    await session.execute(
        delete(Credential).where(Credential.kind == KIND, Credential.staff_id == staff.id)
    )


def _kept(code: str) -> str:
    """Return the hash of a code, however it is spaced or capitalised."""
    return hashed("tie:" + "".join(sign for sign in code.upper() if sign.isalnum())[:64])
