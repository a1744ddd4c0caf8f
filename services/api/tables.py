"""The tables: videos, clips with their scores, alerts, deliveries.

All rows but a video's first come from topics, so the tables can be made again from the log.
"""

from typing import Any

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
)

from services.api.columns import UtcDateTime, identifier, object_key

INNODB: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}
FILENAME_CHARS = 255
SENTENCE_CHARS = 1000

metadata = MetaData()

videos = Table(
    "videos",
    metadata,
    Column("video_id", identifier(), primary_key=True),
    Column("filename", String(FILENAME_CHARS), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_type", String(64), nullable=False),
    Column("object_key", object_key(), nullable=False),
    Column("playable_key", object_key()),
    Column("state", String(16), nullable=False),
    Column("decoded", Double, nullable=False),
    Column("clip_count", Integer, nullable=False),
    Column("duration_s", Double),
    Column("width", Integer),
    Column("height", Integer),
    Column("frame_rate", Double),
    Column("codec", String(64)),
    Column("error", String(SENTENCE_CHARS)),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("progressed_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("top_score", Double),
    Index("ix_videos_submitted_at", "submitted_at"),
    **INNODB,
)

clips = Table(
    "clips",
    metadata,
    Column("clip_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("source_kind", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("origin_at", UtcDateTime),
    Column("score", Double, nullable=False),
    Column("calibrated", Double, nullable=False),
    Column("high_mark", Double),
    Column("backbone", String(64), nullable=False),
    Column("head", String(64), nullable=False),
    Column("model_id", String(128), nullable=False),
    Column("alerts_opened", Integer, nullable=False),
    Column("is_last", Boolean, nullable=False),
    Column("heads", JSON(none_as_null=True)),
    Index("ix_clips_timeline", "source_id", "position"),
    Index("ix_clips_last", "source_id", "is_last"),
    **INNODB,
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", identifier(), primary_key=True),
    Column("source_id", identifier(), nullable=False),
    Column("source_kind", String(16), nullable=False),
    Column("rule", String(128), nullable=False),
    Column("label", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("peak_s", Double, nullable=False),
    Column("peak_score", Double, nullable=False),
    Column("peak_clip_id", identifier(), nullable=False),
    Column("origin_at", UtcDateTime),
    Column("model_id", String(128), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ix_alerts_timeline", "source_id", "start_s"),
    Index("ix_alerts_recorded_at", "recorded_at"),
    **INNODB,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", identifier(), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("alert_id", identifier(), nullable=False),
    Column("source_id", identifier(), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("target", String(512), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("detail", String(SENTENCE_CHARS), nullable=False),
    Column("snapshot_key", object_key()),
    Column("evidence_key", object_key()),
    Column("attempted_at", UtcDateTime, nullable=False),
    Index("ix_deliveries_alert", "alert_id", "attempted_at"),
    **INNODB,
)
