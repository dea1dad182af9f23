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
from sqlalchemy import and_, delete, or_, select

from bot.cleaning import cleaned
from bot.database import writes
from bot.errors import NameTaken, NotFound, TextMissing, TextTooLong, Unauthenticated
from bot.models import Credential, Role, Staff, Tries
from faq.book import LOCALES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.town import Town

SESSION_LASTS = timedelta(hours=12)
INVITATION_LASTS = timedelta(days=7)
# So much of a hash names a session or token to its holder.
MARK = 16
# How exactly it is kept when a session was last used.
SEEN_AGAIN = timedelta(minutes=5)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 200
LONGEST_NAME = 60
TAKEN_TO_KNOW = ("fi", "en")


def hashed(secret: str) -> str:
    """Return what is kept of a random secret: it is long, so a plain hash cannot be reversed."""
    # A header may hold bytes that are no text; they open nothing, but must not break anything.
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()


async def add(
    session: AsyncSession,
    name: str,
    role: Role,
    queues: Sequence[str],
    now: datetime,
    languages: Collection[str] = TAKEN_TO_KNOW,
) -> Staff:
    """Add a member of staff, who cannot sign in before an invitation is used.

    Args:
        languages: Locales the person answers in; nobody is taken to know Swedish who was not asked.

    Raises:
        NameTaken: There is one with this name.
        TextMissing, TextTooLong: The name cannot be used.
    """
    name = tidy(name)
    if await by_name(session, name):
        raise NameTaken(name)
    person = Staff(
        name=name,
        role=role,
        queues=list(queues),
        languages=[locale for locale in LOCALES if locale in languages],
        password_hash=None,
        created_at=now,
    )
    session.add(person)
    await session.flush()
    return person


def tidy(name: str) -> str:
    """Return a name as it is kept and shown.

    Raises:
        TextMissing, TextTooLong: It cannot be used.
    """
    return " ".join(cleaned(name, LONGEST_NAME).split())


async def by_name(session: AsyncSession, name: str) -> Staff | None:
    """Return the member of staff with this name, whatever its capitals."""
    # SQLite knows the capitals of ASCII only ("Åsa" would not be found), so they are compared here.
    wanted = " ".join(name.split()).casefold()
    everybody = await session.scalars(select(Staff).order_by(Staff.id))
    return next((person for person in everybody if person.name.casefold() == wanted), None)


async def any_lead(session: AsyncSession) -> bool:
    """Return whether there is somebody who can sign in and invite the others."""
    leads = select(Staff.id).where(can_sign_in(), Staff.role.in_((Role.LEAD, Role.ADMIN)))
    return await session.scalar(leads.limit(1)) is not None


def can_sign_in() -> ColumnElement[bool]:
    """Return the condition that a member of staff has a way in and was not cut off."""
    has_way = or_(Staff.password_hash.is_not(None), Staff.town_account.is_not(None))
    return and_(has_way, Staff.cut_off_at.is_(None))


async def issue(
    session: AsyncSession,
    kind: str,
    staff: Staff | None,
    now: datetime,
    lasts: timedelta | None,
    *,
    device: str = "",
    via: str = "",
) -> str:
    """Make a secret that stands for a member of staff and return it; it is shown this once only.

    Args:
        device: For a session, roughly what opened it.
        via: For a session, `password` or `town`.
    """
    secret = secrets.token_urlsafe(32)
    session.add(
        Credential(
            hash=hashed(secret),
            kind=kind,
            staff_id=staff.id if staff else None,
            created_at=now,
            expires_at=now + lasts if lasts else None,
            seen_at=now if kind == "session" else None,
            device=device or None,
            via=via or None,
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
    if found.staff and not found.staff.is_active:
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
    # Whoever lost the telephone begins again with the password alone, and whoever signed in with
    # the town's account has a password from now on.
    person.totp_secret = person.totp_step = person.town_account = None
    await session.delete(found)
    # A new password ends whatever was opened with the old one.
    await end(session, person, "session", "half", "recovery")
    return person


async def end(session: AsyncSession, staff: Staff, *kinds: str) -> None:
    """End everything of these kinds that stands for a member of staff."""
    await session.execute(
        delete(Credential).where(Credential.kind.in_(kinds), Credential.staff_id == staff.id)
    )


async def end_sessions(session: AsyncSession, staff: Staff) -> None:
    """Sign a member of staff out everywhere."""
    await end(session, staff, "session")


async def credential(
    session: AsyncSession, secret: str, kind: str, now: datetime, *, will_change: bool = False
) -> tuple[Credential, Staff]:
    """Return a secret's row and who stands behind it.

    Args:
        will_change: The transaction changes the person's own account.

    Raises:
        Unauthenticated: Nobody, somebody who was cut off, or it has run out.
    """
    found = await session.get(Credential, hashed(secret))
    if found is None or found.kind != kind or (found.expires_at and found.expires_at < now):
        raise Unauthenticated
    if found.staff is None:
        raise Unauthenticated
    if writes(session):
        # Whoever is cut off meanwhile is cut off before this begins or after it has ended, and what
        # it claims can be given back.
        await session.refresh(
            found.staff, with_for_update={"key_share": True} if will_change else {"read": True}
        )
    if not found.staff.is_active:
        raise Unauthenticated
    return found, found.staff


async def behind(session: AsyncSession, secret: str, kind: str, now: datetime) -> Staff:
    """Return who stands behind a session or token.

    Raises:
        Unauthenticated: Nobody, somebody who was cut off, or it has run out.
    """
    return (await credential(session, secret, kind, now))[1]


async def still(session: AsyncSession, person: Staff) -> Staff | None:
    """Return somebody whose password was checked a moment ago, if it is still theirs."""
    current = await session.get(
        Staff, person.id, with_for_update={"read": True}, populate_existing=True
    )
    if current is None or current.password_hash != person.password_hash or not current.is_active:
        return None
    return current


async def opened(
    session: AsyncSession, staff: Staff, now: datetime, *kinds: str
) -> Sequence[Credential]:
    """Return what can be used in a person's name, of these kinds, newest first."""
    query = select(Credential).where(
        Credential.staff_id == staff.id,
        Credential.kind.in_(kinds),
        or_(Credential.expires_at.is_(None), Credential.expires_at >= now),
    )
    return (await session.scalars(query.order_by(Credential.created_at.desc()))).all()


async def forget_expired(database: Database, _town: Town, now: datetime) -> None:
    """Remove what stands for nobody any more: links, sessions and counts whose time is over."""
    async with database.write() as session:
        await session.execute(
            delete(Credential).where(Credential.expires_at < now - timedelta(days=1))
        )
        await session.execute(delete(Tries).where(Tries.since < now - timedelta(days=1)))


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
