"""What is done to tickets: each act, who is told in which language, and what stands in the log."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot import tickets
from bot.errors import (
    CannotMerge,
    HasAnother,
    NotFound,
    NothingToDo,
    NotTheirs,
    TextMissing,
    TextTooLong,
    TicketEnded,
    TicketHeld,
)
from bot.models import (
    OUTCOMES,
    Author,
    Block,
    Message,
    Misanswer,
    Outcome,
    Role,
    Status,
    Ticket,
)
from bot.replies import Replies
from bot.work import blocks, misanswers
from tests.bot.desk import Desk

QUESTION = "Mikä on pesuloiden paras aika?"


@pytest.fixture
async def desk(database, town, clock):
    """A desk with Maija, Pekka, Liisa who leads, Eeva who knows events, and one ticket."""
    made = Desk(database, town, clock)
    await made.hire("Maija")
    await made.hire("Pekka")
    await made.hire("Liisa", Role.LEAD, [])
    await made.hire("Eeva", queues=["events"])
    await made.ticket(QUESTION)
    return made


async def transfer(desk, who, *, queue=None, to=None, reason="Siksi.", id_=1):
    async with desk.at(id_, who) as (session, staff, ticket):
        person = await desk.person(session, to) if to else None
        await tickets.transfer(
            session, staff, ticket, reason=reason, town=desk.town, now=desk.clock(), queue=queue,
            to=person,
        )  # fmt: skip


async def claim(desk, who, id_=1):
    async with desk.at(id_, who) as (session, staff, ticket):
        await tickets.claim(session, staff, ticket, desk.clock())


async def close(desk, who="Maija", id_=1, outcome=Outcome.SOLVED):
    async with desk.at(id_, who) as (session, staff, ticket):
        await tickets.close(
            session, staff, ticket, desk.town, desk.clock(), outcome=outcome, anyway=True
        )


# Transfer and assignment


async def test_transfer_to_a_queue(desk):
    """A ticket goes to another queue and waits there, with its promise, its place and the reason."""
    await claim(desk, "Maija")
    before = await desk.now(1)
    await transfer(desk, "Maija", queue="events", reason=" Lupa-asia. ")
    after = await desk.now(1)
    assert (after.queue, after.status, after.holder) == ("events", Status.OPEN, None)
    assert (after.reply_by, after.opened_at) == (before.reply_by, before.opened_at)
    assert (await desk.log(1))[-1] == ("Maija", "transfer")


async def test_transfer_to_a_colleague(desk):
    """A colleague has the ticket at once; a colleague of another queue gets it together with the queue."""
    await transfer(desk, "Maija", to="Pekka")
    assert (await desk.now(1)).holder.name == "Pekka"
    with pytest.raises(NotTheirs):
        await transfer(desk, "Pekka", to="Eeva")
    await transfer(desk, "Pekka", to="Eeva", queue="events")
    after = await desk.now(1)
    assert (after.queue, after.holder.name, after.status) == ("events", "Eeva", Status.CLAIMED)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"queue": "events", "reason": " "}, TextMissing),
        ({"queue": "events", "reason": "x" * 501}, TextTooLong),
        ({"queue": "nowhere"}, NotFound),
        ({}, NothingToDo),
        ({"queue": "general"}, NothingToDo),
        ({"to": "Maija"}, NothingToDo),
    ],
)
async def test_transfer_that_cannot_be(desk, values, error):
    """Without a reason, a known queue or anything new, nothing is changed and nothing logged."""
    await claim(desk, "Maija")
    log = await desk.log(1)
    with pytest.raises(error):
        await transfer(desk, "Maija", **values)
    after = await desk.now(1)
    assert (after.queue, after.holder.name) == ("general", "Maija")
    assert await desk.log(1) == log


async def test_only_the_holder_or_a_lead_transfers(desk):
    """What a colleague has claimed stays with them, unless a lead decides otherwise."""
    await claim(desk, "Maija")
    with pytest.raises(TicketHeld):
        await transfer(desk, "Pekka", to="Pekka")
    await transfer(desk, "Liisa", to="Pekka")
    assert (await desk.now(1)).holder.name == "Pekka"


async def test_assign(desk):
    """A lead gives a ticket to whoever may work in its queue, whoever has it."""
    await claim(desk, "Maija")
    for name in ("Pekka", "Pekka"):
        async with desk.at(1, "Liisa") as (session, staff, ticket):
            to = await desk.person(session, name)
            await tickets.assign(session, staff, ticket, to, desk.clock())
    assert (await desk.now(1)).holder.name == "Pekka"
    assert [act for _name, act in await desk.log(1)].count("assign") == 1
    with pytest.raises(NotTheirs):
        async with desk.at(1, "Liisa") as (session, staff, ticket):
            eeva = await desk.person(session, "Eeva")
            await tickets.assign(session, staff, ticket, eeva, desk.clock())
    await close(desk, "Pekka")
    with pytest.raises(TicketEnded):
        async with desk.at(1, "Liisa") as (session, staff, ticket):
            await tickets.assign(session, staff, ticket, staff, desk.clock())


# Closing and opening again


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("locale", ["fi", "sv"])
async def test_close_with_outcome(desk, outcome, locale):
    """The resident is told what became of it, in the ticket's language, though they speak another now."""
    resident = await desk.ticket("vad är detta för en konstig dosa", locale, "77")
    id_ = 2
    await desk.says(resident, "english")
    await close(desk, id_=id_, outcome=outcome)
    after = await desk.now(id_)
    assert (after.status, after.outcome, after.waits_since) == (Status.CLOSED, outcome, None)
    said = Replies(desk.town, after.locale).closed(after.number, id_, "Maija", outcome)
    assert (await desk.heard(resident))[-1] == said.text


async def test_reopen_by_staff(desk):
    """Staff take a closed ticket up again, have it at once, and the resident is told."""
    await close(desk)
    async with desk.at(1, "Pekka") as (session, staff, ticket):
        await tickets.reopen_by_staff(session, staff, ticket, desk.town, desk.clock())
    after = await desk.now(1)
    assert (after.status, after.holder.name, after.outcome) == (Status.CLAIMED, "Pekka", None)
    assert after.reopened == 1
    assert (await desk.heard("1"))[-1] == Replies(desk.town, "fi").taken_up("N-1001", "Pekka").text
    assert await desk.says("1", "kiitos että palasit asiaan") == []
    with pytest.raises(NothingToDo):
        async with desk.at(1, "Pekka") as (session, staff, ticket):
            await tickets.reopen_by_staff(session, staff, ticket, desk.town, desk.clock())


async def test_reopen_beside_another(desk):
    """A resident never has two open tickets; a cancelled one stays as the resident wanted it."""
    await close(desk)
    await desk.ticket("toinen asia", resident="1")
    with pytest.raises(HasAnother) as error:
        async with desk.at(1, "Maija") as (session, staff, ticket):
            await tickets.reopen_by_staff(session, staff, ticket, desk.town, desk.clock())
    assert error.value.number == "N-1002"
    async with desk.at(2, "Maija") as (session, _staff, ticket):
        await tickets.cancel(session, ticket, desk.clock())
    with pytest.raises(TicketEnded):
        async with desk.at(2, "Maija") as (session, staff, ticket):
            await tickets.reopen_by_staff(session, staff, ticket, desk.town, desk.clock())


# Waiting


async def test_waits_since(desk):
    """A ticket waits from its beginning to the reply, and again from the resident's next word."""
    began = (await desk.now(1)).waits_since
    assert began is not None
    desk.clock.pass_(minutes=5)
    await desk.says("1", "ja vielä yksi asia")
    assert (await desk.now(1)).waits_since == began
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await tickets.reply(session, staff, ticket, "Selvitän.", desk.clock())
    assert (await desk.now(1)).waits_since is None
    await desk.says("1", "kiitos, mutta milloin")
    assert (await desk.now(1)).waits_since > began


# Merging


async def merge(desk, one, into, who="Maija"):
    async with desk.at(one, who) as (session, staff, ticket):
        target = await session.get_one(Ticket, into)
        await tickets.merge(session, staff, ticket, target, desk.town, desk.clock())


async def test_merge(desk):
    """The duplicate closes with a pointer, its messages stay, its resident is told once and gets the reply."""
    other = await desk.ticket("rumpujen soitto häiritsee")
    messages = len(await desk.heard(other))
    await merge(desk, 2, 1)
    after = await desk.now(2)
    assert (after.status, after.outcome, after.merged_into_id) == ("closed", "duplicate", 1)
    told = Replies(desk.town, "fi").merged("N-1002", "N-1001").text
    assert (await desk.heard(other))[messages:] == [told]
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await tickets.reply(session, staff, ticket, "Hiljaisuus alkaa kello 22.", desk.clock())
    await close(desk)
    for resident, number, id_ in (("1", "N-1001", 1), (other, "N-1002", 2)):
        asked = Replies(desk.town, "fi").closed(number, id_, "Maija").text
        assert (await desk.heard(resident))[-2:] == ["Hiljaisuus alkaa kello 22.", asked]


async def test_merged_resident_says_it_did_not_help(desk):
    """Whoever was merged can come back like anybody else, on their own again."""
    other = await desk.ticket("rumpujen soitto häiritsee")
    await merge(desk, 2, 1)
    await close(desk)
    await desk.says(other, "ei")
    after = await desk.now(2)
    assert (after.status, after.merged_into_id) == (Status.OPEN, None)
    assert (await desk.now(1)).status == Status.CLOSED


async def test_merge_of_merged(desk):
    """What was merged before goes along, so that nobody's answer ends in a closed ticket."""
    for _ in range(2):
        await desk.ticket("rumpujen soitto häiritsee")
    await merge(desk, 3, 2)
    await merge(desk, 2, 1)
    assert (await desk.now(3)).merged_into_id == 1


async def test_merge_that_cannot_be(desk):
    """Only two different open tickets of one language can be one; a colleague's stays theirs."""
    await desk.ticket("vad är detta för en konstig dosa", "sv")
    await desk.ticket("rumpujen soitto häiritsee")
    for one, into in ((1, 1), (2, 1)):
        with pytest.raises(CannotMerge):
            await merge(desk, one, into)
    await claim(desk, "Pekka", 3)
    with pytest.raises(TicketHeld):
        await merge(desk, 3, 1)
    await close(desk, "Pekka", 3)
    for one, into in ((3, 1), (1, 3)):
        with pytest.raises(CannotMerge):
            await merge(desk, one, into)
    assert (await desk.now(1)).status == Status.OPEN


# Notes and tags


async def test_note_is_no_message(desk):
    """A note stands beside the messages, whoever has the ticket and also when it is ended; nobody sends it."""
    await close(desk, "Pekka")
    heard = await desk.heard("1")
    async with desk.at(1, "Maija") as (session, staff, ticket):
        for _ in range(2):
            note = await desk.notes.add(
                session, staff, ticket, " Tunnus 131052-308T ", desk.clock(), key="k"
            )
        assert "131052-308T" not in note.text
        messages = select(func.count()).select_from(Message).where(Message.author == Author.STAFF)
        assert await session.scalar(messages) == 0
        assert len(await desk.notes.of(session, ticket)) == 1
    assert await desk.heard("1") == heard
    for text, error in ((" ", TextMissing), ("x" * 4_001, TextTooLong)):
        with pytest.raises(error):
            async with desk.at(1, "Maija") as (session, staff, ticket):
                await desk.notes.add(session, staff, ticket, text, desk.clock())


async def test_tags(desk):
    """A tag is kept in one shape, once, and can be taken off; there is an end to their number."""
    async with desk.at(1, "Maija") as (session, staff, ticket):
        for text in ("Öiset  ÄÄNET!", "öiset-äänet"):
            assert await desk.tags.add(session, staff, ticket, text, desk.clock()) == "öiset-äänet"
            await session.flush()
        assert await desk.tags.of(session, 1) == ["öiset-äänet"]
        assert await desk.tags.in_use(session) == ["öiset-äänet"]
        await desk.tags.remove(session, staff, ticket, "öiset-äänet", desk.clock())
        await desk.tags.remove(session, staff, ticket, "muu", desk.clock())
        assert await desk.tags.of(session, 1) == []
    for text, error in (("!!", TextMissing), ("x" * 41, TextTooLong)):
        with pytest.raises(error):
            async with desk.at(1, "Maija") as (session, staff, ticket):
                await desk.tags.add(session, staff, ticket, text, desk.clock())
    with pytest.raises(NothingToDo):
        async with desk.at(1, "Maija") as (session, staff, ticket):
            for number in range(21):
                await desk.tags.add(session, staff, ticket, f"t{number}", desk.clock())
                await session.flush()


# The bot answered wrongly


async def test_misanswer(desk):
    """A wrong answer is kept with the right one; another word on it replaces the first."""
    await desk.says("9", "Paljonko digituki maksaa?")
    await desk.ticket("ei tämä", resident="9")
    async with desk.at(2, "Maija") as (session, staff, ticket):
        answer = next(
            message
            for message in await tickets.conversation_of(session, ticket)
            if message.entry is not None
        )
        for right in ("digituki-place", None):
            await misanswers.judge(
                session, staff, ticket, right_entry=right, town=desk.town, now=desk.clock(),
                message_id=answer.id,
            )  # fmt: skip
            await session.flush()
        [kept] = await misanswers.of(session, ticket)
    assert (kept.entry, kept.right_entry, kept.message_id) == (
        "digituki-price",
        None,
        answer.cause_id,
    )
    for values, error in (
        ({"right_entry": "nothing-such"}, NotFound),
        ({"right_entry": "digituki-price", "message_id": answer.id}, NothingToDo),
        ({"right_entry": None, "message_id": 1}, NotFound),
        ({"right_entry": None, "message_id": 10**15}, NotFound),
    ):
        with pytest.raises(error):
            async with desk.at(2, "Maija") as (session, staff, ticket):
                await misanswers.judge(
                    session, staff, ticket, town=desk.town, now=desk.clock(), **values
                )
    async with desk.database.read() as session:
        assert len((await session.scalars(select(Misanswer))).all()) == 1


# Blocks


async def block(desk, who="Maija", days=7, id_=1, reason="Uhkailee."):
    async with desk.at(id_, who) as (session, staff, ticket):
        await blocks.block(
            session, staff, ticket, reason=reason, days=days, town=desk.town, now=desk.clock()
        )


async def test_blocked_resident(desk):
    """A blocked resident is told once more at each try, makes no ticket, and still gets the bot's answers."""
    await block(desk)
    after = await desk.now(1)
    assert (after.status, after.outcome) == (Status.CLOSED, Outcome.BLOCKED)
    async with desk.database.read() as session:
        [kept] = (await session.scalars(select(Block))).all()
    told = Replies(desk.town, "fi").blocked(kept.until).text
    assert (await desk.heard("1"))[-1] == told
    assert "Paljonko" not in (await desk.says("1", "Paljonko digituki maksaa?"))[0]
    assert await desk.says("1", "ihminen") == [told]
    [warning] = await desk.says("1", "haluan tappaa itseni")
    assert "112" in warning
    assert warning != told
    async with desk.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Ticket)) == 1
    desk.clock.pass_(days=8)
    assert "N-1002" in (await desk.says("1", "ihminen"))[0]
    async with desk.database.read() as session:
        kept = select(Message.text).where(Message.ticket_id == 2, Message.author == Author.RESIDENT)
        # What was written meanwhile went along.
        assert "haluan tappaa itseni" in (await session.scalars(kept)).all()


async def test_blocked_resident_with_an_event(desk):
    """Who is blocked is never told that an event was passed on to people, since it was not."""
    await block(desk)
    await desk.says("1", "Järjestän konsertin puistossa 3.7.2027, 200 henkeä")
    said = await desk.says("1", "ihminen")
    async with desk.database.read() as session:
        [kept] = (await session.scalars(select(Block))).all()
        assert await session.scalar(select(func.count()).select_from(Ticket)) == 1
    assert said == [Replies(desk.town, "fi").blocked(kept.until).text]


async def test_block_is_reviewed(desk):
    """A lead lifts a block, and the resident is told; or lets it stay."""
    await block(desk)
    async with desk.database.write() as session:
        lead = await desk.person(session, "Liisa")
        await blocks.review(session, lead, 1, lift=False, town=desk.town, now=desk.clock())
        assert await blocks.waiting(session) == 0
    heard = await desk.heard("1")
    async with desk.database.write() as session:
        lead = await desk.person(session, "Liisa")
        await blocks.review(session, lead, 1, lift=True, town=desk.town, now=desk.clock())
    assert await desk.heard("1") == [*heard, Replies(desk.town, "fi").unblocked().text]
    assert "N-1002" in (await desk.says("1", "ihminen"))[0]
    for id_, error in ((1, NothingToDo), (99, NotFound)):
        with pytest.raises(error):
            async with desk.database.write() as session:
                lead = await desk.person(session, "Liisa")
                await blocks.review(session, lead, id_, lift=True, town=desk.town, now=desk.clock())


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"reason": ""}, TextMissing),
        ({"reason": "x" * 501}, TextTooLong),
        ({"days": 365}, NothingToDo),
    ],
)
async def test_block_that_cannot_be(desk, values, error):
    """A block needs a reason and an end that can be chosen; nobody is blocked twice."""
    with pytest.raises(error):
        await block(desk, **values)
    assert (await desk.now(1)).status == Status.OPEN
    await block(desk)
    with pytest.raises(NothingToDo):
        await block(desk)


async def test_log(desk):
    """The log says who did what, in order, and holds nothing that a resident wrote."""
    await claim(desk, "Maija")
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await tickets.reply(session, staff, ticket, "Selvitän.", desk.clock())
        await tickets.release(session, staff, ticket, desk.clock())
        await tickets.release(session, staff, ticket, desk.clock())
    await desk.presses("1", "cancel-yes")
    assert await desk.log(1) == [
        (None, "open"),
        ("Maija", "claim"),
        ("Maija", "reply"),
        ("Maija", "release"),
        (None, "cancel"),
    ]


async def test_language_of_receipts(desk):
    """What is said about a ticket is in its language, also when the resident speaks another by then."""
    await close(desk)
    await desk.says("1", "english")
    words, queue = Replies(desk.town, "fi"), desk.town.book.queue("general")
    [reopened] = await desk.presses("1", "unsolved:1")
    [waiting] = await desk.presses("1", "status")
    async with desk.database.read() as session:
        by = await session.scalar(select(Ticket.reply_by))
    for said, wanted in (
        (reopened, words.reopened("N-1001", queue, 1, desk.clock(), by)),
        (waiting, words.waiting("N-1001", queue, 1, desk.clock(), by)),
    ):
        assert said == wanted.text
    assert (await desk.presses("1", "lang:en")) == [Replies(desk.town, "en").language_chosen().text]
