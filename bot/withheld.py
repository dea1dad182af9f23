"""What may not be answered automatically now, because somebody switched it off; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Scope(StrEnum):
    """How much is switched off at once."""

    ENTRY = "entry"
    TOPIC = "topic"
    GUIDE = "guide"  # the event guide, with its questions and plans
    ALL = "all"


@dataclass(frozen=True)
class Off:
    """One thing that is switched off.

    Attributes:
        name: The entry's or the topic's id; empty for the guide and for all.
        by: The name of the member of staff who did it.
        at: When, aware.
    """

    scope: Scope
    name: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class SwitchedOff:
    """Everything that is switched off, the newest last."""

    switches: tuple[Off, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.switches)

    @cached_property
    def _pairs(self) -> frozenset[tuple[Scope, str]]:
        return frozenset((off.scope, off.name) for off in self.switches)

    @property
    def is_all(self) -> bool:
        """Whether nothing is answered automatically but danger."""
        return (Scope.ALL, "") in self._pairs

    @property
    def is_guide(self) -> bool:
        """Whether the event guide is silent."""
        return self.is_all or (Scope.GUIDE, "") in self._pairs

    def covers(self, entry: str, topic: str, *, is_safety: bool) -> bool:
        """Return whether an entry is off.

        A safety text stays on unless it is named itself: whoever switches off a topic or everything
        does not mean the words that save a life.
        """
        if (Scope.ENTRY, entry) in self._pairs:
            return True
        return not is_safety and (self.is_all or (Scope.TOPIC, topic) in self._pairs)
