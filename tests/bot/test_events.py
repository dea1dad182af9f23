"""Events kept, reminded of, moved, and taken along to another channel; on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot import events
from bot.conversation import begin, hear
from bot.models import Channel, Conversation, Event, Message, MovingCode, Reminder
from bot.permits import plan
from bot.permits.reminders import reminders
from bot.respond import Kind, Utterance
from tests.conftest import HELSINKI

SAID = "I am organising a concert for 800 people at Kansalaistori on 12 June 3pm-10pm"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Resident:
    """Somebody who talks to the conversation itself."""

    def __init__(self, database, town, number="1", locale="en"):
        self.database, self.town, self.number, self.locale = database, town, number, locale
        self.now = NOW
        self.sent = 0

    async def says(self, text, kind=Kind.TEXT):
        self.sent += 1
        said = Utterance(
            Channel.TELEGRAM, self.number, text, kind, f"{self.number}:{self.sent}", self.locale
        )
        async with self.database.write() as session:
            return [message.text for message in await hear(session, said, self.town, self.now)][1:]

    async def presses(self, value):
        return await self.says(value, Kind.CHOICE)

    async def plans(self):
        """Tell of an event and let the guide plan it."""
        await self.says(SAID)
        await self.says("yes")
        return await self.presses("g.plan")

    async def heard(self):
        """Everything said to the resident, oldest first."""
        async with self.database.read() as session:
            query = (
                select(Message.text)
                .join(Conversation)
                .where(Conversation.address == self.number, Message.author != "resident")
                .order_by(Message.id)
            )
            return (await session.scalars(query)).all()


async def waiting(database):
    async with database.read() as session:
        query = select(Reminder).where(Reminder.sent_at.is_(None)).order_by(Reminder.due_at)
        return (await session.scalars(query)).all()


@pytest.fixture
def resident(database, town):
    return Resident(database, town)


async def test_reminders_follow_the_plan(database, town, resident):
    """Asked for, reminders stand before each deadline; ticked off, moved or stopped, they follow."""
    await resident.plans()
    assert await waiting(database) == []
    await resident.presses("g.remind")
    first = await waiting(database)
    assert first
    facts = {"kind": "public_event", "city": "helsinki", "peak": 800, "place": "city_square", "concert": True,
             "start": "2027-06-12T15:00", "end": "2027-06-12T22:00"}  # fmt: skip
    assert [(one.duty, one.due_at) for one in first] == [
        (due.duty, due.at.astimezone(UTC)) for due in reminders(plan(facts, NOW))
    ]
    await resident.presses("g.done:P06")
    assert {one.duty for one in await waiting(database)} == {one.duty for one in first} - {"P06"}
    await resident.presses("g.undone:P06")
    assert {one.duty for one in await waiting(database)} == {one.duty for one in first}
    said = await resident.says("the concert is on 19 June 3pm-10pm after all")
    assert "other date" in said[-1]
    moved = await waiting(database)
    assert moved[0].due_at > first[0].due_at
    await resident.presses("g.quiet")
    assert await waiting(database) == []


async def test_a_reminder_comes_once(database, town, resident):
    """Due reminders come in one message an event, in its language, and never again."""
    await resident.plans()
    await resident.presses("g.remind")
    due = (await waiting(database))[0].due_at
    heard = len(await resident.heard())
    assert await events.remind(database, town, due - timedelta(seconds=1)) == 0
    assert await events.remind(database, town, due) == 1
    assert await events.remind(database, town, due) == 0
    new = (await resident.heard())[heard:]
    assert len(new) == 1
    assert "A reminder about your event" in new[0]


async def test_reminders_at_once_come_once(database, town, resident):
    """Two workers that look at the same moment remind once."""
    await resident.plans()
    await resident.presses("g.remind")
    due = (await waiting(database))[0].due_at
    heard = len(await resident.heard())
    await asyncio.gather(*(events.remind(database, town, due) for _ in range(4)))
    assert len(await resident.heard()) == heard + 1


async def test_after_a_long_rest_one_message_tells_all(database, town, resident):
    """A service that was down reminds of everything due in one message, and says what has passed."""
    await resident.plans()
    await resident.presses("g.remind")
    heard = len(await resident.heard())
    await events.remind(database, town, datetime(2027, 6, 8, 9, tzinfo=HELSINKI))
    new = (await resident.heard())[heard:]
    assert len(new) == 1
    assert "passed" in new[0]


async def test_an_event_goes_along_by_a_code(database, town, resident):
    """The code brings event, ticks and reminders to the other channel, once; the old one says so."""
    await resident.plans()
    await resident.presses("g.remind")
    await resident.presses("g.done:P06")
    code = (await resident.presses("g.move"))[-1].split(":\n")[1][:9]
    other = Resident(database, town, "2")
    said = await other.says(f" {code.lower()} ")
    assert "Your event is here now" in said[-1]
    assert "Done already: 1." in said[-1]
    assert "taken along" in (await resident.heard())[-1]
    assert "does not work" in (await other.says(code))[-1]
    due = (await waiting(database))[0].due_at
    await events.remind(database, town, due)
    assert "A reminder" in (await other.heard())[-1]
    assert "A reminder" not in (await resident.heard())[-1]
    # The old channel may begin another event, which is another one.
    await resident.plans()
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Event)) == 2


async def test_codes_that_do_not_work(database, town, resident):
    """A wrong, old or replaced code opens nothing and says how to get another."""
    await resident.plans()
    code = (await resident.presses("g.move"))[-1].split(":\n")[1][:9]
    newer = (await resident.presses("g.move"))[-1].split(":\n")[1][:9]
    other = Resident(database, town, "2")
    assert "does not work" in (await other.says("BCDF-GHJK"))[-1]
    assert "does not work" in (await other.says(code))[-1]
    other.now = NOW + events.CODE_LASTS + timedelta(seconds=1)
    assert "does not work" in (await other.says(newer))[-1]


async def test_a_code_kept_as_a_hash_only(database, resident):
    """Who reads the database cannot take an event along."""
    await resident.plans()
    code = (await resident.presses("g.move"))[-1].split(":\n")[1][:9]
    async with database.read() as session:
        kept = (await session.scalars(select(MovingCode.hash))).one()
    assert code.replace("-", "") not in kept
    assert len(kept) == 64


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("BCDF-GHJK", "BCDFGHJK"), ("bcdf ghjk", "BCDFGHJK"), ("/start BCDFGHJK", "BCDFGHJK"), (" bcdfghjk\n", "BCDFGHJK"),
        ("moi moi", None), ("BCDF-GHJ", None), ("ABCD-EFGH", None), ("code BCDF-GHJK", None), ("", None),
    ],
)  # fmt: skip
def test_code_in(text, letters):
    """A code is seen however it is written, and only when it stands alone."""
    assert events.code_in(text) == letters


async def test_a_used_code_in_its_own_conversation(database, resident):
    """Who writes the code where the event is goes on there."""
    await resident.plans()
    code = (await resident.presses("g.move"))[-1].split(":\n")[1][:9]
    assert "Your event is here now" in (await resident.says(code))[-1]


async def test_two_take_the_same_code(database, town, resident):
    """Of two who use a code at once exactly one gets the event."""
    await resident.plans()
    code = (await resident.presses("g.move"))[-1].split(":\n")[1][:9]
    others = [Resident(database, town, str(number)) for number in (2, 3)]
    said = await asyncio.gather(*(other.says(code) for other in others))
    assert sorted("Your event is here now" in lines[-1] for lines in said) == [False, True]


async def test_web_residents_are_told_where_reminders_appear(database, town):
    """On the web nothing rings: the calendar and Telegram are offered."""
    async with database.write() as session:
        conversation, *_ = await begin(session, "en", town, NOW)
        for number, (text, kind) in enumerate(
            (
                (SAID, Kind.TEXT),
                ("yes", Kind.TEXT),
                ("g.plan", Kind.CHOICE),
                ("g.remind", Kind.CHOICE),
            )
        ):
            said = Utterance(Channel.WEB, conversation.id, text, kind, f"web:{number}")
            heard = await hear(session, said, town, NOW, conversation)
    assert "when you open this page" in heard[-1].text
