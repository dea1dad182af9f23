"""Files and edits in a ticket's topic: named with where to open them, each once, also made again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot import attachments
from bot.errors import FileRefused, Why
from bot.models import Attachment, Message, Staff, Ticket, Topic
from tests import samples
from tests.conftest import TelegramResident, settled
from tests.handlers.conftest import escalated, told
from tests.handlers.group.test_desk_in_telegram import colleague, rows, said, until
from tests.handlers.test_files import form

PHOTO = samples.picture("JPEG")
EDITED = "The resident has edited a message. Now it reads:"


@pytest.fixture
def limits():
    """1 MB a file, 2 a ticket."""
    return {"file_mb": 1, "ticket_mb": 2}


async def in_telegram(telegram, group):
    """A resident in Telegram with a ticket, and its topic."""
    resident = TelegramResident(telegram, "fi")
    await resident.says("ihminen")
    await group.hears("N-1001")
    return resident.person, group.topic("N-1001")


def shown(group, topic):
    return "\n".join(group.shown_in(topic))


def link(message):
    address = f"http://localhost:8080/staff/tickets/N-1001#m{message}"
    return said("Open it in the console: {address}", address=address)


async def test_a_picture_is_named(either_desk, telegram, group):
    """A picture with words stands in the topic with its name, and where it can be opened."""
    person, topic = await in_telegram(telegram, group)
    await person.sends_photo("Katso tätä.", content=PHOTO)
    post = await group.hears("Katso tätä.")
    [message] = [one for one in await rows(either_desk, Message) if one.files]
    assert "📎 kuva.jpg" in post.text
    assert link(message.id) in post.text
    assert post.message["message_thread_id"] == topic.thread


async def test_files_of_the_question(desk, telegram, group):
    """What was sent before a person was asked for stands under the question."""
    person = telegram.person()
    await person.sends_document("kirje.pdf", samples.PDF, caption="Mistä tämä kirje on?")
    await settled(telegram)
    await person.presses("human")
    post = await group.hears("N-1001")
    assert "Mistä tämä kirje on?" in post.text
    assert post.text.count("📎 kirje.pdf") == 1
    address = "http://localhost:8080/staff/tickets/N-1001"
    assert post.text.endswith(said("Open it in the console: {address}", address=address))


async def test_an_album_that_comes_in_pieces(either_desk, telegram, group):
    """Every picture of an album is named once, those that come after the post as more."""
    person, topic = await in_telegram(telegram, group)
    await person.sends_document("1.pdf", samples.PDF, album="a", caption="Kolme kirjettä.")
    await group.hears("Kolme kirjettä.")
    await person.sends_document("2.pdf", samples.PDF, album="a")
    await person.sends_document("3.pdf", samples.PDF, album="a")
    await group.hears("3.pdf")
    await settled(telegram)
    text = shown(group, topic)
    assert [text.count(f"📎 {number}.pdf") for number in (1, 2, 3)] == [1, 1, 1]
    assert text.count("Kolme kirjettä.") == 1
    assert said("The resident sent more files:") in text
    [message] = [one for one in await rows(either_desk, Message) if one.files]
    assert len(message.files) == 3


async def test_an_album_at_once(desk, telegram, group):
    """An album that comes at once needs one post, and is one message."""
    person, topic = await in_telegram(telegram, group)
    before = len(group.messages)
    for number in (1, 2, 3):
        await person.sends_document(f"{number}.pdf", samples.PDF, album="a")
    await group.hears("3.pdf")
    await settled(telegram)
    assert len(group.messages) - before <= 2
    assert shown(group, topic).count("📎") == 3


async def test_a_picture_of_an_album_that_is_too_large(desk, telegram, group):
    """The resident is told, and staff see which one cannot be opened; the others are there."""
    person, topic = await in_telegram(telegram, group)
    await person.sends_document("1.pdf", samples.PDF, album="a")
    await person.sends_document("video.mp4", b"", album="a", size=1_000_001)
    await person.sends_document("3.pdf", samples.PDF, album="a")
    await person.hears(told(FileRefused(Why.TOO_LARGE, "video.mp4", 1), "fi"))
    await group.hears("3.pdf")
    await settled(telegram)
    text = shown(group, topic)
    assert f"📎 video.mp4 · {said('cannot be opened')}" in text
    assert text.count("📎") == 3


async def test_an_album_fills_the_ticket(desk, telegram, group):
    """An album's later files count towards what a ticket holds; what comes again is no new file."""
    person, _topic = await in_telegram(telegram, group)
    for number in range(3):
        await person.sends_document(f"{number}.pdf", b"", album="a", size=900_000)
    answer = await person.hears("Mt")
    assert answer.text == told(FileRefused(Why.TICKET_FULL, "2.pdf", 2), "fi")
    heard = len(person.heard)
    telegram.redeliver([u for u in telegram.updates if "message" in u][-2]["update_id"])
    await settled(telegram)
    assert len(person.heard) == heard
    assert [row.fault for row in await rows(desk, Attachment)] == [None, None, Why.TICKET_FULL]


async def test_an_edit_says_that_it_is_one(desk, telegram, group):
    """What the resident puts otherwise stands in the topic as an edit, also a caption and a picture."""
    person, topic = await in_telegram(telegram, group)
    number = await person.says("Puhelin on rikki.")
    await group.hears("Puhelin on rikki.")
    await person.edits(number, "Puhelin on vanha.")
    post = await group.hears("Puhelin on vanha.")
    assert said(EDITED) in post.text
    assert "Puhelin on rikki." not in post.text
    number = await person.sends_photo("Tässä.", content=PHOTO)
    await group.hears("Tässä.")
    await person.edits_caption(number, "Tässä kuva.")
    post = await group.hears("Tässä kuva.")
    assert said(EDITED) in post.text
    assert "📎" not in post.text
    await person.replaces_photo(number, PHOTO)
    post = await group.hears("📎")
    assert said(EDITED) in post.text
    assert "vanha" not in topic.name


async def test_made_again_with_files_and_edits(either_desk, telegram, group):
    """A topic that was deleted has every file and edit again, each once and in order, and goes on."""
    maija = await colleague(either_desk, telegram, group)
    person, gone = await in_telegram(telegram, group)
    number = await person.says("Puhelin on rikki.")
    await person.sends_document("1.pdf", samples.PDF, album="a", caption="Kaksi kirjettä.")
    await person.sends_document("2.pdf", samples.PDF, album="a")
    await person.sends_voice(content=samples.OPUS)
    await person.edits(number, "Puhelin on vanha.")
    await group.hears("Puhelin on vanha.")
    sent = await maija.person.sends_document(
        "ohje.pdf", samples.PDF, group, topic=gone, caption="Ohje."
    )
    await until(lambda: sent in group.reacted, 15)
    async with either_desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        ticket = await session.get(Ticket, 1)
        voice = await session.scalar(select(Attachment).where(Attachment.kind == "voice"))
        now = either_desk.clock()
        await attachments.write_down(session, staff, ticket, voice, "Soittakaa minulle", now)
    await settled(telegram)
    group.deletes(gone)
    await person.says("Onko kukaan siellä?")
    await group.hears("Onko kukaan siellä?")
    topic = group.topic("N-1001")
    assert topic is not gone
    await settled(telegram)
    text = shown(group, topic)
    wanted = [
        *("Puhelin on rikki.", "Kaksi kirjettä.", "📎 1.pdf", "📎 2.pdf", "📎 ääniviesti"),
        *("Soittakaa minulle", said(EDITED), "Puhelin on vanha.", "Ohje.", "📎 ohje.pdf"),
        "Onko kukaan siellä?",
    ]
    assert [text.count(part) for part in wanted] == [1] * len(wanted)
    places = [text.index(part) for part in wanted]
    assert places == sorted(places)
    await person.sends_document("3.pdf", samples.PDF)
    await group.hears("3.pdf")
    await settled(telegram)
    assert shown(group, topic).count("📎 1.pdf") == 1


async def test_files_from_the_console(desk, telegram, group):
    """What a colleague sends from the console is named in the topic; what was sent from here is not."""
    maija = await colleague(desk, telegram, group)
    _resident, number = await escalated(desk, "Mistä saan apua tulostimen kanssa?")
    await group.hears(number)
    topic = group.topic(number)
    data = form(("ohje.pdf", samples.PDF), text="Katso ohje.")
    status, body = await maija.member.asks("POST", f"/tickets/{number}/reply", data=data)
    assert status == 200, body
    post = await group.hears("Katso ohje.")
    assert "📎 ohje.pdf" in post.text
    sent = await maija.person.sends_document("oma.pdf", samples.PDF, group, topic=topic)
    await until(lambda: sent in group.reacted)
    await asyncio.sleep(1)
    assert "oma.pdf" not in shown(group, topic)
    [row] = await rows(desk, Topic)
    assert row.file_id == len(await rows(desk, Attachment)) == 2
