"""Endless sources -> clips on `clips.live.v1`, each cut by the worker that owns its partition.

So far only simulated ones; their frames are made while the worker's clock passes.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import Event

from schemas.sources import SourceConfigured
from schemas.topics import CLIPS_LIVE
from services.chassis.clock import Clock
from services.chassis.media.jpeg import Jpeg
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.telemetry import logs, metrics
from services.ingest.clips import Origin
from services.ingest.core import LiveClock, LiveCutter
from services.ingest.sources.sim.endless import FRAME_RATE, EndlessScene

log = logs.get("cameras")

MOST_PENDING = 2048
"""So many clips wait while Kafka is away, the oldest dropped first."""
MOST_BEHIND_S = 30.0
"""What a worker missed for longer is a gap."""


class CameraHandler(Handler):
    """Its memory is the topic: it holds the first record of each partition it owns, so that who
    takes one over reads again which cameras are there.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cameras: dict[bytes, Camera] = {}
        self._partitions: dict[Partition, int] = {}
        self._pending: deque[Outgoing] = deque(maxlen=MOST_PENDING)
        self._given = 0

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._given = 0
        for incoming in batch:
            partition, key = incoming.record.partition, incoming.record.key or b""
            self._partitions.setdefault(partition, incoming.record.offset)
            self._cameras.pop(key, None)
            source = incoming.message
            if isinstance(source, SourceConfigured) and _is_simulated(source):
                self._add(key, partition, source)
        return ()

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        """Clips stay pending until they are acknowledged: a failed tick is called again."""
        for camera in self._cameras.values():
            for outgoing in camera.cut():
                metrics.count("clips_recorded", "camera")
                self._pending.append(outgoing)
        self._given = len(self._pending)
        return tuple(self._pending)

    def settle(self) -> None:
        for _ in range(self._given):
            self._pending.popleft()
        self._given = 0

    def held(self) -> Mapping[Partition, int]:
        return self._partitions

    def forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            self._partitions.pop(partition, None)
        self._cameras = {
            key: camera
            for key, camera in self._cameras.items()
            if camera.partition not in partitions
        }

    def _add(self, key: bytes, partition: Partition, source: SourceConfigured) -> None:
        try:
            self._cameras[key] = Camera(source, partition, self._clock)
        except ValueError as error:
            log.warning("no such scene", source_id=str(source.source_id), error=str(error))


class Camera:
    """One simulated camera, from now on. Raises ValueError for an address that is none."""

    def __init__(self, source: SourceConfigured, partition: Partition, clock: Clock) -> None:
        self.partition = partition
        self._source, self._clock = source, clock
        self._scene = EndlessScene(source.address or "")
        self._begin(source)
        self._next = self._scene.number_at(self._seconds())

    def _begin(self, source: SourceConfigured) -> None:
        self._source = source
        self._live = LiveClock(self._clock.now(), self._clock.monotonic())
        self._cutter: LiveCutter[Jpeg] = LiveCutter(source.grid)
        self._origin = Origin(source.source_id, source.grid, "camera")

    def cut(self) -> Iterator[Outgoing]:
        """The clips that were completed since the last call."""
        if self._live.has_stepped(self._clock.now(), self._clock.monotonic()):
            log.warning("the wall clock was set", source_id=str(self._source.source_id))
            self._begin(self._source.model_copy(update={"origin_at": self._clock.now()}))
            self._next = self._scene.number_at(self._seconds())
        last = self._scene.number_at(self._seconds())
        missed = round(MOST_BEHIND_S * FRAME_RATE)
        for number in range(max(self._next, last - missed), last):
            moment = self._source.grid.moment(number / FRAME_RATE)
            for clip in self._cutter.show(self._scene.frame(number), moment):
                yield Outgoing(CLIPS_LIVE, self._origin.recorded(clip, self._clock.now()))
        self._next = last

    def _seconds(self) -> float:
        """Since the origin, by the clock that never goes back."""
        moment = self._live.at(self._clock.monotonic())
        return max(0.0, (moment - self._source.origin_at).total_seconds())


def _is_simulated(source: SourceConfigured) -> bool:
    return (
        source.source_kind == "camera"
        and not source.is_paused
        and (source.address or "").startswith("sim://")
    )
