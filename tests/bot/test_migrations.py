"""Migrations run from empty on both databases and leave exactly the tables of the models."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from bot import staff as people
from bot.database import Database
from bot.migrations import _config, is_current, migrate
from bot.models import Base, Credential, Staff


async def test_models_and_tables_are_equal(database):
    """After migrating from empty, autogenerate finds nothing to change."""

    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_down_and_up_again(database):
    """Every migration can be taken back, and run again."""
    from alembic import command  # noqa: PLC0415 - only here

    def down(connection):
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    async with database.engine.connect() as connection:
        await connection.run_sync(down)
        await connection.commit()
    assert not await is_current(database)
    await migrate(database)
    assert await is_current(database)


async def test_staff_from_before_can_tie_telegram(database):
    """Members of staff and what refers to them survive, and have no account tied yet."""
    from alembic import command  # noqa: PLC0415 - only here

    now = datetime.now(UTC)
    async with database.write() as session:
        person = Staff(name="Maija", role="staff", queues=[], password_hash=None, created_at=now)
        session.add(person)
        await session.flush()
        await people.issue(session, "token", person, now, None)

    def down_and_up(connection):
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        command.upgrade(config, "head")

    async with database.engine.connect() as connection:
        await connection.run_sync(down_and_up)
        await connection.commit()
    async with database.read() as session:
        [kept] = await session.scalars(select(Credential))
        assert (kept.staff.name, kept.staff.telegram_id) == ("Maija", None)


async def test_processes_that_start_at_once_migrate_once(database):
    """Four processes migrating an empty database at once all succeed."""
    async with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(text(f"DROP TABLE {table.name}"))
        await connection.execute(text("DROP TABLE alembic_version"))
    url = (
        database.url.render_as_string(hide_password=False)
        .replace("+asyncpg", "")
        .replace("+aiosqlite", "")
    )
    others = [Database(url) for _ in range(4)]
    await asyncio.gather(*map(migrate, others))
    assert await is_current(database)
    for other in others:
        await other.stop()
