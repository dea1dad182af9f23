"""Which facts a rule reads, found out by letting it run on an event nobody knows anything about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from bot.permits.case import Case
from bot.permits.duties import RULES
from bot.permits.facts import FACTS, Facts, Value
from bot.permits.figures import figures

# Any day on which every figure but the fees holds.
_DAY = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class _WatchedFacts(Facts):
    """No facts at all, and a note of every one somebody looked for."""

    looked_for: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> Value:
        self.looked_for.add(name)
        raise KeyError(name)

    def moment(self, name: str) -> datetime | None:
        self.looked_for.add(name)
        return None


class _WatchedCase(Case):
    """A case that notes which of its facts are used."""

    def __getattribute__(self, name: str) -> object:
        if name in FACTS:
            object.__getattribute__(self, "facts").looked_for.add(name)
        return object.__getattribute__(self, name)


@cache
def facts_read(duty: str) -> tuple[str, ...]:
    """Return the facts that can move a duty's status or dates, in the order of FACTS."""
    facts = _WatchedFacts()
    case = _WatchedCase(facts, figures(), _DAY)
    facts.looked_for.clear()  # Building the case looks at everything.
    ruling = RULES[duty](case)
    used = set(facts.looked_for)
    if ruling.hard or ruling.recommended:
        used |= {"start", ruling.counted_from}
    return tuple(name for name in FACTS if name in used)
