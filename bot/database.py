"""Engine, transactions, and the nudges that tell waiting pages that something was committed."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiosqlite
import asyncpg
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.models import Base

log = logging.getLogger(__name__)

_PG_CHANNEL = "neuvokas"
# PostgreSQL refuses a notification of 8,000 bytes or more.
_PG_PAYLOAD = 7_000
_RECONNECT_SECONDS = 1.0
_STOP_SECONDS = 5.0
# What the database being away looks like; the driver's own errors come through while connecting.
# An error that lies in a statement or its values is none of them: trying again would not help.
UNREACHABLE = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
_SQLITE_BUSY_MS = 30_000


class Nudges:
    """Wakes whoever waits for a topic; says only that something changed, never what.

    A nudge may be lost (a broken connection): whoever waits looks again by itself after a while.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def publish(self, topic: str) -> None:
        """Wake everyone who waits for the topic in this process."""
        for waiting in self._waiting.get(topic, ()):
            waiting.set()

    def publish_all(self) -> None:
        """Wake everyone, after a time in which nudges may have been lost."""
        for topic in list(self._waiting):
            self.publish(topic)

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set at each nudge; the listener clears it before it looks."""
        woken = asyncio.Event()
        for topic in topics:
            self._waiting.setdefault(topic, set()).add(woken)
        try:
            yield woken
        finally:
            for topic in topics:
                self._waiting[topic].discard(woken)
                if not self._waiting[topic]:
                    del self._waiting[topic]


async def waited(woken: asyncio.Event, seconds: float) -> bool:
    """Return True when nudged within the time, False when it passed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await woken.wait()
    return woken.is_set()


def _now() -> datetime:
    return datetime.now(UTC)


class Database:
    """One database: transactions that write, transactions that read, and nudges after a commit.

    On SQLite all writing goes through one connection whose transactions begin IMMEDIATE: they
    queue for it in order instead of failing with "database is locked". On PostgreSQL both kinds
    share one pool, and nudges reach every process by NOTIFY.

    Args:
        clock: The present moment, aware; for what is dated by its commit.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = _now) -> None:
        self.url = async_url(url)
        self._clock = clock
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self.nudges = Nudges()
        if self.is_postgres:
            self._writer = self._reader = create_async_engine(
                self.url, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True
            )
        else:
            Path(self.url.database or "").resolve().parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite_engine(self.url, "BEGIN", pool_size=4)
        self._listening: asyncio.Task[None] | None = None

    @property
    def engine(self) -> AsyncEngine:
        """Return the engine that may write."""
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Give a session in a transaction that commits at the end, and nudge afterwards."""
        async with AsyncSession(
            self._writer, expire_on_commit=False, info={"clock": self._clock}
        ) as session:
            async with session.begin():
                yield session
                await session.flush()
                for work in session.info.get("last", ()):
                    await work(session)
                topics: list[str] = list(dict.fromkeys(session.info.get("topics", ())))
                if topics and self.is_postgres:
                    await self._notify(session, topics)
            for topic in topics:
                self.nudges.publish(topic)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Give a session that only reads."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def alone(self, job: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Wait until no other process does the job, then give a check that fails once that has changed.

        PostgreSQL lets go of the claim by itself when the process dies. On SQLite there is one process.
        """
        if not self.is_postgres:
            yield _nothing_changed
            return
        async with self._writer.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            claim = text("SELECT pg_try_advisory_lock(hashtext(:job))")
            while not await connection.scalar(claim, {"job": job}):  # noqa: ASYNC110 - another process tells nothing
                await asyncio.sleep(_RECONNECT_SECONDS)

            async def check() -> None:
                await connection.execute(text("SELECT 1"))

            try:
                yield check
            finally:
                # The claim belongs to the connection and ends with it.
                await connection.invalidate()

    async def start(self) -> None:
        """Begin to hear the nudges of other processes."""
        if self.is_postgres:
            self._listening = asyncio.create_task(self._listen(), name="postgres-listen")

    async def stop(self) -> None:
        """Close every connection."""
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await self._writer.dispose()
        await self._reader.dispose()

    async def _notify(self, session: AsyncSession, topics: list[str]) -> None:
        for payload in _packed(topics):
            await session.execute(
                text("SELECT pg_notify(:channel, :payload)"),
                {"channel": _PG_CHANNEL, "payload": payload},
            )

    async def _listen(self) -> None:
        """Pass other processes' notifications on, for as long as the process lives."""
        dsn = self.url.set(drivername="postgresql").render_as_string(hide_password=False)

        def heard(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            for topic in payload.split("\n"):
                self.nudges.publish(topic)

        while True:
            try:
                connection = await asyncpg.connect(dsn)
                try:
                    await connection.add_listener(_PG_CHANNEL, heard)
                    self.nudges.publish_all()
                    while not connection.is_closed():  # noqa: ASYNC110 - a broken connection tells nothing
                        await asyncio.sleep(_RECONNECT_SECONDS)
                finally:
                    with suppress(Exception):
                        await connection.close(timeout=1)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("listening failed, trying again: %s", type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)


async def to_its_end(work: Awaitable[object]) -> None:
    """Await something that uses the database; told to stop meanwhile, end it first, then stop.

    A connection that is cut off while it is being opened is never closed.
    """
    doing = asyncio.ensure_future(work)
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing], timeout=_STOP_SECONDS)
        if doing.done() and not doing.cancelled() and doing.exception():
            log.warning("ended with an error: %s", type(doing.exception()).__name__)
        raise


async def _nothing_changed() -> None:
    pass


def nudge(session: AsyncSession, topic: str) -> None:
    """Wake whoever waits for the topic once the session's transaction is committed."""
    session.info.setdefault("topics", []).append(topic)


def writes(session: AsyncSession) -> bool:
    """Return whether the session is in a transaction that may write."""
    return "clock" in session.info


def at_the_end(session: AsyncSession, work: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Do this as the last thing in the session's transaction, before it commits."""
    session.info.setdefault("last", []).append(work)


async def insert_unless_there(
    session: AsyncSession, table: type[Base], values: dict[str, Any], unique: Sequence[str]
) -> bool:
    """Insert a row unless one with the same unique columns is there, as another process may do at once.

    Returns:
        Whether it was inserted.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    done = await session.execute(
        insert(table).values(values).on_conflict_do_nothing(index_elements=unique)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # an INSERT's result counts its rows


def async_url(url: str) -> URL:
    """Return the address with the driver for the event loop."""
    parsed = make_url(url)
    driver = (
        "postgresql+asyncpg" if parsed.get_backend_name() == "postgresql" else "sqlite+aiosqlite"
    )
    return parsed.set(drivername=driver)


def _packed(topics: list[str]) -> Iterator[str]:
    payload = ""
    for topic in topics:
        if payload and len(payload) + len(topic) >= _PG_PAYLOAD:
            yield payload
            payload = ""
        payload = f"{payload}\n{topic}" if payload else topic
    yield payload


class _Connection(aiosqlite.Connection):
    """A SQLite connection that makes few trips between the event loop and its thread.

    The library makes four for each statement (open a cursor, execute, fetch, close), and one trip
    costs several times what SQLite needs for a statement of ours. Here a statement makes one, rows
    included. In a transaction that writes it makes none: what may wait is then behind it (BEGIN,
    for the lock) or before it (COMMIT, for the disk), and both of these still go to the thread.
    """

    is_writer = False

    def cursor(self) -> _Cursor:  # type: ignore[override]  # what SQLAlchemy needs of one
        """Return a cursor; it costs no trip."""
        return _Cursor(self)

    async def run(self, method: str, *arguments: Any) -> tuple[sqlite3.Cursor, list[Any]]:
        """Return the driver's cursor after a statement, and every row of it."""

        def done() -> tuple[sqlite3.Cursor, list[Any]]:
            cursor = getattr(self._conn, method)(*arguments)
            return cursor, cursor.fetchall()

        if self.is_writer and self.in_transaction:
            return done()
        return await self._execute(done)  # type: ignore[no-any-return,no-untyped-call]


class _Cursor:
    """A cursor that has its rows already."""

    arraysize = 1
    description: Any = None
    rowcount = -1
    lastrowid: int | None = None

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, *statement: Any) -> None:
        """Run a statement, with its parameters if it has any."""
        self._took(*await self._connection.run("execute", *statement))

    async def executemany(self, *statement: Any) -> None:
        """Run a statement for each of many sets of parameters."""
        self._took(*await self._connection.run("executemany", *statement))

    async def fetchall(self) -> list[Any]:
        """Return every row."""
        return self._rows

    async def close(self) -> None:
        """Do nothing: the statement ended with its last row."""

    def _took(self, done: sqlite3.Cursor, rows: list[Any]) -> None:
        self.description, self.rowcount = done.description, done.rowcount
        self.lastrowid, self._rows = done.lastrowid, rows


def _connect(database: str, *, is_writer: bool, **options: Any) -> _Connection:
    # SQLAlchemy lets more than one thread use it. They take turns: whoever asks awaits the answer.
    connection = _Connection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    connection.is_writer = is_writer
    # As SQLAlchemy does it: a connection that was never closed must not keep the process alive.
    connection._thread.daemon = True  # noqa: SLF001 - the library offers no other way
    return connection


def _sqlite_engine(url: URL, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        connect_args={
            "isolation_level": None,
            "async_creator_fn": partial(_connect, is_writer=pool_size == 1),
        },
        # A failing statement is logged, and its parameters are what residents wrote.
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL keeps what was acknowledged through a power cut as well, not only through a crash.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
