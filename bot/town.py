"""What a conversation knows of the town: its book and what finds answers in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from faq import book, matching

NAMES = {"helsinki": {"fi": "Helsinki", "sv": "Helsingfors", "en": "Helsinki"},
         "espoo": {"fi": "Espoo", "sv": "Esbo", "en": "Espoo"},
         "vantaa": {"fi": "Vantaa", "sv": "Vanda", "en": "Vantaa"}}  # fmt: skip
# Each city's own advice line, from its published contact details; checked 2026-11-21.
PHONES = {"helsinki": "09 310 11111", "espoo": "09 816 21", "vantaa": "09 839 11"}


@dataclass(frozen=True)
class Town:
    """One town's answers.

    Attributes:
        id: helsinki, espoo or vantaa.
    """

    id: str
    book: book.Book
    matcher: matching.Matcher

    @property
    def phone(self) -> str:
        """Return the number of the city's advice line, for whoever would rather call."""
        return PHONES[self.id]

    def name(self, locale: str) -> str:
        """Return the town's name in a language."""
        return NAMES[self.id][locale]


def cache_dir() -> Path:
    """Return where what the matcher has learnt is kept; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "neuvokas"


def town_from(folder: Path, town: str) -> Town:
    """Return a town with its book loaded and its matcher built, or fetched from the cache.

    Raises:
        BookError: The book cannot be used.
    """
    read = book.load(folder, town)
    return Town(town, read, matching.Matcher(read, cache_dir()))
