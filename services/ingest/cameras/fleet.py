"""All cameras of this worker: a runner each, looked after by one thread."""

import threading
from collections.abc import Callable, Collection
from uuid import UUID

from schemas.sources import SourceConfigured
from services.chassis.clock import Clock
from services.chassis.streaming.records import Partition
from services.chassis.telemetry import logs, metrics
from services.ingest.cameras.runner import Runner

log = logs.get("cameras")

TURN_S = 0.2


class Fleet:
    """Safe between threads. A camera belongs to the partition on which it was configured."""

    def __init__(self, clock: Clock, new_runner: Callable[[], Runner]) -> None:
        self._clock, self._new_runner = clock, new_runner
        self._runners: dict[UUID, Runner] = {}
        self._partitions: dict[UUID, Partition] = {}
        self._released: set[Partition] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="cameras")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once no process of a camera is left."""
        with self._changed:
            self._release(list(self._runners))
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def watch(self, source: SourceConfigured, partition: Partition) -> None:
        """Have it watched from now on, as it is configured. The same again changes nothing, and a
        partition that was released has no camera until it is forgotten.
        """
        with self._changed:
            if partition in self._released:
                return
            if source.source_id not in self._runners:
                self._runners[source.source_id] = self._new_runner()
            self._partitions[source.source_id] = partition
            self._runners[source.source_id].want(source)

    def leave(self, source_id: UUID) -> None:
        """It is paused or removed. Nothing happens where it is not watched."""
        with self._changed:
            if source_id in self._runners:
                self._runners[source_id].want(None, is_gone=True)

    def release(self, partitions: Collection[Partition]) -> None:
        """Return once no camera of these partitions is watched here: another worker takes over."""
        with self._changed:
            self._released.update(partitions)
            gone = [one for one, owner in self._partitions.items() if owner in partitions]
            self._release(gone)

    def forget(self, partitions: Collection[Partition]) -> None:
        """They were given up; should they come back, their cameras are watched again."""
        with self._changed:
            self._released.difference_update(partitions)

    def failing(self) -> list[SourceConfigured]:
        """Cameras whose processes keep ending, so that they can say nothing themselves."""
        with self._changed:
            found = [runner.failing for runner in self._runners.values()]
            return [source for source in found if source is not None]

    def pids(self) -> dict[UUID, int]:
        """The processes that run."""
        with self._changed:
            found = {one: runner.pid for one, runner in self._runners.items()}
            return {one: pid for one, pid in found.items() if pid is not None}

    def _release(self, gone: Collection[UUID]) -> None:
        for source_id in gone:
            if source_id in self._runners:
                self._runners[source_id].want(None)
        if self._thread.is_alive():
            self._changed.wait_for(
                lambda: self._failure is not None or not any(one in self._runners for one in gone)
            )

    def _work(self) -> None:
        try:
            while not self._is_done():
                self._turn()
                self._clock.wait(TURN_S, threading.Event())
        except BaseException as error:  # noqa: BLE001 - the service's thread raises it again
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _is_done(self) -> bool:
        with self._changed:
            return self._stopping.is_set() and not self._runners

    def _turn(self) -> None:
        with self._changed:
            for runner in self._runners.values():
                runner.turn()
            over = [one for one, runner in self._runners.items() if runner.is_over]
            for source_id in over:
                del self._runners[source_id], self._partitions[source_id]
            if over:
                self._changed.notify_all()
            metrics.gauge("cameras_running", "ingest", len(self._runners))
