"""Files in a real Chromium: choosing and sending with and without script, and what staff see of them."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.models import Role
from tests import samples
from tests.conftest import WebResident
from tests.handlers.test_files import form
from tests.handlers.test_pages_in_browser import (  # noqa: F401 - fixtures are found by their names
    chromium,
    house,
    signed_in,
    too_small,
    violations,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PICTURE = {"name": "kuva.png", "mimeType": "image/png", "buffer": samples.picture(size=(600, 400))}
LETTER = {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": samples.PDF}


async def choose(page, *files):
    await page.locator(".attach summary").click()
    await page.set_input_files("#files", list(files))


@pytest.mark.parametrize("script", [True, False])
async def test_sending_files(visit, script):  # noqa: F811
    """A picture and a letter are sent with words, and stand in the conversation as links."""
    async with visit(java_script_enabled=script) as page:
        await choose(page, PICTURE, LETTER)
        if script:
            await expect(page.locator(".chosen li")).to_have_count(2)
        await page.fill("#text", "look at this")
        await page.click(".send")
        own = page.locator(".message.resident")
        await expect(own.locator(".files a")).to_have_count(2)
        await expect(own).to_contain_text("kuva.png")
        await expect(page.locator("#text")).to_have_value("")
        if script:
            await expect(page.locator(".chosen li")).to_have_count(0)
            await expect(page.locator(".arriving")).to_be_hidden()
        async with page.context.expect_page() as opened:
            await own.locator(".files a").first.click()
        shown = await opened.value
        await shown.wait_for_load_state()
        assert await shown.evaluate("document.images[0].naturalWidth") == 600


async def test_files_without_words(visit):  # noqa: F811
    """A picture alone can be sent by keyboard; the bot says that a person can open it."""
    async with visit() as page:
        await choose(page, PICTURE)
        await page.focus(".send")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.bot").last).to_contain_text("a person can open it")


async def test_chosen_and_removed(visit):  # noqa: F811
    """What was chosen by mistake can be taken back; the focus stays where one goes on."""
    async with visit() as page:
        await choose(page, PICTURE)
        await page.locator(".chosen button").click()
        await expect(page.locator(".chosen")).to_be_empty()
        await expect(page.locator("#files")).to_be_focused()
        assert await page.evaluate("document.getElementById('files').files.length") == 0


@pytest.mark.parametrize("script", [True, False])
async def test_too_large(visit, house, script):  # noqa: F811
    """What is too large is told, before it is sent where there is script; the words stay."""
    large = {**LETTER, "buffer": samples.PDF + bytes(house.settings.limits.file_bytes)}
    async with visit(java_script_enabled=script) as page:
        await page.fill("#text", "my letter")
        await choose(page, large)
        await page.click(".send")
        await expect(page.locator("#problem")).to_contain_text("at most 10 MB")
        await expect(page.locator("#text")).to_have_value("my letter")


async def test_refused_by_content(visit):  # noqa: F811
    """What the server refuses is told beside the field; words and files are still there."""
    async with visit() as page:
        await page.fill("#text", "my picture")
        await choose(page, {**PICTURE, "buffer": samples.PROGRAM})
        await page.click(".send")
        await expect(page.locator("#problem")).to_contain_text("kuva.png cannot be taken")
        await expect(page.locator("#text")).to_have_value("my picture")
        await expect(page.locator(".chosen li")).to_have_count(1)


async def ticket_with_files(house):  # noqa: F811
    """A ticket with a picture, a recording with a transcript to come, a letter, and a lying file."""
    resident = WebResident(house, "en")
    await resident.says("human")
    status, body = await resident.call(
        "POST",
        f"/{resident.id}/messages",
        data=form(
            ("kuva.png", samples.picture(size=(1200, 800))),
            ("voice.ogg", samples.OPUS),
            ("A letter from the bank about everything.pdf", samples.PDF),
            text="here they are",
        ),
    )
    assert status == 200, body
    return resident


async def test_staff_see_and_send(visit, house):  # noqa: F811
    """Staff see the picture, write down the recording, and send a file back with a reply."""
    maija = await house.staff("Maija")
    resident = await ticket_with_files(house)
    session = await signed_in(house, maija)
    async with visit("/staff/tickets/N-1001", session=session) as page:
        picture = page.locator(".files img")
        await picture.scroll_into_view_if_needed()
        await expect(picture).to_have_js_property("naturalWidth", 1200)
        await page.get_by_label("What is said in it").fill("My phone is broken")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator(".transcript + .quiet")).to_contain_text("Written down by Maija")
        await page.fill("#text", "Please see the guide.")
        await page.set_input_files("#files", [LETTER])
        await page.get_by_role("button", name="Send the reply").click()
        await expect(page.locator(".message.staff .files a")).to_contain_text("letter.pdf")
    status, body = await resident.call("GET", f"/{resident.id}/messages")
    assert status == 200
    assert body["messages"][-1]["files"][0]["name"] == "letter.pdf"


@pytest.mark.parametrize(("scheme", "locale"), [("light", "fi"), ("dark", "sv")])
async def test_accessible(visit, house, scheme, locale):  # noqa: F811
    """Axe finds nothing where files are chosen or shown; nothing is cut off or too small to press."""
    lead = await house.staff("Laura", Role.LEAD)
    await ticket_with_files(house)
    found: list[tuple] = []

    async def check(page, name):
        for width in (195, 320, 390, 1280):
            await page.set_viewport_size({"width": width, "height": 844})
            wide = await page.evaluate("document.documentElement.scrollWidth")
            found.extend([(name, width, "is as wide as", wide)] if wide > width else [])
            if width == 195:
                continue
            found.extend((name, width, *small) for small in await too_small(page))
            found.extend((name, width, *violation) for violation in await violations(page))

    async with visit(color_scheme=scheme, locale=f"{locale}-FI", has_touch=True) as page:
        await choose(page, PICTURE, LETTER)
        await page.click(".send")
        await expect(page.locator(".message.resident .files a")).to_have_count(2)
        await choose(page, {**PICTURE, "name": "a" * 90 + ".png"})
        await check(page, "chat")
    session = await signed_in(house, lead, locale)
    async with visit(
        "/staff/tickets/N-1001", session=session, color_scheme=scheme, locale=f"{locale}-FI"
    ) as page:
        await check(page, "ticket")
    assert not found, found
