"""The ledger of the alerts service: what was sent of each alert, and which evidence is due."""

from alembic import op
from sqlalchemy import Boolean, Column, Double, Integer, String

from services.chassis.storage.columns import INNODB, blob, exact_name, identifier

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts_deliveries",
        Column("delivery_id", identifier(), primary_key=True),
        Column("alert_id", identifier(), nullable=False),
        Column("source_id", identifier(), nullable=False),
        Column("source_name", String(255), nullable=False),
        Column("target_id", identifier(), nullable=False),
        Column("channel", exact_name(16), nullable=False),
        Column("target", String(512), nullable=False),
        Column("alert", blob(), nullable=False),
        Column("amends", identifier()),
        Column("has_picture", Boolean, nullable=False),
        Column("trace", exact_name(64), nullable=False),
        Column("state", exact_name(16), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("opened_at", Double, nullable=False),
        Column("due_at", Double),
        Column("holder", exact_name(64), nullable=False),
        **INNODB,
    )
    op.create_index("ix_alerts_deliveries_due", "alerts_deliveries", ["target_id", "due_at"])
    op.create_index("ix_alerts_deliveries_alert", "alerts_deliveries", ["alert_id"])
    op.create_index("ix_alerts_deliveries_source", "alerts_deliveries", ["source_id"])
    op.create_index("ix_alerts_deliveries_opened", "alerts_deliveries", ["opened_at"])
    op.create_table(
        "alerts_evidence",
        Column("alert_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("source_name", String(255), nullable=False),
        Column("alert", blob(), nullable=False),
        Column("revision", Integer, nullable=False),
        Column("peak_s", Double),
        Column("start_s", Double),
        Column("end_s", Double),
        Column("note", String(500), nullable=False),
        Column("state", exact_name(16), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("opened_at", Double, nullable=False),
        Column("due_at", Double),
        Column("holder", exact_name(64), nullable=False),
        **INNODB,
    )
    op.create_index("ix_alerts_evidence_due", "alerts_evidence", ["due_at"])
    op.create_index("ix_alerts_evidence_source", "alerts_evidence", ["source_id"])
    op.create_index("ix_alerts_evidence_opened", "alerts_evidence", ["opened_at"])
    op.create_table(
        "alerts_outbox",
        Column("delivery_id", identifier(), primary_key=True),
        Column("attempt", Integer, primary_key=True, autoincrement=False),
        Column("message", blob(), nullable=False),
        Column("trace", exact_name(64), nullable=False),
        Column("written_at", Double, nullable=False),
        Column("holder", exact_name(64), nullable=False),
        **INNODB,
    )
    op.create_index("ix_alerts_outbox_written", "alerts_outbox", ["written_at"])


def downgrade() -> None:
    for name in ("alerts_outbox", "alerts_deliveries", "alerts_evidence"):
        op.drop_table(name)
