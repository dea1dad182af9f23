"""Switching answers off over HTTP: in every process at once, with nothing typed lost."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.models import Role
from handlers.keys import TOWN
from tests.conftest import House, WebResident, make_resident, settings_for
from tests.handlers.conftest import Browser, escalated

PATH = "/staff/switches"
PRICE = "Mitä digituki maksaa?"
# Two seconds are promised; a busy machine may be slow without anything being wrong.
PATIENCE = 10


@pytest.fixture
async def liisa(house):
    """A lead's browser."""
    await house.staff("Liisa", Role.LEAD, [])
    return await Browser(house).signs_in("Liisa")


async def test_two_processes(postgres_url, clock, town):
    """What is switched off in one process is off in the other by itself, and on again too."""
    async with (
        House(settings_for(postgres_url), clock, town) as one,
        House(settings_for(postgres_url), clock, town) as other,
    ):
        await one.staff("Liisa", Role.LEAD, [])
        liisa = await Browser(one).signs_in("Liisa")
        resident = WebResident(other, "fi")
        given = await resident.says(PRICE)
        for what, standing in (
            ("entry:digituki-price", "entry:digituki-price"),
            ("topic:digital-support", "topic:digital-support"),
            ("all", "all:"),
        ):
            form = {"what": what, "sure": "1", "reason": "Hinta on muuttunut."}
            assert (await liisa.sends(PATH, **form)).status == 303
            assert (await said_until(resident, lambda said: said != given)) != given
            assert (await liisa.sends(PATH, what=standing, on="1")).status == 303
            assert await said_until(resident, lambda said: said == given) == given


async def said_until(resident, holds):
    """What the bot says to the question, asked again and again until it holds or patience has ended."""
    end = time.monotonic() + PATIENCE
    while True:
        said = await resident.says(PRICE)
        if holds(said) or time.monotonic() > end:
            return said
        await asyncio.sleep(0.05)


@pytest.fixture
def postgres_url(request, tmp_path):
    """A fresh, migrated PostgreSQL database: processes share no SQLite file."""
    from tests.conftest import _fresh  # noqa: PLC0415 - only here

    yield from _fresh(request, tmp_path, "postgres")


async def test_a_process_that_starts_knows(either_house, clock, town):
    """A process that starts while something is off does not answer it from the first message on."""
    await either_house.staff("Liisa", Role.LEAD, [])
    liisa = await Browser(either_house).signs_in("Liisa")
    await liisa.sends(PATH, what="all", sure="1", reason="Kaikki väärin.")
    await either_house.stop()
    await either_house.start()
    assert either_house.app[TOWN]().off.is_all


@pytest.mark.parametrize("door", ["web", "telegram"])
async def test_every_door(full_house, telegram, door):
    """With all off, each channel gets the honest text, and asking a person makes a ticket."""
    maija = await full_house.staff()
    await full_house.staff("Liisa", Role.LEAD, [])
    resident = make_resident(door, full_house, telegram, "en")
    await resident.arrives()
    liisa = await Browser(full_house).signs_in("Liisa")
    await liisa.sends(PATH, what="all", sure="1", reason="Wrong.")
    await resident.says("How much does digital support cost?")
    assert "I do not give automatic answers at the moment" in (await resident.heard())[-1]
    await resident.presses("Talk to a person")
    [number] = await maija.queue(queue="digital-support")
    await maija.replies(number, "It costs nothing.")
    assert "It costs nothing." in await resident.hears("It costs nothing.")


async def test_repeat_does_not_bring_it_back(house, liisa):
    """An answer that was switched off is not said once more, by whatever words."""
    resident = WebResident(house, "en")
    [given] = (await resident.says("How much does digital support cost?"))[-1:]
    assert (await resident.says("repeat"))[-1] == given
    await liisa.sends(PATH, what="digituki-price", reason="Wrong.")
    for words in ("repeat", "How much does digital support cost?"):
        assert "brought up to date" in (await resident.says(words))[-1]


async def test_repeat_of_a_guide_that_is_off(house, liisa):
    """The guide's last words are not said once more either."""
    resident = WebResident(house, "en")
    await resident.says("I am organising a street festival for 300 people")
    await liisa.sends(PATH, what="guide", reason="Fees changed.")
    assert "event guide is not in use" in (await resident.says("repeat"))[-1]


async def test_the_chat_page_says_so(house, liisa, browser):
    """Whoever opens the chat while all is off is told before writing anything."""
    line = "Automatic answers are not in use at the moment."
    assert line not in (await browser.opens("/?lang=en")).words
    await liisa.sends(PATH, what="all", sure="1", reason="Wrong.")
    assert line in (await browser.opens("/?lang=en")).words


async def test_every_staff_page_says_so(house, liisa):
    """While anything is off, each page of staff says what, by whom and why; residents see no reason."""
    await house.staff("Maija")
    maija = await Browser(house).signs_in("Maija")
    _resident, number = await escalated(house, PRICE)
    for path in ("/staff", "/staff/book", f"/staff/tickets/{number}"):
        assert "switched-off" not in (await maija.opens(path)).text
    await liisa.sends(PATH, what="topic:travel", reason="Timetables <changed>.")
    for path in ("/staff", "/staff/book", f"/staff/tickets/{number}"):
        page = await maija.opens(path)
        assert "switched-off" in page.text
        assert "Timetables <changed>." in page.words
        assert "<changed>" not in page.text
        assert "/staff/switches" not in page.text
    assert "/staff/switches" in (await liisa.opens("/staff/people")).text
    assert "Timetables" not in (await Browser(house).opens("/")).text


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ({"what": "entry:digituki-price", "reason": ""}, 'value="entry:digituki-price" selected'),
        ({"what": "entry:digituki-price", "reason": "x" * 301}, "x" * 301),
        ({"what": "topic:travel", "reason": " "}, 'value="topic:travel" selected'),
        ({"what": "all", "reason": "No tick."}, "No tick."),
        ({"what": "", "reason": "Nothing chosen."}, "Nothing chosen."),
        ({"what": "topic:", "reason": "No topic."}, "No topic."),
        ({"what": "entry:gone", "reason": "No such entry."}, "No such entry."),
        ({"reason": "No field."}, "No field."),
        ({"what": "guide\x00", "reason": "Odd."}, "Odd."),
    ],
)
async def test_what_cannot_be_switched_is_explained(house, liisa, form, kept):
    """What is missing is said at its form, what was typed is still there, and nothing is switched."""
    answer = await liisa.sends(PATH, **form)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert kept in answer.text
    assert not house.app[TOWN]().off


async def test_signed_out_meanwhile(house, liisa):
    """The reason typed on a page whose sign-in has ended is kept on the sign-in page."""
    await liisa.sends("/staff/sign-out")
    answer = await liisa.sends(PATH, what="all", sure="1", reason="Everything is wrong.")
    assert answer.status == 401
    assert "Everything is wrong." in answer.words
    assert not house.app[TOWN]().off


async def test_history_and_on_again(house, liisa):
    """The page shows what is off with a button to switch it on, and who switched what and why."""
    await liisa.sends(PATH, what="digituki-price", reason="Hinta muuttui.")
    page = await liisa.opens(PATH)
    assert 'value="entry:digituki-price"><button name="on"' in page.text
    assert (await liisa.sends(PATH, what="entry:digituki-price", on="1")).status == 303
    page = await liisa.opens(PATH)
    assert '<button name="on"' not in page.text
    assert page.text.count("Hinta muuttui.") == 1
    # Pressed on a page that is out of date: nothing is left to switch on, and nothing breaks.
    assert (await liisa.sends(PATH, what="entry:digituki-price", on="1")).status == 303


async def test_what_the_book_has_no_more_can_be_switched_on(house, liisa):
    """An entry that was removed while it was off does not stay in the list for ever."""
    from bot.models import Switch  # noqa: PLC0415 - only here

    async with house.database.write() as session:
        session.add(
            Switch(
                scope="entry",
                name="gone",
                is_off=True,
                reason="Old.",
                staff_name="Liisa",
                at=house.clock(),
            )
        )
    assert "gone" in (await liisa.opens(PATH)).text
    assert (await liisa.sends(PATH, what="entry:gone", on="1")).status == 303
    assert '<button name="on"' not in (await liisa.opens(PATH)).text
