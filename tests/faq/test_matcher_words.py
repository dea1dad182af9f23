"""The word files, and what they do to a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.words import LOCALES, LONGEST, fold, split, words


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Mä en tiiä", "minä en tiedä"),
        ("onks tää auki", "onko tämä auki"),
        ("paasenko oma kantaan", "paasenko omakantaan"),
        ("votsäpissä", "whatsappissä"),
        ("VOTSÄP", "whatsapp"),
        ("digi tuki", "digituki"),
        ("suomi.fi", "suomifi"),
        ("Wi-Fi", "wifi"),
        ("int kan ja", "inte kan ja"),
        ("messenger", "messenger"),
    ],
)
def test_rewriting(said: str, written: str) -> None:
    """Spoken forms, names as heard and split compounds are put right; the rest stays."""
    assert " ".join(words().rewrite(split(said))) == written


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("puhelimessa", "telefonen"),
        ("salasana", "password"),
        ("tulostaa", "printer"),
        ("räkning", "lasku"),
    ],
)
def test_same_concept(one: str, other: str) -> None:
    """Words that mean the same share a concept, whatever their language and ending."""
    assert set(words().concepts([one])) & set(words().concepts([other]))


@given(st.text(max_size=3 * LONGEST))
def test_splitting(text: str) -> None:
    """Words are small letters and digits without space, and never more than fits."""
    found = split(text)
    assert all(word and not word.isspace() and " " not in word for word in found)
    assert sum(map(len, found)) <= LONGEST


@given(st.text())
def test_folding_twice(text: str) -> None:
    """Folding what is folded changes nothing."""
    assert fold(fold(text)) == fold(text)


def test_every_language_is_complete() -> None:
    """Each language says how it is known, how it is asked for and how questions are joined."""
    for locale in LOCALES:
        language = words().languages[locale]
        assert language.common
        assert language.asks_for
        assert language.joins
        assert language.fillers
