"""The short numbers that people use for tickets."""

from __future__ import annotations

# Numbers have four digits from the start, so that they look alike and can be read aloud.
FIRST_NUMBER = 1000


def ticket_number(id_: int) -> str:
    """Return the number that people use for a ticket's id."""
    return f"N-{FIRST_NUMBER + id_}"
