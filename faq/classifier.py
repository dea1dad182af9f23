"""A linear classifier over sparse vectors: softmax regression by small steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint32]

_GOLDEN = 0x9E3779B9  # 2**32 over the golden ratio: the turns' own offsets lie far apart

# Up to LARGE utterances small batches learn best; above, wide ones learn as well four times faster.
LARGE = 4_000
SMALL_BATCH, SMALL_STEP = 64, 1.0
WIDE_BATCH, WIDE_STEP = 512, 6.0
# Between plain steps (power 0) and AdaGrad (0.5): frequent features move less than rare ones.
DAMPING = 0.25
# Above LARGE each step sees half of an utterance, so that no feature relies on another; below, it
# neither helps nor harms, but for books of a few utterances.
LEFT_OUT = 0.5


def drawn(keys: Keys, turn: int) -> Keys:
    """Return an even draw for each key and turn: the same on every machine, whatever stands beside.

    Numbers drawn in a row would all be others once a book has one utterance more, and with them much
    of what is learnt. Source: the finalizer of MurmurHash3.
    """
    mixed = keys + np.uint32((turn * _GOLDEN) & 0xFFFFFFFF)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    return mixed ^ (mixed >> np.uint32(16))


def train(
    rows: sp.csr_matrix,
    classes: npt.NDArray[np.int32],
    keys: Keys,
    count: int,
    epochs: float,
    start: Floats | None = None,
) -> Floats:
    """Return the weights, features x classes, after the epochs; the same for the same input.

    Args:
        keys: What each row is known by; rows are gone through in an order that hangs on it alone.
    """
    size, width = rows.shape
    batch, step = (SMALL_BATCH, SMALL_STEP) if size < LARGE else (WIDE_BATCH, WIDE_STEP)
    weights = np.zeros((width, count), np.float32) if start is None else start.copy()
    # A start has made its first, long steps already.
    spread = np.full((width, 1), 1e-3 if start is None else 1.0, np.float32)
    left_out = 0.0 if size < LARGE else LEFT_OUT
    louder = np.float32((1 - left_out) ** -0.5)
    # Which features a step has, and where: marked here, for sorting them anew takes much longer.
    is_heard, place = np.zeros(width, bool), np.empty(width, np.int32)
    for done, turn, chosen in _batches(keys, batch, epochs):
        # Steps that go on from a start shrink, so that the last utterances do not count most.
        pace = step if start is None else step * (1 - done)
        some = rows[chosen]
        # Each utterance draws by itself, feature after feature from its own first number on.
        firsts = drawn(keys[chosen], turn) - some.indptr[:-1].astype(np.uint32)
        draws = np.repeat(firsts, np.diff(some.indptr)) + np.arange(some.nnz, dtype=np.uint32)
        seen = drawn(draws, turn) >= left_out * 2**32
        ends = np.concatenate([[0], np.cumsum(seen)])[some.indptr]
        heard = some.indices[seen]
        is_heard[heard] = True
        columns = np.flatnonzero(is_heard)
        is_heard[columns] = False
        place[columns] = np.arange(len(columns))
        some = sp.csr_matrix(
            (some.data[seen] * louder, place[heard], ends), shape=(len(chosen), len(columns))
        )
        part = weights[columns]
        scores = some @ part
        scores -= scores.max(1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(1, keepdims=True)
        scores[np.arange(len(chosen)), classes[chosen]] -= 1
        gradient = some.T @ scores
        spread[columns] += np.einsum("ij,ij->i", gradient, gradient)[:, None]
        gradient *= pace / spread[columns] ** DAMPING
        part -= gradient
        weights[columns] = part
    return weights


def _batches(
    keys: Keys, batch: int, epochs: float
) -> Iterator[tuple[float, int, npt.NDArray[np.int64]]]:
    """Yield how much is done, 0 to 1, the epoch's number and the rows of the next step."""
    size = len(keys)
    total = epochs * size
    for turn in range(int(np.ceil(epochs))):
        order = np.argsort(drawn(keys, turn), kind="stable")
        for begin in range(0, size, batch):
            done = turn * size + begin
            if done >= total:
                return
            yield done / total, turn, order[begin : begin + batch]
