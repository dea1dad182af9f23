"""What every paper is drawn from: deadlines in order, how urgent they are, the event in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, cast

from bot.permits.data import read_yaml
from bot.permits.dates import is_later
from bot.permits.facts import FACTS
from bot.permits.plan import Status

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.permits.facts import Facts, Value
    from bot.permits.papers.words import PaperWords
    from bot.permits.plan import Plan, PlannedDuty

# The order in which facts are told: that of asking, but the start before the end.
_ASKED = [name for name in FACTS if name != "start"]
FACTS_TOLD = (*_ASKED[: _ASKED.index("end")], "start", *_ASKED[_ASKED.index("end") :])
# A deadline this near or nearer is told first.
URGENT_DAYS = 7


class Kind(StrEnum):
    """Whether the law sets a deadline or experience recommends it."""

    HARD = "hard"
    RECOMMENDED = "recommended"


class Urgency(StrEnum):
    """Why a duty is told first, the most pressing first."""

    LATE = "late"  # the hard limit has passed
    FILED_PASSED = "filed_passed"  # the limit has not, but the last working day before it has
    SOON = "soon"
    ADVICE_PASSED = "advice_passed"
    ADVICE_SOON = "advice_soon"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day to have a duty done by.

    `day` is the last working day of a hard limit, or the recommended day; `moment` is the limit
    itself, in Helsinki time.
    """

    duty: PlannedDuty
    kind: Kind
    day: date
    moment: datetime


def to_do(plan: Plan) -> tuple[PlannedDuty, ...]:
    """Return the required and asked duties, the first deadline first and those without one last."""
    duties = plan.having(Status.REQUIRED) + plan.having(Status.ASK)
    # ISO text sorts as the days do, and "~" after every digit.
    return tuple(sorted(duties, key=lambda duty: (_first_day(duty), duty.id)))


def deadlines(plan: Plan) -> tuple[Deadline, ...]:
    """Return every deadline of the plan by day, hard ones first; empty when none is known."""
    found = [one for duty in to_do(plan) for one in deadlines_of(duty)]
    return tuple(sorted(found, key=lambda one: (one.day, one.kind is not Kind.HARD, one.duty.id)))


def deadlines_of(duty: PlannedDuty) -> tuple[Deadline, ...]:
    """Return a duty's own deadlines, the hard one first; empty when it has none."""
    found = []
    if duty.hard and duty.file_by:
        found.append(Deadline(duty, Kind.HARD, duty.file_by, duty.hard))
    if duty.recommended:
        day = duty.recommended.date()
        found.append(Deadline(duty, Kind.RECOMMENDED, day, duty.recommended))
    return tuple(found)


def urgency(duty: PlannedDuty, as_of: datetime) -> Urgency | None:
    """Return why a duty is urgent at a moment; None while all its deadlines are far."""
    today = as_of.date()
    if duty.late:
        return Urgency.LATE
    if duty.file_by and duty.file_by < today:
        return Urgency.FILED_PASSED
    if duty.file_by and (duty.file_by - today).days <= URGENT_DAYS:
        return Urgency.SOON
    if duty.recommended and is_later(as_of, duty.recommended):
        return Urgency.ADVICE_PASSED
    if duty.recommended and (duty.recommended.date() - today).days <= URGENT_DAYS:
        return Urgency.ADVICE_SOON
    return None


def urgent(plan: Plan) -> tuple[tuple[PlannedDuty, Urgency], ...]:
    """Return the urgent duties with the reason of each, the most pressing first."""
    ranks = list(Urgency)
    found = [(duty, urgency(duty, plan.as_of)) for duty in to_do(plan)]
    pressing = [(duty, why) for duty, why in found if why]
    return tuple(sorted(pressing, key=lambda pair: ranks.index(pair[1])))


def nearness(deadline: Deadline, as_of: datetime) -> str:
    """Return "passed" or "soon" for a deadline behind or within a week; empty for one further on."""
    if is_later(as_of, deadline.moment) or deadline.day < as_of.date():
        return "passed"
    return "soon" if (deadline.day - as_of.date()).days <= URGENT_DAYS else ""


def deadline_kind(deadline: Deadline, as_of: datetime, words: PaperWords) -> str:
    """Return what kind of deadline it is and how near: ehdoton määräaika klo 12.00, mennyt."""
    if deadline.kind is Kind.RECOMMENDED:
        kind = words.phrase("moments", "recommended")
    else:
        # The day beside it is the last working day, which may be another one.
        same_day = deadline.moment.date() == deadline.day
        limit = words.clock(deadline.moment) if same_day else words.guide.moment(deadline.moment)
        kind = words.phrase("moments", "hard", moment=limit)
    near = nearness(deadline, as_of)
    return f"{kind}, {words.phrase('moments', near)}" if near else kind


def remark_on_dates(plan: Plan, facts: Facts, words: PaperWords) -> str:
    """Return why dates are missing from the plan; empty when none is."""
    if not facts.moment("start"):
        return words.phrase("document", "no_start")
    if deadlines(plan):
        return ""
    name = "no_dates_yet" if plan.having(Status.OPEN) else "no_dates"
    return words.phrase("document", name)


def event_name(facts: Facts, words: PaperWords) -> str:
    """Return the event's kind, place and city, as far as they are known; empty when none is."""
    known = [name for name in ("kind", "place", "city") if name in facts]
    name = words.guide.listed(words.value(fact, facts[fact]) for fact in known)
    return name[:1].upper() + name[1:]


def event_time(facts: Facts, words: PaperWords) -> str:
    """Return when the event is; empty while its start is not known."""
    start, end = facts.moment("start"), facts.moment("end")
    return words.span(start, end) if start else ""


def told(facts: Facts) -> tuple[str, ...]:
    """Return the facts that say that something is there, in the order of telling."""
    return tuple(name for name in FACTS_TOLD if name in facts and not is_absent(facts[name]))


def told_absent(facts: Facts) -> tuple[str, ...]:
    """Return the facts that say that something is not there, in the order of telling."""
    return tuple(name for name in FACTS_TOLD if name in facts and is_absent(facts[name]))


def is_absent(value: Value) -> bool:
    """Say whether a value means that there is none of it."""
    return value in (False, 0, "none", frozenset())


def reasons(duty: PlannedDuty) -> tuple[str, ...]:
    """Return why a duty stands as it does, without the sentence about its hard limit."""
    # The plan puts that sentence last, and only where there is a hard limit.
    return duty.because[:-1] if duty.hard else duty.because


def call_now(duty: PlannedDuty, words: PaperWords) -> str:
    """Return whom to call about a late duty, what may come of it, and how old the number is.

    Empty while the duty is not late.
    """
    if not duty.late:
        return ""
    day = words.guide.day(_contacts_checked())
    return f"{duty.because[-1]} {words.phrase('duty', 'contact_checked', day=day)}"


@cache
def _contacts_checked() -> date:
    """Return the day on which the contact looked up longest ago was looked up."""
    entries = [
        entry
        for by_city in read_yaml("contacts.yaml").values()
        if isinstance(by_city, dict)
        for entry in by_city.values()
    ]
    return min(cast("date", entry["checked"]) for entry in entries)


def _first_day(duty: PlannedDuty) -> str:
    days = [one.day for one in deadlines_of(duty)]
    return min(days).isoformat() if days else "~"
