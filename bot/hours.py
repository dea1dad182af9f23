"""When a queue is open, and by when it can promise an answer; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import holidays

from bot.texts import ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from faq.book import Queue

# A matter that comes in during the last hour is promised for the next opening.
ENOUGH_TIME = timedelta(hours=1)
# No queue is closed for a whole year; the search ends there.
_HORIZON_DAYS = 366
# Offices are closed on these eves as well, though they are not public holidays by law.
_EVES = {(12, 24)}


def openings(queue: Queue, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the queue's opening periods that have not ended, soonest first, in Finland's time."""
    local = now.astimezone(ZONE)
    for ahead in range(_HORIZON_DAYS):
        day = (local + timedelta(days=ahead)).date()
        if is_holiday(day):
            continue
        for opens, closes in queue.hours[day.weekday()]:
            start = datetime.combine(day, opens, ZONE)
            end = datetime.combine(day, closes, ZONE)
            if end > local:
                yield start, end


def is_holiday(day: date) -> bool:
    """Return whether offices are closed: public holidays, Christmas Eve and Midsummer Eve."""
    return (day.month, day.day) in _EVES or day in _finnish(day.year) or _is_midsummer_eve(day)


def is_open(queue: Queue, now: datetime) -> bool:
    """Return whether somebody answers in the queue at this moment."""
    period = next(openings(queue, now), None)
    return period is not None and period[0] <= now


def answer_by(queue: Queue, now: datetime) -> datetime | None:
    """Return the moment by which a first answer is promised; None when the queue never opens.

    It is the end of the current opening when at least an hour of it remains, else of the next.
    """
    for start, end in openings(queue, now):
        if end - max(start, now) >= ENOUGH_TIME:
            return end
    return None


@cache
def _finnish(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("FI", years=year)


def _is_midsummer_eve(day: date) -> bool:
    # Midsummer Eve is the Friday between 19 and 25 June.
    return day.month == 6 and day.weekday() == 4 and 19 <= day.day <= 25  # noqa: PLR2004
