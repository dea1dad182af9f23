"""What leads do to accounts: it works at once and whole, and somebody can always let people in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot import tickets
from bot.errors import LastLead, NameTaken, NotAllowed, NotFound, Unauthenticated
from bot.models import Audit, Credential, Role, Staff, Status, Ticket
from bot.people import accounts, audit
from bot.people import staff as people
from tests.handlers.conftest import escalated, rows


async def somebody(database, name, role, clock, queues=("general",)):
    """A member of staff who can sign in."""
    async with database.write() as session:
        person = await people.add(session, name, role, list(queues), clock())
        person.password_hash = "kept"
        return person


async def doing(database, what, me, whom, clock, **values):
    """Do something to the account of a person with this name."""
    async with database.write() as session:
        await accounts.lock(session)
        person = await people.by_name(session, whom)
        if what == "cut off":
            return await accounts.cut_off(session, me, person, clock())
        wanted = {"name": person.name, "role": Role(person.role), "queues": person.queues, **values}
        return await accounts.change(session, me, person, clock(), **wanted)


async def test_cut_off_ends_everything(database, clock):
    """Nothing that opened something in the person's name is left, in whichever column or row it was."""
    await somebody(database, "Liisa", Role.LEAD, clock)
    maija = await somebody(database, "Maija", Role.STAFF, clock)
    samples = {str: "something", int: 1, datetime: clock()}
    async with database.write() as session:
        person = await session.get(Staff, maija.id)
        for column in Staff.__table__.columns:
            if column.nullable and column.name != "cut_off_at":
                setattr(person, column.name, samples[column.type.python_type])
        secrets = {
            kind: await people.issue(session, kind, person, clock(), timedelta(days=1))
            for kind in ("session", "token", "invitation", "half", "recovery", "telegram", "town")
        }
    await doing(database, "cut off", None, "Maija", clock)
    assert await rows(database, Credential) == 0
    async with database.read() as session:
        person = await session.get(Staff, maija.id)
        # The town's account stays, so that it is known whom not to let in.
        stays = {
            "id",
            "name",
            "role",
            "queues",
            "locale",
            "created_at",
            "languages",
            "cut_off_at",
            "town_account",
        }
        left = {c.name for c in Staff.__table__.columns if getattr(person, c.name) is not None}
        assert left <= stays
        assert not person.is_active
        for kind, secret in secrets.items():
            with pytest.raises((Unauthenticated, NotFound)):
                await people.behind(session, secret, kind, clock())


async def test_what_was_opened_is_refused_by_the_flag_alone(database, clock):
    """A session, token or link opens nothing for who was cut off, even if its row were left."""
    maija = await somebody(database, "Maija", Role.STAFF, clock)
    async with database.write() as session:
        person = await session.get(Staff, maija.id)
        session_, link = (
            await people.issue(session, "session", person, clock(), timedelta(days=1)),
            await people.invite(session, person, clock()),
        )
        person.cut_off_at = clock()
    for opened in (database.read, database.write):
        async with opened() as session:
            with pytest.raises(Unauthenticated):
                await people.behind(session, session_, "session", clock())
            with pytest.raises(NotFound):
                await people.invitation(session, link, clock())


async def test_cut_off_gives_tickets_back(house, clock):
    """The tickets the person holds wait again, each in its place; closed ones keep their holder's name."""
    maija = await house.staff()
    pekka = await house.staff("Pekka")
    numbers = [(await escalated(house))[1] for _ in range(3)]
    for number in numbers[:2]:
        await maija.claims(number)
    await maija.closes(numbers[0])
    await pekka.claims(numbers[2])
    await doing(house.database, "cut off", None, "Maija", clock)
    async with house.database.read() as session:
        found = (await session.scalars(select(Ticket).order_by(Ticket.id))).all()
    assert [ticket.status for ticket in found] == [Status.CLOSED, Status.OPEN, Status.CLAIMED]
    assert found[1].holder_id is None
    assert found[2].holder.name == "Pekka"
    assert (await maija.claims(numbers[1]))[0] == 401
    assert await pekka.queue() == [numbers[1]]


async def test_cut_off_twice(database, clock):
    """The second time changes nothing and is not in the log."""
    await somebody(database, "Liisa", Role.LEAD, clock)
    await somebody(database, "Maija", Role.STAFF, clock)
    for _ in range(2):
        await doing(database, "cut off", None, "Maija", clock)
    async with database.read() as session:
        (entry,) = (await session.scalars(select(Audit))).all()
    assert (entry.act, entry.staff_name) == ("cut_off", audit.COMMAND_LINE)


async def test_let_in_again(database, clock):
    """Whoever was cut off comes back through a new link only, to the same account."""
    liisa = await somebody(database, "Liisa", Role.LEAD, clock)
    await somebody(database, "Maija", Role.STAFF, clock)
    await doing(database, "cut off", liisa, "Maija", clock)
    async with database.write() as session:
        person = await people.by_name(session, "Maija")
        with pytest.raises(NotAllowed):
            await accounts.invite(session, liisa, person, clock())
        link = await accounts.let_in(session, liisa, person, clock())
    async with database.write() as session:
        back = await people.accept(session, link, "a new hash", clock())
    assert (back.name, back.is_active, back.queues) == ("Maija", True, ["general"])


async def test_invitation_takes_the_codes_away(database, clock):
    """A new link is the way back for a lost telephone: it ends codes, recovery codes and sessions."""
    maija = await somebody(database, "Maija", Role.STAFF, clock)
    async with database.write() as session:
        person = await session.get(Staff, maija.id)
        person.totp_secret, person.totp_step, person.town_account = "sealed", 5, "somebody"
        for kind in ("session", "half", "recovery"):
            await people.issue(session, kind, person, clock(), timedelta(days=1))
        link = await people.invite(session, person, clock())
    async with database.write() as session:
        person = await people.accept(session, link, "a new hash", clock())
        assert (person.totp_secret, person.totp_step, person.town_account) == (None, None, None)
    assert await rows(database, Credential) == 0


@pytest.mark.parametrize("what", ["cut off", "staff", "editor"])
async def test_last_lead(database, clock, what):
    """The last who can let people in stays a lead, whoever else there is that cannot sign in."""
    await somebody(database, "Liisa", Role.LEAD, clock)
    await somebody(database, "Maija", Role.STAFF, clock)
    async with database.write() as session:
        await people.add(session, "Invited", Role.LEAD, [], clock())
        gone = await people.add(session, "Gone", Role.ADMIN, [], clock())
        gone.password_hash, gone.cut_off_at = "kept", clock()
    values = {} if what == "cut off" else {"role": Role(what)}
    with pytest.raises(LastLead):
        await doing(database, what, None, "Liisa", clock, **values)
    await somebody(database, "Aino", Role.LEAD, clock)
    await doing(database, what, None, "Liisa", clock, **values)


@pytest.mark.parametrize("what", ["cut off", "staff", "lead"])
async def test_last_admin(database, clock, what):
    """The last admin stays one: a lead could not make another."""
    await somebody(database, "Liisa", Role.LEAD, clock)
    await somebody(database, "Tuki", Role.ADMIN, clock)
    values = {} if what == "cut off" else {"role": Role(what)}
    with pytest.raises(LastLead):
        await doing(database, what, None, "Tuki", clock, **values)
    await somebody(database, "Tuki 2", Role.ADMIN, clock)
    await doing(database, what, None, "Tuki", clock, **values)


async def test_two_leads_cut_each_other_off_at_once(database, clock):
    """Of two last leads who cut each other off at the same moment, one stays."""
    leads = [await somebody(database, name, Role.LEAD, clock) for name in ("Liisa", "Aino")]
    done = await asyncio.gather(
        doing(database, "cut off", leads[0], "Aino", clock),
        doing(database, "cut off", leads[1], "Liisa", clock),
        return_exceptions=True,
    )
    assert [type(one) for one in done if one is not None] == [LastLead]
    async with database.read() as session:
        assert await people.any_lead(session)


async def test_change(house, clock):
    """New rights work at once; a ticket in a queue that is no longer theirs goes back."""
    maija = await house.staff()
    liisa = await somebody(house.database, "Liisa", Role.LEAD, clock)
    _resident, number = await escalated(house)
    await maija.claims(number)
    await doing(house.database, "change", liisa, "Maija", clock, queues=["events"], name="Maija M")
    assert (await maija.asks("GET", f"/tickets/{number}"))[0] == 404
    async with house.database.read() as session:
        ticket = await session.get(Ticket, tickets.ticket_id(number))
        entry = (await session.scalars(select(Audit).order_by(Audit.id.desc()))).first()
    assert (ticket.status, ticket.holder_id) == (Status.OPEN, None)
    assert (entry.act, entry.staff_name) == ("account_changed", "Liisa")
    assert audit.detail_of(entry) == {"name": "Maija M", "queues": ["events"]}


async def test_change_of_nothing(database, clock):
    """Saving what is there already is not in the log."""
    await somebody(database, "Maija", Role.STAFF, clock)
    await doing(database, "change", None, "Maija", clock)
    assert await rows(database, Audit) == 0


async def test_name_of_another(database, clock):
    """Nobody gets somebody else's name, in other capitals either; one's own can be written anew."""
    await somebody(database, "Maija", Role.STAFF, clock)
    await somebody(database, "Pekka", Role.STAFF, clock)
    with pytest.raises(NameTaken):
        await doing(database, "change", None, "Maija", clock, name="pekka")
    await doing(database, "change", None, "Maija", clock, name="  MAIJA ")
    async with database.read() as session:
        assert (await people.by_name(session, "maija")).name == "MAIJA"


@pytest.mark.parametrize("id_", ["", "x", "-1", "0", "99", "9" * 30, "１", "1.0"])
async def test_nobody(database, clock, id_):
    """An id that is none, or nobody's, finds nobody."""
    liisa = await somebody(database, "Liisa", Role.LEAD, clock)
    async with database.read() as session:
        if id_ != "１":
            with pytest.raises(NotFound):
                await accounts.of(session, liisa, id_)


async def test_lead_and_admin(database, clock):
    """A lead touches no admin and makes none; an admin may do both."""
    liisa = await somebody(database, "Liisa", Role.LEAD, clock)
    tuki = await somebody(database, "Tuki", Role.ADMIN, clock)
    async with database.read() as session:
        with pytest.raises(NotAllowed):
            await accounts.of(session, liisa, str(tuki.id))
        assert (await accounts.of(session, tuki, str(liisa.id))).name == "Liisa"
    with pytest.raises(NotAllowed):
        await doing(database, "change", liisa, "Liisa", clock, role=Role.ADMIN)
    await doing(database, "change", tuki, "Liisa", clock, role=Role.ADMIN)


async def test_claim_before_the_cut_off_is_settled(database, clock):
    """Cutting off waits for what the person began before, and undoes it; what begins later is refused."""
    maija = await somebody(database, "Maija", Role.STAFF, clock)
    async with database.write() as session:
        person = await session.get(Staff, maija.id)
        secret = await people.issue(session, "session", person, clock(), timedelta(days=1))
    begun, order = asyncio.Event(), []

    async def work():
        async with database.write() as session:
            await people.behind(session, secret, "session", clock())
            begun.set()
            await asyncio.sleep(0.2)
            order.append("work")

    working = asyncio.create_task(work())
    await begun.wait()
    await doing(database, "cut off", None, "Maija", clock)
    order.append("cut off")
    await working
    assert order == ["work", "cut off"]
    async with database.write() as session:
        with pytest.raises(Unauthenticated):
            await people.behind(session, secret, "session", clock())


async def test_what_has_run_out_is_removed(database, clock):
    """Sessions, links and counts are not kept for ever; what still opens something is."""
    maija = await somebody(database, "Maija", Role.STAFF, clock)
    async with database.write() as session:
        for lasts in (timedelta(hours=1), timedelta(days=30), None):
            await people.issue(session, "session", maija, clock(), lasts)
    clock.pass_(days=3)
    await people.forget_expired(database, None, clock())
    assert await rows(database, Credential) == 2
