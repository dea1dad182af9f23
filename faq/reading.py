"""Reads a book for learning: every utterance as words and concepts, with the entry it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from faq import features
from faq.training import Lesson
from faq.words import split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faq.book import Book
    from faq.features import Floats, Text
    from faq.words import Words


@dataclass
class Reading:
    """A book read once: its utterances side by side.

    Attributes:
        common: Words that say little in their language.
        entries: Ids in the order of their numbers; one number more stands for what none answers.
        classes: Each utterance's entry, by number.
        places: Each utterance's place in its entry's list.
        locales: Each utterance's language.
        spoken: By locale, each utterance cut into words.
    """

    entries: list[str]
    common: frozenset[str]
    texts: list[Text] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    locales: list[str] = field(default_factory=list)
    spoken: dict[str, list[list[str]]] = field(default_factory=dict)

    def lesson(self, meanings: Floats | None = None) -> Lesson:
        """Return what a matcher learns from."""
        return Lesson(
            self.texts,
            np.array(self.classes, np.int32),
            np.array(self.places, np.int32),
            np.array([crc32(text.encode()) for text in self.plain], np.uint32),
            len(self.entries),
            meanings,
            self.common,
        )

    def add(self, said: Iterable[str], locale: str, number: int, words: Words) -> None:
        """Add an entry's utterances in one language, each once."""
        place = 0
        for text in dict.fromkeys(said):
            found = features.read(text, words)
            if not found.words:
                continue
            self.texts.append(found)
            self.plain.append(text)
            self.classes.append(number)
            self.places.append(place)
            self.locales.append(locale)
            self.spoken.setdefault(locale, []).append(split(text))
            place += 1


def read(book: Book, words: Words) -> Reading:
    """Return a book made ready for learning."""
    reading = Reading(sorted(book.entries), words.common)
    for number, name in enumerate(reading.entries):
        texts = book.entries[name].texts
        for locale in sorted({*texts, *book.utterances}):
            own = (texts[locale].question, *texts[locale].phrasings) if locale in texts else ()
            said = book.utterances.get(locale, {}).get(name, ())
            reading.add((*own, *said), locale, number, words)
    for locale, said_outside in sorted(book.out_of_scope.items()):
        reading.add(said_outside, locale, len(reading.entries), words)
    return reading
