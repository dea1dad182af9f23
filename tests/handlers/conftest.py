"""What the tests of the HTTP doors share: browsers, members of staff, conversations with a ticket."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.models import Role
from bot.people import staff as people
from bot.texts import texts
from bot.work import pending
from handlers.keys import TOWN
from handlers.middleware import explanation
from tests.conftest import House, Member, WebResident, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from multidict import CIMultiDictProxy

    from bot.database import Database
    from bot.errors import NeuvokasError
    from bot.town import Town
    from tests.conftest import Clock

PASSWORD = "a good password"


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    text: str
    headers: CIMultiDictProxy[str]

    @property
    def location(self) -> str:
        """Where the answer sends the reader."""
        return self.headers.get("Location", "")

    @property
    def words(self) -> str:
        """The text as a reader sees it, without HTML's escapes."""
        return unescape(self.text)

    @property
    def json(self) -> Any:
        """The text read as JSON."""
        return json.loads(self.text)

    def field(self, name: str) -> str:
        """The value of a form's field."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name}"
        return unescape(found[1])


class Browser:
    """A browser without JavaScript: it keeps cookies and does not follow redirects by itself."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.jar = aiohttp.CookieJar(unsafe=True)

    async def asks(self, method: str, path: str, **kwargs: Any) -> Answer:
        """The answer to one request."""
        async with (
            aiohttp.ClientSession(cookie_jar=self.jar) as http,
            http.request(
                method, self.house.url + path, allow_redirects=False, **kwargs
            ) as response,
        ):
            text = await response.text(errors="replace")
            return Answer(response.status, text, response.headers)

    async def opens(self, path: str, **kwargs: Any) -> Answer:
        """A page."""
        return await self.asks("GET", path, **kwargs)

    async def sends(self, path: str, headers: dict[str, str] | None = None, **form: Any) -> Answer:
        """A form."""
        return await self.asks("POST", path, data=form, headers=headers)

    async def signs_in(self, name: str = "Maija") -> Browser:
        """Sign in with the password that the members of staff in tests have."""
        answer = await self.sends("/staff/sign-in", name=name, password=PASSWORD)
        assert (answer.status, answer.location) == (303, "/staff"), answer.words
        return self

    def cookie(self, name: str) -> str:
        """A cookie's value; empty when there is none."""
        return next((cookie.value for cookie in self.jar if cookie.key == name), "")


@pytest.fixture
def unused_port() -> int:
    """A port that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def browser(house: House) -> Browser:
    """A browser at the house on SQLite."""
    return Browser(house)


@pytest.fixture
async def maija(house: House) -> Member:
    """A member of staff in all queues."""
    return await house.staff()


@pytest.fixture
async def either_house(database_url: str, clock: Clock, town: Town) -> AsyncIterator[House]:
    """The application without Telegram, on each database."""
    built = House(settings_for(database_url), clock, town)
    await built.start()
    yield built
    await built.stop()


async def escalated(house: House, *said: str, locale: str = "fi") -> tuple[WebResident, str]:
    """A resident on the web and the number of the ticket made of what was said."""
    resident = WebResident(house, locale)
    for text in said:
        await resident.says(text)
    await resident.arrives() if not resident.id else None
    status, body = await resident.call("POST", f"/{resident.id}/messages", json={"choice": "human"})
    assert status == 200, body
    return resident, body["messages"][0]["ticket"]


async def sent(house: House) -> None:
    """Let the time pass in which replies can be taken back, and send what waits."""
    house.clock.pass_(seconds=6)
    await pending.send_due(house.database, house.app[TOWN](), house.clock())


async def lead(house: House, name: str = "Liisa") -> Member:
    """A team lead."""
    return await house.staff(name, Role.LEAD, [])


async def first_link(house: House) -> str:
    """The path of the one-time link for the first lead."""
    async with house.database.write() as session:
        return f"/staff/join/{await people.invite(session, None, house.clock())}"


def told(error: NeuvokasError, locale: str) -> str:
    """What a reader of this language is told about an error."""
    return explanation(error, texts(locale))[1]


class Stream:
    """Server-sent events as a browser reads them."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def event(self, within: float = 1.0) -> dict[str, str]:
        """The next event's fields; pings are passed over."""
        async with asyncio.timeout(within):
            fields: dict[str, str] = {}
            while True:
                line = (await self._content.readline()).decode()
                assert line, "the stream ended"
                name, colon, value = line.rstrip("\r\n").partition(": ")
                if colon and name:
                    fields[name] = value
                elif not line.strip() and fields:
                    return fields

    async def ended(self, within: float = 1.0) -> bool:
        """Whether the server ends the stream by itself."""
        async with asyncio.timeout(within):
            while await self._content.readline():
                pass
            return True


@asynccontextmanager
async def listening(house: House, path: str, **kwargs: Any) -> AsyncIterator[Stream]:
    """An open stream of events."""
    async with (
        aiohttp.ClientSession(cookie_jar=kwargs.pop("cookie_jar", None)) as http,
        http.get(house.url + path, **kwargs) as response,
    ):
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        yield Stream(response.content)


async def raw(house: House, request: bytes) -> bytes:
    """What the server answers to these very bytes, as no well-behaved client would send them."""
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


async def rows(database: Database, table: type[Any]) -> int:
    """How many rows a table has."""
    from sqlalchemy import func, select  # noqa: PLC0415 - only here

    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0
