"""The part of town: where a resident may name it, how it is kept, and how it is counted."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from bot import districts
from bot.conversation import hear
from bot.counts import report, tallies
from bot.counts.numbers import FEWEST, read_period
from bot.models import Channel, Message, Ticket, Wait
from bot.replies import Replies
from bot.respond import Deed, Kind, Matter, State, Utterance
from bot.texts import LOCALES
from tests.bot.test_respond import turn
from tests.conftest import MONDAY_MORNING

NOW = MONDAY_MORNING.astimezone(UTC)
PRICE = "Paljonko digituki maksaa?"
PERIOD = read_period("2026-11")
TOWNS = ("helsinki", "espoo", "vantaa")


async def says(database, town, *said, who="a"):
    """Hear what a resident says; a value in a tuple is a pressed button."""
    for words in said:
        kind, text = (Kind.CHOICE, words[0]) if isinstance(words, tuple) else (Kind.TEXT, words)
        async with database.write() as session:
            await hear(session, Utterance(Channel.WEB, who, text, kind), town, NOW)


async def newest(database):
    """The newest reply, and the newest ticket."""
    async with database.read() as session:
        message = select(Message).where(Message.author == "bot").order_by(Message.id.desc())
        ticket = select(Ticket).order_by(Ticket.id.desc())
        return (await session.scalars(message)).first(), (await session.scalars(ticket)).first()


def values(message):
    return [choice["value"] for choice in message.choices]


@pytest.mark.parametrize("town", TOWNS)
def test_every_district_has_its_names(town):
    """Each town has its districts, each with a name in every language that no other has."""
    found = districts.of_town(town)
    assert len(found) >= 7
    for locale in LOCALES:
        labels = [district.label(locale) for district in found.values()]
        assert len(set(labels)) == len(labels)
        assert all(0 < len(label) <= 60 for label in labels)
    for id_, district in found.items():
        assert len(id_) <= 40
        assert set(district.names) == set(LOCALES)
        assert set(district.parts) in ({*LOCALES}, set())


def test_asked_where_it_serves(town):
    """It is asked in queues whose staff can use it, which the book has, and not in a town without districts."""
    assert districts.is_asked("helsinki", "digital-support")
    assert not districts.is_asked("helsinki", "events")
    assert not districts.is_asked("porvoo", "digital-support")
    asked = [queue for queue in town.book.queues if districts.is_asked(town.id, queue)]
    assert asked == ["digital-support"]


async def test_told_in_two_taps(database, town):
    """The receipt offers it; chosen from the list it is kept with the ticket, thanked for, and changes nothing else."""
    await says(database, town, PRICE, "human")
    receipt, ticket = await newest(database)
    assert (ticket.queue, ticket.district) == ("digital-support", None)
    assert values(receipt) == ["district", "status", "cancel", "aside"]
    await says(database, town, ("district",))
    offered, _ticket = await newest(database)
    assert len(values(offered)) == len(districts.of_town("helsinki")) + 1
    assert values(offered)[-1] == "no-district"
    await says(database, town, ("district:eastern",))
    thanks, after = await newest(database)
    assert "Itäinen" in thanks.text
    assert values(thanks) == ["status", "cancel", "aside", "no-district"]
    assert after.district == "eastern"
    assert (after.status, after.waits_since) == (ticket.status, ticket.waits_since)


async def test_taken_back_in_one_tap(database, town):
    """Whoever would rather not say leaves nothing, also after having said it."""
    await says(database, town, PRICE, "human", ("no-district",))
    assert (await newest(database))[1].district is None
    await says(database, town, ("district:southern",), ("no-district",))
    assert (await newest(database))[1].district is None


async def test_not_asked_elsewhere(database, town):
    """A question that no place nearby would help with is passed on without it."""
    await says(database, town, "human")
    receipt, ticket = await newest(database)
    assert ticket.queue == "general"
    assert "district" not in values(receipt)


@pytest.mark.parametrize(
    "value", ["district:atlantis", "district:tapiola", "district:\0", "no-district:x"]
)
async def test_unknown_districts(database, town, value):
    """What is no district of this town is no button, and nothing is kept."""
    await says(database, town, PRICE, "human", (value,))
    assert (await newest(database))[1].district is None


@pytest.mark.parametrize("value", ["district", "district:eastern", "no-district"])
def test_without_a_ticket(town, value):
    """Pressed when no question is with staff any more, a button says so."""
    assert turn(town, value, kind=Kind.CHOICE).deed is Deed.STATUS


@pytest.mark.parametrize("name", TOWNS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_button_leads_on(town, name, locale):
    """In every town and language each button of the list is known and short enough for Telegram."""
    words = Replies(SimpleNamespace(id=name, book=town.book), locale)
    for choice in words.districts().choices:
        assert len(choice.value.encode()) <= 64
        assert words.choice(choice.value) == choice
        known = choice.value.partition(":")[2] or None
        assert words.district_kept(known).text


def test_one_at_a_time(town):
    """A press says which district is meant, and shows its name."""
    pressed = turn(
        town, "district:eastern", kind=Kind.CHOICE, matter=Matter(1, "N-1001", None), state=State()
    )
    assert (pressed.deed, pressed.district) == (Deed.DISTRICT, "eastern")
    assert pressed.shown == districts.of_town("helsinki")["eastern"].label(pressed.locale)


async def test_numbers_by_district(database, town):
    """Tickets are counted by district once five people are behind a number; fewer are given nowhere."""
    told = {"eastern": 6, "southern": 5, "western": 4, "": 7}
    for district, people in told.items():
        for n in range(people):
            chosen = [(f"district:{district}",)] if district else []
            await says(database, town, PRICE, "human", *chosen, who=f"{district}{n}")
    await tallies.gather(database, town, NOW)
    await tallies.follow(database, town, NOW)
    async with database.read() as session:
        found = await report.made(session, PERIOD, town, NOW)
    shown = {name: wait.tickets for name, wait in found.tickets["district"].items()}
    assert shown["eastern"] == 6
    assert shown[""] == 7
    assert shown["western"] is None
    assert shown["southern"] is None  # Else the four could be worked out.
    assert shown["central"] == 0
    assert all(number is None or number == 0 or number >= FEWEST for number in shown.values())
    assert found.all_tickets.tickets == sum(told.values())


async def test_a_later_word_is_followed(database, town):
    """Named after the ticket was counted, the district is counted; taken back, it is not."""
    await says(database, town, PRICE, "human")

    async def counted():
        await tallies.follow(database, town, NOW)
        async with database.read() as session:
            return await session.scalar(select(Wait.district))

    assert await counted() == ""
    await says(database, town, ("district:northern",))
    assert await counted() == "northern"
    await says(database, town, ("no-district",))
    assert await counted() == ""
    assert await tallies.follow(database, town, NOW) == 0
