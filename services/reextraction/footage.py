"""The footage of a source in the object store -> its clips, cut as ingest cut them.

Of an upload its original, on the grid that begins with its first picture; of a camera the recorded
segments, on the camera's grid as it is configured now, brought there part by part from the disks
of workers. What cannot be read is a gap, and is told.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import av

from schemas import ids
from schemas.clips import ClipRecorded
from schemas.sources import CameraSettings, SourceConfigured
from services.chassis.media.jpeg import Jpeg
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.segments import StoredSegment, segments_between
from services.chassis.media.video import FileVideo, open_video
from services.chassis.storage.objects import ObjectMissing, ObjectStore, open_object
from services.ingest.clips import Origin, samples_of
from services.ingest.core import Clip, cut
from services.ingest.fit import fitted
from services.ingest.folders.footage import FootageCutter
from services.ingest.job import UntilBroken
from services.reextraction.bringing import Bring
from services.reextraction.core import Coverage, Stretch

Broken = (BadVideo, ObjectMissing, av.FFmpegError, ValueError)
Note = Callable[[str], None]
"""Takes a sentence about what cannot be read."""
LIMITS = MediaLimits()
PART = timedelta(minutes=15)
"""So much of a camera is brought to the store at once."""


class Footage:
    """Of one source; `clips` may be called once. Raises TransientError when the store is away."""

    def __init__(
        self,
        store: ObjectStore,
        source: SourceConfigured,
        coverage: Coverage,
        note: Note,
        bring: Bring = lambda _: None,
    ) -> None:
        """`bring` sees that what is recorded of a part lies in the store."""
        self._store, self._source, self._note = store, source, note
        self._coverage, self._bring = coverage, bring
        self._origin = Origin(
            source.source_id, source.grid, source.source_kind, source.is_wall_clock
        )

    def clips(self, wanted: Stretch) -> Iterator[ClipRecorded]:
        """Those that begin within, in order. The same footage gives the same clips."""
        is_upload = self._source.source_kind == "upload"
        for clip in self._of_upload() if is_upload else self._of_camera(wanted):
            recorded = self._origin.recorded(fitted(clip), self._source.grid.moment(clip.end_s))
            begins_at = recorded.moment(recorded.start_s)
            if begins_at >= wanted.until:
                return
            if begins_at >= wanted.since:
                self._coverage.take(recorded)
                yield recorded

    def _of_upload(self) -> Iterator[Clip[Jpeg]]:
        spec = self._source.spec
        try:
            with _opened(self._store, ids.original_key(self._source.source_id)) as video:
                self._narrow(video)
                whole = UntilBroken(LIMITS, spec.frame_rate)
                yield from cut(whole(samples_of(video, spec)), spec)
                whole.raise_broken()
        except Broken as error:
            self._tell(error)

    def _narrow(self, video: FileVideo) -> None:
        began_at = self._source.origin_at
        length = timedelta(seconds=video.info.duration_s or 0.0)
        if length:
            self._coverage.narrow(began_at, began_at + length)

    def _of_camera(self, wanted: Stretch) -> Iterator[Clip[Jpeg]]:
        source = self._source
        cutter = FootageCutter(source.grid, source.camera or CameraSettings())
        for segment in self._segments(wanted):
            try:
                with _opened(self._store, segment.key) as video:
                    yield from cutter.cut(video, _began_at(segment, video))
            except Broken as error:
                self._tell(error)
        yield from cutter.end()

    def _segments(self, wanted: Stretch) -> Iterator[StoredSegment]:
        latest: datetime | None = None
        for part in wanted.parts(PART):
            self._bring(part)
            source_id = self._source.source_id
            for segment in segments_between(self._store, source_id, part.since, part.until):
                if latest is None or segment.started_at > latest:
                    latest = segment.started_at
                    yield segment

    def _tell(self, error: Exception) -> None:
        is_gone = isinstance(error, ObjectMissing)
        why = "Its footage is not in the store any more." if is_gone else str(error)
        self._note(f"{self._source.name}: {why}")


def _began_at(segment: StoredSegment, video: FileVideo) -> datetime:
    """When its first picture was seen: all that lies in a segment counts from its key's moment."""
    return segment.started_at + timedelta(seconds=video.first.at_s or 0.0)


@contextmanager
def _opened(store: ObjectStore, key: str) -> Iterator[FileVideo]:
    with open_object(store, key) as readable, open_video(readable, LIMITS) as video:
        yield video
