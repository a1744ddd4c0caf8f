"""The first tables: videos, clips, alerts, deliveries."""

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, String

from services.api.columns import UtcDateTime, identifier, object_key

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INNODB: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}


def upgrade() -> None:
    _videos()
    _clips()
    _alerts()
    _deliveries()


def downgrade() -> None:
    for name in ("deliveries", "alerts", "clips", "videos"):
        op.drop_table(name)


def _videos() -> None:
    op.create_table(
        "videos",
        Column("video_id", identifier(), primary_key=True),
        Column("filename", String(255), nullable=False),
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
        Column("error", String(1000)),
        Column("submitted_at", UtcDateTime, nullable=False),
        Column("progressed_at", UtcDateTime),
        Column("finished_at", UtcDateTime),
        **INNODB,
    )
    op.create_index("ix_videos_submitted_at", "videos", ["submitted_at"])


def _clips() -> None:
    op.create_table(
        "clips",
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
        **INNODB,
    )
    op.create_index("ix_clips_timeline", "clips", ["source_id", "position"])


def _alerts() -> None:
    op.create_table(
        "alerts",
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
        **INNODB,
    )
    op.create_index("ix_alerts_timeline", "alerts", ["source_id", "start_s"])
    op.create_index("ix_alerts_recorded_at", "alerts", ["recorded_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        Column("delivery_id", identifier(), primary_key=True),
        Column("attempt", Integer, primary_key=True, autoincrement=False),
        Column("alert_id", identifier(), nullable=False),
        Column("source_id", identifier(), nullable=False),
        Column("channel", String(16), nullable=False),
        Column("target", String(512), nullable=False),
        Column("outcome", String(16), nullable=False),
        Column("detail", String(1000), nullable=False),
        Column("snapshot_key", object_key()),
        Column("evidence_key", object_key()),
        Column("attempted_at", UtcDateTime, nullable=False),
        **INNODB,
    )
    op.create_index("ix_deliveries_alert", "deliveries", ["alert_id", "attempted_at"])
