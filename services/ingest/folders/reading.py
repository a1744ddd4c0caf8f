"""Watches a drop folder for ever, and cuts what comes into it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Protocol

import av

from schemas.base import Message
from schemas.sources import CameraSettings, SourceConfigured
from schemas.topics import CLIPS_LIVE, Topic
from services.chassis.addresses import AddressFault
from services.chassis.clock import Clock
from services.chassis.media.jpeg import Jpeg
from services.chassis.media.limits import BadVideo, MediaLimits
from services.chassis.media.video import FileVideo, open_video
from services.chassis.telemetry import logs, metrics
from services.ingest.clips import Origin
from services.ingest.core import Clip
from services.ingest.fit import fitted
from services.ingest.folders.dropped import DropFolder, Dropped
from services.ingest.folders.footage import FootageCutter, span_of

log = logs.get("folders")

LOOK_S = 2.0
ROOM_S = 0.25
FOLLOWING_S = 120.0
"""So long after a file another may go on where it stopped."""
PRUNE_S = 3600.0


class Outlet(Protocol):
    """Takes a camera's messages and sends them in time: the spool."""

    def put(self, topic: Topic, message: Message) -> None: ...


class FolderReading:
    """Runs in a thread of its own until `stopped` is set, whatever lies in the folder.

    All its clips are late: they lie in the past of the camera, and come faster than it filmed. They
    are cut while `has_room` says so. A file that was begun when the process died is begun anew, and
    gives the same clips.
    """

    def __init__(
        self,
        source: SourceConfigured,
        folder: DropFolder,
        outlet: Outlet,
        clock: Clock,
        limits: MediaLimits = MediaLimits(),
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self._folder, self._outlet, self._clock = folder, outlet, clock
        self._limits, self._has_room = limits, has_room
        self._origin = Origin(source.source_id, source.grid, "camera")
        self._cutter = FootageCutter(source.grid, source.camera or CameraSettings())
        self.stopped = Event()
        self.turned_s = clock.monotonic()
        """When it last came round."""
        self._pruned_s = self._latest_s = self.turned_s
        self._is_away = False

    def run(self) -> None:
        while not self.stopped.is_set():
            self.look()
            self._clock.wait(LOOK_S, self.stopped)

    def look(self) -> None:
        """Take what is whole, in the order of its writing; a folder that is away is waited for."""
        self.turned_s = self._clock.monotonic()
        try:
            for dropped in self._folder.settled(self.turned_s):
                if not self._taken(dropped):
                    return
            if self.turned_s - self._latest_s > FOLLOWING_S:
                self._put(self._cutter.end())
            self._prune()
            self._is_away = False
        except (OSError, AddressFault) as error:
            if not self._is_away:
                log.warning("the drop folder cannot be used", error=str(error))
            self._is_away = True

    def _taken(self, dropped: Dropped) -> bool:
        """False where it was stopped in the middle."""
        name = dropped.identity.name
        try:
            with _opened(dropped.path, self._limits) as video:
                span = span_of(video, datetime.fromtimestamp(dropped.modified_s, UTC))
                log.info("cutting", file=name, began_at=span.began_at.isoformat(), by=span.how)
                if not self._put(self._cutter.cut(video, span.began_at)):
                    return False
        except (BadVideo, av.FFmpegError, ValueError) as error:
            log.warning("the file cannot be used", file=name, error=str(error))
        self._folder.taken(dropped)
        self._latest_s = self._clock.monotonic()
        return True

    def _put(self, clips: Iterator[Clip[Jpeg]]) -> bool:
        for clip in clips:
            recorded = self._origin.recorded(fitted(clip), self._clock.now())
            metrics.count("clips_recorded", "camera")
            self._outlet.put(CLIPS_LIVE, recorded.model_copy(update={"is_late": True}))
            if not self._waited_for_room():
                return False
        return True

    def _waited_for_room(self) -> bool:
        self.turned_s = self._clock.monotonic()
        while not self._has_room():
            if self._clock.wait(ROOM_S, self.stopped):
                break
            self.turned_s = self._clock.monotonic()
        return not self.stopped.is_set()

    def _prune(self) -> None:
        if self.turned_s - self._pruned_s > PRUNE_S:
            self._pruned_s = self.turned_s
            self._folder.prune()


@contextmanager
def _opened(path: Path, limits: MediaLimits) -> Iterator[FileVideo]:
    with closing(open_video(path, limits)) as video:
        yield video
