"""Files that staff send from a ticket's topic in Telegram: checked, sent once, or refused with a line."""

from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image
from sqlalchemy import select

from bot.errors import FileRefused, OtherLanguage, TicketEnded, TicketHeld, Why
from bot.group import ties, writings
from bot.models import Attachment, Message, Note, Staff, Status, Ticket, TicketAct, Writing
from bot.texts import texts
from handlers.keys import FILES, TOWN
from tests import samples
from tests.conftest import TelegramResident, settled
from tests.handlers.conftest import Browser, escalated, told
from tests.handlers.group.conftest import opened
from tests.handlers.group.test_desk_in_telegram import (
    HAS_IT,
    colleague,
    rows,
    said,
    ticket_of,
)
from tests.handlers.group.test_desk_in_telegram import until as until_within
from tests.handlers.test_files import on_disk

PHOTO = samples.picture("JPEG")


@pytest.fixture
def limits():
    """1 MB a file, 2 a message, 3 a ticket."""
    return {"file_mb": 1, "message_mb": 2, "ticket_mb": 3}


@pytest.fixture
async def maija(desk, telegram, group):
    """A member of staff in all queues, tied."""
    return await colleague(desk, telegram, group)


@pytest.fixture
async def waiting(desk, group):
    """A web resident, the number of the ticket, and its topic."""
    resident, number = await escalated(desk, "Mistä saan apua tulostimen kanssa?")
    await group.hears(number)
    return resident, number, group.topic(number)


async def until(condition):
    """Wait until a condition holds; fetching and drawing take their time on a busy machine."""
    await until_within(condition, 30)


async def quiet(house):
    """Wait until nothing written in a topic waits any more."""
    async with asyncio.timeout(15):
        while [one for one in await rows(house, Writing) if not one.is_stopped]:
            await asyncio.sleep(0.02)


async def given_up(house, telegram, clock):
    """Wait until what was written was tried often enough."""
    await settled(telegram)
    async with asyncio.timeout(20):
        while await rows(house, Writing):
            clock.pass_(seconds=20)
            await asyncio.sleep(0.3)


async def replies(house):
    """What staff have said, oldest first."""
    return await rows(house, Message, Message.author == "staff")


def refusal(why, name="", limit=0):
    reason = told(FileRefused(why, name, limit), "fi")
    return said("Nothing was sent. {reason}", reason=reason)


async def test_photo_reaches_the_web(either_desk, telegram, group):
    """A photo's caption is the reply and the photo goes with it: on the web, in the console, once."""
    maija = await colleague(either_desk, telegram, group)
    resident, number = await escalated(either_desk, "Mistä saan apua tulostimen kanssa?")
    await group.hears(number)
    topic = group.topic(number)
    sent = await maija.person.sends_photo(
        "Katso kuvasta nappi.", group, topic=topic, content=samples.photo_with_place()
    )
    await until(lambda: group.reacted.get(sent) == ["👍"])
    assert "Maija: Katso kuvasta nappi." in await resident.hears("nappi")
    [row] = await rows(either_desk, Attachment)
    assert (row.kind, row.media_type, row.name) == ("picture", "image/jpeg", "kuva.jpg")
    [path] = on_disk(either_desk)
    assert b"Secret Phone" not in path.read_bytes()
    status, body = await resident.call("GET", f"/{resident.id}/messages")
    assert (status, [f["name"] for f in body["messages"][-1]["files"]]) == (200, ["kuva.jpg"])
    page = await (await Browser(either_desk).signs_in()).opens(f"/staff/tickets/{number}")
    assert f'src="/staff/tickets/{number}/files/{row.key}"' in page.text
    assert "Katso kuvasta nappi." in page.words
    ticket = await ticket_of(either_desk, number)
    assert (ticket.status, ticket.holder.name) == (Status.CLAIMED, "Maija")
    await group.hears(said(HAS_IT, name="Maija"))
    # What was written here already is not posted here again.
    assert not any("nappi" in text for text in group.shown_in(topic))
    assert await rows(either_desk, Writing) == []


async def test_files_reach_telegram(desk, telegram, group, maija):
    """A resident in Telegram gets words first, then a photo as one, a recording to play, a document."""
    resident = TelegramResident(telegram, "fi")
    await resident.says("ihminen")
    await group.hears("N-1001")
    topic = group.topic("N-1001")
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await maija.person.sends_voice(group, topic=topic, content=samples.OPUS)
    await maija.person.sends_document(
        "ohje.pdf", samples.PDF, group, topic=topic, caption="Ja ohje."
    )
    await until(lambda: len(group.reacted) == 3)
    await settled(telegram)
    shown = resident.person.messages[-6:]
    kinds = [
        next(k for k in ("text", "photo", "voice", "document") if k in m.message) for m in shown
    ]
    assert kinds == ["text", "photo", "text", "voice", "text", "document"]
    assert [m.text.splitlines()[-1] for m in shown[::2]] == ["Katso.", "[ääniviesti]", "Ja ohje."]
    assert shown[-1].message["document"]["file_name"] == "ohje.pdf"


async def test_a_resident_who_takes_no_voice_messages(desk, telegram, group, maija):
    """Whoever has forbidden voice messages gets the recording as a document."""
    resident = TelegramResident(telegram, "fi")
    await resident.says("ihminen")
    await group.hears("N-1001")
    resident.person.takes_voice = False
    topic = group.topic("N-1001")
    await maija.person.sends_voice(group, topic=topic, content=samples.OPUS)
    await until(lambda: len(group.reacted) == 1)
    await settled(telegram)
    assert resident.person.messages[-1].message["document"]["file_name"] == "ääniviesti.ogg"


async def test_album_is_one_reply(either_desk, telegram, group):
    """Several pictures sent together are one reply with their captions, also when delivered again."""
    maija = await colleague(either_desk, telegram, group)
    resident, number = await escalated(either_desk, "Mistä saan apua tulostimen kanssa?")
    await group.hears(number)
    topic = group.topic(number)
    first = await maija.person.sends_photo("Eka.", group, topic=topic, content=PHOTO, album="a1")
    await maija.person.sends_photo(None, group, topic=topic, content=PHOTO, album="a1")
    await maija.person.sends_photo("Kolmas.", group, topic=topic, content=PHOTO, album="a1")
    await until(lambda: group.reacted.get(first) == ["👍"])
    for update in [u["update_id"] for u in telegram.updates[-3:]]:
        telegram.redeliver(update)
    await settled(telegram)
    await asyncio.sleep(2.5)
    await quiet(either_desk)
    [reply] = await replies(either_desk)
    assert reply.text == "Eka.\nKolmas."
    assert len(reply.files) == len(await rows(either_desk, Attachment)) == 3
    assert len(on_disk(either_desk)) == 3
    assert "Maija: Eka." in await resident.hears("Kolmas.")
    assert len(group.reacted) == 1


async def test_album_out_of_order(desk, telegram, group, maija, waiting):
    """Whichever picture of an album comes first, its order and its first message are kept."""
    _resident, _number, topic = waiting
    with telegram.reordered():
        first = await maija.person.sends_document(
            "1.pdf", samples.PDF, group, topic=topic, album="a1", caption="Kaksi."
        )
        await maija.person.sends_document("2.pdf", samples.PDF, group, topic=topic, album="a1")
    await until(lambda: group.reacted.get(first) == ["👍"])
    [reply] = await replies(desk)
    assert (reply.text, [file["name"] for file in reply.files]) == ("Kaksi.", ["1.pdf", "2.pdf"])


async def test_without_a_caption(desk, group, maija):
    """Files without words are named in the resident's language."""
    resident, number = await escalated(desk, "Skrivaren fungerar inte.", locale="sv")
    await group.hears(number)
    topic = group.topic(number)
    await maija.person.sends_photo(None, group, topic=topic, content=PHOTO)
    assert "[bild]" in await resident.hears("[")
    for name in ("1.pdf", "2.pdf"):
        await maija.person.sends_document(name, samples.PDF, group, topic=topic, album="a")
    assert "[2 filer]" in await resident.hears("[2")


@pytest.mark.parametrize(
    ("name", "content", "why", "limit"),
    [
        ("ohje.pdf", samples.PROGRAM, Why.UNKNOWN, 0),
        ("kuva.png", samples.SVG, Why.UNKNOWN, 0),
        ("kuva.png", samples.bomb(), Why.TOO_MANY_DOTS, 50),
        ("kuva.png", samples.picture()[:-30], Why.BROKEN, 0),
        ("IMG.HEIC", samples.HEIC, Why.HEIC, 0),
        ("tyhja.pdf", b"", Why.EMPTY, 0),
        ("iso.pdf", samples.PDF + bytes(1_000_000), Why.TOO_LARGE, 1),
    ],
)
async def test_content_that_is_refused(desk, group, maija, waiting, name, content, why, limit):
    """What cannot be taken is said under the message, and neither it nor its words go anywhere."""
    resident, number, topic = waiting
    before = await resident.heard()
    sent = await maija.person.sends_document(
        name, content, group, topic=topic, caption="Katso tästä."
    )
    line = await group.hears(refusal(why, name, limit))
    assert line.message["reply_to_message"]["message_id"] == sent
    assert await resident.heard() == before
    assert await rows(desk, Attachment) == await rows(desk, Writing) == on_disk(desk) == []
    assert (await ticket_of(desk, number)).status == Status.OPEN
    assert sent not in group.reacted


async def test_a_size_that_lies(desk, group, maija, waiting):
    """What claims to be large is not fetched; what turns out to be larger than claimed is refused."""
    resident, _number, topic = waiting
    before = await resident.heard()
    await maija.person.sends_document("video.mp4", b"", group, topic=topic, size=30_000_000)
    await group.hears(refusal(Why.TOO_LARGE, "video.mp4", 1))
    large = samples.PDF + bytes(1_000_000)
    await maija.person.sends_document("ohje.pdf", large, group, topic=topic, size=100)
    await group.hears(refusal(Why.TOO_LARGE, "ohje.pdf", 1))
    assert await resident.heard() == before


async def test_one_bad_file_in_an_album(desk, group, maija, waiting):
    """An album goes whole or not at all, and is refused once."""
    resident, _number, topic = waiting
    before, shown = await resident.heard(), len(group.messages)
    for name, content in (("1.pdf", samples.PDF), ("2.pdf", samples.PROGRAM), ("3.pdf", b"")):
        await maija.person.sends_document(name, content, group, topic=topic, album="a")
    await group.hears(refusal(Why.UNKNOWN, "2.pdf"))
    await quiet(desk)
    assert len(group.messages) == shown + 1
    assert await resident.heard() == before
    assert on_disk(desk) == []


async def test_too_much_at_once(desk, group, maija, waiting):
    """An album that is too large together is refused before anything is fetched."""
    _resident, _number, topic = waiting
    for number in range(3):
        await maija.person.sends_document(
            f"{number}.pdf", b"", group, topic=topic, album="a", size=900_000
        )
    await group.hears(refusal(Why.MESSAGE_FULL, "", 2))
    assert [name for name, _ in group.server.calls].count("getFile") == 0


async def test_no_room_in_the_ticket(desk, group, maija, waiting):
    """What the ticket has no room for is refused, and leaves nothing on the disk."""
    _resident, _number, topic = waiting
    content = samples.PDF + bytes(950_000)
    for number in range(3):
        sent = await maija.person.sends_document(f"{number}.pdf", content, group, topic=topic)
        await until(lambda sent=sent: sent in group.reacted)
    await maija.person.sends_document("4.pdf", content, group, topic=topic, caption="Vielä.")
    await group.hears(refusal(Why.TICKET_FULL, "4.pdf", 3))
    assert len(on_disk(desk)) == 3
    assert len(await replies(desk)) == 3


@pytest.mark.parametrize("again", [False, True])
async def test_another_language_is_stopped_with_its_files(desk, telegram, group, maija, again):
    """A caption in another language stops the files too; Send anyway sends all of it, once."""
    resident, number = await escalated(desk, "Skrivaren fungerar inte längre.", locale="sv")
    await group.hears(number)
    topic = group.topic(number)
    text = "Tulostin kannattaa tuoda kirjastoon, siellä autetaan mielellään."
    for name in ("1.pdf", "2.pdf"):
        caption = text if name == "1.pdf" else None
        await maija.person.sends_document(
            name, samples.PDF, group, topic=topic, album="a", caption=caption
        )
    stopped = await group.hears(told(OtherLanguage("fi", "sv"), "fi"))
    button = said("Send anyway")
    assert [one["text"] for one in stopped.buttons] == [button]
    assert [name for name, _ in telegram.calls].count("getFile") == 0
    assert await replies(desk) == []
    if again:
        telegram.redeliver()
        await settled(telegram)
    pekka = await colleague(desk, telegram, group, "Pekka")
    assert await pekka.presses(button, topic) == said("Only the person who wrote it can send it.")
    assert await maija.presses(button, topic) == said("On its way to the resident.")
    await resident.hears(text)
    assert await maija.presses(button, topic) == said("On its way to the resident.")
    await quiet(desk)
    [reply] = await replies(desk)
    assert (reply.text, len(reply.files)) == (text, 2)
    assert await rows(desk, Writing) == []


async def test_what_was_stopped_runs_out(desk, group, maija, waiting, clock):
    """After two days the files that were stopped are forgotten, and the button says so."""
    _resident, _number, topic = waiting
    text = "Skrivaren kan du ta med dig till biblioteket, där hjälper vi gärna."
    await maija.person.sends_photo(text, group, topic=topic, content=PHOTO)
    await group.hears(told(OtherLanguage("sv", "fi"), "fi"))
    async with desk.database.write() as session:
        await writings.forget(session, clock())
    assert len(await rows(desk, Writing)) == 1
    clock.pass_(days=2, hours=1)
    await until_forgotten(desk)
    shown = await maija.presses(said("Send anyway"), topic)
    assert shown == said("The message is gone. Write it again.")
    assert await replies(desk) == []


async def until_forgotten(house):
    async with asyncio.timeout(10):
        while await rows(house, Writing):
            await asyncio.sleep(0.05)


async def test_send_anyway_is_refused_like_a_reply(desk, telegram, group, maija, waiting):
    """Whoever lost the queue or the tie meanwhile sends nothing by the button."""
    _resident, _number, topic = waiting
    text = "Skrivaren kan du ta med dig till biblioteket, där hjälper vi gärna."
    await maija.person.sends_photo(text, group, topic=topic, content=PHOTO)
    await group.hears(told(OtherLanguage("sv", "fi"), "fi"))
    async with desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        staff.queues = ["events"]
    shown = await maija.presses(said("Send anyway"), topic)
    assert shown == said("This ticket is in a queue that you do not work in.")
    async with desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        await ties.untie(session, staff)
    assert "/tie" in await maija.presses(said("Send anyway"), topic)
    await quiet(desk)
    assert await replies(desk) == []


async def test_a_stranger_is_not_heard(desk, telegram, group, maija, waiting):
    """Nothing of a stranger's is fetched or sent, nor of whoever hides behind the group."""
    resident, number, topic = waiting
    stranger = telegram.person(language_code="fi", first_name="Outi")
    await stranger.says("hei")
    before = await resident.heard()
    await stranger.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await group.hears("t.me/neuvokas_test_bot?start=tie")
    await stranger.hears("/staff/me")
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO, anonymous=True)
    await group.hears("t.me/neuvokas_test_bot?start=tie")
    assert [name for name, _ in telegram.calls].count("getFile") == 0
    assert await resident.heard() == before
    assert (await ticket_of(desk, number)).status == Status.OPEN


async def test_a_foreign_queue(desk, telegram, group, waiting):
    """Whoever does not work in the queue is told so, and nothing is fetched."""
    resident, number, topic = waiting
    pekka = await colleague(desk, telegram, group, "Pekka", queues=["events"])
    before = await resident.heard()
    await pekka.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await group.hears(said("Not done. This ticket is in a queue that you do not work in."))
    assert [name for name, _ in telegram.calls].count("getFile") == 0
    assert await resident.heard() == before
    assert (await ticket_of(desk, number)).status == Status.OPEN


async def test_a_colleague_has_it(desk, group, maija, waiting):
    """A ticket that a colleague holds takes no files either."""
    resident, number, topic = waiting
    await (await desk.staff("Pekka")).claims(number)
    before = await resident.heard()
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await group.hears(told(TicketHeld("Pekka"), "fi"))
    assert await resident.heard() == before
    assert on_disk(desk) == []


async def test_claimed_while_it_is_fetched(desk, telegram, group, maija, waiting):
    """Whoever claims in the console while a file is fetched has the ticket; the file is refused."""
    resident, number, topic = waiting
    pekka = await desk.staff("Pekka")
    before = await resident.heard()
    telegram.slow(1.5, method="getFile")
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: "getFile" in [name for name, _ in telegram.calls])
    await pekka.claims(number)
    await group.hears(told(TicketHeld("Pekka"), "fi"))
    assert await resident.heard() == before
    assert on_disk(desk) == await rows(desk, Writing) == []


async def test_cut_off_while_it_is_fetched(desk, telegram, group, maija, waiting):
    """Whoever is untied while a file is fetched sends nothing."""
    resident, _number, topic = waiting
    before = await resident.heard()
    telegram.slow(1.5, method="getFile")
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: "getFile" in [name for name, _ in telegram.calls])
    async with desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        await ties.untie(session, staff)
    await group.hears("start=tie")
    assert await resident.heard() == before
    assert on_disk(desk) == []


async def test_a_closed_ticket(desk, group, maija, waiting):
    """A closed ticket takes no files, and says so once for an album."""
    resident, number, topic = waiting
    group.managers.add(maija.person.id)
    await maija.member.closes(number)
    await until(lambda: topic.closed)
    before, shown = await resident.heard(), len(group.messages)
    for name in ("1.pdf", "2.pdf"):
        await maija.person.sends_document(name, samples.PDF, group, topic=topic, album="a")
    await group.hears(told(TicketEnded("closed"), "fi"))
    await quiet(desk)
    assert len(group.messages) == shown + 1
    assert await resident.heard() == before


async def test_telegram_is_away(desk, telegram, group, maija, waiting):
    """A file that cannot be fetched at once is tried again, and goes out when Telegram is back."""
    resident, _number, topic = waiting
    telegram.fail(500, times=2, method="getFile")
    sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: group.reacted.get(sent) == ["👍"])
    assert await resident.hears("Katso.")
    assert len(await replies(desk)) == 1


async def test_telegram_stays_away(desk, telegram, group, maija, waiting, clock):
    """When fetching goes wrong for half a minute, its author is told to try again."""
    resident, _number, topic = waiting
    before = await resident.heard()
    telegram.fail(500, times=50, method="getFile")
    await maija.person.sends_document("ohje.pdf", samples.PDF, group, topic=topic)
    await given_up(desk, telegram, clock)
    await group.hears(refusal(Why.LATER, "ohje.pdf"))
    assert await resident.heard() == before
    assert await rows(desk, Writing) == on_disk(desk) == []


async def test_gone_from_telegram(desk, telegram, group, maija, waiting):
    """A file that Telegram has lost before it was fetched is asked for once more."""
    _resident, _number, topic = waiting
    telegram.fail(500, method="getFile")
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: "getFile" in [name for name, _ in telegram.calls])
    telegram.files.clear()
    await group.hears(said("Nothing was sent: Telegram no longer has the file. Send it once more."))
    telegram.expected("invalid file_id")


async def test_a_disk_that_is_full(desk, group, maija, waiting, monkeypatch):
    """When the disk takes no file for a while, it is tried again; nothing goes out without it."""
    _resident, _number, topic = waiting
    files, tries = desk.app[FILES], []
    keep = files.store.incoming

    def full(now):
        tries.append(now)
        if len(tries) == 1:
            raise OSError(28, "No space left on device")
        return keep(now)

    monkeypatch.setattr(files.store, "incoming", full)
    sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: group.reacted.get(sent) == ["👍"])
    [reply] = await replies(desk)
    assert len(reply.files) == 1


async def test_what_is_no_file(desk, group, maija, waiting):
    """Stickers are refused with what can be sent; a command under a picture sends nothing."""
    resident, _number, topic = waiting
    before = await resident.heard()
    await maija.person.sends_sticker(group, topic=topic)
    await group.hears(
        said("This cannot be sent. You can send text, pictures, recordings, videos and files.")
    )
    for caption, command in (("/note Vain meille", "note"), ("/close", "close")):
        await maija.person.sends_photo(caption, group, topic=topic, content=PHOTO)
        await group.hears(
            said(
                "Nothing was sent: /{command} takes no files. Send the files without a command.",
                command=command,
            )
        )
    await maija.person.sends_photo("/vapauta", group, topic=topic, content=PHOTO)
    await group.hears("/transfer")
    await maija.person.sends_photo("/claim@another_bot", group, topic=topic, content=PHOTO)
    await settled(group.server)
    await quiet(desk)
    assert await resident.heard() == before
    assert await rows(desk, Note) == await rows(desk, Attachment) == []


async def test_files_elsewhere_in_the_group(desk, group, maija, waiting):
    """Pictures outside of tickets' topics are nobody's business."""
    _resident, _number, _topic = waiting
    shown = len(group.messages)
    await maija.person.sends_photo("Lounas!", group, content=PHOTO)
    await settled(group.server)
    assert await rows(desk, Writing) == await replies(desk) == []
    assert len(group.messages) == shown


async def test_an_edit_is_not_sent_again(desk, group, maija, waiting):
    """Another caption, or another picture in its place, changes nothing, and that is said."""
    _resident, _number, topic = waiting
    sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: sent in group.reacted)
    edit = said("Editing does not change what was sent. Write a new message.")
    await maija.person.edits_caption(sent, "Älä katso.", group)
    await group.hears(edit)
    await maija.person.replaces_photo(sent, PHOTO, group)
    await group.hears(edit)
    assert len(await replies(desk)) == len(await rows(desk, Attachment)) == 1


async def test_what_is_written_after_files_comes_after_them(desk, telegram, group, maija, waiting):
    """Words, notes and a closing written while files are fetched wait for their turn."""
    _resident, number, topic = waiting
    telegram.slow(1.0, method="getFile")
    await maija.person.sends_photo("Ensin kuva.", group, topic=topic, content=PHOTO)
    await maija.writes("Sitten sanat.", topic)
    await maija.writes("/note Muistiin", topic)
    closing = await maija.writes("/close referred", topic)
    await until(lambda: group.reacted.get(closing) == ["✍"])
    assert [one.text for one in await replies(desk)] == ["Ensin kuva.", "Sitten sanat."]
    assert len(await rows(desk, Note)) == 1
    acts = [one.act for one in await rows(desk, TicketAct) if one.staff_name]
    assert acts == ["claim", "reply", "reply", "note", "close"]
    assert (await ticket_of(desk, number)).outcome == "referred"


async def test_a_button_waits_for_files(desk, telegram, group, maija, waiting):
    """The buttons that would come before files say that these are still on their way."""
    resident, number, topic = waiting
    await maija.claims(topic)
    await group.hears(said(HAS_IT, name="Maija"))
    telegram.slow(1.5, method="getFile")
    sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: "getFile" in [name for name, _ in telegram.calls])
    wait = said(
        "Files from this topic are still on their way to the resident. Try again in a moment."
    )
    assert await maija.presses("Sulje", topic) == wait
    await until(lambda: sent in group.reacted)
    assert number in await maija.presses("Sulje", topic)
    assert (await resident.heard())[-2] == "Katso."


async def test_merged_tickets_get_files_too(desk, group, maija, waiting):
    """Who has a ticket that was merged into this one gets the files as well."""
    _resident, number, topic = waiting
    other, duplicate = await escalated(desk, "Sama tulostin")
    await group.hears(duplicate)
    browser = await Browser(desk).signs_in()
    await browser.sends(f"/staff/tickets/{duplicate}/merge", into=number)
    sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await until(lambda: sent in group.reacted)
    assert await other.hears("Katso.")
    assert len(await rows(desk, Attachment)) == len(on_disk(desk)) == 2


async def test_killed_while_it_is_fetched(sqlite_url, telegram, group, clock, town, limits):
    """What was written down outlives a restart and is sent once."""
    groups = (("", group.id),)
    async with opened(sqlite_url, telegram, clock, town, groups, **limits) as house:
        maija = await colleague(house, telegram, group)
        resident, number = await escalated(house, "Mistä saan apua tulostimen kanssa?")
        await group.hears(number)
        topic = group.topic(number)
        telegram.slow(10, method="getFile")
        sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
        await until(lambda: "getFile" in [name for name, _ in telegram.calls])
    async with opened(sqlite_url, telegram, clock, town, groups, **limits) as house:
        await until(lambda: group.reacted.get(sent) == ["👍"])
        resident.house = house
        assert await resident.hears("Katso.")
        assert len(await replies(house)) == len(on_disk(house)) == 1


async def test_a_fault_of_ours(desk, telegram, group, maija, waiting, monkeypatch, clock):
    """What fails again and again for no reason we know is given up with a line, and blocks nothing."""
    resident, _number, topic = waiting

    async def broken(*_arguments):
        raise RuntimeError("a fault")

    monkeypatch.setattr("bot.attachments.reply_with", broken)
    await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    await given_up(desk, telegram, clock)
    await group.hears(texts("fi").gettext("Not done. {reason}").format(reason="")[:10])
    await maija.writes("Ilman kuvaa.", topic)
    assert await resident.hears("Ilman kuvaa.")
    assert on_disk(desk) == []
    assert [one.text for one in await replies(desk)] == ["Ilman kuvaa."]


async def test_reactions_are_not_allowed(desk, group, maija, waiting):
    """Where the group allows no reactions, a line says that the files are on their way."""
    _resident, _number, topic = waiting
    group.reactions = set()
    sent = await maija.person.sends_photo("Katso.", group, topic=topic, content=PHOTO)
    line = await group.hears(said("On its way to the resident."))
    assert line.message["reply_to_message"]["message_id"] == sent


async def test_a_large_picture_is_drawn_anew(desk, group, maija, waiting):
    """A picture sent as a document loses where and with what it was taken, as everywhere."""
    _resident, _number, topic = waiting
    content = samples.photo_with_place(orientation=6)
    sent = await maija.person.sends_document("IMG_1.jpg", content, group, topic=topic)
    await until(lambda: sent in group.reacted)
    [path] = on_disk(desk)
    assert b"Secret Phone" not in path.read_bytes()
    assert Image.open(io.BytesIO(path.read_bytes())).size == (40, 60)
    assert [(one.kind, one.name) for one in await rows(desk, Attachment)] == [
        ("picture", "IMG_1.jpg")
    ]
    [ticket] = await rows(desk, Ticket)
    assert desk.app[TOWN]().book.queues[ticket.queue]
