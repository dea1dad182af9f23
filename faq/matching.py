"""An utterance → ranked entries: spelling-tolerant comparison with every phrasing of the book."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from faq.language import LanguageGuess
from faq.words import dotless, plain, stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from faq.book import Book

# From this score on the answer is given, from that one on it is offered as a choice.
ANSWER_FROM = 0.48
SUGGEST_FROM = 0.30
# An answer must also lead the next entry by this much; two near equals become a choice.
CLEAR_LEAD = 0.06
CANDIDATES = 5
# So many entries, found by their letters, are compared closely.
_SHORTLIST = 12


class Decision(StrEnum):
    """What to do with the ranked entries."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ESCALATE = "escalate"


@dataclass(frozen=True)
class Candidate:
    """One entry and how well it fits, 0-1."""

    entry: str
    score: float


@dataclass(frozen=True)
class Match:
    """What the book has for an utterance.

    Attributes:
        candidates: Best first, five at most; empty when nothing is alike.
        locale: The language of the utterance.
    """

    decision: Decision
    candidates: tuple[Candidate, ...]
    locale: str
    parts: tuple[Match, ...] = ()

    @property
    def entry(self) -> str | None:
        """Return the entry to answer with; None unless the decision is to answer."""
        return self.candidates[0].entry if self.decision is Decision.ANSWER else None


class Matcher:
    """Finds entries for utterances; built once for a book, safe to share.

    Args:
        book: Its questions and phrasings are what utterances are compared with.
    """

    def __init__(self, book: Book) -> None:
        self._language = LanguageGuess(book)
        self._indexes = {
            locale: _Index(
                locale,
                [
                    (entry.id, line)
                    for entry in book.entries.values()
                    if locale in entry.texts
                    for line in (entry.texts[locale].question, *entry.texts[locale].phrasings)
                ],
            )
            for locale in sorted(
                {locale for entry in book.entries.values() for locale in entry.texts}
            )
        }

    def match(self, text: str, locale: str | None = None) -> Match:
        """Return the entries that fit, in the language of the text.

        Args:
            text: What the resident wrote; any text at all, also empty or very long.
            locale: The language spoken so far, kept unless the text is surely in another.
        """
        spoken = self._language.guess(text, locale) or locale or next(iter(self._indexes), "fi")
        index = self._indexes.get(spoken)
        candidates = tuple(index.best(text)) if index else ()
        return Match(_decide(candidates), candidates, spoken)


def _decide(candidates: tuple[Candidate, ...]) -> Decision:
    if not candidates or candidates[0].score < SUGGEST_FROM:
        return Decision.ESCALATE
    lead = candidates[0].score - (candidates[1].score if len(candidates) > 1 else 0)
    if candidates[0].score >= ANSWER_FROM and lead >= CLEAR_LEAD:
        return Decision.ANSWER
    return Decision.SUGGEST


class _Index:
    """One language's phrasings by their letters: cosine over character n-grams, then RapidFuzz."""

    def __init__(self, locale: str, lines: list[tuple[str, str]]) -> None:
        self._locale = locale
        self._entries = [entry for entry, _ in lines]
        self._stems = [" ".join(stems(plain(line), locale)) for _, line in lines]
        grams = [Counter(self._grams(line)) for _, line in lines]
        found_in = Counter(gram for counted in grams for gram in counted)
        self._idf = {gram: log((1 + len(lines)) / count) for gram, count in found_in.items()}
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, counted in enumerate(grams):
            for gram, weight in self._weights(counted).items():
                self._postings[gram].append((number, weight))

    def best(self, text: str) -> Iterator[Candidate]:
        """Yield entries, best first."""
        cosines: dict[int, float] = defaultdict(float)
        for gram, weight in self._weights(Counter(self._grams(text))).items():
            for number, other in self._postings.get(gram, ()):
                cosines[number] += weight * other
        of_entry: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for number, cosine in cosines.items():
            of_entry[self._entries[number]].append((cosine, number))
        nearest = sorted(((max(pairs), entry) for entry, pairs in of_entry.items()), reverse=True)
        said = " ".join(stems(plain(text), self._locale))
        scored = [
            Candidate(entry, self._score(said, sorted(of_entry[entry], reverse=True)[:4]))
            for _, entry in nearest[:_SHORTLIST]
        ]
        yield from sorted(scored, key=lambda candidate: -candidate.score)[:CANDIDATES]

    def _score(self, said: str, near: list[tuple[float, int]]) -> float:
        """Return 0-1 from an entry's nearest phrasings: mostly letters, then words in any order."""
        cosine = near[0][0]
        breadth = sum(value for value, _ in near) / len(near)
        words = max(fuzz.token_sort_ratio(said, self._stems[number]) for _, number in near) / 100
        return round(min(1.0, 0.55 * cosine + 0.2 * breadth + 0.25 * words), 4)

    def _grams(self, line: str) -> Iterable[str]:
        words = dotless(plain(line)).split()
        for word in (*words, *stems(" ".join(words), self._locale)):
            padded = f" {word} "
            for size in (2, 3, 4):
                for start in range(len(padded) - size + 1):
                    yield padded[start : start + size]

    def _weights(self, counted: Counter[str]) -> dict[str, float]:
        raw = {
            gram: (1 + log(count)) * self._idf[gram]
            for gram, count in counted.items()
            if gram in self._idf
        }
        # Letters the book has never seen still make the message longer, and so less alike.
        unseen = sum(1 for gram in counted if gram not in self._idf) * 4.0
        norm = sqrt(sum(weight * weight for weight in raw.values()) + unseen) or 1.0
        return {gram: weight / norm for gram, weight in raw.items()}
