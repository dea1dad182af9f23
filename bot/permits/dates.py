"""Counting back from a moment: clock hours, calendar days and Finnish working days."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")

_DAY = timedelta(days=1)
_SATURDAY = 5
_FRIDAY = 4


def days_before(moment: datetime, days: int) -> datetime:
    """Return the same local clock time so many days earlier, whatever the clocks did between.

    Where the clocks skipped that time, the answer is an hour earlier on the clock, and where they
    showed it twice, the first of the two: a limit may come out early, never late.
    """
    wall = moment.replace(tzinfo=None) - timedelta(days=days)
    return _existing(wall)


def hours_before(moment: datetime, hours: int) -> datetime:
    """Return the moment so many full hours earlier; hours are elapsed time, not clock time."""
    return (moment.astimezone(UTC) - timedelta(hours=hours)).astimezone(HELSINKI)


def working_days_before(moment: datetime, days: int) -> datetime:
    """Return the same clock time on the working day that many working days before the day."""
    day = moment.date()
    for _ in range(days):
        day = last_working_day(day - _DAY)
    return _existing(datetime.combine(day, moment.time()))


def last_working_day(day: date) -> date:
    """Return the day itself if offices work on it, else the working day before it."""
    while not is_working_day(day):
        day -= _DAY
    return day


def is_working_day(day: date) -> bool:
    """Say whether Finnish offices work: Monday to Friday, no holiday and no holiday eve.

    Midsummer Eve and Christmas Eve are no public holidays, but nobody is there.
    """
    return day.weekday() < _SATURDAY and day not in _days_off(day.year)


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def is_later(moment: datetime, other: datetime) -> bool:
    """Say whether a moment comes after another, also in the hour the clocks show twice."""
    return moment.astimezone(UTC) > other.astimezone(UTC)


def midsummer_eve(year: int) -> date:
    """Return the Friday between 19 and 25 June."""
    return _first_weekday(date(year, 6, 19), _FRIDAY)


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    Source: the anonymous Gregorian computus, as printed in Nature, 20 April 1876.
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@cache
def _days_off(year: int) -> frozenset[date]:
    sunday = easter(year)
    return frozenset(
        {
            date(year, 1, 1),
            date(year, 1, 6),  # Epiphany
            sunday - 2 * _DAY,  # Good Friday
            sunday + _DAY,  # Easter Monday
            date(year, 5, 1),
            sunday + 39 * _DAY,  # Ascension Day
            midsummer_eve(year),
            date(year, 12, 6),  # Independence Day
            date(year, 12, 24),  # Christmas Eve
            date(year, 12, 25),
            date(year, 12, 26),
        }
    )


def _first_weekday(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _existing(wall: datetime) -> datetime:
    first = wall.replace(tzinfo=HELSINKI)
    if datetime.fromtimestamp(first.timestamp(), HELSINKI).replace(tzinfo=None) == wall:
        return first
    # With fold=1 a skipped time is read in the time after the change, which lies before the gap.
    skipped = wall.replace(tzinfo=HELSINKI, fold=1)
    return datetime.fromtimestamp(skipped.timestamp(), HELSINKI)
