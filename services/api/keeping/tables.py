"""The tables of retention (ADR 0043) and of blurred faces (ADR 0044). Written by the API alone."""

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table

from services.api.tables import NAME_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

retention_rules = Table(
    "retention_rules",
    metadata,
    Column("scope", exact_name(16), primary_key=True),
    Column("scope_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("content", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(NAME_CHARS), nullable=False),
    **INNODB,
)
"""What a tenant or a store wants kept for less long than the machine would."""

evidence_sizes = Table(
    "evidence_sizes",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("dated_at", UtcDateTime, nullable=False),
    Column("size_bytes", BigInteger),
    Index("ix_evidence_sizes_source", "source_id", "dated_at"),
    Index("ix_evidence_sizes_dated_at", "dated_at"),
    **INNODB,
)
"""How large the evidence of each alert was, an hour after the API heard of it; None: it is gone.
`dated_at` is from when its age counts: when a camera's alert began; of an upload, which may show
what was long ago, when the API heard of it."""

announced_keepings = Table(
    "announced_keepings",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("digest", exact_name(64), nullable=False),
    **INNODB,
)
"""What `keeping.v1` has last of each source for which it has anything."""

face_rules = Table(
    "face_rules",
    metadata,
    Column("tenant_id", identifier(), primary_key=True),
    Column("blurred_for", exact_name(16), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(NAME_CHARS), nullable=False),
    **INNODB,
)
"""For whom faces are always blurred in what leaves the house. A tenant without a row: nobody."""
