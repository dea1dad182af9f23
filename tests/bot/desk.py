"""A desk for tests: residents with tickets and staff, without any channel."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.conversation import hear
from bot.models import Channel, Delivery, Message, Role, Ticket
from bot.people import staff as people
from bot.respond import Kind, Utterance
from bot.work import notes, tags, ticket_log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database
    from bot.models import Staff
    from bot.town import Town
    from tests.conftest import Clock


class Desk:
    """Tickets that were asked for in Telegram, and who works on them."""

    notes = notes
    tags = tags

    def __init__(self, database: Database, town: Town, clock: Clock) -> None:
        self.database = database
        self.town = town
        self.clock = clock
        self.residents = 0

    async def hire(
        self, name: str, role: Role = Role.STAFF, queues: Sequence[str] | None = None
    ) -> None:
        """Add somebody; staff work in all three queues unless told."""
        known = ["digital-support", "events", "general"] if queues is None else queues
        async with self.database.write() as session:
            await people.add(session, name, role, list(known), self.clock())

    async def person(self, session: AsyncSession, name: str) -> Staff:
        """A member of staff by name."""
        found = await people.by_name(session, name)
        assert found
        return found

    async def says(self, resident: str, text: str, locale: str = "fi") -> list[str]:
        """What the bot answers to a resident's message."""
        said = Utterance(Channel.TELEGRAM, resident, text, locale=locale)
        async with self.database.write() as session:
            _own, *replies = await hear(session, said, self.town, self.clock())
        return [reply.text for reply in replies]

    async def presses(self, resident: str, value: str) -> list[str]:
        """What the bot answers to a pressed button."""
        said = Utterance(Channel.TELEGRAM, resident, value, Kind.CHOICE)
        async with self.database.write() as session:
            _own, *replies = await hear(session, said, self.town, self.clock())
        return [reply.text for reply in replies]

    async def ticket(self, text: str, locale: str = "fi", resident: str = "") -> str:
        """The address of a resident who has a ticket about this."""
        self.residents += 1
        resident = resident or str(self.residents)
        await self.says(resident, text, locale)
        await self.says(resident, "human", locale)
        return resident

    @asynccontextmanager
    async def at(self, id_: int, name: str) -> AsyncIterator[tuple[AsyncSession, Staff, Ticket]]:
        """A transaction in which somebody does something to a ticket."""
        async with self.database.write() as session:
            staff = await self.person(session, name)
            ticket = await session.get_one(Ticket, id_)
            await session.refresh(ticket.conversation, with_for_update=True)
            yield session, staff, ticket

    async def now(self, id_: int) -> Ticket:
        """A ticket as it is now."""
        async with self.database.read() as session:
            return await session.get_one(Ticket, id_)

    async def heard(self, resident: str) -> list[str]:
        """Everything said to a resident, oldest first."""
        query = (
            select(Message.text)
            .join(Delivery, Delivery.message_id == Message.id)
            .where(Delivery.address == resident)
            .order_by(Message.id)
        )
        async with self.database.read() as session:
            return list(await session.scalars(query))

    async def log(self, id_: int) -> list[tuple[str | None, str]]:
        """Who did what to a ticket."""
        async with self.database.read() as session:
            ticket = await session.get_one(Ticket, id_)
            return [(line.staff_name, line.act) for line in await ticket_log.of(session, ticket)]
