"""What staff's answers add to the book: proposals, and what was published of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial


class Stage(StrEnum):
    """Where a proposal stands."""

    DRAFT = "draft"
    TRYING = "trying"
    TRIED = "tried"
    PUBLISHED = "published"
    REJECTED = "rejected"


class Proposal(Base):
    """An entry of the book that somebody proposes, new or instead of the one there.

    Attributes:
        ticket_id: The ticket whose reply it was made of; null when it was begun by hand.
        message_id: That reply, of which there is one proposal at most.
        draft: `faq.publishing.Draft` as JSON.
        trial: What a trial found, `bot.learning.Trial` as JSON; null until one was made.
        reason: Why it was rejected.
    """

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    stage: Mapped[str] = mapped_column(String(16))
    trial: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime] = mapped_column(Moment)


Index("ix_proposals_stage_id", Proposal.stage, Proposal.id)


class Publication(Base):
    """One change of the book's files; taking it back is one more.

    Attributes:
        before: The files' words until then, by path below the book's folder; null for a new file.
        after: The same from then on.
        undoes: The publication that this one took back.
    """

    __tablename__ = "publications"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposals.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    entry: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    undoes: Mapped[int | None] = mapped_column(ForeignKey("publications.id"))
    at: Mapped[datetime] = mapped_column(Moment)
