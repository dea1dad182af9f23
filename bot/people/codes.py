"""Two-step sign-in: a member of staff's one-time codes, from setting them up to using them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from bot.errors import WrongCode
from bot.models import Credential, Role
from bot.people import audit, staff, totp

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff


def are_required(person: Staff, rule: str | None) -> bool:
    """Return whether this person must sign in with a code; the rule is `leads`, `all` or None."""
    return rule == "all" or (rule == "leads" and person.role in {Role.LEAD, Role.ADMIN})


def offer(person: Staff, key: str) -> tuple[str, str]:
    """Return a new key for the person's app, and the same sealed, for `confirm` to get back."""
    secret = totp.new_secret()
    return secret, totp.seal(key, f"{person.id}:{secret}")


def offered(person: Staff, sealed: str, key: str) -> str | None:
    """Return the key that was offered to this person; None when it was not."""
    id_, _, secret = (totp.unseal(key, sealed) or "").partition(":")
    return secret if secret and id_ == str(person.id) else None


async def confirm(
    session: AsyncSession, person: Staff, sealed: str, code: str, key: str, now: datetime
) -> list[str]:
    """Ask for codes from now on, and return the recovery codes, which are shown this once.

    The row of the person is locked by the caller.

    Raises:
        WrongCode: The app shows another code, or was given another key.
    """
    secret = offered(person, sealed, key)
    step = totp.step_of(secret, code, now, None) if secret else None
    if secret is None or step is None or person.totp_secret is not None:
        raise WrongCode
    person.totp_secret, person.totp_step = totp.seal(key, secret), step
    audit.record(session, person, "codes_on", f"person {person.id}", now)
    return await _new_recovery_codes(session, person, now)


async def renew_recovery_codes(session: AsyncSession, person: Staff, now: datetime) -> list[str]:
    """Return new recovery codes; the old ones end."""
    audit.record(session, person, "recovery_codes", f"person {person.id}", now)
    return await _new_recovery_codes(session, person, now)


async def switch_off(session: AsyncSession, person: Staff, now: datetime) -> None:
    """Ask for no codes any more."""
    person.totp_secret = person.totp_step = None
    await staff.end(session, person, "recovery")
    audit.record(session, person, "codes_off", f"person {person.id}", now)


def subject(person: Staff) -> str:
    """Return under what name tries of a person's codes are counted."""
    return f"codes {person.id}"


async def use(
    session: AsyncSession, person: Staff, code: str, key: str, now: datetime
) -> str | None:
    """Use up a code, and return what it was: `app` or `recovery`; None when it opens nothing.

    The row of the person is locked by the caller, so of two who send the same code one gets in.
    """
    secret = totp.unseal(key, person.totp_secret) if person.totp_secret else None
    step = totp.step_of(secret, code, now, person.totp_step) if secret else None
    if step is not None:
        person.totp_step = step
        return "app"
    used = await session.execute(
        delete(Credential).where(
            Credential.hash == staff.hashed(totp.recovery_secret(person.id, code)),
            Credential.kind == "recovery",
        )
    )
    return "recovery" if used.rowcount == 1 else None  # type: ignore[attr-defined]  # a DELETE's


async def _new_recovery_codes(session: AsyncSession, person: Staff, now: datetime) -> list[str]:
    await staff.end(session, person, "recovery")
    codes = totp.new_recovery_codes()
    session.add_all(
        Credential(
            hash=staff.hashed(totp.recovery_secret(person.id, code)),
            kind="recovery",
            staff_id=person.id,
            created_at=now,
        )
        for code in codes
    )
    return codes
