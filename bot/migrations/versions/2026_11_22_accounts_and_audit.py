"""cut people off, ask for codes, list sessions, and keep an audit log."""

import sqlalchemy as sa
from alembic import op

from bot.models import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added one by one: SQLite does that in place, and the rows that refer to these tables stay whole.
    op.add_column("staff", sa.Column("cut_off_at", Moment()))
    op.add_column("staff", sa.Column("totp_secret", sa.String(255)))
    op.add_column("staff", sa.Column("totp_step", sa.BigInteger()))
    op.add_column("staff", sa.Column("town_account", sa.String(64)))
    op.create_index("ix_staff_town_account", "staff", ["town_account"], unique=True)
    op.add_column("credentials", sa.Column("seen_at", Moment()))
    op.add_column("credentials", sa.Column("device", sa.String(60)))
    op.add_column("credentials", sa.Column("via", sa.String(16)))
    op.create_index("ix_credentials_staff_id", "credentials", ["staff_id"])
    op.create_table(
        "tries",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_tries"),
    )
    op.create_table(
        "audit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("staff_id", sa.BigInteger()),
        sa.Column("staff_name", sa.String(80), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("object", sa.String(200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_staff_id_act_object_at", "audit", ["staff_id", "act", "object", "at"])
    op.create_index("ix_audit_at", "audit", ["at"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "entry": 0, "hash": "0" * 64}])


def downgrade() -> None:
    for table in ("audit_head", "audit", "tries"):
        op.drop_table(table)
    op.drop_index("ix_credentials_staff_id", table_name="credentials")
    for column in ("via", "device", "seen_at"):
        op.drop_column("credentials", column)
    op.drop_index("ix_staff_town_account", table_name="staff")
    for column in ("town_account", "totp_step", "totp_secret", "cut_off_at"):
        op.drop_column("staff", column)
