"""Tenants, stores, people and their logins, keys, the audit log."""

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text

from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _audit()


def downgrade() -> None:
    for name in ("audit_log", "audit_heads"):
        op.drop_table(name)


def _audit() -> None:
    op.create_table(
        "audit_heads",
        Column("tenant_id", identifier(), primary_key=True),
        Column("sequence", BigInteger, nullable=False),
        Column("hash", exact_name(64), nullable=False),
        Column("base_sequence", BigInteger, nullable=False),
        Column("base_hash", exact_name(64), nullable=False),
        **INNODB,
    )
    op.create_table(
        "audit_log",
        Column("tenant_id", identifier(), primary_key=True),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("happened_at", UtcDateTime, nullable=False),
        Column("actor_kind", exact_name(16), nullable=False),
        Column("actor_id", identifier()),
        Column("actor_name", String(255), nullable=False),
        Column("address", exact_name(64), nullable=False),
        Column("action", exact_name(64), nullable=False),
        Column("subject", String(255), nullable=False),
        Column("detail", Text, nullable=False),
        Column("hash", exact_name(64), nullable=False),
        **INNODB,
    )
    op.create_index("ix_audit_log_happened_at", "audit_log", ["tenant_id", "happened_at"])
    op.create_index("ix_audit_log_subject", "audit_log", ["tenant_id", "subject"])
