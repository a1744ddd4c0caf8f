"""Leases: which of several instances of a service carries a duty out."""

from alembic import op
from sqlalchemy import Column, Double, String

from services.chassis.storage.columns import INNODB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leases",
        Column("name", String(128), primary_key=True),
        Column("holder", String(128), nullable=False),
        Column("expires_at", Double, nullable=False),
        **INNODB,
    )


def downgrade() -> None:
    op.drop_table("leases")
