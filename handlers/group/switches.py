"""Switching automatic answers off and on from the staff's group in Telegram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import switches
from bot.errors import NeuvokasError, NotAllowed, NotFound, TextMissing, TextTooLong
from bot.people.policy import Act, may
from bot.withheld import Scope
from handlers.staff.switches import label

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.group.orders import Command
    from bot.models import Staff
    from bot.texts import Texts
    from bot.town import Town
    from faq.book import Book

_LONGEST_SHOWN = 60


class NotTurnedError(NeuvokasError):
    """Nothing was switched; the message is for whoever asked for it."""


async def turn(
    session: AsyncSession, staff: Staff, command: Command, town: Town, now: datetime, words: Texts
) -> str:
    """Switch off or on what the command names, and return what to tell the group.

    Raises:
        NotAllowed: This member of staff may not; asked before anything else.
        NotTurnedError: Nothing is named that there is, or no reason is given.
    """
    off = command.name == "off"
    if not may(staff, Act.SWITCH_OFF):
        raise NotAllowed(Act.SWITCH_OFF)
    name, reason = [*command.text.split(maxsplit=1), "", ""][:2]
    scope, id_ = await _meant(session, town.book, name, words, off=off)
    try:
        is_changed = await switches.turn(session, staff, scope, id_, off, reason, now)
    except (TextMissing, TextTooLong) as error:
        raise NotTurnedError(_about_reason(error, name, words)) from error
    what = label(town.book, scope, id_, words)
    return _told(what, name, words, off=off, is_changed=is_changed)


async def _meant(
    session: AsyncSession, book: Book, name: str, words: Texts, *, off: bool
) -> tuple[Scope, str]:
    """Return what is meant; what the book has no more can still be switched on."""
    try:
        found = [switches.named(book, name)]
    except NotFound:
        found = []
    if not off:
        standing = [
            (switch.scope, switch.name)
            for switch in (await switches.present(session)).switches
            if name and name in {switch.name, f"{switch.scope}:{switch.name}"}
        ]
        # A topic may be called like an answer: the one that is off is meant.
        found = [one for one in found if one in standing] or standing or found
    if found:
        return found[0]
    said = words.gettext(
        "There is no answer or topic called {name}. Name an answer, a topic, guide or all, such as"
        " /off {example} reason or /on {example}."
    )
    example = next(iter(book.entries), Scope.ALL)
    raise NotTurnedError(said.format(name=name[:_LONGEST_SHOWN] or "–", example=example))


def _about_reason(error: TextMissing | TextTooLong, name: str, words: Texts) -> str:
    if isinstance(error, TextTooLong):
        return words.ngettext(
            "The reason is too long: at most {limit} character.",
            "The reason is too long: at most {limit} characters.",
            error.limit,
        ).format(limit=error.limit)
    said = words.gettext("Write why, so that the others know: /off {name} reason")
    return said.format(name=name)


def _told(what: str, name: str, words: Texts, *, off: bool, is_changed: bool) -> str:
    _ = words.gettext
    if not is_changed:
        said = _("It was off already: {what}") if off else _("It was not off: {what}")
    elif off:
        said = _("Switched off: {what}\nTo switch it on again: /on {name}")
    else:
        said = _("Switched on again: {what}")
    return said.format(what=what, name=name)
