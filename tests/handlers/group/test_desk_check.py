"""What a group is told that it still needs."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot.models import Staff
from bot.texts import texts
from tests.conftest import TOKEN, House, attach, settings_for
from tests.handlers.conftest import Browser
from tests.handlers.group.test_desk_in_telegram import until


@pytest.fixture
async def house(sqlite_url, telegram, clock, town):
    """The application with a group for one queue, on SQLite; gives the group too."""
    group = telegram.group("Neuvonta", forum=True)
    settings = settings_for(
        sqlite_url,
        telegram_token=TOKEN,
        telegram_api_url=telegram.url,
        staff_group=(("events", group.id),),
    )
    async with House(settings, clock, town) as built:
        attach(telegram, built)
        yield built, group


async def report(group, person):
    """The lines of the answer to /desk."""
    await person.command("/desk", group)
    return (await group.hears("\n")).text.splitlines()


def marks(lines):
    return [line[0] for line in lines]


async def test_all_is_well(house, telegram):
    """With everything in order, only the queues without a group and the untied are left to see to."""
    built, group = house
    await built.staff("Maija", queues=["events"])
    await built.staff("Pekka", queues=["general"])
    lines = await report(group, telegram.person())
    assert marks(lines) == list("✓✓✓✓✓✗✗")
    assert "Tapahtumat ja luvat" in lines[4]
    assert "Digituki" in lines[5]
    assert "Maija" in lines[6]
    assert "Pekka" not in lines[6]
    async with built.database.write() as session:
        (await session.scalars(select(Staff).where(Staff.name == "Maija"))).one().telegram_id = "1"
    # Who was cut off is not waited for; who signs in with the town's account is.
    await built.staff("Outi", queues=["events"])
    await built.staff("Kaisa", queues=["events"])
    async with built.database.write() as session:
        rows = {one.name: one for one in await session.scalars(select(Staff))}
        rows["Outi"].cut_off_at = built.clock()
        rows["Kaisa"].password_hash, rows["Kaisa"].town_account = None, "kaisa"
    lines = await report(group, telegram.person())
    assert marks(lines) == list("✓✓✓✓✓✗✗")
    assert "Outi" not in lines[6]
    assert "Kaisa" in lines[6]
    async with built.database.write() as session:
        rows = {one.name: one for one in await session.scalars(select(Staff))}
        rows["Kaisa"].telegram_id = "2"
    lines = await report(group, telegram.person())
    assert marks(lines) == list("✓✓✓✓✓✗✓")


async def test_everything_is_missing(house, telegram):
    """An ordinary group without rights, reading and inline mode is told each of them."""
    _built, _group = house
    telegram.abilities = dict.fromkeys(telegram.abilities, False)
    plain = telegram.group("Kahvihuone", kind="supergroup")
    lines = await report(plain, telegram.person())
    assert marks(lines) == list("✗✗✗✗✗")
    assert f"NEUVOKAS_STAFF_GROUP={plain.id}" in lines[-1]


async def test_another_bots_command(house, telegram):
    """A command that names another bot is left to it."""
    _built, group = house
    person = telegram.person()
    await person.command("/desk@another_bot", group)
    lines = await report(group, person)
    assert len(group.messages) == 1
    assert lines


async def test_the_groups_menu(house, telegram):
    """The group's menu lists the staff's commands in each language."""
    _built, group = house

    def menus():
        scoped = [key for key in telegram.commands if str(group.id) in key[0]]
        return {language for _scope, language in scoped}

    await until(lambda: menus() == {"", "fi", "sv", "en"})
    [menu] = [
        commands
        for (scope, language), commands in telegram.commands.items()
        if str(group.id) in scope and language == "sv"
    ]
    names = [command["command"] for command in menu]
    tickets = ["claim", "note", "transfer", "release", "close", "reopen"]
    assert names == [*tickets, "off", "on", "desk"]
    assert menu[0]["description"] == texts("sv").gettext("Claim the ticket")


async def test_a_group_that_is_not_there_stops_nothing(sqlite_url, telegram, clock, town):
    """A mistyped group is a warning and an alarm; residents are served."""
    settings = settings_for(
        sqlite_url,
        telegram_token=TOKEN,
        telegram_api_url=telegram.url,
        staff_group=(("", -1009999999999),),
    )
    async with House(settings, clock, town) as built:
        person = telegram.person()
        await person.says("hei")
        await person.hears("Neuvokas")
        async with asyncio.timeout(10):
            while not (alarms := (await Browser(built).opens("/readyz")).json["alarms"]):
                await asyncio.sleep(0.1)
        assert [alarm["faults"] for alarm in alarms] == [["out"]]
    while telegram.violations:
        telegram.expected("chat not found")
