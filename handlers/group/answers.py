"""What the desk says back to whoever writes in a topic: signs, refusals, and how to become known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from bot import outbox
from bot.errors import (
    FileRefused,
    NeuvokasError,
    NotFound,
    OtherLanguage,
    Unanswered,
    Unauthenticated,
    Why,
)
from bot.group import desk, orders, posts, ties
from bot.models import Channel
from bot.people.policy import Act
from bot.texts import texts
from handlers.group.switches import NotTurnedError
from handlers.middleware import explanation

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession
    from telegram import Bot

    from bot.database import Database
    from bot.models import Topic
    from bot.texts import Texts
    from bot.town import Town

TIE_START = "tie"
_SENT, _DONE = "👍", "✍"


class Refused(NeuvokasError):
    """What was written or pressed cannot be done; the message is for whoever wrote it."""


@dataclass(frozen=True)
class Writer:
    """Who wrote a message in a group, and which one.

    Attributes:
        account: As Telegram names them; empty for whom nobody can know.
        locale: The language of that account.
    """

    account: str
    locale: str
    message: int


def order_in(text: str, words: Texts, *, has_files: bool = False) -> orders.Order:
    """Return what a message orders: the words of a text, or under files.

    Raises:
        Refused: It orders nothing that can be done.
    """
    _ = words.gettext
    command = orders.command(text)
    if command is None:
        if not text and not has_files:
            raise Refused(
                _("This cannot be sent. You can send text, pictures, recordings, videos and files.")
            )
        return orders.Order(Act.REPLY, text)
    if command.name not in orders.COMMANDS:
        raise Refused(
            _("There is no command {command}. These can be used: {commands}.").format(
                command=f"/{command.name}"[:40],
                commands=", ".join(f"/{name}" for name in (*orders.COMMANDS, *orders.TURNS)),
            )
        )
    if has_files:
        raise Refused(
            _(
                "Nothing was sent: /{command} takes no files. Send the files without a command."
            ).format(command=command.name)
        )
    return orders.Order(orders.COMMANDS[command.name], command.text)


class Answers:
    """Answers whoever wrote in a topic.

    Args:
        town: Gives the town as it is when asked.
        clock: The present moment, aware.
    """

    def __init__(
        self,
        bot: Bot,
        database: Database,
        town: Callable[[], Town],
        clock: Callable[[], datetime],
    ) -> None:
        self._bot = bot
        self._database = database
        self._town = town
        self._clock = clock

    async def refuse(
        self, session: AsyncSession, topic: Topic, writer: Writer, error: NeuvokasError
    ) -> None:
        """Say in the topic why nothing was done; tell a stranger privately how to become known."""
        now = self._clock()
        words = await _words(session, writer)
        said, choices = self.refusal(error, words), _ways_out(error, topic, words)
        desk.say(session, topic, said, now, choices=choices, answers=writer.message)
        if isinstance(error, Unauthenticated) and writer.account:
            outbox.post(
                session,
                Channel.TELEGRAM,
                writer.account,
                self.how_to_tie(words),
                now,
                locale=words.locale,
            )

    def refusal(self, error: NeuvokasError, words: Texts) -> str:
        """Return why something was not done, in a sentence or two."""
        _ = words.gettext
        match error:
            case Refused() | NotTurnedError():
                return str(error)
            case Unauthenticated():
                return _(
                    "Not sent: I do not know who you are here. Tie your Telegram account first:"
                    " {address}"
                ).format(address=f"https://t.me/{self._bot.username}?start={TIE_START}")
            case NotFound():
                return _("Not done. This ticket is in a queue that you do not work in.")
            case orders.NotAnOrder():
                return _("Not done. Choose one of these: {names}.").format(names=error)
            case OtherLanguage() | Unanswered():
                # They say themselves that nothing was done.
                return explanation(error, words)[1]
            case FileRefused(why=Why.GONE):
                return _("Nothing was sent: Telegram no longer has the file. Send it once more.")
            case FileRefused():
                reason = explanation(error, words)[1]
                return _("Nothing was sent. {reason}").format(reason=reason)
        return _("Not done. {reason}").format(reason=explanation(error, words)[1])

    async def confirm(self, topic: Topic, message: int, act: Act, words: Texts) -> None:
        """Show under a message that it was carried out; with a line where reactions are not allowed."""
        sign = _SENT if act is Act.REPLY else _DONE
        try:
            await self._bot.set_message_reaction(int(topic.chat), message, sign)
        except TelegramError:
            _ = words.gettext
            said = _("On its way to the resident.") if act is Act.REPLY else _("Done.")
            async with self._database.write() as session:
                desk.say(session, topic, said, self._clock(), answers=message)

    def how_to_tie(self, words: Texts) -> str:
        """Return how a member of staff ties their account."""
        return words.gettext(
            "Staff answer residents in the group in their own name. To tie your Telegram account:\n"
            "1. Open {address} and sign in.\n"
            "2. Make a code under Telegram.\n"
            "3. Send it to me here within ten minutes: /tie CODE"
        ).format(address=f"{self._town().base_url}/staff/me")


async def _words(session: AsyncSession, writer: Writer) -> Texts:
    """Return the words in the language of the member of staff, else of the Telegram account."""
    try:
        person = await ties.tied(session, writer.account)
    except Unauthenticated:
        return texts(writer.locale)
    return texts(person.locale)


def _ways_out(error: NeuvokasError, topic: Topic, words: Texts) -> list[dict[str, str]]:
    """Return the button under a refusal that lets somebody do it all the same."""
    _ = words.gettext
    match error:
        case OtherLanguage():
            value = f"{posts.PREFIX}:{orders.ANYWAY}:{topic.ticket_id}"
            return [{"label": _("Send anyway"), "value": value}]
        case Unanswered():
            value = f"{posts.PREFIX}:{orders.CLOSE_ANYWAY}:{topic.ticket_id}:{error.outcome}"
            return [{"label": _("Close anyway"), "value": value}]
    return []
