"""Search over tickets finds the same on both databases."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import attachments, tickets
from bot.conversation import hear
from bot.errors import NotFound
from bot.files import FileKind, SentFile, new_key
from bot.models import FIRST_NUMBER, Attachment, Channel
from bot.respond import Kind, Utterance
from bot.work import search
from bot.work.ticket_list import Filters, Order, excerpt, listed
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
        ("sopimus", [1, 3]),
        ('"sopimus"', [3]),
        ('"SOPIMUKSEN" äitinsä', [1]),
        ('"äidille', []),
        ("kirjastossa", [2]),
        ("nettiosoitteen", [2]),
        ("tulostimen", [2]),
        ("irtisanomisia", [1]),
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
        ("sopimus*", [1, 3]),
        ("x" * 5_000, []),
    ],
)
async def test_search(desk, words, ids):
    """A word finds its other forms, in quotes only itself, whatever its capitals; all must be there."""
    assert await found(desk, words) == ids


async def test_search_finds_notes_replies_and_tags(desk):
    """What staff wrote is found as well, from the moment it was written."""
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await desk.notes.add(session, staff, ticket, "Soitin edunvalvojalle", desk.clock())
        await desk.tags.add(session, staff, ticket, "Holhous", desk.clock())
        await tickets.reply(session, staff, ticket, "Lomake löytyy virastosta", desk.clock())
    for words in ("edunvalvoja", "holhous", "virasto", "äiti virasto holhous"):
        assert await found(desk, words) == [1]


async def recorded(desk, resident, kind=FileKind.VOICE):
    """What a resident's recording is called, sent without any words."""
    file = SentFile(kind, "audio/ogg", "", 1_000, new_key(), remote_id="r", remote_key=new_key())
    said = Utterance(Channel.TELEGRAM, resident, "", Kind.TEXT, files=(file,))
    async with desk.database.write() as session:
        await hear(session, said, desk.town, desk.clock())
    return file.key


async def write_down(desk, key, text, id_=1):
    """Write down what is said in a recording."""
    async with desk.at(id_, "Maija") as (session, staff, ticket):
        row = await attachments.of_key(session, key)
        await attachments.write_down(session, staff, ticket, row, text, desk.clock())


async def test_search_finds_what_recordings_say(desk):
    """What is written down of a recording is found; put otherwise, only what stands there now."""
    key = await recorded(desk, "1")
    await write_down(desk, key, "Mummo soitti lääkärille sopimuksen takia")
    for words in ("mummo", "LÄÄKÄRI", "äitini lääkärille"):
        assert await found(desk, words) == [1]
    await write_down(desk, key, "Vaari soitti lääkärille")
    assert await found(desk, "vaari lääkäri") == [1]
    assert await found(desk, "mummo") == []
    # The resident wrote this word, too.
    assert await found(desk, "sopimuksen") == [1]
    await write_down(desk, key, " ")
    assert await found(desk, "vaari") == await found(desk, "lääkäri") == []


async def test_words_that_stand_elsewhere_are_still_found(desk):
    """What a note, a tag or another recording says as well is found when one of them loses it."""
    one, other = await recorded(desk, "1"), await recorded(desk, "1")
    await write_down(desk, one, "huolto lasku kattila")
    await write_down(desk, other, "kattila vuotaa")
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await desk.notes.add(session, staff, ticket, "Huolto tulee", desk.clock())
        await desk.tags.add(session, staff, ticket, "lasku", desk.clock())
    await write_down(desk, one, "epäselvää")
    for words in ("huolto", "lasku", "kattila", "epäselvää"):
        assert await found(desk, words) == [1]


async def test_secrets_in_recordings_are_not_found(desk):
    """An identity code that was written down is hidden before anything is kept, words to search included."""
    key = await recorded(desk, "1")
    await write_down(desk, key, "tunnukseni on 131052-308T kiitos")
    assert await found(desk, "kiitos") == [1]
    assert await found(desk, "131052") == await found(desk, "308T") == []


async def test_a_recording_from_before_the_ticket(desk):
    """A recording belongs to the ticket that its message belongs to, wherever it was written down."""
    async with desk.at(1, "Maija") as (session, staff, ticket):
        await tickets.close(session, staff, ticket, desk.town, desk.clock(), anyway=True)
    key = await recorded(desk, "1")
    await write_down(desk, key, "patteri kylmä", 1)
    assert await found(desk, "patteri") == []
    await desk.presses("1", "human")
    assert await found(desk, "patteri") == [4]


async def test_only_recordings_are_written_down(desk):
    """What is no recording takes no words, and the search learns none."""
    key = await recorded(desk, "1", FileKind.DOCUMENT)
    with pytest.raises(NotFound):
        await write_down(desk, key, "pakkanen")
    assert await found(desk, "pakkanen") == []
    async with desk.database.read() as session:
        assert (await session.get(Attachment, 1)).transcript is None


async def test_search_keeps_to_ones_own_queues(desk):
    """Nobody finds what is in a queue they do not see; an editor finds nothing at all."""
    await desk.hire("Eeva", queues=["events"])
    assert await found(desk, "sopimus", "Eeva") == []
    assert await found(desk, "N-1001", "Eeva") == []


async def test_ended_tickets_are_found(desk):
    """A search looks at ended tickets too, unless a status is asked for; the plain list does not."""
    async with desk.at(3, "Maija") as (session, staff, ticket):
        await tickets.close(session, staff, ticket, desk.town, desk.clock(), anyway=True)
    assert await found(desk, '"sopimus"') == [3]
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


async def test_a_removed_tag_is_not_found(desk):
    """A tag that was taken off finds its ticket no more, except by words that stand elsewhere in it."""
    async with desk.at(3, "Maija") as (session, staff, ticket):
        for tag in ("sopimus-kesken", "kesken-vuosi"):
            await desk.tags.add(session, staff, ticket, tag, desk.clock())
    assert await found(desk, "vuosi") == await found(desk, "kesken") == [3]
    async with desk.at(3, "Maija") as (session, staff, ticket):
        await desk.tags.remove(session, staff, ticket, "kesken-vuosi", desk.clock())
    assert await found(desk, "vuosi") == []
    assert await found(desk, "kesken") == [3]
    async with desk.at(3, "Maija") as (session, staff, ticket):
        await desk.tags.remove(session, staff, ticket, "sopimus-kesken", desk.clock())
    assert await found(desk, "kesken") == []
    assert await found(desk, '"sopimus"') == [3]


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
