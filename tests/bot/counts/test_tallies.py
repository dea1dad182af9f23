"""What is counted of what residents say and of how long they wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from bot import tickets
from bot.conversation import hear
from bot.counts import report, tallies
from bot.counts.numbers import read_period
from bot.counts.outcomes import Outcome
from bot.errors import NotFound
from bot.models import Base, Channel, Conversation, Message, Role, Tally, Ticket, Wait
from bot.people import staff as people
from bot.respond import Kind, Utterance
from bot.service.hours import open_minutes
from bot.work import misanswers
from tests.conftest import MONDAY_MORNING

NOW = MONDAY_MORNING.astimezone(UTC)
PRICE = "How much does digital support cost?"
PERIOD = read_period("2026-11")


async def says(database, town, *said, who="a", now=NOW, channel=Channel.TELEGRAM):
    """Hear what a resident says, one after the other; a value in a tuple is a pressed button."""
    for words in said:
        kind, text = (Kind.CHOICE, words[0]) if isinstance(words, tuple) else (Kind.TEXT, words)
        async with database.write() as session:
            await hear(session, Utterance(channel, who, text, kind, locale="en"), town, now)


async def counted(database, town):
    """What was counted, oldest first, as (outcome, entry)."""
    await tallies.gather(database, town, NOW)
    async with database.read() as session:
        rows = await session.scalars(select(Tally).order_by(Tally.id))
        return [(row.outcome, row.entry) for row in rows]


@pytest.mark.parametrize(
    ("said", "outcomes"),
    [
        ([PRICE], [("assumed", "digituki-price")]),
        ([PRICE, "helped:"], [("confirmed", "digituki-price"), ("other", "digituki-price")]),
        ([PRICE, "missed:"], [("wrong", "digituki-price"), ("other", "digituki-price")]),
        ([PRICE, "missed:", "human"], [("wrong", "digituki-price"), ("other", "digituki-price"), ("escalated", "digituki-price")]),
        ([PRICE, "human"], [("passed_on", "digituki-price"), ("escalated", "digituki-price")]),
        (["my husband is not breathing"], [("warned", "emergency")]),
        (["hello"], [("other", "")]),
        (["human", "and one thing more"], [("escalated", ""), ("added", "")]),
        (["I am organising a street festival for 300 people"], [("guided", "")]),
        (["show:"], [("assumed", "digituki-price")]),
    ],
)  # fmt: skip
async def test_what_came_of_it(database, town, said, outcomes):
    """Each thing said is counted once, and an answer becomes what is said of it next."""
    said = [(f"{words}digituki-price",) if words.endswith(":") else words for words in said]
    await says(database, town, *said)
    assert await counted(database, town) == outcomes


async def judged(database, town, maija, wrong=0, take_back=False):
    """Staff say of the bot's answer with this place among them that it was wrong, or take that back."""
    async with database.write() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        query = select(Message).where(Message.author == "bot").order_by(Message.id)
        answers = [message for message in await session.scalars(query) if message.entry]
        if take_back:
            [mark] = await misanswers.of(session, ticket)
            await misanswers.take_back(session, maija, ticket, mark.id, NOW)
        else:
            await misanswers.judge(
                *(session, maija, ticket),
                right_entry=None,
                town=town,
                now=NOW,
                message_id=answers[wrong].id,
            )


@pytest.mark.parametrize(
    ("said", "before"),
    [
        ([PRICE, "human"], "passed_on"),
        ([PRICE, "hello", "human"], "passed_on"),
        ([PRICE, ("helped:digituki-price",), "human"], "confirmed"),
        ([PRICE, ("missed:digituki-price",), "human"], "wrong"),
        (["my husband is not breathing", "human"], "warned"),
    ],
)
async def test_staff_say_that_it_was_wrong(database, town, maija, said, before):
    """An answer that staff call wrong counts once, as wrong, and as before when they take that back."""
    await says(database, town, *said)
    outcomes = [outcome for outcome, _ in await counted(database, town)]
    assert outcomes[0] == before
    await judged(database, town, maija)
    for _time in range(2):
        after = [outcome for outcome, _ in await counted(database, town)]
        assert after == ["wrong", *outcomes[1:]]
        await judged(database, town, maija)  # Said again it is the same mark.
    await judged(database, town, maija, take_back=True)
    assert [outcome for outcome, _ in await counted(database, town)] == outcomes


async def test_marked_before_it_was_counted(database, town, maija):
    """A mark set before the message was counted finds it afterwards; taken back before, it leaves nothing."""
    await says(database, town, PRICE, "human")
    await judged(database, town, maija)
    assert (await counted(database, town))[0] == ("wrong", "digituki-price")
    await judged(database, town, maija, take_back=True)
    await judged(database, town, maija)
    await judged(database, town, maija, take_back=True)
    assert (await counted(database, town))[0] == ("passed_on", "digituki-price")


async def test_what_the_resident_says_after_staff(database, town, maija):
    """Once staff have called it wrong it stays so; taken back, the resident's own word counts."""
    await says(database, town, PRICE, ("missed:digituki-price",), "human")
    await judged(database, town, maija)
    await counted(database, town)
    await says(database, town, ("helped:digituki-price",))
    assert [outcome for outcome, _ in await counted(database, town)] == [
        "wrong",
        "other",
        "escalated",
        "other",
    ]
    await judged(database, town, maija, take_back=True)
    assert (await counted(database, town))[0] == ("confirmed", "digituki-price")


async def test_two_answers_two_marks(database, town, maija):
    """Asked twice, each mark is about one answer; a third has nothing more to change."""
    await says(database, town, PRICE, PRICE, "human")
    for wrong in (0, 1):
        await judged(database, town, maija, wrong)
    found = await counted(database, town)
    assert [outcome for outcome, _ in found] == ["wrong", "wrong", "escalated"]


async def test_a_mark_without_an_answer(database, town, maija):
    """A best guess that nobody was shown was no wrong answer: what was not found stays not found."""
    await says(database, town, "purple monkey dishwasher printing", "human")
    before = await counted(database, town)
    assert before[0][0] == Outcome.NOT_FOUND
    async with database.write() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        await misanswers.judge(
            *(session, maija, ticket), right_entry="digituki-price", town=town, now=NOW
        )
    assert await counted(database, town) == before


async def test_marks_of_others_are_not_taken_back(database, town, maija):
    """A mark of another ticket, or one that is gone, is not found."""
    await says(database, town, PRICE, "human")
    await says(database, town, PRICE, "human", who="b")
    await counted(database, town)
    async with database.write() as session:
        first, second = await session.scalars(select(Ticket).order_by(Ticket.id))
        mark = await misanswers.judge(
            *(session, maija, first), right_entry=None, town=town, now=NOW
        )
        await session.flush()
        for ticket, id_ in ((second, mark.id), (first, 999)):
            with pytest.raises(NotFound):
                await misanswers.take_back(session, maija, ticket, id_, NOW)


async def test_four_marks_are_not_shown(database, town, maija):
    """Marks that concern four people are given in no cell, and nor is what they were taken from."""
    for n in range(9):
        await says(database, town, PRICE, "human", who=f"{n}")
    await counted(database, town)
    async with database.write() as session:
        for ticket in (await session.scalars(select(Ticket).order_by(Ticket.id).limit(4))).all():
            await misanswers.judge(*(session, maija, ticket), right_entry=None, town=town, now=NOW)
    found = await made(database, town)
    wrong, passed = report.COLUMNS.index("wrong"), report.COLUMNS.index("passed_on")
    assert found.all_questions.total.total == 9
    for table in found.questions.values():
        for row in (*table.rows.values(), table.total):
            if row.parts:
                assert row.parts[wrong] in {None, 0}
                assert row.parts[passed] in {None, 0}


async def test_a_taken_suggestion_is_one_question(database, town):
    """Choosing one of the questions offered makes one answered question of it, not two."""
    await says(database, town, "minun puhelin")
    [(outcome, _)] = await counted(database, town)
    assert outcome == Outcome.SUGGESTED
    await says(database, town, ("show:digituki-price",))
    assert await counted(database, town) == [
        ("assumed", "digituki-price"),
        ("other", "digituki-price"),
    ]


async def test_easy_language_is_marked(database, town):
    """Whoever asks for easy language is counted so, in the answer and in the waiting."""
    easy = next(e.id for e in town.book.entries.values() if e.texts["en"].easy)
    await says(database, town, (f"show:{easy}",), (f"easy:{easy}",), "human")
    await counted(database, town)
    await tallies.follow(database, town, NOW)
    async with database.read() as session:
        marked = (await session.scalars(select(Tally.is_easy).order_by(Tally.id))).all()
        assert marked == [True, True, False]
        assert await session.scalar(select(Wait.is_easy)) is True


async def test_counting_twice_changes_nothing(database, town):
    """What was counted is not counted again."""
    await says(database, town, PRICE, PRICE)
    assert await tallies.gather(database, town, NOW) == 2
    assert await tallies.gather(database, town, NOW) == 0
    assert len(await counted(database, town)) == 2


async def test_many_at_once(database, town, monkeypatch):
    """More messages than one batch holds are all counted, and later words reach earlier batches."""
    monkeypatch.setattr(tallies, "_BATCH", 2)
    await says(database, town, PRICE, "hello", ("helped:digituki-price",), "hello", "hello")
    assert [outcome for outcome, _ in await counted(database, town)] == [
        "confirmed",
        "other",
        "other",
        "other",
        "other",
    ]


async def test_a_redelivered_message_counts_once(database, town):
    """The channel may deliver a message again; it was said once."""
    said = Utterance(Channel.TELEGRAM, "a", PRICE, key="1", locale="en")
    for _ in range(2):
        async with database.write() as session:
            await hear(session, said, town, NOW)
    assert len(await counted(database, town)) == 1


async def test_nothing_said_is_kept(database, town):
    """What is counted holds no word of a message and no name of a conversation."""
    await says(database, town, "a secret wish about digital support", who="12345678")
    await counted(database, town)
    async with database.read() as session:
        row = (await session.execute(select(Tally.__table__))).one()
        conversation = await session.scalar(select(Conversation.id))
    shown = repr(tuple(row))
    assert "secret" not in shown
    assert conversation not in shown
    assert "12345678" not in shown


def test_a_person_in_another_month():
    """Months cannot be put together: the same conversation is somebody else in each."""
    november, december = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert tallies.person_of("key", "a", november) == tallies.person_of(
        "key", "a", november + timedelta(days=20)
    )
    assert tallies.person_of("key", "a", november) != tallies.person_of("key", "a", december)
    assert tallies.person_of("key", "a", november) != tallies.person_of("key", "b", november)


async def test_a_new_day_begins_in_finland(database, town):
    """What is said after midnight in Helsinki counts for the new day, whatever UTC says."""
    await says(database, town, PRICE, now=datetime(2026, 11, 30, 22, 30, tzinfo=UTC))
    await counted(database, town)
    async with database.read() as session:
        assert (await session.execute(select(Tally.day, Tally.hour))).one() == ("2026-12-01", 0)


@pytest.fixture
async def maija(database):
    async with database.write() as session:
        return await people.add(session, "Maija", Role.LEAD, [], NOW)


async def answered(database, town, maija, who, minutes=30, now=NOW):
    """A resident asks for a person and has the answer after so many minutes; then it is closed."""
    await says(database, town, "human", who=who, now=now)
    async with database.write() as session:
        ticket = (await session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1))).one()
        await tickets.reply(session, maija, ticket, "Hello!", now + timedelta(minutes=minutes))
        await tickets.close(
            session, maija, ticket, town, now + timedelta(minutes=2 * minutes), anyway=True
        )


async def test_waiting_is_followed(database, town, maija):
    """A ticket's waiting follows its reply and closing, and looking again changes nothing."""
    await says(database, town, "human")
    assert await tallies.follow(database, town, NOW) == 1
    assert await tallies.follow(database, town, NOW) == 0
    async with database.write() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        await tickets.reply(session, maija, ticket, "Hello!", NOW + timedelta(minutes=15))
    assert await tallies.follow(database, town, NOW) == 1
    async with database.write() as session:
        ticket = (await session.scalars(select(Ticket))).one()
        await tickets.close(session, maija, ticket, town, NOW + timedelta(minutes=40), anyway=True)
    await tallies.follow(database, town, NOW)
    async with database.read() as session:
        wait = (await session.scalars(select(Wait))).one()
    assert (wait.reply_minutes, wait.close_minutes, wait.status) == (15, 40, "closed")
    assert await tallies.follow(database, town, NOW) == 0


async def test_only_opening_hours_count(town):
    """A night and a week-end are not waiting; a queue that never opens counts the clock."""
    queue = town.book.queue("general")
    friday = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert open_minutes(queue, friday, friday) == 0
    whole = open_minutes(queue, friday, friday + timedelta(days=3))
    assert 0 < whole < 24 * 60
    saturday = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
    assert open_minutes(queue, saturday, saturday + timedelta(hours=30)) == 0
    from dataclasses import replace  # noqa: PLC0415 - only here

    closed = replace(queue, hours=((),) * 7)
    assert open_minutes(closed, friday, friday + timedelta(minutes=90)) == 90


async def made(database, town, period=PERIOD):
    await tallies.gather(database, town, NOW)
    await tallies.follow(database, town, NOW)
    async with database.read() as session:
        return await report.made(session, period, town, NOW)


async def test_a_report(database, town, maija):
    """Six people are shown, in every dimension, with how long they waited."""
    for n in range(6):
        await says(database, town, PRICE, ("helped:digituki-price",), who=f"{n}")
        await answered(database, town, maija, f"{n}", minutes=10 * (n + 1))
    found = await made(database, town)
    assert found.messages == 18
    assert found.all_questions.total.total == 6
    assert found.questions["language"].rows["en"].parts == (6, 0, 0, 0, 0, 0)
    assert found.questions["topic"].rows["digital-support"].total == 6
    assert found.questions["day"].rows["2026-11-23"].total == 6
    assert found.questions["hour"].rows["10"].total == 6
    assert found.questions["easy_language"].rows["ordinary"].total == 6
    assert found.tickets["language"]["en"].reply == (30, 60)
    assert found.all_tickets.tickets == 6
    assert (await made(database, town, PERIOD.after)).messages == 0


async def test_four_people_are_not_shown(database, town):
    """What stands for four people is given nowhere."""
    for n in range(4):
        await says(database, town, PRICE, "human", who=f"{n}")
    found = await made(database, town)
    assert found.messages is None
    for table in found.questions.values():
        assert table.total.total is None
        assert not any(row.total for row in table.rows.values())
    for rows in found.tickets.values():
        assert not any(row.tickets or row.reply or row.close for row in rows.values())


async def test_numbers_stay_when_messages_go(database, town, maija):
    """The numbers are the same after every message, ticket and conversation has been removed."""
    for n in range(6):
        await says(database, town, PRICE, who=f"{n}")
        await answered(database, town, maija, f"{n}")
    before = await made(database, town)
    async with database.write() as session:
        await session.execute(update(Message).values(ticket_id=None, cause_id=None))
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in {"tallies", "waits", "staff"}:
                await session.execute(delete(table))
    assert await made(database, town) == before
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Conversation)) == 0
