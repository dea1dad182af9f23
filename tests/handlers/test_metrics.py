"""The figures for monitoring: what they say, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from bot.counts.figures import _UNSETTLED, Messages
from bot.models import Message
from bot.service.ladder import climb
from handlers.keys import TOWN
from tests.conftest import House, settings_for
from tests.handlers.conftest import Browser, escalated

TOKEN = "a-token-for-metrics-in-tests"


async def figures(browser, **kwargs):
    """Every sample, as (name, labels) → value."""
    answer = await browser.opens("/metrics", **kwargs)
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_figures_follow_what_happens(either_house, clock):
    """Tickets, overdue ones, alerts, alarms and messages are counted as they are, on both databases."""
    house = either_house
    browser = Browser(house)
    empty = await figures(browser)
    assert empty[("neuvokas_alarm", "nobody-alerted")] == 0
    assert empty[("neuvokas_outbox", "waiting")] == 0
    assert empty[("neuvokas_messages_total", "resident")] == 0
    resident, _number = await escalated(house)
    found = await figures(browser)
    assert found[("neuvokas_tickets", "general", "open")] == 1
    assert ("neuvokas_tickets_overdue", "general") not in found
    assert found[("neuvokas_messages_total", "resident")] == 1
    assert found[("neuvokas_messages_total", "bot")] == len(await resident.heard())
    clock.pass_(days=10)
    await climb(house.database, house.app[TOWN](), clock())
    late = await figures(browser)
    assert late[("neuvokas_tickets_overdue", "general")] == 1
    assert late[("neuvokas_tickets_unsettled", "general")] == 1
    assert late[("neuvokas_alarm", "nobody-alerted")] == 1
    assert ("neuvokas_alerts_unanswered", "staff") not in late
    ready = (await browser.opens("/readyz")).json
    assert ready["status"] == "ok"
    assert ready["alarms"] == [{"name": "nobody-alerted", "tickets": 1}]
    maija = await house.staff()
    await Browser(house).signs_in()
    await climb(house.database, house.app[TOWN](), clock())
    told = await figures(browser)
    assert told[("neuvokas_alarm", "nobody-alerted")] == 0
    assert told[("neuvokas_alerts_unanswered", "staff")] == 1
    assert (await browser.opens("/readyz")).json["alarms"] == []
    (number,) = await maija.queue()
    await maija.replies(number, "Hei!")
    answered = await figures(browser)
    assert ("neuvokas_tickets_overdue", "general") not in answered
    assert ("neuvokas_alerts_unanswered", "staff") not in answered
    assert answered[("neuvokas_tickets", "claimed", "general")] == 1
    assert answered[("neuvokas_messages_total", "staff")] == 1


async def test_figures_hold_nothing_about_anybody(house):
    """No name, no word and no number of anybody's ticket stands in the figures."""
    await house.staff("Aino-Kaisa")
    _resident, number = await escalated(house, "salainen asia")
    text = (await Browser(house).opens("/metrics")).text
    for secret in ("Aino", "salainen", number, "asia"):
        assert secret not in text


async def test_messages_are_counted_once_and_never_fewer(house):
    """Old messages are counted once; the newest again, since transactions end in any order."""
    counting = Messages()
    _resident, _number = await escalated(house)
    async with house.database.read() as session:
        first = await counting.counted(session)
    async with house.database.write() as session:
        # As if very many had been written since.
        newest = max(
            await session.scalars(Message.__table__.select().with_only_columns(Message.id))
        )
        await session.execute(
            update(Message).where(Message.id == newest).values(id=newest + 2 * _UNSETTLED)
        )
    async with house.database.read() as session:
        assert await counting.counted(session) == first
        assert await counting.counted(session) == first
    assert sum(first.values()) >= 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "neuvokas.example.fi"}, 404),
        ({"Host": "127.0.0.1.example.fi"}, 404),
        ({"Host": "10.0.0.7"}, 404),
        ({"X-Forwarded-For": "127.0.0.1"}, 404),
        ({"X-Real-IP": "192.0.2.7"}, 404),
        ({"Via": "1.1 proxy"}, 404),
        ({"Forwarded": "for=192.0.2.7"}, 404),
    ],
)
async def test_without_a_token_for_this_machine_only(house, headers, status):
    """Without a token in the settings, only a request that begins on this machine gets the figures."""
    assert (await Browser(house).opens("/metrics", headers=headers)).status == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer ", 401),
        ("Bearer ä", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        (None, 401),
    ],
)
async def test_with_a_token(sqlite_url, clock, town, given, status):
    """With a token in the settings, only whoever has it gets the figures, from this machine as well."""
    async with House(settings_for(sqlite_url, metrics_token=TOKEN), clock, town) as house:
        headers = {"Host": "neuvokas.example.fi", **({"Authorization": given} if given else {})}
        answer = await Browser(house).opens("/metrics", headers=headers)
        assert answer.status == status
        if status == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json["status"] == 401


async def test_readiness_does_not_fail_for_an_alarm(house, clock):
    """A ladder that stands still is an alarm, but the process stays in service."""
    await escalated(house)
    clock.pass_(seconds=timedelta(days=3).total_seconds())
    answer = await Browser(house).opens("/readyz")
    assert answer.status == 200
    assert [alarm["tickets"] for alarm in answer.json["alarms"]] == [1]
