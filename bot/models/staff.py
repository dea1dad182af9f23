"""Members of staff and what stands for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.models.base import Base, Moment, Serial


class Role(StrEnum):
    """What a member of staff may do; see `bot.policy`."""

    STAFF = "staff"
    LEAD = "lead"
    ADMIN = "admin"
    EDITOR = "editor"


class Staff(Base):
    """A member of staff.

    Attributes:
        queues: Ids of the queues the person works in; leads and admins see all.
        password_hash: Argon2; null until the invitation is used.
        telegram_id: The person's own Telegram account, once it is tied; see `bot.ties`.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    queues: Mapped[list[str]] = mapped_column(JSON)
    locale: Mapped[str] = mapped_column(String(2), default="fi")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    telegram_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Moment)


Index("ix_staff_telegram_id", Staff.telegram_id, unique=True)


class Credential(Base):
    """A secret that stands for a member of staff: only its SHA-256 is kept.

    Attributes:
        kind: `session` (a signed-in browser), `token` (the staff API), `invitation` (a one-time link) or
            `telegram` (a one-time code that ties a Telegram account).
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
