"""The tables."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC on both databases; SQLite by itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the moment in UTC; a naive one is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the stored moment, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only in an INTEGER primary key.
Serial = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Channel(StrEnum):
    """Where a conversation is held."""

    WEB = "web"
    TELEGRAM = "telegram"


class Author(StrEnum):
    """Who wrote a message."""

    RESIDENT = "resident"
    BOT = "bot"
    STAFF = "staff"


class Status(StrEnum):
    """Where a ticket stands: waiting in its queue, held by somebody, ended by staff or by the resident."""

    OPEN = "open"
    CLAIMED = "claimed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


LIVE = (Status.OPEN, Status.CLAIMED)


class Role(StrEnum):
    """What a member of staff may do; see `bot.policy`."""

    STAFF = "staff"
    LEAD = "lead"
    ADMIN = "admin"


class DeliveryStatus(StrEnum):
    """All the states of a delivery."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Conversation(Base):
    """Everything with one resident on one channel.

    Attributes:
        id: 32 hexadecimal digits, not guessable.
        address: The channel's name for the resident: Telegram's chat id; on the web the id again.
        token_hash: SHA-256 of the resident's web token; null on other channels.
        locale: The language spoken now.
        state: `bot.conversation.State` as JSON.
        is_unreachable: The resident blocked the bot or the chat is gone.
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "address"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    locale: Mapped[str] = mapped_column(String(2))
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_unreachable: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Message(Base):
    """One line of a conversation, as it was said or rendered; never changed afterwards.

    Attributes:
        key: The channel's id of what the resident sent, which makes a redelivery harmless; null for replies.
        cause_id: The resident's message that this one answers.
        choices: `[{"label", "value"}]`, empty when none are offered.
        entry: `{"id", "source", "reviewed"}` when the text is an answer from the book.
        ticket_id: The ticket it belongs to.
    """

    __tablename__ = "messages"
    # Numbers are never used twice, since pages ask for "everything after message 41".
    __table_args__ = (UniqueConstraint("conversation_id", "key"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    author: Mapped[str] = mapped_column(String(16))
    staff_name: Mapped[str | None] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    choices: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    entry: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    key: Mapped[str | None] = mapped_column(String(100))
    cause_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    at: Mapped[datetime] = mapped_column(Moment)

    @property
    def ticket(self) -> str | None:
        """Return the number of the ticket it belongs to."""
        return ticket_number(self.ticket_id) if self.ticket_id else None


Index("ix_messages_conversation_id_id", Message.conversation_id, Message.id)
Index("ix_messages_ticket_id", Message.ticket_id)
Index("ix_messages_cause_id", Message.cause_id)


class Delivery(Base):
    """One message on its way out to a channel that must be called.

    Attributes:
        address: Where it goes, as the channel names it; the order within one address is kept.
        locale: The language of the message, for what the channel writes around it.
        due_at: When it may be tried next; while it is being tried, the end of the lease.
        last_error: The error's name and the channel's words, never the message's text.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(2))
    status: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(300))
    remote_id: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[Message] = relationship(lazy="joined", innerjoin=True)


# Oldest first without sorting, however many wait.
Index("ix_deliveries_status_id", Delivery.status, Delivery.id)
Index(
    "ix_deliveries_channel_address_status_id", Delivery.channel, Delivery.address, Delivery.status
)


class Staff(Base):
    """A member of staff.

    Attributes:
        queues: Ids of the queues the person works in; leads and admins see all.
        password_hash: Argon2; null until the invitation is used.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    queues: Mapped[list[str]] = mapped_column(JSON)
    locale: Mapped[str] = mapped_column(String(2), default="fi")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Credential(Base):
    """A secret that stands for a member of staff: only its SHA-256 is kept.

    Attributes:
        kind: `session` (a signed-in browser), `token` (the staff API) or `invitation` (a one-time link).
        staff_id: Whom it stands for; null for the invitation that creates the first lead.
        expires_at: Null for personal tokens.
    """

    __tablename__ = "credentials"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    staff: Mapped[Staff | None] = relationship(lazy="joined")


class Ticket(Base):
    """A matter that waits for people.

    Attributes:
        entry: The entry whose answer did not help, or the best guess; null when there was none.
        tried: What the bot had shown or thought of, `[{"entry", "score"}]`, best first.
        reply_by: When the first reply was promised to the resident.
        opened_at: When it last came into its queue: its creation or its latest reopening.
    """

    __tablename__ = "tickets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    queue: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(2))
    status: Mapped[str] = mapped_column(String(16))
    entry: Mapped[str | None] = mapped_column(String(64))
    tried: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    reply_by: Mapped[datetime] = mapped_column(Moment)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    replied_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    reopened: Mapped[int] = mapped_column(default=0)
    holder: Mapped[Staff | None] = relationship(lazy="joined")
    conversation: Mapped[Conversation] = relationship(lazy="joined", innerjoin=True)

    @property
    def number(self) -> str:
        """Return the short number people use, such as N-1042."""
        return ticket_number(self.id)


# Numbers have four digits from the start, so that they look alike and can be read aloud.
FIRST_NUMBER = 1000


def ticket_number(id_: int) -> str:
    """Return the number that people use for a ticket's id."""
    return f"N-{FIRST_NUMBER + id_}"


Index("ix_tickets_status_queue_opened_at", Ticket.status, Ticket.queue, Ticket.opened_at)
Index("ix_tickets_conversation_id", Ticket.conversation_id)
