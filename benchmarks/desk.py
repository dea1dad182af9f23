"""Measures the staff desk with 10,000 open tickets: the list, its filters, search, and 50 open pages.

`python -m benchmarks.desk` fills a database, serves it as in production, and prints a table;
`--databases sqlite,postgresql` and `--tickets 10000` choose otherwise. Nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from sqlalchemy import insert, text

from benchmarks import servers
from bot.database import Database
from bot.migrations import migrate
from bot.models import (
    Author,
    Channel,
    Conversation,
    Message,
    Role,
    Status,
    Ticket,
    TicketWord,
    ticket_number,
)
from bot.people import staff as people
from bot.work import search

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASES = {"sqlite": servers.sqlite, "postgresql": servers.postgresql}
# What the list and a search may take, in milliseconds.
AIM_MS = 200.0
TRIES = 30
PAGES_OPEN = 50
BATCH = 1_000
MESSAGES = 5
QUEUES = ("digital-support", "events", "general")
# As many different words as people use for such matters, the common ones often.
_ROOTS = ("kirjasto", "tulost", "sopimu", "verkko", "tunnus", "lasku", "puhelin", "lupa", "tori")
_WORDS = [f"{root}{ending}" for root in _ROOTS for ending in ("", "a", "n", "ssa", "lla", "ni")]
_WORDS += [f"sana{number}" for number in range(3_000)]
ADDRESSES = {
    "list": "/staff",
    "list, last page": "/staff?page=200",
    "waiting longest": "/staff?waiting=1&sort=waiting",
    "promised soonest": "/staff?overdue=1&sort=due",
    "queue and language": "/staff?queue=events&language=sv",
    "search, common word": "/staff?q=kirjasto",
    "search, beginning": "/staff?q=sana1",
    "search, three words": "/staff?q=kirjasto+lasku+tulost",
    "search, rare word": "/staff?q=sana2718",
    "search, number": "/staff?q=N-5042",
    "search, nothing": "/staff?q=kummitus",
    "ticket": "/staff/tickets/N-5042",
}


def main() -> int:
    """Measure, print, and return 0 when every list and search keeps to the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--tickets", type=int, default=10_000)
    options = parser.parse_args()
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own.
        with servers.stubs(folder) as stubs:
            for database in options.databases.split(","):
                with DATABASES[database](folder) as url:
                    session = asyncio.run(fill(url, options.tickets))
                    bot_api = f"http://127.0.0.1:{stubs.port}"
                    with servers.neuvokas(url, bot_api, folder) as server:
                        address = f"http://127.0.0.1:{server.port}"
                        slowest = max(slowest, asyncio.run(measure(address, session, database)))
    print(f"\nslowest p95: {slowest:.0f} ms; aim: {AIM_MS:.0f} ms")
    return 0 if slowest <= AIM_MS else 1


async def fill(url: str, tickets: int) -> str:
    """Fill a database with open tickets and return a lead's session."""
    database = Database(url)
    await migrate(database)
    now = datetime.now(UTC)
    for first in range(0, tickets, BATCH):
        async with database.write() as session:
            for table, rows in rows_of(range(first, min(first + BATCH, tickets)), now).items():
                await session.execute(insert(table), rows)
    async with database.write() as session:
        lead = await people.add(session, "Liisa", Role.LEAD, [], now)
        secret = await people.issue(session, "session", lead, now, people.SESSION_LASTS)
        # A database that grows day by day knows what it holds; one filled at once has to look.
        await session.execute(text("ANALYZE"))
    await database.stop()
    return secret


def rows_of(numbers: range, now: datetime) -> dict[type[Any], list[dict[str, Any]]]:
    """Return the rows of some tickets with their conversations, always the same for a number."""
    found: dict[type[Any], list[dict[str, Any]]] = {
        table: [] for table in (Conversation, Ticket, Message, TicketWord)
    }
    for number in numbers:
        chance = random.Random(number)  # noqa: S311 - no secret
        conversation, began = uuid.uuid4().hex, now - timedelta(minutes=number)
        locale = chance.choice(["fi", "fi", "fi", "sv", "en"])
        found[Conversation].append(
            {
                "id": conversation, "channel": Channel.WEB, "address": conversation,
                "locale": locale, "state": {}, "is_unreachable": False, "created_at": began,
            }
        )  # fmt: skip
        found[Ticket].append(
            {
                "id": number + 1, "conversation_id": conversation, "locale": locale,
                "queue": chance.choice(QUEUES), "status": Status.OPEN, "tried": [],
                "created_at": began, "opened_at": began, "waits_since": began,
                "reply_by": began + timedelta(hours=6),
            }
        )  # fmt: skip
        said = list(sentences(chance))
        found[Message] += [
            {
                "conversation_id": conversation, "author": Author.RESIDENT, "text": text,
                "choices": [], "ticket_id": number + 1, "at": began,
            }
            for text in said
        ]  # fmt: skip
        words = search.words_in(" ".join(said))
        found[TicketWord] += [{"word": word, "ticket_id": number + 1} for word in words]
    return found


def sentences(chance: random.Random) -> Iterator[str]:
    """Yield what one resident writes."""
    for _ in range(MESSAGES):
        yield " ".join(
            chance.choice(_WORDS[:54] if chance.random() < 0.3 else _WORDS)
            for _ in range(chance.randint(3, 15))
        )


async def measure(address: str, session: str, database: str) -> float:
    """Print how long each page takes, in milliseconds, and return the slowest p95 of them."""
    print(f"\n{database}: milliseconds\n\n| Page | p50 | p95 | worst |\n| --- | --: | --: | --: |")
    slowest = 0.0
    cookies = {"neuvokas_staff": session}
    async with (
        aiohttp.ClientSession(cookies=cookies) as http,
        aiohttp.ClientSession(cookies=cookies, connector=aiohttp.TCPConnector(limit=0)) as streams,
    ):
        for name, path in ADDRESSES.items():
            times = sorted([await timed(http, address + path) for _ in range(TRIES)])
            p95 = times[int(TRIES * 0.95) - 1]
            slowest = max(slowest, p95)
            print(f"| {name} | {statistics.median(times):.0f} | {p95:.0f} | {times[-1]:.0f} |")
        told = await all_told(http, streams, address)
        print(f"| a change reaches {PAGES_OPEN} open pages | {told:.0f} | | |", flush=True)
    return slowest


async def timed(http: aiohttp.ClientSession, url: str) -> float:
    """Return how long a page takes, in milliseconds."""
    began = time.perf_counter()
    async with http.get(url) as answer:
        await answer.read()
        answer.raise_for_status()
    return (time.perf_counter() - began) * 1000


async def all_told(
    http: aiohttp.ClientSession, streams: aiohttp.ClientSession, address: str
) -> float:
    """Return how long it takes until every open page was told of a claim, in milliseconds."""
    async with AsyncExitStack() as stack:
        pages = [
            await stack.enter_async_context(streams.get(f"{address}/staff/events"))
            for _ in range(PAGES_OPEN)
        ]
        for page in pages:
            await changed(page)
        began = time.perf_counter()
        async with http.post(f"{address}/staff/tickets/{ticket_number(1)}/claim") as answer:
            answer.raise_for_status()
        await asyncio.gather(*map(changed, pages))
        return (time.perf_counter() - began) * 1000


async def changed(page: aiohttp.ClientResponse) -> None:
    """Wait until a page's stream says that something changed."""
    while b"changed" not in await page.content.readline():
        pass


if __name__ == "__main__":
    sys.exit(main())
