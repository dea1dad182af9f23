"""The Telegram channel: updates in, messages out."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Update,
)
from telegram.constants import ChatType, MessageLimit
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.commands import MENU
from bot.conversation import hear
from bot.database import UNREACHABLE
from bot.errors import NotFound, TextMissing, TextTooLong, TryLater, Undeliverable
from bot.files import Limits
from bot.models import Author, Channel
from bot.outbox import is_file
from bot.respond import Kind, Utterance
from bot.texts import LOCALES, nearest_locale, texts
from handlers.telegram_files import fetch_file, files_in, send_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from bot.database import Database
    from bot.files import FileStore
    from bot.models import Delivery, Message
    from bot.town import Town
    from handlers.group.desk import Desk

log = logging.getLogger(__name__)

POLL_SECONDS = 25
# A button's text is cut on a phone at about this length, so longer ones are also written above.
_BUTTON_CHARACTERS = 36
_RETRY_SECONDS = 2.0
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# An update that cannot be taken in after so many tries is a fault of ours; the others must go on.
_TRIES = 5
_ALLOWED = [
    Update.MESSAGE,
    Update.EDITED_MESSAGE,
    Update.CALLBACK_QUERY,
    Update.INLINE_QUERY,
]


class Telegram:
    """The Telegram channel: updates in, messages out.

    Args:
        api_url: Base of a Bot API server; methods are at `{api_url}/bot<token>/<method>`.
        town: Gives the town as it is when asked.
        clock: The present moment, aware.
        fetch: Gives the file at an address below the service's own, or raises NotFound.
        store: Where files lie that staff send.
        limits: How large files may be.

    Attributes:
        desk: Where staff work in Telegram; takes what residents have no part in.
    """

    desk: Desk | None = None

    def __init__(
        self,
        token: str,
        api_url: str,
        database: Database,
        town: Callable[[], Town],
        clock: Callable[[], datetime],
        fetch: Callable[[str], Awaitable[bytes]],
        store: FileStore,
        limits: Limits,
    ) -> None:
        # Without it the library warns whenever it names a pause.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self.bot = Bot(token, base_url=f"{api_url}/bot", base_file_url=f"{api_url}/file/bot")
        self._database = database
        self._town = town
        self._clock = clock
        self._fetch = fetch
        self._store = store
        self._limits = limits

    @property
    def name(self) -> str | None:
        """Return the bot's name, as in t.me/name; None before Telegram was reached."""
        try:
            return self.bot.username
        except RuntimeError:
            return None

    async def introduce(self, webhook: tuple[str, str] | None) -> None:
        """Tell Telegram how updates reach us, and the commands and descriptions in each language.

        Args:
            webhook: The public address and the secret; None to poll.

        Raises:
            TelegramError: Telegram refused or could not be reached.
        """
        if webhook:
            url, secret = webhook
            await self.bot.set_webhook(url, secret_token=secret, allowed_updates=_ALLOWED)
        else:
            await self.bot.delete_webhook()
        # Telegram shows the ones without a language to everybody else.
        for locale in (None, *LOCALES):
            words = _Menu(self._town(), locale or "fi")
            await self.bot.set_my_commands(words.commands(), language_code=locale)
            await self.bot.set_my_description(words.description(), language_code=locale)
            await self.bot.set_my_short_description(words.short_description(), language_code=locale)
        if self.desk:
            await self.desk.introduce()

    async def serve(self, webhook: tuple[str, str] | None) -> None:
        """Introduce the bot and, without a webhook, poll, for as long as the process lives."""
        while True:
            try:
                await self.bot.initialize()
                await self.introduce(webhook)
                break
            except InvalidToken:
                log.error("Telegram does not know this token: correct NEUVOKAS_TELEGRAM_TOKEN")  # noqa: TRY400
                return
            except TelegramError as error:
                log.warning("Telegram cannot be reached, trying again: %s", type(error).__name__)
                await asyncio.sleep(_pause(error))
        if webhook is None:
            await self.poll()

    async def poll(self) -> None:
        """Fetch updates for as long as the process lives; one process at a time does."""
        while True:
            try:
                async with self._database.alone("telegram polling") as check:
                    await self._poll(check)
            except Conflict:
                log.warning("another program polls with this token; stop it, or use another token")
                await asyncio.sleep(_RETRY_SECONDS)
            except (TelegramError, *UNREACHABLE) as error:
                log.warning("polling failed, trying again: %s", type(error).__name__)
                await asyncio.sleep(_pause(error))

    async def _poll(self, check: Callable[[], Awaitable[None]]) -> None:
        """Fetch updates and take them in; the offset moves only after the commit."""
        offset: int | None = None
        while True:
            await check()
            updates = await self.bot.get_updates(
                offset=offset,
                timeout=timedelta(seconds=POLL_SECONDS),
                allowed_updates=_ALLOWED,
                read_timeout=POLL_SECONDS + 10,
            )
            offset = await self._take_all(updates) or offset

    async def stop(self) -> None:
        """Close the connections."""
        await self.bot.shutdown()

    async def _take_all(self, updates: Sequence[Update]) -> int | None:
        """Take in updates, chats side by side and each chat's in order; return the next offset."""
        of_chat: dict[int | None, list[Update]] = {}
        for update in sorted(updates, key=lambda update: update.update_id):
            chat = update.effective_chat
            of_chat.setdefault(chat.id if chat else None, []).append(update)
        await asyncio.gather(*(self._take_in_order(chats) for chats in of_chat.values()))
        return max((update.update_id for update in updates), default=-1) + 1 or None

    async def _take_in_order(self, updates: list[Update]) -> None:
        for update in updates:
            tries = 0
            while tries < _TRIES:
                try:
                    await self._acknowledge(update, await self.take(update))
                    break
                except UNREACHABLE as error:
                    # The database comes back; until then nothing is acknowledged and nothing lost.
                    log.warning("update %s waits: %s", update.update_id, type(error).__name__)
                except Exception as error:  # one of the two loops that must survive anything
                    log.exception("update %s failed: %s", update.update_id, type(error).__name__)
                    tries += 1
                await asyncio.sleep(_RETRY_SECONDS)

    async def take(self, update: Update) -> dict[str, Any]:
        """Hand one update to the desk or to the conversation; returns after the commit.

        Updates from other groups and sorts we did not ask for are passed over.

        Returns:
            What to say to whoever pressed a button, as answerCallbackQuery takes it.

        Raises:
            Exception: Nothing was saved; deliver the update again.
        """
        if self.desk:
            answer = await self.desk.take(update)
            if answer is not None:
                return answer
        await self._hear(update)
        return {}

    async def _hear(self, update: Update) -> None:
        said = utterance_from(update, self._limits)
        if said is None:
            return
        try:
            async with self._database.write() as session:
                await hear(session, said, self._town(), self._clock(), limits=self._limits)
        except (TextMissing, TextTooLong):
            # Telegram's own limits keep texts short enough; what is left has nothing to read in it.
            unreadable = Utterance(
                said.channel, said.address, "text", Kind.UNREADABLE, said.key, said.locale
            )
            async with self._database.write() as session:
                await hear(session, unreadable, self._town(), self._clock())

    async def _acknowledge(self, update: Update, answer: dict[str, Any]) -> None:
        """Stop the pressed button's waiting sign; it is no loss when that fails."""
        if update.callback_query:
            with suppress(TelegramError):
                await self.bot.answer_callback_query(update.callback_query.id, **answer)

    async def send(self, delivery: Delivery) -> str:
        """Send one message and return the id Telegram gave it.

        Raises:
            Undeliverable: The contact blocked the bot or the chat is gone.
            TryLater: Telegram asked for a pause, or could not be reached.
        """
        try:
            if self.desk and delivery.post and "topic" in delivery.post:
                return await self.desk.topics.send(delivery)
            return await self._send(delivery)
        except RetryAfter as error:
            raise TryLater("flood control", _seconds(error)) from error
        except (Forbidden, ChatMigrated) as error:
            raise Undeliverable(type(error).__name__) from error
        except BadRequest as error:
            if "chat not found" in error.message.lower() or "deactivated" in error.message.lower():
                raise Undeliverable("chat not found") from error
            if delivery.post and "file" not in delivery.post:
                # Trying again would not help, and would hold up everything else for the group.
                raise Undeliverable(error.message) from error
            raise
        except (TimedOut, NetworkError) as error:
            raise TryLater(type(error).__name__) from error

    async def _send(self, delivery: Delivery) -> str:
        if is_file(delivery):
            return await send_file(self.bot, delivery, self._database, self._store)
        file = (delivery.post or {}).get("file")
        if file:
            return await self._send_file(int(delivery.address), file)
        text, choices, thread = _content_of(delivery)
        parts = split(text)
        for part in parts:
            sent = await self.bot.send_message(
                int(delivery.address),
                part,
                reply_markup=keyboard(choices) if part is parts[-1] else None,
                link_preview_options=_NO_PREVIEW,
                message_thread_id=thread,
            )
        return str(sent.message_id)

    async def _send_file(self, chat: int, file: dict[str, str]) -> str:
        """Send a file; a picture as one. What is gone by now is left out."""
        try:
            body = await self._fetch(file["href"])
        except NotFound:
            log.info("a file is no more: left out")
            return ""
        upload = InputFile(body, filename=file["name"])
        if file["name"].endswith(".png"):
            sent = await self.bot.send_photo(chat, upload)
        else:
            sent = await self.bot.send_document(chat, upload)
        return str(sent.message_id)

    async def fetch(self, remote_id: str, largest: int) -> bytes:
        """Return the content of a file that a resident sent; see `bot.attachments.Fetcher`."""
        return await fetch_file(self.bot, remote_id, largest)


class _Menu:
    """The bot's own words in Telegram's menus, in one language."""

    def __init__(self, town: Town, locale: str) -> None:
        self._texts = texts(locale)
        self._town = town.name(locale)

    def commands(self) -> list[BotCommand]:
        """Return the commands with what each does."""
        _ = self._texts.gettext
        what = {
            "human": _("Talk to a person"),
            "back": _("Back to what was before"),
            "repeat": _("Say it again"),
            "stop": _("Stop"),
            "help": _("What can I ask?"),
            "language": _("Suomi, svenska, English"),
            "status": _("How is my question going?"),
        }
        return [BotCommand(name, what[name]) for name in MENU]

    def description(self) -> str:
        """Return what is shown before the first message."""
        _ = self._texts.gettext
        return _(
            "An automatic service of {town}. Answers questions about digital support, scams and"
            " organising events, with answers that the city's own people wrote. You can always talk"
            " to a person. Never send bank codes or identity codes here."
        ).format(town=self._town)

    def short_description(self) -> str:
        """Return what is shown on the bot's profile."""
        _ = self._texts.gettext
        return _("Answers to residents of {town}, and a person when you want one.").format(
            town=self._town
        )


def utterance_from(update: Update, limits: Limits = Limits()) -> Utterance | None:  # noqa: B008 - it is frozen
    """Return what a resident said in a private chat; None for anything else."""
    chat, person = update.effective_chat, update.effective_user
    # The chat of a button is unknown when it stood under a message that Telegram no longer has.
    if chat is None or person is None or person.is_bot or chat.type != ChatType.PRIVATE:
        return None
    text, kind = _content(update)
    message = None if update.callback_query else update.effective_message
    files = files_in(message, limits) if message else ()
    if not text and not files:
        return None
    locale = nearest_locale([person.language_code] if person.language_code else [])
    return Utterance(
        Channel.TELEGRAM,
        str(chat.id),
        text,
        kind,
        f"telegram:{update.update_id}",
        locale,
        files,
        str(message.message_id) if message else None,
        message.media_group_id if message else None,
    )


def _content(update: Update) -> tuple[str, Kind]:
    if update.callback_query:
        return update.callback_query.data or "", Kind.CHOICE
    message = update.effective_message
    if message is None:
        return "", Kind.TEXT
    words = message.text or message.caption or ""
    # A place that is shared for a while is edited every few seconds: nothing is said by that.
    if words or update.edited_message:
        return words, Kind.EDITED if update.edited_message else Kind.TEXT
    sorts = ("sticker", "location", "contact", "poll", "dice")
    sort = next((sort for sort in sorts if getattr(message, sort, None)), "")
    # What else may come (somebody joined, a pinned message) is nothing the resident said.
    return sort, Kind.UNREADABLE


def _content_of(delivery: Delivery) -> tuple[str, Sequence[dict[str, str]], int | None]:
    """Return the text, the buttons and the group's topic of what is to be sent."""
    if delivery.message:
        return rendered(delivery.message, delivery.locale), delivery.message.choices, None
    post = delivery.post or {}
    return post.get("text", ""), post.get("choices", ()), post.get("thread")


def rendered(message: Message, locale: str) -> str:
    """Return a message's text for Telegram: who says it, the answer, its source and date, long choices."""
    words = texts(locale)
    _ = words.gettext
    lines = [message.text]
    if message.author == Author.STAFF:
        lines = [_("{name} answers:").format(name=message.staff_name), message.text]
    if message.entry:
        lines += ["", _("Source: {address}").format(address=message.entry["source"])]
        lines += [
            _("Checked on {date}").format(
                date=words.date(date.fromisoformat(message.entry["reviewed"]))
            )
        ]
    if any(len(choice["label"]) > _BUTTON_CHARACTERS for choice in message.choices):
        lines += ["", *(choice["label"] for choice in message.choices)]
    return "\n".join(lines)


def keyboard(choices: Sequence[dict[str, str]]) -> InlineKeyboardMarkup | None:
    """Return the buttons, one a row, long labels cut; None without choices."""
    rows = [[_button(choice)] for choice in choices]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(choice: Mapping[str, str]) -> InlineKeyboardButton:
    """Return a button that says something, opens an address, or begins an inline query."""
    label = _cut(choice["label"])
    if "inline" in choice:
        return InlineKeyboardButton(label, switch_inline_query_current_chat=choice["inline"])
    if "url" in choice:
        return InlineKeyboardButton(label, url=choice["url"])
    return InlineKeyboardButton(label, callback_data=choice["value"])


def _cut(label: str) -> str:
    if len(label) <= _BUTTON_CHARACTERS:
        return label
    return label[: _BUTTON_CHARACTERS - 1].rstrip() + "…"


def split(text: str) -> list[str]:
    """Return the text in parts that Telegram takes, cut between lines or words where possible."""
    parts = []
    limit = int(MessageLimit.MAX_TEXT_LENGTH)
    while _units(text) > limit:
        end = limit if _units(text[:limit]) <= limit else limit // 2
        cut = max(text.rfind("\n", 0, end), text.rfind(" ", 0, end))
        cut = cut if cut > 0 else end
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]


def _units(text: str) -> int:
    """Return the length as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def _seconds(error: RetryAfter) -> float:
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def _pause(error: Exception) -> float:
    return _seconds(error) if isinstance(error, RetryAfter) else _RETRY_SECONDS
