"""What came of one thing a resident said, for the numbers; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What came of it. What is not a question's end says so.

    An answer begins as `ASSUMED`; what the resident says or does next makes it another.
    """

    ASSUMED = "assumed"  # answered, and nothing more was heard
    CONFIRMED = "confirmed"  # answered, and the resident said that it helped
    WRONG = "wrong"  # answered, and the resident said that it did not
    PASSED_ON = "passed_on"  # answered, and the resident then asked for a person
    WARNED = "warned"  # danger, answered with its fixed text
    SUGGESTED = "suggested"  # several questions were offered, and none was taken
    NOT_FOUND = "not_found"
    FOREIGN = "foreign"  # written in a language that is not spoken here
    PAUSED = "paused"  # the answer is out of date or switched off
    # No question's end.
    CHOSEN = "chosen"  # an offered question was taken; never kept as such
    GUIDED = "guided"  # told to the event guide
    EASY = "easy"  # asked for easy language
    ESCALATED = "escalated"  # asked for a person
    ADDED = "added"  # went to the ticket that staff have
    OTHER = "other"  # commands, greetings, buttons


QUESTIONS = (
    Outcome.CONFIRMED,
    Outcome.ASSUMED,
    Outcome.WRONG,
    Outcome.PASSED_ON,
    Outcome.WARNED,
    Outcome.SUGGESTED,
    Outcome.NOT_FOUND,
    Outcome.FOREIGN,
    Outcome.PAUSED,
)

# What may come at once of something that was looked up in the book.
LOOKED_UP = frozenset({Outcome.ASSUMED, Outcome.SUGGESTED, Outcome.NOT_FOUND, Outcome.PAUSED})


@dataclass(frozen=True)
class Said:
    """What a turn counts as.

    Attributes:
        entry: The entry it is about, or the best guess; empty when there is none.
    """

    outcome: Outcome = Outcome.OTHER
    entry: str = ""
