"""sources.v1 -> which cameras this worker watches: those whose partitions it owns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event
from uuid import UUID

from schemas.health import SourceHealth
from schemas.sources import SourceConfigured
from schemas.topics import HEALTH
from services.chassis.clock import Clock
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.telemetry import logs
from services.ingest.cameras.fleet import Fleet
from services.ingest.cameras.life import Memories, Remembered

log = logs.get("cameras")


class CameraHandler(Handler):
    """Its memory is the topic: it holds the first record of each partition it owns, so that who
    takes one over reads again which cameras are there. Processes of cameras end before that.
    """

    def __init__(self, fleet: Fleet, memories: Memories, clock: Clock) -> None:
        self._fleet, self._memories, self._clock = fleet, memories, clock
        self._partitions: dict[Partition, int] = {}
        self._unsettled: dict[UUID, tuple[SourceConfigured, Remembered]] = {}

    def handle(self, batch: Sequence[Incoming], cancelled: Event) -> Iterable[Outgoing]:
        self._fleet.raise_failure()
        for incoming in batch:
            record = incoming.record
            self._partitions.setdefault(record.partition, record.offset)
            source_id = _source_id(record.key)
            if source_id is None:
                continue
            source = incoming.message
            if isinstance(source, SourceConfigured) and is_watched(source):
                self._fleet.watch(source, record.partition)
            else:
                self._fleet.leave(source_id)
        return ()

    def tick(self, now: datetime) -> Iterable[Outgoing]:
        """A camera whose process cannot say so is offline all the same; the next process that
        lives goes on with that, and ends it.
        """
        self._fleet.raise_failure()
        return [
            Outgoing(HEALTH, one) for source in self._fleet.failing() for one in self._new(source)
        ]

    def _new(self, source: SourceConfigured) -> Iterable[SourceHealth]:
        now, remembered = self._clock.now(), self._memories(source).read(source)
        if remembered.offline_since is not None:
            return
        self._unsettled[source.source_id] = (source, replace(remembered, offline_since=now))
        at_s = max(0.0, (now - remembered.origin_at).total_seconds())
        yield SourceHealth(
            source_id=source.source_id,
            source_kind="camera",
            origin_at=remembered.origin_at,
            cut_at=now,
            condition="offline",
            start_s=at_s,
            at_s=at_s,
            detail="The process that watches the camera ends again and again.",
        )

    def settle(self) -> None:
        for source, remembered in self._unsettled.values():
            self._memories(source).write(source, remembered)
        self._unsettled.clear()

    def held(self) -> Mapping[Partition, int]:
        return self._partitions

    def hand_over(self, partitions: Collection[Partition]) -> None:
        self._fleet.release(partitions)

    def forget(self, partitions: Collection[Partition]) -> None:
        for partition in partitions:
            self._partitions.pop(partition, None)
        self._fleet.forget(partitions)


def is_watched(source: SourceConfigured) -> bool:
    return source.source_kind == "camera" and not source.is_paused and bool(source.address)


def _source_id(key: bytes | None) -> UUID | None:
    try:
        return UUID((key or b"").decode())
    except ValueError:
        log.warning("a record of no source", key=(key or b"")[:64].hex())
        return None
