"""Replies that staff keep ready, in each language; inserted in the language of the ticket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bot.cleaning import cleaned
from bot.errors import NotFound, TextMissing, TextUnusable
from bot.models import CannedResponse
from bot.texts import LOCALES
from bot.tickets import LONGEST_REPLY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket

LONGEST_NAME = 80
# The rest of a reply is room for what staff add.
LONGEST_TEXT = LONGEST_REPLY - 400
# What is filled in when a response is inserted.
PLACEHOLDERS = ("name", "number")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


async def everything(session: AsyncSession) -> Sequence[CannedResponse]:
    """Return all canned responses by name."""
    return (await session.scalars(select(CannedResponse).order_by(CannedResponse.name))).all()


async def for_ticket(
    session: AsyncSession, ticket: Ticket, query: str = "", limit: int = 50
) -> Sequence[CannedResponse]:
    """Return what is offered for a ticket: its queue's and the general ones, by name.

    Only those that have the ticket's language.

    Args:
        query: Words that stand in the name or the text, in any order; empty for all.
    """
    offered = (
        select(CannedResponse)
        .where(or_(CannedResponse.queue.is_(None), CannedResponse.queue == ticket.queue))
        .order_by(CannedResponse.name, CannedResponse.id)
    )
    words = query.casefold().split()
    found = [
        response
        for response in await session.scalars(offered)
        if response.texts.get(ticket.locale)
        and all(
            word in f"{response.name} {response.texts[ticket.locale]}".casefold() for word in words
        )
    ]
    return found[:limit]


async def one_for(session: AsyncSession, ticket: Ticket, id_: int) -> CannedResponse:
    """Return one of those offered for a ticket.

    Raises:
        NotFound: There is none, or it is not for this queue or language.
    """
    found = await session.get(CannedResponse, id_)
    if (
        found is None
        or found.queue not in {None, ticket.queue}
        or not found.texts.get(ticket.locale)
    ):
        raise NotFound(str(id_))
    return found


def filled(response: CannedResponse, ticket: Ticket, staff: Staff) -> str:
    """Return a canned response's text in the ticket's language, with names and numbers in place."""
    values = {"name": staff.name, "number": ticket.number}
    return _BRACES.sub(
        lambda found: values.get(found[1] or "", found[0]), response.texts[ticket.locale]
    )


async def save(
    session: AsyncSession,
    staff: Staff,
    id_: int | None,
    *,
    name: str,
    queue: str | None,
    texts: Mapping[str, str],
    now: datetime,
) -> CannedResponse:
    """Make or change a canned response; languages without a text are left out.

    Raises:
        NotFound: There is none with this id.
        TextMissing, TextTooLong: The name, or no language has a text.
        TextUnusable: A text has something in braces that nobody fills in.
    """
    name = " ".join(cleaned(name, LONGEST_NAME).split())
    kept = {
        locale: cleaned(texts[locale], LONGEST_TEXT)
        for locale in LOCALES
        if texts.get(locale, "").strip()
    }
    if not kept:
        raise TextMissing
    for text in kept.values():
        if any(found[1] not in PLACEHOLDERS for found in _BRACES.finditer(text)):
            raise TextUnusable
    found = await _existing(session, id_) if id_ is not None else None
    if found is None:
        found = CannedResponse()
        session.add(found)
    found.name, found.queue, found.texts = name, queue, kept
    found.changed_by, found.changed_at = staff.name, now
    return found


async def delete(session: AsyncSession, id_: int) -> None:
    """Delete a canned response.

    Raises:
        NotFound: There is none with this id.
    """
    await session.delete(await _existing(session, id_))


async def _existing(session: AsyncSession, id_: int) -> CannedResponse:
    found = await session.get(CannedResponse, id_)
    if found is None:
        raise NotFound(str(id_))
    return found
