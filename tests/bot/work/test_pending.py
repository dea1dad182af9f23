"""Replies that can be taken back, drafts, presence, canned responses, views: what helps staff write."""

from __future__ import annotations

import asyncio

import pytest

from bot import tickets
from bot.errors import NotFound, NothingToDo, OtherLanguage, TextMissing, TextTooLong, TextUnusable
from bot.models import Role, Status, Ticket
from bot.work import canned, drafts, pending, presence, reply_language, saved_views
from bot.work.ticket_list import Filters
from tests.bot.desk import Desk


@pytest.fixture
async def desk(database, town, clock):
    """A desk with Maija, Pekka, Liisa who leads, and one ticket."""
    made = Desk(database, town, clock)
    await made.hire("Maija")
    await made.hire("Pekka")
    await made.hire("Liisa", Role.LEAD, [])
    await made.ticket("Mikä on pesuloiden paras aika?")
    return made


async def put(desk, text, who="Maija", key=None):
    async with desk.at(1, who) as (session, staff, ticket):
        await pending.put(session, staff, ticket, text, desk.clock(), key=key)


async def send_due(desk):
    await pending.send_due(desk.database, desk.town, desk.clock())


async def draft(desk, who="Maija", field="reply"):
    async with desk.database.read() as session:
        staff = await desk.person(session, who)
        return (await drafts.of_ticket(session, staff, 1))[field]


async def waiting(desk):
    async with desk.database.read() as session:
        return [one.text for one in await pending.of(session, await session.get_one(Ticket, 1))]


# Taking a reply back


async def test_reply_goes_out_after_five_seconds(desk):
    """A reply claims the ticket at once, waits five seconds, and then goes out exactly once."""
    before = await desk.heard("1")
    await put(desk, "Aamulla on hiljaista.")
    assert (await desk.now(1)).holder.name == "Maija"
    desk.clock.pass_(seconds=4)
    await send_due(desk)
    assert await desk.heard("1") == before
    desk.clock.pass_(seconds=2)
    await asyncio.gather(send_due(desk), send_due(desk))
    await send_due(desk)
    assert await desk.heard("1") == [*before, "Aamulla on hiljaista."]
    assert await waiting(desk) == []


async def test_reply_survives_a_crash(desk):
    """What waited when the process died goes out at the next start, however late."""
    await put(desk, "Aamulla on hiljaista.")
    desk.clock.pass_(hours=3)
    await send_due(desk)
    assert (await desk.heard("1"))[-1] == "Aamulla on hiljaista."


async def test_undo(desk):
    """Its author takes a reply back, and has the words again, before what was typed meanwhile; nobody else can."""
    before = await desk.heard("1")
    await put(desk, "Ei näin.")
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await drafts.keep(session, staff, 1, "reply", "Vaan näin.", desk.clock())
        [reply] = await pending.of(session, ticket)
    with pytest.raises(NotFound):
        async with desk.at(1, "Liisa") as (session, staff, ticket):
            await pending.undo(session, staff, ticket, reply.id, desk.clock())
    for error in (None, NotFound):
        async with desk.at(1, "Maija") as (session, staff, ticket):
            if error is None:
                await pending.undo(session, staff, ticket, reply.id, desk.clock())
            else:
                with pytest.raises(error):
                    await pending.undo(session, staff, ticket, reply.id, desk.clock())
    desk.clock.pass_(seconds=6)
    await send_due(desk)
    assert await desk.heard("1") == before
    assert await draft(desk) == "Ei näin.\n\nVaan näin."


async def test_same_reply_twice(desk):
    """A reply with a key is one reply, whether the first still waits or has gone out."""
    for _ in range(2):
        await put(desk, "Aamulla.", key="k")
    assert await waiting(desk) == ["Aamulla."]
    desk.clock.pass_(seconds=6)
    await send_due(desk)
    await put(desk, "Aamulla.", key="k")
    assert await waiting(desk) == []
    assert (await desk.heard("1")).count("Aamulla.") == 1


async def test_next_reply_sends_the_one_before(desk):
    """Replies keep their order: a second one sends the first at once."""
    await put(desk, "Yksi.")
    await put(desk, "Kaksi.")
    assert (await desk.heard("1"))[-1] == "Yksi."
    assert await waiting(desk) == ["Kaksi."]


async def test_reply_that_cannot_go_out_any_more(desk):
    """When the resident cancels meanwhile, nothing is sent and the words are a draft again."""
    await put(desk, "Aamulla.")
    await desk.presses("1", "cancel-yes")
    before = await desk.heard("1")
    desk.clock.pass_(seconds=6)
    await send_due(desk)
    assert await desk.heard("1") == before
    assert await draft(desk) == "Aamulla."
    assert (await desk.log(1))[-1] == ("Maija", "unsent")


async def test_one_failure_holds_up_nobody(desk, monkeypatch):
    """When one reply cannot be dealt with, the others go out, and it is tried again."""
    other = await desk.ticket("Toinen asia pesulasta")
    await put(desk, "Yksi.")
    async with desk.at(2, "Pekka") as (session, staff, ticket):
        await pending.put(session, staff, ticket, "Kaksi.", desk.clock())
    desk.clock.pass_(seconds=6)
    send = pending._send

    async def fails(session, ticket, reply, now):
        if reply.text == "Yksi.":
            raise RuntimeError
        await send(session, ticket, reply, now)

    with monkeypatch.context() as patch:
        patch.setattr(pending, "_send", fails)
        await send_due(desk)
    assert (await desk.heard(other))[-1] == "Kaksi."
    await send_due(desk)
    assert (await desk.heard("1"))[-1] == "Yksi."


async def test_author_who_lost_the_queue(desk):
    """Whoever may not reply in the queue any more sends nothing, though the reply was on its way."""
    await put(desk, "Aamulla.")
    async with desk.database.write() as session:
        (await desk.person(session, "Maija")).queues = ["events"]
    desk.clock.pass_(seconds=6)
    await send_due(desk)
    assert "Aamulla." not in await desk.heard("1")
    assert await draft(desk) == "Aamulla."


async def test_claim_of_a_colleague_and_text(desk):
    """What cannot be sent at all is refused at once and leaves nothing waiting."""
    for text, error in ((" ", TextMissing), ("x" * 3_901, TextTooLong)):
        with pytest.raises(error):
            await put(desk, text)
    assert (await desk.now(1)).status == Status.OPEN
    assert await waiting(desk) == []


# Drafts


async def test_drafts(desk):
    """A draft is kept for each person and field, and goes with the last blank; huge ones are cut, not refused."""
    async with desk.at(1, "Maija") as (session, staff, _ticket):
        await drafts.keep(session, staff, 1, "reply", "Hei\0!", desk.clock())
        await drafts.keep(session, staff, 1, "note", "x" * 50_000, desk.clock())
    assert await draft(desk) == "Hei!"
    assert len(await draft(desk, field="note")) == drafts.LONGEST_DRAFT
    assert await draft(desk, "Pekka") == ""
    async with desk.at(1, "Maija") as (session, staff, _ticket):
        await drafts.keep(session, staff, 1, "reply", "Hei, sinä", desk.clock())
        await drafts.keep(session, staff, 1, "note", " \n", desk.clock())
    assert (await draft(desk), await draft(desk, field="note")) == ("Hei, sinä", "")
    await put(desk, "Hei, sinä")
    assert await draft(desk) == ""


# Presence


async def seen_by(desk, who):
    async with desk.database.read() as session:
        staff = await desk.person(session, who)
        ticket = await session.get_one(Ticket, 1)
        others = await presence.others(session, staff, ticket, desk.clock())
        return [(other.staff_name, other.is_writing) for other in others]


async def look(desk, who, *, is_writing=False):
    async with desk.at(1, who) as (session, staff, ticket):
        await presence.seen(session, staff, ticket, desk.clock(), is_writing=is_writing)
        return list(session.info.get("topics", []))


async def test_presence(desk):
    """Others see who looks and who writes; whoever says nothing for 45 seconds, or leaves, is gone."""
    assert await look(desk, "Maija") == ["ticket:1"]
    assert await look(desk, "Maija") == []
    assert await look(desk, "Maija", is_writing=True) == ["ticket:1"]
    await look(desk, "Pekka")
    assert await seen_by(desk, "Pekka") == [("Maija", True)]
    assert await seen_by(desk, "Maija") == [("Pekka", False)]
    async with desk.at(1, "Pekka") as (session, staff, ticket):
        await presence.left(session, staff, ticket)
    assert await seen_by(desk, "Maija") == []
    desk.clock.pass_(seconds=46)
    assert await seen_by(desk, "Pekka") == []
    async with desk.database.nudges.listen("ticket:1") as woken:
        await presence.forget(desk.database, desk.town, desk.clock())
        await asyncio.wait_for(woken.wait(), 5)


# Canned responses


async def save(desk, id_=None, **values):
    given = {"name": "Tervehdys", "queue": None, "texts": {"fi": "Hei, olen {name}. {number}"}}
    async with desk.database.write() as session:
        lead = await desk.person(session, "Liisa")
        made = await canned.save(session, lead, id_, now=desk.clock(), **{**given, **values})
        await session.flush()
        return made.id


async def offered(desk, query=""):
    async with desk.database.read() as session:
        ticket = await session.get_one(Ticket, 1)
        return [one.name for one in await canned.for_ticket(session, ticket, query)]


async def test_canned(desk):
    """What is offered is for the ticket's queue and in its language, with names filled in; words find it."""
    id_ = await save(desk)
    await save(desk, name="Ruotsiksi", texts={"sv": "Hej", "fi": " "})
    await save(desk, name="Tapahtumat", queue="events")
    await save(desk, name="Yleinen", queue="general", texts={"fi": "Sulku } on { tekstissä"[:5]})
    assert await offered(desk) == ["Tervehdys", "Yleinen"]
    assert await offered(desk, "HEI terv") == ["Tervehdys"]
    assert await offered(desk, "moi") == []
    async with desk.at(1, "Maija") as (session, staff, ticket):
        response = await canned.one_for(session, ticket, id_)
        assert canned.filled(response, ticket, staff) == "Hei, olen Maija. N-1001"
        for foreign in (2, 3, 99):
            with pytest.raises(NotFound):
                await canned.one_for(session, ticket, foreign)
    await save(desk, id_, name="Uusi nimi")
    async with desk.database.write() as session:
        await canned.delete(session, 4)
    assert await offered(desk) == ["Uusi nimi"]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": " "}, TextMissing),
        ({"name": "x" * 81}, TextTooLong),
        ({"texts": {"fi": " ", "sv": ""}}, TextMissing),
        ({"texts": {"fi": "x" * 3_501}}, TextTooLong),
        ({"texts": {"fi": "Hei {nimi}"}}, TextUnusable),
        ({"texts": {"fi": "Hei {"}}, TextUnusable),
        ({"texts": {"fi": "{0.__class__}"}}, TextUnusable),
        ({"id_": 99}, NotFound),
    ],
)
async def test_canned_that_cannot_be(desk, values, error):
    """Names, texts and braces that cannot be used are refused, and nothing is kept."""
    with pytest.raises(error):
        await save(desk, **values)
    assert await offered(desk) == []


# Saved views


async def test_saved_views(desk):
    """A view is its owner's, shared only by leads, replaced by one of the same name, and deleted by who may."""
    async with desk.database.write() as session:
        maija, liisa = await desk.person(session, "Maija"), await desk.person(session, "Liisa")
        for words in ("a", "b"):
            await saved_views.save(session, maija, "Omat", Filters(words=words), is_shared=True)
            await session.flush()
        shared = await saved_views.save(
            session, liisa, "Kiireiset", Filters(overdue=True, page=3), is_shared=True
        )
        await session.flush()
        assert shared.query == "overdue=1"
        assert [view.query for view in await saved_views.seen_by(session, maija)] == [
            "overdue=1",
            "q=b",
        ]
        assert [view.name for view in await saved_views.seen_by(session, liisa)] == ["Kiireiset"]
        for id_ in (shared.id, 99):
            with pytest.raises(NotFound):
                await saved_views.delete(session, maija, id_)
        await saved_views.delete(session, liisa, shared.id)
        with pytest.raises(TextMissing):
            await saved_views.save(session, maija, " ", Filters(), is_shared=False)
        with pytest.raises(NothingToDo):
            await saved_views.save(session, maija, "x", Filters(words="ö" * 200), is_shared=False)
        with pytest.raises(NothingToDo):
            for number in range(31):
                await saved_views.save(session, maija, f"n{number}", Filters(), is_shared=False)
                await session.flush()


# The language of a reply

FI = "Hei! Voit varata ajan digitukeen kirjastosta tai puhelimitse arkisin."
SV = "Hej! Du kan boka tid till digitalt stöd på biblioteket eller per telefon."
EN = "Hello! You can book an appointment for digital support at the library."
MIXED = "Paina Wi-Fi-painiketta ja valitse Connect to network. Kirjoita sitten salasana."
ADDRESS = "Katso https://www.hel.fi/en/digital-support-for-everyone ja soita 09 310 11111."


@pytest.mark.parametrize(
    ("text", "locale", "found"),
    [
        (FI, "fi", None),
        (SV, "sv", None),
        (EN, "en", None),
        (FI, "sv", "fi"),
        (SV, "fi", "sv"),
        (EN, "fi", "en"),
        (EN, "sv", "en"),
        (SV, "en", "sv"),
        (MIXED, "fi", None),
        (ADDRESS, "fi", None),
        ("Thank you very much!", "fi", None),
        ("ok", "sv", None),
        ("x" * 100_000, "fi", None),
        ("1x@" * 30_000, "fi", None),
        ("", "fi", None),
        ("👍 👍 👍 👍 👍 👍", "fi", None),
        ("Asiakaspalvelu palvelee myös på svenska ja in English joka päivä.", "fi", None),
        ("Здравствуйте, вы можете записаться на приём в библиотеке", "fi", "other"),
    ],
)
def test_other_language(town, text, locale, found):
    """A whole sentence in another language is noticed; short texts, names and addresses never are."""
    assert reply_language.other_language(text, locale, town) == found
    if found:
        with pytest.raises(OtherLanguage):
            reply_language.check(text, locale, town)


async def test_claimed_ticket_of_a_colleague(desk):
    """Nobody's reply waits on a ticket that a colleague has."""
    async with desk.at(1, "Pekka") as (session, staff, ticket):
        await tickets.claim(session, staff, ticket, desk.clock())
    with pytest.raises(tickets.TicketHeld):
        await put(desk, "Aamulla.")
    assert await waiting(desk) == []
