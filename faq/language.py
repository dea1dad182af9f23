"""Tells which of the book's languages a message is written in, learnt from the book's own words."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING

from faq.words import plain

if TYPE_CHECKING:
    from faq.book import Book

_GRAM = 3
# Below this gain in log-probability over the resident's language a message does not switch it, by
# its number of words: one ambiguous word stays with the language spoken so far. Chosen on the book's
# own phrasings, where names such as "Nordea" gain up to 15 by chance.
SURE = {1: 16.0, 2: 7.0}
SURE_FROM_THREE_WORDS = 4.0


class LanguageGuess:
    """A naive Bayes guess over character trigrams.

    Args:
        book: Its questions, phrasings and answers are the training text.
    """

    def __init__(self, book: Book) -> None:
        counts: dict[str, Counter[str]] = {}
        for entry in book.entries.values():
            for locale, text in entry.texts.items():
                grams = counts.setdefault(locale, Counter())
                for line in (text.question, *text.phrasings, *text.answer.splitlines()):
                    grams.update(_grams(line))
        kinds = len(set().union(*counts.values())) or 1
        self._logs = {
            locale: {
                gram: log((count + 0.5) / (grams.total() + kinds / 2))
                for gram, count in grams.items()
            }
            for locale, grams in counts.items()
        }
        self._unseen = {
            locale: log(0.5 / (grams.total() + kinds / 2)) for locale, grams in counts.items()
        }

    def guess(self, text: str, prior: str | None = None) -> str | None:
        """Return the message's locale: the prior unless another one is surely meant.

        None when the text has no letters the book knows and there is no prior.
        """
        grams = _grams(text)
        known = [gram for gram in grams if any(gram in logs for logs in self._logs.values())]
        if not known:
            return prior
        scores = {
            locale: sum(logs.get(gram, self._unseen[locale]) for gram in known)
            for locale, logs in self._logs.items()
        }
        best = max(scores, key=lambda locale: scores[locale])
        sure = SURE.get(len(plain(text).split()), SURE_FROM_THREE_WORDS)
        if prior in scores and scores[best] - scores[prior] < sure:
            return prior
        return best


def _grams(text: str) -> list[str]:
    padded = f"  {plain(text)} "
    return [padded[i : i + _GRAM] for i in range(len(padded) - _GRAM + 1)]
