"""Measures a matcher on sentences whose right entry is known: what it finds, gives wrongly, refuses."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faq.matching import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faq.matching import Match

# Answers are compared with their scores in bins this wide.
BIN = 0.1
SUGGESTED = 3
# The entry that says kindly what the service does not answer: to what nothing fits, no wrong answer.
REFUSAL = "off-topic"
# Stands between two entries of which either is right.
OR = " or "


@dataclass(frozen=True)
class Asked:
    """One sentence and what became of it.

    Attributes:
        entry: The right entry, or several with " or " between them; None when nothing fits the sentence.
        locale: The sentence's language, when known.
    """

    text: str
    entry: str | None
    locale: str | None
    match: Match

    @property
    def right(self) -> frozenset[str]:
        """Return the entries of which each is right."""
        return frozenset(rights(self.entry))

    @property
    def is_wrong(self) -> bool:
        """Return whether it got an answer at once that is not right."""
        given = self.match.entry
        allowed = self.right or {REFUSAL}
        return given is not None and given not in allowed

    @property
    def group(self) -> str:
        """Return the language it is counted under: its own when known, else the one recognised."""
        return self.locale or self.match.locale


def rights(entry: str | None) -> list[str]:
    """Return the right entries of a label: "a or b" names two, and None names none."""
    return entry.split(OR) if entry else []


def measure(asked: Sequence[Asked]) -> dict[str, dict[str, Any]]:
    """Return the figures by language, and for `all`; shares are 0-1, None where nothing was asked."""
    groups: dict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        groups[one.group].append(one)
        groups["all"].append(one)
    ordered = [*sorted(name for name in groups if name != "all"), "all"] if groups else []
    return {name: _figures(groups[name]) for name in ordered}


def _figures(asked: list[Asked]) -> dict[str, Any]:
    known = [one for one in asked if one.entry]
    nothing = [one for one in asked if not one.entry]
    wrong = [one for one in asked if one.is_wrong]
    spoken = [one for one in asked if one.locale]
    return {
        "asked": len(asked),
        "top_1": _share(not one.right.isdisjoint(_first(one, 1)) for one in known),
        "top_3": _share(not one.right.isdisjoint(_first(one, SUGGESTED)) for one in known),
        "answered": _share(one.match.decision is Decision.ANSWER for one in known),
        "wrong_answers": round(len(wrong) / len(asked), 4) if asked else None,
        "nothing_asked": len(nothing),
        "nothing_answered": _share(one.is_wrong for one in nothing),
        "nothing_refused": _share(one.match.decision is Decision.ESCALATE for one in nothing),
        "language_right": _share(one.match.locale == one.locale for one in spoken),
        "calibration": _calibration([one for one in asked if one.match.candidates]),
    }


def _first(one: Asked, count: int) -> list[str]:
    return [candidate.entry for candidate in one.match.candidates[:count]]


def _share(values: Iterable[bool]) -> float | None:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else None


def _calibration(asked: list[Asked]) -> list[dict[str, Any]]:
    """Return for each bin of scores how many first candidates it holds and how many were right."""
    bins: dict[int, list[bool]] = defaultdict(list)
    for one in asked:
        first = one.match.candidates[0]
        bins[min(int(first.score / BIN), round(1 / BIN) - 1)].append(first.entry in one.right)
    return [
        {"from": round(number * BIN, 2), "count": len(right), "right": _share(right)}
        for number, right in sorted(bins.items())
    ]


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Return the figures as a table, a language a row."""
    columns = {
        "asked": "asked",
        "top_1": "first",
        "top_3": "in three",
        "answered": "answered",
        "wrong_answers": "wrong",
        "nothing_asked": "nothing",
        "nothing_answered": "answered",
        "language_right": "language",
    }
    rows = [["", *columns.values()]]
    for name, values in figures.items():
        rows.append([name, *(_shown(values[column]) for column in columns)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    scores = [
        f"  scored {one['from']:.1f}-{one['from'] + BIN:.1f}: {one['count']}, right {_shown(one['right'])}"
        for one in figures.get("all", {}).get("calibration", [])
    ]
    return "\n".join([*lines, *scores])


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.1%}"
