"""Ranks the entries of a book for one message and says what speaks for each of the best."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from rapidfuzz import fuzz, process

from faq import classifier
from faq.features import WORDS, FeatureSpace, Floats, Ints, Text, Vector, grams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faq.classifier import Keys

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

CANDIDATES = 8  # as good as twelve, and a third quicker
FUZZY = 6
SMOOTH = 3.0  # how many utterances of the whole book an entry is mixed with in naive Bayes
HIDDEN = -1e9  # the logit of an entry that must not be found
KEPT = 24  # features kept of each utterance for the nearest-utterance signals
COMPARED = 3  # pieces, words, and concepts with their pairs, each compared on its own
ALIKE = 6
OWNED = 0.6

SIGNALS = (
    "classifier",
    "nearest",
    "pieces",
    "words",
    "concepts",
    "centre",
    "bayes",
    "covered",
    "fuzzy",
    "similar",
)
ASIDES = (
    "best",
    "lead",
    "spread",
    "nearest",
    "unknown",
    "length",
    "entries",
    "off topic",
    "covered",
    "agree",
    "fuzzy",
    "pieces",
    "words",
    "concepts",
    "strength",
    "similar",
    "rejected",
)
NO_OFF_TOPIC = -4.0


@dataclass(frozen=True)
class Evidence:
    """The best entries for one message, best first by the classifier, and the signals for each."""

    classes: Ints
    signals: Doubles  # candidates x SIGNALS
    asides: Doubles  # about the message as a whole, ASIDES


@dataclass(frozen=True)
class Utterances:
    """What a book is taught by: vectors in the order of their entries, and the same as text."""

    rows: sp.csr_matrix
    classes: Ints
    keys: Keys  # as in classifier.train
    texts: tuple[str, ...]
    count: int  # entries; class `count` is what no entry answers
    meanings: Floats | None = None  # a sentence encoder's vectors, one a row


def in_order(
    rows: sp.csr_matrix,
    classes: Ints,
    keys: Keys,
    texts: Sequence[str],
    count: int,
    meanings: Floats | None = None,
) -> Utterances:
    """Return the utterances sorted by entry."""
    order = np.argsort(classes, kind="stable")
    rows = rows[order]
    rows.sort_indices()
    return Utterances(
        rows, classes[order], keys[order], tuple(texts[i] for i in order), count,
        None if meanings is None else meanings[order],
    )  # fmt: skip


@dataclass
class Index:
    """One book, ready to be searched."""

    space: FeatureSpace
    count: int
    weights: Floats  # features x classes
    ends: Longs  # where each class begins among the utterances, and the end of the last
    texts: tuple[str, ...]
    # The utterances' strongest features: three rows each, of pieces, of words and of concepts.
    light: sp.csr_matrix
    sums: sp.csr_matrix  # features x classes: all utterances of a class together
    owner: Ints  # the class that uses a word most
    owned: Floats  # and the share of the word's utterances that are its own
    meanings: Floats | None = None

    def __post_init__(self) -> None:
        """Work out what follows from the rest."""
        self.taught = np.diff(self.ends)[: self.count] > 0
        self.has_off_topic = self.weights.shape[1] > self.count
        self.own = [
            _view(self.light, COMPARED * begin, COMPARED * end)
            for begin, end in pairwise(self.ends)
        ]
        # By feature: a message has a hundred features, of which each names few of these rows.
        outside = self.light[COMPARED * self.ends[self.count] :]
        whole_rows = (outside.data, outside.indices, outside.indptr[::COMPARED])
        self.outside = sp.csr_matrix(
            whole_rows, shape=(outside.shape[0] // COMPARED, len(self.space))
        ).tocsc()
        self.outside_sizes = np.diff(self.outside.indptr)

        squares = self.sums.multiply(self.sums).sum(0)
        length = np.sqrt(np.asarray(squares).ravel())
        self.sum_length = np.where(length > 0, length, 1).astype(np.float32)
        whole = np.asarray(self.sums.sum(1)).ravel() + 1e-3
        self.usual = (SMOOTH * whole / whole.sum()).astype(np.float32)
        mass = np.asarray(self.sums.sum(0)).ravel()
        self.unseen = np.log(SMOOTH / (mass + SMOOTH)).astype(np.float32)

    def evidence(
        self, vector: Vector, text: Text, meaning: Floats | None = None, without: int = -1
    ) -> Evidence:
        """Gather the signals; `without` leaves one entry out, as if the book did not have it."""
        logits = vector.values @ self.weights[vector.indices].astype(np.float32)
        if without >= 0:
            logits[without] = HIDDEN
        ours = np.where(self.taught, logits[: self.count], HIDDEN)
        k = min(CANDIDATES, int(self.taught.sum()) - (without >= 0 and bool(self.taught[without])))
        best = np.argpartition(-ours, k - 1)[:k] if 0 < k < self.count else np.arange(self.count)
        if meaning is not None and self.meanings is not None and k:
            best = np.union1d(best, self._alike(meaning, without))
            k = len(best)
        best = best[np.argsort(-ours[best], kind="stable")][:k]
        peak = float(logits.max()) if len(logits) else 0.0
        log_p = logits - peak - float(np.log(np.exp(logits - peak).sum()))
        signals = np.zeros((k, len(SIGNALS)))
        signals[:, 0] = log_p[best]
        if k:
            near = self._nearest(vector, best, signals)
            self._profile(vector, best, signals)
            self._fuzzy(text.plain, near, signals)
        if meaning is not None and self.meanings is not None:
            for j, c in enumerate(best):
                signals[j, 9] = float(
                    (self.meanings[self.ends[c] : self.ends[c + 1]] @ meaning).max()
                )
        # How far the best stands out from all: small for what no entry knows.
        known = ours[ours > HIDDEN]
        strength = float(known.max() - known.mean()) if k else 0.0
        asides = self._asides(log_p, best, signals, vector, text, strength)
        return Evidence(best.astype(np.int32), signals, asides)

    def _alike(self, meaning: Floats, without: int) -> npt.NDArray[np.intp]:
        """Return the entries with the utterances most alike in meaning."""
        if self.meanings is None:
            raise ValueError("no encoder has given meanings")
        mine = self.ends[: self.count]
        alike = np.maximum.reduceat(
            self.meanings @ meaning, np.minimum(mine, len(self.meanings) - 1)
        )
        alike[mine == self.ends[1 : self.count + 1]] = -1
        if without >= 0:
            alike[without] = -1
        found = np.argsort(-alike)[:ALIKE]
        return found[alike[found] > -1]

    def guess(self, vector: Vector) -> tuple[int, float]:
        """Return the entry the classifier puts first and its share; quicker than the evidence.

        The entry is -1 when nothing is first.
        """
        logits = vector.values @ self.weights[vector.indices].astype(np.float32)
        best = int(logits.argmax()) if len(logits) else -1
        if not 0 <= best < self.count:
            return -1, 0.0
        return best, float(1 / np.exp(logits - logits[best]).sum())

    def is_owner(self, entry: int, word: str) -> bool:
        """Whether one word is enough to know the entry: most who use the word mean it."""
        number = self.space.number.get(grams([word])[0])
        return number is not None and self.owner[number] == entry and self.owned[number] >= OWNED

    def _nearest(self, vector: Vector, best: npt.NDArray[np.intp], signals: Doubles) -> list[int]:
        """Compare with each utterance of the candidates; return the nearest of each."""
        query = np.zeros(len(self.space), np.float32)
        query[vector.indices] = vector.values
        near = []
        for j, c in enumerate(best):
            blocks = (self.own[c] @ query).reshape(-1, COMPARED)
            whole = blocks.sum(1)
            nearest = int(whole.argmax())
            near.append(int(self.ends[c]) + nearest)
            signals[j, 1] = whole[nearest]
            signals[j, 2:5] = blocks.max(0)
        return near

    def _rejected(self, vector: Vector) -> float:
        """Return how near the message is to the nearest of what no entry answers."""
        outside = self.outside
        if not outside.shape[0]:
            return 0.0
        firsts, sizes = outside.indptr[vector.indices], self.outside_sizes[vector.indices]
        # The numbers of all rows that share a feature, one feature's after the other's.
        starts = np.repeat(firsts - np.cumsum(sizes) + sizes, sizes)
        where = starts + np.arange(len(starts))
        shared = outside.data[where] * np.repeat(vector.values, sizes)
        near = np.bincount(outside.indices[where], shared, outside.shape[0])
        return float(near.max(initial=0.0))

    def _profile(self, vector: Vector, best: npt.NDArray[np.intp], signals: Doubles) -> None:
        """Compare with all an entry's utterances together: centre, naive Bayes, words known."""
        asked, weight = vector.indices, vector.values
        words = np.where(self.space.block[asked] == WORDS, weight * weight, 0)
        said = self.sums[asked].toarray()[:, best]
        rarity = np.log1p(said / self.usual[asked][:, None])
        signals[:, 5] = weight @ said / self.sum_length[best]
        signals[:, 6] = weight @ rarity + self.unseen[best] * weight.sum()
        signals[:, 7] = words @ (said > 0) / (words.sum() or 1.0)
        signals[:, 6] -= signals[:, 6].max()

    def _fuzzy(self, plain: str, near: Sequence[int], signals: Doubles) -> None:
        some = np.argsort(-signals[:, 1], kind="stable")[:FUZZY]
        texts = [self.texts[near[j]] for j in some]
        signals[some, 8] = process.cdist([plain], texts, scorer=fuzz.token_sort_ratio)[0] / 100

    def _asides(
        self,
        log_p: Floats,
        best: npt.NDArray[np.intp],
        signals: Doubles,
        vector: Vector,
        text: Text,
        strength: float,
    ) -> Doubles:
        if not len(best):
            return np.zeros(len(ASIDES))
        p = np.exp(log_p[best])
        lead = float(log_p[best[0]] - log_p[best[1]]) if len(best) > 1 else 3.0
        off = max(float(log_p[self.count]), -8.0) if self.has_off_topic else NO_OFF_TOPIC
        return np.array([
            log_p[best[0]], min(lead, 5.0), -float((p * np.log(np.maximum(p, 1e-9))).sum()),
            signals[:, 1].max(), vector.unknown, np.log1p(len(text.words)), np.log(self.count), off,
            signals[:, 7].max(),
            float(signals[:, 1].argmax() == 0) + float(signals[:, 6].argmax() == 0),
            signals[:, 8].max(), *signals[:, 2:5].max(0), strength, signals[:, 9].max(),
            self._rejected(vector) - signals[:, 1].max() if self.has_off_topic else 0.0,
        ])  # fmt: skip


def train(
    space: FeatureSpace, utterances: Utterances, epochs: float, start: Floats | None = None
) -> Index:
    """Return the index with a classifier trained for so many epochs, from a start if given."""
    classes, rows, count = utterances.classes, utterances.rows, utterances.count
    total = len(classes)
    width = count + int(total > 0 and int(classes[-1]) == count)
    weights = classifier.train(rows, classes, utterances.keys, width, epochs, start)
    ones = np.ones(total, np.float32)
    member = sp.csr_matrix((ones, (classes, np.arange(total))), shape=(width, total))
    sums = (member @ rows).T.tocsr()
    owner, owned = _owners(member, rows, space)
    # Features are numbered block by block, so each row falls into pieces, words and concepts.
    light = _part(_lighten(rows, KEPT), np.cumsum(space.sizes)[: COMPARED - 1])
    ends = np.searchsorted(classes, np.arange(width + 1)).astype(np.int64)
    return Index(
        space,
        count,
        weights,
        ends,
        utterances.texts,
        light,
        sums,
        owner,
        owned,
        utterances.meanings,
    )


def _owners(member: sp.csr_matrix, rows: sp.csr_matrix, space: FeatureSpace) -> tuple[Ints, Floats]:
    owner, owned = np.zeros(rows.shape[1], np.int32), np.zeros(rows.shape[1], np.float32)
    block = slice(*np.cumsum(space.sizes)[[WORDS - 1, WORDS]])
    if min(member.shape) and block.stop > block.start:
        said = rows[:, block]
        said.data = np.ones_like(said.data)
        uses = sp.csc_matrix(member @ said)
        total = np.asarray(uses.sum(0)).ravel()
        most = np.asarray(uses.max(0).todense()).ravel()
        owner[block] = np.asarray(uses.argmax(0)).ravel()
        owned[block] = np.divide(most, total, out=np.zeros_like(most), where=total > 0)
    return owner, owned


def _lighten(rows: sp.csr_matrix, most: int) -> sp.csr_matrix:
    """Return the rows with only their strongest features."""
    sizes = np.diff(rows.indptr)
    if not len(sizes) or sizes.max() <= most:
        return rows
    kept = []
    for begin, size in zip(rows.indptr, sizes, strict=False):
        if size <= most:
            kept.append(np.arange(begin, begin + size))
        else:
            strongest = np.argpartition(rows.data[begin : begin + size], -most)[-most:]
            kept.append(begin + np.sort(strongest))
    keep = np.concatenate(kept)
    ends = np.concatenate([[0], np.cumsum(np.minimum(sizes, most))])
    light: sp.csr_matrix = sp.csr_matrix(
        (rows.data[keep], rows.indices[keep], ends), shape=rows.shape
    )
    return light


def _part(rows: sp.csr_matrix, edges: npt.NDArray[np.int64]) -> sp.csr_matrix:
    """Return each row cut into rows of its own, at these features."""
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    begins = np.empty((rows.shape[0], len(edges) + 1), rows.indptr.dtype)
    begins[:, 0] = rows.indptr[:-1]
    for i, edge in enumerate(edges):
        before = np.bincount(owner[rows.indices < edge], minlength=rows.shape[0])
        begins[:, i + 1] = rows.indptr[:-1] + before
    ends = np.append(begins.ravel(), rows.indptr[-1:])
    return sp.csr_matrix((rows.data, rows.indices, ends), shape=(begins.size, rows.shape[1]))


def _view(rows: sp.csr_matrix, begin: int, end: int) -> sp.csr_matrix:
    """Return some rows without copying them."""
    ends = rows.indptr[begin : end + 1]
    own = slice(ends[0], ends[-1])
    return sp.csr_matrix(
        (rows.data[own], rows.indices[own], ends - ends[0]),
        shape=(end - begin, rows.shape[1]),
    )
