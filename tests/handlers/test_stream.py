"""Server-sent events: who waits is told at once, misses nothing, and is let go in the end."""

from __future__ import annotations

import asyncio
import json
import time

from bot.people import staff as people
from tests.conftest import WebResident
from tests.handlers.conftest import Browser, escalated, first_link, listening

QUESTION = "Paljonko digituki maksaa?"


def bearer(resident):
    return {"Authorization": f"Bearer {resident.token}"}


def path(resident):
    return f"/api/v1/conversations/{resident.id}/events"


async def arrived(house):
    resident = WebResident(house, "fi")
    await resident.arrives()
    return resident


async def test_new_message_arrives_within_a_second(either_house):
    """Everything said is streamed at once, in order, each with its number."""
    resident = await arrived(either_house)
    async with listening(either_house, path(resident), headers=bearer(resident)) as stream:
        greeting = await stream.event()
        assert greeting["event"] == "message"
        assert json.loads(greeting["data"])["author"] == "bot"
        began = time.monotonic()
        await resident.says(QUESTION)
        own, answer = await stream.event(), await stream.event()
        assert time.monotonic() - began < 1
        assert json.loads(own["data"])["text"] == QUESTION
        assert int(greeting["id"]) < int(own["id"]) < int(answer["id"])
    _status, everything = await resident.call("GET", f"/{resident.id}/messages")
    assert [json.loads(event["data"]) for event in (greeting, own, answer)] == everything[
        "messages"
    ]


async def test_last_event_id_resumes(house):
    """Whoever comes back is told what was said meanwhile, and nothing twice."""
    resident = await arrived(house)
    async with listening(house, path(resident), headers=bearer(resident)) as stream:
        last = (await stream.event())["id"]
    await resident.says(QUESTION)
    headers = {**bearer(resident), "Last-Event-ID": last}
    # The header wins over the address, which a browser keeps when it reconnects.
    async with listening(house, f"{path(resident)}?after=0", headers=headers) as stream:
        assert json.loads((await stream.event())["data"])["text"] == QUESTION
    async with listening(
        house, f"{path(resident)}?after={last}", headers=bearer(resident)
    ) as stream:
        assert json.loads((await stream.event())["data"])["text"] == QUESTION


async def test_staff_reply_arrives(either_house):
    """A reply of staff reaches the waiting page within a second."""
    maija = await either_house.staff()
    resident, number = await escalated(either_house)
    _status, body = await resident.call("GET", f"/{resident.id}/messages")
    newest = body["messages"][-1]["id"]
    async with listening(
        either_house, f"{path(resident)}?after={newest}", headers=bearer(resident)
    ) as stream:
        began = time.monotonic()
        await maija.replies(number, "Hei!\nKokeile näin.")
        message = json.loads((await stream.event())["data"])
        assert time.monotonic() - began < 1
    assert (message["staff_name"], message["text"]) == ("Maija", "Hei!\nKokeile näin.")


async def test_conversations_do_not_hear_each_other(house):
    """What one resident says is streamed to nobody else."""
    first, second = await arrived(house), await arrived(house)
    async with listening(house, path(second), headers=bearer(second)) as stream:
        await stream.event()
        await first.says(QUESTION)
        await second.says("ihminen")
        assert json.loads((await stream.event())["data"])["text"] == "ihminen"


async def test_console_is_nudged(either_house):
    """A page of the console is told within a second that something changed, but never what."""
    maija = await either_house.staff()
    browser = await Browser(either_house).signs_in()
    async with listening(either_house, "/staff/events", cookie_jar=browser.jar) as stream:
        assert (await stream.event())["event"] == "changed"
        resident, number = await escalated(either_house)
        nudged = await stream.event()
        assert (nudged["event"], nudged.get("data", "")) == ("changed", "")
        for change in (
            resident.says("lisäys"),
            maija.claims(number),
            maija.replies(number, "Hei!"),
            maija.closes(number),
        ):
            await asyncio.sleep(0.05)
            await change
            assert (await stream.event())["event"] == "changed"


async def test_signed_out_page_is_told(house):
    """Signing out tells the pages that are still open elsewhere, and ends their streams."""
    await house.staff()
    browser = await Browser(house).signs_in()
    async with listening(house, "/staff/events", cookie_jar=browser.jar) as stream:
        assert (await stream.event())["event"] == "changed"
        await Browser.sends(browser, "/staff/sign-out")
        assert (await stream.event())["event"] == "signed-out"
        assert await stream.ended()


async def test_new_password_ends_open_pages(house):
    """Using a new link signs the person out everywhere else, and those pages are told."""
    await house.staff()
    browser = await Browser(house).signs_in()
    async with house.database.write() as session:
        person = await people.by_name(session, "Maija")
        secret = await people.invite(session, person, house.clock())
    async with listening(house, "/staff/events", cookie_jar=browser.jar) as stream:
        assert (await stream.event())["event"] == "changed"
        answer = await Browser(house).sends(f"/staff/join/{secret}", password="another password")
        assert answer.status == 303
        assert (await stream.event())["event"] == "signed-out"
    assert (await browser.opens("/staff")).location == "/staff/sign-in"


async def test_session_that_runs_out_is_told(house, clock):
    """A session's end is noticed by the stream as well."""
    await house.staff()
    browser = await Browser(house).signs_in()
    async with listening(house, "/staff/events", cookie_jar=browser.jar) as stream:
        assert (await stream.event())["event"] == "changed"
        clock.pass_(hours=13)
        await escalated(house)
        assert (await stream.event())["event"] == "signed-out"


async def test_stopping_does_not_wait_for_readers(house):
    """When the service stops, open streams end at once instead of holding it up."""
    resident = await arrived(house)
    async with listening(house, path(resident), headers=bearer(resident)) as stream:
        await stream.event()
        began = time.monotonic()
        await house.stop()
        assert await stream.ended()
        assert time.monotonic() - began < 1


async def test_link_for_the_first_lead_is_no_session(house):
    """A one-time link's secret opens no stream."""
    secret = (await first_link(house)).rpartition("/")[2]
    answer = await Browser(house).opens(
        "/staff/events", headers={"Cookie": f"neuvokas_staff={secret}"}
    )
    assert answer.status == 401
