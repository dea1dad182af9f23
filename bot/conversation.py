"""One utterance in, replies queued: the core that both channels share."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot import outbox, tickets
from bot.cleaning import cleaned
from bot.database import insert_unless_there, nudge
from bot.errors import NotFound, Unauthenticated
from bot.masking import masked
from bot.models import Author, Channel, Conversation, Message, Status, Ticket
from bot.replies import Replies
from bot.respond import Context, Deed, Matter, State, respond
from bot.staff import hashed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.replies import Reply
    from bot.respond import Turn, Utterance
    from bot.town import Town

# What may mean a choice or "repeat" is short; longer texts need not look at what was offered.
_SHORT = 80


async def begin(
    session: AsyncSession, locale: str, town: Town, now: datetime
) -> tuple[Conversation, str, Message]:
    """Begin a conversation on the web and greet; return it with its token and the greeting.

    The token is shown this once only: its hash is what is kept.
    """
    token = secrets.token_urlsafe(32)
    id_ = uuid.uuid4().hex
    conversation = Conversation(
        id=id_,
        channel=Channel.WEB,
        address=id_,
        token_hash=hashed(token),
        locale=locale,
        state=State().showing("welcome").to_json(),
        is_unreachable=False,
        created_at=now,
    )
    session.add(conversation)
    await session.flush()
    greeting = await _put(session, conversation, Replies(town, locale).welcome(), now, town=town)
    return conversation, token, greeting


async def of_token(
    session: AsyncSession, id_: str, token: str, *, lock: bool = False
) -> Conversation:
    """Return the conversation that a web token opens.

    Raises:
        Unauthenticated: The token opens nothing.
        NotFound: It opens another conversation than the one named.
    """
    query = select(Conversation).where(Conversation.token_hash == hashed(token))
    conversation = (await session.scalars(query.with_for_update() if lock else query)).first()
    if conversation is None:
        raise Unauthenticated
    if conversation.id != id_:
        raise NotFound(id_)
    return conversation


async def of_address(
    session: AsyncSession, said: Utterance, now: datetime
) -> tuple[Conversation, bool]:
    """Return the conversation with a channel's address, begun if need be, and whether it is new."""
    query = (
        select(Conversation)
        .where(Conversation.channel == said.channel, Conversation.address == said.address)
        .with_for_update()
    )
    conversation = (await session.scalars(query)).first()
    if conversation:
        return conversation, False
    id_ = uuid.uuid4().hex
    values = {
        "id": id_,
        "channel": said.channel,
        "address": said.address,
        "locale": said.locale,
        "state": State().to_json(),
        "is_unreachable": False,
        "created_at": now,
    }
    await insert_unless_there(session, Conversation, values, ["channel", "address"])
    conversation = (await session.scalars(query)).one()
    return conversation, conversation.id == id_


async def hear(
    session: AsyncSession,
    said: Utterance,
    town: Town,
    now: datetime,
    conversation: Conversation | None = None,
) -> list[Message]:
    """Take in one utterance and queue what the bot says back.

    In the caller's transaction: utterance, new state, replies and ticket are saved together or not
    at all. An utterance heard before changes nothing.

    Args:
        conversation: When the caller has it already, locked; else the address names it.

    Returns:
        The resident's own message, then every reply it caused, as saved now or before.

    Raises:
        TextMissing, TextTooLong: Nothing was saved; see `cleaned`.
    """
    said = replace(said, text=cleaned(said.text))
    is_new = False
    if conversation is None:
        conversation, is_new = await of_address(session, said, now)
    before = await _heard_before(session, conversation, said)
    if before:
        return before
    safe, had_secret = masked(said.text)
    matter, ticket = await _matter(session, conversation)
    offered = await _offered(session, conversation) if len(safe) <= _SHORT else ()
    turn = respond(
        State.from_json(conversation.state),
        replace(said, text=safe),
        Context(town, conversation.locale, matter, offered),
    )
    conversation.locale = turn.locale
    conversation.is_unreachable = False
    own = Message(
        conversation_id=conversation.id,
        author=Author.RESIDENT,
        text=turn.shown,
        choices=[],
        entry=None,
        ticket_id=ticket.id if ticket and turn.deed in {Deed.ADD, Deed.REPEAT} else None,
        key=said.key,
        at=now,
    )
    session.add(own)
    await session.flush()
    nudge(session, outbox.topic_of(conversation.id))
    replies = list(turn.replies)
    words = Replies(town, conversation.locale)
    if had_secret:
        replies.insert(0, words.secret_hidden())
    # Whoever begins with a question is told first, once, what answers here.
    if is_new and (not replies or replies[0] != words.welcome()):
        replies.insert(0, words.welcome())
    about = ticket.id if ticket else None
    messages = [
        own,
        *[
            await _put(session, conversation, reply, now, town=town, cause=own, ticket_id=about)
            for reply in replies
        ],
    ]
    messages += await _do(session, conversation, town, turn, ticket, own, now)
    return messages


async def messages_after(
    session: AsyncSession, conversation_id: str, after: int
) -> Sequence[Message]:
    """Return everything said after a message, oldest first."""
    query = (
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.id > after)
        .order_by(Message.id)
    )
    return (await session.scalars(query)).all()


async def _do(
    session: AsyncSession,
    conversation: Conversation,
    town: Town,
    turn: Turn,
    ticket: Ticket | None,
    own: Message,
    now: datetime,
) -> list[Message]:
    """Do what the turn asks for beside its replies, and save the new state."""
    state = turn.state
    said: list[Reply] = []
    words = Replies(town, conversation.locale)
    about = ticket
    match turn.deed:
        case Deed.ESCALATE if ticket:
            # The question asked aside joins the ticket that staff have already.
            own.ticket_id = ticket.id
            tickets.note_added(session, ticket.id)
            said = [words.passed_on(ticket.number)]
        case Deed.ESCALATE:
            entry = str(state.tried[0]["entry"]) if state.tried else None
            about = await tickets.escalate(
                session, conversation, town, entry=entry, tried=state.tried, now=now
            )
            own.ticket_id = about.id
            queue = town.book.queue(about.queue)
            place = await tickets.place(session, about)
            said = [words.receipt(about.number, queue, place, now)]
            state = replace(state, tried=())
        case Deed.ADD if ticket:
            tickets.note_added(session, ticket.id)
        case Deed.CANCEL if ticket:
            await tickets.cancel(session, ticket, now)
            said = [words.cancelled(ticket.number)]
        case Deed.STATUS:
            said = [await _status(session, town, words, ticket, now)]
        case Deed.REOPEN | Deed.SOLVED:
            about = await session.get(Ticket, turn.ticket)
            said = [await _judged(session, conversation, town, turn.deed, about, now)]
        case Deed.REPEAT:
            again = await _newest_out(session, conversation)
            if again:
                conversation.state = state.to_json()
                return [await _again(session, conversation, again, own, now)]
            said = [words.welcome()]
    conversation.state = state.to_json()
    about_id = about.id if about else None
    return [
        await _put(session, conversation, reply, now, town=town, cause=own, ticket_id=about_id)
        for reply in said
    ]


async def _status(
    session: AsyncSession, town: Town, words: Replies, ticket: Ticket | None, now: datetime
) -> Reply:
    if ticket is None:
        return words.nothing_waiting()
    if ticket.holder:
        return words.in_hand(ticket.number, ticket.holder.name)
    place = await tickets.place(session, ticket)
    return words.waiting(ticket.number, town.book.queue(ticket.queue), place, now)


async def _judged(
    session: AsyncSession,
    conversation: Conversation,
    town: Town,
    deed: Deed,
    ticket: Ticket | None,
    now: datetime,
) -> Reply:
    """Take in whether a closed ticket's answer helped; "no" reopens it."""
    words = Replies(town, conversation.locale)
    if ticket is None or ticket.conversation_id != conversation.id:
        return words.unknown_choice()
    if deed is Deed.SOLVED:
        return words.solved()
    live = await tickets.live_ticket(session, conversation.id)
    if ticket.status != Status.CLOSED or live:
        return words.passed_on(live.number) if live else words.closed_already(ticket.number)
    await tickets.reopen(session, ticket, town, now)
    place = await tickets.place(session, ticket)
    return words.reopened(ticket.number, town.book.queue(ticket.queue), place, now)


async def _put(
    session: AsyncSession,
    conversation: Conversation,
    reply: Reply,
    now: datetime,
    *,
    town: Town,
    cause: Message | None = None,
    ticket_id: int | None = None,
) -> Message:
    entry = town.book.entries.get(reply.entry or "")
    return await outbox.put(
        session,
        conversation,
        reply.text,
        now,
        choices=[{"label": choice.label, "value": choice.value} for choice in reply.choices],
        entry={"id": entry.id, "source": entry.source, "reviewed": entry.reviewed.isoformat()}
        if entry
        else None,
        ticket_id=ticket_id,
        cause_id=cause.id if cause else None,
    )


async def _heard_before(
    session: AsyncSession, conversation: Conversation, said: Utterance
) -> list[Message]:
    if said.key is None:
        return []
    own = (
        await session.scalars(
            select(Message).where(
                Message.conversation_id == conversation.id, Message.key == said.key
            )
        )
    ).first()
    if own is None:
        return []
    caused = select(Message).where(Message.cause_id == own.id).order_by(Message.id)
    return [own, *(await session.scalars(caused)).all()]


async def _matter(
    session: AsyncSession, conversation: Conversation
) -> tuple[Matter | None, Ticket | None]:
    ticket = await tickets.live_ticket(session, conversation.id)
    if ticket is None:
        return None, None
    return Matter(ticket.id, ticket.number, ticket.holder.name if ticket.holder else None), ticket


async def _newest_out(session: AsyncSession, conversation: Conversation) -> Message | None:
    query = (
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.author != Author.RESIDENT)
        .order_by(Message.id.desc())
        .limit(1)
    )
    return (await session.scalars(query)).first()


async def _offered(
    session: AsyncSession, conversation: Conversation
) -> tuple[tuple[str, str], ...]:
    newest = await _newest_out(session, conversation)
    return tuple((choice["label"], choice["value"]) for choice in newest.choices) if newest else ()


async def _again(
    session: AsyncSession, conversation: Conversation, message: Message, own: Message, now: datetime
) -> Message:
    """Say the newest message to the resident once more, as it was."""
    return await outbox.put(
        session,
        conversation,
        message.text,
        now,
        author=Author(message.author),
        staff_name=message.staff_name,
        choices=message.choices,
        entry=message.entry,
        ticket_id=message.ticket_id,
        cause_id=own.id,
    )
