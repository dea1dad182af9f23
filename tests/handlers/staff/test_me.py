"""One's own account: signing in in two steps, where one is signed in, ending it."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import pyotp
import pytest
from sqlalchemy import select

from bot.errors import NotAllowed, NotFound, TooManyTries, Unauthenticated, WrongCode
from bot.models import Audit, Credential, Role
from bot.people import audit
from bot.texts import texts
from handlers.staff.common import COOKIE
from tests.conftest import House, settings_for
from tests.handlers.conftest import PASSWORD, Browser, lead, listening, rows, told

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19.0 Safari/604.1"


class Phone:
    """An app that shows codes."""

    def __init__(self, page, clock):
        key = re.search(r'class="key">([A-Z2-7 ]+)<', page.text)[1]
        self.totp = pyotp.TOTP(key.replace(" ", ""))
        self.clock = clock

    @property
    def code(self):
        """What it shows now."""
        return self.totp.at(self.clock())

    @property
    def next_code(self):
        """What it shows half a minute later, when one has waited for it."""
        self.clock.pass_(seconds=30)
        return self.code


async def set_up(browser, clock):
    """Switch two-step sign-in on; gives the phone and the recovery codes."""
    page = await browser.opens("/staff/me/two-step")
    phone = Phone(page, clock)
    done = await browser.sends("/staff/me/two-step", code=phone.code, sealed=page.field("sealed"))
    assert done.status == 200, done.words
    shown = re.findall(r"<code>([a-z0-9-]+)</code>", done.text)
    assert len(shown) == 8
    return phone, shown


async def half_way(house, name="Maija"):
    """A browser that gave the right password and is asked for the code."""
    browser = Browser(house)
    answer = await browser.sends("/staff/sign-in", name=name, password=PASSWORD)
    assert (answer.status, answer.location) == (303, "/staff/sign-in/code")
    return browser


@pytest.fixture
async def desk(house, maija):
    """Maija, signed in."""
    return await Browser(house).signs_in()


async def test_two_steps(house, desk, clock):
    """Once set up, the password alone opens nothing; with the phone's code it opens the console."""
    phone, _recovery = await set_up(desk, clock)
    browser = await half_way(house)
    assert browser.cookie(COOKIE) == ""
    assert (await browser.opens("/staff")).location == "/staff/sign-in"
    assert (await browser.opens("/staff/sign-in/code")).status == 200
    answer = await browser.sends("/staff/sign-in/code", code=phone.next_code)
    assert (answer.status, answer.location) == (303, "/staff")
    assert (await browser.opens("/staff")).status == 200


async def test_half_a_sign_in_is_no_session(house, desk, clock):
    """What stands for the right password cannot be used as a session, nor a session for it."""
    phone, _recovery = await set_up(desk, clock)
    browser = await half_way(house)
    half = next(cookie.value for cookie in browser.jar if cookie.key == "neuvokas_half")
    stolen = {"Cookie": f"{COOKIE}={half}"}
    assert (await Browser(house).opens("/staff", headers=stolen)).location == "/staff/sign-in"
    other = {"Cookie": f"neuvokas_half={desk.cookie(COOKIE)}"}
    answer = await Browser(house).sends("/staff/sign-in/code", headers=other, code=phone.next_code)
    assert answer.status == 401


async def test_a_code_opens_once(house, desk, clock):
    """A code that somebody looked at over a shoulder is used up, also when both send it at once."""
    phone, _recovery = await set_up(desk, clock)
    browsers = [await half_way(house) for _ in range(3)]
    code = phone.next_code
    answers = await asyncio.gather(
        *(browser.sends("/staff/sign-in/code", code=code) for browser in browsers)
    )
    assert sorted(answer.status for answer in answers) == [303, 401, 401]
    late = await half_way(house)
    answer = await late.sends("/staff/sign-in/code", code=code)
    assert answer.status == 401
    assert (
        "a recovery code you have not used yet"
        in (
            await late.sends("/staff/sign-in/code", headers={"Accept-Language": "en"}, code=code)
        ).words
    )


@pytest.mark.parametrize("code", ["", "000000", "x", "\0", "12345678901234567890" * 20, "<b>"])
async def test_wrong_code(house, desk, clock, code):
    """A wrong code says so and can be corrected."""
    phone, _recovery = await set_up(desk, clock)
    browser = await half_way(house)
    assert (await browser.sends("/staff/sign-in/code", code=code)).status == 401
    assert (await browser.sends("/staff/sign-in/code", code=phone.next_code)).status == 303


async def test_codes_are_limited(sqlite_url, clock, town):
    """After five wrong codes even the right one waits, in every process and every browser."""
    async with House(settings_for(sqlite_url), clock, town) as house:
        await house.staff()
        phone, recovery = await set_up(await Browser(house).signs_in(), clock)
        other = House(settings_for(sqlite_url), clock, town)
        await other.start()
        for number in range(5):
            browser = await half_way(other if number % 2 else house)
            assert (await browser.sends("/staff/sign-in/code", code="000000")).status == 401
        browser = await half_way(other)
        for code in (phone.next_code, recovery[0]):
            answer = await browser.sends(
                "/staff/sign-in/code", headers={"Accept-Language": "en"}, code=code
            )
            assert answer.status == 429
            assert told(TooManyTries(), "en") in answer.words
        await other.stop()
        clock.pass_(minutes=16)
        browser = await half_way(house)
        assert (await browser.sends("/staff/sign-in/code", code=phone.next_code)).status == 303


async def test_passwords_are_limited_across_processes(sqlite_url, clock, town):
    """Wrong passwords are counted together, however many processes serve."""
    houses = [House(settings_for(sqlite_url), clock, town) for _ in range(2)]
    for house in houses:
        await house.start()
    await houses[0].staff()
    for number in range(5):
        browser = Browser(houses[number % 2])
        answer = await browser.sends("/staff/sign-in", name="Maija", password="x")
        assert answer.status == 401
    for house in houses:
        answer = await Browser(house).sends("/staff/sign-in", name="Maija", password=PASSWORD)
        assert answer.status == 429
        await house.stop()


async def test_too_slow(house, desk, clock):
    """Whoever takes more than five minutes begins again, and is told so."""
    phone, _recovery = await set_up(desk, clock)
    browser = await half_way(house)
    clock.pass_(minutes=6)
    answer = await browser.sends(
        "/staff/sign-in/code", headers={"Accept-Language": "en"}, code=phone.next_code
    )
    assert answer.status == 401
    assert texts("en").gettext("That took too long. Sign in again.") in answer.words
    assert (await browser.opens("/staff/sign-in/code")).location == "/staff/sign-in"


async def test_code_page_without_a_password(browser):
    """Nobody is asked for a code whose password was not right."""
    assert (await browser.opens("/staff/sign-in/code")).location == "/staff/sign-in"
    assert (await browser.sends("/staff/sign-in/code", code="000000")).status == 401


async def test_recovery_code(house, desk, clock):
    """A recovery code lets in once without the phone, and that is in the log."""
    _phone, recovery = await set_up(desk, clock)
    browser = await half_way(house)
    answer = await browser.sends("/staff/sign-in/code", code=recovery[0].upper())
    assert answer.status == 303
    again = await half_way(house)
    assert (await again.sends("/staff/sign-in/code", code=recovery[0])).status == 401
    async with house.database.read() as session:
        acts = [entry.act for entry in await session.scalars(select(Audit).order_by(Audit.id))]
    assert acts == ["sign_in", "codes_on", "recovery_used", "sign_in", "sign_in_failed"]


@pytest.mark.parametrize("bad", ["code", "sealed"])
async def test_setting_up_wrongly(house, desk, clock, bad):
    """A wrong code keeps the same key, so that the app need not read it again; nothing is on yet."""
    page = await desk.opens("/staff/me/two-step")
    phone = Phone(page, clock)
    form = {"code": phone.code, "sealed": page.field("sealed")}
    again = await desk.sends("/staff/me/two-step", **{**form, bad: "000000"})
    assert again.status == 422
    assert told(WrongCode(), "fi") in again.words
    assert (Phone(again, clock).totp.secret == phone.totp.secret) is (bad == "code")
    assert (await Browser(house).signs_in()).cookie(COOKIE)


async def test_key_is_shown_as_picture_and_text(desk):
    """The QR code stands inside the page, with a name for who cannot see it, and the key beside it."""
    page = await desk.opens("/staff/me/two-step")
    assert 'role="img" aria-label="' in page.text
    assert "<svg" in page.text
    assert "style=" not in page.text
    assert len(page.field("sealed")) > 100


async def test_new_recovery_codes_and_off(house, desk, clock):
    """New recovery codes and switching off ask for a code from the app once more."""
    phone, recovery = await set_up(desk, clock)
    for path in ("recovery", "off"):
        refused = await desk.sends(f"/staff/me/two-step/{path}", code="000000")
        assert refused.status == 422
    fresh = await desk.sends("/staff/me/two-step/recovery", code=phone.next_code)
    assert fresh.status == 200
    assert recovery[0] not in fresh.text
    off = await desk.sends("/staff/me/two-step/off", code=phone.next_code)
    assert (off.status, off.location) == (303, "/staff/me/two-step")
    await Browser(house).signs_in()
    assert (await desk.sends("/staff/me/two-step/off", code=phone.next_code)).status == 422


async def test_guessing_from_a_session_is_limited(desk, clock):
    """A session that somebody left open lets nobody guess codes either."""
    phone, _recovery = await set_up(desk, clock)
    for _ in range(5):
        assert (await desk.sends("/staff/me/two-step/off", code="000000")).status == 422
    answer = await desk.sends("/staff/me/two-step/off", code=phone.next_code)
    assert answer.status == 429


@pytest.mark.parametrize(
    ("rule", "role", "required"),
    [("leads", Role.LEAD, True), ("leads", Role.STAFF, False), ("all", Role.STAFF, True)],
)
async def test_required(sqlite_url, clock, town, rule, role, required):
    """Whoever must have codes sees nothing but setting them up, over pages and stream, until they have."""
    async with House(settings_for(sqlite_url, require_totp=rule), clock, town) as house:
        await house.staff("Maija", role)
        browser = await Browser(house).signs_in()
        answer = await browser.opens("/staff")
        if not required:
            assert answer.status == 200
            return
        assert (answer.status, answer.location) == (303, "/staff/me/two-step")
        assert (await browser.opens("/staff/book")).location == "/staff/me/two-step"
        refused = await browser.sends("/staff/people", name="x", text="Written with care")
        assert refused.status == 403
        assert "Written with care" in refused.words
        assert (await browser.opens("/staff/events")).status == 403
        assert (await browser.opens("/staff", headers={"X-Requested-With": "fetch"})).status == 403
        assert (await browser.opens("/staff/me")).status == 200
        phone, _recovery = await set_up(browser, clock)
        assert (await browser.opens("/staff")).status == 200
        off = await browser.sends("/staff/me/two-step/off", code=phone.next_code)
        assert off.status == 403
        assert told(NotAllowed(), "fi") in off.words


async def test_sessions_page(house, maija, clock):
    """One's sessions are listed with device and times, the newest first, and nobody else's."""
    await house.staff("Pekka")
    await Browser(house).signs_in("Pekka")
    first = Browser(house)
    await first.sends(
        "/staff/sign-in", headers={"User-Agent": FIREFOX}, name="Maija", password=PASSWORD
    )
    clock.pass_(hours=1)
    second = Browser(house)
    await second.sends(
        "/staff/sign-in", headers={"User-Agent": SAFARI}, name="Maija", password=PASSWORD
    )
    page = await second.opens("/staff/me/sessions")
    assert page.text.index("Safari, iPhone") < page.text.index("Firefox, Windows")
    assert page.text.count('name="which" value="') == 3
    assert people_hash(second) not in page.text


def people_hash(browser):
    """The whole hash of a browser's session, which no page shows."""
    from bot.people.staff import hashed  # noqa: PLC0415 - only here

    return hashed(browser.cookie(COOKIE))


async def test_last_use_is_kept(house, desk, clock):
    """When a session was last used is known to five minutes, without a write at each page."""

    async def seen():
        async with house.database.read() as session:
            return (
                await session.scalars(
                    select(Credential.seen_at).where(Credential.kind == "session")
                )
            ).one()

    first = await seen()
    clock.pass_(minutes=4)
    await desk.opens("/staff")
    assert await seen() == first
    clock.pass_(minutes=4)
    await desk.opens("/staff")
    assert await seen() > first


async def test_ending_one_session(house, desk):
    """A session ended elsewhere opens nothing, and its open pages leave."""
    other = await Browser(house).signs_in()
    page = await desk.opens("/staff/me/sessions")
    (mark,) = {
        value
        for value in re.findall(r'name="which" value="([0-9a-f]{16})"', page.text)
        if people_hash(other).startswith(value)
    }
    async with listening(house, "/staff/events", cookie_jar=other.jar) as stream:
        assert (await stream.event(5))["event"] == "changed"
        answer = await desk.sends("/staff/me/sessions/end", which=mark)
        assert (answer.status, answer.location) == (303, "/staff/me/sessions")
        assert (await stream.event(5))["event"] == "signed-out"
    assert (await other.opens("/staff")).location == "/staff/sign-in"
    assert (await desk.opens("/staff")).status == 200
    assert (await desk.sends("/staff/me/sessions/end", which=mark)).status == 404


async def test_ending_all_others(house, desk):
    """All other sessions end at once; this one and the tokens stay."""
    others = [await Browser(house).signs_in() for _ in range(3)]
    await desk.sends("/staff/me/sessions/end", which="others")
    for other in others:
        assert (await other.opens("/staff")).location == "/staff/sign-in"
    assert (await desk.opens("/staff")).status == 200
    assert await rows(house.database, Credential) == 2
    assert (await desk.sends("/staff/me/sessions/end", which="others")).status == 303


async def test_ending_a_token(house, maija, desk):
    """One's token for the staff API can be ended there as well."""
    page = await desk.opens("/staff/me/sessions")
    marks = re.findall(r'name="which" value="([0-9a-f]{16})"', page.text)
    assert len(marks) == 1
    await desk.sends("/staff/me/sessions/end", which=marks[0])
    assert (await maija.asks("GET", "/tickets"))[0] == 401


@pytest.mark.parametrize("which", ["", "x", "0" * 16, "%", "\0", "a" * 100, "0123456789abcde"])
async def test_ending_what_is_not_there(house, desk, which):
    """What names no session of one's own ends none."""
    answer = await desk.sends("/staff/me/sessions/end", which=which)
    assert answer.status == 404
    assert told(NotFound(), "fi") in answer.words
    assert (await desk.opens("/staff")).status == 200


async def test_foreign_session(house, desk):
    """Nobody ends somebody else's session."""
    await lead(house)
    liisa = await Browser(house).signs_in("Liisa")
    answer = await desk.sends("/staff/me/sessions/end", which=people_hash(liisa)[:16])
    assert answer.status == 404
    assert (await liisa.opens("/staff")).status == 200


async def test_signing_in_and_out_is_in_the_log(house, desk, browser):
    """Sign-ins, failed ones and sign-outs are there; a name that nobody has is not kept."""
    await browser.sends("/staff/sign-in", name="Maija", password="wrong password")
    for _ in range(4):
        await browser.sends("/staff/sign-in", name="hunter2 my password", password="x")
    await desk.sends("/staff/sign-out")
    async with house.database.read() as session:
        entries = (await session.scalars(select(Audit).order_by(Audit.id))).all()
    assert [(entry.act, entry.staff_name, entry.object) for entry in entries] == [
        ("sign_in", "Maija", "person 1"),
        ("sign_in_failed", "Maija", "person 1"),
        ("sign_in_failed", "", "unknown name"),
        ("sign_out", "Maija", "person 1"),
    ]
    assert "hunter2" not in str([vars(entry) for entry in entries])
    assert audit.detail_of(entries[1]) == {"with": "password"}


async def test_unknown_device(house, maija):
    """A browser that does not say what it is, or lies at length, is shown as unknown or briefly."""
    for agent in ("", "x" * 5_000, "Firefox/" * 500):
        browser = Browser(house)
        await browser.sends(
            "/staff/sign-in", headers={"User-Agent": agent}, name="Maija", password=PASSWORD
        )
        assert (await browser.opens("/staff/me/sessions")).status == 200
        assert told(Unauthenticated(), "fi") not in unescape((await browser.opens("/staff")).text)
