"""Messages of one uploaded video, as short as a test wants them."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.clips import ClipRef, ClipSpec, Grid
from schemas.deliveries import DeliveryAttempted
from schemas.health import SourceHealth
from schemas.ids import alert_id, clip_id, delivery_id, segment_id
from schemas.recordings import SegmentRecorded
from schemas.scores import ClipScored, ClipsScored, HeadScore, ShortClip
from schemas.sources import SourceConfigured
from schemas.topics import SOURCES, TOPICS
from schemas.videos import VideoProgressed
from services.chassis.streaming.records import Incoming, Partition, Record

START = datetime(2026, 5, 1, 22, 0, tzinfo=UTC)
GRID = Grid(origin_at=START, spec=ClipSpec())
CLIP_S = GRID.spec.hop_s
VIDEO = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)


def video_id(name: str) -> UUID:
    return uuid5(VIDEO, name)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def clip_ref(index: int) -> ClipRef:
    return ClipRef(index=index, start_s=GRID.start_s(index), end_s=GRID.start_s(index + 1))


CAMERA = video_id("camera")


def head(rule: str = "fight", calibrated: float = 0.1, **fields: Any) -> HeadScore:
    content = {
        "head": "linear",
        "model_id": f"linear-{rule}",
        "rule": rule,
        "label": f"Possible {rule}",
        "score": 4 * calibrated - 2,
        "calibrated": calibrated,
        "high_mark": 0.6,
    }
    return HeadScore.model_validate(content | fields)


def progressed(state: str = "decoding", after_s: float = 1, **fields: Any) -> VideoProgressed:
    content = {"video_id": VIDEO, "state": state, "progressed_at": at(after_s)} | fields
    return VideoProgressed.model_validate(content)


def scored(index: int, calibrated: float = 0.1, **fields: Any) -> ClipScored:
    content = {
        "source_id": VIDEO,
        "origin_at": START,
        "cut_at": START,
        "detector": "test",
        "backbone": "i3d_k400",
        "clips": (clip_ref(index),),
        "heads": (head(calibrated=calibrated),),
    }
    return ClipScored.model_validate(content | fields)


def scores(count: int, **fields: Any) -> list[ClipScored]:
    """The first clips of a source, each with a score of its own."""
    return [scored(index, (index * 7 % 100) / 100, **fields) for index in range(count)]


TWO_HEADS = head("fall", 0.2), head("fight", 0.7)


def alert(kind: type[A], /, peak_score: float | None = 0.8, opening: int = 2, **fields: Any) -> A:
    source, run = fields.get("source_id", VIDEO), fields.get("run", "live")
    first = clip_id(source, START, opening)
    content = {
        "alert_id": alert_id(run, "linear-fight", "fight", first),
        "source_id": source,
        "origin_at": START,
        "cut_at": START,
        "rule": "fight",
        "label": "Possible fight",
        "start_s": opening * CLIP_S,
        "end_s": (opening + 2) * CLIP_S,
        "peak_s": (opening + 1) * CLIP_S,
        "peak_score": peak_score,
        "peak_index": opening + 1,
        "model_id": "linear-fight",
    }
    return kind.model_validate(content | fields)


def delivered(attempt: int = 1, outcome: str = "delivered", **fields: Any) -> DeliveryAttempted:
    of = alert(AlertOpened)
    content = {
        "delivery_id": delivery_id(of.alert_id, "email", "owner@example.org"),
        "alert_id": of.alert_id,
        "source_id": VIDEO,
        "channel": "email",
        "target": "owner@example.org",
        "attempt": attempt,
        "outcome": outcome,
        "attempted_at": at(attempt),
    }
    return DeliveryAttempted.model_validate(content | fields)


def health(
    condition: str = "still", start_s: float = 10, at_s: float = 10, **fields: Any
) -> SourceHealth:
    content = {
        "source_id": CAMERA,
        "source_kind": "camera",
        "origin_at": START,
        "cut_at": START,
        "condition": condition,
        "start_s": start_s,
        "at_s": at_s,
    }
    return SourceHealth.model_validate(content | fields)


def configured(name: str = "Till 1", after_s: float = 0, **fields: Any) -> SourceConfigured:
    content = {
        "source_id": CAMERA,
        "source_kind": "camera",
        "name": name,
        "origin_at": START,
        "address": "sim://store",
        "configured_at": at(after_s),
    }
    return SourceConfigured.model_validate(content | fields)


def segment(start_s: float, recorded_s: float = 0, **fields: Any) -> SegmentRecorded:
    content = {
        "source_id": CAMERA,
        "segment_id": segment_id(CAMERA, at(start_s)),
        "started_at": at(start_s),
        "ended_at": at(start_s + 10),
        "size_bytes": 1000,
        "codec": "h264",
        "width": 1280,
        "height": 720,
        "recorded_at": at(start_s + 10 + recorded_s),
    }
    return SegmentRecorded.model_validate(content | fields)


def incoming(*messages: Message) -> list[Incoming]:
    """As the consume loop hands them over."""
    names = {kind: topic.name for topic in TOPICS for kind in topic.messages}
    return [
        Incoming(Record(Partition(names[type(message)], 0), offset, None, None), message)
        for offset, message in enumerate(messages)
    ]


def removed(source_id: UUID) -> Incoming:
    """The tombstone of a source, as the consume loop hands it over."""
    return Incoming(Record(Partition(SOURCES.name, 0), 0, str(source_id).encode(), None), None)


def block_of(messages: Sequence[ClipScored], **fields: Any) -> ClipsScored:
    """The same scores as one message, as a replay gives them."""
    first = messages[0]
    short = [
        ref for each in messages for ref in each.clips if ref.end_s < GRID.start_s(ref.index + 1)
    ]

    def packed(name: str, place: int) -> bytes:
        values = [getattr(each.heads[place], name) for each in messages for _ in each.clips]
        return struct.pack(f"<{len(values)}d", *values)

    indexes = [ref.index for each in messages for ref in each.clips]
    return ClipsScored.model_validate(
        first.provenance()
        | {
            "run": first.run,
            "detector": first.detector,
            "backbone": first.backbone,
            "indexes": struct.pack(f"<{len(indexes)}q", *indexes),
            "short": tuple(ShortClip(index=ref.index, end_s=ref.end_s) for ref in short),
            "heads": tuple(
                one.model_dump(exclude={"score", "calibrated"})
                | {"scores": packed("score", place), "calibrated": packed("calibrated", place)}
                for place, one in enumerate(first.heads)
            ),
            "alerts_opened": messages[-1].alerts_opened,
        }
        | fields
    )
