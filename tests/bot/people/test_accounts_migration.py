"""People and sign-ins from before accounts could be cut off stay as they were."""

from __future__ import annotations

from alembic import command
from sqlalchemy import text

from bot.migrations import _config, migrate
from bot.models import Role
from bot.people import audit
from bot.people import staff as people


async def test_old_rows_survive(database, clock):
    """Somebody who could sign in before still can, with the same session; the log begins empty."""

    def down(connection):
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")

    async with database.engine.connect() as connection:
        await connection.run_sync(down)
        await connection.execute(
            text(
                "INSERT INTO staff (name, role, queues, locale, password_hash, created_at)"
                " VALUES ('Liisa', 'lead', '[]', 'sv', 'kept', '2026-11-20 08:00:00')"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO credentials (hash, kind, staff_id, created_at, expires_at)"
                " SELECT :hash, 'session', id, created_at, '2099-11-21 08:00:00' FROM staff"
            ),
            {"hash": people.hashed("a secret")},
        )
        await connection.commit()
    await migrate(database)
    async with database.read() as session:
        used, liisa = await people.credential(session, "a secret", "session", clock())
        assert (liisa.name, liisa.role, liisa.locale) == ("Liisa", Role.LEAD, "sv")
        assert (liisa.is_active, liisa.totp_secret, used.seen_at, used.via) == (
            True,
            None,
            None,
            None,
        )
        assert await people.any_lead(session)
        assert await audit.verify(session) == audit.Verdict(0, audit.BEGINNING)
    async with database.write() as session:
        audit.record(session, liisa, "sign_in", "person 1", clock())
    async with database.read() as session:
        assert (await audit.verify(session)).entries == 1
