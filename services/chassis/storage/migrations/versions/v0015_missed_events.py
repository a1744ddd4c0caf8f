"""Moments that people marked by hand, for calibration and training."""

from alembic import op
from sqlalchemy import Column, String

from services.chassis.storage.columns import INNODB, UtcDateTime, identifier

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missed_events",
        Column("event_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("since_at", UtcDateTime, nullable=False),
        Column("until_at", UtcDateTime, nullable=False),
        Column("label", String(128), nullable=False),
        Column("alert_id", identifier()),
        Column("note", String(2000), nullable=False),
        Column("reported_by", String(255), nullable=False),
        Column("reported_at", UtcDateTime, nullable=False),
        Column("withdrawn_at", UtcDateTime),
        Column("announced_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_missed_events_source", "missed_events", ["source_id", "since_at"])
    op.create_index("ix_missed_events_newest", "missed_events", ["reported_at", "event_id"])
    op.create_index("ix_missed_events_since", "missed_events", ["since_at"])
    op.create_index("ix_missed_events_announced", "missed_events", ["announced_at", "reported_at"])


def downgrade() -> None:
    op.drop_table("missed_events")
