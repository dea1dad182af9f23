"""Texts as vectors."""

from __future__ import annotations

import numpy as np

from faq import features
from faq.features import Text


def said(*words: str) -> Text:
    return Text(words, ())


TEXTS = [said("missä", "kirjasto"), said("maksu", "myöhässä")]


def weight_of(word: str, common: tuple[str, ...]) -> float:
    """Return what a word weighs beside another of the same book, each said once."""
    space, _ = features.fit(TEXTS, each=1, common=common)
    vector = space.vector(said("missä", "kirjasto"))
    number = space.number[features.grams([word])[0]]
    return float(vector.values[vector.indices == number][0])


def test_a_word_common_in_its_language_says_less() -> None:
    assert weight_of("missä", common=()) == weight_of("kirjasto", common=())
    assert weight_of("missä", common=("missa",)) < 0.8 * weight_of("kirjasto", common=("missa",))


def test_a_vector_is_in_order_and_of_length_one() -> None:
    space, rows = features.fit(TEXTS, each=1)
    for text, row in zip(TEXTS, rows, strict=True):
        vector = space.vector(text)
        assert (np.diff(vector.indices) > 0).all()
        told = np.zeros(len(space), np.float32)
        told[vector.indices] = vector.values
        assert np.allclose(told, row.toarray().ravel(), atol=1e-6)
        assert vector.unknown == 0


def test_a_text_of_unknown_words() -> None:
    space, _ = features.fit(TEXTS, each=1)
    vector = space.vector(said("xyzq"))
    assert vector.unknown == 1
    assert len(vector.indices) == 0 or np.isfinite(vector.values).all()
