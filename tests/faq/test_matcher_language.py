"""Which language a message is in."""

from __future__ import annotations

import pytest

from faq.language import detect, learn
from faq.words import split, words

MODEL = learn({}, words())


@pytest.mark.parametrize(
    ("text", "chosen", "locale"),
    [
        ("Missä lähin kirjasto on auki tänään", None, "fi"),
        ("var är närmaste bibliotek öppet idag", None, "sv"),
        ("where is the nearest library open today", None, "en"),
        ("var är närmaste bibliotek öppet idag", "fi", "sv"),
        ("where is the nearest library", "sv", "en"),
        ("missa on lahin kirjasto", "en", "fi"),
        ("var ska ja gå", "sv", "sv"),
    ],
)
def test_sentences(text: str, chosen: str | None, locale: str) -> None:
    """A clear sentence is in its own language, whatever was chosen before."""
    assert detect(split(text), chosen, MODEL, words()) == locale


@pytest.mark.parametrize("word", ["maisa", "wifi", "on", "digi", "info", "pdf", "kontakt", "12345"])
@pytest.mark.parametrize("chosen", ["fi", "sv", "en"])
def test_one_word_changes_nothing(word: str, chosen: str) -> None:
    """One word that could be of any language leaves the chosen one."""
    assert detect(split(word), chosen, MODEL, words()) == chosen


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("puhun svenska", "sv"),
        ("in english please", "en"),
        ("på svenska tack", "sv"),
        ("suomeksi kiitos", "fi"),
    ],
)
def test_asking_for_a_language(text: str, locale: str) -> None:
    """Asking for a language is heard, in whatever language it is asked."""
    assert {detect(split(text), chosen, MODEL, words()) for chosen in ("fi", "sv", "en")} == {
        locale
    }


@pytest.mark.parametrize("chosen", ["fi", "sv", "en"])
@pytest.mark.parametrize("text", ["", "😀", "你好", "Привет"])
def test_no_letters_of_ours(text: str, chosen: str) -> None:
    """What says nothing about the language leaves the chosen one."""
    assert detect(split(text), chosen, MODEL, words()) == chosen
