"""Opening hours and the promise made from them: weekends, holidays, the last hour, summer time."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.hours import answer_by, is_open
from faq.book import Queue

HELSINKI = ZoneInfo("Europe/Helsinki")
NINE_TO_THREE = ((time(9), time(15)),)
QUEUE = Queue("q", {}, (NINE_TO_THREE,) * 5 + ((), ()), ("fi",))


def at(text: str) -> datetime:
    """Return a moment in Finland's time."""
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


@pytest.mark.parametrize(
    ("now", "promised"),
    [
        ("2026-11-23T08:00", "2026-11-23T15:00"),  # Monday before opening
        ("2026-11-23T09:00", "2026-11-23T15:00"),
        ("2026-11-23T14:00", "2026-11-23T15:00"),  # an hour remains
        ("2026-11-23T14:01", "2026-11-24T15:00"),  # less than an hour
        ("2026-11-20T16:00", "2026-11-23T15:00"),  # Friday evening → Monday
        ("2026-12-04T15:30", "2026-12-07T15:00"),  # Independence Day 2026 is a Sunday
        ("2026-12-23T16:00", "2026-12-28T15:00"),  # Christmas Eve, two Christmas days, a Sunday
        ("2026-12-31T16:00", "2027-01-04T15:00"),  # New Year's Day and a weekend
        ("2027-01-05T16:00", "2027-01-07T15:00"),  # Epiphany
        ("2027-03-25T16:00", "2027-03-30T15:00"),  # Good Friday to Easter Monday, clocks forward
        ("2027-06-24T16:00", "2027-06-28T15:00"),  # Midsummer Eve and Midsummer Day
        ("2026-10-23T16:00", "2026-10-26T15:00"),  # clocks back on the Sunday between
    ],
)
def test_promise(now, promised):
    """The promise is the end of an opening of which an hour remains, over every kind of free day."""
    assert answer_by(QUEUE, at(now)) == at(promised)


@pytest.mark.parametrize(
    ("now", "opened"),
    [
        ("2026-11-23T08:59", False), ("2026-11-23T09:00", True), ("2026-11-23T14:59", True),
        ("2026-11-23T15:00", False), ("2026-11-22T12:00", False), ("2026-12-24T12:00", False),
    ],
)  # fmt: skip
def test_open_from_the_first_to_the_last_minute(now, opened):
    """Open at the minute of opening, closed at the minute of closing, on weekends and eves."""
    assert is_open(QUEUE, at(now)) is opened


def test_a_queue_without_hours_promises_nothing():
    """A queue that never opens gives no date instead of looking for ever."""
    assert answer_by(Queue("q", {}, ((),) * 7, ("fi",)), at("2026-11-23T09:00")) is None
