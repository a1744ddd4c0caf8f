"""The tables of detectors that a tenant has, and of where which of them looks on (ADR 0048)."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, String, Table

from services.api.tables import NAME_CHARS, RUN_CHARS, SENTENCE_CHARS, metadata
from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    exact_name,
    exact_text,
    identifier,
    object_key,
)

DETECTOR_CHARS = 64

models = Table(
    "models",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("detector", exact_name(DETECTOR_CHARS), primary_key=True),
    Column("name", exact_text(NAME_CHARS), nullable=False),
    Column("version", Integer, nullable=False),
    Column("cards", JSON, nullable=False),
    Column("sha256", exact_name(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("object_key", object_key(), nullable=False),
    Column("note", String(SENTENCE_CHARS), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("registered_by", String(NAME_CHARS), nullable=False),
    Column("retired_at", UtcDateTime),
    Index("ix_models_registered", "tenant_id", "registered_at", "detector"),
    Index("ix_models_version", "tenant_id", "name", "version", unique=True),
    **INNODB,
)
"""What was registered. `cards` are those of the heads, in their order. Whether one is live or a
shadow is no column: `deployments` says so."""

deployment_scopes = Table(
    "deployment_scopes",
    metadata,
    Column("scope_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("store_id", identifier()),
    Column("is_removed", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("announced_at", UtcDateTime),
    Index("ix_deployment_scopes_tenant", "tenant_id"),
    Index("ix_deployment_scopes_announced", "announced_at", "changed_at"),
    **INNODB,
)
"""A tenant or a store in which something was ever deployed. A row is locked by whoever changes what
is deployed there. `announced_at` is the `changed_at` that `models.v1` has; with another or none it
is to be announced. A removed row stays until its tombstone is."""

deployments = Table(
    "deployments",
    metadata,
    Column("scope_id", identifier(), primary_key=True),
    Column("run", exact_name(RUN_CHARS), primary_key=True),
    Column("backbone", exact_name(64), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("detector", exact_name(DETECTOR_CHARS), nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
    Column("since_by", String(NAME_CHARS), nullable=False),
    Column("budget_per_day", Double),
    Column("former_per_day", Double),
    Index("ix_deployments_detector", "tenant_id", "detector"),
    **INNODB,
)
"""What judges a scope now: live, and shadows under runs of their own. `budget_per_day`: alarms a
camera and day that are put up with, before it is rolled back; none: nobody watches it.
`former_per_day`: how many the one before it raised."""

deployment_history = Table(
    "deployment_history",
    metadata,
    Column("entry_id", identifier(), primary_key=True),
    Column("scope_id", identifier(), nullable=False),
    Column("tenant_id", identifier(), nullable=False),
    Column("store_id", identifier()),
    Column("action", exact_name(16), nullable=False),
    Column("is_automatic", Boolean, nullable=False),
    Column("run", exact_name(RUN_CHARS), nullable=False),
    Column("backbone", exact_name(64), nullable=False),
    Column("detector_before", exact_name(DETECTOR_CHARS)),
    Column("detector_after", exact_name(DETECTOR_CHARS)),
    Column("happened_at", UtcDateTime, nullable=False),
    Column("happened_by", String(NAME_CHARS), nullable=False),
    Column("reason", String(SENTENCE_CHARS), nullable=False),
    Column("replay_run", exact_name(RUN_CHARS)),
    Column("comparison", JSON),
    Column("notified_at", UtcDateTime),
    Index("ix_deployment_history_scope", "scope_id", "happened_at", "entry_id"),
    Index("ix_deployment_history_tenant", "tenant_id", "happened_at", "entry_id"),
    Index("ix_deployment_history_notified", "is_automatic", "notified_at"),
    **INNODB,
)
"""What was deployed when, by whom and why; rows are added and never changed, but that people were
notified of a rollback that came by itself (`notified_at`). Without a detector after it the scope
has none of its own: what is live in the tenant, or by the machine's settings, is so there."""
