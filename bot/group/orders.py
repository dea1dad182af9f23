"""What staff write and press in Telegram: read strictly, carried out by the tickets' own functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import tickets
from bot.errors import NeuvokasError, NotFound, TextMissing
from bot.group import posts
from bot.models import OUTCOMES, Outcome, Staff, Status, Ticket, ticket_number
from bot.people.policy import Act
from bot.work import canned, notes, pending
from bot.work.reply_language import check

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Message
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
# Written anywhere in a group: what is switched off and on is no ticket.
TURNS = ("off", "on")
ANYWAY = "anyway"
# Closes a ticket that nobody has answered; with what became of it.
CLOSE_ANYWAY = "closeanyway"
# What each button does; all that a press may ask for.
BUTTONS = {
    **{name: COMMANDS[name] for name in ("claim", "release", "close", "reopen")},
    ANYWAY: Act.REPLY,
    CLOSE_ANYWAY: Act.CLOSE,
}
_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_PRESSED = re.compile(rf"{posts.PREFIX}:([a-z]+):([1-9]\d{{0,10}})(?::([a-z_]+))?", re.ASCII)
_NUMBER = re.compile(r"(N-\d{4,12})(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


class NotAnOrder(NeuvokasError):
    """What goes with a command cannot be understood."""


@dataclass(frozen=True)
class Order:
    """One thing to do to a ticket.

    Attributes:
        text: What goes with it: the reply, the note, the queue and the reason.
        anyway: Send a reply although it is in another language than the resident's; close a ticket
            although nobody has answered.
    """

    act: Act
    text: str = ""
    anyway: bool = False


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


def pressed(data: str) -> tuple[str, str, str] | None:
    """Return a button's name, its ticket's number and the outcome, empty for most; None for no button."""
    found = _PRESSED.fullmatch(data)
    if not found:
        return None
    button, id_, outcome = found.groups(default="")
    if button not in BUTTONS or outcome not in (OUTCOMES if button == CLOSE_ANYWAY else ("",)):
        return None
    return button, ticket_number(int(id_)), outcome


def order_of(button: str, text: str = "") -> Order:
    """Return what a button does.

    Args:
        text: The reply that was stopped, or the outcome, for the button that does it anyway.
    """
    return Order(BUTTONS[button], text, anyway=button in {ANYWAY, CLOSE_ANYWAY})


async def carry_out(
    session: AsyncSession,
    staff: Staff,
    ticket: Ticket,
    order: Order,
    town: Town,
    now: datetime,
    *,
    key: str | None = None,
) -> Message | None:
    """Do to a ticket what was ordered; the caller has asked whether the person may.

    Args:
        key: Names the message it came with, so that the same one again changes nothing.

    Returns:
        The reply, when it is one.

    Raises:
        NeuvokasError: As the acts in `bot.tickets`; nothing was done.
        NotAnOrder: No queue, colleague or outcome is named that there is.
        OtherLanguage: The reply is plainly not in the ticket's language.
        Unanswered: The ticket was to be closed, and no member of staff has replied.
    """
    match order.act:
        case Act.CLAIM:
            await tickets.claim(session, staff, ticket, now)
        case Act.RELEASE:
            await tickets.release(session, staff, ticket, now)
        case Act.REOPEN:
            await tickets.reopen_by_staff(session, staff, ticket, town, now)
        case Act.NOTE:
            await notes.add(session, staff, ticket, order.text, now, key=key)
        case Act.TRANSFER:
            await _transfer(session, staff, ticket, order.text, town, now)
        case Act.CLOSE:
            outcome = _outcome(order.text)
            # What a colleague sent a moment ago in the console goes out first.
            await pending.send_now(session, ticket, now)
            await tickets.close(
                session, staff, ticket, town, now, outcome=outcome, anyway=order.anyway
            )
        case Act.REPLY:
            if not order.anyway:
                check(order.text, ticket.locale, town)
            await pending.send_now(session, ticket, now)
            return await tickets.reply(session, staff, ticket, order.text, now, key=key)
    return None


def _outcome(text: str) -> Outcome:
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    if not name:
        return Outcome.SOLVED
    if name not in OUTCOMES:
        raise NotAnOrder(", ".join(OUTCOMES))
    return Outcome(name)


async def _transfer(
    session: AsyncSession, staff: Staff, ticket: Ticket, text: str, town: Town, now: datetime
) -> None:
    """Pass a ticket on to the queue or the colleague that the text begins with; the rest says why."""
    queues = {
        name: queue.id
        for queue in town.book.queues.values()
        for name in (queue.id, *queue.titles.values())
    }
    queue, reason = _begins_with(text, list(queues))
    if queue:
        if not reason:
            raise TextMissing
        await tickets.transfer(
            session, staff, ticket, reason=reason, town=town, now=now, queue=queues[queue]
        )
        return
    active = select(Staff).where(Staff.cut_off_at.is_(None))
    everybody = {person.name: person for person in await session.scalars(active)}
    name, reason = _begins_with(text, list(everybody))
    if not name:
        raise NotAnOrder(", ".join(town.book.queues))
    if not reason:
        raise TextMissing
    await tickets.transfer(
        session, staff, ticket, reason=reason, town=town, now=now, to=everybody[name]
    )


def _begins_with(text: str, names: list[str]) -> tuple[str, str]:
    """Return the longest name that a text begins with, and the rest; empty when none does."""
    low = text.casefold()
    for name in sorted(names, key=len, reverse=True):
        rest = text[len(name) :]
        if low.startswith(name.casefold()) and (not rest or not rest[0].isalnum()):
            return name, rest.lstrip(" :,–-\n\t")
    return "", text


async def canned_for(session: AsyncSession, staff: Staff, query: str) -> list[tuple[str, str]]:
    """Return the canned responses that fit what somebody types, as names and filled in texts.

    An inline query does not say where it is typed, so the ticket is the one whose number the query
    begins with, else the one that the person claimed last. Empty without one.
    """
    found = _NUMBER.fullmatch(query.strip())
    ticket = await _named(session, staff, found[1]) if found else await _newest_held(session, staff)
    if ticket is None:
        return []
    words = (found[2] or "") if found else query
    offered = await canned.for_ticket(session, ticket, words)
    return [(response.name, canned.filled(response, ticket, staff)) for response in offered]


async def _named(session: AsyncSession, staff: Staff, number: str) -> Ticket | None:
    try:
        return await tickets.for_staff(session, staff, number)
    except NotFound:
        return None


async def _newest_held(session: AsyncSession, staff: Staff) -> Ticket | None:
    query = (
        select(Ticket)
        .where(Ticket.status == Status.CLAIMED, Ticket.holder_id == staff.id)
        .order_by(Ticket.claimed_at.desc())
        .limit(1)
    )
    return await session.scalar(query)
