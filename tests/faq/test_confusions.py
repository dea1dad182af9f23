"""What a book, taught without it, gives to another entry is found and named with its rival."""

from __future__ import annotations

from faq.confusions import confusions
from tests.faq.books import book

PRINT = [
    "print",
    "printer paper",
    "where to print",
    "printing a page",
    "print my ticket",
    "printout",
]
SWIM = ["swim", "swimming pool", "where to swim", "water and towels", "go for a swim", "pool"]


def test_what_stands_in_the_wrong_place():
    """A line that is like another entry's is told; where each is like its own, nothing is."""
    good = book({"print": {"en": PRINT}, "swim": {"en": SWIM}})
    assert not any(found.rival == "swim" for found in confusions(good))
    mixed = book({"print": {"en": [*PRINT, "swimming pool water"]}, "swim": {"en": SWIM}})
    [found] = [one for one in confusions(mixed) if one.rival == "swim"]
    assert (found.locale, found.entry, found.rival) == ("en", "print", "swim")
    assert found.text == "swimming pool water"
    assert 0.6 <= found.share <= 1


def test_a_book_of_one_entry_has_no_rivals():
    """With one entry, and with none, there is nothing to confuse."""
    assert confusions(book({"print": {"en": PRINT}})) == []
    assert confusions(book({})) == []
