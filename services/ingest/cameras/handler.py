"""sources.v1 -> which cameras this worker watches: those whose partitions it owns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Event
from uuid import UUID

from schemas.sources import SourceConfigured
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.telemetry import logs
from services.ingest.cameras.fleet import Fleet

log = logs.get("cameras")


class CameraHandler(Handler):
    """Its memory is the topic: it holds the first record of each partition it owns, so that who
    takes one over reads again which cameras are there. Processes of cameras end before that.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._partitions: dict[Partition, int] = {}

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
        self._fleet.raise_failure()
        return ()

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
