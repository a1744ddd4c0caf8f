"""The worker half of the consume loop: handles batches from the inbox, tells how far it got."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.topics import Topic
from services.chassis.clock import Clock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.deadletters import DeadLetterCount, DeadLetterLimit, dead_letter
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.inbox import Inbox, Item, Rejected
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Partition, Record
from services.chassis.telemetry import logs, metrics

log = logs.get("worker")


@dataclass(frozen=True)
class Limits:
    """How much at once, and how patient."""

    batch_records: int = 1
    queue_records: int = 64
    max_retries: int = 8
    backoff_s: float = 0.2
    max_backoff_s: float = 10.0
    dead_letters: DeadLetterLimit = field(default_factory=DeadLetterLimit)


@dataclass(frozen=True)
class Member:
    """Who consumes: the topics by their name on the broker, and the service's name."""

    topics: Mapping[str, Topic]
    name: str


class Worker:
    """One thread. A failure ends it; `raise_failure` tells the reader's thread of it."""

    def __init__(
        self, member: Member, handler: Handler, publisher: Publisher, limits: Limits, clock: Clock
    ) -> None:
        self._member, self._handler, self._publisher = member, handler, publisher
        self._limits, self._clock = limits, clock
        self._inbox = Inbox()
        self._cancelled = threading.Event()
        self._progress_lock = threading.Lock()
        self._reached: dict[Partition, int] = {}
        self._safe: dict[Partition, int] = {}
        self._told: dict[Partition, int] = {}
        self._counts: dict[str, DeadLetterCount] = {}
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=f"{member.name}-worker")

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Item) -> None:
        self._inbox.put(item)

    @property
    def waiting(self) -> int:
        return len(self._inbox)

    def wait_for_room(self, timeout_s: float) -> bool:
        """Whether the inbox takes another record, now or within the time."""
        return self._inbox.wait_for_room(self._limits.queue_records, timeout_s)

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def committable(self) -> dict[Partition, int]:
        """Offsets newly safe to commit: all before them is done, and nothing of it is held."""
        with self._progress_lock:
            fresh = {p: offset for p, offset in self._safe.items() if self._told.get(p) != offset}
            self._told.update(fresh)
            return fresh

    def pause(self) -> None:
        """Return between two batches; a long one is cancelled and will be handled again."""
        self._cancelled.set()
        self._inbox.pause()
        self._cancelled.clear()

    def resume(self, gone: Collection[Partition]) -> None:
        """Go on without the partitions that are somebody else's now."""
        with self._progress_lock:
            for progress in (self._reached, self._safe, self._told):
                for partition in gone:
                    progress.pop(partition, None)
        self._inbox.resume(without=gone)

    def stop(self) -> None:
        """End after the batch at work; a long one is cancelled."""
        self._cancelled.set()
        self._inbox.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while batch := self._inbox.take(self._limits.batch_records):
                finished = self._handle(batch)
                self._inbox.give_back(() if finished else batch)
        except BaseException as error:  # noqa: BLE001 - the reader's thread raises it again
            self._failure = error
            self._inbox.close()
            self._inbox.give_back()

    def _handle(self, batch: Sequence[Item]) -> bool:
        started = time.perf_counter()
        for item in batch:
            if isinstance(item, Rejected):
                self._reject(item)
        usable = [item for item in batch if isinstance(item, Incoming)]
        if usable and not self._handle_patiently(usable):
            return False
        self._advance(batch)
        name = batch[0].record.partition.topic
        metrics.observe("handle_seconds", name, time.perf_counter() - started)
        metrics.observe("batch_records", name, len(batch))
        return True

    def _handle_patiently(self, batch: Sequence[Incoming]) -> bool:
        """Retry what is transient. False when cancelled: then the batch does not count."""
        name = batch[0].record.partition.topic
        for attempt in range(self._limits.max_retries + 1):
            try:
                self._split_if_invalid(batch)
                return True
            except Cancelled:
                return False
            except TransientError as error:
                if attempt == self._limits.max_retries:
                    raise
                metrics.count("retries", name)
                log.warning("trying again", topic=name, attempt=attempt + 1, error=str(error))
            delay = min(self._limits.backoff_s * 2**attempt, self._limits.max_backoff_s)
            if self._clock.wait(delay, self._cancelled):
                return False
        return False

    def _split_if_invalid(self, batch: Sequence[Incoming]) -> None:
        try:
            for outgoing in self._handler.handle(batch, self._cancelled):
                self._publisher.publish(outgoing)
            self._publisher.flush()
            self._handler.settle()
        except InvalidMessage as error:
            if len(batch) > 1:
                for item in batch:
                    self._split_if_invalid([item])
                return
            self._reject(Rejected(batch[0].record, str(error), owned=True))
            return
        for item in batch:
            self._count(item.record).valid()

    def _reject(self, rejected: Rejected) -> None:
        record = rejected.record
        topic = self._member.topics[record.partition.topic]
        if not rejected.owned:
            metrics.count("records_skipped", topic.name)
            return
        reason, name = rejected.reason, self._member.name
        self._publisher.publish(dead_letter(topic, record, name, reason, self._clock))
        metrics.count("records_deadlettered", topic.name)
        log.warning(
            "dead letter", topic=topic.name, at=(*record.partition, record.offset), reason=reason
        )
        self._count(record).invalid()

    def _count(self, record: Record) -> DeadLetterCount:
        name = record.partition.topic
        if name not in self._counts:
            self._counts[name] = DeadLetterCount(self._limits.dead_letters)
        return self._counts[name]

    def _advance(self, batch: Sequence[Item]) -> None:
        """Everything the batch caused is acknowledged: its offsets are done, less what is held."""
        self._publisher.flush()
        held = self._handler.held()
        with self._progress_lock:
            for item in batch:
                self._reached[item.record.partition] = item.record.offset + 1
            for partition, offset in self._reached.items():
                self._safe[partition] = min(offset, held.get(partition, offset))
