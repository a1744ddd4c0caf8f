"""The tables of albums. Written by the API alone."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from services.api.tables import NAME_CHARS, SENTENCE_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

albums = Table(
    "albums",
    metadata,
    Column("album_id", identifier(), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Column("owner_kind", exact_name(16), nullable=False),
    Column("owner_id", identifier()),
    Column("owner_name", String(NAME_CHARS), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("ix_albums_tenant", "tenant_id", "changed_at", "album_id"),
    **INNODB,
)
"""The owner is an Actor: a person, a key, or the machine, which has no id."""

album_items = Table(
    "album_items",
    metadata,
    Column("item_id", identifier(), primary_key=True),
    Column("album_id", identifier(), nullable=False),
    Column("position", Integer, nullable=False),
    Column("source_id", identifier(), nullable=False),
    Column("from_at", UtcDateTime),
    Column("to_at", UtcDateTime),
    Column("note", String(SENTENCE_CHARS), nullable=False),
    Column("added_by", String(NAME_CHARS), nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Index("ix_album_items_album", "album_id", "position"),
    Index("ix_album_items_source", "source_id"),
    **INNODB,
)
"""A whole source, or a stretch of it. Positions within an album rise; they may have gaps."""
