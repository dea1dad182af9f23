"""What one rule says about one event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bot.permits.answers import NO, Answer
from bot.permits.case import Case

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that belongs to the plan of this event: its wording's name, numbers and days."""

    phrase: str
    numbers: tuple[tuple[str, int], ...] = ()
    days: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule says: whether the duty is required, and by when.

    `required` comes first; where it is no, `ask` says whether the sources leave the case to the
    authority. `exempt` is only told, never asked for: the event uses a freedom that spares it the
    duty. `hard` and `recommended` name lead times in figures.yaml, counted back from the moment
    `counted_from` (the start of the event where that fact is not given). `authority` replaces the
    register's where the facts lead to another desk. `hangs_on` are facts not given that can still
    move a date.
    """

    required: Answer = NO
    ask: Answer = NO
    exempt: Answer = NO
    hard: str = ""
    recommended: str = ""
    counted_from: str = "start"
    authority: str = ""
    hangs_on: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


Rule: TypeAlias = Callable[[Case], Ruling]
