"""give notes, tags, the log and what else staff do with tickets their tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", Serial, autoincrement=True, nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _staff() -> list[sa.Column[Any]]:
    return [
        sa.Column("staff_id", Serial, nullable=False),
        sa.Column("staff_name", sa.String(80), nullable=False),
    ]


def upgrade() -> None:
    op.add_column("tickets", sa.Column("waits_since", Moment()))
    op.add_column("tickets", sa.Column("outcome", sa.String(16)))
    # In one statement, since SQLite could add the constraint afterwards only by making the table
    # anew, which it refuses while messages refer to it.
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE tickets ADD COLUMN merged_into_id {number}"
        " CONSTRAINT fk_tickets_merged_into_id REFERENCES tickets (id)"
    )
    op.create_index("ix_tickets_status_opened_at", "tickets", ["status", "opened_at", "id"])
    op.create_index("ix_tickets_status_waits_since", "tickets", ["status", "waits_since", "id"])
    op.create_index(
        "ix_tickets_status_replied_at_reply_by", "tickets", ["status", "replied_at", "reply_by"]
    )
    op.create_index("ix_tickets_holder_id_status", "tickets", ["holder_id", "status"])
    op.create_index("ix_tickets_merged_into_id", "tickets", ["merged_into_id"])
    # Who was not replied to yet waits since the ticket came into its queue.
    op.execute(
        "UPDATE tickets SET waits_since = opened_at"
        " WHERE status IN ('open', 'claimed') AND replied_at IS NULL"
    )
    op.execute("UPDATE tickets SET outcome = 'solved' WHERE status = 'closed'")
    _of_tickets()
    _of_staff()
    _fill_words()


def _of_tickets() -> None:
    op.create_table(
        "notes",
        _id(),
        sa.Column("ticket_id", Serial, nullable=False),
        *_staff(),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.String(100)),
        sa.Column("at", Moment(), nullable=False),
        _to("notes", "ticket_id", "tickets.id"),
        _to("notes", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.UniqueConstraint("key", name="uq_notes_key"),
    )
    op.create_index("ix_notes_ticket_id", "notes", ["ticket_id"])
    op.create_table(
        "ticket_acts",
        _id(),
        sa.Column("ticket_id", Serial, nullable=False),
        sa.Column("staff_id", Serial),
        sa.Column("staff_name", sa.String(80)),
        sa.Column("act", sa.String(24), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        _to("ticket_acts", "ticket_id", "tickets.id"),
        _to("ticket_acts", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_acts"),
    )
    op.create_index("ix_ticket_acts_ticket_id", "ticket_acts", ["ticket_id"])
    op.create_table(
        "ticket_tags",
        sa.Column("ticket_id", Serial, nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        _to("ticket_tags", "ticket_id", "tickets.id"),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name="pk_ticket_tags"),
    )
    op.create_index("ix_ticket_tags_tag", "ticket_tags", ["tag"])
    word = sa.String(40, collation="C").with_variant(sa.String(40), "sqlite")
    op.create_table(
        "ticket_words",
        sa.Column("word", word, nullable=False),
        sa.Column("ticket_id", Serial, nullable=False),
        _to("ticket_words", "ticket_id", "tickets.id"),
        sa.PrimaryKeyConstraint("word", "ticket_id", name="pk_ticket_words"),
    )
    op.create_index("ix_ticket_words_ticket_id", "ticket_words", ["ticket_id"])
    op.create_table(
        "misanswers",
        _id(),
        sa.Column("ticket_id", Serial, nullable=False),
        sa.Column("message_id", Serial),
        sa.Column("locale", sa.String(2), nullable=False),
        sa.Column("entry", sa.String(64)),
        sa.Column("right_entry", sa.String(64)),
        *_staff(),
        sa.Column("at", Moment(), nullable=False),
        _to("misanswers", "ticket_id", "tickets.id"),
        _to("misanswers", "message_id", "messages.id"),
        _to("misanswers", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_misanswers"),
    )
    op.create_index("ix_misanswers_ticket_id", "misanswers", ["ticket_id"])
    op.create_table(
        "blocks",
        _id(),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("ticket_id", Serial, nullable=False),
        *_staff(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("reviewed_by", sa.String(80)),
        sa.Column("reviewed_at", Moment()),
        sa.Column("lifted_at", Moment()),
        _to("blocks", "conversation_id", "conversations.id"),
        _to("blocks", "ticket_id", "tickets.id"),
        _to("blocks", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_blocks"),
    )
    op.create_index("ix_blocks_conversation_id", "blocks", ["conversation_id"])


def _of_staff() -> None:
    op.create_table(
        "canned_responses",
        _id(),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("queue", sa.String(64)),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_canned_responses"),
    )
    op.create_table(
        "drafts",
        sa.Column("ticket_id", Serial, nullable=False),
        sa.Column("staff_id", Serial, nullable=False),
        sa.Column("field", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        _to("drafts", "ticket_id", "tickets.id"),
        _to("drafts", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("ticket_id", "staff_id", "field", name="pk_drafts"),
    )
    op.create_table(
        "pending_replies",
        _id(),
        sa.Column("ticket_id", Serial, nullable=False),
        *_staff(),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key", sa.String(100)),
        sa.Column("due_at", Moment(), nullable=False),
        _to("pending_replies", "ticket_id", "tickets.id"),
        _to("pending_replies", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_pending_replies"),
        sa.UniqueConstraint("staff_id", "key", name="uq_pending_replies_staff_id_key"),
    )
    op.create_index("ix_pending_replies_due_at", "pending_replies", ["due_at"])
    op.create_index("ix_pending_replies_ticket_id", "pending_replies", ["ticket_id"])
    op.create_table(
        "presences",
        sa.Column("ticket_id", Serial, nullable=False),
        *_staff(),
        sa.Column("is_writing", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        _to("presences", "ticket_id", "tickets.id"),
        _to("presences", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("ticket_id", "staff_id", name="pk_presences"),
    )
    op.create_table(
        "saved_views",
        _id(),
        sa.Column("staff_id", Serial, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(300), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        _to("saved_views", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
    )
    op.create_index("ix_saved_views_staff_id", "saved_views", ["staff_id"])


def _fill_words() -> None:
    """Make the tickets there are searchable."""
    from bot.work.search import words_in  # noqa: PLC0415 - the migration uses the words as they are now

    messages = sa.table(
        "messages",
        sa.column("ticket_id", sa.Integer),
        sa.column("author", sa.String),
        sa.column("text", sa.Text),
    )
    words = sa.table(
        "ticket_words", sa.column("word", sa.String), sa.column("ticket_id", sa.Integer)
    )
    connection = op.get_bind()
    said = sa.select(messages.c.ticket_id, messages.c.text).where(
        messages.c.ticket_id.is_not(None), messages.c.author != "bot"
    )
    of_tickets: dict[int, set[str]] = {}
    for ticket_id, text in connection.execute(said):
        of_tickets.setdefault(ticket_id, set()).update(words_in(text))
    for ticket_id, found in of_tickets.items():
        if found:
            rows = [{"word": word, "ticket_id": ticket_id} for word in sorted(found)]
            connection.execute(words.insert(), rows)


def downgrade() -> None:
    for table in (
        *("saved_views", "presences", "pending_replies", "drafts", "canned_responses"),
        *("blocks", "misanswers", "ticket_words", "ticket_tags", "ticket_acts", "notes"),
    ):
        op.drop_table(table)
    for index in (
        *("status_opened_at", "status_waits_since", "status_replied_at_reply_by"),
        *("holder_id_status", "merged_into_id"),
    ):
        op.drop_index(f"ix_tickets_{index}", "tickets")
    for column in ("merged_into_id", "outcome", "waits_since"):
        op.drop_column("tickets", column)
