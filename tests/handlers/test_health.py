"""Whether the process lives and can serve, for whoever watches it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.database import Database
from handlers.keys import DATABASE
from tests.conftest import House, _admin, _named, settings_for
from tests.handlers.conftest import Browser

READY = {"database": True, "migrations": True, "book": True}


async def readiness(house):
    answer = await Browser(house).opens("/readyz")
    return answer.status, answer.json


async def test_all_is_well(either_house):
    """A healthy house lives and is ready."""
    alive = await Browser(either_house).opens("/healthz")
    assert (alive.status, alive.json) == (200, {"status": "ok"})
    assert await readiness(either_house) == (
        200,
        {"status": "ok", "checks": READY, "alarms": []},
    )


async def test_migrations_behind(either_house):
    """With tables of another version the process lives but is not ready, and says why."""
    async with either_house.database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    status, body = await readiness(either_house)
    assert (status, body["status"]) == (503, "unavailable")
    assert body["checks"] == {**READY, "migrations": False}
    assert (await Browser(either_house).opens("/healthz")).status == 200


async def test_database_file_gone(house, sqlite_url):
    """With the file gone the process lives but is not ready, and answers with problem documents."""
    engines = (house.database.engine, house.database._reader)
    # What a job has in hand at this moment would be closed by nobody.
    while any(engine.pool.checkedout() for engine in engines):
        await asyncio.sleep(0.01)
    for engine in engines:
        await engine.dispose()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    for part in file.parent.glob("neuvokas.db*"):
        part.unlink()
    file.mkdir()
    status, body = await readiness(house)
    assert (status, body["checks"]) == (503, {**READY, "database": False, "migrations": False})
    assert (await Browser(house).opens("/healthz")).status == 200
    answer = await Browser(house).asks("POST", "/api/v1/conversations")
    assert (answer.status, answer.json["status"]) == (503, 503)
    assert int(answer.headers["Retry-After"]) > 0
    file.rmdir()


async def test_database_server_gone(postgres, postgres_template, clock, town):
    """With the database dropped under it the process lives but is not ready; both come back."""
    name = "test_gone"
    await _admin(postgres, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    house = House(settings_for(_named(postgres, name)), clock, town)
    await house.start()
    try:
        assert (await readiness(house))[0] == 200
        await _admin(postgres, f"DROP DATABASE {name} WITH (FORCE)")
        status, body = await readiness(house)
        assert (status, body["checks"]["database"]) == (503, False)
        answer = await Browser(house).asks("POST", "/api/v1/conversations")
        assert answer.json["status"] == answer.status >= 500
        assert (await Browser(house).opens("/healthz")).status == 200
        await _admin(postgres, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
        assert (await readiness(house))[0] == 200
    finally:
        await house.stop()
        await _admin(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


async def test_server_nowhere(house):
    """A server that cannot be reached at all is the same: not ready, and no error."""
    working = house.database
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    house.app._state[DATABASE] = away
    try:
        status, body = await readiness(house)
        assert (status, body["checks"]["database"]) == (503, False)
    finally:
        await away.stop()
        house.app._state[DATABASE] = working


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_watching_leaves_no_traces(house, path):
    """Watching sets no cookie and is not cached."""
    answers = await asyncio.gather(*(Browser(house).opens(path) for _ in range(5)))
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
