"""Plain forms of what people type, for comparing: pure functions from text to text."""

from __future__ import annotations

import re
import unicodedata

# Longer texts are compared by their beginning: a question stands there, and time stays bounded.
READ_CHARACTERS = 2_000
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Return the text in lower case, its words separated by one space, punctuation left out."""
    normal = unicodedata.normalize("NFKC", text[:READ_CHARACTERS]).casefold()
    return " ".join(_WORD.findall(normal.replace("'", "").replace("’", "")))


def dotless(text: str) -> str:
    """Return the text without dots, rings and accents, as people write on foreign keyboards."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
