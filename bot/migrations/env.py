"""Runs migrations on the database named in the settings, or on the one the caller connected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alembic import context

from bot import settings
from bot.database import Database
from bot.models import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection


def run(connection: Connection) -> None:
    """Run the migrations that alembic was asked for."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    """Run them on a connection of our own, as the `alembic` command needs."""
    database = Database(settings.read().database_url)
    async with database.engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await database.stop()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect_and_run())
else:
    run(given)
