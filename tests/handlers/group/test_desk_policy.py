"""Every command and button of the staff's group, tried by everybody: refused where the policy says so."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select
from telegram import Bot, Update

from bot import switches
from bot.counts import tallies
from bot.group import desk, orders, posts
from bot.models import Audit, Credential, Delivery, Role, Staff, Status, Ticket, Topic
from bot.people import accounts
from bot.people import staff as people
from bot.people.policy import Act, may
from bot.texts import texts
from bot.work import canned
from handlers.group.desk import Desk
from handlers.keys import FILES, TOWN
from tests import fake_telegram as fake
from tests.conftest import TOKEN
from tests.handlers.access.test_policy import contents
from tests.handlers.conftest import escalated

QUEUE = "events"
# Who tries: in the ticket's queue, in another, of each role, cut off though still tied, and untied.
EVERYBODY = {
    "own": (Role.STAFF, [QUEUE]),
    "foreign": (Role.STAFF, ["general"]),
    "lead": (Role.LEAD, []),
    "admin": (Role.ADMIN, []),
    "editor": (Role.EDITOR, [QUEUE]),
    "cut off": (Role.ADMIN, []),
    "stranger": (Role.ADMIN, []),
}
# What goes with a command, where it needs something.
WORDS = {"note": "Huomio.", "transfer": "general Syy."}
REPLY = "Hei! Tule kirjastoon maanantaina, siellä autetaan mielellään."
# What the desk writes down of its own work, whatever is refused.
DESKS_OWN = {"desk_updates", "deliveries"}
ENTRY = "digituki-price"


@dataclass
class Visitor:
    """Somebody who writes and presses in the group, straight into the desk.

    Attributes:
        person: Who they are to the policy; None for whom nobody may be.
    """

    house: object
    desk: Desk
    bot: Bot
    group: fake.Group
    account: fake.Person
    person: Staff | None
    updates: itertools.count = field(default_factory=lambda: itertools.count(1))

    async def _take(self, **what):
        update = Update.de_json({"update_id": next(self.updates), **what}, self.bot)
        return await self.desk.take(update)

    async def writes(self, text, topic=None):
        """Write in a topic, or beside all of them; return the message's number."""
        content = {"text": text, "entities": fake.found_entities(text)}
        message = self.group.adds(self.account.user, content, topic)
        await self._take(message=message)
        return message["message_id"]

    async def presses(self, data, stopped=None):
        """Press a button under a message that answers what was stopped; return what was shown."""
        content = {"text": "N", "reply_to_message": stopped}
        message = self.group.adds(self.house_bot, content)
        query = {"id": "1", "from": self.account.user, "chat_instance": "1", "data": data}
        return await self._take(callback_query={**query, "message": message})

    @property
    def house_bot(self):
        """The bot as a sender."""
        return self.group.server.me

    def may(self, act, queue=None):
        """Whether the policy lets them."""
        return self.person is not None and may(self.person, act, queue)


@pytest.fixture(params=EVERYBODY)
async def visitor(request, house, telegram, clock):
    """Each of everybody, at a desk with nothing going on behind it."""
    group = telegram.group("Neuvonta", forum=True)
    account = telegram.person(language_code="fi", first_name="Maija")
    role, queues = EVERYBODY[request.param]
    async with house.database.write() as session:
        staff = await people.add(session, "Maija", role, queues, clock())
        staff.telegram_id = None if request.param == "stranger" else str(account.id)
        # Only the mark: even with the tie left in place nothing may be done.
        staff.cut_off_at = clock() if request.param == "cut off" else None
    person = None if request.param in {"cut off", "stranger"} else staff
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as bot:
        groups = desk.Groups({}, str(group.id))
        built = Desk(bot, house.database, house.app[TOWN], clock, groups, house.app[FILES])
        yield Visitor(house, built, bot, group, account, person)


async def ticket_in_topic(visitor, act):
    """A ticket at which the act could be done, in the visitor's own hands, and its topic."""
    house = visitor.house
    _resident, number = await escalated(house, "Mistä saan luvan juhlaan?")
    async with house.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        ticket = await session.get(Ticket, int(number.removeprefix("N-")) - 1000)
        ticket.queue = QUEUE
        # What nobody has answered would not be closed by anybody.
        ticket.replied_at = house.clock()
        if act is Act.REOPEN:
            ticket.status = Status.CLOSED
        elif act is not Act.CLAIM:
            ticket.status, ticket.holder_id = Status.CLAIMED, staff.id
            ticket.claimed_at = house.clock()
        thread = 1000 + ticket.id
        topic = Topic(
            ticket_id=ticket.id,
            chat=str(visitor.group.id),
            thread=thread,
            title=number,
            status=ticket.status,
            queue=QUEUE,
            checked_at=house.clock(),
        )
        session.add(topic)
    shown = fake.Topic(thread, number)
    shown.opening = visitor.group.adds(
        visitor.house_bot, {"forum_topic_created": {"name": number, "icon_color": 1}}
    )
    visitor.group.topics[thread] = shown
    return number, ticket.id, shown


async def unchanged(house):
    """Everything but the desk's own notes."""
    # The clock may count at any moment; what is counted beforehand looks like no change.
    await tallies.gather(house.database, house.app[TOWN](), house.clock())
    await tallies.follow(house.database, house.app[TOWN](), house.clock())
    everything = await contents(house.database)
    return {name: rows for name, rows in everything.items() if name not in DESKS_OWN}


async def was_done(house, act, number):
    """Whether the audit log has it: it is written with the deed or not at all."""
    async with house.database.read() as session:
        query = select(Audit).where(
            Audit.act == act, Audit.object == number, Audit.staff_name == "Maija"
        )
        return (await session.scalar(query)) is not None


async def answer_to(house, message):
    """What the desk answers to a message in a topic; empty when nothing."""
    async with house.database.read() as session:
        posted = await session.scalars(select(Delivery).order_by(Delivery.id))
        about = [one.post for one in posted if one.post and "topic" in one.post]
    return " ".join(one["text"] for one in about if one["topic"].get("answers") == message)


async def test_every_command(visitor):
    """Each command, and a reply, is done for whom the policy lets, and refused to all others."""
    for name, act in {**orders.COMMANDS, "": Act.REPLY}.items():
        number, _id, topic = await ticket_in_topic(visitor, act)
        before = await unchanged(visitor.house)
        text = f"/{name} {WORDS.get(name, '')}".strip() if name else REPLY
        message = await visitor.writes(text, topic)
        is_done = await was_done(visitor.house, act, number)
        assert is_done is visitor.may(act, QUEUE), name
        refusal = await answer_to(visitor.house, message)
        assert bool(refusal) is not is_done, (name, refusal)
        assert (await unchanged(visitor.house) == before) is not is_done, name


async def test_every_button(visitor):
    """Each button does its work for whom the policy lets, and is refused to all others."""
    for button, act in orders.BUTTONS.items():
        number, id_, topic = await ticket_in_topic(visitor, act)
        before = await unchanged(visitor.house)
        stopped = visitor.group.adds(visitor.account.user, {"text": REPLY}, topic)
        stopped = {name: value for name, value in stopped.items() if name != "reply_to_message"}
        outcome = ":solved" if button == orders.CLOSE_ANYWAY else ""
        shown = await visitor.presses(f"{posts.PREFIX}:{button}:{id_}{outcome}", stopped)
        is_done = await was_done(visitor.house, act, number)
        assert is_done is visitor.may(act, QUEUE), button
        assert shown.get("show_alert", False) is not is_done, (button, shown)
        assert (await unchanged(visitor.house) == before) is not is_done, button


async def test_canned_responses(visitor, clock):
    """An inline query finds a ticket's canned responses for whom the policy lets read it."""
    number, _id, _topic = await ticket_in_topic(visitor, Act.REPLY)
    async with visitor.house.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        words = {"fi": "Palvelemme arkisin."}
        await canned.save(session, staff, None, name="Ajat", queue=None, texts=words, now=clock())
    if visitor.person is None:
        return
    async with visitor.house.database.read() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        found = await orders.canned_for(session, staff, number)
    assert bool(found) is visitor.may(Act.READ, QUEUE)


async def test_switches(visitor):
    """/off and /on in the group switch an answer for leads, admins and editors, and for nobody else."""
    house = visitor.house
    before = await unchanged(house)
    await visitor.writes(f"/off {ENTRY} Hinta on muuttunut.")
    async with house.database.read() as session:
        off = (await switches.present(session)).switches
    is_allowed = visitor.may(Act.SWITCH_OFF)
    assert [(one.name, one.reason, one.by) for one in off] == (
        [(ENTRY, "Hinta on muuttunut.", "Maija")] if is_allowed else []
    )
    assert await was_done(house, Act.SWITCH_OFF, f"entry:{ENTRY}") is is_allowed
    if not is_allowed:
        await visitor.writes(f"/on {ENTRY}")
        assert await unchanged(house) == before
    assert await answers(house)
    await visitor.writes(f"/on {ENTRY}")
    async with house.database.read() as session:
        assert not await switches.present(session)


async def answers(house):
    """What was posted to the group, newest last."""
    async with house.database.read() as session:
        posted = await session.scalars(select(Delivery).order_by(Delivery.id))
        return [one.post["text"] for one in posted if one.address.startswith("-")]


@pytest.mark.parametrize("visitor", ["lead"], indirect=True)
@pytest.mark.parametrize(
    ("text", "told_part"),
    [
        ("/off", "–"),
        ("/off nowhere syy", "nowhere"),
        (f"/off {ENTRY}", f"/off {ENTRY}"),
        (f"/off {ENTRY} " + "x" * 301, "300"),
        (f"/on {ENTRY}", "{was_not_off}"),
        ("/on", "–"),
        ("/on entry:", "entry:"),
    ],
)
async def test_switches_that_cannot_be(visitor, text, told_part):
    """What is not named, not known, or has no reason is explained, and nothing is switched."""
    before = await unchanged(visitor.house)
    await visitor.writes(text)
    [said] = await answers(visitor.house)
    words = texts("fi").gettext("It was not off: {what}").format(what="")
    assert told_part.format(was_not_off=words) in said
    assert await unchanged(visitor.house) == before


@pytest.mark.parametrize("visitor", ["lead"], indirect=True)
async def test_switches_in_a_topic(visitor):
    """Inside a ticket's topic it is the same, answered there, and nothing goes to the resident."""
    _number, _id, topic = await ticket_in_topic(visitor, Act.REPLY)
    for text, what in (
        (f"/OFF@{visitor.house_bot['username']} topic:digital-support syy", "topic"),
        ("/off guide\nsyy\ntoinen rivi", "guide"),
        ("/off all Kaikki väärin.", "all"),
    ):
        await visitor.writes(text, topic)
        async with visitor.house.database.read() as session:
            assert (await switches.present(session)).switches[-1].scope == what
    async with visitor.house.database.read() as session:
        posted = (await session.scalars(select(Delivery).order_by(Delivery.id))).all()
    assert {one.post["thread"] for one in posted if one.post} == {topic.thread}
    assert not await was_done(visitor.house, Act.REPLY, _number)


@pytest.mark.parametrize("visitor", ["lead"], indirect=True)
async def test_the_same_switch_again(visitor):
    """An update that Telegram delivers again says and does nothing; an edit neither."""
    content = {"text": f"/off {ENTRY} syy"}
    message = visitor.group.adds(visitor.account.user, content)
    message["entities"] = fake.found_entities(content["text"])
    update = Update.de_json({"update_id": 7, "message": message}, visitor.bot)
    await visitor.desk.take(update)
    before = await contents(visitor.house.database)
    await visitor.desk.take(update)
    edited = {**message, "edit_date": message["date"], "text": "/on " + ENTRY}
    await visitor.desk.take(Update.de_json({"update_id": 8, "edited_message": edited}, visitor.bot))
    assert await contents(visitor.house.database) == before


@pytest.mark.parametrize("visitor", ["own", "foreign"], indirect=True)
@pytest.mark.parametrize("how", ["cut off", "shut out"])
async def test_cutting_off_ends_the_tie(visitor, clock, how):
    """Who is cut off, or shut out by the town, is tied no more; codes made before tie nobody."""
    house = visitor.house
    number, id_, _topic = await ticket_in_topic(visitor, Act.REPLY)
    async with house.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        session.add(Credential(hash="x", kind="telegram", staff_id=staff.id, created_at=clock()))
        if how == "cut off":
            await accounts.cut_off(session, None, staff, clock())
        else:
            await accounts.shut_out(session, staff, clock())
    async with house.database.read() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        assert staff.telegram_id is None
        assert not (await session.scalars(select(Credential))).all()
        assert (await session.get(Ticket, id_)).status == Status.OPEN
    shown = await visitor.presses(f"{posts.PREFIX}:claim:{id_}")
    assert shown["show_alert"] is True
    assert not await was_done(house, Act.CLAIM, number)
