"""One utterance in, replies queued: the core that both channels share."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import aliased, lazyload

from bot import attachments, bubbles, outbox, tickets
from bot.cleaning import cleaned
from bot.database import insert_unless_there, nudge
from bot.errors import FileRefused, NotFound, Unauthenticated
from bot.files import Limits, standing_for
from bot.masking import masked
from bot.models import Author, Channel, Conversation, Message, Status, Ticket
from bot.replies import Replies
from bot.respond import Context, Deed, Kind, Matter, State, Turn, respond
from bot.staff import hashed
from bot.texts import texts
from faq.alarms import most_urgent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.replies import Reply
    from bot.respond import Utterance
    from bot.town import Town

# Built once, since building a query costs more than running it: every message asks these.
_OF_TOKEN = select(Conversation).where(Conversation.token_hash == bindparam("hash"))
_OF_TOKEN_LOCKED = _OF_TOKEN.with_for_update()
_OF_ADDRESS = (
    select(Conversation)
    .where(
        Conversation.channel == bindparam("channel"), Conversation.address == bindparam("address")
    )
    .with_for_update()
)
_Before, _Newest = aliased(Message), aliased(Message)
_newest_id = (
    select(Message.id)
    .where(Message.conversation_id == Conversation.id, Message.author != Author.RESIDENT)
    .order_by(Message.id.desc())
    .limit(1)
    .correlate(Conversation)
    .scalar_subquery()
)
_SITUATION = (
    select(_Before, Ticket, _Newest)
    .select_from(Conversation)
    .outerjoin(
        _Before, and_(_Before.conversation_id == Conversation.id, _Before.key == bindparam("key"))
    )
    .outerjoin(Ticket, Ticket.id == tickets.live_id(Conversation.id))
    .outerjoin(_Newest, _Newest.id == _newest_id)
    .where(Conversation.id == bindparam("conversation"))
    # The conversation is at hand already.
    .options(lazyload(Ticket.conversation))
)


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
    greeting = _put(session, conversation, Replies(town, locale).welcome(), now, town=town)
    await session.flush()
    return conversation, token, greeting


async def of_token(
    session: AsyncSession, id_: str, token: str, *, lock: bool = False
) -> Conversation:
    """Return the conversation that a web token opens.

    Raises:
        Unauthenticated: The token opens nothing.
        NotFound: It opens another conversation than the one named.
    """
    query = _OF_TOKEN_LOCKED if lock else _OF_TOKEN
    conversation = await session.scalar(query, {"hash": hashed(token)})
    if conversation is None:
        raise Unauthenticated
    if conversation.id != id_:
        raise NotFound(id_)
    return conversation


async def of_id(session: AsyncSession, id_: str) -> Conversation:
    """Return a conversation by its id.

    Raises:
        NotFound: There is none.
    """
    conversation = await session.get(Conversation, id_)
    if conversation is None:
        raise NotFound(id_)
    return conversation


async def of_address(
    session: AsyncSession, said: Utterance, now: datetime
) -> tuple[Conversation, bool]:
    """Return the conversation with a channel's address, begun if need be, and whether it is new."""
    address = {"channel": said.channel, "address": said.address}
    conversation = await session.scalar(_OF_ADDRESS, address)
    if conversation:
        return conversation, False
    id_ = uuid.uuid4().hex
    values = {
        "id": id_,
        **address,
        "locale": said.locale,
        "state": State().to_json(),
        "is_unreachable": False,
        "created_at": now,
    }
    await insert_unless_there(session, Conversation, values, ["channel", "address"])
    conversation = (await session.scalars(_OF_ADDRESS, address)).one()
    return conversation, conversation.id == id_


async def hear(
    session: AsyncSession,
    said: Utterance,
    town: Town,
    now: datetime,
    conversation: Conversation | None = None,
    limits: Limits = Limits(),  # noqa: B008 - it is frozen
) -> list[Message]:
    """Take in one utterance and queue what the bot says back.

    In the caller's transaction: utterance, new state, replies and ticket are saved together or not
    at all. An utterance heard before changes nothing.

    Args:
        conversation: When the caller has it already, locked; else the address names it.
        limits: How large files may be.

    Returns:
        The resident's own message, then every reply it caused, as saved now or before.

    Raises:
        TextMissing, TextTooLong: Nothing was saved; see `cleaned`.
        FileRefused: Nothing was saved; there is no room for a file that came with the request.
    """
    said = _readable(said)
    is_new = False
    if conversation is None:
        conversation, is_new = await of_address(session, said, now)
    before, ticket, newest = await _situation(session, conversation, said.key)
    if before:
        return [before, *await _caused_by(session, before)]
    safe, had_secret = masked(said.text)
    said = replace(said, text=safe)
    edited: Message | None = None
    if said.album or said.kind is Kind.EDITED:
        edited, said, is_done = await _belonging(session, conversation, said, ticket, now)
        if is_done:
            return [edited] if edited else []
    said = await _fitting(session, conversation, said, ticket, limits)
    context = Context(town, conversation.locale, now, _matter(ticket), _offered(newest))
    turn = await _decided(session, conversation, said, context, newest, limits)
    conversation.locale = turn.locale
    conversation.is_unreachable = False
    done = await _do(session, conversation, town, turn, ticket, newest, now)
    conversation.state = done.state.to_json()
    words = Replies(town, conversation.locale)
    lines = [*turn.replies, *done.says]
    if had_secret:
        lines.insert(0, words.secret_hidden())
    # Whoever begins with a question is told first, once, what answers here.
    if is_new and (not lines or lines[0] != words.welcome()):
        lines.insert(0, words.welcome())
    own = Message(
        conversation_id=conversation.id,
        author=Author.RESIDENT,
        text=turn.shown,
        choices=[],
        ticket_id=done.joins,
        key=said.key,
        remote_id=said.remote_id,
        edits_id=edited.id if edited and turn.deed is Deed.ADD else None,
        at=now,
    )
    session.add(own)
    nudge(session, outbox.topic_of(conversation.id))
    # Its number is what the replies name as their cause.
    await session.flush()
    if said.files:
        spoken = texts(conversation.locale)
        await attachments.record(session, own, said.files, now, words=spoken, album=said.album)
    replies = [
        _put(session, conversation, line, now, town=town, cause_id=own.id, ticket_id=done.about)
        for line in lines
    ]
    await session.flush()
    return [own, *replies]


def _readable(said: Utterance) -> Utterance:
    """Return the utterance with what can be read of its text; files may come without any.

    Raises:
        TextMissing, TextTooLong: See `cleaned`.
    """
    if said.files and not said.text.strip():
        is_edit = said.kind is Kind.EDITED
        return replace(said, text="", kind=Kind.EDITED if is_edit else Kind.UNREADABLE)
    return replace(said, text=cleaned(said.text))


async def _belonging(
    session: AsyncSession,
    conversation: Conversation,
    said: Utterance,
    ticket: Ticket | None,
    now: datetime,
) -> tuple[Message | None, Utterance, bool]:
    """Return the message that an edit, or a later picture of an album, belongs to.

    Returns:
        The message, if it is known; the utterance with what is new in it; and whether nothing is
        left to do.
    """
    if said.kind is Kind.EDITED:
        said = replace(said, files=await attachments.unknown(session, conversation, said.files))
        original, newest = await _versions(session, conversation, said.remote_id)
        # Channels also tell of changes that nobody sees.
        is_same = not said.text or (newest is not None and said.text == newest.text)
        return original, said, is_same and not said.files
    original = await attachments.of_album(session, conversation, said.album or "")
    if original is None or said.text:
        return None, said, False
    words = texts(conversation.locale)
    await attachments.record(session, original, said.files, now, words=words, album=said.album)
    nudge(session, outbox.topic_of(conversation.id))
    if ticket:
        tickets.note_added(session, ticket.id)
    return original, said, True


async def _versions(
    session: AsyncSession, conversation: Conversation, remote_id: str | None
) -> tuple[Message | None, Message | None]:
    """Return a message as it stands in the conversation, and its newest version."""
    if remote_id is None:
        return None, None
    query = (
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.remote_id == remote_id)
        .order_by(Message.id)
    )
    found = (await session.scalars(query)).all()
    standing = [message for message in found if message.edits_id is None]
    return (standing[-1] if standing else None), (found[-1] if found else None)


async def _fitting(
    session: AsyncSession,
    conversation: Conversation,
    said: Utterance,
    ticket: Ticket | None,
    limits: Limits,
) -> Utterance:
    """Return the utterance with its files marked for which there is no room.

    Raises:
        FileRefused: See `attachments.fitting`.
    """
    if not said.files:
        return said
    left = await attachments.room(session, conversation.id, ticket.id if ticket else None, limits)
    return replace(said, files=tuple(attachments.fitting(said.files, left, limits)))


async def _decided(
    session: AsyncSession,
    conversation: Conversation,
    said: Utterance,
    context: Context,
    newest: Message | None,
    limits: Limits,
) -> Turn:
    """Decide what to say: about files, about an edit in an open ticket, about bubbles, or as ever."""
    state = State.from_json(conversation.state)
    with_staff = context.matter is not None and not state.aside
    if said.files and not said.text:
        return _about_files(state, said, context, limits, with_staff=with_staff)
    # Danger is answered whoever reads along.
    if said.kind is Kind.EDITED and with_staff and not most_urgent(said.text):
        return Turn(state, context.locale, said.text, deed=Deed.ADD)
    turn = respond(state, said, context)
    if said.files:
        turn = replace(turn, replies=(*turn.replies, *_refusals(said, context, limits)))
    answered_at = newest.at if newest else None
    if (
        said.kind is not Kind.TEXT
        or context.matter
        or not bubbles.may_continue(state, answered_at, context.now)
    ):
        return turn
    earlier = await _bubbles_before(session, conversation, context.now)
    whole = bubbles.joined(earlier, said.text)
    if whole is None:
        return turn
    together = respond(state, replace(said, text=whole, files=()), context)
    return bubbles.better(state, turn, together)


def _about_files(
    state: State, said: Utterance, context: Context, limits: Limits, *, with_staff: bool
) -> Turn:
    """Decide what to say to files without a word: nothing while staff see them anyway."""
    kinds = [file.kind for file in said.files]
    shown = standing_for(kinds, texts(context.locale))
    replies = _refusals(said, context, limits)
    if with_staff:
        return Turn(state, context.locale, shown, replies, deed=Deed.ADD)
    if any(file.fault is None for file in said.files):
        replies = (*replies, Replies(context.town, context.locale).files_wait())
    return Turn(state, context.locale, shown, replies)


def _refusals(said: Utterance, context: Context, limits: Limits) -> tuple[Reply, ...]:
    """Return why files cannot be taken that the channel has, each reason once."""
    words = Replies(context.town, context.locale)
    faults = {file.fault: file for file in said.files if file.fault}
    return tuple(
        words.file_refused(FileRefused(fault, file.name, limits.of(fault)))
        for fault, file in faults.items()
    )


async def _bubbles_before(
    session: AsyncSession, conversation: Conversation, now: datetime
) -> list[str]:
    """Return what the resident typed just before, oldest first, as far as it led to no answer."""
    query = (
        select(Message)
        .where(Message.conversation_id == conversation.id)
        .order_by(Message.id.desc())
        .limit(3 * bubbles.MOST)
    )
    lines = (await session.scalars(query)).all()
    typed: list[str] = []
    for line, before in zip(lines, (*lines[1:], None), strict=True):
        is_answered = line.author == Author.STAFF or line.entry or line.ticket_id
        if is_answered or now - line.at > bubbles.REACH:
            break
        if line.author != Author.RESIDENT:
            continue
        pressed = {choice["label"] for choice in before.choices} if before else set()
        if line.text in pressed or line.files:
            break
        typed.append(line.text)
    return typed[::-1]


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


@dataclass(frozen=True)
class _Done:
    """What came of a turn's deed.

    Attributes:
        says: What to say beside the turn's own replies; a message is said once more as it was.
        about: The id of the ticket that the replies belong to.
        joins: The id of the ticket that the resident's own message belongs to.
    """

    state: State
    says: tuple[Reply | Message, ...] = ()
    about: int | None = None
    joins: int | None = None


async def _do(
    session: AsyncSession,
    conversation: Conversation,
    town: Town,
    turn: Turn,
    ticket: Ticket | None,
    newest: Message | None,
    now: datetime,
) -> _Done:
    """Do what the turn asks for beside its replies."""
    words = Replies(town, conversation.locale)
    about = ticket.id if ticket else None
    match turn.deed:
        case Deed.ESCALATE if ticket:
            # The question asked aside joins the ticket that staff have already.
            tickets.note_added(session, ticket.id)
            return _Done(turn.state, (words.passed_on(ticket.number),), about, joins=about)
        case Deed.ESCALATE:
            return await _escalate(session, conversation, town, turn.state, now)
        case Deed.ADD if ticket:
            tickets.note_added(session, ticket.id)
            return _Done(turn.state, (), about, joins=about)
        case Deed.CANCEL if ticket:
            await tickets.cancel(session, ticket, now)
            return _Done(turn.state, (words.cancelled(ticket.number),), about)
        case Deed.STATUS:
            status = await _status(session, town, words, ticket, now)
            return _Done(turn.state, (status,), about)
        case Deed.REOPEN | Deed.SOLVED:
            judged = await session.get(Ticket, turn.ticket)
            said = await _judged(session, conversation, town, turn.deed, judged, now)
            return _Done(turn.state, (said,), judged.id if judged else None)
        case Deed.PAPERS:
            link = f"{town.base_url}/events/{town.plan_key(conversation.id)}"
            return _Done(turn.state, (words.papers(link),), about)
        case Deed.REPEAT:
            return _Done(turn.state, (newest or words.welcome(),), about, joins=about)
    return _Done(turn.state, (), about)


async def _escalate(
    session: AsyncSession, conversation: Conversation, town: Town, state: State, now: datetime
) -> _Done:
    """Make a ticket of the conversation and tell when somebody answers."""
    entry = str(state.tried[0]["entry"]) if state.tried else None
    ticket = await tickets.escalate(
        session, conversation, town, entry=entry, tried=state.tried, now=now
    )
    place = await tickets.place(session, ticket)
    queue = town.book.queue(ticket.queue)
    receipt = Replies(town, conversation.locale).receipt(ticket.number, queue, place, now)
    return _Done(replace(state, tried=()), (receipt,), ticket.id, joins=ticket.id)


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


def _put(
    session: AsyncSession,
    conversation: Conversation,
    line: Reply | Message,
    now: datetime,
    *,
    town: Town,
    cause_id: int | None = None,
    ticket_id: int | None = None,
) -> Message:
    if isinstance(line, Message):
        return outbox.put(
            session,
            conversation,
            line.text,
            now,
            author=Author(line.author),
            staff_name=line.staff_name,
            choices=line.choices,
            entry=line.entry,
            ticket_id=line.ticket_id,
            cause_id=cause_id,
        )
    entry = town.book.entries.get(line.entry or "")
    return outbox.put(
        session,
        conversation,
        line.text,
        now,
        choices=[{"label": choice.label, "value": choice.value} for choice in line.choices],
        entry={"id": entry.id, "source": entry.source, "reviewed": entry.reviewed.isoformat()}
        if entry
        else None,
        ticket_id=ticket_id,
        cause_id=cause_id,
    )


async def _situation(
    session: AsyncSession, conversation: Conversation, key: str | None
) -> tuple[Message | None, Ticket | None, Message | None]:
    """Return the message heard before under the key, the live ticket, and the newest line to the resident."""
    found = await session.execute(_SITUATION, {"conversation": conversation.id, "key": key})
    before, ticket, newest = found.one()
    return before, ticket, newest


async def _caused_by(session: AsyncSession, own: Message) -> Sequence[Message]:
    query = select(Message).where(Message.cause_id == own.id).order_by(Message.id)
    return (await session.scalars(query)).all()


def _matter(ticket: Ticket | None) -> Matter | None:
    if ticket is None:
        return None
    return Matter(ticket.id, ticket.number, ticket.holder.name if ticket.holder else None)


def _offered(newest: Message | None) -> tuple[tuple[str, str], ...]:
    return tuple((choice["label"], choice["value"]) for choice in newest.choices) if newest else ()
