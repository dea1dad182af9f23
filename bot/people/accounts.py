"""What leads do to accounts: change role and queues, cut somebody off, let them back in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import tickets
from bot.database import nudge
from bot.errors import LastLead, NameTaken, NotAllowed, NotFound
from bot.group import ties
from bot.models import Role, Staff, Status, Ticket
from bot.people import audit, staff
from bot.people.policy import Act, may, may_appoint
from faq.book import LOCALES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

_LEADS = (Role.LEAD, Role.ADMIN)
# Everything that opens something in a person's name.
_EVERYTHING = ("session", "token", "invitation", "half", "recovery", "town", "telegram")


async def lock(session: AsyncSession) -> None:
    """Let nobody else change the accounts of leads until the transaction ends.

    The first thing in it: everybody locks in one order, before their own row, so that two leads who
    would remove each other at once take turns.
    """
    # "No key" leaves alone who only refers to these rows, as a claim does.
    query = select(Staff.id).where(Staff.role.in_(_LEADS)).order_by(Staff.id)
    await session.execute(query.with_for_update(key_share=True))


async def of(session: AsyncSession, me: Staff, id_: str) -> Staff:
    """Return somebody whose account this person may change.

    Raises:
        NotFound: There is nobody with this id.
        NotAllowed: It is an admin, and this person is none; or this person is no lead.
    """
    number = int(id_) if id_.isdecimal() and len(id_) < 10 else 0  # noqa: PLR2004 - no id is longer
    person = await session.get(Staff, number)
    if person is None:
        raise NotFound(id_)
    if not may_appoint(me, Role(person.role)):
        raise NotAllowed(Act.INVITE)
    return person


async def change(
    session: AsyncSession,
    me: Staff | None,
    person: Staff,
    now: datetime,
    *,
    name: str,
    role: Role,
    queues: Sequence[str],
    languages: Collection[str] | None = None,
) -> None:
    """Give a person another name, role, queues or languages; their open tickets outside these go back.

    Args:
        me: None for the command line and the town's provider.
        languages: Locales they answer in; None leaves them as they are.

    Raises:
        NotAllowed: The new role is beyond the rights of who gives it.
        LastLead: Nobody would be left to let people in.
        NameTaken, TextMissing, TextTooLong: The name cannot be used.
    """
    if me and not may_appoint(me, role):
        raise NotAllowed(Act.INVITE)
    if role != person.role:
        await _spare_the_last(session, person, role)
    name = staff.tidy(name)
    other = await staff.by_name(session, name)
    if other and other.id != person.id:
        raise NameTaken(name)
    before = _rights(person)
    person.name, person.role = name, role
    _set_work(person, queues, person.languages if languages is None else languages)
    await _changed(session, me, person, now, before)


async def set_work(
    session: AsyncSession,
    me: Staff,
    person: Staff,
    now: datetime,
    *,
    queues: Sequence[str],
    languages: Collection[str],
) -> None:
    """Set in which queues a person works and which languages they know, as whoever keeps a queue may."""
    before = _rights(person)
    _set_work(person, queues, languages)
    await _changed(session, me, person, now, before)


def _set_work(person: Staff, queues: Sequence[str], languages: Collection[str]) -> None:
    if set(queues) != set(person.queues):
        person.queues = list(queues)
    person.languages = [locale for locale in LOCALES if locale in languages]


def _rights(person: Staff) -> dict[str, object]:
    return {
        "name": person.name,
        "role": str(person.role),
        "queues": sorted(set(person.queues)),
        "languages": list(person.languages),
    }


async def _changed(
    session: AsyncSession,
    me: Staff | None,
    person: Staff,
    now: datetime,
    before: Mapping[str, object],
) -> None:
    """Note what is different now, if anything, and let go what the person may see no more."""
    after = _rights(person)
    changed = {key: value for key, value in after.items() if before[key] != value}
    if not changed:
        return
    await session.flush()
    _record(session, me, "account_changed", person, now, changed)
    await _give_back(session, person, now, is_leaving=False)
    # Pages that are open show what the person may see no more.
    nudge(session, tickets.TOPIC)


async def cut_off(session: AsyncSession, me: Staff | None, person: Staff, now: datetime) -> None:
    """Let nothing open for a person any more, and put the tickets they hold back; twice changes nothing.

    Args:
        me: None for the command line.

    Raises:
        LastLead: Nobody would be left to let people in.
    """
    if not person.is_active:
        return
    await _spare_the_last(session, person, None)
    person.cut_off_at = now
    person.password_hash = person.totp_secret = person.totp_step = None
    await staff.end(session, person, *_EVERYTHING)
    await ties.untie(session, person)
    await _give_back(session, person, now, is_leaving=True)
    _record(session, me, "cut_off", person, now)
    nudge(session, tickets.TOPIC)


async def shut_out(session: AsyncSession, person: Staff, now: datetime) -> None:
    """End whatever is open for somebody whom the town's provider lets in no more; the account stays."""
    await staff.end(session, person, *_EVERYTHING)
    await ties.untie(session, person)
    await _give_back(session, person, now, is_leaving=True)
    detail = {"by": "town"}
    audit.record(session, person, "sessions_ended", named(person), now, detail=detail)
    nudge(session, tickets.TOPIC)


async def follow_town(
    session: AsyncSession, person: Staff, role: Role, queues: Sequence[str], now: datetime
) -> None:
    """Give a person the rights that the town's provider says; who set up the groups has decided so."""
    if person.role == role and set(person.queues) == set(queues):
        return
    person.role, person.queues = role, list(queues)
    await session.flush()
    changed = {"role": str(role), "queues": sorted(queues), "by": "town"}
    audit.record(session, person, "account_changed", named(person), now, detail=changed)
    await _give_back(session, person, now, is_leaving=False)
    nudge(session, tickets.TOPIC)


async def let_in(session: AsyncSession, me: Staff, person: Staff, now: datetime) -> str:
    """Let somebody back in who was cut off, and return the secret of a one-time link for them."""
    person.cut_off_at = None
    _record(session, me, "let_in", person, now)
    return await staff.invite(session, person, now)


async def invite(session: AsyncSession, me: Staff | None, person: Staff, now: datetime) -> str:
    """Return the secret of a one-time link with which a person chooses a new password.

    Raises:
        NotAllowed: The person was cut off; they must be let in first.
    """
    if not person.is_active:
        raise NotAllowed(Act.INVITE)
    _record(session, me, "invited", person, now, {"name": person.name, "role": person.role})
    return await staff.invite(session, person, now)


def named(person: Staff) -> str:
    """Return how the audit log names a person as what was acted on."""
    return f"person {person.id}"


def _record(
    session: AsyncSession,
    me: Staff | None,
    act: str,
    person: Staff,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    name = "" if me else audit.COMMAND_LINE
    detail = detail or {"name": person.name}
    audit.record(session, me, act, named(person), now, detail=detail, name=name)


async def _spare_the_last(session: AsyncSession, person: Staff, role: Role | None) -> None:
    """Refuse what would leave nobody to let people in, or no admin where there was one.

    Raises:
        LastLead: It would.
    """
    if person.role not in _LEADS:
        return
    await lock(session)
    query = select(Staff).where(Staff.role.in_(_LEADS))
    locked = await session.scalars(query.execution_options(populate_existing=True))
    others = [
        other
        for other in locked
        if other.id != person.id
        and other.is_active
        and (other.password_hash is not None or other.town_account is not None)
    ]
    if role not in _LEADS and not others:
        raise LastLead(person.name)
    is_admin_lost = person.role == Role.ADMIN and role != Role.ADMIN
    if is_admin_lost and not any(other.role == Role.ADMIN for other in others):
        raise LastLead(person.name)


async def _give_back(
    session: AsyncSession, person: Staff, now: datetime, *, is_leaving: bool
) -> None:
    """Put the tickets a person holds back into their queues: all, or those they see no more."""
    held = select(Ticket.id, Ticket.queue).where(
        Ticket.holder_id == person.id, Ticket.status == Status.CLAIMED
    )
    for id_, queue in (await session.execute(held.order_by(Ticket.id))).all():
        if not is_leaving and may(person, Act.READ, queue):
            continue
        ticket = await session.get_one(Ticket, id_)
        await session.refresh(ticket.conversation, with_for_update=True)
        await session.refresh(ticket)
        if ticket.holder_id == person.id and ticket.status == Status.CLAIMED:
            await tickets.release(session, person, ticket, now)
