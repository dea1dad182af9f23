"""Periods, tables without small cells, and waiting times; pure.

No number is given that stands for fewer than five people, and none that lets one be worked out:
see `protected`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FEWEST = 5
_PERIOD = re.compile(r"(\d{4})(?:-(?:Q([1-4])|W(\d{2})|(\d{2})))?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


@dataclass(frozen=True)
class Period:
    """A week, a month, a quarter or a year of the calendar.

    Only these are offered: of two periods that overlap by chance, the smaller could be subtracted.

    Attributes:
        name: Such as 2026-W47, 2026-11, 2026-Q4 or 2026.
    """

    name: str
    first: date
    last: date

    @property
    def kind(self) -> str:
        """Return `week`, `month`, `quarter` or `year`."""
        return {"W": "week", "Q": "quarter"}.get(
            self.name[5:6], "month" if "-" in self.name else "year"
        )

    @property
    def before(self) -> Period:
        """Return the one before."""
        return of(self.kind, self.first - timedelta(1))

    @property
    def after(self) -> Period:
        """Return the next one."""
        return of(self.kind, self.last + timedelta(1))

    @property
    def days(self) -> list[date]:
        """Return its days in order."""
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]


def of(kind: str, day: date) -> Period:
    """Return the period of a kind that a day is in."""
    if kind == "week":
        year, week, weekday = day.isocalendar()
        first = day - timedelta(weekday - 1)
        return Period(f"{year}-W{week:02}", first, first + timedelta(6))
    if kind == "quarter":
        quarter = (day.month - 1) // 3 + 1
        first = date(day.year, 3 * quarter - 2, 1)
        return Period(f"{day.year}-Q{quarter}", first, _month_end(day.year, 3 * quarter))
    if kind == "year":
        return Period(f"{day.year}", date(day.year, 1, 1), date(day.year, 12, 31))
    return Period(f"{day:%Y-%m}", day.replace(day=1), _month_end(day.year, day.month))


def read_period(name: str) -> Period | None:
    """Return the period of a name; None when it is no name of one."""
    found = _PERIOD.fullmatch(name)
    if not found or not name.isascii() or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        return None
    year = int(found[1])
    try:
        if found[2]:
            return of("quarter", date(year, 3 * int(found[2]), 1))
        if found[3]:
            return of("week", date.fromisocalendar(year, int(found[3]), 1))
        return (
            of("month", date(year, int(found[4]), 1)) if found[4] else of("year", date(year, 1, 1))
        )
    except ValueError:
        return None


def _month_end(year: int, month: int) -> date:
    return (date(year, month, 28) + timedelta(4)).replace(day=1) - timedelta(1)


@dataclass(frozen=True)
class Cell:
    """How often something happened, and to how many people at least."""

    count: int = 0
    people: int = 0

    @property
    def is_small(self) -> bool:
        """Whether it stands for somebody, but for fewer than five."""
        return 0 < self.people < FEWEST


@dataclass(frozen=True)
class Counted:
    """One row before it is protected: all of it, and its parts."""

    total: Cell = Cell()
    parts: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row as it may be shown; None is a number that is not given."""

    total: int | None
    parts: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows that can be shown to anybody.

    Attributes:
        columns: Names of the parts.
        rows: By category.
        total: All categories together.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, Row] = field(default_factory=dict)
    total: Row = Row(0)


def protected(columns: Sequence[str], rows: Mapping[str, Counted], total: Counted) -> Table:
    """Return the table without what stands for fewer than five people or lets that be worked out.

    A row's total that is small is left out, and with it the smallest of the others: one alone
    could be subtracted from the sum. A row with a small part shows none of its parts, and other
    rows go with it until the parts left out stand, in each column, for nobody or for five people.
    """
    names = list(rows)
    unshown = {names[n] for n in _left_out([rows[name].total for name in names])}
    undetailed = _undetailed(rows, unshown)
    unshown_parts = _left_out(total.parts)
    shown = {
        name: Row(
            None if name in unshown else row.total.count,
            tuple(None if name in undetailed else part.count for part in row.parts),
        )
        for name, row in rows.items()
    }
    summed = Row(
        None if total.total.is_small else total.total.count,
        tuple(None if n in unshown_parts else part.count for n, part in enumerate(total.parts)),
    )
    return Table(tuple(columns), shown, summed)


def _left_out(cells: Sequence[Cell]) -> set[int]:
    """Return the places of the cells that a sum must not give away."""
    small = {n for n, cell in enumerate(cells) if cell.is_small}
    large = [n for n, cell in enumerate(cells) if cell.people >= FEWEST]
    if small and large:
        small.add(min(large, key=lambda n: (cells[n].people, cells[n].count, n)))
    return small


def _undetailed(rows: Mapping[str, Counted], unshown: set[str]) -> set[str]:
    """Return the rows whose parts are not shown."""
    hidden = {
        name
        for name, row in rows.items()
        if name in unshown or any(part.is_small for part in row.parts)
    }
    others = sorted(
        (name for name, row in rows.items() if name not in hidden and row.total.count),
        key=lambda name: (rows[name].total.people, rows[name].total.count, name),
    )
    while hidden and others and not _is_safe_together([rows[name] for name in hidden]):
        hidden.add(others.pop(0))
    return hidden


def _is_safe_together(rows: Sequence[Counted]) -> bool:
    """Return whether what the sums give away of these rows together stands for enough people."""
    if len(rows) == 1:
        return False
    columns = zip(*(row.parts for row in rows), strict=True)
    return all(
        not any(part.count for part in parts) or any(part.people >= FEWEST for part in parts)
        for parts in columns
    )


@dataclass(frozen=True)
class Waiting:
    """How long the tickets of one category waited, in minutes; None is not given or not known.

    Attributes:
        tickets: How many there were.
        reply: To the first reply, as (median, nine in ten waited no longer).
        close: To the closing, the same.
    """

    tickets: int | None = None
    reply: tuple[int, int] | None = None
    close: tuple[int, int] | None = None


@dataclass(frozen=True)
class Waited:
    """One ticket's waiting; see `bot.models.Wait`.

    Attributes:
        person: The month and what tells people apart within it.
    """

    category: str
    person: tuple[str, str]
    reply: int | None
    close: int | None


def waiting(tickets: Iterable[Waited], categories: Iterable[str]) -> dict[str, Waiting]:
    """Return how long each category waited; the counts are protected as in a table."""
    found: dict[str, list[Waited]] = {name: [] for name in categories}
    for ticket in tickets:
        found.setdefault(ticket.category, []).append(ticket)
    counted = {
        name: Counted(Cell(len(waited), _people(ticket.person for ticket in waited)))
        for name, waited in found.items()
    }
    everybody = _people(ticket.person for waited in found.values() for ticket in waited)
    total = Counted(Cell(sum(map(len, found.values())), everybody))
    table = protected((), counted, total)
    return {
        name: Waiting(
            table.rows[name].total,
            _spread([(ticket.person, ticket.reply) for ticket in waited]),
            _spread([(ticket.person, ticket.close) for ticket in waited]),
        )
        for name, waited in found.items()
    }


def _people(known: Iterable[tuple[str, str]]) -> int:
    """Return how many people there were at least: as many as in the month with most."""
    months = Counter(month for month, _ in set(known))
    return max(months.values(), default=0)


def _spread(waited: Sequence[tuple[tuple[str, str], int | None]]) -> tuple[int, int] | None:
    """Return the median and the ninth tenth; None when they stand for fewer than five people."""
    known = sorted(minutes for _, minutes in waited if minutes is not None)
    if _people(person for person, minutes in waited if minutes is not None) < FEWEST:
        return None
    return percentile(known, 50), percentile(known, 90)


def percentile(ordered: Sequence[int], percent: int) -> int:
    """Return the smallest value that so many per cent do not exceed; `ordered` is not empty."""
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]


def share(part: int | None, whole: int | None) -> int | None:
    """Return so many per cent, rounded; None when either is not given or there is nothing."""
    return round(100 * part / whole) if part is not None and whole else None
