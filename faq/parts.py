"""Finds the places where one message may hold two questions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from faq.words import LONGEST, Words, fold, split

if TYPE_CHECKING:
    from collections.abc import Iterator

_END = re.compile(r"[.?!;,\n]+\s+|\n+|\s+[-–—]\s+")
SHORTEST = 2  # words on each side
MOST = 2  # places that are tried


def halves(text: str, words: Words) -> Iterator[tuple[str, str]]:
    """Yield (first, second) for the likeliest places: after a question, then near the middle."""
    text = text[:LONGEST]
    joins, longest = words.joins, words.longest_join
    places = [(found.start(), found.end()) for found in _END.finditer(text)]
    spans = [(found.start(), found.end()) for found in re.finditer(r"\w+", text)]
    plain = [fold(text[a:b].lower()) for a, b in spans]
    for i in range(1, len(spans)):
        for n in range(min(longest, len(spans) - i - 1), 0, -1):
            if " ".join(plain[i : i + n]) in joins:
                places.append((spans[i][0], spans[i + n - 1][1]))
                break
    places.sort(key=lambda place: ("?" not in text[slice(*place)], abs(sum(place) - len(text))))
    tried = 0
    for start, end in places:
        first, second = text[:start], text[end:]
        if len(split(first)) >= SHORTEST and len(split(second)) >= SHORTEST:
            yield first, second
            tried += 1
        if tried == MOST:
            return
