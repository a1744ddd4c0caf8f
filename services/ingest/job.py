"""One uploaded video, from its original in the store to clips, progress and a playable copy."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import BinaryIO

import av

from schemas.base import Message
from schemas.clips import ClipSpec, Grid
from schemas.videos import VideoSubmitted
from services.chassis.clock import Clock
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.streaming.handler import Cancelled
from services.chassis.telemetry import logs
from services.ingest.clips import Origin, samples_of
from services.ingest.core import Sample, cut
from services.ingest.encode import Jpeg
from services.ingest.patience import Patience, open_patiently
from services.ingest.playable import Remedy, examine, remedy
from services.ingest.report import Report
from services.ingest.sources.container import BadVideo, FileLimits
from services.ingest.sources.file import open_video
from services.ingest.throttle import Throttle
from services.ingest.transcode import make_playable
from services.ingest.workspace import Workspace

log = logs.get("job")

Broken = (BadVideo, ObjectMissing, av.FFmpegError)


def playable_key(video: VideoSubmitted) -> str:
    return f"videos/{video.video_id}/playable.mp4"


def origin_of(video: VideoSubmitted, spec: ClipSpec) -> Origin:
    grid = Grid(origin_at=video.origin_at, spec=spec)
    return Origin(video.video_id, grid, is_wall_clock=video.recorded_at is not None)


@dataclass(frozen=True)
class Workshop:
    """What every job works with."""

    store: ObjectStore
    throttle: Throttle
    clock: Clock
    workspace: Workspace
    spec: ClipSpec
    limits: FileLimits


class Job:
    """Run it once; a job that was cut short is begun anew and gives the same clips."""

    def __init__(self, workshop: Workshop, video: VideoSubmitted, cancelled: Event) -> None:
        self._workshop, self._video, self._cancelled = workshop, video, cancelled
        self._patience = Patience(workshop.clock, cancelled)
        self.report = Report(video.video_id, workshop.clock)

    def messages(self) -> Iterator[Message]:
        """Clips and progress in order; the playable copy is made once the clips are out.

        Raises BadVideo or ObjectMissing, after the last clip that could be cut was marked last.
        """
        readable = self._open()
        how = remedy(examine(readable, self._workshop.limits))
        yield from self._clips(readable, self._video.object_key if how == "none" else None)
        yield self.report.decoded()
        if how != "none" and self._make_playable(readable, how):
            yield self.report.decoded(playable_key(self._video))

    def _open(self) -> BinaryIO:
        return open_patiently(self._workshop.store, self._video.object_key, self._patience)

    def _clips(self, readable: BinaryIO, key: str | None) -> Iterator[Message]:
        with open_video(readable, self._workshop.limits) as video:
            yield self.report.opened(video.info, key)
            spec = self._video.spec or self._workshop.spec
            origin = origin_of(self._video, spec)
            whole = UntilBroken(self._workshop.limits, spec.frame_rate)
            for cut_clip in cut(whole(samples_of(video, spec)), spec):
                self._workshop.throttle.admit(self._cancelled)
                self._keep_going()
                clip = origin.recorded(cut_clip, self._workshop.clock.now())
                self.report.recorded(clip)
                yield clip
                if self.report.due:
                    yield self.report.decoding()
            whole.raise_broken()

    def _make_playable(self, readable: BinaryIO, how: Remedy) -> bool:
        """False where no copy can be had; the analysis stands without."""
        key, shop = playable_key(self._video), self._workshop
        if not shop.workspace.has_room_for(self._video.size_bytes):
            log.warning("no room for a playable copy", video_id=str(self._video.video_id))
            return False
        try:
            with shop.workspace.file(self._video.video_id) as path:
                make_playable(readable, path, how, shop.limits, self._keep_going)
                self._patience.call(lambda: shop.store.put_file(key, path, "video/mp4"))
        except Broken as error:
            log.warning("no playable copy", video_id=str(self._video.video_id), error=str(error))
            return False
        return True

    def _keep_going(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled


class UntilBroken:
    """A passage that ends where the video breaks or gets too long, so that the clip before it is
    marked as the last.
    """

    def __init__(self, limits: FileLimits, frame_rate: float) -> None:
        self._limits, self._frame_rate = limits, frame_rate
        self._broken: Exception | None = None

    def __call__(self, samples: Iterator[Sample[Jpeg]]) -> Iterator[Sample[Jpeg]]:
        try:
            for count, one in enumerate(samples):
                self._limits.check_duration(count / self._frame_rate)
                yield one
        except Broken as error:
            self._broken = error

    def raise_broken(self) -> None:
        if self._broken is not None:
            raise self._broken
