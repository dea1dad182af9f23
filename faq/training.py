"""Makes a searchable index of a book, and a calibration from the book's own utterances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from faq import calibration, classifier, features, index
from faq.calibration import Calibration, Case
from faq.prior import prior_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faq.classifier import Keys
    from faq.features import FeatureSpace, Floats, Ints, Text
    from faq.index import Index
    from faq.language import LanguageModel

FOLDS = 4
LARGE = 6_000  # above this one part is held out, not each in turn
HUGE = 20_000  # above this a feature must be in three utterances
HELD_OUT = 8  # the one part is an eighth
CASES = 1_600
LARGE_CASES = 1_800
WEIGHTS = 30_000_000  # features x entries: 60 MB
NEAR_MISSES = 0.25  # share of the cases whose own entry is hidden: what the book does not have
LARGE_NEAR_MISSES = 0.1  # a large book has sentences that no entry answers, which tell more
ENOUGH = 40
# A book of many utterances hardly needs the prior's word; docs/matching.md, "Calibration".
LARGE_TRUST = 10.0
# What no entry answers is a small part of a book, and weighs here as if it were half of it, if it can.
MOST_OUTSIDE = 6.0


@dataclass(frozen=True)
class Lesson:
    """The utterances of a book: each with its entry's number and its place in the entry's list."""

    texts: Sequence[Text]
    classes: Ints
    places: Ints
    keys: Keys  # the same for the same words, in every book
    count: int
    meanings: Floats | None = None
    common: frozenset[str] = frozenset()  # words that say little in their language


@dataclass(frozen=True)
class Trained:
    """What training gives, and the cache keeps."""

    index: Index
    calibration: Calibration
    language: LanguageModel


def epochs(size: int) -> float:
    """Return how often the classifier goes through the utterances; measured, see matching.md."""
    return 12 if size < classifier.LARGE else 2.5


def train(lesson: Lesson, language: LanguageModel) -> Trained:
    """Train on all utterances, and calibrate on parts of them that were held out in turn."""
    size = len(lesson.texts)
    space, rows = space_of(lesson)
    cases, start = _cases(lesson, space, rows)
    all_rows = np.arange(size)
    used = choose(lesson, rows, all_rows)
    full = index.train(space, used, epochs(size) / 2 if start is not None else epochs(size), start)
    prior = prior_for(_each(lesson))
    full.weights = full.weights.astype(np.float16)
    trust = LARGE_TRUST if size > LARGE else calibration.TRUST
    fitted = calibration.fit(cases if len(cases) >= ENOUGH else (), prior, trust)
    return Trained(full, fitted, language)


def _each(lesson: Lesson) -> float:
    return float((lesson.classes < lesson.count).sum()) / max(1, lesson.count)


def space_of(lesson: Lesson) -> tuple[FeatureSpace, features.Matrix]:
    """Return the features of a lesson's utterances, and their vectors, a row each."""
    size = len(lesson.texts)
    rarest = 1 if size < classifier.LARGE else 2 if size < HUGE else 3
    most = WEIGHTS // max(1, lesson.count)
    return features.fit(lesson.texts, _each(lesson), rarest, most, lesson.common)


def choose(
    lesson: Lesson, rows: features.Matrix, chosen: np.typing.NDArray[np.int64]
) -> index.Utterances:
    """Return some of a lesson's utterances, by number, in the order of their entries."""
    meanings = None if lesson.meanings is None else lesson.meanings[chosen]
    plain = [lesson.texts[i].plain for i in chosen]
    return index.in_order(
        rows[chosen], lesson.classes[chosen], lesson.keys[chosen], plain, lesson.count, meanings
    )


def _cases(
    lesson: Lesson, space: FeatureSpace, rows: features.Matrix
) -> tuple[list[Case], Floats | None]:
    """Return calibration cases, and weights to go on from when only one part was held out.

    Parts go by the place in the list, so that translations of one sentence stay together.
    """
    size = len(lesson.texts)
    large = size > LARGE
    parts = HELD_OUT if large else FOLDS
    part = lesson.places % parts
    near_misses = LARGE_NEAR_MISSES if large else NEAR_MISSES
    outside = _weight_outside(lesson)
    cases: list[Case] = []
    start = None
    for turn in range(1 if large else parts):
        held, kept = np.flatnonzero(part == turn), np.flatnonzero(part != turn)
        still = np.bincount(lesson.classes[kept], minlength=lesson.count + 1) > 0
        held = held[still[lesson.classes[held]]]
        if len(held) == 0 or still[: lesson.count].sum() < 2:
            continue
        drawn = classifier.drawn(lesson.keys, turn)
        held = held[np.argsort(drawn[held], kind="stable")]
        held = held[: LARGE_CASES if large else CASES // parts]
        is_hidden = classifier.drawn(lesson.keys, parts + turn) < near_misses * 2**32
        partial = index.train(space, choose(lesson, rows, kept), epochs(size))
        if large:
            start = partial.weights
        for i in held:
            if lesson.classes[i] == lesson.count:
                cases.append(_case(partial, lesson, space, int(i), weight=outside))
                continue
            cases.append(_case(partial, lesson, space, int(i)))
            if is_hidden[i]:
                cases.append(_case(partial, lesson, space, int(i), hidden=True))
    return cases, start


def _weight_outside(lesson: Lesson) -> float:
    """Return how many cases each sentence counts for that no entry answers."""
    outside = int((lesson.classes == lesson.count).sum())
    return min(MOST_OUTSIDE, (len(lesson.classes) - outside) / max(1, outside))


def _case(
    index: Index,
    lesson: Lesson,
    space: FeatureSpace,
    i: int,
    weight: float = 1.0,
    hidden: bool = False,
) -> Case:
    """Return what the index finds for an utterance; `hidden` makes as if its entry were not there."""
    text, own = lesson.texts[i], int(lesson.classes[i])
    meaning = None if lesson.meanings is None else lesson.meanings[i]
    without = own if hidden else -1
    evidence = index.evidence(space.vector(text), text, meaning, without)
    return Case(evidence, -1 if hidden or own == lesson.count else own, weight)
