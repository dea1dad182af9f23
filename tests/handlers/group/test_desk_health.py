"""A staff group that cannot be used: an alarm, one message to leads, and nothing of it once it works."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, TimedOut

from bot.group import desk, faults
from bot.models import Delivery, DeliveryStatus, DeskFault, Fault, Role
from bot.texts import texts
from handlers.group.health import fault_in
from handlers.keys import TOWN
from tests.conftest import settled
from tests.handlers.conftest import Browser, escalated
from tests.handlers.group.conftest import opened
from tests.handlers.group.test_desk_in_telegram import colleague, rows, until
from tests.handlers.test_metrics import figures

READY = {"database": True, "migrations": True, "book": True}


@pytest.fixture
def house(desk):
    """The application with one group for all queues, on SQLite."""
    return desk


async def alarms(house):
    answer = await Browser(house).opens("/readyz")
    assert (answer.status, answer.json["checks"]) == (200, READY)
    return answer.json["alarms"]


async def marked(house):
    """What is wrong with the groups, by what is written down."""
    return [one.fault for one in await rows(house, DeskFault)]


async def comes(house, *faults):
    """Wait until exactly this is written down; the desk looks once a minute."""
    async with asyncio.timeout(15):
        while await marked(house) != list(faults):
            house.clock.pass_(seconds=61)
            await asyncio.sleep(0.3)


async def tell(house, group):
    groups = desk.Groups({}, str(group.id))
    await faults.tell(groups, house.database, house.app[TOWN](), house.clock())


async def told(house, person_id):
    """What a member of staff was told in private, oldest first."""
    found = await rows(house, Delivery, Delivery.address == str(person_id))
    return [one.post["text"] for one in found if one.post]


def said(text, locale="fi", **values):
    return texts(locale).gettext(text).format(**values)


async def test_thrown_out_and_taken_back(either_desk, telegram, group, clock):
    """Thrown out, it is an alarm and leads are told once; taken back, the posts come and all is well."""
    liisa = await colleague(either_desk, telegram, group, "Liisa", role=Role.LEAD)
    maija = await colleague(either_desk, telegram, group)
    await settled(telegram)
    assert await alarms(either_desk) == []
    await group.removes_bot(liisa.person)
    _resident, number = await escalated(either_desk, "Mistä saan apua tulostimen kanssa?")
    await comes(either_desk, "out")
    assert await alarms(either_desk) == [
        {"name": "desk-unreachable", "tickets": 1, "groups": 1, "faults": ["out"]}
    ]
    assert (await figures(Browser(either_desk)))[("neuvokas_alarm", "desk-unreachable")] == 1
    clock.pass_(minutes=2)
    for _time in range(3):
        await tell(either_desk, group)
    shown = await liisa.person.hears(faults.explained(Fault.OUT, texts("fi")))
    assert "/staff" in shown.text
    assert "Digituki" in shown.text
    assert len(await told(either_desk, liisa.person.id)) == 2  # the tie, and this
    assert len(await told(either_desk, maija.person.id)) == 1
    await group.takes_bot_back(liisa.person)
    await comes(either_desk)
    await group.hears(number)
    assert await alarms(either_desk) == []
    assert (await figures(Browser(either_desk)))[("neuvokas_alarm", "desk-unreachable")] == 0
    await tell(either_desk, group)
    assert len(await told(either_desk, liisa.person.id)) == 2


async def test_noticed_while_nothing_happens(house, group):
    """Rights and topics that go away are noticed within a minute, though nothing is posted."""
    await comes(house)
    group.rights.clear()
    await comes(house, "no-rights")
    group.rights.add("can_manage_topics")
    await comes(house)
    group.switches_topics(on=False)
    await comes(house, "no-topics")
    [alarm] = await alarms(house)
    assert (alarm["tickets"], alarm["faults"]) == (0, ["no-topics"])
    group.switches_topics(on=True)
    await comes(house)
    assert await alarms(house) == []


async def test_noticed_by_a_post(house, telegram, group):
    """A post that is refused is an alarm at once, before the desk looks again."""
    await until(lambda: "getChatMember" in [name for name, _ in telegram.calls])
    group.rights.clear()
    await escalated(house, "Mistä saan apua tulostimen kanssa?")
    async with asyncio.timeout(10):
        while await marked(house) != ["no-rights"]:
            await asyncio.sleep(0.05)
    group.rights.add("can_manage_topics")
    await group.hears("tulostimen", timeout=15)
    async with asyncio.timeout(5):
        while await marked(house):
            await asyncio.sleep(0.05)


async def test_topics_off_and_on_again(house, telegram, group):
    """What was said while topics were off stands in a topic once they are on, and nothing is lost."""
    resident, number = await escalated(house, "Mistä saan apua tulostimen kanssa?")
    await group.hears(number)
    group.switches_topics(on=False)
    await resident.says("Asia on kiireinen.")
    await comes(house, "no-topics")
    group.switches_topics(on=True)
    await comes(house)
    await group.hears("Asia on kiireinen.", timeout=15)
    assert telegram.violations == []


async def test_a_group_that_got_another_number(sqlite_url, telegram, clock, town):
    """A group whose number changed stops nobody else from being served, and the fault is named."""
    small = telegram.group("Neuvonta")
    await small.migrates(telegram.person())
    async with opened(sqlite_url, telegram, clock, town, (("", small.id),)) as house:
        await comes(house, "moved")
        resident = telegram.person(language_code="fi")
        await resident.says("hei")
        await resident.hears("Neuvokas")


async def test_while_telegram_is_away_nothing_is_known(house, telegram, group):
    """An outage of Telegram is no fault of the group, and clears none."""
    await comes(house)
    telegram.fail(500, times=2, method="getChat")
    await looked(house, telegram, 2)
    assert await marked(house) == []
    group.rights.clear()
    await comes(house, "no-rights")
    group.rights.add("can_manage_topics")
    telegram.fail(502, times=2, method="getChatMember")
    await looked(house, telegram, 2)
    assert await marked(house) == ["no-rights"]
    await comes(house)


async def looked(house, telegram, times):
    """Wait until the desk has looked at its groups so many times more."""
    for _time in range(times):
        asked = [name for name, _ in telegram.calls].count("getChat")
        house.clock.pass_(seconds=61)
        await until(lambda asked=asked: [n for n, _ in telegram.calls].count("getChat") > asked)
    await asyncio.sleep(0.2)


async def test_leads_get_a_minute(house, telegram, group, clock):
    """What is put right at once is nobody's alarm in the night; nothing is told of it."""
    liisa = await colleague(house, telegram, group, "Liisa", role=Role.LEAD)
    await settled(telegram)
    async with house.database.write() as session:
        await faults.mark(session, str(group.id), Fault.NO_RIGHTS, clock())
    await tell(house, group)
    assert len(await told(house, liisa.person.id)) == 1
    async with house.database.write() as session:
        await faults.clear(session, str(group.id), clock())
    clock.pass_(minutes=2)
    await tell(house, group)
    assert len(await told(house, liisa.person.id)) == 1


async def test_nobody_to_tell(house, telegram, group, clock):
    """Without a lead admins are told; without anybody it is told as soon as somebody is there."""
    async with house.database.write() as session:
        await faults.mark(session, str(group.id), Fault.OUT, clock())
    clock.pass_(minutes=2)
    group.state = "kicked"
    await colleague(house, telegram, group)
    await tell(house, group)
    [fault] = await rows(house, DeskFault)
    assert fault.tried_at is not None
    assert fault.told_at is None
    kaisa = await colleague(house, telegram, group, "Kaisa", role=Role.ADMIN)
    await tell(house, group)
    await kaisa.person.hears(faults.explained(Fault.OUT, texts("fi")))
    [fault] = await rows(house, DeskFault)
    assert fault.told_at is not None


async def test_leads_see_it_in_the_console(house, group, clock):
    """The list says what is wrong to those who can see to it, and to nobody else."""
    group.state = "kicked"
    async with house.database.write() as session:
        await faults.mark(session, str(group.id), Fault.OUT, clock())
    await house.staff()
    await house.staff("Liisa", Role.LEAD, [])
    shown = faults.explained(Fault.OUT, texts("fi"))
    page = await (await Browser(house).signs_in("Liisa")).opens("/staff")
    assert shown in page.words
    page = await (await Browser(house).signs_in()).opens("/staff")
    assert shown not in page.words


async def test_a_group_that_is_not_ours_any_more(house, group, clock):
    """What was wrong with a group that the operator has taken out of the settings alarms nobody."""
    async with house.database.write() as session:
        await faults.mark(session, "-100999", Fault.OUT, clock())
    assert await alarms(house) == []
    clock.pass_(minutes=2)
    await tell(house, group)
    assert (await rows(house, DeskFault))[0].told_at is None


async def test_what_goes_out_this_moment_is_left_alone(house, group, clock):
    """When a group works again, what waits long goes out at once; what may be on its way does not twice."""
    group.state = "kicked"
    async with house.database.write() as session:
        for seconds in (10, 1_800):
            post = faults.outbox.post(session, "telegram", "-100998", "Hei", clock(), locale="fi")
            post.due_at = clock() + faults.timedelta(seconds=seconds)
    async with house.database.write() as session:
        await faults.clear(session, "-100998", clock())
    async with house.database.read() as session:
        query = select(Delivery).where(Delivery.address == "-100998").order_by(Delivery.id)
        soon, late = await session.scalars(query)
    assert (soon.attempts, soon.status) == (0, DeliveryStatus.WAITING)
    assert soon.due_at > clock()
    assert late.due_at <= clock()


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (Forbidden("bot was kicked from the supergroup chat"), Fault.OUT),
        (BadRequest("Chat not found"), Fault.OUT),
        (ChatMigrated(-1001), Fault.MOVED),
        (BadRequest("the chat is not a forum"), Fault.NO_TOPICS),
        (BadRequest("not enough rights to create a topic"), Fault.NO_RIGHTS),
        (BadRequest("need administrator rights in the channel chat"), Fault.NO_RIGHTS),
        (BadRequest("CHAT_WRITE_FORBIDDEN"), Fault.NO_RIGHTS),
        (BadRequest("message thread not found"), None),
        (BadRequest("TOPIC_CLOSED"), None),
        (BadRequest("message is too long"), None),
        (TimedOut(), None),
        (NetworkError("Bad Gateway"), None),
    ],
)
def test_what_errors_say(error, fault):
    """Only what concerns a whole group is a fault of it."""
    assert fault_in(error) is fault


@pytest.mark.parametrize("locale", ["fi", "sv", "en"])
@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_explained(fault, locale):
    """Each fault is named with what to do about it."""
    assert faults.explained(fault, texts(locale)).count(".") >= 2
