"""The tables of replays. Written by the API; how far each got is kept by the projector."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, String, Table

from services.api.tables import NAME_CHARS, RUN_CHARS, SENTENCE_CHARS, metadata
from services.chassis.storage.columns import INNODB, UtcDateTime, exact_name, identifier

replays = Table(
    "replays",
    metadata,
    Column("run", exact_name(RUN_CHARS), primary_key=True),
    Column("tenant_id", identifier(), nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime, nullable=False),
    Column("detector", exact_name(64), nullable=False),
    Column("package", JSON),
    Column("backbone", exact_name(64), nullable=False),
    Column("input", exact_name(16), nullable=False),
    Column("windows_per_s", Double),
    Column("source_count", Integer, nullable=False),
    Column("windows_estimated", BigInteger, nullable=False),
    Column("seconds_estimated", Double),
    Column("state", exact_name(16), nullable=False),
    Column("windows_planned", BigInteger, nullable=False),
    Column("windows", BigInteger, nullable=False),
    Column("clips", BigInteger, nullable=False),
    Column("alerts", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("estimated_s", Double),
    Column("elapsed_s", Double, nullable=False),
    Column("error", String(SENTENCE_CHARS)),
    Column("extraction", JSON),
    Column("extracted_at", UtcDateTime),
    Column("is_cancelled", Boolean, nullable=False),
    Column("requested_by", String(NAME_CHARS), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("progressed_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
    Column("announced_at", UtcDateTime),
    Index("ix_replays_newest", "tenant_id", "requested_at", "run"),
    Index("ix_replays_announced", "announced_at", "requested_at"),
    Index("ix_replays_removed", "removed_at"),
    Index("ix_replays_finished", "state", "finished_at"),
    **INNODB,
)
"""What was asked for, what it was expected to take, and how far it got. `announced_at` is when
`replays.v1` was told of it as it is; with none it is to be told. One that was removed is shown to
nobody; its row stays while topics may still speak of its run. `extraction` is the latest
ExtractionProgressed of a replay from recordings."""

replay_sources = Table(
    "replay_sources",
    metadata,
    Column("run", exact_name(RUN_CHARS), primary_key=True),
    Column("source_id", identifier(), primary_key=True),
    Index("ix_replay_sources_source", "source_id"),
    **INNODB,
)
"""Whose past is judged again. Whoever may not see one of them does not see the replay."""
