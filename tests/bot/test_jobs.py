"""What is done by the clock."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from bot import jobs
from bot.jobs import Job

if TYPE_CHECKING:
    import pytest

    from bot.database import Database
    from bot.town import Town
    from tests.conftest import Clock


async def done(
    jobs_: list[Job], rounds: asyncio.Queue[str], wanted: int, doing: tuple[Database, Town, Clock]
) -> list[str]:
    """Return the names of the first rounds that the jobs do."""
    database, town, clock = doing
    task = asyncio.create_task(jobs.run(jobs_, database, lambda: town, clock))
    try:
        async with asyncio.timeout(20):
            return [await rounds.get() for _ in range(wanted)]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_round_that_fails_is_done_again_and_others_go_on(
    jobs_run: None, database: Database, town: Town, clock: Clock
) -> None:
    rounds: asyncio.Queue[str] = asyncio.Queue()

    async def fails(*_: object) -> None:
        rounds.put_nowait("fails")
        raise ValueError("no")

    async def works(*_: object) -> None:
        rounds.put_nowait("works")

    known = [Job("fails", 0.01, fails), Job("works", 0.01, works)]
    found = await done(known, rounds, 8, (database, town, clock))
    assert found.count("fails") >= 2
    assert found.count("works") >= 2


async def test_first_rounds_come_one_after_the_other(
    database: Database, town: Town, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first in the list is the most urgent; the others do not stand in its way."""
    monkeypatch.setattr(jobs, "APART_SECONDS", 0.3)
    rounds: asyncio.Queue[str] = asyncio.Queue()

    async def work(name: str, *_: object) -> None:
        await asyncio.sleep(0.05)
        rounds.put_nowait(name)

    known = [Job(name, 60, partial(work, name)) for name in ("first", "second", "third")]
    assert await done(known, rounds, 3, (database, town, clock)) == ["first", "second", "third"]
