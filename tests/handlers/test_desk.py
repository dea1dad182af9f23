"""The staff's desk in Telegram: a group's topics and the console are two views of one log."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot import ties
from bot.models import Staff, Status, Ticket
from tests.conftest import TOKEN, House, attach, settings_for
from tests.handlers.conftest import escalated


@pytest.fixture
def group(telegram):
    """The staff's group, with topics, where the bot is an administrator."""
    return telegram.group("Neuvonta", forum=True)


@pytest.fixture
async def desk(sqlite_url, telegram, group, clock, town):
    """The application with one group for all queues, on SQLite."""
    async with opened(sqlite_url, telegram, clock, town, (("", group.id),)) as built:
        yield built


@pytest.fixture
async def either_desk(database_url, telegram, group, clock, town):
    """The application with one group for all queues, on each database."""
    async with opened(database_url, telegram, clock, town, (("", group.id),)) as built:
        yield built


def opened(url, telegram, clock, town, groups):
    """The application with these groups."""
    settings = settings_for(
        url, telegram_token=TOKEN, telegram_api_url=telegram.url, staff_group=groups
    )
    built = House(settings, clock, town)
    attach(telegram, built)
    return built


class Colleague:
    """A member of staff with a Telegram account that is tied."""

    def __init__(self, house, member, person, group):
        self.house, self.member, self.person, self.group = house, member, person, group

    async def claims(self, topic):
        """Press Claim in a topic, and return what was shown."""
        return await self.presses("Ota hoitoon", topic)

    async def presses(self, label, topic):
        """Press a button in a topic, and return what was shown."""
        press = await self.person.presses(label, self.group, topic=topic)
        await until(lambda: press.answer is not None)
        return press.answer.get("text", "")

    async def writes(self, text, topic):
        """Write in a topic; return the message's number."""
        return await self.person.says(text, self.group, topic=topic)


async def until(condition, seconds=8):
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def colleague(house, telegram, group, name="Maija", **kwargs):
    """A member of staff whose Telegram account is tied by a code, as it is done for real."""
    member = await house.staff(name, **kwargs)
    person = telegram.person(language_code="fi", first_name=name)
    async with house.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == name))
        code = await ties.new_code(session, staff, house.clock())
    await person.command(f"/tie {code}")
    await person.hears(name)
    return Colleague(house, member, person, group)


async def rows(house, table, *where):
    async with house.database.read() as session:
        return (await session.scalars(select(table).where(*where))).all()


async def ticket_of(house, number):
    [ticket] = await rows(house, Ticket, Ticket.id == int(number.removeprefix("N-")) - 1000)
    return ticket


async def test_new_ticket_gets_a_topic(either_desk, group):
    """A new ticket gets a topic with number, language, queue, who waits, the question and a button."""
    _resident, number = await escalated(either_desk, "Puhelimeni näyttää vain sinistä ruutua.")
    post = await group.hears(number)
    topic = group.topic(number)
    assert topic.name == f"{number} · fi · Puhelimeni näyttää vain sinistä ruutua."
    assert post.message["message_thread_id"] == topic.thread
    assert "Suomi" in post.text
    assert "Verkkochat" in post.text or "Web chat" in post.text
    assert "Puhelimeni näyttää vain sinistä ruutua." in post.text
    assert [button["text"] for button in post.buttons] == ["Ota hoitoon"]


async def test_claimed_answered_and_closed_in_telegram(either_desk, telegram, group):
    """A ticket's whole life in its topic: claim, reply, the resident's answer, close."""
    maija = await colleague(either_desk, telegram, group)
    resident, number = await escalated(either_desk, "Miten saan tabletin takaisin päälle?")
    await group.hears(number)
    topic = group.topic(number)
    assert number in await maija.claims(topic)
    await group.hears("Maija")
    assert topic.name.startswith(f"{number} · fi · Maija · Miten")
    sent = await maija.writes("Pidä virtanappia pohjassa kymmenen sekuntia.", topic)
    assert "Maija: Pidä virtanappia" in await resident.hears("virtanappia")
    await until(lambda: group.reacted.get(sent) == ["👍"])
    await resident.says("Kiitos, se auttoi!")
    await group.hears("Kiitos, se auttoi!")
    # What was written here already is not posted here again.
    assert not any("virtanappia" in text for text in group.shown_in(topic))
    await maija.presses("Sulje", topic)
    await until(lambda: topic.closed)
    assert topic.name.startswith(f"✓ {number}")
    assert (await ticket_of(either_desk, number)).status == Status.CLOSED
