"""Into which queue a ticket goes: rules, the book, and who reads the language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from bot.service.routing import Case, Desk, Member, Rule, is_subject, route
from faq.book import Book, Entry, Queue

WEEK = (((time(9), time(15)),),) * 5 + ((), ())


def queue(id_, *languages, fallback=None):
    return Queue(id_, {}, WEEK, languages or ("fi", "sv", "en"), fallback=fallback)


def entry(id_, queue_, topic):
    return Entry(id_, queue_, "https://x", date(2026, 1, 1), None, (), (), False, {}, topic=topic)


BOOK = Book(
    {
        "digi-price": entry("digi-price", "digital", "digital-support"),
        "digi-place": entry("digi-place", "digital", "digital-support"),
        "fence": entry("fence", "events", "building"),
    },
    {
        "digital": queue("digital", fallback="general"),
        "events": queue("events", "fi", "en", fallback="swedish"),
        "general": queue("general"),
        "swedish": queue("swedish", "sv", fallback="events"),
    },
    "",
)


def member(queues, languages):
    return Member(frozenset(queues.split()), frozenset(languages.split()))


EVERYWHERE = member("digital events general swedish", "fi sv en")


@pytest.mark.parametrize(
    ("rules", "case", "wanted"),
    [
        ([], Case("fi", "digi-price"), "digital"),
        ([], Case("fi", "fence"), "events"),
        ([], Case("fi"), "general"),
        ([], Case("fi", "gone-from-the-book"), "general"),
        ([Rule("swedish", locale="sv")], Case("sv", "digi-price"), "swedish"),
        ([Rule("swedish", locale="sv")], Case("fi", "digi-price"), "digital"),
        ([Rule("general", subject="digi-p")], Case("fi", "digi-price"), "general"),
        ([Rule("general", subject="digi-pr")], Case("fi", "digi-place"), "digital"),
        ([Rule("general", subject="building")], Case("fi", "fence"), "general"),
        ([Rule("general", subject="support")], Case("fi", "digi-price"), "digital"),
        ([Rule("digital", subject="digi")], Case("fi"), "general"),
        ([Rule("events", has_event=True)], Case("fi", "digi-price", has_event=True), "events"),
        ([Rule("events", has_event=True)], Case("fi", "digi-price"), "digital"),
        ([Rule("events", has_event=False)], Case("fi", "digi-price"), "events"),
        ([Rule("swedish", "sv", "digi", True)], Case("sv", "digi-price", True), "swedish"),
        ([Rule("swedish", "sv", "digi", True)], Case("sv", "fence", True), "swedish"),  # fallback
        # The first one decides; one whose queue is gone decides nothing.
        ([Rule("general", "fi"), Rule("events", "fi")], Case("fi", "digi-price"), "general"),
        ([Rule("gone", "fi"), Rule("events", "fi")], Case("fi", "digi-price"), "events"),
    ],
)
def test_route(rules, case, wanted):
    """The first rule whose conditions all fit decides, then the answer's queue, then the general one."""
    routed = route(BOOK, rules, [EVERYWHERE], case)
    assert (routed.queue.id, routed.is_read) == (wanted, True)


@pytest.mark.parametrize(
    ("members", "case", "wanted", "is_read"),
    [
        # Nobody at all: it stays where it belongs, and that nobody reads it is said.
        ([], Case("sv", "digi-price"), "digital", False),
        ([], Case("fi"), "general", False),
        # Somebody in the queue knows the language.
        ([member("digital", "fi sv")], Case("sv", "digi-price"), "digital", True),
        # Nobody in it does, somebody in its fallback does.
        (
            [member("digital", "fi"), member("general", "sv")],
            Case("sv", "digi-price"),
            "general",
            True,
        ),
        # Nobody anywhere does.
        ([member("digital general", "fi en")], Case("sv", "digi-price"), "digital", False),
        # The queue does not serve Swedish, though somebody there knows it.
        ([member("events", "fi sv")], Case("sv", "fence"), "events", False),
        ([member("events swedish", "fi sv")], Case("sv", "fence"), "swedish", True),
        # The knowledge and the queue must be one person's.
        (
            [member("digital", "fi"), member("events", "sv")],
            Case("sv", "digi-price"),
            "digital",
            False,
        ),
    ],
)
def test_language(members, case, wanted, is_read):
    """A ticket goes where somebody reads its language, along the fallbacks; else it is said that nobody does."""
    routed = route(BOOK, [], members, case)
    assert (routed.queue.id, routed.is_read) == (wanted, is_read)


def lead(languages, queues=""):
    """A lead: one who has chosen no queue stands in where nobody works."""
    return replace(member(queues, languages), stands_in=not queues)


@pytest.mark.parametrize(
    ("members", "case", "wanted", "is_read"),
    [
        # One lead who has chosen nothing answers everything, in the languages they have.
        ([lead("fi en")], Case("fi", "digi-price"), "digital", True),
        ([lead("fi en")], Case("fi"), "general", True),
        ([lead("fi en")], Case("sv"), "general", False),
        ([lead("fi en"), lead("sv")], Case("sv"), "general", True),
        # A queue that does not serve the language is not served by a lead either.
        ([lead("fi sv")], Case("sv", "fence"), "swedish", True),
        # Where somebody works, leads who have not chosen the queue do not count.
        ([lead("fi sv"), member("general", "fi")], Case("sv"), "general", False),
        ([lead("fi sv", "general"), member("general", "fi")], Case("sv"), "general", True),
        # A ticket goes where people are before it goes to a lead who stands in.
        ([lead("fi"), member("general", "fi")], Case("fi", "digi-price"), "general", True),
        ([lead("sv"), member("general", "fi")], Case("sv", "digi-price"), "digital", True),
        # A lead who has chosen queues stands in nowhere.
        ([lead("fi", "events")], Case("fi"), "general", False),
    ],
)
def test_leads_stand_in(members, case, wanted, is_read):
    """Leads who have chosen no queue answer where nobody works, and nowhere else."""
    routed = route(BOOK, [], members, case)
    assert (routed.queue.id, routed.is_read) == (wanted, is_read)


@pytest.mark.parametrize("fallback", ["digital", "gone", None])
def test_fallbacks_end(fallback):
    """Fallbacks that lead nowhere, in a circle or to a queue that is gone end the search."""
    lone = replace(BOOK, queues={"digital": queue("digital", fallback=fallback)})
    routed = route(lone, [], [], Case("sv", "digi-price"))
    assert (routed.queue.id, routed.is_read) == ("digital", False)


def test_subjects():
    """A subject is what an entry's id or a topic begins with."""
    assert is_subject(BOOK, "digi")
    assert is_subject(BOOK, "build")
    assert not is_subject(BOOK, "rice")


def test_desk_goes_before_the_book(town):
    """What leads set replaces the book's queue of the same id and adds others; entries stay."""
    from bot.town import arranged  # noqa: PLC0415 - only here

    desk = Desk({"general": queue("general", "sv"), "own": queue("own")}, (Rule("own", "sv"),))
    now = arranged(town, desk)
    assert now.book.queues["general"].languages == ("sv",)
    assert list(now.book.queues) == [*town.book.queues, "own"]
    assert now.rules == desk.rules
    assert now.book.entries is town.book.entries
    assert town.book.queues["general"].languages == ("fi", "sv", "en")
