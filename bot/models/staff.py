"""Members of staff and what stands for them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.models.base import Base, Moment, Serial


class Role(StrEnum):
    """What a member of staff may do; see `bot.people.policy`."""

    STAFF = "staff"
    LEAD = "lead"
    ADMIN = "admin"
    EDITOR = "editor"


class Staff(Base):
    """A member of staff.

    Attributes:
        queues: Ids of the queues the person works in; leads and admins see all.
        languages: Locales the person answers in. Nobody is taken to know Swedish who was not asked.
        telegram_id: The person's own Telegram account, once it is tied; see `bot.group.ties`.
        password_hash: Argon2; null until the invitation is used, and for who signs in with the town.
        cut_off_at: Since when nothing opens for the person any more; the row stays for its name.
        totp_secret: The key of the one-time codes, sealed with the service's own key; null without them.
        totp_step: The newest code that was used, as its number of half minutes; none works twice.
        town_account: SHA-256 of the town's provider and its name for the person; null without one.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    queues: Mapped[list[str]] = mapped_column(JSON)
    languages: Mapped[list[str]] = mapped_column(JSON, default=lambda: ["fi", "en"])
    telegram_id: Mapped[str | None] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(2), default="fi")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    cut_off_at: Mapped[datetime | None] = mapped_column(Moment)
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    town_account: Mapped[str | None] = mapped_column(String(64))

    @property
    def is_active(self) -> bool:
        """Return whether the person has not been cut off."""
        return self.cut_off_at is None


Index("ix_staff_town_account", Staff.town_account, unique=True)


Index("ix_staff_telegram_id", Staff.telegram_id, unique=True)


class Credential(Base):
    """A secret that stands for a member of staff: only its SHA-256 is kept.

    Attributes:
        kind: `session` (a signed-in browser), `token` (the staff API), `invitation` (a one-time link),
            `half` (the password was right, the code is still asked for), `recovery` (a code that
            replaces the telephone once), `town` (on the way to the town's provider and back) or
            `telegram` (a one-time code that ties a Telegram account).
        staff_id: Whom it stands for; null for the invitation that creates the first lead, and on
            the way to the provider until it is known who comes.
        expires_at: Null for personal tokens and recovery codes.
        seen_at: When a session last asked for a page, give or take five minutes.
        device: Roughly what a session's browser is, such as "Firefox, Windows".
        via: How a session was opened: `password` or `town`.
    """

    __tablename__ = "credentials"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    device: Mapped[str | None] = mapped_column(String(60))
    via: Mapped[str | None] = mapped_column(String(16))
    staff: Mapped[Staff | None] = relationship(lazy="joined")


Index("ix_credentials_staff_id", Credential.staff_id)


class Tries(Base):
    """How often somebody tried a password or code lately; kept here so that all processes count together.

    Attributes:
        subject: SHA-256 of what is tried: a name, or a person's codes.
        since: When the first of these tries was.
    """

    __tablename__ = "tries"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime] = mapped_column(Moment)
    count: Mapped[int]
