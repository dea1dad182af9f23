"""The load: requests sent as fast as they are answered, or at a steady rate; each answer timed."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# More at once than this means that the server no longer keeps up, and is an error.
MOST_CONNECTIONS = 512
# An answer that takes longer is taken for lost.
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Request:
    """One POST with a JSON body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Residents(Protocol):
    """Those who write: each conversation says one thing after another, in order."""

    conversations: int

    def next(self, conversation: int) -> Request:
        """Return what this conversation says next."""


@dataclass
class Timings:
    """How long answers took.

    Attributes:
        seconds: How long the measurement lasted.
        each: Seconds an answer took, in the order of arrival.
    """

    seconds: float
    each: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return len(self.each) / self.seconds

    def percentile(self, percent: float) -> float:
        """Return the milliseconds within which so many percent of the answers came."""
        ordered = sorted(self.each)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Client:
    """A keep-alive HTTP client that costs little enough to leave the processor to the server.

    It reads answers with a Content-Length, which is all that the measured servers send.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._open = 0

    async def post(self, request: Request) -> bytes:
        """Return the body of the answer.

        Raises:
            RuntimeError: The answer was no success.
        """
        reader, writer = self._idle.pop() if self._idle else await self._connect()
        head = f"POST {request.path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
        fields = {"Content-Type": "application/json", **request.headers}
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"{head}Content-Length: {len(request.body)}\r\n\r\n".encode() + request.body)
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
        self._idle.append((reader, writer))
        if not answer.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"{request.path} answered {answer[:30]!r} {body[:300]!r}")
        return body

    async def close(self) -> None:
        """Close every connection."""
        for _, writer in self._idle:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._open += 1
        if self._open > MOST_CONNECTIONS:
            raise RuntimeError(f"{MOST_CONNECTIONS} requests wait: the server does not keep up")
        return await asyncio.open_connection("127.0.0.1", self._port)


async def saturate(client: Client, residents: Residents, seconds: float, at_once: int) -> Timings:
    """Return the timings with so many requests under way at every moment."""
    timings = Timings(0)
    begun = time.perf_counter()

    async def write(conversations: Iterable[int]) -> None:
        for conversation in cycle(conversations):
            sent = time.perf_counter()
            if sent > begun + seconds:
                return
            await client.post(residents.next(conversation))
            timings.each.append(time.perf_counter() - sent)

    async with asyncio.TaskGroup() as writing:
        for number in range(at_once):
            writing.create_task(write(range(number, residents.conversations, at_once)))
    timings.seconds = time.perf_counter() - begun
    return timings


async def steady(client: Client, residents: Residents, seconds: float, rate: float) -> Timings:
    """Return the timings at a rate that does not wait for answers.

    Messages come at random moments, as people write. Each is timed from the moment it was meant to
    be sent, so that a server which holds everything up is not measured as fast.
    """
    timings = Timings(0)
    chance = random.Random(1)  # noqa: S311 - the same moments in each run, no secret
    begun = time.perf_counter()

    async def write(conversation: int, due: float) -> None:
        await client.post(residents.next(conversation))
        timings.each.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as writing:
        due = begun
        for number in count():
            due += chance.expovariate(rate)
            if due > begun + seconds:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writing.create_task(write(number % residents.conversations, due))
    timings.seconds = time.perf_counter() - begun
    return timings
