"""The audit log: nothing is left out, added, changed or taken away without its showing."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from bot.database import Database
from bot.models import Audit, AuditHead, Role
from bot.people import audit
from bot.people import staff as people
from bot.people.policy import Act


@pytest.fixture
async def maija(database, clock):
    """A member of staff."""
    async with database.write() as session:
        return await people.add(session, "Maija", Role.STAFF, ["general"], clock())


async def written(database, person, clock, count=5):
    """A log with some entries."""
    for number in range(count):
        async with database.write() as session:
            audit.record(
                session, person, Act.CLAIM, f"N-{1001 + number}", clock(), detail={"n": number}
            )


async def all_of(database):
    """Every entry, oldest first."""
    async with database.read() as session:
        return (await session.scalars(select(Audit).order_by(Audit.id))).all()


async def verdict(database, noted=None):
    """What checking finds."""
    async with database.read() as session:
        return await audit.verify(session, noted)


async def test_empty_log_is_whole(database):
    """A log without entries is in order."""
    assert await verdict(database) == audit.Verdict(0, audit.BEGINNING)


async def test_chain(database, maija, clock):
    """Each entry has a number, who, what and when, and the hash of the one before."""
    now = clock()
    await written(database, maija, clock)
    entries = await all_of(database)
    assert [entry.id for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in entries] == [
        audit.BEGINNING,
        *(e.hash for e in entries[:-1]),
    ]
    first = entries[0]
    assert (first.staff_id, first.staff_name, first.act) == (maija.id, "Maija", "claim")
    assert (first.object, audit.detail_of(first)) == ("N-1001", {"n": 0})
    assert abs(first.at - now) < timedelta(minutes=1)
    assert await verdict(database) == audit.Verdict(5, entries[-1].hash)


async def test_entry_goes_with_its_transaction(database, maija, clock):
    """What is rolled back was not done, and is not in the log."""
    with pytest.raises(ZeroDivisionError):
        async with database.write() as session:
            audit.record(session, maija, Act.CLAIM, "N-1001", clock())
            raise ZeroDivisionError
    assert await all_of(database) == []
    await written(database, maija, clock, 1)
    assert (await verdict(database)).fault == ""


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("staff_name", "Pekka"),
        ("staff_id", 77),
        ("staff_id", None),
        ("act", "read"),
        ("object", "N-1009"),
        ("detail", ""),
        ("at", None),
    ],
)
async def test_change_shows(database, maija, clock, column, value):
    """Whatever is changed in an entry, checking names that entry."""
    await written(database, maija, clock)
    value = clock() - timedelta(days=1) if column == "at" else value
    async with database.write() as session:
        await session.execute(update(Audit).where(Audit.id == 3).values({column: value}))
    found = await verdict(database)
    assert (found.entries, found.fault) == (2, "entry 3 was changed")


@pytest.mark.parametrize(
    ("gone", "fault"),
    [
        ([1], "entry 1 is missing"),
        ([3], "entry 3 is missing"),
        ([2, 3, 4], "entries 2 to 4 are missing"),
        ([5], "entry 5 is missing"),
        ([4, 5], "entries 4 to 5 are missing"),
        ([1, 2, 3, 4, 5], "entries 1 to 5 are missing"),
    ],
)
async def test_removal_shows(database, maija, clock, gone, fault):
    """Whichever entries are taken away, first, last or between, checking names them."""
    await written(database, maija, clock)
    async with database.write() as session:
        await session.execute(delete(Audit).where(Audit.id.in_(gone)))
    assert (await verdict(database)).fault == fault


async def test_removal_with_new_numbers_shows(database, maija, clock):
    """Closing a gap by numbering anew does not hide it."""
    await written(database, maija, clock)
    async with database.write() as session:
        await session.execute(delete(Audit).where(Audit.id == 3))
        await session.execute(text("UPDATE audit SET id = 3 WHERE id = 4"))
        await session.execute(text("UPDATE audit SET id = 4 WHERE id = 5"))
    assert (await verdict(database)).fault == "entry 3 does not follow the entry before it"


async def test_swapped_entries_show(database, maija, clock):
    """Two entries that changed places do not follow one another."""
    await written(database, maija, clock)
    async with database.write() as session:
        for old, new in ((2, 9), (3, 2), (9, 3)):
            await session.execute(update(Audit).where(Audit.id == old).values(id=new))
    assert (await verdict(database)).fault == "entry 2 does not follow the entry before it"


async def test_entry_from_elsewhere_shows(database, maija, clock):
    """A row put in by hand does not fit the chain."""
    await written(database, maija, clock)
    async with database.write() as session:
        await session.execute(
            insert(Audit).values(
                id=6, at=clock(), staff_id=1, staff_name="Maija", act="read", object="N-1001",
                detail="", previous="0" * 64, hash="0" * 64,
            )
        )  # fmt: skip
    assert (await verdict(database)).fault == "entry 6 does not follow the entry before it"


async def test_changed_head_shows(database, maija, clock):
    """The head names the last entry; another hash or number in it shows, and so does its absence."""
    await written(database, maija, clock)
    for values, fault in (
        ({"hash": "f" * 64}, "the head of the log does not point to entry 5"),
        ({"entry": 3}, "the head of the log does not point to entry 5"),
        ({"entry": 9}, "entries 6 to 9 are missing"),
    ):
        async with database.write() as session:
            before = (await session.scalars(select(AuditHead))).one()
            kept = {"entry": before.entry, "hash": before.hash}
            await session.execute(update(AuditHead).values(values))
        assert (await verdict(database)).fault == fault
        async with database.write() as session:
            await session.execute(update(AuditHead).values(kept))
    async with database.write() as session:
        await session.execute(delete(AuditHead))
    assert (await verdict(database)).fault == "the head of the log is missing"


async def test_log_written_anew_shows_by_a_noted_hash(database, maija, clock):
    """A whole log forged with right hashes differs from a hash noted elsewhere, longer or shorter."""
    await written(database, maija, clock)
    noted = {entry.id: entry.hash for entry in await all_of(database)}
    async with database.write() as session:
        await session.execute(delete(Audit))
        await session.execute(update(AuditHead).values(entry=0, hash=audit.BEGINNING))
    await written(database, maija, clock, 4)
    assert (await verdict(database)).fault == ""
    assert "written anew" in (await verdict(database, {3: noted[3]})).fault
    assert (await verdict(database, {5: noted[5]})).fault == "entry 5 was noted but is missing"


async def test_many_at_once_make_one_chain(database, maija, clock):
    """Entries appended at the same moment, also by another process, follow one another without gaps."""
    url = database.url.render_as_string(hide_password=False)
    other = Database(url.replace("+asyncpg", "").replace("+aiosqlite", ""), clock)

    async def append(number):
        async with (database if number % 2 else other).write() as session:
            await session.scalar(select(1))
            audit.record(session, maija, Act.CLAIM, f"N-{number}", clock())
            audit.record(session, maija, Act.REPLY, f"N-{number}", clock())

    await asyncio.gather(*(append(number) for number in range(40)))
    await other.stop()
    entries = await all_of(database)
    assert [entry.id for entry in entries] == list(range(1, 81))
    assert {(e.object, e.act) for e in entries} == {
        (f"N-{number}", act) for number in range(40) for act in ("claim", "reply")
    }
    assert (await verdict(database)).fault == ""


async def test_verifying_while_others_append(database, maija, clock):
    """Checking a log that grows meanwhile finds nothing wrong with it."""
    await written(database, maija, clock)
    appending = asyncio.create_task(written(database, maija, clock, 30))
    while not appending.done():
        assert (await verdict(database)).fault == ""
    await appending
    assert (await verdict(database)).entries == 35


async def test_coalescing(database, maija, clock):
    """The same within its time is one entry, also when it comes twice at once; after it, another."""

    async def read(object_="N-1001"):
        async with database.write() as session:
            audit.record(session, maija, Act.READ, object_, clock(), once_within=audit.READ_AGAIN)

    await asyncio.gather(*(read() for _ in range(8)))
    clock.pass_(minutes=9)
    await read()
    assert len(await all_of(database)) == 1
    await read("N-1002")
    clock.pass_(minutes=2)
    await read()
    assert [entry.object for entry in await all_of(database)] == ["N-1001", "N-1002", "N-1001"]


async def test_notes_give_way(database, maija, clock):
    """What is noted by itself stands unless something more exact is recorded, and stands once."""
    async with database.write() as session:
        audit.note(session, maija, Act.TRANSFER, "N-1001")
        audit.note(session, maija, Act.TRANSFER, "N-1001")
        audit.note(session, maija, Act.INVITE, "/staff/people")
    async with database.write() as session:
        audit.note(session, maija, Act.TRANSFER, "N-1001")
        audit.record(session, maija, Act.TRANSFER, "N-1001", clock(), detail={"to": "events"})
    async with database.write() as session:
        audit.note(session, maija, Act.INVITE, "/staff/people")
        audit.note(session, maija, Act.CLAIM, "N-1002")
        audit.record(session, maija, "cut_off", "person 5", clock())
    assert [(entry.act, entry.object, entry.detail) for entry in await all_of(database)] == [
        ("transfer", "N-1001", ""),
        ("invite", "/staff/people", ""),
        ("transfer", "N-1001", '{"to":"events"}'),
        ("claim", "N-1002", ""),
        ("cut_off", "person 5", ""),
    ]
    assert all(abs(entry.at - clock()) < timedelta(minutes=1) for entry in await all_of(database))


@pytest.mark.parametrize(
    "object_", ["", "N-1001\0", "x" * 5_000, "日本 \ud800"[:3], "'; DROP TABLE audit"]
)
async def test_odd_objects(database, maija, clock, object_):
    """Whatever stands in an address can be kept, as far as it has room, and found again."""
    async with database.write() as session:
        audit.record(session, maija, Act.READ, object_, clock())
    (entry,) = await all_of(database)
    assert entry.object == object_.replace("\0", "")[:200]
    async with database.read() as session:
        since = clock() - timedelta(minutes=1)
        assert await audit.was_recorded(session, maija.id, Act.READ, object_, since)
    assert (await verdict(database)).fault == ""


async def test_details_are_canonical(database, maija, clock):
    """The same detail is written in one way, whatever its order, and can be read back."""
    async with database.write() as session:
        audit.record(session, maija, Act.TAG, "a", clock(), detail={"b": ["ä", 1], "a": True})
        audit.record(session, maija, Act.TAG, "b", clock(), detail={"a": True, "b": ["ä", 1]})
    first, second = await all_of(database)
    assert first.detail == second.detail
    assert json.loads(first.detail) == {"a": True, "b": ["ä", 1]}


async def test_head_is_logged(database, maija, clock, caplog):
    """The newest hash goes to the service's own log, out of reach of who changes the database."""
    await written(database, maija, clock)
    caplog.set_level("INFO", "bot.people.audit")
    await audit.log_head(database, None, clock())
    newest = (await all_of(database))[-1]
    assert f"entry 5 has the hash {newest.hash}" in caplog.text
