"""give switches and numbers tables of their own."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "switches",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("is_off", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("staff_id", Serial),
        sa.Column("staff_name", sa.String(80), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_switches_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_switches"),
    )
    op.create_index("ix_switches_scope_name_id", "switches", ["scope", "name", "id"])
    op.create_table(
        "tallies",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        *_counted(),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("entry", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tallies"),
    )
    op.create_index("ix_tallies_day_person", "tallies", ["day", "person"])
    op.create_table(
        "waits",
        sa.Column("ticket_id", Serial, autoincrement=False, nullable=False),
        *_counted(),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("reply_minutes", sa.Integer()),
        sa.Column("close_minutes", sa.Integer()),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_waits"),
    )
    op.create_index("ix_waits_day", "waits", ["day"])
    op.add_column("messages", sa.Column("counted", sa.String(100)))
    waiting = sa.text("counted IS NOT NULL")
    op.create_index(
        "ix_messages_counted", "messages", ["id"], sqlite_where=waiting, postgresql_where=waiting
    )


def _counted() -> list[sa.Column[object]]:
    return [
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("locale", sa.String(2), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("is_easy", sa.Boolean(), nullable=False),
    ]


def downgrade() -> None:
    op.drop_index("ix_messages_counted", "messages")
    op.drop_column("messages", "counted")
    for table in ("waits", "tallies", "switches"):
        op.drop_table(table)
