"""The table of targets, and the key that signs to push services (ADR 0035)."""

from sqlalchemy import JSON, Boolean, Column, Double, Index, String, Table

from services.api.tables import NAME_CHARS, SENTENCE_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, blob, exact_name, identifier

SHOWN_CHARS = 512

targets = Table(
    "targets",
    metadata,
    Column("target_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("store_id", identifier()),
    Column("channel", exact_name(16), nullable=False),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("shown", String(SHOWN_CHARS), nullable=False),
    Column("address", blob(), nullable=False),
    Column("secrets", blob()),
    Column("language", exact_name(8), nullable=False),
    Column("wants", JSON, nullable=False),
    Column("pacing", JSON, nullable=False),
    Column("after_s", Double, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("disabled_reason", String(SENTENCE_CHARS), nullable=False),
    Column("is_removed", Boolean, nullable=False),
    Column("configured_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("announced_at", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("missed_since", UtcDateTime),
    Column("notified_at", UtcDateTime),
    Index("ix_targets_tenant", "tenant_id", "configured_at", "target_id"),
    Index("ix_targets_announced", "announced_at", "changed_at"),
    Index("ix_targets_disabled", "disabled_at", "notified_at"),
    **INNODB,
)
"""Who is notified. Address and secrets are sealed. A target of a store hears of that store alone;
without one it belongs to the tenant. A removed row stays until its tombstone is told.
`disabled_at`: it was switched off by itself then, and whoever can mend it is told until
`notified_at`. `missed_since`: what failed first, the last time that it was."""
