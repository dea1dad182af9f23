"""A linear classifier over sparse vectors: softmax regression by small steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats = npt.NDArray[np.float32]

# Up to LARGE utterances small batches learn best; above, wide ones learn as well four times faster.
LARGE = 4_000
SMALL_BATCH, SMALL_STEP = 64, 1.0
WIDE_BATCH, WIDE_STEP = 512, 3.0
# Between plain steps (power 0) and AdaGrad (0.5): frequent features move less than rare ones.
DAMPING = 0.25


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
    order = np.empty(0, np.int64)
    for _ in range(steps):
        if len(order) < min(batch, size):
            order = np.concatenate([order, random.permutation(size)])
        chosen, order = order[:batch], order[batch:]
        some = rows[chosen]
        columns, where = np.unique(some.indices, return_inverse=True)
        some = sp.csr_matrix((some.data, where, some.indptr), shape=(len(chosen), len(columns)))
        part = weights[columns]
        scores = some @ part
        scores -= scores.max(1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(1, keepdims=True)
        scores[np.arange(len(chosen)), classes[chosen]] -= 1
        gradient = some.T @ scores
        spread[columns] += (gradient * gradient).sum(1, keepdims=True)
        weights[columns] = part - step * gradient / spread[columns] ** DAMPING
    return weights
