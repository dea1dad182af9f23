"""Conversations and their messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial
from bot.models.numbers import ticket_number


class Channel(StrEnum):
    """Where a conversation is held."""

    WEB = "web"
    TELEGRAM = "telegram"


class Author(StrEnum):
    """Who wrote a message."""

    RESIDENT = "resident"
    BOT = "bot"
    STAFF = "staff"


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
        counted: What it counts as in the numbers, until it is counted; see `bot.counts.tallies.mark`.
        asked_in: The language of what the resident wrote and the book was asked; null for buttons,
            replies, what went to staff and all else.
        is_unanswered: It was asked, and nothing in the book fitted.
        files: `[{"name", "href"}]`, addresses below the service's own, with "kind" and "size" (bytes)
            where they are known; null when there are none. The later pictures of an album are added.
        remote_id: What the channel calls what the resident sent, to which its edits refer.
        edits_id: The resident's message that this one puts otherwise, in a ticket that staff have.
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
    files: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    counted: Mapped[str | None] = mapped_column(String(100))
    asked_in: Mapped[str | None] = mapped_column(String(2))
    is_unanswered: Mapped[bool] = mapped_column(default=False, server_default=false())
    remote_id: Mapped[str | None] = mapped_column(String(64))
    edits_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    at: Mapped[datetime] = mapped_column(Moment)

    @property
    def ticket(self) -> str | None:
        """Return the number of the ticket it belongs to."""
        return ticket_number(self.ticket_id) if self.ticket_id else None


Index("ix_messages_conversation_id_id", Message.conversation_id, Message.id)
Index("ix_messages_ticket_id", Message.ticket_id)
Index("ix_messages_cause_id", Message.cause_id)
# Only of those that wait to be counted, which are few.
Index(
    "ix_messages_counted",
    Message.id,
    sqlite_where=Message.counted.is_not(None),
    postgresql_where=Message.counted.is_not(None),
)
# Only of what was not answered, which is little beside the rest.
Index(
    "ix_messages_is_unanswered",
    Message.id,
    sqlite_where=Message.is_unanswered,
    postgresql_where=Message.is_unanswered,
)
