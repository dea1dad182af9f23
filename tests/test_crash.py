"""kill -9 in the middle of conversations loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sys
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sqlalchemy import func, select

from bot.database import Database
from bot.models import Author, Delivery, DeliveryStatus, Message, Ticket
from tests.conftest import SECRET, TOKEN


class Process:
    """The service as a real process that can be killed."""

    def __init__(self, database_url: str, telegram_url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "NEUVOKAS_DATABASE_URL": database_url,
            "NEUVOKAS_PORT": str(port),
            "NEUVOKAS_SECRET_KEY": SECRET,
            "NEUVOKAS_TELEGRAM_TOKEN": TOKEN,
            "NEUVOKAS_TELEGRAM_API_URL": telegram_url,
        }
        self._process: asyncio.subprocess.Process

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "serve", env=self._environment,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(120), aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    assert self._process.returncode is None, "the service did not start"
                await asyncio.sleep(0.05)

    async def kill(self, how: int = signal.SIGKILL) -> None:
        if self._process.returncode is None:
            self._process.send_signal(how)
        await self._process.wait()


@asynccontextmanager
async def serving(database_url, telegram):
    """A running service; killed at the end."""
    process = Process(database_url, telegram.url)
    await process.start()
    try:
        yield process
    finally:
        await process.kill()


async def persists(http, process, method, path, **kwargs):
    """Ask again until an answer comes, as a page does whose connection broke."""
    async with asyncio.timeout(240):
        while True:
            try:
                async with http.request(method, process.url + path, **kwargs) as response:
                    assert response.status < 300, (response.status, await response.text())
                    return await response.json()
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def talks(http, process, number, lines):
    """One web resident who says numbered things, each with its own key until it is acknowledged."""
    begun = await persists(http, process, "POST", "/api/v1/conversations", json={"locale": "fi"})
    headers = {"Authorization": f"Bearer {begun['token']}"}
    path = f"/api/v1/conversations/{begun['id']}/messages"
    for line in range(lines):
        await persists(
            http, process, "POST", path,
            json={"text": "ihminen" if line == 2 else f"zxcv {number} {line}"},
            headers={**headers, "Idempotency-Key": f"k{line}"},
        )  # fmt: skip
        await asyncio.sleep(0.02)
    return begun["id"]


async def storm(database_url, telegram, *, kills, residents, lines):
    """Hold conversations through both doors while the service is killed again and again."""
    people = [telegram.person(user_id=40_000 + number) for number in range(residents)]
    chance = random.Random(7)
    async with serving(database_url, telegram) as process, aiohttp.ClientSession() as http:

        async def writes(person):
            for line in range(lines):
                await person.says("ihminen" if line == 2 else f"zxcv {line}")
                await asyncio.sleep(0.05)

        talking = asyncio.gather(
            *(talks(http, process, number, lines) for number in range(residents)),
            *map(writes, people),
        )
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            await process.kill()
            await process.start()
        results = await talking
        database = Database(database_url)
        try:
            async with asyncio.timeout(240):
                while telegram._pending or await waiting(database):
                    await asyncio.sleep(0.1)
            await judge(database, [r for r in results if r], residents, lines)
        finally:
            await database.stop()
    for person in people:
        # A message may go out twice when the service dies between sending and marking; never not.
        assert len(person.heard) >= 3


async def waiting(database):
    async with database.read() as session:
        query = select(func.count()).where(Delivery.status == DeliveryStatus.WAITING)
        return await session.scalar(query)


async def judge(database, web_ids, residents, lines):
    """Every utterance is there once, in order, with its replies; one ticket a resident."""
    async with database.read() as session:
        messages = (await session.scalars(select(Message).order_by(Message.id))).all()
        tickets = (await session.scalars(select(Ticket))).all()
    assert len(web_ids) == residents
    assert len(tickets) == 2 * residents
    said: dict[str, list[Message]] = {}
    for message in messages:
        if message.author == Author.RESIDENT:
            said.setdefault(message.conversation_id, []).append(message)
    assert len(said) == 2 * residents
    causes = {message.cause_id for message in messages if message.cause_id}
    for lines_said in said.values():
        spoken = [message.text.split()[-1] for message in lines_said]
        assert spoken == [str(n) if n != 2 else "ihminen" for n in range(lines)]
        # Until staff have the ticket each utterance is answered.
        assert all(message.id in causes for message in lines_said[:3])


@pytest.mark.parametrize("kills", [2])
async def test_kill_9_loses_and_doubles_nothing(database_url, telegram, kills):
    """Killed twice in the middle of twelve conversations, the service goes on where it was."""
    await storm(database_url, telegram, kills=kills, residents=6, lines=6)


@pytest.mark.slow
async def test_many_kills(database_url, telegram):
    """The same through twenty kills and longer conversations."""
    await storm(database_url, telegram, kills=20, residents=15, lines=30)


async def test_orderly_stop_is_quick(sqlite_url, telegram):
    """Told to stop, the service ends within seconds though pages are listening."""
    async with serving(sqlite_url, telegram) as process, aiohttp.ClientSession() as http:
        begun = await persists(
            http, process, "POST", "/api/v1/conversations", json={"locale": "fi"}
        )
        headers = {"Authorization": f"Bearer {begun['token']}"}
        async with http.get(
            f"{process.url}/api/v1/conversations/{begun['id']}/events", headers=headers
        ) as stream:
            await stream.content.readline()
            async with asyncio.timeout(8):
                await process.kill(signal.SIGTERM)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_several_processes_share_one_postgres(database_url, telegram):
    """Two processes on one database: a conversation goes on at the other, replies go out once."""
    async with (
        serving(database_url, telegram) as first,
        serving(database_url, telegram) as second,
        aiohttp.ClientSession() as http,
    ):
        begun = await persists(http, first, "POST", "/api/v1/conversations", json={"locale": "fi"})
        headers = {"Authorization": f"Bearer {begun['token']}"}
        path = f"/api/v1/conversations/{begun['id']}"
        async with http.get(f"{second.url}{path}/events", headers=headers) as stream:
            for line in range(10):
                process = (first, second)[line % 2]
                await persists(
                    http, process, "POST", f"{path}/messages",
                    json={"text": f"zxcv {line}"}, headers=headers,
                )  # fmt: skip
            heard = b""
            async with asyncio.timeout(60):
                while b"zxcv 9" not in heard:
                    heard += await stream.content.readany()
        people = [telegram.person(user_id=60_000 + number) for number in range(20)]
        for person in people:
            await person.command("/start")
        for person in people:
            await person.hears("Neuvokas", timeout=90)
            assert len(person.heard) == 1
