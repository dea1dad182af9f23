"""Messages on their way out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.models.base import Base, Moment, Serial
from bot.models.conversations import Message


class DeliveryStatus(StrEnum):
    """All the states of a delivery."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Delivery(Base):
    """One message, or one post to staff, on its way out to a channel that must be called.

    Attributes:
        address: Where it goes, as the channel names it; the order within one address is kept.
        message_id: The message of a conversation; null for a post.
        post: What staff are told, `{"text", "choices", "thread"}`, or a file that goes with a
            message: a paper of an event, `{"file": {"name", "href"}}`, or what staff attached,
            `{"attachment"}` with its key; null for a message itself.
        locale: The language of the message, for what the channel writes around it.
        due_at: When it may be tried next; while it is being tried, the end of the lease.
        last_error: The error's name and the channel's words, never the message's text.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    post: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    channel: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(2))
    status: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(300))
    remote_id: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[Message | None] = relationship(lazy="joined")


# Oldest first without sorting, however many wait.
Index("ix_deliveries_status_id", Delivery.status, Delivery.id)
Index(
    "ix_deliveries_channel_address_status_id", Delivery.channel, Delivery.address, Delivery.status
)
