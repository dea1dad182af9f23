"""The staff console as a browser without JavaScript meets it: forms over real HTTP."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from bot.errors import (
    NameTaken,
    NotAllowed,
    NotFound,
    TextMissing,
    TextTooLong,
    TicketEnded,
    TicketHeld,
)
from bot.models import Credential, Message, Note, Role, Staff
from bot.people import staff as people
from bot.texts import texts
from handlers.keys import TOWN
from tests.conftest import House, settings_for
from tests.handlers.conftest import (
    PASSWORD,
    Browser,
    escalated,
    first_link,
    lead,
    rows,
    sent,
    told,
)

COOKIE = "neuvokas_staff"
LINK = re.compile(r'value="http://localhost:8080(/staff/join/[\w-]+)"')

ENDED = "Your sign-in has ended, so nothing was sent. What you wrote is still here."


@pytest.fixture
async def desk(house):
    """Maija, signed in."""
    await house.staff()
    return await Browser(house).signs_in()


async def of(house, name):
    async with house.database.read() as session:
        return await people.by_name(session, name)


# Signing in and out


@pytest.mark.parametrize("name", ["Maija", " maija ", "MAIJA"])
async def test_sign_in(house, browser, name):
    """The right name and password open the console; how the name is capitalised does not matter."""
    await house.staff()
    assert (await browser.opens("/staff")).location == "/staff/sign-in"
    form = await browser.opens("/staff/sign-in")
    assert form.status == 200
    answer = await browser.sends("/staff/sign-in", name=name, password=PASSWORD)
    assert (answer.status, answer.location) == (303, "/staff")
    assert "Maija" in (await browser.opens("/staff")).text


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Maija", "a wrong password"),
        ("Maija", ""),
        ("Nobody", PASSWORD),
        ("", ""),
        ("Maija\0", PASSWORD),
        ("Maija", PASSWORD + "\0"),
        ("x" * 100_000, "x" * 100_000),
        ("<b>Maija", "x"),
    ],
)
async def test_wrong_password(house, browser, name, password):
    """A wrong name and a wrong password get the same answer, and the name stays in its field."""
    await house.staff()
    answer = await browser.sends(
        "/staff/sign-in",
        headers={"Accept-Language": "en"},
        name=name,
        password=password,
    )
    assert answer.status == 401
    assert texts("en").gettext("The name or the password is not right.") in answer.words
    assert COOKIE not in answer.headers.get("Set-Cookie", "")
    assert "<b>Maija" not in answer.text
    assert (await browser.opens("/staff")).status == 303


async def test_nobody_signs_in_before_the_link_is_used(house, browser):
    """Who was invited but has set no password yet cannot sign in with any."""
    async with house.database.write() as session:
        await people.add(session, "Uusi", Role.STAFF, ["general"], house.clock())
    for password in ("", "None", PASSWORD):
        answer = await browser.sends("/staff/sign-in", name="Uusi", password=password)
        assert answer.status == 401


async def test_throttling(house, browser, clock):
    """After five wrong passwords a name must wait a minute, however it is written; others need not."""
    await house.staff()
    await house.staff("Pekka")
    for name in ("Maija", "maija", " Maija", "Maija  ", "MAIJA"):
        assert (await browser.sends("/staff/sign-in", name=name, password="x")).status == 401
    for name in ("Maija", "  mAIJA "):
        answer = await browser.sends(
            "/staff/sign-in", headers={"Accept-Language": "en"}, name=name, password=PASSWORD
        )
        assert answer.status == 429
        assert texts("en").gettext("Too many tries. Wait a minute and try again.") in answer.words
        assert answer.field("name") == name
    await Browser(house).signs_in("Pekka")
    clock.pass_(seconds=61)
    await browser.signs_in()


async def test_throttling_of_tries_at_once(house, monkeypatch):
    """Guessing many passwords at the same moment gains nothing over guessing one after the other."""
    await house.staff()
    verify, checked = people.verify_password, []

    async def slow(staff, password):
        checked.append(password)
        await asyncio.sleep(0.05)
        return await verify(staff, password)

    monkeypatch.setattr(people, "verify_password", slow)
    answers = await asyncio.gather(
        *(
            Browser(house).sends("/staff/sign-in", name="Maija", password=f"guess {number}")
            for number in range(20)
        )
    )
    assert len(checked) == 5
    assert sorted(answer.status for answer in answers) == [401] * 5 + [429] * 15


async def test_right_password_clears_the_count(house, browser):
    """Somebody who mistypes now and then is not locked out."""
    await house.staff()
    for _ in range(3):
        for _ in range(3):
            await browser.sends("/staff/sign-in", name="Maija", password="x")
        await browser.signs_in()


async def test_cookie(house, desk):
    """The session's cookie is out of reach of scripts, foreign sites and residents' pages."""
    answer = await desk.sends("/staff/sign-in", name="Maija", password=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/staff" in cookie
    assert "Secure" not in cookie
    secret = desk.cookie(COOKIE)
    async with house.database.read() as session:
        kept = await session.get(Credential, people.hashed(secret))
    assert kept.kind == "session"
    assert secret not in kept.hash


async def test_cookies_are_secure_behind_https(sqlite_url, clock, town):
    """Where the service is public over HTTPS, its cookies never travel without it."""
    house = House(settings_for(sqlite_url, public_url="https://neuvokas.example.fi"), clock, town)
    await house.start()
    await house.staff()
    browser = Browser(house)
    for answer in (
        await browser.sends("/staff/sign-in", name="Maija", password=PASSWORD),
        await browser.sends("/chat", text="hei"),
    ):
        assert "Secure" in answer.headers["Set-Cookie"]
    await house.stop()


async def test_sign_out_ends_the_session_on_the_server(house, desk):
    """After signing out the old cookie opens nothing, though somebody had kept it."""
    secret = desk.cookie(COOKIE)
    answer = await desk.sends("/staff/sign-out")
    assert (answer.status, answer.location) == (303, "/staff/sign-in")
    assert desk.cookie(COOKIE) == ""
    stolen = {"Cookie": f"{COOKIE}={secret}"}
    assert (await desk.opens("/staff", headers=stolen)).location == "/staff/sign-in"
    assert (await Browser(house).sends("/staff/sign-out")).status == 303


async def test_session_runs_out(house, desk, clock):
    """A session ends by itself after a working day."""
    clock.pass_(hours=11)
    assert (await desk.opens("/staff")).status == 200
    clock.pass_(hours=2)
    assert (await desk.opens("/staff")).status == 303


async def test_foreign_origin(house, desk):
    """What a foreign page makes a signed-in browser send is refused, on every form."""
    _resident, number = await escalated(house)
    for path in (
        "/staff/sign-in",
        "/staff/sign-out",
        "/staff/people",
        f"/staff/tickets/{number}/claim",
        f"/staff/tickets/{number}/reply",
    ):
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = await desk.sends(path, headers=headers, text="Hei!")
            assert answer.status == 403, (path, headers)
            assert answer.headers["Content-Type"].startswith("text/html")
    own = {"Origin": house.url, "Sec-Fetch-Site": "same-origin"}
    assert (await desk.sends(f"/staff/tickets/{number}/claim", headers=own)).status == 303


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("application/x-www-form-urlencoded; charset=nonsense", b"name=Maija"),
        ("application/x-www-form-urlencoded", b"name=\xff\xfe"),
        ("multipart/form-data", b"name=Maija"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nname\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        ),
        ("application/json", b'{"name": "Maija"}'),
        ("text/plain", b"name=Maija"),
    ],
)
async def test_form_that_is_none(house, desk, type_, body):
    """A body that is no readable form gets a page saying so, never an error of ours."""
    _resident, number = await escalated(house)
    for path in ("/staff/sign-in", f"/staff/tickets/{number}/reply", "/chat"):
        answer = await desk.asks("POST", path, data=body, headers={"Content-Type": type_})
        assert answer.status in {400, 401, 415, 422}, (path, answer.status)
        assert answer.headers["Content-Type"].startswith("text/html")


# One-time links


async def test_first_lead(house, browser):
    """The first link makes its user a lead, who is signed in; it works once."""
    path = await first_link(house)
    assert (await browser.opens(path)).status == 200
    answer = await browser.sends(path, name=" Liisa  Laine ", password=PASSWORD, locale="sv")
    assert (answer.status, answer.location) == (303, "/staff")
    person = await of(house, "Liisa Laine")
    assert (person.role, person.locale) == (Role.LEAD, "sv")
    assert (await browser.opens("/staff/people")).status == 200
    again = Browser(house)
    for answer in (
        await again.opens(path),
        await again.sends(path, name="Somebody", password=PASSWORD),
    ):
        assert answer.status == 404
        assert told(NotFound(), "fi") in answer.words
    assert await rows(house.database, Staff) == 1


async def test_first_link_ends_with_the_first_lead(house):
    """Once a lead can sign in, a link for the first one opens nothing, though never used."""
    path = await first_link(house)
    await house.staff()
    assert (await Browser(house).opens(path)).status == 200
    await lead(house)
    assert (await Browser(house).opens(path)).status == 404


@pytest.mark.parametrize(
    ("name", "password", "locale"),
    [
        ("", PASSWORD, "en"),
        ("  ", PASSWORD, "en"),
        ("\0", PASSWORD, "en"),
        ("x" * 61, PASSWORD, "en"),
        ("Liisa", "too short", "en"),
        ("Liisa", "x" * 201, "en"),
        ("Liisa", "", "xx"),
    ],
)
async def test_join_with_bad_input(house, browser, name, password, locale):
    """A name or password that cannot be used is explained, the name is kept, the link still works."""
    path = await first_link(house)
    answer = await browser.sends(path, name=name, password=password, locale=locale)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    if name == "Liisa":
        assert answer.field("name") == name
    assert await rows(house.database, Staff) == 0
    assert (await browser.sends(path, name="Liisa", password=PASSWORD)).status == 303


async def test_link_used_twice_at_once(either_house):
    """Of two who use one link at the same moment, one is let in and the other is told it is used."""
    path = await first_link(either_house)
    answers = await asyncio.gather(
        *(
            Browser(either_house).sends(path, name=name, password=PASSWORD)
            for name in ("Liisa", "Anna", "Maija")
        )
    )
    assert sorted(answer.status for answer in answers) == [303, 404, 404]
    assert await rows(either_house.database, Staff) == 1


async def test_invitation(house):
    """A lead invites; the link is shown once, sets a password, and works once and for seven days."""
    await lead(house)
    desk = await Browser(house).signs_in("Liisa")
    answer = await desk.asks(
        "POST",
        "/staff/people",
        data=[
            ("name", "Uusi"),
            ("role", "staff"),
            ("queues", "general"),
            ("queues", "nonsense"),
            ("queues", "events"),
        ],
    )
    path = LINK.search(answer.text)[1]
    assert path not in (await desk.opens("/staff/people")).text
    newcomer = Browser(house)
    assert "Uusi" in (await newcomer.opens(path)).text
    # The name stands already; another one in the form changes nothing.
    joined = await newcomer.sends(path, name="Liisa", password=PASSWORD, locale="fi")
    assert (joined.status, joined.location) == (303, "/staff")
    person = await of(house, "Uusi")
    assert (person.role, person.queues) == (Role.STAFF, ["general", "events"])
    assert (await Browser(house).opens(path)).status == 404
    await Browser(house).signs_in("Uusi")


async def test_link_runs_out(house, clock):
    """After seven days a link opens nothing."""
    path = await first_link(house)
    clock.pass_(days=6)
    assert (await Browser(house).opens(path)).status == 200
    clock.pass_(days=2)
    assert (await Browser(house).opens(path)).status == 404


async def test_new_link_replaces_the_old(house):
    """A second link for a person ends the first; using it ends the person's open sessions."""
    await lead(house)
    await house.staff()
    desk, maijas = await Browser(house).signs_in("Liisa"), await Browser(house).signs_in()
    paths = []
    for _ in range(2):
        answer = await desk.sends("/staff/people", name="Maija", again="1")
        paths.append(LINK.search(answer.text)[1])
    assert (await Browser(house).opens(paths[0])).status == 404
    assert (await maijas.opens("/staff")).status == 200
    await Browser(house).sends(paths[1], password="another password", locale="fi")
    assert (await maijas.opens("/staff")).status == 303
    assert (
        await Browser(house).sends("/staff/sign-in", name="Maija", password=PASSWORD)
    ).status == 401


@pytest.mark.parametrize("secret", ["x", "%00", "%ff", "..%2f", "x" * 3000])
async def test_link_that_never_was(browser, secret):
    """A made-up link opens nothing and breaks nothing."""
    for answer in (
        await browser.opens(f"/staff/join/{secret}"),
        await browser.sends(f"/staff/join/{secret}", name="x", password=PASSWORD),
    ):
        assert answer.status == 404


# People


@pytest.mark.parametrize(
    ("role", "appointed", "status"),
    [
        (Role.STAFF, "staff", 403),
        (Role.LEAD, "staff", 200),
        (Role.LEAD, "lead", 200),
        (Role.LEAD, "admin", 403),
        (Role.ADMIN, "admin", 200),
    ],
)
async def test_who_appoints_whom(house, role, appointed, status):
    """Staff appoint nobody, leads everybody but admins."""
    await house.staff("Liisa", role, ["general"])
    desk = await Browser(house).signs_in("Liisa")
    answer = await desk.sends("/staff/people", name="Uusi", role=appointed, queues="general")
    assert answer.status == status
    if status == 200:
        assert LINK.search(answer.text)
        assert (await of(house, "Uusi")).role == appointed
    else:
        assert told(NotAllowed(), "fi") in answer.words
        assert await of(house, "Uusi") is None


async def test_lead_cannot_take_over_an_admin(house):
    """A new link sets a password, so a lead gets none for an admin, however it is asked for."""
    await lead(house)
    await house.staff("Ylläpito", Role.ADMIN, [])
    desk = await Browser(house).signs_in("Liisa")
    for form in (
        {"name": "Ylläpito", "again": "1"},
        {"name": "YLLÄPITO", "again": "1", "role": "staff"},
        {"name": " Ylläpito ", "again": "yes", "role": "lead"},
    ):
        answer = await desk.sends("/staff/people", **form)
        assert answer.status == 403
        assert "/staff/join/" not in answer.text
    await Browser(house).signs_in("Ylläpito")


async def test_invite_with_a_bad_name(either_house):
    """A name that is taken or cannot be used is explained on the page."""
    await either_house.staff()
    await lead(either_house)
    desk = await Browser(either_house).signs_in("Liisa")
    for name, error in (
        ("Maija", NameTaken()),
        ("maija", NameTaken()),
        ("", TextMissing()),
        ("\0", TextMissing()),
        ("x" * 61, TextTooLong(61, 60)),
    ):
        answer = await desk.sends("/staff/people", name=name, role="staff")
        assert answer.status in {409, 422}
        assert told(error, "fi") in answer.words
    assert await rows(either_house.database, Staff) == 2


async def test_new_link_for_nobody(house):
    """Asking a new link for somebody who is not there makes nobody."""
    await lead(house)
    desk = await Browser(house).signs_in("Liisa")
    answer = await desk.sends("/staff/people", name="Nobody", again="1")
    assert answer.status == 404
    assert await rows(house.database, Staff) == 1


# Tickets


async def test_from_the_list_to_the_answer(house, desk):
    """Claim, reply, close: each form does its deed and leads on, and the resident hears."""
    resident, number = await escalated(house, "Paljonko digituki maksaa?")
    listed = await desk.opens("/staff")
    assert f'href="/staff/tickets/{number}"' in listed.text
    path = f"/staff/tickets/{number}"
    page = await desk.opens(path)
    assert "Paljonko digituki maksaa?" in page.words
    claimed = await desk.sends(f"{path}/claim")
    assert (claimed.status, claimed.location.partition("#")[0]) == (303, path)
    assert "Maija" in (await desk.opens(path)).text
    nonce = (await desk.opens(path)).field("nonce")
    replied = await desk.sends(f"{path}/reply", text="Hei! <3 & terveisin", nonce=nonce)
    assert (replied.status, replied.location.partition("#")[0]) == (303, path)
    assert "Hei! <3 & terveisin" in (await desk.opens(path)).words
    closed = await desk.sends(f"{path}/close")
    assert (closed.status, closed.location) == (303, f"/staff?ended={number}")
    assert f'href="{path}"' in (await desk.opens(closed.location)).text
    assert number not in (await desk.opens("/staff")).text
    assert number in (await desk.opens("/staff?status=closed")).text
    heard = await resident.heard()
    assert "Hei! <3 & terveisin" in heard


async def test_release(house, desk):
    """A released ticket waits again."""
    _resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    await desk.sends(f"{path}/claim")
    assert number not in (await desk.opens("/staff?status=open")).text
    assert (await desk.sends(f"{path}/release")).status == 303
    assert number in (await desk.opens("/staff?status=open")).text


async def test_same_reply_twice(house, desk):
    """A double click sends a reply once; other words from the same page are another reply."""
    resident, number = await escalated(house)
    path = f"/staff/tickets/{number}"
    nonce = (await desk.opens(path)).field("nonce")
    answers = await asyncio.gather(
        *(desk.sends(f"{path}/reply", text="Hei!", nonce=nonce) for _ in range(4))
    )
    assert [answer.status for answer in answers] == [303] * 4
    await desk.sends(f"{path}/reply", text="Vielä yksi asia.", nonce=nonce)
    await sent(house)
    heard = await resident.heard()
    assert heard[-2:] == ["Hei!", "Vielä yksi asia."]
    assert heard.count("Hei!") == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", TextMissing()),
        ("  \r\n ", TextMissing()),
        ("x" * 4_000, TextTooLong(4_000, 3_900)),
        ("x" * 100_000, TextTooLong(100_000, 3_900)),
    ],
)
async def test_reply_that_cannot_be_sent(house, desk, text, error):
    """Too little or too much text is explained, and stays in its field."""
    _resident, number = await escalated(house)
    answer = await desk.sends(f"/staff/tickets/{number}/reply", text=text, nonce="n")
    assert answer.status == 422
    assert told(error, "fi") in answer.words
    assert text.strip() in answer.text
    assert await rows(house.database, Message) == 3


async def stale(house, how):
    """A ticket that changed since Maija opened its page."""
    resident, number = await escalated(house)
    pekka = await house.staff("Pekka")
    if how == "claimed":
        await pekka.claims(number)
    elif how == "closed":
        await pekka.closes(number)
    elif how == "cancelled":
        await resident.call("POST", f"/{resident.id}/messages", json={"choice": "cancel-yes"})
    elif how == "foreign":
        async with house.database.write() as session:
            (await people.by_name(session, "Maija")).queues = ["events"]
    else:
        async with house.database.write() as session:
            await people.end_sessions(session, await people.by_name(session, "Maija"))
    return number


@pytest.mark.parametrize(
    ("how", "status", "error"),
    [
        ("claimed", 409, TicketHeld("Pekka")),
        ("closed", 409, TicketEnded()),
        ("cancelled", 409, TicketEnded()),
        ("foreign", 404, NotFound()),
        ("signed out", 401, ENDED),
    ],
)
async def test_stale_page_keeps_what_was_typed(house, desk, how, status, error):
    """Whatever happened meanwhile, the page says so and gives back every word, escaped."""
    number = await stale(house, how)
    words = "Hei!\nTämä on <pitkä> vastaus & tärkeä."
    answer = await desk.sends(f"/staff/tickets/{number}/reply", text=words, nonce="n")
    assert answer.status == status
    said = texts("fi").gettext(error) if isinstance(error, str) else told(error, "fi")
    assert said in answer.words
    assert words in answer.words.replace("\r\n", "\n")
    assert "<pitkä>" not in answer.text
    assert await rows(house.database, Message) <= 5


@pytest.mark.parametrize("act", ["claim", "release", "close"])
async def test_stale_button(house, desk, act):
    """A button on an old page says who has the ticket instead of doing anything."""
    number = await stale(house, "claimed")
    answer = await desk.sends(f"/staff/tickets/{number}/{act}")
    assert answer.status == 409
    assert told(TicketHeld("Pekka"), "fi") in answer.words


async def test_nothing_typed_is_run(house, desk):
    """What a resident writes is shown, never run."""
    _resident, number = await escalated(house, "<script>alert(1)</script> <img src=x>")
    page = await desk.opens(f"/staff/tickets/{number}")
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "<script>alert(1)</script> <img src=x>" in page.words


async def test_unknown_deed_and_ticket(desk):
    """An unknown ticket or deed is not found; the page leads back to the console."""
    for method, path in (
        ("GET", "/staff/tickets/N-9999"),
        ("GET", "/staff/tickets/x"),
        ("POST", "/staff/tickets/N-9999/claim"),
        ("POST", "/staff/tickets/N-1001/delete"),
    ):
        answer = await desk.asks(method, path)
        assert answer.status == 404
        assert 'href="/staff"' in answer.text


async def test_fragments_for_the_script(house, desk):
    """The script gets the part that changes, or 401 instead of a form when signed out."""
    _resident, number = await escalated(house)
    fetch = {"X-Requested-With": "fetch"}
    for path in ("/staff", f"/staff/tickets/{number}"):
        part = await desk.opens(path, headers=fetch)
        assert part.status == 200
        assert "<html" not in part.text
        assert number in part.text or "ihminen" in part.text
        assert (await Browser(house).opens(path, headers=fetch)).status == 401


async def test_console_speaks_the_persons_language(house, desk):
    """The console is in the language its reader chose, whatever the browser prefers."""
    async with house.database.write() as session:
        (await people.by_name(session, "Maija")).locale = "sv"
    page = await desk.opens("/staff", headers={"Accept-Language": "en"})
    assert '<html lang="sv"' in page.text
    assert texts("sv").gettext("Sign out") in page.words


async def test_pages_are_kept_private(house, desk):
    """No page of the console is cached, framed, or given scripts from elsewhere."""
    _resident, number = await escalated(house)
    for path in ("/staff", f"/staff/tickets/{number}", "/staff/sign-in"):
        page = await desk.opens(path)
        assert page.headers["Cache-Control"] == "no-store"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.text)


async def test_answers_to_look_at(sqlite_url, clock, town):
    """Staff see what is withheld and due for review, with its owner; residents are offered a person."""
    entry = replace(town.book.entries["digituki-price"], valid_until=clock().date())
    old = replace(town.book.entries["digituki-place"], reviewed=date(2020, 1, 1))
    entries = {**town.book.entries, entry.id: entry, old.id: old}
    async with House(
        settings_for(sqlite_url), clock, replace(town, book=replace(town.book, entries=entries))
    ) as house:
        await house.staff()
        browser = await Browser(house).signs_in()
        page = (await browser.opens("/staff/book")).text
        assert "digituki-place" in page
        assert "digituki-price" not in page
        clock.pass_(days=1)
        browser = await Browser(house).signs_in()
        page = (await browser.opens("/staff/book")).text
        assert page.index("digituki-price") < page.index("digituki-place")
        assert entry.owner in page
        house.app[TOWN].faults = ("en/safety.yaml: print: <question> is missing",)
        page = (await browser.opens("/staff/book")).text
        assert "print: &lt;question&gt; is missing" in page


async def test_nothing_to_look_at(house, desk):
    """With everything in its time the page says so."""
    page = (await desk.opens("/staff/book")).text
    assert 'class="notice"' in page


async def test_a_mark_is_taken_back(house, maija):
    """A mark that the bot answered wrongly has a button that takes it back, once."""
    desk = await Browser(house).signs_in()
    _resident, number = await escalated(house, "Paljonko digituki maksaa?")
    address = f"/staff/tickets/{number}"
    assert (await desk.sends(f"{address}/judge", message="", right="")).status == 303
    page = await desk.opens(address)
    id_ = re.search(r'name="take_back" value="(\d+)"', page.text)[1]
    assert (await desk.sends(f"{address}/judge", take_back=id_)).status == 303
    page = await desk.opens(address)
    assert 'name="take_back"' not in page.text
    for gone in (id_, "0", "x", "9" * 40):
        assert (await desk.sends(f"{address}/judge", take_back=gone)).status == 404


async def test_sent_again_after_signing_in_elsewhere(house, desk):
    """What was sent after the sign-in had ended can be sent from that page once one has signed in again."""
    _resident, number = await escalated(house)
    path = f"/staff/tickets/{number}/note"
    await desk.sends("/staff/sign-out")
    lapsed = await desk.sends(path, text='Rivi "yksi"\nrivi kaksi', nonce="n")
    assert lapsed.status == 401
    assert texts("fi").gettext(ENDED) in lapsed.words
    assert f'<form method="post" action="{path}"' in lapsed.text
    assert 'target="_blank"' in lapsed.text
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', lapsed.text)
    fields = {name: html.unescape(value) for name, value in found}
    # Sent too early, nothing is lost either.
    assert "rivi kaksi" in (await desk.sends(path, **fields)).words
    await desk.signs_in()
    assert (await desk.sends(path, **fields)).status == 303
    async with house.database.read() as session:
        [note] = await session.scalars(select(Note))
    assert note.text.splitlines() == ['Rivi "yksi"', "rivi kaksi"]


async def test_a_password_does_not_come_back_in_a_page(house, desk):
    """A form with a password that came after the sign-in had ended is not kept to be sent again."""
    await desk.sends("/staff/sign-out")
    lapsed = await desk.sends("/staff/me/two-step", password="salasana-1234", note="x")
    assert lapsed.status == 401
    assert "salasana-1234" not in lapsed.text
    assert "Your sign-in has ended" in lapsed.words or "päättyn" in lapsed.words
