"""The pages about people: changing, cutting off, letting back in."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from bot.errors import LastLead, NameTaken, NoQueues, NotAllowed, NotFound
from bot.models import Audit, Role, Staff, Ticket
from bot.people import accounts, audit
from bot.people import staff as people
from bot.texts import texts
from handlers.keys import TOWN
from tests.handlers.conftest import PASSWORD, Browser, escalated, lead, listening, rows, told


async def id_of(house, name):
    """Somebody's id, as addresses have it."""
    async with house.database.read() as session:
        return (await people.by_name(session, name)).id


@pytest.fixture
async def liisa(house):
    """A team lead, signed in."""
    await lead(house)
    return await Browser(house).signs_in("Liisa")


async def test_change_role_and_queues(house, liisa):
    """A lead gives somebody another name, role and queues; they hold at once, signed in or not."""
    await house.staff()
    maija = await Browser(house).signs_in()
    _resident, number = await escalated(house)
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    page = await liisa.opens(path)
    assert page.status == 200
    assert 'value="general" checked' in page.text
    answer = await liisa.sends(path, name="Maija Meri", role="staff", queues="events")
    assert (answer.status, answer.location) == (303, "/staff/people")
    assert (await maija.opens(f"/staff/tickets/{number}")).status == 404
    await liisa.sends(path, name="Maija Meri", role="editor")
    assert (await maija.opens("/staff/book")).status == 200
    assert (await maija.opens("/staff")).location == "/staff/book"


async def test_languages(house, liisa):
    """The person's page shows which languages they answer in, and a lead ticks what is so."""
    await house.staff()
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    page = await liisa.opens(path)
    ticked = re.findall(r'name="languages" value="(\w+)" checked', page.text)
    assert ticked == ["fi", "en"]
    form = {"name": "Maija", "role": "staff", "queues": "general"}
    answer = await liisa.sends(path, **form, languages="sv")
    assert answer.status == 303
    row = (await liisa.opens("/staff/people")).text.partition("Maija</a>")[2].partition("</tr>")[0]
    assert '<span lang="sv">Svenska</span>' in row
    assert "Suomi" not in row
    # A form that does not ask for them leaves them alone; one with nothing ticked takes them away.
    for more, wanted in (({}, ["sv"]), ({"languages": "xx"}, []), ({"languages": ""}, [])):
        await liisa.sends(path, **form, **more)
        async with house.database.read() as session:
            assert (await people.by_name(session, "Maija")).languages == wanted
    async with house.database.read() as session:
        query = select(Audit).where(Audit.act == "account_changed").order_by(Audit.id)
        told_of = [audit.detail_of(row) for row in await session.scalars(query)]
    assert [one["languages"] for one in told_of if "languages" in one] == [["sv"], []]


async def test_languages_of_somebody_new(house, liisa):
    """Whoever is invited has the languages that are ticked; without the question Finnish and English."""
    await liisa.sends("/staff/people", name="Åsa", role="staff", queues="general", languages="sv")
    await liisa.sends("/staff/people", name="Pekka", role="staff", queues="general")
    async with house.database.read() as session:
        assert (await people.by_name(session, "Åsa")).languages == ["sv"]
        assert (await people.by_name(session, "Pekka")).languages == ["fi", "en"]


async def test_who_works_in_a_queue_is_a_change_of_rights(house, liisa, maija):
    """Taking somebody off a queue on the queue's page is noted, and the tickets they hold go back."""
    _resident, number = await escalated(house)
    await maija.claims(number)
    id_ = await id_of(house, "Maija")
    answer = await liisa.sends(
        "/staff/queues/general/people", person=str(id_), **{f"speaks_{id_}": "sv"}
    )
    assert answer.status == 303
    async with house.database.read() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        assert (ticket.status, ticket.holder_id) == ("open", None)
        query = select(Audit).where(Audit.object == f"person {id_}", Audit.staff_name == "Liisa")
        [noted] = await session.scalars(query)
    assert noted.act == "account_changed"
    assert audit.detail_of(noted) == {
        "queues": ["digital-support", "events"],
        "languages": ["sv"],
    }


async def test_odd_forms(house, liisa):
    """Unknown roles and queues, or a form without fields, change nothing that they do not name."""
    await house.staff(queues=["general"])
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    for form in (
        {"role": "king", "queues": "general"},
        {"role": "", "queues": "nonsense"},
        {"name": "Maija", "queues": "\0"},
    ):
        assert (await liisa.sends(path, **form, anyway="1")).status == 303
        async with house.database.read() as session:
            person = await people.by_name(session, "Maija")
            assert person.role == "staff"
            assert set(person.queues) <= {"general"}


@pytest.mark.parametrize("name", ["", "  ", "Liisa", "x" * 100])
async def test_bad_name(house, liisa, name):
    """A name that cannot be used is explained, and nothing changes."""
    await house.staff()
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    answer = await liisa.sends(path, name=name, role="lead")
    assert answer.status in {409, 422}
    assert 'role="alert"' in answer.text
    if name == "Liisa":
        assert told(NameTaken(), "fi") in answer.words
    async with house.database.read() as session:
        assert (await people.by_name(session, "Maija")).role == "staff"


async def test_cut_off(house, liisa):
    """Cutting off ends page, stream, API and password at once; the person is shown as cut off."""
    member = await house.staff()
    maija = await Browser(house).signs_in()
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    async with listening(house, "/staff/events", cookie_jar=maija.jar) as stream:
        assert (await stream.event(5))["event"] == "changed"
        answer = await liisa.sends(f"{path}/cut-off")
        assert (answer.status, answer.location) == (303, path)
        assert (await stream.event(5))["event"] == "signed-out"
        assert await stream.ended(5)
    assert (await maija.opens("/staff")).location == "/staff/sign-in"
    assert (await member.asks("GET", "/tickets"))[0] == 401
    refused = await Browser(house).sends("/staff/sign-in", name="Maija", password=PASSWORD)
    assert refused.status == 401
    assert (await liisa.opens(path)).status == 200
    again = await liisa.sends("/staff/people", name="Maija", again="1")
    assert again.status == 403
    assert "/staff/join/" not in again.text


async def test_cut_off_in_mid_claim(either_house):
    """However claims and a cut-off fall together, each ticket has one holder and none who was cut off."""
    house = either_house
    everybody = [await house.staff(name) for name in ("Maija", "Pekka", "Aino", "Eero")]
    numbers = [(await escalated(house))[1] for _ in range(8)]
    claims = [
        asyncio.create_task(person.claims(number)) for number in numbers for person in everybody
    ]
    await asyncio.sleep(0.05)
    async with house.database.write() as session:
        await accounts.lock(session)
        maija = await people.by_name(session, "Maija")
        await accounts.cut_off(session, None, maija, house.clock())
    statuses = [(await claim)[0] for claim in claims]
    assert set(statuses) <= {200, 401, 409}
    async with house.database.read() as session:
        found = (await session.scalars(select(Ticket))).all()
        entries = (await session.scalars(select(Audit).where(Audit.act == "claim"))).all()
        assert (await audit.verify(session)).fault == ""
    assert maija.id not in {ticket.holder_id for ticket in found}
    # A ticket that went back may have been claimed once more.
    assert len(numbers) <= len(entries) == statuses.count(200)


async def test_cut_off_while_joining(house, liisa):
    """A one-time link given before the cut-off opens nothing after it."""
    await house.staff()
    page = await liisa.sends("/staff/people", name="Maija", again="1")
    link = re.search(r"/staff/join/[\w-]+", page.text)[0]
    await liisa.sends(f"/staff/people/{await id_of(house, 'Maija')}/cut-off")
    answer = await Browser(house).sends(link, password="a new password", locale="fi")
    assert answer.status == 404


async def test_let_back_in(house, liisa):
    """A lead lets somebody back in with a new link, shown once, to the same account."""
    await house.staff()
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    await liisa.sends(f"{path}/cut-off")
    page = await liisa.sends(f"{path}/let-in")
    link = re.search(r"/staff/join/[\w-]+", page.text)[0]
    maija = Browser(house)
    answer = await maija.sends(link, password="a new password", locale="fi")
    assert (answer.status, answer.location) == (303, "/staff")
    assert (await maija.opens("/staff")).status == 200


async def test_last_lead_stays(house, liisa):
    """The only lead cannot cut themselves off or step down, and is told why."""
    path = f"/staff/people/{await id_of(house, 'Liisa')}"
    for answer in (
        await liisa.sends(f"{path}/cut-off"),
        await liisa.sends(path, name="Liisa", role="staff"),
    ):
        assert answer.status == 409
        assert told(LastLead(), "fi") in answer.words
    assert (await liisa.opens("/staff/people")).status == 200


async def test_nobody_changes_whom_they_may_not(house):
    """Staff and editors change nobody, leads no admin; nothing changes, and the log has nothing."""
    await lead(house)
    await house.staff("Tuki", Role.ADMIN)
    await house.staff("Maija")
    await house.staff("Eero", Role.EDITOR)
    admin = await id_of(house, "Tuki")
    browsers = {name: await Browser(house).signs_in(name) for name in ("Liisa", "Maija", "Eero")}
    before = await rows(house.database, Audit)
    for name, browser in browsers.items():
        targets = [admin] if name == "Liisa" else [admin, await id_of(house, "Maija")]
        for target in targets:
            path = f"/staff/people/{target}"
            for answer in (
                await browser.opens(path),
                await browser.sends(path, name="Uusi", role="staff"),
                await browser.sends(f"{path}/cut-off"),
                await browser.sends(f"{path}/let-in"),
            ):
                assert answer.status == 403, (name, path)
                assert told(NotAllowed(), "fi") in answer.words
                assert "/staff/join/" not in answer.text
    assert await rows(house.database, Audit) == before
    async with house.database.read() as session:
        assert (await session.get(Staff, admin)).role == "admin"


async def test_lead_makes_no_admin(house, liisa):
    """The role that a lead may not give is not offered, and refused when sent all the same."""
    await house.staff()
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    assert 'value="admin"' not in (await liisa.opens(path)).text
    assert (await liisa.sends(path, name="Maija", role="admin")).status == 403


@pytest.mark.parametrize("id_", ["0", "99", "x", "-1", "%00", "9" * 40])
async def test_nobody_there(house, liisa, id_):
    """An address of nobody's account is not found, whatever is done to it."""
    for answer in (
        await liisa.opens(f"/staff/people/{id_}"),
        await liisa.sends(f"/staff/people/{id_}", name="x"),
        await liisa.sends(f"/staff/people/{id_}/cut-off"),
        await liisa.sends(f"/staff/people/{id_}/let-in"),
    ):
        assert answer.status == 404
        assert told(NotFound(), "fi") in answer.words


async def test_what_leads_do_is_in_the_log(house, liisa):
    """Inviting, changing, cutting off and letting in each leave one entry that says whom and what."""
    await liisa.sends("/staff/people", name="Maija", role="staff", queues="general")
    path = f"/staff/people/{await id_of(house, 'Maija')}"
    await liisa.sends(path, name="Maija", role="staff", queues="events")
    await liisa.sends(f"{path}/cut-off")
    await liisa.sends(f"{path}/let-in")
    async with house.database.read() as session:
        entries = (await session.scalars(select(Audit).order_by(Audit.id))).all()
    assert [(entry.staff_name, entry.act) for entry in entries] == [
        ("Liisa", "sign_in"),
        ("Liisa", "invited"),
        ("Liisa", "account_changed"),
        ("Liisa", "cut_off"),
        ("Liisa", "let_in"),
    ]
    assert len({entry.object for entry in entries[1:]}) == 1


async def test_nobody_is_without_queues_by_mistake(house, liisa):
    """Inviting somebody without a queue is stopped once, says what they would see, and keeps the form."""
    form = {"name": "Uusi", "role": "staff", "languages": "sv"}
    stopped = await liisa.sends("/staff/people", **form)
    assert stopped.status == 409
    assert told(NoQueues(), "fi") in stopped.words
    assert 'value="Uusi"' in stopped.text
    assert 'value="sv" checked' in stopped.text
    assert 'value="fi" checked' not in stopped.text
    async with house.database.read() as session:
        assert await people.by_name(session, "Uusi") is None
    assert (await liisa.sends("/staff/people", **form, anyway="1")).status == 200
    async with house.database.read() as session:
        assert (await people.by_name(session, "Uusi")).queues == []
    # Whoever has no queue is told so instead of being left waiting.
    browser = Browser(house)
    await house.staff("Nolla", queues=[])
    await browser.signs_in("Nolla")
    wanted = (
        "You work in no queue yet, so you see no tickets. Ask your team lead to give you a queue."
    )
    assert texts("fi").gettext(wanted) in (await browser.opens("/staff")).words


async def test_all_queues_at_once(house, liisa):
    """One box stands for all queues that there are."""
    await liisa.sends("/staff/people", name="Uusi", role="staff", queues="*")
    async with house.database.read() as session:
        person = await people.by_name(session, "Uusi")
        assert set(person.queues) == set(house.app[TOWN]().book.queues)


async def test_a_refused_invitation_keeps_the_form(house, liisa):
    """A name that is taken leaves role, queues and languages as they were chosen."""
    await house.staff("Maija")
    answer = await liisa.sends(
        "/staff/people", name="Maija", role="lead", queues="events", languages="sv"
    )
    assert answer.status == 409
    assert 'id="name" name="name" value="Maija"' in answer.text
    assert '<option value="lead" selected>' in answer.text
    assert 'name="queues" value="events" checked' in answer.text
    assert 'value="sv" checked' in answer.text


async def test_a_refused_change_keeps_the_form(house, liisa):
    """The page of a person keeps what was chosen as well, and stops taking the last queue away once."""
    await house.staff("Maija", queues=["general"])
    await house.staff("Pekka")
    async with house.database.read() as session:
        path = f"/staff/people/{(await people.by_name(session, 'Maija')).id}"
    answer = await liisa.sends(path, name="Pekka", role="lead", queues="events", languages="sv")
    assert answer.status == 409
    assert 'value="Pekka"' in answer.text
    assert '<option value="lead" selected>' in answer.text
    assert 'name="queues" value="events" checked' in answer.text
    stopped = await liisa.sends(path, name="Maija", role="staff")
    assert told(NoQueues(), "fi") in stopped.words
    assert (await liisa.sends(path, name="Maija", role="staff", anyway="1")).status == 303
