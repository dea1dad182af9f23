"""What stands in the audit log by itself, and how admins read it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.models import Audit, Role
from bot.people import audit
from bot.people.policy import Act
from bot.texts import texts
from handlers.keys import TOWN
from handlers.staff import audit_log
from tests.handlers.conftest import PASSWORD, Browser, escalated, lead, rows

ROW = '<tr role="row"><th role="rowheader"'


async def entries(house):
    """Every entry, oldest first, as (who, act, object)."""
    async with house.database.read() as session:
        found = await session.scalars(select(Audit).order_by(Audit.id))
        return [(entry.staff_name, entry.act, entry.object) for entry in found]


@pytest.fixture
async def admin(house):
    """An admin, signed in."""
    await house.staff("Tuki", Role.ADMIN)
    return await Browser(house).signs_in("Tuki")


async def test_work_on_a_ticket(house, maija):
    """Opening, claiming, replying and closing stand there, from console and API alike, without words."""
    desk = await Browser(house).signs_in()
    _resident, number = await escalated(house)
    await desk.opens(f"/staff/tickets/{number}")
    await desk.sends(f"/staff/tickets/{number}/claim")
    await desk.sends(f"/staff/tickets/{number}/reply", text="Salainen vastaus", nonce="n")
    await maija.replies(number, "Toinen vastaus")
    await maija.closes(number)
    assert (await entries(house))[1:] == [
        ("Maija", act, number) for act in ("read", "claim", "reply", "reply", "close")
    ]
    async with house.database.read() as session:
        found = (await session.scalars(select(Audit))).all()
        assert not any("vastaus" in str(vars(entry)) for entry in found)
        assert (await audit.verify(session)).fault == ""


async def test_what_is_refused_is_not_done(house, maija):
    """An act that fails, or is not allowed, leaves no entry of having been done."""
    pekka = await house.staff("Pekka")
    await house.staff("Aino", queues=["events"])
    aino = await Browser(house).signs_in("Aino")
    _resident, number = await escalated(house)
    await pekka.claims(number)
    before = await entries(house)
    assert (await maija.claims(number))[0] == 409
    assert (await aino.opens(f"/staff/tickets/{number}")).status == 404
    assert (await aino.sends(f"/staff/tickets/{number}/claim")).status == 404
    assert await entries(house) == before


async def test_reading_is_coalesced(house, maija, clock):
    """Looking at a ticket again and again is one entry for each person, ticket and ten minutes."""
    desk = await Browser(house).signs_in()
    _resident, number = await escalated(house)
    _resident, other = await escalated(house)
    for _ in range(3):
        await desk.opens(f"/staff/tickets/{number}")
        await desk.opens(f"/staff/tickets/{number}", headers={"X-Requested-With": "fetch"})
        await maija.opens(number)
    await desk.opens(f"/staff/tickets/{other}")
    await (await house.staff("Pekka")).opens(number)
    clock.pass_(minutes=11)
    await desk.opens(f"/staff/tickets/{number}")
    assert [entry for entry in await entries(house) if entry[1] == "read"] == [
        ("Maija", "read", number),
        ("Maija", "read", other),
        ("Pekka", "read", number),
        ("Maija", "read", number),
    ]


async def test_page(house, admin, clock):
    """Admins see the entries, newest first, with filters that keep what was chosen; their look stands there."""
    await lead(house)
    liisa = await Browser(house).signs_in("Liisa")
    await liisa.sends("/staff/people", name="Uusi <b>", role="staff", queues="general")
    page = await admin.opens("/staff/audit")
    assert page.status == 200
    assert "Uusi &lt;b&gt;" in page.text
    assert page.text.index(">3<") < page.text.index(">1<")
    only = await admin.opens("/staff/audit", params={"name": "Liisa", "act": "invited"})
    assert only.text.count(ROW) == 1
    assert "name=Liisa&amp;act=invited" in only.text
    day = clock().date()
    for query, count in (
        ({"object": "person 1"}, 1),
        ({"object": "nothing"}, 0),
        ({"since": str(day)}, 4),
        ({"since": str(day + timedelta(days=1))}, 0),
        ({"until": str(day)}, 4),
        ({"until": str(day - timedelta(days=1))}, 0),
        ({"since": "nonsense", "until": "9999-12-31", "before": "x"}, 4),
        ({"since": "0001-01-01", "name": "\0x", "act": "'"}, 0),
        ({"before": "3"}, 2),
        ({"before": "9" * 40}, 4),
    ):
        found = await admin.opens("/staff/audit", params=query)
        assert found.status == 200, query
        assert found.text.count(ROW) == count, query
    assert (await entries(house))[-1] == ("Tuki", "read_audit", "/staff/audit")


def test_every_act_has_a_name():
    """Whatever may stand in the log has words in the reader's language, and nothing has without being there."""
    assert set(audit_log._labels(texts("en"))) == {*map(str, Act), *audit.OTHERS}


async def test_older_entries(house, admin):
    """A hundred entries stand on a page, and a link leads to the older ones, filter and all."""
    async with house.database.write() as session:
        for number in range(150):
            audit.record(session, None, "token_made", f"person {number}", house.clock(), name="x")
    page = await admin.opens("/staff/audit", params={"act": "token_made"})
    assert page.text.count(ROW) == 100
    address = page.words.split('class="button" href="')[1].split('"')[0]
    older = await admin.opens(address)
    assert older.text.count(ROW) == 50
    assert 'class="button" href="/staff/audit?' not in older.text


async def test_file(house, admin):
    """The same as CSV: a download with all columns, in which no cell is a formula."""
    names = ("=cmd()", "+1", "@x", 'Åsa, "Ö"')
    for name in names:
        await house.staff(name)
        await Browser(house).sends("/staff/sign-in", name=name, password=PASSWORD)
    answer = await admin.opens("/staff/audit.csv", params={"act": "sign_in"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    read = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    shown = ['Åsa, "Ö"', "'@x", "'+1", "'=cmd()", "Tuki"]
    assert [row["staff_name"] for row in read] == shown
    assert all(len(row["hash"]) == 64 for row in read)


@pytest.mark.parametrize("role", [Role.STAFF, Role.LEAD, Role.EDITOR])
async def test_for_admins_only(house, role):
    """Nobody else reads the log, as page or file, and their trying leaves nothing in it."""
    await house.staff("Maija", role)
    browser = await Browser(house).signs_in()
    before = await rows(house.database, Audit)
    for path in ("/staff/audit", "/staff/audit.csv"):
        assert (await browser.opens(path)).status == 403
    assert 'href="/staff/audit"' not in (await browser.opens("/staff/book")).text
    assert await rows(house.database, Audit) == before


async def test_details_are_in_words(house, admin):
    """On a Finnish page no key or value of the log's own stands in English."""
    await lead(house)
    liisa = await Browser(house).signs_in("Liisa")
    await liisa.sends("/staff/people", name="Uusi", role="staff", queues="general")
    async with house.database.read() as session:
        found = await audit.entries(session, audit.Wanted(), 100)
    queues = house.app[TOWN]().book.queues
    for locale in ("en", "fi", "sv"):
        words = texts(locale)
        shown = {entry.act: audit_log._told(entry, words, queues) for entry in found}
        _ = words.gettext
        assert shown["sign_in"] == f"{_('With')}: {_('password')}"
        assert f"{_('Role')}: {_('Staff')}" in shown["invited"]
    words = texts("en")
    changed = Audit(detail='{"lifted":true,"name":"staff","queues":["general","gone"]}')
    title = queues["general"].titles["en"]
    assert audit_log._told(changed, words, queues) == (
        f"Block lifted: Yes; Name: staff; Queues: {title}, gone"
    )
    assert audit_log._object("person 5", words) == "Person 5"
    assert audit_log._object("N-1001", words) == "N-1001"
