"""What staff do with tickets beside replying: notes, tags, the log, drafts, and what helps them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, Moment, Serial


class Outcome(StrEnum):
    """What became of a ticket that staff closed."""

    SOLVED = "solved"
    NO_REPLY = "no_reply"
    REFERRED = "referred"
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"
    BLOCKED = "blocked"


# What staff choose from when they close a ticket; being blocked is an act of its own.
OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.BLOCKED)


class Note(Base):
    """An internal note: seen by staff, never sent to the resident, never changed."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    at: Mapped[datetime] = mapped_column(Moment)


Index("ix_notes_ticket_id", Note.ticket_id)


class TicketAct(Base):
    """One line of a ticket's log; never changed.

    Attributes:
        staff_id: Who did it; null for the resident and for what happens by itself.
        act: What was done, such as `claim`, `transfer` or `close`.
        detail: What belongs to it, such as `{"queue", "reason"}`; never what a resident wrote.
    """

    __tablename__ = "ticket_acts"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str | None] = mapped_column(String(80))
    act: Mapped[str] = mapped_column(String(24))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)


Index("ix_ticket_acts_ticket_id", TicketAct.ticket_id)


class TicketTag(Base):
    """A word that staff sort tickets by."""

    __tablename__ = "ticket_tags"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)


Index("ix_ticket_tags_tag", TicketTag.tag)


class TicketWord(Base):
    """A word that stands in a ticket's messages, notes or tags; see `bot.work.search`."""

    __tablename__ = "ticket_words"

    # Compared byte by byte on both databases, so that a beginning of a word is a range.
    word: Mapped[str] = mapped_column(
        String(40, collation="C").with_variant(String(40), "sqlite"), primary_key=True
    )
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)


Index("ix_ticket_words_ticket_id", TicketWord.ticket_id)


class CannedResponse(Base):
    """A reply that staff keep ready.

    Attributes:
        queue: Where it is offered; null everywhere.
        texts: By locale; a language it does not have yet is missing.
        changed_by: The name of who changed it last.
    """

    __tablename__ = "canned_responses"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(80))
    queue: Mapped[str | None] = mapped_column(String(64))
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(Moment)


class Misanswer(Base):
    """Staff's word that the bot answered wrongly, for whoever keeps the book.

    Attributes:
        message_id: The resident's message that was answered wrongly; null when it is not known.
        entry: The entry that was shown or thought of; null when nothing was.
        right_entry: The entry that would have been right; null when the book has none.
        is_counted: It has been looked for in the numbers.
        tally_id: What of the numbers it made wrong; null when nothing was answered there.
    """

    __tablename__ = "misanswers"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    locale: Mapped[str] = mapped_column(String(2))
    entry: Mapped[str | None] = mapped_column(String(64))
    right_entry: Mapped[str | None] = mapped_column(String(64))
    is_counted: Mapped[bool] = mapped_column(default=False, server_default=false())
    tally_id: Mapped[int | None] = mapped_column(Serial)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Moment)


Index("ix_misanswers_ticket_id", Misanswer.ticket_id)


class Block(Base):
    """A resident who may make no tickets for a while, because of how staff were treated.

    Attributes:
        ticket_id: The ticket it was about; whoever reviews it reads there.
        until: When it ends by itself.
        reviewed_at: When a lead looked at it; null until then.
        lifted_at: When a lead ended it early; null when none did.
    """

    __tablename__ = "blocks"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    reviewed_by: Mapped[str | None] = mapped_column(String(80))
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)


Index("ix_blocks_conversation_id", Block.conversation_id)


class Draft(Base):
    """What a member of staff has typed and not sent.

    Attributes:
        field: `reply` or `note`.
    """

    __tablename__ = "drafts"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(8), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class PendingReply(Base):
    """A reply that its author can still take back.

    Attributes:
        key: The form's own: sent twice it is one reply.
        due_at: When it goes out.
    """

    __tablename__ = "pending_replies"
    __table_args__ = (UniqueConstraint("staff_id", "key"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    staff_name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(String(100))
    due_at: Mapped[datetime] = mapped_column(Moment)


Index("ix_pending_replies_due_at", PendingReply.due_at)
Index("ix_pending_replies_ticket_id", PendingReply.ticket_id)


class Presence(Base):
    """Somebody who has a ticket's page open; their page renews it."""

    __tablename__ = "presences"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    staff_name: Mapped[str] = mapped_column(String(80))
    is_writing: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class SavedView(Base):
    """A choice of filters with a name.

    Attributes:
        staff_id: Whose it is.
        query: The list's address after the question mark.
        is_shared: A lead gave it to everybody.
    """

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(300))
    is_shared: Mapped[bool] = mapped_column(default=False)


Index("ix_saved_views_staff_id", SavedView.staff_id)
