"""The event guide's pages: begun in the chat, shared by a private link, taken home as papers."""

from __future__ import annotations

import io
import re

import aiohttp
import pytest
from icalendar import Calendar
from pypdf import PdfReader
from sqlalchemy import select

from bot.models import Ticket
from handlers.keys import TOWN
from tests.conftest import WebResident

SAID = {
    "fi": (
        "Järjestän 800 hengen konsertin Kansalaistorilla 12.6. klo 15-22, olutta myydään",
        "joo",
    ),
    "sv": ("Jag ordnar en konsert för 800 personer på Medborgartorget den 12 juni kl. 15-22", "ja"),
    "en": ("I am organising a concert for 800 people at Kansalaistori on 12 June 3pm-10pm", "yes"),
}
LINK = re.compile(r"http://localhost:8080(/events/\S+)")


async def planned(house, locale="en"):
    """A resident with a plan begun, and the private link's path."""
    resident = WebResident(house, locale)
    for said in SAID[locale]:
        await resident.says(said)
    _, body = await resident.call("POST", f"/{resident.id}/messages", json={"choice": "g.papers"})
    return resident, LINK.search(body["messages"][-1]["text"])[1]


@pytest.mark.parametrize("locale", SAID)
async def test_where_the_guide_begins(house, browser, locale):
    """The page tells what the guide does, and what is written there begins it in the chat."""
    page = await browser.opens("/events", headers={"Accept-Language": locale})
    assert f'lang="{locale}"' in page.text
    assert (await browser.sends(f"/chat?lang={locale}", text=SAID[locale][0])).status == 303
    chat = (await browser.opens("/")).text
    assert "800" in chat
    assert 'value="g.yes"' in chat


@pytest.mark.parametrize(
    ("locale", "told", "heard"),
    [
        ("fi", "300 hengen konsertti puistossa 12.6. klo 18–21", "Missä kaupungissa"),
        ("sv", "en konsert för 300 personer i en park 12.6 kl 18-21", "I vilken stad"),
        ("en", "A concert for 300 people in a park on 12 June at 18–21", "In which city"),
        ("en", "something nice", "What kind of event is it?"),
    ],
)
async def test_what_is_told_on_the_guides_page(browser, locale, told, heard):
    """Told on the guide's own page it is about an event, as the example there has it."""
    page = await browser.opens("/events", headers={"Accept-Language": locale})
    form = {"about": page.field("about"), "here": page.field("here")}
    await browser.sends(f"/chat?lang={locale}", text=told, **form)
    page = await browser.opens("/events")
    assert 'id="plan"' in page.text
    assert heard in page.text


async def test_nothing_told_on_the_guides_page(browser):
    """An empty field begins nothing and says so."""
    assert (await browser.sends("/chat?lang=en", text=" ", about="event")).status == 422
    assert 'id="plan"' not in (await browser.opens("/events")).text


async def test_a_person_from_the_guides_first_question(house):
    """Whoever asks for a person before telling anything is still passed to those who know events."""
    await house.staff()
    resident = WebResident(house, "en")
    await resident.says("what will the weather be")
    await resident.call("POST", f"/{resident.id}/messages", json={"choice": "g.go"})
    await resident.says("human")
    async with house.database.read() as session:
        assert await session.scalar(select(Ticket.queue)) == "events"


async def test_the_guide_begins_by_its_button(browser):
    """Without a word written, the first question comes."""
    await browser.sends("/chat?lang=en", choice="g.go")
    assert "What kind of event is it?" in (await browser.opens("/")).text


@pytest.mark.parametrize("locale", SAID)
async def test_plan_by_its_private_link(house, browser, locale):
    """Whoever has the link reads the plan, in its language, as it was told last."""
    resident, path = await planned(house, locale)
    page = await browser.opens(path)
    assert page.status == 200
    assert f'lang="{locale}"' in page.text
    assert "noindex" in page.text
    assert "P06" in page.text
    await resident.says({"fi": "lava", "sv": "scen", "en": "a stage"}[locale])
    word = {"fi": "lava", "sv": "scen", "en": "stage"}[locale]
    assert f"<dd>{word}</dd>" not in page.text
    _, body = await resident.call(
        "POST", f"/{resident.id}/messages", json={"choice": "g.set:structures:done"}
    )
    assert body["messages"]
    assert f"<dd>{word}</dd>" in (await browser.opens(path)).text


async def test_papers(house, browser):
    """The plan as a PDF, in large print, a calendar, pictures and a draft, each as a file."""
    _, path = await planned(house)
    kinds = {
        "pdf": "application/pdf", "pdf_large": "application/pdf", "ics": "text/calendar", "svg": "image/svg+xml",
        "png": "image/png", "txt": "text/plain",
    }  # fmt: skip
    bodies = {}
    for name, kind in kinds.items():
        async with (
            aiohttp.ClientSession() as http,
            http.get(house.url + f"{path}/{name}") as answer,
        ):
            assert answer.status == 200, name
            assert answer.headers["Content-Type"].startswith(kind)
            assert "filename=" in answer.headers["Content-Disposition"]
            bodies[name] = await answer.read()
    assert "Rescue plan" in "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(bodies["pdf"])).pages
    )
    assert Calendar.from_ical(bodies["ics"]).events
    assert b"<svg" in bodies["svg"]
    assert b"[fill in" in bodies["txt"]
    assert (await browser.opens(f"{path}/txt?duty=P06")).status == 200


async def test_links_that_lead_nowhere(house, browser):
    """A guessed, mistyped or cut link, another's, and papers that are not there: nothing is told."""
    resident, path = await planned(house)
    other = WebResident(house, "en")
    await other.says("hello")
    key = path.removeprefix("/events/")
    town = house.app[TOWN]()
    for bad in (
        f"/events/{key[:-1]}", f"/events/{key}x", f"/events/{other.id}.{key.partition('.')[2]}", f"/events/{resident.id}",
        "/events/.", "/events/x.y", "/events/å.ä", f"{path}/exe", f"{path}/txt?duty=P99", f"/events/{town.plan_key(other.id)}",
        f"/events/{town.plan_key('0' * 32)}",
    ):  # fmt: skip
        assert (await browser.opens(bad)).status == 404, bad


async def test_what_was_written_is_never_markup(house, browser):
    """A plan shows facts only: nothing anybody typed reaches the page."""
    resident, path = await planned(house)
    await resident.says("<script>alert(1)</script> an association organises it")
    assert "<script>alert" not in (await browser.opens(path)).text


async def test_papers_need_a_plan(house):
    """The button of a plan that was never begun is no button."""
    resident = WebResident(house, "en")
    await resident.arrives()
    _, body = await resident.call("POST", f"/{resident.id}/messages", json={"choice": "g.papers"})
    assert "/events/" not in body["messages"][-1]["text"]
