"""Brings a database's tables to the present shape, step by step."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database import Database

# Any fixed number: processes that start at once migrate one after the other.
_LOCK = 7_038_001


async def migrate(database: Database) -> None:
    """Bring the tables up to date; does nothing when they are."""
    async with database.engine.connect() as connection:
        if database.is_postgres:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await connection.run_sync(_upgrade)
        await connection.commit()


async def is_current(database: Database) -> bool:
    """Return whether the tables are at the newest migration."""
    async with database.read() as session:
        connection = await session.connection()
        return await connection.run_sync(_at_head)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def _upgrade(connection: Connection) -> None:
    if _at_head(connection):
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _at_head(connection: Connection) -> bool:
    return set(MigrationContext.configure(connection).get_current_heads()) == _heads()


@cache
def _heads() -> set[str]:
    """Return the newest migrations. Read once: every look at `/readyz` asks for them."""
    return set(ScriptDirectory.from_config(_config()).get_heads())
