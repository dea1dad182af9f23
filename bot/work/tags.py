"""Words that staff sort tickets by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from bot import tickets
from bot.cleaning import cleaned
from bot.errors import NothingToDo
from bot.models import TicketTag
from bot.work import search, ticket_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket

LONGEST_TAG = 40
MOST_TAGS = 20


def tag_of(text: str) -> str:
    """Return a tag as it is kept: lower case, words joined by hyphens.

    Raises:
        TextMissing, TextTooLong: It is none.
    """
    words = re.findall(r"[^\W_]+", text.casefold())
    return cleaned("-".join(words), LONGEST_TAG)


async def add(session: AsyncSession, staff: Staff, ticket: Ticket, text: str, now: datetime) -> str:
    """Tag a ticket; a tag it has already changes nothing.

    Raises:
        TextMissing, TextTooLong: It is no tag.
        NothingToDo: The ticket has as many tags as anybody can overlook.
    """
    tag = tag_of(text)
    there = await of(session, ticket.id)
    if tag in there:
        return tag
    if len(there) >= MOST_TAGS:
        raise NothingToDo
    session.add(TicketTag(ticket_id=ticket.id, tag=tag))
    await search.learn(session, ticket.id, [tag])
    ticket_log.record(session, ticket, "tag", now, staff, tag=tag)
    tickets.changed(session, ticket)
    return tag


async def remove(
    session: AsyncSession, staff: Staff, ticket: Ticket, tag: str, now: datetime
) -> None:
    """Take a tag off a ticket; one it does not have changes nothing."""
    if tag not in await of(session, ticket.id):
        return
    await session.execute(
        delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag == tag)
    )
    await search.forget(session, ticket.id, tag)
    ticket_log.record(session, ticket, "untag", now, staff, tag=tag)
    tickets.changed(session, ticket)


async def of(session: AsyncSession, ticket_id: int) -> list[str]:
    """Return a ticket's tags in the order of the alphabet."""
    query = select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id).order_by(TicketTag.tag)
    return list(await session.scalars(query))


async def of_many(session: AsyncSession, ticket_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """Return the tags of many tickets, by ticket."""
    query = select(TicketTag).where(TicketTag.ticket_id.in_(ticket_ids)).order_by(TicketTag.tag)
    found: dict[int, list[str]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.ticket_id, []).append(row.tag)
    return found


async def in_use(session: AsyncSession, limit: int = 50) -> list[str]:
    """Return the tags used most, to choose from."""
    query = (
        select(TicketTag.tag)
        .group_by(TicketTag.tag)
        .order_by(func.count().desc(), TicketTag.tag)
        .limit(limit)
    )
    return list(await session.scalars(query))
