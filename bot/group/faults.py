"""Staff groups that cannot be used: known to every process, told to leads once, gone when it works again."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from bot import outbox, tickets
from bot.database import insert_unless_there, nudge
from bot.jobs import Job
from bot.models import LIVE, Channel, Delivery, DeliveryStatus, DeskFault, Fault, Role, Ticket
from bot.service import alerts
from bot.texts import texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.group.desk import Groups
    from bot.models import Staff
    from bot.texts import Texts
    from bot.town import Town

log = logging.getLogger(__name__)

ALARM = "desk-unreachable"
# Whoever sets something in the group gets so long before leads are told.
GRACE = timedelta(minutes=1)
_LOOK_SECONDS = 30.0


async def of(session: AsyncSession, groups: Groups) -> Sequence[DeskFault]:
    """Return what is wrong with these groups, longest first; empty when all of them work."""
    query = select(DeskFault).where(DeskFault.chat.in_(groups.chats)).order_by(DeskFault.since)
    return (await session.scalars(query)).all() if groups.chats else ()


async def is_marked(session: AsyncSession, chat: str, fault: Fault | None) -> bool:
    """Return whether it is written down already that this, or nothing, is wrong with a group."""
    found = await session.get(DeskFault, chat)
    return (found.fault if found else None) == fault


async def mark(session: AsyncSession, chat: str, fault: Fault, now: datetime) -> None:
    """Write down that a group cannot be used; another fault of it keeps its beginning."""
    values = {"chat": chat, "fault": fault, "since": now}
    if not await insert_unless_there(session, DeskFault, values, ["chat"]):
        await session.execute(update(DeskFault).where(DeskFault.chat == chat).values(fault=fault))
    nudge(session, tickets.TOPIC)


async def clear(session: AsyncSession, chat: str, now: datetime) -> None:
    """Write down that a group works again, and let what has waited for it go out now.

    What may be going out this moment is left alone: it would go out twice.
    """
    await session.execute(delete(DeskFault).where(DeskFault.chat == chat))
    await session.execute(
        update(Delivery)
        .where(
            Delivery.channel == Channel.TELEGRAM,
            Delivery.address == chat,
            Delivery.status == DeliveryStatus.WAITING,
            Delivery.due_at > now + outbox.LEASE,
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    nudge(session, tickets.TOPIC)
    nudge(session, outbox.TOPIC)


async def tickets_in(session: AsyncSession, groups: Groups, faults: Sequence[DeskFault]) -> int:
    """Return how many live tickets are to be answered in the groups that do not work."""
    chats = [fault.chat for fault in faults]
    query = select(func.count()).where(Ticket.status.in_(LIVE), groups.wanted().in_(chats))
    return await session.scalar(query) or 0


def job(groups: Groups) -> Job:
    """Return the job that tells leads."""
    return Job("groups that do not work", _LOOK_SECONDS, partial(tell, groups))


async def tell(groups: Groups, database: Database, town: Town, now: datetime) -> None:
    """Tell leads once of each group that has not worked for a while; admins when there is no lead."""
    async with database.read() as session:
        if not await _untold(session, groups, now):
            return
    async with database.write() as session:
        untold = await _untold(session, groups, now)
        people = list((await alerts.reachable(session, now)).values())
        leads = [person for person in people if person.role == Role.LEAD]
        told = leads or [person for person in people if person.role == Role.ADMIN]
        for fault in untold:
            if not told and fault.tried_at is None:
                log.warning("nobody to tell that the staff group %s does not work", fault.chat)
            fault.tried_at = now
            fault.told_at = now if told else None
            for person in told:
                _post(session, person, fault, groups, town, now)


async def _untold(session: AsyncSession, groups: Groups, now: datetime) -> Sequence[DeskFault]:
    query = select(DeskFault).where(
        DeskFault.chat.in_(groups.chats),
        DeskFault.told_at.is_(None),
        DeskFault.since <= now - GRACE,
    )
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


def _post(
    session: AsyncSession,
    person: Staff,
    fault: DeskFault,
    groups: Groups,
    town: Town,
    now: datetime,
) -> None:
    words = texts(person.locale)
    _ = words.gettext
    lines = [
        explained(Fault(fault.fault), words),
        _("Until then tickets are answered in the console only: {address}").format(
            address=f"{town.base_url}/staff"
        ),
        queues_of(fault, groups, town, words),
    ]
    for address in alerts.telegram_addresses(person):
        text = "\n".join(line for line in lines if line)
        outbox.post(session, Channel.TELEGRAM, address, text, now, locale=person.locale)


def queues_of(fault: DeskFault, groups: Groups, town: Town, words: Texts) -> str:
    """Return the line that says which queues are answered in the group; empty when none is."""
    titles = [
        queue.titles[words.locale]
        for queue in town.book.queues.values()
        if groups.of(queue.id) == fault.chat
    ]
    if not titles:
        return ""
    return words.gettext("Queues of this group: {queues}").format(queues=", ".join(titles))


def explained(fault: Fault, words: Texts) -> str:
    """Return what is wrong with a group and what to do."""
    _ = words.gettext
    return {
        Fault.OUT: _(
            "The bot is no longer in the staff's Telegram group. Add it again and make it an"
            " administrator."
        ),
        Fault.MOVED: _(
            "The staff's Telegram group has got a new id. Write /desk in the group; the"
            " operator puts the new id into the settings."
        ),
        Fault.NO_TOPICS: _(
            "Topics are switched off in the staff's Telegram group. Switch them on in the group's"
            " settings."
        ),
        Fault.NO_RIGHTS: _(
            "The bot may no longer manage topics in the staff's Telegram group. Make it an"
            " administrator that may."
        ),
    }[fault]
