"""One's own account: the page, and the tie with a Telegram account from both its ends."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from bot.errors import NotFound, Unauthenticated
from bot.group import ties
from bot.models import Audit, Credential, Role, Staff
from bot.texts import texts
from tests.conftest import TOKEN, House, attach, settings_for, settled
from tests.handlers.conftest import Browser

CODE = re.compile(r"[ABCDEFGHJKMNPQRTUVWXYZ2346789]{5}-[ABCDEFGHJKMNPQRTUVWXYZ2346789]{5}")


def said(text, **values):
    """What the bot says in Finnish."""
    return texts("fi").gettext(text).format(**values)


WRONG = "This code does not work (any more). Make a new one and send it within ten minutes."


@pytest.fixture
async def served(sqlite_url, telegram, clock, town):
    """The application with Telegram, without a staff group."""
    settings = settings_for(sqlite_url, telegram_token=TOKEN, telegram_api_url=telegram.url)
    async with House(settings, clock, town) as built:
        attach(telegram, built)
        yield built


async def person_named(session, name="Maija"):
    return (await session.scalars(select(Staff).where(Staff.name == name))).one()


async def added(database, clock, name="Maija"):
    """A member of staff in the database alone."""
    async with database.write() as session:
        person = Staff(
            name=name, role=Role.STAFF, queues=[], password_hash=None, created_at=clock()
        )
        session.add(person)
    return person


async def test_a_code_ties_once(database, clock):
    """A code ties one account once, however it is written; only its hash is kept."""
    await added(database, clock)
    async with database.write() as session:
        code = await ties.new_code(session, await person_named(session), clock())
        assert CODE.fullmatch(code)
        [kept] = await session.scalars(select(Credential))
        assert code not in kept.hash
        assert code.replace("-", "") not in kept.hash
    async with database.write() as session:
        tied = await ties.tie(session, f" {code.lower().replace('-', ' ')} ", "1001", clock())
        assert (tied.name, tied.telegram_id) == ("Maija", "1001")
    async with database.write() as session:
        with pytest.raises(NotFound):
            await ties.tie(session, code, "1002", clock())
        assert (await ties.tied(session, "1001", lock=True)).name == "Maija"


@pytest.mark.parametrize("why", ["late", "replaced", "untied", "unknown", "empty", "another kind"])
async def test_a_code_that_ties_nobody(database, clock, why):
    """A code that is late, replaced, unknown or something else ties nobody."""
    await added(database, clock)
    async with database.write() as session:
        person = await person_named(session)
        code = await ties.new_code(session, person, clock())
        if why == "late":
            clock.pass_(minutes=10, seconds=1)
        elif why == "replaced":
            await ties.new_code(session, person, clock())
        elif why == "untied":
            await ties.untie(session, person)
        elif why == "another kind":
            (await session.scalars(select(Credential))).one().kind = "invitation"
        else:
            code = "" if why == "empty" else "AAAAA-AAAAA"
    async with database.write() as session:
        with pytest.raises(NotFound):
            await ties.tie(session, code, "1001", clock())
        with pytest.raises(Unauthenticated):
            await ties.tied(session, "1001")


async def test_an_account_stands_for_one_person(database, clock):
    """Tying an account that was somebody else's ends that tie; nobody has two accounts."""
    await added(database, clock)
    await added(database, clock, "Pekka")
    for name, account in (("Maija", "1"), ("Pekka", "1"), ("Pekka", "2")):
        async with database.write() as session:
            code = await ties.new_code(session, await person_named(session, name), clock())
            await ties.tie(session, code, account, clock())
    async with database.read() as session:
        assert (await person_named(session)).telegram_id is None
        assert (await person_named(session, "Pekka")).telegram_id == "2"
        with pytest.raises(Unauthenticated):
            await ties.tied(session, "1")
        with pytest.raises(Unauthenticated):
            await ties.tied(session, "")


async def test_tied_from_the_page(served, telegram):
    """A code made on the page and sent in private ties; untied on the page, it is over at once."""
    await served.staff()
    browser = await Browser(served).signs_in()
    assert "/staff/me" in (await browser.opens("/staff")).text
    before = await browser.opens("/staff/me")
    assert "Maija" in before.text
    # Signing in and Telegram are parts of one page, with a code and without.
    assert "/staff/me/sessions" in before.text
    assert not CODE.search(before.text)
    answer = await browser.sends("/staff/me/telegram")
    code = CODE.search(answer.text)[0]
    assert f"https://t.me/neuvokas_test_bot?start=tie_{code}" in answer.text
    assert "/staff/me/sessions" in answer.text
    assert not CODE.search((await browser.opens("/staff/me")).text)
    person = telegram.person(first_name="Maija")
    await person.command(f"/start tie_{code}")
    await person.hears("Maija")
    page = await browser.opens("/staff/me")
    assert 'name="untie"' in page.text
    answer = await browser.sends("/staff/me/telegram", untie="1")
    assert (answer.status, answer.location) == (303, "/staff/me#telegram")
    async with served.database.read() as session:
        with pytest.raises(Unauthenticated):
            await ties.tied(session, str(person.id))
        noted = await session.scalars(select(Audit).where(Audit.act.startswith("telegram")))
        assert [(one.act, one.staff_name) for one in noted] == [
            ("telegram_tied", "Maija"),
            ("telegram_untied", "Maija"),
        ]


async def test_a_code_of_somebody_cut_off(database, clock):
    """A code ties nobody who was cut off, and a tie that is left of them opens nothing."""
    await added(database, clock)
    async with database.write() as session:
        person = await person_named(session)
        code = await ties.new_code(session, person, clock())
        person.telegram_id, person.cut_off_at = "1001", clock()
    async with database.write() as session:
        with pytest.raises(NotFound):
            await ties.tie(session, code, "1002", clock())
        with pytest.raises(Unauthenticated):
            await ties.tied(session, "1001")


async def test_without_telegram(house, browser):
    """Where Telegram is not served the page says so."""
    await house.staff()
    await browser.signs_in()
    page = await browser.opens("/staff/me")
    assert said("Telegram is not in use in this service.") in page.words
    assert "/staff/me/telegram" not in page.text


async def test_how_to_tie_is_told(served, telegram):
    """/tie without a code, and the address that refusals name, say how it is done."""
    person = telegram.person()
    for text in ("/tie", "/start tie", "/tie@neuvokas_test_bot"):
        await person.command(text)
        assert "/staff/me" in (await person.hears("/staff/me")).text


async def test_guessing_ends(served, telegram):
    """After five wrong codes even the right one must wait."""
    await served.staff()
    person = telegram.person()
    for _ in range(5):
        await person.command("/tie AAAAA-AAAAA")
        await person.hears(said(WRONG))
    async with served.database.write() as session:
        code = await ties.new_code(session, await person_named(session), served.clock())
    await person.command(f"/tie {code}")
    await person.hears(said("Too many tries. Wait ten minutes, make a new code and send it."))
    other = telegram.person()
    await other.command(f"/tie {code}")
    await other.hears("Maija")


async def test_the_same_tie_again(served, telegram):
    """A code that Telegram delivers twice is not called wrong the second time."""
    await served.staff()
    person = telegram.person()
    async with served.database.write() as session:
        code = await ties.new_code(session, await person_named(session), served.clock())
    await person.command(f"/tie {code}")
    await person.hears("Maija")
    telegram.redeliver()
    await settled(telegram)
    await asyncio.sleep(0.3)
    assert len(person.heard) == 1


async def test_untied_in_telegram(served, telegram):
    """/untie ends the tie, and says so; without one it says that too."""
    await served.staff()
    person = telegram.person()
    async with served.database.write() as session:
        (await person_named(session)).telegram_id = str(person.id)
    await person.command("/untie")
    await person.hears(said("Your Telegram account is not tied any more."))
    await person.command("/untie")
    await person.hears(said("Your Telegram account is not tied to anybody."))


async def test_staff_are_residents_too(served, telegram):
    """What a tied member of staff writes to the bot in private is a question like anybody's."""
    await served.staff()
    person = telegram.person()
    async with served.database.write() as session:
        (await person_named(session)).telegram_id = str(person.id)
    await person.says("hei")
    await person.hears("Neuvokas")
