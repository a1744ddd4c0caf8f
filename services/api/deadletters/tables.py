"""The table of dead letters: what was put aside, and what became of it (ADR 0051)."""

from datetime import timedelta

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from schemas import topics
from services.api.tables import NAME_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

TOPIC_CHARS = 255
KEPT_FOR = timedelta(milliseconds=topics.dead_letters(topics.SOURCES).retention_ms)
"""Letters lie on Kafka no longer; their rows are kept as long."""

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("letter_id", identifier(), primary_key=True),
    Column("topic", exact_name(TOPIC_CHARS), nullable=False),
    Column("partition_number", Integer, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("consumer", String(TOPIC_CHARS), nullable=False),
    Column("reason", Text, nullable=False),
    Column("source_id", identifier()),
    Column("size_bytes", BigInteger, nullable=False),
    Column("replays", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False),
    Column("letter_partition", Integer, nullable=False),
    Column("letter_offset", BigInteger, nullable=False),
    Column("state", exact_name(16), nullable=False),
    Column("changed_at", UtcDateTime),
    Column("changed_by", String(NAME_CHARS)),
    Index("ix_dead_letters_newest", "failed_at", "letter_id"),
    Index("ix_dead_letters_source", "source_id", "failed_at"),
    **INNODB,
)
"""`topic`, `partition_number` and `record_offset` say where the record lay, by the name in the
registry; `letter_partition` and `letter_offset` where its letter lies on the twin of that topic.
Its bytes are there alone. `replays` counts how often the record was replayed before it failed."""
