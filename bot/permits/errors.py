"""The few things that can go wrong in the permit guide, by name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One thing wrong with one fact, in a sentence for the person who wrote it down."""

    fact: str
    message: str

    def __str__(self) -> str:
        """Return the fact's name and what is wrong with it."""
        return f"{self.fact}: {self.message}"


class FactsError(ValueError):
    """Some facts cannot be read; every problem is named at once, in the order they were given."""

    def __init__(self, *problems: FactProblem) -> None:
        """Keep the problems; at least one is expected."""
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class OutOfForceError(LookupError):
    """A figure was asked for on a day for which nobody has checked it."""

    def __init__(self, figure: str) -> None:
        """Keep the figure's name, so that the plan can say which one and hand over."""
        super().__init__(figure)
        self.figure = figure


class DataError(ValueError):
    """A data file of the guide says something it must not; the message names file, entry, fault."""
