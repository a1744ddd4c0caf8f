"""The ingest service: uploaded videos -> clips on the log, with progress."""

from collections.abc import Iterable, Iterator, Sequence
from threading import Event

import av

from schemas.base import Message
from schemas.clips import ClipRecorded
from schemas.topics import CLIPS_BULK, VIDEO_PROGRESS, VIDEOS, Topic
from schemas.videos import VideoSubmitted
from services.chassis.clock import SystemClock
from services.chassis.media.limits import BadVideo
from services.chassis.storage.objects import ObjectMissing
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.lag import GroupLag
from services.chassis.streaming.publisher import KafkaPublisher
from services.chassis.streaming.records import Incoming, Outgoing
from services.chassis.telemetry import logs, metrics
from services.ingest.config import IngestSettings
from services.ingest.job import Job, Surroundings
from services.ingest.throttle import Throttle
from services.ingest.workspace import Workspace

log = logs.get("ingest")


class IngestHandler(Handler):
    """One video at a time. A bad video is a failed analysis, not a dead letter."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        for incoming in batch:
            assert isinstance(incoming.message, VideoSubmitted)
            for message in self._ingest(incoming.message, cancelled):
                yield Outgoing(_topic(message), message, incoming.record.headers)

    def _ingest(self, video: VideoSubmitted, cancelled: Event) -> Iterator[Message]:
        job = Job(self._around, video, cancelled)
        names = {"video_id": str(video.video_id), "filename": video.filename}
        log.info("cutting", **names)
        metrics.gauge("jobs_running", "ingest", 1)
        try:
            yield from job.clips()
            yield from job.copy()
            log.info("cut", clips=job.report.clip_count, **names)
        except BadVideo as error:
            yield self._failed(job, "unreadable", str(error))
        except av.FFmpegError as error:
            log.warning("decoder gave up", error=str(error), **names)
            yield self._failed(job, "undecodable", "The video cannot be decoded to its end.")
        except ObjectMissing:
            yield self._failed(job, "missing", "The video is not in the store any more.")
        finally:
            metrics.gauge("jobs_running", "ingest", 0)

    def _failed(self, job: Job, reason: str, sentence: str) -> Message:
        metrics.count("videos_failed", reason)
        message = job.report.failed(sentence)
        log.warning("failed", video_id=str(message.video_id), error=sentence)
        return message


def _topic(message: Message) -> Topic:
    if isinstance(message, ClipRecorded):
        metrics.count("clips_recorded", message.source_kind)
        return CLIPS_BULK
    return VIDEO_PROGRESS


def build(settings: IngestSettings) -> ConsumeLoop:
    """Ready to run. What an earlier process left in the workspace is removed."""
    clock = SystemClock()
    workspace = Workspace(settings.workspace)
    workspace.clean()
    around = Surroundings(
        store=S3Objects.connect(settings),
        throttle=Throttle(
            GroupLag(settings, "features", CLIPS_BULK), clock, settings.max_ahead_clips
        ),
        clock=clock,
        workspace=workspace,
        spec=settings.spec,
        limits=settings.limits,
    )
    publisher = KafkaPublisher(settings, "ingest")
    return ConsumeLoop(
        KafkaBroker(settings), "ingest", [VIDEOS], IngestHandler(around), publisher
    )
