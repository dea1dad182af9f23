"""The figures of the rules: limits, lead times, fees, each with its unit, source and validity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from bot.permits.data import read_yaml
from bot.permits.errors import DataError, OutOfForceError


class Unit(StrEnum):
    """What a figure counts."""

    PEOPLE = "people"
    EUR = "EUR"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working days"
    MONTHS = "months"
    CLOCK = "clock"  # a time of day, "22:00"
    DAY_OF_YEAR = "day of year"  # month and day, "04-01"
    MOMENT_OF_YEAR = "moment of year"  # month, day and time, "12-31 18:00"


LEAD_UNITS = frozenset({Unit.HOURS, Unit.DAYS, Unit.WORKING_DAYS})
_NUMBERS = frozenset({Unit.PEOPLE, Unit.EUR, Unit.HOURS, Unit.DAYS, Unit.WORKING_DAYS, Unit.MONTHS})
_FIELDS = frozenset({"value", "unit", "source", "valid_from", "valid_to", "checked"})

# Month, day, hour, minute: a moment that comes round every year.
YearMoment: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the rules; `valid_to` is None while no end is known."""

    name: str
    value: int | str
    unit: Unit
    source: str
    valid_from: date
    valid_to: date | None
    checked: date

    def holds_on(self, day: date) -> bool:
        """Say whether the figure may be used for an event on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def number(self) -> int:
        """Return a count, an amount or a lead time as a number."""
        if isinstance(self.value, int):
            return self.value
        raise DataError(f"figures.yaml: {self.name}: {self.value!r} is no number")

    @property
    def clock(self) -> time:
        """Return a time of day."""
        return time.fromisoformat(str(self.value))

    @property
    def year_moment(self) -> YearMoment:
        """Return a moment that comes round every year; a day of the year begins at midnight."""
        day, _, clock = str(self.value).partition(" ")
        month, _, number = day.partition("-")
        hour, _, minute = (clock or "00:00").partition(":")
        return int(month), int(number), int(hour), int(minute)


class Figures(Mapping[str, Figure]):
    """All figures by name; `on(day)` gives only what holds on that day."""

    def __init__(self, figures: Mapping[str, Figure]) -> None:
        self._figures = dict(figures)

    def __getitem__(self, name: str) -> Figure:
        """Return a figure whatever its validity; rules ask `on` instead."""
        return self._figures[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names in the order of the file."""
        return iter(self._figures)

    def __len__(self) -> int:
        """Return how many figures there are."""
        return len(self._figures)

    def on(self, name: str, day: date) -> Figure:
        """Return the figure that holds on a day.

        Raises:
            OutOfForceError: Nobody has checked the figure for that day; an old one is never used.
        """
        figure = self._figures[name]
        if not figure.holds_on(day):
            raise OutOfForceError(name)
        return figure


@cache
def figures() -> Figures:
    """Return the guide's own figures, read once from figures.yaml."""
    return read_figures(read_yaml("figures.yaml"))


def read_figures(entries: Mapping[str, object]) -> Figures:
    """Return figures from plain data, every field checked.

    Raises:
        DataError: A figure lacks its unit, source or dates, or has a value of the wrong kind.
    """
    return Figures({name: _figure(name, entry) for name, entry in entries.items()})


def _figure(name: str, entry: object) -> Figure:
    def fault(text: str) -> DataError:
        return DataError(f"figures.yaml: {name}: {text}")

    if not isinstance(entry, dict):
        raise fault("must be a mapping")
    unknown = entry.keys() - _FIELDS
    missing = _FIELDS - entry.keys() - {"valid_to"}
    if unknown or missing:
        raise fault(f"unknown {sorted(unknown)}, missing {sorted(missing)}")
    unit = Unit(entry["unit"])
    expected = int if unit in _NUMBERS else str
    if type(entry["value"]) is not expected:
        raise fault(f"value must be {expected.__name__}")
    if not isinstance(entry["source"], str) or not entry["source"].strip():
        raise fault("needs a source")
    for field in ("valid_from", "valid_to", "checked"):
        if field in entry and type(entry[field]) is not date:
            raise fault(f"{field} must be a date")
    return Figure(
        name=name,
        value=entry["value"],
        unit=unit,
        source=entry["source"],
        valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"),
        checked=entry["checked"],
    )
