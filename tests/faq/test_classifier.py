"""The classifier learns the same book the same way, and one sentence more moves little."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from faq import classifier

WIDTH, CLASSES = 400, 12


def lesson(size: int) -> tuple[sp.csr_matrix, classifier.Keys, np.ndarray]:
    """Return rows of thirty features, keys, and the class that half of each row speaks for."""
    random = np.random.default_rng(3)
    classes = random.integers(CLASSES, size=size).astype(np.int32)
    # Each class has features of its own among those that all share.
    own = classes[:, None] * 30 + random.integers(30, size=(size, 10))
    columns = np.concatenate([own, random.integers(WIDTH, size=(size, 20))], 1)
    rows = sp.csr_matrix(
        (np.full(columns.size, 0.2, np.float32), columns.ravel(), np.arange(size + 1) * 30),
        shape=(size, WIDTH),
    )
    rows.sum_duplicates()
    return rows, random.integers(2**32, size=size, dtype=np.uint32), classes


@pytest.mark.parametrize("size", [500, 5_000])
def test_one_sentence_more_moves_little(size: int) -> None:
    rows, keys, classes = lesson(size + 1)
    epochs = 4.0
    without = classifier.train(rows[1:], classes[1:], keys[1:], CLASSES, epochs)
    with_one = classifier.train(rows, classes, keys, CLASSES, epochs)
    in_another_order = classifier.train(rows[1:], classes[1:], keys[:-1], CLASSES, epochs)

    def away(weights: classifier.Floats) -> float:
        return float(np.linalg.norm(weights - without) / np.linalg.norm(without))

    assert away(with_one) < away(in_another_order) / 3


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows, keys, classes = lesson(500)
    turned = np.arange(500)[::-1]
    one = classifier.train(rows, classes, keys, CLASSES, 2)
    other = classifier.train(rows[turned], classes[turned], keys[turned], CLASSES, 2)
    assert np.allclose(one, other, atol=1e-4)


def test_draws_are_even_and_differ_by_turn() -> None:
    keys = np.arange(100_000, dtype=np.uint32)
    first, second = classifier.drawn(keys, 0), classifier.drawn(keys, 1)
    for draws in (first, second):
        assert abs((draws < 2**31).mean() - 0.5) < 0.01
    assert abs(((first < 2**31) == (second < 2**31)).mean() - 0.5) < 0.01
