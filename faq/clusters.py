"""Groups questions that ask the same, so that editors see what is missing in the book; pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from faq import features
from faq.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

# How far apart on average two questions of one group may be, from 0 to 1. Measured on forty entries with ten
# deliberately different utterances each: two in three of the pairs grouped belong to the same entry, in each
# language; at 0.6 few groups remain, at 0.8 half of the pairs are wrong.
NEAR = 0.7
# Every pair is compared, so that only the newest are looked at.
MOST = 2_000
# An entry's share of the words and letters, as for an entry with few utterances.
_EACH = 4.0


@dataclass(frozen=True)
class Cluster:
    """Questions that ask about the same.

    Attributes:
        examples: The most typical first.
    """

    size: int
    examples: tuple[str, ...]


def clusters(
    texts: Sequence[str], *, near: float = NEAR, most_examples: int = 5
) -> tuple[Cluster, ...]:
    """Return groups of questions of one language, the largest first; empty when there are none.

    Args:
        texts: The newest first; the first 2,000 are looked at.
    """
    read = [(text, features.read(text, words())) for text in texts[:MOST]]
    known = [(text, said) for text, said in read if said.words]
    if len(known) < 2:  # noqa: PLR2004 - nothing to compare
        return tuple(Cluster(1, (text,)) for text, _ in known)
    # Importing them takes long, and only what leads look at needs them.
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    _space, rows = features.fit([said for _, said in known], _EACH)
    likeness = (rows @ rows.T).toarray().clip(0.0, 1.0)
    np.fill_diagonal(likeness, 1.0)
    distance = squareform(1.0 - (likeness + likeness.T) / 2, checks=False)
    groups = fcluster(linkage(distance, "average"), near, "distance")
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        members[int(group)].append(place)
    found = []
    for places in members.values():
        typical = sorted(places, key=lambda one: -float(likeness[one, places].sum()))
        examples = tuple(dict.fromkeys(known[one][0] for one in typical))[:most_examples]
        found.append(Cluster(len(places), examples))
    return tuple(sorted(found, key=lambda cluster: (-cluster.size, cluster.examples)))
