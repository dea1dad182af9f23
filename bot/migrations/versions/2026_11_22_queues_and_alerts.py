"""keep what leads set for queues, rules, staff's languages, and the alerts."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "queues",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("reply_minutes", sa.Integer()),
        sa.Column("resolve_minutes", sa.Integer()),
        sa.Column("fallback", sa.String(64)),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_queues"),
    )
    op.create_table(
        "routing_rules",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(2)),
        sa.Column("subject", sa.String(64)),
        sa.Column("has_event", sa.Boolean()),
        sa.Column("queue", sa.String(64), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routing_rules"),
        sa.UniqueConstraint("position", name="uq_routing_rules_position"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("ticket_id", Serial, nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("rung", sa.String(16), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("tried_at", Moment()),
        sa.Column("sent_at", Moment()),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_alerts_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint(
            "ticket_id", "opened_at", "rung", name="uq_alerts_ticket_id_opened_at_rung"
        ),
    )
    op.create_index("ix_alerts_sent_at_due_at", "alerts", ["sent_at", "due_at"])
    op.create_index("ix_alerts_rung_due_at", "alerts", ["rung", "due_at"])
    with op.batch_alter_table("staff") as staff:
        # The version before this one adds members of staff without naming their languages.
        staff.add_column(
            sa.Column("languages", sa.JSON(), nullable=False, server_default='["fi", "en"]')
        )
        staff.add_column(sa.Column("telegram_id", sa.String(32)))
    # An index, since a constraint would make SQLite build the table anew, under what refers to it.
    op.create_index("ix_staff_telegram_id", "staff", ["telegram_id"], unique=True)
    with op.batch_alter_table("tickets") as tickets:
        tickets.add_column(sa.Column("resolve_by", Moment()))


def downgrade() -> None:
    op.drop_column("tickets", "resolve_by")
    op.drop_index("ix_staff_telegram_id", "staff")
    op.drop_column("staff", "telegram_id")
    op.drop_column("staff", "languages")
    for table in ("alerts", "routing_rules", "queues"):
        op.drop_table(table)
