"""Ingest workers beside one another and behind others: cameras shared, lag heeded."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas import groups
from schemas.clips import ClipRecorded, ClipSpec
from schemas.sources import SourceConfigured
from schemas.topics import CLIPS_BULK, CLIPS_LIVE, SOURCES, VIDEO_PROGRESS
from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.lag import GroupLag
from services.chassis.streaming.positions import Note
from services.chassis.streaming.publisher import KafkaPublisher, producer_config
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail
from tests.integration.ingest.ingesting import WAIT_S, clips_until_last, final, ingest, submit
from tests.unit.ingest import videos
from tests.waiting import wait_until

pytestmark = pytest.mark.integration
GROUP = groups.features("i3d_k400", "bulk")
SPEC = ClipSpec()


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
