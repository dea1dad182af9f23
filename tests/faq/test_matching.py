"""The matcher on sentences it has never seen, and on whatever else people type."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from faq import book
from faq.matching import Decision, Matcher

HERE = Path(__file__).parent


# What no entry answers may also be told kindly that the service does not answer it.
REFUSALS = {None, "off-topic"}
# Right first and among three, by language; see docs/matching.md for what was measured.
GATES = [("fi", 0.94, 0.985), ("sv", 0.93, 0.985), ("en", 0.93, 0.98)]
MOST_WRONG = 0.015
MOST_OUTSIDE = 0.035
FEWEST_ANSWERED = 0.6


@pytest.fixture(scope="module")
def matcher(town):
    return town.matcher


def held_out(locale):
    """Return (sentence, right entries) pairs of a language; none is right for `nothing`."""
    pairs = []
    for path in sorted((HERE / locale).glob("*.yaml")):
        for entry, sentences in yaml.safe_load(path.read_text()).items():
            right = set() if entry == "nothing" else set(entry.split(" or "))
            pairs += [(sentence, right) for sentence in sentences]
    return pairs


def test_there_is_enough_to_judge_by(town):
    """In each language: every entry three times or more, and two hundred and fifty that nothing fits."""
    for locale in book.LOCALES:
        asked = held_out(locale)
        assert len(asked) >= 1_200
        assert sum(not right for _, right in asked) >= 250
        named = set().union(*(right for _, right in asked))
        assert named <= set(town.book.entries)


@pytest.mark.parametrize(("locale", "first", "three"), GATES)
def test_held_out_messages(matcher, locale, first, three):
    """Enough messages find their entry, few get a wrong answer, and the language is right.

    One test for all of it, since matching thousands of messages takes a while.
    """
    judged = [(right, matcher.match(text, locale), text) for text, right in held_out(locale)]
    inside = [(right, match) for right, match, _ in judged if right]
    found = [(right, [c.entry for c in match.candidates]) for right, match in inside]
    assert sum(bool(right & set(entries[:1])) for right, entries in found) / len(found) >= first
    assert sum(bool(right & set(entries[:3])) for right, entries in found) / len(found) >= three

    wrong = [text for right, match, text in judged if match.entry not in (right | REFUSALS)]
    assert len(wrong) / len(judged) <= MOST_WRONG, wrong
    outside = [match for right, match, _ in judged if not right]
    assert sum(match.entry not in REFUSALS for match in outside) / len(outside) <= MOST_OUTSIDE
    assert sum(m.entry is not None for _, m in inside) / len(inside) >= FEWEST_ANSWERED

    plain = [(text, match) for right, match, text in judged if right and len(text.split()) > 2]
    for prior in book.LOCALES:
        # Telling the language is a tenth of matching; that both agree is seen in some messages.
        heard = [matcher.spoken(text, prior) for text, _ in plain]
        assert sum(spoken == locale for spoken in heard) / len(heard) >= 0.95, prior
        some = plain if prior == locale else [(t, matcher.match(t, prior)) for t, _ in plain[::20]]
        assert all(match.locale == matcher.spoken(text, prior) for text, match in some)


@pytest.mark.parametrize("text", ["ok", "Nordea", "Helsinki", "wifi", "12", "Teams", "👍"])
def test_an_ambiguous_word_switches_no_language(matcher, text):
    """One word that could be any language leaves the conversation in the language spoken."""
    for prior in book.LOCALES:
        assert matcher.match(text, prior).locale == prior


@pytest.mark.parametrize(
    "text", ["", " ", "?!", "🙂" * 50, "\0", "ж" * 30, "x" * 100_000, "a b " * 20_000]
)
def test_strange_text_is_refused_quietly(matcher, text):
    """Text without anything to match goes to a person, in bounded time and without an error."""
    assert matcher.match(text, "sv").decision is not Decision.ANSWER


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.sampled_from([None, "fi", "sv", "en"]))
def test_scores_are_ordered_and_bounded(matcher, text, locale):
    """Any text gives at most five candidates, best first, scored 0-1."""
    match = matcher.match(text, locale)
    scores = [candidate.score for candidate in match.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) <= 5
    assert all(0 <= score <= 1 for score in scores)
    assert match.locale in book.LOCALES


def test_own_question_is_found(matcher):
    """Each entry's own question, as the book words it, leads to the entry."""
    loaded = book.load(Path(book.__file__).parent)
    for entry in loaded.entries.values():
        for locale, text in entry.texts.items():
            assert matcher.match(text.question, locale).candidates[0].entry == entry.id


def test_tiny_book(tmp_path):
    """One entry in one language with one phrasing is a book."""
    (tmp_path / "sv").mkdir()
    (tmp_path / "entries.yaml").write_text(
        'a: {queue: "q", source: "https://a.example/", reviewed: 2026-11-21, missing: [fi, en]}\n'
    )
    (tmp_path / "sv/a.yaml").write_text('a: {question: "Var kan jag bada?", answer: "I havet."}\n')
    match = Matcher(book.load(tmp_path)).match("var kan man bada", None)
    assert match.candidates[0].entry == "a"
    assert match.locale == "sv"
