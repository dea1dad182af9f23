"""The plan as a calendar file (RFC 5545): the event, and every deadline with its reminders."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Alarm, Calendar, Event, Timezone

from bot.permits.papers.cleaning import without_controls
from bot.permits.papers.outline import (
    Kind,
    call_now,
    deadlines,
    event_name,
    told,
)
from bot.permits.papers.words import paper_words

if TYPE_CHECKING:
    from bot.permits.facts import Facts
    from bot.permits.papers.outline import Deadline
    from bot.permits.papers.words import PaperWords
    from bot.permits.plan import Plan

_DOMAIN = "neuvokas"
# Letters and digits only, so that a UID can hold nothing but itself.
_UID = re.compile(r"[A-Za-z0-9._-]{1,100}")
# SEQUENCE is a whole number below 2^31 (RFC 5545, 3.8.7.4); counted from here, seconds last to 2088.
_FIRST_SEQUENCE = datetime(2020, 1, 1, tzinfo=UTC)
_LAST_SEQUENCE = 2**31 - 1
# An all-day event begins at midnight; nine in the morning, seven days and one day before.
_REMINDERS = (timedelta(days=-7, hours=9), timedelta(days=-1, hours=9))
_DAY = timedelta(days=1)

# Finland's clocks, from the EU's summer time directive 2000/84/EC.
_HELSINKI = """BEGIN:VTIMEZONE
TZID:Europe/Helsinki
BEGIN:STANDARD
DTSTART:19961027T040000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
TZNAME:EET
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19970330T030000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
TZNAME:EEST
END:DAYLIGHT
END:VTIMEZONE
"""


def plan_ics(plan: Plan, facts: Facts, locale: str, *, uid: str) -> bytes:
    """Return the plan as a calendar: the event itself and an all-day event for each deadline.

    `uid` names the event and stays the same when it is planned again: then the UIDs are the same
    too, and DTSTAMP and SEQUENCE, which follow the moment of the plan, let a calendar that is
    given the file again move what it has. A hard limit stands on its last working day. A duty's
    main deadline has the UID `{duty}-{uid}@neuvokas`, a recommended day beside a hard limit
    `{duty}-recommended-{uid}@neuvokas`. Without any dates the calendar is empty but valid.

    Raises:
        DataError: There are no texts in that locale.
        ValueError: `uid` is anything but 1–100 ASCII letters, digits, dots, dashes, underscores.
    """
    if not _UID.fullmatch(uid):
        raise ValueError(f"uid must be letters, digits, '.', '_' or '-', not {uid!r}")
    words = paper_words(locale)
    calendar = Calendar()
    calendar.add("prodid", f"-//Neuvokas//Permit plan//{locale.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    name = words.phrase("calendar", "name")
    # The first name is the standard's (RFC 7986), the second is the one most calendars read.
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add_component(Timezone.from_ical(_HELSINKI))
    for event in _events(plan, facts, words, uid):
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _events(plan: Plan, facts: Facts, words: PaperWords, uid: str) -> list[Event]:
    found = deadlines(plan)
    with_hard = {one.duty.id for one in found if one.kind is Kind.HARD}
    events = [_the_event(plan, facts, words, uid)] if facts.moment("start") else []
    for one in found:
        is_beside = one.kind is Kind.RECOMMENDED and one.duty.id in with_hard
        name = f"{one.duty.id}-recommended" if is_beside else one.duty.id
        events.append(_deadline(one, plan, words, f"{name}-{uid}@{_DOMAIN}"))
    return events


def _the_event(plan: Plan, facts: Facts, words: PaperWords, uid: str) -> Event:
    event = _stamped(plan, f"event-{uid}@{_DOMAIN}")
    event.add("summary", event_name(facts, words) or words.phrase("notification", "event"))
    start, end = facts.moment("start"), facts.moment("end")
    event.add("dtstart", start)
    if end:
        event.add("dtend", end)
    where = [words.value(name, facts[name]) for name in ("place", "city") if name in facts]
    if where:
        event.add("location", words.guide.listed(where))
    lines = [f"{words.guide.label(name)}: {words.value(name, facts[name])}" for name in told(facts)]
    event.add("description", _text([*lines, words.phrase("calendar", "disclaimer")]))
    return event


def _deadline(deadline: Deadline, plan: Plan, words: PaperWords, uid: str) -> Event:
    duty = deadline.duty
    name = without_controls(duty.name)
    is_late = deadline.kind is Kind.HARD and duty.late
    event = _stamped(plan, uid)
    title = "late" if is_late else str(deadline.kind)
    event.add("summary", words.phrase("calendar", title, duty=name))
    event.add("dtstart", deadline.day)
    event.add("dtend", deadline.day + _DAY)
    # A day to remember leaves the rest of that day free.
    event.add("transp", "TRANSPARENT")
    lines = [call_now(duty, words)] if is_late else []
    if duty.hard:
        lines.append(words.phrase("duty", "hard", moment=words.moment(duty.hard)))
    lines += [
        f"{words.phrase('duty', label)}: {said}"
        for label, said in (
            ("to_whom", duty.authority),
            ("where", duty.where),
            ("fee", duty.fee),
            ("source", duty.source),
        )
    ]
    event.add("description", _text([*lines, words.phrase("calendar", "disclaimer")]))
    for before in _REMINDERS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", before)
        reminder = words.phrase("calendar", "reminder", duty=name, day=words.day(deadline.day))
        alarm.add("description", reminder)
        event.add_component(alarm)
    return event


def _stamped(plan: Plan, uid: str) -> Event:
    moment = plan.as_of.astimezone(UTC).replace(microsecond=0)
    seconds = int((moment - _FIRST_SEQUENCE).total_seconds())
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", moment)
    event.add("sequence", min(max(seconds, 0), _LAST_SEQUENCE))
    return event


def _text(lines: list[str]) -> str:
    return without_controls("\n".join(line for line in lines if line))
