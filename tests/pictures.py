"""Takes the pictures of the staff desk for the documentation: `python -m tests.pictures`.

They are written to docs/images, in English and small; run it again when the pages change.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright

from bot import tickets
from bot.models import Role
from bot.people import staff as people
from bot.settings import Settings
from bot.town import town_from
from bot.work import canned, notes, saved_views, tags
from bot.work.ticket_list import Filters
from tests.conftest import Clock, House, WebResident, settings_for
from tests.handlers.test_pages_in_browser import ARGUMENTS, chromium_path

if TYPE_CHECKING:
    from playwright.async_api import Page

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SAID = (
    ("fi", "Mikä on pesulan paras aika iltaisin?"),
    ("sv", "Hur öppnar jag den låsta brevlådan i trappuppgången?"),
    ("en", "My tablet has been stuck on a grey screen since yesterday evening."),
    ("fi", "Naapurin ilmalämpöpumppu tärisee seinää vasten koko yön."),
)


async def main() -> None:
    """Fill a house, walk through it, and take the pictures."""
    town = town_from(Settings().content_dir, "helsinki")
    with tempfile.TemporaryDirectory() as folder:
        async with House(settings_for(f"sqlite:///{folder}/pictures.db"), Clock(), town) as house:
            session = await filled(house)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium_path(), args=ARGUMENTS, chromium_sandbox=False
                )
                context = await browser.new_context(
                    base_url=house.url,
                    viewport={"width": 1120, "height": 1500},
                    device_scale_factor=0.7,
                )
                cookie = {"name": "neuvokas_staff", "value": session, "url": f"{house.url}/staff"}
                await context.add_cookies([cookie])
                page = await context.new_page()
                await take(page, "/staff", "list")
                await take(page, "/staff/tickets/N-1003", "ticket")
                await browser.close()


async def filled(house: House) -> str:
    """Give the house some tickets and return the session of Liisa, who leads."""
    await house.staff("Maija")
    await house.staff("Liisa", Role.LEAD, [])
    for locale, text in SAID:
        resident = WebResident(house, locale)
        await resident.says(text)
        await resident.says("human")
    now = house.clock()
    async with house.database.write() as session:
        maija = await people.by_name(session, "Maija")
        liisa = await people.by_name(session, "Liisa")
        assert maija
        assert liisa
        liisa.locale = "en"
        ticket = await tickets.for_staff(session, liisa, "N-1003")
        await tickets.reply(session, liisa, ticket, "Which tablet is it? I look it up.", now)
        await notes.add(session, maija, ticket, "The library at Oodi knows this model.", now)
        await tags.add(session, maija, ticket, "tablet", now)
        greeting = {"en": "Hello! I am {name}."}
        await canned.save(session, liisa, None, name="Hello", queue=None, texts=greeting, now=now)
        await saved_views.save(session, liisa, "Swedish", Filters(locale="sv"), is_shared=True)
        return await people.issue(session, "session", liisa, now, people.SESSION_LASTS)


async def take(page: Page, path: str, name: str) -> None:
    """Write the picture of a page's first screen."""
    await page.goto(path)
    await page.wait_for_timeout(500)
    await page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
