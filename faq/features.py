"""Turns texts into sparse vectors: pieces of words, words, and pairs of words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from faq.words import REMEMBERED, Words, fold, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Matrix = sp.csr_matrix

PIECES, WORDS, CONCEPTS, PAIRS = range(4)
BLOCKS = 4
WORD_LETTERS = 4
MOST_PAIRED = 10
CONCEPT = "\x02"
TOPIC = f"{CONCEPT}topic "
# A book is read as if beside so many texts more, each common word standing in this share of them: few
# utterances say little about which words matter. Source: the measurement in matching.md, "Features".
BESIDE = 200
COMMON_SHARE = 0.2


def pieces(word: str) -> list[str]:
    """Return the runs of one to four letters in a word, its edges marked by a space."""
    padded = f" {fold(word)} "
    size = len(padded)
    found = [padded[i : i + n] for n in (2, 3, 4) for i in range(size - n + 1)]
    found.extend(padded[1:-1])
    return found


def grams(words: Sequence[str]) -> list[str]:
    """Return each word cut to its beginning, and each pair of neighbours."""
    return _grams([beginning(word) for word in words])


@lru_cache(maxsize=REMEMBERED)
def beginning(word: str) -> str:
    """Return what of a word stays when its endings are cut."""
    return fold(word)[:WORD_LETTERS]


def _grams(cut: Sequence[str]) -> list[str]:
    found = ["\x01" + word for word in cut]
    found.extend(f"\x01{a} {b}" for a, b in pairwise(cut))
    return found


def pairs(concepts: Sequence[str]) -> list[str]:
    """Return each pair of different concepts, whatever their order; topics are too wide for it."""
    some = sorted({concept for concept in concepts if not concept.startswith(TOPIC)})[:MOST_PAIRED]
    return [f"\x03{a} {b}" for i, a in enumerate(some) for b in some[i + 1 :]]


@dataclass(frozen=True)
class Text:
    """One text made ready: its words put right, and the concepts they stand for."""

    words: tuple[str, ...]
    concepts: tuple[str, ...]

    @property
    def plain(self) -> str:
        """The words in a row, without dots."""
        return fold(" ".join(self.words))


def read(text: str, words: Words) -> Text:
    """Return a message as words and concepts."""
    written = words.rewrite(split(text))
    return Text(tuple(written), tuple(CONCEPT + c for c in words.concepts(written)))


def shares(each: float) -> Floats:
    """Return how much each block says when an entry has so many utterances.

    Concepts need company: with one utterance an entry, the words themselves say more.
    Source: the measurement in matching.md, "Features".
    """
    company = min(1.0, float(np.log2(max(each, 1.0))) / 2)
    found = np.array(
        [1.0, 1.0 - 0.3 * company, 0.25 + 0.75 * company, 0.1 + 0.6 * company], np.float32
    )
    found /= np.sqrt((found**2).sum())
    return found


@dataclass(frozen=True)
class Vector:
    """One text: feature numbers, rising, and their weights; all blocks together have length one."""

    indices: Ints
    values: Floats
    unknown: float  # idf-weighted share of the words that the book never uses


class FeatureSpace:
    """The features of one book, and how much each says."""

    def __init__(
        self, names: Sequence[str], idf: Floats, sizes: Sequence[int], weight: Floats
    ) -> None:
        """Take the features' names, block by block, and the size and the weight of each block."""
        self.names = list(names)
        self.number = {name: i for i, name in enumerate(self.names)}
        self.idf = idf
        self.sizes = list(sizes)
        self.weight = weight
        self.block = np.repeat(np.arange(BLOCKS, dtype=np.int8), sizes)
        self.rarest = float(idf.max()) if len(idf) else 1.0
        self._known: dict[str, tuple[list[int], str]] = {}

    def __len__(self) -> int:
        """Return how many features there are."""
        return len(self.names)

    def vector(self, text: Text) -> Vector:
        """Return the vector of one text."""
        number = self.number
        numbers: list[int] = []
        cut = []
        for word in text.words:
            known = self._known.get(word)
            if known is None:
                known = ([number[p] for p in pieces(word) if p in number], beginning(word))
                if len(self._known) < REMEMBERED:
                    self._known[word] = known
            numbers.extend(known[0])
            cut.append(known[1])
        missing = total = 0.0
        for gram in _grams(cut):
            i = number.get(gram)
            if i is not None:
                numbers.append(i)
            if " " not in gram:
                weight = self.rarest if i is None else float(self.idf[i])
                total += weight
                missing += weight if i is None else 0.0
        numbers.extend(number[c] for c in text.concepts if c in number)
        numbers.extend(number[p] for p in pairs(text.concepts) if p in number)
        indices, counts = np.unique(np.array(numbers, np.int32), return_counts=True)
        values = (1 + np.log(counts.astype(np.float32))) * self.idf[indices]
        block = self.block[indices]
        length = np.sqrt(np.bincount(block, values * values, BLOCKS)).astype(np.float32)
        scale = np.divide(self.weight, length, out=np.zeros(BLOCKS, np.float32), where=length > 0)
        values *= scale[block]
        return Vector(indices, values, missing / total if total else 1.0)


def fit(
    texts: Sequence[Text],
    each: float,
    rarest: int = 1,
    most: int = 1 << 20,
    common: Iterable[str] = (),
) -> tuple[FeatureSpace, sp.csr_matrix]:
    """Return the space of these texts and their vectors, a row each.

    An entry has `each` of them on average. Features in fewer than `rarest` texts are left out, and
    the rarest until at most about `most` are left. Words that are `common` in their language say
    less than the texts alone would have it.
    """
    weight = shares(each)
    word_counts, words = _count([text.words for text in texts])
    piece_counts, piece_names = _count([pieces(word) for word in words])
    counted = (
        ((word_counts @ piece_counts).tocsr(), piece_names),
        _count([grams(text.words) for text in texts]),
        _count([text.concepts for text in texts]),
        _count([pairs(text.concepts) for text in texts]),
    )
    dfs = [np.bincount(counts.indices, minlength=len(own)) for counts, own in counted]
    every = np.concatenate(dfs)
    if (every >= rarest).sum() > most:
        rarest = int(np.partition(every, -most)[-most]) + 1
    blocks = []
    names: list[str] = []
    idfs = []
    sizes: list[int] = []
    usual = {_grams([beginning(word)])[0] for word in common}
    for (counts, own), df, share in zip(counted, dfs, weight, strict=True):
        keep = np.flatnonzero(df >= rarest)
        counts = counts[:, keep]
        kept = [own[i] for i in keep]
        total, seen = 1.0 + len(texts), 1.0 + df[keep]
        if len(sizes) == WORDS:
            total += BESIDE
            seen += COMMON_SHARE * BESIDE * np.array([name in usual for name in kept])
        idf = (np.log(total / seen) + 1).astype(np.float32)
        counts.data = (1 + np.log(counts.data)).astype(np.float32) * idf[counts.indices]
        length = np.sqrt(np.asarray(counts.multiply(counts).sum(1)).ravel())
        scale = np.divide(share, length, out=np.zeros_like(length), where=length > 0)
        blocks.append(sp.diags_array(scale.astype(np.float32)) @ counts)
        names.extend(kept)
        idfs.append(idf)
        sizes.append(len(keep))
    space = FeatureSpace(names, np.concatenate(idfs), sizes, weight)
    return space, sp.csr_matrix(sp.hstack(blocks), dtype=np.float32)


def _count(texts: Iterable[Sequence[str]]) -> tuple[sp.csr_matrix, list[str]]:
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__  # a new item gets the next number
    indices: list[int] = []
    ends = [0]
    for text in texts:
        indices.extend(map(number.__getitem__, text))
        ends.append(len(indices))
    data = np.ones(len(indices), np.float32)
    matrix = sp.csr_matrix(
        (data, np.array(indices, np.int32), np.array(ends)), shape=(len(ends) - 1, len(number))
    )
    matrix.sum_duplicates()
    return matrix, list(number)
