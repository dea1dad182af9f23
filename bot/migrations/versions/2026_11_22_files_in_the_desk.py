"""let the desk in Telegram take files, know which of them stand in a topic, and say what is wrong with a group."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "desk_writings",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("topic_id", Serial, nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("locale", sa.String(2), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.Column("is_meant", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["desk_topics.id"], name="fk_desk_writings_topic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_desk_writings"),
        sa.UniqueConstraint("key", name="uq_desk_writings_key"),
    )
    op.create_index("ix_desk_writings_topic_id_id", "desk_writings", ["topic_id", "id"])
    op.create_table(
        "desk_faults",
        sa.Column("chat", sa.String(32), nullable=False),
        sa.Column("fault", sa.String(16), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("tried_at", Moment()),
        sa.Column("told_at", Moment()),
        sa.PrimaryKeyConstraint("chat", name="pk_desk_faults"),
    )
    op.add_column(
        "desk_topics",
        sa.Column("file_id", sa.BigInteger(), server_default="0", nullable=False),
    )
    # What came before is not told of now.
    op.execute("UPDATE desk_topics SET file_id = (SELECT COALESCE(MAX(id), 0) FROM attachments)")
    _learn_transcripts()


def _learn_transcripts() -> None:
    """Let tickets be found by what was written down of their recordings before."""
    from bot.work.search import words_in  # noqa: PLC0415 - the migration uses the words as they are now

    connection = op.get_bind()
    written = connection.execute(
        sa.text(
            "SELECT messages.ticket_id, attachments.transcript FROM attachments"
            " JOIN messages ON messages.id = attachments.message_id"
            " WHERE attachments.transcript IS NOT NULL AND messages.ticket_id IS NOT NULL"
        )
    )
    wanted = {(word, ticket_id) for ticket_id, text in written for word in words_in(text)}
    insert = sa.text(
        "INSERT INTO ticket_words (word, ticket_id) VALUES (:word, :ticket_id) ON CONFLICT DO NOTHING"
    )
    for word, ticket_id in sorted(wanted):
        connection.execute(insert, {"word": word, "ticket_id": ticket_id})


def downgrade() -> None:
    op.drop_column("desk_topics", "file_id")
    op.drop_table("desk_faults")
    op.drop_table("desk_writings")
