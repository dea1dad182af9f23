"""An utterance in; out come ranked entries, each with P(right), and a decision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from faq import cache, features, language, training
from faq.parts import halves
from faq.reading import read
from faq.words import LOCALES, fingerprint, split, words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from faq.book import Book
    from faq.encoder import Encoder
    from faq.training import Trained

# Chosen by the measurement recorded in docs/matching.md, "Thresholds"; the same in every language.
ANSWER = 0.85
SUGGEST = 0.3
GLIMPSE = 0.5  # the least share of the classifier for a half that is looked at closely
PART = 0.7  # each of two questions in one message must be at least this likely
SHOWN = 5


class Decision(StrEnum):
    """What to do with a message."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ESCALATE = "escalate"


@dataclass(frozen=True)
class Candidate:
    """One entry and the probability, 0 to 1, that it answers the message."""

    entry: str
    score: float


@dataclass(frozen=True)
class Match:
    """What a message matches: at most five candidates, best first.

    `locale` is the language of the message; `parts` holds a match for each of two questions.
    """

    decision: Decision
    candidates: tuple[Candidate, ...]
    locale: str
    parts: tuple[Match, ...] = ()

    @property
    def entry(self) -> str | None:
        """Return the entry to answer with; None unless the decision is to answer."""
        return self.candidates[0].entry if self.decision is Decision.ANSWER else None


@dataclass(frozen=True)
class _Heard:
    """A message or half of one, and what was read of it."""

    text: str
    said: features.Text
    vector: features.Vector


class Matcher:
    """Searches one book. Building takes seconds; from the cache, a fraction of one."""

    def __init__(
        self, book: Book, cache_dir: Path | None = None, encoder: Encoder | None = None
    ) -> None:
        """Learn the book, or fetch what was learnt from the cache, and keep it there."""
        self._words = words()
        self._encoder = encoder
        self._entries = sorted(book.entries)
        path = cache_dir / f"matcher-{self._key(book)}.npz" if cache_dir else None
        trained = cache.load(path) if path else None
        if trained is None:
            trained = self._learn(book)
            if path:
                cache.save(path, trained)
        self._trained: Trained = trained

    def match(self, text: str, locale: str | None = None) -> Match:
        """Return what the message matches; `locale` is the language the resident chose."""
        whole = self._one(self._hear(text), locale)
        if whole.decision is Decision.ESCALATE and not whole.candidates:
            return whole
        for halved in halves(text, self._words):
            heard = [self._hear(half) for half in halved]
            if not self._may_be_two(heard):
                continue
            first = self._one(heard[0], whole.locale)
            if not self._is_sure(first):
                continue
            second = self._one(heard[1], whole.locale)
            # Two questions only if the halves surely ask for different things.
            if self._is_sure(second) and first.candidates[0].entry != second.candidates[0].entry:
                parts = (first, second)
                return Match(Decision.SUGGEST, whole.candidates, whole.locale, parts)
        return whole

    def spoken(self, text: str, chosen: str | None = None) -> str:
        """Return the language of a message; `chosen` is the language the resident chose."""
        return language.detect(split(text), chosen, self._trained.language, self._words)

    def likely(self, text: str) -> dict[str, float]:
        """Return how well each language explains a text, in nats, the best being near 0."""
        scores = self._trained.language.scores(split(text))
        return dict(zip(LOCALES, map(float, scores), strict=True))

    def _hear(self, text: str) -> _Heard:
        said = features.read(text, self._words)
        return _Heard(text, said, self._trained.index.space.vector(said))

    def _may_be_two(self, halves: Iterable[_Heard]) -> bool:
        """Whether the classifier alone sees two things; most messages need no closer look."""
        seen = -1
        for half in halves:
            entry, share = self._trained.index.guess(half.vector)
            if share < GLIMPSE or entry == seen:
                return False
            seen = entry
        return True

    def _is_sure(self, half: Match) -> bool:
        return bool(half.candidates) and half.candidates[0].score >= PART

    def _one(self, heard: _Heard, chosen: str | None) -> Match:
        locale = self.spoken(heard.text, chosen)
        index = self._trained.index
        if not index.count or not len(heard.vector.indices):
            return Match(Decision.ESCALATE, (), locale)
        meaning = self._encoder.encode([heard.text[:1000]])[0] if self._encoder else None
        evidence = index.evidence(heard.vector, heard.said, meaning)
        scores = self._trained.calibration.probabilities(evidence)
        order = np.argsort(-scores, kind="stable")[:SHOWN]
        candidates = tuple(
            Candidate(self._entries[evidence.classes[i]], round(float(scores[i]), 4)) for i in order
        )
        return Match(
            self._decide(candidates, heard.said, int(evidence.classes[order[0]])),
            candidates,
            locale,
        )

    def _decide(
        self, candidates: tuple[Candidate, ...], read: features.Text, best: int
    ) -> Decision:
        if candidates[0].score >= ANSWER:
            return Decision.SUGGEST if self._is_bare(read, best) else Decision.ANSWER
        if sum(candidate.score for candidate in candidates[:3]) >= SUGGEST:
            return Decision.SUGGEST
        return Decision.ESCALATE

    def _is_bare(self, read: features.Text, best: int) -> bool:
        """Whether the message is one word that several entries share."""
        fillers = self._words.fillers
        telling = [word for word in read.words if word not in fillers] or list(read.words)
        return len(telling) == 1 and not self._trained.index.is_owner(best, telling[0])

    def _key(self, book: Book) -> str:
        parts = (
            book.digest,
            fingerprint(),
            str(cache.FORMAT),
            self._encoder.identity if self._encoder else "",
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def _learn(self, book: Book) -> Trained:
        reading = read(book, self._words)
        model = language.learn(reading.spoken, self._words)
        encoder = self._encoder
        meanings = encoder.encode(reading.plain) if encoder and reading.plain else None
        return training.train(reading.lesson(meanings), model)
