"""keep what staff propose for the book, and what was published."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("ticket_id", Serial),
        sa.Column("message_id", Serial),
        sa.Column("staff_id", Serial, nullable=False),
        sa.Column("staff_name", sa.String(80), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("trial", sa.JSON(none_as_null=True)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_proposals_ticket_id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_proposals_message_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_proposals_staff_id"),
        sa.UniqueConstraint("message_id", name="uq_proposals_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index("ix_proposals_stage_id", "proposals", ["stage", "id"])
    op.create_table(
        "publications",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("proposal_id", Serial),
        sa.Column("staff_id", Serial, nullable=False),
        sa.Column("staff_name", sa.String(80), nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undoes", Serial),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposals.id"], name="fk_publications_proposal_id"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_publications_staff_id"),
        sa.ForeignKeyConstraint(["undoes"], ["publications.id"], name="fk_publications_undoes"),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
    )
    op.add_column("messages", sa.Column("asked_in", sa.String(2)))
    op.add_column(
        "messages",
        sa.Column("is_unanswered", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "ix_messages_is_unanswered",
        "messages",
        ["id"],
        sqlite_where=sa.text("is_unanswered"),
        postgresql_where=sa.text("is_unanswered"),
    )


def downgrade() -> None:
    op.drop_index("ix_messages_is_unanswered", table_name="messages")
    op.drop_column("messages", "is_unanswered")
    op.drop_column("messages", "asked_in")
    op.drop_table("publications")
    op.drop_table("proposals")
