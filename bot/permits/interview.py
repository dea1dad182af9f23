"""What to ask next: the unknown fact that decides most, and when to stop asking one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.facts import FACTS, Facts, Turn, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

# So many questions at the most, about a small gathering and about any other. What can be said by leaving it
# out, a feature or a booked spot, comes on the checklist beyond them.
SMALL_GATHERING, ANY_GATHERING = 14, 25
# One more feature is asked for while it leaves room for what its answer may bring up.
_ROOM = 2
# Below this crowd a gathering counts as small, as does every private party and demonstration.
_SMALL_CROWD = 100

_ORDER = {name: number for number, name in enumerate(FACTS)}


def next_question(facts: Facts, deciding: Mapping[str, int]) -> tuple[str | None, tuple[str, ...]]:
    """Return the fact to ask for, and the checklist to show when no single one is left to ask.

    `deciding` says of every unknown fact how many duties wait for it; a fact that can no longer
    change the plan is not in it. The opening questions come first, in their order; then whatever
    decides most. Features that most events do not have are asked one by one while that stays
    short; the rest come back as one checklist, and the question is None. A fact somebody was
    asked and could not tell is not asked again.
    """
    open_facts = [name for name in deciding if name not in facts.declined]
    first = [name for name in open_facts if FACTS[name].turn is Turn.FIRST]
    if first:
        return min(first, key=_ORDER.__getitem__), ()
    own = [name for name in open_facts if FACTS[name].turn is Turn.OWN]
    features = [name for name in open_facts if FACTS[name].turn is Turn.FEATURE]
    room = _most_questions(facts) - len(facts) - len(facts.declined)
    # A checklist of one would be a question all the same, so the last one is always asked.
    if room - len(own) < _ROOM and len(own) + len(features) > 1:
        own, later = _within(room, own, deciding)
        if not own:
            return None, tuple(sorted((*later, *features), key=_ORDER.__getitem__))
        features = []
    candidates = own + features
    if not candidates:
        return None, ()
    return min(candidates, key=lambda name: (-deciding[name], _ORDER[name])), ()


def _within(room: int, own: list[str], deciding: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return which of an event's own facts are still asked for, and which the checklist takes.

    What cannot be left unsaid, a moment or a choice, is asked for in any case.
    """
    must = [name for name in own if FACTS[name].type in {Type.DATETIME, Type.ENUM}]
    rest = sorted(
        (name for name in own if name not in must), key=lambda name: (-deciding[name], _ORDER[name])
    )
    asked = max(0, room - len(must))
    return must + rest[:asked], rest[asked:]


def _most_questions(facts: Facts) -> int:
    peak = facts.get("peak")
    is_small = isinstance(peak, int) and peak < _SMALL_CROWD
    is_event = facts.get("kind", "public_event") == "public_event"
    return ANY_GATHERING if is_event and not is_small else SMALL_GATHERING
