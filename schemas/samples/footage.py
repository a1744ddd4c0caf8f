"""Examples of what is seen: sources, clips, what networks and heads make of them."""

import struct
from datetime import timedelta

from schemas import ids
from schemas.clips import ClipRecorded, ClipRef, ClipSpec
from schemas.deadletters import DeadLetter
from schemas.embeddings import EmbeddingExtracted
from schemas.health import SourceHealth
from schemas.judgements import ClipJudged, HeadJudgement
from schemas.poses import Person, PoseFrame, PosesExtracted
from schemas.recordings import FootageRequested, SegmentRecorded
from schemas.samples.world import (
    CLIP_S,
    CORNER,
    GREY_JPEG,
    MODEL,
    NOON,
    OF_SOURCE,
    SOURCE,
    STORE,
)
from schemas.scores import ClipScored, ClipsScored, HeadScore, HeadScores, ShortClip
from schemas.sources import CameraSettings, SourceConfigured, Zone
from schemas.videos import VideoProgressed, VideoSubmitted


def video_submitted() -> VideoSubmitted:
    return VideoSubmitted(
        video_id=SOURCE,
        object_key=f"videos/{SOURCE}/original",
        filename="door-2.mp4",
        size_bytes=18_874_368,
        submitted_at=NOON,
        recorded_at=NOON,
        spec=ClipSpec(),
    )


def video_progressed() -> VideoProgressed:
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


def source_configured() -> SourceConfigured:
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


def clip_recorded() -> ClipRecorded:
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


def clip_ref(index: int) -> ClipRef:
    start_s = index * CLIP_S
    return ClipRef(index=index, start_s=start_s, end_s=start_s + CLIP_S)


def embedding_extracted() -> EmbeddingExtracted:
    return EmbeddingExtracted(
        **OF_SOURCE,
        embedding_id=ids.embedding_id(ids.clip_id(SOURCE, NOON, 4), "i3d_k400"),
        clips=(clip_ref(4), clip_ref(5)),
        fresh_count=2,
        backbone="i3d_k400",
        window=2,
        dim=4,
        vector=struct.pack("<4f", 0.0, 0.5, -1.25, 3.0),
        made_for="replay-5f2c",
    )


def poses_extracted() -> PosesExtracted:
    clip = clip_ref(4)
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


def clip_judged() -> ClipJudged:
    return ClipJudged(
        **OF_SOURCE,
        detector="1-heads-2b7d6f0c",
        backbone="i3d_k400",
        clips=(clip_ref(4), clip_ref(5)),
        heads=(HeadJudgement(head="linear", model_id=MODEL, rule="fight", score=1.75),),
        is_last=True,
    )


def clip_scored() -> ClipScored:
    return ClipScored(
        **OF_SOURCE,
        detector="1-heads-2b7d6f0c",
        backbone="i3d_k400",
        clips=(clip_ref(4), clip_ref(5)),
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


def clips_scored() -> ClipsScored:
    return ClipsScored(
        **OF_SOURCE,
        run="replay-2b7d6f0c",
        detector="1-heads-2b7d6f0c",
        backbone="i3d_k400",
        indexes=struct.pack("<2q", 4, 5),
        short=(ShortClip(index=5, end_s=5.8),),
        heads=(
            HeadScores(
                head="linear",
                model_id=MODEL,
                rule="fight",
                label="Possible fight",
                scores=struct.pack("<2d", 1.75, -0.5),
                calibrated=struct.pack("<2d", 0.875, 0.25),
                high_mark=0.75,
            ),
        ),
        alerts_opened=1,
        is_last=True,
    )


def source_health() -> SourceHealth:
    return SourceHealth(
        **OF_SOURCE,
        condition="overloaded",
        is_over=True,
        start_s=4.0,
        at_s=16.0,
        detail="3 clips were skipped.",
        count=3,
    )


def segment_recorded() -> SegmentRecorded:
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


def footage_requested() -> FootageRequested:
    return FootageRequested(
        source_id=SOURCE,
        since_at=NOON,
        until_at=NOON + timedelta(seconds=30),
        reason="evidence of an alert",
        requested_at=NOON,
    )


def dead_letter() -> DeadLetter:
    return DeadLetter(
        topic="scores.v1",
        partition=3,
        offset=41,
        consumer="api",
        reason="not msgpack: Unpack failed",
        record_key=str(SOURCE).encode(),
        record_value=b"\xc1\x00not a message",
        record_headers={"ce_type": b"nightclerk.clip.scored.v1"},
        failed_at=NOON,
    )
