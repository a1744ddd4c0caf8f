"""Replays, and the sources of each."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Integer, String

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0012"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replays()
    op.create_table(
        "replay_sources",
        Column("run", exact_name(64), primary_key=True),
        Column("source_id", identifier(), primary_key=True),
        **INNODB,
    )
    op.create_index("ix_replay_sources_source", "replay_sources", ["source_id"])


def downgrade() -> None:
    for name in ("replay_sources", "replays"):
        op.drop_table(name)


def _replays() -> None:
    op.create_table(
        "replays",
        Column("run", exact_name(64), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("since_at", UtcDateTime, nullable=False),
        Column("until_at", UtcDateTime, nullable=False),
        Column("detector", exact_name(64), nullable=False),
        Column("package", JSON),
        Column("backbone", exact_name(64), nullable=False),
        Column("input", exact_name(16), nullable=False),
        Column("windows_per_s", Double),
        Column("source_count", Integer, nullable=False),
        Column("windows_estimated", BigInteger, nullable=False),
        Column("seconds_estimated", Double),
        Column("state", exact_name(16), nullable=False),
        Column("windows_planned", BigInteger, nullable=False),
        Column("windows", BigInteger, nullable=False),
        Column("clips", BigInteger, nullable=False),
        Column("alerts", BigInteger, nullable=False),
        Column("refused", BigInteger, nullable=False),
        Column("estimated_s", Double),
        Column("elapsed_s", Double, nullable=False),
        Column("error", String(1000)),
        Column("extraction", JSON),
        Column("extracted_at", UtcDateTime),
        Column("is_cancelled", Boolean, nullable=False),
        Column("requested_by", String(255), nullable=False),
        Column("requested_at", UtcDateTime, nullable=False),
        Column("progressed_at", UtcDateTime),
        Column("finished_at", UtcDateTime),
        Column("removed_at", UtcDateTime),
        Column("announced_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_replays_newest", "replays", ["tenant_id", "requested_at", "run"])
    op.create_index("ix_replays_announced", "replays", ["announced_at", "requested_at"])
    op.create_index("ix_replays_removed", "replays", ["removed_at"])
    op.create_index("ix_replays_finished", "replays", ["state", "finished_at"])
