"""The pages in a real Chromium: with and without script, by keyboard, on a phone, for everybody."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect

from bot import tickets
from bot.commands import command_in
from bot.learning import Change, Trial
from bot.models import Proposal, Publication, Role
from bot.people import staff as people
from bot.people.policy import Act
from bot.texts import LOCALES, texts
from bot.work import blocks, canned, notes, saved_views, tags
from bot.work.ticket_list import Filters
from handlers.keys import TOWN
from tests.conftest import House, WebResident, settings_for
from tests.handlers.staff.test_numbers import counted, waited

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Page, Route

    from tests.conftest import Clock, Member

# One loop and one browser for all: starting either takes longer than most of these tests.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Links inside running text may be smaller; everything that stands alone may not.
TARGETS = "button, summary, select, textarea, input:not([type=hidden]), a.button, header a, .skip:focus, tbody th a"
SMALLEST = 44
# Milliseconds; a busy machine may be slow without anything being wrong.
PATIENCE = 15_000
QUESTION = "How much does digital support cost?"
ANSWER = "Digital support in Helsinki is free."


def chromium_path() -> str:
    """Where Chromium is; a test that needs it fails with one line when it is nowhere."""
    names = ("chromium", "chromium-browser", "google-chrome")
    given = os.environ.get("CHROMIUM")
    found = given or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.fail(
            "no Chromium: install it (Debian: apt install chromium) or set CHROMIUM",
            pytrace=False,
        )
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=ARGUMENTS, chromium_sandbox=False
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def house(sqlite_url: str, clock: Clock, town) -> AsyncIterator[House]:
    """The application, serving in this module's loop."""
    built = House(settings_for(sqlite_url), clock, town)
    await built.start()
    yield built
    await built.stop()


@pytest.fixture
def visit(chromium: Browser, house: House):
    """Open a page as a new visitor; what the browser complains about fails the test at the end."""

    @asynccontextmanager
    async def visiting(path: str = "/", *, session: str = "", **options) -> AsyncIterator[Page]:
        context = await chromium.new_context(
            base_url=house.url,
            **{"locale": "en-GB", "viewport": {"width": 390, "height": 844}, **options},
        )
        if session:
            await context.add_cookies(
                [{"name": "neuvokas_staff", "value": session, "url": f"{house.url}/staff"}]
            )
        complaints: list[str] = []
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        context.on("request", lambda request: complaints.extend(foreign(request.url)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(serious(message)))
        await page.goto(path)
        yield page
        await context.close()
        assert complaints == []

    return visiting


def foreign(url: str) -> list[str]:
    """The address, if it is not on this machine."""
    parts = urlsplit(url)
    return [url] if parts.scheme != "data" and parts.hostname != "127.0.0.1" else []


def serious(message) -> list[str]:
    """What the browser's console says, unless it is only that an answer was an error or lost."""
    expected = message.text.startswith("Failed to load resource")
    return [] if expected or message.type not in {"error", "warning"} else [message.text]


async def signed_in(house: House, member: Member, locale: str = "en") -> str:
    """The cookie of a member of staff who has signed in and reads a language."""
    async with house.database.write() as session:
        person = await people.by_name(session, member.name)
        person.locale = locale
        return await people.issue(session, "session", person, house.clock(), people.SESSION_LASTS)


async def waiting(house: House, member: Member, text: str = "my tablet is stuck") -> str:
    """The number of a new ticket."""
    resident = WebResident(house, "en")
    await resident.says(text)
    await resident.says("human")
    return (await member.queue())[-1]


def newest(page: Page) -> Locator:
    return page.locator("#messages > .message").last


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.click(".send")


@pytest.mark.parametrize("script", [True, False])
async def test_question_is_answered(visit, script):
    """The greeting stays, the question and its answer with the source follow; the field is empty."""
    async with visit(java_script_enabled=script) as page:
        greeting = await page.locator(".message .text").inner_text()
        await say(page, QUESTION)
        await expect(newest(page)).to_contain_text(ANSWER)
        texts_shown = await page.locator(".message .text").all_inner_texts()
        assert texts_shown[:2] == [greeting, QUESTION]
        assert len(texts_shown) == 3
        source = newest(page).locator(".source a")
        await expect(source).to_have_attribute("href", "https://digituki.hel.fi/")
        await expect(page.locator("#text")).to_have_value("")


async def test_only_newest_choices_can_be_pressed(visit):
    """With the script, the choices of older messages are gone."""
    async with visit() as page:
        await say(page, QUESTION)
        await expect(newest(page)).to_contain_text(ANSWER)
        await page.get_by_role("button", name="This helped").click()
        await expect(newest(page)).to_contain_text("Good to hear")
        await expect(page.locator(".choices")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False])
async def test_person_answers(visit, house, script):
    """A reply of staff, with their name, is there within a second; without script after looking again."""
    maija = await house.staff("Maija")
    async with visit(java_script_enabled=script) as page:
        await say(page, "my tablet does not start")
        await expect(page.locator(".message.resident")).to_have_count(1)
        await page.locator(".always .person").click()
        await expect(newest(page)).to_contain_text("N-1001")
        await maija.replies("N-1001", "Bring it to the library.")
        if not script:
            await page.get_by_role("link", name="Look for new messages").click()
        reply = page.locator(".message.staff")
        await expect(reply).to_contain_text("Bring it to the library.", timeout=1000)
        await expect(reply.locator(".who")).to_contain_text("Maija, city staff")
        await expect(reply).to_be_in_viewport()


async def test_lost_answer_is_not_said_twice(visit):
    """When the answer is lost on the way the text stays; sent again, it stands there once."""
    async with visit() as page:
        await say(page, "hello there")
        await expect(page.locator(".message.resident")).to_have_count(1)

        async def lose(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await page.route(re.compile(r"/chat(\?|$)"), lose)
        await say(page, QUESTION)
        await expect(page.get_by_role("alert")).to_contain_text("Your message is still here")
        await expect(page.locator("#text")).to_have_value(QUESTION)
        await expect(page.locator("#text")).to_have_attribute("aria-invalid", "true")
        await page.unroute_all(behavior="wait")
        await page.click(".send")
        await expect(page.locator("#text")).to_have_value("")
        await expect(page.get_by_role("alert")).to_be_empty()
        await page.reload()
        assert await page.locator(".resident .text", has_text=QUESTION).count() == 1


@pytest.mark.parametrize("script", [True, False])
async def test_refused_text_is_kept(visit, script):
    """What is too long stays in its field, beside what is wrong with it."""
    long = "long " * 900
    async with visit(java_script_enabled=script) as page:
        await say(page, long)
        await expect(page.get_by_role("alert")).to_contain_text("too long")
        await expect(page.locator("#text")).to_have_value(long)
        described = await page.get_attribute("#text", "aria-describedby")
        assert "problem" in described.split()
        await expect(page.locator("#text")).to_be_focused()


async def test_broken_connection_is_told(visit, house):
    """Offline, the page says so and keeps what is typed; afterwards it catches up by itself."""
    maija = await house.staff("Maija")
    async with visit() as page:
        await page.locator(".always .person").click()
        await expect(newest(page)).to_contain_text("N-1001")
        await page.fill("#text", "half a sentence")
        await page.context.set_offline(True)
        await expect(page.locator(".offline")).to_contain_text("The connection is broken")
        await maija.replies("N-1001", "Are you still there?")
        await page.context.set_offline(False)
        await expect(page.locator(".message.staff")).to_contain_text("Are you still there?")
        await expect(page.locator(".offline")).to_be_empty()
        await expect(page.locator("#text")).to_have_value("half a sentence")
        await page.reload()
        await expect(page.locator("#text")).to_have_value("half a sentence")


@pytest.mark.parametrize("script", [True, False])
async def test_language_changes_the_page(visit, script):
    """After choosing a language the whole page is in it."""
    async with visit(java_script_enabled=script) as page:
        await say(page, QUESTION)
        await expect(newest(page)).to_contain_text(ANSWER)
        await page.get_by_role("button", name="Svenska").first.click()
        await expect(page.locator("html")).to_have_attribute("lang", "sv")
        await expect(page.locator(".languages [aria-current]")).to_have_text("Svenska")
        await expect(page.locator(".send")).to_have_text("Skicka")
        await expect(page.locator(".message.resident").first).to_contain_text(QUESTION)


async def test_link_in_a_language(visit):
    """A link may name the language, and the conversation begins in it."""
    async with visit("/?lang=sv") as page:
        await page.locator(".always .person").click()
        await expect(newest(page)).to_contain_text("N-1001")
        await expect(page.locator("html")).to_have_attribute("lang", "sv")
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("lang", "sv")


@pytest.mark.parametrize("script", [True, False])
async def test_back_and_clear(visit, script):
    """Back shows what was before; finish and clear leaves nothing of the conversation."""
    async with visit(java_script_enabled=script) as page:
        await say(page, QUESTION)
        await expect(newest(page)).to_contain_text(ANSWER)
        await page.get_by_role("button", name="Back", exact=True).click()
        await expect(newest(page)).to_contain_text("Hello! I am Neuvokas")
        await page.fill("#text", "a secret")
        await page.locator(".finish summary").click()
        await page.get_by_role("button", name="Yes, clear it").click()
        await expect(page.locator(".message")).to_have_count(1)
        await expect(page.locator("#text")).to_have_value("")
        assert await page.context.cookies() == []


@pytest.mark.parametrize("locale", LOCALES)
async def test_buttons_that_say_words(locale):
    """Back and Repeat are said as words; in every language the bot knows them."""
    words = texts(locale)
    assert command_in(words.gettext("Back")) == "back"
    assert command_in(words.gettext("Repeat")) == "repeat"


async def test_chat_by_keyboard(visit):
    """Skip to the field, ask, reach the choices and press one; the answer then has the focus."""
    async with visit() as page:
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#text")).to_be_focused()
        await page.keyboard.type(QUESTION)
        await page.keyboard.press("Enter")
        await expect(newest(page)).to_contain_text(ANSWER)
        await expect(page.locator("#text")).to_be_focused()
        helped = page.get_by_role("button", name="This helped")
        for _ in range(10):
            await page.keyboard.press("Shift+Tab")
            if await helped.evaluate("button => button === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        await expect(newest(page)).to_contain_text("Good to hear")
        await expect(newest(page)).to_be_focused()


async def test_numbers_and_pages_can_be_pressed(visit):
    """A phone number in an answer dials; what the resident wrote stays plain text."""
    async with visit() as page:
        await say(page, QUESTION)
        await expect(page.locator(".bot").last.locator("a[href='tel:0931010011']")).to_be_visible()
        await say(page, "09 310 10011")
        await expect(page.locator(".resident a")).to_have_count(0)


async def test_printed_conversation(visit):
    """On paper there is the conversation and nothing to press."""
    async with visit() as page:
        await page.emulate_media(media="print")
        await expect(page.locator(".message")).to_be_visible()
        await expect(page.locator("button:visible, textarea:visible")).to_have_count(0)


async def test_sign_in(visit, house):
    """A wrong password is told beside the field; the right one opens the queues, by keyboard alone."""
    await house.staff("Maija")
    async with visit("/staff") as page:
        await page.keyboard.type("Maija")
        await page.keyboard.press("Tab")
        await page.keyboard.type("a bad password")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("not right")
        await expect(page.locator("#name")).to_have_value("Maija")
        await expect(page.locator("#password")).to_be_focused()
        await page.keyboard.type("a good password")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_be_visible()
        assert urlsplit(page.url).path == "/staff"


async def test_new_ticket_appears_in_the_list(visit, house):
    """The list of tickets renews itself."""
    maija = await house.staff("Maija")
    async with visit("/staff", session=await signed_in(house, maija)) as page:
        await expect(page.locator(".empty")).to_be_visible()
        number = await waiting(house, maija)
        await expect(page.get_by_role("link", name=number)).to_be_visible(timeout=1000)


@pytest.mark.parametrize("script", [True, False])
async def test_claim_conflict_shows_who_has_it(visit, house, script):
    """Who comes second is told who was first, and keeps what was typed."""
    maija, antti = await house.staff("Maija"), await house.staff("Antti")
    number = await waiting(house, maija)
    session = await signed_in(house, antti)
    async with visit(
        f"/staff/tickets/{number}", session=session, java_script_enabled=script
    ) as page:
        await page.fill("#text", "Try turning it off.")
        await maija.claims(number)
        if script:
            status = page.locator(".facts .status").first
            await expect(status).to_have_text("Claimed by Maija", timeout=1000)
        await expect(page.locator("#text")).to_have_value("Try turning it off.")
        await page.get_by_role("button", name="Send the reply").click()
        await expect(page.get_by_role("alert")).to_contain_text("Maija has this ticket.")
        await expect(page.locator("#text")).to_have_value("Try turning it off.")


async def test_page_renews_after_a_refusal(visit, house):
    """A page that says why something was not done stays live, under an address that can be loaded again."""
    maija, antti = await house.staff("Maija"), await house.staff("Antti")
    resident = WebResident(house, "en")
    await resident.says("human")
    await maija.claims("N-1001")
    path, session = "/staff/tickets/N-1001", await signed_in(house, antti)
    async with visit(path, session=session) as page:
        await expect(page.locator(".held")).to_contain_text("Maija has this ticket.")
        await page.fill("#text", "Try turning it off.")
        await page.get_by_role("button", name="Send the reply").click()
        await expect(page.get_by_role("alert")).to_contain_text("Maija has this ticket.")
        assert urlsplit(page.url).path == path
        await maija.replies("N-1001", "I am on it.")
        await expect(page.locator(".message.staff")).to_contain_text("I am on it.")
        await page.reload()
        await expect(page.locator("#text")).to_have_value("Try turning it off.")


async def test_list_renews_after_many_at_once(visit, house):
    """The list that says what was done to many stays live as well."""
    maija = await house.staff("Maija")
    first = await waiting(house, maija)
    async with visit("/staff?sort=newest", session=await signed_in(house, maija)) as page:
        await page.get_by_label(f"Choose {first}").check()
        await page.get_by_role("button", name="Give").click()
        await expect(page.locator("#result")).to_contain_text("Done for 1 ticket.")
        assert page.url.endswith("/staff?sort=newest")
        await expect(page.locator(f"#{first} .status")).to_have_text("Maija")
        second = await waiting(house, maija)
        await expect(page.get_by_role("link", name=second)).to_be_visible()


async def test_a_ticket_after_another_by_keyboard(visit, house):
    """Reply, close and go to the next one without the mouse."""
    maija = await house.staff("Maija")
    first = await waiting(house, maija)
    house.clock.pass_(seconds=60)
    second = await waiting(house, maija)
    async with visit("/staff", session=await signed_in(house, maija)) as page:
        await page.keyboard.press("w")
        await page.wait_for_url(f"**/{first}")
        await page.keyboard.press("r")
        await page.keyboard.type("Please hold the button.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".message.pending")).to_be_visible()
        await page.keyboard.press("f")
        await expect(page.locator("#outcome")).to_be_focused()
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("status").filter(has_text=first)).to_contain_text("is closed")
        await page.keyboard.press("w")
        await page.wait_for_url(f"**/{second}")


async def test_reply_by_keyboard_while_the_resident_writes(visit, house):
    """News come in under one's hands without taking the focus or a word; Ctrl and Enter send."""
    maija = await house.staff("Maija")
    resident = WebResident(house, "en")
    await resident.says("human")
    session = await signed_in(house, maija)
    async with visit("/staff/tickets/N-1001", session=session) as page:
        await page.focus("#text")
        await page.keyboard.type("Please hold ")
        await resident.says("it is a Samsung")
        added = page.locator(".message.resident", has_text="it is a Samsung")
        await expect(added).to_have_count(1, timeout=1000)
        await page.keyboard.type("the button.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".message.staff")).to_contain_text("Please hold the button.")
        await expect(page.locator("#text")).to_have_value("")
        house.clock.pass_(seconds=6)
        await expect(page.locator(".message.staff:not(.pending)")).to_have_count(1)
    assert await resident.hears("Please hold the button.")


async def test_reply_is_taken_back(visit, house):
    """A reply can be taken back while it waits: its words are in the field again, and nobody heard them."""
    maija = await house.staff("Maija")
    resident = WebResident(house, "en")
    await resident.says("human")
    async with visit("/staff/tickets/N-1001", session=await signed_in(house, maija)) as page:
        await page.fill("#text", "Not like this.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".message.pending")).to_contain_text("Not like this.")
        await expect(page.locator("#text")).to_have_value("")
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("u")
        await expect(page.locator("#text")).to_have_value("Not like this.")
        await expect(page.locator(".message.pending")).to_have_count(0)
    assert "Not like this." not in await resident.heard()


async def test_draft_on_another_device(visit, house):
    """What was typed on one device, reply and note, is there on the next."""
    maija = await house.staff("Maija")
    number = await waiting(house, maija)
    path, session = f"/staff/tickets/{number}", await signed_in(house, maija)
    async with visit(path, session=session) as page:
        for field, text in (("#text", "Half a repl"), ("#note-text", "Half a not")):
            async with page.expect_response(lambda answer: answer.url.endswith("/draft")):
                await page.fill(field, text)
    async with visit(path, session=session) as page:
        await expect(page.locator("#text")).to_have_value("Half a repl")
        await expect(page.locator("#note-text")).to_have_value("Half a not")


async def test_who_looks_at_it_now(visit, house):
    """A colleague who opens the ticket, and one who writes, is shown to the other; who leaves is gone."""
    maija, antti = await house.staff("Maija"), await house.staff("Antti")
    number = await waiting(house, maija)
    path = f"/staff/tickets/{number}"
    async with visit(path, session=await signed_in(house, maija)) as mine:
        others = mine.locator(".others")
        async with visit(path, session=await signed_in(house, antti)) as theirs:
            await expect(others).to_contain_text("Antti is looking at this now.")
            await theirs.locator("#text").press_sequentially("Hm")
            await expect(others).to_contain_text("Antti is writing here now.")
            await theirs.goto("/staff")
            await expect(others).to_be_empty()


async def test_shortcuts(visit, house):
    """Single keys move, open and claim; they do nothing while somebody writes, or once switched off."""
    maija = await house.staff("Maija")
    for _ in range(2):
        await waiting(house, maija)
    wide = {"viewport": {"width": 1280, "height": 900}}
    async with visit("/staff", session=await signed_in(house, maija), **wide) as page:
        for key in ("j", "j", "k", "x"):
            await page.keyboard.press(key)
        await expect(page.locator("#chosen")).to_have_text("1 chosen")
        await page.keyboard.press("o")
        await page.wait_for_url("**/N-1001")
        await page.keyboard.press("c")
        await expect(page.locator(".status.claimed")).to_be_visible()
        await page.keyboard.press("r")
        await page.keyboard.type("?ccc")
        await expect(page.locator("#text")).to_have_value("?ccc")
        await expect(page.locator("#keys")).not_to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.locator("#keys-on").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("n")
        await expect(page.locator("#note-text")).not_to_be_focused()
        await page.locator("#keys-open").click()
        await page.locator("#keys-on").check()
        await page.keyboard.press("Escape")
        for key in ("g", "l"):
            await page.keyboard.press(key)
        await page.wait_for_url("**/staff")
        await page.keyboard.press("/")
        await expect(page.locator("#q")).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
async def test_ready_texts(visit, house, script):
    """A book's answer comes into the reply without sending it, not even by Enter in the search."""
    maija = await house.staff("Maija")
    number = await waiting(house, maija)
    session = await signed_in(house, maija)
    path = f"/staff/tickets/{number}"
    async with visit(path, session=session, java_script_enabled=script) as page:
        await page.fill("#text", "Hello!")
        await page.get_by_text("Insert a ready text").click()
        await page.fill("#book", "How much does digital support cost?")
        await page.keyboard.press("Enter")
        found = page.locator("#found li", has_text=ANSWER)
        await found.get_by_role("button").click()
        await expect(page.locator("#text")).to_have_value(
            re.compile(
                r"^Hello!\s+Digital support in Helsinki is free\..*Source: https?://", re.DOTALL
            )
        )
        await expect(page.locator(".message.staff")).to_have_count(0)


async def test_unsent_reply_survives_a_lost_connection(visit, house):
    """A reply that could not be sent is there again when the page is."""
    maija = await house.staff("Maija")
    number = await waiting(house, maija)
    session = await signed_in(house, maija)
    async with visit(f"/staff/tickets/{number}", session=session) as page:
        await page.fill("#text", "Take it to Oodi.")
        await page.context.set_offline(True)
        await page.get_by_role("button", name="Send the reply").click(no_wait_after=True)
        await expect(page.locator("#text")).to_have_count(0)
        await page.context.set_offline(False)
        await page.goto(f"/staff/tickets/{number}")
        await expect(page.locator("#text")).to_have_value("Take it to Oodi.")


async def event_pages(page: Page, house: House, locale: str) -> AsyncIterator[str]:
    """Walk through the event guide's pages, the plan with something urgent in it."""
    await page.goto("/events")
    yield "event guide"
    # Staff have a question of this resident already: the button begins the guide all the same.
    await page.locator("button[value='g.go']").click()
    await expect(page.locator("#plan")).to_be_visible()
    said = {
        "fi": "Järjestän 800 hengen konsertin Kansalaistorilla 12.12. klo 15-22, olutta myydään",
        "sv": "Jag ordnar en konsert för 800 personer på Medborgartorget den 12 december kl. 15-22",
    }
    await say(page, said[locale])
    await expect(page.locator("#plan details").nth(3)).to_be_visible()
    await page.locator("#plan summary").first.click()
    yield "event guide with its plan"
    await page.locator("#plan .papers a").click()
    await expect(page.locator(".timeline")).to_be_visible()
    yield "event plan"
    await page.goto("/events")
    await page.evaluate("document.querySelector('#say [name=nonce]').value = 'another'")
    await page.evaluate(
        """fetch('/chat', {method: 'POST', body: new URLSearchParams({choice: 'g.hand-in'})})"""
    )


async def event_desk(page: Page) -> AsyncIterator[str]:
    """Walk through the officer's page about an event, each of its forms once."""
    await page.goto("/staff/tickets/N-1001/event?fact=structures")
    await expect(page.locator("#correct")).to_be_visible()
    yield "event to put right"
    await page.goto("/staff/tickets/N-1001/event?duty=P06")
    await expect(page.locator("#decide")).to_be_visible()
    yield "event to decide on"


async def switches_and_numbers(page: Page, house: House) -> AsyncIterator[str]:
    """Walk through switching everything off and on, and through numbers with something in them."""
    await counted(house, people=20)
    await counted(house, people=9, locale="sv", outcome="not_found")
    await waited(house)
    await page.goto("/staff/numbers")
    for summary in await page.locator("main summary").all():
        await summary.click()
    yield "numbers"
    await page.goto("/open/ai-register")
    yield "register"
    await page.goto("/staff/switches")
    await page.locator(".all-off textarea").fill("Wrong.")
    await page.locator(".all-off [name=sure]").check()
    await page.locator(".all-off button").click()
    await expect(page.locator(".switched-off")).to_be_visible()
    yield "switches"
    await page.goto("/")
    await expect(page.locator(".paused")).to_be_visible()
    yield "paused chat"
    await page.goto("/staff/switches")
    await page.locator("button[name=on]").click()
    await expect(page.locator(".switched-off")).to_have_count(0)


async def add_work(house: House) -> None:
    """Notes, tags, a canned response, a view, and a blocked resident with a ticket of another."""
    await WebResident(house, "fi").says("ihminen")
    async with house.database.write() as session:
        now, town = house.clock(), house.app[TOWN]()
        laura = await people.by_name(session, "Laura")
        texts_ = {"fi": "Hei {name}", "sv": "Hej {name}"}
        await canned.save(session, laura, None, name="Terve", queue=None, texts=texts_, now=now)
        await saved_views.save(session, laura, "Omat", Filters(mine=True), is_shared=True)
        ticket = await tickets.for_staff(session, laura, "N-1001", Act.NOTE)
        await notes.add(session, laura, ticket, "Muista soittaa.", now)
        await tags.add(session, laura, ticket, "laskut", now)
        bad = await tickets.for_staff(session, laura, "N-1002", Act.BLOCK)
        await blocks.block(session, laura, bad, reason="Uhkailee.", days=7, town=town, now=now)


async def desk_pages(page: Page, house: House) -> AsyncIterator[str]:
    """Walk through the desk's pages, with everything unfolded."""
    await page.goto("/staff?q=digi&sort=due")
    yield "search"
    for path in ("/staff/canned", "/staff/blocks"):
        await page.goto(path)
        yield path
    await add_work(house)
    for path in ("/staff/canned?change=1", "/staff/blocks"):
        await page.goto(path)
        yield f"{path} with something there"
    await page.goto("/staff/tickets/N-1001")
    await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    yield "ticket"
    await page.locator("#keys-open").click()
    await expect(page.locator("#keys")).to_be_visible()
    yield "shortcuts"
    await page.keyboard.press("Escape")
    await page.fill("#text", "Hello! You can book an appointment for digital support here.")
    await page.locator("#reply .main").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "reply in another language"
    await page.locator("#reply [name=anyway]").click()
    await expect(page.locator(".message.pending")).to_be_visible()
    yield "reply that can be taken back"


async def learning_pages(page: Page, house: House, locale: str) -> AsyncIterator[str]:
    """Walk through what the book should learn, as an admin, who may do everything there."""
    admin = await house.staff("Aino", Role.ADMIN)
    cookie = {"name": "neuvokas_staff", "value": await signed_in(house, admin, locale)}
    lead = await page.context.cookies()
    await page.context.add_cookies([{**cookie, "url": f"{house.url}/staff"}])
    resident = WebResident(house, locale)
    asked = {"fi": "naapurin kissa kiipesi puuhun", "sv": "grannens katt klättrade upp i trädet"}
    await resident.says(asked[locale])
    await page.goto("/staff/tickets/N-1001")
    await page.locator(".propose button").first.click()
    await expect(page.locator("#entry")).to_be_visible()
    await page.fill("#entry", "digituki-price")
    await page.locator("form .main").first.click()
    await expect(page.locator("#question_en")).not_to_have_value("")
    await page.fill("#answer_fi", "long " * 601)
    await page.evaluate("document.querySelectorAll('[maxlength]').forEach(e => e.maxLength = 9999)")
    await page.fill("#owner", "x" * 400)
    await page.locator("form .main").first.click()
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "proposal that cannot be saved"
    changes = (
        Change("Paljonko digituki maksaa?", "fi", "digituki-price", "digituki-price", "off-topic"),
        Change("Vad kostar digistödet?", "sv", "nothing", "", "digituki-price"),
        Change("my tablet is stuck", "en", "", "", "digituki-price"),
    )
    async with house.database.write() as session:
        found = await session.get(Proposal, 1)
        found.stage, found.trial = "tried", Trial(1_000, 312, 3, 2, changes).to_json()
        files = {"entries.yaml": "", "fi/bikes.yaml": ""}
        session.add(
            Publication(
                staff_id=found.staff_id, staff_name="Aino", entry="bike", before={}, after=files, at=house.clock()
            )
        )  # fmt: skip
    await page.goto("/staff/proposals/1")
    await expect(page.locator("tr.late")).to_have_count(2)
    yield "proposal"
    await page.goto("/staff/learning")
    await page.locator(".clusters summary").first.click()
    await expect(page.locator("[action$=take-back] button")).to_be_visible()
    yield "learning"
    await page.context.add_cookies(lead)


async def resident_pages(page: Page, house: House, lead: Member, locale: str) -> AsyncIterator[str]:
    """Walk through what residents see, and what the officer sees of their event."""
    yield "greeting"
    await say(page, {"fi": "Paljonko digituki maksaa?", "sv": "Vad kostar digistöd?"}[locale])
    await expect(page.locator(".source")).to_be_visible()
    await page.locator(".always .person").click()
    await expect(newest(page)).to_contain_text("N-1001")
    await lead.replies("N-1001", "09 310 10011, digituki.hel.fi")
    await expect(page.locator(".message.staff a").first).to_be_visible()
    await page.locator(".finish summary").click()
    await page.evaluate("document.querySelector('.offline').textContent = 'Broken'")
    await say(page, "long " * 900)
    await expect(page.get_by_role("alert")).not_to_be_empty()
    yield "conversation"
    await page.goto("/nowhere")
    yield "error"
    async for name in event_pages(page, house, locale):
        yield name
    await come_in(page, house, lead, locale)
    async for name in event_desk(page):
        yield name


async def lead_pages(page: Page, house: House, lead: Member, locale: str) -> AsyncIterator[str]:
    """Walk through the ways in and through what a lead looks after."""
    await page.goto("/staff/sign-in")
    await page.fill("#name", "Laura")
    await page.fill("#password", "a bad password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "sign in"
    async with house.database.write() as session:
        invited = await people.add(session, "Sofia", Role.STAFF, ["events"], house.clock())
        secret = await people.invite(session, invited, house.clock())
    await page.goto(f"/staff/join/{secret}")
    yield "join"
    await answered(house, lead, locale)
    await waiting(house, lead)
    house.clock.pass_(days=2)
    await come_in(page, house, lead, locale)
    await page.goto("/staff")
    await expect(page.locator("tr.late")).to_be_visible()
    yield "tickets"
    house.app[TOWN].faults = ("fi/phone.yaml: bigger: question is missing",)
    await page.goto("/staff/book")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "answers"
    async for name in people_pages(page):
        yield name
    async for name in switches_and_numbers(page, house):
        yield name


async def ticket_pages(page: Page, house: House, lead: Member, locale: str) -> AsyncIterator[str]:
    """Walk through the work on tickets and what the book learns from them."""
    await answered(house, lead, locale)
    await waiting(house, lead)
    house.clock.pass_(days=2)
    await come_in(page, house, lead, locale)
    async for name in learning_pages(page, house, locale):
        yield name
    async for name in desk_pages(page, house):
        yield name
    await lead.closes("N-1001")
    await page.goto("/staff/tickets/N-1001")
    yield "closed ticket"


async def answered(house: House, lead: Member, locale: str) -> None:
    """Let a resident have a ticket, N-1001, with a reply to it."""
    resident = WebResident(house, locale)
    await resident.says({"fi": "Paljonko digituki maksaa?", "sv": "Vad kostar digistöd?"}[locale])
    await resident.says({"fi": "ihminen", "sv": "människa"}[locale])
    await lead.replies("N-1001", "09 310 10011, digituki.hel.fi")


async def come_in(page: Page, house: House, lead: Member, locale: str) -> None:
    """Let the browser be that of a member of staff who has signed in."""
    cookie = {"name": "neuvokas_staff", "value": await signed_in(house, lead, locale)}
    await page.context.add_cookies([{**cookie, "url": f"{house.url}/staff"}])


async def people_pages(page: Page) -> AsyncIterator[str]:
    """Everybody with a new link, and one person's rights and languages."""
    await page.goto("/staff/people")
    await page.locator("tbody button").first.click()
    await expect(page.locator("#link")).to_be_visible()
    yield "people"
    await page.goto("/staff/people")
    await page.locator("tbody a").first.click()
    await expect(page.locator('input[name="languages"][value="sv"]')).to_be_visible()
    yield "person"


@pytest.mark.parametrize("pages", [resident_pages, lead_pages, ticket_pages])
@pytest.mark.parametrize(("scheme", "locale"), [("light", "fi"), ("dark", "sv")])
async def test_every_page_is_accessible(visit, house, scheme, locale, pages):
    """Axe finds nothing, in light and dark; what is pressed is large enough for an unsteady finger.

    Nothing is cut off sideways at 320 px (1280 px at 400 %) and 195 px (a phone, text at 200 %).
    """
    lead = await house.staff("Laura", Role.LEAD)
    found: list[tuple] = []
    async with visit(color_scheme=scheme, locale=f"{locale}-FI") as page:
        async for name in pages(page, house, lead, locale):
            found += await obstacles(page, name)
    assert not found, found


async def obstacles(page: Page, name: str) -> list[tuple]:
    """What of a page is in somebody's way, at each width."""
    found: list[tuple] = []
    for width in (195, 320, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        # Half under the field for writing, a button would be found too small.
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        found += [(name, width, "is as wide as", wide)] if wide > width else []
        if width == 195:
            continue
        found += [(name, width, *small) for small in await too_small(page)]
        found += [(name, width, *violation) for violation in await violations(page)]
    return found


async def violations(page: Page) -> list[tuple[str, object, str]]:
    """What axe finds: the rule, where, and what to do about it."""
    # Half a megabyte of script is read once a page, not once a look.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = await page.evaluate(
        "options => axe.run(document, options).then(results => results.violations)", options
    )
    return [
        (violation["id"], node["target"], node["failureSummary"])
        for violation in found
        for node in violation["nodes"]
    ]


async def account_pages(page: Page, house: House, locale: str) -> AsyncIterator[str]:
    """Go through the pages about accounts, as an admin; gives each one's name."""
    admin = await house.staff("Tuki", Role.ADMIN)
    await house.staff("Maija")
    await signed_in(house, admin, locale)
    await page.goto("/staff/sign-in")
    await page.locator("#name").fill("Tuki")
    await page.locator("#password").fill("a good password")
    await page.keyboard.press("Enter")
    await expect(page.locator("#out")).to_be_visible()
    await page.goto("/staff/me")
    yield "account"
    await page.goto("/staff/me/sessions")
    yield "sessions"
    await page.goto("/staff/me/two-step")
    yield "setting up codes"
    app = pyotp.TOTP((await page.locator(".key").inner_text()).replace(" ", ""))
    await page.locator("#code").fill("000000")
    await page.keyboard.press("Enter")
    await expect(page.locator("#problem")).to_be_visible()
    yield "a wrong code"
    await page.locator("#code").fill(app.at(house.clock()))
    await page.keyboard.press("Enter")
    await expect(page.locator(".codes")).to_be_visible()
    yield "recovery codes"
    await page.goto("/staff/me/two-step")
    yield "codes that are on"
    await page.goto("/staff/people")
    yield "people"
    await page.get_by_role("link", name="Maija").click()
    await expect(page.locator("#role")).to_be_visible()
    yield "a person"
    await page.locator("form[action$=cut-off] button").click()
    await expect(page.locator("form[action$=let-in]")).to_be_visible()
    yield "a person who is cut off"
    await page.goto("/staff/audit")
    yield "the audit log"
    await page.goto("/staff/audit?object=nothing")
    yield "an empty audit log"
    await page.locator("#out button").click()
    await page.locator("#name").fill("Tuki")
    await page.locator("#password").fill("a good password")
    await page.keyboard.press("Enter")
    await expect(page.locator("#code")).to_be_focused()
    yield "asking for the code"
    house.clock.pass_(seconds=30)
    await page.locator("#code").fill(app.at(house.clock()))
    await page.keyboard.press("Enter")
    await expect(page.locator("#out")).to_be_visible()


@pytest.mark.parametrize(("scheme", "locale"), [("dark", "fi"), ("light", "sv")])
async def test_account_pages_are_accessible(visit, house, scheme, locale):
    """Signing in in two steps, sessions, people and the audit log are as open to everybody."""
    found: list[tuple] = []
    async with visit(color_scheme=scheme, locale=f"{locale}-FI") as page:
        async for name in account_pages(page, house, locale):
            found += await obstacles(page, name)
            await picture(page, f"{name} {locale}")
    assert not found, found


async def picture(page: Page, name: str) -> None:
    """Keep what a page looks like at two widths, when a folder for pictures is named."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.screenshot(path=f"{folder}/{name.replace(' ', '-')}-{width}.png", full_page=True)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "fi"), ("dark", "sv")])
async def test_account_page_with_a_code(chromium, sqlite_url, clock, town, scheme, locale):
    """The code for Telegram is shown and can be used by everybody, also where Telegram is out of reach."""
    settings = settings_for(sqlite_url, telegram_token="1:a", telegram_api_url="http://127.0.0.1:9")
    async with House(settings, clock, town) as built:
        maija = await built.staff()
        cookie = {"name": "neuvokas_staff", "value": await signed_in(built, maija, locale)}
        context = await chromium.new_context(base_url=built.url, color_scheme=scheme)
        await context.add_cookies([{**cookie, "url": f"{built.url}/staff"}])
        page = await context.new_page()
        await page.goto("/staff/me")
        await page.locator("section form button").click()
        await expect(page.locator("#code")).to_have_value(re.compile(r"^\w{5}-\w{5}$"))
        async with built.database.write() as session:
            (await people.by_name(session, "Maija")).telegram_id = "1"
        for state in ("code", "tied"):
            for width in (320, 390, 1280):
                await page.set_viewport_size({"width": width, "height": 844})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert await too_small(page) == []
                assert await violations(page) == [], (state, width)
            await page.goto("/staff/me")
        await context.close()


async def too_small(page: Page) -> list[tuple[str, float, float]]:
    """What is pressed or filled in and is too small for an unsteady finger: text, width, height."""
    boxes = await page.locator(TARGETS).evaluate_all(
        """targets => targets.filter(target => target.checkVisibility()).map(target => {
            const box = (target.type === "checkbox" ? target.closest("label") : target).getBoundingClientRect();
            return [target.outerHTML.slice(0, 80), box.width, box.height];
        })"""
    )
    return [tuple(box) for box in boxes if min(box[1:]) < SMALLEST]


@pytest.mark.parametrize("width", [390, 1280])
async def test_what_a_box_means_stands_beside_it(visit, house, width):
    """On a queue's page the words of each box to tick are on one line, next to the box."""
    lead = await house.staff("Liisa", Role.LEAD)
    session = await signed_in(house, lead)
    size = {"width": width, "height": 900}
    async with visit("/staff/queues/digital-support", session=session, viewport=size) as page:
        boxes = page.locator(".check input")
        assert await boxes.count() > 3
        widths = await boxes.evaluate_all("found => found.map(e => e.offsetWidth)")
        heights = await page.locator(".check").evaluate_all("all => all.map(e => e.offsetHeight)")
        assert max(widths) <= 48
        assert max(heights) <= 60
