"""Figures about the service for whoever watches it: counts only, nothing about anybody."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.group import faults
from bot.models import LIVE, Alert, Delivery, DeliveryStatus, Message, Ticket
from bot.service import alerts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.group.desk import Groups

# Transactions do not end in the order of their messages' numbers: so many of the newest are counted again.
_UNSETTLED = 10_000


@dataclass(frozen=True)
class Figures:
    """How things stand at one moment.

    Attributes:
        tickets: By queue and status, ended ones as well.
        overdue: By queue, live ones without a reply whose promised moment has passed.
        unsettled: By queue, live ones that should have been settled by now.
        alerted: By rung, unanswered tickets that somebody was told of.
        alarms: As `alerts.alarms` gives them, and how many of the staff's groups cannot be used.
        deliveries: By status, `waiting` and `failed`.
        oldest_waiting: Seconds for which the oldest waiting delivery could have gone out; 0 for none.
        messages: By author, all there have been.
    """

    tickets: Mapping[tuple[str, str], int]
    overdue: Mapping[str, int]
    unsettled: Mapping[str, int]
    alerted: Mapping[str, int]
    alarms: Mapping[str, int]
    deliveries: Mapping[str, int]
    oldest_waiting: float
    messages: Mapping[str, int]


class Messages:
    """Counts all messages by author, looking at each old one only once."""

    def __init__(self) -> None:
        self._settled: Counter[str] = Counter()
        self._until = 0

    async def counted(self, session: AsyncSession) -> dict[str, int]:
        """Return how many there are."""
        newest = await session.scalar(select(func.max(Message.id))) or 0
        if newest - _UNSETTLED > self._until:
            settled = await self._between(session, self._until, newest - _UNSETTLED)
            self._settled.update(settled)
            self._until = newest - _UNSETTLED
        return dict(self._settled + Counter(await self._between(session, self._until, newest)))

    @staticmethod
    async def _between(session: AsyncSession, after: int, until: int) -> dict[str, int]:
        query = (
            select(Message.author, func.count())
            .where(Message.id > after, Message.id <= until)
            .group_by(Message.author)
        )
        return await _counts(session, query)


async def figures(
    session: AsyncSession, messages: Messages, now: datetime, groups: Groups
) -> Figures:
    """Return how things stand now.

    Args:
        groups: Where staff answer in Telegram.
    """
    tickets = (
        select(Ticket.queue, Ticket.status, func.count())
        .group_by(Ticket.queue, Ticket.status)
        .order_by(Ticket.queue, Ticket.status)
    )
    by_queue = select(Ticket.queue, func.count()).group_by(Ticket.queue).order_by(Ticket.queue)
    overdue = by_queue.where(alerts.unanswered(), Ticket.reply_by < now)
    unsettled = by_queue.where(Ticket.status.in_(LIVE), Ticket.resolve_by < now)
    alerted = (
        select(Alert.rung, func.count(Ticket.id.distinct()))
        .join(Ticket, Ticket.id == Alert.ticket_id)
        .where(Alert.sent_at.is_not(None), Alert.opened_at == Ticket.opened_at, alerts.unanswered())
        .group_by(Alert.rung)
    )
    open_states = (DeliveryStatus.WAITING, DeliveryStatus.FAILED)
    deliveries = (
        select(Delivery.status, func.count())
        .where(Delivery.status.in_(open_states))
        .group_by(Delivery.status)
    )
    oldest = await session.scalar(
        select(func.min(Delivery.due_at)).where(Delivery.status == DeliveryStatus.WAITING)
    )
    return Figures(
        {(queue, status): count for queue, status, count in await session.execute(tickets)},
        await _counts(session, overdue),
        await _counts(session, unsettled),
        await _counts(session, alerted),
        {
            **await alerts.alarms(session, now),
            faults.ALARM: len(await faults.of(session, groups)),
        },
        await _counts(session, deliveries),
        max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        await messages.counted(session),
    )


async def _counts(session: AsyncSession, query: Select[str, int]) -> dict[str, int]:
    rows = (await session.execute(query)).all()
    return {row[0]: row[1] for row in rows}
