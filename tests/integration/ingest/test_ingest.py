"""Ingest as a process on real Kafka and a real store: crashes, backpressure, hostile uploads."""

from pathlib import Path
from uuid import UUID

import pytest
from confluent_kafka import Producer

from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.deadletters import DeadLetter
from schemas.topics import CLIPS_BULK, SOURCES, VIDEO_PROGRESS, VIDEOS, dead_letters
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.media.video import open_video
from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.publisher import KafkaPublisher, producer_config
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.ingest.clips import samples_of
from services.ingest.core import cut
from services.ingest.job import origin_of
from tests.integration.ingest.ingesting import (
    SUBMITTED_AT,
    WAIT_S,
    clips_until_last,
    final,
    ingest,
    submit,
    timeless,
)
from tests.unit.ingest import videos

pytestmark = pytest.mark.integration


def expected_clips(path: Path, video_id: UUID) -> list[ClipRecorded]:
    submitted = VideoSubmitted(
        video_id=video_id,
        object_key="",
        filename=path.name,
        size_bytes=0,
        submitted_at=SUBMITTED_AT,
    )
    spec = ClipSpec()
    with open_video(path) as video:
        clips = cut(samples_of(video, spec), spec)
        return [origin_of(submitted, spec).recorded(clip, SUBMITTED_AT) for clip in clips]


def test_an_upload_becomes_clips_progress_and_a_copy(
    settings: ServiceSettings, store: ObjectStore, tmp_path: Path
) -> None:
    recorded, progress = Tail(settings, CLIPS_BULK), Tail(settings, VIDEO_PROGRESS)
    path = videos.make(tmp_path / "a.mkv", videos.every(25, 250), codec="libx265")
    with ingest(settings, tmp_path):
        video_id = submit(settings, store, path)
        assert clips_until_last(recorded, video_id) == expected_clips(path, video_id)
        told = progress.until(final(video_id, with_copy=True), WAIT_S)
    states = [one.state for one in told if isinstance(one, VideoProgressed)]
    assert states[0] == "decoding"
    assert states[-2:] == ["decoded", "decoded"]
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(store.get(f"videos/{video_id}/playable.mp4"))
    assert videos.number_of(expected_clips(copy, video_id)[0].frames[0]) == 0


def test_hostile_uploads_fail_one_by_one_and_hold_nobody_up(
    settings: ServiceSettings, store: ObjectStore, tmp_path: Path
) -> None:
    progress = Tail(settings, VIDEO_PROGRESS)
    empty, text, sound = (tmp_path / name for name in ("empty.mp4", "text.mp4", "sound.mp4"))
    empty.write_bytes(b"")
    text.write_bytes(b"once upon a midnight dreary " * 999)
    videos.make_sound(sound)
    single = videos.make(tmp_path / "single.mp4", [0.0])
    with ingest(settings, tmp_path):
        ids = [submit(settings, store, path) for path in (empty, text, sound, single)]
        ends = {}
        while len(ends) < len(ids):
            last = progress.until(lambda one: any(final(i)(one) for i in ids), WAIT_S)[-1]
            assert isinstance(last, VideoProgressed)
            ends[last.video_id] = (last.state, last.error)
    assert [ends[i] for i in ids] == [
        ("failed", "The file is empty."),
        ("failed", "The file is not a video that can be read."),
        ("failed", "The file has no video stream."),
        ("decoded", None),
    ]


def test_kill_9_begins_again_and_gives_the_same_clips(
    settings: ServiceSettings, store: ObjectStore, tmp_path: Path
) -> None:
    recorded, progress = Tail(settings, CLIPS_BULK), Tail(settings, VIDEO_PROGRESS)
    path = videos.make(
        tmp_path / "a.mp4", videos.every(15, 1600), container={"movflags": "faststart"}
    )
    video_id = submit(settings, store, path)
    seen: list[Message] = []
    for _ in range(2):
        with ingest(settings, tmp_path, NIGHTCLERK_MAX_AHEAD_CLIPS="20"):
            seen += recorded.until(lambda one: getattr(one, "index", 0) >= 4, WAIT_S)
    with ingest(settings, tmp_path):
        progress.until(final(video_id), WAIT_S)
    seen += clips_until_last(recorded, video_id)
    by_id = {one.clip_id: timeless(one) for one in seen if isinstance(one, ClipRecorded)}
    assert len(seen) > len(by_id) == 100
    assert sorted(by_id.values(), key=lambda one: one.index) == expected_clips(path, video_id)


def test_a_removed_video_is_stopped_and_others_go_on(
    settings: ServiceSettings, store: ObjectStore, tmp_path: Path
) -> None:
    recorded, progress = Tail(settings, CLIPS_BULK), Tail(settings, VIDEO_PROGRESS)
    path = videos.make(
        tmp_path / "a.mp4", videos.every(15, 1600), container={"movflags": "faststart"}
    )
    with ingest(settings, tmp_path, NIGHTCLERK_MAX_AHEAD_CLIPS="8"):
        removed = submit(settings, store, path)
        recorded.until(lambda one: getattr(one, "source_id", None) == removed, WAIT_S)
        publisher = KafkaPublisher(settings, "test")
        publisher.publish(Outgoing(SOURCES, None, key=str(removed)))
        publisher.flush()
    with ingest(settings, tmp_path):
        other = submit(settings, store, videos.make(tmp_path / "b.mp4", [0.0]))
        told = progress.until(final(other), WAIT_S)
    assert not [one for one in told if final(removed)(one)]


def test_corrupted_submissions_end_as_dead_letters(
    settings: ServiceSettings, store: ObjectStore, tmp_path: Path
) -> None:
    letters, progress = Tail(settings, dead_letters(VIDEOS)), Tail(settings, VIDEO_PROGRESS)
    producer = Producer(producer_config(settings))
    for number in range(1000):
        producer.produce(settings.topic_prefix + VIDEOS.name, b"\xc1%d" % number, b"key")
    producer.flush(30)
    with ingest(settings, tmp_path):
        video_id = submit(settings, store, videos.make(tmp_path / "a.mp4", [0.0]))
        progress.until(final(video_id), WAIT_S)
        count = 0
        while count < 1000:
            (letter,) = letters.until(lambda one: isinstance(one, DeadLetter), WAIT_S)
            assert isinstance(letter, DeadLetter)
            assert "not msgpack" in letter.reason
            count += 1
