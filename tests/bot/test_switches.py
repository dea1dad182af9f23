"""Switching automatic answers off and on: what is given then, who may, what stays known."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot import switches
from bot.errors import NotAllowed, NotFound, TextMissing, TextTooLong
from bot.guide import MARK
from bot.models import Role
from bot.people import staff as people
from bot.replies import Replies
from bot.respond import Deed, Kind, Matter, State
from bot.switches import Watcher
from bot.withheld import Off, Scope, SwitchedOff
from faq.alarms import ENTRIES
from tests.bot.test_respond import turn

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PRICE = "How much does digital support cost?"
EVENT = "I am organising a street festival for 300 people"


def without(town, *switched):
    """The town with these things switched off."""
    return replace(
        town,
        off=SwitchedOff(
            tuple(Off(Scope(scope), name, "It is wrong.", "Liisa", NOW) for scope, name in switched)
        ),
    )


def values(answered):
    """The values of the choices under the newest reply."""
    return [choice.value for choice in answered.replies[-1].choices]


@pytest.mark.parametrize("switch", [("entry", "digituki-price"), ("topic", "digital-support")])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (PRICE, Kind.TEXT),
        ("show:digituki-price", Kind.CHOICE),
        ("whole:digituki-price", Kind.CHOICE),
        ("easy:digituki-price", Kind.CHOICE),
    ],
)
def test_an_answer_that_is_off_is_not_given(town, switch, said, kind):
    """By question or by button, an answer switched off by itself or with its topic is not given."""
    assert turn(town, said, kind=kind).replies[0].entry == "digituki-price"
    answered = turn(without(town, switch), said, kind=kind)
    assert answered.replies[0].entry is None
    assert "brought up to date" in answered.replies[0].text
    assert values(answered) == ["human"]


def test_other_answers_stay_on(town):
    """Switching one answer or another topic off leaves the rest as it was."""
    off = without(town, ("entry", "digituki-price"), ("topic", "travel"), ("guide", ""))
    kept = {entry.id for entry in town.book.entries.values() if not off.is_withheld(entry.id)}
    topics = switches.topics(town.book)
    assert kept == set(town.book.entries) - {"digituki-price", *topics["travel"]}


@pytest.mark.parametrize("locale", ["fi", "sv", "en"])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (PRICE, Kind.TEXT),
        ("minun puhelin ei toimi", Kind.TEXT),
        ("asdf qwerty zxcv", Kind.TEXT),
        (EVENT, Kind.TEXT),
        ("How much does it cost and where is the library?", Kind.TEXT),
        ("show:digituki-price", Kind.CHOICE),
        ("whole:digituki-price", Kind.CHOICE),
        ("g.entry:event-notice-how", Kind.CHOICE),
    ],
)
def test_all_off_answers_nothing_from_the_book(town, said, kind, locale):
    """With all off, whatever is asked gets an honest text, and a person is one tap away."""
    answered = turn(without(town, ("all", "")), said, kind=kind, locale=locale)
    [reply] = answered.replies
    assert reply.entry is None
    assert town.phone in reply.text
    assert values(answered) == ["human"]
    assert answered.deed is None


def test_a_ticket_gets_what_was_thought_of(town):
    """With all off, what would have fitted goes along, so that the ticket finds the right queue."""
    answered = turn(without(town, ("all", "")), PRICE)
    assert answered.state.tried[0]["entry"] == "digituki-price"


@pytest.mark.parametrize("switch", [("all", ""), ("topic", "safety")])
def test_danger_is_answered_whatever_is_off(town, switch):
    """The texts for danger are given while everything or their topic is off."""
    answered = turn(without(town, switch), "my husband is not breathing")
    assert answered.replies[0].entry == "emergency"
    for entry in ENTRIES:
        assert not without(town, switch).is_withheld(entry)


def test_a_text_for_danger_that_is_off_itself(town):
    """Where the text for danger itself is wrong, what stays true is said in its place."""
    answered = turn(without(town, ("entry", "emergency")), "my husband is not breathing")
    [reply] = answered.replies
    assert reply.entry is None
    assert "112" in reply.text
    assert values(answered) == ["human"]


@pytest.mark.parametrize(
    ("command", "deed"),
    [("human", Deed.ESCALATE), ("status", Deed.STATUS), ("repeat", Deed.REPEAT)],
)
def test_commands_work_with_all_off(town, command, deed):
    """A person, the state of a ticket and the last words are there as always."""
    assert turn(without(town, ("all", "")), command).deed is deed


def test_what_staff_have_still_reaches_them_with_all_off(town):
    """While staff have a ticket, what is written goes to them and not to the switched-off bot."""
    off = without(town, ("all", ""))
    assert turn(off, PRICE, matter=Matter(1, "N-1001", None)).deed is Deed.ADD


def test_greeting_says_that_all_is_off(town):
    """Whoever arrives while all is off is told at once."""
    assert (
        "automatic answers at the moment"
        in turn(without(town, ("all", "")), "hello").replies[0].text
    )


def test_suggestions_that_are_all_off(town):
    """Where every question that could be meant is off, there is nothing to choose but a person."""
    off = without(town, ("topic", "digital-support"))
    state = State(trail=("suggest:digituki-price", "language"))
    answered = turn(off, "back", state)
    assert "brought up to date" in answered.replies[0].text


def test_others_are_not_offered_after_an_answer_that_did_not_help(town):
    """What is off is not offered as the next best answer either."""
    tried = ({"entry": "digituki-price", "score": 1.0}, {"entry": "digituki-place", "score": 0.5})
    missed = turn(town, "missed:digituki-price", State(tried=tried), kind=Kind.CHOICE)
    others = [value for value in values(missed) if value.startswith("show:")]
    off = without(town, *(("entry", value.removeprefix("show:")) for value in others))
    again = turn(off, "missed:digituki-price", State(tried=tried), kind=Kind.CHOICE)
    assert values(again) == ["human", "no-thanks"]


def test_the_guide_falls_silent_and_keeps_what_it_was_told(town):
    """With the guide off it is neither begun nor gone on with; nothing told is lost, the book answers."""
    begun = turn(town, EVENT)
    assert begun.state.guide
    off = without(town, ("guide", ""))
    assert turn(off, EVENT).state.guide is None
    gone_on = turn(off, "300", begun.state)
    assert "event guide is not in use" in gone_on.replies[0].text
    assert gone_on.state.guide == begun.state.guide
    pressed = turn(
        off,
        f"{MARK}plan",
        begun.state,
        kind=Kind.CHOICE,
        offered=(("Show the plan", f"{MARK}plan"),),
    )
    assert "event guide is not in use" in pressed.replies[0].text
    assert pressed.shown == "Show the plan"
    assert "event guide is not in use" in turn(off, "back", begun.state).replies[0].text
    asked = turn(off, PRICE, begun.state)
    assert asked.replies[0].entry == "digituki-price"
    guided = next(entry for entry in town.book.entries.values() if entry.guide is not None)
    answered = turn(off, f"show:{guided.id}", kind=Kind.CHOICE)
    assert f"g.entry:{guided.id}" not in values(answered)
    assert f"{MARK}go" in [
        choice.value for choice in Replies(town, "en").suggest([guided.id]).choices
    ]
    chosen = Replies(off, "en").suggest([guided.id]).choices
    assert [choice.value for choice in chosen] == [f"show:{guided.id}", "none"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("all", ("all", "")),
        (" ALL ", ("all", "")),
        ("guide", ("guide", "")),
        ("digituki-price", ("entry", "digituki-price")),
        ("entry:digituki-price", ("entry", "digituki-price")),
        ("topic:travel", ("topic", "travel")),
        ("travel", ("topic", "travel")),
    ],
)
def test_named(town, said, meant):
    """Words name everything, the guide, an entry or a topic."""
    assert switches.named(town.book, said) == meant


@pytest.mark.parametrize(
    "said",
    ["", ":", "entry:", "topic:", "topic:nothing", "entry:travel", "all:", "x" * 9_999, "\x00"],
)
def test_named_nothing(town, said):
    """Words that name nothing are refused."""
    with pytest.raises(NotFound):
        switches.named(town.book, said)


@pytest.fixture
async def liisa(database):
    """A team lead."""
    async with database.write() as session:
        return await people.add(session, "Liisa", Role.LEAD, [], NOW)


async def turned(database, person, scope, name, off, reason="It is wrong.", now=NOW):
    async with database.write() as session:
        return await switches.turn(session, person, Scope(scope), name, off, reason, now)


async def standing(database):
    async with database.read() as session:
        return [
            (off.scope, off.name, off.reason) for off in (await switches.present(session)).switches
        ]


async def test_off_and_on_again(database, liisa):
    """What is off stands with its reason; on again it is gone, and the history keeps both."""
    assert await turned(database, liisa, "entry", "digituki-price", True, " It \n is wrong. ")
    assert await turned(database, liisa, "all", "", True)
    assert await standing(database) == [
        ("entry", "digituki-price", "It is wrong."),
        ("all", "", "It is wrong."),
    ]
    assert await turned(
        database, liisa, "entry", "digituki-price", False, "", NOW + timedelta(hours=1)
    )
    assert await standing(database) == [("all", "", "It is wrong.")]
    async with database.read() as session:
        kept = [(row.scope, row.is_off, row.staff_name) for row in await switches.history(session)]
    assert kept == [("entry", False, "Liisa"), ("all", True, "Liisa"), ("entry", True, "Liisa")]


async def test_turning_twice_changes_nothing(database, liisa):
    """Off again for the same reason, or on when it is on, leaves no trace; a new reason is noted."""
    assert not await turned(database, liisa, "all", "", False)
    assert await turned(database, liisa, "all", "", True)
    assert not await turned(database, liisa, "all", "", True)
    assert await turned(database, liisa, "all", "", True, "Still wrong.")
    assert await standing(database) == [("all", "", "Still wrong.")]


@pytest.mark.parametrize(
    ("reason", "error"), [("", TextMissing), (" \n\u200b", TextMissing), ("x" * 301, TextTooLong)]
)
async def test_a_reason_is_needed(database, liisa, reason, error):
    """Nothing is switched off without a reason that can be read."""
    with pytest.raises(error):
        await turned(database, liisa, "all", "", True, reason)
    assert await standing(database) == []


async def test_staff_may_not(database):
    """Who only answers tickets switches nothing, by no door."""
    async with database.write() as session:
        maija = await people.add(session, "Maija", Role.STAFF, ["general"], NOW)
    with pytest.raises(NotAllowed):
        await turned(database, maija, "all", "", True)


async def test_all_at_once(database, liisa):
    """Many turns at once all succeed, and the last one counts."""
    await asyncio.gather(
        *(turned(database, liisa, "all", "", True, f"Reason {n}.") for n in range(20))
    )
    assert len(await standing(database)) == 1


async def test_the_last_known_state_stays_when_the_table_cannot_be_read(database, liisa, caplog):
    """What was off stays off while the database fails, told once in the log; then it is read again."""
    taken = []
    watcher = Watcher(database, taken.append)
    await turned(database, liisa, "all", "", True)
    await watcher.look()
    assert taken[-1].is_all
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE switches RENAME TO away"))
    caplog.clear()
    await watcher.look()
    await watcher.look()
    assert len(taken) == 1
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "switches cannot be read, the last stay"
    ]
    async with database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE away RENAME TO switches"))
    await turned(database, liisa, "all", "", False)
    await watcher.look()
    assert not taken[-1]


async def test_a_lost_nudge_is_made_up_for(database, liisa, monkeypatch):
    """Whoever hears no nudge sees the change by looking."""
    monkeypatch.setattr(switches, "LOOK_SECONDS", 0.05)
    taken = []
    watching = asyncio.create_task(Watcher(database, taken.append).run())
    monkeypatch.setattr(switches, "nudge", lambda *_: None)
    await turned(database, liisa, "guide", "", True)
    async with asyncio.timeout(10):
        while not (taken and taken[-1].is_guide):
            await asyncio.sleep(0.01)
    watching.cancel()
