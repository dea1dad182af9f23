"""Plain forms of what people type, for comparing: pure functions from text to text."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import snowballstemmer

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longer texts are compared by their beginning: a question stands there, and time stays bounded.
READ_CHARACTERS = 2_000
_STEMMERS = {"fi": "finnish", "sv": "swedish", "en": "english"}
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Return the text in lower case, its words separated by one space, punctuation left out."""
    normal = unicodedata.normalize("NFKC", text[:READ_CHARACTERS]).casefold()
    return " ".join(_WORD.findall(normal.replace("'", "").replace("’", "")))


def dotless(text: str) -> str:
    """Return the text without dots, rings and accents, as people write on foreign keyboards."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def stems(text: str, locale: str) -> Sequence[str]:
    """Return the stems of a plain text's words, in order."""
    return [_stem(word, locale) for word in text.split()]


@cache
def _stemmer(locale: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(_STEMMERS[locale])


# People's words are endless; the commonest stay.
@lru_cache(maxsize=50_000)
def _stem(word: str, locale: str) -> str:
    return str(_stemmer(locale).stemWord(word))
