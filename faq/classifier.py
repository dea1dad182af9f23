"""A linear classifier over sparse vectors: softmax regression by small steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats = npt.NDArray[np.float32]

# Up to LARGE utterances small batches learn best; above, wide ones learn as well four times faster.
LARGE = 4_000
SMALL_BATCH, SMALL_STEP = 64, 1.0
WIDE_BATCH, WIDE_STEP = 512, 6.0
# Between plain steps (power 0) and AdaGrad (0.5): frequent features move less than rare ones.
DAMPING = 0.25
# Above LARGE each step sees half of an utterance, so that no feature relies on another; below, it
# neither helps nor harms, but for books of a few utterances.
LEFT_OUT = 0.5


def train(
    rows: sp.csr_matrix,
    classes: npt.NDArray[np.int32],
    count: int,
    epochs: float,
    start: Floats | None = None,
) -> Floats:
    """Return the weights, features x classes, after the epochs; the same for the same input."""
    random = np.random.default_rng(0)
    size, width = rows.shape
    batch, step = (SMALL_BATCH, SMALL_STEP) if size < LARGE else (WIDE_BATCH, WIDE_STEP)
    weights = np.zeros((width, count), np.float32) if start is None else start.copy()
    # A start has made its first, long steps already.
    spread = np.full((width, 1), 1e-3 if start is None else 1.0, np.float32)
    steps = int(np.ceil(epochs * size / batch))
    left_out = 0.0 if size < LARGE else LEFT_OUT
    louder = np.float32((1 - left_out) ** -0.5)
    order = np.empty(0, np.int64)
    for i in range(steps):
        # Steps that go on from a start shrink, so that the last utterances do not count most.
        pace = step if start is None else step * (1 - i / steps)
        if len(order) < min(batch, size):
            order = np.concatenate([order, random.permutation(size)])
        chosen, order = order[:batch], order[batch:]
        some = rows[chosen]
        seen = random.random(some.nnz, np.float32) >= left_out
        ends = np.concatenate([[0], np.cumsum(seen)])[some.indptr]
        columns, where = np.unique(some.indices[seen], return_inverse=True)
        some = sp.csr_matrix(
            (some.data[seen] * louder, where, ends), shape=(len(chosen), len(columns))
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
