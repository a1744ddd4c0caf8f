"""The ingest service: uploaded videos and simulated cameras -> clips on the log."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from uuid import UUID

from schemas import groups
from schemas.base import Message
from schemas.sources import SourceConfigured
from schemas.topics import CLIPS_BULK, KEEPING, SOURCES, VIDEOS
from schemas.videos import VideoSubmitted
from services.chassis.clock import SystemClock
from services.chassis.service import Runnable
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.compacted import CompactedView
from services.chassis.streaming.consumer import ConsumeLoop
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.lag import GroupLag
from services.chassis.streaming.publisher import KafkaPublisher, Publisher
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.worker import Limits
from services.ingest.cameras.fleet import Fleet
from services.ingest.cameras.handler import CameraHandler
from services.ingest.cameras.life import memories_in
from services.ingest.cameras.runner import Runner
from services.ingest.config import IngestSettings
from services.ingest.job import Surroundings
from services.ingest.lanes import Lanes
from services.ingest.recording.ring import disk_usage
from services.ingest.recording.service import Recordings
from services.ingest.spool.connect import connect_stragglers
from services.ingest.spool.stragglers import Stragglers
from services.ingest.throttle import Slowest, Throttle
from services.ingest.upload import Upload
from services.ingest.workspace import Workspace


class UploadHandler(Handler):
    """Hands submitted videos to the lanes, and holds each until it is finished there."""

    def __init__(
        self, around: Surroundings, lanes: Lanes, deaths: Mapping[UUID, int] | None = None
    ) -> None:
        """`deaths`: how many processes died with a video at work."""
        self._around, self._lanes, self._deaths = around, lanes, deaths or {}

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._lanes.raise_failure()
        for incoming in batch:
            deaths = self._deaths.get(video_id(incoming), 0)
            self._lanes.submit(Upload(self._around, incoming, deaths))
        return ()

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        self._lanes.raise_failure()
        return ()

    def held(self) -> Mapping[Partition, int]:
        return self._lanes.held()

    def forget(self, partitions: Collection[Partition]) -> None:
        self._lanes.abandon(partitions)


def video_id(incoming: Incoming) -> UUID:
    assert isinstance(incoming.message, VideoSubmitted)
    return incoming.message.video_id


@dataclass(frozen=True)
class Watch:
    """The processes of cameras, and what those of earlier workers left to be sent."""

    fleet: Fleet
    stragglers: Stragglers

    def start(self, on_failure: Callable[[], None]) -> None:
        self.fleet.start()
        self.stragglers.start(on_failure)

    def stop(self) -> None:
        self.fleet.stop()
        self.stragglers.stop()

    def raise_failure(self) -> None:
        self.fleet.raise_failure()
        self.stragglers.raise_failure()


@dataclass(frozen=True)
class Views:
    """What sources there are, and how long what of them is kept."""

    sources: CompactedView
    keeping: CompactedView

    def start(self, on_failure: Callable[[], None]) -> None:
        for view in (self.sources, self.keeping):
            view.start(on_failure=on_failure)

    def wait_ready(self) -> None:
        for view in (self.sources, self.keeping):
            view.wait_ready()

    def stop(self) -> None:
        for view in (self.sources, self.keeping):
            view.stop()

    def raise_failure(self) -> None:
        for view in (self.sources, self.keeping):
            view.raise_failure()


class IngestService:
    """Two consume loops and what works beside them; ends as a whole when a part of it does."""

    def __init__(
        self,
        uploads: ConsumeLoop,
        cameras: ConsumeLoop,
        lanes: Lanes,
        views: Views,
        recordings: Recordings,
        watch: Watch,
    ) -> None:
        self._uploads, self._cameras, self._watch = uploads, cameras, watch
        self._lanes, self._views = lanes, views
        self._recordings, self._duties = recordings, recordings.duties()
        self._failure: BaseException | None = None

    @property
    def ready(self) -> bool:
        return self._uploads.ready and self._cameras.ready

    def stop(self) -> None:
        self._uploads.stop()
        self._cameras.stop()

    def run(self) -> None:
        """Until `stop`. Raises what ended a part of it. What was removed is known before the first
        upload begins, and what is held before the first recording goes.
        """
        thread = threading.Thread(target=self._run_cameras, name="ingest-cameras")
        self._views.sources.subscribe(self._heard)
        self._views.sources.subscribe(self._recordings.on_source)
        self._views.keeping.subscribe(self._recordings.keepings.on_keeping)
        self._views.start(self.stop)
        try:
            self._views.wait_ready()
            self._lanes.start()
            for duty in self._duties:
                duty.start(on_failure=self.stop)
            self._watch.start(self.stop)
            thread.start()
            self._uploads.run()
        finally:
            self.stop()
            self._lanes.stop()
            self._views.stop()
            if thread.ident is not None:
                thread.join()
            self._watch.stop()
            for duty in self._duties:
                duty.stop()
            self._recordings.close()
        self._views.raise_failure()
        self._watch.raise_failure()
        for duty in self._duties:
            duty.raise_failure()
        if self._failure is not None:
            raise self._failure

    def _heard(self, key: str, source: Message | None) -> None:
        if source is None:
            self._lanes.remove(UUID(key))
            self._watch.stragglers.remove(UUID(key))
        elif isinstance(source, SourceConfigured) and source.source_kind == "upload":
            self._lanes.pause(UUID(key), source.is_paused)

    def _run_cameras(self) -> None:
        try:
            self._cameras.run()
        except BaseException as error:  # noqa: BLE001 - the service's thread raises it again
            self._failure = error
            self._uploads.stop()


def build(settings: IngestSettings) -> Runnable:
    """Ready to run. What an earlier process left in the workspace is removed."""
    clock, broker, workspace = SystemClock(), KafkaBroker(settings), Workspace(settings.workspace)
    deaths = workspace.clean()
    lags = [
        GroupLag(settings, groups.features(name, "bulk"), CLIPS_BULK)
        for name in settings.backbone_names
    ]
    store = S3Objects.connect(settings)
    around = Surroundings(
        store=store,
        throttle=Throttle(Slowest(lags), clock, settings.max_ahead_clips),
        clock=clock,
        workspace=workspace,
        spec=settings.spec,
        limits=settings.limits,
    )

    def publishers() -> Publisher:
        return KafkaPublisher(settings, "ingest")

    lanes = Lanes(publishers, clock, settings.cutting_lanes, settings.open_uploads)
    uploads = ConsumeLoop(
        broker,
        groups.INGEST_UPLOADS,
        [VIDEOS],
        UploadHandler(around, lanes, deaths),
        publishers(),
        Limits(batch_records=16),
    )
    fleet = Fleet(clock, lambda: Runner(clock))
    cameras = ConsumeLoop(
        broker,
        groups.INGEST_CAMERAS,
        [SOURCES],
        CameraHandler(fleet, memories_in(settings.state_dir), clock),
        publishers(),
        Limits(batch_records=64, tick_s=0.5),
    )
    recordings = Recordings(
        settings.recordings,
        broker,
        store,
        clock,
        settings.ring_bounds,
        disk_usage(settings.recordings),
    )
    views = Views(CompactedView(broker, SOURCES, clock), CompactedView(broker, KEEPING, clock))
    watch = Watch(fleet, connect_stragglers(settings))
    return IngestService(uploads, cameras, lanes, views, recordings, watch)
