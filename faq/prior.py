"""Where calibration starts from, before a book's own utterances are heard.

The weights in prior.json were fitted on books of 1 to 54 utterances an entry, in one language and
in three (matching.md, "Calibration"). Each is a pair: the weight at one utterance an entry, and
what every doubling adds.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from faq.calibration import NAMES

Doubles = npt.NDArray[np.float64]

MOST_DOUBLINGS = 6.0


def prior_for(each: float) -> Doubles:
    """Return the weights for a book with so many utterances an entry."""
    pairs = _pairs()
    doublings = min(MOST_DOUBLINGS, float(np.log2(max(each, 1.0))))
    weights: Doubles = pairs[:, 0] + doublings * pairs[:, 1]
    return weights


@lru_cache(maxsize=1)
def _pairs() -> Doubles:
    text = (Path(__file__).parent / "prior.json").read_text(encoding="utf-8")
    kept = json.loads(text)
    return np.array([kept[name] for name in NAMES])
