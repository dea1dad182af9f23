"""The ladder when nobody answers: who is told what and when, once; and the resident, honestly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot import tickets
from bot.conversation import hear
from bot.models import Alert, Channel, Delivery, Message, Role, Rung, Staff, Status, Ticket
from bot.people import staff as people
from bot.respond import Kind, Utterance
from bot.service import alerts, queues
from bot.service.ladder import MOST_IN_A_POST, climb
from bot.service.routing import Rule
from bot.texts import texts
from faq.book import Queue

HELSINKI = ZoneInfo("Europe/Helsinki")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


# The general queue is open from 9 to 16: promised by 16:00, half of it at 12:30, twice it on Tuesday at 16:00.
MONDAY = at("2026-11-23T08:00")
HALF, PROMISED, TWICE = at("2026-11-23T12:30"), at("2026-11-23T16:00"), at("2026-11-24T16:00")


async def someone(
    database, name, role=Role.STAFF, *, tied=True, languages=("fi", "sv", "en"), queue="general"
):
    async with database.write() as session:
        person = await people.add(
            session, name, role, [queue] if role == Role.STAFF else [], MONDAY
        )
        person.password_hash = "x"
        person.languages = list(languages)
        person.telegram_id = f"tg-{name}" if tied else None
        return person


async def asks(database, town, now=MONDAY, *, locale="fi", address="1", channel="web"):
    """A resident asks for a person; the number of the ticket."""
    async with database.write() as session:
        said = Utterance(
            Channel(channel), address, "human", Kind.CHOICE, f"{address}-{now}", locale
        )
        await hear(session, said, town, now)
    async with database.read() as session:
        return await session.scalar(select(Ticket).order_by(Ticket.id.desc()).limit(1))


async def posts(database):
    """What was posted to whom in Telegram, and from now on only what comes after."""
    async with database.write() as session:
        query = select(Delivery).where(Delivery.post.is_not(None)).order_by(Delivery.id)
        found = (await session.scalars(query)).all()
        told = [(delivery.address, delivery.post["text"]) for delivery in found]
        for delivery in found:
            await session.delete(delivery)
        return told


async def addresses(database):
    return sorted(address for address, _text in await posts(database))


async def said_to_resident(database):
    async with database.read() as session:
        query = select(Message.text).where(Message.author == "bot").order_by(Message.id)
        return list(await session.scalars(query))


@pytest.mark.parametrize(
    ("opened", "reply_by", "wanted"),
    [
        (
            "2026-11-23T09:00",
            "2026-11-23T15:00",
            {"staff": "2026-11-23T12:00", "admin": "2026-11-24T15:00"},
        ),
        (
            "2026-11-23T07:00",
            "2026-11-23T15:00",
            {"staff": "2026-11-23T12:00", "admin": "2026-11-24T15:00"},
        ),
        (
            "2026-11-20T14:30",
            "2026-11-23T15:00",
            {"staff": "2026-11-23T11:45", "admin": "2026-11-24T15:30"},
        ),
        (
            "2026-12-23T16:00",
            "2026-12-28T15:00",
            {"staff": "2026-12-28T12:00", "admin": "2026-12-29T15:00"},
        ),
    ],
)
def test_schedule(opened, reply_by, wanted):
    """Half and twice the promised time are counted in opening time, over weekends and holidays."""
    week = (((at("2026-01-01T09:00").time(), at("2026-01-01T15:00").time()),),) * 5 + ((), ())
    queue = Queue("q", {}, week, ("fi",))
    found = alerts.schedule(queue, at(opened), at(reply_by), is_read=True)
    if opened.endswith("14:30"):
        wanted = {**wanted, "admin": "2026-11-25T09:30"}
    assert found[Rung.LEAD] == found[Rung.RESIDENT] == at(reply_by)
    assert found[Rung.STAFF] == at(wanted["staff"])
    assert found[Rung.ADMIN] == at(wanted["admin"])
    assert Rung.UNSEEN not in found


def test_schedule_of_what_nobody_reads():
    """Leads are told at once while the queue is open, else when it opens; a queue that never opens has only that."""
    week = (((at("2026-01-01T09:00").time(), at("2026-01-01T15:00").time()),),) * 5 + ((), ())
    queue = Queue("q", {}, week, ("fi",))
    day, night = at("2026-11-23T10:00"), at("2026-11-22T22:00")
    assert alerts.schedule(queue, day, day, is_read=False)[Rung.UNSEEN] == day
    assert alerts.schedule(queue, night, day, is_read=False)[Rung.UNSEEN] == at("2026-11-23T09:00")
    closed = replace(queue, hours=((),) * 7)
    assert alerts.schedule(closed, day, day, is_read=True) == {Rung.UNSEEN: day}


def person(id_, role, queues_="", languages="fi"):
    return Staff(id=id_, role=role, queues=queues_.split(), languages=languages.split())


MAIJA = person(1, Role.STAFF, "general", "fi sv")
PEKKA = person(2, Role.STAFF, "general", "fi")
EEVA = person(3, Role.STAFF, "events", "fi sv")
LIISA = person(4, Role.LEAD)
ADA = person(5, Role.ADMIN)
EDI = person(6, Role.EDITOR, "general", "sv")


@pytest.mark.parametrize(
    ("rung", "holder", "there", "told"),
    [
        (Rung.STAFF, None, [MAIJA, PEKKA, EEVA, LIISA, ADA, EDI], [MAIJA]),
        (Rung.STAFF, None, [PEKKA, EEVA, LIISA], [PEKKA]),  # nobody there speaks Swedish
        (Rung.STAFF, 2, [MAIJA, PEKKA], [PEKKA]),  # who has it
        (Rung.STAFF, 2, [MAIJA, LIISA], [MAIJA]),  # who has it has gone
        (Rung.STAFF, None, [EEVA, LIISA, ADA], [LIISA]),
        (Rung.STAFF, None, [EEVA, ADA, EDI], [ADA]),
        (Rung.STAFF, None, [EEVA, EDI], []),
        (Rung.LEAD, None, [MAIJA, LIISA, ADA], [LIISA]),
        (Rung.LEAD, None, [MAIJA, ADA], [ADA]),
        (Rung.LEAD, None, [MAIJA], [MAIJA]),
        (Rung.UNSEEN, None, [PEKKA, LIISA], [LIISA]),
        (Rung.UNSEEN, None, [PEKKA], [PEKKA]),
        (Rung.ADMIN, None, [MAIJA, LIISA, ADA], [ADA]),
        (Rung.ADMIN, None, [MAIJA, LIISA], [LIISA]),
        (Rung.ADMIN, None, [], []),
    ],
)
def test_recipients(rung, holder, there, told):
    """Each rung is for its own people; when none of them is there, the next one's are told."""
    ticket = Ticket(queue="general", locale="sv", holder_id=holder)
    assert alerts.recipients(rung, ticket, there) == told


async def test_whole_ladder(database, town):
    """Staff are told at half time, leads at the promise, admins at twice; each once, the resident once."""
    for name, role in (("Maija", Role.STAFF), ("Liisa", Role.LEAD), ("Ada", Role.ADMIN)):
        await someone(database, name, role)
    await someone(database, "Eeva", queue="events")
    ticket = await asks(database, town)
    assert ticket.queue == "general"
    story = [
        (at("2026-11-23T11:59"), [], False),
        (HALF, ["tg-Maija"], False),
        (HALF + timedelta(minutes=30), [], False),
        (PROMISED + timedelta(seconds=1), ["tg-Liisa"], True),
        (PROMISED + timedelta(minutes=1), [], True),
        (TWICE, ["tg-Ada"], True),
        (TWICE + timedelta(days=30), [], True),
    ]
    for now, told, resident_knows in story:
        await climb(database, town, now)
        assert await addresses(database) == told, now
        late = [
            text
            for text in await said_to_resident(database)
            if "lupasimme" in text.lower() or "promised" in text
        ]
        assert len(late) == resident_knows, now
    async with database.read() as session:
        assert await alerts.alarms(session, TWICE) == {}
        sent = {alert.rung: alert.reached for alert in await session.scalars(select(Alert))}
    assert sent == {"staff": 1, "lead": 1, "admin": 1, "resident": 1}


async def test_post_names_no_words_of_the_resident(database, town):
    """A post says number, queue, language and promise in the reader's language, and where to look."""
    lead = await someone(database, "Liisa", Role.LEAD, languages=["fi", "en"])
    ticket = await asks(database, town, locale="sv")
    await climb(database, replace(town, base_url="https://x.fi"), MONDAY + timedelta(hours=1))
    ((address, text),) = await posts(database)
    assert address == "tg-Liisa"
    assert ticket.number in text
    assert town.book.queues["general"].titles["fi"] in text
    assert "Svenska" in text
    assert texts("fi").moment(PROMISED) in text
    assert text.endswith("https://x.fi/staff")
    assert lead.locale == "fi"


async def test_many_late_tickets_make_one_post(database, town):
    """Whoever must hear of many tickets hears of them in one post, and of how many there are."""
    await someone(database, "Maija")
    for number in range(MOST_IN_A_POST + 3):
        await asks(database, town, address=str(number))
    await climb(database, town, HALF)
    ((_address, text),) = await posts(database)
    assert text.count("N-") == MOST_IN_A_POST
    assert str(MOST_IN_A_POST + 3) in text.splitlines()[0]
    assert "3" in text.splitlines()[-2]


@pytest.mark.parametrize("act", ["reply", "close", "cancel"])
async def test_what_is_answered_or_ended_climbs_no_further(database, town, act):
    """After a reply, a closing or a cancellation nobody is told any more, neither staff nor resident."""
    maija = await someone(database, "Maija")
    await someone(database, "Liisa", Role.LEAD)
    ticket = await asks(database, town)
    async with database.write() as session:
        ticket = await session.get(Ticket, ticket.id)
        if act == "reply":
            await tickets.reply(session, maija, ticket, "Hei!", HALF)
        elif act == "close":
            await tickets.close(session, maija, ticket, town, HALF, anyway=True)
        else:
            await tickets.cancel(session, ticket, HALF)
    before = await said_to_resident(database)
    for now in (HALF, PROMISED + timedelta(minutes=1), TWICE):
        await climb(database, town, now)
    assert await posts(database) == []
    assert await said_to_resident(database) == before
    async with database.read() as session:
        assert (await session.scalars(select(Alert))).all() == []


async def test_a_claim_is_no_answer(database, town):
    """Whoever claims and does not answer is reminded, and the resident is told who has the question."""
    maija = await someone(database, "Maija")
    await someone(database, "Pekka")
    ticket = await asks(database, town)
    async with database.write() as session:
        await tickets.claim(session, maija, await session.get(Ticket, ticket.id), MONDAY)
    await climb(database, town, HALF)
    assert await addresses(database) == ["tg-Maija"]
    await climb(database, town, PROMISED + timedelta(minutes=1))
    assert "Maija" in (await said_to_resident(database))[-1]


async def test_a_reopened_ticket_climbs_anew(database, town):
    """A ticket that comes back has a new promise and a ladder of its own, whatever was answered before."""
    maija = await someone(database, "Maija")
    await someone(database, "Liisa", Role.LEAD)
    ticket = await asks(database, town)
    await climb(database, town, HALF)
    assert await addresses(database) == ["tg-Maija"]
    async with database.write() as session:
        ticket = await session.get(Ticket, ticket.id)
        await tickets.reply(session, maija, ticket, "Hei!", HALF)
        await tickets.close(session, maija, ticket, town, HALF, anyway=True)
        # On Tuesday before opening: the same ladder, a day later.
        await tickets.reopen(session, ticket, town, MONDAY + timedelta(days=1))
    await climb(database, town, PROMISED)
    assert await addresses(database) == []
    await climb(database, town, HALF + timedelta(days=1))
    assert await addresses(database) == ["tg-Maija"]
    await climb(database, town, PROMISED + timedelta(days=1, seconds=1))
    assert await addresses(database) == ["tg-Liisa"]


async def test_swedish_never_waits_unseen(database, town):
    """Where nobody reads Swedish, a Swedish ticket is the leads' at once and stands in their list."""
    maija = await someone(database, "Maija", languages=["fi", "en"])
    liisa = await someone(database, "Liisa", Role.LEAD)
    now = at("2026-11-23T10:00")
    ticket = await asks(database, town, now, locale="sv")
    async with database.read() as session:
        for one in (maija, liisa):
            seen = await alerts.attention(session, one, now)
            assert [(t.number, rung) for t, rung in seen.tickets] == [(ticket.number, Rung.UNSEEN)]
    await climb(database, town, now)
    assert await addresses(database) == ["tg-Liisa"]
    await climb(database, town, now + timedelta(minutes=1))
    assert await addresses(database) == []
    async with database.write() as session:
        await tickets.claim(session, maija, await session.get(Ticket, ticket.id), now)
        assert (await alerts.attention(session, liisa, now)).count == 0


@pytest.mark.parametrize("role", [Role.LEAD, Role.ADMIN])
async def test_a_small_town(database, town, role):
    """Where one lead, or admin, answers everything, nothing looks unread but what they cannot read."""
    liisa = await someone(database, "Liisa", role, languages=["fi", "en"])
    await someone(database, "Eeva", Role.EDITOR, languages=["sv"])
    finnish = await asks(database, town, MONDAY)
    async with database.read() as session:
        assert (await alerts.attention(session, liisa, MONDAY)).count == 0
        rungs = select(Alert.rung).where(Alert.ticket_id == finnish.id)
        assert set(await session.scalars(rungs)) == {"staff", "lead", "admin", "resident"}
    # The ladder is climbed as ever.
    await climb(database, town, HALF)
    assert await addresses(database) == ["tg-Liisa"]
    await asks(database, town, MONDAY, locale="sv", address="2")
    async with database.read() as session:
        assert (await alerts.attention(session, liisa, MONDAY)).tickets[0][1] is Rung.UNSEEN


async def test_admins_stand_in_only_without_leads(database):
    """Whoever keeps the service running answers tickets only where there is no lead."""
    await someone(database, "Tuki", Role.ADMIN)
    async with database.read() as session:
        assert [one.stands_in for one in await queues.members(session)] == [True]
    await someone(database, "Liisa", Role.LEAD)
    async with database.read() as session:
        assert sorted(one.stands_in for one in await queues.members(session)) == [False, True]
    async with database.write() as session:
        liisa = await people.by_name(session, "Liisa")
        liisa.queues = ["events"]
    async with database.read() as session:
        assert not any(one.stands_in for one in await queues.members(session))


async def test_swedish_goes_where_somebody_reads_it(database, town):
    """A Swedish question of a queue without Swedish goes to the fallback where somebody reads it."""
    await someone(database, "Maija", languages=["fi"], queue="digital-support")
    await someone(database, "Åsa", languages=["sv"], queue="general")
    town = replace(town, rules=(Rule("digital-support", locale="sv"),))
    ticket = await asks(database, town, locale="sv")
    assert ticket.queue == "general"
    async with database.read() as session:
        rungs = set(await session.scalars(select(Alert.rung)))
    assert Rung.UNSEEN not in rungs


async def test_nobody_to_alert_is_an_alarm(database, town):
    """When nobody at all is there, it is an alarm until somebody is; then that person is told."""
    ticket = await asks(database, town)
    await climb(database, town, HALF)
    await climb(database, town, HALF + timedelta(seconds=30))
    async with database.read() as session:
        assert await alerts.alarms(session, HALF) == {"nobody-alerted": 1}
    await someone(database, "Ada", Role.ADMIN)
    await climb(database, town, HALF + timedelta(minutes=1))
    assert await addresses(database) == ["tg-Ada"]
    async with database.read() as session:
        assert await alerts.alarms(session, HALF + timedelta(minutes=1)) == {}
    assert ticket.status == Status.OPEN


async def test_nobody_looks_after_alerts_is_an_alarm(database, town):
    """When the ladder stands still, due alerts are an alarm after five minutes."""
    await someone(database, "Maija")
    await asks(database, town)
    async with database.read() as session:
        assert await alerts.alarms(session, HALF + alerts.GRACE) == {"alerts-late": 1}
        assert await alerts.alarms(session, HALF + alerts.GRACE / 2) == {}


async def test_a_session_counts_as_being_there(database, town):
    """Whoever is signed in sees the console and counts as told; an ended session does not."""
    await someone(database, "Maija", tied=False)
    ticket = await asks(database, town)
    async with database.write() as session:
        maija = await people.by_name(session, "Maija")
        await people.issue(session, "session", maija, MONDAY, timedelta(hours=1))
    await climb(database, town, HALF)
    async with database.read() as session:
        assert await alerts.alarms(session, HALF) == {"nobody-alerted": 1}
    async with database.write() as session:
        await people.issue(session, "session", await session.merge(maija), HALF, timedelta(hours=1))
    await climb(database, town, HALF)
    async with database.read() as session:
        assert await alerts.alarms(session, HALF) == {}
        seen = await alerts.attention(session, maija, HALF)
    assert [(t.number, rung) for t, rung in seen.tickets] == [(ticket.number, Rung.STAFF)]
    assert await posts(database) == []


async def test_attention_is_each_ones_own(database, town):
    """Staff see late tickets of their queues, leads all, editors none; the most urgent comes first."""
    maija = await someone(database, "Maija")
    eeva = await someone(database, "Eeva", queue="events")
    liisa = await someone(database, "Liisa", Role.LEAD)
    edi = await someone(database, "Edi", Role.EDITOR)
    first = await asks(database, town, address="1")
    second = await asks(database, town, at("2026-11-23T15:30"), address="2")
    now = at("2026-11-24T12:45")
    await climb(database, town, now)
    async with database.read() as session:
        seen = await alerts.attention(session, liisa, now)
        found = [(t.number, rung) for t, rung in seen.tickets]
        assert found == [(first.number, Rung.LEAD), (second.number, Rung.STAFF)]
        assert (await alerts.attention(session, maija, now)).count == 2
        assert (await alerts.attention(session, eeva, now)).count == 0
        assert (await alerts.attention(session, edi, now)).count == 0


async def test_tickets_from_before_get_a_plan(database, town):
    """A ticket opened without a plan, as by an older version, is planned in the next round."""
    await someone(database, "Maija")
    ticket = await asks(database, town)
    async with database.write() as session:
        for alert in await session.scalars(select(Alert)):
            await session.delete(alert)
    await climb(database, town, MONDAY)
    async with database.read() as session:
        due = {alert.rung: alert.due_at for alert in await session.scalars(select(Alert))}
    assert due[Rung.LEAD] == due[Rung.RESIDENT] == ticket.reply_by
    await climb(database, town, MONDAY)
    async with database.read() as session:
        assert len((await session.scalars(select(Alert))).all()) == len(due)


async def test_tickets_without_a_queue_find_one(database, town):
    """A ticket whose queue the book has lost goes to the general one; queues that leads made are left alone."""
    await someone(database, "Maija")
    lost = await asks(database, town, address="1")
    kept = await asks(database, town, address="2")
    async with database.write() as session:
        lead = await session.get(Staff, 1)
        own = replace(town.book.queues["general"], id="own")
        await queues.keep(session, own, lead, MONDAY, seen=None)
        for ticket, queue in ((lost, "gone"), (kept, "own")):
            await session.execute(update(Ticket).where(Ticket.id == ticket.id).values(queue=queue))
    await climb(database, town, MONDAY)
    async with database.read() as session:
        assert (await session.get(Ticket, lost.id)).queue == "general"
        assert (await session.get(Ticket, kept.id)).queue == "own"


async def test_a_resident_who_is_gone_is_not_written_to(database, town):
    """Nothing is queued for a chat that is gone, and it is tried only once."""
    await someone(database, "Maija")
    ticket = await asks(database, town)
    async with database.write() as session:
        (await session.get(Ticket, ticket.id)).conversation.is_unreachable = True
    before = await said_to_resident(database)
    await climb(database, town, PROMISED + timedelta(minutes=1))
    await climb(database, town, PROMISED + timedelta(minutes=2))
    assert await said_to_resident(database) == before


@pytest.mark.parametrize("locale", ["fi", "sv", "en"])
async def test_late_in_the_tickets_language(database, town, locale):
    """The apology is in the ticket's language, though the resident has changed it since."""
    await someone(database, "Maija")
    ticket = await asks(database, town, locale=locale)
    async with database.write() as session:
        (await session.get(Ticket, ticket.id)).conversation.locale = (
            "en" if locale == "fi" else "fi"
        )
    await climb(database, town, PROMISED + timedelta(minutes=1))
    late = (await said_to_resident(database))[-1]
    words = texts(locale)
    promised = words.gettext(
        "We promised an answer by {moment}, and we are late. We are sorry."
        " If you would rather call: {phone}."
    ).format(moment=words.moment(PROMISED), phone=town.phone)
    assert late.startswith(promised)
    assert words.gettext("You are next in the queue.") in late
    assert ticket.number in late


async def test_two_rounds_at_once(database, town):
    """Rounds that overlap, as when a process is taken for dead, tell everybody once."""
    await someone(database, "Maija")
    await asks(database, town)
    now = PROMISED + timedelta(minutes=1)
    before = len(await said_to_resident(database))
    await asyncio.gather(*(climb(database, town, now) for _ in range(4)), return_exceptions=True)
    await climb(database, town, now)
    assert len(await said_to_resident(database)) == before + 1
    # Half of the time and all of it have passed: Maija is told of the ticket in one post.
    assert await addresses(database) == ["tg-Maija"]
