"""A queue as a form: how it is written there, and what is read from it; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from babel.units import format_unit

from bot.cleaning import cleaned
from bot.errors import TextMissing, TextTooLong
from bot.service import hours
from bot.service.routing import Rule, is_subject
from bot.texts import LANGUAGES, LOCALES, ZONE
from faq.book import Queue

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from multidict import MultiDictProxy

    from bot.texts import Texts
    from faq.book import Book, Hours

DAYS = range(7)
LONGEST_TITLE = 60
LONGEST_SUBJECT = 60
MOST_EXCEPTIONS = 200
MOST_MINUTES = 100_000
MOST_RULES = 100
# Nobody writes more than this into one field; the rest would only cost time.
LONGEST_FIELD = 20_000
_PERIOD = re.compile(r"(\d{1,2})(?:[.:](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[.:](\d{2}))?")
_FINNISH_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_CLOSED = frozenset({"", "-", "–", "—", "closed", "suljettu", "kiinni", "stängt", "stangt"})


@dataclass(frozen=True)
class QueueForm:
    """What stands in the fields of a queue's form, as it was written.

    Attributes:
        hours: One field a weekday, Monday first.
        exceptions: One day a line.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    hours: tuple[str, ...] = ("",) * 7
    exceptions: str = ""
    languages: tuple[str, ...] = LOCALES
    first_reply: str = ""
    resolve: str = ""
    fallback: str = ""


@dataclass(frozen=True)
class RuleForm:
    """What stands in the fields of one rule."""

    locale: str = ""
    subject: str = ""
    has_event: str = ""
    queue: str = ""


def written(queue: Queue, words: Texts) -> QueueForm:
    """Return how a queue is written into the form, in a reader's language."""
    closed = words.gettext("closed")
    return QueueForm(
        titles=dict(queue.titles),
        hours=tuple(periods_written(queue.hours[day], words) for day in DAYS),
        exceptions="\n".join(
            f"{_day_written(day, words)} {periods_written(queue.exceptions[day], words) or closed}"
            for day in sorted(queue.exceptions)
        ),
        languages=queue.languages,
        first_reply=_minutes_written(queue.first_reply),
        resolve=_minutes_written(queue.resolve),
        fallback=queue.fallback or "",
    )


def posted(form: MultiDictProxy[object]) -> QueueForm:
    """Return what somebody has written into a queue's form."""

    def one(name: str) -> str:
        return str(form.get(name, ""))[:LONGEST_FIELD]

    return QueueForm(
        titles={locale: one(f"title_{locale}") for locale in LOCALES},
        hours=tuple(one(f"hours_{day}") for day in DAYS),
        exceptions=one("exceptions"),
        languages=tuple(locale for locale in LOCALES if locale in form.getall("languages", [])),
        first_reply=one("first_reply"),
        resolve=one("resolve"),
        fallback=one("fallback"),
    )


def queue_of(
    id_: str, form: QueueForm, known: Collection[str], words: Texts, now: datetime
) -> tuple[Queue, dict[str, str]]:
    """Return the queue that was written, and by field what is wrong with it.

    The queue is of use only when nothing is wrong. Exceptions that have passed are left out.

    Args:
        known: Ids of the other queues, which may take what nobody here can read.
    """
    _ = words.gettext
    faults: dict[str, str] = {}
    queue = Queue(
        id_,
        {locale: _title(form, locale, faults, words) for locale in LOCALES},
        tuple(_hours(form.hours[day], f"hours_{day}", faults, words) for day in DAYS),
        form.languages,
        _exceptions(form.exceptions, faults, words, now.astimezone(ZONE).date()),
        _span(form.first_reply, "first_reply", faults, words),
        _span(form.resolve, "resolve", faults, words),
        form.fallback or None,
    )
    if not form.languages:
        faults["languages"] = _("Choose at least one language.")
    if form.fallback and (form.fallback not in known or form.fallback == id_):
        faults["fallback"] = _("Choose one of the other queues, or none.")
    if not any(name.startswith(("hours", "exceptions")) for name in faults):
        _check_promises(queue, now, faults, words)
    return queue, faults


def periods_written(periods: Hours, words: Texts) -> str:
    """Return opening periods as people write them: 9.00–12.00, 13.00–15.00; empty when closed."""
    return ", ".join(f"{words.clock(opens)}–{words.clock(closes)}" for opens, closes in periods)


def week_written(queue: Queue, words: Texts) -> list[str]:
    """Return a week's hours with like days together: Monday–Friday 9.00–15.00."""
    lines = []
    for periods, run in groupby(DAYS, key=lambda day: queue.hours[day]):
        days = list(run)
        if periods:
            name = words.weekday_name(days[0])
            if len(days) > 1:
                name = f"{name}–{words.weekday_name(days[-1])}"
            lines.append(f"{name} {periods_written(periods, words)}")
    return lines


def span_written(span: timedelta, words: Texts) -> str:
    """Return a span of opening time in hours and minutes: 18 hrs, 1 hr 30 mins."""
    whole, minutes = divmod(int(span.total_seconds()) // 60, 60)
    parts = [format_unit(whole, "hour", "short", locale=words.babel)] if whole else []
    if minutes:
        parts.append(format_unit(minutes, "minute", "short", locale=words.babel))
    return " ".join(parts)


def rules_of(
    forms: Collection[RuleForm], book: Book, words: Texts
) -> tuple[list[Rule], dict[str, str]]:
    """Return the rules that were written, and by field (`subject_2`) what is wrong with them."""
    _ = words.gettext
    rules, faults = [], {}
    for number, form in enumerate(forms):
        subject = " ".join(form.subject.split())
        if form.queue not in book.queues:
            faults[f"queue_{number}"] = _("Choose the queue that the tickets go to.")
        if len(subject) > LONGEST_SUBJECT or (subject and not is_subject(book, subject)):
            faults[f"subject_{number}"] = _("No answer's id and no topic begins with this.")
        if not (form.locale or subject or form.has_event):
            faults[f"locale_{number}"] = _(
                "Choose at least one condition: this rule would take every ticket."
            )
        rules.append(
            Rule(
                form.queue,
                form.locale if form.locale in LANGUAGES else None,
                subject or None,
                {"yes": True, "no": False}.get(form.has_event),
            )
        )
    return rules, faults


def rule_written(rule: Rule) -> RuleForm:
    """Return how a rule is written into the form."""
    event = {True: "yes", False: "no", None: ""}[rule.has_event]
    return RuleForm(rule.locale or "", rule.subject or "", event, rule.queue)


def rules_posted(form: MultiDictProxy[object]) -> list[RuleForm]:
    """Return the rules as written, in the order of their numbers; removed and empty ones are left out."""
    found = []
    for index in range(MOST_RULES):
        if f"queue_{index}" not in form:
            break
        locale, subject, event, queue = (
            str(form.get(f"{name}_{index}", ""))[:200]
            for name in ("locale", "subject", "event", "queue")
        )
        rule = RuleForm(
            locale if locale in LANGUAGES else "",
            subject,
            event if event in {"yes", "no"} else "",
            queue,
        )
        if not form.get(f"remove_{index}") and rule != RuleForm():
            found.append((_place(str(form.get(f"order_{index}", "")), index + 1), rule))
    return [rule for _key, rule in sorted(found, key=lambda item: item[0])]


def _place(text: str, was: int) -> tuple[int, int]:
    """Return what sorts a rule: its place; moved up, it goes before the one that is there, else after."""
    place = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else was  # noqa: PLR2004 - no list is so long
    return place, (place > was) - (place < was)


def _title(form: QueueForm, locale: str, faults: dict[str, str], words: Texts) -> str:
    _ = words.gettext
    try:
        return " ".join(cleaned(form.titles.get(locale, ""), LONGEST_TITLE).split())
    except TextMissing:
        faults[f"title_{locale}"] = _("Write the queue's name in this language.")
    except TextTooLong:
        faults[f"title_{locale}"] = words.ngettext(
            "The name may have at most {limit} character.",
            "The name may have at most {limit} characters.",
            LONGEST_TITLE,
        ).format(limit=LONGEST_TITLE)
    return ""


def _hours(text: str, name: str, faults: dict[str, str], words: Texts) -> Hours:
    periods = _periods(text)
    if periods is None:
        faults[name] = words.gettext(
            "Write hours such as 9.00–15.00, several with a comma between; leave it empty when closed."
        )
    return periods or ()


def _periods(text: str) -> Hours | None:
    """Return the opening periods in a text, earliest first; None when it cannot be read."""
    found = []
    for part in re.split(r"[,;]", text.strip()) if text.strip() else ():
        match = _PERIOD.fullmatch(part.strip())
        if not match:
            return None
        numbers = [int(group or 0) for group in match.groups()]
        try:
            opens, closes = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
        except ValueError:
            return None
        if opens >= closes:
            return None
        found.append((opens, closes))
    found.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(found)):
        return None
    return tuple(found)


def _exceptions(text: str, faults: dict[str, str], words: Texts, today: date) -> dict[date, Hours]:
    """Return the exceptions of today and later; the first line that cannot be read is the fault."""
    _ = words.gettext
    found: dict[date, Hours] = {}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        first, _space, rest = line.partition(" ")
        day, rest = _day(first), rest.strip()
        periods = () if rest.casefold() in _CLOSED else _periods(rest)
        if day is None or periods is None:
            faults["exceptions"] = _(
                "This line cannot be read: “{line}”. Write a day and its hours, such as"
                " 31.12.2026 9.00–12.00, or only the day when it is closed."
            ).format(line=line[:60])
            return {}
        if day in found:
            faults["exceptions"] = _("This day is there twice: {day}.").format(
                day=_day_written(day, words)
            )
            return {}
        found[day] = periods
    kept = {day: found[day] for day in sorted(found) if day >= today}
    if len(kept) > MOST_EXCEPTIONS:
        faults["exceptions"] = words.ngettext(
            "There may be at most {limit} day.",
            "There may be at most {limit} days.",
            MOST_EXCEPTIONS,
        ).format(limit=MOST_EXCEPTIONS)
    return kept


def _day(text: str) -> date | None:
    finnish = _FINNISH_DAY.fullmatch(text)
    try:
        if finnish:
            return date(int(finnish[3]), int(finnish[2]), int(finnish[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_written(day: date, words: Texts) -> str:
    return day.isoformat() if words.locale == "en" else f"{day.day}.{day.month}.{day.year}"


def _span(text: str, name: str, faults: dict[str, str], words: Texts) -> timedelta | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10) or not (  # noqa: PLR2004 - an int64 holds it
        0 < int(text) <= MOST_MINUTES
    ):
        faults[name] = words.gettext(
            "Write minutes as a whole number from 1 to {limit}, or leave it empty."
        ).format(limit=MOST_MINUTES)
        return None
    return timedelta(minutes=int(text))


def _check_promises(queue: Queue, now: datetime, faults: dict[str, str], words: Texts) -> None:
    """Note promises that the hours cannot keep: a queue that never opens, spans longer than a year."""
    _ = words.gettext
    too_long = _("The queue is not open for so long within a year.")
    if hours.next_open(queue, now) is None:
        faults["hours_0"] = _("Write the hours of at least one day: tickets would wait for ever.")
        return
    if "first_reply" not in faults and hours.answer_by(queue, now) is None:
        faults["first_reply" if queue.first_reply else "hours_0"] = (
            too_long if queue.first_reply else _("Write at least one opening of an hour or more.")
        )
    if queue.resolve is not None:
        if hours.resolve_by(queue, now) is None:
            faults["resolve"] = too_long
        elif queue.first_reply and queue.resolve < queue.first_reply:
            faults["resolve"] = _("This is less than the time for the first reply.")


def _minutes_written(span: timedelta | None) -> str:
    return "" if span is None else str(int(span.total_seconds()) // 60)
