"""Carries out what staff wrote in a topic with files, or right after such: fetched, checked, sent."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot import attachments, tickets
from bot.database import UNREACHABLE, waited
from bot.errors import FileRefused, NeuvokasError, NotAllowed, OtherLanguage, Why
from bot.files import standing_for
from bot.group import desk as desk_topics
from bot.group import orders, posts, ties, writings
from bot.people.policy import Act, may
from bot.texts import texts
from bot.work.reply_language import check
from handlers.group.answers import Writer, order_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.attachments import Files
    from bot.database import Database
    from bot.files import SentFile
    from bot.models import Staff, Ticket, Writing
    from bot.texts import Texts
    from bot.town import Town
    from handlers.group.answers import Answers

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
# With pauses of 2, 4, 8 and 16 seconds: whoever waits for a sign under a picture is told within a minute.
_MOST_TRIES = 5


class Writings:
    """Carries out what was written down, one thing at a time in a topic; one process does.

    Args:
        town: Gives the town as it is when asked.
        clock: The present moment, aware.
    """

    def __init__(
        self,
        database: Database,
        town: Callable[[], Town],
        clock: Callable[[], datetime],
        files: Files,
        answers: Answers,
    ) -> None:
        self._database = database
        self._town = town
        self._clock = clock
        self._files = files
        self._answers = answers
        self._busy: set[int] = set()

    async def run(self) -> None:
        """Carry out what comes for as long as the process lives; what fails is tried again."""
        while True:
            try:
                async with self._database.alone("desk writings") as still_alone:
                    await self._run(still_alone)
            except* UNREACHABLE as errors:
                name = type(errors.exceptions[0]).__name__
                log.warning("the desk's files wait for the database: %s", name)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _run(self, still_alone: Callable[[], Awaitable[None]]) -> None:
        listening = self._database.nudges.listen(writings.TOPIC)
        async with listening as woken, asyncio.TaskGroup() as group:
            self._busy.clear()
            while True:
                woken.clear()
                await still_alone()
                async with self._database.read() as session:
                    due = await writings.due(session, self._clock(), self._busy)
                for writing in due:
                    self._busy.add(writing.topic_id)
                    group.create_task(self._in_turn(writing))
                await waited(woken, _LOOK_SECONDS)

    async def _in_turn(self, writing: Writing) -> None:
        try:
            await self._carry_out(writing)
        except UNREACHABLE as error:
            log.warning("writing %s waits: %s", writing.id, type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)
        finally:
            self._busy.discard(writing.topic_id)
            self._database.nudges.publish(writings.TOPIC)

    async def _carry_out(self, writing: Writing) -> None:
        """Do what was written, or say why not."""
        try:
            files = await self._fetched(writing)
            done = await self._done(writing, files)
        except FileRefused as error:
            if error.why is not Why.LATER or not await self._postponed(writing):
                await self._refuse(writing, error)
        except NeuvokasError as error:
            await self._refuse(writing, error)
        except UNREACHABLE:
            raise
        except Exception as error:  # one message's fault must not end the others
            log.exception("writing %s failed: %s", writing.id, type(error).__name__)
            if not await self._postponed(writing):
                await self._refuse(writing, NeuvokasError())
        else:
            if done:
                message = writings.message_of(writing)
                await self._answers.confirm(writing.topic, message, *done)

    async def _fetched(self, writing: Writing) -> list[SentFile]:
        """Return the files as they lie on our disk, once it is plain that they may be sent.

        Raises:
            NeuvokasError: They may not, or cannot be had.
        """
        wanted = writings.files_of(writing)
        if not wanted:
            return []
        async with self._database.read() as session:
            ticket = await self._allowed(session, writing)
        return await self._files.bring(wanted, texts(ticket.locale))

    async def _allowed(self, session: AsyncSession, writing: Writing) -> Ticket:
        """Return the ticket, if its author could reply there now: nothing is fetched for others.

        Raises:
            NeuvokasError: As what is done afterwards would.
        """
        person = await ties.tied(session, writing.account)
        order = order_in(writings.text_of(writing), texts(person.locale), has_files=True)
        ticket = await tickets.for_staff(session, person, desk_topics.number_of(writing.topic))
        if not may(person, order.act, ticket.queue):
            raise NotAllowed(order.act)
        tickets.require_free(person, ticket)
        if not writing.is_meant:
            check(order.text, ticket.locale, self._town())
        return ticket

    async def _done(self, writing: Writing, files: Sequence[SentFile]) -> tuple[Act, Texts] | None:
        """Do what was written, in one transaction with forgetting that it was to be done.

        Returns:
            What was done, and the words of its author; None when there is more of it by now.

        Raises:
            NeuvokasError: Nothing was done.
        """
        now, made = self._clock(), list[str]()
        try:
            async with self._database.write() as session:
                current = await writings.again(session, writing.id)
                if current is None or len(current.parts) != len(writing.parts):
                    return None
                person = await ties.tied(session, writing.account, lock=True)
                words = texts(person.locale)
                order = _order_of(current, words)
                number = desk_topics.number_of(current.topic)
                ticket = await tickets.for_staff(session, person, number, order.act)
                made += await self._do(session, person, ticket, order, current, files, now)
                await session.delete(current)
        finally:
            await self._files.discard_unless_recorded([*(file.key for file in files), *made])
        return order.act, words

    async def _do(
        self,
        session: AsyncSession,
        person: Staff,
        ticket: Ticket,
        order: orders.Order,
        writing: Writing,
        files: Sequence[SentFile],
        now: datetime,
    ) -> list[str]:
        """Carry out an order, with its files; return the keys of copies made of them."""
        if files and not order.text:
            shown = standing_for([file.kind for file in files], texts(ticket.locale))
            order = replace(order, text=shown)
        key = posts.key_of(writing.topic.chat, str(writings.message_of(writing)))
        reply = await orders.carry_out(session, person, ticket, order, self._town(), now, key=key)
        if reply is None:
            return []
        return await attachments.reply_with(
            session, ticket, reply, files, self._files.limits, self._files.store, now
        )

    async def _postponed(self, writing: Writing) -> bool:
        """Let something be tried again a little later; False when it was tried often enough."""
        async with self._database.write() as session:
            current = await writings.again(session, writing.id)
            if current is None:
                return True
            current.attempts += 1
            current.due_at = self._clock() + timedelta(seconds=2.0**current.attempts)
            return current.attempts < _MOST_TRIES

    async def _refuse(self, writing: Writing, error: NeuvokasError) -> None:
        """Say why nothing was done; files in another language wait for their author's word."""
        async with self._database.write() as session:
            current = await writings.again(session, writing.id)
            if current is None:
                return
            if isinstance(error, OtherLanguage) and writings.files_of(current):
                current.is_stopped = True
            else:
                await session.delete(current)
            writer = Writer(writing.account, writing.locale, writings.message_of(writing))
            await self._answers.refuse(session, current.topic, writer, error)


def _order_of(writing: Writing, words: Texts) -> orders.Order:
    has_files = bool(writings.files_of(writing))
    order = order_in(writings.text_of(writing), words, has_files=has_files)
    return replace(order, anyway=writing.is_meant)
