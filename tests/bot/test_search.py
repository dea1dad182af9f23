"""Search over tickets finds the same on both databases."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import search, tickets
from bot.models import FIRST_NUMBER
from bot.ticket_list import Filters, Order, excerpt, listed
from tests.bot.desk import Desk


@pytest.fixture
async def desk(database, town, clock):
    """A desk with three tickets."""
    made = Desk(database, town, clock)
    await made.hire("Maija")
    for text in (
        "Äitini SOPIMUKSEN irtisanominen ei onnistu",
        "Tulostin hajosi; nettiosoite on www.kirjasto.fi/tulosta",
        "Öljyn haju porraskäytävässä, sopimus kunnossa",
    ):
        await made.ticket(text)
    return made


async def found(desk, words, name="Maija", **filters):
    async with desk.database.read() as session:
        person = await desk.person(session, name)
        wanted = Filters(words=words, **filters)
        return [one.id for one in (await listed(session, person, wanted, desk.clock())).tickets]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("sopimu", [1, 3]),
        ("SOPIMUKSEN", [1]),
        ("äiti", [1]),
        ("ÖLJY", [3]),
        ("sopimus öljyn", [3]),
        ("öljyn tulostin", []),
        ("kirjasto", [2]),
        ("imus", []),
        ("N-1002", [2]),
        ("n-1002", [2]),
        ("1003", [3]),
        ("N-9999", []),
        ("N-999999999999", []),
        ("%", []),
        ("'; --", []),
        ('"sopimus" OR *', []),
        ("sopimus*", [3]),
        ("x" * 5_000, []),
    ],
)
async def test_search(desk, words, ids):
    """A word finds what begins with it, whatever its capitals; all words must be there; a number finds its ticket."""
    assert await found(desk, words) == ids


async def test_search_finds_notes_replies_and_tags(desk):
    """What staff wrote is found as well, from the moment it was written."""
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await desk.notes.add(session, staff, ticket, "Soitin edunvalvojalle", desk.clock())
        await desk.tags.add(session, staff, ticket, "Holhous", desk.clock())
        await tickets.reply(session, staff, ticket, "Lomake löytyy virastosta", desk.clock())
    for words in ("edunvalvoja", "holhous", "virasto", "äiti virasto holhous"):
        assert await found(desk, words) == [1]


async def test_search_keeps_to_ones_own_queues(desk):
    """Nobody finds what is in a queue they do not see; an editor finds nothing at all."""
    await desk.hire("Eeva", queues=["events"])
    assert await found(desk, "sopimus", "Eeva") == []
    assert await found(desk, "N-1001", "Eeva") == []


async def test_ended_tickets_are_found(desk):
    """A search looks at ended tickets too, unless a status is asked for; the plain list does not."""
    async with desk.at(3, "Maija") as (session, staff, ticket):
        await tickets.close(session, staff, ticket, desk.town, desk.clock())
    assert await found(desk, "sopimus") == [3]
    assert await found(desk, "") == [1, 2]


@given(st.text())
def test_words_in_anything(text):
    """Words are short, without capitals, and never blank; the same words give themselves."""
    words = search.words_in(text)
    assert all(0 < len(word) <= search.LONGEST_WORD and not word.isspace() for word in words)
    assert search.words_in(" ".join(words)) == words or any("_" in word for word in words)


@given(st.text(max_size=30))
def test_numbers(text):
    """Only what is written like a ticket's number is one."""
    number = search.number_in(text)
    assert number is None or str(number + FIRST_NUMBER) in str(int(text.strip().lstrip("nN-")))


@given(st.dictionaries(st.sampled_from(["queue", "q", "page", "status", "sort", "tag"]), st.text()))
def test_filters_survive_any_address(query):
    """Whatever stands in an address becomes filters, and their own address gives them again."""
    filters = Filters.read(query)
    assert filters.page >= 1
    assert Filters.read(dict(parse_qsl(filters.address()))) == filters


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        (Order.OLDEST, [1, 2, 3]),
        (Order.NEWEST, [3, 2, 1]),
        (Order.WAITING, [1, 3, 2]),
        (Order.DUE, [1, 3, 2]),
    ],
)
async def test_orders(desk, order, ids):
    """Each order puts first what it promises; who was answered waits no longer."""
    async with desk.at(2, "Maija") as (session, staff, ticket):
        await tickets.reply(session, staff, ticket, "Selvä.", desk.clock())
    assert await found(desk, "", order=order) == ids


async def test_filters(desk):
    """Each filter keeps what it names."""
    desk.clock.pass_(days=3)
    async with desk.at(2, "Maija") as (session, staff, ticket):
        await tickets.reply(session, staff, ticket, "Selvä.", desk.clock())
    assert await found(desk, "", mine=True) == [2]
    assert await found(desk, "", waiting=True) == [1, 3]
    assert await found(desk, "", overdue=True) == [1, 3]
    assert await found(desk, "", locale="sv") == []
    assert await found(desk, "", queue="events") == []
    async with desk.at(3, "Maija") as (session, staff, ticket):
        await desk.tags.add(session, staff, ticket, "haju", desk.clock())
    assert await found(desk, "", tag="haju") == [3]


async def test_pages(desk):
    """A page after the last is the last; the count is of all pages."""
    async with desk.database.read() as session:
        person = await desk.person(session, "Maija")
        last = await listed(session, person, Filters(page=9_999), desk.clock(), limit=2)
        assert ([one.id for one in last.tickets], last.count, last.page) == ([3], 3, 2)


def test_excerpt():
    """An excerpt is one line, and says when it is cut."""
    assert excerpt("yksi\n kaksi") == "yksi kaksi"
    cut = excerpt("sana " * 100)
    assert cut.endswith("…")
    assert len(cut) <= 120
