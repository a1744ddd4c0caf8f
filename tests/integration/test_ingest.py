"""Ingest as a process on real Kafka and a real store: crashes, backpressure, hostile uploads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import SecretStr

from schemas import groups
from schemas.base import Message
from schemas.clips import ClipRecorded, ClipSpec
from schemas.deadletters import DeadLetter
from schemas.sources import SourceConfigured
from schemas.topics import (
    CLIPS_BULK,
    CLIPS_LIVE,
    SOURCES,
    VIDEO_PROGRESS,
    VIDEOS,
    dead_letters,
)
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.media.video import open_video
from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.lag import GroupLag
from services.chassis.streaming.positions import Note
from services.chassis.streaming.publisher import KafkaPublisher, producer_config
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from services.ingest.clips import samples_of
from services.ingest.core import cut
from services.ingest.job import origin_of
from tests.servers import S3Server
from tests.unit.ingest import videos
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
GROUP = groups.features("i3d_k400", "bulk")
WAIT_S = 300.0
SPEC = ClipSpec()
SUBMITTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def settings(kafka: str, s3: S3Server, topic_prefix: str, unique: str) -> ServiceSettings:
    return ServiceSettings(
        kafka_bootstrap=kafka,
        topic_prefix=topic_prefix,
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=SecretStr(s3.secret_key),
        s3_bucket=unique,
    )


@pytest.fixture
def store(settings: ServiceSettings) -> ObjectStore:
    return S3Objects.connect(settings)


@contextmanager
def ingest(settings: ServiceSettings, folder: Path, **more: str) -> Iterator[None]:
    """The service as a process of its own, ended by kill -9."""
    environment = {
        "NIGHTCLERK_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "NIGHTCLERK_TOPIC_PREFIX": settings.topic_prefix,
        "NIGHTCLERK_S3_ENDPOINT": settings.s3_endpoint,
        "NIGHTCLERK_S3_ACCESS_KEY": settings.s3_access_key,
        "NIGHTCLERK_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "NIGHTCLERK_S3_BUCKET": settings.s3_bucket,
        "NIGHTCLERK_STATE_DIR": str(folder / "state"),
        "NIGHTCLERK_HEALTH_PORT": "0",
        **more,
    }
    folder.mkdir(exist_ok=True)
    with (folder / "ingest.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.ingest"],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(120)


def submit(settings: ServiceSettings, store: ObjectStore, path: Path) -> UUID:
    video_id = uuid4()
    key = f"videos/{video_id}/original"
    store.put_file(key, path, "application/octet-stream")
    message = VideoSubmitted(
        video_id=video_id,
        object_key=key,
        filename=path.name,
        size_bytes=path.stat().st_size,
        submitted_at=SUBMITTED_AT,
    )
    publisher = KafkaPublisher(settings, "test")
    publisher.publish(Outgoing(VIDEOS, message))
    publisher.flush()
    return video_id


def final(video_id: UUID, with_copy: bool = False) -> Callable[[Message], bool]:
    def found(message: Message) -> bool:
        return (
            isinstance(message, VideoProgressed)
            and message.video_id == video_id
            and message.state in ("decoded", "failed")
            and (message.playable_key is not None or not with_copy)
        )

    return found


def clips_until_last(tail: Tail, video_id: UUID) -> list[ClipRecorded]:
    messages = tail.until(
        lambda one: isinstance(one, ClipRecorded) and one.is_last and one.source_id == video_id,
        WAIT_S,
    )
    found = [one for one in messages if isinstance(one, ClipRecorded)]
    return [timeless(one) for one in found if one.source_id == video_id]


def timeless(clip: ClipRecorded) -> ClipRecorded:
    """When it was cut is the only thing that differs between two tries."""
    return clip.model_copy(update={"cut_at": SUBMITTED_AT})


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


def test_cutting_waits_for_the_readers_of_clips(
    settings: ServiceSettings, store: ObjectStore, tmp_path: Path
) -> None:
    recorded, progress = Tail(settings, CLIPS_BULK), Tail(settings, VIDEO_PROGRESS)
    lag = GroupLag(settings, GROUP, CLIPS_BULK)
    path = videos.make(
        tmp_path / "a.mp4", videos.every(15, 640), container={"movflags": "faststart"}
    )
    with ingest(settings, tmp_path, NIGHTCLERK_MAX_AHEAD_CLIPS="8"):
        video_id = submit(settings, store, path)
        wait_until(lambda: lag.unread() >= 8, WAIT_S)
        with pytest.raises(TimeoutError):
            progress.until(final(video_id), 2)
        assert 8 <= lag.unread() < 40
        read_everything(settings, until=lambda: lag.unread() == 0, clips=40)
        progress.until(final(video_id), WAIT_S)
        assert len(clips_until_last(recorded, video_id)) == 40


def read_everything(settings: ServiceSettings, until: Callable[[], bool], clips: int) -> None:
    """Play the features service: read and commit so many clips."""
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": settings.topic_prefix + GROUP,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([settings.topic_prefix + CLIPS_BULK.name])
    deadline, read = time.monotonic() + WAIT_S, 0
    while read < clips:
        assert time.monotonic() < deadline
        record = consumer.poll(0.2)
        if record is not None and record.error() is None:
            read += 1
            consumer.commit(record, asynchronous=False)
    consumer.close()
    assert until()


def test_the_lag_counts_what_is_not_committed(settings: ServiceSettings) -> None:
    Tail(settings, CLIPS_BULK).close()  # waits until the new topic has its leaders
    lag = GroupLag(settings, GROUP, CLIPS_BULK)
    topic = settings.topic_prefix + CLIPS_BULK.name
    assert lag.unread() == 0
    producer = Producer(producer_config(settings))
    for number in range(40):
        producer.produce(topic, b"clip", str(number).encode(), partition=number % 4)
    producer.flush(30)
    assert lag.unread() == 40
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_bootstrap,
            "group.id": settings.topic_prefix + GROUP,
        }
    )
    consumer.commit(offsets=[TopicPartition(topic, 1, 7)], asynchronous=False)
    assert lag.unread() == 33
    handled = TopicPartition(topic, 2, 4, Note(done=9).pack())
    consumer.commit(offsets=[handled], asynchronous=False)
    assert lag.unread() == 24  # the rest is held for neighbours that ingest has not cut yet
    consumer.close()


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


def test_two_workers_share_cameras_and_the_other_takes_over(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    tail = Tail(settings, CLIPS_LIVE)
    cameras = configure_cameras(settings, 6)
    seen: dict[tuple[UUID, int], ClipRecorded] = {}
    with ingest(settings, tmp_path / "one"):
        with ingest(settings, tmp_path / "two"):
            until_each_has(tail, seen, dict.fromkeys(cameras, 2))
        latest = {camera: max(k for one, k in seen if one == camera) for camera in cameras}
        until_each_has(tail, seen, {camera: k + 3 for camera, k in latest.items()})


def configure_cameras(settings: ServiceSettings, count: int) -> list[UUID]:
    publisher, cameras = KafkaPublisher(settings, "test"), [uuid4() for _ in range(count)]
    for number, camera in enumerate(cameras):
        now = datetime.now(UTC)
        address = f"sim://store?seed={number}&seconds=8&size=64x64&people=1"
        source = SourceConfigured(
            source_id=camera,
            source_kind="camera",
            name=f"camera {number}",
            origin_at=now,
            address=address,
            configured_at=now,
        )
        publisher.publish(Outgoing(SOURCES, source))
    publisher.flush()
    return cameras


def until_each_has(
    tail: Tail, seen: dict[tuple[UUID, int], ClipRecorded], wanted: dict[UUID, int]
) -> None:
    """Until each camera came to an index; a clip that comes twice is the same clip."""
    while wanted:
        for one in tail.until(lambda one: isinstance(one, ClipRecorded), WAIT_S):
            assert isinstance(one, ClipRecorded)
            before = seen.setdefault((one.source_id, one.index), one)
            is_whole = min(before.frame_count, one.frame_count) == SPEC.frames
            assert before.frames == one.frames or not is_whole
            if one.index >= wanted.get(one.source_id, 10**9):
                del wanted[one.source_id]


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
