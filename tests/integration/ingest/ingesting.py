"""Ingest as a process of its own, and what is submitted to it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.topics import VIDEOS
from schemas.videos import VideoProgressed, VideoSubmitted
from services.chassis.settings import ServiceSettings
from services.chassis.storage.objects import ObjectStore
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Outgoing
from services.chassis.streaming.tail import Tail

WAIT_S = 300.0
SUBMITTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


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
