"""The queues' pages in a real Chromium: for everybody, on a phone and a wide screen, without script."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.models import Role
from handlers.keys import TOWN
from tests.handlers.test_pages_in_browser import (
    SMALLEST,
    TARGETS,
    chromium,
    house,
    signed_in,
    violations,
    visit,
    waiting,
)

__all__ = ["chromium", "house", "visit"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
WIDTHS = (390, 1280)


async def checked(page, name):
    """Nothing for axe to say, nothing wider than the screen, nothing too small to press."""
    assert await violations(page) == [], name
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for target in await page.locator(TARGETS).all():
        box = await target.bounding_box()
        kind = await target.get_attribute("type")
        if box and kind not in {"checkbox", "radio", "hidden"}:
            assert box["height"] >= SMALLEST - 0.5, await target.evaluate("e => e.outerHTML")
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def at_desk(house, visit):
    """Open a page as a lead."""

    async def cookie():
        liisa = await house.staff("Liisa", Role.LEAD, [])
        await house.staff("Maija", queues=["general"])
        return await signed_in(house, liisa)

    return cookie


@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_is_for_everybody(house, visit, at_desk, width):
    """List, form with faults, rules and the tickets that need attention pass axe and fit the screen."""
    session = await at_desk()
    size = {"width": width, "height": 900}
    async with visit("/staff/queues", session=session, viewport=size) as page:
        await checked(page, f"list-{width}")
        await page.get_by_role("link", name="General advice").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("General advice")
        await checked(page, f"queue-{width}")
        await page.get_by_label("Wednesday").fill("all day")
        await page.get_by_label("Single days with other hours").fill("tomorrow 9-12")
        await page.get_by_role("button", name="Save the queue").click()
        await expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet")
        await checked(page, f"faults-{width}")
        await page.goto("/staff/routing")
        await page.get_by_label("Language").last.select_option("sv")
        await page.get_by_label("Goes to").last.select_option("general")
        await page.get_by_role("button", name="Save the rules").click()
        await expect(page.get_by_role("status")).to_contain_text("Saved")
        await checked(page, f"rules-{width}")
        await page.goto("/staff/queues/new")
        await checked(page, f"new-{width}")


@pytest.mark.parametrize("width", WIDTHS)
async def test_attention_is_for_everybody(house, visit, at_desk, clock, width):
    """The tickets that need attention stand above the list and pass axe; each leads to its ticket."""
    session = await at_desk()
    maija = await house.staff("Eeva", queues=["general"])
    number = await waiting(house, maija)
    clock.pass_(hours=8)
    size = {"width": width, "height": 900}
    async with visit("/staff", session=session, viewport=size) as page:
        box = page.get_by_role("region", name="1 ticket needs attention")
        await expect(box).to_contain_text("the promise is missed")
        await checked(page, f"attention-{width}")
        await box.get_by_role("link", name=number).click()
        await expect(page.locator(".facts")).to_contain_text("settle by")


@pytest.mark.parametrize("script", [True, False])
async def test_a_lead_sets_a_queue_by_keyboard(house, visit, at_desk, script):
    """A lead changes hours with the keyboard alone; a link of the list of faults leads to the field."""
    session = await at_desk()
    path = "/staff/queues/general"
    async with visit(path, session=session, java_script_enabled=script) as page:
        await page.get_by_label("Monday").focus()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("10-9")
        await page.keyboard.press("Enter")
        link = page.get_by_role("alert").get_by_role("link")
        await link.focus()
        await page.keyboard.press("Enter")
        field = page.get_by_label("Monday")
        await expect(field).to_have_value("10-9")
        await page.keyboard.press("Tab")
        await field.fill("9-10.30")
        await field.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Saved")
        await expect(page.get_by_label("Monday")).to_have_value("9:00–10:30")
    assert str(house.app[TOWN]().book.queues["general"].hours[0][0][1]) == "10:30:00"


async def test_people_are_chosen_by_their_own_labels(house, visit, at_desk):
    """The boxes stand in a group with the person's name, and what was ticked is there afterwards."""
    session = await at_desk()
    async with visit("/staff/queues/events", session=session) as page:
        maija = page.get_by_role("group", name="Maija")
        await maija.get_by_role("checkbox", name="Works in this queue").check()
        await maija.get_by_role("checkbox", name="Svenska").check()
        await page.get_by_role("button", name="Save who works here").click()
        await expect(maija.get_by_role("checkbox", name="Svenska")).to_be_checked()
        await page.goto("/staff/queues")
        row = page.get_by_role("row", name="Events and permits")
        await expect(row).to_contain_text("Svenska: 1")
