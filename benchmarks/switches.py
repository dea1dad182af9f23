"""Measures the switch of automatic answers: from the console's form to every replica's obeying answer.

`python -m benchmarks.switches` serves the bot as in production, twice on one PostgreSQL and once on
SQLite, switches one answer off and on again, and prints a table; `--databases` and `--turns` choose
otherwise. At each replica a resident asks the same question over and over; a turn is in effect there
with the first answer that obeys. Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from benchmarks import servers
from bot.database import Database
from bot.migrations import migrate
from bot.models import Role
from bot.people import staff as people

if TYPE_CHECKING:
    from collections.abc import Sequence

# By database: how it is begun, and how many processes serve it.
DATABASES = {"sqlite": (servers.sqlite, 1), "postgresql": (servers.postgresql, 2)}
# Within this time a turn must be in effect everywhere, in seconds.
AIM_SECONDS = 2.0
TURNS = 30
ENTRY = "digituki-price"
QUESTION = "Paljonko digituki maksaa?"
PAUSE_SECONDS = 0.02
# What has not come about by then never will.
PATIENCE_SECONDS = 30.0


class Asking:
    """A resident who asks one replica the same question over and over."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self._http = http
        self._conversations = f"{address}/api/v1/conversations"
        self._messages = ""

    async def begin(self) -> None:
        """Begin a conversation."""
        async with self._http.post(self._conversations, json={"locale": "fi"}) as answer:
            answer.raise_for_status()
            begun = await answer.json()
        self._http.headers["Authorization"] = f"Bearer {begun['token']}"
        self._messages = f"{self._conversations}/{begun['id']}/messages"

    async def is_given(self) -> bool:
        """Ask, and return whether the answer of the book came."""
        async with self._http.post(self._messages, json={"text": QUESTION}) as answer:
            answer.raise_for_status()
            said = (await answer.json())["messages"]
        return any((message["entry"] or {}).get("id") == ENTRY for message in said)

    async def until(self, *, is_given: bool, began: float) -> float:
        """Ask until the answer is, or is not, given; return the seconds since the beginning."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.is_given() is not is_given:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(PAUSE_SECONDS)
        return time.perf_counter() - began


def main() -> int:
    """Measure, print, and return 0 when every turn keeps to the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--turns", type=int, default=TURNS)
    options = parser.parse_args()
    print("| Database | Replica | Turns | Median s | p95 s | Max s |")
    print("| --- | --- | --: | --: | --: | --: |")
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own.
        with servers.stubs(folder) as stubs:
            bot_api = f"http://127.0.0.1:{stubs.port}"
            for database in options.databases.split(","):
                slowest = max(slowest, of_database(database, bot_api, folder, options.turns))
    print(f"\nslowest: {slowest:.2f} s; aim: {AIM_SECONDS:.0f} s")
    return 0 if slowest <= AIM_SECONDS else 1


def of_database(database: str, bot_api: str, folder: Path, turns: int) -> float:
    """Serve one database, print a line for each replica, and return the slowest turn in seconds."""
    begun, replicas = DATABASES[database]
    with ExitStack() as stack:
        url = stack.enter_context(begun(folder))
        session = asyncio.run(lead_session(url))
        addresses = []
        for number in range(replicas):
            logs = folder / f"{database}-{number}"
            logs.mkdir()
            server = stack.enter_context(servers.neuvokas(url, bot_api, logs))
            addresses.append(f"http://127.0.0.1:{server.port}")
        times = asyncio.run(measure(addresses, session, turns))
    for number, found in enumerate(times):
        where = "with the console" if number == 0 else "another"
        p95 = sorted(found)[-(-95 * len(found) // 100) - 1]
        figures = (statistics.median(found), p95, max(found))
        shown = " | ".join(f"{seconds:.2f}" for seconds in figures)
        print(f"| {database} | {where} | {len(found)} | {shown} |", flush=True)
    return max(map(max, times))


async def lead_session(url: str) -> str:
    """Make the tables and a team lead, and return the lead's session."""
    database = Database(url)
    await migrate(database)
    now = datetime.now(UTC)
    async with database.write() as session:
        lead = await people.add(session, "Liisa", Role.LEAD, [], now)
        secret = await people.issue(session, "session", lead, now, people.SESSION_LASTS)
    await database.stop()
    return secret


async def measure(addresses: Sequence[str], session: str, turns: int) -> list[list[float]]:
    """Switch off and on in turn at the first replica; return the seconds of each turn, by replica."""
    times: list[list[float]] = [[] for _address in addresses]
    async with AsyncExitStack() as stack:
        cookies = {"neuvokas_staff": session}
        console = await stack.enter_async_context(aiohttp.ClientSession(cookies=cookies))
        residents = []
        for address in addresses:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            residents.append(Asking(http, address))
            await residents[-1].begin()
        for number in range(turns):
            is_off = number % 2 == 0
            # Both replicas answer as before until the form is sent.
            for resident in residents:
                await resident.until(is_given=is_off, began=0)
            began = time.perf_counter()
            found = await asyncio.gather(
                turn(console, addresses[0], is_off=is_off),
                *(resident.until(is_given=not is_off, began=began) for resident in residents),
            )
            for replica, seconds in zip(times, found[1:], strict=True):
                replica.append(seconds)
            # A replica that obeyed once must not fall back.
            for resident in residents:
                if await resident.is_given() is is_off:
                    raise RuntimeError("a replica obeyed and then did not")
    return times


async def turn(console: aiohttp.ClientSession, address: str, *, is_off: bool) -> float:
    """Send the console's form."""
    form = {"what": f"entry:{ENTRY}", **({"reason": "Measured."} if is_off else {"on": "1"})}
    async with console.post(
        f"{address}/staff/switches", data=form, allow_redirects=False
    ) as answer:
        if answer.status != 303:
            raise RuntimeError(f"the console answered {answer.status}")
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
