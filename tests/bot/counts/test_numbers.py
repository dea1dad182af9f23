"""Periods, waiting times, and that nothing shown stands for fewer than five people."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.counts.numbers import (
    FEWEST,
    Cell,
    Counted,
    Waited,
    of,
    percentile,
    protected,
    read_period,
    share,
    waiting,
)


def table_of(parts):
    """The table of a grid of counts, each from another person."""
    width = len(parts[0])
    rows = {
        f"r{n}": Counted(Cell(sum(row), sum(row)), tuple(Cell(v, v) for v in row))
        for n, row in enumerate(parts)
    }
    sums = [sum(row[n] for row in parts) for n in range(width)]
    whole = Counted(Cell(sum(sums), sum(sums)), tuple(Cell(v, v) for v in sums))
    return protected([f"c{n}" for n in range(width)], rows, whole)


grids = st.integers(1, 2).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=1, max_size=4
    )
)


def others(parts, table):
    """Every grid near the true one that a reader of the table cannot tell from it."""
    width = len(parts[0])
    rows = list(table.rows.values())
    places = [(r, c) for r in range(len(parts)) for c in range(width) if rows[r].parts[c] is None]
    for change in product((-1, 0, 1), repeat=len(places)):
        grid = [list(row) for row in parts]
        for (r, c), by in zip(places, change, strict=True):
            grid[r][c] += by
        if min(map(min, grid)) < 0:
            continue
        sums = [sum(row[c] for row in grid) for c in range(width)]
        if (
            all(row.total in {None, sum(line)} for row, line in zip(rows, grid, strict=True))
            and all(
                shown in {None, found} for shown, found in zip(table.total.parts, sums, strict=True)
            )
            and table.total.total in {None, sum(sums)}
        ):
            yield grid


@given(grids)
@settings(max_examples=300)
def test_no_small_number_is_shown(parts):
    """Every number shown is nought or stands for five people at least."""
    table = table_of(parts)
    for row in (*table.rows.values(), table.total):
        for number in (row.total, *row.parts):
            assert number is None or number == 0 or number >= FEWEST


@given(grids)
@settings(max_examples=300)
def test_no_small_number_can_be_worked_out(parts):
    """For every small number there is another table with the same numbers shown and another there."""
    table = table_of(parts)
    possible = list(others(parts, table))
    for r, row in enumerate(parts):
        for c, number in enumerate(row):
            if 0 < number < FEWEST:
                assert len({grid[r][c] for grid in possible}) > 1, (parts, table)
        if 0 < sum(row) < FEWEST:
            assert len({sum(grid[r]) for grid in possible}) > 1, (parts, table)


@given(grids)
@settings(max_examples=300)
def test_what_is_left_out_together_is_no_small_group(parts):
    """What subtraction gives of all that is left out together is nobody or five people."""
    table = table_of(parts)
    rows = list(table.rows.values())
    if table.total.total is not None:
        rest = table.total.total - sum(row.total for row in rows if row.total is not None)
        assert rest == 0 or rest >= FEWEST
    for c, whole in enumerate(table.total.parts):
        if whole is not None:
            rest = whole - sum(row.parts[c] for row in rows if row.parts[c] is not None)
            assert rest == 0 or rest >= FEWEST


def test_large_numbers_stay():
    """Where nothing is small, everything is shown, noughts too."""
    table = table_of([[5, 0], [7, 90]])
    assert [row.parts for row in table.rows.values()] == [(5, 0), (7, 90)]
    assert (table.total.total, table.total.parts) == (102, (12, 90))


def test_people_count_and_not_how_often():
    """One person who asks a hundred times is still one person."""
    table = protected(
        (), {"a": Counted(Cell(100, 1)), "b": Counted(Cell(50, 40))}, Counted(Cell(150, 41))
    )
    assert [row.total for row in table.rows.values()] == [None, None]


def test_nobody_at_all():
    """A table of nothing is a table of noughts."""
    table = protected(("x",), {"a": Counted(Cell(), (Cell(),))}, Counted(Cell(), (Cell(),)))
    assert table.rows["a"].parts == (0,)
    assert table.total.total == 0


@pytest.mark.parametrize(
    ("name", "first", "last", "before", "after"),
    [
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30), "2026-10", "2026-12"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024-01", "2024-03"),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3), "2026-W52", "2027-W01"),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31), "2026-Q3", "2027-Q1"),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2025", "2027"),
    ],
)
def test_periods(name, first, last, before, after):
    """Weeks, months, quarters and years have their first and last day and neighbours."""
    found = read_period(name)
    assert (found.name, found.first, found.last) == (name, first, last)
    assert (found.before.name, found.after.name) == (before, after)
    assert found.days[0] == first
    assert found.days[-1] == last


@given(
    st.dates(date(2001, 1, 1), date(2100, 1, 1)),
    st.sampled_from(["week", "month", "quarter", "year"]),
)
def test_every_day_is_in_its_period(day, kind):
    """The period of a day holds it, is found again by its name, and ends where the next begins."""
    found = of(kind, day)
    assert found.first <= day <= found.last
    assert found.kind == kind
    assert read_period(found.name) == found
    assert found.after.first == found.last + timedelta(1)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "2026-13",
        "2026-00",
        "2026-W54",
        "2026-W00",
        "2026-Q5",
        "0001",
        "1999-12",
        "9999",
        "2026-1",
        "２０２６",
        "2026-11\n",
    ],
)
def test_no_periods(name):
    """What names no period is none."""
    assert read_period(name) is None


def test_percentiles():
    """The median and the ninth tenth are values that somebody really waited."""
    assert percentile([7], 50) == percentile([7], 90) == 7
    assert percentile(list(range(1, 11)), 50) == 5
    assert percentile(list(range(1, 11)), 90) == 9
    assert percentile([1, 1, 1, 1, 100], 90) == 100


def test_waiting():
    """Times are given for five people or more, and only of tickets that had the thing."""
    many = [Waited("fi", ("2026-11", f"p{n}"), n * 10, None) for n in range(10)]
    few = [Waited("sv", ("2026-11", f"s{n}"), 30, 60) for n in range(4)]
    found = waiting([*many, *few], ["fi", "sv", "en"])
    assert found["fi"].reply == (40, 80)
    assert found["fi"].close is None
    assert found["sv"].tickets is None
    assert found["sv"].reply is None
    assert found["fi"].tickets is None  # Else it would give away the four.
    assert found["en"].tickets == 0


def test_people_of_several_months():
    """Who comes back in another month cannot be told from somebody else, and is counted once."""
    same = [Waited("fi", (f"2026-{month:02}", "p"), 30, None) for month in range(1, 13)]
    assert waiting(same, ["fi"])["fi"].tickets is None
    assert waiting(same, ["fi"])["fi"].reply is None


def test_share():
    """A share needs both numbers and something to be a share of."""
    assert share(1, 3) == 33
    assert share(None, 3) is share(1, None) is share(0, 0) is None
