"""The stateful stream: Faust around a pure step, with its states in a rocksdb table.

Faust acknowledges a record whose agent raised and goes on. So the agent only collects; a task of
its own takes batches: outputs acknowledged by Kafka, then states written and their changelog
acknowledged, then the records. What is invalid goes to the dead letters, a transient failure is
retried, anything else ends the process at once with nothing acknowledged. After kill -9 a batch
comes again, each state as before or after it.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from schemas.topics import Topic
from services.chassis.clock import SystemClock
from services.chassis.settings import ServiceSettings
from services.chassis.streaming.faustapp import Table, build_app, to_record
from services.chassis.streaming.journal import FileJournal
from services.chassis.streaming.kafka import KafkaConsumer
from services.chassis.streaming.outputs import publish_patiently
from services.chassis.streaming.publisher import Publisher
from services.chassis.streaming.records import Partition
from services.chassis.streaming.rejections import Member
from services.chassis.streaming.sequence import Sequence as Order
from services.chassis.streaming.stall import ConsumerStalled, StallWatch
from services.chassis.streaming.stepping import Change, Step, Stepping
from services.chassis.streaming.worker import Limits
from services.chassis.telemetry import logs, metrics

log = logs.get("stateful")
STUCK_AFTER_S = 60.0
DRAIN_S = 30.0
BATCHES = Limits(batch_records=1000, queue_records=2000)
EXIT_BUG, EXIT_RESTART = 70, 75


class StatefulStream:
    """A member of `group` over topics that are partitioned alike, run by Faust. A Runnable.

    Making it asks Kafka how many partitions the topics have; raises TransientError.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        group: str,
        topics: Sequence[Topic],
        step: Step[Any],
        publisher: Publisher,
        limits: Limits = BATCHES,
    ) -> None:
        self._publisher, self._limits, self._clock = publisher, limits, SystemClock()
        self._topics = {settings.topic_prefix + topic.name: topic for topic in topics}
        self._view = KafkaConsumer(settings, group)
        self._order = Order(self._topics, self._view, report_lost)
        self._own: list[Partition] = []
        self._stall = StallWatch(self._committed, self._view.bounds)
        self._app = build_app(settings, group)
        self._table = Table(self._app, settings, self._view.common_partitions(list(self._topics)))
        self._stepping: Stepping[Any] = Stepping(
            Member(self._topics, group),
            step,
            self._table.read,
            FileJournal(settings.state_dir / "members" / f"{settings.topic_prefix}{group}.journal"),
            self._clock,
        )
        source = self._app.topic(*self._topics, key_type=bytes, value_type=bytes)
        self._app.agent(source, name="collect")(self._collect)
        self._app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        self._app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[Any] = []
        self._started = self._ready = self._stopping = self._loaded = False

    @property
    def ready(self) -> bool:
        """Partitions are assigned and the table has caught up with its changelog."""
        return self._ready and not self._stopping

    def run(self) -> None:
        asyncio.run(self._run())

    def stop(self) -> None:
        """Finish what is collected, then leave the group."""
        self._stopping = True
        if self._loop:
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        """Faust stops its producer before its consumer, which waits for what is not acknowledged:
        so nothing may be at work when it stops.
        """
        deadline = self._clock.monotonic() + DRAIN_S
        while self._waiting and self._clock.monotonic() < deadline:
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), 1)
        await self._app.stop()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopping:
            return
        self._changed, self._room = asyncio.Event(), asyncio.Event()
        self._at_work = asyncio.Lock()
        tasks = [asyncio.create_task(one()) for one in (self._watch, self._work, self._tick)]
        await self._app.start()
        self._started = True
        await self._app.wait_until_stopped()
        for task in tasks:
            task.cancel()
        if self._app.crash_reason and not self._stopping:
            raise self._app.crash_reason

    async def _collect(self, stream: Any) -> None:
        """Wait while enough is collected: Faust's own buffers are the rest of the queue."""
        manual = stream.noack()
        async for event in manual.events():
            self._waiting.append((manual, event))
            self._changed.set()
            while self._stopping or len(self._waiting) >= self._limits.queue_records:
                self._room.clear()
                await self._room.wait()

    async def _work(self) -> None:
        """Batches are what was collected while the last one was at work."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                while self._waiting:
                    async with self._at_work:
                        await self._take(self._waiting[: self._limits.batch_records])
        except asyncio.CancelledError:
            raise
        except BaseException:
            log.exception("stopping without commit")
            os._exit(EXIT_BUG)  # Faust would acknowledge the records if the error reached it

    async def _take(self, waiting: Sequence[tuple[Any, Any]]) -> None:
        await asyncio.to_thread(self._apply, [event.message for _, event in waiting])
        for stream, event in waiting:
            await stream.ack(event)
        del self._waiting[: len(waiting)]
        self._room.set()
        metrics.observe("batch_records", "stateful", len(waiting))

    def _apply(self, messages: Sequence[Any]) -> None:
        """In a thread: take the batch through the step, have its outputs acknowledged, write."""
        self._stall.heard()
        records = [to_record(message) for message in messages]
        for record in records:
            self._order.take(record)
        self._carry_out(lambda refused: self._stepping.take(records, refused))

    def _carry_out(self, compute: Callable[[Mapping[Any, str]], Change[Any]]) -> None:
        change = publish_patiently(self._publisher, compute, self._limits, self._clock)
        self._table.write(self._stepping.packed(change))
        self._stepping.keep(change)

    async def _tick(self) -> None:
        """For all states of the partitions that are ours, at the wall clock's pace."""
        try:
            while True:
                await asyncio.sleep(self._limits.tick_s)
                async with self._at_work:
                    if self._started and self._consuming():
                        await asyncio.to_thread(self._apply_tick)
        except asyncio.CancelledError:
            raise
        except BaseException:
            log.exception("stopping without commit")
            os._exit(EXIT_BUG)

    def _apply_tick(self) -> None:
        if not self._loaded:
            self._stepping.load(self._table.places({one.number for one in self._own}))
            self._loaded = True
        now = self._clock.now()
        self._carry_out(lambda _: self._stepping.tick(now))

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        """A tick at work is waited for; batches are acknowledged before Faust comes here."""
        async with self._at_work:
            self._forget()

    async def _on_assigned(self, *_: Any, **__: Any) -> None:
        self._forget()

    def _forget(self) -> None:
        self._order.begin_anew()
        self._stepping.forget()
        self._loaded = False

    async def _watch(self) -> None:
        """Keep `ready` true to the facts. A start, rebalance or recovery that never ends is cured
        by a new process.
        """
        loop = asyncio.get_running_loop()
        ready_at = loop.time()
        while not self._stopping:
            await self._check_stall()
            self._ready = self._started and self._consuming()
            if self._ready:
                ready_at = loop.time()
            elif loop.time() - ready_at > STUCK_AFTER_S:
                log.error("not ready for too long, ending to be started again")
                os._exit(EXIT_RESTART)
            await asyncio.sleep(0.2)

    async def _check_stall(self) -> None:
        """A record that Faust lost at the end of the log is followed by none that would show it."""
        try:
            await asyncio.to_thread(self._stall.check)
        except ConsumerStalled as error:
            log.warning("stalled, ending to be started again", reason=str(error))
            os._exit(EXIT_RESTART)

    def _committed(self) -> dict[Partition, int]:
        own = [one for one in self._own if not self._topics[one.topic].is_compacted]
        return {one: place.offset for one, place in self._view.committed(own).items()}

    def _consuming(self) -> bool:
        """Only for the loop's own thread, after the start: Faust makes its consumer when it is
        first asked for, and asked too early it makes one that never starts.
        """
        assignment = self._app.consumer.assignment()
        self._own = [
            Partition(one.topic, one.partition) for one in assignment if one.topic in self._topics
        ]
        recovery = cast(Any, self._app.tables).recovery
        return bool(assignment and not self._app.rebalancing and not recovery.in_recovery)


def report_lost(partition: Partition, first: int, last: int) -> None:
    metrics.count("records_lost", partition.topic, last - first + 1)
    log.error(
        "Kafka deleted records before they were read",
        topic=partition.topic,
        partition=partition.number,
        first=first,
        last=last,
    )
