"""Messages to rows: pure. What a row becomes where one is there already stands in `rules.py`."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.alerts import Alert, AlertClosed
from schemas.base import Message
from schemas.calibrations import SourceCalibrated
from schemas.clips import OfSource
from schemas.deliveries import DeliveryAttempted
from schemas.health import SourceHealth
from schemas.ids import health_id
from schemas.recordings import SegmentRecorded
from schemas.scores import ClipScored, ClipsScored
from schemas.sources import CameraSettings, SourceConfigured
from schemas.videos import VideoProgressed
from services.api.tables import NAME_CHARS, SENTENCE_CHARS

Row = dict[str, Any]
Plain = SourceConfigured | SegmentRecorded | DeliveryAttempted | SourceCalibrated
"""What is of a source, and of no stretch on its grid."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When a stub was last changed: whatever is configured is newer."""

STATES = {"decoding": "decoding", "decoded": "scoring", "failed": "failed"}


@dataclass(frozen=True)
class Rows:
    """What a batch of messages says about each table, in the order it was said."""

    sources: dict[str, Row] = field(default_factory=dict)
    configured: list[Row] = field(default_factory=list)
    cameras: list[Row] = field(default_factory=list)
    videos: list[Row] = field(default_factory=list)
    scores: list[ClipScored | ClipsScored] = field(default_factory=list)
    runs: dict[tuple[str, str], Row] = field(default_factory=dict)
    alerts: list[Row] = field(default_factory=list)
    conditions: list[Row] = field(default_factory=list)
    segments: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    calibrated: list[SourceCalibrated] = field(default_factory=list)


def source_of(message: Message) -> str:
    """Which source a message of the projector's topics is about."""
    if isinstance(message, VideoProgressed):
        return str(message.video_id)
    assert isinstance(message, OfSource | Plain)
    return str(message.source_id)


def rows_for(messages: Iterable[Message], now: datetime) -> Rows:
    """`now` is when an alert was first heard of, and a run latest; nothing else depends on it."""
    rows = Rows()
    for message in messages:
        if isinstance(message, Plain):
            _add_plain(rows, message)
        elif isinstance(message, VideoProgressed):
            _source_known(rows, source_row_of_video(message))
            rows.videos.append(video_row(message))
        elif isinstance(message, OfSource):
            _source_known(rows, source_row(message))
            _add_of_source(rows, message, now)
        else:
            raise TypeError(f"no table for {message.type}")
    return rows


def _add_plain(rows: Rows, message: Plain) -> None:
    if isinstance(message, SourceConfigured):
        rows.configured.append(configured_row(message))
        if message.address is not None:
            rows.cameras.append(camera_row(message))
    elif isinstance(message, SegmentRecorded):
        rows.segments.append(segment_row(message))
    elif isinstance(message, SourceCalibrated):
        rows.calibrated.append(message)
    else:
        rows.deliveries.append(delivery_row(message))


def _add_of_source(rows: Rows, message: OfSource, now: datetime) -> None:
    if isinstance(message, ClipScored):
        rows.scores.append(message)
        _run_went_on(rows, run_row(message, now))
    elif isinstance(message, ClipsScored):
        rows.scores.append(message)
        _run_went_on(rows, run_row_of_block(message, now))
    elif isinstance(message, Alert):
        rows.alerts.append(alert_row(message, now))
    elif isinstance(message, SourceHealth):
        rows.conditions.append(condition_row(message))
    else:
        raise TypeError(f"no table for {message.type}")


def _source_known(rows: Rows, row: Row) -> None:
    rows.sources.setdefault(row["source_id"], row)


def _run_went_on(rows: Rows, row: Row) -> None:
    """One row a run, so that a batch of a thousand scores does not write it a thousand times."""
    earlier = rows.runs.setdefault((row["source_id"], row["run"]), row)
    if row["last_at"] >= earlier["last_at"]:
        earlier["last_score"] = row["last_score"]
    for name in ("last_at", "last_end_s", "is_over", "alerts_opened"):
        earlier[name] = max(earlier[name], row[name])
    earlier["first_at"] = min(earlier["first_at"], row["first_at"])


def source_row(message: OfSource) -> Row:
    """A source as far as its clips tell of it; who configured it knows more."""
    return {
        "source_id": str(message.source_id),
        "source_kind": message.source_kind,
        "tenant_id": None,
        "store_id": None,
        "name": "",
        "origin_at": message.origin_at,
        "is_wall_clock": message.is_wall_clock,
        "recorded_at": None,
        "configured_at": message.origin_at,
        "changed_at": EPOCH,
        "is_being_removed": False,
    }


def configured_row(message: SourceConfigured) -> Row:
    """A source as whoever configured it describes it."""
    return {
        "source_id": str(message.source_id),
        "source_kind": message.source_kind,
        "tenant_id": str(message.tenant_id),
        "store_id": str(message.store_id),
        "name": message.name[:NAME_CHARS],
        "origin_at": message.origin_at,
        "is_wall_clock": message.is_wall_clock,
        "recorded_at": message.recorded_at,
        "configured_at": message.configured_at,
        "changed_at": message.configured_at,
        "is_being_removed": False,
    }


def camera_row(message: SourceConfigured) -> Row:
    """What more is configured of a camera; since it comes from the topic, the topic has it."""
    return {
        "source_id": str(message.source_id),
        "address": message.address,
        "record_address": message.record_address,
        "credentials": message.credentials,
        "frames": message.spec.frames,
        "frame_rate": message.spec.frame_rate,
        "hop": message.spec.hop,
        "settings": (message.camera or CameraSettings()).model_dump(mode="json"),
        "is_paused": message.is_paused,
        "changed_at": message.configured_at,
        "announced_at": message.configured_at,
    }


def source_row_of_video(message: VideoProgressed) -> Row:
    """An upload whose own row is lost."""
    return {
        "source_id": str(message.video_id),
        "source_kind": "upload",
        "tenant_id": None,
        "store_id": None,
        "name": "",
        "origin_at": message.progressed_at,
        "is_wall_clock": False,
        "recorded_at": None,
        "configured_at": message.progressed_at,
        "changed_at": EPOCH,
        "is_being_removed": False,
    }


def video_row(message: VideoProgressed) -> Row:
    """The columns that ingest knows; the upload's own are filled in case its row is lost."""
    key = str(message.video_id)
    return {
        "video_id": key,
        "size_bytes": 0,
        "content_type": "application/octet-stream",
        "object_key": f"videos/{key}/original",
        "playable_key": message.playable_key,
        "state": STATES[message.state],
        "decoded": 1.0 if message.state == "decoded" else message.progress,
        "clip_count": message.clip_count,
        "clips_missing": 0,
        "duration_s": message.duration_s,
        "width": message.width,
        "height": message.height,
        "frame_rate": message.frame_rate,
        "codec": message.codec[:64] if message.codec else None,
        "error": message.error[:SENTENCE_CHARS] if message.error else None,
        "note": None,
        "submitted_at": message.progressed_at,
        "progressed_at": message.progressed_at,
        "finished_at": message.progressed_at if message.state == "failed" else None,
    }


def run_row(message: ClipScored, now: datetime) -> Row:
    first, last = message.clips[0], message.clips[-1]
    return {
        "source_id": str(message.source_id),
        "run": message.run,
        "first_at": message.moment(first.start_s),
        "last_at": message.moment(last.start_s),
        "last_end_s": last.end_s,
        "is_over": message.is_last,
        "alerts_opened": message.alerts_opened,
        "alerts_seen": 0,
        "alerts_closed": 0,
        "last_score": message.top.calibrated,
        "heard_at": now,
    }


def run_row_of_block(message: ClipsScored, now: datetime) -> Row:
    indexes, hop_s = _ends(message.indexes), message.spec.hop_s
    end_s = indexes[-1] * hop_s + message.spec.duration_s
    end_s = next((one.end_s for one in message.short if one.index == indexes[-1]), end_s)
    return {
        "source_id": str(message.source_id),
        "run": message.run,
        "first_at": message.moment(indexes[0] * hop_s),
        "last_at": message.moment(indexes[-1] * hop_s),
        "last_end_s": end_s,
        "is_over": message.is_last,
        "alerts_opened": message.alerts_opened,
        "alerts_seen": 0,
        "alerts_closed": 0,
        "last_score": max(struct.unpack("<d", head.calibrated[-8:])[0] for head in message.heads),
        "heard_at": now,
    }


def _ends(indexes: bytes) -> tuple[int, int]:
    """The first and the last."""
    first, last = struct.unpack("<q", indexes[:8]), struct.unpack("<q", indexes[-8:])
    return first[0], last[0]


def alert_row(message: Alert, now: datetime) -> Row:
    row = _same(
        message,
        "source_kind run kind rule severity start_s end_s peak_s peak_score peak_index"
        " origin_at is_wall_clock model_id",
    )
    return row | {
        "alert_id": str(message.alert_id),
        "source_id": str(message.source_id),
        "label": message.label[:128],
        "state": "closed" if isinstance(message, AlertClosed) else "open",
        "reason": message.reason if isinstance(message, AlertClosed) else None,
        "started_at": message.moment(message.start_s),
        "ended_at": message.moment(message.end_s),
        "recorded_at": now,
        "incident_id": None,
    }


def condition_row(message: SourceHealth) -> Row:
    start_ms = round(message.start_s * 1000)
    name = health_id(message.source_id, message.origin_at, message.condition, start_ms)
    return _same(message, "condition origin_at is_over count") | {
        "health_id": str(name),
        "source_id": str(message.source_id),
        "started_at": message.moment(message.start_s),
        "ended_at": message.moment(max(message.start_s, message.at_s)),
        "detail": message.detail[:SENTENCE_CHARS],
    }


def segment_row(message: SegmentRecorded) -> Row:
    names = "started_at ended_at size_bytes width height object_key is_gone recorded_at"
    return _same(message, names) | {
        "segment_id": str(message.segment_id),
        "source_id": str(message.source_id),
        "codec": message.codec[:64],
    }


def delivery_row(message: DeliveryAttempted) -> Row:
    return _same(message, "attempt channel outcome attempted_at purpose status took_ms") | {
        "delivery_id": str(message.delivery_id),
        "alert_id": str(message.alert_id),
        "source_id": str(message.source_id),
        "target_id": str(message.target_id) if message.target_id else None,
        "target": message.target[:512],
        "response": message.response[:2000],
        "detail": message.detail[:SENTENCE_CHARS],
    }


def _same(message: Message, names: str) -> Row:
    get: Callable[[str], Any] = message.__getattribute__
    return {name: get(name) for name in names.split()}
