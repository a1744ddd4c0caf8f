"""Targets that were switched off by themselves: when, what they missed, and whether it was told."""

from alembic import op
from sqlalchemy import Column

from services.chassis.storage.columns import UtcDateTime

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = "disabled_at", "missed_since", "notified_at"


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("targets", Column(name, UtcDateTime))
    op.create_index("ix_targets_disabled", "targets", ["disabled_at", "notified_at"])


def downgrade() -> None:
    op.drop_index("ix_targets_disabled", "targets")
    for name in COLUMNS:
        op.drop_column("targets", name)
