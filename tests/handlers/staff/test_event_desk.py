"""The officers' page about an event: facts put right, duties ruled on, the notice's status."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot import events
from bot.models import Correction, Event
from tests.conftest import WebResident
from tests.handlers.conftest import Browser

SAID = {
    "fi": (
        "Järjestän 800 hengen konsertin Kansalaistorilla 12.6. klo 15-22, olutta myydään",
        "joo",
    ),
    "sv": ("Jag ordnar en konsert för 800 personer på Medborgartorget den 12 juni kl. 15-22", "ja"),
    "en": ("I am organising a concert for 800 people at Kansalaistori on 12 June 3pm-10pm", "yes"),
}


async def handed_in(house, locale="en"):
    """A resident whose event was handed in, and the ticket's number."""
    resident = WebResident(house, locale)
    for said in SAID[locale]:
        await resident.says(said)
    body = await pressed(resident, "g.hand-in")
    return resident, next(message["ticket"] for message in body if message["ticket"])


async def pressed(resident, value):
    status, body = await resident.call("POST", f"/{resident.id}/messages", json={"choice": value})
    assert status == 200, body
    return body["messages"]


async def newest(resident):
    _, body = await resident.call("GET", f"/{resident.id}/messages?after=0")
    return body["messages"][-1]


async def officer(house, name="Maija"):
    await house.staff(name)
    return await Browser(house).signs_in(name)


async def put_right(browser, number, what, **form):
    """Send a form of the page as it stands now."""
    page = await browser.opens(f"/staff/tickets/{number}/event?fact=peak")
    seen = page.field("seen")
    return await browser.sends(f"/staff/tickets/{number}/event/{what}", **{"seen": seen, **form})


@pytest.mark.parametrize("locale", SAID)
async def test_the_officer_sees_what_was_told(house, locale):
    """The ticket leads to the event's facts and plan: nobody has to ask the resident again."""
    _, number = await handed_in(house, locale)
    browser = await officer(house)
    ticket = await browser.opens(f"/staff/tickets/{number}")
    assert f"/staff/tickets/{number}/event" in ticket.text
    page = await browser.opens(f"/staff/tickets/{number}/event")
    assert page.status == 200
    assert "800" in page.words
    assert "Pelastussuunnitelma" in page.words


@pytest.mark.parametrize("locale", SAID)
async def test_a_corrected_fact_changes_the_plan_with_a_notice(house, locale):
    """The resident is told what was put right, why, and what it changes; the reason is kept."""
    resident, number = await handed_in(house, locale)
    browser = await officer(house)
    answer = await put_right(
        browser, number, "fact", name="peak", value="150", reason="The square holds 150."
    )
    assert (answer.status, answer.location) == (303, f"/staff/tickets/{number}/event")
    notice = await newest(resident)
    assert (notice["author"], notice["staff_name"]) == ("staff", "Maija")
    for part in ("150", "800", "The square holds 150.", "– "):
        assert part in notice["text"]
    plan = (await pressed(resident, "g.plan"))[-1]["text"]
    assert {"fi": "Pelastussuunnitelma", "sv": "Räddningsplan", "en": "Rescue plan"}[
        locale
    ] not in plan
    async with house.database.read() as session:
        kept = (await session.scalars(select(Correction))).one()
    assert (kept.name, kept.before, kept.after, kept.reason) == (
        "peak",
        800,
        150,
        "The square holds 150.",
    )
    page = await browser.opens(f"/staff/tickets/{number}/event")
    assert "The square holds 150." in page.words


async def test_a_ruling_stands_until_its_facts_change(house):
    """A ruling replaces the rules and is said in the plan; it lapses, and that is said, with its facts."""
    resident, number = await handed_in(house)
    browser = await officer(house)
    answer = await put_right(
        browser,
        number,
        "duty",
        name="P06",
        status="not_required",
        reason="The hall has a plan of its own.",
    )
    assert answer.status == 303
    notice = (await newest(resident))["text"]
    assert "not needed: Rescue plan" in notice
    assert "The hall has a plan of its own." in notice
    assert (
        "Rescue plan" not in (await pressed(resident, "g.plan"))[-1]["text"].partition("Reason")[0]
    )
    await pressed(resident, "aside")
    await resident.says("only 900 people after all")
    told = (await newest(resident))["text"]
    assert "no longer holds" in told
    assert "new: Rescue plan" in told


@pytest.mark.parametrize(("duty", "is_open"), [("P17", True), ("P06", False)])
async def test_a_ruling_on_what_was_open_is_the_change(house, duty, is_open):
    """Only a ruling that says what the plan said before is told to change nothing."""
    resident, number = await handed_in(house)
    browser = await officer(house)
    await put_right(browser, number, "duty", name=duty, status="required", reason="We want it.")
    notice = (await newest(resident))["text"]
    assert "This is needed: " in notice
    assert ("Nothing changes in the plan." not in notice) is is_open


async def test_a_ruling_is_taken_back(house):
    """The rules say again what is needed."""
    resident, number = await handed_in(house)
    browser = await officer(house)
    await put_right(
        browser, number, "duty", name="P06", status="not_required", reason="A plan exists."
    )
    await put_right(
        browser, number, "duty", name="P06", status="", reason="It was another event's."
    )
    assert "new: Rescue plan" in (await newest(resident))["text"]


async def test_where_the_notice_stands(house):
    """The resident asks and is told: arrived, looked at, more needed, done, also after the ticket is closed."""
    resident, number = await handed_in(house)
    browser = await officer(house)
    await browser.sends(f"/staff/tickets/{number}/claim")
    page = await browser.opens(f"/staff/tickets/{number}/event")
    assert "Käsittelyssä" in page.words
    answer = await put_right(browser, number, "handling", handling="more_needed")
    assert answer.status == 303
    assert "We need more from you" in (await newest(resident))["text"]
    said = "\n".join(message["text"] for message in await pressed(resident, "status"))
    assert "We need more from you" in said
    await put_right(browser, number, "handling", handling="decided")
    await browser.sends(f"/staff/tickets/{number}/close", anyway="1")
    assert "We are done with your event notice" in (await pressed(resident, "status"))[-1]["text"]


async def test_bad_input_keeps_what_was_typed(house):
    """A value that does not fit, no reason, an unknown fact, a stale page: told, and nothing is lost."""
    resident, number = await handed_in(house)
    browser = await officer(house)
    before = await newest(resident)
    for what, form, status in (
        ("fact", {"name": "peak", "value": "-3", "reason": "why not"}, 422),
        ("fact", {"name": "peak", "value": "9" * 30, "reason": "why not"}, 422),
        ("fact", {"name": "start", "value": "tomorrow", "reason": "why not"}, 422),
        ("fact", {"name": "end", "value": "2020-01-01T10:00", "reason": "why not"}, 422),
        ("fact", {"name": "structures", "value": "castle", "reason": "why not"}, 422),
        ("fact", {"name": "peak", "value": "100", "reason": "  "}, 422),
        ("fact", {"name": "peak", "value": "100", "reason": "x" * 1001}, 422),
        ("fact", {"name": "nothing", "value": "100", "reason": "why not"}, 404),
        ("duty", {"name": "P99", "status": "required", "reason": "why not"}, 404),
        ("duty", {"name": "P06", "status": "maybe", "reason": "why not"}, 404),
        ("handling", {"handling": "eaten"}, 404),
        ("fact", {"name": "peak", "value": "100", "reason": "why not", "seen": "yesterday"}, 409),
    ):
        answer = await put_right(browser, number, what, **form)
        assert answer.status == status, form
        if form.get("reason", "").strip():
            assert form["reason"] in answer.words, form
    assert await newest(resident) == before


async def test_two_officers_at_once(house):
    """Whoever comes second sees that it changed meanwhile, and keeps what was typed."""
    _, number = await handed_in(house)
    first, second = await officer(house), await officer(house, "Pekka")
    seen = (await first.opens(f"/staff/tickets/{number}/event?fact=peak")).field("seen")
    form = {"seen": seen, "name": "peak", "value": "300", "reason": "As on the phone."}
    path = f"/staff/tickets/{number}/event/fact"
    assert (await first.sends(path, **form)).status == 303
    answer = await second.sends(path, **{**form, "value": "400", "reason": "As by mail."})
    assert answer.status == 409
    assert "As by mail." in answer.words


async def test_events_of_other_queues_stay_hidden(house):
    """An event is seen and put right by those who see its ticket only."""
    _, number = await handed_in(house)
    await house.staff("Pekka", queues=["general"])
    browser = await Browser(house).signs_in("Pekka")
    assert (await browser.opens(f"/staff/tickets/{number}/event")).status == 404
    path = f"/staff/tickets/{number}/event/fact"
    assert (await browser.sends(path, name="peak", value="1", reason="no")).status == 404


async def test_a_reason_is_masked(house):
    """A secret in a reason is hidden before it is kept or told."""
    resident, number = await handed_in(house)
    browser = await officer(house)
    await put_right(
        browser, number, "fact", name="peak", value="150", reason="Called 131052-308T about it."
    )
    assert "131052-308T" not in (await newest(resident))["text"]
    async with house.database.read() as session:
        assert "131052-308T" not in (await session.scalars(select(Correction.reason))).one()


async def test_what_changed_since_it_was_handed_in(house):
    """The officer sees what the resident changed after handing in."""
    resident, number = await handed_in(house)
    await pressed(resident, "aside")
    await resident.says("450 people after all")
    page = await (await officer(house)).opens(f"/staff/tickets/{number}/event")
    table = re.search(
        r"<section class=\"part\"><h2>[^<]*</h2>\s*<table.*?</table>", page.text, re.DOTALL
    )[0]
    assert "800" in table
    assert "450" in table


async def test_the_plan_as_handed_in_is_kept(house):
    """What was handed in stays as it stood, whatever changes later."""
    resident, _ = await handed_in(house)
    await pressed(resident, "aside")
    await resident.says("450 people after all")
    async with house.database.read() as session:
        event = (await session.scalars(select(Event))).one()
    assert event.handed_in["facts"]["peak"] == 800
    assert event.handed_in["duties"]["P06"]["status"] == "required"
    assert event.told["facts"]["peak"] == 450
    assert events.topic_of(event.id)
