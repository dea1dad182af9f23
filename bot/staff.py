"""Members of staff and what they prove themselves with: passwords, sessions, tokens, invitations."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, select

from bot.cleaning import cleaned
from bot.errors import NameTaken, NotFound, TextMissing, TextTooLong, Unauthenticated
from bot.models import Credential, Role, Staff

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

SESSION_LASTS = timedelta(hours=12)
INVITATION_LASTS = timedelta(days=7)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 60


def hashed(secret: str) -> str:
    """Return what is kept of a random secret: it is long, so a plain hash cannot be reversed."""
    # A header may hold bytes that are no text; they open nothing, but must not break anything.
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()


async def add(
    session: AsyncSession, name: str, role: Role, queues: Sequence[str], now: datetime
) -> Staff:
    """Add a member of staff, who cannot sign in before an invitation is used.

    Raises:
        NameTaken: There is one with this name.
        TextMissing, TextTooLong: The name cannot be used.
    """
    name = " ".join(cleaned(name, LONGEST_NAME).split())
    if await by_name(session, name):
        raise NameTaken(name)
    person = Staff(name=name, role=role, queues=list(queues), password_hash=None, created_at=now)
    session.add(person)
    await session.flush()
    return person


async def by_name(session: AsyncSession, name: str) -> Staff | None:
    """Return the member of staff with this name, whatever its capitals."""
    # SQLite knows the capitals of ASCII only ("Åsa" would not be found), so they are compared here.
    wanted = " ".join(name.split()).casefold()
    everybody = await session.scalars(select(Staff).order_by(Staff.id))
    return next((person for person in everybody if person.name.casefold() == wanted), None)


async def any_lead(session: AsyncSession) -> bool:
    """Return whether there is somebody who can sign in and invite the others."""
    leads = select(Staff.id).where(
        Staff.password_hash.is_not(None), Staff.role.in_((Role.LEAD, Role.ADMIN))
    )
    return await session.scalar(leads.limit(1)) is not None


async def issue(
    session: AsyncSession, kind: str, staff: Staff | None, now: datetime, lasts: timedelta | None
) -> str:
    """Make a secret that stands for a member of staff and return it; it is shown this once only."""
    secret = secrets.token_urlsafe(32)
    session.add(
        Credential(
            hash=hashed(secret),
            kind=kind,
            staff_id=staff.id if staff else None,
            created_at=now,
            expires_at=now + lasts if lasts else None,
        )
    )
    await session.flush()
    return secret


async def invite(session: AsyncSession, staff: Staff | None, now: datetime) -> str:
    """Return the secret of a one-time link; earlier links for the same person stop working.

    Without a person the link creates the first lead.
    """
    await session.execute(
        delete(Credential).where(
            Credential.kind == "invitation",
            Credential.staff_id == staff.id if staff else Credential.staff_id.is_(None),
        )
    )
    return await issue(session, "invitation", staff, now, INVITATION_LASTS)


async def invitation(
    session: AsyncSession, secret: str, now: datetime, *, lock: bool = False
) -> Credential:
    """Return a one-time link that can still be used; locked, nobody else can use it meanwhile.

    Raises:
        NotFound: It was used, replaced, has run out or never was.
    """
    found = await session.get(
        Credential, hashed(secret), with_for_update={"of": Credential} if lock else None
    )
    if found is None or found.kind != "invitation" or (found.expires_at and found.expires_at < now):
        raise NotFound("invitation")
    if found.staff_id is None and await any_lead(session):
        raise NotFound("invitation")
    return found


async def accept(
    session: AsyncSession,
    secret: str,
    password_hash: str,
    now: datetime,
    *,
    name: str = "",
    locale: str = "fi",
) -> Staff:
    """Use a one-time link: set the password, and create the first lead when it is for that.

    Raises:
        NotFound: The link cannot be used (any more).
        NameTaken, TextMissing, TextTooLong: The first lead's name cannot be used.
    """
    found = await invitation(session, secret, now, lock=True)
    person = found.staff or await add(session, name, Role.LEAD, [], now)
    person.password_hash = password_hash
    person.locale = locale
    await session.delete(found)
    # A new password ends whatever was opened with the old one.
    await end_sessions(session, person)
    return person


async def end_sessions(session: AsyncSession, staff: Staff) -> None:
    """Sign a member of staff out everywhere."""
    await session.execute(
        delete(Credential).where(Credential.kind == "session", Credential.staff_id == staff.id)
    )


async def behind(session: AsyncSession, secret: str, kind: str, now: datetime) -> Staff:
    """Return who stands behind a session or token.

    Raises:
        Unauthenticated: Nobody, or it has run out.
    """
    found = await session.get(Credential, hashed(secret))
    if found is None or found.kind != kind or (found.expires_at and found.expires_at < now):
        raise Unauthenticated
    if found.staff is None:
        raise Unauthenticated
    return found.staff


async def hash_password(password: str) -> str:
    """Return the Argon2 hash of a new password.

    Raises:
        TextMissing: It has fewer than 10 characters.
        TextTooLong: It has more than 200.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise TextMissing
    if len(password) > LONGEST_PASSWORD:
        raise TextTooLong(len(password), LONGEST_PASSWORD)
    # Hashing takes a fifth of a second by design; in a thread it holds nobody up.
    return await asyncio.to_thread(_hasher().hash, password)


async def verify_password(staff: Staff | None, password: str) -> bool:
    """Return whether the password is the person's; takes as long for nobody as for somebody."""
    kept = (staff.password_hash if staff else None) or _nobody()

    def verify() -> bool:
        try:
            return _hasher().verify(kept, password[:LONGEST_PASSWORD])
        except (Argon2Error, InvalidHashError):
            return False

    return await asyncio.to_thread(verify) and staff is not None and staff.password_hash is not None


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe())
