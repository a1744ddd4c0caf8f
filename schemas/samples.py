"""One full example of every message: the source of the golden payloads under examples/.

Every optional field is set, so that a reader in another language meets each of them.
"""

import struct
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from schemas import ids
from schemas.alerts import AlertClosed, AlertOpened, AlertUpdated
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipRef, ClipSpec
from schemas.deadletters import DeadLetter
from schemas.deliveries import DeliveryAttempted, DeliveryRequested
from schemas.embeddings import EmbeddingExtracted
from schemas.health import SourceHealth
from schemas.hours import DaySpan, Holiday, StoreHours, WeeklyHours
from schemas.judgements import ClipJudged, HeadJudgement
from schemas.keeping import HeldStretch, KeepingConfigured
from schemas.mails import MailRequested
from schemas.policies import PersistenceRule, PolicySet, PresenceRule, SourceCalibration
from schemas.poses import Person, PoseFrame, PosesExtracted
from schemas.pushes import FramePushed
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.reviews import AlertReviewed
from schemas.scores import ClipScored, HeadScore
from schemas.sources import CameraSettings, SourceConfigured, Zone
from schemas.targets import AlertFilter, Pacing, TargetConfigured
from schemas.videos import VideoProgressed, VideoSubmitted

A = TypeVar("A", AlertOpened, AlertUpdated, AlertClosed)

SOURCE = UUID("0190b6a2-7c1e-5d3a-9f04-2a6c1e5d3a9f")
NOON = datetime(2026, 3, 14, 12, 0, 0, 250000, tzinfo=UTC)
STORE = ids.default_store(ids.DEFAULT_TENANT)
TARGET = UUID("0190b6a2-7c1e-5d3a-9f04-2a6c1e5d3aa0")
CORNER = ((0.0, 0.0), (0.25, 0.0), (0.0, 0.25))
CLIP_S = ClipSpec().duration_s
MODEL = "linear-b2e49655"
LATE = DaySpan(start=time(18), end=time(2))
OF_SOURCE: dict[str, Any] = {
    "source_id": SOURCE,
    "source_kind": "camera",
    "origin_at": NOON,
    "is_wall_clock": True,
    "cut_at": datetime(2026, 3, 14, 12, 0, 7, 500000, tzinfo=UTC),
    "is_late": True,
}
GREY_JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1td"
    "hbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAA"
    "AAAAAAAAAAD/2gAIAQEAAD8AP//Z"
)


def samples() -> tuple[Message, ...]:
    """The same messages at every call."""
    return (
        _source_configured(),
        _policy_set(),
        _video_submitted(),
        _video_progressed(),
        _clip_recorded(),
        _embedding_extracted(),
        _poses_extracted(),
        _clip_judged(),
        _clip_scored(),
        _alert(AlertOpened),
        _alert(AlertUpdated),
        _alert_closed(),
        _delivery_attempted(),
        _delivery_requested(),
        _target_configured(),
        _alert_reviewed(),
        _mail_requested(),
        _source_health(),
        _segment_recorded(),
        _footage_requested(),
        _keeping_configured(),
        FramePushed(source_id=SOURCE, jpeg=GREY_JPEG, pushed_at=NOON),
        _dead_letter(),
    )


def _keeping_configured() -> KeepingConfigured:
    return KeepingConfigured(
        source_id=SOURCE,
        recordings_s=86_400.0,
        held=(HeldStretch(since_at=NOON, until_at=NOON + timedelta(hours=1)),),
        configured_at=NOON,
    )


def _video_submitted() -> VideoSubmitted:
    return VideoSubmitted(
        video_id=SOURCE,
        object_key=f"videos/{SOURCE}/original",
        filename="door-2.mp4",
        size_bytes=18_874_368,
        submitted_at=NOON,
        recorded_at=NOON,
        spec=ClipSpec(),
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


def _source_configured() -> SourceConfigured:
    return SourceConfigured(
        source_id=SOURCE,
        source_kind="camera",
        tenant_id=ids.DEFAULT_TENANT,
        store_id=STORE,
        name="door 2",
        origin_at=NOON,
        address="rtsp://10.0.0.7/stream2",
        record_address="rtsp://10.0.0.7/stream1",
        credentials=b"sealed",
        camera=CameraSettings(
            masks=(CORNER,), zones=(Zone(name="till", polygon=CORNER),), motion_gate=True
        ),
        recorded_at=NOON,
        configured_at=NOON,
    )


def _policy_set() -> PolicySet:
    return PolicySet(
        source_id=SOURCE,
        rules=(
            PersistenceRule(
                name="fight",
                label="Possible fight",
                high=0.75,
                low=0.5,
                k=4,
                n=6,
                m=4,
                alone=0.95,
                budget_per_day=0.5,
            ),
        ),
        presence=(
            PresenceRule(
                name="till",
                label="Somebody behind the till",
                zone="till",
                during="unstaffed",
                joined="fight",
            ),
        ),
        muted=("fall",),
        hours=StoreHours(
            time_zone="Asia/Seoul",
            open=WeeklyHours(monday=(LATE,)),
            staffed=WeeklyHours(monday=(DaySpan(start=time(9), end=time(18)),)),
            holidays=(Holiday(day=date(2026, 9, 25), open=(LATE,)),),
        ),
        zones=(Zone(name="till", polygon=CORNER),),
        calibrations=(SourceCalibration(model_id=MODEL, raw=(-4.0, 4.0), calibrated=(0.0, 1.0)),),
        snoozed_until=NOON + timedelta(hours=1),
        set_at=NOON,
    )


def _clip_recorded() -> ClipRecorded:
    return ClipRecorded(
        **OF_SOURCE,
        clip_id=ids.clip_id(SOURCE, NOON, 6),
        index=6,
        start_s=6 * CLIP_S,
        end_s=6 * CLIP_S + 2 / 15,
        width=8,
        height=8,
        frame_count=2,
        frames=(GREY_JPEG, GREY_JPEG),
        is_last=True,
    )


def _clip_ref(index: int) -> ClipRef:
    start_s = index * CLIP_S
    return ClipRef(index=index, start_s=start_s, end_s=start_s + CLIP_S)


def _embedding_extracted() -> EmbeddingExtracted:
    return EmbeddingExtracted(
        **OF_SOURCE,
        embedding_id=ids.embedding_id(ids.clip_id(SOURCE, NOON, 4), "i3d_k400"),
        clips=(_clip_ref(4), _clip_ref(5)),
        fresh_count=2,
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
        **OF_SOURCE,
        poses_id=ids.poses_id(ids.clip_id(SOURCE, NOON, 4), "yolov8_pose"),
        clip=clip,
        backbone="yolov8_pose",
        width=455,
        height=256,
        frames=(PoseFrame(at_s=clip.start_s, people=(person,)), PoseFrame(at_s=clip.start_s + 0.5)),
    )


def _clip_judged() -> ClipJudged:
    return ClipJudged(
        **OF_SOURCE,
        detector="1-heads-2b7d6f0c",
        backbone="i3d_k400",
        clips=(_clip_ref(4), _clip_ref(5)),
        heads=(HeadJudgement(head="linear", model_id=MODEL, rule="fight", score=1.75),),
        is_last=True,
    )


def _clip_scored() -> ClipScored:
    return ClipScored(
        **OF_SOURCE,
        detector="1-heads-2b7d6f0c",
        backbone="i3d_k400",
        clips=(_clip_ref(4), _clip_ref(5)),
        heads=(
            HeadScore(
                head="linear",
                model_id=MODEL,
                rule="fight",
                label="Possible fight",
                score=1.75,
                calibrated=0.875,
                high_mark=0.75,
            ),
        ),
        alerts_opened=1,
        is_last=True,
    )


def _alert(kind: Callable[..., A], **more: str) -> A:
    return kind(
        **OF_SOURCE,
        alert_id=ids.alert_id("live", MODEL, "fight", ids.clip_id(SOURCE, NOON, 2)),
        rule="fight",
        label="Possible fight",
        start_s=_clip_ref(2).start_s,
        end_s=_clip_ref(5).end_s,
        peak_s=_clip_ref(4).start_s,
        peak_score=0.9375,
        peak_index=4,
        model_id=MODEL,
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
        target_id=TARGET,
        channel="webhook",
        target="https://example.org/…",
        attempt=2,
        outcome="delivered",
        detail="204 No Content",
        attempted_at=NOON,
        status=204,
        took_ms=31,
    )


def _delivery_requested() -> DeliveryRequested:
    return DeliveryRequested(
        request_id=SOURCE,
        tenant_id=ids.DEFAULT_TENANT,
        target_id=TARGET,
        purpose="redelivery",
        alert_id=_alert(AlertOpened).alert_id,
        requested_by="kim@example.org",
        requested_at=NOON,
    )


def _target_configured() -> TargetConfigured:
    return TargetConfigured(
        target_id=TARGET,
        tenant_id=ids.DEFAULT_TENANT,
        channel="webhook",
        name="Guard",
        shown="https://example.org/…",
        address=b"sealed",
        secrets=b"sealed",
        language="ko",
        wants=AlertFilter(
            store_ids=(STORE,), severities=("critical",), hours=WeeklyHours(sunday=(LATE,))
        ),
        pacing=Pacing(digest_every_s=600.0),
        after_s=120.0,
        configured_at=NOON,
    )


def _alert_reviewed() -> AlertReviewed:
    return AlertReviewed(
        alert_id=_alert(AlertOpened).alert_id,
        source_id=SOURCE,
        tenant_id=ids.DEFAULT_TENANT,
        acknowledged_at=NOON,
        acknowledged_by="kim@example.org",
        assigned_to=TARGET,
        verdict="false",
        reason="two friends embraced",
        reviewed_at=NOON,
    )


def _mail_requested() -> MailRequested:
    return MailRequested(
        mail_id=TARGET,
        tenant_id=ids.DEFAULT_TENANT,
        kind="invitation",
        language="ko",
        sealed=b"sealed",
        text="Kim",
        expires_at=NOON + timedelta(days=7),
        requested_at=NOON,
    )


def _source_health() -> SourceHealth:
    return SourceHealth(
        **OF_SOURCE,
        condition="overloaded",
        is_over=True,
        start_s=4.0,
        at_s=16.0,
        detail="3 clips were skipped.",
        count=3,
    )


def _segment_recorded() -> SegmentRecorded:
    return SegmentRecorded(
        source_id=SOURCE,
        segment_id=ids.segment_id(SOURCE, NOON),
        started_at=NOON,
        ended_at=NOON + timedelta(seconds=10),
        size_bytes=2_500_000,
        codec="h264",
        width=1280,
        height=720,
        object_key=ids.segment_key(SOURCE, NOON),
        recorded_at=NOON + timedelta(seconds=11),
    )


def _footage_requested() -> FootageRequested:
    return FootageRequested(
        source_id=SOURCE,
        since_at=NOON,
        until_at=NOON + timedelta(seconds=30),
        reason="evidence of an alert",
        requested_at=NOON,
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
