"""Targets of notification, and what the alerts service keeps of them."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, Double, Integer, String

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
    exact_name,
    identifier,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _targets()
    _attempts()
    _ledger()
    _mails()


def downgrade() -> None:
    for name in ("alerts_mails", "alerts_reviews", "webpush_keys", "targets"):
        op.drop_table(name)
    op.drop_index("ix_alerts_deliveries_pending", "alerts_deliveries")
    op.drop_index("ix_alerts_deliveries_paced", "alerts_deliveries")
    op.drop_index("ix_alerts_deliveries_digest", "alerts_deliveries")
    for name in ("tenant_id", "purpose", "digest_id"):
        op.drop_column("alerts_deliveries", name)
    op.drop_index("ix_deliveries_target", "deliveries")
    for name in ("target_id", "purpose", "status", "response", "took_ms"):
        op.drop_column("deliveries", name)


def _targets() -> None:
    op.create_table(
        "targets",
        Column("target_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("store_id", identifier()),
        Column("channel", exact_name(16), nullable=False),
        Column("name", String(255), nullable=False),
        Column("shown", String(512), nullable=False),
        Column("address", blob(), nullable=False),
        Column("secrets", blob()),
        Column("language", exact_name(8), nullable=False),
        Column("wants", JSON, nullable=False),
        Column("pacing", JSON, nullable=False),
        Column("after_s", Double, nullable=False),
        Column("is_enabled", Boolean, nullable=False),
        Column("disabled_reason", String(1000), nullable=False),
        Column("is_removed", Boolean, nullable=False),
        Column("configured_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("announced_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_targets_tenant", "targets", ["tenant_id", "configured_at", "target_id"])
    op.create_index("ix_targets_announced", "targets", ["announced_at", "changed_at"])
    op.create_table(
        "webpush_keys",
        Column("name", exact_name(16), primary_key=True),
        Column("sealed", blob(), nullable=False),
        **INNODB,
    )


def _attempts() -> None:
    """What the API shows of an attempt."""
    for column in (
        Column("target_id", identifier()),
        Column("purpose", exact_name(16), nullable=False, server_default="alert"),
        Column("status", Integer),
        Column("response", String(2000), nullable=False, server_default=""),
        Column("took_ms", Integer, nullable=False, server_default="0"),
    ):
        op.add_column("deliveries", column)
    op.create_index("ix_deliveries_target", "deliveries", ["target_id", "attempted_at"])


def _ledger() -> None:
    for column in (
        Column("tenant_id", identifier()),
        Column("purpose", exact_name(16), nullable=False, server_default="alert"),
        Column("digest_id", identifier()),
    ):
        op.add_column("alerts_deliveries", column)
    pending = ["due_at", "target_id", "tenant_id"]
    op.create_index("ix_alerts_deliveries_pending", "alerts_deliveries", pending)
    op.create_index("ix_alerts_deliveries_paced", "alerts_deliveries", ["target_id", "opened_at"])
    op.create_index("ix_alerts_deliveries_digest", "alerts_deliveries", ["digest_id"])
    op.create_table(
        "alerts_reviews",
        Column("alert_id", identifier(), primary_key=True),
        Column("settled_at", Double, nullable=False),
        **INNODB,
    )
    op.create_index("ix_alerts_reviews_settled", "alerts_reviews", ["settled_at"])


def _mails() -> None:
    op.create_table(
        "alerts_mails",
        Column("mail_id", identifier(), primary_key=True),
        Column("message", blob(), nullable=False),
        Column("state", exact_name(16), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("opened_at", Double, nullable=False),
        Column("due_at", Double),
        Column("holder", exact_name(64), nullable=False),
        **INNODB,
    )
    op.create_index("ix_alerts_mails_due", "alerts_mails", ["due_at"])
    op.create_index("ix_alerts_mails_opened", "alerts_mails", ["opened_at"])
