"""The way out of the desk: topics made, named and closed in Telegram, and what is posted in them."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from telegram import LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot import outbox, tickets
from bot.database import UNREACHABLE, waited
from bot.errors import TryLater, Undeliverable
from bot.group import desk, writings
from handlers.group.health import Health, fault_in
from handlers.telegram import keyboard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime
    from typing import Any

    from telegram import Bot

    from bot.database import Database
    from bot.models import Delivery, Topic
    from bot.town import Town

log = logging.getLogger(__name__)

# What Telegram says of a topic that was deleted, in posting and in changing it.
_GONE = ("message thread not found", "topic_id_invalid", "topic_deleted")
_UNCHANGED = "topic_not_modified"
# What an operator has to put right in the group; until then everything waits, for about a day.
_NOT_READY = "topic_closed"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_LOOK_SECONDS = 2.0
# Changes that follow one another this closely go out together.
_TOGETHER_SECONDS = 0.2
# With thousands of open tickets a look costs the database something (0.1 to 0.4 seconds with
# 10,000), so it rests for as long as it worked, within this limit.
_LONGEST_REST = 1.0
_CHECK_EVERY = timedelta(seconds=60)
# Nobody tells a bot that a topic was deleted, so topics of live tickets are looked at now and then.
_CHECK_AFTER = timedelta(minutes=10)
_MOST_CHECKED = 5


class Topics:
    """Brings the topics up to date with the tickets, and carries out what the outbox hands over.

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
        groups: desk.Groups,
    ) -> None:
        self._bot = bot
        self._database = database
        self._town = town
        self._clock = clock
        self._groups = groups
        self._checked_at: datetime | None = None
        self.health = Health(bot, database, clock, groups)

    async def run(self) -> None:
        """Keep the topics up to date for as long as the process lives; one process at a time does."""
        while True:
            try:
                async with self._database.alone("desk") as check:
                    await self._run(check)
            except UNREACHABLE as error:
                log.warning("the desk waits for the database: %s", type(error).__name__)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _run(self, check: Callable[[], Awaitable[None]]) -> None:
        listening = self._database.nudges.listen(tickets.TOPIC, desk.TOPIC, outbox.TOPIC)
        async with listening as woken:
            while True:
                woken.clear()
                began = asyncio.get_running_loop().time()
                await check()
                try:
                    await self.catch_up()
                    await self._look_after()
                except UNREACHABLE:
                    raise
                except Exception as error:  # one ticket's fault must not end the desk
                    log.exception("the desk failed: %s", type(error).__name__)
                took = asyncio.get_running_loop().time() - began
                await waited(woken, _LOOK_SECONDS)
                await asyncio.sleep(min(max(_TOGETHER_SECONDS, took), _LONGEST_REST))

    async def catch_up(self) -> int:
        """Queue what is new in the tickets; return how many were dealt with."""
        now = self._clock()
        async with self._database.read() as session:
            # Looking first spares SQLite's only writer an empty transaction each time.
            if not await desk.is_behind(session, self._groups, now):
                return 0
        async with self._database.write() as session:
            return await desk.catch_up(session, self._groups, self._town(), now)

    async def send(self, delivery: Delivery) -> str:
        """Carry out one post to a topic; return its id in Telegram, empty when nothing was posted.

        Raises:
            Undeliverable: Telegram will never take it; the topic is posted anew later.
            TryLater: The group is not ready, or Telegram asked for a pause.
        """
        post = delivery.post or {}
        about = post["topic"]
        async with self._database.read() as session:
            topic = await desk.meant(session, about)
        if topic is None:
            # What it said stands in the new topic, which was made from the database.
            return ""
        try:
            thread = await self._prepared(topic, about)
            if not post["text"]:
                return ""
            sent = await self._bot.send_message(
                int(topic.chat),
                post["text"],
                message_thread_id=thread,
                reply_markup=keyboard(self._possible(post["choices"])),
                link_preview_options=_NO_PREVIEW,
                reply_parameters=_answering(about),
            )
        except (Forbidden, ChatMigrated) as error:
            log.warning("the staff group %s is out of reach: %s", topic.chat, type(error).__name__)
            await self.health.failed(topic.chat, error)
            raise TryLater(type(error).__name__) from error
        except BadRequest as error:
            await self._refused(error, topic, about)
            return ""
        return str(sent.message_id)

    async def _prepared(self, topic: Topic, about: Mapping[str, Any]) -> int:
        """Make, name, close or reopen the topic as the post wants it; return its thread."""
        title = about.get("title", topic.title)
        thread = topic.thread
        if thread is None:
            created = await self._bot.create_forum_topic(int(topic.chat), title)
            thread = created.message_thread_id
            await self.health.worked(topic.chat)
            await self._write_down(about, thread=thread, title=title, checked_at=self._clock())
        elif title != topic.title:
            await _unless_so(self._bot.edit_forum_topic(int(topic.chat), thread, name=title))
            await self._write_down(about, title=title)
        is_closed = about.get("is_closed", topic.is_closed)
        if is_closed != topic.is_closed:
            change = self._bot.close_forum_topic if is_closed else self._bot.reopen_forum_topic
            await _unless_so(change(int(topic.chat), thread))
            await self._write_down(about, is_closed=is_closed)
        return thread

    async def _refused(self, error: BadRequest, topic: Topic, about: Mapping[str, Any]) -> None:
        """Take in why Telegram refused a post.

        Raises:
            TryLater, Undeliverable: As `send`.
        """
        told = error.message.lower()
        if any(sign in told for sign in _GONE):
            log.info("topic %s is gone and made again", topic.id)
            async with self._database.write() as session:
                await desk.lost(session, about)
            return
        log.warning("the staff group %s refused a post: %s", topic.chat, error.message)
        await self.health.failed(topic.chat, error)
        if fault_in(error) or _NOT_READY in told:
            raise TryLater(error.message) from error
        raise Undeliverable(error.message) from error

    async def _write_down(self, about: Mapping[str, Any], **values: Any) -> None:
        async with self._database.write() as session:
            await desk.made(session, about, **values)

    def _possible(self, choices: list[dict[str, str]]) -> list[dict[str, str]]:
        """Leave out what begins an inline query when BotFather was not told of inline mode."""
        if self._bot.bot.supports_inline_queries:
            return choices
        return [choice for choice in choices if "inline" not in choice]

    async def _look_after(self) -> None:
        """Find groups that cannot be used, and topics deleted or closed by hand; forget what is old."""
        now = self._clock()
        if self._checked_at and now < self._checked_at + _CHECK_EVERY:
            return
        self._checked_at = now
        await self.health.look()
        async with self._database.write() as session:
            await desk.forget_updates(session, now)
            await writings.forget(session, now)
        async with self._database.read() as session:
            found = await desk.to_check(session, self._groups, now - _CHECK_AFTER, _MOST_CHECKED)
        for about in found:
            await self._check(about)

    async def _check(self, about: Mapping[str, Any]) -> None:
        """Find out whether a topic still exists: opening an open one changes nothing."""
        try:
            await _unless_so(self._bot.reopen_forum_topic(int(about["chat"]), about["thread"]))
        except BadRequest as error:
            if any(sign in error.message.lower() for sign in _GONE):
                async with self._database.write() as session:
                    await desk.lost(session, about)
                return
            log.warning("the staff group %s refuses changes: %s", about["chat"], error.message)
        except TelegramError as error:
            log.info("topic %s could not be looked at: %s", about["id"], type(error).__name__)
        await self._write_down(about, checked_at=self._clock())


async def _unless_so(change: Awaitable[bool]) -> None:
    """Make a change to a topic; that it is so already is no error."""
    try:
        await change
    except BadRequest as error:
        if _UNCHANGED not in error.message.lower():
            raise


def _answering(about: Mapping[str, Any]) -> ReplyParameters | None:
    if "answers" not in about:
        return None
    return ReplyParameters(about["answers"], allow_sending_without_reply=True)
