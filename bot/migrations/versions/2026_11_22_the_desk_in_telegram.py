"""give tickets topics in the staff's groups in Telegram."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "desk_topics",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("ticket_id", Serial, nullable=False),
        sa.Column("chat", sa.String(32), nullable=False),
        sa.Column("thread", sa.BigInteger()),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(128), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(16)),
        sa.Column("holder_id", Serial),
        sa.Column("queue", sa.String(64)),
        sa.Column("is_unreachable", sa.Boolean(), nullable=False),
        sa.Column("delivery_id", Serial),
        sa.Column("checked_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_desk_topics_ticket_id"),
        sa.ForeignKeyConstraint(["holder_id"], ["staff.id"], name="fk_desk_topics_holder_id"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_desk_topics_delivery_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_desk_topics"),
        sa.UniqueConstraint("ticket_id", "chat", name="uq_desk_topics_ticket_id_chat"),
        sa.UniqueConstraint("chat", "thread", name="uq_desk_topics_chat_thread"),
    )
    op.create_index("ix_desk_topics_status_checked_at", "desk_topics", ["status", "checked_at"])
    op.create_table(
        "desk_updates",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("update_id", name="pk_desk_updates"),
    )
    op.create_index("ix_desk_updates_at", "desk_updates", ["at"])


def downgrade() -> None:
    op.drop_table("desk_updates")
    op.drop_table("desk_topics")
