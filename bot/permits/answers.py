"""Yes, no, or not known yet: the answers that rules are put together from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Reason(NamedTuple):
    """A known fact that counted, and where it stood against a limit if there was one.

    `phrase` names the wording of the comparison ("at_least"), `figure` the limit in figures.yaml.
    An aside says what the event is not: it explains a no, and only fills the page under a yes.
    """

    fact: str
    phrase: str = ""
    figure: str = ""
    is_aside: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the known facts say about one condition.

    `truth` is None while it is undecided: `missing` are the unknown facts that can decide it, and
    `stale` the figures it needs that nobody has checked for the day of the event. `reasons` are
    the facts that decided it. A decided answer misses nothing.

    Answers combine with `&`, `|` and `~`, and what is already decided asks for nothing more:
    no & unknown is no, yes | unknown is yes.
    """

    truth: bool | None
    missing: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    stale: tuple[str, ...] = ()

    def __and__(self, other: Answer) -> Answer:
        """Return yes when both are yes, no when either is no."""
        return self._combined(other, decisive=False)

    def __or__(self, other: Answer) -> Answer:
        """Return yes when either is yes, no when both are no."""
        return self._combined(other, decisive=True)

    def then(self, other: Answer) -> Answer:
        """Return the same as `&`, but ask what `other` misses only once this one is yes.

        Nobody should hear how long the tent stands before it is known whether there is a tent.
        """
        both = self & other
        if self.truth is None and both.truth is None:
            return Answer(None, self.missing, both.reasons, both.stale)
        return both

    def or_else(self, other: Answer) -> Answer:
        """Return the same as `|`, but ask what `other` misses only once this one is no."""
        return ~((~self).then(~other))

    def __invert__(self) -> Answer:
        """Return yes for no and no for yes; what is missing stays missing."""
        turned = None if self.truth is None else not self.truth
        return Answer(turned, self.missing, self.reasons, self.stale)

    @property
    def is_yes(self) -> bool:
        """Say whether the facts decide it, and decide it with yes."""
        return self.truth is True

    @property
    def is_no(self) -> bool:
        """Say whether the facts decide it, and decide it with no."""
        return self.truth is False

    def _combined(self, other: Answer, *, decisive: bool) -> Answer:
        if self.truth is decisive:
            if other.truth is decisive:
                return Answer(decisive, reasons=_joined(self.reasons, other.reasons))
            return self
        if other.truth is decisive:
            return other
        truth = None if self.truth is None or other.truth is None else not decisive
        return Answer(
            truth,
            _joined(self.missing, other.missing),
            _joined(self.reasons, other.reasons),
            _joined(self.stale, other.stale),
        )


YES = Answer(truth=True)
NO = Answer(truth=False)


def any_of(*answers: Answer) -> Answer:
    """Return yes when any of the answers is yes, no when all are no."""
    result = NO
    for answer in answers:
        result = result | answer
    return result


def _joined(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    if not second:
        return first
    return tuple(dict.fromkeys(first + second)) if first else second
