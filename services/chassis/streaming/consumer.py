"""The consume loop: poll, decode, prepare, handle, produce, commit after the acknowledgement.

The polling thread decodes records and has them prepared on a pool of threads, in a queue that
keeps their order; when it is full the partitions pause. The worker takes batches, handles them,
waits for the acknowledgement of what they caused, and moves the positions on. The polling thread
commits those, below what is held. So: at least once, order kept per partition, nothing lost on
kill -9 (docs/decisions/0003, 0011).
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from schemas.codec import DecodeError, decode
from schemas.topics import Topic
from services.chassis.clock import SystemClock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.broker import Broker, Rebalances
from services.chassis.streaming.handler import Handler
from services.chassis.streaming.inbox import Entry, Gap, Item, Rejected
from services.chassis.streaming.marker import FileMarker, Marker, NoMarker
from services.chassis.streaming.positions import Note, Positions
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Partition, Record
from services.chassis.streaming.rejections import Member
from services.chassis.streaming.stall import StallWatch
from services.chassis.streaming.worker import Limits, Worker
from services.chassis.telemetry import logs, metrics

log = logs.get("consumer")
POLL_S = 0.05
POLL_RECORDS = 256
COMMIT_EVERY_S = 0.2
PASS_EVERY_S = 5.0
"""So often whoever rests commits what it passes over: so much comes again after kill -9."""
PAUSE_AFTER_S = 5.0
LAST_COMMIT_TRIES = 5


class RecordsSkipped(Exception):
    """Records that Kafka still has did not come. Nothing after them may be committed."""


class ConsumeLoop:
    """Feeds records of `topics` to a handler, as one member of consumer group `group`."""

    def __init__(
        self,
        broker: Broker,
        group: str,
        topics: Sequence[Topic],
        handler: Handler,
        publisher: Publisher,
        limits: Limits = Limits(),
    ) -> None:
        self._limits, self._handler, self._group = limits, handler, group
        self._topics = {broker.topic_prefix + topic.name: topic for topic in topics}
        self._member = Member(self._topics, group, _marker(broker, group))
        self._positions = Positions()
        self._next: dict[Partition, int] = {}
        self._orphaned: set[Partition] = set()
        self._worker = Worker(
            self._member,
            handler,
            publisher,
            self._positions,
            limits,
            SystemClock(),
        )
        self._consumer = broker.consumer(group)
        self._stall = StallWatch(self._uncompacted, self._consumer.bounds)
        self._pool = ThreadPoolExecutor(max(limits.prepare_threads, 1), f"{group}-prepare")
        self._stopping, self._assigned = threading.Event(), threading.Event()
        self._paused = self._is_resting = False
        self._committed_at = self._passed_at = 0.0

    @property
    def ready(self) -> bool:
        """Joined the group, and not stopped."""
        return self._assigned.is_set() and not self._stopping.is_set()

    def stop(self) -> None:
        """Drain: finish the batch at work, commit, leave. Safe from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Until `stop`. Raises what the handler raised, nothing of that batch committed, and
        TransientError when Kafka is away at the start.
        """
        rebalances = Rebalances(self._on_assigned, self._on_revoked, self._on_lost)
        self._consumer.subscribe(list(self._topics), rebalances)
        self._worker.start()
        try:
            while not self._stopping.is_set() and not self._worker.failed:
                self._turn()
        finally:
            self._close()
        self._worker.raise_failure()

    def _turn(self) -> None:
        if self._handler.is_resting():
            self._rest()
            return
        if self._is_resting:
            self._wake()
        self._balance()
        room = self._limits.queue_records - len(self._worker.inbox)
        records = self._consumer.poll(max(1, min(room, POLL_RECORDS)), POLL_S)
        if records:
            self._stall.heard()
            self._worker.inbox.put([entry for one in records for entry in self._entries(one)])
        elif not self._paused:
            self._stall.check()
        self._commit()

    def _rest(self) -> None:
        """A member still, but nothing is read."""
        now = time.monotonic()
        if not self._is_resting:
            self._worker.leave(set(self._next))
            self._is_resting, self._passed_at = True, now
        self._consumer.pause()  # partitions come and go meanwhile
        self._consumer.poll(1, POLL_S)
        if now - self._passed_at >= PASS_EVERY_S:
            self._passed_at = now
            self._pass_over()
        self._commit()

    def _wake(self) -> None:
        self._pass_over()
        self._consumer.resume()
        self._consumer.seek(self._next)
        self._is_resting = self._paused = False
        self._stall.heard()

    def _pass_over(self) -> None:
        """As far as Kafka says where its end is: what is left is read, and not wanted."""
        try:
            ends = {partition: self._consumer.bounds(partition).end for partition in self._next}
        except TransientError as error:
            log.warning("not passed over", group=self._group, error=str(error))
            return
        for partition, end in ends.items():
            self._next[partition] = end
            self._positions.begin(partition, end, Note())

    def _entries(self, record: Record) -> list[Entry]:
        """A record that follows its predecessor, or a gap and the record."""
        expected = self._next.get(record.partition)
        if expected is None:
            return []  # of a partition that was taken away meanwhile
        if record.offset < expected:
            if self._consumer.bounds(record.partition).end >= expected:
                return []
            expected = self._begin_anew(record)
        entries = []
        if record.offset > expected and not self._topics[record.partition.topic].is_compacted:
            entries.append(self._gap(record.partition, expected, record.offset))
        self._next[record.partition] = record.offset + 1
        metrics.count("records_consumed", self._topics[record.partition.topic].name)
        entries.append(self._entry(record))
        return entries

    def _begin_anew(self, record: Record) -> int:
        """The topic was made anew, or lost its end: offsets begin again, and so do positions."""
        log.error("offsets begin again", topic=record.partition.topic, offset=record.offset)
        self._positions.begin(record.partition, record.offset, Note())
        return record.offset

    def _gap(self, partition: Partition, expected: int, offset: int) -> Entry:
        """Raises RecordsSkipped when Kafka still has what did not come."""
        if self._consumer.bounds(partition).first < offset:
            raise RecordsSkipped(f"{partition} goes from {expected} to {offset}")
        return _lost(partition, expected, offset)

    def _entry(self, record: Record) -> Entry:
        again = record.offset < self._positions.done(record.partition)
        item = self._decode(record, again)
        return Entry(record.partition, record.offset, record.offset + 1, item, record)

    def _decode(self, record: Record, again: bool) -> Callable[[], Item]:
        topic = self._topics[record.partition.topic]
        is_tombstone = record.value is None and topic.is_compacted
        if is_tombstone or not self._handler.is_wanted(record):
            return lambda: Incoming(record, None, None, again)
        try:
            message = decode(topic, record.value)
        except DecodeError as error:
            rejected = Rejected(record, str(error), self._member.owns_letters(topic))
            return lambda: rejected
        if type(self._handler).prepare is Handler.prepare:
            return lambda: Incoming(record, message, None, again)

        def prepare() -> Item:
            try:
                return Incoming(record, message, self._handler.prepare(message), again)
            except InvalidMessage as error:
                return Rejected(record, str(error), owned=True)

        if not self._limits.prepare_threads:
            return prepare
        return self._pool.submit(prepare).result

    def _balance(self) -> None:
        """Wait for room in the inbox; pause only when that takes long, since librdkafka throws
        away what it fetched ahead of a paused partition. Rebalances wait that long at most.
        """
        timeout_s = 0 if self._paused else PAUSE_AFTER_S
        if self._worker.inbox.wait_for_room(self._limits.queue_records, timeout_s):
            if self._paused:
                self._consumer.resume()
                self._paused = False
        elif not self._paused:
            self._consumer.pause()
            self._paused = True

    def _uncompacted(self) -> dict[Partition, int]:
        """Next offsets. The end of a compacted log may lie past its last record."""
        topics = self._topics
        return {one: at for one, at in self._next.items() if not topics[one.topic].is_compacted}

    def _commit(self) -> None:
        now = time.monotonic()
        if now - self._committed_at < COMMIT_EVERY_S:
            return
        self._committed_at = now
        self._positions.not_committed(self._consumer.failed_commits())
        if positions := self._positions.uncommitted():
            self._consumer.commit(positions)

    def _commit_now(self) -> None:
        """Insist a little: what is not committed comes again."""
        for attempt in range(LAST_COMMIT_TRIES):
            positions = self._positions.uncommitted()
            if not positions:
                return
            try:
                self._consumer.commit_now(positions)
            except TransientError as error:
                log.warning("commit failed", attempt=attempt + 1, error=str(error))
                self._positions.not_committed(positions)

    def _on_assigned(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        self._paused = False
        self._hand_over_orphaned(partitions)
        committed = self._consumer.committed(partitions)
        lost: list[Entry] = []
        for partition in partitions:
            first, end = self._consumer.bounds(partition)
            position = committed.get(partition)
            if position is None or position.offset > end:
                # Never read by this group, or the topic was made anew since.
                is_new_group = position is None and self._limits.start == "end"
                self._next[partition] = end if is_new_group else first
                self._positions.begin(partition, self._next[partition], Note())
                continue
            note = Note.unpack(position.note)
            self._positions.begin(partition, position.offset, note)
            self._next[partition] = max(first, position.offset)
            if (unread := max(position.offset, note.done)) < first:
                lost.append(_lost(partition, unread, first))
        self._worker.inbox.put(lost)
        self._assigned.set()
        log.info("assigned", group=self._group, partitions=_names(partitions))
        return {partition: self._next[partition] for partition in partitions}

    def _on_revoked(self, partitions: Collection[Partition]) -> None:
        self._handler.hand_over(partitions)
        self._leave(partitions)
        self._commit_now()
        self._positions.forget(partitions)

    def _on_lost(self, partitions: Collection[Partition]) -> None:
        """The group did not hear of us, or Kafka is away. What the handler does outside the loop
        goes on until it is known who has the partitions: mostly it is us again.
        """
        self._leave(partitions)
        self._positions.forget(partitions)
        self._orphaned.update(partitions)

    def _hand_over_orphaned(self, assigned: Collection[Partition]) -> None:
        moved, self._orphaned = self._orphaned.difference(assigned), set()
        if moved:
            self._handler.hand_over(moved)
            self._worker.leave(moved)

    def _leave(self, partitions: Collection[Partition]) -> None:
        log.info("revoked", group=self._group, partitions=_names(partitions))
        self._paused = False
        for partition in partitions:
            self._next.pop(partition, None)
        self._worker.leave(partitions)

    def _close(self) -> None:
        self._worker.stop()
        self._commit_now()
        self._consumer.close()
        self._pool.shutdown(cancel_futures=True)


def _lost(partition: Partition, expected: int, offset: int) -> Entry:
    gap = Gap(expected, offset - 1)
    return Entry(partition, expected, offset, lambda: gap)


def _marker(broker: Broker, group: str) -> Marker:
    if broker.state_dir is None:
        return NoMarker()
    return FileMarker(broker.state_dir / "members", broker.topic_prefix + group)


def _names(partitions: Collection[Partition]) -> str:
    return ", ".join(f"{one.topic}/{one.number}" for one in sorted(partitions))
