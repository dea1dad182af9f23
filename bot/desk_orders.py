"""What staff write and press in Telegram: read strictly, carried out by the tickets' own functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot import desk_posts, tickets
from bot.errors import TextMissing
from bot.models import ticket_number
from bot.policy import Act

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Staff, Ticket
    from bot.town import Town

# What each command does; the first word of a message in a topic.
COMMANDS = {
    "note": Act.NOTE,
    "transfer": Act.TRANSFER,
    "close": Act.CLOSE,
    "claim": Act.CLAIM,
    "release": Act.RELEASE,
    "reopen": Act.REOPEN,
}
_BUTTONS = {"claim", "release", "close", "reopen"}
_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_PRESSED = re.compile(rf"{desk_posts.PREFIX}:([a-z]+):([1-9]\d{{0,10}})")


@dataclass(frozen=True)
class Order:
    """One thing to do to a ticket.

    Attributes:
        text: What goes with it: the reply, the note, the queue and the reason.
    """

    act: Act
    text: str = ""


@dataclass(frozen=True)
class Command:
    """A message that begins with a slash.

    Attributes:
        bot: The bot it is for, when it names one.
    """

    name: str
    text: str
    bot: str = ""


def command(text: str) -> Command | None:
    """Return the command a message is; None when it is none.

    Whatever begins with a slash is one, so that a slip never goes to a resident.
    """
    if not text.startswith("/"):
        return None
    found = _COMMAND.fullmatch(text)
    if not found:
        return Command("", text)
    return Command(found[1].lower(), (found[3] or "").strip(), (found[2] or "").lower())


def pressed(data: str) -> tuple[str, Order] | None:
    """Return the ticket's number and what a button does to it; None when there is no such button."""
    found = _PRESSED.fullmatch(data)
    if not found or found[1] not in _BUTTONS:
        return None
    return ticket_number(int(found[2])), Order(COMMANDS[found[1]])


async def carry_out(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    order: Order,
    town: Town,
    now: datetime,
    *,
    key: str | None = None,
) -> None:
    """Do to a ticket what was ordered; the caller has asked whether the person may.

    Args:
        key: Names the message it came with, so that the same one again changes nothing.

    Raises:
        NeuvokasError: As the acts in `bot.tickets`; nothing was done.
    """
    match order.act:
        case Act.CLAIM:
            await tickets.claim(session, staff, ticket, now)
        case Act.RELEASE:
            await tickets.release(session, staff, ticket)
        case Act.CLOSE:
            await tickets.close(session, staff, ticket, town, now)
        case Act.REPLY:
            await tickets.reply(session, staff, ticket, order.text, now, key=key)
        case _:
            raise TextMissing


async def canned_for(session: AsyncSession, staff: Staff, query: str) -> list[tuple[str, str]]:
    return []
