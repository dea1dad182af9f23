"""When a queue is open, and what it promises, counted in its opening time; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import holidays

from bot.texts import ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from faq.book import Hours, Queue

# A matter that comes in during the last hour is promised for the next opening.
ENOUGH_TIME = timedelta(hours=1)
# No queue is closed for a whole year; the search ends there.
_HORIZON_DAYS = 366
# Offices are closed on these eves as well, though they are not public holidays by law.
_EVES = {(12, 24)}


def on(queue: Queue, day: date) -> Hours:
    """Return a queue's opening periods on one day; an exception goes before holiday and weekday."""
    if day in queue.exceptions:
        return queue.exceptions[day]
    return () if is_holiday(day) else queue.hours[day.weekday()]


def openings(queue: Queue, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the queue's opening periods that have not ended, soonest first, in Finland's time."""
    local = now.astimezone(ZONE)
    for ahead in range(_HORIZON_DAYS):
        day = (local + timedelta(days=ahead)).date()
        for opens, closes in on(queue, day):
            start = datetime.combine(day, opens, ZONE)
            end = datetime.combine(day, closes, ZONE)
            # Compared in UTC: an opening within the hour that spring skips has no length.
            if end > local and start.astimezone(UTC) < end.astimezone(UTC):
                yield start, end


def is_holiday(day: date) -> bool:
    """Return whether offices are closed: public holidays, Christmas Eve and Midsummer Eve."""
    return (day.month, day.day) in _EVES or day in _finnish(day.year) or _is_midsummer_eve(day)


def holidays_after(day: date) -> list[date]:
    """Return the days within a year on which offices are closed, soonest first."""
    year = (day + timedelta(days=ahead) for ahead in range(_HORIZON_DAYS))
    return [ahead for ahead in year if is_holiday(ahead)]


def is_open(queue: Queue, now: datetime) -> bool:
    """Return whether somebody answers in the queue at this moment."""
    opens = next_open(queue, now)
    return opens is not None and opens <= now


def next_open(queue: Queue, now: datetime) -> datetime | None:
    """Return when the queue is open next, `now` or later; None when it never opens."""
    period = next(openings(queue, now), None)
    return max(period[0], now.astimezone(ZONE)) if period else None


def answer_by(queue: Queue, now: datetime) -> datetime | None:
    """Return the moment by which a first answer is promised; None when the queue never opens.

    A queue that promises a span is held to its opening time. Another promises the end of the
    current opening when at least an hour of it remains, else of the next.
    """
    if queue.first_reply is not None:
        return after(queue, now, queue.first_reply)
    for start, end in openings(queue, now):
        if _length(max(start, now), end) >= ENOUGH_TIME:
            return end
    return None


def resolve_by(queue: Queue, now: datetime) -> datetime | None:
    """Return the moment by which a matter is to be settled; None when the queue sets none."""
    return after(queue, now, queue.resolve) if queue.resolve is not None else None


def after(queue: Queue, start: datetime, span: timedelta) -> datetime | None:
    """Return when a span of opening time has passed since `start`, in Finland's time.

    None when the queue is not open for so long within a year.
    """
    start = start.astimezone(UTC)
    left = span
    for opens, closes in openings(queue, start):
        begins = max(opens, start)
        length = _length(begins, closes)
        if length >= left:
            return (begins.astimezone(UTC) + left).astimezone(ZONE)
        left -= length
    return None


def between(queue: Queue, start: datetime, end: datetime) -> timedelta:
    """Return how much of the time from `start` to `end` the queue is open; a year at most."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    total = timedelta()
    for opens, closes in openings(queue, start):
        if opens >= end:
            break
        total += _length(max(opens, start), min(closes, end))
    return total


def _length(start: datetime, end: datetime) -> timedelta:
    # Two moments of one zone are subtracted as clocks show them; the clocks change twice a year.
    return end.astimezone(UTC) - start.astimezone(UTC)


def open_minutes(queue: Queue, start: datetime, end: datetime) -> int:
    """Return how many minutes between two moments the queue was open.

    A queue that never opens counts the minutes of the clock.
    """
    is_ever_open = next(openings(queue, start), None) is not None
    span = between(queue, start, end) if is_ever_open else max(end - start, timedelta())
    return int(span.total_seconds() // 60)


@cache
def _finnish(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("FI", years=year)


def _is_midsummer_eve(day: date) -> bool:
    # Midsummer Eve is the Friday between 19 and 25 June.
    return day.month == 6 and day.weekday() == 4 and 19 <= day.day <= 25  # noqa: PLR2004
