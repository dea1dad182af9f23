"""The queues' pages as a browser without JavaScript meets them, and what changes when they are used."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import ChangedMeanwhile, NotFound, QueueNeeded
from bot.models import Delivery, KeptRule, Role, Ticket
from bot.people import staff as people
from bot.texts import texts
from handlers.keys import TOWN
from tests.conftest import House, WebResident, settings_for
from tests.handlers.conftest import Browser, escalated, lead, told

HOURS = {f"hours_{day}": "9-15" if day < 5 else "" for day in range(7)}
GOOD = {
    "title_fi": "Oma jono", "title_sv": "Egen kö", "title_en": "Own queue", **HOURS,
    "exceptions": "", "languages": "fi", "first_reply": "", "resolve": "", "fallback": "",
}  # fmt: skip


@pytest.fixture
async def desk(house):
    """Liisa, a lead, signed in."""
    await lead(house)
    return await Browser(house).signs_in("Liisa")


async def saves(browser, queue="general", **changes):
    page = await browser.opens(f"/staff/queues/{queue}")
    version = page.field("version") if page.status == 200 else ""
    return await browser.sends(f"/staff/queues/{queue}", **{**GOOD, "version": version, **changes})


def queue_now(house, id_="general"):
    return house.app[TOWN]().book.queues[id_]


async def test_list(house, desk):
    """Leads see every queue with its hours, promises and who reads what; where nobody does, it says so."""
    await house.staff("Maija", queues=["general"])
    page = await desk.opens("/staff/queues")
    words = texts("fi")
    assert page.status == 200
    for queue in house.town.book.queues.values():
        assert queue.titles["fi"] in page.words
    assert words.gettext("nobody") in page.words
    assert words.gettext("the book") in page.words
    assert 'href="/staff/queues"' in (await desk.opens("/staff")).text


async def test_change_is_used_at_once_and_shown(house, desk):
    """A lead's change is promised to the next resident, kept, and shown with who and when."""
    answer = await saves(desk, hours_0="9-13", first_reply="60", resolve="120")
    assert (answer.status, answer.location) == (303, "/staff/queues/general?done=saved")
    page = await desk.opens(answer.location)
    assert "Liisa" in page.words
    assert 'value="9.00–13.00"' in page.text
    assert "Oma jono" in page.words
    resident, number = await escalated(house, locale="en")
    assert "today by 11:3" in (await resident.heard())[-1]
    async with house.database.read() as session:
        ticket = await session.scalar(select(Ticket))
    assert ticket.number == number
    # It is 10:30 and the queue closes at 13.
    assert (ticket.reply_by - ticket.opened_at) == timedelta(minutes=60)
    assert (ticket.resolve_by - ticket.opened_at) == timedelta(minutes=120)
    assert "Liisa" in (await desk.opens("/staff/queues")).words


async def test_change_outlives_a_restart_and_reaches_others(database_url, clock, town):
    """What a lead set is there after a restart, and in another process at once."""
    async with House(settings_for(database_url), clock, town) as first:
        await lead(first)
        browser = await Browser(first).signs_in("Liisa")
        if first.database.is_postgres:
            async with House(settings_for(database_url), clock, town) as second:
                await saves(browser)
                async with asyncio.timeout(4):
                    while queue_now(second).titles["fi"] != "Oma jono":
                        await asyncio.sleep(0.02)
        else:
            await saves(browser)
    async with House(settings_for(database_url), clock, town) as again:
        assert queue_now(again).titles["fi"] == "Oma jono"
    assert town.book.queues["general"].titles["fi"] != "Oma jono"


async def test_back_to_the_book(house, desk):
    """The book's values can be had back, and the page says that they are in use."""
    before = queue_now(house)
    await saves(desk)
    assert queue_now(house) != before
    answer = await desk.sends("/staff/queues/general/book")
    assert answer.location == "/staff/queues/general?done=book"
    assert queue_now(house) == before
    page = await desk.opens(answer.location)
    assert texts("fi").gettext("The book's values are in use again.") in page.words
    assert (await desk.sends("/staff/queues/general/book")).status == 303


async def test_faults_stand_at_their_fields_and_nothing_is_lost(house, desk):
    """Bad input is explained at each field, every word typed stays, and nothing is changed."""
    before = queue_now(house)
    typed = {
        "title_fi": "", "title_en": '"><b>Own', "hours_2": "yhdeksästä", "exceptions": "huomenna 9–12",
        "first_reply": "4 tuntia", "resolve": "0", "fallback": "gone",
    }  # fmt: skip
    answer = await saves(desk, **typed)
    assert answer.status == 422
    for field, value in typed.items():
        if field == "title_en":
            assert "<b>Own" not in answer.text
        else:
            assert f'id="fault-{field}"' in answer.text, field
            assert f'href="#{field}"' in answer.text
        if field != "fallback":
            assert value in answer.words
    assert answer.text.count('aria-invalid="true"') == 6
    assert "Egen kö" in answer.words
    assert queue_now(house) == before


@pytest.mark.parametrize("change", [{"languages": "xx"}, {"languages": ""}])
async def test_a_queue_needs_a_language(desk, change):
    """A queue without any language is refused."""
    answer = await saves(desk, **change)
    assert answer.status == 422
    assert 'id="fault-languages"' in answer.text


async def test_two_leads_at_once(house, desk):
    """Whoever saves an older page is told who was first, keeps what was typed, and can save again."""
    await house.staff("Ada", Role.ADMIN, [])
    other = await Browser(house).signs_in("Ada")
    page = await desk.opens("/staff/queues/general")
    await saves(other, title_fi="Adan jono")
    stale = {**GOOD, "version": page.field("version")}
    answer = await desk.sends("/staff/queues/general", **stale)
    assert answer.status == 409
    assert told(ChangedMeanwhile("Ada"), "fi") in answer.words
    assert "Oma jono" in answer.words
    assert queue_now(house).titles["fi"] == "Adan jono"
    again = {**GOOD, "version": answer.field("version")}
    assert (await desk.sends("/staff/queues/general", **again)).status == 303
    assert queue_now(house).titles["fi"] == "Oma jono"


@pytest.mark.parametrize("database_url", ["postgres", "sqlite"], indirect=True)
async def test_many_first_changes_at_once(either_house):
    """Of changes sent at the same moment one is kept, and the others are told so."""
    await lead(either_house)
    browser = await Browser(either_house).signs_in("Liisa")
    answers = await asyncio.gather(
        *(
            browser.sends(
                "/staff/queues/general", **{**GOOD, "version": "", "title_fi": f"Jono {n}"}
            )
            for n in range(6)
        )
    )
    assert sorted(answer.status for answer in answers) == [303] + [409] * 5


async def test_signed_out_meanwhile(house, desk):
    """Whoever was signed out while typing gets the sign-in form with all that was typed."""
    async with house.database.write() as session:
        await people.end_sessions(session, await people.by_name(session, "Liisa"))
    answer = await saves(desk, exceptions="31.12.2026 9-12")
    assert answer.status == 401
    assert "Kirjautumisesi" in answer.words
    assert "Oma jono" in answer.words
    assert "31.12.2026 9-12" in answer.words


async def test_new_queue(house, desk):
    """A new queue is there at once: in the list, as a filter, for members and rules; its id comes of its name."""
    assert (await desk.opens("/staff/queues/new")).status == 200
    for wanted in ("own-queue", "own-queue-2"):
        answer = await desk.sends("/staff/queues/new", **GOOD)
        assert answer.location == f"/staff/queues/{wanted}?done=saved"
    assert queue_now(house, "own-queue").titles["sv"] == "Egen kö"
    assert "own-queue-2" in (await desk.opens("/staff")).text
    assert "own-queue-2" in (await desk.opens("/staff/people")).text
    new = await desk.sends("/staff/queues/new", **{**GOOD, "title_en": "New"})
    assert new.location == "/staff/queues/new-2?done=saved"


async def test_new_queue_with_a_fault(house, desk):
    """A new queue that cannot be is explained, with all that was typed, and is not made."""
    answer = await desk.sends("/staff/queues/new", **{**GOOD, "hours_0": "x"})
    assert answer.status == 422
    assert "Egen kö" in answer.words
    assert len(house.app[TOWN]().book.queues) == 3


async def test_removing_takes_tickets_along(house, desk):
    """Removed, a queue's tickets, open or closed, go to its fallback, and nobody is a member of it any more."""
    await desk.sends("/staff/queues/new", **{**GOOD, "fallback": "events"})
    await desk.sends("/staff/routing", version="", locale_0="fi", queue_0="own-queue")
    await house.staff("Maija", queues=["own-queue", "general"])
    _resident, number = await escalated(house)
    answer = await desk.sends("/staff/queues/own-queue/remove")
    assert answer.status == 409
    assert told(QueueNeeded(), "fi") in answer.words
    page = await desk.opens("/staff/routing")
    await desk.sends("/staff/routing", version=page.field("version"))
    answer = await desk.sends("/staff/queues/own-queue/remove")
    assert (answer.status, answer.location) == (303, "/staff/queues?done=removed")
    assert "own-queue" not in house.app[TOWN]().book.queues
    async with house.database.read() as session:
        ticket = await session.scalar(select(Ticket))
        assert (ticket.number, ticket.queue) == (number, "events")
        assert (await people.by_name(session, "Maija")).queues == ["general"]
    assert (await desk.opens("/staff/queues/own-queue")).status == 404
    assert (await desk.sends("/staff/queues/own-queue/remove")).status == 404


async def test_a_queue_that_is_anothers_fallback_stays(desk):
    """A queue to which another one sends what it cannot read cannot be removed."""
    await desk.sends("/staff/queues/new", **GOOD)
    await saves(desk, fallback="own-queue")
    assert (await desk.sends("/staff/queues/own-queue/remove")).status == 409


@pytest.mark.parametrize(
    "path",
    ["/staff/queues/general/remove", "/staff/queues/gone/remove", "/staff/queues/gone/book",
     "/staff/queues/gone", "/staff/queues/gone/people", "/staff/queues/%00", "/staff/queues/new/people"],
)  # fmt: skip
async def test_what_is_not_there(house, desk, path):
    """The book's queues cannot be removed, and forms about a queue that is not there do nothing."""
    answer = await desk.sends(path, **GOOD)
    assert answer.status == 404
    assert told(NotFound(), "fi") in answer.words
    assert len(house.app[TOWN]().book.queues) == 3


async def test_people(house, desk):
    """Who works in a queue and in which languages is set there; others stay as they are."""
    await house.staff("Maija", queues=["events"])
    await house.staff("Pekka", queues=["general", "events"])
    async with house.database.read() as session:
        ids = {
            name: (await people.by_name(session, name)).id for name in ("Maija", "Pekka", "Liisa")
        }
    page = await desk.opens("/staff/queues/general")
    assert "Maija" in page.words
    fields = [
        ("person", str(ids["Maija"])), ("member", str(ids["Maija"])),
        (f"speaks_{ids['Maija']}", "sv"), (f"speaks_{ids['Maija']}", "xx"),
        ("person", str(ids["Pekka"])), ("member", "999"), ("person", "999"), ("person", "x"),
    ]  # fmt: skip
    answer = await desk.asks("POST", "/staff/queues/general/people", data=fields)
    assert answer.status == 303
    async with house.database.read() as session:
        maija, pekka, liisa = [await people.by_name(session, name) for name in ids]
    assert (maija.queues, maija.languages) == (["events", "general"], ["sv"])
    assert (pekka.queues, pekka.languages) == (["events"], [])
    assert (liisa.queues, liisa.languages) == ([], ["fi", "en"])


async def test_who_was_cut_off_works_in_no_queue(house, desk):
    """A person who does no more is not offered; one who signs in with the town's account is signed in."""
    await house.staff("Maija", queues=["general"])
    await house.staff("Pekka", queues=["general"])
    async with house.database.write() as session:
        (await people.by_name(session, "Maija")).cut_off_at = house.clock()
        pekka = await people.by_name(session, "Pekka")
        pekka.password_hash, pekka.town_account = None, "pekka@town"
    page = await desk.opens("/staff/queues/general")
    assert "Pekka" in page.words
    assert "Maija" not in page.words
    assert texts("fi").gettext("not signed in yet") not in page.words


async def test_rules(house, desk):
    """Rules decide where the next ticket goes, in their order, shown with who set them."""
    await house.staff("Maija")
    sent = {"locale_0": "fi", "subject_0": "", "queue_0": "events", "queue_1": ""}
    answer = await desk.sends("/staff/routing", version="", **sent)
    assert (answer.status, answer.location) == (303, "/staff/routing?done=saved")
    _resident, number = await escalated(house)
    async with house.database.read() as session:
        assert (await session.scalar(select(Ticket.queue))) == "events"
    page = await desk.opens(answer.location)
    assert "Liisa" in page.words
    # A stale page changes nothing and keeps what was chosen.
    stale = await desk.sends("/staff/routing", version="", locale_0="sv", queue_0="general")
    assert stale.status == 409
    assert told(ChangedMeanwhile("Liisa"), "fi") in stale.words
    sent = {"locale_0": "sv", "queue_0": "general", "subject_1": "no-such", "queue_1": "general"}
    bad = await desk.sends("/staff/routing", version=page.field("version"), **sent)
    assert bad.status == 422
    assert 'id="fault-subject_1"' in bad.text
    assert 'value="no-such"' in bad.text
    async with house.database.read() as session:
        assert [rule.locale for rule in await session.scalars(select(KeptRule))] == ["fi"]
    assert number


async def test_attention_stands_above_the_list(house, desk):
    """A Swedish ticket that nobody there reads stands above the list of tickets, for staff and leads."""
    await house.staff("Maija")
    _resident, number = await escalated(house, locale="sv")
    words = texts("fi")
    for browser in (desk, await Browser(house).signs_in("Maija")):
        page = await browser.opens("/staff")
        assert (
            words.ngettext("%(num)s ticket needs attention", "%(num)s tickets need attention", 1)
            % {"num": 1}
            in page.words
        )
        assert words.gettext("nobody in its queue reads this language") in page.words
        assert number in page.words


async def test_settle_by_is_shown_on_the_ticket(house, desk):
    """A ticket's page says by when the matter is to be settled, and when that has passed."""
    _resident, number = await escalated(house)
    async with house.database.read() as session:
        ticket = await session.scalar(select(Ticket))
    words = texts("fi")
    says = words.gettext("settle by %(moment)s") % {"moment": words.moment(ticket.resolve_by)}
    assert says in (await desk.opens(f"/staff/tickets/{number}")).words


async def test_status_says_when_the_promise_was_missed(house, clock):
    """Asked how it is going after the promise was missed, the bot does not promise anew: it says so."""
    await house.staff("Maija")
    resident, _number = await escalated(house, locale="en")
    clock.pass_(days=2)
    said = await resident.says("status")
    assert "We promised an answer by" in said[0]
    assert "Somebody answers" not in said[0]


async def test_ladder_runs_in_the_application(jobs_run, house, desk, clock):
    """The application climbs the ladder by itself."""
    from bot.service import ladder  # noqa: PLC0415 - only here

    assert ladder.JOB.seconds == 30
    await house.staff("Maija")
    resident, _number = await escalated(house, locale="en")
    clock.pass_(days=2)
    # A house that starts does a round at once.
    await house.stop()
    await house.start()
    assert "We promised an answer by" in await resident.hears("We promised an answer by")


async def test_alerts_reach_telegram(full_house, telegram, clock):
    """An alert reaches a member of staff in Telegram, at the address that is tied to the account."""
    maija = telegram.person()
    await maija.command("/start")
    await maija.hears("")
    await full_house.staff("Maija")
    async with full_house.database.write() as session:
        person = await people.by_name(session, "Maija")
        person.telegram_id = str(maija.id)
        person.locale = "en"
    resident = WebResident(full_house, "fi")
    await resident.says("ihminen")
    clock.pass_(hours=4)
    from bot.service.ladder import climb  # noqa: PLC0415 - only here

    await climb(full_house.database, full_house.app[TOWN](), clock())
    heard = await maija.hears("still has no answer")
    assert "N-1001" in heard.text
    async with full_house.database.read() as session:
        assert await session.scalar(select(Delivery.id).where(Delivery.post.is_not(None)))
