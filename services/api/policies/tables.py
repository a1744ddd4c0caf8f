"""The tables of policies: as they were entered, and what `policies.v1` has of each source."""

from sqlalchemy import JSON, Column, String, Table

from services.api.tables import NAME_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

policies = Table(
    "policies",
    metadata,
    Column("scope", exact_name(16), primary_key=True),
    Column("scope_id", identifier(), primary_key=True),
    Column("tenant_id", identifier()),
    Column("content", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(NAME_CHARS), nullable=False),
    **INNODB,
)
"""What was entered for a tenant, a store or a source; `content` is a Policy. One that was taken
away stays as an empty one, so that its end is announced as any change."""

policy_sets = Table(
    "policy_sets",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("snoozed_until", UtcDateTime),
    Column("snooze_changed_at", UtcDateTime),
    Column("source_at", UtcDateTime),
    Column("tenant_at", UtcDateTime),
    Column("store_at", UtcDateTime),
    Column("own_at", UtcDateTime),
    Column("hours_at", UtcDateTime),
    Column("snooze_at", UtcDateTime),
    Column("digest", exact_name(64), nullable=False),
    **INNODB,
)
"""`…_at` are the moments of change of everything that the announced set was made of; where one
differs from what the tables have by now, it is to be made and announced anew. `digest` is of its
content, empty where the source has what everybody has."""
