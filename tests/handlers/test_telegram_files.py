"""Files in Telegram: kept with the ticket, fetched when opened, albums, edits, and what staff send."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image
from sqlalchemy import select

from bot.errors import FileRefused, Why
from bot.models import Attachment, Conversation, DeliveryStatus, Message, Ticket
from handlers.keys import FILES
from tests import samples
from tests.conftest import TOKEN, House, attach, settings_for
from tests.handlers.conftest import Browser, sent, told
from tests.handlers.test_files import PICTURE, form, on_disk, rows


@pytest.fixture
async def house(sqlite_url, telegram, clock, town):
    """The application with Telegram by polling, on SQLite: 1 MB a file, 2 a ticket."""
    settings = settings_for(
        sqlite_url, telegram_token=TOKEN, telegram_api_url=telegram.url, file_mb=1, ticket_mb=2
    )
    async with House(settings, clock, town) as built:
        attach(telegram, built)
        yield built


async def settled(telegram):
    await asyncio.sleep(0.05)
    await telegram.house_settled()


async def with_ticket(telegram):
    """A resident in Telegram whose ticket waits."""
    person = telegram.person()
    await person.says("ihminen")
    await person.hears("N-1001", timeout=20)
    await settled(telegram)
    return person


async def test_photo_waits_for_a_person(full_house, telegram):
    """Without a ticket a photo is thanked for kindly, and goes along once a person is asked for."""
    person = telegram.person()
    await person.sends_photo(content=samples.picture("JPEG"))
    answer = await person.hears(lambda text: "Neuvokas" not in text)
    assert any(button.get("callback_data") == "human" for button in answer.buttons)
    await person.presses("human")
    await person.hears("N-1001", timeout=20)
    [message] = [m for m in await rows(full_house, Message) if m.files]
    [ticket] = await rows(full_house, Ticket)
    assert message.ticket_id == ticket.id
    [row] = await rows(full_house)
    assert (row.kind, row.stored_at, row.name) == ("picture", None, message.files[0]["name"])
    assert row.name.endswith(".jpg")
    assert on_disk(full_house) == []


async def test_with_a_ticket_nothing_is_said(house, telegram):
    """While staff have the ticket, what comes simply joins it."""
    person = await with_ticket(telegram)
    heard = len(person.heard)
    await person.sends_photo(content=samples.picture("JPEG"))
    await person.sends_voice(content=samples.OPUS)
    await person.sends_document("kirje.pdf", samples.PDF, mime_type="application/pdf")
    await settled(telegram)
    assert len(person.heard) == heard
    assert [row.kind for row in await rows(house)] == ["picture", "voice", "document"]
    assert {m.ticket_id for m in await rows(house, Message) if m.files} == {1}


async def test_fetched_when_opened(full_house, telegram):
    """A file is fetched from Telegram when staff open it first, and once only, however many do at once."""
    person = await with_ticket(telegram)
    await person.sends_photo(content=samples.photo_with_place())
    await settled(telegram)
    await full_house.staff()
    browser = await Browser(full_house).signs_in()
    [row] = await rows(full_house)
    address = f"/staff/tickets/N-1001/files/{row.key}"
    assert f'src="{address}"' in (await browser.opens("/staff/tickets/N-1001")).text
    answers = await asyncio.gather(*(browser.asks("GET", address) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert [name for name, _ in telegram.calls].count("getFile") == 1
    [path] = on_disk(full_house)
    assert b"Secret Phone" not in path.read_bytes()
    assert Image.open(io.BytesIO(path.read_bytes())).size == (60, 40)
    [row] = await rows(full_house)
    assert row.stored_at is not None
    assert row.size == path.stat().st_size


async def test_fetched_again(house, telegram):
    """A stored file that the disk has lost is fetched from Telegram again."""
    person = await with_ticket(telegram)
    await person.sends_document("kirje.pdf", samples.PDF)
    await settled(telegram)
    await house.staff()
    browser = await Browser(house).signs_in()
    [row] = await rows(house)
    address = f"/staff/tickets/N-1001/files/{row.key}"
    assert (await browser.opens(address)).status == 200
    on_disk(house)[0].unlink()
    assert (await browser.opens(address)).text == samples.PDF.decode()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("kirje.pdf", samples.PROGRAM, Why.UNKNOWN),
        ("kuva.png", samples.bomb(), Why.TOO_MANY_DOTS),
        ("kuva.heic", samples.HEIC, Why.HEIC),
        ("tyhja.pdf", b"", Why.EMPTY),
    ],
)
async def test_content_that_is_refused(house, telegram, name, content, why):
    """What turns out to be something else when it is fetched is told to staff, now and later."""
    person = await with_ticket(telegram)
    await person.sends_document(name, content)
    await settled(telegram)
    await house.staff()
    browser = await Browser(house).signs_in()
    [row] = await rows(house)
    answer = await browser.opens(f"/staff/tickets/N-1001/files/{row.key}")
    said = told(FileRefused(why, row.name, house.app[FILES].limits.of(why)), "fi")
    assert answer.status == 404
    assert said in answer.words
    assert on_disk(house) == []
    assert said in (await browser.opens("/staff/tickets/N-1001")).words
    await browser.opens(f"/staff/tickets/N-1001/files/{row.key}")
    assert [name for name, _ in telegram.calls].count("getFile") == 1


async def test_telegram_is_away(house, telegram):
    """While Telegram cannot be reached that is said, and later the file is there."""
    person = await with_ticket(telegram)
    await person.sends_document("kirje.pdf", samples.PDF)
    await settled(telegram)
    await house.staff()
    browser = await Browser(house).signs_in()
    [row] = await rows(house)
    address = f"/staff/tickets/N-1001/files/{row.key}"
    telegram.fail(500, method="getFile")
    answer = await browser.opens(address)
    assert answer.status == 503
    assert told(FileRefused(Why.LATER, "kirje.pdf"), "fi") in answer.words
    assert (await browser.opens(address)).status == 200


async def test_gone_from_telegram(house, telegram):
    """A file that Telegram has forgotten is said to be gone."""
    person = await with_ticket(telegram)
    await person.sends_document("kirje.pdf", samples.PDF)
    await settled(telegram)
    await house.staff()
    browser = await Browser(house).signs_in()
    [row] = await rows(house)
    telegram.files.clear()
    answer = await browser.opens(f"/staff/tickets/N-1001/files/{row.key}")
    assert answer.status == 404
    assert told(FileRefused(Why.GONE, "kirje.pdf"), "fi") in answer.words
    telegram.expected("invalid file_id")


async def test_too_large(house, telegram):
    """The resident is told at once that a file is too large; staff see that it was tried."""
    person = await with_ticket(telegram)
    await person.sends_document("video.mp4", b"", size=1_000_001)
    answer = await person.hears("1")
    assert answer.text == told(FileRefused(Why.TOO_LARGE, "video.mp4", 1), "fi")
    [row] = await rows(house)
    assert row.fault == Why.TOO_LARGE
    await house.staff()
    browser = await Browser(house).signs_in()
    assert answer.text in (await browser.opens("/staff/tickets/N-1001")).words
    assert (await browser.opens(f"/staff/tickets/N-1001/files/{row.key}")).status == 404


async def test_no_room(house, telegram):
    """What a ticket has no room for is refused to the resident, without a ticket too."""
    person = telegram.person()
    for number in range(3):
        await person.sends_document(f"{number}.pdf", b"", size=900_000)
    await settled(telegram)
    assert [row.fault for row in await rows(house)] == [None, None, Why.TICKET_FULL]
    assert told(FileRefused(Why.TICKET_FULL, "2.pdf", 2), "fi") in person.heard[-1]


async def test_album_is_one_message(full_house, telegram):
    """Several pictures sent together are one message with one reply, also when delivered again."""
    person = telegram.person()
    await person.sends_photo("katso näitä kuvia", content=samples.picture("JPEG"), album="a1")
    await person.sends_photo(content=samples.picture("JPEG"), album="a1")
    await person.sends_photo(content=samples.picture("JPEG"), album="a1")
    await settled(telegram)
    telegram.redeliver()
    await settled(telegram)
    [message] = [m for m in await rows(full_house, Message) if m.author == "resident"]
    assert message.text == "katso näitä kuvia"
    assert len(message.files) == len(await rows(full_house)) == 3
    replies = [m for m in await rows(full_house, Message) if m.cause_id == message.id]
    assert len(replies) == 2  # the greeting and the answer


async def test_two_captions_in_an_album(house, telegram):
    """A later picture of an album that has words of its own is a message of its own."""
    person = await with_ticket(telegram)
    await person.sends_photo("eka", album="a1")
    await person.sends_photo("toka", album="a1")
    await person.sends_document("c.pdf", samples.PDF, album="a1")
    await settled(telegram)
    said = {m.text: len(m.files) for m in await rows(house, Message) if m.files}
    assert said == {"eka": 2, "toka": 1}


@pytest.mark.parametrize("again", [False, True])
async def test_edit_in_an_open_ticket(full_house, telegram, again):
    """Staff see both texts, the edit under what it edits; the bot says nothing to it."""
    person = await with_ticket(telegram)
    number = await person.says("puhelin on rikki")
    heard = len(person.heard)
    await person.edits(number, "puhelin on vanha")
    await settled(telegram)
    if again:
        telegram.redeliver()
        await settled(telegram)
    assert len(person.heard) == heard
    original, edit = [m for m in await rows(full_house, Message) if m.author == "resident"][1:]
    assert (original.text, edit.text) == ("puhelin on rikki", "puhelin on vanha")
    assert edit.edits_id == original.id
    assert edit.ticket_id == original.ticket_id == 1
    await full_house.staff()
    page = await (await Browser(full_house).signs_in()).opens("/staff/tickets/N-1001")
    shown = page.words.partition(f'id="m{original.id}"')[2].partition("</li>")[0]
    assert shown.index("puhelin on rikki") < shown.index("puhelin on vanha")
    assert page.text.count("puhelin on vanha") == 1


async def test_several_edits(house, telegram):
    """Every edit is kept under the same message; one that changes nothing leaves no trace."""
    person = await with_ticket(telegram)
    number = await person.says("eka")
    for text in ("toka", "toka", "kolmas"):
        await person.edits(number, text)
    await settled(telegram)
    original, *edits = [m for m in await rows(house, Message) if m.author == "resident"][1:]
    assert [m.text for m in edits] == ["toka", "kolmas"]
    assert {m.edits_id for m in edits} == {original.id}


async def test_edit_of_what_nobody_knows(house, telegram):
    """An edit of a message that was never seen joins the ticket as a message."""
    person = await with_ticket(telegram)
    number = await person.says("eka")
    await settled(telegram)
    async with house.database.write() as session:
        for message in await session.scalars(select(Message)):
            message.remote_id = None
    await person.edits(number, "toka")
    await settled(telegram)
    newest = (await rows(house, Message))[-1]
    assert (newest.text, newest.edits_id, newest.ticket_id) == ("toka", None, 1)


async def test_danger_in_an_edit_is_answered(house, telegram):
    """An edit that tells of danger gets its safety text, whoever reads along."""
    person = await with_ticket(telegram)
    number = await person.says("hei")
    await person.edits(number, "haluan tappaa itseni")
    await person.hears("112")


async def test_edited_picture(house, telegram):
    """A caption put otherwise, and a picture put in another's place, stand under the message."""
    person = await with_ticket(telegram)
    number = await person.sends_photo("eka", content=samples.picture("JPEG"))
    await settled(telegram)
    heard = len(person.heard)
    await person.edits_caption(number, "toka")
    await person.replaces_photo(number, samples.picture("JPEG"))
    await settled(telegram)
    assert len(person.heard) == heard
    original, caption, picture = [m for m in await rows(house, Message) if m.author == "resident"][
        1:
    ]
    assert (caption.text, caption.files) == ("toka", None)
    assert len(picture.files) == 1
    assert caption.edits_id == picture.edits_id == original.id


async def test_a_place_that_moves(house, telegram):
    """A place shared for a while is answered once, not each time it moves."""
    person = telegram.person()
    number = await person.sends_location(60.2, 24.9)
    await settled(telegram)
    heard = len(person.heard)
    for step in range(3):
        await person.moves(number, 60.2 + step / 100, 24.9)
    await settled(telegram)
    assert len(person.heard) == heard


async def test_edit_without_a_ticket_is_a_new_try(house, telegram, town):
    """Without a ticket an edited caption is answered as it reads now."""
    person = telegram.person()
    number = await person.sends_photo("zxcv")
    await settled(telegram)
    await person.edits_caption(number, town.book.entries["digituki-price"].texts["fi"].question)
    await person.hears(town.book.entries["digituki-price"].texts["fi"].answer.strip()[:40])


async def replied(house, *files, text="Katso ohje."):
    maija = await house.staff()
    status, body = await maija.asks("POST", "/tickets/N-1001/reply", data=form(*files, text=text))
    assert status == 200, body


async def test_staff_send_files(full_house, telegram):
    """A reply's files follow its words: pictures as photos, the rest as documents, each told delivered."""
    person = await with_ticket(telegram)
    await replied(full_house, PICTURE, ("ohje.pdf", samples.PDF))
    await settled(telegram)
    words, photo, paper = person.messages[-3:]
    assert "Katso ohje." in words.text
    assert "photo" in photo.message
    assert paper.message["document"]["file_name"] == "ohje.pdf"
    assert {row.delivery.status for row in await rows(full_house)} == {DeliveryStatus.SENT}
    page = await (await Browser(full_house).signs_in()).opens("/staff/tickets/N-1001")
    assert page.text.count('class="delivery sent"') == 3


async def test_said_again_with_its_files(house, telegram):
    """Who asks to hear a reply again gets its files again, too."""
    person = await with_ticket(telegram)
    await replied(house, PICTURE, ("ohje.pdf", samples.PDF))
    await settled(telegram)
    before = len(person.messages)
    await person.says("/repeat")
    await settled(telegram)
    again = person.messages[before:]
    assert sorted(
        kind for one in again for kind in ("photo", "document") if kind in one.message
    ) == [
        "document",
        "photo",
    ]
    assert any("Katso ohje." in (one.text or "") for one in again)
    assert len(await rows(house)) == 2


async def test_too_thin_for_a_photo(house, telegram):
    """A picture that Telegram does not show as a photo goes as a document."""
    person = await with_ticket(telegram)
    await replied(house, ("pitka.png", samples.picture(size=(2_100, 100))))
    await settled(telegram)
    assert "document" in person.messages[-1].message


@pytest.mark.parametrize("method", ["sendPhoto", "sendMessage"])
async def test_outage_while_files_go_out(house, telegram, method):
    """A failure delays words or files; neither is lost, and none comes twice or before its words."""
    person = await with_ticket(telegram)
    telegram.fail(500, method=method)
    await replied(house, PICTURE)
    await settled(telegram)
    words, photo = person.messages[-2:]
    assert "Katso ohje." in words.text
    assert "photo" in photo.message


async def test_a_file_that_cannot_be_sent(house, telegram):
    """A file that is gone is marked as not delivered; what is said later still arrives."""
    person = await with_ticket(telegram)
    telegram.flood(person.id, 1)
    await replied(house, PICTURE)
    for path in on_disk(house):
        path.unlink()
    await settled(telegram)
    [row] = await rows(house)
    assert row.delivery.status == DeliveryStatus.FAILED
    [conversation] = await rows(house, Conversation)
    assert conversation.is_unreachable is False
    maija = Browser(house)
    await maija.signs_in()
    await maija.sends("/staff/tickets/N-1001/reply", text="Toinen.", nonce="n")
    await sent(house)
    await person.hears("Toinen.")
    page = await maija.opens("/staff/tickets/N-1001")
    assert 'class="delivery failed"' in page.text


async def test_stickers_are_no_files(house, telegram):
    """A sticker is answered as ever, and is no file."""
    person = await with_ticket(telegram)
    await person.sends_sticker()
    await settled(telegram)
    assert await rows(house, Attachment) == []
