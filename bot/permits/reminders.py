"""When to remind of a plan's deadlines; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.permits.dates import HELSINKI, is_working_day
from bot.permits.papers import outline

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from bot.permits.plan import Plan

# Early enough in the day to call an office, and late enough to wake nobody.
_HOUR = time(9, 0)
# A hard limit is told a week ahead and once more on the last day that leaves a working day.
_AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """One reminder to come.

    Attributes:
        day: The day the duty is to be done by.
        at: When to remind, in Helsinki time.
    """

    duty: str
    day: date
    at: datetime


def reminders(plan: Plan, done: Collection[str] = ()) -> tuple[Due, ...]:
    """Return the reminders still ahead of the plan's moment, soonest first; none for duties done."""
    found = []
    for one in outline.deadlines(plan):
        if one.duty.id in done:
            continue
        days = {_working_day_before(one.day)}
        if one.kind is outline.Kind.HARD:
            days.add(one.day - _AHEAD)
        moments = [datetime.combine(day, _HOUR, HELSINKI) for day in days]
        found += [Due(one.duty.id, one.day, at) for at in moments if at > plan.as_of]
    return tuple(sorted(found, key=lambda due: (due.at, due.duty)))


def _working_day_before(day: date) -> date:
    before = day - timedelta(days=1)
    while not is_working_day(before):
        before -= timedelta(days=1)
    return before
