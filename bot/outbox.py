"""The only way out: messages are put here in the transaction that causes them, and delivered afterwards.

A message for a channel that must be called gets a delivery. Claiming one moves its `due_at` to the
end of a lease, so a worker that dies gives it back by doing nothing. It may go out twice in that
case; it is never lost. Web pages ask for their messages themselves, so theirs need no delivery.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import aliased

from bot.database import nudge, waited
from bot.errors import FileRefused, TryLater, Undeliverable
from bot.files import HREF
from bot.models import (
    LIVE,
    Author,
    Channel,
    Conversation,
    Delivery,
    DeliveryStatus,
    Message,
    Ticket,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.database import Database

log = logging.getLogger(__name__)

# A worker that has not finished by then is taken for dead; sending one message takes a second at most.
LEASE = timedelta(seconds=15)
# Given up early enough that the lease still holds while the outcome is saved.
SEND_SECONDS = 10.0
# A file of ten megabytes takes its time on a slow line, and Telegram's servers look into it.
FILE_LEASE = timedelta(seconds=75)
SEND_FILE_SECONDS = 60.0
# Tries go on for about a day: 2, 4, 8 ... seconds, at most half an hour apart.
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 1_800.0
GIVE_UP_AFTER = 60
BATCH = 30
# A nudge wakes the worker at once; it looks by itself this often, for leases and pauses that ended.
LOOK_SECONDS = 1.0
TOPIC = "outbox"
# Channels that must be called; the others fetch.
CALLED = frozenset({Channel.TELEGRAM})


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, delivery: Delivery) -> str:
        """Send one message and return the id the channel gave it.

        Raises:
            Undeliverable: The contact blocked the bot or the chat is gone.
            FileRefused: This file cannot be sent, now or later.
            TryLater: The channel asked for a pause, or could not be reached.
        """


def put(  # noqa: PLR0913 - a message has these parts
    session: AsyncSession,
    conversation: Conversation,
    text: str,
    now: datetime,
    *,
    author: Author = Author.BOT,
    staff_name: str | None = None,
    choices: Sequence[Mapping[str, str]] = (),
    entry: dict[str, str] | None = None,
    files: list[dict[str, Any]] | None = None,
    ticket_id: int | None = None,
    cause_id: int | None = None,
    key: str | None = None,
    locale: str | None = None,
) -> Message:
    """Queue one rendered message to the resident, in the caller's transaction.

    It has its number once the session is flushed, which a commit does.

    Args:
        locale: The language of the message; None when it is the conversation's.
    """
    message = Message(
        conversation_id=conversation.id,
        author=author,
        staff_name=staff_name,
        text=text,
        choices=[dict(choice) for choice in choices],
        entry=entry,
        files=files,
        ticket_id=ticket_id,
        cause_id=cause_id,
        key=key,
        at=now,
    )
    session.add(message)
    if conversation.channel in CALLED:
        # Each file goes out by itself, so that one which fails is not paid for with a second copy of
        # the others; the text comes last, since its buttons are what is looked for.
        spoken = locale or conversation.locale
        for file in files or ():
            session.add(_delivery(conversation, spoken, now, post=_post_of(file)))
        session.add(_delivery(conversation, spoken, now, message=message))
        nudge(session, TOPIC)
    nudge(session, topic_of(conversation.id))
    return message


def _post_of(file: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a message's file goes out: what somebody sent by its key, a paper by its address."""
    if file["href"].startswith(HREF):
        return {"attachment": file["href"].removeprefix(HREF)}
    return {"file": {"name": file["name"], "href": file["href"]}}


def _delivery(conversation: Conversation, locale: str, now: datetime, **what: Any) -> Delivery:
    return Delivery(
        conversation_id=conversation.id,
        channel=conversation.channel,
        address=conversation.address,
        locale=locale,
        status=DeliveryStatus.WAITING,
        due_at=now,
        **what,
    )


def post(  # noqa: PLR0913 - a post has these parts
    session: AsyncSession,
    channel: Channel,
    address: str,
    text: str,
    now: datetime,
    *,
    locale: str,
    choices: Sequence[Mapping[str, str]] = (),
    thread: int | None = None,
    topic: Mapping[str, Any] | None = None,
) -> Delivery:
    """Queue one post to staff, in the caller's transaction: to a member's chat or to their group.

    Args:
        thread: The topic of the group.
        topic: A ticket's topic instead, with what becomes of it; see `bot.group.desk`.
    """
    content = {"text": text, "choices": [dict(choice) for choice in choices], "thread": thread}
    delivery = Delivery(
        channel=channel,
        address=address,
        locale=locale,
        status=DeliveryStatus.WAITING,
        due_at=now,
        post={**content, "topic": dict(topic)} if topic else content,
    )
    session.add(delivery)
    nudge(session, TOPIC)
    return delivery


def put_file(
    session: AsyncSession, conversation: Conversation, key: str, now: datetime
) -> Delivery | None:
    """Queue a file of a message that was put before, in the caller's transaction.

    It has its own way out: when it must be tried again, the words are not said again. None on a
    channel that fetches.

    Args:
        key: The attachment's.
    """
    if conversation.channel not in CALLED:
        return None
    delivery = _delivery(conversation, conversation.locale, now, post={"attachment": key})
    session.add(delivery)
    nudge(session, TOPIC)
    return delivery


def is_file(delivery: Delivery) -> bool:
    """Return whether a file is on its way."""
    return "attachment" in (delivery.post or {})


def topic_of(conversation_id: str) -> str:
    """Return the topic that is nudged when a conversation gets a message."""
    return f"conversation:{conversation_id}"


_earlier = aliased(Delivery)
# Oldest first and one an address. Built once, since building it costs more than running it.
_DUE = (
    select(Delivery)
    .where(
        Delivery.status == DeliveryStatus.WAITING,
        Delivery.due_at <= bindparam("now"),
        Delivery.channel.in_(bindparam("channels", expanding=True)),
        Delivery.address.not_in(bindparam("resting", expanding=True)),
        ~exists().where(
            _earlier.channel == Delivery.channel,
            _earlier.address == Delivery.address,
            _earlier.status == DeliveryStatus.WAITING,
            _earlier.id < Delivery.id,
        ),
    )
    .order_by(Delivery.id)
    .limit(bindparam("most"))
)
_ANY_DUE = _DUE.with_only_columns(Delivery.id)
_CLAIMABLE = _DUE.with_for_update(skip_locked=True, of=Delivery)


async def any_due(
    session: AsyncSession, now: datetime, channels: Sequence[str], resting: Collection[str] = ()
) -> bool:
    """Return whether there is something to claim."""
    asked = {"now": now, "channels": channels, "resting": list(resting), "most": 1}
    return await session.scalar(_ANY_DUE, asked) is not None


async def claim(
    session: AsyncSession,
    now: datetime,
    channels: Sequence[str],
    *,
    most: int = BATCH,
    resting: Collection[str] = (),
) -> list[Delivery]:
    """Take deliveries that are due, oldest first and one an address, and lease them.

    In the caller's transaction. Empty when nothing is due.

    Args:
        resting: Addresses whose turn has not come.
    """
    asked = {"now": now, "channels": channels, "resting": list(resting), "most": most}
    claimed = list((await session.scalars(_CLAIMABLE, asked)).all())
    for delivery in claimed:
        delivery.due_at = now + (FILE_LEASE if is_file(delivery) else LEASE)
        delivery.attempts += 1
    return claimed


class Pace:
    """Keeps to a channel's limits: so many messages a second in all, so many a minute to a group.

    The overall limit is kept in fifths of a second: thirty messages at once would make everybody
    else wait for as long as it takes to send them.

    Source: Telegram's bot FAQ, "My bot is hitting limits": about 30 messages a second overall, one a
    second in a chat, 20 a minute in a group.

    Args:
        clock: Monotonic seconds.
    """

    OVERALL = (6, 0.2)
    CHAT = (1, 1.0)
    GROUP = (20, 60.0)

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}

    def wait(self, address: str) -> float:
        """Return how many seconds to wait before the next message to the address; 0 takes the turn."""
        now = self._clock()
        limits = {"": self.OVERALL, address: self.CHAT}
        # Telegram's group ids are negative.
        if address.startswith("-"):
            limits[f"group {address}"] = self.GROUP
        pause = 0.0
        for name, (count, seconds) in limits.items():
            sent = self._sent.setdefault(name, deque())
            while sent and sent[0] <= now - seconds:
                sent.popleft()
            if len(sent) >= count:
                pause = max(pause, sent[0] + seconds - now)
        if pause:
            return pause
        for name in limits:
            self._sent[name].append(now)
        if len(self._sent) > 2_000:  # noqa: PLR2004 - more than a minute's addresses
            self._forget(now)
        return 0.0

    def room(self) -> int:
        """Return how many messages may go out now, each to another address that does not rest."""
        count, seconds = self.OVERALL
        after = self._clock() - seconds
        return count - sum(sent > after for sent in self._sent.get("", ()))

    def resting(self) -> set[str]:
        """Return the addresses that had their message within the last second."""
        after = self._clock() - self.CHAT[1]
        newest = {address: sent[-1] for address, sent in self._sent.items() if address and sent}
        return {address for address, sent in newest.items() if sent > after}

    def _forget(self, now: float) -> None:
        self._sent = {
            name: sent
            for name, sent in self._sent.items()
            if sent and sent[-1] > now - self.GROUP[1]
        }


@dataclass
class Worker:
    """Delivers what is due until it is cancelled; several may run, in one process or in many.

    Attributes:
        senders: By channel.
        clock: The present moment, aware.
    """

    database: Database
    senders: Mapping[str, Sender]
    clock: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._pace = Pace(lambda: asyncio.get_running_loop().time())
        self._paused: dict[str, float] = {}
        self._stopping = False
        self._outcomes: list[dict[str, Any]] = []
        self._settling = asyncio.Lock()
        self._sending = 0

    def stop(self) -> None:
        """Let `run` return once what it is sending is sent and marked so.

        A message cut off between the two would hold up its address until the lease runs out, and
        then go out twice.
        """
        self._stopping = True
        self.database.nudges.publish(TOPIC)

    async def run(self) -> None:
        """Deliver until told to stop; whatever fails is tried again.

        A message that takes long holds up its own address only.
        """
        async with self.database.nudges.listen(TOPIC) as woken, asyncio.TaskGroup() as sending:
            while not self._stopping:
                woken.clear()
                claimed: list[Delivery] = []
                try:
                    claimed = await self._claim()
                except Exception as error:  # one of the two loops that must survive anything
                    log.exception("deliveries failed: %s", type(error).__name__)
                for delivery in claimed:
                    sending.create_task(self._deliver(delivery))
                if not claimed and self._pace.room() > 0:
                    await waited(woken, LOOK_SECONDS)
                elif self._pace.room() <= 0:
                    # Whole batches, not one message whenever a place is free: each costs a transaction.
                    await asyncio.sleep(Pace.OVERALL[1])

    async def deliver_due(self) -> bool:
        """Deliver one batch to its end; return whether there was one."""
        claimed = await self._claim()
        await asyncio.gather(*map(self._deliver, claimed))
        return bool(claimed)

    async def _claim(self) -> list[Delivery]:
        # What could not go out yet is left where it is: claiming it only to give it back would
        # cost the database a transaction for each message, again and again.
        most = 0 if self._global_pause() else min(BATCH - self._sending, self._pace.room())
        if most <= 0:
            return []
        channels, resting = list(self.senders), self._pace.resting()
        async with self.database.read() as session:
            # Looking first spares SQLite's only writer an empty transaction each second.
            if not await any_due(session, self.clock(), channels, resting):
                return []
        async with self.database.write() as session:
            return await claim(session, self.clock(), channels, most=most, resting=resting)

    async def _deliver(self, delivery: Delivery) -> None:
        self._sending += 1
        try:
            await self._send(delivery)
        except Exception as error:  # the lease gives the message back; the others must go on
            log.exception("delivery %s failed: %s", delivery.id, type(error).__name__)
        finally:
            self._sending -= 1

    async def _send(self, delivery: Delivery) -> None:
        sender = self.senders[delivery.channel]
        pause = self._global_pause() or self._pace.wait(delivery.address)
        if pause:
            # The turn comes soon: giving the lease back keeps the order and lets others pass.
            await self._settle(delivery, due_at=self._in(pause), attempts=delivery.attempts - 1)
            return
        try:
            async with asyncio.timeout(SEND_FILE_SECONDS if is_file(delivery) else SEND_SECONDS):
                remote_id = await sender.send(delivery)
        except Undeliverable as error:
            log.info("undeliverable: delivery %s", delivery.id)
            await self._mark_unreachable(delivery, str(error))
        except FileRefused as error:
            # It would be refused again, and must not hold up what is said after it.
            log.info("delivery %s refused: %s", delivery.id, error.why)
            await self._settle(delivery, status=DeliveryStatus.FAILED, last_error=error.why)
            await self._show_staff(delivery)
        except TryLater as error:
            await self._postpone(delivery, str(error), error.seconds)
        except TimeoutError:
            await self._postpone(delivery, "timed out", None)
        except Exception as error:  # a message that cannot be sent must not hold up the others
            log.exception("delivery %s failed: %s", delivery.id, type(error).__name__)
            await self._postpone(delivery, type(error).__name__, None)
        else:
            await self._settle(
                delivery, status=DeliveryStatus.SENT, remote_id=remote_id, last_error=None
            )

    def _in(self, seconds: float) -> datetime:
        return self.clock() + timedelta(seconds=seconds)

    def _global_pause(self) -> float:
        """Return the pause for everybody: two chats told to wait means that the bot as a whole must."""
        now = asyncio.get_running_loop().time()
        self._paused = {address: until for address, until in self._paused.items() if until > now}
        chats = [until for address, until in self._paused.items() if not address.startswith("-")]
        return max(chats) - now if len(chats) > 1 else 0.0

    async def _postpone(self, delivery: Delivery, reason: str, seconds: float | None) -> None:
        if seconds is not None:
            self._paused[delivery.address] = asyncio.get_running_loop().time() + seconds
            pause = seconds
        else:
            doubled = FIRST_PAUSE_SECONDS * 2.0 ** min(delivery.attempts - 1, 20)
            # Spread, so that a recovering channel is not hit by everything at once.
            pause = min(doubled, LONGEST_PAUSE_SECONDS) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        log.info("delivery %s postponed by %.0f s: %s", delivery.id, pause, reason)
        if delivery.attempts >= GIVE_UP_AFTER:
            await self._settle(delivery, status=DeliveryStatus.FAILED, last_error=reason[:300])
            await self._show_staff(delivery)
        else:
            await self._settle(delivery, due_at=self._in(pause), last_error=reason[:300])

    async def _settle(self, delivery: Delivery, **values: Any) -> None:
        """Save what came of a delivery, in one transaction with all that ended meanwhile."""
        self._outcomes.append({"id": delivery.id, **values})
        async with self._settling:
            outcomes, self._outcomes = self._outcomes, []
            if outcomes:
                async with self.database.write() as session:
                    await session.execute(update(Delivery), outcomes)
                    nudge(session, TOPIC)

    async def _mark_unreachable(self, delivery: Delivery, reason: str) -> None:
        """Fail everything that waits for the resident, since it would fail the same way; tell staff."""
        if delivery.conversation_id is None:
            await self._settle(delivery, status=DeliveryStatus.FAILED, last_error=reason[:300])
            return
        async with self.database.write() as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id == delivery.conversation_id)
                .values(is_unreachable=True)
            )
            await session.execute(
                update(Delivery)
                .where(
                    Delivery.conversation_id == delivery.conversation_id,
                    Delivery.status == DeliveryStatus.WAITING,
                )
                .values(status=DeliveryStatus.FAILED, last_error=reason[:300])
            )
        await self._show_staff(delivery)

    async def _show_staff(self, delivery: Delivery) -> None:
        async with self.database.write() as session:
            concerned = select(Ticket.id).where(
                Ticket.conversation_id == delivery.conversation_id, Ticket.status.in_(LIVE)
            )
            if await session.scalar(concerned.limit(1)):
                nudge(session, "staff")
