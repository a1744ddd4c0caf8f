"""The worker half of the consume loop: handles batches from the inbox, one after the other."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.chassis.backoff import pause_after
from services.chassis.clock import Clock
from services.chassis.errors import InvalidMessage, TransientError
from services.chassis.streaming.deadletters import DeadLetterLimit, DeadLetterLimitExceeded
from services.chassis.streaming.handler import Cancelled, Handler
from services.chassis.streaming.inbox import Batch, Entry, Gap, Inbox, Rejected
from services.chassis.streaming.positions import MAX_ERROR_CHARS, Positions, Strike
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Incoming, Outgoing, Partition
from services.chassis.streaming.rejections import Member, Rejections
from services.chassis.telemetry import logs, metrics

log = logs.get("worker")


@dataclass(frozen=True)
class Limits:
    """How much at once, how patient, and where a group begins that has committed nothing."""

    batch_records: int = 1
    batch_wait_s: float = 0.0
    """How long a batch that is not full waits for more."""
    queue_records: int = 64
    """Records that are read ahead of the worker, prepared or being prepared."""
    prepare_threads: int = 2
    """0: the worker prepares by itself, where that costs less than handing it over."""
    tick_s: float = 1.0
    start: Literal["first", "end"] = "first"
    max_retries: int = 8
    backoff_s: float = 0.2
    max_backoff_s: float = 10.0
    max_deaths: int = 3
    """A record is put aside once so many processes died without a word while handling it."""
    dead_letters: DeadLetterLimit = field(default_factory=DeadLetterLimit)


class Worker:
    """One thread. A failure ends it; `raise_failure` raises it in the polling thread.

    A bug that comes a second time at the same record with the same text does not end it: that
    record is put aside as a dead letter. To find it, records that were at work when the service
    went down are handled one by one.
    """

    def __init__(
        self,
        member: Member,
        handler: Handler,
        publisher: Publisher,
        positions: Positions,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._handler, self._publisher, self._positions = handler, publisher, positions
        self._limits, self._clock, self._marker = limits, clock, member.marker
        self._rejections = Rejections(member, publisher, positions, limits.dead_letters, clock)
        self.inbox = Inbox()
        self._tick_at = clock.monotonic() + limits.tick_s
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=f"{member.group}-worker")

    def start(self) -> None:
        self._thread.start()

    @property
    def failed(self) -> bool:
        return self._failure is not None

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def leave(self, gone: Collection[Partition]) -> None:
        """Return once nothing of those partitions is at work; what stays is not disturbed."""
        self.inbox.leave(gone)

    def stop(self) -> None:
        """End after the batch at work; a long one is cancelled."""
        self.inbox.close()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while self.turn():
                pass
        except BaseException as error:  # noqa: BLE001 - the polling thread raises it again
            self._failure = error
            self.inbox.close()
            self.inbox.give_back()

    def turn(self) -> bool:
        """Wait for a batch, or for the time to tick, and carry it out. False once stopped."""
        tick_in_s = max(0.0, self._tick_at - self._clock.monotonic())
        limits = self._limits
        batch = self.inbox.take(
            limits.batch_records, limits.batch_wait_s, tick_in_s, self._suspicion
        )
        if batch is None:
            return False
        if batch.gone:
            self._handler.forget(batch.gone)
        if batch.is_tick:
            self._tick(batch)
        is_finished = not batch.entries or self._handle(batch)
        self.inbox.give_back(() if is_finished else batch.entries)
        return True

    def _suspicion(self) -> Callable[[Entry], bool] | None:
        has_any = self._marker.deaths or self._positions.has_strikes
        return self._is_suspect if has_any else None

    def _is_suspect(self, entry: Entry) -> bool:
        """Whether a service went down with this record at work."""
        strike = self._positions.strike_of(entry.partition)
        death = self._marker.deaths.get(entry.partition)
        return any(one is not None and one.covers(entry.offset) for one in (strike, death))

    def _tick(self, batch: Batch) -> None:
        def tick() -> None:
            self._put_out(self._handler.tick(self._clock.now()))

        if self._patiently(tick, batch, "tick"):
            self._positions.advance({}, self._handler.held(), {})
        self._tick_at = self._clock.monotonic() + self._limits.tick_s

    def _handle(self, batch: Batch) -> bool:
        """False when it was cancelled: then the batch does not count."""
        started = time.perf_counter()
        self._marker.begin(batch.entries)
        try:
            is_finished = self._is_deadly(batch.entries) or self._handle_entries(batch)
        except Exception as error:  # noqa: BLE001 - noted, then raised
            self._marker.fail()
            self._struck(batch, error)
            is_finished = True
        if is_finished:
            self._advance(batch.entries)
            name = batch.entries[0].partition.topic
            metrics.observe("handle_seconds", name, time.perf_counter() - started)
            metrics.observe("batch_records", name, len(batch.entries))
        self._marker.end(batch.entries)
        return is_finished

    def _handle_entries(self, batch: Batch) -> bool:
        usable: list[Incoming] = []
        rejected: list[Rejected] = []
        for entry in batch.entries:
            item = entry.item()
            if isinstance(item, Incoming):
                usable.append(item)
            elif isinstance(item, Rejected):
                rejected.append(item)
            else:
                self._report_lost(entry.partition, item)
        name = batch.entries[0].partition.topic
        if usable and not self._patiently(
            lambda: self._split_if_invalid(usable, batch.cancelled), batch, name
        ):
            return False
        for record in rejected:
            self._rejections.reject(record)
        return True

    def _report_lost(self, partition: Partition, gap: Gap) -> None:
        metrics.count("records_lost", partition.topic, gap.last - gap.first + 1)
        self._handler.lost(partition, gap.first, gap.last)

    def _patiently(self, act: Callable[[], None], batch: Batch, name: str) -> bool:
        """Retry what is transient. False when cancelled."""
        for attempt in range(self._limits.max_retries + 1):
            try:
                act()
                return True
            except Cancelled:
                return False
            except TransientError as error:
                if attempt == self._limits.max_retries:
                    raise
                metrics.count("retries", name)
                log.warning("trying again", topic=name, attempt=attempt + 1, error=str(error))
            delay = pause_after(attempt + 1, self._limits.backoff_s, self._limits.max_backoff_s)
            if self._clock.wait(delay, batch.cancelled):
                return False
        return False

    def _split_if_invalid(self, batch: Sequence[Incoming], cancelled: threading.Event) -> None:
        try:
            self._put_out(self._handler.handle(batch, cancelled))
        except InvalidMessage as error:
            if len(batch) > 1:
                for item in batch:
                    self._split_if_invalid([item], cancelled)
                return
            self._rejections.reject(Rejected(batch[0].record, str(error), owned=True))
            return
        self._rejections.valid(batch)

    def _put_out(self, outputs: Iterable[Outgoing]) -> None:
        """What there is already goes out together, what is still being made one by one."""
        if isinstance(outputs, list):
            self._publisher.publish(*outputs)
        else:
            for outgoing in outputs:
                self._publisher.publish(outgoing)
        self._publisher.flush()
        self._handler.settle()

    def _advance(self, batch: Sequence[Entry]) -> None:
        """Everything the batch caused is acknowledged: its offsets are done, less what is held."""
        self._publisher.flush()
        reached = {entry.partition: entry.end for entry in batch}
        self._positions.advance(
            reached, self._handler.held(), self._rejections.counts(list(reached))
        )
        self._rejections.forget_written()

    def _is_deadly(self, batch: Sequence[Entry]) -> bool:
        """Whether it is a record that several processes died of; then it was put aside."""
        entry = batch[0]
        death = self._marker.deaths.get(entry.partition)
        if len(batch) > 1 or death is None or not death.covers(entry.offset):
            return False
        if death.times < self._limits.max_deaths or entry.record is None:
            return False
        self._rejections.put_aside(
            entry.record, f"{death.times} processes died without a word while handling it"
        )
        return True

    def _struck(self, batch: Batch, error: Exception) -> None:
        """The second time at the same record: put it aside. Else note it and raise."""
        if isinstance(error, DeadLetterLimitExceeded):
            raise error
        entries, first = batch.entries, batch.entries[0]
        text = f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARS]
        strike = self._positions.strike_of(first.partition)
        is_second = strike is not None and strike.error == text and strike.covers(first.offset)
        is_alone = len(entries) == 1 and first.record is not None
        if is_alone and is_second and self._is_at_fault(batch, error):
            assert first.record is not None
            self._rejections.put_aside(first.record, f"took the service down twice: {text}")
            return
        self._positions.strike(_strikes(entries, text))
        raise error

    def _is_at_fault(self, batch: Batch, error: Exception) -> bool:
        """A bug is the record's. An outage strikes everybody: where a record of another key is
        handled, the one that is not is at fault; where nobody else waits, nothing is held up. The
        other one comes again in its turn.
        """
        if not isinstance(error, TransientError):
            return True
        other = self.inbox.first_of_another_key(batch.entries[0])
        if other is None:
            return False
        try:
            return self._handle_entries(Batch([other], cancelled=batch.cancelled))
        except TransientError:
            return False


def _strikes(batch: Sequence[Entry], text: str) -> dict[Partition, Strike]:
    strikes: dict[Partition, Strike] = {}
    for entry in batch:
        first = strikes[entry.partition].first if entry.partition in strikes else entry.offset
        strikes[entry.partition] = Strike(first, entry.end - 1, text)
    return strikes
