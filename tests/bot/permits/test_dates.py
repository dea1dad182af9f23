"""Counting back: clocks that change, leap days, Easter, Juhannus, Christmas."""

from datetime import UTC, date, datetime, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permits.dates import (
    HELSINKI,
    days_before,
    easter,
    hours_before,
    is_later,
    is_working_day,
    last_working_day,
    midsummer_eve,
    months_after,
    working_days_before,
)

MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2099, 12, 31)).map(
    lambda wall: datetime.fromtimestamp(wall.replace(tzinfo=HELSINKI).timestamp(), HELSINKI)
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


def test_working_days_agree_with_the_holidays_package():
    """A hundred years, every day: the public holidays of Finland, and the two eves."""
    for year in range(2000, 2101):
        public = holidays.Finland(years=year)
        for offset in range(366):
            day = date(year, 1, 1) + timedelta(days=offset)
            eve = day in (midsummer_eve(year), date(year, 12, 24))
            free = day.weekday() >= 5 or day in public or eve
            assert is_working_day(day) != free, day


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, "2024-03-31"), (2026, "2026-04-05"), (2027, "2027-03-28"), (2038, "2038-04-25")],
)
def test_easter(year, sunday):
    """Easter Sundays from the almanac, the latest possible one among them."""
    assert easter(year) == date.fromisoformat(sunday)


@pytest.mark.parametrize(
    ("moment", "days", "before"),
    [
        ("2027-04-05T12:00", 14, "2027-03-22T12:00+02:00"),  # the clocks went forward on 28 March
        ("2027-11-05T12:00", 14, "2027-10-22T12:00+03:00"),  # and back on 31 October
        ("2028-03-14T18:00", 14, "2028-02-29T18:00+02:00"),  # onto the leap day
        ("2027-03-15T18:00", 14, "2027-03-01T18:00+02:00"),  # and past where it is not
        ("2028-01-05T08:00", 30, "2027-12-06T08:00+02:00"),
        ("2027-04-11T03:30", 14, "2027-03-28T02:30+02:00"),  # 3.30 did not exist: an hour early
        ("2027-11-14T03:30", 14, "2027-10-31T03:30+03:00"),  # 3.30 came twice: the first
    ],
)
def test_calendar_days(moment, days, before):
    """The same local clock time so many days earlier, across every change of the clocks."""
    assert days_before(at(moment), days).isoformat() == f"{before[:16]}:00{before[16:]}"


@pytest.mark.parametrize(
    ("moment", "before"),
    [
        ("2027-09-18T13:00", "2027-09-17T13:00"),
        ("2027-03-28T12:00", "2027-03-27T11:00"),  # that day had 23 hours
        ("2027-10-31T12:00", "2027-10-30T13:00"),  # and that one 25
    ],
)
def test_hours_are_elapsed_time(moment, before):
    """Twenty-four hours are twenty-four hours, whatever the clock on the wall says."""
    assert hours_before(at(moment), 24) == at(before)
    assert at(moment).astimezone(UTC) - at(before).astimezone(UTC) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("moment", "days", "before"),
    [
        ("2027-06-12T15:00", 4, "2027-06-08T15:00"),  # a Saturday: Friday to Tuesday
        ("2027-06-14T15:00", 4, "2027-06-08T15:00"),  # a Monday: a weekend on the way
        ("2027-06-29T15:00", 4, "2027-06-22T15:00"),  # Juhannus: the Friday does not count
        ("2027-03-31T15:00", 4, "2027-03-23T15:00"),  # Easter: Good Friday and Monday
        ("2027-12-28T15:00", 4, "2027-12-21T15:00"),  # Christmas Eve is no working day
        ("2028-01-10T15:00", 5, "2027-12-31T15:00"),  # Epiphany and New Year's Day... on a Saturday
        ("2027-05-10T15:00", 5, "2027-04-30T15:00"),  # Ascension Day
        ("2026-12-08T15:00", 4, "2026-12-02T15:00"),  # Independence Day on a Sunday
    ],
)
def test_working_days(moment, days, before):
    """The same clock time on the n-th working day before the event."""
    assert working_days_before(at(moment), days) == at(before)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2027-06-11", "2027-06-11"),
        ("2027-06-13", "2027-06-11"),
        ("2027-06-26", "2027-06-24"),  # Midsummer Day, and its eve
        ("2027-03-29", "2027-03-25"),  # all of Easter
        ("2027-12-26", "2027-12-23"),  # all of Christmas
        ("2028-01-01", "2027-12-31"),
    ],
)
def test_file_by(day, last):
    """A day on which nobody works is filed for on the working day before it."""
    assert last_working_day(date.fromisoformat(day)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2027-06-12", 3, "2027-09-12"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2027-10-31", 3, "2028-01-31"),
    ],
)
def test_months_after(day, months, later):
    """The same day of the month, or its last where the month is shorter."""
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(later)


def test_later_in_the_hour_that_comes_twice():
    """Of two equal clock times in the repeated hour the second is later."""
    first, second = at("2027-10-31T03:30"), at("2027-10-31T03:30").replace(fold=1)
    assert is_later(second, first)
    assert not is_later(first, second)
    assert not is_later(first, first)


@given(MOMENTS, st.integers(0, 400))
def test_counting_back_keeps_the_clock_or_comes_out_early(moment, days):
    """So many days earlier on the calendar, at the same clock time unless it did not exist."""
    before = days_before(moment, days)
    assert moment.date() - before.date() == timedelta(days=days)
    assert before.time() <= moment.time()
    same = before.time() == moment.time()
    assert same or moment.time().hour == 3


@given(MOMENTS, st.integers(1, 30))
def test_so_many_working_days_lie_between(moment, days):
    """Exactly n working days lie from the limit up to the event's own day, that day not counted."""
    before = working_days_before(moment, days)
    span = (moment.date() - before.date()).days
    between = [before.date() + timedelta(days=offset) for offset in range(span)]
    assert sum(map(is_working_day, between)) == days
    assert is_working_day(before.date())


@given(st.dates(date(2000, 2, 1), date(2100, 12, 1)))
def test_the_last_working_day_is_the_last(day):
    """It is a working day, not after the day, and none lies between."""
    last = last_working_day(day)
    assert is_working_day(last)
    assert last <= day
    gap = [last + timedelta(days=offset) for offset in range(1, (day - last).days + 1)]
    assert not any(map(is_working_day, gap))
