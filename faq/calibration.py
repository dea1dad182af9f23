"""Turns the signals for each candidate into the probability that it is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from faq.index import ASIDES, SIGNALS, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

Doubles = npt.NDArray[np.float64]

WIDTH = len(SIGNALS)
NAMES = (*SIGNALS, *(f"nothing: {name}" for name in ASIDES), "nothing")
WEIGHTS = WIDTH + len(ASIDES) + 1  # the last is the constant
TRUST = 300.0


@dataclass(frozen=True)
class Case:
    """A message whose answer is known: entry number, or -1 when nothing fits."""

    evidence: Evidence
    right: int
    weight: float = 1.0


@dataclass(frozen=True)
class Calibration:
    """A choice model: the candidates compete with one another and with `nothing fits`."""

    weights: Doubles

    def probabilities(self, evidence: Evidence) -> Doubles:
        """Return P(right) for each candidate; what they lack to one is `nothing fits`."""
        scores = evidence.signals @ self.weights[:WIDTH]
        nothing = float(evidence.asides @ self.weights[WIDTH:-1] + self.weights[-1])
        peak = max(nothing, float(scores.max())) if len(scores) else nothing
        odds = np.exp(scores - peak)
        found: Doubles = odds / (odds.sum() + np.exp(nothing - peak))
        return found


@dataclass(frozen=True)
class Table:
    """Cases as arrays."""

    signals: Doubles
    mask: Doubles
    asides: Doubles
    right: npt.NDArray[np.int64]
    weight: Doubles


def table(cases: Sequence[Case]) -> Table:
    """Return the cases side by side; a right entry that is no candidate counts as nothing."""
    n = len(cases)
    width = max(1, max((len(case.evidence.classes) for case in cases), default=1))
    found = Table(
        np.zeros((n, width, WIDTH)),
        np.full((n, width), -1e9),
        np.ones((n, len(ASIDES) + 1)),
        np.full(n, width),
        np.array([case.weight for case in cases]),
    )
    for i, case in enumerate(cases):
        k = len(case.evidence.classes)
        found.signals[i, :k] = case.evidence.signals
        found.mask[i, :k] = 0
        found.asides[i, :-1] = case.evidence.asides
        hit = np.flatnonzero(case.evidence.classes == case.right)
        if len(hit):
            found.right[i] = hit[0]
    return found


def loss(weights: Doubles, cases: Table) -> tuple[float, Doubles]:
    """Return how badly the weights explain the cases, in nats, and the gradient."""
    rows = np.arange(len(cases.right))
    ours = cases.signals @ weights[:WIDTH] + cases.mask
    scores = np.concatenate([ours, (cases.asides @ weights[WIDTH:])[:, None]], 1)
    peak = scores.max(1, keepdims=True)
    p = np.exp(scores - peak)
    total = p.sum(1, keepdims=True)
    nats = (peak[:, 0] + np.log(total[:, 0]) - scores[rows, cases.right]) * cases.weight
    p /= total
    p[rows, cases.right] -= 1
    p *= cases.weight[:, None]
    gradient = np.concatenate(
        [np.einsum("ik,ikf->f", p[:, :-1], cases.signals), p[:, -1] @ cases.asides]
    )
    return float(nats.sum()), gradient


def spread(cases: Table) -> Doubles:
    """Return how much each input varies, so that one penalty fits all."""
    there = cases.signals[cases.mask == 0]
    return np.concatenate(
        [np.maximum(there.std(0), 1e-2), np.maximum(cases.asides[:, :-1].std(0), 1e-2), [1.0]]
    )


def fit(cases: Sequence[Case], prior: Doubles, trust: float = TRUST) -> Calibration:
    """Return the calibration that explains the cases; a book with few stays near the prior."""
    if not cases:
        return Calibration(prior)
    data = table(cases)
    scale = spread(data)

    def goal(weights: Doubles) -> tuple[float, Doubles]:
        nats, gradient = loss(weights, data)
        away = (weights - prior) * scale
        return nats + trust / 2 * float(away @ away), gradient + trust * away * scale

    # Importing it takes a fifth of a second, and what is learnt is mostly fetched from the cache.
    from scipy.optimize import minimize  # noqa: PLC0415

    found = minimize(goal, prior, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return Calibration(found.x)
