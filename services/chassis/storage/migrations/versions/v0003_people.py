"""Tenants, stores, people and their logins, keys, the audit log."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, String, Text

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    exact_name,
    exact_text,
    identifier,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "tenants",
    "stores",
    "users",
    "memberships",
    "invitations",
    "sessions",
    "audit_heads",
    "audit_log",
)


def upgrade() -> None:
    _tenants()
    _users()
    _sessions()
    _audit()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)


def _tenants() -> None:
    op.create_table(
        "tenants",
        Column("tenant_id", identifier(), primary_key=True),
        Column("name", String(255), nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_tenants_created_at", "tenants", ["created_at"])
    op.create_table(
        "stores",
        Column("store_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("name", String(255), nullable=False),
        Column("hours", JSON, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_stores_tenant", "stores", ["tenant_id", "created_at", "store_id"])


def _users() -> None:
    op.create_table(
        "users",
        Column("user_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("email", exact_text(254), nullable=False),
        Column("name", String(255), nullable=False),
        Column("role", exact_name(16), nullable=False),
        Column("sees_all_stores", Boolean, nullable=False),
        Column("password_hash", String(255)),
        Column("language", exact_name(8), nullable=False),
        Column("is_active", Boolean, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("logged_in_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_users_email", "users", ["email"], unique=True)
    op.create_index("ix_users_tenant", "users", ["tenant_id", "created_at", "user_id"])
    op.create_table(
        "memberships",
        Column("user_id", identifier(), primary_key=True),
        Column("store_id", identifier(), primary_key=True),
        **INNODB,
    )
    op.create_index("ix_memberships_store", "memberships", ["store_id"])
    op.create_table(
        "invitations",
        Column("invitation_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("email", exact_text(254), nullable=False),
        Column("role", exact_name(16), nullable=False),
        Column("sees_all_stores", Boolean, nullable=False),
        Column("store_ids", JSON, nullable=False),
        Column("language", exact_name(8), nullable=False),
        Column("invited_by", String(255), nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("expires_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index(
        "ix_invitations_tenant", "invitations", ["tenant_id", "created_at", "invitation_id"]
    )
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        Column("session_id", identifier(), primary_key=True),
        Column("proof", exact_name(64), nullable=False),
        Column("user_id", identifier()),
        Column("opened_at", UtcDateTime, nullable=False),
        Column("seen_at", UtcDateTime, nullable=False),
        Column("expires_at", UtcDateTime, nullable=False),
        Column("address", String(64), nullable=False),
        Column("user_agent", String(255), nullable=False),
        **INNODB,
    )
    op.create_index("ix_sessions_proof", "sessions", ["proof"], unique=True)
    op.create_index("ix_sessions_user", "sessions", ["user_id", "opened_at"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


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
