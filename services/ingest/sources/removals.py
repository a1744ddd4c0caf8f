"""Hears of removed sources, whichever partitions this worker has."""

import threading
from collections.abc import Callable
from uuid import UUID

from schemas.topics import SOURCES
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.streaming.broker import Broker, LogReader
from services.chassis.telemetry import logs

log = logs.get("removals")

POLL_RECORDS = 256
POLL_S = 0.5
PAUSE_S = 2.0


class Removals:
    """Reads `sources.v1` from its beginning, in a thread of its own, for as long as Kafka is there
    and again when it is back. Every tombstone is passed on, old ones too.
    """

    def __init__(self, broker: Broker, clock: Clock, removed: Callable[[UUID], None]) -> None:
        self._broker, self._clock, self._removed = broker, clock, removed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ingest-removals")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._read(self._broker.reader(SOURCES.name, "first"))
            except TransientError as error:
                log.warning("trying again", error=str(error))
                self._clock.wait(PAUSE_S, self._stopping)

    def _read(self, reader: LogReader) -> None:
        try:
            while not self._stopping.is_set():
                for record in reader.poll(POLL_RECORDS, POLL_S):
                    if record.value is None and record.key is not None:
                        self._pass_on(record.key)
        finally:
            reader.close()

    def _pass_on(self, key: bytes) -> None:
        try:
            self._removed(UUID(key.decode()))
        except ValueError:
            log.warning("a source without an id", key=key[:64])
