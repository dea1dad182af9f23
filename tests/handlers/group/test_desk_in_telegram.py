"""The staff's desk in Telegram: a group's topics and the console are two views of one log."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from bot import tickets
from bot.errors import NotTheirs, OtherLanguage, TextMissing, TicketEnded, Unanswered
from bot.group import orders, ties
from bot.models import Note, Role, Staff, Status, Ticket
from bot.people import staff as people
from bot.people.policy import may
from bot.texts import texts
from bot.work import canned, notes
from handlers.keys import TOWN
from tests import fake_telegram as fake
from tests.conftest import (
    TOKEN,
    House,
    TelegramResident,
    WebResident,
    attach,
    settings_for,
    settled,
)
from tests.handlers.conftest import escalated, told
from tests.handlers.group.conftest import opened


class Colleague:
    """A member of staff with a Telegram account that is tied."""

    def __init__(self, house, member, person, group):
        self.house, self.member, self.person, self.group = house, member, person, group

    async def claims(self, topic):
        """Press Claim in a topic, and return what was shown."""
        return await self.presses("Ota hoitoon", topic)

    async def presses(self, label, topic):
        """Press a button in a topic, and return what was shown."""
        press = await self.person.presses(label, self.group, topic=topic)
        await until(lambda: press.answer is not None)
        return press.answer.get("text", "")

    async def closes(self, topic, group):
        """Press Close, and then that it is meant, for nobody has answered."""
        await self.presses("Sulje", topic)
        await group.hears(told(Unanswered("solved"), "fi"))
        await self.presses(said("Close anyway"), topic)

    async def writes(self, text, topic):
        """Write in a topic; return the message's number."""
        return await self.person.says(text, self.group, topic=topic)


def said(text, **values):
    """What the desk says in Finnish."""
    return texts("fi").gettext(text).format(**values)


HAS_IT = "{name} has it."


async def until(condition, seconds=8):
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def colleague(house, telegram, group, name="Maija", **kwargs):
    """A member of staff whose Telegram account is tied by a code, as it is done for real."""
    member = await house.staff(name, **kwargs)
    person = telegram.person(language_code="fi", first_name=name)
    async with house.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == name))
        code = await ties.new_code(session, staff, house.clock())
    await person.command(f"/tie {code}")
    await person.hears(name)
    return Colleague(house, member, person, group)


async def rows(house, table, *where):
    async with house.database.read() as session:
        return (await session.scalars(select(table).where(*where))).all()


async def ticket_of(house, number):
    [ticket] = await rows(house, Ticket, Ticket.id == int(number.removeprefix("N-")) - 1000)
    return ticket


async def test_new_ticket_gets_a_topic(either_desk, group):
    """A new ticket gets a topic with number, language, queue, who waits, the question and a button."""
    _resident, number = await escalated(either_desk, "Puhelimeni näyttää vain sinistä ruutua.")
    post = await group.hears(number)
    topic = group.topic(number)
    assert topic.name == f"{number} · fi · Puhelimeni näyttää vain sinistä ruutua."
    assert post.message["message_thread_id"] == topic.thread
    assert "Suomi" in post.text
    assert "Verkkochat" in post.text or "Web chat" in post.text
    assert "Puhelimeni näyttää vain sinistä ruutua." in post.text
    assert [button["text"] for button in post.buttons] == ["Ota hoitoon"]


async def test_claimed_answered_and_closed_in_telegram(either_desk, telegram, group):
    """A ticket's whole life in its topic: claim, reply, the resident's answer, close."""
    maija = await colleague(either_desk, telegram, group)
    resident, number = await escalated(either_desk, "Miten saan tabletin takaisin päälle?")
    await group.hears(number)
    topic = group.topic(number)
    assert number in await maija.claims(topic)
    await group.hears("Maija")
    assert topic.name.startswith(f"{number} · fi · Maija · Miten")
    sent = await maija.writes("Pidä virtanappia pohjassa kymmenen sekuntia.", topic)
    assert "Maija: Pidä virtanappia" in await resident.hears("virtanappia")
    await until(lambda: group.reacted.get(sent) == ["👍"])
    await resident.says("Kiitos, se auttoi!")
    await group.hears("Kiitos, se auttoi!")
    # What was written here already is not posted here again.
    assert not any("virtanappia" in text for text in group.shown_in(topic))
    await maija.presses("Sulje", topic)
    await until(lambda: topic.closed)
    assert topic.name.startswith(f"✓ {number}")
    assert (await ticket_of(either_desk, number)).status == Status.CLOSED


@pytest.fixture
async def maija(desk, telegram, group):
    """A member of staff in all queues, tied."""
    return await colleague(desk, telegram, group)


@pytest.fixture
async def waiting(desk, group):
    """A web resident, the number of the ticket, and its topic."""
    resident, number = await escalated(desk, "Mistä saan apua tulostimen kanssa?")
    await group.hears(number)
    return resident, number, group.topic(number)


async def test_what_is_done_in_the_console_is_seen_in_the_topic(desk, group, waiting):
    """Claim, reply, release and close in the console appear in the topic, each once."""
    resident, number, topic = waiting
    pekka = await desk.staff("Pekka")
    await pekka.claims(number)
    await group.hears(said(HAS_IT, name="Pekka"))
    assert "Pekka" in topic.name
    await pekka.replies(number, "Kirjastossa autetaan maanantaisin.")
    post = await group.hears("Kirjastossa autetaan maanantaisin.")
    assert "Pekka" in post.text
    await pekka.asks("POST", f"/tickets/{number}/release")
    await group.hears(said("Back in the queue: nobody has it."))
    await until(lambda: "Pekka" not in topic.name)
    await pekka.closes(number)
    await until(lambda: topic.closed)
    assert sum("Kirjastossa" in text for text in group.shown_in(topic)) == 1
    assert "maanantaisin" in await resident.hears("maanantaisin")


async def test_the_second_to_press_is_told_who_has_it(desk, telegram, group, waiting):
    """Whoever presses Claim after somebody else is told the name, and nothing changes."""
    _resident, number, topic = waiting
    maija = await colleague(desk, telegram, group)
    pekka = await colleague(desk, telegram, group, "Pekka")
    press = await maija.person.presses("Ota hoitoon", group, topic=topic)
    late = await pekka.person.presses("Ota hoitoon", group, topic=topic)
    await until(lambda: press.answer is not None and late.answer is not None)
    assert "Maija" in late.answer["text"]
    assert late.answer["show_alert"] is True
    assert (await ticket_of(desk, number)).holder.name == "Maija"


async def races(house, telegram, group, count):
    """Claims of as many tickets from the console and from Telegram at once; who won each."""
    pekka = await house.staff("Pekka")
    maija = await colleague(house, telegram, group)
    async with house.database.read() as session:
        maija_id = await session.scalar(select(Staff.id).where(Staff.name == "Maija"))
    wins = {"console": 0, "telegram": 0}
    for _ in range(count):
        _resident, number = await escalated(house)
        # The button's data is all a press needs; waiting for the post would only slow the race.
        message = group.adds(telegram.me, {"text": number})
        data = f"desk:claim:{int(number.removeprefix('N-')) - 1000}"
        press = maija.person._presses(message, data)
        status, _body = await pekka.claims(number)
        await until(lambda press=press: press.answer is not None, 20)
        has_telegram = "show_alert" not in press.answer
        assert has_telegram is (status != 200), (status, press.answer)
        ticket = await ticket_of(house, number)
        assert ticket.status == Status.CLAIMED
        assert (ticket.holder_id == maija_id) is has_telegram
        wins["telegram" if has_telegram else "console"] += 1
    assert sum(wins.values()) == count
    return wins


async def test_races_between_console_and_telegram(either_desk, telegram, group):
    """Of a claim in the console and one in Telegram at the same time exactly one wins."""
    await races(either_desk, telegram, group, 20)


@pytest.mark.slow
async def test_a_thousand_races_between_console_and_telegram(either_desk, telegram, group):
    """Exactly one wins each of a thousand races."""
    await races(either_desk, telegram, group, 1000)


async def test_a_stranger_is_not_heard(desk, telegram, group, waiting):
    """What somebody writes whose account is not tied reaches no resident, and they are told how to tie."""
    resident, number, topic = waiting
    stranger = telegram.person(language_code="fi", first_name="Outi")
    await stranger.says("hei")
    await stranger.hears("Neuvokas")
    before = await resident.heard()
    await stranger.says("Kokeile toista tulostinta.", group, topic=topic)
    told = await group.hears("t.me/neuvokas_test_bot?start=tie")
    assert told.message["message_thread_id"] == topic.thread
    assert "/staff/me" in (await stranger.hears("/staff/me")).text
    press = await stranger.presses("Ota hoitoon", group, topic=topic)
    await until(lambda: press.answer is not None)
    assert "/tie" in press.answer["text"]
    assert await resident.heard() == before
    assert (await ticket_of(desk, number)).status == Status.OPEN


async def test_a_stranger_who_never_wrote_to_the_bot_is_told_in_the_topic(
    desk, telegram, group, waiting
):
    """The bot may not write first to anybody, so the topic says it too."""
    _resident, _number, topic = waiting
    stranger = telegram.person(first_name="Outi")
    await stranger.says("Kokeile toista tulostinta.", group, topic=topic)
    await group.hears("start=tie")
    telegram.expected("bot can't initiate conversation with a user")


async def test_an_administrator_behind_the_group_is_a_stranger(
    desk, telegram, group, maija, waiting
):
    """Nobody knows who writes as the group, so nothing is sent."""
    resident, _number, topic = waiting
    before = await resident.heard()
    await maija.person.says("Hei!", group, topic=topic, anonymous=True)
    await group.hears("start=tie")
    assert await resident.heard() == before


@pytest.mark.parametrize("queues", [["events"], []])
async def test_a_foreign_queue_is_refused_kindly(desk, telegram, group, waiting, queues):
    """The group is one for all, but only those of the ticket's queue can do anything to it."""
    resident, number, topic = waiting
    pekka = await colleague(desk, telegram, group, "Pekka", queues=queues)
    before = await resident.heard()
    shown = await pekka.claims(topic)
    assert shown == said("This ticket is in a queue that you do not work in.")
    for text in ("Hei!", "/claim", "/close", "/note salaa", "/release", "/transfer events syy"):
        await pekka.writes(text, topic)
        await group.hears(said("Not done. This ticket is in a queue that you do not work in."))
    assert await resident.heard() == before
    ticket = await ticket_of(desk, number)
    assert (ticket.status, ticket.queue) == (Status.OPEN, "digital-support")


@pytest.mark.parametrize(
    "data",
    [
        "desk:",
        "desk:claim",
        "desk:claim:",
        "desk:claim:x",
        "desk:claim:-1",
        "desk:claim:0",
        "desk:claim:01",
        "desk:claim:١",
        "desk:claim:1:2",
        "desk:claim:1\n",
        "desk:reply:1",
        "desk:delete:1",
        "desk:CLAIM:1",
        "desk:claim:99999999999",
        "desk:claim:999999999999999999999",
        "desk:anyway:1",
        "desk:closeanyway:1",
        "desk:closeanyway:1:",
        "desk:closeanyway:1:lost",
        "desk:close:1:solved",
        "claim:1",
        "human",
        "\x00",
    ],
)
async def test_malformed_buttons(desk, telegram, group, maija, waiting, data):
    """Data that no button of ours has gets a clear answer and changes nothing."""
    resident, number, _topic = waiting
    before = await resident.heard()
    [record] = [record for record in group.messages if record.buttons][-1:]
    press = maija.person._presses(record.message, data)
    await until(lambda: press.answer is not None)
    assert len(press.answer["text"]) > 10
    assert press.answer["show_alert"] is True
    assert (await ticket_of(desk, number)).status == Status.OPEN
    assert await resident.heard() == before


@pytest.mark.parametrize("role", Role)
async def test_every_button_for_every_role(desk, telegram, group, role):
    """Each button does for each role what the policy allows, in own and foreign queues alike."""
    person = telegram.person(first_name="Maija")
    async with desk.database.write() as session:
        staff = await people.add(session, "Maija", role, ["events"], desk.clock())
        staff.telegram_id = str(person.id)
    for queue in ("events", "general"):
        for button, act in orders.BUTTONS.items():
            if button == orders.ANYWAY:
                continue
            _resident, number = await escalated(desk, "Kysymys")
            async with desk.database.write() as session:
                ticket = await session.get(Ticket, int(number.removeprefix("N-")) - 1000)
                ticket.queue = queue
                ticket.replied_at = desk.clock()
                if button == "reopen":
                    ticket.status = Status.CLOSED
            message = group.adds(telegram.me, {"text": number})
            outcome = ":solved" if button == orders.CLOSE_ANYWAY else ""
            press = person._presses(message, f"desk:{button}:{ticket.id}{outcome}")
            await until(lambda press=press: press.answer is not None)
            is_refused = press.answer.get("show_alert", False)
            assert is_refused is not may(staff, act, queue), (button, queue, press.answer)
            after = await ticket_of(desk, number)
            before = Status.CLOSED if button == "reopen" else Status.OPEN
            is_same = (after.status, after.holder_id) == (before, None)
            assert is_same is (is_refused or button == "release")


async def test_untied_is_cut_off_at_once(desk, telegram, group, maija, waiting):
    """Whoever is untied in the middle of it can press and write nothing any more."""
    resident, number, topic = waiting
    await maija.claims(topic)
    await group.hears(said(HAS_IT, name="Maija"))
    async with desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        await ties.untie(session, staff)
    assert "/tie" in await maija.presses("Vapauta", topic)
    await maija.writes("Kuuluuko minua?", topic)
    await group.hears("start=tie")
    assert (await ticket_of(desk, number)).holder.name == "Maija"
    assert not [text for text in await resident.heard() if "Kuuluuko" in text]


async def test_a_deleted_topic_is_made_again(either_desk, telegram, group):
    """When somebody deletes a topic, a new one has the whole conversation, and goes on."""
    maija = await colleague(either_desk, telegram, group)
    resident, number = await escalated(either_desk, "Tabletti ei lataudu.")
    await group.hears(number)
    gone = group.topic(number)
    await maija.claims(gone)
    await group.hears(said(HAS_IT, name="Maija"))
    await maija.writes("Kokeile toista laturia.", gone)
    await resident.hears("laturia")
    await maija.writes("/note Lainattu laturi kirjastosta", gone)
    await until(lambda: len(group.reacted) == 2)
    group.deletes(gone)
    await resident.says("Laturi on uusi.")
    post = await group.hears("Laturi on uusi.")
    topic = group.topic(number)
    assert topic is not gone
    assert post.message["message_thread_id"] == topic.thread
    shown = "\n".join(group.shown_in(topic))
    has_it = said(HAS_IT, name="Maija")
    wanted = ["Tabletti ei lataudu.", "Kokeile toista laturia.", "Lainattu laturi", has_it]
    places = [shown.index(text) for text in (*wanted[:3], "Laturi on uusi.")]
    assert places == sorted(places)
    assert all(text in shown for text in wanted)
    await maija.writes("Tule käymään.", topic)
    assert await resident.hears("Tule käymään.")


async def test_a_deleted_topic_is_missed(desk, group, waiting, clock):
    """A topic that was deleted while nothing happened is made again too."""
    _resident, number, gone = waiting
    group.deletes(gone)
    clock.pass_(minutes=11)
    await until(lambda: any(number in t.name and not t.deleted for t in group.topics.values()))
    await group.hears("tulostimen")
    assert len(group.topics) == 2


async def test_a_topic_that_was_lost_twice(desk, group, waiting):
    """Posts meant for a topic that is gone do not appear twice in the new one."""
    resident, number, gone = waiting
    group.deletes(gone)
    for word in ("yksi", "kaksi", "kolme"):
        await resident.says(f"Vielä {word} asia.")
    await group.hears("kolme asia")
    await asyncio.sleep(1.5)
    shown = "\n".join(group.shown_in(group.topic(number)))
    assert [shown.count(word) for word in ("yksi asia", "kaksi asia", "kolme asia")] == [1, 1, 1]


async def test_a_closed_ticket_takes_no_reply(desk, group, maija, waiting):
    """A message to a closed ticket is not sent and says so; nothing typed is lost, since it stands there."""
    resident, _number, topic = waiting
    await maija.presses("Ota hoitoon", topic)
    await group.hears(said(HAS_IT, name="Maija"))
    group.managers.add(maija.person.id)
    await maija.closes(topic, group)
    await until(lambda: topic.closed)
    sent = await maija.writes("Vielä yksi neuvo.", topic)
    refusal = await group.hears(told(TicketEnded("closed"), "fi"))
    assert refusal.message["reply_to_message"]["message_id"] == sent
    assert not [text for text in await resident.heard() if "Vielä yksi neuvo." in text]


async def test_it_did_not_help(desk, group, maija, waiting):
    """When the resident says that it did not help, the topic is open again and asks for somebody."""
    resident, _number, topic = waiting
    await maija.claims(topic)
    await group.hears(said(HAS_IT, name="Maija"))
    await maija.closes(topic, group)
    await until(lambda: topic.closed)
    await resident.presses(said("No, it did not help"))
    post = await group.hears(said("Open again. It is waiting in its queue."))
    assert [button["text"] for button in post.buttons] == ["Ota hoitoon"]
    await until(lambda: not topic.closed)
    assert not topic.name.startswith("✓")


async def test_reopened_by_the_button(desk, group, maija, waiting):
    """Staff take a closed ticket up again from its topic."""
    _resident, number, topic = waiting
    await maija.claims(topic)
    await group.hears(said(HAS_IT, name="Maija"))
    await maija.closes(topic, group)
    await until(lambda: topic.closed)
    assert number in await maija.presses(said("Open again"), topic)
    await until(lambda: not topic.closed)
    ticket = await ticket_of(desk, number)
    assert (ticket.status, ticket.holder.name) == (Status.CLAIMED, "Maija")


async def test_notes_stay_inside(desk, group, maija, waiting):
    """A note from the topic is kept as a note and goes to nobody; one from the console is shown here."""
    resident, number, topic = waiting
    before = await resident.heard()
    written = await maija.writes("/note Asukkaalla on vanha tulostin", topic)
    await until(lambda: group.reacted.get(written) == ["✍"])
    [note] = await rows(desk, Note)
    assert (note.text, note.staff_name) == ("Asukkaalla on vanha tulostin", "Maija")
    async with desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        ticket = await tickets.for_staff(session, staff, number)
        await notes.add(session, staff, ticket, "Soitettu huoltoon", desk.clock())
    post = await group.hears("Soitettu huoltoon")
    assert said("Internal note by {name}, not sent to the resident:", name="Maija") in post.text
    await maija.writes("/note", topic)
    await group.hears(told(TextMissing(), "fi"))
    assert not any("vanha tulostin" in text for text in group.shown_in(topic))
    assert await resident.heard() == before


@pytest.mark.parametrize(
    "text",
    [
        "/transfer events Kyse on tapahtumasta",
        "/transfer@neuvokas_test_bot events Kyse on tapahtumasta",
        "/TRANSFER Tapahtumat ja luvat: Kyse on tapahtumasta",
    ],
)
async def test_passed_on_to_a_queue(desk, group, maija, waiting, text):
    """A ticket goes to another queue with a reason, by the queue's id or title."""
    _resident, number, topic = waiting
    await maija.writes(text, topic)
    post = await group.hears("Kyse on tapahtumasta")
    assert "Maija" in post.text
    assert "Tapahtumat ja luvat" in post.text
    assert (await ticket_of(desk, number)).queue == "events"


async def test_passed_on_to_a_colleague(desk, group, maija, waiting):
    """A ticket goes to a colleague by name; a slip, no reason and a wrong queue are explained."""
    _resident, number, topic = waiting
    await desk.staff("Pekka Puro", queues=["digital-support"])
    await desk.staff("Pekka", queues=["events"])
    for text, answer in {
        "/transfer": "events",
        "/transfer nowhere syy": "events",
        "/transfer eventsx syy": "events",
        "/transfer events": told(TextMissing(), "fi"),
        "/transfer Pekka hän tietää": told(NotTheirs("Pekka"), "fi"),
    }.items():
        await maija.writes(text, topic)
        await group.hears(answer)
    assert (await ticket_of(desk, number)).status == Status.OPEN
    await maija.writes("/transfer pekka puro tuntee tulostimet", topic)
    await group.hears(said(HAS_IT, name="Pekka Puro"))
    assert (await ticket_of(desk, number)).holder.name == "Pekka Puro"


async def test_commands_close_and_release(desk, group, maija, waiting):
    """The commands do what the buttons do; an unknown outcome is explained."""
    _resident, number, topic = waiting
    await maija.writes("/claim", topic)
    await group.hears(said(HAS_IT, name="Maija"))
    await maija.writes("/release", topic)
    await group.hears(said("Back in the queue: nobody has it."))
    await maija.writes("/close jotain", topic)
    await group.hears("not_ours")
    await maija.writes("/close not ours", topic)
    await group.hears(told(Unanswered("not_ours"), "fi"))
    assert (await ticket_of(desk, number)).status == Status.OPEN
    assert number in await maija.presses(said("Close anyway"), topic)
    await until(lambda: topic.closed)
    ticket = await ticket_of(desk, number)
    assert (ticket.status, ticket.outcome) == (Status.CLOSED, "not_ours")


async def test_close_without_an_answer_is_stopped_once(desk, group, maija, waiting):
    """A slip on Close closes nothing and tells the resident nothing; what was answered closes at once."""
    resident, number, topic = waiting
    await maija.claims(topic)
    await group.hears(said(HAS_IT, name="Maija"))
    before = await resident.heard()
    stopped = told(Unanswered("solved"), "fi")
    assert await maija.presses("Sulje", topic) == stopped[:200]
    post = await group.hears(stopped)
    assert [button["text"] for button in post.buttons] == [said("Close anyway")]
    assert (await ticket_of(desk, number)).status == Status.CLAIMED
    assert await resident.heard() == before
    await maija.writes("Avataan maanantaina.", topic)
    await resident.hears("Avataan maanantaina.")
    await maija.writes("/close", topic)
    await until(lambda: topic.closed)


@pytest.mark.parametrize("text", ["/vapauta", "/ hei", "/", "//", "/help me"])
async def test_a_slip_with_a_slash_goes_to_nobody(desk, group, maija, waiting, text):
    """Whatever begins with a slash is no reply: what can be written is listed."""
    resident, _number, topic = waiting
    before = await resident.heard()
    await maija.writes(text, topic)
    await group.hears("/transfer")
    assert await resident.heard() == before


async def test_what_is_none_of_ours(desk, group, telegram, maija, waiting):
    """Other bots' commands, other topics and the rest of the group are left alone."""
    resident, _number, topic = waiting
    before, shown = await resident.heard(), len(group.messages)
    lunch = fake.Topic(9_000, "Lounas", opening={})
    lunch.opening = group.adds(
        maija.person.user, {"forum_topic_created": {"name": "Lounas", "icon_color": 1}}
    )
    group.topics[lunch.thread] = lunch
    await maija.writes("/claim@another_bot", topic)
    await maija.writes("Mennäänkö syömään?", lunch)
    await maija.writes("Hei kaikki!", None)
    await maija.person.says("Hei!", telegram.group("Naapurit"))
    await settled(telegram)
    assert await resident.heard() == before
    assert len(group.messages) == shown


async def test_an_edit_is_not_sent_again(desk, group, maija, waiting):
    """Whoever edits what was sent is told that the resident keeps the first version."""
    resident, _number, topic = waiting
    sent = await maija.writes("Avataan maanantaina.", topic)
    await resident.hears("Avataan maanantaina.")
    await maija.person.edits(sent, "Avataan tiistaina.", group)
    answer = await group.hears(said("Editing does not change what was sent. Write a new message."))
    assert answer.message["reply_to_message"]["message_id"] == sent
    assert not [text for text in await resident.heard() if "tiistaina" in text]


async def test_another_language_is_stopped(desk, telegram, group, maija):
    """A reply in another language than the resident's goes out only when its author says so."""
    resident, number = await escalated(desk, "Skrivaren fungerar inte längre.", locale="sv")
    await group.hears(number)
    topic = group.topic(number)
    text = "Tulostin kannattaa tuoda kirjastoon, siellä autetaan mielellään."
    await maija.writes(text, topic)
    stopped = await group.hears(told(OtherLanguage("fi", "sv"), "fi"))
    assert not [heard for heard in await resident.heard() if text in heard]
    button = said("Send anyway")
    assert [one["text"] for one in stopped.buttons] == [button]
    pekka = await colleague(desk, telegram, group, "Pekka")
    assert await pekka.presses(button, topic) == said("Only the person who wrote it can send it.")
    assert await maija.presses(button, topic) == said("On its way to the resident.")
    await resident.hears(text)
    await maija.presses(button, topic)
    assert sum(text in heard for heard in await resident.heard()) == 1


async def test_canned_responses_by_inline_query(desk, telegram, group, maija, waiting):
    """The bot's name and a word find canned responses in the ticket's language; picking one sends it."""
    resident, number, topic = waiting
    async with desk.database.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.name == "Maija"))
        for name, queue, words in (
            (
                "Aukioloajat",
                None,
                {"fi": "Palvelemme arkisin, {number}. {name}", "sv": "Vardagar."},
            ),
            ("Tulostaminen", "digital-support", {"fi": "Tulosta kirjastossa."}),
            ("Lupa", "events", {"fi": "Hae lupa."}),
            ("Endast svenska", None, {"sv": "Hej!"}),
        ):
            await canned.save(
                session, staff, None, name=name, queue=queue, texts=words, now=desk.clock()
            )
    nothing = await maija.person.asks("", group)
    await until(lambda: nothing.answer is not None)
    assert nothing.titles == []
    await maija.claims(topic)
    for query, found in {
        "": ["Aukioloajat", "Tulostaminen"],
        "tulosta": ["Tulostaminen"],
        f"{number} arki": ["Aukioloajat"],
        f"{number.lower()}": ["Aukioloajat", "Tulostaminen"],
        "N-9999": [],
        "lupa": [],
    }.items():
        asked = await maija.person.asks(query, group)
        await until(lambda asked=asked: asked.answer is not None)
        assert asked.titles == found, query
    assert asked.answer["is_personal"] is True
    asked = await maija.person.asks("auki", group)
    await until(lambda: asked.answer is not None)
    await maija.person.picks(asked, "Aukioloajat", group, topic=topic)
    assert f"Palvelemme arkisin, {number}. Maija" in await resident.hears("Palvelemme")
    stranger = telegram.person(first_name="Outi")
    asked = await stranger.asks("", group)
    await until(lambda: asked.answer is not None)
    assert asked.titles == []
    assert asked.answer["button"]["start_parameter"] == "tie"


async def test_without_inline_mode_there_is_no_button_for_it(desk, telegram, group, maija, waiting):
    """Where BotFather was not told of inline mode, posts arrive without that button."""
    _resident, _number, topic = waiting
    has_it = await maija.claims(topic) and await group.hears(said(HAS_IT, name="Maija"))
    assert [one["text"] for one in has_it.buttons][-1] == said("Canned responses")
    assert has_it.buttons[-1]["switch_inline_query_current_chat"].startswith("N-")


@pytest.mark.parametrize("what", ["Vastaus kerran.", "/note Huomio kerran"])
async def test_the_same_update_again(desk, telegram, group, maija, waiting, what):
    """An update that Telegram delivers again changes nothing and says nothing."""
    resident, _number, topic = waiting
    written = await maija.writes(what, topic)
    await until(lambda: written in group.reacted)
    shown = len(group.messages)
    telegram.redeliver()
    await settled(telegram)
    await asyncio.sleep(0.5)
    assert sum("kerran" in text for text in await resident.heard()) == (what[0] == "V")
    assert len(await rows(desk, Note)) == (what[0] == "/")
    assert len(group.messages) <= shown + 1


async def test_reactions_are_not_allowed(desk, group, maija, waiting):
    """Where the group allows no reactions, a line says that the reply is on its way."""
    resident, _number, topic = waiting
    group.reactions = set()
    written = await maija.writes("Tule käymään.", topic)
    line = await group.hears(said("On its way to the resident."))
    assert line.message["reply_to_message"]["message_id"] == written
    assert await resident.hears("Tule käymään.")


async def test_the_resident_is_gone(desk, telegram, group, maija):
    """When replies do not arrive any more, the topic says so."""
    resident = TelegramResident(telegram, "fi")
    await resident.says("ihminen")
    await group.hears("N-1001")
    topic = group.topic("N-1001")
    await resident.person.blocks()
    await maija.writes("Hei! Miten voin auttaa?", topic)
    await group.hears(
        said("The resident has blocked the bot or left the chat: replies do not arrive.")
    )


async def test_cancelled_by_the_resident(desk, group, waiting):
    """A ticket that the resident cancelled says so and is closed."""
    resident, _number, topic = waiting
    choice = {"choice": "cancel-yes"}
    await resident.call("POST", f"/{resident.id}/messages", json=choice)
    await group.hears(said("✓ The resident cancelled it."))
    await until(lambda: topic.closed)


async def test_a_group_that_is_not_ready(desk, telegram, group, maija):
    """While the bot may not manage topics everything waits; once it may, everything comes."""
    group.rights.clear()
    _resident, number = await escalated(desk, "Mistä löydän ajanvarauksen?")
    await until(lambda: any(name == "createForumTopic" for name, _ in telegram.calls))
    group.rights.add("can_manage_topics")
    await group.hears("ajanvarauksen", timeout=15)
    assert group.topic(number)


async def test_news_during_a_pause_go_out_together(desk, telegram, group, waiting):
    """What comes while Telegram asks for a pause is put together: a group takes few messages."""
    resident, _number, topic = waiting
    before = len(group.messages)
    telegram.flood(group.id, 2)
    for word in ("yksi", "kaksi", "kolme", "neljä", "viisi"):
        await resident.says(f"Asia {word}.")
        await asyncio.sleep(0.3)
    await group.hears("Asia viisi.", timeout=10)
    assert len(group.messages) - before == 2
    shown = "\n".join(group.shown_in(topic))
    places = [shown.index(f"Asia {word}.") for word in ("yksi", "kaksi", "kolme", "neljä", "viisi")]
    assert places == sorted(places)


async def test_the_pace_is_kept(desk, telegram, real_pace, group):
    """A new topic counts as a message: Telegram never has to ask for a pause."""
    numbers = [(await escalated(desk, f"Kysymys numero {n}."))[1] for n in range(3)]
    for number in numbers:
        await group.hears(number, timeout=20)
    assert telegram.floods == []


async def test_a_desk_that_was_away_catches_up(sqlite_url, telegram, group, clock, town):
    """What happened while the service was down stands in the topic afterwards, once."""
    house = opened(sqlite_url, telegram, clock, town, (("", group.id),))
    async with house:
        resident, number = await escalated(house, "Missä on lähin kirjasto?")
        await group.hears(number)
        maija = await house.staff()
    alone = House(settings_for(sqlite_url), clock, town)
    async with alone:
        resident.house = maija.house = alone
        await maija.claims(number)
        await maija.replies(number, "Kirjasto on torin laidalla.")
        await resident.says("Kiitos!")
    async with opened(sqlite_url, telegram, clock, town, (("", group.id),)):
        post = await group.hears("Kirjasto on torin laidalla.")
        assert "Kiitos!" in post.text
        assert said(HAS_IT, name="Maija") in post.text
        assert len(group.topics) == 1


async def test_a_group_for_each_queue(sqlite_url, telegram, group, clock, town):
    """With a group for each queue, a ticket that is passed on leaves one and comes to the other."""
    events = telegram.group("Tapahtumat", forum=True)
    groups = (("", group.id), ("events", events.id))
    async with opened(sqlite_url, telegram, clock, town, groups) as house:
        maija = await colleague(house, telegram, group)
        _resident, number = await escalated(house, "Puhelin ei löydä kirpputorin verkkoa.")
        await group.hears(number)
        topic = group.topic(number)
        await maija.writes("/note Pihalla", topic)
        await maija.writes("/transfer events Tapahtuma", topic)
        await group.hears("Tapahtuma")
        await until(lambda: topic.closed)
        post = await events.hears(number)
        assert "kirpputorin" in post.text
        assert "Pihalla" in post.text
        pekka = Colleague(house, None, maija.person, events)
        assert number in await pekka.claims(events.topic(number))
        await pekka.writes("/transfer digital-support Takaisin", events.topic(number))
        await until(lambda: not topic.closed)
        await group.hears("Takaisin")


async def test_a_queue_without_a_group(sqlite_url, telegram, group, clock, town):
    """Tickets of a queue without a group have no topic, and the rest goes on."""
    async with opened(sqlite_url, telegram, clock, town, (("events", group.id),)) as house:
        await escalated(house, "Mistä saan apua tulostimen kanssa?")
        await asyncio.sleep(1)
        assert group.topics == {}


async def test_long_and_odd_questions(desk, group):
    """A question of any length is posted whole, and a topic's name is as long as Telegram allows."""
    words = " ".join(f"sana{n}" for n in range(460))
    _resident, number = await escalated(desk, words)
    await group.hears("sana459", timeout=10)
    shown = " ".join(group.shown_in(group.topic(number)))
    assert all(f"sana{n}" in shown for n in range(460))
    _resident, number = await escalated(desk, "🧑‍🤝‍🧑" * 100)
    await group.hears(number)
    assert fake.units(group.topic(number).name) <= 128


async def test_only_buttons_were_pressed(desk, group):
    """Who wrote nothing is said to have written nothing; a button's label is no question."""
    _resident, number = await escalated(desk)
    post = await group.hears(number)
    assert said("The resident asked for a person and wrote no question.") in post.text
    assert group.topic(number).name == f"{number} · fi"


async def test_webhook_answers_the_press_itself(
    sqlite_url, telegram, group, clock, town, unused_port
):
    """With a webhook, what a press is told comes in the answer to the update."""
    settings = settings_for(
        sqlite_url,
        telegram_token=TOKEN,
        telegram_api_url=telegram.url,
        staff_group=(("", group.id),),
        public_url=f"http://127.0.0.1:{unused_port}",
    )
    house = House(settings, clock, town)
    await house.start(unused_port)
    try:
        attach(telegram, house)
        await until(lambda: bool(telegram.webhook))
        maija = await colleague(house, telegram, group)
        _resident, number = await escalated(house, "Mistä löydän avoimet työpaikat?")
        await group.hears(number)
        calls = [name for name, _ in telegram.calls].count("answerCallbackQuery")
        assert await maija.claims(group.topic(number)) == said("{number} is yours.", number=number)
        assert [name for name, _ in telegram.calls].count("answerCallbackQuery") == calls + 1
    finally:
        await house.stop()


async def test_an_answer_is_switched_off_from_the_group(desk, telegram, group):
    """What a lead switches off in the group residents get no more at once; on again it is back."""
    liisa = await colleague(desk, telegram, group, "Liisa", role=Role.LEAD)
    resident = WebResident(desk, "fi")
    price = "Mitä digituki maksaa?"
    given = await resident.says(price)
    await liisa.writes("/off digituki-price Hinta on muuttunut.", None)
    await group.hears("/on digituki-price")
    await until(lambda: bool(desk.app[TOWN]().off))
    assert await resident.says(price) != given
    await liisa.writes("/on digituki-price", None)
    await group.hears(said("Switched on again: {what}", what=""))
    await until(lambda: not desk.app[TOWN]().off)
    assert await resident.says(price) == given
