"""Finds utterances that a book, taught without them, gives to another entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from faq import features, index, training
from faq.book import OUT_OF_SCOPE
from faq.reading import read
from faq.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from faq.book import Book

FOLDS = 4
# The rival must be this sure, 0 to 1; below it, the utterance is only unlike the others.
SURE = 0.6


@dataclass(frozen=True, order=True)
class Confusion:
    """One utterance that is taken for another entry's.

    Attributes:
        entry: Where it stands.
        rival: Where it would go, `nothing` for what no entry answers.
        share: How sure the rival is, 0 to 1.
    """

    locale: str
    entry: str
    rival: str
    share: float
    text: str


def confusions(
    book: Book, progress: Callable[[Iterable[int]], Iterable[int]] = iter
) -> list[Confusion]:
    """Return the confused utterances by language and entry; takes as long as building four times.

    Args:
        progress: Wraps the rounds, for a bar.
    """
    known = words()
    reading = read(book, known)
    lesson = reading.lesson()
    names = [*reading.entries, OUT_OF_SCOPE]
    if lesson.count < 2:
        return []
    space, rows = training.space_of(lesson)
    part = lesson.places % FOLDS
    found = []
    for turn in progress(range(FOLDS)):
        kept, held = np.flatnonzero(part != turn), np.flatnonzero(part == turn)
        taught = index.train(space, training.choose(lesson, rows, kept), training.epochs(len(kept)))
        for i in map(int, held):
            rival, share = taught.guess(space.vector(features.read(reading.plain[i], known)))
            if rival not in (-1, reading.classes[i]) and share >= SURE:
                entry = names[reading.classes[i]]
                found.append(
                    Confusion(
                        reading.locales[i], entry, names[rival], round(share, 2), reading.plain[i]
                    )
                )
    return sorted(found)
