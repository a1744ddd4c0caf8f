"""Tenants, stores, people and their logins, keys, the audit log."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, String, Text

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
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
    "api_keys",
    "login_failures",
    "second_factors",
    "recovery_codes",
    "access_rules",
    "idempotent_requests",
)


def upgrade() -> None:
    _tenants()
    _users()
    _sessions()
    _audit()
    _keys()
    _second_factors()
    _idempotent_requests()


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


def _keys() -> None:
    op.create_table(
        "api_keys",
        Column("key_id", identifier(), primary_key=True),
        Column("tenant_id", identifier(), nullable=False),
        Column("name", String(255), nullable=False),
        Column("proof", exact_name(64), nullable=False),
        Column("rights", JSON, nullable=False),
        Column("store_ids", JSON),
        Column("user_id", identifier()),
        Column("made_by", String(255), nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("expires_at", UtcDateTime),
        Column("last_used_at", UtcDateTime),
        Column("last_address", exact_name(64), nullable=False),
        Column("revoked_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_api_keys_tenant", "api_keys", ["tenant_id", "created_at", "key_id"])
    op.create_index("ix_api_keys_user", "api_keys", ["user_id"])
    op.create_table(
        "login_failures",
        Column("name", exact_name(64), primary_key=True),
        Column("count", Integer, nullable=False),
        Column("failed_at", UtcDateTime, nullable=False),
        Column("open_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_login_failures_failed_at", "login_failures", ["failed_at"])


def _second_factors() -> None:
    op.create_table(
        "second_factors",
        Column("user_id", identifier(), primary_key=True),
        Column("secret", blob(), nullable=False),
        Column("confirmed_at", UtcDateTime),
        Column("last_step", BigInteger, nullable=False),
        **INNODB,
    )
    op.create_table(
        "recovery_codes",
        Column("user_id", identifier(), primary_key=True),
        Column("proof", exact_name(64), primary_key=True),
        **INNODB,
    )
    op.create_table(
        "access_rules",
        Column("tenant_id", identifier(), primary_key=True),
        Column("owners_need_second_factor", Boolean, nullable=False),
        Column("oidc_issuer", String(1024)),
        Column("oidc_client_id", String(255)),
        Column("oidc_client_secret", blob()),
        Column("oidc_adds_viewers", Boolean, nullable=False),
        **INNODB,
    )


def _idempotent_requests() -> None:
    op.create_table(
        "idempotent_requests",
        Column("name", exact_name(64), primary_key=True),
        Column("fingerprint", exact_name(64), nullable=False),
        Column("holder", exact_name(32), nullable=False),
        Column("status", Integer),
        Column("headers", JSON, nullable=False),
        Column("body", blob()),
        Column("started_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_idempotent_requests_started_at", "idempotent_requests", ["started_at"])
