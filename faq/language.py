"""Which of the three languages a message is in, given the one the resident chose."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from faq.words import LOCALES, Words, fold, split, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

TAUGHT = 4_000  # utterances a language; more teach nothing new about its letters
# A chosen language counts as much as a few clear words; see matching.md, "Language".
CHOSEN = 3.0
ALONE = 4.5  # more when the message is a single word: names and "ok" belong to no language
FEWEST_LETTERS = 4  # fewer say nothing about a language
# So many words of one foreign language, and this share of a message, make it foreign.
FOREIGN_WORDS = 2
FOREIGN_SHARE = 0.3
HEARD = 40  # words of a message that are looked at
KEPT = 50_000  # words whose scores are remembered


def letters(word: str) -> list[str]:
    """Return the runs of one to four letters, dots kept and dropped both."""
    found: list[str] = []
    for form in {word, fold(word)}:
        padded = f" {form} "
        found.extend(padded[i : i + n] for n in (1, 2, 3, 4) for i in range(len(padded) - n + 1))
    return found


@dataclass
class LanguageModel:
    """How likely each run of letters is in each language."""

    number: dict[str, int]
    log_p: Floats  # runs x languages
    known: Mapping[str, Floats]  # whole words: log-odds of the languages
    _heard: dict[str, Doubles] = field(default_factory=dict)

    def scores(self, words: Sequence[str]) -> Doubles:
        """Return how well each language explains the words, in nats; equal when there are none."""
        total = np.zeros(len(LOCALES))
        for word in words[:HEARD]:
            score = self._heard.get(word)
            if score is None:
                score = self._score(word)
                if len(self._heard) < KEPT:
                    self._heard[word] = score
            total += score
        return total

    def _score(self, word: str) -> Doubles:
        total = np.zeros(len(LOCALES))
        if word.isdigit():
            return total
        runs = [self.number[run] for run in letters(word) if run in self.number]
        if runs:
            # Runs overlap, so they are not as many witnesses as they seem.
            piece = self.log_p[runs].sum(0) / max(2.0, len(runs) ** 0.5)
            total += np.maximum(piece - piece.max(), -4.0)
        whole = self.known.get(fold(word))
        return total if whole is None else total + whole


def learn(utterances: Mapping[str, Sequence[Sequence[str]]], words: Words) -> LanguageModel:
    """Return the model of the book's utterances (as words) and of the listed words."""
    counts: list[Counter[str]] = []
    whole: list[Counter[str]] = []
    for locale in LOCALES:
        of_words: Counter[str] = Counter()
        for text in utterances.get(locale, ())[:TAUGHT]:
            of_words.update(text)
        seen = Counter({fold(word): n for word, n in of_words.items()})
        listed = words.languages[locale].common
        seen.update({fold(word): max(3, len(of_words) // 1000) for word in listed})
        whole.append(seen)
        runs: Counter[str] = Counter()
        for word, n in of_words.items():
            for run in letters(word):
                runs[run] += min(n, 20)
        for word in listed:
            for run in letters(word):
                runs[run] += 5
        counts.append(runs)
    names = sorted({run for c in counts for run, n in c.items() if n > 1})
    number = {run: i for i, run in enumerate(names)}
    table = np.array([[c[run] for c in counts] for run in names], np.float32) + 0.5
    total = table.sum(0)
    share = table / total
    log_p = np.log(share / share.mean(1, keepdims=True)).astype(np.float32)
    sizes = np.array([max(sum(w.values()), 1) for w in whole], np.float32)
    known = {}
    for word in {word for w in whole for word, n in w.items() if n >= 3}:
        rate = (np.array([w[word] for w in whole], np.float32) + 0.3) / (sizes + 1)
        odds = np.log(rate / rate.max())
        known[word] = np.clip(odds, -3.0, 0.0).astype(np.float32)
    return LanguageModel(number, log_p, known)


def detect(words: Sequence[str], chosen: str | None, model: LanguageModel, lists: Words) -> str:
    """Return the language of the message; one doubtful word never changes the chosen one."""
    text = f" {' '.join(words)} "
    asked = [
        locale
        for locale in LOCALES
        if any(f" {phrase} " in text for phrase in lists.languages[locale].asks_for)
    ]
    if len(asked) == 1:
        return asked[0]
    scores = model.scores(words)
    if chosen in LOCALES:
        home = LOCALES.index(chosen)
        scores[home] += CHOSEN + (ALONE if len(words) == 1 else 0.0)
    best = int(scores.argmax())
    return LOCALES[best]


def is_foreign(text: str) -> bool:
    """Return whether a message is plainly in a language that we do not speak."""
    letters_of = [sign for sign in text if sign.isalpha()]
    latin = sum(unicodedata.name(sign, "").startswith("LATIN") for sign in letters_of)
    if len(letters_of) >= FEWEST_LETTERS and latin < len(letters_of) / 2:
        return True
    return _has_foreign_words([_bare(word) for word in split(text)[:HEARD]], words())


def _has_foreign_words(plain: Sequence[str], lists: Words) -> bool:
    """Return whether small words of one foreign language are many; those of ours are no witnesses."""
    ours = sum(word in lists.common for word in plain)
    for foreign in lists.foreign:
        seen = [word for word in plain if word in foreign and word not in lists.common]
        enough = len(set(seen)) >= FOREIGN_WORDS and len(seen) >= FOREIGN_SHARE * len(plain)
        if enough and len(seen) >= ours:
            return True
    return False


def _bare(word: str) -> str:
    """Return a word without any marks on its letters; Turkish has an i without its dot."""
    parts = unicodedata.normalize("NFKD", word.replace("ı", "i"))
    return fold("".join(sign for sign in parts if not unicodedata.combining(sign)))
