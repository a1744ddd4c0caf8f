"""The threads that cut uploads and make their copies, beside the consume loop.

Uploading, cutting and embedding of different files overlap; a rebalance stops only those whose
partition went to another member; a removed video stops wherever it is (ADR 0015).
"""

import threading
from collections.abc import Callable, Collection
from uuid import UUID

from services.chassis.backoff import pause_after
from services.chassis.clock import Clock
from services.chassis.errors import TransientError
from services.chassis.streaming.handler import Cancelled
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Partition
from services.chassis.telemetry import logs, metrics
from services.ingest.turns import Turns
from services.ingest.upload import Upload

log = logs.get("lanes")

MAX_OUTAGES = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.4, 10.0


class Lanes:
    """Each lane has a publisher of its own: one's failure is not acknowledged by another's flush.

    A failure that no upload is to blame for ends all lanes; `raise_failure` raises it.
    """

    def __init__(
        self,
        publishers: Callable[[], Publisher],
        clock: Clock,
        cutting_lanes: int = 3,
        most_open: int = 8,
    ) -> None:
        self._publishers, self._clock = publishers, clock
        self._cutting, self._copying = Turns(most_open), Turns(1)
        self._removed: set[UUID] = set()
        self._paused: set[UUID] = set()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        lanes = [self._cutting] * cutting_lanes + [self._copying]
        self._threads = [
            threading.Thread(target=self._work, args=(turns,), name=f"ingest-lane-{number}")
            for number, turns in enumerate(lanes)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Cancel what is at work and return once it has ended."""
        self._end()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def submit(self, upload: Upload) -> None:
        with self._lock:
            if upload.video.video_id not in self._removed:
                upload.is_paused = upload.video.video_id in self._paused
                self._cutting.add(upload)

    def held(self) -> dict[Partition, int]:
        """Of each partition the first upload that is not finished."""
        held: dict[Partition, int] = {}
        for upload in self._unfinished(lambda _: True):
            partition, offset = upload.record.partition, upload.record.offset
            held[partition] = min(offset, held.get(partition, offset))
        return held

    def abandon(self, partitions: Collection[Partition]) -> None:
        """Those partitions are another member's now, and so are their uploads."""
        self._cancel(lambda upload: upload.record.partition in partitions)

    def pause(self, source_id: UUID, is_paused: bool) -> None:
        """The analysis of the video waits, now or when it comes, or goes on where it was."""
        with self._lock:
            (self._paused.add if is_paused else self._paused.discard)(source_id)
            for turns in (self._cutting, self._copying):
                turns.pause(lambda one: one.video.video_id == source_id, is_paused)

    def remove(self, source_id: UUID) -> None:
        """The video was removed: its upload ends, now or when it comes."""
        with self._lock:
            self._removed.add(source_id)
            self._paused.discard(source_id)
            for upload in self._unfinished(lambda one: one.video.video_id == source_id):
                upload.is_removed = True
        self._cancel(lambda upload: upload.video.video_id == source_id)

    def _cancel(self, which: Callable[[Upload], bool]) -> None:
        for upload in self._unfinished(which):
            upload.cancelled.set()
        for turns in (self._cutting, self._copying):
            for upload in turns.drop_idle(which):
                self._clean_up(upload)

    def _unfinished(self, which: Callable[[Upload], bool]) -> list[Upload]:
        return [*self._cutting.unfinished(which), *self._copying.unfinished(which)]

    def _work(self, turns: Turns) -> None:
        try:
            publisher = self._publishers()
            while (upload := turns.take()) is not None:
                self._take_turn(turns, upload, publisher)
        except BaseException as error:  # noqa: BLE001 - the loop's thread raises it again
            self._failure = self._failure or error
            self._end()

    def _take_turn(self, turns: Turns, upload: Upload, publisher: Publisher) -> None:
        metrics.gauge("jobs_running", "ingest", len(self._unfinished(lambda _: True)))
        try:
            upload.go_on(publisher)
            upload.outages = 0
        except Cancelled:
            upload.cancelled.set()
        except TransientError as error:
            self._wait_for_better(upload, error)
        if upload.cancelled.is_set():
            self._clean_up(upload)
            turns.finish(upload)
        else:
            self._pass_on(turns, upload)

    def _pass_on(self, turns: Turns, upload: Upload) -> None:
        goes_to = {"cutting": self._cutting, "copying": self._copying}.get(upload.state)
        if goes_to is turns:
            turns.give_back(upload)
            return
        if goes_to is not None:
            goes_to.add(upload)
        turns.finish(upload)

    def _wait_for_better(self, upload: Upload, error: TransientError) -> None:
        """Raises the error once there were too many in a row."""
        upload.outages += 1
        if upload.outages > MAX_OUTAGES:
            raise error
        log.warning("trying again", video_id=str(upload.video.video_id), error=str(error))
        wait_s = pause_after(upload.outages, FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._clock.wait(wait_s, upload.cancelled)
        upload.begin_anew()

    def _clean_up(self, upload: Upload) -> None:
        try:
            upload.clean_up()
        except TransientError as error:
            log.warning("left behind", video_id=str(upload.video.video_id), error=str(error))

    def _end(self) -> None:
        for upload in self._unfinished(lambda _: True):
            upload.cancelled.set()
        self._cutting.close()
        self._copying.close()
