"""One full example of every message: the source of the golden payloads under examples/.

Every optional field is set, so that a reader in another language meets each of them.
"""

import struct
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipRef, ClipSpec
from schemas.deadletters import DeadLetter
from schemas.deliveries import DeliveryAttempted
from schemas.embeddings import EmbeddingExtracted
from schemas.poses import Person, PoseFrame, PosesExtracted
from schemas.scores import ClipScored, HeadScore
from schemas.videos import VideoProgressed, VideoSubmitted

A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)

SOURCE = UUID("0190b6a2-7c1e-5d3a-9f04-2a6c1e5d3a9f")
NOON = datetime(2026, 3, 14, 12, 0, 0, 250000, tzinfo=UTC)
CLIP_S = ClipSpec().duration_s
GREY_JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
    "hbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAA"
    "AAAAAAAAAAD/2gAIAQEAAD8AP//Z"
)


def samples() -> tuple[Message, ...]:
    """The same messages at every call."""
    return (
        _video_submitted(),
        _video_progressed(),
        _clip_recorded(),
        _embedding_extracted(),
        _poses_extracted(),
        _clip_scored(),
        _alert(AlertOpened),
        _alert(AlertUpdated),
        _alert_closed(),
        _delivery_attempted(),
        _dead_letter(),
    )


def _video_submitted() -> VideoSubmitted:
    return VideoSubmitted(
        video_id=SOURCE,
        object_key=f"videos/{SOURCE}/original",
        filename="door-2.mp4",
        size_bytes=18_874_368,
        submitted_at=NOON,
    )


def _video_progressed() -> VideoProgressed:
    return VideoProgressed(
        video_id=SOURCE,
        state="failed",
        progress=0.5,
        clip_count=6,
        duration_s=12.5,
        width=1280,
        height=720,
        frame_rate=25.0,
        codec="h264",
        playable_key=f"videos/{SOURCE}/playable.mp4",
        error="the file ends in the middle",
        progressed_at=NOON,
    )


def _clip_recorded() -> ClipRecorded:
    return ClipRecorded(
        clip_id=ids.clip_id(SOURCE, 6 * CLIP_S),
        source_id=SOURCE,
        index=6,
        start_s=6 * CLIP_S,
        end_s=6 * CLIP_S + 2 / 15,
        origin_at=NOON,
        width=8,
        height=8,
        frame_count=2,
        frames=(GREY_JPEG, GREY_JPEG),
        is_last=True,
    )


def _clip_ref(index: int) -> ClipRef:
    start_s = index * CLIP_S
    return ClipRef(
        clip_id=ids.clip_id(SOURCE, start_s), index=index, start_s=start_s, end_s=start_s + CLIP_S
    )


def _embedding_extracted() -> EmbeddingExtracted:
    clips = (_clip_ref(4), _clip_ref(5))
    return EmbeddingExtracted(
        embedding_id=ids.embedding_id(clips[0].clip_id, "i3d_k400"),
        source_id=SOURCE,
        clips=clips,
        origin_at=NOON,
        backbone="i3d_k400",
        window=2,
        dim=4,
        vector=struct.pack("<4f", 0.0, 0.5, -1.25, 3.0),
    )


def _poses_extracted() -> PosesExtracted:
    clip = _clip_ref(4)
    keypoints = tuple((0.25 + number / 64, 0.5, 0.75) for number in range(17))
    person = Person(track_id=3, confidence=0.875, box=(0.25, 0.125, 0.5, 0.75), keypoints=keypoints)
    return PosesExtracted(
        poses_id=ids.poses_id(clip.clip_id, "yolov8_pose"),
        source_id=SOURCE,
        clip=clip,
        origin_at=NOON,
        backbone="yolov8_pose",
        width=455,
        height=256,
        frames=(PoseFrame(at_s=clip.start_s, people=(person,)), PoseFrame(at_s=clip.start_s + 0.5)),
    )


def _clip_scored() -> ClipScored:
    clip = _clip_ref(5)
    return ClipScored(
        clip_id=clip.clip_id,
        source_id=SOURCE,
        index=clip.index,
        start_s=clip.start_s,
        end_s=clip.end_s,
        origin_at=NOON,
        score=1.75,
        calibrated=0.875,
        high_mark=0.75,
        head="linear",
        model_id="linear-i3d_k400-2026.03",
        backbone="i3d_k400",
        alerts_opened=1,
        is_last=True,
        heads=(
            HeadScore(
                head="linear",
                model_id="linear-i3d_k400-2026.03",
                rule="fight",
                label="Possible fight",
                score=1.75,
                calibrated=0.875,
                high_mark=0.75,
            ),
        ),
    )


def _alert(kind: Callable[..., A], **more: str) -> A:
    opening = _clip_ref(2)
    return kind(
        alert_id=ids.alert_id(SOURCE, "anomaly", opening.clip_id),
        source_id=SOURCE,
        rule="anomaly",
        label="fight",
        start_s=opening.start_s,
        end_s=_clip_ref(5).end_s,
        peak_s=_clip_ref(4).start_s,
        peak_score=0.9375,
        peak_clip_id=_clip_ref(4).clip_id,
        origin_at=NOON,
        model_id="linear-i3d_k400-2026.03",
        **more,
    )


def _alert_closed() -> AlertClosed:
    return _alert(AlertClosed, reason="source_ended")


def _delivery_attempted() -> DeliveryAttempted:
    alert = _alert(AlertOpened)
    return DeliveryAttempted(
        delivery_id=ids.delivery_id(alert.alert_id, "webhook", "https://example.org/hook"),
        alert_id=alert.alert_id,
        source_id=SOURCE,
        channel="webhook",
        target="https://example.org/hook",
        attempt=2,
        outcome="delivered",
        detail="204 No Content",
        snapshot_key=f"alerts/{alert.alert_id}/snapshot.jpg",
        evidence_key=f"alerts/{alert.alert_id}/evidence.mp4",
        attempted_at=NOON,
    )


def _dead_letter() -> DeadLetter:
    return DeadLetter(
        topic="scores.v1",
        partition=3,
        offset=41,
        consumer="api",
        reason="not msgpack: Unpack failed",
        record_key=str(SOURCE).encode(),
        record_value=b"\xc1\x00not a message",
        failed_at=NOON,
    )
