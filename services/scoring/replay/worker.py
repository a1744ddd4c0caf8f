"""A replay worker: hears of requests, has them carried out by child processes, says how they end.

Several workers share the requests by the partitions of `replays.v1`: what lies on one is carried
out by the member that has it, and goes on from its checkpoint with the next. Nothing is committed:
who gets a partition reads all that lies there.
"""

import time
from collections.abc import Collection, Mapping
from threading import Event
from uuid import UUID

from schemas import groups
from schemas.replays import ReplayInput, ReplayProgressed, ReplayRequested, ReplayState
from schemas.topics import REPLAY_PROGRESS, REPLAYS
from services.chassis.clock import Clock, SystemClock
from services.chassis.service import AWAY
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.broker import Broker, Rebalances
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing, Partition
from services.chassis.telemetry import logs
from services.scoring.replay.checkpoint import Records
from services.scoring.replay.children import ChildProcess, Ended, Spawn
from services.scoring.replay.config import ReplaySettings
from services.scoring.replay.held import Held, Run, in_turn
from services.scoring.replay.job import EMPTY, GONE, UNFIT, UNUSABLE

log = logs.get("replay")
POLL_S = 0.2
AT_ONCE = 500
MOST_DEATHS = 3
"""In a row without an end: then the replay has failed."""
AGAIN_S = 5.0
"""A replay whose servers were away is begun again after so long."""
SENTENCES: Mapping[int, str] = {
    UNUSABLE: "The detector cannot be used by this worker; its log says why.",
    GONE: "Its detector is not registered any more.",
    UNFIT: "Nothing of that stretch was cut as the detector needs it.",
}
MISSING: Mapping[ReplayInput, str] = {
    "log": "The log has nothing of that stretch; what is older may lie in the archive.",
    "archive": "The archive has nothing of that stretch; of the last minutes only the log has it.",
    "recordings": "No clip of the footage begins in that stretch.",
}
"""Of an input in which there is nothing of the stretch."""


class Worker:
    """Runs until it is stopped; its children end with it."""

    def __init__(
        self,
        broker: Broker,
        store: ObjectStore,
        spawn: Spawn,
        at_once: int = 2,
        clock: Clock | None = None,
    ) -> None:
        self._broker, self._store, self._spawn, self._at_once = broker, store, spawn, at_once
        self._clock = clock or SystemClock()
        self._consumer = broker.consumer(groups.REPLAYS)
        self._publisher = broker.publisher("scoring")
        self._held: dict[Partition, Held] = {}
        self._begun_s: dict[UUID, float] = {}
        """When the latest of each tenant began: monotonic."""
        self._stopping = Event()
        self.ready = False
        self.turns = 0
        """How often it has looked at what it holds."""

    def run(self) -> None:
        """Raises TransientError when Kafka or the store is away for long."""
        name = self._broker.topic_prefix + REPLAYS.name
        self._consumer.subscribe([name], Rebalances(self._assigned, self._revoked, self._revoked))
        try:
            while not self._stopping.is_set():
                for record in self._consumer.poll(AT_ONCE, POLL_S):
                    if (held := self._held.get(record.partition)) is not None:
                        held.hear(record)
                self._turn()
                self.turns += 1
                self.ready = True
        finally:
            for run in self._runs():
                run.kill()
            self._consumer.close()

    def stop(self) -> None:
        self._stopping.set()

    def _assigned(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        starts = {}
        for partition in partitions:
            bounds = self._consumer.bounds(partition)
            self._held[partition] = Held(bounds.end, bounds.first)
            starts[partition] = bounds.first
        return starts

    def _revoked(self, partitions: Collection[Partition]) -> None:
        """Another worker goes on from the checkpoints."""
        for partition in partitions:
            held = self._held.pop(partition, None)
            for run in held.runs.values() if held else ():
                run.kill()

    def _runs(self) -> list[Run]:
        return [run for held in self._held.values() for run in held.runs.values()]

    def _turn(self) -> None:
        for run in self._runs():
            if run.child is not None and (ended := run.child.ended()) is not None:
                self._reap(run, run.child.request, ended)
        waiting = []
        for held in self._held.values():
            for name, run in list(held.runs.items()) if held.is_read else ():
                if run.request is None:
                    run.kill()
                    Records(self._store, name).remove()
                    del held.runs[name]
                elif self._follow(run, run.request):
                    waiting.append(run)
        at_work = [run.child.request.tenant_id for run in self._runs() if run.child is not None]
        for run, request in in_turn(waiting, at_work, self._begun_s):
            self._begin(run, request)

    def _follow(self, run: Run, request: ReplayRequested) -> bool:
        """End what was cancelled, stop what was asked for anew; whether it is to begin now."""
        if run.child is not None:
            if request.is_cancelled:
                run.kill()
                self._end(run, request, "cancelled")
            elif run.child.request != request:
                run.kill()  # asked for anew: it goes on in the next turn
            return False
        if run.has_ended or not _has_input(request):
            return False
        if run.has_ended is None:
            run.has_ended = self._is_over(request)
        if request.is_cancelled and not run.has_ended:
            self._end(run, request, "cancelled")
        return not (run.has_ended or request.is_cancelled)

    def _begin(self, run: Run, request: ReplayRequested) -> None:
        if sum(one.child is not None for one in self._runs()) >= self._at_once:
            if not run.is_queued:
                run.is_queued = True
                self._tell(request, "queued")
            return
        if time.monotonic() < run.not_before_s:
            return
        run.is_queued = False
        self._begun_s[request.tenant_id] = time.monotonic()
        log.info("a replay begins", run=request.run, input=request.input)
        self._tell(request, "planning")
        run.child = self._spawn(request)

    def _reap(self, run: Run, request: ReplayRequested, ended: Ended) -> None:
        """`request` is what the child was to carry out."""
        run.kill()
        run.has_ended = None
        if ended.code == 0:
            run.deaths = 0
            return  # its outcome lies in the store
        log.warning("a replay ended before its end", run=request.run, code=ended.code)
        if ended.code == AWAY:
            run.not_before_s = time.monotonic() + AGAIN_S
            return
        run.deaths += 1
        sentence = _why(request, ended)
        if sentence is None and run.deaths >= MOST_DEATHS:
            sentence = f"It died {run.deaths} times in a row."
        if sentence is not None:
            run.deaths = 0
            self._end(run, request, "failed", sentence)

    def _is_over(self, request: ReplayRequested) -> bool:
        """Whether it ended before; then that is told again."""
        progress = Records(self._store, request.run).outcome(request)
        if progress is not None:
            self._publish(progress)
        return progress is not None

    def _end(
        self, run: Run, request: ReplayRequested, state: ReplayState, error: str | None = None
    ) -> None:
        records = Records(self._store, request.run)
        progress = records.progress(request, state, self._clock.now(), error)
        records.save_outcome(request, progress)
        self._publish(progress)
        run.has_ended = run.request == request or None

    def _tell(self, request: ReplayRequested, state: ReplayState) -> None:
        records = Records(self._store, request.run)
        self._publish(records.progress(request, state, self._clock.now()))

    def _publish(self, progress: ReplayProgressed) -> None:
        self._publisher.publish(Outgoing(REPLAY_PROGRESS, progress))
        self._publisher.flush()


def _why(request: ReplayRequested, ended: Ended) -> str | None:
    """What is to be told of an end that would be the same another time; else None."""
    return MISSING[request.input] if ended.code == EMPTY else SENTENCES.get(ended.code)


def _has_input(request: ReplayRequested) -> bool:
    """Recordings are embedded anew before there is anything to judge."""
    return request.input != "recordings" or request.extracted_at is not None


def build(settings: ReplaySettings) -> Worker:
    return Worker(
        KafkaBroker(settings),
        S3Objects.connect(settings),
        ChildProcess,
        settings.side_by_side,
    )
