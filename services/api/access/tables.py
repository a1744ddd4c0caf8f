"""The tables of tenants, stores and people (ADR 0030). All are written by the API alone."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table

from services.api.tables import NAME_CHARS, metadata
from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    exact_name,
    exact_text,
    identifier,
)

MAIL_CHARS = 254

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_tenants_created_at", "created_at"),
    **INNODB,
)

stores = Table(
    "stores",
    metadata,
    Column("store_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("hours", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("ix_stores_tenant", "tenant_id", "created_at", "store_id"),
    **INNODB,
)
"""`hours` is a StoreHours."""

users = Table(
    "users",
    metadata,
    Column("user_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("email", exact_text(MAIL_CHARS), nullable=False),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("role", exact_name(16), nullable=False),
    Column("sees_all_stores", Boolean, nullable=False),
    Column("password_hash", String(255)),
    Column("language", exact_name(8), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("logged_in_at", UtcDateTime),
    Index("ix_users_email", "email", unique=True),
    Index("ix_users_tenant", "tenant_id", "created_at", "user_id"),
    **INNODB,
)
"""People. An address belongs to one person of one tenant. Without `password_hash` they log in by
other means."""

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", identifier(), primary_key=True),
    Column("store_id", identifier(), primary_key=True),
    Index("ix_memberships_store", "store_id"),
    **INNODB,
)
"""The stores of users who do not see all of their tenant's."""

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("email", exact_text(MAIL_CHARS), nullable=False),
    Column("role", exact_name(16), nullable=False),
    Column("sees_all_stores", Boolean, nullable=False),
    Column("store_ids", JSON, nullable=False),
    Column("language", exact_name(8), nullable=False),
    Column("invited_by", String(NAME_CHARS), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_invitations_tenant", "tenant_id", "created_at", "invitation_id"),
    Index("ix_invitations_expires_at", "expires_at"),
    **INNODB,
)
"""Those that are open: accepting one, like taking it back, deletes it."""

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", identifier(), primary_key=True),
    Column("proof", exact_name(64), nullable=False),
    Column("user_id", identifier()),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(NAME_CHARS), nullable=False),
    Index("ix_sessions_proof", "proof", unique=True),
    Index("ix_sessions_user", "user_id", "opened_at"),
    Index("ix_sessions_expires_at", "expires_at"),
    **INNODB,
)
"""Logins that are open. `proof` is made of the cookie and tells nothing of it. Without `user_id`
it is a login with the machine's token."""
