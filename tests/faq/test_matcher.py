"""What a resident writes, and which entry it finds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faq.matching import ANSWER, SHOWN, Decision, Matcher
from tests.faq.books import TINY, TOWN, Book, book


@pytest.fixture(scope="module")
def small_town() -> Matcher:
    """Return a matcher of a small town's book."""
    return Matcher(TOWN)


def first(matcher: Matcher, text: str, locale: str | None = "fi") -> str:
    """Return the entry found first."""
    return matcher.match(text, locale).candidates[0].entry


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("missä voi tulostaa lomakkeita", "print"),
        ("MISSÄ VOIN TULOSTAA", "print"),
        ("missa voin tulostaa", "print"),
        ("mis mä voin tulostaa", "print"),
        ("tullostaa misä", "print"),
        ("en paase maisaan", "maisa"),
        ("Majsaan kirjautuminen", "maisa"),
        ("votsäp ei toimi", "whatsapp"),
        ("mun vatsap hävis", "whatsapp"),
        ("passini vanheni", "passport"),
        ("onko passihakemukset netissä", "passport"),
    ],
)
def test_finnish_as_written(small_town: Matcher, text: str, entry: str) -> None:
    """Inflection, spoken forms, missing dots, typing errors and names as heard are understood."""
    assert first(small_town, text) == entry


@pytest.mark.parametrize(
    ("text", "entry", "locale"),
    [
        ("var sku ja kunna skriva ut nåt", "print", "sv"),
        ("ja kommer int in i maisa", "maisa", "sv"),
        ("passet har gått ut", "passport", "sv"),
        ("pls where is printer", "print", "en"),
        ("how make new passport", "passport", "en"),
        ("i cant login maisa", "maisa", "en"),
    ],
)
def test_other_languages(small_town: Matcher, text: str, entry: str, locale: str) -> None:
    """Finland's Swedish and learner's English find their entry, and the language is seen."""
    found = small_town.match(text, "fi")
    assert found.candidates[0].entry == entry
    assert found.locale == locale


def test_one_language_helps_another() -> None:
    """An entry taught only in English is found in Finnish, by the words that mean the same."""
    said = {
        "battery": {
            "en": ["The battery runs out quickly", "battery empty", "my phone needs charging"]
        },
        "library": {"en": ["Where is the library?", "library opening hours", "borrow books"]},
        "tram": {"en": ["Where do I buy a tram ticket?", "tram fare", "ticket for the tram"]},
    }
    assert first(Matcher(book(said)), "akku loppuu heti") == "battery"


@pytest.mark.parametrize("text", ["tulostus", "kortti", "kortti ei toimi"])
def test_a_shared_word_gets_a_choice(small_town: Matcher, text: str) -> None:
    """What several entries share is not answered by guessing."""
    found = small_town.match(text, "fi")
    assert found.decision is not Decision.ANSWER
    assert len(found.candidates) > 1


def test_two_questions(small_town: Matcher) -> None:
    """Each of two questions in one message is answered for."""
    found = small_town.match("Miten uusin passin? Ja missä voin tulostaa lomakkeen?", "fi")
    assert [part.candidates[0].entry for part in found.parts] == ["passport", "print"]


def test_one_question_stays_whole(small_town: Matcher) -> None:
    """A story around one question is not cut up."""
    text = "Hei, olen jo 84 ja vähän hidas. Missä voin tulostaa lomakkeen?"
    assert small_town.match(text, "fi").parts == ()


@pytest.mark.parametrize(
    "text", ["kuinka vanha maapallo on", "qwertyuiop", "Привет, как дела", "你好"]
)
def test_nothing_of_ours_is_answered(small_town: Matcher, text: str) -> None:
    """Off-topic, noise and other languages are not answered."""
    assert small_town.match(text, "fi").decision is not Decision.ANSWER


@pytest.mark.parametrize("text", ["", "   ", "???", "😀😀", "\x00", "\n\n"])
def test_nothing_said(small_town: Matcher, text: str) -> None:
    """A message without words goes to people, in the language the resident chose."""
    found = small_town.match(text, "sv")
    assert (found.decision, found.candidates, found.locale) == (Decision.ESCALATE, (), "sv")


def test_endless_message(small_town: Matcher) -> None:
    """A hundred thousand characters take no longer than a page."""
    for text in ("missä voin tulostaa ja " * 4_500, "x" * 100_000, "? " * 50_000):
        begun = time.process_time()
        small_town.match(text, "fi")
        assert time.process_time() - begun < 0.5


@given(st.text(max_size=300), st.sampled_from(["fi", "sv", "en", None]))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str, locale: str | None) -> None:
    """Whatever is written, the scores are probabilities, best first, of different entries."""
    found = TINY_MATCHER.match(text, locale)
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert sum(scores) <= 1.001
    assert len({candidate.entry for candidate in found.candidates}) == len(scores) <= SHOWN
    assert found.locale in ("fi", "sv", "en")
    assert not found.parts or len(found.parts) == 2
    if found.decision is Decision.ANSWER:
        assert scores[0] >= ANSWER


@given(
    st.sampled_from(["Where can I print?", "Is there free Wi-Fi?", "How do I renew my passport?"])
)
def test_case_and_space_do_not_matter(text: str) -> None:
    """Capital letters and more space change nothing."""
    plain = TINY_MATCHER.match(text, "en")
    assert TINY_MATCHER.match(f"  {text.upper()}  ", "en").candidates == plain.candidates


TINY_MATCHER = Matcher(TINY)


def test_tiny_book() -> None:
    """Three entries with one phrasing each are enough."""
    assert first(TINY_MATCHER, "where can i print this", "en") == "print"


@pytest.mark.parametrize(
    "empty",
    [
        Book({}),
        book({"only": {"fi": ["Missä?"]}}),
        book({"blank": {"fi": ["?!"]}, "print": {"fi": ["Missä voin tulostaa"]}}),
    ],
)
def test_hardly_a_book(empty: Book) -> None:
    """No entries, one entry, or an entry without words: a match all the same."""
    found = Matcher(empty).match("missä voin tulostaa", "fi")
    assert "blank" not in {candidate.entry for candidate in found.candidates}


def test_same_book_same_answer() -> None:
    """Building twice gives the same scores."""
    again = Matcher(TOWN)
    for text in ("missä voin tulostaa", "passi", "hello there"):
        assert again.match(text, "fi") == Matcher(TOWN).match(text, "fi")
