"""What an officer ruled about a duty of one event; it stands before what the rules say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from bot.permits.reading import facts_read

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Decision:
    """An officer's ruling about one duty.

    Attributes:
        status: `required` or `not_required`.
        reason: As the officer wrote it, in the resident's language.
        officer: The officer's name as residents see it.
        day: When it was ruled.
        facts: The facts that decide the duty as they stood then, as they are told; the ruling
            lapses when one of them changes.
    """

    status: str
    reason: str
    officer: str
    day: date
    facts: Mapping[str, Any]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Decision:
        """Return a ruling as it was saved."""
        return cls(**{**value, "day": date.fromisoformat(value["day"])})

    def to_json(self) -> dict[str, Any]:
        """Return the ruling as JSON."""
        return {
            "status": self.status,
            "reason": self.reason,
            "officer": self.officer,
            "day": self.day.isoformat(),
            "facts": dict(self.facts),
        }


def deciding(duty: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the facts told that decide a duty."""
    return {name: facts[name] for name in sorted(facts_read(duty)) if name in facts}


def standing(
    decisions: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]
) -> dict[str, Decision]:
    """Return the rulings by duty whose facts are still as they were."""
    found = {duty: Decision.from_json(value) for duty, value in decisions.items()}
    return {
        duty: decision
        for duty, decision in found.items()
        if deciding(duty, facts) == dict(decision.facts)
    }
