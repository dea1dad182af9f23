"""The staff's desk in Telegram: a topic for each ticket, kept like the ticket in the database.

Nothing tells the desk what happens to a ticket. It compares: what stands in a ticket's topic is
written down in `Topic`, and what is new in the ticket is posted through the outbox. So the console
and the topic show one log whatever changed it, a desk that was switched off catches up, and a topic
that somebody deleted is made again by forgetting what stood in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, delete, func, literal, null, or_, select, update
from sqlalchemy.orm import contains_eager

from bot import outbox
from bot.database import insert_unless_there, nudge
from bot.errors import NotFound
from bot.group import posts
from bot.models import (
    LIVE,
    Attachment,
    Author,
    Channel,
    Conversation,
    Delivery,
    DeliveryStatus,
    DeskUpdate,
    Message,
    Note,
    Status,
    Ticket,
    TicketAct,
    Topic,
    ticket_number,
)
from bot.work import notes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.settings import Settings
    from bot.town import Town

# Nudged when a topic was lost, so that it is made again at once.
TOPIC = "desk"
# A group takes twenty messages a minute. What is queued cannot be put together any more with what
# comes after it, so only as much is queued as goes out soon.
_MOST_QUEUED = 6
_MOST_AT_ONCE = 20
# What could not be posted for a day, or was refused, is tried again as a whole after this time.
_TRY_AGAIN = timedelta(minutes=30)
# Telegram delivers an update again for a day at most.
_UPDATES_KEPT = timedelta(days=2)
# Left for another group: the ticket went to a queue that is answered there.
MOVED = "moved"


@dataclass(frozen=True)
class Groups:
    """Which queue is answered in which group.

    Attributes:
        of_queues: The group's id by queue.
        default: The group of all other queues; None when there is none.
    """

    of_queues: Mapping[str, str]
    default: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Groups:
        """Return the groups that the operator named; none without Telegram."""
        named = settings.staff_group if settings.telegram_token else ()
        given = {queue: str(chat) for queue, chat in named}
        return cls({queue: chat for queue, chat in given.items() if queue}, given.get(""))

    @property
    def chats(self) -> frozenset[str]:
        """Return the ids of all groups."""
        return frozenset(self.of_queues.values()) | ({self.default} if self.default else set())

    def of(self, queue: str) -> str | None:
        """Return the group in which a queue is answered; None when it has none."""
        return self.of_queues.get(queue, self.default)

    def wanted(self) -> ColumnElement[Any]:
        """Return the group in which a ticket is answered, for a query."""
        default: ColumnElement[Any] = literal(self.default) if self.default else null()
        if not self.of_queues:
            return default
        return case(dict(self.of_queues), value=Ticket.queue, else_=default)


def _behind(groups: Groups) -> Select[Ticket, Topic]:
    """Return the live tickets whose topic is missing or behind, those with a topic first."""
    news = (
        select(Message.id)
        .where(
            Message.ticket_id == Ticket.id,
            Message.id > Topic.message_id,
            Message.author.in_((Author.RESIDENT, Author.STAFF)),
        )
        .exists()
    )
    noted = select(Note.id).where(Note.ticket_id == Ticket.id, Note.id > Topic.note_id).exists()
    filed = (
        select(Attachment.id)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.ticket_id == Ticket.id, Attachment.id > Topic.file_id)
        .exists()
    )
    failed = (
        select(Delivery.id)
        .where(Delivery.id == Topic.delivery_id, Delivery.status == DeliveryStatus.FAILED)
        .exists()
    )
    wanted = groups.wanted()
    return (
        select(Ticket, Topic)
        .join(Ticket.conversation)
        .outerjoin(Topic, and_(Topic.ticket_id == Ticket.id, Topic.chat == wanted))
        .where(
            Ticket.status.in_(LIVE),
            wanted.is_not(None),
            or_(
                Topic.id.is_(None),
                Topic.status.is_distinct_from(Ticket.status),
                Topic.holder_id.is_distinct_from(Ticket.holder_id),
                Topic.queue.is_distinct_from(Ticket.queue),
                Topic.is_unreachable != Conversation.is_unreachable,
                failed,
                news,
                noted,
                filed,
            ),
        )
        .order_by(Topic.id.is_(None), Ticket.opened_at, Ticket.id)
        .options(contains_eager(Ticket.conversation))
    )


def _ended(groups: Groups) -> Select[Ticket, Topic]:
    """Return the tickets that ended or left for another group, and whose topic does not say so yet."""
    return (
        select(Ticket, Topic)
        .join(Topic, Topic.ticket_id == Ticket.id)
        .where(
            Topic.status.in_(LIVE),
            Topic.chat.in_(groups.chats),
            or_(Ticket.status.not_in(LIVE), Topic.chat != groups.wanted()),
        )
        .order_by(Topic.id)
    )


async def is_behind(session: AsyncSession, groups: Groups, now: datetime) -> bool:
    """Return whether there is something that may be posted now; reads only."""
    full = _full(await _room(session, groups))
    for query in (_ended(groups), _behind(groups)):
        told = _can_be_told(query, groups, full, now).with_only_columns(Ticket.id).limit(1)
        if (await session.execute(told)).first():
            return True
    return False


async def catch_up(session: AsyncSession, groups: Groups, town: Town, now: datetime) -> int:
    """Queue what is new in the tickets for their topics; return how many were dealt with.

    In the caller's transaction. Nothing is queued for a topic that has posts on their way, nor for
    a group that has enough of them: what comes meanwhile goes out together afterwards.
    """
    room = await _room(session, groups)
    dealt_with = 0
    for query in (_ended(groups), _behind(groups)):
        told = _can_be_told(query, groups, _full(room), now).limit(_MOST_AT_ONCE)
        for ticket, topic in (await session.execute(told)).all():
            chat = topic.chat if topic else groups.of(ticket.queue)
            if chat is None or room[chat] <= 0:
                continue
            topic = topic or _begun(session, ticket, chat, now)  # noqa: PLW2901 - it had none
            room[chat] -= await _tell(session, ticket, topic, groups, town, now)
            dealt_with += 1
    return dealt_with


def _can_be_told(
    query: Select[Ticket, Topic], groups: Groups, full: Collection[str], now: datetime
) -> Select[Ticket, Topic]:
    """Leave out topics with posts on their way, or that failed a short while ago, and full groups."""
    waits = or_(
        Delivery.status == DeliveryStatus.WAITING,
        and_(Delivery.status == DeliveryStatus.FAILED, Topic.checked_at > now - _TRY_AGAIN),
    )
    on_the_way = select(Delivery.id).where(Delivery.id == Topic.delivery_id, waits).exists()
    query = query.where(~on_the_way)
    return query.where(func.coalesce(Topic.chat, groups.wanted()).not_in(full)) if full else query


def _full(room: Mapping[str, int]) -> list[str]:
    return [chat for chat, free in room.items() if free <= 0]


async def _room(session: AsyncSession, groups: Groups) -> dict[str, int]:
    """Return how many posts may be queued for each group."""
    query = (
        select(Delivery.address, func.count())
        .where(
            Delivery.channel == Channel.TELEGRAM,
            Delivery.address.in_(groups.chats),
            Delivery.status == DeliveryStatus.WAITING,
        )
        .group_by(Delivery.address)
    )
    waiting = {row[0]: row[1] for row in await session.execute(query)}
    return {chat: _MOST_QUEUED - waiting.get(chat, 0) for chat in groups.chats}


def _begun(session: AsyncSession, ticket: Ticket, chat: str, now: datetime) -> Topic:
    topic = Topic(
        ticket_id=ticket.id,
        chat=chat,
        generation=1,
        title="",
        is_closed=False,
        message_id=0,
        note_id=0,
        file_id=0,
        is_unreachable=False,
        checked_at=now,
    )
    session.add(topic)
    return topic


async def _tell(
    session: AsyncSession, ticket: Ticket, topic: Topic, groups: Groups, town: Town, now: datetime
) -> int:
    """Queue what is new in one ticket, and write down that it stands there; return how many posts."""
    await session.flush()
    if topic.delivery and topic.delivery.status == DeliveryStatus.FAILED:
        _forget(topic)
        topic.checked_at = now
    messages = (
        await session.scalars(
            select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)
        )
    ).all()
    log = _Log(messages, await notes.of(session, ticket), await _files_of(session, ticket))
    has_left = topic.chat != (groups.of(ticket.queue) or topic.chat)
    passed_on = await _passed_on(session, ticket) if topic.queue != ticket.queue else None
    text = _text(ticket, topic, log, passed_on, town, has_left=has_left)
    name = posts.title(ticket, posts.question(messages))
    is_over = has_left or ticket.status not in LIVE
    offers = posts.buttons(ticket, town) if text and not has_left else []
    count = _queue(session, topic, text, offers, name, now, is_closed=is_over)
    topic.message_id = max((message.id for message in log.messages), default=0)
    topic.note_id = max((note.id for note in log.notes), default=0)
    topic.file_id = max((row.id for rows in log.files.values() for row in rows), default=0)
    topic.status = MOVED if has_left else ticket.status
    topic.holder_id = ticket.holder_id
    topic.queue = ticket.queue
    topic.is_unreachable = ticket.conversation.is_unreachable
    return count


async def _files_of(session: AsyncSession, ticket: Ticket) -> dict[int, list[Attachment]]:
    """Return the files of a ticket's messages by their message's id, each message's in order."""
    query = (
        select(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.ticket_id == ticket.id)
        .order_by(Attachment.id)
    )
    found: dict[int, list[Attachment]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.message_id, []).append(row)
    return found


@dataclass(frozen=True)
class _Log:
    """What was said and noted on a ticket, each oldest first.

    Attributes:
        files: By their message's id.
    """

    messages: Sequence[Message]
    notes: Sequence[Note]
    files: Mapping[int, Sequence[Attachment]]

    @property
    def is_plain(self) -> bool:
        """Return whether there is nothing but a question that stands as it was asked."""
        answered = any(message.author == Author.STAFF for message in self.messages)
        edited = any(message.edits_id for message in self.messages)
        return not (answered or edited or self.notes)

    def all_files(self) -> list[Attachment]:
        """Return every file, in the order in which they came."""
        rows = [row for rows in self.files.values() for row in rows]
        return sorted(rows, key=lambda row: row.id)

    def whole(self) -> list[posts.Said]:
        """Return all of it, oldest first."""
        said = [posts.Said(note) for note in self.notes]
        said += [posts.Said(one, self.files.get(one.id, ())) for one in self.messages]
        return sorted(said, key=lambda one: one.line.at)

    def news(self, topic: Topic) -> list[posts.Said]:
        """Return what does not stand in the topic yet; what the bot says by itself is not shown."""
        said = [posts.Said(note) for note in self.notes if note.id > topic.note_id]
        for message in self.messages:
            files = self.files.get(message.id, ())
            more = [row for row in files if row.id > topic.file_id]
            if message.id > topic.message_id and message.author != Author.BOT:
                said.append(posts.Said(message, files))
            elif message.id <= topic.message_id and more:
                said.append(posts.Said(message, more, is_more=True))
        new = [one for one in said if not posts.is_from_here(one.line, topic.chat)]
        return sorted(new, key=lambda one: one.line.at)


async def _passed_on(session: AsyncSession, ticket: Ticket) -> TicketAct | None:
    """Return who passed the ticket on last, and why."""
    query = (
        select(TicketAct)
        .where(TicketAct.ticket_id == ticket.id, TicketAct.act == "transfer")
        .order_by(TicketAct.id.desc())
        .limit(1)
    )
    return await session.scalar(query)


def _text(
    ticket: Ticket,
    topic: Topic,
    log: _Log,
    passed_on: TicketAct | None,
    town: Town,
    *,
    has_left: bool,
) -> str:
    """Return what is new since the topic's last post; empty when all of it stands there already."""
    if has_left:
        return posts.moved(ticket, passed_on, town)
    said: list[str] = []
    if topic.status is None:
        if topic.generation == 1 and log.is_plain:
            asked = posts.question(log.messages)
            said.append(posts.opening(ticket, town, asked, log.all_files()))
        else:
            said += [posts.opening(ticket, town, None), posts.so_far(log.whole(), ticket, town)]
    else:
        said.append(posts.log(log.news(topic), ticket, town))
    if topic.queue not in {None, ticket.queue}:
        said.append(posts.moved(ticket, passed_on, town))
    if ticket.conversation.is_unreachable and not topic.is_unreachable:
        said.append(posts.unreachable(town, ticket.queue))
    is_other = (ticket.status, ticket.holder_id) != (topic.status, topic.holder_id)
    if is_other and (topic.status is not None or ticket.status != Status.OPEN):
        said.append(posts.standing(ticket, topic.status, town))
    return posts.joined(said)


def _queue(
    session: AsyncSession,
    topic: Topic,
    text: str,
    choices: Sequence[dict[str, str]],
    name: str,
    now: datetime,
    *,
    is_closed: bool,
) -> int:
    """Queue the posts that bring a topic up to date; each is one message or one change."""
    about: dict[str, Any] = {"id": topic.id, "generation": topic.generation, "title": name}
    steps: list[tuple[str, Sequence[dict[str, str]], dict[str, Any]]] = []
    if topic.thread is None:
        steps.append(("", (), about))
    if topic.is_closed and not is_closed:
        steps.append(("", (), {**about, "is_closed": False}))
    pieces = posts.parts(text)
    steps += [(piece, (), about) for piece in pieces[:-1]]
    steps += [(piece, choices, about) for piece in pieces[-1:]]
    if is_closed and not topic.is_closed:
        steps.append(("", (), {**about, "is_closed": True}))
    if not steps and topic.title != name:
        steps.append(("", (), about))
    for said, offered, what in steps:
        topic.delivery = _post(session, topic, said, offered, what, now)
    return len(steps)


def say(
    session: AsyncSession,
    topic: Topic,
    text: str,
    now: datetime,
    *,
    choices: Sequence[dict[str, str]] = (),
    answers: int | None = None,
) -> None:
    """Queue a line that belongs to no log, such as why something was not sent.

    Args:
        answers: The message in the group that it answers.
    """
    about: dict[str, Any] = {"id": topic.id, "generation": topic.generation}
    _post(session, topic, text, choices, about | ({"answers": answers} if answers else {}), now)


def _post(
    session: AsyncSession,
    topic: Topic,
    text: str,
    choices: Sequence[dict[str, str]],
    about: Mapping[str, Any],
    now: datetime,
) -> Delivery:
    return outbox.post(
        session, Channel.TELEGRAM, topic.chat, text, now, locale="fi", choices=choices, topic=about
    )


async def at(session: AsyncSession, chat: str, thread: int | None) -> Topic:
    """Return the ticket's topic at this place of a group.

    Raises:
        NotFound: No ticket has its topic there.
    """
    query = select(Topic).where(Topic.chat == chat, Topic.thread == thread)
    found = await session.scalar(query) if thread is not None else None
    if found is None:
        raise NotFound("topic")
    return found


def number_of(topic: Topic) -> str:
    """Return the number of the topic's ticket."""
    return ticket_number(topic.ticket_id)


async def meant(session: AsyncSession, about: Mapping[str, Any]) -> Topic | None:
    """Return the topic that a post is for; None when it was lost since the post was queued."""
    topic = await session.get(Topic, about["id"])
    return topic if topic and topic.generation == about["generation"] else None


async def made(session: AsyncSession, about: Mapping[str, Any], **values: Any) -> None:
    """Write down how a topic stands in Telegram now: its thread, title, or whether it is closed."""
    await session.execute(
        update(Topic)
        .where(Topic.id == about["id"], Topic.generation == about["generation"])
        .values(**values)
    )


async def lost(session: AsyncSession, about: Mapping[str, Any]) -> None:
    """Take in that a topic is gone; it is made again with the conversation so far."""
    topic = await meant(session, about)
    if topic:
        _forget(topic)
        topic.thread = None
        topic.title = ""
        topic.is_closed = False
        nudge(session, TOPIC)


def _forget(topic: Topic) -> None:
    """Forget what stood in a topic, so that the whole conversation is posted anew."""
    topic.generation += 1
    topic.message_id = topic.note_id = topic.file_id = 0
    topic.status = topic.queue = None
    topic.holder_id = None
    topic.is_unreachable = False
    topic.delivery = None


async def to_check(
    session: AsyncSession, groups: Groups, before: datetime, most: int
) -> list[dict[str, Any]]:
    """Return live tickets' topics that were not looked at since a moment, longest ago first."""
    query = (
        select(Topic)
        .where(
            Topic.status.in_(LIVE),
            Topic.thread.is_not(None),
            Topic.chat.in_(groups.chats),
            Topic.checked_at < before,
        )
        .order_by(Topic.checked_at)
        .limit(most)
    )
    return [
        {"id": topic.id, "generation": topic.generation, "chat": topic.chat, "thread": topic.thread}
        for topic in await session.scalars(query)
    ]


async def is_new(session: AsyncSession, update_id: int, now: datetime) -> bool:
    """Return whether an update was not carried out before, and write down that it is now.

    In the transaction that carries it out: one that fails may be tried again.
    """
    # Inserting waits for another process that is carrying it out this moment.
    return await insert_unless_there(
        session, DeskUpdate, {"update_id": update_id, "at": now}, ["update_id"]
    )


async def forget_updates(session: AsyncSession, now: datetime) -> None:
    """Remove what Telegram cannot deliver again any more."""
    await session.execute(delete(DeskUpdate).where(DeskUpdate.at < now - _UPDATES_KEPT))
