"""Full-text search over tickets: the words of their messages, recordings, notes and tags.

A word finds what begins with it, and with the two thirds of it that its other forms mostly share, so
that "kirjastossa" finds "kirjasto", and "kortti" "kortin"; in quotes only the first. Cutting serves
three languages alike where stemmers need to know which one was typed. The words are cut and folded
here and not by the database, so that both databases find the same: SQLite's own search knows the
capitals of ASCII only, and PostgreSQL's depend on how the server was set up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from bot.models import (
    FIRST_NUMBER,
    Attachment,
    Author,
    Message,
    Note,
    Ticket,
    TicketTag,
    TicketWord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, CompoundSelect, Select
    from sqlalchemy.ext.asyncio import AsyncSession

LONGEST_WORD = 40
# Whoever pastes a whole letter into the search is looked after as well.
MOST_WORDS = 12
LONGEST_QUERY = 200
# Letters of a searched word that are compared at least; a word with digits in it is compared whole.
_SHORTEST_BEGINNING = 4
_QUOTED = re.compile(r'"([^"]*)"')
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(?:n-)?(\d{4,12})", re.IGNORECASE)
# Sorts behind every letter: a beginning of a word is the range up to it.
_BEHIND = "\U0010ffff"


def words_in(text: str) -> set[str]:
    """Return the words of a text as they are kept: without capitals, long ones cut."""
    return {word.casefold()[:LONGEST_WORD] for word in _WORD.findall(text)}


async def learn(session: AsyncSession, ticket_id: int, texts: Iterable[str]) -> None:
    """Make a ticket findable by the words of these texts, in the caller's transaction."""
    words = set().union(*map(words_in, texts))
    if not words:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.execute(
        insert(TicketWord).on_conflict_do_nothing(),
        [{"word": word, "ticket_id": ticket_id} for word in sorted(words)],
    )


async def learn_conversation(session: AsyncSession, ticket_id: int) -> None:
    """Make a ticket findable by what its resident has said so far."""
    said: CompoundSelect[str] = union_all(_said(ticket_id), _written_down(ticket_id))
    await learn(session, ticket_id, (await session.scalars(said)).all())


async def forget(session: AsyncSession, ticket_id: int, text: str) -> None:
    """Stop finding a ticket by a text that was taken away, save by words that stand elsewhere in it."""
    notes = select(Note.text).where(Note.ticket_id == ticket_id)
    tags = select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id)
    kept: CompoundSelect[str] = union_all(_said(ticket_id), _written_down(ticket_id), notes, tags)
    gone = words_in(text).difference(*map(words_in, await session.scalars(kept)))
    if not gone:
        return
    await session.execute(
        delete(TicketWord)
        .where(TicketWord.ticket_id == ticket_id, TicketWord.word.in_(sorted(gone)))
        .execution_options(synchronize_session=False)
    )


def _said(ticket_id: int) -> Select[str]:
    return select(Message.text).where(Message.ticket_id == ticket_id, Message.author != Author.BOT)


def _written_down(ticket_id: int) -> Select[str]:
    """Return what was written down of the ticket's recordings."""
    return (
        select(func.coalesce(Attachment.transcript, ""))
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.ticket_id == ticket_id, Attachment.transcript.is_not(None))
    )


def number_in(query: str) -> int | None:
    """Return the id of the ticket whose number is searched for; None when it is no number."""
    found = _NUMBER.fullmatch(query.strip())
    return int(found[1]) - FIRST_NUMBER if found else None


def beginnings(query: str) -> list[str]:
    """Return with what the words of a ticket must begin to fit a search, each once."""
    query = query[:LONGEST_QUERY]
    as_written = words_in(" ".join(_QUOTED.findall(query)))
    words = sorted(words_in(query))[:MOST_WORDS]
    return sorted({word if word in as_written else _beginning(word) for word in words})


def _beginning(word: str) -> str:
    return word[: max(_SHORTEST_BEGINNING, -(-2 * len(word) // 3))] if word.isalpha() else word


def matches(query: str) -> ColumnElement[bool] | None:
    """Return the condition that a ticket fits a search; None when there is no word in it.

    Every word must stand in the ticket, in some form of it. A number finds its ticket, and the
    tickets in which it is written.
    """
    words = beginnings(query)
    if not words:
        return None
    # One condition a word: they may stand in different messages.
    conditions: list[Any] = [
        Ticket.id.in_(
            select(TicketWord.ticket_id).where(
                TicketWord.word >= word, TicketWord.word < word + _BEHIND
            )
        )
        for word in words
    ]
    id_ = number_in(query)
    found = conditions[0]
    for condition in conditions[1:]:
        found = found & condition
    return or_(Ticket.id == id_, found) if id_ is not None else found
