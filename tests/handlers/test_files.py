"""Files over HTTP: what residents and staff send, who may have them back, and what is refused."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress
from dataclasses import replace

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select

from bot.errors import FileRefused, Why
from bot.models import Attachment, Message, Role, Ticket
from bot.texts import texts
from handlers.keys import FILES
from tests import samples
from tests.conftest import House, settings_for
from tests.handlers.conftest import Browser, escalated, raw, told

PICTURE = ("kuva.png", samples.picture())


@pytest.fixture
async def house(sqlite_url, clock, town):
    """The application with small limits: 1 MB a file, 2 a message, 3 a ticket."""
    settings = settings_for(sqlite_url, file_mb=1, message_mb=2, ticket_mb=3)
    async with House(settings, clock, town) as built:
        yield built


def form(*files, **fields):
    """A form with files, as a browser sends it."""
    data = aiohttp.FormData(default_to_multipart=True, quote_fields=False)
    for name, value in fields.items():
        data.add_field(name, value)
    for name, content in files:
        data.add_field(
            "file", io.BytesIO(content), filename=name, content_type="application/octet-stream"
        )
    return data


async def sends(browser, *files, path="/chat", **fields):
    return await browser.asks("POST", path, data=form(*files, **fields))


async def rows(house, table=Attachment):
    async with house.database.read() as session:
        return (await session.scalars(select(table))).all()


def on_disk(house):
    """Every file in the house's folder."""
    return [path for path in house.settings.files_dir.rglob("*") if path.is_file()]


def refused(why, name="", limit=0, locale="fi"):
    return told(FileRefused(why, name, limit), locale)


async def test_picture_without_javascript(either_house, town):
    """A picture sent by form stands in the conversation and goes along to staff, on each database."""
    browser = Browser(either_house)
    answer = await sends(browser, PICTURE, text="", nonce="n1")
    assert (answer.status, answer.location) == (303, "/#newest")
    page = await browser.opens("/")
    assert "[kuva]" in page.words or "[picture]" in page.words
    assert "kuva.png" in page.words
    [row] = await rows(either_house)
    assert (row.kind, row.media_type, row.name) == ("picture", "image/png", "kuva.png")
    assert f'href="/chat/files/{row.key}"' in page.text
    await browser.sends("/chat", choice="human", nonce="n2")
    [ticket] = await rows(either_house, Ticket)
    [message] = [m for m in await rows(either_house, Message) if m.files]
    assert message.ticket_id == ticket.id


async def test_a_person_is_offered(house, browser):
    """Files alone are thanked for, with a person to open them; words with files are answered."""
    await sends(browser, PICTURE, text="", nonce="n1")
    page = await browser.opens("/")
    assert page.text.count('class="message bot"') == 2
    assert 'name="choice" value="human"' in page.text.rpartition('class="message bot"')[2]
    await sends(browser, PICTURE, text="Paljonko digituki maksaa?", nonce="n2")
    [*_others, answer] = await rows(house, Message)
    assert answer.entry["id"] == "digituki-price"


async def test_while_staff_have_the_ticket(house, maija, browser):
    """Files join a ticket that staff have, and the bot says nothing."""
    await browser.sends("/chat", choice="human", nonce="n1")
    before = len(await rows(house, Message))
    await sends(browser, PICTURE, ("b.pdf", samples.PDF), text="", nonce="n2")
    messages = await rows(house, Message)
    assert len(messages) == before + 1
    assert messages[-1].ticket_id == 1
    assert [file["name"] for file in messages[-1].files] == ["kuva.png", "b.pdf"]


async def test_chosen_files_go_along_with_a_button(house, browser):
    """Whoever chooses a file and presses a button instead of Send has not lost the file."""
    await sends(browser, PICTURE, choice="human", text="", nonce="n1")
    [ticket] = await rows(house, Ticket)
    [message] = [m for m in await rows(house, Message) if m.files]
    assert message.ticket_id == ticket.id


async def test_nothing_chosen(house, browser):
    """A form whose chooser of files is empty is an ordinary message."""
    answer = await sends(browser, ("", b""), ("", b""), text="moi", nonce="n1")
    assert answer.status == 303
    assert await rows(house) == []
    assert on_disk(house) == []


async def test_same_form_twice(either_house):
    """A form that is sent again says and keeps its files once; other files under its nonce are new."""
    browser = Browser(either_house)
    for _time in range(3):
        answer = await sends(browser, PICTURE, text="katso", nonce="n1")
        assert answer.status == 303
    assert len(await rows(either_house)) == len(on_disk(either_house)) == 1
    await sends(browser, ("toinen.pdf", samples.PDF), text="katso", nonce="n1")
    assert len(await rows(either_house)) == len(on_disk(either_house)) == 2
    said = [m for m in await rows(either_house, Message) if m.author == "resident"]
    assert len(said) == 2


@pytest.mark.parametrize(
    ("files", "why", "name", "limit", "status"),
    [
        ([("a.pdf", b"")], Why.EMPTY, "a.pdf", 0, 422),
        ([("a.jpg", samples.PROGRAM)], Why.UNKNOWN, "a.jpg", 0, 422),
        ([("a.png", samples.SVG)], Why.UNKNOWN, "a.png", 0, 422),
        ([("IMG.HEIC", samples.HEIC)], Why.HEIC, "IMG.HEIC", 0, 422),
        ([("a.png", samples.picture()[:-30])], Why.BROKEN, "a.png", 0, 422),
        ([("a.png", samples.bomb())], Why.TOO_MANY_DOTS, "a.png", 50, 422),
        ([("a.pdf", samples.PDF + bytes(1_000_000))], Why.TOO_LARGE, "a.pdf", 1, 413),
        ([("../x\u202e.pdf", b"")], Why.EMPTY, "x.pdf", 0, 422),
        (
            [(f"{n}.pdf", samples.PDF + bytes(900_000)) for n in range(3)],
            Why.MESSAGE_FULL,
            "",
            2,
            413,
        ),
        ([(f"{n}.pdf", samples.PDF) for n in range(50)], Why.TOO_MANY, "", 10, 413),
        ([PICTURE, ("b.pdf", b"")], Why.EMPTY, "b.pdf", 0, 422),
    ],
)
async def test_refused_with_the_text_kept(house, browser, files, why, name, limit, status):
    """What cannot be taken is said clearly, what was typed stays, and nothing is kept of the files."""
    answer = await sends(browser, *files, text="katso <tätä>", nonce="n1", path="/chat?lang=fi")
    assert answer.status == status
    assert refused(why, name, limit) in answer.words
    assert "katso <tätä></textarea>" in answer.words
    assert await rows(house) == []
    assert on_disk(house) == []
    # To the script it is said alone.
    answer = await browser.asks(
        "POST",
        "/chat?lang=fi",
        data=form(*files, text="katso", nonce="n2"),
        headers={"X-Requested-With": "fetch"},
    )
    assert (answer.status, answer.text) == (status, refused(why, name, limit))


async def test_no_room_in_the_ticket(house, browser):
    """A matter holds so many megabytes; what is over is refused and leaves nothing behind."""
    for number in range(3):
        answer = await sends(
            browser, (f"{number}.pdf", samples.PDF + bytes(950_000)), text="", nonce=f"n{number}"
        )
        assert answer.status == 303
    kept = len(on_disk(house))
    answer = await sends(browser, ("4.pdf", samples.PDF + bytes(950_000)), text="vielä", nonce="n4")
    assert answer.status == 413
    assert refused(Why.TICKET_FULL, "4.pdf", 3) in answer.words
    assert ">vielä</textarea>" in answer.words
    assert len(on_disk(house)) == kept == 3


async def test_a_flood(house, browser):
    """An upload far over every limit is ended instead of read to its end."""
    with suppress(aiohttp.ClientError, ConnectionError):
        answer = await sends(
            browser, ("a.pdf", samples.PDF + bytes(12_000_000)), text="x", nonce="n1"
        )
        assert answer.status == 413
    assert on_disk(house) == []


@pytest.mark.parametrize("claimed", [True, False])
async def test_cut_off(house, claimed):
    """An upload that breaks off half-way, whatever it had claimed, leaves nothing behind."""
    head = (
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nkatso\r\n--b\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7 half'
    )
    length = len(head) + (100_000 if claimed else 0)
    request = (
        b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: " + str(length).encode() + b"\r\n\r\n" + head
    )
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    if claimed:
        await asyncio.sleep(0.1)
        writer.close()
    else:
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)
        assert b" 400 " in answer
        writer.close()
    await asyncio.sleep(0.3)
    assert await rows(house) == []
    assert on_disk(house) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"--b", b"--b\r\n\r\n", b"--b\r\nContent-Disposition: x\r\n\r\nx\r\n--b--\r\n",
     b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
     b'--b\r\nContent-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=none\r\n\r\nx\r\n--b--\r\n'],
)  # fmt: skip
async def test_malformed_form(house, body):
    """A form that is none is answered with an error of the sender's, and nothing is kept."""
    request = (
        b"POST /chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: "
        + str(len(body)).encode()
        + b"\r\n\r\n"
        + body
    )
    answer = await raw(house, request)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 422")), answer[:60]
    assert on_disk(house) == []


async def test_how_files_are_served(house, browser):
    """Pictures are shown, everything else saved; neither may run or load anything."""
    await sends(browser, PICTURE, ('ä"%;.pdf', samples.PDF), text="", nonce="n1")
    picture, paper = await rows(house)
    shown = await browser.asks("GET", f"/chat/files/{picture.key}?")
    saved = await browser.opens(f"/chat/files/{paper.key}")
    download = await browser.asks("GET", f"/chat/files/{picture.key}?download")
    assert shown.headers["Content-Disposition"].startswith("inline; ")
    assert download.headers["Content-Disposition"].startswith("attachment; ")
    assert saved.headers["Content-Disposition"] == (
        "attachment; filename=\"___;.pdf\"; filename*=UTF-8''%C3%A4_%25%3B.pdf"
    )
    for answer in (shown, saved, download):
        assert answer.status == 200
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert shown.headers["Content-Type"] == "image/png"
    assert saved.headers["Content-Type"] == "application/pdf"


async def test_nobody_elses_files(house, browser):
    """Only the conversation's own cookie or token opens its files; an address alone opens nothing."""
    await sends(browser, PICTURE, text="", nonce="n1")
    [row] = await rows(house)
    stranger = Browser(house)
    assert (await stranger.opens(f"/chat/files/{row.key}")).status == 401
    await stranger.sends("/chat", text="moi", nonce="n1")
    assert (await stranger.opens(f"/chat/files/{row.key}")).status == 404
    for key in ("0" * 32, "x", "..%2f..%2fsecret", "%00"):
        assert (await browser.opens(f"/chat/files/{key}")).status == 404
    assert (await browser.opens(f"/chat/files/{row.key}")).status == 200


async def test_a_file_that_is_gone(house, browser):
    """A file that is not on the disk any more is said to be gone, by name."""
    await sends(browser, PICTURE, text="", nonce="n1", path="/chat?lang=fi")
    [row] = await rows(house)
    [path] = on_disk(house)
    path.unlink()
    answer = await browser.opens(f"/chat/files/{row.key}")
    assert answer.status == 404
    assert refused(Why.GONE, "kuva.png") in answer.words


async def test_api(house):
    """Programs send files as a form, see them in messages, and fetch them with the token."""
    resident, number = await escalated(house)
    status, body = await resident.call(
        "POST", f"/{resident.id}/messages", data=form(PICTURE, text="katso")
    )
    assert status == 200, body
    [file] = body["messages"][0]["files"]
    assert file["href"].startswith(f"/api/v1/conversations/{resident.id}/files/")
    assert (file["name"], file["kind"]) == ("kuva.png", "picture")
    headers = {"Authorization": f"Bearer {resident.token}"}
    async with aiohttp.ClientSession() as http:
        async with http.get(house.url + file["href"], headers=headers) as answer:
            assert answer.status == 200
            assert Image.open(io.BytesIO(await answer.read())).size == (60, 40)
        async with http.get(house.url + file["href"]) as answer:
            assert answer.status == 401
    maija = await house.staff()
    [seen] = (await maija.opens(number))["messages"][-1]["files"]
    assert seen["href"].startswith(f"/api/v1/staff/tickets/{number}/files/")
    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {maija.token}"}
        async with http.get(house.url + seen["href"], headers=headers) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("files", "status"),
    [([("a.exe", samples.PROGRAM)], 422), ([("a.pdf", samples.PDF + bytes(10**6))], 413)],
)
async def test_api_refuses(house, files, status):
    """A program is told by a problem document."""
    resident, _number = await escalated(house)
    found, problem = await resident.call(
        "POST", f"/{resident.id}/messages", data=form(*files, text="katso")
    )
    assert (found, problem["status"]) == (status, status)
    assert files[0][0] in problem["detail"]
    assert on_disk(house) == []


async def test_staff_see_files(house, maija):
    """The ticket page shows pictures, plays recordings, offers documents, each below the ticket."""
    resident, number = await escalated(house)
    await resident.call(
        "POST",
        f"/{resident.id}/messages",
        data=form(
            PICTURE,
            ("v.ogg", samples.OPUS),
            ("k.pdf", samples.PDF),
            ("f.mp4", samples.MP4),
            text="katso",
        ),
    )
    browser = await Browser(house).signs_in()
    page = await browser.opens(f"/staff/tickets/{number}")
    keys = {row.kind: row.key for row in await rows(house)}
    below = f"/staff/tickets/{number}/files/"
    assert f'<img src="{below}{keys["picture"]}"' in page.text
    assert f'<audio controls preload="none" src="{below}{keys["voice"]}"' in page.text
    for key in keys.values():
        assert f'href="{below}{key}?download"' in page.text
        assert (await browser.asks("HEAD", below + key)).status == 200
    assert (
        "sandbox"
        in (await browser.asks("HEAD", below + keys["voice"])).headers["Content-Security-Policy"]
    )


async def test_files_of_foreign_tickets(house):
    """A file is reached through a ticket the person sees, and through its own ticket only."""
    await house.staff()
    await house.staff("Pekka", queues=["events"])
    await house.staff("Essi", Role.EDITOR, [])
    resident, number = await escalated(house)
    _other, other = await escalated(house)
    await resident.call("POST", f"/{resident.id}/messages", data=form(PICTURE, text="katso"))
    [row] = await rows(house)
    maija = await Browser(house).signs_in()
    assert (await maija.opens(f"/staff/tickets/{number}/files/{row.key}?download")).status == 200
    assert (await maija.opens(f"/staff/tickets/{other}/files/{row.key}")).status == 404
    for name in ("Pekka", "Essi"):
        browser = Browser(house)
        await browser.sends("/staff/sign-in", name=name, password="a good password")
        assert (await browser.opens(f"/staff/tickets/{number}/files/{row.key}")).status == 404
        address = f"/staff/tickets/{number}/files/{row.key}/transcript"
        assert (await browser.sends(address, text="x")).status == 404


async def test_transcript(house, maija):
    """What is said in a recording is written down in one line, by name, secrets hidden; or taken away."""
    resident, number = await escalated(house)
    await resident.call(
        "POST",
        f"/{resident.id}/messages",
        data=form(("v.ogg", samples.OPUS), PICTURE, text="kuuntele"),
    )
    voice, picture = await rows(house)
    browser = await Browser(house).signs_in()
    below = f"/staff/tickets/{number}/files/"
    answer = await browser.sends(
        f"{below}{voice.key}/transcript", text="Moi\n  tunnukseni on 131052-308T "
    )
    assert (answer.status, answer.location) == (303, f"/staff/tickets/{number}#m{voice.message_id}")
    [kept, _picture] = await rows(house)
    assert kept.transcript.startswith("Moi tunnukseni on ")
    assert "131052" not in kept.transcript
    assert kept.transcript_by == "Maija"
    page = await browser.opens(f"/staff/tickets/{number}")
    assert kept.transcript in page.words
    assert (await browser.sends(f"{below}{picture.key}/transcript", text="x")).status == 404
    too_long = "pitkä " * 900
    answer = await browser.sends(f"{below}{voice.key}/transcript", text=too_long)
    assert answer.status == 422
    assert too_long.strip() in answer.words
    stranger = await Browser(house).sends(f"{below}{voice.key}/transcript", text="kesken jäi")
    assert stranger.status == 401
    assert "kesken jäi" in stranger.words
    await browser.sends(f"{below}{voice.key}/transcript", text="  ")
    [kept, _picture] = await rows(house)
    assert (kept.transcript, kept.transcript_by, kept.transcript_at) == (None, None, None)


async def test_staff_send_files(either_house):
    """A reply's files reach the resident on the web, and only with the resident's own cookie."""
    await either_house.staff()
    resident = Browser(either_house)
    await resident.sends("/chat", choice="human", nonce="n1")
    browser = await Browser(either_house).signs_in()
    for _time in range(2):
        answer = await sends(
            browser,
            PICTURE,
            ("ohje.pdf", samples.PDF),
            path="/staff/tickets/N-1001/reply",
            text="Katso ohje.",
            nonce="r1",
        )
        assert answer.status == 303, answer.words
    assert len(await rows(either_house)) == len(on_disk(either_house)) == 2
    page = await resident.opens("/")
    assert "ohje.pdf" in page.words
    for row in await rows(either_house):
        assert row.delivery is None
        assert (await resident.asks("HEAD", f"/chat/files/{row.key}")).status == 200
        assert (await browser.opens(f"/chat/files/{row.key}")).status == 401


async def test_staff_reply_by_api(house, maija):
    """The staff API takes files with a reply as a form."""
    resident, number = await escalated(house)
    status, body = await maija.asks(
        "POST", f"/tickets/{number}/reply", data=form(PICTURE, text="Katso.")
    )
    assert status == 200, body
    assert [file["name"] for file in body["messages"][0]["files"]] == ["kuva.png"]
    await resident.hears("Katso.")
    status, body = await maija.asks("POST", f"/tickets/{number}/reply", data=form(PICTURE, text=""))
    assert status == 422
    assert len(on_disk(house)) == 1


@pytest.mark.parametrize(
    ("files", "text", "told_is"),
    [
        ([("a.exe", samples.PROGRAM)], "Katso.", refused(Why.UNKNOWN, "a.exe")),
        ([("a.pdf", samples.PDF + bytes(10**6))], "Katso.", refused(Why.TOO_LARGE, "a.pdf", 1)),
    ],
)
async def test_refused_reply_keeps_the_text(house, maija, files, text, told_is):
    """A reply whose file cannot be taken is not sent; what was typed stays in its field."""
    resident, number = await escalated(house)
    browser = await Browser(house).signs_in()
    answer = await sends(
        browser, *files, path=f"/staff/tickets/{number}/reply", text=text, nonce="r1"
    )
    assert answer.status in (413, 422)
    assert told_is in answer.words
    assert f"{text}</textarea>" in answer.words
    assert "Katso." not in await resident.heard()
    assert on_disk(house) == []
    assert (await rows(house, Ticket))[0].holder_id is None


async def test_reply_to_a_held_ticket(house, maija):
    """Files of a reply that comes second are not kept; what was typed is."""
    await house.staff("Antti")
    _resident, number = await escalated(house)
    await maija.claims(number)
    browser = await Browser(house).signs_in("Antti")
    answer = await sends(
        browser, PICTURE, path=f"/staff/tickets/{number}/reply", text="Hei!", nonce="r1"
    )
    assert answer.status == 409
    assert "Hei!</textarea>" in answer.words
    assert on_disk(house) == []


async def test_reply_with_files_goes_at_once(house, maija):
    """A reply with files goes out after the one that could still be taken back; itself it cannot."""
    resident, number = await escalated(house)
    browser = await Browser(house).signs_in()
    path = f"/staff/tickets/{number}"
    await browser.sends(f"{path}/reply", text="Ensin tämä.", nonce="r1")
    assert "Ensin tämä." not in await resident.heard()
    await resident.says("Vielä yksi asia.")
    answer = await sends(
        browser, PICTURE, path=f"{path}/reply", text="Katso ohje.", nonce="r2", seen="1"
    )
    assert answer.location == f"{path}?more=gone#newest"
    heard = await resident.heard()
    assert heard.index("Ensin tämä.") < heard.index("Katso ohje.")
    page = await browser.opens(f"{path}?more=gone")
    assert f'action="{path}/undo"' not in page.text
    assert "have gone out already" in page.words or "lähteneet jo" in page.words


async def test_reply_reaches_merged_tickets(either_house):
    """Who has a merged ticket gets the files too, as files of their own, and nobody else's."""
    await either_house.staff()
    numbers, residents = [], []
    for _ in range(2):
        residents.append(resident := Browser(either_house))
        await resident.sends("/chat", choice="human", nonce="n1")
        numbers.append((await rows(either_house, Ticket))[-1].number)
    browser = await Browser(either_house).signs_in()
    await browser.sends(f"/staff/tickets/{numbers[1]}/merge", into=numbers[0])
    path = f"/staff/tickets/{numbers[0]}/reply"
    for _time in range(2):
        answer = await sends(browser, PICTURE, path=path, text="Katso.", nonce="r1")
        assert answer.status == 303, answer.words
    first, second = sorted(await rows(either_house), key=lambda row: row.id)
    assert len(on_disk(either_house)) == 2
    for row, own, other in ((first, *residents), (second, *residents[::-1])):
        assert (await own.asks("HEAD", f"/chat/files/{row.key}")).status == 200
        assert (await other.asks("HEAD", f"/chat/files/{row.key}")).status == 404


async def test_no_room_in_copies_for_merged_tickets(house, browser, maija, monkeypatch):
    """When a merged ticket's copy cannot be made nothing is sent, and no file stays."""
    numbers = [(await escalated(house))[1] for _ in range(2)]
    desk = await Browser(house).signs_in()
    await desk.sends(f"/staff/tickets/{numbers[1]}/merge", into=numbers[0])

    def full(*_args):
        raise OSError

    monkeypatch.setattr(house.app[FILES].store, "copy", full)
    answer = await sends(
        desk, PICTURE, path=f"/staff/tickets/{numbers[0]}/reply", text="Katso.", nonce="r1"
    )
    assert answer.status == 503
    assert "Katso.</textarea>" in answer.words
    assert await rows(house) == on_disk(house) == []


@pytest.mark.parametrize("who", ["stranger", "foreign"])
async def test_refused_at_the_door(house, who):
    """Whoever is signed out, or may not, gets back what was typed beside a large file; it is not kept."""
    _resident, number = await escalated(house)
    caller = Browser(house)
    if who == "foreign":
        await house.staff("Pekka", queues=["events"])
        await caller.signs_in("Pekka")
    large = ("a.pdf", samples.PDF + bytes(900_000))
    words = "Kirjoitin tätä puoli tuntia."
    answer = await sends(
        caller, large, path=f"/staff/tickets/{number}/reply", text=words, nonce="r1"
    )
    assert answer.status == (401 if who == "stranger" else 404)
    assert words in answer.words
    assert on_disk(house) == []


async def test_ready_text_beside_a_chosen_file(house, maija):
    """Without the script a ready text is put in though a file is chosen; the file is not kept."""
    _resident, number = await escalated(house)
    browser = await Browser(house).signs_in()
    answer = await sends(
        browser,
        PICTURE,
        path=f"/staff/tickets/{number}/compose",
        text="Hei!",
        insert="entry:digituki-price",
    )
    assert answer.status == 200
    assert "Hei!\n\n" in answer.words
    assert on_disk(house) == []


async def test_plain_reply_in_another_language_by_form(house, maija):
    """The staff API's form can insist on a language as its JSON can."""
    _resident, number = await escalated(house)
    english = "Please bring your own laptop with you when you come to the library tomorrow."
    fields = {"text": english}
    for anyway, status in (("", 409), ("true", 200)):
        answered, body = await maija.asks(
            "POST", f"/tickets/{number}/reply", data=form(PICTURE, **fields, anyway=anyway)
        )
        assert answered == status, body
    assert len(on_disk(house)) == 1


async def test_a_failing_transaction_leaves_no_file(house, browser, monkeypatch):
    """When nothing is saved nothing stays on the disk; when it is, the file stays, whatever follows."""
    from handlers import webchat  # noqa: PLC0415 - only here

    async def fails(*_args, **_kwargs):
        raise OSError("database gone")

    with monkeypatch.context() as patch:
        patch.setattr(webchat, "take", fails)
        assert (await sends(browser, PICTURE, text="x", nonce="n1")).status == 503
    assert on_disk(house) == []
    await browser.sends("/chat", text="moi", nonce="n2")

    def breaks(*_args, **_kwargs):
        raise RuntimeError("cannot render")

    with monkeypatch.context() as patch:
        patch.setattr(webchat, "_messages", breaks)
        headers = {"X-Requested-With": "fetch"}
        answer = await browser.asks(
            "POST", "/chat", data=form(PICTURE, text="x", nonce="n3"), headers=headers
        )
        assert answer.status == 500
    assert len(on_disk(house)) == len(await rows(house)) == 1


async def test_a_full_disk(house, browser, monkeypatch):
    """When the disk takes nothing more, that is said, the text stays, and messages go on."""

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(house.app[FILES].store, "keep", full)
    answer = await sends(browser, PICTURE, text="katso", nonce="n1", path="/chat?lang=fi")
    assert answer.status == 503
    assert refused(Why.LATER) in answer.words
    assert ">katso</textarea>" in answer.words
    assert on_disk(house) == []
    assert (await browser.sends("/chat", text="katso", nonce="n2")).status == 303


async def test_metadata_is_gone(house, browser):
    """Where a photo was taken reaches neither the disk nor anybody who opens it."""
    await sends(browser, ("kuva.jpg", samples.photo_with_place()), text="", nonce="n1")
    [path] = on_disk(house)
    content = path.read_bytes()
    assert b"Secret Phone" not in content
    assert b"Exif" not in content


async def test_words_of_every_refusal():
    """Each reason for refusing a file is said in each language, without a gap."""
    for why in Why:
        for locale in ("fi", "sv", "en"):
            said = told(FileRefused(why, "x.pdf", 5), locale)
            assert said
            assert "{" not in said
    assert texts("fi").size(1_234_567) == "1,2 Mt"
    assert texts("sv").size(340_000) == "340 kB"
    assert texts("en").size(12) == "1 kB"


async def test_sweep(house, browser, clock):
    """What a crash left behind is swept after an hour; what belongs to a message never is."""
    await sends(browser, PICTURE, text="", nonce="n1")
    files = house.app[FILES]
    orphan = files.store.incoming(clock())
    orphan.write_bytes(samples.PDF)
    files.store.keep(orphan, "ab" * 16, clock())
    assert await files.sweep(house.database, house.town, clock()) == 0
    clock.pass_(hours=2)
    assert await files.sweep(house.database, house.town, clock()) == 1
    [row] = await rows(house)
    assert on_disk(house) == [files.store.path(row.key)]


async def test_many_at_once(house):
    """Ten residents who send at the same time each keep their own files."""
    browsers = [Browser(house) for _ in range(10)]
    answers = await asyncio.gather(
        *(sends(browser, PICTURE, text="", nonce="same") for browser in browsers)
    )
    assert {answer.status for answer in answers} == {303}
    assert len(await rows(house)) == len(on_disk(house)) == 10


async def test_limits_from_the_settings(sqlite_url, clock, town):
    """The operator's limits hold."""
    settings = replace(settings_for(sqlite_url), file_mb=1)
    async with House(settings, clock, town) as house:
        assert house.app[FILES].limits.file_bytes == 1_000_000
