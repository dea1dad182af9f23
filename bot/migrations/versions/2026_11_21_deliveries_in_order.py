"""find waiting deliveries in order."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_deliveries_status_due_at", table_name="deliveries")
    op.create_index("ix_deliveries_status_id", "deliveries", ["status", "id"])


def downgrade() -> None:
    op.drop_index("ix_deliveries_status_id", table_name="deliveries")
    op.create_index("ix_deliveries_status_due_at", "deliveries", ["status", "due_at"])
