"""hear(): one transaction, redeliveries harmless, order kept, bad input refused kindly."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.cleaning import LONGEST_TEXT, cleaned
from bot.conversation import begin, hear, of_token
from bot.errors import NotFound, TextMissing, TextTooLong, Unauthenticated
from bot.models import Author, Channel, Conversation, Delivery, Message, Ticket
from bot.respond import Kind, Utterance


def said(text, key=None, kind=Kind.TEXT, address="7", locale="fi"):
    """Return something said in Telegram."""
    return Utterance(Channel.TELEGRAM, address, text, kind, key, locale)


async def count(database, table):
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def test_a_redelivery_changes_nothing(database, town, clock):
    """The same key heard again returns what was saved and saves nothing more."""
    async with database.write() as session:
        first = await hear(session, said("ihminen", "u1"), town, clock())
    messages, tickets = await count(database, Message), await count(database, Ticket)
    async with database.write() as session:
        again = await hear(session, said("ihminen", "u1"), town, clock())
    assert [m.id for m in again] == [m.id for m in first]
    assert (await count(database, Message), await count(database, Ticket)) == (messages, tickets)


async def test_all_or_nothing(database, town, clock):
    """When the transaction fails, neither message nor ticket nor delivery is left behind."""
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            await hear(session, said("ihminen", "u1"), town, clock())
            raise RuntimeError
    for table in (Conversation, Message, Ticket, Delivery):
        assert await count(database, table) == 0


async def test_first_messages_at_once_make_one_conversation(database, town, clock):
    """Twenty first messages of one person at the same time begin one conversation, each kept once."""

    async def one(number):
        async with database.write() as session:
            await hear(session, said("zxcv", f"u{number}"), town, clock())

    await asyncio.gather(*(one(number) for number in range(20)))
    assert await count(database, Conversation) == 1
    async with database.read() as session:
        query = select(func.count()).where(Message.author == Author.RESIDENT)
        assert await session.scalar(query) == 20


async def test_one_live_ticket_whatever_happens_at_once(database, town, clock):
    """Ten calls for a person at once make one ticket."""

    async def one(number):
        async with database.write() as session:
            await hear(session, said("ihminen", f"u{number}"), town, clock())

    await asyncio.gather(*(one(number) for number in range(10)))
    assert await count(database, Ticket) == 1


async def test_replies_follow_what_caused_them(database, town, clock):
    """Each reply names its cause and comes after it."""
    async with database.write() as session:
        own, *replies = await hear(session, said("ihminen", "u1"), town, clock())
    assert replies
    assert all(reply.cause_id == own.id and reply.id > own.id for reply in replies)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.CHOICE, Kind.EDITED, Kind.UNREADABLE])
async def test_every_kind_gets_an_answer(database, town, clock, kind):
    """Whatever was sent, something sensible comes back."""
    async with database.write() as session:
        own, *replies = await hear(session, said("sticker", "u1", kind), town, clock())
    assert own.author == Author.RESIDENT
    assert replies


@pytest.mark.parametrize(
    "value",
    ["", "show:", "show:nothing", "lang:de", "cancel-yes", "unsolved:999", "unsolved:x", "solved:1",
     "helped:nothing", "keep", "resume", "aside", "x" * 200, "show:digituki-price:more", "human:1"],
)  # fmt: skip
async def test_stale_and_strange_buttons(database, town, clock, value):
    """A button that is unknown, old or another's gets a kind answer and breaks nothing."""
    async with database.write() as session:
        if not value:
            with pytest.raises(TextMissing):
                await hear(session, said(value, "u1", Kind.CHOICE), town, clock())
            return
        _, *replies = await hear(session, said(value, "u1", Kind.CHOICE), town, clock())
    assert replies


async def test_anothers_ticket_cannot_be_judged(database, town, clock):
    """Saying of somebody else's closed ticket that it did not help does not reopen it."""
    async with database.write() as session:
        await hear(session, said("ihminen", "u1", address="1"), town, clock())
        ticket = (await session.scalars(select(Ticket))).one()
        ticket.status = "closed"
    async with database.write() as session:
        await hear(session, said(f"unsolved:{ticket.id}", "u2", Kind.CHOICE, "2"), town, clock())
    async with database.read() as session:
        assert (await session.scalars(select(Ticket))).one().status == "closed"


async def test_tokens_open_their_own_conversation_only(database, town, clock):
    """An unknown token and another conversation's token are told apart and both refused."""
    async with database.write() as session:
        mine, token, greeting = await begin(session, "sv", town, clock())
        other, _, _ = await begin(session, "sv", town, clock())
    assert greeting.conversation_id == mine.id
    async with database.read() as session:
        assert (await of_token(session, mine.id, token)).id == mine.id
        with pytest.raises(NotFound):
            await of_token(session, other.id, token)
        with pytest.raises(Unauthenticated):
            await of_token(session, mine.id, "nonsense")
        stored = (await session.get(Conversation, mine.id)).token_hash
    assert token not in stored


@pytest.mark.parametrize(
    ("text", "clean"),
    [(" hei\r\nvaan ", "hei\nvaan"), ("a\0b\x07c", "abc"), ("e\u0301", "é"), ("\ud83d", "�"), ("a\tb", "a\tb")],
)  # fmt: skip
def test_text_is_cleaned(text, clean):
    """Control characters and half characters go, accents are composed, inner layout stays."""
    assert cleaned(text) == clean


@pytest.mark.parametrize("text", ["", "  \n\t ", "\0\x01\x02", "\u200b\u200d", "\u2028"])
def test_nothing_to_read(text):
    """A text without anything visible is missing."""
    with pytest.raises(TextMissing):
        cleaned(text)


def test_too_long_says_the_limit():
    """A text that is too long is refused with its limit, not cut."""
    assert len(cleaned("x" * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(TextTooLong) as caught:
        cleaned("x" * (LONGEST_TEXT + 1))
    assert caught.value.limit == LONGEST_TEXT
    with pytest.raises(TextTooLong):
        cleaned("x" * 100_000)


@given(st.text(max_size=500))
def test_cleaning_is_stable(text):
    """Any text is cleaned or refused, and cleaning twice changes nothing more."""
    try:
        once = cleaned(text)
    except TextMissing:
        return
    assert cleaned(once) == once


async def test_replies_survive_any_text(database, town, clock):
    """A hundred odd texts in a row leave the conversation working."""
    for number, text in enumerate(
        ["1", "9", "0", "-1", "½", "1.", "yes", "ei", "/", "/start", "/zzz", "«»", "🙂"]
    ):
        async with database.write() as session:
            own, *_ = await hear(session, said(text, f"u{number}"), town, clock())
        assert own.id
