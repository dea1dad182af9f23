"""The numbers over HTTP: for leads in full, for anybody by whole months, never a small number."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from bot.counts import exports
from bot.counts.numbers import of
from bot.models import Role, Tally, Wait
from tests.handlers.conftest import Browser

# The clock of these tests stands in November.
THIS, LAST = "2026-11", "2026-10"


async def counted(house, month=THIS, *, people=6, **values):
    """So many people asked one question each."""
    async with house.database.write() as session:
        for n in range(people):
            session.add(
                Tally(
                    **{
                        "day": f"{month}-10",
                        "hour": 10,
                        "person": f"p{n}",
                        "channel": "web",
                        "locale": "fi",
                        "outcome": "assumed",
                        "entry": "digituki-price",
                        "topic": "digital-support",
                        "queue": "digital-support",
                        "is_easy": False,
                        **values,
                    }
                )
            )


async def waited(house, month=THIS, *, people=6, **values):
    """So many people waited for staff."""
    async with house.database.write() as session:
        for n in range(people):
            session.add(
                Wait(
                    **{
                        "ticket_id": 5000 + 100 * hash(values.get("locale", "fi")) % 10**6 + n,
                        "day": f"{month}-10",
                        "hour": 10,
                        "person": f"p{n}",
                        "channel": "web",
                        "locale": "fi",
                        "topic": "digital-support",
                        "queue": "digital-support",
                        "is_easy": False,
                        "status": "closed",
                        "reopened": 0,
                        "reply_minutes": 30,
                        "close_minutes": 90,
                        **values,
                    }
                )
            )


@pytest.fixture
async def liisa(house):
    """A lead's browser, with pages in English."""
    await house.staff("Liisa", Role.LEAD, [])
    from bot.people import staff as people  # noqa: PLC0415 - only here

    async with house.database.write() as session:
        (await people.by_name(session, "Liisa")).locale = "en"
    return await Browser(house).signs_in("Liisa")


def read(text):
    """A file's numbers as {(dimension, category, measure): value}."""
    rows = csv.DictReader(io.StringIO(text))
    return {(row["dimension"], row["category"], row["measure"]): row["value"] for row in rows}


async def test_an_empty_page(liisa):
    """A service that nobody has used has a page too."""
    page = await liisa.opens("/staff/numbers")
    assert page.status == 200
    assert "Numbers: November 2026" in page.words
    assert "too few questions to staff to compare" in page.words


async def test_the_page_tells_what_was_counted(house, liisa):
    """The page shows counts, shares, waiting, and how the languages compare, in words too."""
    await counted(house, people=30)
    await counted(house, people=10, locale="sv", outcome="not_found", person="s")
    await counted(house, people=10, locale="sv", outcome="not_found")
    await waited(house)
    await waited(house, locale="sv", reply_minutes=100)
    page = await liisa.opens("/staff/numbers")
    assert "Swedish waits 1 h 10 min longer than Finnish." in page.words
    assert "1 h 40 min / 1 h 40 min" in page.words
    assert "Age, sex and background are not asked." in page.words
    for path in ("?period=2026-W46", "?period=2026-Q4", "?period=2026"):
        assert (
            "Swedish waits 1 h 10 min longer" in (await liisa.opens(f"/staff/numbers{path}")).words
        )


@pytest.mark.parametrize("period", ["", "x", "2026-13", "9999", "%00", "2026-11'--", "x" * 5000])
async def test_a_period_that_is_none(house, liisa, period):
    """What names no period shows this month; programs are told how to name one."""
    page = await liisa.opens(f"/staff/numbers?period={period}")
    assert page.status == 200
    assert "Numbers: November 2026" in page.words
    if period:
        olli = await house.staff("Olli", Role.LEAD, [])
        status, problem = await olli.asks("GET", f"/numbers?period={period}")
        assert status == 400
        assert "2026-W47" in problem["detail"]


async def test_files_and_program_say_the_same(house, liisa):
    """CSV, JSON and the staff API give the same numbers."""
    await counted(house)
    text = (await liisa.opens(f"/staff/numbers.csv?period={THIS}")).text
    answer = await liisa.opens(f"/staff/numbers.json?period={THIS}")
    assert f'filename="neuvokas-{THIS}.json"' in answer.headers["Content-Disposition"]
    olli = await house.staff("Olli", Role.LEAD, [])
    _status, given = await olli.asks("GET", f"/numbers?period={THIS}")
    assert given["numbers"] == answer.json["numbers"]
    from_json = {
        (row["dimension"], row["category"], row["measure"]): ""
        if row["value"] is None
        else str(row["value"])
        for row in given["numbers"]
    }
    assert read(text) == from_json
    assert from_json["topic", "digital-support", "assumed"] == "6"
    assert from_json["all", "all", "questions"] == "6"


async def test_the_dictionary_names_everything(house, liisa):
    """Every field, dimension and measure in the file is explained in three languages."""
    await counted(house)
    given = (await liisa.opens("/staff/numbers.json")).json
    words = given["dictionary"]
    for row in given["numbers"]:
        assert set(row) < set(exports.FIELDS)
        assert row["dimension"] in {"all", *words["dimensions"]}
        assert row["measure"] in words["measures"]
    assert set(words["fields"]) == set(exports.FIELDS)
    for kind in words.values():
        for meaning in kind.values():
            assert set(meaning) == {"fi", "sv", "en"}


async def test_four_people_appear_nowhere(house, liisa, browser):
    """What stands for four people is in no page and no file, and says that it is left out."""
    await counted(house, LAST, people=20)
    await counted(house, LAST, people=4, locale="sv", topic="travel", entry="hsl")
    for text in (
        (await liisa.opens(f"/staff/numbers.csv?period={LAST}")).text,
        (await browser.opens(f"/open/statistics.csv?month={LAST}")).text,
    ):
        found = read(text)
        assert found["language", "sv", "questions"] == ""
        assert found["language", "fi", "questions"] == ""
        assert found["all", "all", "questions"] == "24"
        assert ",left_out" in text
        assert "4" not in {value for value in found.values() if value}


async def test_open_statistics(house, browser):
    """Anybody may have a whole month, without signing in, as CSV and JSON."""
    await counted(house, LAST)
    answer = await browser.opens(f"/api/v1/open/statistics?month={LAST}")
    assert answer.status == 200
    assert {
        "dimension": "language",
        "category": "fi",
        "measure": "questions",
        "value": 6,
        "status": "shown",
    } in answer.json["numbers"]
    # Without a month it is the newest whole one.
    assert (await browser.opens("/api/v1/open/statistics")).json["period"] == LAST


@pytest.mark.parametrize(
    "month", [THIS, "2026-12", "2999-01", "2026", "2026-Q3", "2026-W40", "", "x", "2026-1"]
)
async def test_only_whole_months_are_open(house, browser, month):
    """A month that has not ended, and periods that a month could be worked out of, are not given."""
    await counted(house)
    for path in ("/api/v1/open/statistics", "/open/statistics.csv"):
        assert (await browser.opens(f"{path}?month={month}")).status == 404


async def test_open_statistics_are_kept_for_a_while(house, browser):
    """Many who ask cost the database one look in ten minutes."""
    await counted(house, LAST)
    first = (await browser.opens("/api/v1/open/statistics")).json
    await counted(house, LAST, people=50)
    assert (await browser.opens("/api/v1/open/statistics")).json == first
    house.clock.pass_(minutes=11)
    assert (await browser.opens("/api/v1/open/statistics")).json != first


async def test_what_is_kept_stays_small(house, browser):
    """Asking for every month there is fills no memory."""
    from handlers.staff.numbers import REPORTS  # noqa: PLC0415 - only here

    month = of("month", datetime(2026, 10, 1, tzinfo=UTC).date())
    for _n in range(30):
        assert (await browser.opens(f"/open/statistics.csv?month={month.name}")).status == 200
        month = month.before
    assert len(house.app[REPORTS]) <= 24


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "Human oversight"), ("fi", None), ("sv", None)],
)
async def test_ai_register(house, browser, locale, words):
    """The register's entry is a page in each language, with the numbers of the last whole month."""
    await counted(house, LAST, people=37)
    page = await browser.opens(f"/open/ai-register?lang={locale}")
    assert page.status == 200
    assert "37" in page.words
    if words:
        assert words in page.words
        assert "Questions: 37" in page.words
    entry = (await browser.opens("/api/v1/open/ai-register")).json
    assert set(entry["entry"]) == {
        "name", "purpose", "data", "logic", "oversight", "risks", "equality", "numbers", "contact"
    }  # fmt: skip
    assert all(part[locale]["text"] for part in entry["entry"].values())
