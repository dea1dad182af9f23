"""The outbox: in order, leased, paced, tried again, and honest about who cannot be reached."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import outbox
from bot.conversation import hear, of_address
from bot.errors import TryLater, Undeliverable
from bot.models import Channel, Conversation, Delivery, DeliveryStatus
from bot.outbox import LEASE, Pace, Worker
from bot.respond import Utterance


class Channelled:
    """A channel that remembers what it sent and can be told to fail."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.faults: list[Exception] = []
        self.pause = 0.0
        self.begun: list[str] = []
        self.hold: dict[str, asyncio.Event] = {}

    async def send(self, delivery: Delivery) -> str:
        self.begun.append(delivery.address)
        await asyncio.sleep(self.pause)
        if delivery.address in self.hold:
            await self.hold[delivery.address].wait()
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((delivery.address, delivery.message.text))
        return str(len(self.sent))


@pytest.fixture
def channel():
    return Channelled()


@pytest.fixture
def worker(database, channel, clock):
    return Worker(database, {Channel.TELEGRAM: channel}, clock)


async def put(database, clock, address, *texts):
    """Queue messages to a Telegram address."""
    async with database.write() as session:
        conversation, _ = await of_address(
            session, Utterance(Channel.TELEGRAM, address, "x"), clock()
        )
        for text in texts:
            outbox.put(session, conversation, text, clock())
    return conversation.id


async def deliveries(database):
    async with database.read() as session:
        return (await session.scalars(select(Delivery).order_by(Delivery.id))).all()


async def drain(worker, clock, rounds=20):
    """Deliver until nothing waits, letting time pass."""
    for _ in range(rounds):
        await worker.deliver_due()
        clock.pass_(seconds=1.2)
        worker._pace = Pace(lambda: 0.0)


async def test_order_within_an_address_is_kept(database, worker, channel, clock):
    """Messages to one address go out one after the other, oldest first; addresses side by side."""
    await put(database, clock, "1", "a", "b", "c")
    await put(database, clock, "2", "d")
    await worker.deliver_due()
    assert sorted(channel.sent) == [("1", "a"), ("2", "d")]
    await drain(worker, clock)
    assert [text for address, text in channel.sent if address == "1"] == ["a", "b", "c"]


async def test_a_dead_worker_gives_its_message_back(database, worker, channel, clock):
    """What was claimed and never finished goes out again when the lease has run out."""
    await put(database, clock, "1", "a")
    async with database.write() as session:
        assert len(await outbox.claim(session, clock(), [Channel.TELEGRAM])) == 1
    assert not await worker.deliver_due()
    clock.pass_(seconds=LEASE.total_seconds() + 1)
    await worker.deliver_due()
    assert channel.sent == [("1", "a")]


async def test_trouble_is_tried_again_with_growing_pauses(database, worker, channel, clock):
    """A channel that cannot be reached gets the message later, in order, and nothing is lost."""
    await put(database, clock, "1", "a", "b")
    channel.faults = [TryLater("down"), TryLater("down"), RuntimeError("odd")]
    pauses = []
    for _ in range(3):
        before = clock()
        worker._pace = Pace(lambda: 0.0)
        await worker.deliver_due()
        [waiting, _] = await deliveries(database)
        pauses.append((waiting.due_at - before).total_seconds())
        clock.pass_(seconds=pauses[-1] + 1)
    assert pauses[0] < pauses[1] < pauses[2]
    await drain(worker, clock)
    assert [text for _, text in channel.sent] == ["a", "b"]
    assert all(delivery.status == DeliveryStatus.SENT for delivery in await deliveries(database))


async def test_the_named_pause_is_kept(database, worker, channel, clock):
    """When the channel names a pause, the message waits exactly that long."""
    await put(database, clock, "1", "a")
    channel.faults = [TryLater("flood", 7.0)]
    await worker.deliver_due()
    [waiting] = await deliveries(database)
    assert timedelta(seconds=6) < waiting.due_at - clock() <= timedelta(seconds=7)


async def test_two_chats_told_to_wait_stop_everything(database, worker, channel, clock):
    """Flood control on a second chat means the bot as a whole: nothing more goes out meanwhile."""
    for address in ("1", "2", "3"):
        await put(database, clock, address, "a")
    channel.faults = [TryLater("flood", 5.0), TryLater("flood", 5.0)]
    channel.pause = 0.01
    await worker.deliver_due()
    await put(database, clock, "4", "late")
    sent = len(channel.sent)
    await worker.deliver_due()
    assert len(channel.sent) == sent


async def test_who_blocked_the_bot_is_marked(database, worker, channel, clock):
    """A blocked bot fails what waits for that person, marks the conversation, and tries nobody else's."""
    id_ = await put(database, clock, "1", "a", "b")
    channel.faults = [Undeliverable("blocked")]
    await drain(worker, clock, 3)
    async with database.read() as session:
        assert (await session.get(Conversation, id_)).is_unreachable
    assert {delivery.status for delivery in await deliveries(database)} == {DeliveryStatus.FAILED}
    assert channel.sent == []


async def test_writing_again_makes_one_reachable(database, worker, channel, clock, town):
    """A resident who unblocks the bot and writes is reachable again."""
    id_ = await put(database, clock, "1", "a")
    channel.faults = [Undeliverable("blocked")]
    await worker.deliver_due()
    async with database.write() as session:
        await hear(session, Utterance(Channel.TELEGRAM, "1", "hei", key="k"), town, clock())
    async with database.read() as session:
        assert not (await session.get(Conversation, id_)).is_unreachable
    await drain(worker, clock)
    assert channel.sent


async def test_workers_share_without_doubling(database, channel, clock):
    """Four workers at once send each of two hundred messages exactly once."""
    for number in range(200):
        await put(database, clock, str(number), f"m{number}")
    workers = [Worker(database, {Channel.TELEGRAM: channel}, clock) for _ in range(4)]
    for worker in workers:
        worker._pace.OVERALL = (1_000, 1.0)

    async def work(worker):
        while await worker.deliver_due():
            pass

    await asyncio.gather(*map(work, workers))
    assert sorted(channel.sent) == sorted((str(n), f"m{n}") for n in range(200))


def test_pace_keeps_to_the_limits():
    """At most one message a second to a chat, thirty in all, twenty a minute to a group."""
    now = 0.0
    pace = Pace(lambda: now)
    assert pace.wait("1") == 0
    assert pace.wait("1") == pytest.approx(1.0)
    assert pace.room() == 5
    assert pace.resting() == {"1"}
    sent = 1
    for fifth in range(5):
        now = fifth * 0.21
        sent += sum(pace.wait(f"{fifth} {chat}") == 0 for chat in range(60))
        assert pace.room() == 0
    assert sent == 30
    now = 1.05
    assert pace.wait("1") == 0
    assert pace.room() == 5
    assert "0 0" not in pace.resting()
    assert {"1", "4 0"} <= pace.resting()
    sent = 0
    for second in range(2, 62):
        now = float(second)
        sent += pace.wait("-100") == 0
    assert sent == 20


async def test_the_worker_survives_a_broken_database(database, channel, clock, monkeypatch):
    """An error while looking for work is logged and the worker goes on."""
    worker = Worker(database, {Channel.TELEGRAM: channel}, clock)
    real, failures = worker._claim, iter([OSError("gone"), RuntimeError("odd")])

    async def sometimes():
        for failure in failures:
            raise failure
        return await real()

    monkeypatch.setattr(worker, "_claim", sometimes)
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.01)
    await put(database, clock, "1", "a")
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        while not channel.sent:
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_slow_address_holds_up_nobody_else(database, worker, channel, clock):
    """While one message takes long, those to other addresses go out, and its own address waits."""
    held = asyncio.Event()
    channel.hold["1"] = held
    await put(database, clock, "1", "slow", "after it")
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(5):
        while not channel.begun:
            await asyncio.sleep(0.01)
        await put(database, clock, "2", "quick")
        while not channel.sent:
            await asyncio.sleep(0.01)
    assert channel.sent == [("2", "quick")]
    held.set()
    async with asyncio.timeout(5):
        while len(channel.sent) < 3:
            await asyncio.sleep(0.01)
    assert channel.sent[1:] == [("1", "slow"), ("1", "after it")]
    worker.stop()
    await asyncio.wait_for(running, 5)


async def test_outcomes_that_come_together_are_saved_together(database, worker, channel, clock):
    """Every delivery of a batch is marked with its own outcome."""
    for number in range(5):
        await put(database, clock, str(number), "m")
    channel.faults = [TryLater("down"), Undeliverable("gone")]
    await worker.deliver_due()
    found = [(d.status, d.last_error, d.remote_id is None) for d in await deliveries(database)]
    waiting, failed, sent = DeliveryStatus.WAITING, DeliveryStatus.FAILED, DeliveryStatus.SENT
    assert found[:2] == [(waiting, "down", True), (failed, "gone", True)]
    assert found[2:] == [(sent, None, False)] * 3


async def test_an_outcome_that_cannot_be_saved_is_no_loss(
    database, worker, channel, clock, monkeypatch
):
    """When the database fails after the sending, the lease runs out and the message goes again."""
    await put(database, clock, "1", "a")

    @asynccontextmanager
    async def broken():
        raise OSError("gone")
        yield

    real = database.write
    writes = iter([real])
    monkeypatch.setattr(database, "write", lambda: next(writes, broken)())  # noqa: PLW0108 - a new one each time
    await worker.deliver_due()
    monkeypatch.setattr(database, "write", real)
    [delivery] = await deliveries(database)
    assert delivery.status == DeliveryStatus.WAITING
    clock.pass_(seconds=LEASE.total_seconds() + 1)
    worker._pace = Pace(lambda: 0.0)
    await worker.deliver_due()
    [delivery] = await deliveries(database)
    assert delivery.status == DeliveryStatus.SENT


async def test_stopping_finishes_what_is_being_sent(database, worker, channel, clock):
    """A worker told to stop in the middle of sending marks the message as sent before it ends."""
    await put(database, clock, "1", "a")
    channel.pause = 0.2
    running = asyncio.create_task(worker.run())
    await asyncio.sleep(0.1)
    worker.stop()
    await asyncio.wait_for(running, 5)
    [delivery] = await deliveries(database)
    assert delivery.status == DeliveryStatus.SENT
