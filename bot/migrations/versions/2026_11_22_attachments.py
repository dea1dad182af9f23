"""give messages attachments, and edits what they edit."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("message_id", Serial, nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("size", Serial, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("stored_at", Moment()),
        sa.Column("remote_id", sa.String(250)),
        sa.Column("remote_key", sa.String(64)),
        sa.Column("album", sa.String(64)),
        sa.Column("fault", sa.String(16)),
        sa.Column("transcript", sa.Text()),
        sa.Column("transcript_by", sa.String(80)),
        sa.Column("transcript_at", Moment()),
        sa.Column("delivery_id", Serial),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_attachments_message_id"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_attachments_delivery_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.UniqueConstraint("key", name="uq_attachments_key"),
    )
    op.create_index("ix_attachments_message_id", "attachments", ["message_id"])
    op.create_index("ix_attachments_delivery_id", "attachments", ["delivery_id"])
    op.add_column("messages", sa.Column("remote_id", sa.String(64)))
    # Written into the column itself: SQLite would have to copy the table, which others refer to.
    op.add_column(
        "messages",
        sa.Column("edits_id", Serial, sa.ForeignKey("messages.id", name="fk_messages_edits_id")),
        inline_references=True,
    )


def downgrade() -> None:
    op.drop_column("messages", "edits_id")
    op.drop_column("messages", "remote_id")
    op.drop_table("attachments")
