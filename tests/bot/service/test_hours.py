"""Opening hours and the promise made from them: weekends, holidays, the last hour, summer time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.service.hours import (
    after,
    answer_by,
    between,
    holidays_after,
    is_open,
    next_open,
    resolve_by,
)
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
    assert next_open(Queue("q", {}, ((),) * 7, ("fi",)), at("2026-11-23T09:00")) is None


EVENING = ((time(16), time(18)),)
TWO_PARTS = ((time(9), time(11)), (time(12), time(15)))
EXCEPTIONAL = replace(
    QUEUE,
    exceptions={
        date(2026, 11, 24): (),  # a Tuesday: closed
        date(2026, 11, 25): EVENING,
        date(2026, 11, 28): TWO_PARTS,  # a Saturday: open
        date(2026, 12, 24): NINE_TO_THREE,  # Christmas Eve: open
    },
)


@pytest.mark.parametrize(
    ("now", "promised"),
    [
        ("2026-11-23T14:30", "2026-11-25T18:00"),  # over the closed Tuesday to the other hours
        ("2026-11-24T10:00", "2026-11-25T18:00"),
        ("2026-11-25T10:00", "2026-11-25T18:00"),
        ("2026-11-27T16:00", "2026-11-28T11:00"),  # the Saturday's first part
        ("2026-11-28T10:30", "2026-11-28T15:00"),
        ("2026-12-23T16:00", "2026-12-24T15:00"),
    ],
)
def test_exceptions_go_before_weekday_and_holiday(now, promised):
    """On a single day other hours hold, or none, or some on a day that is otherwise free."""
    assert answer_by(EXCEPTIONAL, at(now)) == at(promised)


@pytest.mark.parametrize(
    ("queue", "start", "minutes", "end"),
    [
        (QUEUE, "2026-11-23T10:00", 60, "2026-11-23T11:00"),
        (QUEUE, "2026-11-23T10:00", 300, "2026-11-23T15:00"),  # the closing minute itself
        (QUEUE, "2026-11-23T10:00", 301, "2026-11-24T09:01"),
        (QUEUE, "2026-11-23T07:00", 30, "2026-11-23T09:30"),  # counted from the opening
        (QUEUE, "2026-11-20T14:00", 120, "2026-11-23T10:00"),  # across a weekend
        (QUEUE, "2026-11-21T12:00", 1, "2026-11-23T09:01"),
        (QUEUE, "2026-12-23T14:00", 120, "2026-12-28T10:00"),  # across Christmas
        (QUEUE, "2027-03-25T14:00", 120, "2027-03-30T10:00"),  # across Easter, clocks forward
        (EXCEPTIONAL, "2026-11-23T14:00", 90, "2026-11-25T16:30"),
        (EXCEPTIONAL, "2026-11-28T10:00", 90, "2026-11-28T12:30"),  # across a lunch break
        (QUEUE, "2026-11-23T10:00", 1440, "2026-11-27T10:00"),  # four days of six hours
    ],
)
def test_spans_of_opening_time(queue, start, minutes, end):
    """A span counts while the queue is open, and counting it back gives the same span."""
    span = timedelta(minutes=minutes)
    assert after(queue, at(start), span) == at(end)
    assert between(queue, at(start), at(end)) == span


ALWAYS = Queue("q", {}, (((time(0), time(23, 59)),),) * 7, ("fi",))
NIGHT = Queue("q", {}, (((time(2), time(5)),),) * 7, ("fi",))


@pytest.mark.parametrize(
    ("queue", "start", "minutes", "end"),
    [
        (NIGHT, "2028-03-26T01:00", 120, "2028-03-26T05:00"),  # 3 o'clock is skipped
        (NIGHT, "2026-10-25T01:00", 240, "2026-10-25T05:00"),  # 3 o'clock comes twice
        (ALWAYS, "2028-03-26T00:00", 60 * 22 + 59, "2028-03-26T23:59"),
        (ALWAYS, "2026-10-25T00:00", 60 * 24 + 59, "2026-10-25T23:59"),
    ],
)
def test_spans_when_the_clocks_change(queue, start, minutes, end):
    """An hour that does not exist is not counted, and one that comes twice is counted twice."""
    assert after(queue, at(start), timedelta(minutes=minutes)) == at(end)
    assert between(queue, at(start), at(end)) == timedelta(minutes=minutes)


def test_an_opening_within_the_skipped_hour_has_no_length():
    """A queue that opens only in the hour that spring skips is closed on that day."""
    skipped = Queue("q", {}, (((time(3), time(4)),),) * 7, ("fi",))
    assert next_open(skipped, at("2028-03-26T00:00")) == at("2028-03-27T03:00")


@pytest.mark.parametrize("hours", [(), NINE_TO_THREE])
def test_closed_all_year(hours):
    """A queue that exceptions close for a whole year promises nothing, and no search is endless."""
    start = at("2026-11-23T10:00")
    closed = {start.date() + timedelta(days=ahead): () for ahead in range(400)}
    queue = replace(QUEUE, hours=(hours,) * 7, exceptions=closed, first_reply=timedelta(hours=1))
    assert next_open(queue, start) is answer_by(queue, start) is after(queue, start, ONE) is None
    assert not is_open(queue, start)
    assert between(queue, start, start + timedelta(days=300)) == timedelta()


ONE = timedelta(minutes=1)


def test_spans_longer_than_a_year_are_not_promised():
    """Opening time that would last longer than a year has no end that could be promised."""
    rare = replace(QUEUE, hours=(((time(9), time(10)),), *((),) * 6))
    assert after(rare, at("2026-11-23T09:00"), timedelta(hours=60)) is None
    assert after(rare, at("2026-11-23T09:00"), timedelta(hours=2)) == at("2026-11-30T10:00")


def test_promises_counted_in_opening_time():
    """A queue with a span for the first reply and for settling is held to its opening time."""
    queue = replace(QUEUE, first_reply=timedelta(hours=4), resolve=timedelta(hours=12))
    assert answer_by(queue, at("2026-11-23T12:00")) == at("2026-11-24T10:00")
    assert resolve_by(queue, at("2026-11-23T12:00")) == at("2026-11-25T12:00")
    assert resolve_by(QUEUE, at("2026-11-23T12:00")) is None


def test_holidays_of_a_year():
    """A year has every free day once, soonest first, eves included."""
    found = holidays_after(date(2026, 11, 23))
    assert found == sorted(set(found))
    assert {date(2026, 12, 6), date(2026, 12, 24), date(2027, 6, 25)} <= set(found)
    assert date(2026, 12, 31) not in found
