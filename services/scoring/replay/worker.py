"""A replay worker: hears of requests, has them carried out by child processes, says how they end.

Several workers share the requests by the partitions of `replays.v1`: what lies on one is carried
out by the member that has it, and goes on from its checkpoint with the next. Nothing is committed:
who gets a partition reads all that lies there.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Event

from schemas import groups
from schemas.codec import DecodeError, decode
from schemas.replays import ReplayProgressed, ReplayRequested, ReplayState
from schemas.topics import REPLAY_PROGRESS, REPLAYS
from services.chassis.clock import Clock, SystemClock
from services.chassis.service import AWAY
from services.chassis.storage.objects import ObjectStore
from services.chassis.storage.s3 import S3Objects
from services.chassis.streaming.broker import Broker, Rebalances
from services.chassis.streaming.kafka import KafkaBroker
from services.chassis.streaming.records import Outgoing, Partition, Record
from services.chassis.telemetry import logs
from services.scoring.replay.checkpoint import Records
from services.scoring.replay.children import Child, ChildProcess, Ended, Spawn
from services.scoring.replay.config import ReplaySettings
from services.scoring.replay.job import EMPTY, UNUSABLE

log = logs.get("replay")
POLL_S = 0.2
AT_ONCE = 500
SETTLED_S = 10.0
MOST_DEATHS = 3
"""In a row without an end: then the replay has failed."""
AGAIN_S = 5.0
"""A replay whose servers were away is begun again after so long."""
SENTENCES: Mapping[int, str] = {
    UNUSABLE: "the detector cannot be used by this worker; its log says why",
    EMPTY: "the archive has nothing of that stretch; of the last minutes only the log has it",
}


@dataclass
class Held:
    """A partition that this worker has: its requests by run, and how far it is read."""

    end: int
    next: int = 0
    heard_s: float = field(default_factory=time.monotonic)
    requests: dict[str, ReplayRequested] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    @property
    def is_read(self) -> bool:
        """All of it was heard; of what compaction left out at its end nothing comes."""
        return self.next >= self.end or time.monotonic() - self.heard_s > SETTLED_S


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
        self._children: dict[str, Child] = {}
        self._ended: dict[str, ReplayRequested] = {}
        """Requests of which the end is known."""
        self._open: dict[str, ReplayRequested] = {}
        """Requests of which the store knows no end; it is asked once, however long they wait."""
        self._queued: set[str] = set()
        self._deaths: dict[str, int] = {}
        self._not_before_s: dict[str, float] = {}
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
                    self._hear(record)
                self._turn()
                self.turns += 1
                self.ready = True
        finally:
            for run in list(self._children):
                self._kill(run)
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
            for run in held.requests if held else ():
                self._kill(run)
                self._ended.pop(run, None)
                self._open.pop(run, None)

    def _hear(self, record: Record) -> None:
        held = self._held.get(record.partition)
        if held is None:
            return
        held.next, held.heard_s = record.offset + 1, time.monotonic()
        run = (record.key or b"").decode(errors="replace")
        if record.value is None:
            held.requests.pop(run, None)
            held.removed.add(run)
            return
        try:
            message = decode(REPLAYS, record.value)
        except DecodeError as error:
            log.warning("a request that nobody can read is passed over", reason=str(error))
            return
        if isinstance(message, ReplayRequested):
            held.requests[message.run] = message
            held.removed.discard(message.run)

    def _turn(self) -> None:
        for run in list(self._children):
            if (ended := self._children[run].ended()) is not None:
                self._reap(run, ended)
        for held in self._held.values():
            if held.is_read:
                for run in held.removed:
                    self._remove(run)
                held.removed.clear()
                for request in held.requests.values():
                    self._look_after(request)

    def _look_after(self, request: ReplayRequested) -> None:
        """Begin, end or leave alone what was asked for."""
        run, child = request.run, self._children.get(request.run)
        if child is not None:
            if request.is_cancelled:
                self._kill(run)
                self._end(request, "cancelled")
            elif child.request != request:
                self._kill(run)  # asked for anew: it goes on in the next turn
            return
        if self._ended.get(run) == request or not _has_input(request):
            return
        if self._open.get(run) != request and self._known_end(request):
            self._ended[run] = request
        elif request.is_cancelled:
            self._end(request, "cancelled")
        else:
            self._begin(request)

    def _begin(self, request: ReplayRequested) -> None:
        run = request.run
        if len(self._children) >= self._at_once:
            if run not in self._queued:
                self._queued.add(run)
                self._tell(request, "queued")
            return
        if time.monotonic() < self._not_before_s.get(run, 0.0):
            return
        self._queued.discard(run)
        log.info("a replay begins", run=run, input=request.input)
        self._children[run] = self._spawn(request)

    def _reap(self, run: str, ended: Ended) -> None:
        child = self._children.pop(run)
        child.kill()
        self._open.pop(run, None)
        if ended.code == 0:
            self._deaths.pop(run, None)
            return  # its outcome lies in the store
        log.warning("a replay ended before its end", run=run, code=ended.code)
        if ended.code == AWAY:
            self._not_before_s[run] = time.monotonic() + AGAIN_S
            return
        deaths = self._deaths[run] = self._deaths.get(run, 0) + 1
        if ended.code in SENTENCES or deaths >= MOST_DEATHS:
            self._deaths.pop(run, None)
            sentence = SENTENCES.get(ended.code, f"it died {deaths} times in a row")
            self._end(child.request, "failed", sentence)

    def _known_end(self, request: ReplayRequested) -> bool:
        """Whether it ended before; then that is told again."""
        progress = Records(self._store, request.run).outcome(request)
        if progress is None:
            self._open[request.run] = request
            return False
        self._publish(progress)
        return True

    def _end(self, request: ReplayRequested, state: ReplayState, error: str | None = None) -> None:
        records = Records(self._store, request.run)
        checkpoint = records.checkpoint()
        windows = checkpoint.states["windows"] if checkpoint else 0
        progress = self._progress(request, state, error).model_copy(update={"windows": windows})
        records.save_outcome(request, progress)
        self._publish(progress)
        self._ended[request.run] = request

    def _remove(self, run: str) -> None:
        self._kill(run)
        Records(self._store, run).remove()
        self._ended.pop(run, None)
        self._open.pop(run, None)
        self._deaths.pop(run, None)
        self._not_before_s.pop(run, None)
        self._queued.discard(run)

    def _kill(self, run: str) -> None:
        if (child := self._children.pop(run, None)) is not None:
            child.kill()

    def _tell(self, request: ReplayRequested, state: ReplayState) -> None:
        self._publish(self._progress(request, state))

    def _progress(
        self, request: ReplayRequested, state: ReplayState, error: str | None = None
    ) -> ReplayProgressed:
        return ReplayProgressed(
            run=request.run, state=state, error=error, progressed_at=self._clock.now()
        )

    def _publish(self, progress: ReplayProgressed) -> None:
        self._publisher.publish(Outgoing(REPLAY_PROGRESS, progress))
        self._publisher.flush()


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
