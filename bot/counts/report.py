"""The numbers of one period, protected, from what was counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, literal, select

from bot import districts
from bot.counts.numbers import Cell, Counted, Table, Waited, Waiting, protected, waiting
from bot.counts.outcomes import QUESTIONS, Outcome
from bot.models import Status, Tally, Wait
from bot.texts import LOCALES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.counts.numbers import Period
    from bot.town import Town

# What a question comes to, as the tables show it; the rest is one column.
PARTS = (
    Outcome.CONFIRMED,
    Outcome.ASSUMED,
    Outcome.WRONG,
    Outcome.PASSED_ON,
    Outcome.NOT_FOUND,
)
OTHERWISE = "otherwise"
COLUMNS = (*map(str, PARTS), OTHERWISE)
EASY, ORDINARY = "easy", "ordinary"
_NOT_FOUND = COLUMNS.index(Outcome.NOT_FOUND)
DIMENSIONS = ("day", "hour", "topic", "queue", "language", "channel", "easy_language")
# What is known of tickets only.
OF_TICKETS = ("district",)
# What a day or an hour is asked for is how much, not what came of it.
_TOTALS_ONLY = ("day", "hour")


@dataclass(frozen=True)
class Report:
    """The numbers of one period.

    Attributes:
        made_at: When they were made, aware.
        messages: How many messages residents sent, whatever came of them.
        questions: By dimension; the first column is all questions, the parts are `COLUMNS`.
        tickets: By dimension, tickets and how long they waited.
    """

    period: Period
    made_at: datetime
    messages: int | None
    questions: Mapping[str, Table]
    tickets: Mapping[str, Mapping[str, Waiting]]

    @property
    def all_tickets(self) -> Waiting:
        """Return all tickets together."""
        return self.tickets["all"]["all"]

    @property
    def all_questions(self) -> Table:
        """Return all questions together; any dimension's sum is the same."""
        return self.questions["language"]


async def made(session: AsyncSession, period: Period, town: Town, now: datetime) -> Report:
    """Return the numbers of a period."""
    categories = _categories(period, town)
    messages = await _cells(session, period, ())
    whole = await _whole(session, period)
    questions = {}
    for dimension in DIMENSIONS:
        rows = await _rows(session, period, dimension, categories[dimension])
        is_plain = dimension in _TOTALS_ONLY
        total = Counted(whole.total) if is_plain else whole
        questions[dimension] = protected(() if is_plain else COLUMNS, rows, total)
    said = messages.get((), Cell())
    return Report(
        period,
        now,
        None if said.is_small else said.count,
        questions,
        await _tickets(session, period, categories),
    )


def _categories(period: Period, town: Town) -> dict[str, list[str]]:
    """Return what is shown in each dimension even when nothing was counted there."""
    book = town.book
    return {
        "day": [day.isoformat() for day in period.days],
        "hour": [str(hour) for hour in range(24)],
        "topic": sorted({entry.topic for entry in book.entries.values()}),
        "queue": list(book.queues),
        "language": list(LOCALES),
        "channel": ["web", "telegram"],
        "easy_language": [ORDINARY, EASY],
        "district": list(districts.of_town(town.id)),
    }


def _column(table: type[Tally | Wait], dimension: str) -> Any:
    if dimension == "easy_language":
        return case((table.is_easy, EASY), else_=ORDINARY)
    return {
        "day": table.day,
        "hour": table.hour,
        "topic": table.topic,
        "queue": table.queue,
        "language": table.locale,
        "channel": table.channel,
        **({"district": Wait.district} if table is Wait else {}),
    }[dimension]


_PART = case((Tally.outcome.in_(PARTS), Tally.outcome), else_=literal(OTHERWISE))


def _within(table: type[Tally | Wait], period: Period) -> Any:
    return and_(table.day >= period.first.isoformat(), table.day <= period.last.isoformat())


async def _cells(
    session: AsyncSession, period: Period, by: tuple[Any, ...], *which: Any
) -> dict[tuple[str, ...], Cell]:
    """Return counts by columns.

    People can be told apart within a month only, so that of several months the one with most
    counts: there were at least so many.
    """
    labelled = [column.label(f"c{n}") for n, column in enumerate(by)]
    month = func.substr(Tally.day, 1, 7).label("month")
    query = (
        select(*labelled, month, func.count(), func.count(Tally.person.distinct()))
        .where(_within(Tally, period), *which)
        .group_by(*labelled, month)
    )
    found: dict[tuple[str, ...], Cell] = {}
    for *key, _month, count, people in await session.execute(query):
        named = tuple(map(str, key))
        before = found.get(named, Cell())
        found[named] = Cell(before.count + count, max(before.people, people))
    return found


_IS_QUESTION = Tally.outcome.in_(QUESTIONS)


async def _whole(session: AsyncSession, period: Period) -> Counted:
    total = await _cells(session, period, (), _IS_QUESTION)
    parts = await _cells(session, period, (_PART,), _IS_QUESTION)
    return Counted(total.get((), Cell()), tuple(parts.get((column,), Cell()) for column in COLUMNS))


async def _rows(
    session: AsyncSession, period: Period, dimension: str, categories: Iterable[str]
) -> dict[str, Counted]:
    column = _column(Tally, dimension)
    totals = await _cells(session, period, (column,), _IS_QUESTION)
    names = dict.fromkeys([*categories, *(name for (name,) in totals)])
    if dimension in _TOTALS_ONLY:
        return {name: Counted(totals.get((name,), Cell())) for name in names}
    parts = await _cells(session, period, (column, _PART), _IS_QUESTION)
    return {
        name: Counted(
            totals.get((name,), Cell()),
            tuple(parts.get((name, part), Cell()) for part in COLUMNS),
        )
        for name in names
    }


async def _tickets(
    session: AsyncSession, period: Period, categories: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, Waiting]]:
    """Return the tickets opened in a period and their waiting; cancelled ones count as tickets only."""
    dimensions = (*DIMENSIONS, *OF_TICKETS)
    columns = [_column(Wait, dimension).label(dimension) for dimension in dimensions]
    query = select(
        func.substr(Wait.day, 1, 7).label("month"),
        Wait.person,
        Wait.status,
        Wait.reply_minutes,
        Wait.close_minutes,
        *columns,
    ).where(_within(Wait, period))
    rows = (await session.execute(query)).mappings().all()
    found: dict[str, list[Waited]] = defaultdict(list)
    for row in rows:
        close = row["close_minutes"] if row["status"] == Status.CLOSED else None
        for dimension in dimensions:
            name, person = str(row[dimension]), (row["month"], row["person"])
            found[dimension].append(Waited(name, person, row["reply_minutes"], close))
        found["all"].append(Waited("all", person, row["reply_minutes"], close))
    return {
        dimension: waiting(found[dimension], names)
        for dimension, names in {"all": ["all"], **categories}.items()
    }
