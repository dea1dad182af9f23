"""A queue's form: what people write into it, and what is said about what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict, MultiDictProxy

from bot.texts import LOCALES, texts
from handlers.staff.queue_forms import (
    MOST_EXCEPTIONS,
    QueueForm,
    RuleForm,
    queue_of,
    rules_of,
    rules_posted,
    span_written,
    week_written,
    written,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Helsinki"))
EN = texts("en")
GOOD = QueueForm(
    titles={"fi": "Neuvonta", "sv": "Rådgivning", "en": "Advice"},
    hours=("9.00–15.00",) * 5 + ("", ""),
)
NINE_TO_THREE = ((time(9), time(15)),)


def read(form, words=EN):
    return queue_of("q", form, {"q", "general"}, words, NOW)


def with_hours(monday):
    return replace(GOOD, hours=(monday, *GOOD.hours[1:]))


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("9.00–15.00", NINE_TO_THREE), ("9-15", NINE_TO_THREE), (" 09:00 - 15:00 ", NINE_TO_THREE),
        ("9—15", NINE_TO_THREE), ("", ()), ("   ", ()),
        ("13-15, 9-12", ((time(9), time(12)), (time(13), time(15)))),
        ("9-12;12-15", ((time(9), time(12)), (time(12), time(15)))),
        ("0.00-23.59", ((time(0), time(23, 59)),)),
    ],
)  # fmt: skip
def test_hours(text, periods):
    """Hours are read however people write them, and put in order."""
    queue, faults = read(with_hours(text))
    assert faults == {}
    assert queue.hours[0] == periods


@pytest.mark.parametrize(
    "text",
    ["nine to three", "9", "15-9", "9-9", "9-25", "9.60-15", "9-12, 11-15", "9-12,,13-15", "9-15 x",
     "9--15", "٩-١٥x", "<script>", "9-15" * 1000, "-"],
)  # fmt: skip
def test_hours_that_cannot_be_read(text):
    """What is no hours is said at its own field."""
    _queue, faults = read(with_hours(text))
    assert set(faults) == {"hours_0"}


@pytest.mark.parametrize(
    ("text", "exceptions"),
    [
        ("", {}),
        ("31.12.2026 9-12", {date(2026, 12, 31): ((time(9), time(12)),)}),
        ("2026-12-31   9.00–12.00", {date(2026, 12, 31): ((time(9), time(12)),)}),
        ("31.12.2026", {date(2026, 12, 31): ()}),
        ("31.12.2026 suljettu\r\n1.2.2027 Stängt\n\n2.2.2027 closed", {
            date(2026, 12, 31): (), date(2027, 2, 1): (), date(2027, 2, 2): ()}),
        ("22.11.2026 9-12", {}),  # yesterday
        ("23.11.2026 9-12", {date(2026, 11, 23): ((time(9), time(12)),)}),  # today
    ],
)  # fmt: skip
def test_exceptions(text, exceptions):
    """Single days are read in both ways of writing a date; those that have passed are dropped."""
    queue, faults = read(replace(GOOD, exceptions=text))
    assert faults == {}
    assert queue.exceptions == exceptions


@pytest.mark.parametrize(
    "text",
    ["tomorrow 9-12", "31.2.2027 9-12", "31.12.2026 9-25", "31.12.26 9-12", "31.12.2026 9-12\n31.12.2026",
     "9-12", "31.12.2026 9-12 tai myöhemmin", "9999-99-99",
     "\n".join((date(2027, 1, 1) + timedelta(days=n)).isoformat() for n in range(MOST_EXCEPTIONS + 1))],
)  # fmt: skip
def test_exceptions_that_cannot_be_read(text):
    """A line that is no day with hours is named, and so are a day twice and too many days."""
    _queue, faults = read(replace(GOOD, exceptions=text))
    assert set(faults) == {"exceptions"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"titles": {"fi": "", "sv": "x", "en": "x"}}, "title_fi"),
        ({"titles": {"fi": "x", "sv": "\u200b ", "en": "x"}}, "title_sv"),
        ({"titles": {"fi": "x", "sv": "x", "en": "x" * 61}}, "title_en"),
        ({"titles": {"fi": "x", "sv": "x"}}, "title_en"),
        ({"languages": ()}, "languages"),
        ({"fallback": "q"}, "fallback"),
        ({"fallback": "gone"}, "fallback"),
        ({"first_reply": "0"}, "first_reply"),
        ({"first_reply": "-5"}, "first_reply"),
        ({"first_reply": "4 h"}, "first_reply"),
        ({"first_reply": "1.5"}, "first_reply"),
        ({"first_reply": "²"}, "first_reply"),
        ({"first_reply": "9" * 5000}, "first_reply"),
        ({"resolve": "100001"}, "resolve"),
        ({"first_reply": "240", "resolve": "239"}, "resolve"),
        ({"hours": ("",) * 7}, "hours_0"),
        ({"hours": ("9.00-9.59", *[""] * 6)}, "hours_0"),  # no opening of an hour
        ({"hours": ("9-10", *[""] * 6), "resolve": "9000"}, "resolve"),
        ({"hours": ("9-10", *[""] * 6), "first_reply": "9000"}, "first_reply"),
    ],
)  # fmt: skip
def test_what_cannot_be(change, field):
    """Each thing that cannot be is said at its own field, and only there."""
    _queue, faults = read(replace(GOOD, **change))
    assert set(faults) == {field}
    assert all(faults.values())


def test_everything_wrong_is_said_at_once():
    """Whoever corrects a form need not send it again and again to hear the next fault."""
    form = QueueForm({}, ("x",) * 7, "x", (), "x", "x", "x")
    _queue, faults = read(form)
    assert len(faults) == 3 + 7 + 5


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_written_is_read_back(town, locale):
    """The form of every queue of the book, in each language, gives the same queue when sent unchanged."""
    words = texts(locale)
    for queue in town.book.queues.values():
        full = replace(
            queue,
            exceptions={date(2026, 12, 31): ((time(9), time(12)),), date(2027, 1, 7): ()},
            first_reply=timedelta(minutes=90),
        )
        for one in (queue, full):
            form = written(one, words)
            assert queue_of(one.id, form, town.book.queues, words, NOW) == (one, {})


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=20))
def test_anything_typed_is_read_or_explained(hours, exceptions, minutes):
    """Whatever is typed into the fields is read or explained, never an error."""
    form = replace(with_hours(hours), exceptions=exceptions, first_reply=minutes, resolve=minutes)
    queue, faults = read(form)
    assert faults or queue.hours[1] == NINE_TO_THREE


def test_week_is_shown_with_like_days_together(town):
    """A week reads as people say it: like days together, closed ones left out."""
    queue = replace(
        town.book.queues["general"],
        hours=(NINE_TO_THREE,) * 3 + (((time(9), time(12)),), NINE_TO_THREE, (), ()),
    )
    assert week_written(queue, EN) == [
        "Monday–Wednesday 9:00–15:00", "Thursday 9:00–12:00", "Friday 9:00–15:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "locale", "shown"),
    [(1080, "en", "18 hrs"), (90, "en", "1 hr 30 mins"), (45, "fi", "45 min"), (1080, "fi", "18 t"), (61, "sv", "1 tim 1 min")],
)  # fmt: skip
def test_spans_are_shown_in_hours_and_minutes(minutes, locale, shown):
    """A span reads in hours and minutes, as each language abbreviates them."""
    assert span_written(timedelta(minutes=minutes), texts(locale)).replace("\xa0", " ") == shown


def form(*rules, **more):
    fields = MultiDict()
    for index, (locale, subject, event, queue) in enumerate(rules):
        for name, value in (
            ("locale", locale),
            ("subject", subject),
            ("event", event),
            ("queue", queue),
        ):
            fields[f"{name}_{index}"] = value
    fields.extend(more)
    return MultiDictProxy(fields)


A, B, C = ("fi", "", "", "a"), ("sv", "", "", "b"), ("en", "", "", "c")


@pytest.mark.parametrize(
    ("orders", "wanted"),
    [
        ({}, "abc"), ({"order_0": "1", "order_1": "2", "order_2": "3"}, "abc"),
        ({"order_0": "3"}, "bca"), ({"order_2": "1"}, "cab"), ({"order_1": "1"}, "bac"),
        ({"order_0": "2"}, "bac"), ({"order_0": "99"}, "bca"), ({"order_2": "0"}, "cab"),
        ({"order_0": "x", "order_1": "-1", "order_2": "²"}, "abc"), ({"order_1": "9" * 99}, "abc"),
        ({"remove_1": "1"}, "ac"),
    ],
)  # fmt: skip
def test_rules_are_ordered_by_their_places(orders, wanted):
    """A rule moves to the place written at it; what is no number moves nothing."""
    found = rules_posted(form(A, B, C, ("", "", "", ""), **orders))
    assert "".join(rule.queue for rule in found) == wanted


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (RuleForm("sv", "", "", ""), "queue_0"),
        (RuleForm("sv", "", "", "gone"), "queue_0"),
        (RuleForm("", "", "", "general"), "locale_0"),
        (RuleForm("", "no-such-entry", "", "general"), "subject_0"),
        (RuleForm("", "x" * 200, "", "general"), "subject_0"),
    ],
)
def test_rules_that_cannot_be(town, rule, field):
    """A rule needs a condition, a subject that exists and a queue; each is said at its field."""
    _rules, faults = rules_of([rule], town.book, EN)
    assert set(faults) == {field}


def test_rules_are_read(town):
    """A rule's conditions are what was chosen; what was left open asks for nothing."""
    rules, faults = rules_of(
        [RuleForm("sv", " digituki ", "no", "general"), RuleForm("", "", "yes", "events")],
        town.book,
        EN,
    )
    assert faults == {}
    assert [(r.locale, r.subject, r.has_event, r.queue) for r in rules] == [
        ("sv", "digituki", False, "general"), (None, None, True, "events"),
    ]  # fmt: skip


def test_bogus_choices_are_no_conditions():
    """A language or an answer that the form does not offer counts as not chosen."""
    (rule,) = rules_posted(form(("xx", "", "maybe", "general")))
    assert rule == RuleForm(queue="general")
