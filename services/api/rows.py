"""Messages to rows: pure. What a row becomes where one is there already stands in `rules.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.deliveries import DeliveryAttempted
from schemas.scores import ClipScored
from schemas.videos import VideoProgressed
from services.api.tables import SENTENCE_CHARS

Row = dict[str, Any]
STATES = {"decoding": "decoding", "decoded": "scoring", "failed": "failed"}


@dataclass(frozen=True)
class Rows:
    """What a batch of messages says about each table, in the order it was said."""

    videos: list[Row] = field(default_factory=list)
    clips: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)

    @property
    def sources(self) -> list[str]:
        """The sources whose analysis may be done by this batch, sorted."""
        named = {row["video_id"] for row in self.videos}
        named |= {row["source_id"] for row in (*self.clips, *self.alerts)}
        return sorted(named)


def rows_for(messages: Iterable[Message], now: datetime) -> Rows:
    """One row a message. `now` is when an alert was first heard of; nothing else depends on it."""
    rows = Rows()
    for message in messages:
        if isinstance(message, VideoProgressed):
            rows.videos.append(video_row(message))
        elif isinstance(message, ClipScored):
            rows.clips.append(clip_row(message))
        elif isinstance(message, AlertOpened | AlertUpdated | AlertClosed):
            rows.alerts.append(alert_row(message, now))
        elif isinstance(message, DeliveryAttempted):
            rows.deliveries.append(delivery_row(message))
        else:
            raise TypeError(f"no table for {message.type}")
    return rows


def video_row(message: VideoProgressed) -> Row:
    """The columns that ingest knows; the upload's own are filled in case its row is lost."""
    key = str(message.video_id)
    return {
        "video_id": key,
        "filename": "",
        "size_bytes": 0,
        "content_type": "application/octet-stream",
        "object_key": f"videos/{key}/original",
        "playable_key": message.playable_key,
        "state": STATES[message.state],
        "decoded": 1.0 if message.state == "decoded" else message.progress,
        "clip_count": message.clip_count,
        "duration_s": message.duration_s,
        "width": message.width,
        "height": message.height,
        "frame_rate": message.frame_rate,
        "codec": message.codec[:64] if message.codec else None,
        "error": message.error[:SENTENCE_CHARS] if message.error else None,
        "submitted_at": message.progressed_at,
        "progressed_at": message.progressed_at,
        "finished_at": message.progressed_at if message.state == "failed" else None,
    }


def clip_row(message: ClipScored) -> Row:
    return _same(
        message,
        "source_kind start_s end_s origin_at score calibrated high_mark"
        " backbone head model_id alerts_opened is_last",
    ) | {
        "clip_id": str(message.clip_id),
        "source_id": str(message.source_id),
        "position": message.index,
        "heads": [said.model_dump() for said in message.heads] if message.heads else None,
    }


def alert_row(message: AlertOpened | AlertUpdated | AlertClosed, now: datetime) -> Row:
    closed = isinstance(message, AlertClosed)
    return _same(
        message,
        "source_kind rule label start_s end_s peak_s peak_score origin_at model_id",
    ) | {
        "alert_id": str(message.alert_id),
        "source_id": str(message.source_id),
        "peak_clip_id": str(message.peak_clip_id),
        "state": "closed" if closed else "open",
        "reason": message.reason if isinstance(message, AlertClosed) else None,
        "recorded_at": now,
    }


def delivery_row(message: DeliveryAttempted) -> Row:
    return _same(
        message, "attempt channel target outcome snapshot_key evidence_key attempted_at"
    ) | {
        "delivery_id": str(message.delivery_id),
        "alert_id": str(message.alert_id),
        "source_id": str(message.source_id),
        "detail": message.detail[:SENTENCE_CHARS],
    }


def _same(message: Message, names: str) -> Row:
    get: Callable[[str], Any] = message.__getattribute__
    return {name: get(name) for name in names.split()}
