"""The audit log: who did or read what, each entry chained to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial


class Audit(Base):
    """One thing that somebody did or read; never changed and never removed.

    Attributes:
        id: 1, 2, 3 … without gaps.
        staff_id: Who; null for the command line and for a name that nobody has. It refers to no
            table, so that no row elsewhere can hold or change it.
        act: An `Act` or one of `bot.people.audit.OTHERS`.
        object: To what: a ticket's number, a person, an address.
        detail: What else is worth knowing, as canonical JSON; never what people wrote.
        previous: The `hash` of the entry before.
        hash: SHA-256 over all the rest.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)
    staff_id: Mapped[int | None] = mapped_column(BigInteger)
    staff_name: Mapped[str] = mapped_column(String(80))
    act: Mapped[str] = mapped_column(String(40))
    object: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


Index("ix_audit_staff_id_act_object_at", Audit.staff_id, Audit.act, Audit.object, Audit.at)
Index("ix_audit_at", Audit.at)


class AuditHead(Base):
    """The newest entry of the audit log: one row, locked by whoever appends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
