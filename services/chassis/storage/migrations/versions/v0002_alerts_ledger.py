"""The ledger of the alerts service: what was made and told of each alert."""

from alembic import op
from sqlalchemy import Column, Double, Integer, LargeBinary, String

from services.chassis.storage.columns import INNODB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts_evidence",
        Column("alert_id", String(36), primary_key=True),
        Column("start_s", Double, nullable=False),
        Column("end_s", Double, nullable=False),
        Column("peak_s", Double, nullable=False),
        Column("snapshot_key", String(255)),
        Column("evidence_key", String(255)),
        Column("note", String(500), nullable=False),
        Column("made_at", Double, nullable=False),
        **INNODB,
    )
    op.create_table(
        "alerts_deliveries",
        Column("delivery_id", String(36), primary_key=True),
        Column("channel", String(16), nullable=False),
        Column("target", String(512), nullable=False),
        Column("alert", LargeBinary, nullable=False),
        Column("trace", String(64), nullable=False),
        Column("snapshot_key", String(255)),
        Column("evidence_key", String(255)),
        Column("note", String(500), nullable=False),
        Column("state", String(16), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("opened_at", Double, nullable=False),
        Column("due_at", Double, nullable=False),
        Column("owner", String(128), nullable=False),
        **INNODB,
    )
    op.create_table(
        "alerts_outbox",
        Column("delivery_id", String(36), primary_key=True),
        Column("attempt", Integer, primary_key=True, autoincrement=False),
        Column("message", LargeBinary, nullable=False),
        Column("trace", String(64), nullable=False),
        Column("written_at", Double, nullable=False),
        **INNODB,
    )


def downgrade() -> None:
    for name in ("alerts_outbox", "alerts_deliveries", "alerts_evidence"):
        op.drop_table(name)
