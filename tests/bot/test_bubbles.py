"""Several short messages in a row are one question; a rephrasing or another question is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import bubbles
from bot.conversation import hear
from bot.models import Channel
from bot.replies import Reply
from bot.respond import Kind, State, Turn, Utterance

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOTHING = State(misses=1)


def turn(*, entry="", suggests=False, misses=0, score=0.0, shown="x"):
    trail = ("suggest:a",) if suggests else ()
    tried = ({"entry": "a", "score": score},) if score else ()
    reply = Reply("text", entry=entry or None)
    return Turn(State(trail=trail, misses=misses, tried=tried), "fi", shown, (reply,))


@pytest.mark.parametrize(
    ("state", "seconds", "continues"),
    [
        (State(misses=1), 3, True),
        (State(trail=("welcome",)), 3, True),
        (State(misses=1), 21, False),
        (State(trail=("welcome", "suggest:a,b")), 9, True),
        (State(trail=("welcome", "suggest:a,b")), 11, False),
        (State(misses=1), None, False),
        (State(trail=("show:a",)), 3, False),
        (State(misses=1, guide={"stage": "asking"}), 3, False),
    ],
)
def test_may_continue(state, seconds, continues):
    """Only soon after a greeting, suggestions, or nothing found does a message go on with the last."""
    answered = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert bubbles.may_continue(state, answered, NOW) is continues


@pytest.mark.parametrize(
    ("earlier", "text", "whole"),
    [
        (["moi", "mul on ongelma"], "puhelin ei toimi", "moi mul on ongelma puhelin ei toimi"),
        ([], "puhelin ei toimi", None),
        (["moi\nmoi"], "x", None),
        (["a" * 299], "b", None),
        (["1", "2", "3", "4", "5"], "6", "2 3 4 5 6"),
    ],
)
def test_joined(earlier, text, whole):
    """Short bubbles are joined in their order; letters and long texts are left alone."""
    assert bubbles.joined(earlier, text) == whole


@given(st.lists(st.text(max_size=200), max_size=8), st.text(max_size=400))
def test_joined_is_never_long(earlier, text):
    """Whatever was said before, what is matched is short and ends with the newest words."""
    whole = bubbles.joined(earlier, text)
    assert whole is None or (len(whole) <= 300 and whole.endswith(text.strip()))


@pytest.mark.parametrize(
    ("alone", "together", "wins"),
    [
        (turn(misses=2), turn(entry="a", score=0.9), "together"),
        (turn(misses=2), turn(suggests=True, score=0.4), "together"),
        (turn(suggests=True, score=0.4), turn(entry="a", score=0.9), "together"),
        (turn(entry="a", score=0.9), turn(suggests=True, score=0.4), "alone"),
        (turn(entry="a", score=0.8), turn(entry="b", score=0.85), "alone"),
        (turn(suggests=True, score=0.3), turn(suggests=True, score=0.5), "together"),
        (turn(misses=2), turn(misses=2), "alone"),
        (turn(entry="a"), turn(misses=2), "alone"),
    ],
)
def test_better(alone, together, wins):
    """An answer beats suggestions, these beat nothing, and among equals the newest words alone win."""
    chosen = bubbles.better(NOTHING, alone, together)
    assert chosen.state == {"alone": alone, "together": together}[wins].state
    assert chosen.shown == alone.shown


def test_deeds_are_never_replaced():
    """A command, a handing over or an event is what it is, whatever was said before."""
    from bot.respond import Deed  # noqa: PLC0415 - only here

    deed = Turn(State(misses=1), "fi", "ihminen", (), Deed.ESCALATE)
    assert bubbles.better(NOTHING, deed, turn(entry="a", score=1.0)) is deed
    event = Turn(State(guide={"stage": "asking"}), "fi", "x")
    assert bubbles.better(NOTHING, turn(misses=2), event).state.guide is None


async def said(database, town, *bubbles_said, seconds=2):
    """What the bot says to each bubble, sent with so many seconds between."""
    heard = []
    for number, text in enumerate(bubbles_said):
        moment = NOW + timedelta(seconds=seconds * number)
        utterance = Utterance(Channel.TELEGRAM, "77", text, Kind.TEXT, f"k{number}", "fi")
        async with database.write() as session:
            heard.append(await hear(session, utterance, town, moment))
    return heard


async def test_bubbles_are_one_question(database, town):
    """A question in three bubbles is answered with the third; each is shown as it was sent."""
    *_others, last = await said(
        database, town, "moi", "mul on kysymys", "paljonko", "digituki maksaa"
    )
    assert last[-1].entry["id"] == "digituki-price"
    assert last[0].text == "digituki maksaa"


async def test_later_it_is_another_question(database, town):
    """What comes much later is matched by itself."""
    first = await said(database, town, "zxcv", "asdf", seconds=60)
    assert all(message.entry is None for turn_said in first for message in turn_said)


async def test_danger_in_bubbles(database, town):
    """Danger that is told in two bubbles is heard."""
    *_others, last = await said(database, town, "moi", "haluan", "tappaa itseni")
    assert "112" in last[-1].text


async def test_an_ordinary_question_after_a_greeting(database, town):
    """A question that is whole by itself is answered as it would be alone."""
    *_others, last = await said(database, town, "moi", "Paljonko digituki maksaa?")
    assert last[-1].entry["id"] == "digituki-price"


async def test_a_pressed_button_is_no_bubble(database, town):
    """What was pressed belongs to no question that is typed afterwards."""
    async with database.write() as session:
        greeted = await hear(
            session, Utterance(Channel.TELEGRAM, "77", "moi", Kind.TEXT, "a", "fi"), town, NOW
        )
        choice = greeted[-1].choices[0]["value"]
        await hear(
            session, Utterance(Channel.TELEGRAM, "77", choice, Kind.CHOICE, "b", "fi"), town, NOW
        )
        from bot.conversation import _bubbles_before, of_address  # noqa: PLC0415 - only here

        conversation, _new = await of_address(session, Utterance(Channel.TELEGRAM, "77", "x"), NOW)
        assert await _bubbles_before(session, conversation, NOW) == []
