"""The tables of erasures (ADR 0039). Rows stay: they are what proves that something went."""

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table

from services.api.tables import NAME_CHARS, SENTENCE_CHARS, metadata
from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
    exact_name,
    identifier,
    object_key,
)

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("store_id", identifier()),
    Column("source_id", identifier(), nullable=False),
    Column("source_kind", exact_name(16), nullable=False),
    Column("source_name", String(NAME_CHARS), nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime, nullable=False),
    Column("reason", String(SENTENCE_CHARS), nullable=False),
    Column("asked_by", String(NAME_CHARS), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime),
    Column("row_counts", JSON, nullable=False),
    Column("alert_ids", JSON, nullable=False),
    Column("proof", blob()),
    Column("signature", exact_name(128)),
    Index("ix_erasures_tenant", "tenant_id", "asked_at", "erasure_id"),
    Index("ix_erasures_source", "source_id", "until_at"),
    Index("ix_erasures_completed", "completed_at", "asked_at"),
    **INNODB,
)
"""`row_counts` is by table how many rows went, `alert_ids` whose. Once all objects are gone there
is a proof: the very bytes that were signed."""

erased_objects = Table(
    "erased_objects",
    metadata,
    Column("erasure_id", identifier(), primary_key=True),
    Column("object_key", object_key(), primary_key=True),
    Column("sha256", exact_name(64)),
    Column("size_bytes", BigInteger),
    Column("row_count", BigInteger),
    Column("erased_at", UtcDateTime),
    **INNODB,
)
"""Objects that are to go, and what they were. Without `erased_at` they are still there. Of a part
of the archive `row_count` rows go; the others lie in a part of their own by then."""
