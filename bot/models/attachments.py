"""Files that belong to messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.models.base import Base, Moment, Serial
from bot.models.deliveries import Delivery


class Attachment(Base):
    """A file that a resident or staff sent with a message.

    Attributes:
        key: 32 hexadecimal digits, not guessable: its name on disk and in addresses.
        kind: A `bot.files.FileKind`.
        media_type: By its content once it lies on disk; before that as the channel calls it.
        name: As it may be shown.
        size: Bytes; 0 when unknown.
        sha256: Of what lies on disk.
        stored_at: Since when it lies on disk; null until it was fetched from its channel.
        remote_id: What to fetch it with from its channel; null when it came with a request.
        remote_key: What its channel calls it whoever asks.
        album: The channel's name for several files that were sent together.
        fault: A `bot.errors.Why`, when it cannot be had.
        transcript: What is said in a voice recording, as a member of staff wrote it down.
        delivery_id: Its way out to the resident, when staff sent it on a channel that must be called.
    """

    __tablename__ = "attachments"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    media_type: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(Serial)
    sha256: Mapped[str | None] = mapped_column(String(64))
    stored_at: Mapped[datetime | None] = mapped_column(Moment)
    remote_id: Mapped[str | None] = mapped_column(String(250))
    remote_key: Mapped[str | None] = mapped_column(String(64))
    album: Mapped[str | None] = mapped_column(String(64))
    fault: Mapped[str | None] = mapped_column(String(16))
    transcript: Mapped[str | None] = mapped_column(Text)
    transcript_by: Mapped[str | None] = mapped_column(String(80))
    transcript_at: Mapped[datetime | None] = mapped_column(Moment)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    delivery: Mapped[Delivery | None] = relationship(lazy="joined")


Index("ix_attachments_message_id", Attachment.message_id)
Index("ix_attachments_delivery_id", Attachment.delivery_id)
