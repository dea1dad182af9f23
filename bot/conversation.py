"""One utterance in, replies queued: the core that both channels share."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import aliased, lazyload

from bot import attachments, bubbles, districts, events, outbox, tickets
from bot.cleaning import cleaned
from bot.counts import tallies
from bot.counts.outcomes import LOOKED_UP, Outcome
from bot.counts.outcomes import Said as Counted
from bot.database import insert_unless_there, nudge
from bot.errors import FileRefused, NotFound, Unauthenticated
from bot.files import Limits, standing_for
from bot.guide import MARK
from bot.masking import masked
from bot.models import (
    Author,
    Channel,
    Conversation,
    Message,
    Status,
    Ticket,
    ticket_number,
)
from bot.people.staff import hashed
from bot.replies import Replies
from bot.respond import Context, Deed, Kind, Matter, State, Turn, respond
from bot.texts import texts
from bot.work import blocks
from faq.alarms import most_urgent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.models import Event
    from bot.replies import Reply
    from bot.respond import Utterance
    from bot.town import Town

# What a blocked resident cannot ask for; everything else goes on.
_FOR_STAFF = frozenset({Deed.ESCALATE, Deed.HAND_IN, Deed.ADD, Deed.REOPEN})
_ADDED = Counted(Outcome.ADDED)
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
    said = await _fitting(session, conversation, said, ticket, limits)
    if said.album or said.kind is Kind.EDITED:
        edited, said, is_done = await _belonging(session, conversation, said, ticket, now)
        if is_done:
            return [edited] if edited else []
    event = await events.of_conversation(session, conversation)
    event, heard = await _taken_along(session, conversation, said, event, town, now)
    state = State.from_json(conversation.state, event.told if event else None)
    context = Context(town, conversation.locale, now, _matter(ticket), _offered(newest))
    turn = await _decided(session, conversation, state, heard, context, newest, limits)
    if heard is not said:
        turn = replace(turn, shown=safe)
    conversation.locale = turn.locale
    conversation.is_unreachable = False
    event = await events.keep(session, conversation, turn.state.guide, event, now)
    about = _About(ticket, event, newest)
    kept_back = await _kept_back(session, conversation, town, turn, now)
    done = kept_back or await _do(session, conversation, town, turn, about, now)
    conversation.state = {**done.state.to_json(), "event": event.id if event else ""}
    words = Replies(town, conversation.locale)
    lines = [*done.says] if kept_back else [*turn.replies, *done.says]
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
        counted=tallies.mark(_counted(turn), conversation.locale),
        asked_in=conversation.locale if _is_asked(heard, turn) else None,
        is_unanswered=_is_asked(heard, turn) and turn.counted.outcome is Outcome.NOT_FOUND,
        remote_id=said.remote_id,
        edits_id=edited.id if edited and done.joins and turn.deed is Deed.ADD else None,
        at=now,
    )
    session.add(own)
    nudge(session, outbox.topic_of(conversation.id))
    # Its number is what the replies name as their cause.
    await session.flush()
    if said.files:
        spoken = texts(conversation.locale)
        await attachments.record(session, own, said.files, now, words=spoken, album=said.album)
    if done.joins and turn.deed in _FOR_STAFF:
        await tickets.resident_wrote(session, done.joins, own.text, now)
    replies = [
        _put(session, conversation, line, now, town=town, cause_id=own.id, ticket_id=done.about)
        for line in lines
    ]
    await session.flush()
    return [own, *replies]


def _counted(turn: Turn) -> Counted:
    """Return what a turn counts as; asking for a person is about what was shown last."""
    if turn.deed is Deed.ESCALATE and turn.state.tried:
        return replace(turn.counted, entry=str(turn.state.tried[0]["entry"]))
    return turn.counted


def _is_asked(said: Utterance, turn: Turn) -> bool:
    """Return whether the resident wrote something that was looked up in the book; no button, no cry for help."""
    return said.kind is Kind.TEXT and turn.counted.outcome in LOOKED_UP


async def _taken_along(
    session: AsyncSession,
    conversation: Conversation,
    said: Utterance,
    event: Event | None,
    town: Town,
    now: datetime,
) -> tuple[Event | None, Utterance]:
    """Return the event that the conversation has, and what was said, when that was a one-time code."""
    letters = events.code_in(said.text) if said.kind is Kind.TEXT else None
    if not letters:
        return event, said
    arrived = await events.take_along(session, letters, conversation, town, now)
    # What happens then is as if a button had been pressed.
    value = "g.arrived" if arrived else "g.no-code"
    return arrived or event, replace(said, text=value, kind=Kind.CHOICE)


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
    if original and not await attachments.unknown(session, conversation, said.files):
        return original, said, True
    # What cannot be taken is a message of its own, so that it is told.
    if original is None or said.text or any(file.fault for file in said.files):
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
    state: State,
    said: Utterance,
    context: Context,
    newest: Message | None,
    limits: Limits,
) -> Turn:
    """Decide what to say: about files, about an edit in an open ticket, about bubbles, or as ever."""
    with_staff = context.matter is not None and not state.aside
    if said.files and not said.text:
        return _about_files(state, said, context, limits, with_staff=with_staff)
    # Danger is answered whoever reads along.
    if said.kind is Kind.EDITED and with_staff and not most_urgent(said.text):
        return Turn(state, context.locale, said.text, deed=Deed.ADD, counted=_ADDED)
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
        return Turn(state, context.locale, shown, replies, deed=Deed.ADD, counted=_ADDED)
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


@dataclass(frozen=True)
class _About:
    """What a turn's deed may concern: the live ticket, the event, the newest line to the resident."""

    ticket: Ticket | None
    event: Event | None
    newest: Message | None


async def _do(
    session: AsyncSession,
    conversation: Conversation,
    town: Town,
    turn: Turn,
    concerned: _About,
    now: datetime,
) -> _Done:
    """Do what the turn asks for beside its replies."""
    words = Replies(town, conversation.locale)
    ticket, event = concerned.ticket, concerned.event
    about = ticket.id if ticket else None
    match turn.deed:
        case Deed.HAND_IN | Deed.PAPERS | Deed.MOVE if event:
            return await _do_with_event(session, conversation, town, turn, concerned, now)
        case Deed.ESCALATE if ticket:
            # The question asked aside joins the ticket that staff have already.
            tickets.note_added(session, ticket.id)
            # What staff have is spoken of in the language in which they have it.
            receipt = Replies(town, ticket.locale).passed_on(ticket.number)
            return _Done(turn.state, (receipt,), about, joins=about)
        case Deed.ESCALATE:
            return await _escalate(session, conversation, town, turn.state, now)
        case Deed.ADD if ticket:
            tickets.note_added(session, ticket.id)
            return _Done(turn.state, (), about, joins=about)
        case Deed.CANCEL if ticket:
            await tickets.cancel(session, ticket, now)
            said = Replies(town, ticket.locale).cancelled(ticket.number)
            return _Done(turn.state, (said,), about)
        case Deed.DISTRICT if ticket:
            ticket.district = turn.district
            tickets.changed(session, ticket)
            return _Done(turn.state, (words.district_kept(turn.district),), about, joins=about)
        case Deed.STATUS:
            says = await _standing(session, town, words, concerned, now)
            return _Done(turn.state, says, about)
        case Deed.REOPEN | Deed.SOLVED:
            judged = await session.get(Ticket, turn.ticket)
            said = await _judged(session, conversation, town, turn.deed, judged, now)
            return _Done(turn.state, (said,), judged.id if judged else None)
        case Deed.REPEAT:
            again = _again(concerned.newest, town, words)
            return _Done(turn.state, (again,), about, joins=about)
    return _Done(turn.state, (), about)


def _again(newest: Message | None, town: Town, words: Replies) -> Reply | Message:
    """Return the newest line once more, unless what it says was switched off meanwhile."""
    if newest is None:
        return words.welcome()
    entry = (newest.entry or {}).get("id", "")
    if entry in town.book.entries and town.is_withheld(entry):
        return words.answer(entry)
    if town.off.is_guide and any(choice["value"].startswith(MARK) for choice in newest.choices):
        return words.guide_paused()
    return newest


async def _kept_back(
    session: AsyncSession, conversation: Conversation, town: Town, turn: Turn, now: datetime
) -> _Done | None:
    """Keep a blocked resident's words from staff, and say so; None when nothing stands in the way.

    The words are saved with the conversation, and go along with the next ticket there may be.
    """
    if turn.deed not in _FOR_STAFF:
        return None
    block = await blocks.active(session, conversation.id, now)
    if block is None:
        return None
    # What comes with a message for staff is a safety text, beside which nothing else is to be read.
    if turn.deed is Deed.ADD and turn.replies:
        return _Done(turn.state, turn.replies)
    return _Done(turn.state, (Replies(town, conversation.locale).blocked(block.until),))


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
    receipt = Replies(town, conversation.locale).receipt(
        *(ticket.number, queue, place, now, ticket.reply_by),
        asks_district=districts.is_asked(town.id, queue.id),
    )
    return _Done(replace(state, tried=()), (receipt,), ticket.id, joins=ticket.id)


async def _do_with_event(
    session: AsyncSession,
    conversation: Conversation,
    town: Town,
    turn: Turn,
    concerned: _About,
    now: datetime,
) -> _Done:
    """Give the event's papers or a code that takes it along, or hand it in with a ticket."""
    words = Replies(town, conversation.locale)
    ticket, event = concerned.ticket, concerned.event
    about = ticket.id if ticket else None
    if event is None:
        return _Done(turn.state, (words.unknown_choice(),), about)
    if turn.deed is Deed.PAPERS:
        return _Done(turn.state, (words.papers(f"/events/{town.plan_key(event.id)}"),), about)
    if turn.deed is Deed.MOVE:
        code = await events.code_for(session, event, now)
        return _Done(turn.state, (words.moving_code(code),), about)
    if ticket:
        # It joins the ticket that staff have of this resident already.
        tickets.note_added(session, ticket.id)
        done = _Done(turn.state, (words.passed_on(ticket.number),), about, joins=about)
    else:
        done = await _escalate(session, conversation, town, turn.state, now)
        ticket = await tickets.live_ticket(session, conversation.id)
    if ticket:
        await events.hand_in(session, event, ticket, now)
    return done


async def _standing(
    session: AsyncSession, town: Town, words: Replies, concerned: _About, now: datetime
) -> tuple[Reply, ...]:
    """Return how the resident's matters stand: an event notice handed in, a ticket, or nothing."""
    ticket = concerned.ticket
    handled = await _handling(session, words, concerned.event, ticket)
    if handled and ticket is None:
        return (handled,)
    status = await _status(session, town, words, ticket, now)
    return (handled, status) if handled else (status,)


async def _handling(
    session: AsyncSession, words: Replies, event: Event | None, ticket: Ticket | None
) -> Reply | None:
    """Return where staff stand with an event notice; None when its ticket says it all."""
    if event is None or event.ticket_id is None:
        return None
    if ticket and ticket.id == event.ticket_id and event.handling is None:
        return None
    handling = await events.handling_of(session, event)
    if handling is None:
        return None
    return words.event_handling(ticket_number(event.ticket_id), handling, event.changed_at.date())


async def _status(
    session: AsyncSession, town: Town, words: Replies, ticket: Ticket | None, now: datetime
) -> Reply:
    if ticket is None:
        return words.nothing_waiting()
    words = Replies(town, ticket.locale)
    if ticket.holder:
        return words.in_hand(ticket.number, ticket.holder.name)
    place = await tickets.place(session, ticket)
    queue = town.book.queue(ticket.queue)
    return words.waiting(ticket.number, queue, place, now, ticket.reply_by)


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
    words = Replies(town, ticket.locale)
    queue = town.book.queue(ticket.queue)
    return words.reopened(ticket.number, queue, place, now, ticket.reply_by)


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
            files=line.files,
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
        files=[{"name": file.name, "href": file.href} for file in line.files] or None,
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
