"""keep districts, and what answers counted as before staff called them wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("tallies", sa.Column("was", sa.String(16)))
    op.add_column(
        "misanswers",
        sa.Column("is_counted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("misanswers", sa.Column("tally_id", Serial))
    op.add_column("tickets", sa.Column("district", sa.String(40)))
    op.add_column("waits", sa.Column("district", sa.String(40), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("waits", "district")
    op.drop_column("tickets", "district")
    op.drop_column("misanswers", "tally_id")
    op.drop_column("misanswers", "is_counted")
    op.drop_column("tallies", "was")
