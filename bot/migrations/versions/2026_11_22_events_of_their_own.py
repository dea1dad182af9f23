"""give events, their reminders and corrections tables of their own."""

import json
import uuid

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.Column("handed_in", sa.JSON(none_as_null=True)),
        sa.Column("handling", sa.String(16)),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_events_conversation_id"
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_events_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_conversation_id", "events", ["conversation_id"])
    op.create_index("ix_events_ticket_id", "events", ["ticket_id"])
    op.create_table(
        "reminders",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("duty", sa.String(8), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment()),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_reminders_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
    )
    op.create_index("ix_reminders_sent_at_due_at", "reminders", ["sent_at", "due_at"])
    op.create_index("ix_reminders_event_id", "reminders", ["event_id"])
    op.create_table(
        "corrections",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("staff_id", Serial, nullable=False),
        sa.Column("staff_name", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(8), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_corrections_event_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_corrections_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_event_id", "corrections", ["event_id"])
    op.create_table(
        "moving_codes",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_moving_codes_event_id"),
        sa.PrimaryKeyConstraint("hash", name="pk_moving_codes"),
    )
    # Not in a batch, which makes the table anew: other rows refer to it.
    op.add_column("messages", sa.Column("files", sa.JSON(none_as_null=True)))
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.alter_column("message_id", existing_type=Serial, nullable=True)
        deliveries.alter_column("conversation_id", existing_type=sa.String(32), nullable=True)
        deliveries.add_column(sa.Column("post", sa.JSON(none_as_null=True)))
    _move_guides()


def _move_guides() -> None:
    """Move what residents told of events out of their conversations' state."""
    connection = op.get_bind()
    conversations = sa.table(
        "conversations",
        sa.column("id", sa.String),
        sa.column("state", sa.JSON),
        sa.column("created_at", Moment),
    )
    events = sa.table(
        "events",
        sa.column("id", sa.String),
        sa.column("conversation_id", sa.String),
        sa.column("told", sa.JSON),
        sa.column("created_at", Moment),
        sa.column("changed_at", Moment),
    )
    for row in connection.execute(sa.select(conversations)).all():
        state = json.loads(row.state) if isinstance(row.state, str) else dict(row.state)
        told = state.pop("guide", None)
        if told is None:
            continue
        id_ = uuid.uuid4().hex
        connection.execute(
            events.insert().values(
                id=id_,
                conversation_id=row.id,
                told=told,
                created_at=row.created_at,
                changed_at=row.created_at,
            )
        )
        connection.execute(
            conversations.update()
            .where(conversations.c.id == row.id)
            .values(state={**state, "event": id_})
        )


def downgrade() -> None:
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_column("post")
        deliveries.alter_column("conversation_id", existing_type=sa.String(32), nullable=False)
        deliveries.alter_column("message_id", existing_type=Serial, nullable=False)
    op.drop_column("messages", "files")
    for table in ("moving_codes", "corrections", "reminders", "events"):
        op.drop_table(table)
