"""What is done by the clock: each job every so many seconds, in one process at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database import UNREACHABLE, to_its_end

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from bot.database import Database
    from bot.town import Town

log = logging.getLogger(__name__)

_CHECK_SECONDS = 5.0
# Between the jobs' first rounds, which together would be in the way of the first visitors.
APART_SECONDS = 0.2


@dataclass(frozen=True)
class Job:
    """One thing to do again and again.

    Attributes:
        seconds: Between the end of one round and the beginning of the next.
        work: Does one round; what it leaves undone is found again in the next.
    """

    name: str
    seconds: float
    work: Callable[[Database, Town, datetime], Awaitable[object]]


async def run(
    jobs: Sequence[Job],
    database: Database,
    town: Callable[[], Town],
    clock: Callable[[], datetime],
) -> None:
    """Do the jobs for as long as the process lives; a round that fails is tried again."""
    while True:
        try:
            async with database.alone("jobs") as check, asyncio.TaskGroup() as group:
                for place, job in enumerate(jobs):
                    wait = place * APART_SECONDS
                    group.create_task(_again_and_again(job, wait, database, town, clock))
                while True:
                    await asyncio.sleep(_CHECK_SECONDS)
                    await check()
        except* UNREACHABLE as errors:
            log.warning("jobs wait for the database: %s", type(errors.exceptions[0]).__name__)
        await asyncio.sleep(1.0)


async def _again_and_again(
    job: Job,
    wait: float,
    database: Database,
    town: Callable[[], Town],
    clock: Callable[[], datetime],
) -> None:
    await asyncio.sleep(wait)
    while True:
        try:
            await to_its_end(job.work(database, town(), clock()))
        except Exception as error:  # one round's failure must not end the job
            log.exception("job %s failed: %s", job.name, type(error).__name__)
        await asyncio.sleep(job.seconds)
