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
from services.chassis.media.jpeg import Jpeg
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.stored import ClockRecord, exists, playable_key
from services.chassis.media.timeline import Timeline
from services.chassis.media.video import open_video
from services.chassis.storage.objects import ObjectMissing, ObjectStore
from services.chassis.streaming.handler import Cancelled
from services.chassis.telemetry import logs
from services.ingest.clips import Origin, samples_of
from services.ingest.core import Sample, cut
from services.ingest.fit import fitted
from services.ingest.patience import Patience, open_patiently
from services.ingest.playable import Facts, Remedy, examine, remedy
from services.ingest.report import Report
from services.ingest.throttle import Throttle
from services.ingest.transcode import make_playable
from services.ingest.workspace import Workspace

log = logs.get("job")

Broken = (BadVideo, ObjectMissing, av.FFmpegError, ValueError)


@dataclass(frozen=True)
class Surroundings:
    """What every job works with."""

    store: ObjectStore
    throttle: Throttle
    clock: Clock
    workspace: Workspace
    spec: ClipSpec
    limits: MediaLimits


def origin_of(video: VideoSubmitted, spec: ClipSpec) -> Origin:
    grid = Grid(origin_at=video.origin_at, spec=spec)
    return Origin(video.video_id, grid, is_wall_clock=video.recorded_at is not None)


class Job:
    """Run `clips`, then `copy`, once; a job that was cut short is begun anew and gives the same
    clips. Both raise Cancelled soon after `cancelled` is set.
    """

    def __init__(self, around: Surroundings, video: VideoSubmitted, cancelled: Event) -> None:
        self._around, self.video, self._cancelled = around, video, cancelled
        self._patience = Patience(around.clock, cancelled)
        self._remedy: Remedy = "none"
        self.report = Report(video.video_id, around.clock)

    def clips(self) -> Iterator[Message]:
        """Clips and progress in order; at the end what was learned of the video's clock is kept.

        Raises BadVideo or ObjectMissing, after the last clip that could be cut was marked last.
        """
        readable = self._open()
        facts = examine(readable, self._around.limits)
        yield from self._cut(readable, facts)
        yield self.report.decoded()

    def copy(self) -> Iterator[Message]:
        """Makes the playable copy where one is needed. The analysis stands without."""
        if self._remedy != "none" and self._make_playable(self._remedy):
            yield self.report.decoded(playable_key(self.video.object_key))

    @property
    def needs_copy(self) -> bool:
        """Once the clips are out."""
        return self._remedy != "none"

    def is_cut_before(self, with_copy: bool) -> bool:
        """An earlier try put out all clips, and made the copy where one is needed. Raises
        TransientError.
        """
        store, key = self._around.store, self.video.object_key
        record = self._patience.call(lambda: ClockRecord.load(store, key))
        if record is None:
            return False
        return not (with_copy and record.has_copy) or exists(store, playable_key(key))

    def _open(self) -> BinaryIO:
        return open_patiently(self._around.store, self.video.object_key, self._patience)

    def _cut(self, readable: BinaryIO, facts: Facts) -> Iterator[Message]:
        spec = self.video.spec or self._around.spec
        origin = origin_of(self.video, spec)
        with open_video(readable, self._around.limits) as video:
            key = self.video.object_key if remedy(facts) == "none" else None
            yield self.report.opened(video.info, key)
            timeline = Timeline(video.step_s)
            whole = UntilBroken(self._around.limits, spec.frame_rate)
            for clip in cut(whole(samples_of(video, spec, timeline)), spec):
                self._around.throttle.admit(self._cancelled)
                self._keep_going()
                recorded = origin.recorded(fitted(clip), self._around.clock.now())
                self.report.recorded(recorded)
                yield recorded
                if self.report.due:
                    yield self.report.decoding()
        how: Remedy = "none" if whole.is_broken else remedy(facts, timeline.splices)
        self._keep_clock(timeline, has_copy=how != "none")
        whole.raise_broken()
        self._remedy = how

    def _keep_clock(self, timeline: Timeline, has_copy: bool) -> None:
        record = ClockRecord(timeline.splices, self.report.end_s, has_copy)
        store, key = self._around.store, self.video.object_key
        self._patience.call(lambda: record.save(store, key))

    def _make_playable(self, how: Remedy) -> bool:
        """False where no copy can be had."""
        key, around = playable_key(self.video.object_key), self._around
        if not around.workspace.has_room_for(self.video.size_bytes):
            log.warning("no room for a playable copy", video_id=str(self.video.video_id))
            return False
        try:
            with around.workspace.file(self.video.video_id) as path:
                make_playable(self._open(), path, how, around.limits, self._keep_going)
                self._patience.call(lambda: around.store.put_file(key, path, "video/mp4"))
        except Broken as error:
            log.warning("no playable copy", video_id=str(self.video.video_id), error=str(error))
            return False
        return True

    def _keep_going(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled


class UntilBroken:
    """A passage that ends where the video breaks or gets too long, so that the clip before it is
    marked as the last. What is too long is footage; gaps are none.
    """

    def __init__(self, limits: MediaLimits, frame_rate: float) -> None:
        self._limits, self._frame_rate = limits, frame_rate
        self._broken: Exception | None = None

    def __call__(self, samples: Iterator[Sample[Jpeg]]) -> Iterator[Sample[Jpeg]]:
        try:
            for count, one in enumerate(samples):
                self._limits.check_duration(count / self._frame_rate)
                yield one
        except Broken as error:
            self._broken = error

    @property
    def is_broken(self) -> bool:
        return self._broken is not None

    def raise_broken(self) -> None:
        if self._broken is not None:
            raise self._broken
