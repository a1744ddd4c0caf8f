"""Retention by tenant and store, legal hold of stretches, how large evidence is."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, String

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0009"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("holds")
    op.create_table(
        "holds",
        Column("hold_id", identifier(), primary_key=True),
        Column("tenant_id", identifier()),
        Column("source_id", identifier(), nullable=False),
        Column("is_of_alert", Boolean, nullable=False),
        Column("since_at", UtcDateTime, nullable=False),
        Column("until_at", UtcDateTime, nullable=False),
        Column("reason", String(1000), nullable=False),
        Column("held_by", String(255), nullable=False),
        Column("held_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_holds_source", "holds", ["source_id", "until_at"])
    op.create_index("ix_holds_newest", "holds", ["held_at", "hold_id"])
    op.create_table(
        "retention_rules",
        Column("scope", exact_name(16), primary_key=True),
        Column("scope_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("content", JSON, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("changed_by", String(255), nullable=False),
        **INNODB,
    )
    op.create_table(
        "evidence_sizes",
        Column("alert_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("ended_at", UtcDateTime, nullable=False),
        Column("dated_at", UtcDateTime, nullable=False),
        Column("size_bytes", BigInteger),
        **INNODB,
    )
    op.create_index("ix_evidence_sizes_source", "evidence_sizes", ["source_id", "dated_at"])
    op.create_index("ix_evidence_sizes_dated_at", "evidence_sizes", ["dated_at"])
    op.create_index("ix_alerts_recorded_at", "alerts", ["recorded_at"])
    op.create_index("ix_incidents_claimed", "incidents", ["claimed_until"])
    op.create_table(
        "announced_keepings",
        Column("source_id", identifier(), primary_key=True),
        Column("digest", exact_name(64), nullable=False),
        **INNODB,
    )
    _faces()


def _faces() -> None:
    op.create_table(
        "face_rules",
        Column("tenant_id", identifier(), primary_key=True),
        Column("blurred_for", exact_name(16), nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("changed_by", String(255), nullable=False),
        **INNODB,
    )


def downgrade() -> None:
    op.drop_index("ix_alerts_recorded_at", "alerts")
    op.drop_index("ix_incidents_claimed", "incidents")
    for name in ("face_rules", "announced_keepings", "evidence_sizes", "retention_rules", "holds"):
        op.drop_table(name)
    op.create_table(
        "holds",
        Column("alert_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("held_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_holds_source", "holds", ["source_id"])
