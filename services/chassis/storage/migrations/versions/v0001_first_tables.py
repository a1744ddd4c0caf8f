"""The first tables: the API's, from sources to holds, and the leases of all services."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Integer,
    String,
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

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "sources",
    "removed_sources",
    "videos",
    "cameras",
    "runs",
    "score_series",
    "score_blocks",
    "score_hours",
    "alerts",
    "conditions",
    "segments",
    "deliveries",
    "holds",
    "leases",
)


def upgrade() -> None:
    _sources()
    _cameras()
    _scores()
    _alerts()
    _conditions()
    _holds()
    _leases()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)


def _sources() -> None:
    op.create_table(
        "sources",
        Column("source_id", identifier(), primary_key=True),
        Column("source_kind", exact_name(16), nullable=False),
        Column("tenant_id", identifier()),
        Column("store_id", identifier()),
        Column("name", String(255), nullable=False),
        Column("origin_at", UtcDateTime, nullable=False),
        Column("is_wall_clock", Boolean, nullable=False),
        Column("recorded_at", UtcDateTime),
        Column("configured_at", UtcDateTime, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("is_being_removed", Boolean, nullable=False),
        **INNODB,
    )
    op.create_index("ix_sources_newest", "sources", ["source_kind", "configured_at", "source_id"])
    op.create_index("ix_sources_tenant", "sources", ["tenant_id", "source_kind", "configured_at"])
    op.create_index("ix_sources_store", "sources", ["store_id", "source_kind"])
    op.create_table(
        "removed_sources",
        Column("source_id", identifier(), primary_key=True),
        Column("source_kind", exact_name(16), nullable=False),
        Column("tenant_id", identifier()),
        Column("store_id", identifier()),
        Column("alert_ids", JSON, nullable=False),
        Column("removed_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_removed_sources_removed_at", "removed_sources", ["removed_at"])
    op.create_table(
        "videos",
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
        Column("error", String(1000)),
        Column("note", String(1000)),
        Column("submitted_at", UtcDateTime, nullable=False),
        Column("progressed_at", UtcDateTime),
        Column("finished_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_videos_submitted_at", "videos", ["submitted_at", "video_id"])
    op.create_index("ix_videos_state", "videos", ["state", "submitted_at"])
    op.create_table(
        "runs",
        Column("source_id", identifier(), primary_key=True),
        Column("run", exact_name(64), primary_key=True),
        Column("first_at", UtcDateTime, nullable=False),
        Column("last_at", UtcDateTime, nullable=False),
        Column("last_end_s", Double, nullable=False),
        Column("is_over", Boolean, nullable=False),
        Column("alerts_opened", Integer, nullable=False),
        Column("alerts_seen", Integer, nullable=False),
        Column("alerts_closed", Integer, nullable=False),
        Column("last_score", Double),
        Column("heard_at", UtcDateTime, nullable=False),
        **INNODB,
    )


def _cameras() -> None:
    op.create_table(
        "cameras",
        Column("source_id", identifier(), primary_key=True),
        Column("address", String(2000), nullable=False),
        Column("record_address", String(2000)),
        Column("credentials", blob()),
        Column("frames", Integer, nullable=False),
        Column("frame_rate", Double, nullable=False),
        Column("hop", Integer, nullable=False),
        Column("settings", JSON, nullable=False),
        Column("is_paused", Boolean, nullable=False),
        Column("changed_at", UtcDateTime, nullable=False),
        Column("announced_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_cameras_announced", "cameras", ["announced_at", "changed_at"])


def _conditions() -> None:
    op.create_table(
        "conditions",
        Column("health_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("condition", exact_name(32), nullable=False),
        Column("origin_at", UtcDateTime, nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("ended_at", UtcDateTime, nullable=False),
        Column("is_over", Boolean, nullable=False),
        Column("detail", String(1000), nullable=False),
        Column("count", BigInteger, nullable=False),
        **INNODB,
    )
    op.create_index("ix_conditions_source", "conditions", ["source_id", "started_at", "health_id"])
    op.create_index("ix_conditions_ended", "conditions", ["source_id", "ended_at"])
    op.create_index("ix_conditions_open", "conditions", ["is_over", "source_id"])
    op.create_index("ix_conditions_started_at", "conditions", ["started_at"])
    op.create_table(
        "segments",
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
        **INNODB,
    )
    op.create_index("ix_segments_source", "segments", ["source_id", "started_at"])
    op.create_index("ix_segments_ended_at", "segments", ["ended_at"])


def _scores() -> None:
    op.create_table(
        "score_series",
        Column("series_id", BigInteger, primary_key=True, autoincrement=False),
        Column("source_id", identifier(), nullable=False),
        Column("run", exact_name(64), nullable=False),
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
        **INNODB,
    )
    op.create_index("ix_score_series_source", "score_series", ["source_id", "run", "last_at"])
    op.create_table(
        "score_blocks",
        Column("series_id", BigInteger, primary_key=True, autoincrement=False),
        Column("first_index", BigInteger, primary_key=True, autoincrement=False),
        Column("span", Integer, nullable=False),
        Column("clips", Integer, nullable=False),
        Column("ends_at", UtcDateTime, nullable=False),
        Column("written_at", UtcDateTime, nullable=False),
        Column("scores", blob(), nullable=False),
        **INNODB,
    )
    op.create_index(
        "ix_score_blocks_span", "score_blocks", ["span", "series_id", "first_index", "written_at"]
    )
    op.create_index("ix_score_blocks_ends_at", "score_blocks", ["ends_at"])
    op.create_table(
        "score_hours",
        Column("series_id", BigInteger, primary_key=True, autoincrement=False),
        Column("hour", Integer, primary_key=True, autoincrement=False),
        Column("top", Double, nullable=False),
        Column("minutes", few_bytes(240), nullable=False),
        **INNODB,
    )
    op.create_index("ix_score_hours_hour", "score_hours", ["hour"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        Column("alert_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("source_kind", exact_name(16), nullable=False),
        Column("run", exact_name(64), nullable=False),
        Column("kind", exact_name(16), nullable=False),
        Column("rule", String(128), nullable=False),
        Column("label", String(128), nullable=False),
        Column("severity", exact_name(16), nullable=False),
        Column("state", exact_name(16), nullable=False),
        Column("reason", exact_name(32)),
        Column("start_s", Double, nullable=False),
        Column("end_s", Double, nullable=False),
        Column("peak_s", Double, nullable=False),
        Column("peak_score", Double, nullable=False),
        Column("peak_index", BigInteger, nullable=False),
        Column("origin_at", UtcDateTime, nullable=False),
        Column("is_wall_clock", Boolean, nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("ended_at", UtcDateTime, nullable=False),
        Column("model_id", String(128), nullable=False),
        Column("recorded_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_alerts_newest", "alerts", ["run", "started_at", "alert_id"])
    op.create_index("ix_alerts_state", "alerts", ["run", "state", "started_at", "alert_id"])
    op.create_index("ix_alerts_source", "alerts", ["source_id", "run", "started_at", "alert_id"])
    op.create_index("ix_alerts_started_at", "alerts", ["started_at"])
    op.create_table(
        "deliveries",
        Column("delivery_id", identifier(), primary_key=True),
        Column("attempt", Integer, primary_key=True, autoincrement=False),
        Column("alert_id", identifier(), nullable=False),
        Column("source_id", identifier(), nullable=False),
        Column("channel", exact_name(16), nullable=False),
        Column("target", String(512), nullable=False),
        Column("outcome", exact_name(16), nullable=False),
        Column("detail", String(1000), nullable=False),
        Column("attempted_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_deliveries_alert", "deliveries", ["alert_id", "attempted_at"])
    op.create_index("ix_deliveries_source", "deliveries", ["source_id"])
    op.create_index("ix_deliveries_attempted_at", "deliveries", ["attempted_at"])


def _holds() -> None:
    op.create_table(
        "holds",
        Column("alert_id", identifier(), primary_key=True),
        Column("source_id", identifier(), nullable=False),
        Column("held_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_holds_source", "holds", ["source_id"])


def _leases() -> None:
    """Which of several instances of a service carries a duty out."""
    op.create_table(
        "leases",
        Column("name", String(128), primary_key=True),
        Column("holder", String(128), nullable=False),
        Column("expires_at", Double, nullable=False),
        **INNODB,
    )
