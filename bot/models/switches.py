"""What staff switched off and on again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial


class Switch(Base):
    """One turn of a switch, never changed: the newest of a scope and name says how it stands.

    Attributes:
        scope: A `bot.withheld.Scope`.
        name: The entry's or the topic's id; empty for the guide and for all.
        reason: Why; empty when it was switched on again.
        staff_name: Who did it, as the person was called then.
    """

    __tablename__ = "switches"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    scope: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(64))
    is_off: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(300))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


Index("ix_switches_scope_name_id", Switch.scope, Switch.name, Switch.id)
