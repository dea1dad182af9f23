"""Migrations run from empty on both databases and leave exactly the tables of the models."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from bot import tickets
from bot.database import Database
from bot.migrations import _config, is_current, migrate
from bot.models import Attachment, Base, Credential, Message, Staff, Ticket, Topic
from bot.people import staff as people
from bot.work.ticket_list import Filters, listed
from tests.bot.desk import Desk


async def test_models_and_tables_are_equal(database):
    """After migrating from empty, autogenerate finds nothing to change."""

    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def down_to_and_up(database, revision):
    """Take the migrations after one back, and run them again."""
    from alembic import command  # noqa: PLC0415 - only here

    def down_and_up(connection):
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        command.upgrade(config, "head")

    async with database.engine.connect() as connection:
        await connection.run_sync(down_and_up)
        await connection.commit()


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


async def test_people_and_tickets_outlive_the_queues_tables(database):
    """Staff, their sign-ins and tickets from before leads could set queues are there afterwards."""
    from alembic import command  # noqa: PLC0415 - only here

    def to(connection, revision, move):
        config = _config()
        config.attributes["connection"] = connection
        move(config, revision)

    async with database.engine.connect() as connection:
        await connection.run_sync(to, "0003", command.downgrade)
        for statement in (
            (
                "INSERT INTO staff (name, role, queues, locale, created_at)"
                " VALUES ('Maija', 'staff', '[\"general\"]', 'fi', '2026-11-20 08:00:00+00:00')"
            ),
            (
                "INSERT INTO credentials (hash, kind, staff_id, created_at)"
                " VALUES ('x', 'token', 1, '2026-11-20 08:00:00+00:00')"
            ),
            (
                "INSERT INTO conversations (id, channel, address, locale, state, is_unreachable, created_at)"
                " VALUES ('c', 'web', 'c', 'sv', '{}', false, '2026-11-20 08:00:00+00:00')"
            ),
            (
                "INSERT INTO tickets (conversation_id, queue, locale, status, tried, holder_id, created_at,"
                " opened_at, reply_by, reopened) VALUES ('c', 'general', 'sv', 'claimed', '[]', 1,"
                " '2026-11-20 08:00:00+00:00', '2026-11-20 08:00:00+00:00', '2026-11-20 13:00:00+00:00', 0)"
            ),
        ):
            await connection.execute(text(statement))
        await connection.commit()
        await connection.run_sync(to, "head", command.upgrade)
        await connection.commit()
    async with database.read() as session:
        ticket = await session.get(Ticket, 1)
        assert (ticket.holder.name, ticket.queue, ticket.resolve_by) == ("Maija", "general", None)
        assert (ticket.holder.languages, ticket.holder.telegram_id) == (["fi", "en"], None)
        assert (await session.get(Credential, "x")).staff_id == ticket.holder_id


async def test_staff_from_before_can_tie_telegram(database):
    """Members of staff and what refers to them survive, and have no account tied yet."""
    now = datetime.now(UTC)
    async with database.write() as session:
        person = Staff(name="Maija", role="staff", queues=[], password_hash=None, created_at=now)
        session.add(person)
        await session.flush()
        await people.issue(session, "token", person, now, None)

    await down_to_and_up(database, "0003")
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


async def test_tickets_from_before_are_found_and_wait(database, town, clock):
    """Tickets made before there was a search can be found, and wait unless they were answered."""
    desk = Desk(database, town, clock)
    await desk.hire("Maija")
    for question in ("Tulostin HAJOSI eilen", "Toinen asia", "Kolmas asia"):
        await desk.ticket(question)
    async with desk.at(2, "Maija") as (session, staff, ticket):
        await tickets.reply(session, staff, ticket, "Selvä, öljyn haju.", clock())
    async with desk.at(3, "Maija") as (session, staff, ticket):
        await tickets.close(session, staff, ticket, town, clock(), anyway=True)

    await down_to_and_up(database, "0003")
    assert [(await desk.now(id_)).waits_since is not None for id_ in (1, 2, 3)] == [
        True,
        False,
        False,
    ]
    assert (await desk.now(3)).outcome == "solved"
    async with database.read() as session:
        maija = await desk.person(session, "Maija")
        for words, id_ in (("hajosi", 1), ("öljy", 2)):
            found = await listed(session, maija, Filters(words=words), clock())
            assert [one.id for one in found.tickets] == [id_]


async def test_what_came_before_files_stood_in_topics(database, town, clock):
    """Recordings written down before are found, and topics do not tell of files from before."""
    desk = Desk(database, town, clock)
    await desk.hire("Maija")
    await desk.ticket("Kysymys")
    async with database.write() as session:
        message = await session.scalar(select(Message).where(Message.ticket_id == 1))
        for number, transcript in ((1, "Mummo soitti"), (2, None)):
            session.add(
                Attachment(
                    message_id=message.id,
                    key=f"{number:032x}",
                    kind="voice",
                    media_type="audio/ogg",
                    name="a.ogg",
                    size=1,
                    transcript=transcript,
                    at=clock(),
                    delivery=None,
                )
            )
        session.add(Topic(ticket_id=1, chat="-1", title="N-1001", checked_at=clock()))

    await down_to_and_up(database, "0010")
    async with database.read() as session:
        maija = await desk.person(session, "Maija")
        found = await listed(session, maija, Filters(words="mummo"), clock())
        assert [one.id for one in found.tickets] == [1]
        [topic] = await session.scalars(select(Topic))
        assert (topic.file_id, topic.title) == (2, "N-1001")
