"""The way into the desk: what staff write and press in Telegram."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from telegram import (
    BotCommand,
    BotCommandScopeChat,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
)
from telegram.constants import ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot import outbox, tickets
from bot.errors import NeuvokasError, NotAllowed, NotFound, Unanswered, Unauthenticated
from bot.group import desk, orders, posts, ties, writings
from bot.models import Channel
from bot.people import accounts, audit
from bot.people.policy import Act, may
from bot.texts import LOCALES, nearest_locale, texts
from handlers.group.answers import TIE_START, Answers, Refused, Writer, order_in
from handlers.group.check import report
from handlers.group.files import Writings
from handlers.group.switches import turn
from handlers.group.topics import Topics
from handlers.middleware import explanation
from handlers.telegram_files import files_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from sqlalchemy.ext.asyncio import AsyncSession
    from telegram import Bot, CallbackQuery, InlineQuery, Message, Update, User

    from bot.attachments import Files
    from bot.database import Database
    from bot.models import Staff, Topic
    from bot.texts import Texts
    from bot.town import Town

log = logging.getLogger(__name__)

# Telegram shows at most so many characters when a button was pressed.
_LONGEST_ANSWER = 200
# A code has 48 bits; nobody needs more tries than this to copy one.
_FREE_TRIES = 5
_WAIT_SECONDS = 600.0
_MOST_GUESSERS = 10_000
# What would come before files that were written earlier.
_ENDING = frozenset({Act.RELEASE, Act.CLOSE})


class Desk:
    """Carries out what staff write and press in Telegram, and keeps their topics up to date.

    Attributes:
        topics: The way out.
        writings: What is carried out a little later.
    """

    def __init__(
        self,
        bot: Bot,
        database: Database,
        town: Callable[[], Town],
        clock: Callable[[], datetime],
        groups: desk.Groups,
        files: Files,
    ) -> None:
        self._answers = Answers(bot, database, town, clock)
        self.topics = Topics(bot, database, town, clock, groups)
        self.writings = Writings(database, town, clock, files, self._answers)
        self.groups = groups
        self._limits = files.limits
        self._bot = bot
        self._database = database
        self._town = town
        self._clock = clock
        self._tries: defaultdict[int, list[float]] = defaultdict(list)

    async def introduce(self) -> None:
        """Tell Telegram the commands of the staff's groups, in each language."""
        for chat in sorted(self.groups.chats):
            try:
                for locale in (None, *LOCALES):
                    await self._bot.set_my_commands(
                        _commands(locale or "fi"),
                        scope=BotCommandScopeChat(int(chat)),
                        language_code=locale,
                    )
            except (BadRequest, ChatMigrated, Forbidden) as error:
                log.warning("the staff group %s cannot be used yet: %s", chat, error.message)
                await self.topics.health.failed(chat, error)

    async def take(self, update: Update) -> dict[str, Any] | None:
        """Carry out what somebody did as a member of staff; None when it is no matter of the desk.

        Returns:
            What to say to whoever pressed a button.

        Raises:
            Exception: Nothing was saved; deliver the update again.
        """
        if update.inline_query:
            await self._offer(update.inline_query)
            return {}
        chat, user = update.effective_chat, update.effective_user
        if update.callback_query:
            data = update.callback_query.data or ""
            is_ours = data.startswith(f"{posts.PREFIX}:") or (chat and self._is_group(chat.id))
            return await self._press(update, update.callback_query) if is_ours else None
        message = update.message or update.edited_message
        if chat is None or user is None or message is None:
            return None
        if chat.type == ChatType.PRIVATE:
            return {} if update.message and await self._in_private(update, message, user) else None
        command = orders.command(message.text or "")
        is_said = command is not None and update.message is not None and self._is_for_us(command)
        if command and is_said and command.name == "desk":
            await self._report(update, message)
        elif command and is_said and command.name in orders.TURNS and self._is_group(chat.id):
            await self._turn(update, message, user, command)
        elif self._is_group(chat.id):
            await self._in_group(update, message, user)
        return {}

    def _is_group(self, chat: int) -> bool:
        return str(chat) in self.groups.chats

    def _is_for_us(self, command: orders.Command) -> bool:
        return not command.bot or command.bot == self._bot.username.lower()

    # In a ticket's topic.

    async def _in_group(self, update: Update, message: Message, user: User) -> None:
        """Take in what was written in a group; outside tickets' topics people talk among themselves."""
        command = orders.command(message.text or message.caption or "")
        if command and not self._is_for_us(command):
            return
        chat = str(message.chat.id)
        # A reply in the General topic carries the number of a thread, but is in no topic.
        thread = message.message_thread_id if message.is_topic_message else None
        try:
            async with self._database.read() as session:
                topic = await desk.at(session, chat, thread)
        except NotFound:
            return
        if message.text is None and message.effective_attachment is None:
            # Somebody joined, or named the topic: nobody wrote anything.
            return
        writer = Writer(_account(message, user), _locale(user), message.message_id)
        try:
            done = await self._order(update, message, writer, topic)
        except NeuvokasError as error:
            async with self._database.write() as session:
                if await desk.is_new(session, update.update_id, self._clock()):
                    await self._answers.refuse(session, topic, writer, error)
            return
        if done:
            await self._answers.confirm(topic, message.message_id, *done)

    async def _order(
        self, update: Update, message: Message, writer: Writer, topic: Topic
    ) -> tuple[Act, Texts] | None:
        """Carry out what was written in a topic, or write it down when that takes a while.

        Returns:
            What was done, and the words of who wrote; None when there is nothing to show (yet).

        Raises:
            NeuvokasError: Nothing was done.
        """
        now = self._clock()
        files = files_in(message, self._limits)
        async with self._database.write() as session:
            if not await desk.is_new(session, update.update_id, now):
                return None
            waits = files or await writings.waits(session, topic.ticket_id)
            if waits and not update.edited_message:
                place = _place(message, writer)
                text = message.text or message.caption or ""
                await writings.keep(session, topic, place, text, files, now)
                return None
            person = await ties.tied(session, writer.account, lock=True)
            words = texts(person.locale)
            if update.edited_message:
                _ = words.gettext
                raise Refused(_("Editing does not change what was sent. Write a new message."))
            order = order_in(message.text or message.caption or "", words)
            number = desk.number_of(topic)
            ticket = await tickets.for_staff(session, person, number, order.act)
            key = posts.key_of(topic.chat, str(message.message_id))
            await orders.carry_out(session, person, ticket, order, self._town(), now, key=key)
        return order.act, words

    async def _report(self, update: Update, message: Message) -> None:
        """Say what the group still needs."""
        locale = _locale(message.from_user) if message.from_user else "fi"
        async with self._database.read() as session:
            said = await report(
                self._bot, message.chat, self.groups, self._town(), session, texts(locale)
            )
        now = self._clock()
        async with self._database.write() as session:
            if await desk.is_new(session, update.update_id, now):
                self._answer(session, message, said, texts(locale), now)

    async def _turn(
        self, update: Update, message: Message, user: User, command: orders.Command
    ) -> None:
        """Switch automatic answers off or on, and tell the group; wherever in it that was written."""
        now, words = self._clock(), texts(_locale(user))
        try:
            async with self._database.write() as session:
                if not await desk.is_new(session, update.update_id, now):
                    return
                person = await ties.tied(session, _account(message, user), lock=True)
                words = texts(person.locale)
                said = await turn(session, person, command, self._town(), now, words)
                self._answer(session, message, said, words, now)
        except NeuvokasError as error:
            async with self._database.write() as session:
                if await desk.is_new(session, update.update_id, now):
                    refusal = self._answers.refusal(error, words)
                    self._answer(session, message, refusal, words, now)

    def _answer(
        self, session: AsyncSession, message: Message, text: str, words: Texts, now: datetime
    ) -> None:
        """Post where a message was written."""
        thread = message.message_thread_id if message.is_topic_message else None
        self._post(session, message.chat.id, text, words, now, thread)

    # Buttons.

    async def _press(self, update: Update, query: CallbackQuery) -> dict[str, Any]:
        """Do what a pressed button says; return what to show to whoever pressed it."""
        words = texts(_locale(query.from_user))
        now = self._clock()
        try:
            async with self._database.write() as session:
                if not await desk.is_new(session, update.update_id, now):
                    return {}
                account = str(query.from_user.id)
                person = await ties.tied(session, account, lock=True)
                words = texts(person.locale)
                number, order, stopped = _order_pressed(query, words)
                if stopped and not stopped.text:
                    await self._let_go(session, person, number, stopped, words)
                    return {"text": _pressed_words(order.act, number, words)}
                ticket = await tickets.for_staff(session, person, number, order.act)
                if order.act in _ENDING and await writings.waits(session, ticket.id):
                    raise Refused(_still_waits(words))
                key = _key_of(stopped) if stopped else None
                await orders.carry_out(session, person, ticket, order, self._town(), now, key=key)
        except NeuvokasError as error:
            if isinstance(error, Unanswered):
                await self._offer_to_close(update, query, error)
            return {"text": self._shown(error, words), "show_alert": True}
        return {"text": _pressed_words(order.act, number, words)}

    async def _offer_to_close(
        self, update: Update, query: CallbackQuery, error: Unanswered
    ) -> None:
        """Say in the topic why a press did not close it, with the button that does."""
        message = query.message
        if message is None:
            return
        writer = Writer(str(query.from_user.id), _locale(query.from_user), message.message_id)
        thread = getattr(message, "message_thread_id", None)
        async with self._database.write() as session:
            try:
                topic = await desk.at(session, str(message.chat.id), thread)
            except NotFound:
                # An old post of a topic that is gone: what is shown to the person is all there is.
                return
            if await desk.is_new(session, update.update_id, self._clock()):
                await self._answers.refuse(session, topic, writer, error)

    async def _let_go(
        self, session: AsyncSession, person: Staff, number: str, stopped: Message, words: Texts
    ) -> None:
        """Send files that were stopped because of their words' language; once is enough.

        Raises:
            NeuvokasError: The person may not, or they are not there any more.
        """
        ticket = await tickets.for_staff(session, person, number)
        if not may(person, Act.REPLY, ticket.queue):
            raise NotAllowed(Act.REPLY)
        writer = Writer(str(person.telegram_id), person.locale, stopped.message_id)
        found = await writings.stopped(session, _place(stopped, writer))
        if found and found.is_stopped:
            writings.let_go(session, found, self._clock())
        elif not found and not await tickets.sent_before(session, person, ticket, _key_of(stopped)):
            raise Refused(_gone(words))

    def _shown(self, error: NeuvokasError, words: Texts) -> str:
        """Return why a button did nothing, as short as Telegram shows it."""
        _ = words.gettext
        if isinstance(error, Unauthenticated):
            said = _("I do not know who you are. Send me /tie in a private chat: @{bot}").format(
                bot=self._bot.username
            )
        elif isinstance(error, NotFound):
            said = _("This ticket is in a queue that you do not work in.")
        elif isinstance(error, Refused):
            said = str(error)
        else:
            said = explanation(error, words)[1]
        return said[:_LONGEST_ANSWER]

    # Ties, in private.

    async def _in_private(self, update: Update, message: Message, user: User) -> bool:
        """Tie or untie an account; False when the message is a resident's."""
        command = orders.command(message.text or "")
        if command is None:
            return False
        if command.name == "untie":
            await self._untie(update, user)
            return True
        wanted = command.text
        if command.name == "start" and wanted.startswith(TIE_START):
            wanted = wanted.removeprefix(TIE_START).lstrip("_-")
        elif command.name != "tie":
            return False
        await self._tie(update, user, wanted)
        return True

    async def _tie(self, update: Update, user: User, code: str) -> None:
        """Tie the account with a code, or say how."""
        now, words = self._clock(), texts(_locale(user))
        _ = words.gettext
        if not code:
            said = self._answers.how_to_tie(words)
        elif self._must_wait(user.id):
            said = _("Too many tries. Wait ten minutes, make a new code and send it.")
        else:
            try:
                async with self._database.write() as session:
                    if not await desk.is_new(session, update.update_id, now):
                        return
                    person = await ties.tie(session, code, str(user.id), now)
                    words = texts(person.locale)
                    self._post(session, user.id, _tied(person.name, words), words, now)
            except NotFound:
                self._tried(user.id)
                said = _(
                    "This code does not work (any more). Make a new one and send it within ten minutes."
                )
            else:
                self._tries.pop(user.id, None)
                return
        await self._say_once(update, user, said, words)

    async def _untie(self, update: Update, user: User) -> None:
        words = texts(_locale(user))
        said = words.gettext("Your Telegram account is not tied to anybody.")
        async with self._database.write() as session:
            try:
                person = await ties.tied(session, str(user.id))
            except Unauthenticated:
                pass
            else:
                await ties.untie(session, person)
                object_ = accounts.named(person)
                audit.record(session, person, "telegram_untied", object_, self._clock())
                words = texts(person.locale)
                said = words.gettext("Your Telegram account is not tied any more.")
        await self._say_once(update, user, said, words)

    async def _say_once(self, update: Update, user: User, said: str, words: Texts) -> None:
        now = self._clock()
        async with self._database.write() as session:
            if await desk.is_new(session, update.update_id, now):
                self._post(session, user.id, said, words, now)

    def _must_wait(self, user: int) -> bool:
        now = asyncio.get_running_loop().time()
        recent = [at for at in self._tries.get(user, ()) if at > now - _WAIT_SECONDS]
        return len(recent) >= _FREE_TRIES

    def _tried(self, user: int) -> None:
        if len(self._tries) > _MOST_GUESSERS:
            self._tries.clear()
        self._tries[user].append(asyncio.get_running_loop().time())

    # Canned responses, by inline query.

    async def _offer(self, query: InlineQuery) -> None:
        """Offer the canned responses that fit what somebody types after the bot's name."""
        words = texts(_locale(query.from_user))
        button, found = None, []
        try:
            async with self._database.read() as session:
                person = await ties.tied(session, str(query.from_user.id))
                words = texts(person.locale)
                found = await orders.canned_for(session, person, query.query)
        except Unauthenticated:
            button = InlineQueryResultsButton(
                words.gettext("Tie your Telegram account first"), start_parameter=TIE_START
            )
        results = [
            InlineQueryResultArticle(
                id=str(index),
                title=title,
                description=text[:120],
                input_message_content=InputTextMessageContent(text),
            )
            for index, (title, text) in enumerate(found[:20])
        ]
        try:
            await self._bot.answer_inline_query(
                query.id, results, cache_time=0, is_personal=True, button=button
            )
        except TelegramError as error:
            # Whoever types on asks again.
            log.info("an inline query was not answered: %s", type(error).__name__)

    # What all of them need.

    def _post(
        self,
        session: AsyncSession,
        chat: int,
        text: str,
        words: Texts,
        now: datetime,
        thread: int | None = None,
    ) -> None:
        outbox.post(
            session, Channel.TELEGRAM, str(chat), text, now, locale=words.locale, thread=thread
        )


def _order_pressed(query: CallbackQuery, words: Texts) -> tuple[str, orders.Order, Message | None]:
    """Return the ticket's number, what a pressed button does to it, and the message that it sends.

    Raises:
        Refused: There is no such button, or it is not this person's to press.
    """
    _ = words.gettext
    found = orders.pressed(query.data or "")
    if found is None:
        raise Refused(_("This button does not work any more."))
    button, number, outcome = found
    if button != orders.ANYWAY:
        return number, orders.order_of(button, outcome), None
    # The words that were stopped are not kept: they stand in the message that was answered.
    stopped = getattr(query.message, "reply_to_message", None)
    if stopped is None or not (stopped.text or stopped.effective_attachment):
        raise Refused(_gone(words))
    if stopped.from_user is None or stopped.from_user.id != query.from_user.id:
        raise Refused(_("Only the person who wrote it can send it."))
    return number, orders.order_of(button, stopped.text or ""), stopped


def _gone(words: Texts) -> str:
    return words.gettext("The message is gone. Write it again.")


def _still_waits(words: Texts) -> str:
    return words.gettext(
        "Files from this topic are still on their way to the resident. Try again in a moment."
    )


def _key_of(message: Message) -> str:
    return posts.key_of(str(message.chat.id), str(message.message_id))


def _place(message: Message, writer: Writer) -> writings.Place:
    chat, album = str(message.chat.id), message.media_group_id
    return writings.Place(chat, message.message_id, album, writer.account, writer.locale)


def _account(message: Message, user: User) -> str:
    """Return the account that wrote a message; none that anybody can tie for hidden administrators.

    An administrator who hides behind the group, and a channel, seem to be one of Telegram's own bots.
    """
    return "" if _is_anonymous(message, user) else str(user.id)


def _is_anonymous(message: Message, user: User) -> bool:
    return user.is_bot or message.sender_chat is not None


def _locale(user: User) -> str:
    return nearest_locale([user.language_code] if user.language_code else [])


def _tied(name: str, words: Texts) -> str:
    return words.gettext(
        "Your Telegram account is tied to {name}. What you write in a ticket's topic now goes to the"
        " resident in your name. /untie ends it."
    ).format(name=name)


def _pressed_words(act: Act, number: str, words: Texts) -> str:
    """Return what is shown for a moment after a button did its work."""
    _ = words.gettext
    said = {
        Act.CLAIM: _("{number} is yours."),
        Act.RELEASE: _("{number} is back in its queue."),
        Act.CLOSE: _("{number} is closed."),
        Act.REOPEN: _("{number} is open again, and yours."),
        Act.REPLY: _("On its way to the resident."),
    }
    return said[act].format(number=number)


def _commands(locale: str) -> list[BotCommand]:
    """Return the commands of the staff's groups, with what each does."""
    _ = texts(locale).gettext
    what = {
        "claim": _("Claim the ticket"),
        "note": _("Write a note that the resident does not see"),
        "transfer": _("Pass the ticket on: queue and reason"),
        "release": _("Put the ticket back into its queue"),
        "close": _("Close the ticket"),
        "reopen": _("Open a closed ticket again"),
        "off": _("Switch an answer off: its name and the reason"),
        "on": _("Switch an answer on again"),
        "desk": _("What this group still needs"),
    }
    return [BotCommand(name, said) for name, said in what.items()]
