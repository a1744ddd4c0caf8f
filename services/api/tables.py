"""The tables: sources, videos, cameras, packed scores, conditions, alerts (ADR 0019). Those of
tenants and people stand in `access/tables`.

Sources, videos and cameras are written by the API; all other rows come from topics, so they can be
made again from the log, and so can sources and cameras. Times are absolute and indexed: whatever is
asked, is asked between two moments.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    false,
)

from services.chassis.storage.columns import (
    INNODB,
    UtcDateTime,
    blob,
    exact_name,
    few_bytes,
    identifier,
    object_key,
)

NAME_CHARS = 255
ADDRESS_CHARS = 2000
SENTENCE_CHARS = 1000
RUN_CHARS = 64

metadata = MetaData()

sources = Table(
    "sources",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("source_kind", exact_name(16), nullable=False),
    Column("tenant_id", identifier()),
    Column("store_id", identifier()),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("origin_at", UtcDateTime, nullable=False),
    Column("is_wall_clock", Boolean, nullable=False),
    Column("recorded_at", UtcDateTime),
    Column("configured_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("is_being_removed", Boolean, nullable=False),
    Index("ix_sources_newest", "source_kind", "configured_at", "source_id"),
    Index("ix_sources_tenant", "tenant_id", "source_kind", "configured_at"),
    Index("ix_sources_store", "store_id", "source_kind"),
    **INNODB,
)
"""What gives clips. A source that is being removed is shown to nobody. `configured_at` is when it
was added, `changed_at` when what is said of it was last changed; the epoch of a stub that only
clips speak of."""

removed_sources = Table(
    "removed_sources",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("source_kind", exact_name(16), nullable=False),
    Column("tenant_id", identifier()),
    Column("store_id", identifier()),
    Column("alert_ids", JSON, nullable=False),
    Column("removed_at", UtcDateTime, nullable=False),
    Index("ix_removed_sources_removed_at", "removed_at"),
    **INNODB,
)
"""Kept while topics may still speak of a source, so that a late message does not bring it back."""

videos = Table(
    "videos",
    metadata,
    Column("video_id", identifier(), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_type", String(64), nullable=False),
    Column("object_key", object_key(), nullable=False),
    Column("playable_key", object_key()),
    Column("state", exact_name(16), nullable=False),
    Column("decoded", Double, nullable=False),
    Column("clip_count", Integer, nullable=False),
    Column("clips_missing", Integer, nullable=False),
    Column("duration_s", Double),
    Column("width", Integer),
    Column("height", Integer),
    Column("frame_rate", Double),
    Column("codec", String(64)),
    Column("error", String(SENTENCE_CHARS)),
    Column("note", String(SENTENCE_CHARS)),
    Column("is_paused", Boolean, nullable=False, server_default=false()),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("progressed_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index("ix_videos_submitted_at", "submitted_at", "video_id"),
    Index("ix_videos_state", "state", "submitted_at"),
    **INNODB,
)
"""What is known of a source that is an upload."""

cameras = Table(
    "cameras",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("address", String(ADDRESS_CHARS), nullable=False),
    Column("record_address", String(ADDRESS_CHARS)),
    Column("credentials", blob()),
    Column("frames", Integer, nullable=False),
    Column("frame_rate", Double, nullable=False),
    Column("hop", Integer, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("announced_at", UtcDateTime),
    Index("ix_cameras_announced", "announced_at", "changed_at"),
    **INNODB,
)
"""What is configured of a camera. Addresses carry no credentials; those are sealed. `announced_at`
is the `changed_at` that `sources.v1` has; with another or none it is to be told."""

runs = Table(
    "runs",
    metadata,
    Column("source_id", identifier(), primary_key=True),
    Column("run", exact_name(RUN_CHARS), primary_key=True),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("last_end_s", Double, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("alerts_opened", Integer, nullable=False),
    Column("alerts_seen", Integer, nullable=False),
    Column("alerts_closed", Integer, nullable=False),
    Column("last_score", Double),
    Column("heard_at", UtcDateTime, nullable=False),
    Index("ix_runs_run", "run"),
    **INNODB,
)
"""How far a run got with a source. `alerts_opened` is what its last score says; the other two are
counted, for uploads alone."""

score_series = Table(
    "score_series",
    metadata,
    Column("series_id", BigInteger, primary_key=True, autoincrement=False),
    Column("source_id", identifier(), nullable=False),
    Column("run", exact_name(RUN_CHARS), nullable=False),
    Column("origin_at", UtcDateTime, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("frame_rate", Double, nullable=False),
    Column("hop", Integer, nullable=False),
    Column("detector", String(64), nullable=False),
    Column("backbone", String(64), nullable=False),
    Column("head", String(64), nullable=False),
    Column("model_id", String(128), nullable=False),
    Column("rule", String(128), nullable=False),
    Column("label", String(128), nullable=False),
    Column("high_mark", Double),
    Column("clips", Integer, nullable=False),
    Column("top", Double, nullable=False),
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Index("ix_score_series_source", "source_id", "run", "last_at"),
    Index("ix_score_series_run", "run"),
    **INNODB,
)
"""The scores of one head, model and mark on one grid of a source; a change begins another."""

score_blocks = Table(
    "score_blocks",
    metadata,
    Column("series_id", BigInteger, primary_key=True, autoincrement=False),
    Column("first_index", BigInteger, primary_key=True, autoincrement=False),
    Column("span", Integer, nullable=False),
    Column("clips", Integer, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("scores", blob(), nullable=False),
    Index("ix_score_blocks_span", "span", "series_id", "first_index", "written_at"),
    Index("ix_score_blocks_ends_at", "ends_at"),
    **INNODB,
)
"""The scores of `span` clips from `first_index` on, packed (see `scores/blocks`)."""

score_hours = Table(
    "score_hours",
    metadata,
    Column("series_id", BigInteger, primary_key=True, autoincrement=False),
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("top", Double, nullable=False),
    Column("minutes", few_bytes(240), nullable=False),
    Index("ix_score_hours_hour", "hour"),
    **INNODB,
)
"""The highest score of an hour (hours since 1970) and of each of its minutes, as sixty float32."""

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("source_kind", exact_name(16), nullable=False),
    Column("run", exact_name(RUN_CHARS), nullable=False),
    Column("kind", exact_name(16), nullable=False),
    Column("rule", String(128), nullable=False),
    Column("label", String(128), nullable=False),
    Column("severity", exact_name(16), nullable=False),
    Column("state", exact_name(16), nullable=False),
    Column("reason", exact_name(32)),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("peak_s", Double, nullable=False),
    Column("peak_score", Double),
    Column("peak_index", BigInteger, nullable=False),
    Column("origin_at", UtcDateTime, nullable=False),
    Column("is_wall_clock", Boolean, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("model_id", String(128), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("incident_id", identifier()),
    Index("ix_alerts_incident", "incident_id"),
    Index("ix_alerts_newest", "run", "started_at", "alert_id"),
    Index("ix_alerts_state", "run", "state", "started_at", "alert_id"),
    Index("ix_alerts_source", "source_id", "run", "started_at", "alert_id"),
    Index("ix_alerts_started_at", "started_at"),
    Index("ix_alerts_recorded_at", "recorded_at"),
    **INNODB,
)

conditions = Table(
    "conditions",
    metadata,
    Column("health_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("condition", exact_name(32), nullable=False),
    Column("origin_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("is_over", Boolean, nullable=False),
    Column("detail", String(SENTENCE_CHARS), nullable=False),
    Column("count", BigInteger, nullable=False),
    Index("ix_conditions_source", "source_id", "started_at", "health_id"),
    Index("ix_conditions_ended", "source_id", "ended_at"),
    Index("ix_conditions_open", "is_over", "source_id"),
    Index("ix_conditions_started_at", "started_at"),
    **INNODB,
)
"""What was wrong with a source, and is, while it is not over. `ended_at` is how far it is known."""

segments = Table(
    "segments",
    metadata,
    Column("segment_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("codec", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("object_key", object_key()),
    Column("is_gone", Boolean, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_segments_source", "source_id", "started_at"),
    Index("ix_segments_ended_at", "ended_at"),
    **INNODB,
)
"""Stretches of a camera's own stream. Without `object_key` they lie where they were recorded."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", identifier(), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("alert_id", identifier(), nullable=False),
    Column("source_id", identifier(), nullable=False),
    Column("channel", exact_name(16), nullable=False),
    Column("target", String(512), nullable=False),
    Column("outcome", exact_name(16), nullable=False),
    Column("detail", String(SENTENCE_CHARS), nullable=False),
    Column("attempted_at", UtcDateTime, nullable=False),
    Column("target_id", identifier()),
    Column("purpose", exact_name(16), nullable=False),
    Column("status", Integer),
    Column("response", String(2000), nullable=False),
    Column("took_ms", Integer, nullable=False),
    Index("ix_deliveries_target", "target_id", "attempted_at"),
    Index("ix_deliveries_alert", "alert_id", "attempted_at"),
    Index("ix_deliveries_source", "source_id"),
    Index("ix_deliveries_attempted_at", "attempted_at"),
    **INNODB,
)

holds = Table(
    "holds",
    metadata,
    Column("hold_id", identifier(), primary_key=True),
    Column("tenant_id", identifier()),
    Column("source_id", identifier(), nullable=False),
    Column("is_of_alert", Boolean, nullable=False),
    Column("since_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime, nullable=False),
    Column("reason", String(SENTENCE_CHARS), nullable=False),
    Column("held_by", String(NAME_CHARS), nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
    Index("ix_holds_source", "source_id", "until_at"),
    Index("ix_holds_newest", "held_at", "hold_id"),
    **INNODB,
)
"""Stretches of sources of which nothing may be deleted. That of an alert has the alert's id, and
follows its end while it is open. Written by the API: no topic takes one away."""
