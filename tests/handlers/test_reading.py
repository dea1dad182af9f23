"""That nobody looks at a resident's data, or changes anything, without its standing in the audit log."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.models import Attachment, Audit, Message, Role, Ticket
from bot.people import audit
from bot.people.policy import Act
from handlers.access import rights
from tests import samples
from tests.handlers.access.test_policy import STREAMS, Caller, addresses
from tests.handlers.conftest import Browser, escalated, sent
from tests.handlers.test_files import sends

# A word that stands only in what this resident wrote and sent.
MARK = "kvartsikissa"
# Where it is shown; the walk below must really have met it there.
SHOWING = {
    "GET /staff",
    "GET /staff/tickets/{number}",
    "POST /staff/tickets/{number}/compose",
    "POST /staff/tickets/{number}/{act}",
    "GET /api/v1/staff/tickets/{number}",
    "GET /staff/learning",
    "GET /staff/proposals/{id}",
    "GET /staff/blocks",
}
# What is typed or seen from moment to moment changes nothing that anybody could answer for.
PASSING = {
    "/staff/tickets/{number}/draft",
    "/staff/tickets/{number}/presence",
    "/staff/tickets/{number}/compose",
}


@pytest.fixture
async def told(house, clock):
    """A resident's words wherever they can come to stand; gives the ticket's number."""
    await house.staff("Maija")
    maija = await Browser(house).signs_in()
    resident = Browser(house)
    await resident.sends("/chat", text=f"{MARK} maukuu vinosti", nonce="n1")
    await sends(resident, (f"{MARK}.pdf", samples.PDF), text=f"{MARK} kuvassa", nonce="n2")
    await resident.sends("/chat", choice="human", nonce="n3")
    await resident.sends("/chat", text=f"{MARK} taas", nonce="n4")
    async with house.database.read() as session:
        number = (await session.scalars(select(Ticket))).one().number
    await maija.sends(f"/staff/tickets/{number}/reply", text=f"Se on {MARK}.", anyway="1")
    await sent(house)
    async with house.database.read() as session:
        reply = select(Message.id).where(Message.author == "staff")
        id_ = (await session.scalars(reply)).one()
    made = await maija.sends(f"/staff/tickets/{number}/propose", message=str(id_))
    assert made.location == "/staff/proposals/1"
    blocked = await maija.sends(f"/staff/tickets/{number}/block", reason=MARK, days="1")
    assert blocked.status == 303, blocked.words
    # That closed the ticket; the list shows those that wait.
    other, _number = await escalated(house)
    await other.says(f"{MARK} odottaa yhä, että joku vastaa sille jotakin")
    return number


async def newest(house):
    """The number of the newest entry."""
    async with house.database.read() as session:
        return (await audit.head(session))[0]


async def since(house, number, name):
    """The entries after one that this person made, as (act, object)."""
    async with house.database.read() as session:
        query = select(Audit).where(Audit.id > number, Audit.staff_name == name)
        return [(row.act, row.object) for row in await session.scalars(query.order_by(Audit.id))]


async def walked(house, clock, number, name="Tuki"):
    """Ask every staff route once, those that only show first; give each answer and its entries."""
    member = await house.staff(name, Role.ADMIN, [])
    async with house.database.read() as session:
        key = (await session.scalars(select(Attachment.key))).first()
    everything = [
        (method, address.replace("0" * 32, key), path, need)
        for method, address, path, need in addresses(house, number)
        if address not in STREAMS
    ]
    for method, address, path, need in sorted(everything, key=lambda one: one[0] != "GET"):
        # Earlier looks count no more, and nothing done before keeps this person out.
        clock.pass_(minutes=11)
        browser = await Browser(house).signs_in(name)
        before = await newest(house)
        answer = await Caller(browser, member.token, None).asks(method, address)
        yield f"{method} {path}", need, answer, await since(house, before, name)


async def test_no_look_is_forgotten(house, clock, told):
    """Whatever route shows a resident's words, or says that it does, leaves an entry of who looked.

    The routes are the running application's, so that a new one is walked without being written here.
    """
    met = set()
    async for name, need, answer, entries in walked(house, clock, told):
        is_shown = MARK in answer.text
        met |= {name} if is_shown else set()
        if is_shown or (need.noted and name.startswith("GET") and answer.status < 300):
            assert need.noted, f"{name} shows a resident's data and does not say so"
            assert need.noted in {act for act, _ in entries}, f"{name} leaves no entry"
        assert not any(MARK in str(entry) for entry in entries), name
    assert met >= SHOWING, SHOWING - met


async def test_no_act_is_forgotten(house, clock, told):
    """Whatever form of staff is taken leaves an entry of what was done."""
    taken = 0
    async for name, _need, answer, entries in walked(house, clock, told):
        method, path = name.split(" ")
        done = answer.status == 303 and "/sign-in" not in answer.location
        if method == "POST" and done and path not in PASSING:
            taken += 1
            assert entries, f"{name} was done and leaves no entry"
    assert taken >= 10


def test_every_look_at_a_ticket_is_noted(house):
    """Whatever is about a ticket is noted, without anybody's remembering it."""
    for route, path in rights.staff_routes(house.app):
        need = rights.need_of(route.handler)
        if need.is_on_ticket:
            assert need.noted, path


async def test_files_are_noted_one_by_one(house, clock, told):
    """Opening a file is an entry of its own, by page and by API, once within ten minutes."""
    member = await house.staff("Pekka")
    pekka = await Browser(house).signs_in("Pekka")
    async with house.database.read() as session:
        key = (await session.scalars(select(Attachment.key))).one()
    before = await newest(house)
    for _ in range(2):
        answer = await pekka.opens(f"/staff/tickets/{told}/files/{key}")
        assert answer.status == 200
    status, _body = await member.asks("GET", f"/tickets/{told}/files/{'f' * 32}")
    assert status == 404
    assert await since(house, before, "Pekka") == [("opened_file", f"{told} file {key}")]


async def test_a_form_that_comes_back_with_the_ticket(house, clock, told):
    """A form that cannot be done shows the whole ticket again, which is a look at it."""
    await house.staff("Pekka")
    pekka = await Browser(house).signs_in("Pekka")
    before = await newest(house)
    answer = await pekka.sends(f"/staff/tickets/{told}/note", text="")
    assert answer.status == 422
    assert MARK in answer.text
    assert ("read", told) in await since(house, before, "Pekka")


async def test_taking_numbers_along(house):
    """Each download of the numbers is an entry with its period; looking at them is none."""
    member = await house.staff("Liisa", Role.LEAD, [])
    liisa = await Browser(house).signs_in("Liisa")
    before = await newest(house)
    await liisa.opens("/staff/numbers")
    await liisa.opens("/staff/numbers.csv?period=2026-10")
    await liisa.opens("/staff/numbers.json?period=2026-10")
    await liisa.opens("/staff/numbers.csv?period=%00<b>")
    await member.asks("GET", "/numbers?period=2026-W40")
    entries = await since(house, before, "Liisa")
    assert {act for act, _ in entries} == {"exported"}
    objects = [object_ for _, object_ in entries]
    assert objects[:2] == ["/staff/numbers.csv 2026-10", "/staff/numbers.json 2026-10"]
    assert objects[3] == "/api/v1/staff/numbers 2026-W40"
    assert "<b>" not in str(objects)


async def test_switching(house):
    """Switching off and on again says what; asking for what is so already says nothing."""
    await house.staff("Liisa", Role.LEAD, [])
    liisa = await Browser(house).signs_in("Liisa")
    before = await newest(house)
    for form in (
        {"what": "entry:digituki-price", "reason": "Hinta muuttui."},
        {"what": "entry:digituki-price", "on": "1"},
        {"what": "guide:", "reason": "Rikki."},
    ):
        assert (await liisa.sends("/staff/switches", **form)).status == 303
    assert await since(house, before, "Liisa") == [
        (Act.SWITCH_OFF, "entry:digituki-price"),
        (Act.SWITCH_OFF, "entry:digituki-price"),
        (Act.SWITCH_OFF, "guide"),
    ]


async def test_a_review_of_a_block(house, told):
    """Reviewing a block says whose ticket it was about."""
    await house.staff("Liisa", Role.LEAD, [])
    liisa = await Browser(house).signs_in("Liisa")
    before = await newest(house)
    assert (await liisa.sends("/staff/blocks", block="1", do="lift")).status == 303
    assert await since(house, before, "Liisa") == [(Act.REVIEW_BLOCKS, told)]
